"""How long the system has let threads wait that could have run: a handler is not stopped for what a busy machine does to it.

Linux counts it for each thread. Elsewhere nobody knows, and handlers get no more than their time.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import NamedTuple

_open = open  # which a test may replace, and count how often it is called
_FRESH = 0.25
"""Seconds for which a reading serves: what it counts too much is no more, and most invocations need none of their own."""


class Reading(NamedTuple):
    """What was counted for a thread at some time.

    Args:
        at: seconds of whatever clock the caller counts by.
        thread: as the system names it.
        starved: seconds since the thread began.
    """

    at: float
    thread: int
    starved: float


_readings: dict[int, Reading] = {}


def reading(thread: int, now: float) -> Reading:
    """What is counted for the calling thread, or was a moment ago.

    Args:
        thread: the caller's ``threading.get_ident()``.
        now: seconds of a clock that only grows.
    """
    found = _readings.get(thread)
    if found is None or not found.at <= now < found.at + _FRESH:
        native = threading.get_native_id()
        found = _readings[thread] = Reading(now, native, _starved(native))
    return found


def since(reading: Reading) -> float:
    """Seconds that its thread could have run and was not let, since a reading; 0 where nobody counts them."""
    return max(_starved(reading.thread) - reading.starved, 0.0)


def _starved(thread: int) -> float:
    with suppress(OSError, ValueError, IndexError), _open(f"/proc/{os.getpid()}/task/{thread}/schedstat", "rb") as file:
        return int(file.read().split()[1]) / 1e9
    return 0.0
