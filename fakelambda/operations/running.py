"""Running handlers: the one road on which user code runs, between two steps under the lock and never inside one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from fakelambda.domain import concurrency, lifecycle
from fakelambda.domain.errors import ResourceNotFoundException
from fakelambda.domain.functions import Function, FunctionConfiguration
from fakelambda.domain.names import LATEST, FunctionReference
from fakelambda.inspection.records import Invocation, InvocationType
from fakelambda.operations.call import Service
from fakelambda.runtime.runner import Execution, Ran


@dataclass(slots=True, kw_only=True)
class Request:
    """An event on its way to a handler.

    Args:
        payload: the bytes as the caller sent them.
        event: what they mean, for the record.
        sent_at: aware datetime of the call.
        attempt: 1 for the first run of the event.
    """

    reference: FunctionReference
    request_id: str
    invocation_type: InvocationType
    payload: bytes
    event: Any
    sent_at: datetime
    client_context: Any = None
    attempt: int = 1


def run(service: Service, request: Request, started_at: datetime) -> tuple[Ran, str]:
    """Runs a handler once and records it.

    Returns:
        What came of it, and the version that ran.

    Raises:
        ResourceNotFoundException: there is no such function, version or alias.
        ResourceConflictException: it cannot be invoked now.
        TooManyRequestsException: no concurrency is left for it.
        NotModelled: it cannot run here.
    """
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
        sent_at=request.sent_at,
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
    return ran, configuration.version


def reraise(service: Service, ran: Ran) -> None:
    """Raises what ended a handler, where the fake was told that such exceptions fail the test."""
    if isinstance(ran.outcome.error, service.reraise):
        raise ran.outcome.error


def _record(request: Request, configuration: FunctionConfiguration, started_at: datetime, ran: Ran) -> Invocation:
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
