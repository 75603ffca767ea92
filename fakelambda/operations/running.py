"""Running handlers: the one road on which user code runs, between two steps under the lock and never inside one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from fakelambda.domain import concurrency, lifecycle, recursion, xray
from fakelambda.domain.errors import ResourceNotFoundException
from fakelambda.domain.functions import Function, FunctionConfiguration, check_invocable
from fakelambda.domain.lifecycle import State
from fakelambda.domain.names import LATEST, FunctionReference
from fakelambda.domain.provisioned_concurrency import INITIALIZATION_TYPE
from fakelambda.domain.xray import Trace
from fakelambda.inspection.records import Invocation, InvocationType
from fakelambda.operations import transitions
from fakelambda.operations.call import Service
from fakelambda.runtime import environ
from fakelambda.runtime.runner import Execution, Ran

_trace: ContextVar[Callable[[], Trace] | None] = ContextVar("fakelambda_trace", default=None)
"""Tells the trace of the invocation that this thread or task is in; None outside."""


def trace() -> Trace | None:
    """The trace of the invocation that this thread or task is in; None outside.

    It is what botocore would send along from there: the header in the variables of deployed code, which may have changed it.
    """
    tell = _trace.get()
    if tell is None:
        return None
    header = environ.trace_header()
    return tell() if header is None else xray.parsed(header)


@contextmanager
def continuing(continued: Trace | None) -> Iterator[None]:
    """What is invoked or sent inside belongs to a trace; to none, where the clock is moved in an invocation that has no part in it."""
    token = _trace.set(None if continued is None else lambda: continued)
    try:
        yield
    finally:
        _trace.reset(token)


@dataclass(slots=True, kw_only=True)
class Request:
    """An event on its way to a handler.

    Args:
        payload: the bytes as the caller sent them.
        event: what they mean, for the record; the bytes themselves where nobody has parsed them yet.
        sent_at: aware datetime of the call.
        attempt: 1 for the first run of the event.
        upstream: the trace that it brings along; by default that of the invocation in which the request is made.
    """

    reference: FunctionReference
    request_id: str
    invocation_type: InvocationType
    payload: bytes
    event: Any
    sent_at: datetime
    client_context: Any = None
    attempt: int = 1
    upstream: Trace | None = field(default_factory=trace)


def run(service: Service, request: Request, started_at: datetime) -> tuple[Ran, str]:
    """Runs a handler once and records it.

    Returns:
        What came of it, and the version that ran.

    Raises:
        ResourceNotFoundException: there is no such function, version or alias.
        ResourceConflictException: it cannot be invoked now.
        TooManyRequestsException: no concurrency is left for it.
        RecursiveInvocationException: it has been invoked in a loop.
        NotModelled: it cannot run here.
    """
    reference = request.reference
    with service.lock:
        function, configuration, place_taken = _chosen(service, reference)
        recursion.check_lineage(function, request.upstream)
        running = service.running[reference.account_id, reference.region]
        running[place_taken] = running.get(place_taken, 0) + 1
        place = service.invocations.begin()
        use = service.uses.get((function.identity, configuration.version)) if service.uses else None
        if use is not None:
            use.running += 1
    tell = partial(trace_of, request, configuration)
    execution = Execution(
        function=function,
        configuration=configuration,
        qualifier=reference.qualifier,
        payload=request.payload or b"{}",  # what AWS gives to a handler when nothing was sent [recorded]
        request_id=request.request_id,
        invoked_function_arn=reference.qualified_arn(),
        client_context=request.client_context,
        started_at=started_at,
        trace=tell,
        initialization_type=configuration.initialization_type if place_taken == function.name else INITIALIZATION_TYPE,
    )
    token = _trace.set(tell)
    try:
        ran = service.runner.run(execution)
    finally:
        _trace.reset(token)
        with service.lock:
            left = running.pop(place_taken) - 1
            if left:
                running[place_taken] = left
            if use is not None:
                use.running, use.since = use.running - 1, service.world.elapsed
    service.invocations.end(place, partial(_record, request, configuration, started_at, ran))
    service.neighbours.put_log_events(reference.region, ran.log_group_name, ran.log_stream_name, ran.log)
    return ran, configuration.version


def trace_of(request: Request, configuration: FunctionConfiguration) -> Trace:
    """The trace of an invocation, of all attempts of its event and of what is sent in the end.

    Args:
        configuration: the version that runs.
    """
    return xray.continued(
        request.upstream,
        function_arn=request.reference.arn(),
        request_id=request.request_id,
        sent_at=request.sent_at,
        tracing_config=configuration.tracing_config,
    )


def reraise(service: Service, ran: Ran) -> None:
    """Raises what ended a handler, where the fake was told that such exceptions fail the test."""
    if isinstance(ran.outcome.error, service.reraise):
        raise ran.outcome.error


def _record(request: Request, configuration: FunctionConfiguration, started_at: datetime, ran: Ran, place: int) -> Invocation:
    outcome = ran.outcome
    return Invocation(
        function_name=configuration.function_name,
        qualifier=request.reference.qualifier,
        executed_version=configuration.version,
        invocation_type=request.invocation_type,
        given=request.event,
        outcome=outcome,
        request_id=request.request_id,
        log=ran.log,
        attempt=request.attempt,
        started_at=started_at,
        duration=ran.duration,
        cold_start=outcome.cold_start,
        place=place,
    )


def _chosen(service: Service, reference: FunctionReference) -> tuple[Function, FunctionConfiguration, str]:
    """The function and the version that serves the next invocation of what was named: by force, by weight, or the only one.

    With it the place that it takes in ``Service.running``.
    """
    shelf = service.state.functions(reference.account_id, reference.region)
    function = shelf.get(reference.name)
    if function is None:
        raise _not_found(reference)
    version, forced = reference.qualifier or LATEST, None
    alias = function.aliases.get(version)
    if alias is not None:
        forced = service.routes.get((reference.account_id, reference.region, reference.name, alias.name))
        if forced:
            version = forced[0]
        else:
            version = alias.choose(service.world.roll()) if alias.additional_version_weights else alias.function_version
    running = service.running[reference.account_id, reference.region]
    place = f"{function.name}:{version}"
    if running.get(place, 0) >= function.provisioned(version):
        concurrency.check_admission(function, running, lambda: shelf.starting_at(""))
        place = function.name
    if forced:
        forced.pop(0)  # not by an invocation that is throttled: it comes again
    configuration = function.version(version)
    if configuration is None:
        raise _not_found(reference)
    admit(service, function, configuration)
    return function, function.serving(configuration), place


def admit(service: Service, function: Function, configuration: FunctionConfiguration) -> None:
    """Refuses to invoke a version that cannot run now; one that is Inactive begins to come back. Call it under the lock.

    Raises:
        ServiceError: it is not Active.
    """
    if configuration.life.state is not State.ACTIVE:
        if lifecycle.can(configuration.life, lifecycle.Event.INVOKE):
            transitions.restore_later(service, function, configuration.version)
        check_invocable(configuration)


def _not_found(reference: FunctionReference) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Function not found: {reference.qualified_arn(LATEST)}")
