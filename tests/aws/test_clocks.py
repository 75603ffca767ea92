"""botocore's waiters move the clock of a Lambda client's fake; those of other services really wait."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import botocore.endpoint
import botocore.waiter
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError
from freezegun import freeze_time
from moto import mock_aws

from fakelambda import FakeLambda
from fakelambda.runtime import sleeping

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = {"aws_access_key_id": "AKIA0000", "aws_secret_access_key": "secret"}
SESSION: Any = boto3.Session()
IMAGE: dict[str, Any] = {"Role": "arn:aws:iam::123456789012:role/r", "Code": {"ImageUri": "registry/orders:1"}, "PackageType": "Image"}


@pytest.fixture
def real_sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would really have been slept; nothing is."""
    slept: list[float] = []
    monkeypatch.setattr(sleeping, "really", slept.append)
    return slept


@pytest.fixture
def moto() -> Iterator[None]:
    with mock_aws():
        yield


def _create(client: Any) -> None:
    client.create_function(FunctionName="orders", **IMAGE)


def _update(client: Any) -> None:
    client.update_function_configuration(FunctionName="orders", Description="new")


@pytest.mark.parametrize(
    ("waiter", "parameters", "step"),
    [
        ("function_exists", {}, _create),
        ("function_active", {}, _create),
        ("function_active_v2", {}, _create),
        ("function_updated", {}, _update),
        ("function_updated_v2", {}, _update),
        ("published_version_active", {"Qualifier": "1"}, _create),
    ],
)
@pytest.mark.usefixtures("time_moves_by_order_only")
def test_each_waiter_sees_its_state_and_never_sleeps(real_sleeps: list[float], waiter: str, parameters: dict[str, str], step: Any) -> None:
    with FakeLambda(lifecycle="realistic") as fake:
        client: Any = fake.client()
        if step is not _create:
            _create(client)
            fake.advance(3)
        step(client)
        if "Qualifier" in parameters:
            fake.advance(3)
            client.publish_version(FunctionName="orders")
        before = fake._service.world.elapsed
        client.get_waiter(waiter).wait(FunctionName="orders", **parameters)
        configuration = client.get_function_configuration(FunctionName="orders")
        assert fake._service.world.elapsed - before < timedelta(seconds=6)
        if waiter != "function_exists":
            assert (configuration["State"], configuration["LastUpdateStatus"]) == ("Active", "Successful")
    assert real_sleeps == []


def test_a_waiter_moves_the_clock_by_its_delay(real_sleeps: list[float]) -> None:
    with freeze_time("2030-01-01") as frozen, FakeLambda(lifecycle="realistic") as fake:
        client: Any = fake.client()
        _create(client)
        client.get_waiter("function_active_v2").wait(FunctionName="orders", WaiterConfig={"Delay": 2})
        assert str(frozen()) == "2030-01-01 00:00:04"
        assert [call.operation for call in fake.calls[1:]] == ["GetFunction"] * 3
    assert real_sleeps == []


def test_a_waiter_in_vain_gives_up_at_once(fake: FakeLambda, client: Any, real_sleeps: list[float]) -> None:
    before = fake._service.world.elapsed
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        client.get_waiter("function_exists").wait(FunctionName="missing")
    assert fake._service.world.elapsed - before > timedelta(seconds=15)
    assert real_sleeps == []


def test_the_clock_that_moves_is_the_innermost_active_fake_s() -> None:
    client = SESSION.client("lambda", "us-east-1", **KEYS)
    with FakeLambda() as outer, FakeLambda() as inner:
        with pytest.raises(WaiterError):
            client.get_waiter("function_exists").wait(FunctionName="missing", WaiterConfig={"Delay": 60, "MaxAttempts": 2})
        assert inner._service.world.elapsed > timedelta(seconds=59) > outer._service.world.elapsed


def test_a_waiter_of_a_replaced_method_moves_the_clock_too(client: Any, real_sleeps: list[float]) -> None:
    with mock.patch.object(client, "get_function", side_effect=client.get_function), pytest.raises(WaiterError):
        client.get_waiter("function_exists").wait(FunctionName="missing", WaiterConfig={"MaxAttempts": 2})
    assert real_sleeps == []


@pytest.mark.usefixtures("time_moves_by_order_only")
def test_a_waiter_in_a_handler_is_re_entrant(real_sleeps: list[float]) -> None:
    """The waiter's clock runs an event on its way, whose handler waits in its turn."""
    with FakeLambda(lifecycle="realistic") as fake:
        client: Any = fake.client()
        seen: list[str] = []

        def deploys(event: Any, context: Any) -> None:
            name = f"made-by-{event}"
            client.create_function(FunctionName=name, **IMAGE)
            if event == "outer":
                client.invoke(FunctionName="deploys", InvocationType="Event", Payload='"inner"')
            client.get_waiter("function_active_v2").wait(FunctionName=name)
            seen.append(event)

        fake.add_function("deploys", deploys, Timeout=60)
        client.invoke(FunctionName="deploys", Payload='"outer"')
        assert seen == ["inner", "outer"]
        assert [function.latest.life.state for function in fake.functions.values()] == ["Active"] * 3
        assert fake.pending == []
    assert real_sleeps == []


