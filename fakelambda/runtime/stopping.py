"""Stopping handlers that really run for longer than their timeout, whichever thread they run in.

No thread watches them: a timer of the operating system rings when the next one is due, and Python lets the main thread answer. It raises
in a handler of its own, and throws an asynchronous exception into other threads. The timer is that of ``SIGALRM`` as long as nobody else
uses it, else one of our own, with ``SIGVTALRM``. What is inside a call into C is stopped when that returns, and so is what is inside a
call into this package, whose state would be left half changed.

Without such signals (on Windows, and where no fake was started in the main thread) handlers are answered when they end.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # has no stub
import contextlib
import ctypes
import gc
import math
import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

from fakelambda.runtime import starvation
from fakelambda.runtime.alarms import MainThreadTimer
from fakelambda.runtime.failures import TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    Alarm = tuple[int, Callable[..., tuple[float, float]]]
    """A signal, and what sets the timer that sends it, to (seconds, then every so many), and returns what was set before."""

Result = TypeVar("Result")

_SOON = 0.002
"""Seconds until the next look at a handler that is due but cannot be stopped where it is."""
_TO_CLEAN_UP = 0.1
"""Seconds that a stopped handler has for its ``finally`` and ``except`` blocks before it is stopped in them too."""
_AFTER_A_SLEEP = 0.5
"""Real seconds that a handler has at least, however long it slept on the fake's clock, which a frozen clock does not count."""

_OURS = f"{Path(__file__).parents[1]}{os.sep}"
_CALLS_USER_CODE = frozenset(f"{_OURS}runtime{os.sep}{name}.py" for name in ("coroutines", "environment", "modules", "threads"))
"""Files of ours that have nothing half done while they call a handler, or import its modules."""
_LIKE_USER_CODE = frozenset(f"{_OURS}runtime{os.sep}{name}.py" for name in ("capturing", "environ", "logs"))
"""Files of ours that change nothing but the invocation's own when a handler calls them."""
_LOOPS = frozenset({"asyncio.base_events", "asyncio.events"})
"""Modules that would take an exception for a callback's, and wait forever for a task whose step they have lost."""
_ENTERS = contextlib._GeneratorContextManager.__enter__.__code__  # noqa: SLF001 - what `contextmanager` makes has no other place
"""Where a context may be entered whose ``with`` does not know yet that it has to end it; of the loop around it much else is seen."""
_DEBUGGERS = frozenset({"bdb", "pdb", "pydevd"})

if sys.platform == "win32":
    _ALARMS: tuple[Alarm, ...] = ()
    _COMPUTING: Alarm | None = None
    _now = time.monotonic
else:
    _COMPUTING = (signal.SIGVTALRM, partial(signal.setitimer, signal.ITIMER_VIRTUAL))
    """Counts the time that the process computes, where there is no better one: loops are stopped, what waits is not."""
    _ALARMS = (
        (signal.SIGALRM, partial(signal.setitimer, signal.ITIMER_REAL)),  # Linux gives its signal to the main thread, if that lets it
        (signal.SIGVTALRM, MainThreadTimer(signal.SIGVTALRM)),
        _COMPUTING,
    )
    _now = partial(time.clock_gettime, time.CLOCK_MONOTONIC)  # which no library freezes

_handler_of = _signal.getsignal  # that of signal searches an enum, which takes longer than many handlers
_main_thread = threading.main_thread().ident
_lock = threading.Lock()
_running: dict[int, Deadline] = {}
"""Of each thread the deadline of its innermost handler."""
_alarm: Alarm | None = None
"""The one that is set; None while nobody runs, and where there is none."""
_alarms: tuple[Alarm, ...] = _ALARMS
"""Those to choose from: the one that is set, or all."""
_rings_at = math.inf


