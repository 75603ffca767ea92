"""``fake.deliver``: records in the name of a source, for every source, without any of them."""

from __future__ import annotations

import gc
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from freezegun import freeze_time

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "us-east-1:123456789012"
QUEUE = f"arn:aws:sqs:{HERE}:orders"
STREAM = f"arn:aws:kinesis:{HERE}:stream/orders"
TABLE = f"arn:aws:dynamodb:{HERE}:table/orders/stream/2026-03-01T12:00:00.000"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
FROM_THE_START = {"StartingPosition": "TRIM_HORIZON"}
LATEST = {"StartingPosition": "LATEST"}


@pytest.fixture
def fake() -> Iterator[FakeLambda]:
    with FakeLambda() as active:
        yield active


def echo(event: Any, context: Any) -> Any:
    return event


def mapped(fake: FakeLambda, source_arn: str, handler: Any = echo, name: str = "orders", **settings: Any) -> str:
    if name not in fake.functions:
        fake.add_function(name, handler)
    settings = {"FunctionName": name, "EventSourceArn": source_arn, **settings}
    return str(fake.client().create_event_source_mapping(**settings)["UUID"])


def missing(event: Any, context: Any) -> None:
    raise KeyError("missing")


def bodies(event: dict[str, Any]) -> list[str]:
    return [record["body"] for record in event["Records"]]


def ids(count: int) -> list[dict[str, Any]]:
    return [{"Body": str(number)} for number in range(count)]


# --- records


def test_what_a_record_lacks_is_made_up(fake: FakeLambda) -> None:
    mapped(fake, QUEUE)
    [invocation] = fake.deliver(QUEUE, [{"Body": '{"id": 7}'}])
    [record] = invocation.result["Records"]
    assert (record["body"], record["eventSourceARN"], record["awsRegion"]) == ('{"id": 7}', QUEUE, "us-east-1")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert invocation == fake.invocations[-1]


@pytest.mark.parametrize(
    ("source_arn", "record"),
    [
        (QUEUE, {"MessageId": "1", "ReceiptHandle": "2", "Body": "text", "Attributes": {"ApproximateReceiveCount": "3"}}),
        (QUEUE, {"messageId": "1", "receiptHandle": "2", "body": "text", "attributes": {"ApproximateReceiveCount": "3"}}),
    ],
)
def test_records_come_in_either_form(fake: FakeLambda, source_arn: str, record: dict[str, Any]) -> None:
    mapped(fake, source_arn)
    [invocation] = fake.deliver(source_arn, [record])
    [seen] = invocation.event["Records"]
    assert (seen["messageId"], seen["body"], seen["attributes"]) == ("1", "text", {"ApproximateReceiveCount": "3"})


def test_what_was_delivered_can_be_delivered_again(fake: FakeLambda) -> None:
    mapped(fake, STREAM, **FROM_THE_START)
    [first] = fake.deliver(STREAM, [{"Data": b"hello", "PartitionKey": "a"}, {"Data": b"you", "PartitionKey": "b"}])
    [second] = fake.deliver(STREAM, first.event["Records"])
    assert second.event == first.event
    numbers = [int(record["kinesis"]["sequenceNumber"]) for record in first.event["Records"]]
    assert numbers == sorted(set(numbers))


def test_records_of_a_table(fake: FakeLambda) -> None:
    mapped(fake, TABLE, **FROM_THE_START)
    change = {"dynamodb": {"Keys": {"id": {"S": "1"}}, "NewImage": {"id": {"S": "1"}, "data": {"B": b"foobar"}}}}
    [invocation] = fake.deliver(TABLE, [change])
    [record] = invocation.result["Records"]
    assert (record["eventName"], record["dynamodb"]["NewImage"]["data"]) == ("INSERT", {"B": "Zm9vYmFy"})


ACCESS = [{"Type": "BASIC_AUTH", "URI": f"arn:aws:secretsmanager:{HERE}:secret:one"}]
CLUSTER = f"arn:aws:kafka:{HERE}:cluster/orders/d1d1d1d1-2"
BROKER = f"arn:aws:mq:{HERE}:broker:orders:b-1"
DOCUMENTS = f"arn:aws:rds:{HERE}:cluster:orders"


