"""Where botocore's Lambda calls come in: its events, the stack of active fakes, and the way through the SDK's own retries."""

from __future__ import annotations

import random
import sys
import threading
import time
import weakref
from dataclasses import dataclass
from functools import wraps
from itertools import count
from typing import TYPE_CHECKING, Any

import botocore
from botocore.client import BaseClient
from botocore.validate import ParamValidationDecorator

from fakelambda.aws import asynchronous_clients, retries, tracing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.model import OperationModel

    from fakelambda.aws.answering import Conversation, Fake
    from fakelambda.aws.wire import Reply

_PARAMETERS = "fakelambda parameters"
"""Of a call's context: what it was given; noted without a fake too, as another thread may start one before the call goes on."""
_FLIGHT = "fakelambda flight"
_HOST = ".fakelambda.invalid"
_HOOKED = "_fakelambda_hook"
_CALLED = "_emit_api_params"
"""The method of clients through which every call goes, below ``_make_api_call``, which tests replace."""


OURS = "_fakelambda_ours"
"""Marks the clients of other services with which a fake itself asks."""
_READING = ("BatchGet", "Describe", "Filter", "Get", "Head", "List", "Query", "Receive", "Scan", "Select", "TransactGet")


_stack: tuple[Fake, ...] = ()
_strained: weakref.WeakSet[BaseClient] = weakref.WeakSet()
_lock = threading.Lock()


def active() -> Fake | None:
    """The innermost active fake of the process."""
    stack = _stack  # another thread may stop a fake between two looks
    return stack[-1] if stack else None


def enter(fake: Fake) -> None:
    """Puts a fake on the stack and makes sure that every client's calls come by here."""
    global _stack  # noqa: PLW0603 - one stack for the process, replaced as a whole
    with _lock:
        _wrap_clients()
        _stack = (*_stack, fake)
    refill()


def leave(fake: Fake) -> None:
    """Takes a fake off the stack, wherever it stands."""
    global _stack  # noqa: PLW0603 - as above
    with _lock:
        _stack = tuple(other for other in _stack if other is not fake)
    refill()


def refill() -> None:
    """Gives the clients that had to try again their full retry quota and rate back, so that one test does not starve the next."""
    with _lock:
        clients = list(_strained)
        _strained.clear()
    for client in clients:
        retries.renew(client, _world)


def _strain(client: BaseClient) -> None:
    """Notes a client that has to try again; whatever it did before, it begins with the quota and the rate of a new one."""
    with _lock:
        if client in _strained:
            return
        _strained.add(client)
    retries.renew(client, _world)


class _World:
    """Time and chance of whoever is active; the real ones where no fake is."""

    def is_virtual(self) -> bool:
        return active() is not None

    def now(self) -> float:
        fake = active()
        return time.time() if fake is None else fake.monotonic()  # noqa: TID251 - without a fake the limiter keeps real time

    def sleep(self, seconds: float) -> None:
        fake = active()
        (time.sleep if fake is None else fake.sleep)(seconds)  # noqa: TID251 - without a fake the limiter really waits

    def random(self) -> float:
        fake = active()
        return random.random() if fake is None else fake.jitter()  # noqa: S311, TID251 - not secret; botocore's own chance without a fake


_world = _World()


@dataclass(slots=True, weakref_slot=True)
class _Flight:
    """A call whose answer travels through botocore's endpoint.

    Args:
        first: the answer to the first attempt, until it is sent.
        success: the answer that ``after-call`` puts in place; None while all were errors.
    """

    conversation: Conversation
    token: str
    first: Reply | None
    success: Reply | None = None


_flights: weakref.WeakValueDictionary[str, _Flight] = weakref.WeakValueDictionary()
_tokens = count(1)


