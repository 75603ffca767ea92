"""What botocore keeps on a client for its retries: quota and rate, which would leak from one test into the next, and chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

from botocore import retryhandler
from botocore.retries import standard
from botocore.retries.adaptive import ClientRateLimiter, RateClocker
from botocore.retries.bucket import Clock, TokenBucket
from botocore.retries.throttling import CubicCalculator

from fakelambda.aws import asynchronous_clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.client import BaseClient

_TICK = 1e-6  # the finest step of a datetime; a shorter wait would move nothing and be asked for again, for ever


class World(Protocol):
    """Time and chance, as a client's retries use them."""

    def is_virtual(self) -> bool:
        """Whether sleeping takes no time."""

    def now(self) -> float:
        """Seconds of the clock that the rate is measured with."""

    def sleep(self, seconds: float) -> None:
        """Waits on that clock."""

    def random(self) -> float:
        """A number from 0..1 that decides how long a retry waits."""


def renew(client: BaseClient, world: World) -> None:
    """Makes a client's retry quota full and its rate limiter new, and hands its retries our time and chance."""
    for owner in _owners(client, "after-call"):
        if isinstance(owner, standard.RetryQuotaChecker):
            quota: Any = owner._quota  # type: ignore[attr-defined]  # noqa: SLF001 - botocore has no way to ask for it
            quota.release(quota.INITIAL_CAPACITY)
    for owner in _owners(client, "before-send"):
        if isinstance(owner, ClientRateLimiter):
            _fill_bucket(owner, _Clock(world))
            _renew_limiter(owner, _Clock(world))
        elif limiter := asynchronous_clients.limiter_of(owner):
            asynchronous_clients.fill_bucket(limiter, _Clock(world), world.is_virtual)
            _renew_limiter(limiter, _Clock(world))
    for owner in _owners(client, "needs-retry"):
        _hand_chance(owner, world)


def _owners(client: BaseClient, event: str) -> Iterator[Any]:
    """The objects that handle an event of a client, themselves or with a method."""
    emitter: Any = client.meta.events
    emitter = getattr(emitter, "_emitter", emitter)  # sessions wrap the emitter to translate event names
    for handler in emitter._handlers.prefix_search(f"{event}.lambda"):  # noqa: SLF001 - the only register there is
        yield getattr(handler, "__self__", handler)


def _hand_chance(retry_handler: Any, world: World) -> None:
    """The same seed is to give the same back-off, which moves the clock that answers show."""
    if isinstance(retry_handler, standard.RetryHandler):
        backoff: Any = retry_handler._retry_policy._retry_backoff  # type: ignore[attr-defined]  # noqa: SLF001 - given as a default argument
        backoff._random = world.random  # noqa: SLF001 - the same
    elif isinstance(retry_handler, retryhandler.RetryHandler):
        delay = getattr(retry_handler._action, "keywords", {})  # type: ignore[attr-defined]  # noqa: SLF001 - a partial; ours has none
        if delay.get("base") == "rand":
            retry_handler._action = lambda attempts: world.random() * delay["growth_factor"] ** (attempts - 1)  # type: ignore[attr-defined]  # noqa: SLF001 - as delay_exponential


def _fill_bucket(limiter: Any, clock: _Clock) -> None:
    bucket = TokenBucket(max_rate=1, clock=clock)
    bucket._new_fill_rate_condition = _Condition(bucket._new_fill_rate_condition, clock)  # type: ignore[attr-defined]  # noqa: SLF001 - it would wait for real
    limiter._token_bucket = bucket  # noqa: SLF001 - as in a new client


def _renew_limiter(limiter: Any, clock: _Clock) -> None:
    limiter._enabled = False  # noqa: SLF001 - as in a new client
    limiter._clock = clock  # noqa: SLF001 - as in a new client
    limiter._rate_clocker = RateClocker(clock)  # noqa: SLF001 - as in a new client
    limiter._rate_adjustor = CubicCalculator(starting_max_rate=0, start_time=clock.current_time())  # noqa: SLF001 - as in a new client


class _Clock(Clock):
    """A clock of botocore's rate limiter that is ours."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def sleep(self, amount: float) -> None:
        self._world.sleep(math.ceil(amount / _TICK) * _TICK)

    def current_time(self) -> float:
        return self._world.now()


class _Condition:
    """The condition that a token bucket waits on: the wait moves the clock instead of blocking."""

    def __init__(self, condition: Any, clock: Clock) -> None:
        self._condition, self._clock = condition, clock

    def __enter__(self) -> Any:
        return self._condition.__enter__()

    def __exit__(self, *exc_info: object) -> None:
        self._condition.__exit__(*exc_info)

    def notify(self) -> None:
        """Wakes whoever really waits; nobody does."""
        self._condition.notify()

    def wait(self, seconds: float) -> None:
        """Moves the clock, with the bucket free meanwhile: what comes due may use the same client."""
        self._condition.release()
        try:
            self._clock.sleep(seconds)
        finally:
            self._condition.acquire()
