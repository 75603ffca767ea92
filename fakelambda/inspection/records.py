"""The records of what happened: API calls and invocations."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import methodcaller
from types import MappingProxyType
from typing import Any, Literal

from fakelambda.domain.destinations import parsed
from fakelambda.domain.plain_events import PlainEvent
from fakelambda.inspection.blobs import readable
from fakelambda.runtime import logs
from fakelambda.runtime.environment import Outcome
from fakelambda.runtime.logs import Log

InvocationType = Literal["RequestResponse", "Event", "DryRun"]

_next_place = itertools.count().__next__
"""Of whatever begins: calls, invocations and deliveries have one order, also where the clock stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One run of a handler.

    Args:
        function_name: the plain name.
        qualifier: the version or alias that was asked for; None where none was.
        executed_version: the version that ran, ``"$LATEST"`` or a number.
        invocation_type: ``"RequestResponse"`` or ``"Event"``.
        kept: the event as it was sent; ``payload`` is its JSON, ``event`` what it means.
        request_id: the handler's ``aws_request_id``, the same over the attempts of one event.
        attempt: 1 for the first run of an event.
        started_at: aware datetime of the fake's clock.
        duration: seconds of the fake's clock.
        cold_start: whether the execution environment was new.
        outcome: what the handler came to; ``result``, ``error`` and ``error_payload`` tell.
        log: what it logged, and when; ``logs`` tells it as text.
        place: in the order of all that began.
    """

    function_name: str
    qualifier: str | None
    executed_version: str
    invocation_type: InvocationType
    kept: bytes | PlainEvent = field(repr=False)
    request_id: str
    attempt: int
    started_at: datetime
    duration: float
    cold_start: bool
    outcome: Outcome = field(repr=False)
    log: Log = field(repr=False)
    place: int = field(repr=False)

    def __repr__(self) -> str:
        version = f"{self.function_name}:{self.qualifier or self.executed_version}"
        came_to = f"error={self.error!r}" if self.error_payload else f"result={self.result!r}"
        return f"Invocation({version!r}, {self.invocation_type!r}, event={self.event!r}, {came_to}, attempt={self.attempt})"

    @property
    def payload(self) -> bytes:
        """The event as JSON."""
        return bytes(self.kept)

    @property
    def event(self) -> Any:
        """The parsed event."""
        return self.kept.value() if isinstance(self.kept, PlainEvent) else parsed(self.kept)

    @property
    def result(self) -> Any:
        """The parsed JSON result; None after a failure."""
        return self.outcome.result

    @property
    def error(self) -> BaseException | None:
        """The exception that ended the handler, with its traceback; None after success."""
        return self.outcome.error

    @property
    def error_payload(self) -> dict[str, Any] | None:
        """What the caller got instead of a result; None after success."""
        return self.outcome.error_payload

    @property
    def logs(self) -> str:
        """What the handler logged, with Lambda's own lines around it."""
        return self.log.text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What Lambda sent when it was done with an asynchronous event, or what a service of moto sent to a function that did not take it.

    Args:
        target_arn: of the queue, topic, event bus, bucket or function.
        body: the message as it was sent: an invocation record, or for a dead-letter queue and from a service the event itself.
        attributes: of the message, as text; for an event bus and a bucket what else their API was given.
        at: aware datetime of the fake's clock.
        error: what the target answered instead of taking it; None where it took it, and where nobody answers for its service.
        place: in the order of all that began.
    """

    target_arn: str
    body: str
    attributes: Mapping[str, Any]
    at: datetime
    error: Exception | None
    place: int = field(default_factory=_next_place, repr=False)


_ATOMS = frozenset({str, int, float, bool, bytes})


class SharedDocument(dict[str, Any]):
    """A structure that many answers share, so that nobody changes it. What has to be copied inside it is found out once."""

    __slots__ = ("_deep", "_flat", "_flat_names")

    def __init__(self, members: Mapping[str, Any]) -> None:
        super().__init__(members)
        inner = {name: detached(item) for name, item in self.items() if type(item) not in _ATOMS}
        flat = {name: item for name, item in inner.items() if _is_flat(item)}
        self._flat_names, self._flat = tuple(flat), tuple(flat.values())
        self._deep = tuple((name, item) for name, item in inner.items() if name not in flat)

    def detached(self) -> dict[str, Any]:
        """A copy that shares no mutable structure."""
        copy = self.copy()
        copy.update(zip(self._flat_names, map(_copy, self._flat)))  # noqa: B905 - as long as each other; saying so takes longer
        for name, item in self._deep:
            copy[name] = detached(item)
        return copy


_copy = methodcaller("copy")


def _is_flat(value: Any) -> bool:
    """Whether something detached is a dictionary or list of nothing but atoms."""
    return isinstance(value, (dict, list)) and _ATOMS.issuperset(map(type, value.values() if isinstance(value, dict) else value))


def detached(value: Any) -> Any:
    """A copy that shares no mutable structure; read-only ones become what JSON makes of them."""
    kind = type(value)
    if kind is dict or kind is MappingProxyType:
        copy: dict[Any, Any] = value.copy()
        if not _ATOMS.issuperset(map(type, copy.values())):  # as most are, which C finds out
            for name, item in value.items():
                if type(item) not in _ATOMS:
                    copy[name] = item.detached() if type(item) is SharedDocument else detached(item)
        return copy
    if kind is SharedDocument:
        return value.detached()
    if isinstance(value, (list, tuple)):
        return list(value) if _ATOMS.issuperset(map(type, value)) else [detached(item) for item in value]
    return {name: detached(item) for name, item in value.items()} if isinstance(value, Mapping) else value


@dataclass(repr=False)
class ApiCall:
    """One call of a client, however many HTTP attempts it took.

    Args:
        operation: AWS's name, such as ``"CreateAlias"``.
        kept, answer: what the client was given and got, which nobody changes; ``parameters`` and ``response`` copy it.
        error: the error response (``{"Error": {"Code": ...}, ...}``) or the exception that the caller got; None after success.
        attempts: HTTP attempts; more than 1 where the SDK tried again.
        region: that was called.
        account_id: of the caller.
        at: aware datetime of the fake's clock, of the last attempt; None before the first.
        request_id: of the last attempt's answer.
        place: in the order of all that began.
    """

    operation: str
    region: str
    account_id: str
    kept: Mapping[str, Any]
    attempts: int = field(default=0, init=False)
    error: Mapping[str, Any] | BaseException | None = field(default=None, init=False)
    answer: Mapping[str, Any] | None = field(default=None, init=False)
    at: datetime | None = field(default=None, init=False)
    request_id: str = field(default="", init=False)
    _made_in: Log | None = field(default_factory=logs.current.get, init=False)
    place: int = field(default_factory=_next_place, init=False)

    @property
    def made_in(self) -> str | None:
        """The request id of the invocation in whose handler the call was made; None for the test's own."""
        return None if self._made_in is None else self._made_in.request_id

    @property
    def parameters(self) -> dict[str, Any]:
        """A copy of what the client was given; blobs as bytes."""
        copy: dict[str, Any] = detached(self.kept)
        return copy

    @property
    def response(self) -> dict[str, Any] | None:
        """A copy of the response, its payload as bytes; None after an error."""
        copy: dict[str, Any] | None = detached(self.answer)
        return copy

    def __repr__(self) -> str:
        came_to = f"error={self.error!r}" if self.error else f"response={readable(self.response)!r}"
        return f"ApiCall({self.operation!r}, {readable(self.parameters)!r}, {came_to}, attempts={self.attempts})"


