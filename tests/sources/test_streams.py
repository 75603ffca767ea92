"""Streams of Kinesis and DynamoDB, polled through moto: positions, batches, retries, bisection, lanes, windows, on-failure records."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from fakelambda import FakeLambda, NotModelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sources.conftest import Stream

HERE = "us-east-1:123456789012"
SHARD = "shardId-000000000000"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPORTING = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def failing(*bad: str) -> Callable[[list[str]], None]:
    """An answer that is an error where a batch holds one of these."""

    def answer(data: list[str]) -> None:
        assert not set(data) & set(bad)

    return answer


def seconds(fake: FakeLambda) -> list[float]:
    """When the invocations began."""
    return [(invocation.started_at - START).total_seconds() for invocation in fake.invocations]


def state(stream: Stream, uuid: str) -> str:
    return str(stream.client.get_event_source_mapping(UUID=uuid)["LastProcessingResult"])


def failures(fake: FakeLambda) -> list[tuple[str, int, str, str, int]]:
    """What was sent to the on-failure destination: condition, count of invocations, first and last record, size."""
    records = [json.loads(delivery.body) for delivery in fake.deliveries]
    return [
        (
            record["requestContext"]["condition"],
            record["requestContext"]["approximateInvokeCount"],
            info["startSequenceNumber"],
            info["endSequenceNumber"],
            info["batchSize"],
        )
        for record in records
        for info in [record.get("KinesisBatchInfo") or record["DDBStreamBatchInfo"]]
    ]


TO_QUEUE = {"DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:sqs:{HERE}:failures"}}}


# --- positions and batches


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        ({"StartingPosition": "TRIM_HORIZON"}, ["a", "b", "c"]),
        ({"StartingPosition": "LATEST"}, ["c"]),
        ({"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": START + timedelta(seconds=5)}, ["b", "c"]),
    ],
)
def test_reading_begins_where_the_mapping_says(stream: Stream, clock: Any, position: dict[str, Any], expected: list[str]) -> None:
    stream.put("a")
    clock.tick(10)
    stream.put("b")
    stream.map(stream.arn, **position)
    stream.put("c")
    stream.fake.run_due()
    assert [item for batch in stream.batches for item in batch] == expected


def test_latest_begins_when_the_mapping_is_enabled_also_where_polling_waits(clock: Any, aws: None, stream_type: type[Stream]) -> None:
    with FakeLambda(schedule="manual") as fake:
        stream = stream_type(fake)
        stream.put("before")
        stream.map(stream.arn, StartingPosition="LATEST")
        stream.put("after")
        fake.run_due()
        assert stream.batches == [["after"]]


@pytest.mark.parametrize(("settings", "expected"), [({}, [100, 50]), ({"BatchSize": 70}, [70, 70, 10]), ({"BatchSize": 1000}, [150])])
def test_records_are_given_to_the_function_in_batches(stream: Stream, settings: dict[str, Any], expected: list[int]) -> None:
    data = [f"r{number}" for number in range(150)]
    stream.put(*data)
    stream.map(stream.arn, **settings)
    assert [len(batch) for batch in stream.batches] == expected
    assert [item for batch in stream.batches for item in batch] == data


def test_a_batching_window_gathers_records(stream: Stream) -> None:
    stream.map(stream.arn, BatchSize=3, MaximumBatchingWindowInSeconds=10)
    stream.put("a")
    stream.fake.advance(9)
    stream.put("b")
    stream.fake.run_due()
    assert stream.batches == []
    stream.fake.advance(1)
    assert stream.batches == [["a", "b"]]
    stream.put("c", "d", "e", "f")
    stream.fake.run_due()
    assert stream.batches[1:] == [["c", "d", "e"]]
    stream.fake.drain()
    assert stream.batches[2:] == [["f"]]
    assert stream.fake.pending == []


def test_a_batch_that_is_too_large_for_an_invocation_is_cut(stream: Stream) -> None:
    data = [f"{number:02}" + "x" * 900_000 for number in range(9)]
    for item in data:
        stream.put(item)
    stream.map(stream.arn)
    assert len(stream.batches) > 1
    assert [item for batch in stream.batches for item in batch] == data


def test_filtered_records_are_passed_over(stream: Stream) -> None:
    stream.put(*['{"kind": "bill"}'] * 250, '{"kind": "order"}', '{"kind": "bill"}')
    stream.map(stream.arn, FilterCriteria={"Filters": [{"Pattern": '{"data": {"kind": ["order"]}}'}]})
    assert stream.batches == [['{"kind": "order"}']]


def test_the_event_is_that_of_aws(stream: Stream) -> None:
    stream.put("hello")
    stream.map(stream.arn)
    [record] = stream.fake.invocations[0].event["Records"]
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "key",
            "sequenceNumber": "1",
            "data": "aGVsbG8=",
            "approximateArrivalTimestamp": START.timestamp(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{SHARD}:1",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/fakelambda",
        "awsRegion": "us-east-1",
        "eventSourceARN": stream.arn,
    }


# --- failures


def test_a_failing_batch_is_tried_again_and_holds_up_the_rest(stream: Stream) -> None:
    stream.answer = lambda data: 1 // 0 if len(stream.batches) < 4 else None
    uuid = stream.map(stream.arn, BatchSize=2)
    assert state(stream, uuid) == "No records processed"
    stream.put("a", "b", "c")
    stream.fake.run_due()
    assert state(stream, uuid) == "PROBLEM: Function call failed"
    [waiting] = stream.fake.pending
    assert waiting.detail == f"attempt 2 of {SHARD} of {stream.arn}"
    stream.fake.drain()
    assert stream.batches == [["a", "b"]] * 4 + [["c"]]
    assert seconds(stream.fake) == [0, 0.25, 0.75, 1.75, 1.75]
    assert state(stream, uuid) == "OK"


def test_other_shards_go_on_beside_one_that_fails(fake: FakeLambda, stream_type: type[Stream]) -> None:
    stream = stream_type(fake, shards=2)
    stream.answer = failing("bad")
    stream.put("bad", "next", key="a")
    stream.put("good", key="b")
    stream.map(stream.arn, BatchSize=1, MaximumRetryAttempts=2)
    assert sorted(stream.batches) == [["bad"], ["good"]]
    fake.drain()
    assert stream.batches[2:] == [["bad"], ["bad"], ["next"]]


@pytest.mark.parametrize("attempts", [0, 1, 2, 3])
def test_exhausted_retries_are_told_to_the_destination(stream: Stream, attempts: int) -> None:
    sqs = boto3.client("sqs", "us-east-1")
    failed = sqs.create_queue(QueueName="failures")["QueueUrl"]
    stream.answer = failing("bad")
    stream.put("bad", "good")
    stream.map(stream.arn, BatchSize=1, MaximumRetryAttempts=attempts, **TO_QUEUE)
    stream.fake.drain()
    assert stream.batches == [["bad"]] * (attempts + 1) + [["good"]]
    last = stream.fake.invocations[attempts]
    [message] = sqs.receive_message(QueueUrl=failed)["Messages"]
    assert message["Body"] == json.dumps(
        {
            "requestContext": {
                "requestId": last.request_id,
                "functionArn": f"arn:aws:lambda:{HERE}:function:orders",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": attempts + 1,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": last.started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "KinesisBatchInfo": {
                "shardId": SHARD,
                "startSequenceNumber": "1",
                "endSequenceNumber": "1",
                "approximateArrivalOfFirstRecord": "2026-03-01T12:00:00.000Z",
                "approximateArrivalOfLastRecord": "2026-03-01T12:00:00.000Z",
                "batchSize": 1,
                "streamArn": stream.arn,
            },
        },
        separators=(",", ":"),
    )


def test_a_bucket_gets_the_records_too(stream: Stream) -> None:
    s3 = boto3.client("s3", "us-east-1")
    s3.create_bucket(Bucket="failures")
    stream.answer = failing("bad")
    stream.put("bad")
    uuid = stream.map(stream.arn, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failures"}})
    [key] = [found["Key"] for found in s3.list_objects_v2(Bucket="failures")["Contents"]]
    assert key.startswith(f"aws/lambda/{uuid}/{SHARD}/2026/03/01/2026-03-01T12.00.00-")
    body = json.loads(s3.get_object(Bucket="failures", Key=key)["Body"].read())
    assert json.loads(body["payload"]) == stream.fake.invocations[0].event


def test_a_destination_that_refuses_harms_nobody(stream: Stream) -> None:
    stream.answer = failing("bad")
    stream.put("bad", "good")
    stream.map(stream.arn, BatchSize=1, MaximumRetryAttempts=0, **TO_QUEUE)
    assert stream.batches == [["bad"], ["good"]]
    assert "NonExistentQueue" in str(stream.fake.deliveries[0].error)


def test_a_batch_is_split_to_find_the_record_that_fails(stream: Stream) -> None:
    stream.answer = failing("5")
    stream.put(*"12345678")
    stream.map(stream.arn, BatchSize=8, MaximumRetryAttempts=1, BisectBatchOnFunctionError=True, **TO_QUEUE)
    stream.fake.drain()
    assert ["".join(batch) for batch in stream.batches] == ["12345678", "1234", "5678", "56", "5", "5", "6", "78"]
    assert failures(stream.fake) == [("RetryAttemptsExhausted", 5, "5", "5", 1)]


@pytest.mark.parametrize(
    ("settings", "answers", "expected", "given_up"),
    [
        ({}, {1: "c"}, ["abcd", "cd"], []),
        ({}, {1: "c", 2: "d"}, ["abcd", "cd", "d"], []),
        ({}, {1: "ca"}, ["abcd", "abcd"], []),
        ({"MaximumRetryAttempts": 2}, dict.fromkeys(range(1, 9), "d"), ["abcd", "d", "d"], [("RetryAttemptsExhausted", 3, "4", "4", 1)]),
        ({"MaximumRetryAttempts": 1}, {1: "b", 2: "c"}, ["abcd", "bcd"], [("RetryAttemptsExhausted", 2, "3", "4", 2)]),
        ({"MaximumRetryAttempts": 0, "BisectBatchOnFunctionError": True}, {1: "b", 2: "b"}, ["abcd", "bcd", "b", "cd"], []),
        ({"MaximumRetryAttempts": 1}, {1: "?", 2: "?"}, ["abcd", "abcd"], [("RetryAttemptsExhausted", 2, "1", "4", 4)]),
    ],
)
def test_reported_failures_are_tried_again_from_the_first_on(
    stream: Stream, settings: dict[str, Any], answers: dict[int, str], expected: list[str], given_up: list[Any]
) -> None:
    def answer(data: list[str]) -> Any:
        numbers = {"a": "1", "b": "2", "c": "3", "d": "4", "?": "unknown"}
        bad = answers.get(len(stream.batches), "")
        return {"batchItemFailures": [{"itemIdentifier": numbers[name]} for name in bad]}

    stream.answer = answer
    stream.put(*"abcd")
    stream.map(stream.arn, **settings, **REPORTING, **TO_QUEUE)
    stream.fake.drain()
    assert ["".join(batch) for batch in stream.batches] == expected
    assert failures(stream.fake) == given_up
    assert all(json.loads(sent.body)["responseContext"]["functionError"] is None for sent in stream.fake.deliveries)


def test_records_that_are_too_old_are_discarded(stream: Stream, clock: Any) -> None:
    stream.put("old")
    clock.tick(50)
    stream.put("young", "younger")
    clock.tick(15)
    stream.map(stream.arn, MaximumRecordAgeInSeconds=60, **TO_QUEUE)
    assert stream.batches == [["young", "younger"]]
    assert failures(stream.fake) == [("RecordAgeExceeded", 1, "1", "1", 1)]
    assert "responseContext" not in json.loads(stream.fake.deliveries[0].body)


def test_a_batch_is_tried_until_it_is_too_old(stream: Stream) -> None:
    stream.answer = failing("bad")
    stream.put("bad")
    stream.map(stream.arn, MaximumRecordAgeInSeconds=60, **TO_QUEUE)
    stream.fake.drain()
    assert len(stream.batches) == 8  # as AWS did [recorded]
    assert failures(stream.fake) == [("RecordAgeExceeded", 8, "1", "1", 1)]


def test_records_do_not_outlive_their_stream(stream: Stream) -> None:
    stream.kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=25)
    stream.answer = failing("bad")
    stream.put("bad")
    stream.fake.advance(timedelta(hours=24.5))
    stream.map(stream.arn)
    stream.fake.drain()
    assert timedelta(hours=24.9) < stream.fake.invocations[-1].started_at - START < timedelta(hours=25)
    stream.put("good")
    stream.fake.run_due()
    assert stream.batches[-1] == ["good"]


def test_throttles_use_up_no_retries(stream: Stream) -> None:
    stream.client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    stream.put("a")
    uuid = stream.map(stream.arn, MaximumRetryAttempts=0, **TO_QUEUE)
    stream.fake.advance(30)
    assert state(stream, uuid) == "PROBLEM: Rate Exceeded."
    stream.client.delete_function_concurrency(FunctionName="orders")
    stream.fake.drain()
    assert (stream.batches, stream.fake.deliveries) == ([["a"]], [])


def test_drain_ends_with_an_explanation_where_a_batch_never_succeeds(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakelambda.schedule.schedule._LONGEST_CHAIN", 50)
    stream.answer = failing("bad")
    stream.put("bad")
    stream.map(stream.arn)
    with pytest.raises(RuntimeError, match="Gave up after 50 steps: orders keeps scheduling polling"):
        stream.fake.drain()


# --- lanes


def test_lanes_go_on_beside_one_that_fails(stream: Stream) -> None:
    stream.answer = failing("bad")
    keys = [f"key{number}" for number in range(20)]
    stream.put("bad", key="poison")
    for key in keys:
        stream.put(f"{key}-1", f"{key}-2", key=key)
    stream.put("after", key="poison")
    stream.map(stream.arn, ParallelizationFactor=4, BatchSize=1, MaximumRetryAttempts=1)
    first = [batch[0] for batch in stream.batches]
    assert "key0-1" in first
    assert 10 < len(first) < 42  # some share the lane of what fails
    stream.fake.drain()
    whole = [batch[0] for batch in stream.batches]
    assert len(whole) == 43
    assert all(whole.index(f"{key}-1") < whole.index(f"{key}-2") for key in keys)
    assert whole.index("after") > whole.index("bad", whole.index("bad") + 1)


def test_lanes_run_beside_each_other_where_handlers_sleep(stream: Stream) -> None:
    stream.answer = lambda data: time.sleep(1)
    for number in range(12):
        stream.put(str(number), key=f"key{number}")
    stream.map(stream.arn, ParallelizationFactor=3, BatchSize=10)
    assert len(stream.batches) == 3
    assert all(invocation.duration == 1 for invocation in stream.fake.invocations)


def test_another_number_of_lanes_keeps_the_order(stream: Stream) -> None:
    stream.answer = lambda data: 1 // 0 if len(stream.batches) == 1 else None
    uuid = stream.map(stream.arn, BatchSize=2)
    stream.put("a", "b", "c")
    stream.fake.run_due()
    stream.client.update_event_source_mapping(UUID=uuid, ParallelizationFactor=2)
    stream.put("d")
    stream.fake.drain()
    assert stream.batches[:2] == [["a", "b"]] * 2
    assert [item for batch in stream.batches[2:] for item in batch] == ["c", "d"]


# --- tumbling windows


def windows(stream: Stream) -> list[tuple[list[str], dict[str, Any], bool]]:
    """What the function was told in turn: data, state, and whether it was for the last time."""
    events = [invocation.event for invocation in stream.fake.invocations]
    return [([stream.read(record) for record in event["Records"]], event["state"], event["isFinalInvokeForWindow"]) for event in events]


def test_a_tumbling_window_hands_its_state_on(stream: Stream, clock: Any) -> None:
    stream.fake.bind("orders", lambda event, context: {"state": {"sum": event["state"].get("sum", 0) + len(event["Records"])}})
    clock.tick(10)
    stream.map(stream.arn, TumblingWindowInSeconds=30, BatchSize=2)
    stream.put("a", "b", "c")
    stream.fake.advance(5)
    stream.put("d")
    stream.fake.advance(5)
    assert [waiting.detail for waiting in stream.fake.pending] == [f"the end of a window of {SHARD} of {stream.arn}"]
    stream.fake.drain()
    assert windows(stream) == [
        (["a", "b"], {}, False),
        (["c"], {"sum": 2}, False),
        (["d"], {"sum": 3}, False),
        ([], {"sum": 4}, True),
    ]
    assert seconds(stream.fake) == [10, 10, 15, 30]
    last = stream.fake.invocations[-1].event
    assert last == {
        "Records": [],
        "window": {"start": "2026-03-01T12:00:00Z", "end": "2026-03-01T12:00:30Z"},
        "state": {"sum": 4},
        "shardId": SHARD,
        "eventSourceARN": stream.arn,
        "isFinalInvokeForWindow": True,
        "isWindowTerminatedEarly": False,
    }


def test_records_of_the_next_window_wait_for_the_end_of_the_last(stream: Stream, clock: Any) -> None:
    stream.fake.bind("orders", lambda event, context: {"state": {"last": len(event["Records"])}})
    stream.put("a", "b")
    clock.tick(30)
    stream.put("c")
    stream.map(stream.arn, TumblingWindowInSeconds=30)
    assert windows(stream) == [(["a", "b"], {}, False), ([], {"last": 2}, True), (["c"], {}, False)]


def test_a_failure_in_a_window_keeps_its_state(stream: Stream) -> None:
    answers = iter([{"state": {"n": 1}}, ValueError(), {"state": {"n": 2}}, ValueError(), {"state": {}}])

    def handle(event: Any, context: Any) -> Any:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    stream.fake.bind("orders", handle)
    stream.put("a", "b")
    stream.map(stream.arn, TumblingWindowInSeconds=30, BatchSize=1)
    stream.fake.drain()
    assert windows(stream) == [
        (["a"], {}, False),
        (["b"], {"n": 1}, False),
        (["b"], {"n": 1}, False),
        ([], {"n": 2}, True),
        ([], {"n": 2}, True),
    ]


def test_halves_of_a_batch_hand_their_state_on(stream: Stream) -> None:
    def handle(event: Any, context: Any) -> Any:
        assert len(event["Records"]) < 2
        return {"state": {"n": event["state"].get("n", 0) + len(event["Records"])}}

    stream.fake.bind("orders", handle)
    stream.put("a", "b")
    stream.map(stream.arn, TumblingWindowInSeconds=30, BisectBatchOnFunctionError=True)
    stream.fake.drain()
    assert windows(stream)[1:] == [(["a"], {}, False), (["b"], {"n": 1}, False), ([], {"n": 2}, True)]


def test_a_state_that_is_too_large_ends_its_window(stream: Stream) -> None:
    stream.fake.bind("orders", lambda event, context: {"state": {"x": "x" * 1_100_000 if event["Records"] else ""}})
    stream.put("a", "b")
    stream.map(stream.arn, TumblingWindowInSeconds=30, BatchSize=1)
    stream.fake.drain()
    ends = [invocation.event["isWindowTerminatedEarly"] for invocation in stream.fake.invocations]
    assert windows(stream) == [(["a"], {}, False), ([], {}, True), (["b"], {}, False), ([], {}, True)]
    assert ends == [False, True, False, True]


def test_a_final_invocation_that_fails_for_good_is_over(stream: Stream) -> None:
    stream.fake.bind("orders", lambda event, context: {"state": {"n": event["Records"][0]["kinesis"]["data"]}})
    stream.put("a")
    stream.map(stream.arn, TumblingWindowInSeconds=30, MaximumRetryAttempts=1, **TO_QUEUE)
    stream.fake.drain()
    assert [final for _, _, final in windows(stream)] == [False, True, True]
    assert stream.fake.deliveries == []  # there are no records to tell of
    stream.put("b")
    stream.fake.run_due()
    assert windows(stream)[-1] == (["b"], {}, False)


def test_a_mapping_without_its_window_gives_plain_batches(stream: Stream) -> None:
    uuid = stream.map(stream.arn, TumblingWindowInSeconds=30)
    stream.put("a")
    stream.fake.run_due()
    stream.client.update_event_source_mapping(UUID=uuid, TumblingWindowInSeconds=0)
    stream.put("b")
    stream.fake.drain()
    assert stream.fake.invocations[-1].event.keys() == {"Records"}
    assert len(stream.batches) == 2


# --- the life of mappings, functions and shards


def test_a_function_that_is_not_ready_is_waited_for(
    clock: Any, aws: None, stream_type: type[Stream], zipped: Callable[[dict[str, str]], bytes]
) -> None:
    with FakeLambda(lifecycle={"create": 20}) as fake:
        stream = stream_type(fake)
        stream.put("a")
        code = {"ZipFile": zipped({"app.py": ""})}
        role = "arn:aws:iam::123456789012:role/r"
        stream.client.create_function(FunctionName="slow", Runtime="python3.13", Handler="app.handler", Role=role, Code=code)
        fake.bind("slow", stream.handle)
        stream.map(stream.arn, FunctionName="slow")
        fake.advance(19)
        assert stream.batches == []
        fake.advance(1)
        assert stream.batches == [["a"]]


def test_a_handler_that_disables_its_mapping_leaves_other_lanes_waiting(fake: FakeLambda, stream_type: type[Stream]) -> None:
    stream = stream_type(fake, shards=2)
    stream.put("a", key="a")
    stream.put("b", key="b")
    uuid = stream.map(stream.arn, Enabled=False)
    stream.answer = lambda data: stream.client.update_event_source_mapping(UUID=uuid, Enabled=False)["State"]
    stream.client.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert len(stream.batches) == 1
    stream.answer = failing()
    stream.client.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert sorted(stream.batches) == [["a"], ["b"]]


def test_a_disabled_mapping_goes_on_where_it_stopped(stream: Stream) -> None:
    uuid = stream.map(stream.arn, StartingPosition="LATEST")
    stream.put("a")
    stream.fake.run_due()
    stream.client.update_event_source_mapping(UUID=uuid, Enabled=False)
    stream.put("b")
    stream.fake.drain()
    seen = [item for batch in stream.batches for item in batch]
    stream.client.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert seen == ["a"]
    assert [item for batch in stream.batches for item in batch] == ["a", "b"]


def test_what_fails_while_its_mapping_is_disabled_is_kept(stream: Stream) -> None:
    uuid = stream.map(stream.arn, BatchSize=1)
    stream.answer = lambda data: stream.client.update_event_source_mapping(UUID=uuid, Enabled=False) and 1 // 0
    stream.put("a", "b")
    stream.fake.drain()
    assert stream.batches == [["a"]]
    stream.answer = failing()
    stream.client.update_event_source_mapping(UUID=uuid, Enabled=True)
    stream.fake.drain()
    assert stream.batches == [["a"], ["a"], ["b"]]


def test_a_handler_that_deletes_its_mapping_gets_no_more(stream: Stream) -> None:
    uuid = stream.map(stream.arn, BatchSize=1)
    stream.answer = lambda data: stream.client.delete_event_source_mapping(UUID=uuid) and 1 // 0
    stream.put("a", "b")
    stream.fake.drain()
    assert stream.batches == [["a"]]


def test_a_function_that_cannot_run_here_loses_nothing(stream: Stream) -> None:
    stream.fake.unbind("orders")
    stream.client.update_function_configuration(FunctionName="orders", Runtime="nodejs22.x")
    stream.put("a")
    with pytest.raises(NotModelled, match=r"orders runs on nodejs22\.x"):
        stream.map(stream.arn)
    stream.fake.bind("orders", stream.handle)
    stream.fake.drain()
    assert stream.batches == [["a"]]


def test_an_interrupted_batch_is_not_lost(stream: Stream) -> None:
    def interrupt(data: list[str]) -> None:
        raise KeyboardInterrupt

    stream.answer = interrupt
    stream.put("a", "b")
    with pytest.raises(KeyboardInterrupt):
        stream.map(stream.arn, BatchSize=1)
    stream.answer = failing()
    stream.fake.run_due()
    assert stream.batches == [["a"], ["a"], ["b"]]


def test_what_a_handler_is_told_to_raise_is_raised_when_all_is_done(clock: Any, aws: None, stream_type: type[Stream]) -> None:
    with FakeLambda(reraise=KeyError) as fake:
        stream = stream_type(fake, shards=2)
        stream.answer = lambda data: {"good": None}[data[0]]
        stream.put("bad", key="a")
        stream.put("good", key="b")
        with pytest.raises(KeyError, match="bad"):
            stream.map(stream.arn, MaximumRetryAttempts=0)
        assert sorted(stream.batches) == [["bad"], ["good"]]
        fake.drain()
        assert len(stream.batches) == 2


def test_new_shards_are_read_after_those_that_they_follow(stream: Stream) -> None:
    stream.map(stream.arn, StartingPosition="LATEST")
    stream.put("a")
    stream.fake.run_due()
    stream.kinesis.split_shard(StreamName="orders", ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
    stream.put("b", key="a")
    stream.put("c", key="b")
    stream.fake.run_due()
    assert sorted(item for batch in stream.batches[1:] for item in batch)[-2:] == ["b", "c"]


def test_a_stream_that_is_gone_is_a_problem_of_its_mapping_only(stream: Stream) -> None:
    uuid = stream.map(stream.arn)
    stream.kinesis.delete_stream(StreamName="orders")
    stream.fake.drain()
    assert state(stream, uuid).startswith("PROBLEM: An error occurred (ResourceNotFoundException)")


def test_an_iterator_that_has_expired_is_replaced(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    stream.map(stream.arn)
    stream.put("a")
    stream.fake.run_due()
    [poller] = stream.fake._service.schedule.polling
    client = poller.client("kinesis")  # type: ignore[attr-defined]  # the one that reads
    get_records, expired = client.get_records, [True]

    def refuse_once(**parameters: Any) -> Any:
        if expired.pop() if expired else False:
            raise client.exceptions.ExpiredIteratorException({"Error": {"Code": "ExpiredIteratorException"}}, "GetRecords")
        return get_records(**parameters)

    monkeypatch.setattr(client, "get_records", refuse_once)
    stream.put("b")
    stream.fake.run_due()
    assert (stream.batches, expired) == ([["a"], ["b"]], [])


def test_a_mapping_made_before_its_service_answers_begins_when_it_does(clock: Any, stream_type: type[Stream], monkeypatch: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with FakeLambda() as fake:
        with mock_aws():
            arn = f"arn:aws:kinesis:{HERE}:stream/orders"
        fake.add_function("early", lambda event, context: len(event["Records"]))
        fake.client().create_event_source_mapping(FunctionName="early", EventSourceArn=arn, StartingPosition="TRIM_HORIZON")
        with mock_aws():
            stream = stream_type(fake)
            stream.put("a")
            fake.run_due()
        assert [invocation.result for invocation in fake.invocations] == [1]


def test_a_snapshot_knows_how_far_streams_were_read(stream: Stream) -> None:
    stream.answer = lambda data: 1 // 0 if "b" in data else None
    stream.map(stream.arn, BatchSize=1)
    stream.put("a", "b", "c")
    stream.fake.run_due()
    snapshot = stream.fake.snapshot()
    stream.answer = failing()
    for _ in range(2):
        stream.batches.clear()
        stream.fake.drain()
        assert stream.batches == [["b"], ["c"]]
        stream.fake.restore(snapshot)
    stream.fake.reset()
    assert list(stream.fake._service.schedule.polling) == []


# --- clocks


def test_the_age_of_records_is_that_of_the_fakes_clock(aws: None, stream_type: type[Stream]) -> None:
    with FakeLambda() as fake:
        stream = stream_type(fake)
        fake.advance(3600)  # moto's clock stays behind, and what is put now bears its time
        stream.answer = failing("bad")
        stream.put("bad", "good")
        stream.map(stream.arn, BatchSize=1, MaximumRecordAgeInSeconds=60, **TO_QUEUE)
        fake.advance(58)
        assert {batch[0] for batch in stream.batches} == {"bad"}
        fake.drain()
        assert len(stream.batches) == 9
        assert failures(fake)[0][0] == "RecordAgeExceeded"


def test_a_tumbling_window_ends_by_the_fakes_clock(aws: None, stream_type: type[Stream]) -> None:
    with FakeLambda() as fake:
        stream = stream_type(fake)
        fake.advance(3600)
        stream.put("a")
        stream.map(stream.arn, TumblingWindowInSeconds=900)
        assert [final for _, _, final in windows(stream)] == [False]
        fake.advance(900)
        assert [final for _, _, final in windows(stream)] == [False, True]


# --- DynamoDB


class Table:
    """A table of moto's with a stream."""

    def __init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb", "us-east-1")
        description = self.dynamodb.create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]
        self.arn = description["LatestStreamArn"]

    def put(self, *ids: str, **attributes: Any) -> None:
        for identity in ids:
            self.dynamodb.put_item(TableName="orders", Item={"id": {"S": identity}, **attributes})


