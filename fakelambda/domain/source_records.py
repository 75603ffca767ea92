"""Records of event sources: what Lambda's events hold for what a source's own API returns, and what filter patterns see of it."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NoReturn

from fakelambda.domain import kinesis_records, sqs_messages
from fakelambda.domain.attribute_values import as_json, size_of
from fakelambda.domain.errors import InvalidParameterValueException
from fakelambda.domain.filters import Document, Filter, Text
from fakelambda.domain.plain_events import EventRecords, size_of_each
from fakelambda.domain.sources import FIRST_SHARD, Source, Substitutes, milliseconds, seconds

Record = Mapping[str, Any]


def event_record(
    service: str,
    record: Record,
    *,
    source_arn: str | None = None,
    role_arn: str | None = None,
    shard_id: str = FIRST_SHARD,
    batching_window: int = 0,
    substitutes: Substitutes | None = None,
) -> dict[str, Any]:
    """The record of Lambda's event for a record of a source.

    One that has the event's form already keeps what it has and gains what it lacks.

    Args:
        service: the source's, as its ARN names it, such as ``sqs``, or ``self-managed-kafka``, which has none.
        record: as ``ReceiveMessage`` or ``GetRecords`` returns it through boto3, bytes and datetimes included, or in the event's form.
        source_arn: of the queue, stream, cluster or broker.
        role_arn: of the function, which reads Kinesis streams by it.
        shard_id: of the stream's shard that the record comes from.
        batching_window: the mapping's ``MaximumBatchingWindowInSeconds``; messages without attributes say so only where there is one.
        substitutes: for what the record lacks.

    Raises:
        TypeError: the record is no dict, or its attributes are not typed as DynamoDB types them.
        ValueError: the record lacks what only substitutes could give, or Lambda reads no such source.
    """
    source = Source(service, source_arn or "", role_arn, shard_id, batching_window, substitutes)
    (made,) = event_records(source, (record,)).records
    return dict(made)


def event_records(source: Source, records: Iterable[Record]) -> EventRecords:
    """The records of Lambda's event for records of one source; see `event_record`. One that lacks nothing is what was given, no copy."""
    service = source.service
    if service not in _FORMS:
        raise ValueError(f"Lambda reads no records of {service!r}, but those of {', '.join(_FORMS)}")
    form, whole = _FORMS[service](source), _WHOLE.get(service)
    payload, identity, origin = whole or ("", "", "")
    made, sizes = list[dict[str, Any]](), list[int]()
    for record in records:
        if type(record) is not dict and not isinstance(record, Mapping):  # the first question is the cheap one
            raise TypeError(f"A record of {service} is a dict, as its API returns it or as Lambda's event holds it, not {record!r}")
        if whole and payload in record and identity in record and origin in record:
            members, size = record if isinstance(record, dict) else dict(record), 0
        else:
            members, size = form(record)
        made.append(members)
        sizes.append(size)
    return EventRecords(made, size_of_each(sizes))


def item_identifier(service: str, record: Record) -> str | None:
    """What ``batchItemFailures`` calls a record of an event: its message id or sequence number; None where the source has no such thing."""
    match service:
        case "sqs":
            return str(record["messageId"])
        case "kinesis":
            return str(record["kinesis"]["sequenceNumber"])
        case "dynamodb":
            return str(record["dynamodb"]["SequenceNumber"])
        case _:
            return None


def filterable(service: str, record: Record) -> Record:
    """What filter patterns see of a record of an event: its payload decoded, and parsed where it is JSON.

    Args:
        service: as for `event_record`.
        record: as `event_record` returns it.
    """
    match service:
        case "sqs":
            return {**record, "body": _parsed(record["body"])}
        case "kinesis":
            payload = record["kinesis"]
            metadata = {name: value for name, value in record.items() if name != "kinesis"}
            return {**metadata, **payload, "data": _decoded(payload.get("data"))}
        case "kafka" | "self-managed-kafka":
            return {**record, "key": _decoded(record.get("key")), "value": _decoded(record.get("value"))}
        case "mq":
            return {**record, "data": _decoded(record.get("data"))}
        case _:
            return record


def source_filter(service: str, patterns: Sequence[str]) -> Filter:
    """The filter of a mapping, given that the payload of Kinesis and DynamoDB cannot be asked for as text.

    Raises:
        InvalidParameterValueException: a pattern is malformed, or asks for it.
    """
    compiled = Filter(patterns)
    payload = {"kinesis": "data", "dynamodb": "dynamodb"}.get(service)
    if payload is not None and compiled.asks_for_text(payload):
        raise InvalidParameterValueException("Invalid filter pattern definition.")
    return compiled


