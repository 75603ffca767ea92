"""Messages of SQS: from the form of ``ReceiveMessage`` to that of Lambda's events, with the digests SQS gives them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from hashlib import md5
from typing import Any, Final

from fakelambda.domain.attribute_values import as_json
from fakelambda.domain.sources import Source, milliseconds

SENDER_ID: Final = "AIDAIENQZJOLO23YVJ4VO"
_IN_EVENTS: Final = {
    "MessageId": "messageId",
    "ReceiptHandle": "receiptHandle",
    "Body": "body",
    "Attributes": "attributes",
    "MessageAttributes": "messageAttributes",
    "MD5OfMessageAttributes": "md5OfMessageAttributes",
    "MD5OfBody": "md5OfBody",
}
_ORDER_OF_ATTRIBUTES: Final = (
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "SentTimestamp",
    "SequenceNumber",
    "MessageGroupId",
    "SenderId",
    "MessageDeduplicationId",
    "ApproximateFirstReceiveTimestamp",
)
_OF_STANDARD_QUEUES: Final = {"ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"}


def event_message(record: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """A message as an event holds it, with its members in AWS's order.

    Raises:
        TypeError: its body is no text.
        ValueError: it lacks what only substitutes could give.
    """
    given = {_IN_EVENTS.get(name, name): value for name, value in record.items()}
    body = given.get("body", "")
    if not isinstance(body, str):
        raise TypeError(f"The body of a message is text, json.dumps makes it of {body!r}")
    message_id = given.get("messageId") or source.instead_of("MessageId").new_id()
    attributes = given.get("messageAttributes")
    message_attributes = {name: _message_attribute(value) for name, value in attributes.items()} if attributes else {}
    digest = given.get("md5OfMessageAttributes") or digest_of_message_attributes(message_attributes)
    message = {
        "messageId": message_id,
        "receiptHandle": given.get("receiptHandle") or message_id,
        "body": body,
        "attributes": _attributes(_numbered(given["attributes"] if "attributes" in given else _first_receipt(source), source, message_id)),
        "messageAttributes": message_attributes,
        "md5OfMessageAttributes": digest,
        "md5OfBody": given.get("md5OfBody") or digest_of(body),
        "eventSource": "aws:sqs",
        "eventSourceARN": source.arn,
        "awsRegion": source.region,
    }
    if digest is None and not source.batching_window:
        del message["md5OfMessageAttributes"]
    return {**message, **record} if "messageId" in record or "body" in record else message


def _numbered(given: Mapping[str, Any], source: Source, message_id: str) -> Mapping[str, Any]:
    """The attributes of a message, which has a number in a FIFO queue. moto gives none to what it tells apart by content."""
    if not source.arn.endswith(".fifo") or "SequenceNumber" in given:
        return given
    return {**given, "SequenceNumber": f"{int(digest_of(message_id), 16) % 10**20:020d}"}  # the same at each receipt


def _attributes(given: Mapping[str, Any]) -> dict[str, str]:
    if given.keys() == _OF_STANDARD_QUEUES:  # of most messages
        return {
            "ApproximateReceiveCount": str(given["ApproximateReceiveCount"]),
            "SentTimestamp": str(given["SentTimestamp"]),
            "SenderId": str(given["SenderId"]),
            "ApproximateFirstReceiveTimestamp": str(given["ApproximateFirstReceiveTimestamp"]),
        }
    ordered = {name: str(given[name]) for name in _ORDER_OF_ATTRIBUTES if name in given}
    return ordered if len(ordered) == len(given) else ordered | {name: str(given[name]) for name in given if name not in ordered}


def _first_receipt(source: Source) -> dict[str, str]:
    """The attributes of a message that is received at once, and for the first time."""
    at = str(milliseconds(source.instead_of("Attributes").at))
    return {"ApproximateReceiveCount": "1", "SentTimestamp": at, "SenderId": SENDER_ID, "ApproximateFirstReceiveTimestamp": at}


def _message_attribute(given: Mapping[str, Any]) -> dict[str, Any]:
    value = {name[:1].lower() + name[1:]: as_json(item) for name, item in given.items()}
    return {
        **{name: value[name] for name in ("stringValue", "binaryValue") if value.get(name) is not None},
        "stringListValues": value.get("stringListValues", []),
        "binaryListValues": value.get("binaryListValues", []),
        "dataType": value.get("dataType", "Binary" if "binaryValue" in value else "String"),
    }


def digest_of(body: str) -> str:
    """The MD5 of a message's body, as SQS gives it."""
    return md5(body.encode(), usedforsecurity=False).hexdigest()


def digest_of_message_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The MD5 of message attributes, which are in the event's form, as SQS gives it; None where there are none."""
    if not attributes:
        return None
    digest = md5(usedforsecurity=False)
    for name, attribute in sorted(attributes.items()):
        binary = "binaryValue" in attribute
        value = b64decode(attribute["binaryValue"]) if binary else attribute.get("stringValue", "").encode()
        for part in (name.encode(), attribute["dataType"].encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        digest.update((b"\x02" if binary else b"\x01") + len(value).to_bytes(4, "big") + value)
    return digest.hexdigest()
