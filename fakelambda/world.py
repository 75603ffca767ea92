"""The one seam to the world: what time it is, the next id, the next roll of the dice."""

from __future__ import annotations

import datetime as dt
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

_NO_TIME = dt.timedelta(0)
_VERSION_4 = 4 << 76 | 0b10 << 62  # and the variant of RFC 4122
_MOST_IDS_AT_ONCE = 32
_CHANCE = (1 << 128) - 1 ^ 0xF << 76 ^ 0b11 << 62  # the other bits of a UUID
_MODULES = sys.modules  # the host's, also inside an invocation


class World:
    """The clock and the chance of one fake.

    The clock is ``datetime.now(UTC)``, asked anew each time so that freezegun and time-machine are seen, plus an offset that
    ``advance`` moves. Beside it runs ``elapsed``, which only grows: when the source of time changes (a freeze is entered or left) or
    steps back, it stands still, so that what waits keeps its remaining delay. Ids, rolls, the jitter of retries and faults come from
    separate streams of one seed, so that one more id never moves a route.

    Args:
        seed: whatever ``random.Random`` takes as text.
        rolls: draws the routing instead of the seed, such as Hypothesis's ``st.randoms(use_true_random=False)``.

    Attributes:
        leapt: told how many seconds whenever ``reach`` has moved the clock.
        moved_at: the time to which the clock was moved last, rather than ran.
    """

    def __init__(self, seed: object, rolls: Random | None = None) -> None:
        self._ids = _Stream(f"ids of {seed}")
        self._next_ids: list[str] = []  # of that stream, the next one last
        self._ids_at_once = 1
        self._rolls = rolls or _Stream(f"rolls of {seed}")
        self._jitter = _Stream(f"jitter of {seed}")
        self._misfortune = _Stream(f"faults of {seed}")
        self._lock = threading.RLock()  # the threads of a test share the clock
        self._offset = _NO_TIME
        self._source: object = _source()
        self._reading = self._since = dt.datetime.now(dt.UTC)  # noqa: TID251 - this is the seam
        self._passed = _NO_TIME  # until `_since`, a reading of the same source that is not later than the last one
        self.leapt: Callable[[float], None] = _nobody_asks
        self.moved_at = dt.datetime.min.replace(tzinfo=dt.UTC)

    @property
    def elapsed(self) -> dt.timedelta:
        """How much time has passed until the clock was looked at last."""
        with self._lock:
            return self._passed + (self._reading - self._since)

    def _go_on_from(self, elapsed: dt.timedelta, reading: dt.datetime) -> None:
        """Lets ``elapsed`` be so much at a reading of the clock."""
        self._passed, self._since, self._reading = elapsed, reading, reading
        self.moved_at = reading + self._offset

    def now(self) -> dt.datetime:
        """The time, aware and in UTC; looks at the clock and lets ``elapsed`` follow."""
        self._lock.acquire()  # `with` takes twice as long, and every call looks at the clock
        try:
            reading = dt.datetime.now(dt.UTC)  # noqa: TID251 - this is the seam
            source = _source() if "freezegun.api" in _MODULES or "time_machine" in _MODULES else None
            if source is not self._source or reading < self._reading:
                self._source = source
                self._go_on_from(self.elapsed, reading)
            self._reading = reading
            return reading + self._offset if self._offset else reading
        finally:
            self._lock.release()

    @property
    def ahead(self) -> dt.timedelta:
        """How far this clock is ahead of its source, which is the time that the services beside Lambda see."""
        return self._offset

    @property
    def moves_its_source(self) -> bool:
        """Whether those services' time moves with this clock: where freezegun is active."""
        return _freezer() is not None

    def reach(self, elapsed: dt.timedelta) -> None:
        """Moves the clock forwards to a point of ``elapsed``: the frozen one itself where freezegun is active, else this fake's offset.

        Args:
            elapsed: where to; the clock stays where it is when that has passed, as another thread may have moved it.

        Raises:
            OverflowError: no date is so late; the clock stays where it is.
        """
        with self._lock:
            now = self.now()
            duration = elapsed - self.elapsed
            if duration <= _NO_TIME:
                return
            now + duration  # raises where there is no such time, before anything has moved
            freezer = _freezer()
            if freezer is None:
                self._offset += duration
            else:
                _tick(freezer, duration)
                self._reading += duration
            self._go_on_from(elapsed, self._reading)
            self.leapt(duration.total_seconds())

    def snapshot(self) -> Moment:
        """The clock's and the streams' place; a stream that the test gave has none."""
        elapsed = self.elapsed
        with _moving:
            return Moment(self._offset, elapsed, [(stream, stream.place()) for stream in self._streams()], tuple(self._next_ids))

    def restore(self, moment: Moment) -> None:
        """Goes back to a place; a clock that freezegun has frozen is not turned back, only what is ours."""
        with self._lock:
            self.now()
            self._offset = moment.offset
            self._go_on_from(moment.elapsed, self._reading)
        with _moving:
            for stream, place in moment.places:
                stream.go_to(place)
            self._next_ids = list(moment.next_ids)

    def _streams(self) -> Iterator[_Stream]:
        for stream in (self._ids, self._rolls, self._jitter, self._misfortune):
            if isinstance(stream, _Stream):
                yield stream

    def new_id(self) -> str:
        """The next id: a lower-case version 4 UUID."""
        try:
            return self._next_ids.pop()
        except IndexError:
            return self._more_ids()

    def _more_ids(self) -> str:
        """The next id; some more are made with it, which is cheaper than one at a time, the more the more were needed so far."""
        with _moving:
            made = [_uuid(self._ids.getrandbits(128)) for _ in range(self._ids_at_once)]
            self._ids_at_once = min(self._ids_at_once * 2, _MOST_IDS_AT_ONCE)
            self._next_ids[:0] = made[:0:-1]
            return made[0]

    def roll(self) -> float:
        """The next number, drawn evenly from 0..1."""
        return self._rolls.random()

    def jitter(self) -> float:
        """The next chance of how long a retry waits, drawn evenly from 0..1."""
        return self._jitter.random()

    def misfortune(self) -> float:
        """The next chance of a fault that a test has ordered, drawn evenly from 0..1."""
        return self._misfortune.random()


