"""What Lambda wraps around a batch of records."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from fakelambda.domain.source_events import TumblingWindow, event

ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
ONE, TWO = {"eventID": "1"}, {"eventID": "2"}
ZERO, NEXT, LAST = (
    {"topic": topic, "partition": partition, "offset": n} for n, (topic, partition) in enumerate([("a", 0), ("b", 1), ("a", 0)])
)
RABBITMQ, ACTIVEMQ = {"basicProperties": {}, "data": ""}, {"messageID": "1", "data": ""}
SERVERS = ("b-1:9092", "b-2:9092")


@pytest.mark.parametrize(
    ("service", "records", "options", "expected"),
    [
        ("sqs", [ONE, TWO], {}, {"Records": [ONE, TWO]}),
        ("kinesis", [ONE], {}, {"Records": [ONE]}),
        ("dynamodb", [], {}, {"Records": []}),
        (
            "kafka",
            [ZERO, NEXT, LAST],
            {"bootstrap_servers": SERVERS},
            {
                "eventSource": "aws:kafka",
                "eventSourceArn": ARN,
                "bootstrapServers": "b-1:9092,b-2:9092",
                "records": {"a-0": [ZERO, LAST], "b-1": [NEXT]},
            },
        ),
        (
            "self-managed-kafka",
            [ZERO],
            {"bootstrap_servers": SERVERS[:1]},
            {"eventSource": "SelfManagedKafka", "bootstrapServers": "b-1:9092", "records": {"a-0": [ZERO]}},
        ),
        ("mq", [ACTIVEMQ], {}, {"eventSource": "aws:mq", "eventSourceArn": ARN, "messages": [ACTIVEMQ]}),
        ("mq", [RABBITMQ], {"queue": "q"}, {"eventSource": "aws:rmq", "eventSourceArn": ARN, "rmqMessagesByQueue": {"q::/": [RABBITMQ]}}),
        (
            "mq",
            [RABBITMQ],
            {"virtual_host": "v"},
            {"eventSource": "aws:rmq", "eventSourceArn": ARN, "rmqMessagesByQueue": {"queue::v": [RABBITMQ]}},
        ),
        ("rds", [{"event": {}}], {}, {"eventSourceArn": ARN, "events": [{"event": {}}], "eventSource": "aws:docdb"}),
    ],
)
def test_an_event_per_source(service: str, records: list[Any], options: dict[str, Any], expected: dict[str, Any]) -> None:
    assert json.dumps(event(service, records, source_arn=ARN, **options)) == json.dumps(expected)


def test_a_tumbling_window_stands_beside_its_records() -> None:
    start, end = datetime(2020, 7, 30, 17, 0, tzinfo=UTC), datetime(2020, 7, 30, 19, 5, tzinfo=timezone(timedelta(hours=2)))
    window = TumblingWindow(start=start, end=end, state={"1": 282}, shard_id="shardId-000000000006", is_final_invoke=True)
    assert json.dumps(event("kinesis", [], source_arn=ARN, window=window)) == json.dumps(
        {
            "Records": [],
            "window": {"start": "2020-07-30T17:00:00Z", "end": "2020-07-30T17:05:00Z"},
            "state": {"1": 282},
            "shardId": "shardId-000000000006",
            "eventSourceARN": ARN,
            "isFinalInvokeForWindow": True,
            "isWindowTerminatedEarly": False,
        }
    )
