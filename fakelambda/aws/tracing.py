"""Tracing headers on the messages that handlers put into queues, as SQS takes them from the HTTP request of the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakelambda.operations import running

if TYPE_CHECKING:
    from botocore.client import BaseClient

_MEMBER, _ATTRIBUTE = "MessageSystemAttributes", "AWSTraceHeader"


def hook(client: BaseClient) -> None:
    """Makes a client of SQS send the trace of the invocation along that it is called in; outside of one it stays as it is."""
    for operation, handler in {"SendMessage": _add_to_message, "SendMessageBatch": _add_to_batch}.items():
        client.meta.events.register(f"before-parameter-build.sqs.{operation}", handler, unique_id=f"fakelambda-trace-{operation}")


def _add_to_message(params: dict[str, Any], **_: Any) -> None:
    header = _header()
    if header is not None:
        params[_MEMBER] = {**header, **params.get(_MEMBER, {})}


def _add_to_batch(params: dict[str, Any], **_: Any) -> None:
    header = _header()
    if header is not None and "Entries" in params:  # botocore says so where they are missing
        params["Entries"] = [{**entry, _MEMBER: {**header, **entry.get(_MEMBER, {})}} for entry in params["Entries"]]


def _header() -> dict[str, Any] | None:
    trace = running.trace()
    return None if trace is None else {_ATTRIBUTE: {"DataType": "String", "StringValue": trace.header()}}
