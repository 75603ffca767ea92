"""Invocations, synchronous and asynchronous."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from fakelambda.domain import payloads, xray
from fakelambda.domain.errors import InvalidRequestContentException
from fakelambda.domain.functions import check_invocable
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
    with call.service.lock:
        found, version = call.version(function, default=LATEST)
        if invocation_type == "DryRun":
            check_invocable(version)
        else:
            running.admit(call.service, found, version)
    payloads.check_size(payload, invocation_type)
    event = payloads.decode(payload)
    request = Request(
        reference=function,
        request_id=call.request_id,
        invocation_type=invocation_type,
        payload=payload,
        event=event,
        sent_at=call.now,
        client_context=_client_context(client_context),
        upstream=_upstream(call),
    )
    if invocation_type == "DryRun":
        return {"StatusCode": 204, "Payload": b""}
    if invocation_type == "Event":
        asynchronous.queue(call.service, request)
        return {"StatusCode": 202, "Payload": b""}
    ran, executed_version = running.run(call.service, request, call.now)
    running.reraise(call.service, ran)
    return {
        "StatusCode": 200,
        "FunctionError": "Unhandled" if ran.outcome.error_payload is not None else None,
        "LogResult": base64.b64encode(ran.log.tail()).decode() if log_type == "Tail" else None,
        "ExecutedVersion": executed_version,
        "Payload": ran.outcome.payload,
    }


@operation("InvokeAsync", locked=False)
def invoke_async(call: Call, *, function: FunctionReference, invoke_args: bytes) -> Answer:
    """InvokeAsync: the deprecated way to queue an event."""
    with call.service.lock:
        running.admit(call.service, *call.version(function, default=LATEST))
    payloads.check_size(invoke_args, "Event")
    event = payloads.decode(invoke_args)
    request = Request(
        reference=function,
        request_id=call.request_id,
        invocation_type="Event",
        payload=invoke_args,
        event=event,
        sent_at=call.now,
        upstream=_upstream(call),
    )
    asynchronous.queue(call.service, request)
    return {"Status": 202}


def _upstream(call: Call) -> Trace | None:
    """The trace that a call comes with: of the header that its client was given, else of where it was made, as botocore would send it."""
    header = call.headers.get("X-Amzn-Trace-Id") or call.headers.get("x-amzn-trace-id") or environ.trace_header()
    return running.trace() if header is None else xray.parsed(header)


def _client_context(text: str | None) -> Any:
    """The object that a caller sent beside its event."""
    if text is None:
        return None
    try:
        context = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        context = None
    if not isinstance(context, dict):
        raise InvalidRequestContentException("Client context must be a valid Base64-encoded JSON object.")
    return context
