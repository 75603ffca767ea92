"""Tracing headers on the messages that handlers put into queues, as SQS takes them from the HTTP request of the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakelambda.domain.xray import Trace
from fakelambda.operations import running

if TYPE_CHECKING:
    from botocore.client import BaseClient

_MEMBER, _ATTRIBUTE = "MessageSystemAttributes", "AWSTraceHeader"


def hook(client: BaseClient) -> None:
    """Makes a client of SQS send the trace of the invocation along that it is called in; outside of one it stays as it is."""
    for operation, handler in {"SendMessage": _add_to_message, "SendMessageBatch": _add_to_batch}.items():
        client.meta.events.register(f"before-parameter-build.sqs.{operation}", handler, unique_id=f"fakelambda-trace-{operation}")


def _add_to_message(params: dict[str, Any], **_: Any) -> None:
    trace = running.trace()
    if trace is not None:
        params.update(_traced(params, trace))


def _add_to_batch(params: dict[str, Any], **_: Any) -> None:
    trace, entries = running.trace(), params.get("Entries")
    if trace is not None and isinstance(entries, list):
        params["Entries"] = [_traced(entry, trace) for entry in entries]


def _traced(message: Any, trace: Trace) -> Any:
    """A message with the trace; one that has another is left alone, and so is what is none: botocore says so."""
    attributes = message.get(_MEMBER, {}) if isinstance(message, dict) else None
    if not isinstance(attributes, dict) or _ATTRIBUTE in attributes:
        return message
    return {**message, _MEMBER: {**attributes, _ATTRIBUTE: {"DataType": "String", "StringValue": trace.header()}}}
