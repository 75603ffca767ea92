"""The one seam to the world: what time it is, the next id, the next roll of the dice."""

from __future__ import annotations

import _datetime  # type: ignore[import-not-found]  # the real class, which freezegun leaves in its place; no stubs
import datetime as dt
import random
import sys
from typing import Any

_NO_TIME = dt.timedelta(0)
_MODULES = sys.modules  # the host's, also inside an invocation


class World:
    """The clock and the chance of one fake.

    The clock is ``datetime.now(UTC)``, asked anew each time so that freezegun and time-machine are seen, plus an offset that ``advance``
    moves. Beside it runs ``elapsed``, which only grows: when the source of time changes (a freeze is entered or left) or steps back, it
    stands still, so that what waits keeps its remaining delay. Ids, rolls and faults come from separate streams of one seed, so that
    one more id never moves a route.

    Args:
        seed: whatever ``random.Random`` takes as text.
        rolls: draws the routing instead of the seed, such as Hypothesis's ``st.randoms(use_true_random=False)``.
    """

    def __init__(self, seed: object, rolls: random.Random | None = None) -> None:
        self._ids = random.Random(f"ids of {seed}")  # noqa: S311 - reproducible, not secret
        self._rolls = rolls or random.Random(f"rolls of {seed}")  # noqa: S311 - reproducible, not secret
        self._offset = _NO_TIME
        self._source: object = _source()
        self._reading = _read()
        self.elapsed = _NO_TIME

    def now(self) -> dt.datetime:
        """The time, aware and in UTC; looks at the clock and lets ``elapsed`` follow."""
        reading, source = _read(), _source()
        if source is self._source and reading > self._reading:
            self.elapsed += reading - self._reading
        self._reading, self._source = reading, source
        return reading + self._offset if self._offset else reading

    def move(self, duration: dt.timedelta) -> None:
        """Moves the clock forwards: the frozen one itself where freezegun is active, else this fake's offset."""
        self.now()
        freezer = _freezer()
        if freezer is None:
            self._offset += duration
        else:
            freezer.tick(duration)
            self._reading = _read()
        self.elapsed += duration

    def new_id(self) -> str:
        """The next id: a lower-case version 4 UUID."""
        digits = f"{self._ids.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) & 3]}{digits[17:20]}-{digits[20:]}"

    def roll(self) -> float:
        """The next number, drawn evenly from 0..1."""
        return self._rolls.random()


def _read() -> dt.datetime:
    return dt.datetime.now(dt.UTC)  # noqa: TID251 - this is the seam


def _freezer() -> Any:
    """Freezegun's innermost freeze, found without importing it; None where nothing is frozen."""
    if dt.datetime is _datetime.datetime:
        return None
    freezegun = _MODULES.get("freezegun.api")
    factories = freezegun.freeze_factories if freezegun else None
    return factories[-1] if factories else None


def _source() -> object:
    """Whatever identifies the source of time, so that a change of it is noticed."""
    freezer = _freezer()
    if freezer is not None:
        return freezer
    time_machine = _MODULES.get("time_machine")
    if time_machine is None:
        return None
    travels = getattr(time_machine, "traveller_stack", None) or getattr(time_machine, "coordinates_stack", None)
    return travels[-1] if travels else None