def _change(record: Record, source: Source) -> dict[str, Any]:
    if "dynamodb" not in record:
        raise ValueError("A record of dynamodb needs dynamodb, with Keys and images")
    given = record["dynamodb"]
    parts = {name: given[name] for name in ("Keys", "NewImage", "OldImage") if given.get(name) is not None}
    identity = record.get("userIdentity")
    created = given.get("ApproximateCreationDateTime") or source.instead_of("ApproximateCreationDateTime").at
    return {
        "eventID": record.get("eventID") or source.instead_of("eventID").new_id().replace("-", ""),
        "eventName": record.get("eventName") or _kind_of_change(parts),
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": source.region,
        "dynamodb": {
            "ApproximateCreationDateTime": float(int(seconds(created))),
            **as_json(parts),
            "SequenceNumber": given.get("SequenceNumber") or source.instead_of("SequenceNumber").new_sequence_number(),
            # Not what the record says: emulators count its JSON. AWS counts as it does here.
            "SizeBytes": sum(size_of(part) for part in parts.values()),
            "StreamViewType": given.get("StreamViewType") or ("NEW_AND_OLD_IMAGES" if parts.keys() - {"Keys"} else "KEYS_ONLY"),
        },
        **({} if identity is None else {"userIdentity": {name[:1].lower() + name[1:]: value for name, value in identity.items()}}),
        "eventSourceARN": source.arn,
    }


def _kind_of_change(parts: Iterable[str]) -> str:
    return {(True, False): "INSERT", (False, True): "REMOVE"}.get(("NewImage" in parts, "OldImage" in parts), "MODIFY")


def _kafka(record: Record, source: Source) -> dict[str, Any]:
    if "topic" not in record:
        raise ValueError(f"A record of {source.service} needs topic")
    timestamp = record.get("timestamp")
    if timestamp is None:
        timestamp = source.instead_of("timestamp").at
    offset = record.get("offset")
    whole = {
        "topic": record["topic"],
        "partition": record.get("partition", 0),
        "offset": int(source.instead_of("offset").new_sequence_number()) if offset is None else offset,
        "timestamp": milliseconds(timestamp) if isinstance(timestamp, datetime) else timestamp,
        "timestampType": record.get("timestampType", "CREATE_TIME"),
        "key": as_json(record.get("key")),
        "value": as_json(record.get("value")),
        "headers": [_header(header) for header in record.get("headers", ())],
    }
    return whole | {name: value for name, value in record.items() if name not in whole}


def _header(header: Mapping[str, Any] | tuple[str, Any]) -> dict[str, list[int]]:
    """A header: its value is bytes, which Java says are signed."""
    pairs = header.items() if isinstance(header, Mapping) else (header,)
    return {name: [byte - 256 if byte > 127 else byte for byte in value] for name, value in pairs}  # noqa: PLR2004 - the largest


_ORDER_OF_MQ: Final = (
    *("messageID", "messageType", "deliveryMode", "replyTo", "type", "expiration", "priority", "correlationId", "redelivered"),
    *("destination", "data", "timestamp", "brokerInTime", "brokerOutTime", "properties"),
)


def _mq(record: Record, source: Source) -> dict[str, Any]:
    if "data" not in record:
        raise ValueError("A record of mq needs data")
    given = {**record, "data": as_json(record["data"])}
    if is_rabbitmq(record):
        return {"basicProperties": given["basicProperties"], "redelivered": False} | given
    given.setdefault("messageType", "jms/text-message")
    if "messageID" not in given:
        given["messageID"] = f"ID:{source.instead_of('messageID').new_id()}"
    ordered = [name for name in _ORDER_OF_MQ if name in given]
    return {name: given[name] for name in (*ordered, *(name for name in given if name not in ordered))}


def is_rabbitmq(record: Record) -> bool:
    """Whether a record of Amazon MQ is one of RabbitMQ, not of ActiveMQ."""
    return "basicProperties" in record


def _document(record: Record, _: Source) -> dict[str, Any]:
    return {"event": as_json(record.get("event", record))}


_WHOLE: Final = {  # members by which a record is known that lacks nothing
    "sqs": ("body", "messageId", "eventSourceARN"),
    "kinesis": ("kinesis", "eventID", "eventSourceARN"),
    "dynamodb": ("dynamodb", "eventID", "eventSourceARN"),
}
_FORMS: Final[dict[str, Callable[[Source], Callable[[Record], tuple[dict[str, Any], int]]]]] = {
    "sqs": sqs_messages.event_messages,
    "kinesis": kinesis_records.event_records,
    "dynamodb": lambda source: lambda record: (_change(record, source), 0),
    "kafka": lambda source: lambda record: (_kafka(record, source), 0),
    "self-managed-kafka": lambda source: lambda record: (_kafka(record, source), 0),
    "mq": lambda source: lambda record: (_mq(record, source), 0),
    "rds": lambda source: lambda record: (_document(record, source), 0),  # so do the ARNs of DocumentDB clusters say
}


def _decoded(value: Any) -> Any:
    """The payload that an event holds in base64, parsed where it is JSON."""
    try:
        return _parsed(b64decode(value, validate=True).decode()) if isinstance(value, str) else value
    except ValueError:
        return Text(value)  # it is no text at all: no pattern that asks for JSON fits


def _parsed(text: Any) -> Any:
    """The value of JSON; plain text as it is. Patterns that ask for the other form drop the record."""
    if not isinstance(text, str):
        return text
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return Text(text)
    return Document(value) if isinstance(value, dict) else value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
