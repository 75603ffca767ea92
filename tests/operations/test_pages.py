"""Lists come in pages of at most 50; a marker is the ARN of the first item that is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakelambda import FakeLambda

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
AMOUNT = 53
SIZES = [1, 2, 50, 51, AMOUNT, 1000]


def functions(fake: FakeLambda, client: Any) -> list[str]:
    names = [f"f{number:02}" for number in range(AMOUNT)]
    for name in reversed(names):
        fake.add_function(name, lambda event, context: None)
    return [ARN + name for name in names]


def versions(fake: FakeLambda, client: Any) -> list[str]:
    fake.add_function("orders", lambda event, context: None)
    for number in range(1, AMOUNT):
        client.update_function_configuration(FunctionName="orders", Description=f"{number}.")
        client.publish_version(FunctionName="orders")
    return [f"{ARN}orders:{number}" for number in ("$LATEST", *range(1, AMOUNT))]


def aliases(fake: FakeLambda, client: Any) -> list[str]:
    fake.add_function("orders", lambda event, context: None)
    names = [f"a{number:02}" for number in range(AMOUNT)]
    for name in reversed(names):
        client.create_alias(FunctionName="orders", Name=name, FunctionVersion="$LATEST")
    return [f"{ARN}orders:{name}" for name in names]


def configurations(fake: FakeLambda, client: Any) -> list[str]:
    arns = aliases(fake, client)
    for arn in reversed(arns):
        client.put_function_event_invoke_config(FunctionName=arn, MaximumRetryAttempts=1)
    return arns


LISTS: dict[str, tuple[Callable[[FakeLambda, Any], list[str]], dict[str, Any], str, str]] = {
    "list_functions": (functions, {}, "Functions", "FunctionArn"),
    "list_functions of every version": (versions, {"FunctionVersion": "ALL"}, "Functions", "FunctionArn"),
    "list_versions_by_function": (versions, {"FunctionName": "orders"}, "Versions", "FunctionArn"),
    "list_aliases": (aliases, {"FunctionName": "orders"}, "Aliases", "AliasArn"),
    "list_aliases of a version": (aliases, {"FunctionName": "orders", "FunctionVersion": "$LATEST"}, "Aliases", "AliasArn"),
    "list_function_event_invoke_configs": (configurations, {"FunctionName": "orders"}, "FunctionEventInvokeConfigs", "FunctionArn"),
}
SMALLEST = "list_function_event_invoke_configs"  # the only one that refuses to be asked for more than 50


@pytest.mark.parametrize("name", LISTS)
def test_paginators_find_every_item_once_in_order(fake: FakeLambda, client: Any, name: str) -> None:
    fill, parameters, member, arn = LISTS[name]
    expected = fill(fake, client)
    paginator = client.get_paginator(name.partition(" ")[0])
    for size in SIZES if name != SMALLEST else SIZES[:3]:
        pages = list(paginator.paginate(**parameters, PaginationConfig={"PageSize": size}))
        assert [item[arn] for page in pages for item in page[member]] == expected
        held = min(size, 50)
        assert [len(page[member]) for page in pages] == [held] * (AMOUNT // held) + [AMOUNT % held] * bool(AMOUNT % held)


@pytest.mark.parametrize("name", LISTS)
def test_a_marker_is_the_arn_of_the_next_item(fake: FakeLambda, client: Any, refused: Any, name: str) -> None:
    fill, parameters, member, arn = LISTS[name]
    expected = fill(fake, client)
    operation = name.partition(" ")[0]
    call = getattr(client, operation)
    assert [item[arn] for item in call(**parameters)[member]] == expected[:50]
    assert call(**parameters)["NextMarker"] == expected[50]
    assert call(**parameters, MaxItems=2, Marker=expected[50])["NextMarker"] == expected[52]
    last = call(**parameters, MaxItems=2, Marker=expected[52])
    assert [item[arn] for item in last[member]] == expected[52:]
    assert "NextMarker" not in last
    for marker in ("nonsense", f"arn:aws:lambda:eu-west-1:123456789012:function:{'f' * 3}"):
        assert refused(operation, **parameters, Marker=marker) == f"400 InvalidParameterValueException: Invalid marker: {marker}"


@pytest.mark.parametrize(
    ("operation", "member", "arn", "doomed"),
    [
        ("list_functions", "Functions", "FunctionArn", ("delete_function", {"FunctionName": f"{ARN}b"})),
        ("list_aliases", "Aliases", "AliasArn", ("delete_alias", {"FunctionName": "a", "Name": "y"})),
        ("list_versions_by_function", "Versions", "FunctionArn", ("delete_function", {"FunctionName": "a:1"})),
    ],
)
def test_a_marker_outlives_its_item(
    *, fake: FakeLambda, client: Any, operation: str, member: str, arn: str, doomed: tuple[str, dict[str, str]]
) -> None:
    for name in "abc":
        fake.add_function(name, lambda event, context: None)
    for name in "xyz":
        client.publish_version(FunctionName="a")
        client.update_function_configuration(FunctionName="a", Description=name)
        client.create_alias(FunctionName="a", Name=name, FunctionVersion="$LATEST")
    call, parameters = getattr(client, operation), {} if operation == "list_functions" else {"FunctionName": "a"}
    before = [item[arn] for item in call(**parameters)[member]]
    marker = call(**parameters, MaxItems=1)["NextMarker"]
    getattr(client, doomed[0])(**doomed[1])
    assert [item[arn] for item in call(**parameters, Marker=marker)[member]] == before[2:]


@pytest.mark.parametrize("name", LISTS)
def test_more_than_the_model_allows_is_refused(refused: Any, name: str) -> None:
    most = 50 if name == SMALLEST else 10_000
    assert refused(name.partition(" ")[0], **LISTS[name][1], MaxItems=most + 1) == (
        f"400 ValidationException: 1 validation error detected: Value '{most + 1}' at 'maxItems' failed to satisfy constraint: "
        f"Member must have value less than or equal to {most}"
    )
