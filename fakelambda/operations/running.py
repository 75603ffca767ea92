"""Running handlers: the one road on which user code runs, between two steps under the lock and never inside one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from fakelambda.domain import concurrency, lifecycle, recursion, xray
from fakelambda.domain.errors import ResourceNotFoundException
from fakelambda.domain.functions import Function, FunctionConfiguration, check_invocable
from fakelambda.domain.lifecycle import State
from fakelambda.domain.names import LATEST, FunctionReference
from fakelambda.domain.plain_events import PlainEvent
from fakelambda.domain.provisioned_concurrency import INITIALIZATION_TYPE
from fakelambda.domain.xray import Trace
from fakelambda.inspection.records import InvocationType
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


@dataclass(slots=True)
class Request:
    """An event on its way to a handler.

    Args:
        payload: the bytes as the caller sent them, or what makes them when somebody asks.
        sent_at: aware datetime of the call.
        event: what the payload means, which the handler keeps; None where nobody has parsed it.
        attempt: 1 for the first run of the event.
        upstream: the trace that it brings along; by default that of the invocation in which the request is made.
    """

    reference: FunctionReference
    request_id: str
    invocation_type: InvocationType
    payload: bytes | PlainEvent
    sent_at: datetime
    event: Any = None
    client_context: Any = None
    attempt: int = 1
    upstream: Trace | None = field(default_factory=trace)


class _Choice(NamedTuple):
    """What serves an invocation.

    Args:
        configuration: the version that runs.
        place: that the invocation takes in ``Service.running``.
        invoked_function_arn: as the caller named it.
        initialization_type: the kind of environment it runs in.
    """

    configuration: FunctionConfiguration
    place: str
    invoked_function_arn: str
    initialization_type: str


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
        function, (configuration, place_taken, invoked_function_arn, initialization_type) = _chosen(service, reference)
        if request.upstream is not None:
            recursion.check_lineage(function, request.upstream)
        running = service.running[reference.account_id, reference.region]
        running[place_taken] = running.get(place_taken, 0) + 1
        place = service.invocations.begin()
        use = service.uses.get((function.identity, configuration.version)) if service.uses else None
        if use is not None:
            use.running += 1
    trace = partial(trace_of, request, configuration)
    execution = Execution(  # by place, as a dozen keywords take longer than many handlers
        function,
        configuration,
        reference.qualifier,
        request.payload or b"{}" if request.event is None else request.event,  # what AWS gives to a handler for nothing [recorded]
        request.request_id,
        invoked_function_arn,
        request.client_context,
        started_at,
        trace,
        initialization_type,
    )
    token = _trace.set(trace)
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
    executed, kind = configuration.version, request.invocation_type
    payload = (request.payload.packed,) if isinstance(request.payload, PlainEvent) else request.payload
    facts = request.request_id, function.name, reference.qualifier, executed, kind, payload, request.attempt, started_at, ran.duration
    service.invocations.end(place, facts + ran.outcome + ran.log.facts())
    if service.neighbours.take_logs():
        deployment = ran.deployment
        service.neighbours.put_log_events(reference.region, deployment.log_group_name, deployment.log_stream_name, ran.log)
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


def _chosen(service: Service, reference: FunctionReference) -> tuple[Function, _Choice]:
    """The function and the version that serves the next invocation of what was named: by force, by weight, or the only one."""
    function = service.state.function(reference)
    if function is None:
        raise _not_found(reference)
    only: _Choice | None = function.served.get(reference.qualifier)
    if only is not None and not service.routes:
        if running := service.running[reference.account_id, reference.region]:
            _check_admission(service, reference, function, running)
        return function, only
    version, forced = reference.qualifier or LATEST, None
    alias = function.aliases.get(version)
    if alias is not None:
        forced = service.routes.get((reference.account_id, reference.region, reference.name, alias.name))
        if forced:
            version = forced[0]
        else:
            version = alias.choose(service.world.roll()) if alias.additional_version_weights else alias.function_version
    place = _place(service, reference, function, version)
    if forced:
        forced.pop(0)  # not by an invocation that is throttled: it comes again
    configuration = function.version(version)
    if configuration is None:
        raise _not_found(reference)
    if configuration.life.state is not State.ACTIVE:
        admit(service, function, configuration)
    serving = function.serving(configuration)
    initialization_type = serving.initialization_type if place == function.name else INITIALIZATION_TYPE
    choice = _Choice(serving, place, reference.qualified_arn(), initialization_type)
    is_the_only_one = alias is None or not (forced or alias.additional_version_weights)
    if is_the_only_one and function.reserved_concurrent_executions is None and not function.provisioned_concurrency_configs:
        function.served[reference.qualifier] = choice
    return function, choice


def _place(service: Service, reference: FunctionReference, function: Function, version: str) -> str:
    """The place that an invocation takes in ``Service.running``: a provisioned one as long as there is any.

    Raises:
        TooManyRequestsException: no concurrency is left for it.
    """
    running = service.running[reference.account_id, reference.region]
    if function.provisioned_concurrency_configs:
        provisioned = f"{function.name}:{version}"
        if running.get(provisioned, 0) < function.provisioned(version):
            return provisioned
    if running or function.reserved_concurrent_executions is not None:  # else there is enough
        _check_admission(service, reference, function, running)
    return function.name


def _check_admission(service: Service, reference: FunctionReference, function: Function, running: dict[str, int]) -> None:
    functions = service.state.functions(reference.account_id, reference.region)
    concurrency.check_admission(function, running, lambda: functions.starting_at(""))


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
