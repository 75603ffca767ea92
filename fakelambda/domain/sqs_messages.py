"""Messages of SQS: from the form of ``ReceiveMessage`` to that of Lambda's events, with the digests SQS gives them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from hashlib import md5
from typing import Any, Final

from fakelambda.domain.attribute_values import as_json
from fakelambda.domain.plain_events import plain_size
from fakelambda.domain.sources import Source, Substitutes, milliseconds

SENDER_ID: Final = "AIDAIENQZJOLO23YVJ4VO"
_MEMBERS: Final = {  # of an event's message, and of the queue's
    "messageId": "MessageId",
    "receiptHandle": "ReceiptHandle",
    "body": "Body",
    "attributes": "Attributes",
    "messageAttributes": "MessageAttributes",
    "md5OfMessageAttributes": "MD5OfMessageAttributes",
    "md5OfBody": "MD5OfBody",
}
_OF_QUEUES: Final = frozenset(_MEMBERS.values())
_NAMES: Final = 600
"""Characters of a message that are the same for all, at most, with those of a first receipt."""
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
_KNOWN_ATTRIBUTES: Final = frozenset(_ORDER_OF_ATTRIBUTES)
_TEXT: Final = frozenset({str})
_OF_STANDARD_QUEUES: Final = {"ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"}


def event_messages(source: Source) -> Callable[[Mapping[str, Any]], tuple[dict[str, Any], int]]:
    """What makes the message of an event of a message of a queue, with its members in AWS's order, and tells its `plain_size`.

    It raises:
        TypeError: the body of a message is no text.
        ValueError: a message lacks what only substitutes could give.
    """
    arn, region, substitutes = source.arn, source.region, source.substitutes
    is_fifo, same = arn.endswith(".fifo"), _NAMES + len(arn) + len(region)
    first_receipt = None if substitutes is None else _first_receipt(substitutes)

    def event_message(record: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        given = record if _OF_QUEUES.issuperset(record) else {_MEMBERS.get(name, name): value for name, value in record.items()}
        body = given.get("Body", "")
        if not isinstance(body, str):
            raise TypeError(f"The body of a message is text, json.dumps makes it of {body!r}")
        message_id = given.get("MessageId") or (substitutes or source.instead_of("MessageId")).new_id()
        handle = given.get("ReceiptHandle") or message_id
        attributes = given["Attributes"] if "Attributes" in given else first_receipt or _first_receipt(source.instead_of("Attributes"))
        if is_fifo:
            attributes = _numbered(attributes, message_id)
        named = given.get("MessageAttributes")
        message_attributes = {name: _message_attribute(value) for name, value in named.items()} if named else {}
        digest = given.get("MD5OfMessageAttributes") or (digest_of_message_attributes(message_attributes) if named else None)
        digest_of_body = given.get("MD5OfBody") or digest_of(body)
        message: dict[str, Any] = {
            "messageId": message_id,
            "receiptHandle": handle,
            "body": body,
            "attributes": first_receipt.copy() if first_receipt is attributes else _attributes(attributes),
            "messageAttributes": message_attributes,
            "md5OfMessageAttributes": digest,
            "md5OfBody": digest_of_body,
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": region,
        }
        if digest is None and not source.batching_window:
            del message["md5OfMessageAttributes"]
        is_plain = not named and (attributes is first_receipt or _KNOWN_ATTRIBUTES.issuperset(attributes))
        if given is not record:
            is_plain = _MEMBERS.keys() >= record.keys() and _TEXT.issuperset(map(type, (*record, *record.values())))
            if "messageId" in record or "body" in record:
                message |= record
        if not is_plain:
            return message, 0
        texts = message_id, handle, body, digest or "", digest_of_body
        return message, plain_size(same, texts if attributes is first_receipt else (*texts, *message["attributes"].values()))

    return event_message


def _numbered(given: Mapping[str, Any], message_id: str) -> Mapping[str, Any]:
    """The attributes of a message of a FIFO queue, which has a number. moto gives none to what it tells apart by content."""
    if "SequenceNumber" in given:
        return given
    return {**given, "SequenceNumber": f"{int(digest_of(message_id), 16) % 10**20:020d}"}  # the same at each receipt


def _attributes(given: Mapping[str, Any]) -> dict[str, str]:
    if given.keys() == _OF_STANDARD_QUEUES:  # as those of most messages
        return {
            "ApproximateReceiveCount": str(given["ApproximateReceiveCount"]),
            "SentTimestamp": str(given["SentTimestamp"]),
            "SenderId": str(given["SenderId"]),
            "ApproximateFirstReceiveTimestamp": str(given["ApproximateFirstReceiveTimestamp"]),
        }
    ordered = {name: str(given[name]) for name in _ORDER_OF_ATTRIBUTES if name in given}
    return ordered if len(ordered) == len(given) else ordered | {name: str(given[name]) for name in given if name not in ordered}


def _first_receipt(substitutes: Substitutes) -> dict[str, str]:
    """The attributes of a message that is received at once, and for the first time."""
    at = str(milliseconds(substitutes.at))
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