def test_records_of_kafka(fake: FakeLambda) -> None:
    mapped(fake, CLUSTER, Topics=["orders"], BatchSize=3, FilterCriteria={"Filters": [{"Pattern": '{"value": {"ok": [true]}}'}]}, **LATEST)
    good, bad = b'{"ok": true}', b'{"ok": false}'
    first, second = fake.deliver(CLUSTER, [{"topic": "orders", "partition": n % 2, "value": good if n else bad} for n in range(5)])
    assert (first.event["eventSource"], first.event["eventSourceArn"]) == ("aws:kafka", CLUSTER)
    assert first.event["bootstrapServers"].startswith("b-1.orders.d1d1d1.c1.kafka.us-east-1.amazonaws.com:9098,b-2.")
    partitions = {name: [record["offset"] for record in records] for name, records in first.event["records"].items()}
    assert partitions == {"orders-1": [2, 4], "orders-0": [3]}
    assert list(second.event["records"]) == ["orders-0"]


def test_records_of_self_managed_kafka_are_delivered_to_its_servers(fake: FakeLambda) -> None:
    servers = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["one:9092", "two:9092"]}}
    fake.add_function("orders", echo)
    fake.client().create_event_source_mapping(
        FunctionName="orders", SelfManagedEventSource=servers, Topics=["orders"], SourceAccessConfigurations=ACCESS
    )
    [invocation] = fake.deliver("one:9092,two:9092", [{"topic": "orders", "value": b"x"}])
    assert invocation.event.keys() == {"eventSource", "bootstrapServers", "records"}
    assert (invocation.event["eventSource"], invocation.event["bootstrapServers"]) == ("SelfManagedKafka", "one:9092,two:9092")


def test_a_batch_of_kafka_that_is_given_up_is_told_by_partition(fake: FakeLambda) -> None:
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{HERE}:failures"}}
    failing: dict[str, Any] = {
        "MaximumRetryAttempts": 0,
        "DestinationConfig": destination,
        "ProvisionedPollerConfig": {"MinimumPollers": 1},
    }
    mapped(fake, CLUSTER, missing, Topics=["orders"], **failing, **LATEST)
    fake.deliver(CLUSTER, [{"topic": "orders", "partition": n % 2, "value": b"x", "timestamp": 1772366400000 + n} for n in range(3)])
    info = json.loads(fake.deliveries[0].body)["KafkaBatchInfo"]
    assert (info["batchSize"], info["eventSourceArn"]) == (3, CLUSTER)
    assert info["recordsInfo"]["orders-0"] == {
        "firstRecordOffset": "1",
        "lastRecordOffset": "3",
        "firstRecordTimestamp": "2026-03-01T12:00:00.000Z",
        "lastRecordTimestamp": "2026-03-01T12:00:00.002Z",
    }


@pytest.mark.parametrize(
    ("access", "record", "expected"),
    [
        ([], {"data": b"hello"}, {"eventSource": "aws:mq", "messages": "aGVsbG8="}),
        ([], {"data": b"hello", "basicProperties": {}}, {"eventSource": "aws:rmq", "rmqMessagesByQueue": {"orders::/": "aGVsbG8="}}),
        (
            [{"Type": "VIRTUAL_HOST", "URI": "/shop"}],
            {"data": b"hello", "basicProperties": {}},
            {"eventSource": "aws:rmq", "rmqMessagesByQueue": {"orders::/shop": "aGVsbG8="}},
        ),
    ],
)
def test_messages_of_brokers(fake: FakeLambda, access: list[Any], record: dict[str, Any], expected: dict[str, Any]) -> None:
    mapped(fake, BROKER, Queues=["orders"], SourceAccessConfigurations=[*ACCESS, *access])
    [invocation] = fake.deliver(BROKER, [record])
    event = invocation.event
    assert event.pop("eventSourceArn") == BROKER
    if "messages" in event:
        event["messages"] = event["messages"][0]["data"]
    else:
        event["rmqMessagesByQueue"] = {name: messages[0]["data"] for name, messages in event["rmqMessagesByQueue"].items()}
    assert event == expected


def test_changes_of_documents(fake: FakeLambda) -> None:
    settings: dict[str, Any] = {"DocumentDBEventSourceConfig": {"DatabaseName": "shop"}, "SourceAccessConfigurations": ACCESS}
    mapped(fake, DOCUMENTS, **settings, **LATEST)
    [invocation] = fake.deliver(DOCUMENTS, [{"operationType": "insert", "fullDocument": {"_id": 1}}])
    assert invocation.event == {
        "eventSourceArn": DOCUMENTS,
        "events": [{"event": {"operationType": "insert", "fullDocument": {"_id": 1}}}],
        "eventSource": "aws:docdb",
    }


