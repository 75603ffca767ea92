"""Resource policies of layer versions, and which accounts they let in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fakelambda import FakeLambda

ARN = "arn:aws:lambda:us-east-1:123456789012:layer:shared"
OTHER = "210987654321"
MISSING = "404 ResourceNotFoundException: "
TOO_LOW = "400 InvalidParameterValueException: Layer Version Cannot be less than 1"
OUTDATED = (
    "412 PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. "
    "Call the GetLayerPolicy API to retrieve the latest Revision Id"
)
VERSION = {"LayerName": "shared", "VersionNumber": 1}
ORDINARY = {**VERSION, "StatementId": "s1", "Action": "lambda:GetLayerVersion", "Principal": "*"}


@pytest.fixture(autouse=True)
def shared(client: Any, zipped: Any) -> None:
    client.publish_layer_version(LayerName="shared", Content={"ZipFile": zipped({"python/shared.py": "name = 'shared'"})})


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize(
    ("given", "principal", "condition"),
    [
        ({}, "*", None),
        ({"Principal": OTHER}, {"AWS": f"arn:aws:iam::{OTHER}:root"}, None),
        ({"Principal": f"arn:aws:iam::{OTHER}:root"}, {"AWS": f"arn:aws:iam::{OTHER}:root"}, None),
        ({"OrganizationId": "o-1234567890"}, "*", {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}),
    ],
)
def test_a_statement_and_the_policy_it_is_in(
    *, answered: Any, given: dict[str, str], principal: Any, condition: dict[str, Any] | None
) -> None:
    expected = {"Sid": "s1", "Effect": "Allow", "Principal": principal, "Action": "lambda:GetLayerVersion", "Resource": f"{ARN}:1"}
    expected |= {"Condition": condition} if condition else {}
    status, added = answered("add_layer_version_permission", **{**ORDINARY, **given})
    revision = added["RevisionId"]
    assert (status, added) == (201, {"Statement": compact(expected), "RevisionId": revision})
    policy = compact({"Version": "2012-10-17", "Id": "default", "Statement": [expected]})
    assert answered("get_layer_version_policy", LayerName=ARN, VersionNumber=1) == (200, {"Policy": policy, "RevisionId": revision})


def test_a_policy_changes_its_revision_with_every_statement_and_goes_with_the_last(client: Any, answered: Any, refused: Any) -> None:
    revisions = [client.add_layer_version_permission(**ORDINARY)["RevisionId"]]
    revisions.append(client.add_layer_version_permission(**{**ORDINARY, "StatementId": "s2"}, RevisionId=revisions[-1])["RevisionId"])
    assert refused("remove_layer_version_permission", **VERSION, StatementId="s1", RevisionId=revisions[0]) == OUTDATED
    assert answered("remove_layer_version_permission", **VERSION, StatementId="s2", RevisionId=revisions[-1]) == (204, {})
    policy = client.get_layer_version_policy(**VERSION)
    revisions.append(policy["RevisionId"])
    assert [statement["Sid"] for statement in json.loads(policy["Policy"])["Statement"]] == ["s1"]
    assert len(set(revisions)) == 3
    client.remove_layer_version_permission(**VERSION, StatementId="s1")
    assert refused("get_layer_version_policy", **VERSION) == f"{MISSING}No policy is associated with the given resource."


@pytest.mark.parametrize(
    ("operation", "parameters", "answer"),
    [
        ("add", {"StatementId": "taken"}, "409 ResourceConflictException: The statement id (taken) provided already exists. Please provide a new statement id, or remove the existing statement."),
        ("add", {"RevisionId": "wrong"}, OUTDATED),
        ("add", {"VersionNumber": 2, "RevisionId": "wrong"}, OUTDATED),
        ("add", {"VersionNumber": 3}, f"{MISSING}Layer version {ARN}:3 does not exist."),
        ("add", {"LayerName": "other"}, f"{MISSING}Layer version {ARN[:-6]}other:1 does not exist."),
        ("add", {"VersionNumber": 0}, TOO_LOW),
        ("add", {"Action": "lambda:*"}, "400 ValidationException: 1 validation error detected: Value 'lambda:*' at 'action' failed to satisfy constraint: Member must satisfy regular expression pattern: lambda:GetLayerVersion"),
        ("add", {"LayerName": f"arn:aws:lambda:us-east-1:{OTHER}:layer:shared"}, f"403 AccessDeniedException: User: arn:aws:iam::123456789012:root is not authorized to perform: lambda:AddLayerVersionPermission on resource: arn:aws:lambda:us-east-1:{OTHER}:layer:shared:1 because no resource-based policy allows the lambda:AddLayerVersionPermission action"),
        ("remove", {"StatementId": "unknown"}, f"{MISSING}Statement unknown is not found in resource policy."),
        ("remove", {"RevisionId": "wrong"}, OUTDATED),
        ("remove", {"VersionNumber": 2}, f"{MISSING}No policy is associated with the given resource."),
        ("remove", {"VersionNumber": 3}, f"{MISSING}Layer version {ARN}:3 does not exist."),
        ("remove", {"VersionNumber": 0}, TOO_LOW),
        ("get", {"VersionNumber": 2}, f"{MISSING}No policy is associated with the given resource."),
        ("get", {"VersionNumber": 3}, f"{MISSING}Layer version {ARN}:3 does not exist."),
        ("get", {"VersionNumber": -1}, TOO_LOW),
    ],
)  # fmt: skip
def test_what_is_refused(*, client: Any, refused: Any, zipped: Any, operation: str, parameters: dict[str, Any], answer: str) -> None:
    client.publish_layer_version(LayerName="shared", Content={"ZipFile": zipped({"a": ""})})
    client.add_layer_version_permission(**{**ORDINARY, "StatementId": "taken"})
    whole, ordinary = {
        "add": ("add_layer_version_permission", ORDINARY),
        "remove": ("remove_layer_version_permission", {**VERSION, "StatementId": "taken"}),
        "get": ("get_layer_version_policy", VERSION),
    }[operation]
    assert refused(whole, **{**ordinary, **parameters}) == answer


def test_a_policy_does_not_grow_over_20_kb(client: Any, refused: Any) -> None:
    organization = f"o-{'a' * 32}"
    for number in range(61):
        client.add_layer_version_permission(**{**ORDINARY, "StatementId": f"{number:0100}", "OrganizationId": organization})
    answer = refused("add_layer_version_permission", **{**ORDINARY, "StatementId": "x" * 100, "OrganizationId": organization})
    assert answer.startswith("400 PolicyLengthExceededException: The final policy size (")


# ---- who is let in ----


@pytest.mark.parametrize(
    ("permission", "let_in"),
    [
        (None, False),
        ({}, True),
        ({"Principal": OTHER}, True),
        ({"Principal": f"arn:aws:iam::{OTHER}:root"}, True),
        ({"Principal": "111122223333"}, False),
        ({"OrganizationId": "o-a1b2c3d4e5"}, True),
        ({"OrganizationId": "o-1234567890"}, False),
    ],
)
def test_another_account_needs_a_permission(
    *, fake: FakeLambda, client: Any, zipped: Any, permission: dict[str, str] | None, let_in: bool
) -> None:
    fake.join_organization("o-a1b2c3d4e5", OTHER)
    if permission is not None:
        client.add_layer_version_permission(**{**ORDINARY, **permission})
    other: Any = fake.client(account_id=OTHER)
    function = {"Role": f"arn:aws:iam::{OTHER}:role/r", "Runtime": "python3.13", "Handler": "app.handler"}
    package = zipped({"app.py": "import shared\ndef handler(event, context): return shared.name"})
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get_layer_version", {"LayerName": ARN, "VersionNumber": 1}),
        ("get_layer_version_by_arn", {"Arn": f"{ARN}:1"}),
        ("create_function", {"FunctionName": "orders", **function, "Code": {"ZipFile": package}, "Layers": [f"{ARN}:1"]}),
    ]
    for operation, parameters in calls:
        if let_in:
            getattr(other, operation)(**parameters)
            continue
        with pytest.raises(ClientError) as refused:
            getattr(other, operation)(**parameters)
        error: Any = refused.value.response
        assert (error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]) == (
            403,
            {
                "Code": "AccessDeniedException",
                "Message": f"User: arn:aws:iam::{OTHER}:root is not authorized to perform: lambda:GetLayerVersion on resource: {ARN}:1 "
                "because no resource-based policy allows the lambda:GetLayerVersion action",
            },
        )
    if let_in:
        assert other.invoke(FunctionName="orders")["Payload"].read() == b'"shared"'
    else:
        assert other.list_functions()["Functions"] == []


def test_a_permission_that_is_taken_back_leaves_functions_what_they_use(fake: FakeLambda, client: Any, zipped: Any) -> None:
    client.add_layer_version_permission(**ORDINARY)
    other: Any = fake.client(account_id=OTHER)
    other.create_function(
        FunctionName="orders",
        Role=f"arn:aws:iam::{OTHER}:role/r",
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": "import shared\ndef handler(event, context): return shared.name"})},
        Layers=[f"{ARN}:1"],
    )
    client.remove_layer_version_permission(**VERSION, StatementId="s1")
    other.update_function_configuration(FunctionName="orders", Timeout=9)
    assert other.invoke(FunctionName="orders")["Payload"].read() == b'"shared"'
    with pytest.raises(ClientError, match="is not authorized to perform: lambda:GetLayerVersion"):
        other.update_function_configuration(FunctionName="orders", Layers=[f"{ARN}:1"])
    assert [layer["Arn"] for layer in other.get_function_configuration(FunctionName="orders")["Layers"]] == [f"{ARN}:1"]


def test_a_layer_of_another_account_has_to_be_of_the_same_region(fake: FakeLambda, client: Any) -> None:
    client.add_layer_version_permission(**ORDINARY)
    other: Any = fake.client(account_id=OTHER, region="eu-west-1")
    with pytest.raises(ClientError, match="is not authorized to perform: lambda:GetLayerVersion"):
        other.get_layer_version_by_arn(Arn=f"{ARN}:1")