class Deadline:
    """When one invocation's handler is stopped, in real time, of which what a busy machine takes from it does not count.

    Args:
        timeout: of the function, in seconds; for the exception that stops it.

    Attributes:
        passed: whether the time was over when what ran last ended.
        waived: whether a debugger held the handler at its deadline, which does not count any more.
        starved: seconds that the machine has taken, as far as they were looked for.
    """

    __slots__ = ("_at", "_reading", "_thrown", "_timeout", "passed", "starved", "waived")

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._at = math.inf
        self._thrown = self.passed = self.waived = False
        self._reading: starvation.Reading | None = None
        self.starved = 0.0

    def allow(self, seconds: float) -> None:
        """Gives it so many seconds from now on."""
        self._at = _now() + seconds
        self._reading, self.starved = None, 0.0

    def shorten(self, seconds: float) -> None:
        """Takes off what passed on the fake's clock only."""
        self._at = max(self._at - seconds, min(self._at, _now() + _AFTER_A_SLEEP))
        with _lock:
            if _running and self._at < _rings_at:  # a thread of the handler may sleep on when that has ended
                _ring_by(self._at)

    def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Calls what is to be stopped at the deadline.

        Raises:
            TimedOut: it was.
        """
        thread = get_ident()
        outer, mask = _running.get(thread), None
        if self._reading is None:
            self._reading = starvation.reading(thread, _now())
        try:
            with _lock:
                _running[thread] = self
                if self._at < _rings_at:
                    _ring_by(self._at)
            if _alarm is _COMPUTING:
                mask = _leave_the_signal_to_the_main_thread(thread)
            return function(*arguments)
        finally:
            try:
                self._end(thread, outer, mask)
            except TimedOut:  # it was on its way when the function ended; Python raises it at a call in there, and there is no second one
                self._end(thread, outer, mask)

    def _end(self, thread: int, outer: Deadline | None, mask: set[Any] | None) -> None:
        with _lock:
            if outer is None:
                _running.pop(thread, None)
            else:
                _running[thread] = outer
            if not _running:
                _silence()
        self.passed = self._thrown or self._is_over()
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _is_over(self) -> bool:
        """Whether its time has passed; what the machine has taken of it is added only then."""
        if _now() <= self._at:
            return False
        starved = 0.0 if self._reading is None else starvation.since(self._reading)
        if starved > self.starved:
            self.starved, self._at = starved, self._at + starved - self.starved
        return _now() > self._at

    def _stop(self, thread: int, frame: FrameType | None) -> TimedOut | None:
        """Throws into another thread; returns what the main thread is to raise itself."""
        if not self._is_over():
            return None
        if not _is_in_user_code(frame) or (_is_finalized(frame) and _now() < self._at + _TO_CLEAN_UP):
            return None
        if _is_debugged(frame):
            self._at, self.waived = math.inf, True
            return None
        self._thrown, self._at = True, _now() + _TO_CLEAN_UP
        timeout = self._timeout
        if thread == _main_thread:
            return TimedOut(timeout)
        # The interpreter makes the exception, without arguments.
        _throw(thread, type("TimedOut", (TimedOut,), {"__init__": lambda self: TimedOut.__init__(self, timeout)}))
        return None


def install() -> None:
    """Takes the signals that nobody uses; does nothing outside of the main thread."""
    if get_ident() == _main_thread:
        for number, _ in _ALARMS:
            if _handler_of(number) == signal.SIG_DFL:
                signal.signal(number, _ring)


def uninstall() -> None:
    """Gives back the signals that are still ours; handlers that go on running are not stopped any more."""
    if get_ident() == _main_thread:
        with _lock:
            _silence()
            for number, _ in _ALARMS:
                if _handler_of(number) is _ring:
                    signal.signal(number, signal.SIG_DFL)


def _ring(_: int, frame: FrameType | None) -> None:
    """Stops who is due; called in the main thread, wherever that is."""
    if not _lock.acquire(blocking=False):  # it interrupts whoever holds it, or that thread is about to end; it rings again soon
        return
    try:
        error = _stop_who_is_due(frame)
    finally:
        _lock.release()
    if error is not None:
        raise error


def _stop_who_is_due(frame: FrameType | None) -> TimedOut | None:
    now, error = _now(), None
    frames = dict(sys._current_frames())  # noqa: SLF001 - the documented way to see where other threads are
    for thread, deadline in _running.items():
        if deadline._at <= now:  # noqa: SLF001 - the deadlines are this module's
            error = deadline._stop(thread, frame if thread == _main_thread else frames.get(thread)) or error  # noqa: SLF001 - as above
    if _running:
        _ring_by(min(deadline._at for deadline in _running.values()))  # noqa: SLF001 - as above
    return error


def _ring_by(at: float) -> None:
    """Sets the timer; with the lock held."""
    global _alarm, _alarms, _rings_at
    seconds = at - _now()
    if seconds < _SOON:
        seconds = _SOON
    elif seconds == math.inf:
        seconds = 0
    for alarm in _alarms:
        number, set_timer = alarm
        if _handler_of(number) is not _ring:
            continue
        if alarm is _COMPUTING:  # which may run slower than the time
            seconds = min(seconds, _TO_CLEAN_UP)
        try:
            others = set_timer(seconds, _SOON)
        except OSError:  # the system has no such timer, or no more of them
            continue
        if others[0] and _alarm is None:
            set_timer(*others)
            continue
        _alarm, _alarms, _rings_at = alarm, (alarm,), at
        return


def _silence() -> None:
    """Stops the timer, unless somebody else uses it by now; with the lock held."""
    global _alarm, _alarms, _rings_at
    if _alarm is not None:
        number, set_timer = _alarm
        if _handler_of(number) is _ring:
            set_timer(0)
    _alarm, _alarms, _rings_at = None, _ALARMS, math.inf


def _leave_the_signal_to_the_main_thread(thread: int) -> set[Any] | None:
    """The system would deliver it to the thread that computes, and the main thread, where it may wait, would not notice."""
    if sys.platform == "win32" or thread == _main_thread:
        return None
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, {_COMPUTING[0]}))


def _throw(thread: int, kind: type[BaseException]) -> None:
    """Makes a thread raise as soon as it runs Python code."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))


def _is_in_user_code(frame: FrameType | None) -> bool:
    """Says whether a thread is in code that a handler called, and not in work of ours or in a callback of the garbage collector."""
    if frame is None or frame.f_code in {Deadline.run.__code__, _ENTERS} or frame.f_globals.get("__name__") in _LOOPS:
        return False
    allowed = _LIKE_USER_CODE
    dropping = [getattr(callback, "__code__", None) for callback in gc.callbacks]  # Python prints what they raise, and forgets it
    while frame is not None and frame.f_code is not Deadline.run.__code__:
        file = frame.f_code.co_filename
        if (file.startswith(_OURS) and file not in allowed) or frame.f_code in dropping:
            return False
        allowed, frame = _LIKE_USER_CODE | _CALLS_USER_CODE, frame.f_back
    return frame is not None


def _is_finalized(frame: FrameType | None) -> bool:
    """Says whether a thread is in a ``__del__``: Python prints what it raises, and forgets it, so that one is rather let end."""
    while frame is not None and frame.f_code is not Deadline.run.__code__:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def _is_debugged(frame: FrameType | None) -> bool:
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _DEBUGGERS:
            return True
        frame = frame.f_back
    return False
