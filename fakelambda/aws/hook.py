"""Where botocore's Lambda calls come in: its events, the stack of active fakes, and the way through the SDK's own retries."""

from __future__ import annotations

import sys
import threading
import time
import weakref
from dataclasses import dataclass, field
from functools import wraps
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import botocore
from botocore.client import BaseClient

from fakelambda.aws import retries
from fakelambda.domain.errors import NotModelled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.model import OperationModel

    from fakelambda.aws.wire import Reply

_PARAMETERS = "fakelambda parameters"
_FLIGHT = "fakelambda flight"
_HOST = ".fakelambda.invalid"
_HOOKED = "_fakelambda_hook"


@dataclass(slots=True, kw_only=True)
class Request:
    """A call of a client, before anything is known of its answer.

    Args:
        operation_model: botocore's.
        parameters: the API parameters as the client was given them.
        body_size: bytes of the serialised body; 0 where it is a stream.
        region: of the client.
        account_id: that ``FakeLambda.client`` gave it; None for any other client.
        request_signer: of the client, with its credentials.
    """

    operation_model: OperationModel
    parameters: Mapping[str, Any]
    body_size: int
    region: str
    account_id: str | None
    request_signer: Any


class Conversation(Protocol):
    """One client call that a fake answers, attempt by attempt."""

    def attempt(self) -> Reply:
        """Runs the operation; once for each HTTP attempt."""

    def sleep(self, seconds: float) -> None:
        """Waits before the next attempt, on the fake's clock."""


class Fake(Protocol):
    """What stands on the stack.

    Attributes:
        owner: whom ``fakelambda.current`` returns.
    """

    owner: Any

    def converse(self, request: Request) -> Conversation:
        """Begins to answer a call."""

    def sleep(self, seconds: float) -> None:
        """Waits on the fake's clock."""

    def monotonic(self) -> float:
        """Seconds of the fake's clock, only growing."""


_stack: list[Fake] = []
_strained: weakref.WeakSet[BaseClient] = weakref.WeakSet()
_lock = threading.Lock()


def active() -> Fake | None:
    """The innermost active fake of the process."""
    return _stack[-1] if _stack else None


def enter(fake: Fake) -> None:
    """Puts a fake on the stack and makes sure that every client's calls come by here."""
    _wrap_clients()
    with _lock:
        _stack.append(fake)
    refill()


def leave(fake: Fake) -> None:
    """Takes a fake off the stack, wherever it stands."""
    with _lock:
        _stack.remove(fake)
    refill()


def refill() -> None:
    """Gives the clients that had to try again their full retry quota and rate back, so that one test does not starve the next."""
    while _strained:
        retries.renew(_strained.pop(), _now, _sleep)


def _now() -> float:
    fake = active()
    return time.time() if fake is None else fake.monotonic()  # noqa: TID251 - without a fake the limiter keeps real time


def _sleep(seconds: float) -> None:
    fake = active()
    (time.sleep if fake is None else fake.sleep)(seconds)  # noqa: TID251 - without a fake the limiter really waits


@dataclass(slots=True, weakref_slot=True)
class _Flight:
    """A call whose answer travels through botocore's endpoint."""

    conversation: Conversation
    reply: Reply | None
    token: str = field(default="")


_flights: weakref.WeakValueDictionary[str, _Flight] = weakref.WeakValueDictionary()
_tokens = count(1)


