"""Asynchronous events: attempts, dead letters and destinations, on the fake's clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import WaiterError
from freezegun import freeze_time
from moto import mock_aws

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = "us-east-1:123456789012"
ORDERS = f"arn:aws:lambda:{HERE}:function:orders"
QUEUE = f"arn:aws:sqs:{HERE}:failures"
EVENT = b'{"raise_error": 1}'  # with its blank, which a dead letter keeps


class Orders:
    """A function that fails as often as it is told to."""

    def __init__(self, fake: FakeLambda, failures: int = 99) -> None:
        self.fake, self.client, self.failures = fake, fake.client(), failures
        fake.add_function("orders", self.handle)

    def handle(self, event: Any, _: Any) -> str:
        if len(self.fake.invocations) < self.failures:
            raise ValueError(f"order {event}")
        return "done"

    def configure(self, qualifier: str = "$LATEST", **config: Any) -> None:
        destinations = {name: {"Destination": config.pop(name)} for name in ("OnSuccess", "OnFailure") if name in config}
        if destinations:
            config["DestinationConfig"] = destinations
        self.client.put_function_event_invoke_config(FunctionName="orders", Qualifier=qualifier, **config)

    def send(self, payload: bytes = EVENT, name: str = "orders") -> str:
        answer = self.client.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
        assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
        return str(answer["ResponseMetadata"]["RequestId"])

    @property
    def attempts(self) -> list[tuple[int, float]]:
        """The number of each attempt, and the seconds after the first."""
        runs = self.fake.invocations
        return [(run.attempt, (run.started_at - runs[0].started_at).total_seconds()) for run in runs]

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(delivery.body) for delivery in self.fake.deliveries]


@pytest.fixture
def frozen() -> Iterator[Any]:
    with freeze_time("2026-03-01 10:00:00") as clock:
        yield clock


@pytest.fixture
def orders(frozen: Any) -> Iterator[Orders]:
    with FakeLambda() as fake:
        yield Orders(fake)


def test_an_order_that_fails_twice_is_tried_again_after_one_and_then_two_minutes(orders: Orders) -> None:
    orders.failures = 2
    orders.configure(OnSuccess=QUEUE)
    request_id = orders.send()
    assert orders.attempts == [(1, 0)]
    orders.fake.advance(59)
    assert len(orders.attempts) == 1
    orders.fake.advance(1)
    assert orders.attempts == [(1, 0), (2, 60)]
    orders.fake.drain()
    assert orders.attempts == [(1, 0), (2, 60), (3, 180)]
    assert {run.request_id for run in orders.fake.invocations} == {request_id}
    assert orders.records() == [
        {
            "version": "1.0",
            "timestamp": "2026-03-01T10:03:00.000Z",
            "requestContext": {
                "requestId": request_id,
                "functionArn": f"{ORDERS}:$LATEST",
                "condition": "Success",
                "approximateInvokeCount": 3,
            },
            "requestPayload": {"raise_error": 1},
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
            "responsePayload": "done",
        }
    ]


CONDITIONS = [  # configuration, condition, attempts [recorded]
    ({"MaximumRetryAttempts": 0}, "RetriesExhausted", 1),
    ({"MaximumRetryAttempts": 1}, "RetriesExhausted", 2),
    ({"MaximumRetryAttempts": 2}, "RetriesExhausted", 3),
    ({}, "RetriesExhausted", 3),
    ({"MaximumEventAgeInSeconds": 60}, "EventAgeExceeded", 1),
    ({"MaximumEventAgeInSeconds": 90}, "EventAgeExceeded", 2),
]


@pytest.mark.parametrize(("config", "condition", "attempts"), CONDITIONS)
def test_a_failure_is_recorded_with_its_condition(orders: Orders, config: dict[str, Any], condition: str, attempts: int) -> None:
    orders.configure(OnFailure=QUEUE, **config)
    request_id = orders.send()
    orders.fake.drain()
    (record,) = orders.records()
    assert list(record) == ["version", "timestamp", "requestContext", "requestPayload", "responseContext", "responsePayload"]
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{ORDERS}:$LATEST",
        "condition": condition,
        "approximateInvokeCount": attempts,
    }
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert (record["responsePayload"]["errorType"], record["responsePayload"]["requestId"]) == ("ValueError", request_id)
    assert len(orders.attempts) == attempts


def test_a_function_that_may_never_run_has_its_record_at_once(orders: Orders) -> None:
    orders.configure(OnFailure=QUEUE)
    orders.client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    orders.send()
    (record,) = orders.records()
    assert (record["requestContext"]["condition"], record["requestContext"]["approximateInvokeCount"]) == ("ZeroReservedConcurrency", 0)
    assert list(record) == ["version", "timestamp", "requestContext", "requestPayload"]
    assert orders.attempts == []


HANDLERS = {  # what AWS counts as an error of the function [docs]
    "it raises": "def handler(event, context):\n    raise ValueError\n",
    "its time is up": "import time\ndef handler(event, context):\n    time.sleep(10)\n",
    "it exits": "import sys\ndef handler(event, context):\n    sys.exit(1)\n",
    "its process ends": "import os\ndef handler(event, context):\n    os._exit(1)\n",
    "its answer is no JSON": "def handler(event, context):\n    return {1, 2}\n",
    "its answer is too large": "def handler(event, context):\n    return 'x' * 7_000_000\n",
    "it cannot be imported": "import missing_module\n",
    "its import raises": "raise ValueError\n",
    "its import exits": "import sys\nsys.exit(0)\n",
    "it is not there": "x = 1\n",
}


@pytest.mark.parametrize("code", HANDLERS.values(), ids=HANDLERS)
def test_each_error_of_the_function_uses_up_a_retry(orders: Orders, zipped: Any, code: str) -> None:
    orders.client.create_function(
        FunctionName="broken",
        Runtime="python3.13",
        Handler="app.handler",
        Role="arn:aws:iam::123456789012:role/r",
        Code={"ZipFile": zipped({"app.py": code})},
    )
    orders.client.put_function_event_invoke_config(
        FunctionName="broken", MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": QUEUE}}
    )
    request_id = orders.send(name="broken")
    orders.fake.drain()
    assert [(run.attempt, run.request_id) for run in orders.fake.invocations] == [(1, request_id), (2, request_id)]
    first, second = (run.started_at for run in orders.fake.invocations)
    assert 60 <= (second - first).total_seconds() <= 63  # beside what its own time takes
    (record,) = orders.records()
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responseContext"]["functionError"] == "Unhandled"


def test_what_is_not_ready_waits_longer_each_time_and_uses_up_no_retry(frozen: Any) -> None:
    """As what is throttled: AWS calls both its own errors, not the function's."""
    with FakeLambda(schedule="manual", lifecycle={"idle": 300, "restore": 20}) as fake:
        orders = Orders(fake, failures=0)
        orders.configure(MaximumRetryAttempts=0, OnSuccess=QUEUE)
        orders.send()
        frozen.tick(300)
        assert orders.client.get_function_configuration(FunctionName="orders")["State"] == "Inactive"
        inactive_at = datetime.now(UTC)
        fake.drain()
        (run,) = fake.invocations
        assert (run.attempt, (run.started_at - inactive_at).total_seconds()) == (1, 1 + 2 + 4 + 8 + 16)
        assert orders.records()[0]["requestContext"]["approximateInvokeCount"] == 1


