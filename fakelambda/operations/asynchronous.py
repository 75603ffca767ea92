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
from fakelambda.domain.names import LATEST, resolve
from fakelambda.domain.principals import Caller
from fakelambda.domain.xray import Trace
from fakelambda.operations import running, sending
from fakelambda.operations.authorisation import authorise
from fakelambda.operations.call import Service
from fakelambda.operations.running import Request
from fakelambda.runtime.runner import Ran

_AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class _Event:
    """An event in the queue; calling it tries it once.

    Args:
        function_identity: of the function that it was sent to; a later one of the same name does not get it.
        queued_at: a point of the world's ``elapsed``.
        attempts: how often the function has run for it.
        throttles: how often in a row it could not run.
        last: what the last attempt came to, and the version that ran.
    """

    service: Service
    request: Request
    function_identity: str
    queued_at: timedelta
    attempts: int = 0
    throttles: int = 0
    last: tuple[Ran, str] | None = None

    def __call__(self) -> None:
        """Tries once; an event whose function, version or alias is gone is dropped."""
        service, request = self.service, self.request
        function = service.state.function(request.reference)
        if function is None or function.identity != self.function_identity:
            return
        if function.reserved_concurrent_executions == 0:
            _finish(self, "ZeroReservedConcurrency")
            return
        if self.attempts:  # replacing is slow, and most events run once
            request = replace(request, attempt=self.attempts + 1)
        try:
            last = running.run(service, request, service.world.now())
        except ResourceNotFoundException:
            return
        except RecursiveInvocationException:
            _finish(self, "RetriesExhausted")  # AWS's own word for this is not known
            return
        except ServiceError:  # throttled, or not ready to run for whatever other reason that is not its own failure
            event = replace(self, throttles=self.throttles + 1)
            _go_on(event, async_invocation.after_a_throttle(_config(event), event.throttles, _age(event)))
            return
        event = _Event(service, self.request, self.function_identity, self.queued_at, self.attempts + 1, 0, last)
        ran, _ = last
        if ran.outcome.error_payload is None:
            _finish(event, "Success")
        else:
            _go_on(event, async_invocation.after_an_error(_config(event), event.attempts, _age(event)))
            running.reraise(service, ran)


def queue(service: Service, request: Request) -> None:
    """Queues an event for a function that exists."""
    function = service.state.function(request.reference)
    assert function is not None  # whoever queues an event has looked
    _schedule(_Event(service, request, function.identity, service.world.elapsed), _AT_ONCE)


def _schedule(event: _Event, delay: timedelta) -> None:
    reference = event.request.reference
    event.service.schedule.add(
        delay,
        event,
        kind="asynchronous invocation",
        function_name=reference.name,
        detail=f"{reference.qualifier or LATEST} {event.request.request_id} attempt {event.attempts + 1}",
        runs_user_code=True,
    )


def _go_on(event: _Event, decision: Again | Over) -> None:
    if isinstance(decision, Again):
        _schedule(event, decision.delay)
    else:
        _finish(event, decision.condition)


def _finish(event: _Event, condition: Condition) -> None:
    """Sends what is to be sent."""
    service, request, failed = event.service, event.request, condition != "Success"
    function = service.state.function(request.reference)
    if function is None or function.identity != event.function_identity:
        return  # deleted by its own handler
    config = function.event_invoke_configs.get(request.reference.qualifier or LATEST)
    if config is None and not failed:  # as for most
        return
    ran, version = event.last or (None, None)
    configuration = function.resolve(version or request.reference.qualifier)
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
        payload=bytes(request.payload),
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
    request = Request(reference, service.world.new_id(), "Event", payload, service.world.now(), upstream=trace)
    function = service.state.function(reference)
    if function is None or function.resolve(reference.qualifier) is None:
        raise ResourceNotFoundException(f"Function not found: {message.target_arn}")
    queue(service, request)


def _config(event: _Event) -> EventInvokeConfig | None:
    """What is configured now for exactly the qualifier that was invoked."""
    reference = event.request.reference
    function = event.service.state.function(reference)
    return None if function is None else function.event_invoke_configs.get(reference.qualifier or LATEST)


def _age(event: _Event) -> timedelta:
    return event.service.world.elapsed - event.queued_at
