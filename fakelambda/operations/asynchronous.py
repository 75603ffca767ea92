"""Asynchronous events: queued, tried, tried again, and what is sent when AWS is done with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from fakelambda.domain import async_invocation, destinations
from fakelambda.domain.async_invocation import Again, Condition, Over
from fakelambda.domain.destinations import Message
from fakelambda.domain.errors import RecursiveInvocationException, ResourceNotFoundException, ServiceError
from fakelambda.domain.event_invoke import EventInvokeConfig
from fakelambda.domain.functions import Function
from fakelambda.domain.names import LATEST, resolve
from fakelambda.domain.principals import Caller
from fakelambda.domain.xray import Trace
from fakelambda.operations import running, sending
from fakelambda.operations.authorisation import authorise
from fakelambda.operations.call import Service
from fakelambda.operations.running import Request
from fakelambda.runtime.runner import Ran

_AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """An event in the queue.

    Args:
        function_identity: of the function that it was sent to; a later one of the same name does not get it.
        queued_at: a point of the world's ``elapsed``.
        attempts: how often the function has run for it.
        throttles: how often in a row it could not run.
        last: what the last attempt came to, and the version that ran.
    """

    request: Request
    function_identity: str
    queued_at: timedelta
    attempts: int = 0
    throttles: int = 0
    last: tuple[Ran, str] | None = None


def queue(service: Service, request: Request) -> None:
    """Queues an event for a function that exists."""
    function = _function(service, request)
    assert function is not None  # whoever queues an event has looked
    event = _Event(request=request, function_identity=function.identity, queued_at=service.world.elapsed)
    _schedule(service, event, _AT_ONCE)


def _schedule(service: Service, event: _Event, delay: timedelta) -> None:
    reference = event.request.reference
    service.schedule.add(
        delay,
        lambda: _attempt(service, event),
        kind="asynchronous invocation",
        function_name=reference.name,
        detail=f"{reference.qualifier or LATEST} {event.request.request_id} attempt {event.attempts + 1}",
        runs_user_code=True,
    )


def _attempt(service: Service, event: _Event) -> None:
    """Tries once; an event whose function, version or alias is gone is dropped."""
    function = _function(service, event.request)
    if function is None or function.identity != event.function_identity:
        return
    if function.reserved_concurrent_executions == 0:
        _finish(service, event, "ZeroReservedConcurrency")
        return
    request = replace(event.request, attempt=event.attempts + 1)
    try:
        ran, version = running.run(service, request, service.world.now())
    except ResourceNotFoundException:
        return
    except RecursiveInvocationException:
        _finish(service, event, "RetriesExhausted")  # AWS's own word for this is not known
        return
    except ServiceError:  # throttled, or not ready to run for whatever other reason that is not its own failure
        event = replace(event, throttles=event.throttles + 1)
        _go_on(service, event, async_invocation.after_a_throttle(_config(service, event), event.throttles, _age(service, event)))
        return
    event = replace(event, attempts=event.attempts + 1, throttles=0, last=(ran, version))
    if ran.outcome.error_payload is None:
        _finish(service, event, "Success")
    else:
        _go_on(service, event, async_invocation.after_an_error(_config(service, event), event.attempts, _age(service, event)))
        running.reraise(service, ran)


def _go_on(service: Service, event: _Event, decision: Again | Over) -> None:
    if isinstance(decision, Again):
        _schedule(service, event, decision.delay)
    else:
        _finish(service, event, decision.condition)


def _finish(service: Service, event: _Event, condition: Condition) -> None:
    """Sends what is to be sent."""
    function = _function(service, event.request)
    if function is None or function.identity != event.function_identity:
        return  # deleted by its own handler
    request, (ran, version) = event.request, event.last or (None, None)
    configuration = function.resolve(version or request.reference.qualifier)
    failed, config = condition != "Success", _config(service, event)
    dead_letter_target = ((configuration and configuration.dead_letter_config) or {}).get("TargetArn") if failed else None
    destination = config and config.destination_config["OnFailure" if failed else "OnSuccess"].get("Destination")
    if not (dead_letter_target or destination):
        return
    trace = running.trace_of(request, configuration or function.latest)
    sender = Caller(identity=(configuration or function.latest).role, account_id=function.account_id)
    result = destinations.Result(
        request_id=request.request_id,
        function_arn=request.reference.qualified_arn(LATEST),
        condition=condition,
        payload=request.payload,
        attempts=event.attempts,
        executed_version=version,
        response=None if ran is None else ran.outcome.payload,
        failed=failed,
        at=service.world.now(),
        trace_header=trace.header(),
    )
    invoke = partial(_invoke, service, sender, trace)
    if dead_letter_target:
        sending.send(service, destinations.dead_letter(result, dead_letter_target), trace=trace, invoke=invoke)
    if destination:
        sending.send(service, destinations.to_destination(result, destination), trace=trace, invoke=invoke)


def _invoke(service: Service, sender: Caller, trace: Trace, message: Message) -> None:
    region, account_id = message.target_arn.split(":")[3:5]
    reference = resolve(message.target_arn, None, region, account_id)
    authorise(service, sender, "lambda:InvokeFunction", reference)
    payload = message.body.encode()
    request = Request(
        reference=reference,
        request_id=service.world.new_id(),
        invocation_type="Event",
        payload=payload,
        event=destinations.parsed(payload),
        sent_at=service.world.now(),
        upstream=trace,
    )
    function = _function(service, request)
    if function is None or function.resolve(reference.qualifier) is None:
        raise ResourceNotFoundException(f"Function not found: {message.target_arn}")
    queue(service, request)


def _function(service: Service, request: Request) -> Function | None:
    reference = request.reference
    return service.state.functions(reference.account_id, reference.region).get(reference.name)


def _config(service: Service, event: _Event) -> EventInvokeConfig | None:
    """What is configured now for exactly the qualifier that was invoked."""
    function = _function(service, event.request)
    return None if function is None else function.event_invoke_configs.get(event.request.reference.qualifier or LATEST)


def _age(service: Service, event: _Event) -> timedelta:
    return service.world.elapsed - event.queued_at