def test_what_finds_no_concurrency_waits_longer_each_time_and_uses_up_no_retry(orders: Orders) -> None:
    orders.configure(OnFailure=QUEUE, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60)
    orders.client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)
    waits: list[float] = []

    def occupies(*_: Any) -> None:
        orders.fake.bind("orders", orders.handle)
        orders.send()
        while orders.fake.pending:
            now = datetime.now(UTC)
            waits.append((orders.fake.pending[0].due - now).total_seconds())
            orders.fake.advance(orders.fake.pending[0].due - now)

    orders.fake.bind("orders", occupies)
    orders.client.invoke(FunctionName="orders")
    assert waits == [0, 1, 2, 4, 8, 16]
    (record,) = orders.records()
    assert (record["requestContext"]["condition"], record["requestContext"]["approximateInvokeCount"]) == ("EventAgeExceeded", 0)
    assert "responsePayload" not in record


def test_six_hours_pass_in_no_time(orders: Orders, frozen: Any) -> None:
    orders.configure(OnFailure=QUEUE)
    orders.fake.client().put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)

    def occupies(*_: Any) -> None:
        orders.fake.bind("orders", orders.handle)
        orders.send()
        orders.fake.drain()

    orders.fake.bind("orders", occupies)
    orders.client.update_function_configuration(FunctionName="orders", Timeout=900)
    began = datetime.now(UTC)
    orders.client.invoke(FunctionName="orders")
    assert 21_000 < (datetime.now(UTC) - began).total_seconds() < 21_600
    assert orders.records()[0]["requestContext"]["condition"] == "EventAgeExceeded"