def _uuid(chance: int) -> str:
    digits = "%032x" % (chance & _CHANCE | _VERSION_4)
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class _Place:
    """Where a stream of numbers is; what its state is, is asked when it goes on: hardly any stream does before somebody comes back."""

    state: Any = None


class Moment(NamedTuple):
    """What ``World.restore`` goes back to."""

    offset: dt.timedelta
    elapsed: dt.timedelta
    places: list[tuple[_Stream, _Place]]
    next_ids: tuple[str, ...]


_moving = threading.RLock()
"""Held while a stream of any fake goes to a place or leaves one: other threads draw meanwhile, and nobody may find a place half known."""


class _Stream:
    """A reproducible stream of chance that knows the way back: at a place it waits for the next draw; elsewhere drawing is not slowed.

    Args:
        seed: what its numbers follow from; nothing is computed before the first of them is drawn.
    """

    random: Callable[[], float]
    getrandbits: Callable[[int], int]

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._here: _Place | None = None
        self._wait_at(_Place())

    @functools.cached_property
    def _chance(self) -> Random:
        return Random(self._seed)  # noqa: S311 - reproducible, not secret

    def place(self) -> _Place:
        """Where it is now."""
        with _moving:
            return self._here or self._wait_at(_Place())

    def go_to(self, place: _Place) -> None:
        """Goes back; the numbers since come again."""
        with _moving:
            if place is not self._here:
                self._leave()  # and remembers this place: somebody may come back to it
                self._chance.setstate(place.state)
                self._wait_at(place)

    def _wait_at(self, place: _Place) -> _Place:
        self._here = place
        self.random, self.getrandbits = self._next_random, self._next_getrandbits
        return place

    def _next_random(self) -> float:
        return self._leave().random()

    def _next_getrandbits(self, bits: int, /) -> int:
        return self._leave().getrandbits(bits)

    def _leave(self) -> Random:
        with _moving:
            place, self._here = self._here, None
            chance = self._chance
            if place is not None and place.state is None:
                place.state = chance.getstate()
            self.random, self.getrandbits = chance.random, chance.getrandbits
            return chance


def _nobody_asks(_: float) -> None:
    """What happens when the clock was moved, where nobody asks."""


def _freezer() -> Any:
    """Freezegun's innermost freeze, found without importing it; None where nothing is frozen."""
    freezegun = _MODULES.get("freezegun.api")
    factories = freezegun.freeze_factories if freezegun else None
    return factories[-1] if factories else None


def _tick(freezer: Any, duration: dt.timedelta) -> None:
    if hasattr(freezer, "start"):  # tick=True: its own tick() begins at the frozen time and forgets what has run since
        freezer.move_to(freezer() + duration)
    else:
        freezer.tick(duration)


def _source() -> object:
    """Whatever identifies the source of time, so that a change of it is noticed."""
    if "freezegun.api" in _MODULES and (freezer := _freezer()) is not None:
        return freezer
    time_machine = _MODULES.get("time_machine")
    if time_machine is None:
        return None
    travels = getattr(time_machine, "traveller_stack", None) or getattr(time_machine, "coordinates_stack", None)
    return travels[-1] if travels else None
