"""Aliases: pointers to versions, with a weight for a second one."""

from __future__ import annotations

from typing import Any

import pytest

from fakelambda import FakeLambda

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
INVALID = "400 InvalidParameterValueException: "
BROKEN = "400 ValidationException: 1 validation error detected: "
MISSING = "404 ResourceNotFoundException: "
WEIGHT = (
    "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
    "Member must have value greater than or equal to 0.0, Member must not be null]"
)
KEY = (
    "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, "
    "Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]"
)


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda, client: Any) -> None:
    """A function with the versions 1, 2 and 3, of which 3 is deleted, and the alias "live"."""
    fake.add_function("orders", lambda event, context: context.function_version, Publish=True)
    for number in "23":
        client.update_function_configuration(FunctionName="orders", Description=number)
        client.publish_version(FunctionName="orders")
    client.delete_function(FunctionName="orders", Qualifier="3")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


def routing(**weights: float) -> dict[str, Any]:
    return {"AdditionalVersionWeights": {version.removeprefix("v"): weight for version, weight in weights.items()}}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"FunctionVersion": "1"}, {"FunctionVersion": "1"}),
        ({"FunctionVersion": "$LATEST"}, {"FunctionVersion": "$LATEST"}),
        ({"FunctionVersion": "1", "Description": "d"}, {"FunctionVersion": "1", "Description": "d"}),
        ({"FunctionVersion": "1", "RoutingConfig": routing(v2=0.2)},) * 2,
        ({"FunctionVersion": "1", "RoutingConfig": routing(v2=1)}, {"FunctionVersion": "1", "RoutingConfig": routing(v2=1.0)}),
        ({"FunctionVersion": "1", "RoutingConfig": routing()}, {"FunctionVersion": "1"}),
        ({"FunctionVersion": "$LATEST", "RoutingConfig": {}}, {"FunctionVersion": "$LATEST"}),
    ],
)
def test_an_alias_is_shown_as_it_was_made(client: Any, answered: Any, given: dict[str, Any], shown: dict[str, Any]) -> None:
    before = client.get_function_configuration(FunctionName="orders")["RevisionId"]
    status, made = answered("create_alias", FunctionName="orders", Name="new", **given)
    expected = {"AliasArn": f"{ARN}:new", "Name": "new", "Description": "", "RevisionId": made["RevisionId"]} | shown
    assert (status, made) == (201, expected)
    assert answered("get_alias", FunctionName="orders", Name="new") == (200, expected)
    assert client.get_function_configuration(FunctionName="orders")["RevisionId"] == before


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, {}),
        ({"Description": ""}, {"Description": ""}),
        ({"FunctionVersion": "$LATEST", "RoutingConfig": {}}, {"FunctionVersion": "$LATEST", "RoutingConfig": None}),
        ({"FunctionVersion": "2", "RoutingConfig": routing(v1=0.9)},) * 2,
        ({"RoutingConfig": routing(v2=0.0)},) * 2,
        ({"RoutingConfig": {}}, {"RoutingConfig": None}),
        ({"RoutingConfig": routing()}, {"RoutingConfig": None}),
    ],
)
def test_an_update_keeps_what_is_not_given_and_changes_only_the_aliass_revision(
    client: Any, answered: Any, given: dict[str, Any], shown: dict[str, Any]
) -> None:
    _, before = answered(
        "create_alias", FunctionName="orders", Name="new", FunctionVersion="1", Description="d", RoutingConfig=routing(v2=0.5)
    )
    function = client.get_function_configuration(FunctionName="orders")["RevisionId"]
    status, updated = answered("update_alias", FunctionName="orders", Name="new", RevisionId=before["RevisionId"], **given)
    changed = {**before, **shown, "RevisionId": updated["RevisionId"]}
    assert (status, updated) == (200, {name: value for name, value in changed.items() if value is not None})
    assert updated["RevisionId"] != before["RevisionId"]
    assert answered("get_alias", FunctionName="orders", Name="new") == (200, updated)
    assert client.get_function_configuration(FunctionName="orders")["RevisionId"] == function


CREATE = {"Name": "new", "FunctionVersion": "1"}
UPDATE = {"Name": "live"}


