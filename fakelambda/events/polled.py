"""Events of what Lambda polls: SQS, Kinesis and DynamoDB streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from fakelambda.domain.attribute_values import typed_item
from fakelambda.domain.source_events import event
from fakelambda.domain.source_records import event_record
from fakelambda.domain.sources import FIRST_SHARD, milliseconds
from fakelambda.domain.sqs_messages import SENDER_ID
from fakelambda.events.defaults import ACCOUNT_ID, REGION, as_text, id_of, moment

_QUEUE: Final = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:queue"
_STREAM: Final = f"arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/stream"
_TABLE_STREAM: Final = f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/table/stream/2026-01-01T00:00:00.000"
_ROLE: Final = f"arn:aws:iam::{ACCOUNT_ID}:role/lambda-role"
_FIRST_MESSAGE: Final = 18849496460467696128
_FIRST_RECORD: Final = 49590338271490256608559692538361571095921575989136588898
_FIRST_CHANGE: Final = 100000000000000000000001


def sqs(
    *bodies: Any,
    queue_arn: str = _QUEUE,
    attributes: Mapping[str, str] | None = None,
    message_attributes: Mapping[str, str | float | bytes] | None = None,
    message_group_id: str = "group",
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event of a batch of SQS messages.

    Args:
        bodies: of each message; what is no text is dumped as JSON.
        queue_arn: where it ends with ``.fifo``, the messages have a group, a deduplication id and a sequence number.
        attributes: beside or instead of those that SQS gives, such as ``{"ApproximateReceiveCount": "3"}``.
        message_attributes: of each message: text, numbers or bytes.
        message_group_id: of each message of a FIFO queue.
        at: when the messages were sent and received.

    Example:
        >>> records = sqs({"id": 7}, "plain text")["Records"]
        >>> [record["body"] for record in records]
        ['{"id": 7}', 'plain text']
    """
    sent = str(milliseconds(moment(at)))
    typed = {name: _message_attribute(value) for name, value in (message_attributes or {}).items()}
    messages = []
    for number, body in enumerate(map(as_text, bodies), 1):
        system = {"ApproximateReceiveCount": "1", "SentTimestamp": sent, "SenderId": SENDER_ID, "ApproximateFirstReceiveTimestamp": sent}
        if queue_arn.endswith(".fifo"):
            system["SequenceNumber"] = str(_FIRST_MESSAGE + number)
            system["MessageGroupId"] = message_group_id
            system["MessageDeduplicationId"] = sha256(body.encode()).hexdigest()
        message = {"MessageId": id_of(number), "ReceiptHandle": f"AQEB{number:028d}", "Body": body, "MessageAttributes": typed}
        messages.append(event_record("sqs", {**message, "Attributes": {**system, **(attributes or {})}}, source_arn=queue_arn))
    return event("sqs", messages)


def _message_attribute(value: str | float | bytes) -> dict[str, Any]:
    if isinstance(value, bytes):
        return {"BinaryValue": value, "DataType": "Binary"}
    return {"StringValue": str(value), "DataType": "String" if isinstance(value, str) else "Number"}


def kinesis(
    *data: Any,
    stream_arn: str = _STREAM,
    partition_key: str = "1",
    shard_id: str = FIRST_SHARD,
    role_arn: str = _ROLE,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event of a batch of records of a Kinesis stream.

    Args:
        data: of each record: bytes, or text; everything else is dumped as JSON.
        stream_arn: of the stream.
        partition_key: of each record.
        shard_id: whence the batch comes.
        role_arn: of the function.
        at: when the records arrived.

    Example:
        >>> kinesis({"id": 7}, partition_key="7")["Records"][0]["kinesis"]["data"]
        'eyJpZCI6IDd9'
    """
    arrival = moment(at)
    records = [
        {
            "SequenceNumber": str(_FIRST_RECORD + number),
            "ApproximateArrivalTimestamp": arrival,
            "Data": item if isinstance(item, bytes) else as_text(item),
            "PartitionKey": partition_key,
        }
        for number, item in enumerate(data)
    ]
    return event(
        "kinesis", [event_record("kinesis", record, source_arn=stream_arn, role_arn=role_arn, shard_id=shard_id) for record in records]
    )


def dynamodb(
    *new: Mapping[str, Any],
    old: Mapping[str, Any] | None = None,
    keys: Sequence[str] = (),
    stream_arn: str = _TABLE_STREAM,
    stream_view_type: str = "NEW_AND_OLD_IMAGES",
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event of a batch of changes to a DynamoDB table.

    Args:
        new: items that were put, a change each, with Python's values or as DynamoDB types them (``{"id": {"S": "7"}}``).
        old: the item that was there before the only new one, which makes it a ``MODIFY``; without a new one it is a ``REMOVE``.
        keys: names of the table's key attributes; the first attribute of an item unless given.
        stream_arn: of the table's stream.
        stream_view_type: ``NEW_AND_OLD_IMAGES``, ``NEW_IMAGE``, ``OLD_IMAGE`` or ``KEYS_ONLY``.
        at: when the table was changed.

    Raises:
        ValueError: there is an old item and several new ones, or an item lacks a key.
        TypeError: DynamoDB has no type for a value.

    Example:
        >>> change = dynamodb({"id": "7", "total": 3}, old={"id": "7", "total": 2})["Records"][0]
        >>> change["eventName"], change["dynamodb"]["NewImage"]["total"]
        ('MODIFY', {'N': '3'})
    """
    if old is not None and len(new) > 1:
        raise ValueError("old is what was there before the only new item: build an event each, and join their Records")
    changed = moment(at)
    items: list[Mapping[str, Any] | None] = [*new] or ([] if old is None else [None])
    records = []
    for number, item in enumerate(items):
        images = {name: typed_item(image) for name, image in (("NewImage", item), ("OldImage", old)) if image is not None}
        whole = next(iter(images.values()))
        names = keys or list(whole)[:1]
        if missing := [name for name in names if name not in whole]:
            raise ValueError(f"The item lacks its key {missing[0]!r}: {item or old}")
        record = {
            "eventID": id_of(number + 1).replace("-", ""),
            "eventName": "REMOVE" if item is None else "INSERT" if old is None else "MODIFY",
            "dynamodb": {
                "ApproximateCreationDateTime": changed,
                "Keys": {name: whole[name] for name in names},
                **{name: image for name, image in images.items() if stream_view_type in ("NEW_AND_OLD_IMAGES", _VIEW_TYPES[name])},
                "SequenceNumber": str(_FIRST_CHANGE + number),
                "StreamViewType": stream_view_type,
            },
        }
        records.append(event_record("dynamodb", record, source_arn=stream_arn))
    return event("dynamodb", records)


_VIEW_TYPES: Final = {"NewImage": "NEW_IMAGE", "OldImage": "OLD_IMAGE"}