_Facts = tuple[Any, ...]
"""What an `Invocation` is made of once somebody asks for it: for most a tuple of nothing but plain values, which is nothing to the garbage
collector; a hundred thousand records would make it slow for the whole process."""


class Invocations:
    """Invocations in the order of their beginning, though each is known only at its end."""

    def __init__(self) -> None:
        self._records: dict[int, Invocation | _Facts | None] = {}

    def begin(self) -> int:
        """Takes the next place in the order of all that begins."""
        place = _next_place()
        self._records[place] = None
        return place

    def end(self, place: int, facts: _Facts) -> None:
        """Fills a place.

        Args:
            facts: as `_invocation` takes them apart; of a `PlainEvent` what it is made of.
        """
        if place in self._records:  # a reset meanwhile has taken the places away
            self._records[place] = facts

    def ended(self) -> list[Invocation]:
        """Those that have ended."""
        return self._made(sorted(self._records))

    def last_place(self) -> int:
        """That of the last one which has begun; -1 before the first."""
        return next(reversed(self._records), -1)

    def ended_since(self, place: int) -> list[Invocation]:
        """Those that have begun after a place and have ended; what came before costs nothing. None may begin meanwhile."""
        later = itertools.takewhile(lambda begun: begun > place, reversed(self._records))
        return self._made(sorted(later))

    def _made(self, places: list[int]) -> list[Invocation]:
        """The records of places, made now where nobody has asked for them before; none of what goes on."""
        records = self._records
        made = []
        for place in places:
            record = records.get(place)
            if isinstance(record, tuple):
                record = records[place] = _invocation(place, record)
            if record is not None:
                made.append(record)
        return made

    def snapshot(self) -> dict[int, Invocation | _Facts | None]:
        """Those that have begun so far."""
        return self._records.copy()

    def restore(self, records: dict[int, Invocation | _Facts | None]) -> None:
        """Forgets those that have begun since."""
        self._records = records.copy()


def _invocation(place: int, facts: _Facts) -> Invocation:
    (request_id, function_name, qualifier, executed_version, invocation_type, payload, attempt, started_at, duration), rest = (
        facts[:9],
        facts[9:],
    )
    came_to, log = Outcome(*rest[:4]), Log.of_facts(rest[4:])
    return Invocation(
        function_name=function_name,
        qualifier=qualifier,
        executed_version=executed_version,
        invocation_type=invocation_type,
        kept=PlainEvent(*payload) if type(payload) is tuple else payload,
        request_id=request_id,
        attempt=attempt,
        started_at=started_at,
        duration=duration,
        cold_start=came_to.cold_start,
        outcome=came_to,
        log=log,
        place=place,
    )