class _ClientHook:
    """The handlers of one client's events; inert while no fake is active.

    Attributes:
        account_id: that ``FakeLambda.client`` gave the client; None for any other client.
        needs_a_fake: whether it is a client of ``FakeLambda.client``, whose credentials are dummies.
    """

    account_id: str | None = None
    needs_a_fake = False
    _as_made: object = None  # what stood for the client's handlers when none was the user's

    def __init__(self, client: BaseClient) -> None:
        self._client = weakref.ref(client)
        # The client's configuration does not say: it is True there whatever was asked for.
        self._is_validating = isinstance(client._serializer, ParamValidationDecorator)  # type: ignore[attr-defined]  # noqa: SLF001 - no other place has it

    def register(self, events: Any) -> None:
        """Registers on the client's own emitter; a second registration changes nothing."""
        for event, handler in self._handlers().items():
            events.register(f"{event}.lambda", handler, unique_id=f"fakelambda-{event}")
        # Whoever answers ends the event, so the user's own of Lambda or of an operation are asked before. Not those of all services, of
        # which two are botocore's: they would cost every call more than most operations do.
        events.register_last("before-call.lambda", self._answer, unique_id="fakelambda-before-call")

    def remember(self, events: Any) -> None:
        """Takes the handlers that are there for those that belong to the client."""
        self._as_made = _handlers_of(events)

    def is_alone(self, events: Any) -> bool:
        """Whether nobody else has registered anything since the client was made."""
        return _handlers_of(events) is self._as_made

    def _handlers(self) -> dict[str, Callable[..., Any]]:
        handlers: dict[str, Callable[..., Any]] = {"choose-signer": self._leave_unsigned, "before-send": self._send}
        if getattr(type(self._client()), _CALLED, None) is getattr(BaseClient, _CALLED):
            return handlers
        return handlers | {"before-parameter-build": _keep_parameters}  # another's class has its own, whose parameters only the event shows

    def _answer(self, model: OperationModel, params: dict[str, Any], request_signer: Any, context: dict[str, Any], **_: Any) -> Any:
        stack = _stack  # as `active` does, which is one more call
        if not stack:
            if self.needs_a_fake:
                raise RuntimeError(
                    f"{model.name}: no FakeLambda is active, and this client of FakeLambda.client() has no credentials for AWS itself; "
                    "write: with fake: ..., or call fake.start()."
                )
            return None
        conversation = stack[-1].converse(model, context.pop(_PARAMETERS), params, self.account_id, request_signer)
        if not self._is_validating:
            conversation.is_validated = False
        reply = conversation.attempt()
        if (reply.error or reply.raises) and reply.retryable:
            return self._send_on_its_way(conversation, reply, params, context)
        return reply.http(params["url"]), reply.parsed()

    def _send_on_its_way(self, conversation: Conversation, reply: Reply, params: dict[str, Any], context: dict[str, Any]) -> None:
        """Lets an answer that the SDK may try again come through its endpoint."""
        client = self._client()
        if client is not None:
            events = client.meta.events
            was_alone = self.is_alone(events)
            events.register("after-call.lambda", self._fill, unique_id="fakelambda-after-call")  # few clients ever need it
            if was_alone:
                self.remember(events)
            _strain(client)
        flight = _Flight(conversation, str(next(_tokens)), reply)
        _flights[flight.token] = context[_FLIGHT] = flight
        params["url"] = f"https://{flight.token}{_HOST}/"

    def _leave_unsigned(self, context: dict[str, Any], **_: Any) -> Any:
        return botocore.UNSIGNED if _FLIGHT in context else None

    def _send(self, request: Any, **_: Any) -> Any:
        host = request.url.partition("://")[2].partition("/")[0]
        if not host.endswith(_HOST):
            return None
        flight = _flights[host.removesuffix(_HOST)]
        reply, flight.first = flight.first or flight.conversation.attempt(), None
        if reply.raises is not None:
            raise reply.raises.with_traceback(None)  # a test may order the same one for many attempts
        flight.success = None if reply.error else reply
        return reply.http(request.url, reply.error_body() if reply.error else b"{}")

    def _fill(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        flight: _Flight | None = context.get(_FLIGHT)
        if flight is not None and flight.success is not None:
            attempts = parsed["ResponseMetadata"]["RetryAttempts"]
            parsed.clear()
            parsed.update(flight.success.parsed(attempts))


class _AsynchronousClientHook(_ClientHook):
    """The handlers of a client of aiobotocore, which awaits bodies and back-off. The operation itself runs at once, in the calling task."""

    def __init__(self, client: BaseClient) -> None:
        super().__init__(client)
        self._bodies = asynchronous_clients.Bodies(client)
        asynchronous_clients.wait_virtually(sleeper_of, sleeper_of_waiter)

    def _answer(self, params: dict[str, Any], **arguments: Any) -> Any:  # type: ignore[override]  # events come with keywords only
        answer = super()._answer(params=params, **arguments)
        if answer is None:
            return None
        response, parsed = answer
        self._bodies.stream(parsed, params["url"])
        return self._bodies.http(response), parsed

    def _send(self, request: Any, **_: Any) -> Any:
        response = super()._send(request)
        return None if response is None else self._bodies.http(response)

    def _fill(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        super()._fill(parsed, context)
        self._bodies.stream(parsed, "")


def hook(client: BaseClient, account_id: str | None = None, *, needs_a_fake: bool = False) -> _ClientHook:
    """Makes a Lambda client ask the active fake; its hook.

    Args:
        account_id: whose state it sees; None lets each call find out.
        needs_a_fake: whether its calls are refused while no fake is active.
    """
    made: _ClientHook | None = client.__dict__.get(_HOOKED)
    if made is None:
        made = (_AsynchronousClientHook if asynchronous_clients.is_asynchronous(client) else _ClientHook)(client)
        made.register(client.meta.events)
        setattr(client, _HOOKED, made)
    made.account_id = account_id or made.account_id
    made.needs_a_fake = needs_a_fake or made.needs_a_fake
    made.remember(client.meta.events)
    return made


def is_as_made(client: BaseClient) -> bool:
    """Whether nobody has registered handlers on a hooked client, which would stay there for the next test."""
    made: _ClientHook = client.__dict__[_HOOKED]
    return made.is_alone(client.meta.events)


def _handlers_of(events: Any) -> object:
    """What stands for the handlers of an emitter: another object after each registration, as botocore looks them up anew."""
    return getattr(getattr(events, "_emitter", events), "_lookup_cache", None)


def sleeper_of(request_dict: Mapping[str, Any]) -> Callable[[float], None] | None:
    """Who waits before the next attempt of a request; None for one that is not ours."""
    flight: _Flight | None = request_dict["context"].get(_FLIGHT)
    return None if flight is None else flight.conversation.sleep


def sleeper_of_waiter(waiter: object) -> Callable[[float], None] | None:
    """Who waits for a waiter's next attempt; None for one that is not ours."""
    fake = active()
    is_lambda = type(waiter).__name__.startswith("Lambda.Waiter.")  # the class that botocore makes for each waiter
    return fake.sleep if fake is not None and is_lambda else None


def _wrap_clients() -> None:
    """Hooks every Lambda client on its first call, so that clients built before the fake are reached; aiobotocore's too.

    Clients are also hooked where they are built: one whose class is imported only later has no other door.
    """
    _wrap(BaseClient, "__init__", _hooking_when_built)
    _wrap(BaseClient, _CALLED, _hooking_when_called)
    aiobotocore = sys.modules.get("aiobotocore.client")
    if aiobotocore is not None:
        _wrap(aiobotocore.AioBaseClient, _CALLED, _hooking_when_awaited)


def _wrap(client_class: type[BaseClient], name: str, hooking: Callable[[Any], Any]) -> None:
    """Wraps a method that every client goes through, once."""
    method = client_class.__dict__[name]
    if not getattr(method, "_is_fakelambda", False):
        hooked: Any = wraps(method)(hooking(method))
        hooked._is_fakelambda = True  # noqa: SLF001 - tells our wrapper from others'
        setattr(client_class, name, hooked)


def _hooking_when_built(method: Callable[..., None]) -> Any:
    def built(self: BaseClient, *args: Any, **kwargs: Any) -> None:
        method(self, *args, **kwargs)
        _hook_lambda(self)

    return built


def _hooking_when_called(method: Callable[..., Any]) -> Any:
    def called(self: BaseClient, api_params: Any, operation_model: OperationModel, context: dict[str, Any]) -> Any:
        try:
            found = self.__dict__[_HOOKED]  # every call of every client comes by
        except KeyError:
            found = _hook_lambda(self)
        if found is None:
            _look_ahead(self, operation_model)
            return method(self, api_params, operation_model, context)
        parameters = context[_PARAMETERS] = method(self, api_params, operation_model, context)
        return parameters

    return called


def _hooking_when_awaited(method: Callable[..., Any]) -> Any:
    def awaited(self: BaseClient, *args: Any, **kwargs: Any) -> Any:
        if _HOOKED not in self.__dict__:
            _hook_lambda(self)
        return method(self, *args, **kwargs)

    return awaited


def _keep_parameters(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context[_PARAMETERS] = params


def _hook_lambda(client: BaseClient) -> _ClientHook | None:
    """Hooks a client of Lambda, and one of SQS for its traces; any other stays as it is."""
    service = client.meta.service_model.service_name
    if service == "lambda":
        return hook(client)
    if service == "sqs":
        tracing.hook(client)
        setattr(client, _HOOKED, None)
    return None


def _look_ahead(client: BaseClient, operation_model: OperationModel) -> None:
    """Before the test reads from another service what functions may have written, the fake keeps up; the call itself is not ours."""
    fake = active()
    if fake is None or not operation_model.name.startswith(_READING):
        return
    if OURS not in client.__dict__ and not asynchronous_clients.is_asynchronous(client):
        fake.before_reading()
