"""A timer of the operating system whose signal the main thread gets, and no other.

Python answers signals in the main thread only, and cannot wake it where it waits for a lock while the system gave the signal to another
thread. The interval timers of the process leave that choice to the system.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
import time
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGEV_THREAD_ID = 4


class _Notification(ctypes.Structure):
    """``struct sigevent``."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("how", ctypes.c_int),
        ("thread", ctypes.c_int),
        ("unused", ctypes.c_byte * 64),  # at least what is left of its 64 bytes
    )


class _Setting(ctypes.Structure):
    """``struct itimerspec``."""

    _fields_ = (
        ("interval_seconds", ctypes.c_long),
        ("interval_nanoseconds", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("nanoseconds", ctypes.c_long),
    )


class MainThreadTimer:
    """Set as ``signal.setitimer`` sets its own, in real time; made when it is first set, since few processes need it.

    Args:
        number: of the signal that it sends.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._process = 0  # that it was made in: a fork's child has none of its parent's timers
        self._timer = ctypes.c_void_p()

    def __call__(self, seconds: float, interval: float = 0) -> tuple[float, float]:
        """Rings after so many seconds and then at each interval; 0 seconds stop it.

        Returns:
            what others had set it to: nothing, since there are no others.

        Raises:
            OSError: there is no such timer.
        """
        if self._process != os.getpid():
            self._make()
        setting = _Setting(*_split(interval), *_split(seconds))
        _called("timer_settime", self._timer, 0, ctypes.byref(setting), None)
        return 0, 0

    def _make(self) -> None:
        if sys.platform != "linux":
            raise OSError(errno.ENOSYS, "only Linux has timers that signal one thread")
        process = os.getpid()  # which is the number of its main thread too
        notification = _Notification(signal=self._number, how=_SIGEV_THREAD_ID, thread=process)
        _called("timer_create", time.CLOCK_MONOTONIC, ctypes.byref(notification), ctypes.byref(self._timer))
        self._process = process


def _split(seconds: float) -> tuple[int, int]:
    whole = int(seconds)
    return whole, int((seconds - whole) * 1_000_000_000)


@cache
def _function(name: str) -> Callable[..., int]:
    """A function of the C library; it lets no other thread run meanwhile, since its callers hold a lock."""
    function: Callable[..., int] | None = getattr(ctypes.PyDLL(None, use_errno=True), name, None)
    if function is None:
        raise OSError(errno.ENOSYS, f"this C library has no {name}()")
    return function


def _called(name: str, *arguments: object) -> None:
    if _function(name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
