"""Queues of SQS, polled through moto: batches, failures, visibility, redrive, order."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from freezegun import freeze_time
from moto import mock_aws

from fakelambda import FakeLambda, NotModelled

if TYPE_CHECKING:
    from tests.sources.conftest import Queue

HERE = "us-east-1:123456789012"
REPORTING = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def failing(*bad: str) -> Callable[[list[str]], None]:
    """An answer that is an error where a batch holds one of these."""

    def answer(bodies: list[str]) -> None:
        assert not set(bodies) & set(bad)

    return answer


def names(count: int, start: int = 0) -> list[str]:
    return [f"m{number}" for number in range(start, start + count)]


# --- batches


@pytest.mark.parametrize(
    ("settings", "sent", "expected"),
    [
        ({}, 1, [1]),
        ({}, 25, [10, 10, 5]),
        ({"BatchSize": 3}, 7, [3, 3, 1]),
        ({"BatchSize": 1}, 3, [1, 1, 1]),
    ],
)
def test_what_is_in_the_queue_is_given_to_the_function_in_batches(
    queue: Queue, settings: dict[str, Any], sent: int, expected: list[int]
) -> None:
    queue.send(*names(sent))
    queue.map(queue.arn, **settings)
    assert [len(batch) for batch in queue.batches] == expected
    assert sorted(body for batch in queue.batches for body in batch) == sorted(names(sent))
    assert queue.left() == 0


def test_messages_are_received_when_a_lambda_call_returns(queue: Queue) -> None:
    queue.map(queue.arn)
    queue.send("a")
    assert queue.batches == []  # the fake does not see what others send
    queue.client.list_functions()
    assert queue.batches == [["a"]]


def test_messages_are_received_before_the_test_reads_from_another_service(queue: Queue) -> None:
    queue.map(queue.arn)
    queue.send("a", "b")
    queue.send("c")
    assert queue.left() == 0
    assert queue.batches == [["a", "b", "c"]]


def test_a_handler_that_reads_elsewhere_polls_nothing(queue: Queue) -> None:
    def read(bodies: list[str]) -> None:
        queue.send("c")
        queue.left()
        assert queue.batches[-1] == bodies

    queue.answer = read if not queue.batches else failing()
    queue.map(queue.arn)
    queue.send("a")
    queue.answer = lambda bodies: read(bodies) if bodies == ["a"] else None
    queue.fake.run_due()
    assert queue.batches == [["a"], ["c"]]


@pytest.mark.parametrize(("told", "expected"), [("run_due", 1), ("drain", 1), ("client", 0)])
def test_a_manual_schedule_polls_when_it_is_told(clock: Any, aws: None, queue_type: type[Queue], told: str, expected: int) -> None:
    with FakeLambda(schedule="manual") as fake:
        queue = queue_type(fake)
        queue.map(queue.arn)
        queue.send("a")
        queue.client.list_functions() if told == "client" else getattr(fake, told)()
        assert len(queue.batches) == expected
        fake.advance(0)
        assert len(queue.batches) == 1


def test_a_batching_window_gathers_messages(queue: Queue) -> None:
    queue.map(queue.arn, BatchSize=25, MaximumBatchingWindowInSeconds=20)
    queue.send(*names(15))
    queue.fake.advance(10)
    queue.send(*names(9, start=15))
    queue.fake.advance(9)
    assert queue.batches == []
    [waiting] = queue.fake.pending
    assert (waiting.kind, waiting.function_name, waiting.detail) == ("polling", "orders", f"the batching window of {queue.arn}")
    queue.fake.advance(1)
    assert [len(batch) for batch in queue.batches] == [24]

    queue.send(*names(30))
    queue.fake.run_due()
    assert [len(batch) for batch in queue.batches] == [24, 25]  # a full batch waits for nothing
    queue.fake.drain()
    assert [len(batch) for batch in queue.batches] == [24, 25, 5]
    assert queue.left() == 0


def test_a_batch_that_is_too_large_for_an_invocation_is_cut(queue: Queue) -> None:
    queue.map(queue.arn, BatchSize=30, MaximumBatchingWindowInSeconds=1)
    bodies = [f"{number:02}" + "x" * 250_000 for number in range(30)]
    for body in bodies:
        queue.send(body)
    queue.fake.drain()
    assert len(queue.batches) > 1
    assert [body for batch in queue.batches for body in batch] == bodies
    assert queue.left() == 0


def test_the_event_is_that_of_aws(fake: FakeLambda) -> None:
    sqs = boto3.client("sqs", "us-east-1")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    fake.add_function("orders", lambda event, context: event)
    fake.client().create_event_source_mapping(FunctionName="orders", EventSourceArn=f"arn:aws:sqs:{HERE}:orders")
    sqs.send_message(QueueUrl=url, MessageBody="{}", MessageAttributes={"Title": {"DataType": "String", "StringValue": "The Whistler"}})
    fake.run_due()
    [invocation] = fake.invocations
    [record] = invocation.event["Records"]
    assert invocation.invocation_type == "RequestResponse"
    assert invocation.result == invocation.event
    assert list(record) == [
        *("messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfMessageAttributes", "md5OfBody"),
        *("eventSource", "eventSourceARN", "awsRegion"),
    ]
    title = {"stringValue": "The Whistler", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
    assert record["messageAttributes"] == {"Title": title}
    assert (record["attributes"]["ApproximateReceiveCount"], record["attributes"]["SentTimestamp"]) == ("1", "1772366400000")


def test_filtered_messages_are_deleted(queue: Queue) -> None:
    queue.send('{"kind": "order"}', '{"kind": "bill"}', "plain", '{"kind": "order", "id": 2}')
    queue.map(queue.arn, FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]})
    assert queue.batches == [['{"kind": "order"}', '{"kind": "order", "id": 2}']]
    assert queue.left() == 0


def test_filters_let_pass_what_comes_after_many_others(queue: Queue) -> None:
    queue.send(*["no"] * 23, '{"kind": "order"}')
    queue.map(queue.arn, FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]})
    assert queue.batches == [['{"kind": "order"}']]
    assert queue.left() == 0


# --- failures


def test_what_fails_comes_back_when_its_visibility_timeout_is_over(fake: FakeLambda, queue_type: type[Queue]) -> None:
    queue = queue_type(fake, VisibilityTimeout="45")
    queue.read = lambda record: (record["body"], record["attributes"]["ApproximateReceiveCount"])
    queue.answer = lambda records: 1 // (len(queue.batches) // 3)
    queue.send("a", "b")
    queue.map(queue.arn)
    [waiting] = fake.pending
    assert waiting.detail == f"hidden messages of {queue.arn}"
    fake.advance(44)
    assert len(queue.batches) == 1
    fake.advance(1)
    assert len(queue.batches) == 2
    fake.drain()
    assert queue.batches == [[("a", count), ("b", count)] for count in "123"]
    assert (queue.left(), fake.pending) == (0, [])


def test_redrive_is_the_queues_business(fake: FakeLambda, queue_type: type[Queue]) -> None:
    sqs = boto3.client("sqs", "us-east-1")
    failed = sqs.create_queue(QueueName="failed")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{HERE}:failed", "maxReceiveCount": 3})
    queue = queue_type(fake, RedrivePolicy=policy)
    queue.answer = failing("bad")
    queue.map(queue.arn, BatchSize=1)
    queue.send("good", "bad")
    fake.drain()
    assert queue.batches == [["good"], ["bad"], ["bad"], ["bad"]]
    [message] = sqs.receive_message(QueueUrl=failed)["Messages"]
    assert message["Body"] == "bad"
    assert queue.left() == 0


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (lambda ids: {"batchItemFailures": [{"itemIdentifier": ids["b"]}]}, {"b"}),
        (lambda ids: {"batchItemFailures": [{"itemIdentifier": ids["c"]}, {"itemIdentifier": ids["a"]}]}, {"a", "c"}),
        (lambda ids: {"batchItemFailures": []}, set()),
        (lambda ids: None, set()),
        (lambda ids: {"batchItemFailures": [{"itemIdentifier": ids["a"]}, {"itemIdentifier": ""}]}, {"a", "b", "c"}),
        (lambda ids: "no JSON object", {"a", "b", "c"}),
        (lambda ids: 1 // 0, {"a", "b", "c"}),
    ],
)
def test_only_what_is_reported_stays(queue: Queue, answer: Callable[[dict[str, str]], Any], left: set[str]) -> None:
    queue.read = lambda record: (record["body"], record["messageId"])
    queue.answer = lambda records: answer(dict(records)) if len(queue.batches) == 1 else None
    queue.send("a", "b", "c")
    queue.map(queue.arn, **REPORTING)
    assert queue.left() == len(left)
    queue.fake.drain()
    assert {body for batch in queue.batches[1:] for body, _ in batch} == left
    assert queue.left() == 0


def test_without_the_response_type_reports_are_not_looked_at(queue: Queue) -> None:
    queue.answer = lambda bodies: {"batchItemFailures": [{"itemIdentifier": "unknown"}]}
    queue.send("a")
    queue.map(queue.arn)
    assert queue.left() == 0


def test_throttled_messages_return_to_the_queue(queue: Queue) -> None:
    queue.client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    queue.send("a")
    queue.map(queue.arn)
    assert (queue.batches, queue.left(), queue.fake.invocations) == ([], 1, [])
    queue.client.delete_function_concurrency(FunctionName="orders")
    queue.fake.drain()
    assert (queue.batches, queue.left()) == ([["a"]], 0)


def test_a_message_that_always_fails_ends_drain_with_an_explanation(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakelambda.schedule.schedule._LONGEST_CHAIN", 50)
    queue.answer = failing("a")
    queue.map(queue.arn)
    queue.send("a")
    with pytest.raises(RuntimeError, match=r"Gave up after 50 batches: arn:aws:sqs.*:orders never runs out of records for orders\."):
        queue.fake.drain()


def test_a_function_that_feeds_its_own_queue_ends_with_an_explanation(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakelambda.schedule.schedule._LONGEST_CHAIN", 50)
    queue.answer = lambda bodies: queue.send("again")
    queue.map(queue.arn)
    queue.send("a")
    with pytest.raises(RuntimeError, match="feeds its own source"):
        queue.fake.run_due()
    assert len(queue.batches) == 50


# --- order


def test_a_message_group_waits_for_its_first_failure(fake: FakeLambda, queue_type: type[Queue]) -> None:
    queue = queue_type(fake, "orders.fifo")
    queue.answer = lambda bodies: 1 // 0 if "a2" in bodies and len(queue.batches) < 4 else None
    for body in ("a1", "a2", "a3", "a4"):
        queue.send(body, group="a")
    queue.send("b1", "b2", group="b")
    queue.map(queue.arn, BatchSize=1)
    assert queue.batches == [["a1"], ["a2"], ["b1"], ["b2"]]
    fake.drain()
    assert queue.batches[4:] == [["a2"], ["a3"], ["a4"]]
    assert queue.left() == 0


def test_a_message_group_whose_batch_fails_comes_back_in_order(fake: FakeLambda, queue_type: type[Queue]) -> None:
    queue = queue_type(fake, "orders.fifo")
    queue.answer = lambda bodies: 1 // 0 if len(queue.batches) == 1 else None
    queue.send("a1", "a2", "a3", group="a")
    queue.map(queue.arn, BatchSize=3)
    queue.send("a4", group="a")
    fake.drain()
    assert queue.batches == [["a1", "a2", "a3"], ["a1", "a2", "a3"], ["a4"]]


def test_a_sleeping_handler_shares_the_queue_with_others(queue: Queue) -> None:
    def sleep(bodies: list[str]) -> None:
        if bodies == ["m0"]:
            time.sleep(1)

    queue.answer = sleep
    queue.map(queue.arn, BatchSize=1)
    queue.send(*names(4))
    queue.fake.run_due()
    ends = [invocation.started_at.timestamp() + invocation.duration for invocation in queue.fake.invocations]
    assert [batch[0] for batch in queue.batches] == names(4)
    assert ends[0] > ends[1]  # the others ran while it slept


@pytest.mark.parametrize(("most", "expected"), [(2, 2), (3, 3), (None, 5)])
def test_no_more_batches_run_beside_each_other_than_allowed(queue: Queue, most: int | None, expected: int) -> None:
    running: list[int] = []
    seen = []

    def sleep(bodies: list[str]) -> None:
        running.append(1)
        seen.append(len(running))
        time.sleep(1)
        running.pop()

    queue.answer = sleep
    queue.map(queue.arn, BatchSize=1, **({"ScalingConfig": {"MaximumConcurrency": most}} if most else {}))
    queue.send(*names(9))
    queue.fake.run_due()
    assert (max(seen), len(seen), queue.left()) == (expected, 9, 0)


# --- the life of a mapping


def test_a_disabled_mapping_polls_nothing_until_it_is_enabled_again(queue: Queue) -> None:
    uuid = queue.map(queue.arn, Enabled=False)
    queue.send("a")
    queue.fake.drain()
    assert queue.batches == []
    queue.client.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert queue.batches == [["a"]]
    queue.client.update_event_source_mapping(UUID=uuid, Enabled=False)
    queue.send("b")
    queue.fake.drain()
    assert queue.batches == [["a"]]


def test_gathered_messages_go_back_when_the_mapping_is_gone_before_its_window_ends(queue: Queue) -> None:
    uuid = queue.map(queue.arn, MaximumBatchingWindowInSeconds=10)
    queue.send("a")
    queue.fake.run_due()
    queue.client.delete_event_source_mapping(UUID=uuid)
    queue.fake.advance(31)
    assert queue.batches == []
    [message] = queue.sqs.receive_message(QueueUrl=queue.url)["Messages"]
    assert message["Body"] == "a"


def test_a_handler_that_deletes_its_mapping_gets_no_more(queue: Queue) -> None:
    uuid = queue.map(queue.arn, BatchSize=1)
    queue.answer = lambda bodies: queue.client.delete_event_source_mapping(UUID=uuid)["State"]
    queue.send("a", "b")
    queue.fake.drain()
    assert queue.batches == [["a"]]
    assert (queue.left(), list(queue.fake._service.schedule.polling)) == (1, [])


def test_a_deleted_function_leaves_its_messages_alone(queue: Queue) -> None:
    queue.map(queue.arn)
    queue.client.delete_function(FunctionName="orders")
    queue.send("a")
    queue.fake.drain()
    assert queue.left() == 1
    queue.fake.add_function("orders", queue.handle)
    assert queue.batches == [["a"]]


def test_a_queue_that_is_gone_disturbs_nobody(queue: Queue) -> None:
    queue.map(queue.arn)
    queue.sqs.delete_queue(QueueUrl=queue.url)
    queue.fake.drain()
    assert queue.client.list_functions()["Functions"]


def test_a_queue_that_its_handler_deletes_disturbs_nobody(queue: Queue) -> None:
    queue.answer = lambda bodies: queue.sqs.delete_queue(QueueUrl=queue.url) and 1 // 0
    queue.send("a")
    queue.map(queue.arn)
    queue.fake.drain()
    assert queue.batches == [["a"]]


def test_another_version_gets_the_next_batch(fake: FakeLambda, queue_type: type[Queue]) -> None:
    queue = queue_type(fake)
    fake.bind("orders", lambda event, context: context.invoked_function_arn)
    queue.client.publish_version(FunctionName="orders")
    queue.client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    uuid = queue.client.create_event_source_mapping(FunctionName="orders:live", EventSourceArn=queue.arn)["UUID"]
    queue.send("a")
    queue.client.update_function_configuration(FunctionName="orders", Description="second")
    queue.client.publish_version(FunctionName="orders")
    queue.client.update_alias(FunctionName="orders", Name="live", FunctionVersion="2")
    queue.send("b")
    fake.run_due()
    queue.client.update_event_source_mapping(UUID=uuid, FunctionName="orders:1")
    queue.send("c")
    fake.run_due()
    ran = [(invocation.qualifier, invocation.executed_version) for invocation in fake.invocations]
    assert ran == [("live", "1"), ("live", "2"), ("1", "1")]


def test_two_mappings_share_a_queue(queue: Queue) -> None:
    others: list[str] = []
    queue.fake.add_function("others", lambda event, context: others.extend(record["body"] for record in event["Records"]))
    queue.map(queue.arn)
    queue.map(queue.arn, FunctionName="others")
    queue.send(*names(25))
    queue.fake.drain()
    assert sorted([body for batch in queue.batches for body in batch] + others) == sorted(names(25))
    assert others
    assert queue.left() == 0


def test_what_a_handler_is_told_to_raise_is_raised_when_all_is_done(clock: Any, aws: None, queue_type: type[Queue]) -> None:
    with FakeLambda(reraise=KeyError) as fake:
        queue = queue_type(fake)
        queue.map(queue.arn, BatchSize=1)
        queue.answer = lambda bodies: {"b": None}[bodies[0]]
        queue.send("a", "b")
        with pytest.raises(KeyError, match="a"):
            queue.client.list_functions()
        assert queue.batches == [["a"], ["b"]]
        queue.answer = failing()
        fake.drain()
        assert (queue.batches, queue.left()) == ([["a"], ["b"], ["a"]], 0)


def test_a_function_that_cannot_run_here_loses_nothing(fake: FakeLambda, queue_type: type[Queue]) -> None:
    queue = queue_type(fake)
    fake.unbind("orders")
    queue.client.update_function_configuration(FunctionName="orders", Runtime="nodejs22.x")
    queue.send("a")
    with pytest.raises(NotModelled, match=r"orders runs on nodejs22\.x"):
        queue.map(queue.arn)
    fake.bind("orders", queue.handle)
    fake.drain()
    assert (queue.batches, queue.left()) == ([["a"]], 0)


def test_an_interrupted_batch_is_not_lost(queue: Queue) -> None:
    def interrupt(bodies: list[str]) -> None:
        raise KeyboardInterrupt

    queue.answer = interrupt
    queue.send("a")
    with pytest.raises(KeyboardInterrupt):
        queue.map(queue.arn)
    queue.answer = failing()
    queue.fake.drain()
    assert (queue.batches, queue.left()) == ([["a"], ["a"]], 0)


# --- clocks


def test_messages_come_back_by_the_fakes_clock_where_the_queues_stands_still(aws: None, queue_type: type[Queue]) -> None:
    with FakeLambda() as fake:
        queue = queue_type(fake)
        queue.answer = lambda bodies: 1 // (len(queue.batches) - 1)
        queue.send("a")
        queue.map(queue.arn)
        fake.advance(15)  # the real clock runs too
        assert queue.batches == [["a"]]
        fake.advance(16)
        assert queue.batches == [["a"], ["a"]]
        assert queue.left() == 0


def test_messages_come_back_by_the_queues_own_clock_where_it_goes_on(aws: None, queue_type: type[Queue]) -> None:
    with freeze_time("2026-03-01T12:00:00Z") as clock, FakeLambda() as fake:
        queue = queue_type(fake)
        queue.answer = lambda bodies: 1 // (len(queue.batches) - 1)
        queue.send("a")
        queue.map(queue.arn)
        clock.tick(60)
        [message] = queue.sqs.receive_message(QueueUrl=queue.url, VisibilityTimeout=100).get("Messages") or [None]
        assert message is None  # the mapping was faster
        assert queue.batches == [["a"], ["a"]]


def test_messages_of_others_and_delayed_ones_are_waited_for(queue: Queue) -> None:
    queue.map(queue.arn)
    queue.send("late", DelaySeconds=50)
    assert queue.fake.pending == []  # nobody knows when
    queue.fake.advance(49)
    assert queue.batches == []
    queue.fake.advance(1)
    assert queue.batches == [["late"]]

    queue.send("taken", DelaySeconds=600)
    queue.fake.drain()
    assert queue.batches == [["late"], ["taken"]]


def test_a_message_that_the_test_holds_for_hours_is_waited_for_too(clock: Any, aws: None, queue_type: type[Queue]) -> None:
    with FakeLambda() as fake:
        queue = queue_type(fake)
        queue.send("a")
        queue.sqs.receive_message(QueueUrl=queue.url, VisibilityTimeout=7200)
        queue.map(queue.arn)
        fake.drain()
        assert queue.batches == [["a"]]


def test_nobody_answers_for_the_queue() -> None:
    with FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: None)
        fake.client().create_event_source_mapping(FunctionName="orders", EventSourceArn=f"arn:aws:sqs:{HERE}:orders")
        fake.drain()
        assert fake.invocations == []


def test_polling_through_a_connected_session(clock: Any, queue_type: type[Queue]) -> None:
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    with FakeLambda() as fake:
        fake.connect(session)
        with mock_aws():
            queue = queue_type(fake)
            queue.send("a")
            queue.map(queue.arn)
            assert queue.batches == [["a"]]