def changed(event: dict[str, Any], _: Any) -> list[Any]:
    """A handler that tells what has changed."""
    return [[record["eventName"], record["dynamodb"]["Keys"]["id"]["S"]] for record in event["Records"]]


def test_changes_of_a_table_reach_the_function(fake: FakeLambda) -> None:
    table = Table()
    fake.add_function("orders", changed)
    fake.client().create_event_source_mapping(FunctionName="orders", EventSourceArn=table.arn, StartingPosition="LATEST")
    table.put("a", "b", data={"B": b"foobar"})
    table.put("a", data={"S": "new"})
    table.dynamodb.delete_item(TableName="orders", Key={"id": {"S": "b"}})
    fake.run_due()
    [invocation] = fake.invocations
    assert invocation.result == [["INSERT", "a"], ["INSERT", "b"], ["MODIFY", "a"], ["REMOVE", "b"]]
    record = invocation.event["Records"][0]
    assert record["eventSourceARN"] == table.arn
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "a"}, "data": {"B": "Zm9vYmFy"}}


def test_a_failing_change_is_told_to_a_topic_in_dynamodbs_words(fake: FakeLambda) -> None:
    table = Table()
    sns = boto3.client("sns", "us-east-1")
    topic = sns.create_topic(Name="failures")["TopicArn"]
    fake.add_function("orders", lambda event, context: 1 // 0)
    fake.client().create_event_source_mapping(
        FunctionName="orders",
        EventSourceArn=table.arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": topic}},
    )
    table.put("a", "b")
    fake.drain()
    [delivery] = fake.deliveries
    info = json.loads(delivery.body)["DDBStreamBatchInfo"]
    assert (delivery.error, info["batchSize"], info["approximateArrivalOfFirstRecord"]) == (None, 2, "2026-03-01T12:00:00Z")
    assert info["streamArn"] == table.arn


def test_changes_of_one_item_stay_in_order_beside_others(fake: FakeLambda) -> None:
    table = Table()
    fake.add_function("orders", changed)
    fake.client().create_event_source_mapping(
        FunctionName="orders", EventSourceArn=table.arn, StartingPosition="TRIM_HORIZON", ParallelizationFactor=5, BatchSize=2
    )
    for number in range(4):
        table.put(*"abcdefgh", data={"N": str(number)})
    fake.run_due()
    records = [record["dynamodb"]["NewImage"] for invocation in fake.invocations for record in invocation.event["Records"]]
    for identity in "abcdefgh":
        numbers = [record["data"]["N"] for record in records if record["id"]["S"] == identity]
        assert numbers == ["0", "1", "2", "3"]


def test_a_table_that_is_gone_is_a_problem_of_its_mapping_only(fake: FakeLambda) -> None:
    table = Table()
    fake.add_function("orders", changed)
    client = fake.client()
    uuid = client.create_event_source_mapping(FunctionName="orders", EventSourceArn=table.arn, StartingPosition="TRIM_HORIZON")["UUID"]
    table.dynamodb.delete_table(TableName="orders")
    fake.drain()
    assert client.get_event_source_mapping(UUID=uuid)["State"] == "Enabled"


class Shards:
    """DynamoDB's streams as AWS has them: shards end, follow each other, and are described page by page."""

    class exceptions:  # noqa: N801 - as botocore's clients have it
        ClientError = ClientError
        ExpiredIteratorException = type("ExpiredIteratorException", (ClientError,), {})

    def __init__(self, shards: dict[str, tuple[str | None, list[str]]]) -> None:
        self.shards = shards
        self.read: list[str] = []

    def describe_stream(self, ExclusiveStartShardId: str = "", **_: Any) -> Any:  # noqa: N803 - AWS's name
        names = sorted(self.shards)
        place = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        parent, _ids = self.shards[names[place]]
        shard = {"ShardId": names[place], "SequenceNumberRange": {"StartingSequenceNumber": "1", "EndingSequenceNumber": "9"}}
        page: dict[str, Any] = {"Shards": [{**shard, **({"ParentShardId": parent} if parent else {})}]}
        return {"StreamDescription": page | ({"LastEvaluatedShardId": names[place]} if place + 1 < len(names) else {})}

    def get_shard_iterator(self, ShardId: str, **_: Any) -> Any:  # noqa: N803 - AWS's name
        return {"ShardIterator": ShardId}

    def get_records(self, ShardIterator: str, **_: Any) -> Any:  # noqa: N803 - AWS's name
        self.read.append(ShardIterator)
        _parent, ids = self.shards[ShardIterator]
        return {"Records": [{"dynamodb": {"Keys": {"id": {"S": identity}}, "SequenceNumber": identity[1:]}} for identity in ids]}


def test_shards_that_end_are_followed_by_their_children() -> None:
    shards = Shards({"shard-a": (None, ["a1", "a2"]), "shard-b": ("shard-a", ["b3"]), "shard-c": ("shard-b", ["c4"])})
    logs = SimpleNamespace(put_log_events=lambda **_: None)
    seen = []

    def handle(event: Any, context: Any) -> None:
        seen.append([record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]])
        assert len(seen) > 1

    with FakeLambda() as fake:
        fake.add_function("orders", handle)
        arn = f"arn:aws:dynamodb:{HERE}:table/orders/stream/2026-03-01T12:00:00.000"
        fake.client().create_event_source_mapping(FunctionName="orders", EventSourceArn=arn, StartingPosition="TRIM_HORIZON")
        fake.connect(SimpleNamespace(create_client=lambda service, **_: shards if service == "dynamodbstreams" else logs))
        fake.run_due()
        assert shards.read == ["shard-a"]
        fake.drain()
        assert seen == [["a1", "a2"], ["a1", "a2"], ["b3"], ["c4"]]
        assert shards.read == ["shard-a", "shard-b", "shard-c"]
        fake.drain()
        assert shards.read == ["shard-a", "shard-b", "shard-c"]  # all have ended