class _ClientHook:
    """The handlers of one client's events; inert while no fake is active."""

    def __init__(self, client: BaseClient, account_id: str | None) -> None:
        self._client = weakref.ref(client)
        self._account_id = account_id
        self._asynchronous = any(base.__module__.startswith("aiobotocore.") for base in type(client).__mro__)

    def register(self, events: Any) -> None:
        """Registers on the client's own emitter; a second registration changes nothing."""
        for event, handler in {
            "before-parameter-build": self._keep_parameters,
            "before-call": self._answer,
            "choose-signer": self._leave_unsigned,
            "before-send": self._send,
            "after-call": self._fill,
        }.items():
            events.register(f"{event}.lambda", handler, unique_id=f"fakelambda-{event}")

    def _keep_parameters(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if _stack:
            context[_PARAMETERS] = params

    def _answer(self, model: OperationModel, params: dict[str, Any], request_signer: Any, context: dict[str, Any], **_: Any) -> Any:
        fake = active()
        if fake is None:
            return None
        if self._asynchronous:
            raise NotModelled(
                f"{model.name}: fakelambda does not serve aiobotocore clients; use a botocore or boto3 client while a FakeLambda is active."
            )
        body = params["body"]
        conversation = fake.converse(
            Request(
                operation_model=model,
                parameters=context.pop(_PARAMETERS),
                body_size=len(body) if isinstance(body, bytes | str | bytearray) else 0,
                region=context["client_region"],
                account_id=self._account_id,
                request_signer=request_signer,
            )
        )
        reply = conversation.attempt()
        if not reply.retryable:
            return reply.http(params["url"]), reply.parsed()
        client = self._client()
        if client is not None:
            _strained.add(client)
        flight = _Flight(conversation, reply, str(next(_tokens)))
        _flights[flight.token] = context[_FLIGHT] = flight
        params["url"] = f"https://{flight.token}{_HOST}/"
        return None

    def _leave_unsigned(self, context: dict[str, Any], **_: Any) -> Any:
        return botocore.UNSIGNED if _FLIGHT in context else None

    def _send(self, request: Any, **_: Any) -> Any:
        host = request.url.partition("://")[2].partition("/")[0]
        if not host.endswith(_HOST):
            return None
        flight = _flights[host.removesuffix(_HOST)]
        reply, flight.reply = flight.reply or flight.conversation.attempt(), None
        if reply.error:
            return reply.http(request.url, reply.error_body())
        flight.reply = reply
        return reply.http(request.url, b"{}")

    def _fill(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        flight: _Flight | None = context.get(_FLIGHT)
        if flight is not None and flight.reply is not None:
            retries = parsed["ResponseMetadata"]["RetryAttempts"]
            parsed.clear()
            parsed.update(flight.reply.parsed(retries))


def hook(client: BaseClient, account_id: str | None = None) -> None:
    """Makes a Lambda client ask the active fake.

    Args:
        account_id: whose state it sees; None lets each call find out.
    """
    if _HOOKED not in client.__dict__:
        made = _ClientHook(client, account_id)
        made.register(client.meta.events)
        setattr(client, _HOOKED, made)
        retries.renew(client, _now, _sleep)


def sleeper_of(request_dict: Mapping[str, Any]) -> Callable[[float], None] | None:
    """Who waits before the next attempt of a request; None for one that is not ours."""
    flight: _Flight | None = request_dict["context"].get(_FLIGHT)
    return None if flight is None else flight.conversation.sleep


def _wrap_clients() -> None:
    """Hooks every Lambda client on its first call, so that clients built before the fake are reached; aiobotocore's too."""
    with _lock:
        _wrap(BaseClient)
        aiobotocore = sys.modules.get("aiobotocore.client")
        if aiobotocore is not None:
            _wrap(aiobotocore.AioBaseClient)


def _wrap(client_class: type[BaseClient]) -> None:
    make_api_call = client_class.__dict__["_make_api_call"]
    if getattr(make_api_call, "_is_fakelambda", False):
        return

    @wraps(make_api_call)
    def hooked(self: BaseClient, operation_name: str, api_params: Any) -> Any:
        if _HOOKED not in self.__dict__ and self.meta.service_model.service_name == "lambda":
            hook(self)
        return make_api_call(self, operation_name, api_params)

    hooked._is_fakelambda = True  # type: ignore[attr-defined]  # noqa: SLF001 - tells our wrapper from others'
    client_class._make_api_call = hooked  # type: ignore[attr-defined]  # noqa: SLF001 - the one door that clients built earlier pass