@pytest.mark.parametrize(
    ("operation", "parameters", "answer"),
    [
        ("create_alias", CREATE | {"Name": "live"}, f"409 ResourceConflictException: Alias already exists: {ARN}:live"),
        (
            "create_alias",
            CREATE | {"FunctionName": "nowhere"},
            f"{MISSING}Function not found: arn:aws:lambda:us-east-1:123456789012:function:nowhere:1",
        ),
        *(
            (
                "create_alias",
                CREATE | {"Name": name},
                (
                    f"{BROKEN}Value '{name}' at 'name' failed to satisfy constraint: "
                    "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
                ),
            )
            for name in ("2024", "a.b")
        ),
        ("get_alias", {"Name": "none"}, f"{MISSING}Cannot find alias arn: {ARN}:none"),
        (
            "get_alias",
            {"Name": "live", "FunctionName": "no"},
            f"{MISSING}Cannot find alias arn: arn:aws:lambda:us-east-1:123456789012:function:no:live",
        ),
        ("update_alias", {"Name": "none"}, f"{MISSING}Alias not found: {ARN}:none"),
        (
            "update_alias",
            {"Name": "live", "FunctionName": "no"},
            f"{MISSING}Alias not found: arn:aws:lambda:us-east-1:123456789012:function:no:live",
        ),
        (
            "update_alias",
            {"Name": "live", "RevisionId": "wrong"},
            (
                "412 PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. "
                "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
            ),
        ),
        (
            "list_aliases",
            {"FunctionName": "no"},
            f"{MISSING}Function not found: arn:aws:lambda:us-east-1:123456789012:function:no",
        ),
        ("get_function", {"FunctionName": "orders:none"}, f"{MISSING}Function not found: {ARN}:none"),
        *(
            (operation, parameters | wrong, answer)
            for operation, parameters in (("create_alias", CREATE), ("update_alias", UPDATE))
            for wrong, answer in (
                ({"FunctionVersion": "10"}, f"{MISSING}Function not found: {ARN}:10"),
                ({"FunctionVersion": "3"}, f"{MISSING}Function not found: {ARN}:3"),
                ({"RoutingConfig": routing(v10=0.5)}, f"{MISSING}Function not found: {ARN}:10"),
                (
                    {"FunctionName": "no", "RoutingConfig": routing(v1=0.5, v2=0.5)},
                    f"{INVALID}Number of items in AdditionalVersionWeights cannot be greater than 1",
                ),
                (
                    {"RoutingConfig": routing(v2=2)},
                    f"{BROKEN}Value '{{2=2.0}}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: {WEIGHT}",
                ),
                (
                    {"RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.5}}},
                    f"{BROKEN}Value '{{$LATEST=0.5}}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: {KEY}",
                ),
                (
                    {"RoutingConfig": routing(v1=0.5)},
                    f"{INVALID}Invalid function version 1. Function version 1 is already included in routing configuration.",
                ),
                (
                    {"FunctionVersion": "$LATEST", "RoutingConfig": routing(v1=0.5)},
                    f"{INVALID}$LATEST is not supported for an alias pointing to more than 1 version",
                ),
            )
        ),
    ],
)
def test_what_is_refused(refused: Any, operation: str, parameters: dict[str, Any], answer: str) -> None:
    assert refused(operation, **{"FunctionName": "orders", **parameters}) == answer


def test_an_update_is_judged_with_what_it_keeps(client: Any, refused: Any) -> None:
    client.update_alias(FunctionName="orders", Name="live", RoutingConfig=routing(v2=0.5))
    assert refused("update_alias", FunctionName="orders", Name="live", FunctionVersion="2") == (
        f"{INVALID}Invalid function version 2. Function version 2 is already included in routing configuration."
    )
    assert refused("update_alias", FunctionName="orders", Name="live", FunctionVersion="$LATEST") == (
        f"{INVALID}$LATEST is not supported for an alias pointing to more than 1 version"
    )


def test_lists_are_by_name_and_filtered_by_version(client: Any, answered: Any) -> None:
    made = [{name: value for name, value in client.get_alias(FunctionName="orders", Name="live").items() if name != "ResponseMetadata"}]
    for name, version in (("b", "2"), ("a", "1"), ("Z", "2")):
        _, alias = answered("create_alias", FunctionName="orders", Name=name, FunctionVersion=version, RoutingConfig={})
        made.append(alias)
    by_name = {alias["Name"]: alias for alias in made}
    assert answered("list_aliases", FunctionName="orders") == (200, {"Aliases": [by_name[name] for name in sorted(by_name)]})
    assert answered("list_aliases", FunctionName="orders", FunctionVersion="2") == (200, {"Aliases": [by_name["Z"], by_name["b"]]})
    assert answered("list_aliases", FunctionName="orders", FunctionVersion="9") == (200, {"Aliases": []})


def test_deletes_are_idempotent_and_take_everything_along(client: Any, answered: Any, refused: Any) -> None:
    client.add_permission(FunctionName="orders:live", StatementId="s", Action="lambda:*", Principal="*")
    client.put_function_event_invoke_config(FunctionName="orders:live", MaximumRetryAttempts=1)
    for _ in range(2):
        assert answered("delete_alias", FunctionName="orders", Name="live") == (204, {})
    assert client.list_aliases(FunctionName="orders")["Aliases"] == []
    assert client.list_function_event_invoke_configs(FunctionName="orders")["FunctionEventInvokeConfigs"] == []
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="2")
    assert refused("get_policy", FunctionName="orders:live") == f"{MISSING}The resource you requested does not exist."


def test_invocations_follow_at_once(client: Any) -> None:
    for version in ("2", "$LATEST", "1"):
        client.update_alias(FunctionName="orders", Name="live", FunctionVersion=version)
        answer = client.invoke(FunctionName="orders", Qualifier="live")
        assert (answer["ExecutedVersion"], answer["Payload"].read().decode()) == (version, f'"{version}"')


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ({"Role": "arn:aws:iam::123456789012:role/another"}, "execution role"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"}}, "dead-letter queue configuration"),
    ],
)
def test_versions_of_an_alias_are_alike(client: Any, refused: Any, everything: Any, setting: dict[str, Any], what: str) -> None:
    client.update_function_configuration(FunctionName="orders", **setting)
    client.publish_version(FunctionName="orders")
    before = everything(client)
    answer = f"{INVALID}Function versions of an alias must have the same {what}."
    both = {"FunctionName": "orders", "FunctionVersion": "2", "RoutingConfig": routing(v4=0.5)}
    assert refused("create_alias", Name="new", **both) == refused("update_alias", Name="live", **both) == answer
    assert everything(client) == before
    client.update_alias(FunctionName="orders", Name="live", FunctionVersion="4")
