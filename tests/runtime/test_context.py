from __future__ import annotations

import pytest

from fakelambda.runtime.context import LambdaContext


def test_a_context_of_a_unit_test_has_what_a_handler_reads() -> None:
    context = LambdaContext(function_name="orders")
    assert context.function_name == "orders"
    assert context.function_version == "$LATEST"
    assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:123456789012:function:orders"
    assert context.memory_limit_in_mb == "128"
    assert context.log_group_name == "/aws/lambda/orders"
    assert context.get_remaining_time_in_millis() == 3000
    assert (context.client_context, context.tenant_id) == (None, None)
    assert (context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id) == (None, None)


@pytest.mark.parametrize(("seconds", "milliseconds"), [(3, 3000), (0.0019, 1), (0, 0), (-1, 0)])
def test_the_remaining_time_is_whole_milliseconds_and_never_negative(seconds: float, milliseconds: int) -> None:
    assert LambdaContext(remaining=lambda: seconds).get_remaining_time_in_millis() == milliseconds


def test_a_client_context_has_aws_s_attributes_and_no_others() -> None:
    context = LambdaContext(client_context={"custom": {"a": 1}, "client": {"app_title": "shop"}}).client_context
    assert (context.custom, context.env, context.client.app_title, context.client.installation_id) == ({"a": 1}, None, "shop", None)
    with pytest.raises(AttributeError):
        context.client.colour = "red"
    assert LambdaContext(client_context={}).client_context.client is None


def test_the_trace_context_of_the_caller() -> None:
    sent = {"w3c": {"traceparent": "00-1", "baggage": 1, "other": "x"}}
    assert LambdaContext(client_context=sent).w3c() == {"traceparent": "00-1"}
    assert LambdaContext(client_context={"w3c": "00-1"}).w3c() == LambdaContext().w3c() == {}


def test_repr_is_aws_s() -> None:
    context = LambdaContext(
        function_name="orders",
        aws_request_id="r",
        log_stream_name="s",
        memory_limit_in_mb=256,
        identity={"cognito_identity_id": "i"},
        client_context={"client": {}},
        tenant_id="t",
    )
    client = "Client([installation_id=None,app_title=None,app_version_name=None,app_version_code=None,app_package_name=None])"
    assert repr(context) == (
        "LambdaContext([aws_request_id=r,log_group_name=/aws/lambda/orders,log_stream_name=s,function_name=orders,memory_limit_in_mb=256,"
        "function_version=$LATEST,invoked_function_arn=arn:aws:lambda:us-east-1:123456789012:function:orders,"
        f"client_context=ClientContext([custom=None,env=None,client={client}]),"
        "identity=CognitoIdentity([cognito_identity_id=i,cognito_identity_pool_id=None]),tenant_id=t])"
    )


def test_log_writes_without_a_line_end(capsys: pytest.CaptureFixture[str]) -> None:
    LambdaContext().log({"a": 1})
    assert capsys.readouterr().out == "{'a': 1}"
