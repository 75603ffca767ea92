"""Events of what Lambda polls, as a test builds them."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from fakelambda import events

AT = datetime(2026, 3, 1, 11, 0, 5, 250_000, timezone(timedelta(hours=1)))
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"


def test_a_batch_of_messages() -> None:
    one, two = events.sqs({"id": 7}, "plain", queue_arn=QUEUE, at=AT)["Records"]
    assert json.dumps(one) == json.dumps(
        {
            "messageId": "00000000-0000-4000-8000-000000000001",
            "receiptHandle": "AQEB0000000000000000000000000001",
            "body": '{"id": 7}',
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1772359205250",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1772359205250",
            },
            "messageAttributes": {},
            "md5OfBody": "02bdf15d4b421ca9bc33f0e538cfce98",
            "eventSource": "aws:sqs",
            "eventSourceARN": QUEUE,
            "awsRegion": "eu-west-1",
        }
    )
    assert (two["messageId"], two["body"]) == ("00000000-0000-4000-8000-000000000002", "plain")


@pytest.mark.parametrize(("body", "text"), [("", ""), ([1], "[1]"), (7, "7"), (None, "null"), ('{"a":1}', '{"a":1}'), ({}, "{}")])
def test_what_is_no_text_is_dumped(body: Any, text: str) -> None:
    assert events.sqs(body)["Records"][0]["body"] == text
    assert events.sns(body)["Records"][0]["Sns"]["Message"] == text
    assert b64decode(events.kinesis(body)["Records"][0]["kinesis"]["data"]).decode() == text


def test_message_attributes_are_typed_and_digested() -> None:
    record = events.sqs("x", message_attributes={"WeeksOn": 6, "Author": "John Grisham", "Title": "The Whistler"})["Records"][0]
    assert record["md5OfMessageAttributes"] == "d25a6aea97eb8f585bfa92d314504a92"
    assert {name: (value["dataType"], value["stringValue"]) for name, value in record["messageAttributes"].items()} == {
        "WeeksOn": ("Number", "6"),
        "Author": ("String", "John Grisham"),
        "Title": ("String", "The Whistler"),
    }
    photo = events.sqs("x", message_attributes={"photo": b"\xff"})["Records"][0]["messageAttributes"]["photo"]
    assert (photo["binaryValue"], photo["dataType"]) == ("/w==", "Binary")


def test_messages_of_a_fifo_queue() -> None:
    one, two = events.sqs("x", "x", queue_arn=f"{QUEUE}.fifo", message_group_id="g", attributes={"ApproximateReceiveCount": "3"})["Records"]
    assert list(one["attributes"]) == [
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SequenceNumber",
        "MessageGroupId",
        "SenderId",
        "MessageDeduplicationId",
        "ApproximateFirstReceiveTimestamp",
    ]
    assert one["attributes"]["ApproximateReceiveCount"] == "3"
    assert one["attributes"]["MessageGroupId"] == "g"
    assert one["attributes"]["MessageDeduplicationId"] == two["attributes"]["MessageDeduplicationId"]  # that of equal contents
    assert int(one["attributes"]["SequenceNumber"]) < int(two["attributes"]["SequenceNumber"])


def test_a_batch_of_a_kinesis_stream() -> None:
    stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
    one, two = events.kinesis(b"\xff", {"id": 7}, stream_arn=stream, partition_key="p", shard_id="shardId-000000000003", at=AT)["Records"]
    assert one["kinesis"]["data"] == "/w=="
    assert (one["kinesis"]["partitionKey"], one["kinesis"]["approximateArrivalTimestamp"]) == ("p", 1772359205.25)
    assert one["eventID"] == f"shardId-000000000003:{one['kinesis']['sequenceNumber']}"
    assert int(one["kinesis"]["sequenceNumber"]) < int(two["kinesis"]["sequenceNumber"])
    assert (one["awsRegion"], one["eventSourceARN"], one["invokeIdentityArn"]) == (
        "eu-west-1",
        stream,
        "arn:aws:iam::123456789012:role/lambda-role",
    )


NEW, OLD = {"id": "7", "total": 3}, {"id": "7", "total": 2}
NEW_IMAGE, OLD_IMAGE = {"id": {"S": "7"}, "total": {"N": "3"}}, {"id": {"S": "7"}, "total": {"N": "2"}}


@pytest.mark.parametrize(
    ("new", "options", "name", "images"),
    [
        ([NEW], {}, "INSERT", {"NewImage": NEW_IMAGE}),
        ([NEW], {"old": OLD}, "MODIFY", {"NewImage": NEW_IMAGE, "OldImage": OLD_IMAGE}),
        ([], {"old": OLD}, "REMOVE", {"OldImage": OLD_IMAGE}),
        ([NEW_IMAGE], {}, "INSERT", {"NewImage": NEW_IMAGE}),
        ([NEW], {"old": OLD, "stream_view_type": "NEW_IMAGE"}, "MODIFY", {"NewImage": NEW_IMAGE}),
        ([NEW], {"old": OLD, "stream_view_type": "OLD_IMAGE"}, "MODIFY", {"OldImage": OLD_IMAGE}),
        ([NEW], {"stream_view_type": "KEYS_ONLY"}, "INSERT", {}),
    ],
)
def test_a_change_of_a_table(new: list[Any], options: dict[str, Any], name: str, images: dict[str, Any]) -> None:
    record = events.dynamodb(*new, at=AT, **options)["Records"][0]
    assert record["eventName"] == name
    assert {image: record["dynamodb"][image] for image in ("NewImage", "OldImage") if image in record["dynamodb"]} == images
    assert record["dynamodb"]["Keys"] == {"id": {"S": "7"}}
    assert record["dynamodb"]["ApproximateCreationDateTime"] == 1772359205.0
    assert record["dynamodb"]["StreamViewType"] == options.get("stream_view_type", "NEW_AND_OLD_IMAGES")


def test_several_changes_of_a_table() -> None:
    stream = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-01T10:00:00.000"
    records = events.dynamodb({"id": "7", "line": 1}, {"id": "7", "line": 2}, keys=["id", "line"], stream_arn=stream)["Records"]
    assert [record["dynamodb"]["Keys"]["line"] for record in records] == [{"N": "1"}, {"N": "2"}]
    assert [(record["eventSourceARN"], record["awsRegion"]) for record in records] == [(stream, "eu-west-1")] * 2
    assert len({record["eventID"] for record in records} | {record["dynamodb"]["SequenceNumber"] for record in records}) == 4


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        ("x", {"S": "x"}),
        (7, {"N": "7"}),
        (1.5, {"N": "1.5"}),
        (Decimal("1.50"), {"N": "1.50"}),
        (True, {"BOOL": True}),
        (None, {"NULL": True}),
        (b"\xff", {"B": "/w=="}),
        ([1, ["x"]], {"L": [{"N": "1"}, {"L": [{"S": "x"}]}]}),
        (("x",), {"L": [{"S": "x"}]}),
        ({"a": {"b": 1}}, {"M": {"a": {"M": {"b": {"N": "1"}}}}}),
        ({"b", "a"}, {"SS": ["a", "b"]}),
        (frozenset({2, 1.5}), {"NS": ["1.5", "2"]}),
        ({b"\xff"}, {"BS": ["/w=="]}),
    ],
)
def test_values_are_typed_as_dynamodb_does(value: Any, typed: Any) -> None:
    image = events.dynamodb({"id": "7", "value": value})["Records"][0]["dynamodb"]["NewImage"]
    assert image["value"] == typed


@pytest.mark.parametrize("value", [object(), {1, "x"}, set(), {True}, [object()], 1j])
def test_what_dynamodb_has_no_type_for_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^DynamoDB has no type for "):
        events.dynamodb({"id": "7", "value": value})


@pytest.mark.parametrize(
    ("new", "options", "message"),
    [
        ([NEW, NEW], {"old": OLD}, "old is what was there before the only new item: build an event each, and join their Records"),
        ([NEW], {"keys": ["number"]}, "The item lacks its key 'number': {'id': '7', 'total': 3}"),
        ([], {"old": OLD, "keys": ["id", "number"]}, "The item lacks its key 'number': {'id': '7', 'total': 2}"),
    ],
)
def test_changes_that_cannot_be(new: list[Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
        events.dynamodb(*new, **options)


@pytest.mark.parametrize("build", [events.sqs, events.kinesis, events.dynamodb])
def test_nothing_is_an_empty_batch(build: Any) -> None:
    assert build() == {"Records": []}


def test_a_moment_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match=r"^at is an aware datetime, such as datetime\(2026, 3, 1, tzinfo=UTC\), not "):
        events.sqs("x", at=datetime(2026, 3, 1))
    assert events.sqs("x", at=AT) == events.sqs("x", at=AT.astimezone(UTC))
