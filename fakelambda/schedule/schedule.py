"""One schedule of everything that happens later, ordered by due time, then by arrival."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fakelambda.world import World

_MAXIMUM_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that is going to happen.

    Args:
        due: when, as an aware datetime.
        kind: what kind of thing, such as ``"asynchronous invocation"``.
        function_name: the function that it concerns.
        detail: more of it, for a reader.
    """

    due: datetime
    kind: str
    function_name: str
    detail: str


@dataclass(slots=True, order=True)
class Entry:
    """A place in the schedule; ``due`` is a point of the world's ``elapsed``."""

    due: timedelta
    arrival: int
    action: Callable[[], None] = field(compare=False)
    kind: str = field(compare=False)
    function_name: str = field(compare=False)
    detail: str = field(compare=False)
    runs_user_code: bool = field(compare=False)


class Schedule:
    """The schedule of one fake.

    Entries that run user code wait for an outermost call to end or for the test to say so; the others are AWS's own transitions and
    happen as soon as anyone looks. One thread at a time runs entries with user code; another that comes meanwhile leaves its own to it,
    because waiting for user code that may wait for this very thread would never end.

    Args:
        world: whose ``elapsed`` the entries wait for.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.RLock()
        self._settling = threading.RLock()  # held while a transition happens, so that nobody finds it gone but not yet done
        self._arrivals = itertools.count()
        self._transitions: list[Entry] = []
        self._work: list[Entry] = []
        self._worker: int | None = None

    def add(
        self, delay: timedelta, action: Callable[[], None], *, kind: str, function_name: str, detail: str = "", runs_user_code: bool = False
    ) -> None:
        """Adds an entry.

        Args:
            delay: from now on the fake's clock; nothing happens before the current call has its answer.
            action: what happens.
            kind, function_name, detail: how ``pending`` shows it.
            runs_user_code: whether a handler runs in it.
        """
        due = self._world.elapsed + delay
        entry = Entry(due, next(self._arrivals), action, kind, function_name, detail, runs_user_code)
        with self._lock:
            heapq.heappush(self._work if runs_user_code else self._transitions, entry)

    def pending(self) -> list[Pending]:
        """Everything that waits, soonest first."""
        now = self._world.now()
        with self._lock:
            entries = sorted(self._transitions + self._work)
            elapsed = self._world.elapsed
        return [Pending(now + (entry.due - elapsed), entry.kind, entry.function_name, entry.detail) for entry in entries]

    def settle(self) -> None:
        """Lets the transitions happen that are due; runs no user code. Call it with the clock looked at."""
        with self._settling:
            while self._transitions and (entry := self._due(self._transitions)):
                entry.action()

    def run_due(self) -> None:
        """Runs all that is due, user code included; leaves it to another thread that is at it already."""
        self._world.now()
        with self._lock:
            if self._worker not in (None, threading.get_ident()):
                return
            outer, self._worker = self._worker, threading.get_ident()
        try:
            while self._run_next(outer):
                pass
        except BaseException:
            with self._lock:
                self._worker = outer
            raise

    def has_work(self) -> bool:
        """Whether an entry with user code waits; a cheap question for every call's end."""
        return bool(self._work)

    def advance(self, duration: timedelta, *, user_code: bool = True) -> None:
        """Moves the clock step by step and runs whatever comes due on the way.

        Args:
            duration: how far, zero or more.
            user_code: False lets only transitions happen; the rest goes on waiting.
        """
        happen = self.run_due if user_code else self.settle
        self._world.now()
        happen()
        end = self._world.elapsed + duration
        while (soonest := self._soonest_to_come()) is not None and soonest.due <= end:
            self._world.reach(soonest.due)
            happen()
        self._world.reach(end)
        happen()

    def drain(self) -> None:
        """Moves the clock as far as it takes until nothing waits.

        Raises:
            RuntimeError: entries go on making new ones.
        """
        self.run_due()
        steps = 0
        while soonest := self._soonest_to_come():
            steps += 1
            if steps > _MAXIMUM_STEPS:
                raise RuntimeError(
                    f"drain() gave up after {_MAXIMUM_STEPS} steps: {soonest.function_name} keeps scheduling {soonest.kind}; "
                    "move the clock by a definite time instead, with advance(seconds)."
                )
            self._world.reach(soonest.due)
            self.run_due()

    def _soonest_to_come(self) -> Entry | None:
        """The next entry that is not due yet; one that is due is in somebody's hands."""
        with self._lock:
            now = self._world.elapsed
            if not any(entries and entries[0].due <= now for entries in (self._transitions, self._work)):
                return min((entries[0] for entries in (self._transitions, self._work) if entries), default=None)
            return min((entry for entry in (*self._transitions, *self._work) if entry.due > now), default=None)

    def _due(self, *queues: list[Entry]) -> Entry | None:
        with self._lock:
            candidates = [entries for entries in queues if entries and entries[0].due <= self._world.elapsed]
            return heapq.heappop(min(candidates, key=lambda entries: entries[0])) if candidates else None

    def _run_next(self, outer: int | None) -> bool:
        """Runs the next entry that is due; False when there was none and this thread has stepped down."""
        with self._settling:
            with self._lock:  # asking and stepping down are one step, so that nobody's entry is left behind
                entry = self._due(self._transitions, self._work)
                if entry is None:
                    self._worker = outer
                    return False
            if not entry.runs_user_code:
                entry.action()
                return True
        entry.action()
        return True