def test_nobody_polls_a_cluster(fake: FakeLambda) -> None:
    mapped(fake, CLUSTER, Topics=["orders"], **LATEST)
    fake.drain()
    assert fake.invocations == []


# --- batches, filters, mappings


@pytest.mark.parametrize(
    ("settings", "sent", "expected"),
    [
        ({}, 25, [10, 10, 5]),
        ({"BatchSize": 100, "MaximumBatchingWindowInSeconds": 60}, 250, [100, 100, 50]),  # no window is waited for
        ({"BatchSize": 1}, 2, [1, 1]),
        ({}, 0, []),
    ],
)
def test_batches_are_as_large_as_the_mapping_says(fake: FakeLambda, settings: dict[str, Any], sent: int, expected: list[int]) -> None:
    mapped(fake, QUEUE, **settings)
    invocations = fake.deliver(QUEUE, ids(sent))
    assert [len(invocation.event["Records"]) for invocation in invocations] == expected
    assert [body for invocation in invocations for body in bodies(invocation.event)] == [str(number) for number in range(sent)]


def test_only_what_passes_the_filters_is_delivered(fake: FakeLambda) -> None:
    mapped(fake, QUEUE, FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]})
    [invocation] = fake.deliver(QUEUE, [{"Body": '{"kind": "order"}'}, {"Body": '{"kind": "bill"}'}, {"Body": "order"}])
    assert bodies(invocation.event) == ['{"kind": "order"}']
    assert fake.deliver(QUEUE, [{"Body": "order"}]) == []


def test_every_enabled_mapping_of_the_source_gets_the_records(fake: FakeLambda) -> None:
    mapped(fake, QUEUE, name="first")
    one = mapped(fake, QUEUE, name="second")
    mapped(fake, QUEUE, name="disabled", Enabled=False)
    assert [invocation.function_name for invocation in fake.deliver(QUEUE, ids(1))] == ["first", "second"]
    arn = fake.client().get_event_source_mapping(UUID=one)["EventSourceMappingArn"]
    assert [invocation.function_name for invocation in fake.deliver(arn, ids(1))] == ["second"]


def test_a_source_that_no_mapping_names(fake: FakeLambda) -> None:
    with pytest.raises(ValueError, match=r"no event source mapping of this source is enabled; existing: none\."):
        fake.deliver(QUEUE, ids(1))
    mapped(fake, STREAM, **FROM_THE_START)
    mapped(fake, QUEUE, Enabled=False)
    existing = f"existing: {STREAM} -> orders (Enabled), {QUEUE} -> orders (Disabled)."
    with pytest.raises(ValueError, match=rf"^deliver\('{QUEUE}', \.\.\.\): no .* is enabled; {re.escape(existing)}$"):
        fake.deliver(QUEUE, ids(1))


@pytest.mark.parametrize(
    ("records", "error", "text"),
    [
        ({"Messages": []}, TypeError, r'deliver\(\) takes a list of records, such as response\["Messages"\]'),
        ("text", TypeError, "takes a list of records"),
        ([b"text"], TypeError, "A record of sqs is a dict"),
        ([{"Body": {"id": 7}}], TypeError, "The body of a message is text"),
    ],
)
def test_what_is_no_record_is_refused(fake: FakeLambda, records: Any, error: type[Exception], text: str) -> None:
    mapped(fake, QUEUE)
    with pytest.raises(error, match=text):
        fake.deliver(QUEUE, records)
    assert fake.invocations == []


# --- failures


