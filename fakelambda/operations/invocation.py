"""Invocations, synchronous and asynchronous."""

from __future__ import annotations

import base64
import binascii
import json
from codecs import BOM_UTF8
from typing import Any

from fakelambda.domain import payloads, xray
from fakelambda.domain.errors import InvalidRequestContentException
from fakelambda.domain.functions import check_invocable
from fakelambda.domain.lifecycle import State
from fakelambda.domain.names import LATEST, FunctionReference
from fakelambda.domain.xray import Trace
from fakelambda.inspection.records import InvocationType
from fakelambda.operations import asynchronous, running
from fakelambda.operations.call import Answer, Call, operation
from fakelambda.operations.running import Request
from fakelambda.runtime import environ


@operation("Invoke", locked=False)
def invoke(
    call: Call,
    *,
    function: FunctionReference,
    invocation_type: InvocationType = "RequestResponse",
    log_type: str = "None",
    client_context: str | None = None,
    payload: bytes = b"",
) -> Answer:
    """Invoke: runs the handler now, later (``Event``), or only checks that it could (``DryRun``)."""
    service, now = call.service, call.now
    _admit(call, function, is_dry=invocation_type == "DryRun")
    payloads.check_size(payload, invocation_type)
    event = payloads.decode(payload)
    sent_along = None if client_context is None else _client_context(client_context)
    request = Request(function, call.request_id, invocation_type, payload, now, None, sent_along, 1, _upstream(call))
    if invocation_type == "DryRun":
        return {"StatusCode": 204, "Payload": b""}
    if invocation_type == "Event":
        asynchronous.queue(service, request)
        return {"StatusCode": 202, "Payload": b""}
    if not payload.startswith(BOM_UTF8):  # which the service takes and the runtime refuses
        request.event = event
    ran, executed_version = running.run(service, request, now)
    answer: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": executed_version, "Payload": ran.outcome.payload}
    if ran.outcome.error_payload is not None:
        running.reraise(service, ran)
        answer["FunctionError"] = "Unhandled"
    if log_type == "Tail":
        answer["LogResult"] = base64.b64encode(ran.log.tail()).decode()
    return answer


@operation("InvokeAsync", locked=False)
def invoke_async(call: Call, *, function: FunctionReference, invoke_args: bytes) -> Answer:
    """InvokeAsync: the deprecated way to queue an event, which is smaller and gets no trace from its caller."""
    _admit(call, function, is_dry=False)
    payloads.check_size(invoke_args, "Event", payloads.INVOKE_ASYNC_LIMIT)
    payloads.decode(invoke_args)
    asynchronous.queue(call.service, Request(function, call.request_id, "Event", invoke_args, call.now, upstream=None))
    return {"Status": 202}


def _admit(call: Call, function: FunctionReference, *, is_dry: bool) -> None:
    """Refuses what cannot be invoked; only what is not Active needs the lock, as it may begin to come back."""
    _, version = call.version(function, default=LATEST)
    if version.life.state is State.ACTIVE:
        return
    if is_dry:  # nothing changes
        check_invocable(version)
        return
    with call.service.lock:
        running.admit(call.service, *call.version(function, default=LATEST))


def _upstream(call: Call) -> Trace | None:
    """The trace that a call comes with: of the header that its client was given, else of where it was made, as botocore would send it."""
    header = call.headers.get("X-Amzn-Trace-Id") or call.headers.get("x-amzn-trace-id") or environ.trace_header()
    return running.trace() if header is None else xray.parsed(header)


def _client_context(text: str) -> Any:
    """The object that a caller sent beside its event."""
    try:
        context = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        context = None
    if not isinstance(context, dict):
        raise InvalidRequestContentException("Client context must be a valid Base64-encoded JSON object.")
    return context
