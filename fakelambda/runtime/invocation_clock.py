"""How handlers see time: what is left until their timeout, and a sleep that the timeout ends."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING

from fakelambda.runtime import sleeping, stopping
from fakelambda.runtime.failures import TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fakelambda.world import World

_current: ContextVar[tuple[InvocationClock, ...]] = ContextVar("fakelambda_clocks", default=())
"""Of the invocations that this thread or task is in, the outermost first."""

_asleep: ContextVar[bool] = ContextVar("fakelambda_asleep", default=False)
"""Whether the clock moves because this thread or task sleeps or waits, rather than because the test moves it."""


class InvocationClock:
    """The time of one invocation.

    Args:
        started_at: aware datetime of the fake's clock.
        timeout: of the function, in seconds.
        sleep: moves the fake's clock; None really sleeps.

    Attributes:
        started_at: when the handler was called.
        deadline: ends what neither sleeps nor returns.
    """

    def __init__(self, world: World, started_at: datetime, timeout: float, sleep: Callable[[float], None] | None) -> None:
        self._world, self._timeout, self._sleep = world, timeout, sleep
        self._others = 0.0  # seconds that the fake's clock was moved by those who only slept beside it
        self.started_at = started_at
        self.deadline = stopping.Deadline(timeout)

    def start(self, at: datetime) -> None:
        """Begins to count.

        Args:
            at: the time of the fake's clock.
        """
        self._others = 0.0
        self.started_at = at
        self.deadline.allow(self._timeout)

    def enter(self) -> None:
        """Counts what happens in this context from now on as the invocation's."""
        _current.set((*_current.get(), self))

    def lasted(self, until: datetime) -> float:
        """Seconds since the start."""
        seconds = (until - self.started_at).total_seconds()
        return max(seconds - self._others, 0.0) if self._others else seconds

    def remaining(self) -> float:
        """Seconds until the timeout."""
        return self._timeout - self.lasted(self._world.now())

    def sleep(self, seconds: float) -> None:
        """Sleeps, but not past the timeout.

        Raises:
            TimedOut: the timeout passes first.
        """
        remaining = self.remaining()
        slept = max(min(seconds, remaining), 0)
        if self._sleep is None:
            sleeping.really(slept)
        else:
            self._move(self._sleep, slept)
            self.deadline.shorten(slept)
        if seconds > remaining:
            raise TimedOut(self._timeout)

    def catch_up(self) -> None:
        """Moves a frozen clock to the timeout, which has really passed."""
        remaining = self.remaining()
        if remaining > 0 and self._sleep is not None:
            self._move(self._sleep, remaining)

    def _move(self, sleep: Callable[[float], None], seconds: float) -> None:
        """Moves the fake's clock as the invocation, whoever asks: a thread of an earlier one may."""
        own = _current.set((*_current.get(), self))
        try:
            sleep(seconds)
        finally:
            _current.reset(own)

    def leave_out(self, seconds: float) -> None:
        """Does not count what somebody sleeps who is no part of the invocation."""
        self._others += seconds


class InvocationClocks:
    """The clocks of the invocations that run.

    Sleeping and waiting take time beside each other: when a thread that sleeps moves the fake's clock, invocations that it is no part of
    do not get older. When the test moves it they do.

    Args:
        world: whose clock is moved.

    Attributes:
        running: the clocks of those that have begun and not ended.
    """

    def __init__(self, world: World) -> None:
        self.running: set[InvocationClock] = set()
        world.leapt = self._leapt

    def _leapt(self, seconds: float) -> None:
        if _asleep.get():
            own = _current.get()
            for clock in list(self.running):
                if clock not in own:
                    clock.leave_out(seconds)


@contextmanager
def asleep() -> Iterator[None]:
    """Says that the clock moves inside because somebody sleeps or waits."""
    token = _asleep.set(True)
    try:
        yield
    finally:
        _asleep.reset(token)


@contextmanager
def apart() -> Iterator[None]:
    """Says that what happens inside is no part of the invocations that this thread or task is in, but happens beside them."""
    token = _current.set(())
    try:
        yield
    finally:
        _current.reset(token)
