"""What AWS sends when it is done with an asynchronous event: to a destination, or to a dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fakelambda.domain.async_invocation import Condition
from fakelambda.domain.payloads import is_too_deep

_MAXIMUM_SIZES = {"sqs": 262_144, "sns": 262_144, "events": 262_144, "lambda": 1_048_576}
_MAXIMUM_ERROR_MESSAGE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What goes to one target.

    Args:
        target_arn: of a queue, topic, event bus, bucket or function.
        body: JSON; of a dead letter the event as it was sent.
        attributes: of the message: name, and data type with value.
        trace_header: for X-Ray, of what SQS takes along; None for a dead letter.
        envelope: what else the target's API is given: ``Source``, ``DetailType`` and ``Resources`` of an event bus, ``Key`` of a bucket.
    """

    target_arn: str
    body: str
    attributes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    trace_header: str | None = None
    envelope: Mapping[str, Any] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """That of the target, such as ``sqs``."""
        return self.target_arn.split(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an event came to.

    Args:
        function_arn: as it was invoked, always with a qualifier.
        payload: the event as it was sent.
        attempts: how often the function has run.
        executed_version: that of the last attempt; None where it never ran.
        response: the bytes of the last attempt; None where it never ran.
        failed: whether the last attempt did.
        at: aware datetime.
        trace_header: of the event.
    """

    request_id: str
    function_arn: str
    condition: Condition
    payload: bytes
    attempts: int
    executed_version: str | None
    response: bytes | None
    failed: bool
    at: datetime
    trace_header: str


def to_destination(result: Result, destination: str) -> Message:
    """The invocation record for a destination of an event-invoke configuration; without its payloads where it would be too large."""
    service = destination.split(":")[2]
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": result.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": result.request_id,
            "functionArn": result.function_arn,
            "condition": result.condition,
            "approximateInvokeCount": result.attempts,
        },
    }
    if result.response is not None:
        record["responseContext"] = {"statusCode": 200, "executedVersion": result.executed_version}
        if result.failed:
            record["responseContext"]["functionError"] = "Unhandled"
    try:
        body = _text(_with_payloads(record, result))
        fits = service not in _MAXIMUM_SIZES or len(body.encode()) <= _MAXIMUM_SIZES[service]
        fits = fits and not is_too_deep(body.encode())  # functions that are each other's destinations nest records ever deeper
    except RecursionError:
        fits = False
    return Message(
        target_arn=destination,
        body=body if fits else _text(record),
        trace_header=result.trace_header,
        envelope=_envelope(service, destination, result),
    )


def _with_payloads(record: dict[str, Any], result: Result) -> dict[str, Any]:
    """The whole record, in AWS's order."""
    ran = {name: value for name, value in record.items() if name == "responseContext"}
    whole = {**{name: value for name, value in record.items() if name not in ran}, "requestPayload": parsed(result.payload), **ran}
    return whole if result.response is None else {**whole, "responsePayload": parsed(result.response)}


def dead_letter(result: Result, target_arn: str) -> Message:
    """The message for the dead-letter queue of a version: the event, as it was sent."""
    ran = result.response is not None
    message = parsed(result.response).get("errorMessage", "") if result.response is not None else "Rate Exceeded."
    attributes = {
        "RequestID": ("String", result.request_id),
        "ErrorCode": ("Number", "200" if ran else "429"),
        "ErrorMessage": ("String", str(message)[:_MAXIMUM_ERROR_MESSAGE]),
    }
    attributes = {name: value for name, value in attributes.items() if value[1]}  # neither SQS nor SNS takes one without text
    sent = result.payload or b"{}"  # which is what nothing stands for, and queues take no empty body
    return Message(target_arn=target_arn, body=sent.decode("utf-8", "replace"), attributes=attributes)


def _envelope(service: str, destination: str, result: Result) -> dict[str, Any]:
    if service == "events":
        outcome = "Success" if result.condition == "Success" else "Failure"
        return {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {outcome}",
            "Resources": [destination, result.function_arn],
        }
    if service == "s3":
        name = result.function_arn.split(":")[6]
        return {"Key": f"aws/lambda/async/{name}/{result.at:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{result.request_id}"}
    return {}


def parsed(payload: bytes) -> Any:
    """The value of a payload, whose bytes are text where they are no JSON."""
    try:
        return json.loads(payload or b"{}")
    except ValueError:
        return payload.decode("utf-8", "replace")


def _text(record: Mapping[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)
