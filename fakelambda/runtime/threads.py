"""Threads that a handler starts, and what it gives to executors, belong to the execution environment they come from.

Python starts a thread without context variables. Views of ``Thread.start`` and ``ThreadPoolExecutor.submit`` carry those of this package
over, and only those: a handler's own do not follow it in Lambda either. Outside invocations the views do nothing, save that what a test
submits to an executor that a handler has used too stays the test's.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import wraps
from typing import TYPE_CHECKING, Any

from fakelambda.runtime import environ, sleeping
from fakelambda.runtime.failures import TimedOut
from fakelambda.runtime.methods import View

if TYPE_CHECKING:
    from collections.abc import Callable

    Sleep = Callable[[float], None]
    Remaining = Callable[[], float]

_OURS = "fakelambda_"
"""How the names of this package's context variables begin."""


class SharedClock:
    """What sleeping does in an execution environment: one clock for the handler and for the threads that it started.

    Threads sleep beside the handler and beside each other: ten that sleep for a second take a second together. A thread counts from where
    the one that started it stood; whoever waits for a thread or a future goes on from where the clock stands then. A sleep that nobody in
    Lambda would see the end of, as the timeout comes first or the invocation is over, is a real one, which the end of the environment
    ends together with its thread.

    Args:
        sleeps_really: whether no clock is moved.
    """

    def __init__(self, *, sleeps_really: bool) -> None:
        self._sleeps_really = sleeps_really
        self._invocation: tuple[Sleep, Remaining] | None = None
        self._ahead = 0.0  # seconds that threads have slept beside the handler
        self._lock = threading.RLock()
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether the environment is gone."""
        return self._stopped.is_set()

    def begin(self, sleep: Sleep, remaining: Remaining) -> None:
        """Counts on the clock of one invocation.

        Args:
            sleep: sleeps some seconds.
            remaining: says how many seconds are left until the timeout.
        """
        self._invocation, self._ahead = (sleep, remaining), 0.0

    def end(self) -> None:
        """Stands still until the next invocation."""
        self._invocation = None

    def stop(self) -> None:
        """Ends the threads that sleep, now or later."""
        self._invocation = None
        self._stopped.set()

    def __call__(self, seconds: float) -> None:
        """Sleeps, as ``time.sleep`` does in the thread that calls.

        Raises:
            TimedOut: the timeout passes first, in the handler's own thread.
            SystemExit: the environment is gone.
        """
        strand = self._strand()
        if not self._sleeps(strand, seconds) and self._stopped.wait(min(seconds, threading.TIMEOUT_MAX)):
            raise SystemExit

    def branch(self) -> Strand:
        """Where a thread stands that is started now."""
        strand, branch = self._strand(), Strand(self)
        if strand is not None:
            branch.invocation, branch.left = strand.invocation, strand.left
        elif self._invocation is not None:
            self._join_in(branch, self._invocation)
        return branch

    def catch_up(self) -> None:
        """Goes on from where the clock stands, as this thread has waited for another one."""
        strand, invocation = self._strand(), self._invocation
        if strand is None:
            self._ahead = 0.0
        elif invocation is not None:
            strand.invocation, strand.left = invocation, invocation[1]()

    def _strand(self) -> Strand | None:
        strand: Strand | None = getattr(_local, "strand", None)
        return None if strand is None or strand.clock is not self else strand

    def _sleeps(self, strand: Strand | None, seconds: float) -> bool:
        """Sleeps on the clock of the invocation; False where that is not possible."""
        invocation = self._invocation
        if invocation is None or (self._sleeps_really and strand is not None):
            return False
        sleep, remaining = invocation
        with self._lock:
            if strand is None:
                together = min(seconds, self._ahead)
                self._ahead -= together
                sleep(seconds - together)
                return True
            if strand.invocation is not invocation:
                self._join_in(strand, invocation)
            strand.left -= seconds
            further = max(remaining() - strand.left, 0.0)
            if strand.left >= 0:
                sleep(further)
                self._ahead += further
            return strand.left >= 0

    def _join_in(self, strand: Strand, invocation: tuple[Sleep, Remaining]) -> None:
        strand.invocation, strand.left = invocation, invocation[1]() + self._ahead


class Strand:
    """Where a thread stands on the clock that it shares.

    Attributes:
        clock: the one.
        invocation: in which the thread has slept last.
        left: seconds that this invocation would have left if there were no other threads.
    """

    __slots__ = ("clock", "invocation", "left")

    def __init__(self, clock: SharedClock) -> None:
        self.clock, self.left = clock, 0.0
        self.invocation: tuple[Sleep, Remaining] | None = None


_local = threading.local()


class _Carried:
    """A function that runs where it was made: in the execution environment of that moment, or outside of all.

    Args:
        function: what runs.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        variables = copy_context().items() if _in_an_invocation() else ()
        self._variables = [(variable, value) for variable, value in variables if variable.name.startswith(_OURS)]
        clock = sleeping.current.get()
        self.clock = clock if isinstance(clock, SharedClock) else None
        self._strand = None if self.clock is None else self.clock.branch()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._variables:
            # A worker that a handler's submission has started is in that handler's environment.
            return Context().run(self._function, *args, **kwargs) if _in_an_invocation() else self._function(*args, **kwargs)
        tokens = [(variable, variable.set(value)) for variable, value in self._variables]
        outer, _local.strand = getattr(_local, "strand", None), self._strand
        try:
            return self._function(*args, **kwargs)
        finally:
            _local.strand = outer
            for variable, token in tokens:
                variable.reset(token)


class _Run:
    """Stands for the ``run`` of a thread that a handler starts."""

    def __init__(self, thread: threading.Thread) -> None:
        self._thread: threading.Thread | None = thread
        self._carried = _Carried(thread.run)

    def __call__(self) -> None:
        thread, self._thread = self._thread, None
        vars(thread).pop("run", None)  # else the thread would refer to itself
        try:
            self._carried()
        except TimedOut:
            return  # Lambda stops the process with all its threads; its answer is the handler's
        except BaseException:
            if self._carried.clock is None or not self._carried.clock.stopped:
                raise
            # In Lambda the thread would have been gone, so nobody shall hear of it.


def _in_an_invocation() -> bool:
    return environ.current.get() is not None


def _carrying_start(start: Callable[[threading.Thread], None]) -> Any:
    @wraps(start)
    def carrying(self: threading.Thread) -> None:
        if _in_an_invocation():
            self.run = _Run(self)  # type: ignore[method-assign]  # what a subclass overrides is what runs inside
        start(self)

    return carrying


def _carrying_submit(submit: Callable[..., Future[Any]]) -> Any:
    @wraps(submit)
    def carrying(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return submit(self, _Carried(fn), *args, **kwargs)

    return carrying


def _catching_up(wait: Callable[..., Any]) -> Any:
    @wraps(wait)
    def catching_up(self: Any, timeout: float | None = None) -> Any:
        try:
            return wait(self, timeout)
        finally:
            clock = sleeping.current.get()
            if isinstance(clock, SharedClock):
                clock.catch_up()

    return catching_up


VIEWS = (
    View(threading.Thread, "start", _carrying_start),
    View(threading.Thread, "join", _catching_up),
    View(ThreadPoolExecutor, "submit", _carrying_submit),
    View(Future, "result", _catching_up),
)