def test_without_a_fake_a_lambda_waiter_really_sleeps(real_sleeps: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    client = SESSION.client("lambda", "us-east-1", **KEYS)
    with FakeLambda() as fake:
        assert fake.client().get_waiter("function_exists")
    monkeypatch.setattr(time, "sleep", real_sleeps.append)
    client.meta.events.register_last("before-send.lambda", _not_found)
    with pytest.raises(WaiterError):
        client.get_waiter("function_exists").wait(FunctionName="missing", WaiterConfig={"Delay": 4, "MaxAttempts": 2})
    assert real_sleeps == [4]


def _response(url: str, status: int, code: str) -> AWSResponse:
    headers = HTTPHeaders()
    headers["x-amzn-errortype"] = code
    return AWSResponse(url, status, headers, mock.Mock(stream=lambda **_: [b"{}"]))


def _not_found(request: Any, **_: Any) -> AWSResponse:
    return _response(request.url, 404, "ResourceNotFoundException")


def _unavailable(request: Any, **_: Any) -> AWSResponse:
    return _response(request.url, 503, "ServiceUnavailable")


# ---- other services ----


@pytest.mark.usefixtures("moto", "really_sleeps")
def test_another_service_s_waiter_really_waits(fake: FakeLambda) -> None:
    """The one test that sleeps."""
    s3 = boto3.client("s3", "us-east-1")
    before, begun = fake._service.world.elapsed, time.monotonic()
    with pytest.raises(WaiterError):
        s3.get_waiter("bucket_exists").wait(Bucket="missing", WaiterConfig={"Delay": 0.2, "MaxAttempts": 3})
    assert time.monotonic() - begun >= 0.4
    s3.create_bucket(Bucket="there")
    s3.get_waiter("bucket_exists").wait(Bucket="there")
    fake._service.world.now()
    assert fake._service.world.elapsed - before < timedelta(seconds=30)  # it has only run, not been moved


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_another_service_s_back_off_really_sleeps(fake: FakeLambda, real_sleeps: list[float], mode: str) -> None:
    options: Any = {"mode": mode, "total_max_attempts": 3}
    config = Config(retries=options)
    sqs = SESSION.client("sqs", "us-east-1", **KEYS, config=config)
    sqs.meta.events.register_last("before-send.sqs", _unavailable)
    with pytest.raises(ClientError):
        sqs.list_queues()
    assert len(real_sleeps) == 2
    assert all(seconds > 0 for seconds in real_sleeps)
    assert fake.calls == []


def test_another_service_s_back_off_sleeps_where_the_test_says(real_sleeps: list[float]) -> None:
    """A test that has replaced botocore's ``time`` before the fake keeps its say over the other services."""
    stand_in = mock.Mock(wraps=time)
    with mock.patch("botocore.endpoint.time", stand_in), FakeLambda():
        sqs = SESSION.client("sqs", "us-east-1", **KEYS)
        sqs.meta.events.register_last("before-send.sqs", _unavailable)
        stand_in.sleep = mock.Mock()
        with pytest.raises(ClientError):
            sqs.list_queues()
        assert stand_in.sleep.called
    assert real_sleeps == []


@pytest.mark.usefixtures("moto")
def test_moto_serves_the_other_services_untouched(fake: FakeLambda) -> None:
    queue = boto3.resource("sqs", "us-east-1").create_queue(QueueName="orders")
    bucket = boto3.resource("s3", "us-east-1").create_bucket(Bucket="orders")

    def handler(event: Any, context: Any) -> None:
        boto3.resource("sqs", "us-east-1").get_queue_by_name(QueueName="orders").send_message(MessageBody=event)
        bucket.put_object(Key="event", Body=event)

    fake.add_function("orders", handler)
    boto3.client("lambda", "us-east-1").invoke(FunctionName="orders", Payload='"hello"')
    assert [message.body for message in queue.receive_messages()] == ["hello"]
    assert bucket.Object("event").get()["Body"].read() == b"hello"
    assert {call.operation for call in fake.calls} == {"Invoke"}


def test_the_stand_ins_are_whole_modules(fake: FakeLambda) -> None:
    for module in (botocore.endpoint, botocore.waiter):
        stand_in: Any = module.time
        assert stand_in is not time
        assert stand_in.monotonic is time.monotonic
        with pytest.raises(AttributeError):
            stand_in.no_such_thing  # noqa: B018 - the look is the test
    with mock.patch("botocore.endpoint.time.sleep") as sleep:  # the usual way to make retries fast
        sqs = SESSION.client("sqs", "us-east-1", **KEYS)
        sqs.meta.events.register_last("before-send.sqs", _unavailable)
        with pytest.raises(ClientError):
            sqs.list_queues()
    assert sleep.called
