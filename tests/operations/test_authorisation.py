"""Who may call: other accounts, by the policy of exactly what they name."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto import mock_aws

from fakelambda import FakeLambda
from fakelambda.domain import policies
from fakelambda.domain.errors import AccessDeniedException
from fakelambda.domain.principals import Caller
from fakelambda.operations.authorisation import CROSS_ACCOUNT_OPERATIONS, authorise_layer
from fakelambda.operations.call import OPERATIONS

US, THEM = "123456789012", "999999999999"
ARN = f"arn:aws:lambda:us-east-1:{US}:function:orders"
ROOT = f"arn:aws:iam::{THEM}:root"
GRANT = {"StatementId": "them", "Action": "lambda:*", "Principal": THEM}
NEEDED: dict[str, dict[str, Any]] = {  # what a call needs besides the function's name
    "AddPermission": {"StatementId": "new", "Action": "lambda:InvokeFunction", "Principal": "*"},
    "CreateAlias": {"Name": "new", "FunctionVersion": "1"},
    "DeleteAlias": {"Name": "live"},
    "GetAlias": {"Name": "live"},
    "InvokeAsync": {"InvokeArgs": b"7"},
    "PutFunctionConcurrency": {"ReservedConcurrentExecutions": 7},
    "PutFunctionEventInvokeConfig": {"MaximumRetryAttempts": 0},
    "PutFunctionRecursionConfig": {"RecursiveLoop": "Allow"},
    "PutProvisionedConcurrencyConfig": {"Qualifier": "1", "ProvisionedConcurrentExecutions": 1},
    "PutRuntimeManagementConfig": {"UpdateRuntimeOn": "Auto"},
    "RemovePermission": {"StatementId": "them"},
    "TagResource": {"Tags": {"team": "blue"}},
    "UntagResource": {"TagKeys": ["team"]},
    "UpdateAlias": {"Name": "live", "Description": "new"},
    "UpdateEventSourceMapping": {"UUID": "00000000-0000-4000-8000-000000000000"},
    "UpdateFunctionCode": {"ImageUri": f"{US}.dkr.ecr.us-east-1.amazonaws.com/shop:8"},
    "PutResourcePolicy": {"Policy": "{}"},
    "UpdateFunctionEventInvokeConfig": {"MaximumRetryAttempts": 0},
}
QUALIFIED = ("GetProvisionedConcurrencyConfig", "DeleteProvisionedConcurrencyConfig", "PutProvisionedConcurrencyConfig")
CREATION = {"Role": f"arn:aws:iam::{US}:role/r", "PackageType": "Image", "Code": {"ImageUri": "shop:7"}}
OURS = sorted(name for name, operation in OPERATIONS.items() if {"function", "resource", "resource_arn"} & operation.parameters)


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda, client: Any) -> None:
    image: dict[str, Any] = {"PackageType": "Image", "Code": {"ImageUri": f"{US}.dkr.ecr.us-east-1.amazonaws.com/shop:7"}}
    fake.add_function("orders", lambda event, context: [context.function_version, context.invoked_function_arn], Publish=True, **image)
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


@pytest.fixture
def theirs(fake: FakeLambda) -> Any:
    """A client of another account."""
    return fake.client(account_id=THEM)


def call(client: Any, operation: str, arn: str = ARN) -> Any:
    parameters = OPERATIONS[operation].parameters
    named = {"resource": "Resource", "resource_arn": "ResourceArn"}
    name = next((member for parameter, member in named.items() if parameter in parameters), "FunctionName")
    further = CREATION if operation == "CreateFunction" else NEEDED.get(operation, {})
    qualifier = {"Qualifier": "1"} if operation in QUALIFIED else {}
    return getattr(client, xform_name(operation))(**{name: arn}, **further | qualifier)


def refusal(attempt: Any) -> str:
    with pytest.raises(ClientError) as caught:
        attempt()
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert response.keys() == {"Error", "ResponseMetadata"}
    return f"{response['Error']['Code']}: {response['Error']['Message']}"


def denied(action: str, resource: str = ARN, user: str = ROOT) -> str:
    return (
        f"AccessDeniedException: User: {user} is not authorized to perform: {action} on resource: {resource} "
        f"because no resource-based policy allows the {action} action"
    )


def action_of(operation: str) -> str:
    return "lambda:InvokeFunction" if operation == "Invoke" else f"lambda:{operation}"


# ---- operations ----


@pytest.mark.parametrize("operation", OURS)
def test_what_a_policy_can_open_is_denied_in_words_and_the_rest_without(client: Any, theirs: Any, everything: Any, operation: str) -> None:
    before = everything(client)
    expected = denied(action_of(operation)) if operation in CROSS_ACCOUNT_OPERATIONS else "AccessDeniedException: None"
    assert refusal(partial(call, theirs, operation)) == expected
    assert everything(client) == before
    for action in {action_of(other) for other in CROSS_ACCOUNT_OPERATIONS} - {action_of(operation)}:
        client.add_permission(FunctionName="orders", **GRANT | {"StatementId": action[7:], "Action": action})
    assert refusal(partial(call, theirs, operation)) == expected
    if operation not in CROSS_ACCOUNT_OPERATIONS:
        client.add_permission(FunctionName="orders", **GRANT)
        assert refusal(partial(call, theirs, operation)) == expected


@pytest.mark.parametrize("operation", sorted(CROSS_ACCOUNT_OPERATIONS & OPERATIONS.keys()))
@pytest.mark.parametrize("action", ["lambda:*", "*", "its own"])
def test_what_a_policy_opens_is_done_in_the_owner_s_account(everything: Any, operation: str, action: str) -> None:
    """The answer, and what is there afterwards, are as if the owner had called."""
    answers = []
    for account_id in (US, THEM):
        with FakeLambda(seed=7) as fake:
            image: dict[str, Any] = {"PackageType": "Image", "Code": {"ImageUri": "shop:7"}, "Tags": {"team": "red"}}
            fake.add_function("orders", lambda event, context: context.invoked_function_arn, Publish=True, **image)
            client: Any = fake.client()
            client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
            client.add_permission(FunctionName="orders", **GRANT | {"Action": action if "*" in action else action_of(operation)})
            answer = call(fake.client(account_id=account_id), operation)
            assert fake.calls[-1].account_id == account_id
            answer.pop("ResponseMetadata")
            answer |= {"Payload": answer["Payload"].read()} if "Payload" in answer else {}
            answers.append(timeless([answer, everything(client)]))
            assert fake.client(account_id=THEM).list_functions()["Functions"] == []
    assert answers[0] == answers[1]


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: timeless(item) for name, item in value.items() if name not in {"LastModified", "Location"}}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def test_pages_of_a_list_are_the_owner_s(client: Any, theirs: Any) -> None:
    client.add_permission(FunctionName="orders", **GRANT)
    for name in ("beta", "alpha"):
        theirs.create_alias(FunctionName=ARN, Name=name, FunctionVersion="1")
    pages = theirs.get_paginator("list_aliases").paginate(FunctionName=ARN, PaginationConfig={"PageSize": 1})
    assert [alias["Name"] for page in pages for alias in page["Aliases"]] == ["alpha", "beta", "live"]
    with pytest.raises(ClientError, match="Invalid marker"):
        client.list_aliases(FunctionName="orders", Marker=ARN.replace(US, THEM))


# ---- qualifiers ----

PLACES = ["", ":1", ":live"]


@pytest.mark.parametrize("granted", PLACES)
@pytest.mark.parametrize("operation", ["Invoke", "GetFunction", "GetFunctionConfiguration"])
def test_a_policy_is_for_its_own_qualifier(client: Any, theirs: Any, granted: str, operation: str) -> None:
    client.add_permission(FunctionName=f"orders{granted}", **GRANT)
    for asked in (*PLACES, ":$LATEST", ":2", ":nowhere"):
        arn = ARN + asked
        if asked == granted:
            call(theirs, operation, arn)
        else:
            assert refusal(partial(call, theirs, operation, arn)) == denied(action_of(operation), arn)
    client.remove_permission(FunctionName=f"orders{granted}", StatementId="them")
    assert refusal(partial(call, theirs, operation, ARN + granted)) == denied(action_of(operation), ARN + granted)


def test_an_alias_may_move_without_its_callers_noticing(client: Any, theirs: Any) -> None:
    client.add_permission(FunctionName="orders:live", **GRANT | {"Action": "lambda:InvokeFunction"})
    client.update_function_configuration(FunctionName="orders", Description="two")
    client.publish_version(FunctionName="orders")
    for version in "12":
        client.update_alias(FunctionName="orders", Name="live", FunctionVersion=version)
        answer = theirs.invoke(FunctionName=ARN, Qualifier="live")
        assert json.load(answer["Payload"]) == [version, f"{ARN}:live"]


@pytest.mark.parametrize("name", [f"{US}:orders", f"{US}:function:orders", f"us-east-1:{US}:function:orders", ARN])
def test_any_form_that_names_the_account_will_do(client: Any, theirs: Any, name: str) -> None:
    client.add_permission(FunctionName="orders:live", **GRANT)
    assert json.load(theirs.invoke(FunctionName=f"{name}:live")["Payload"]) == ["1", f"{ARN}:live"]


# ---- who ----


def test_accounts_see_their_own_functions_without_any_permission(fake: FakeLambda, theirs: Any) -> None:
    theirs.create_function(FunctionName="orders", Role=f"arn:aws:iam::{THEM}:role/r", PackageType="Image", Code={"ImageUri": "shop:9"})
    fake.bind(ARN.replace(US, THEM), lambda event, context: "theirs")
    for name in ("orders", ARN.replace(US, THEM)):
        assert json.load(theirs.invoke(FunctionName=name)["Payload"]) == "theirs"
    assert refusal(partial(call, fake.client(), "Invoke", ARN.replace(US, THEM))) == denied(
        "lambda:InvokeFunction", ARN.replace(US, THEM), ROOT.replace(THEM, US)
    )


def test_a_function_that_is_missing_is_as_closed_as_one_without_a_policy(theirs: Any) -> None:
    nowhere = ARN.replace("orders", "nowhere")
    assert refusal(partial(call, theirs, "Invoke", nowhere)) == denied("lambda:InvokeFunction", nowhere)


def test_a_function_that_is_created_anew_is_closed(fake: FakeLambda, client: Any, theirs: Any) -> None:
    client.add_permission(FunctionName="orders", **GRANT)
    theirs.delete_function(FunctionName=ARN)
    fake.add_function("orders", lambda event, context: None)
    assert refusal(partial(call, theirs, "Invoke")) == denied("lambda:InvokeFunction")


@mock_aws
def test_a_role_or_a_user_of_moto_s_is_let_in_by_its_own_name(client: Any) -> None:
    role, other = f"arn:aws:iam::{THEM}:role/ci/deploy", f"arn:aws:iam::{THEM}:role/other"
    sessions = {arn: assumed(arn) for arn in (role, other)}
    client.add_permission(FunctionName="orders", **GRANT | {"Principal": role, "Action": "lambda:InvokeFunction"})
    call(sessions[role], "Invoke")
    user = f"arn:aws:sts::{THEM}:assumed-role/other/ada-lovelace"
    assert refusal(partial(call, sessions[other], "Invoke")) == denied("lambda:InvokeFunction", user=user)

    iam = assumed(other, "iam")
    iam.create_user(UserName="ada", Path="/staff/")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    ada = boto3.client("lambda", "us-east-1", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    user = f"arn:aws:iam::{THEM}:user/staff/ada"
    assert refusal(partial(call, ada, "Invoke")) == denied("lambda:InvokeFunction", user=user)
    client.add_permission(FunctionName="orders", **GRANT | {"StatementId": "ada", "Principal": user})
    call(ada, "Invoke")


def assumed(role: str, service: Any = "lambda") -> Any:
    credentials = boto3.client("sts", "us-east-1").assume_role(RoleArn=role, RoleSessionName="ada-lovelace")["Credentials"]
    return boto3.client(
        service,
        "us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


@mock_aws
def test_a_client_that_was_made_for_an_account_calls_as_its_root(fake: FakeLambda) -> None:
    boto3.client("sts", "us-east-1").assume_role(RoleArn=f"arn:aws:iam::{THEM}:role/deploy", RoleSessionName="ada")
    assert refusal(partial(call, fake.client(account_id=THEM), "Invoke")) == denied("lambda:InvokeFunction")


def test_an_organization_opens_to_its_members(fake: FakeLambda, client: Any, theirs: Any) -> None:
    client.add_permission(FunctionName="orders", **GRANT | {"Principal": "*"}, PrincipalOrgID="o-a1b2c3d4e5")
    assert refusal(partial(call, theirs, "Invoke")) == denied("lambda:InvokeFunction")
    fake.join_organization("o-a1b2c3d4e5", "888888888888", THEM)
    call(theirs, "Invoke")
    fake.join_organization("o-0000000000", THEM)
    assert refusal(partial(call, theirs, "Invoke")) == denied("lambda:InvokeFunction")
    call(fake.client(account_id="888888888888"), "Invoke")


def test_a_statement_for_function_urls_opens_nothing_else(client: Any, theirs: Any) -> None:
    client.add_permission(FunctionName="orders", **GRANT | {"Principal": "*"}, FunctionUrlAuthType="NONE")
    client.add_permission(FunctionName="orders", **GRANT | {"StatementId": "url", "Principal": "*"}, InvokedViaFunctionUrl=True)
    assert refusal(partial(call, theirs, "Invoke")) == denied("lambda:InvokeFunction")


def test_a_policy_may_deny_what_it_allows(client: Any, theirs: Any) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": THEM}, "Action": "lambda:*", "Resource": ARN}
    policy = {"Version": "2012-10-17", "Statement": [statement, {**statement, "Effect": "Deny", "Action": "lambda:Get*"}]}
    client.put_resource_policy(ResourceArn=ARN, Policy=json.dumps(policy))
    call(theirs, "Invoke")
    assert refusal(partial(call, theirs, "GetFunction")) == (
        f"AccessDeniedException: User: {ROOT} is not authorized to perform: lambda:GetFunction on resource: {ARN} "
        "with an explicit deny in a resource-based policy"
    )


# ---- events that cross accounts ----


def test_an_event_that_was_let_in_is_tried_again_although_the_permission_is_gone(fake: FakeLambda, client: Any, theirs: Any) -> None:
    def fails(event: Any, context: Any) -> None:
        raise ValueError(event)

    fake.bind("orders", fails)
    client.add_permission(FunctionName="orders", **GRANT)
    theirs.invoke(FunctionName=ARN, InvocationType="Event")
    client.remove_permission(FunctionName="orders", StatementId="them")
    fake.drain()
    assert [invocation.attempt for invocation in fake.invocations] == [1, 2, 3]


def test_a_destination_of_another_account_asks_its_policy_for_the_execution_role(fake: FakeLambda, client: Any, theirs: Any) -> None:
    janitor = theirs.create_function(
        FunctionName="janitor", Role=f"arn:aws:iam::{THEM}:role/r", PackageType="Image", Code={"ImageUri": "shop:9"}
    )["FunctionArn"]
    records: list[Any] = []
    fake.bind(janitor, lambda event, context: records.append(event["responsePayload"]))
    client.put_function_event_invoke_config(FunctionName="orders", DestinationConfig={"OnSuccess": {"Destination": janitor}})
    role = client.get_function_configuration(FunctionName="orders")["Role"]

    client.invoke(FunctionName="orders", InvocationType="Event")
    refused = fake.deliveries[-1].error
    assert isinstance(refused, AccessDeniedException)
    assert f"AccessDeniedException: {refused}" == denied("lambda:InvokeFunction", janitor, role)
    assert records == []

    theirs.add_permission(FunctionName="janitor", StatementId="s", Action="lambda:InvokeFunction", Principal=role)
    client.invoke(FunctionName="orders", InvocationType="Event")
    assert fake.deliveries[-1].error is None
    assert records == [["$LATEST", ARN]]


# ---- layers ----

LAYER = f"arn:aws:lambda:us-east-1:{US}:layer:shared:3"


@pytest.mark.parametrize(
    ("account_id", "granted", "is_let_in"),
    [
        (US, None, True),
        (THEM, None, False),
        (THEM, {"principal": THEM}, True),
        (THEM, {"principal": "888888888888"}, False),
        (THEM, {"principal": "*"}, True),
        (THEM, {"principal": "*", "principal_org_id": "o-a1b2c3d4e5"}, True),
        (THEM, {"principal": "*", "principal_org_id": "o-0000000000"}, False),
        (THEM, {"principal": THEM, "resource": LAYER.replace(":3", ":2")}, False),
    ],
)
def test_a_layer_is_used_by_whom_its_policy_lets(
    fake: FakeLambda,
    account_id: str,
    granted: dict[str, str] | None,
    is_let_in: bool,  # noqa: FBT001 - a column of the table
) -> None:
    fake.join_organization("o-a1b2c3d4e5", THEM)
    statement: dict[str, Any] = {"statement_id": "s", "action": "lambda:GetLayerVersion", "resource": LAYER, "region": "us-east-1"}
    policy = None if granted is None else policies.add(None, policies.statement(**{**statement, **granted}), revision_id="7")
    caller = Caller.of(account_id, "aws")
    if is_let_in:
        authorise_layer(fake._service, caller, LAYER, policy)
    else:
        with pytest.raises(AccessDeniedException) as caught:
            authorise_layer(fake._service, caller, LAYER, policy)
        assert f"AccessDeniedException: {caught.value}" == denied("lambda:GetLayerVersion", LAYER)
