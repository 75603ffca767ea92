"""Invocations: the one road on which user code runs, between two steps under the lock and never inside one."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from fakelambda.domain import concurrency, lifecycle, payloads
from fakelambda.domain.errors import (
    InvalidRequestContentException,
    ResourceConflictException,
    ResourceNotFoundException,
    TooManyRequestsException,
)
from fakelambda.domain.functions import Function, FunctionConfiguration
from fakelambda.domain.names import LATEST, FunctionReference
from fakelambda.inspection.records import Invocation, InvocationType
from fakelambda.operations.call import Answer, Call, Service, operation
from fakelambda.runtime.runner import Execution, Ran

_AT_ONCE = timedelta(0)
_FIRST_BACK_OFF, _LONGEST_BACK_OFF = timedelta(seconds=1), timedelta(minutes=5)


@dataclass(slots=True, kw_only=True)
class _Request:
    """An event on its way to a handler.

    Args:
        payload: the bytes as the caller sent them.
        event: what they mean, for the record.
        attempt: 1 for the first run of the event.
    """

    reference: FunctionReference
    request_id: str
    invocation_type: InvocationType
    payload: bytes
    event: Any
    client_context: Any = None
    attempt: int = 1


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
        _, version = call.version(function, default=LATEST)
    lifecycle.check_invocable(version.life)
    payloads.check_size(payload, invocation_type)
    event = payloads.decode(payload)
    request = _Request(
        reference=function,
        request_id=call.request_id,
        invocation_type=invocation_type,
        payload=payload,
        event=event,
        client_context=_client_context(client_context),
    )
    if invocation_type == "DryRun":
        return {"StatusCode": 204, "Payload": b""}
    if invocation_type == "Event":
        _later(call.service, request)
        return {"StatusCode": 202, "Payload": b""}
    ran, executed_version = _run(call.service, request, call.now)
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
        _, version = call.version(function, default=LATEST)
    lifecycle.check_invocable(version.life)
    payloads.check_size(invoke_args, "Event")
    event = payloads.decode(invoke_args)
    _later(
        call.service,
        _Request(reference=function, request_id=call.request_id, invocation_type="Event", payload=invoke_args, event=event),
    )
    return {"Status": 202}


def _later(service: Service, request: _Request, delay: timedelta = _AT_ONCE) -> None:
    """Queues an event; one that finds no concurrency left or its version not ready goes back into the queue and waits longer each time."""

    def run() -> None:
        try:
            _run(service, request, service.world.now())
        except ResourceNotFoundException:
            return  # the function was deleted while the event waited: AWS drops it
        except (TooManyRequestsException, ResourceConflictException):
            if not _is_blocked(service, request.reference):  # AWS drops the events of a function that may never run
                _later(service, request, min(max(delay * 2, _FIRST_BACK_OFF), _LONGEST_BACK_OFF))

    service.schedule.add(
        delay,
        run,
        kind="asynchronous invocation",
        function_name=request.reference.name,
        detail=f"{request.reference.qualifier or LATEST} {request.request_id}",
        runs_user_code=True,
    )


def _is_blocked(service: Service, reference: FunctionReference) -> bool:
    function = service.state.functions(reference.account_id, reference.region).get(reference.name)
    return function is not None and function.reserved_concurrent_executions == 0


def _run(service: Service, request: _Request, started_at: datetime) -> tuple[Ran, str]:
    """Runs a handler once and records it; what came of it and the version that ran."""
    reference = request.reference
    with service.lock:
        function, configuration = _chosen(service, reference)
        running = service.running[reference.account_id, reference.region]
        running[function.name] = running.get(function.name, 0) + 1
        place = service.invocations.begin()
    execution = Execution(
        function=function,
        configuration=configuration,
        qualifier=reference.qualifier,
        payload=request.payload or b"{}",  # what AWS gives to a handler when nothing was sent [recorded]
        request_id=request.request_id,
        invoked_function_arn=reference.qualified_arn(),
        client_context=request.client_context,
        started_at=started_at,
    )
    try:
        ran = service.runner.run(execution)
    finally:
        with service.lock:
            left = running.pop(function.name) - 1
            if left:
                running[function.name] = left
    service.invocations.end(place, partial(_record, request, configuration, started_at, ran))
    service.neighbours.put_log_events(reference.region, ran.log_group_name, ran.log_stream_name, ran.log)
    if isinstance(ran.outcome.error, service.reraise):
        raise ran.outcome.error
    return ran, configuration.version


def _record(request: _Request, configuration: FunctionConfiguration, started_at: datetime, ran: Ran) -> Invocation:
    outcome = ran.outcome
    return Invocation(
        function_name=configuration.function_name,
        qualifier=request.reference.qualifier,
        executed_version=configuration.version,
        invocation_type=request.invocation_type,
        event=request.event,
        outcome=outcome,
        request_id=request.request_id,
        log=ran.log,
        attempt=request.attempt,
        started_at=started_at,
        duration=ran.duration,
        cold_start=outcome.cold_start,
    )


def _chosen(service: Service, reference: FunctionReference) -> tuple[Function, FunctionConfiguration]:
    """The function and the version that serves the next invocation of what was named: by force, by weight, or the only one."""
    shelf = service.state.functions(reference.account_id, reference.region)
    function = shelf.get(reference.name)
    if function is None:
        raise _not_found(reference)
    concurrency.check_admission(
        function.reserved_concurrent_executions,
        service.running[reference.account_id, reference.region],
        function.name,
        lambda: {
            other.name: other.reserved_concurrent_executions
            for other in shelf.starting_at("")
            if other.reserved_concurrent_executions is not None
        },
    )
    version = reference.qualifier or LATEST
    alias = function.aliases.get(version)
    if alias is not None:
        forced = service.routes.get((reference.account_id, reference.region, reference.name, alias.name))
        if forced:
            version = forced.pop(0)
        else:
            version = alias.choose(service.world.roll()) if alias.additional_version_weights else alias.function_version
    configuration = function.version(version)
    if configuration is None:
        raise _not_found(reference)
    lifecycle.check_invocable(configuration.life)
    return function, function.running or configuration if version == LATEST else configuration


def _not_found(reference: FunctionReference) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Function not found: {reference.qualified_arn(LATEST)}")


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
