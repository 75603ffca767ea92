"""Resource policies: one of the function, of each version and of each alias."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakelambda import FakeLambda, NotModelled

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
NOWHERE = "arn:aws:lambda:us-east-1:123456789012:function:nowhere"
MISSING = "404 ResourceNotFoundException: "
BROKEN = "400 ValidationException: 1 validation error detected: "
OUTDATED = (
    "412 PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. "
    "Call the GetPolicy API to retrieve the latest Revision Id"
)
ORDINARY = {"FunctionName": "orders", "StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
QUALIFIERS = [None, "1", "live"]


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda, client: Any) -> None:
    fake.add_function("orders", lambda event, context: None, Publish=True)
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def named(qualifier: str | None) -> dict[str, str]:
    return {"FunctionName": "orders", **({"Qualifier": qualifier} if qualifier else {})}


@pytest.mark.parametrize(
    ("given", "principal", "condition"),
    [
        ({}, {"Service": "s3.amazonaws.com"}, None),
        ({"Principal": "123456789012"}, {"AWS": "arn:aws:iam::123456789012:root"}, None),
        ({"Principal": "arn:aws:iam::123456789012:user/me"}, {"AWS": "arn:aws:iam::123456789012:user/me"}, None),
        ({"Principal": "arn:aws:iam::123456789012:role/a/b"}, {"AWS": "arn:aws:iam::123456789012:role/a/b"}, None),
        ({"Principal": "*"}, "*", None),
        ({"SourceArn": "arn:aws:s3:::b"}, {"Service": "s3.amazonaws.com"}, {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}),
        ({"SourceAccount": "123456789012"}, {"Service": "s3.amazonaws.com"}, {"StringEquals": {"AWS:SourceAccount": "123456789012"}}),
        ({"Principal": "*", "FunctionUrlAuthType": "NONE"}, "*", {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}),
        ({"Principal": "*", "PrincipalOrgID": "o-1234567890"}, "*", {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}),
        (
            {"Principal": "alexa-appkit.amazon.com", "EventSourceToken": "amzn1.ask.skill.x"},
            {"Service": "alexa-appkit.amazon.com"},
            {"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.x"}},
        ),
        ({"Principal": "*", "InvokedViaFunctionUrl": True}, "*", {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
        (
            {
                "PrincipalOrgID": "o-1234567890",
                "FunctionUrlAuthType": "NONE",
                "SourceArn": "arn:aws:s3:::b",
                "SourceAccount": "123456789012",
            },
            {"Service": "s3.amazonaws.com"},
            {
                "StringEquals": {
                    "AWS:SourceAccount": "123456789012",
                    "lambda:FunctionUrlAuthType": "NONE",
                    "aws:PrincipalOrgID": "o-1234567890",
                },
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"},
            },
        ),
    ],
)
def test_a_statement_has_awss_members_in_awss_order(
    answered: Any, given: dict[str, Any], principal: Any, condition: dict[str, Any] | None
) -> None:
    statement = {"Sid": "s3", "Effect": "Allow", "Principal": principal, "Action": "lambda:InvokeFunction", "Resource": ARN}
    statement |= {"Condition": condition} if condition else {}
    assert answered("add_permission", **ORDINARY | given) == (201, {"Statement": compact(statement)})
    status, policy = answered("get_policy", FunctionName="orders")
    assert (status, policy.keys()) == (200, {"Policy", "RevisionId"})
    assert policy["Policy"] == compact({"Version": "2012-10-17", "Id": "default", "Statement": [statement]})


def test_functions_versions_and_aliases_have_their_own_policies(client: Any, refused: Any) -> None:
    for qualifier in QUALIFIERS:
        assert refused("get_policy", **named(qualifier)) == f"{MISSING}The resource you requested does not exist."
        client.add_permission(**ORDINARY | named(qualifier))
    policies = [client.get_policy(**named(qualifier)) for qualifier in QUALIFIERS]
    assert [json.loads(policy["Policy"])["Statement"][0]["Resource"] for policy in policies] == [ARN, f"{ARN}:1", f"{ARN}:live"]
    assert len({policy["RevisionId"] for policy in policies}) == 3
    client.remove_permission(**named("1"), StatementId="s3")
    assert refused("get_policy", **named("1")) == f"{MISSING}The resource you requested does not exist."
    client.get_policy(**named(None))
    client.get_policy(**named("live"))


def test_a_new_version_has_no_policy(client: Any, refused: Any) -> None:
    client.add_permission(**ORDINARY)
    client.update_function_configuration(FunctionName="orders", Description="two")
    client.publish_version(FunctionName="orders")
    assert refused("get_policy", FunctionName="orders:2") == f"{MISSING}The resource you requested does not exist."


def test_statements_stay_in_the_order_of_their_addition(client: Any, answered: Any) -> None:
    for statement_id in "cab":
        client.add_permission(**ORDINARY | {"StatementId": statement_id})
    assert answered("remove_permission", FunctionName="orders", StatementId="a") == (204, {})
    client.add_permission(**ORDINARY | {"StatementId": "a"})
    policy = json.loads(client.get_policy(FunctionName="orders")["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["c", "b", "a"]


@pytest.mark.parametrize("qualifier", QUALIFIERS)
def test_a_policy_has_its_own_revision(client: Any, refused: Any, qualifier: str | None) -> None:
    before = [client.get_function_configuration(FunctionName=name)["RevisionId"] for name in ("orders", "orders:1")]
    alias = client.get_alias(FunctionName="orders", Name="live")["RevisionId"]
    name = named(qualifier)
    client.add_permission(**ORDINARY | name)
    revisions = [client.get_policy(**name)["RevisionId"]]
    client.add_permission(**ORDINARY | name | {"StatementId": "two"}, RevisionId=revisions[-1])
    revisions.append(client.get_policy(**name)["RevisionId"])
    for outdated in ("wrong", revisions[0], before[0]):
        assert refused("add_permission", **ORDINARY | name | {"StatementId": "three"}, RevisionId=outdated) == OUTDATED
        assert refused("remove_permission", **name, StatementId="two", RevisionId=outdated) == OUTDATED
    client.remove_permission(**name, StatementId="two", RevisionId=revisions[-1])
    revisions.append(client.get_policy(**name)["RevisionId"])
    assert len(set(revisions)) == 3
    assert [client.get_function_configuration(FunctionName=name)["RevisionId"] for name in ("orders", "orders:1")] == before
    assert client.get_alias(FunctionName="orders", Name="live")["RevisionId"] == alias


@pytest.mark.parametrize("qualifier", QUALIFIERS)
def test_the_first_permission_may_name_the_revision_of_what_it_is_for(client: Any, refused: Any, qualifier: str | None) -> None:
    revisions = {name: client.get_function_configuration(**named(name))["RevisionId"] for name in (None, "1")}
    revisions["live"] = client.get_alias(FunctionName="orders", Name="live")["RevisionId"]
    for other in QUALIFIERS:
        if other != qualifier:
            assert refused("add_permission", **ORDINARY | named(qualifier), RevisionId=revisions[other]) == OUTDATED
    client.add_permission(**ORDINARY | named(qualifier), RevisionId=revisions[qualifier])
    second = ORDINARY | named(qualifier) | {"StatementId": "two"}
    assert refused("add_permission", **second, RevisionId=revisions[qualifier]) == OUTDATED, "now there is a policy"


PATTERN = "failed to satisfy constraint: Member must satisfy regular expression pattern: "


@pytest.mark.parametrize(
    ("operation", "parameters", "answer"),
    [
        ("get_policy", {"FunctionName": "nowhere"}, f"{MISSING}The resource you requested does not exist."),
        ("get_policy", {"Qualifier": "42"}, f"{MISSING}The resource you requested does not exist."),
        ("add_permission", {"FunctionName": "nowhere"}, f"{MISSING}Function not found: {NOWHERE}"),
        ("add_permission", {"FunctionName": "nowhere:1"}, f"{MISSING}Function not found: {NOWHERE}"),
        ("add_permission", {"Qualifier": "42"}, f"{MISSING}Function not found: {ARN}:42"),
        ("add_permission", {"Qualifier": "none"}, f"{MISSING}Cannot find alias arn: {ARN}:none"),
        ("remove_permission", {"Qualifier": "none"}, f"{MISSING}Cannot find alias arn: {ARN}:none"),
        ("add_permission", {"Qualifier": "with-$-x"}, f"{MISSING}Function not found: {ARN}:with-$-x"),
        (
            "add_permission",
            {"Qualifier": "$LATEST"},
            "400 InvalidParameterValueException: We currently do not support adding policies for $LATEST.",
        ),
        (
            "add_permission",
            {"StatementId": "example.com"},
            f"{BROKEN}Value 'example.com' at 'statementId' {PATTERN}([a-zA-Z0-9-_]+)",
        ),
        *(
            (
                "add_permission",
                {"Principal": principal},
                "400 InvalidParameterValueException: The provided principal was invalid. Please check the principal and try again.",
            )
            for principal in ("nobody", "12345", "arn:aws:s3:::bucket", "arn:aws:iam::1:user/me")
        ),
        (
            "add_permission",
            {"StatementId": "old"},
            (
                "409 ResourceConflictException: The statement id (old) provided already exists. "
                "Please provide a new statement id, or remove the existing statement."
            ),
        ),
        ("add_permission", {"Qualifier": "1", "RevisionId": "any"}, OUTDATED),
        ("remove_permission", {"FunctionName": "nowhere"}, f"{MISSING}No policy found for: {NOWHERE}"),
        ("remove_permission", {"Qualifier": "1"}, f"{MISSING}No policy is associated with the given resource."),
        ("remove_permission", {"Qualifier": "$LATEST"}, f"{MISSING}No policy is associated with the given resource."),
        ("remove_permission", {"StatementId": "none"}, f"{MISSING}Statement none is not found in resource policy."),
    ],
)
def test_what_is_refused(client: Any, refused: Any, operation: str, parameters: dict[str, Any], answer: str) -> None:
    client.add_permission(**ORDINARY | {"StatementId": "old"})
    needed = {"add_permission": ORDINARY, "remove_permission": named(None) | {"StatementId": "old"}, "get_policy": named(None)}
    assert refused(operation, **needed[operation] | parameters) == answer


def test_a_policy_has_a_size(client: Any, refused: Any) -> None:
    source = "arn:aws:s3:::" + "b" * 2000
    for number in range(9):
        client.add_permission(**ORDINARY | {"StatementId": f"s{number}"}, SourceArn=source)
    assert 18_000 < len(client.get_policy(FunctionName="orders")["Policy"]) < 20_480
    assert refused("add_permission", **ORDINARY | {"StatementId": "s"}, SourceArn=source).startswith("400 PolicyLengthExceededException: ")


# ---- whole policies ----

WRITTEN = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": ARN}
POLICY = compact({"Version": "2012-10-17", "Statement": [WRITTEN]})
PUT: dict[str, Any] = {"ResourceArn": ARN, "Policy": POLICY}
REPLACED = OUTDATED.replace("GetPolicy", "GetResourcePolicy")
SOME_ID = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("qualifier", QUALIFIERS)
def test_a_policy_is_put_read_and_deleted_as_a_whole(client: Any, answered: Any, refused: Any, qualifier: str | None) -> None:
    name = {"ResourceArn": f"{ARN}:{qualifier}" if qualifier else ARN}
    client.add_permission(**ORDINARY | named(qualifier))
    status, put = answered("put_resource_policy", **name, Policy=json.dumps(json.loads(POLICY), indent=2))
    assert (status, put["Policy"]) == (200, POLICY)
    assert answered("get_resource_policy", **name) == (200, put)
    assert answered("get_policy", **named(qualifier)) == (200, put)  # one and the same
    for other in QUALIFIERS:
        if other != qualifier:
            assert refused("get_policy", **named(other)) == f"{MISSING}The resource you requested does not exist."
    assert answered("delete_resource_policy", **name) == (204, {})
    for operation, parameters in {"get_policy": named(qualifier), "get_resource_policy": name, "delete_resource_policy": name}.items():
        assert refused(operation, **parameters) == f"{MISSING}The resource you requested does not exist."


def test_permissions_are_added_to_a_policy_that_was_put_and_removed_from_it(client: Any) -> None:
    client.put_resource_policy(**PUT | {"Policy": compact({"Id": "mine", "Statement": [WRITTEN | {"Sid": "own"}, WRITTEN]})})
    client.add_permission(**ORDINARY)
    policy = json.loads(client.get_resource_policy(ResourceArn=ARN)["Policy"])
    assert (policy["Id"], [statement.get("Sid") for statement in policy["Statement"]]) == ("mine", ["own", None, "s3"])
    for statement_id in ("own", "s3"):
        client.remove_permission(FunctionName="orders", StatementId=statement_id)
    assert json.loads(client.get_policy(FunctionName="orders")["Policy"]) == {"Id": "mine", "Statement": [WRITTEN]}


def test_whole_policies_have_revisions(client: Any, refused: Any) -> None:
    assert refused("put_resource_policy", **PUT, RevisionId=SOME_ID) == REPLACED
    revisions = [client.put_resource_policy(**PUT)["RevisionId"]]
    revisions.append(client.put_resource_policy(**PUT, RevisionId=revisions[0])["RevisionId"])
    assert revisions[0] != revisions[1] == client.get_resource_policy(ResourceArn=ARN)["RevisionId"]
    assert refused("put_resource_policy", **PUT, RevisionId=revisions[0]) == REPLACED
    assert refused("delete_resource_policy", ResourceArn=ARN, RevisionId=revisions[0]) == REPLACED
    client.delete_resource_policy(ResourceArn=ARN, RevisionId=revisions[1])


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"Policy": "{"}, "400 InvalidParameterValueException: The policy is invalid: it is not JSON."),
        (
            {"Policy": " " * 20_481},
            f"{BROKEN}Value '{' ' * 20_481}' at 'policy' failed to satisfy constraint: Member must have length less than or equal to 20480",
        ),
        ({"ResourceArn": NOWHERE}, f"{MISSING}Function not found: {NOWHERE}"),
        ({"ResourceArn": f"{ARN}:42"}, f"{MISSING}Function not found: {ARN}:42"),
        ({"ResourceArn": f"{ARN}:none"}, f"{MISSING}Cannot find alias arn: {ARN}:none"),
        ({"ResourceArn": f"{ARN}:$LATEST"}, "400 InvalidParameterValueException: We currently do not support adding policies for $LATEST."),
        (
            {"ResourceArn": ARN.replace("us-east-1", "eu-west-1")},
            f"{MISSING}Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
        ),
    ],
)
def test_whole_policies_that_are_refused(refused: Any, changes: dict[str, str], answer: str) -> None:
    assert refused("put_resource_policy", **PUT | changes) == answer


def test_what_cannot_be_evaluated_is_not_stored(client: Any) -> None:
    unevaluated = [({"Policy": POLICY.replace('"Principal"', '"NotPrincipal"')}, "NotPrincipal")]
    shape = client.meta.service_model.operation_model("PutResourcePolicy").input_shape.members["ResourceArn"]
    if "runtime" in shape.metadata["pattern"]:  # older models know of functions only
        unevaluated.append(({"ResourceArn": "arn:aws:lambda:us-east-1:123456789012:runtime/mine"}, "PutResourcePolicy of a runtime"))
    for changes, what in unevaluated:
        with pytest.raises(NotModelled, match=what):
            client.put_resource_policy(**PUT | changes)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName="orders")
