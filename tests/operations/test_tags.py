"""Tags of functions."""

from __future__ import annotations

from typing import Any

import pytest

from fakelambda import FakeLambda, NotModelled

PREFIX = "arn:aws:lambda:us-east-1:123456789012:"
ARN = f"{PREFIX}function:orders"
MAPPING = f"{PREFIX}event-source-mapping:01234567-89ab-cdef-0123-456789abcdef"
INVALID = "400 InvalidParameterValueException: "
MISSING = "404 ResourceNotFoundException: "
PATTERN = (
    r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?"
    r"|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}"
    r"|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)"
)
OPERATIONS: dict[str, dict[str, Any]] = {"tag_resource": {"Tags": {"a": "1"}}, "untag_resource": {"TagKeys": ["a"]}, "list_tags": {}}


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: None, Tags={"first": "1"}, Publish=True)


@pytest.mark.parametrize(
    ("operation", "given", "tags"),
    [
        ("tag_resource", {"Tags": {"second": "2"}}, {"first": "1", "second": "2"}),
        ("tag_resource", {"Tags": {"first": ""}}, {"first": ""}),
        ("untag_resource", {"TagKeys": ["first"]}, {}),
        ("untag_resource", {"TagKeys": ["unknown"]}, {"first": "1"}),
        ("untag_resource", {"TagKeys": ["first", "unknown"]}, {}),
    ],
)
def test_tags_are_merged_and_taken_away_and_each_time_the_revision_changes(
    client: Any, answered: Any, operation: str, given: dict[str, Any], tags: dict[str, str]
) -> None:
    before = client.get_function(FunctionName="orders")["Configuration"]
    version = client.get_function(FunctionName="orders:1")["Configuration"]
    assert answered("list_tags", Resource=ARN) == (200, {"Tags": {"first": "1"}})
    assert answered(operation, Resource=ARN, **given) == (204, {})
    assert answered("list_tags", Resource=ARN) == (200, {"Tags": tags})
    for name in ("orders", "orders:1"):
        assert client.get_function(FunctionName=name).get("Tags", {}) == tags
    assert ("Tags" in client.get_function(FunctionName="orders")) is bool(tags)
    after = client.get_function(FunctionName="orders")["Configuration"]
    assert after == before | {"RevisionId": after["RevisionId"]}
    assert after["RevisionId"] != before["RevisionId"]
    assert client.get_function(FunctionName="orders:1")["Configuration"] == version


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("resource", "answer"),
    [
        (f"{PREFIX}function:nowhere", f"{MISSING}Function not found: {PREFIX}function:nowhere"),
        (MAPPING, f"{MISSING}Event source mapping not found: {MAPPING}"),
        (f"{PREFIX}capacity-provider:none", f"{MISSING}Capacity provider not found: {PREFIX}capacity-provider:none"),
        *(
            (f"{ARN}:{qualifier}", f"{INVALID}Tags on function aliases and versions are not supported. Please specify a function ARN.")
            for qualifier in ("1", "live", "$LATEST")
        ),
        *(
            (
                resource,
                (
                    f"400 ValidationException: 1 validation error detected: Value '{resource}' at 'resource' failed to satisfy constraint: "
                    f"Member must satisfy regular expression pattern: {PATTERN}"
                ),
            )
            for resource in ("orders", "arn:aws:s3:::bucket")
        ),
        (ARN.replace("us-east-1", "eu-west-1"), f"{MISSING}Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"),
    ],
)
def test_what_cannot_be_tagged(refused: Any, operation: str, resource: str, answer: str) -> None:
    assert refused(operation, Resource=resource, **OPERATIONS[operation]) == answer


@pytest.mark.parametrize(
    ("operation", "given", "answer"),
    [
        ("tag_resource", {"Tags": {}}, f"{INVALID}An error occurred and the request cannot be processed."),
        ("tag_resource", {"Tags": {f"k{n}": "" for n in range(50)}}, f"{INVALID}Number of tags exceeds resource tag limit."),
        (
            "untag_resource",
            {"TagKeys": []},
            "400 ValidationException: 1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
        ),
    ],
)
def test_what_is_refused(refused: Any, operation: str, given: dict[str, Any], answer: str) -> None:
    assert refused(operation, Resource=ARN, **given) == answer


def test_fifty_tags_are_allowed(client: Any) -> None:
    client.tag_resource(Resource=ARN, Tags={f"k{n}": "" for n in range(49)})
    client.tag_resource(Resource=ARN, Tags={"first": "again"})
    assert len(client.list_tags(Resource=ARN)["Tags"]) == 50


def test_tags_of_a_code_signing_config_are_not_modelled(client: Any) -> None:
    with pytest.raises(NotModelled, match="ListTags of a code-signing-config is not modelled"):
        client.list_tags(Resource=f"{PREFIX}code-signing-config:csc-{'0' * 17}")