def test_a_message_that_fails_is_the_tests_to_deliver_again(fake: FakeLambda) -> None:
    mapped(fake, QUEUE, lambda event, context: 1 // 0, BatchSize=1)
    first, second = fake.deliver(QUEUE, ids(2))
    assert (type(first.error), type(second.error)) == (ZeroDivisionError, ZeroDivisionError)
    assert fake.pending == []


def test_a_message_group_stops_at_its_first_failure(fake: FakeLambda) -> None:
    def handle(event: Any, context: Any) -> None:
        assert bodies(event) != ["a1"]

    mapped(fake, f"{QUEUE}.fifo", handle, BatchSize=1)
    messages = [{"Body": body, "Attributes": {"MessageGroupId": body[0]}} for body in ("a1", "b1", "a2", "b2")]
    assert [bodies(invocation.event) for invocation in fake.deliver(f"{QUEUE}.fifo", messages)] == [["a1"], ["b1"], ["b2"]]


def test_records_of_a_stream_wait_behind_a_failure_until_its_time_comes() -> None:
    with freeze_time(START), FakeLambda() as fake:
        failures = [ValueError(), ValueError()]

        def handle(event: Any, context: Any) -> int:
            if failures:
                raise failures.pop()
            return len(event["Records"])

        mapped(fake, STREAM, handle, BatchSize=2, **FROM_THE_START)
        [first] = fake.deliver(STREAM, [{"Data": b"a"}, {"Data": b"b"}, {"Data": b"c"}])
        assert isinstance(first.error, ValueError)
        assert fake.deliver(STREAM, [{"Data": b"d"}]) == []
        fake.drain()
        assert [invocation.result for invocation in fake.invocations] == [None, None, 2, 2]
        assert fake.invocations[-1].started_at - START == timedelta(seconds=0.75)


def test_given_up_records_go_to_the_destination(fake: FakeLambda) -> None:
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{HERE}:failures"}}
    mapped(fake, STREAM, lambda event, context: 1 // 0, MaximumRetryAttempts=0, DestinationConfig=destination, **FROM_THE_START)
    fake.deliver(STREAM, [{"Data": b"a"}])
    [delivery] = fake.deliveries
    assert json.loads(delivery.body)["requestContext"]["condition"] == "RetryAttemptsExhausted"


LONG_AGO = 1545084650.987
OLD = [(STREAM, {"Data": b"a", "ApproximateArrivalTimestamp": LONG_AGO})]
OLD += [(TABLE, {"dynamodb": {"Keys": {"id": {"S": "7"}}, "ApproximateCreationDateTime": LONG_AGO}})]


@pytest.mark.parametrize(("source_arn", "record"), OLD)
def test_records_may_be_as_old_as_the_examples_of_documentation(source_arn: str, record: dict[str, Any]) -> None:
    with freeze_time(START), FakeLambda() as fake:
        mapped(fake, source_arn, missing, **LATEST)
        assert len(fake.deliver(source_arn, [record])) == 1
        fake.drain()
        first, *_, last = fake.invocations
        assert timedelta(hours=23) < last.started_at - first.started_at < timedelta(hours=24)  # as a stream would have kept it


@pytest.mark.parametrize(("source_arn", "record"), OLD)
def test_the_age_that_a_mapping_allows_is_that_of_the_record(source_arn: str, record: dict[str, Any]) -> None:
    with freeze_time(START), FakeLambda() as fake:
        destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{HERE}:failures"}}
        mapped(fake, source_arn, MaximumRecordAgeInSeconds=604_800, DestinationConfig=destination, **LATEST)
        assert fake.deliver(source_arn, [record]) == []
        [delivery] = fake.deliveries
        assert json.loads(delivery.body)["requestContext"]["condition"] == "RecordAgeExceeded"


def test_what_a_handler_is_told_to_raise_is_raised_when_all_have_had_their_turn() -> None:
    with FakeLambda(reraise=KeyError) as fake:
        mapped(fake, QUEUE, missing, BatchSize=1)
        mapped(fake, STREAM, missing, name="streams", MaximumRetryAttempts=0, **FROM_THE_START)
        with pytest.raises(KeyError, match="missing"):
            fake.deliver(QUEUE, ids(2))
        with pytest.raises(KeyError, match="missing"):
            fake.deliver(STREAM, [{"Data": b"a"}])
        assert len(fake.invocations) == 3


def test_a_tumbling_window_ends_when_its_time_comes() -> None:
    with freeze_time(START), FakeLambda() as fake:
        mapped(fake, STREAM, lambda event, context: {"state": {"n": len(event["Records"])}}, TumblingWindowInSeconds=60, **FROM_THE_START)
        [first] = fake.deliver(STREAM, [{"Data": b"a"}, {"Data": b"b"}])
        fake.advance(60)
        last = fake.invocations[-1].event
        assert (first.event["isFinalInvokeForWindow"], last["isFinalInvokeForWindow"], last["state"]) == (False, True, {"n": 2})


# --- re-entrancy


def test_a_handler_may_deliver_too(fake: FakeLambda) -> None:
    def handle(event: Any, context: Any) -> Any:
        if bodies(event) == ["again"]:
            return "done"
        return [invocation.result for invocation in fake.deliver(QUEUE, [{"Body": "again"}])]

    mapped(fake, QUEUE, handle)
    [invocation] = fake.deliver(QUEUE, [{"Body": "first"}])
    assert invocation.result == ["done"]
    assert len(fake.invocations) == 2


def test_what_handlers_queue_has_happened_too(fake: FakeLambda) -> None:
    fake.add_function("later", lambda event, context: "later")
    mapped(fake, QUEUE, lambda event, context: fake.client().invoke(FunctionName="later", InvocationType="Event")["StatusCode"])
    assert [invocation.function_name for invocation in fake.deliver(QUEUE, ids(1))] == ["orders"]
    assert [invocation.function_name for invocation in fake.invocations] == ["orders", "later"]


def test_several_threads_deliver_at_once(fake: FakeLambda) -> None:
    mapped(fake, STREAM, BatchSize=3, **FROM_THE_START)
    threads = [threading.Thread(target=fake.deliver, args=(STREAM, [{"Data": f"{name}{n}"} for n in range(20)])) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fake.drain()
    seen = [record["kinesis"]["data"] for invocation in fake.invocations for record in invocation.event["Records"]]
    assert len(seen) == len(set(seen)) == 80


def test_a_manual_schedule_delivers_when_told_to_deliver() -> None:
    with FakeLambda(schedule="manual") as fake:
        mapped(fake, QUEUE)
        fake.client().invoke(FunctionName="orders", InvocationType="Event")
        assert len(fake.deliver(QUEUE, ids(1))) == 1
        assert len(fake.invocations) == 1  # the event goes on waiting


@pytest.mark.parametrize(
    ("arn", "record", "sizes"),
    [
        (QUEUE, {"Body": "x" * 1_000_000}, [4, 4]),
        (QUEUE, {"Body": "\x00" * 300_000}, [2, 2, 2, 2]),  # each of which JSON writes with six characters
        (QUEUE, {"Body": "\N{SLICE OF PIZZA}" * 130_000}, [4, 4]),  # with twelve
        (STREAM, {"Data": b"x" * 750_000}, [6, 2]),
    ],
)
def test_a_batch_is_no_larger_than_an_invocation_takes(fake: FakeLambda, arn: str, record: dict[str, Any], sizes: list[int]) -> None:
    mapped(fake, arn, lambda event, _: len(event["Records"]), **({} if arn == QUEUE else LATEST), BatchSize=10)
    invocations = fake.deliver(arn, [record] * 8)
    assert [invocation.result for invocation in invocations] == sizes
    assert all(len(invocation.payload) <= 6_291_456 for invocation in invocations)


@pytest.mark.parametrize("sent", [[], [{"dynamodb": {"Keys": {"id": {"S": "1"}}}, "eventName": "MODIFY"}]])
def test_to_deliver_nothing_runs_nothing(sent: list[dict[str, Any]]) -> None:
    with freeze_time(START), FakeLambda(schedule="manual") as fake:
        filters = {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}
        mapped(fake, TABLE, missing, **LATEST, MaximumRetryAttempts=5, FilterCriteria=filters)
        fake.deliver(TABLE, [{"dynamodb": {"Keys": {"id": {"S": "1"}}}, "eventName": "INSERT"}])
        fake._service.world.reach(timedelta(seconds=31))  # when the record would be tried again
        assert list(fake.deliver(TABLE, sent)) == []
        assert len(fake.invocations) == 1


def test_what_was_delivered_is_nothing_to_the_garbage_collector(fake: FakeLambda) -> None:
    """As the records of all other invocations, until somebody reads them."""
    mapped(fake, STREAM, Mock(side_effect=[KeyError("missing"), None]), **LATEST)
    fake.deliver(STREAM, [{"Data": b"x"}])
    fake.advance(10)
    gc.collect()
    gc.collect()  # it looks at what holds before what is held
    [unread] = [record for record in fake._service.invocations.snapshot().values() if isinstance(record, tuple)]
    assert not gc.is_tracked(unread)
    assert [invocation.event["Records"][0]["kinesis"]["data"] for invocation in fake.invocations] == ["eA==", "eA=="]


def test_what_a_handler_does_to_its_event_changes_no_record_of_it(fake: FakeLambda) -> None:
    def handler(event: Any, _: Any) -> str:
        event["Records"][0]["attributes"].clear()
        return str(event["Records"].pop()["body"])

    mapped(fake, QUEUE, handler)
    [invocation] = fake.deliver(QUEUE, ids(2))
    assert (invocation.result, bodies(invocation.event), json.loads(invocation.payload)) == ("1", ["0", "1"], invocation.event)
    assert set(invocation.event["Records"][0]["attributes"]) >= {"SentTimestamp", "SenderId"}