def test_each_qualifier_has_its_own_configuration(orders: Orders) -> None:
    orders.client.publish_version(FunctionName="orders")
    orders.client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    orders.configure("live", MaximumRetryAttempts=0, OnFailure=QUEUE)
    orders.configure("1", MaximumRetryAttempts=1)
    for name, attempts in (("orders:live", 1), ("orders:1", 2), ("orders", 3)):
        before = len(orders.attempts)
        orders.send(name=name)
        orders.fake.drain()
        assert len(orders.attempts) - before == attempts
    (record,) = orders.records()
    assert record["requestContext"]["functionArn"] == f"{ORDERS}:live"
    assert record["responseContext"]["executedVersion"] == "1"


CHANGES: list[tuple[str, Callable[[Any], object], list[tuple[int, str]]]] = [
    (
        "the alias is moved",
        lambda client: client.update_alias(FunctionName="orders", Name="live", FunctionVersion="2"),
        [(1, "1"), (2, "2"), (3, "2")],
    ),
    ("the alias is deleted", lambda client: client.delete_alias(FunctionName="orders", Name="live"), [(1, "1")]),
    ("the function is deleted", lambda client: client.delete_function(FunctionName="orders"), [(1, "1")]),
    (
        "other code is deployed and published behind the alias",
        lambda client: client.update_alias(
            FunctionName="orders",
            Name="live",
            FunctionVersion=(
                client.update_function_configuration(FunctionName="orders", Description="third"),
                client.publish_version(FunctionName="orders"),
            )[1]["Version"],
        ),
        [(1, "1"), (2, "3"), (3, "3")],
    ),
    (
        "retries are forbidden",
        lambda client: client.put_function_event_invoke_config(FunctionName="orders", Qualifier="live", MaximumRetryAttempts=0),
        [(1, "1"), (2, "1")],
    ),
]


