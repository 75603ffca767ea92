"""The retry quota and the rate limiter that botocore keeps on a client, which would leak from one test into the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.retries.adaptive import ClientRateLimiter, RateClocker
from botocore.retries.bucket import Clock, TokenBucket
from botocore.retries.standard import RetryQuotaChecker
from botocore.retries.throttling import CubicCalculator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.client import BaseClient


def renew(client: BaseClient, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
    """Makes a client's retry quota full and its rate limiter new, on a clock of ours.

    Args:
        now: seconds of the clock that the limiter measures with.
        sleep: waits on that clock.
    """
    for owner in _owners(client, "after-call"):
        if isinstance(owner, RetryQuotaChecker):
            quota: Any = owner._quota  # type: ignore[attr-defined]  # noqa: SLF001 - botocore has no way to ask for it
            quota.release(quota.INITIAL_CAPACITY)
    for owner in _owners(client, "before-send"):
        if isinstance(owner, ClientRateLimiter):
            _renew_limiter(owner, _Clock(now, sleep))


def _owners(client: BaseClient, event: str) -> Iterator[Any]:
    """The objects whose methods handle an event of a client."""
    emitter: Any = client.meta.events
    emitter = getattr(emitter, "_emitter", emitter)  # sessions wrap the emitter to translate event names
    for handler in emitter._handlers.prefix_search(f"{event}.lambda"):  # noqa: SLF001 - the only register there is
        yield getattr(handler, "__self__", None)


def _renew_limiter(limiter: Any, clock: _Clock) -> None:
    bucket = TokenBucket(max_rate=1, clock=clock)
    bucket._new_fill_rate_condition = _Condition(bucket._new_fill_rate_condition, clock.sleep)  # type: ignore[attr-defined]  # noqa: SLF001 - it would wait for real
    limiter._enabled = False  # noqa: SLF001 - as in a new client
    limiter._clock = clock  # noqa: SLF001 - as in a new client
    limiter._token_bucket = bucket  # noqa: SLF001 - as in a new client
    limiter._rate_clocker = RateClocker(clock)  # noqa: SLF001 - as in a new client
    limiter._rate_adjustor = CubicCalculator(starting_max_rate=0, start_time=clock.current_time())  # noqa: SLF001 - as in a new client


class _Clock(Clock):
    """A clock of botocore's rate limiter that is ours."""

    def __init__(self, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        super().__init__()
        self._now, self._sleep = now, sleep

    def sleep(self, amount: float) -> None:
        self._sleep(amount)

    def current_time(self) -> float:
        return self._now()


class _Condition:
    """The condition that a token bucket waits on: the wait moves the clock instead of blocking."""

    def __init__(self, condition: Any, sleep: Callable[[float], None]) -> None:
        self._condition, self._sleep = condition, sleep

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
            self._sleep(seconds)
        finally:
            self._condition.acquire()
