"""Services and other accounts that call, without being clients of the test."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from fakelambda import FakeLambda, NotModelled

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
BUCKET = "arn:aws:s3:::photos"
TOPIC = "arn:aws:sns:us-east-1:123456789012:orders"


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda, client: Any) -> None:
    fake.add_function("orders", lambda event, context: [context.function_version, event], Publish=True)
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


def grant(client: Any, principal: str, function_name: str = "orders", action: str = "lambda:InvokeFunction", **conditions: str) -> None:
    client.add_permission(FunctionName=function_name, StatementId="s", Action=action, Principal=principal, **conditions)


def is_let_in(fake: FakeLambda, principal: str, function_name: str = "orders", **source: str) -> bool:
    try:
        fake.invoke_as(principal, function_name, {}, **source, invocation_type="DryRun")
    except ClientError as error:
        return (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]) != ("AccessDeniedException", 403)
    return True


# ---- who is let in ----


@pytest.mark.parametrize(
    ("principal", "granted", "caller", "source", "expected"),
    [
        ("s3.amazonaws.com", {}, "s3.amazonaws.com", {}, True),
        ("s3.amazonaws.com", {}, "sns.amazonaws.com", {}, False),
        ("s3.amazonaws.com", {"action": "lambda:GetFunction"}, "s3.amazonaws.com", {}, False),
        ("s3.amazonaws.com", {"action": "lambda:*"}, "s3.amazonaws.com", {}, True),
        ("*", {}, "s3.amazonaws.com", {}, True),
        ("s3.amazonaws.com", {"SourceArn": BUCKET}, "s3.amazonaws.com", {"source_arn": BUCKET}, True),
        ("s3.amazonaws.com", {"SourceArn": "arn:aws:s3:::ph*"}, "s3.amazonaws.com", {"source_arn": BUCKET}, True),
        ("s3.amazonaws.com", {"SourceArn": BUCKET}, "s3.amazonaws.com", {"source_arn": "arn:aws:s3:::videos"}, False),
        ("s3.amazonaws.com", {"SourceArn": BUCKET}, "s3.amazonaws.com", {}, False),
        (
            "s3.amazonaws.com",
            {"SourceArn": BUCKET, "SourceAccount": "123456789012"},
            "s3.amazonaws.com",
            {"source_arn": BUCKET, "source_account": "123456789012"},
            True,
        ),
        (
            "s3.amazonaws.com",
            {"SourceArn": BUCKET, "SourceAccount": "123456789012"},
            "s3.amazonaws.com",
            {"source_arn": BUCKET, "source_account": "999999999999"},
            False,
        ),
        ("s3.amazonaws.com", {"SourceAccount": "123456789012"}, "s3.amazonaws.com", {"source_arn": BUCKET}, False),  # buckets do not tell
        ("sns.amazonaws.com", {"SourceAccount": "123456789012"}, "sns.amazonaws.com", {"source_arn": TOPIC}, True),  # topics do
        ("sns.amazonaws.com", {"SourceAccount": "999999999999"}, "sns.amazonaws.com", {"source_arn": TOPIC}, False),
        ("alexa-appkit.amazon.com", {"EventSourceToken": "skill"}, "alexa-appkit.amazon.com", {"event_source_token": "skill"}, True),
        ("alexa-appkit.amazon.com", {"EventSourceToken": "skill"}, "alexa-appkit.amazon.com", {}, False),
        ("999999999999", {}, "999999999999", {}, True),
        ("999999999999", {}, "arn:aws:iam::999999999999:role/deploy", {}, True),
        ("arn:aws:iam::999999999999:role/deploy", {}, "arn:aws:sts::999999999999:assumed-role/deploy/ada", {}, True),
        ("arn:aws:iam::999999999999:role/deploy", {}, "999999999999", {}, False),
        ("999999999999", {}, "s3.amazonaws.com", {}, False),
        ("*", {"PrincipalOrgID": "o-a1b2c3d4e5"}, "999999999999", {}, True),
        ("*", {"PrincipalOrgID": "o-a1b2c3d4e5"}, "888888888888", {}, False),
        ("*", {"PrincipalOrgID": "o-a1b2c3d4e5"}, "s3.amazonaws.com", {}, False),  # services are in no organization
        ("888888888888", {}, "123456789012", {}, True),  # the function's own account needs no permission
        ("888888888888", {}, "arn:aws:iam::123456789012:role/anybody", {}, True),
    ],
)
def test_a_permission_lets_somebody_in(
    fake: FakeLambda, client: Any, *, principal: str, granted: dict[str, str], caller: str, source: dict[str, str], expected: bool
) -> None:
    fake.join_organization("o-a1b2c3d4e5", "999999999999")
    assert is_let_in(fake, caller, **source) is (":123456789012:" in caller or caller == "123456789012")
    grant(client, principal, **granted)
    assert is_let_in(fake, caller, **source) is expected
    client.remove_permission(FunctionName="orders", StatementId="s")
    assert is_let_in(fake, caller, **source) is (":123456789012:" in caller or caller == "123456789012")


@pytest.mark.parametrize("granted", ["orders", "orders:1", "orders:live"])
def test_a_permission_is_for_the_qualifier_that_is_named(fake: FakeLambda, client: Any, granted: str) -> None:
    grant(client, "s3.amazonaws.com", granted)
    asked = ["orders", "orders:1", "orders:live", "orders:$LATEST"]
    assert [name for name in asked if is_let_in(fake, "s3.amazonaws.com", name)] == [granted]


def test_who_is_denied_runs_nothing_and_hears_why(fake: FakeLambda) -> None:
    with pytest.raises(ClientError) as caught:
        fake.invoke_as("s3.amazonaws.com", "orders:live", {})
    assert str(caught.value) == (
        "An error occurred (AccessDeniedException) when calling the Invoke operation: User: s3.amazonaws.com is not authorized to perform: "
        f"lambda:InvokeFunction on resource: {ARN}:live because no resource-based policy allows the lambda:InvokeFunction action"
    )
    assert (fake.invocations, fake.pending) == ([], [])
    assert not is_let_in(fake, "s3.amazonaws.com", "nowhere")


def test_a_function_of_another_account_is_named_by_its_arn(fake: FakeLambda) -> None:
    theirs: Any = fake.client(account_id="999999999999")
    image = {"PackageType": "Image", "Code": {"ImageUri": "shop:7"}}
    arn = theirs.create_function(FunctionName="orders", Role="arn:aws:iam::999999999999:role/r", **image)["FunctionArn"]
    fake.bind(arn, lambda event, context: "theirs")
    assert not is_let_in(fake, "s3.amazonaws.com", arn)
    grant(theirs, "s3.amazonaws.com")
    [invocation] = fake.invoke_as("s3.amazonaws.com", arn, {})
    assert invocation.result == "theirs"
    assert not is_let_in(fake, "123456789012", arn)
    [invocation] = fake.invoke_as("999999999999", arn, {})
    assert invocation.result == "theirs"


def test_a_function_of_another_region_is_named_by_its_arn(fake: FakeLambda) -> None:
    there: Any = fake.client("eu-west-1")
    image = {"PackageType": "Image", "Code": {"ImageUri": "shop:7"}}
    arn = there.create_function(FunctionName="orders", Role="arn:aws:iam::123456789012:role/r", **image)["FunctionArn"]
    grant(there, "logs.eu-west-1.amazonaws.com")
    assert is_let_in(fake, "logs.amazonaws.com", arn)
    assert is_let_in(fake, "logs.amazonaws.com", "eu-west-1:123456789012:function:orders")
    assert not is_let_in(fake, "logs.amazonaws.com")


# ---- what runs ----


@pytest.mark.parametrize(
    ("principal", "invocation_type"),
    [
        ("s3.amazonaws.com", "Event"),
        ("sns.amazonaws.com", "Event"),
        ("events.amazonaws.com", "Event"),
        ("logs.us-east-1.amazonaws.com", "Event"),
        ("apigateway.amazonaws.com", "RequestResponse"),
        ("elasticloadbalancing.amazonaws.com", "RequestResponse"),
        ("cognito-idp.amazonaws.com", "RequestResponse"),
        ("999999999999", "RequestResponse"),
    ],
)
def test_services_wait_for_the_answer_or_not(fake: FakeLambda, client: Any, principal: str, invocation_type: str) -> None:
    grant(client, principal)
    [invocation] = fake.invoke_as(principal, "orders", {"id": 7})
    assert (invocation.invocation_type, invocation.result) == (invocation_type, ["$LATEST", {"id": 7}])
    assert fake.invocations == [invocation]
    other: Any = "Event" if invocation_type == "RequestResponse" else "RequestResponse"
    [invocation] = fake.invoke_as(principal, "orders", {"id": 8}, invocation_type=other)
    assert (invocation.invocation_type, invocation.event) == (other, {"id": 8})
    assert fake.calls[2:] == []  # they are nobody's client: all that was called is CreateAlias and AddPermission


@pytest.mark.parametrize(
    ("payload", "event"),
    [({"id": 7}, {"id": 7}), ([1], [1]), (7, 7), (None, None), ("[1, 2]", [1, 2]), (b'"text"', "text"), ('"é"', "é"), ("", {})],
)
def test_an_event_is_json_as_a_value_or_as_it_is_sent(fake: FakeLambda, payload: Any, event: Any) -> None:
    [invocation] = fake.invoke_as("123456789012", "orders:live", payload)
    assert invocation.result == ["1", event]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("s3", "orders", {}), ValueError, "'s3' is no principal"),
        (("s3.amazonaws.com", "orders", {}, "photos"), ValueError, "source_arn='photos'"),
        (("s3.amazonaws.com", "orders", {}, None, "me"), ValueError, "source_account='me'"),
        (("123456789012", "orders", {1, 2}), TypeError, "not JSON serializable"),
        (("123456789012", "orders", "no JSON"), ClientError, "InvalidRequestContentException"),
        (("123456789012", "orders!", {}), ClientError, "ValidationException"),
        (("123456789012", "nowhere", {}), ClientError, f"Function not found: {ARN.replace('orders', 'nowhere')}"),
        (("123456789012", ARN.replace("us-east-1", "eu-west-1"), {}), ClientError, "Function not found: arn:aws:lambda:eu-west-1"),
        (("123456789012", "orders", "x" * 6_291_600), ClientError, "RequestEntityTooLargeException"),
    ],
)
def test_what_makes_no_sense_is_said(fake: FakeLambda, arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        fake.invoke_as(*arguments)
    assert fake.invocations == []


def test_a_failing_handler_is_no_error_of_the_call(fake: FakeLambda) -> None:
    fake.add_function("fails", lambda event, context: event["id"])
    [invocation] = fake.invoke_as("123456789012", "fails", {})
    assert (invocation.result, type(invocation.error)) == (None, KeyError)


def test_an_event_is_tried_again_as_any_other(fake: FakeLambda, client: Any) -> None:
    fake.add_function("fails", lambda event, context: event["id"])
    grant(client, "s3.amazonaws.com", "fails")
    [invocation] = fake.invoke_as("s3.amazonaws.com", "fails", {})
    fake.drain()
    assert [(again.request_id, again.attempt) for again in fake.invocations] == [(invocation.request_id, attempt) for attempt in (1, 2, 3)]


def test_an_event_waits_where_the_test_says_when() -> None:
    with FakeLambda(schedule="manual") as fake:
        fake.add_function("orders", lambda event, context: event)
        fake.client().add_permission(FunctionName="orders", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
        assert fake.invoke_as("s3.amazonaws.com", "orders", 7) == []
        fake.run_due()
        assert [invocation.result for invocation in fake.invocations] == [7]


def test_a_throttled_call_is_refused_and_a_throttled_event_waits(fake: FakeLambda, client: Any) -> None:
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        fake.invoke_as("123456789012", "orders", {})
    assert fake.invoke_as("123456789012", "orders", {}, invocation_type="Event") == []


def test_it_does_what_it_does_in_a_fake_that_is_not_active() -> None:
    fake = FakeLambda(lifecycle="realistic", schedule="manual")
    fake.add_function("orders", lambda event, context: event)
    [invocation] = fake.invoke_as("123456789012", "orders", 7)
    assert invocation.result == 7


def test_a_handler_may_use_it_and_what_it_does_not_model_is_not_hidden(fake: FakeLambda, client: Any) -> None:
    def handler(event: Any, context: Any) -> Any:
        if event:
            return [invocation.result for invocation in fake.invoke_as("123456789012", "orders", event - 1)]
        try:
            client.invoke_with_response_stream(FunctionName="orders")
        except NotModelled:
            return "hidden"
        return "served"

    fake.bind("orders", handler)
    with pytest.raises(NotModelled):
        fake.invoke_as("123456789012", "orders", 1)


def test_failures_that_are_ordered_are_for_clients(fake: FakeLambda, client: Any) -> None:
    with fake.fail("*", "ConnectionError", times=None), fake.fail("*", "ServiceException", times=None):
        fake.add_function("mails", lambda event, context: event)
        [invocation] = fake.invoke_as("123456789012", "mails", 7)
    assert invocation.result == 7


def test_permissions_are_those_of_the_moment(fake: FakeLambda, client: Any) -> None:
    grant(client, "events.amazonaws.com")

    def handler(event: Any, context: Any) -> Any:
        client.remove_permission(FunctionName="orders", StatementId="s")
        return is_let_in(fake, "events.amazonaws.com")

    fake.bind("orders", handler)
    [invocation] = fake.invoke_as("events.amazonaws.com", "orders", {})
    assert invocation.result is False


def test_a_function_that_deletes_itself_has_answered(fake: FakeLambda, client: Any) -> None:
    fake.bind("orders", lambda event, context: client.delete_function(FunctionName="orders")["StatusCode"])
    [invocation] = fake.invoke_as("123456789012", "orders", {})
    assert invocation.result == 204


# ---- organizations ----


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a1b2c3d4e5", "999999999999"), "'a1b2c3d4e5': an organization's id is 'o-' and 10 to 32 small letters or digits"),
        (("o-short", "999999999999"), "'o-short': an organization's id"),
        (("o-a1b2c3d4e5",), "takes account ids of 12 digits, not nothing"),
        (("o-a1b2c3d4e5", "999999999999", "me"), r"takes account ids of 12 digits, not \['me'\]"),
    ],
)
def test_what_is_no_organization_or_account_is_said(fake: FakeLambda, client: Any, arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fake.join_organization(*arguments)
    grant(client, "*", PrincipalOrgID="o-a1b2c3d4e5")
    assert not is_let_in(fake, "999999999999")


def test_a_reset_forgets_organizations(fake: FakeLambda, client: Any) -> None:
    fake.join_organization("o-a1b2c3d4e5", "999999999999")
    fake.reset()
    fake.add_function("orders", lambda event, context: None)
    grant(client, "*", PrincipalOrgID="o-a1b2c3d4e5")
    assert not is_let_in(fake, "999999999999")


def test_a_snapshot_remembers_organizations(fake: FakeLambda, client: Any) -> None:
    grant(client, "*", PrincipalOrgID="o-a1b2c3d4e5")
    before = fake.snapshot()
    fake.join_organization("o-a1b2c3d4e5", "999999999999")
    after = fake.snapshot()
    fake.restore(before)
    assert not is_let_in(fake, "999999999999")
    fake.restore(after)
    assert is_let_in(fake, "999999999999")