@pytest.mark.parametrize(("change", "ran"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_what_changes_while_an_event_waits(orders: Orders, change: Callable[[Any], object], ran: list[tuple[int, str]]) -> None:
    orders.client.publish_version(FunctionName="orders")
    orders.client.update_function_configuration(FunctionName="orders", Description="second")
    orders.client.publish_version(FunctionName="orders")
    orders.client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    orders.send(name="orders:live")
    change(orders.client)
    orders.fake.drain()
    assert [(run.attempt, run.executed_version) for run in orders.fake.invocations] == ran


def test_an_event_runs_the_code_that_is_active_when_its_turn_comes(frozen: Any, zipped: Any) -> None:
    def code(answer: str) -> bytes:
        return bytes(zipped({"app.py": f"def handler(event, context):\n    return {answer!r}\n"}))

    with FakeLambda(schedule="manual", lifecycle={"update": 30}) as fake:
        orders = Orders(fake)
        fake.unbind("orders")
        update, wait = orders.client.update_function_code, orders.client.get_waiter("function_updated_v2").wait
        orders.client.update_function_configuration(FunctionName="orders", Handler="app.handler")
        wait(FunctionName="orders")
        update(FunctionName="orders", ZipFile=code("old"))
        wait(FunctionName="orders")
        orders.send()
        update(FunctionName="orders", ZipFile=code("new"))
        fake.run_due()  # while the update is in progress
        orders.send()
        fake.fail_transition("orders", "update")
        with pytest.raises(WaiterError):
            wait(FunctionName="orders")
        fake.run_due()
        orders.send()
        update(FunctionName="orders", ZipFile=code("newer"))
        wait(FunctionName="orders")
        fake.run_due()
        assert [run.result for run in fake.invocations] == ["old", "old", "newer"]


def test_a_new_function_of_the_same_name_does_not_get_the_events_of_the_old_one(orders: Orders) -> None:
    orders.send()
    orders.client.delete_function(FunctionName="orders")
    seen: list[Any] = []
    orders.fake.add_function("orders", lambda event, _: seen.append(event))
    orders.fake.drain()
    assert seen == []


def test_an_exception_that_fails_the_test_loses_no_retry() -> None:
    with FakeLambda(reraise=ValueError) as fake:
        orders = Orders(fake, failures=1)
        with pytest.raises(ValueError, match="order"):
            orders.send()
        fake.drain()
        assert [number for number, _ in orders.attempts] == [1, 2]


# ---- where it goes ----


def test_a_destination_that_is_a_function_runs(orders: Orders) -> None:
    seen: list[Any] = []
    arn = orders.fake.add_function("janitor", lambda event, context: seen.append((event, context.invoked_function_arn)))
    orders.configure(OnFailure=arn, MaximumRetryAttempts=0)
    orders.send()
    ((record, invoked),) = seen
    assert (record["requestContext"]["condition"], invoked) == ("RetriesExhausted", arn)
    assert [delivery.error for delivery in orders.fake.deliveries] == [None]


def test_a_destination_that_is_gone_is_a_delivery_with_its_error(orders: Orders) -> None:
    orders.fake.add_function("janitor", lambda event, _: event)
    orders.configure(OnFailure=f"arn:aws:lambda:{HERE}:function:janitor", MaximumRetryAttempts=0)
    orders.client.delete_function(FunctionName="janitor")
    orders.send()
    (delivery,) = orders.fake.deliveries
    assert "Function not found" in str(delivery.error)


@pytest.fixture
def account() -> Iterator[Orders]:
    """With moto's other services."""
    with mock_aws(), FakeLambda() as fake:
        yield Orders(fake)


def queue(name: str) -> str:
    return str(boto3.client("sqs", region_name="us-east-1").create_queue(QueueName=name)["QueueUrl"])


def received(url: str) -> dict[str, Any]:
    answer = boto3.client("sqs", region_name="us-east-1").receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )
    (message,) = answer["Messages"]
    return dict(message)


def test_a_queue_gets_the_record(account: Orders) -> None:
    url = queue("failures")
    account.configure(OnFailure=QUEUE, MaximumRetryAttempts=0)
    account.send()
    message = received(url)
    assert json.loads(message["Body"])["requestContext"]["condition"] == "RetriesExhausted"
    assert message["Attributes"]["AWSTraceHeader"].startswith("Root=1-")
    assert "MessageAttributes" not in message


def test_a_dead_letter_queue_gets_the_event_as_it_was_sent(account: Orders) -> None:
    url = queue("failures")
    account.client.update_function_configuration(FunctionName="orders", DeadLetterConfig={"TargetArn": QUEUE})
    request_id = account.send()
    account.fake.drain()
    message = received(url)
    assert (message["Body"], message["MD5OfBody"]) == (EVENT.decode(), "ba08269cbd0ce515889bfba6593731e1")  # [recorded]
    attributes = {name: (value["DataType"], value["StringValue"]) for name, value in message["MessageAttributes"].items()}
    assert attributes == {
        "RequestID": ("String", request_id),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", "order {'raise_error': 1}"),
    }
    assert len(account.attempts) == 3


def test_a_version_keeps_the_dead_letter_queue_that_it_was_published_with(orders: Orders) -> None:
    other = QUEUE.replace("failures", "others")
    for target in (QUEUE, other):
        orders.client.update_function_configuration(FunctionName="orders", DeadLetterConfig={"TargetArn": target})
        version = orders.client.publish_version(FunctionName="orders")["Version"]
        orders.configure(version, MaximumRetryAttempts=0)
    orders.configure(MaximumRetryAttempts=0)
    orders.client.update_function_configuration(FunctionName="orders", DeadLetterConfig={"TargetArn": ""})
    for name in ("orders:1", "orders:2", "orders"):
        orders.send(name=name)
    assert [delivery.target_arn for delivery in orders.fake.deliveries] == [QUEUE, other]


def test_an_event_that_may_never_run_is_a_dead_letter_too(orders: Orders) -> None:
    orders.client.update_function_configuration(FunctionName="orders", DeadLetterConfig={"TargetArn": QUEUE})
    orders.client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    request_id = orders.send()
    (delivery,) = orders.fake.deliveries
    assert (delivery.body, delivery.attributes) == (
        EVENT.decode(),
        {"RequestID": request_id, "ErrorCode": "429", "ErrorMessage": "Rate Exceeded."},
    )


def test_a_dead_letter_topic_and_a_destination_both_hear_of_it(account: Orders) -> None:
    sns, url = boto3.client("sns", region_name="us-east-1"), queue("letters")
    topic = sns.create_topic(Name="letters")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{HERE}:letters")
    account.client.update_function_configuration(FunctionName="orders", DeadLetterConfig={"TargetArn": topic})
    account.configure(OnFailure=topic, MaximumRetryAttempts=0)
    account.send()
    letters = [json.loads(received(url)["Body"]) for _ in range(2)]
    dead, record = sorted(letters, key=lambda letter: len(letter["Message"]))
    assert dead["Message"] == EVENT.decode()
    assert {name: attribute["Type"] for name, attribute in dead["MessageAttributes"].items()} == {
        "RequestID": "String",
        "ErrorCode": "Number",
        "ErrorMessage": "String",
    }
    assert dead["MessageAttributes"]["ErrorCode"]["Value"] == "200"
    assert json.loads(record["Message"])["requestPayload"] == {"raise_error": 1}


def test_an_event_bus_gets_an_event_of_lambda(account: Orders) -> None:
    events, url = boto3.client("events", region_name="us-east-1"), queue("bus")
    bus = events.create_event_bus(Name="results")["EventBusArn"]
    events.put_rule(Name="all", EventBusName="results", EventPattern=json.dumps({"source": ["lambda"]}))
    events.put_targets(Rule="all", EventBusName="results", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{HERE}:bus"}])
    account.failures = 0
    account.configure(OnSuccess=bus)
    account.send()
    event = json.loads(received(url)["Body"])
    assert (event["source"], event["detail-type"]) == ("lambda", "Lambda Function Invocation Result - Success")
    assert event["resources"] == [bus, f"{ORDERS}:$LATEST"]
    assert event["detail"]["responsePayload"] == "done"


def test_a_bucket_gets_an_object(account: Orders) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="failures")
    account.configure(OnFailure="arn:aws:s3:::failures", MaximumRetryAttempts=0)
    request_id = account.send()
    (key,) = [item["Key"] for item in s3.list_objects_v2(Bucket="failures")["Contents"]]
    at = datetime.fromisoformat(account.records()[0]["timestamp"])
    assert key == f"aws/lambda/async/orders/{at:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{request_id}"
    assert json.loads(s3.get_object(Bucket="failures", Key=key)["Body"].read())["requestContext"]["requestId"] == request_id


@pytest.mark.parametrize("target", [QUEUE, f"arn:aws:sns:{HERE}:nobody", f"arn:aws:events:{HERE}:event-bus/nobody", "arn:aws:s3:::nobody"])
def test_a_target_that_does_not_exist_is_no_exception_in_the_caller(account: Orders, target: str) -> None:
    account.configure(OnFailure=target, MaximumRetryAttempts=0)
    account.send()
    (delivery,) = account.fake.deliveries
    assert (delivery.target_arn, json.loads(delivery.body)["requestPayload"]) == (target, {"raise_error": 1})
    assert delivery.error is not None


def test_where_nobody_answers_for_the_target_the_delivery_is_there_all_the_same(orders: Orders) -> None:
    orders.configure(OnFailure=QUEUE, MaximumRetryAttempts=0)
    orders.send()
    assert [(delivery.target_arn, delivery.error) for delivery in orders.fake.deliveries] == [(QUEUE, None)]


def test_a_record_that_is_too_large_for_its_target_goes_without_payloads(orders: Orders) -> None:
    orders.failures = 0
    orders.configure(OnSuccess=QUEUE)
    orders.send(json.dumps({"text": "é" * 140_000}).encode())
    (record,) = orders.records()
    assert list(record) == ["version", "timestamp", "requestContext", "responseContext"]


def test_synchronous_invocations_send_nothing(orders: Orders) -> None:
    orders.configure(OnSuccess=QUEUE, OnFailure=QUEUE)
    orders.client.invoke(FunctionName="orders", Payload=EVENT)
    assert (orders.fake.deliveries, orders.fake.pending) == ([], [])


def test_a_deployed_handler_sees_the_header_of_its_trace(orders: Orders, zipped: Any) -> None:
    code = zipped({"app.py": "import os\n\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n"})
    role = "arn:aws:iam::123456789012:role/orders"
    headers = []
    for mode in ("PassThrough", "Active"):
        orders.client.create_function(
            FunctionName=mode, Runtime="python3.13", Handler="app.handler", Role=role, Code={"ZipFile": code}, TracingConfig={"Mode": mode}
        )
        headers += [json.loads(orders.client.invoke(FunctionName=mode)["Payload"].read()) for _ in range(2)]
    parts = [dict(part.split("=") for part in header.split(";")) for header in headers]
    assert [part["Sampled"] for part in parts] == ["0", "0", "1", "1"]
    assert len({part["Root"] for part in parts}) == 4


def test_all_attempts_of_an_event_and_its_record_have_one_trace(account: Orders, zipped: Any) -> None:
    url, role = queue("failures"), "arn:aws:iam::123456789012:role/orders"
    code = zipped({"app.py": "import os\n\ndef handler(event, context):\n    raise ValueError(os.environ['_X_AMZN_TRACE_ID'])\n"})
    account.client.create_function(FunctionName="traced", Runtime="python3.13", Handler="app.handler", Role=role, Code={"ZipFile": code})
    account.client.put_function_event_invoke_config(FunctionName="traced", DestinationConfig={"OnFailure": {"Destination": QUEUE}})
    account.send(name="traced")
    account.fake.drain()
    message = received(url)
    assert {str(run.error) for run in account.fake.invocations} == {message["Attributes"]["AWSTraceHeader"]}
    assert len(account.fake.invocations) == 3
