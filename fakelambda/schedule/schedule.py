"""One schedule of everything that happens later, ordered by due time, then by arrival."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from fakelambda.runtime import invocation_clock
from fakelambda.schedule.polling import Poller, Polling
from fakelambda.world import World

_LONGEST_CHAIN = 10_000
_MOST_NOTES = 10


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


class Entry(NamedTuple):
    """A place in the schedule, which the first two fields order.

    Args:
        due: a point of the world's ``elapsed``.
        stretch: during which it was added, to count ``links`` anew in the next.
        links: how many entries made one another in turn, down to this one.
        in_background: whether nobody waits for it.
    """

    due: timedelta
    arrival: int
    action: Callable[[], None]
    kind: str
    function_name: str
    detail: str
    runs_user_code: bool
    stretch: object
    links: int
    in_background: bool


_happening: ContextVar[Entry | None] = ContextVar("fakelambda_entry", default=None)
"""The entry whose action this thread or task is in; None outside."""


class Schedule:
    """The schedule of one fake.

    Entries that run user code wait for an outermost call to end or for the test to say so; the others are AWS's own transitions and
    happen as soon as anyone looks. One thread at a time runs entries with user code; another that comes meanwhile leaves its own to it,
    because waiting for user code that may wait for this very thread would never end.

    An entry that raises is over, and the others still happen: the first error is raised at the end, by the outermost of nested runs, with
    notes of the later ones. What is no ``Exception``, such as ``KeyboardInterrupt``, is raised at once, and the rest goes on waiting.

    Pollers are asked whenever all that is due has happened, until none has work. They are nothing that waits: they neither show among
    what is pending nor keep ``drain`` from ending.

    What is in the background happens only where the clock comes by, as a version falls idle: ``pending`` does not show it, and ``drain``
    does not wait for it.

    Args:
        world: whose ``elapsed`` the entries wait for.

    Attributes:
        open: the entries that have not happened, also those in somebody's hands; where there is none, nobody need ask for the lock.
        polling: the pollers.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.open: dict[int, Entry] = {}
        self._lock = threading.RLock()  # held while a transition happens, so that nobody finds it gone but not yet done
        self._arrived: deque[Entry] = deque()  # whoever adds may hold a lock that a transition takes, so adding takes none
        self._arrivals = itertools.count()
        self._later: list[Entry] = []
        self._background: list[Entry] = []
        self._transitions: deque[Entry] = deque()  # these two are due
        self._work: deque[Entry] = deque()
        self._worker: int | None = None
        self._failures: list[tuple[Entry, Exception]] = []
        self._stretch = object()
        self.polling = Polling()
        self._asked_again = False  # by a thread that has left the asking to the one that is at it
        self._rounds = (self._stretch, 0)  # of the pollers that found something, in one stretch

    def add(
        self,
        delay: timedelta,
        action: Callable[[], None],
        *,
        kind: str,
        function_name: str,
        detail: str = "",
        runs_user_code: bool = False,
        in_background: bool = False,
    ) -> None:
        """Adds an entry.

        Args:
            delay: from now on the fake's clock; nothing happens before the current call has its answer.
            action: what happens.
            kind, function_name, detail: how ``pending`` shows it.
            runs_user_code: whether a handler runs in it.
            in_background: whether nobody waits for it; such an entry runs no user code.
        """
        maker, stretch = _happening.get(), self._stretch
        links = maker.links + 1 if maker is not None and maker.stretch is stretch else 0
        due, arrival = self._world.elapsed + delay, next(self._arrivals)
        entry = Entry(due, arrival, action, kind, function_name, detail, runs_user_code, stretch, links, in_background)
        self.open[arrival] = entry
        self._arrived.append(entry)

    def pending(self) -> list[Pending]:
        """Everything that waits, soonest first, without what is in the background."""
        now = self._world.now()
        with self._lock:
            self._sort_in()
            entries = sorted((*self._transitions, *self._work, *self._later))
            elapsed = self._world.elapsed
        return [Pending(now + (entry.due - elapsed), entry.kind, entry.function_name, entry.detail) for entry in entries]

    @property
    def at_rest(self) -> AbstractContextManager[object]:
        """No transition happens inside. Transitions take the lock of the state; whoever wants both takes that one inside, as they do."""
        return self._lock

    def snapshot(self) -> Any:
        """Everything that waits, and who is asked."""
        with self._lock:
            entries = [*self._transitions, *self._work, *self._later, *self._background, *self._arrived]
            return entries, self.polling.snapshot()

    def restore(self, kept: Any) -> None:
        """Lets exactly these entries wait; the clock stands again where it stood."""
        entries, pollers = kept
        with self._lock:
            for waiting in (self._transitions, self._work, self._later, self._background, self._arrived):
                waiting.clear()
            self.open = {entry.arrival: entry for entry in entries}
            self._arrived.extend(entries)
            self.polling.restore(pollers)

    def has_work(self) -> bool:
        """Whether an entry with user code may be due. Call it with the clock looked at."""
        return bool(self.polling) or self.is_due()  # of pollers only asking them would tell

    def is_due(self) -> bool:
        """Whether an entry with user code is due. Call it with the clock looked at."""
        if not self.open:
            return False
        with self._lock:
            self._sort_in()
            return bool(self._work)

    def settle(self) -> None:
        """Lets the transitions happen that are due; runs no user code. Call it with the clock looked at."""
        with self._lock:
            waiting = self._arrived or self._later or self._transitions or self._background
            if not (waiting or self.polling.has_new):
                return
        self._settle_on_the_way(())

    def run_due(self) -> None:
        """Runs all that is due, user code included; leaves it to another thread that is at it already.

        Raises:
            RuntimeError: entries go on making new ones.
        """
        self._run(())

    def advance(self, duration: timedelta, *, user_code: bool = True) -> None:
        """Moves the clock step by step and runs whatever comes due on the way.

        Args:
            duration: how far, zero or more.
            user_code: False lets only transitions happen; the rest goes on waiting.

        Raises:
            RuntimeError: entries go on making new ones that are due at once.
        """
        if user_code:
            self._run(self._steps(duration))
        else:
            self._world.now()
            self._settle_on_the_way(self._steps(duration, user_code=False))

    def drain(self) -> None:
        """Moves the clock as far as it takes until nothing waits.

        Raises:
            RuntimeError: entries go on making new ones.
        """
        self._run(self._steps(None))

    def _steps(self, duration: timedelta | None, *, user_code: bool = True) -> Iterator[None]:
        """Moves the clock from one due time to the next, to the end of a duration or of all that waits."""
        end = None if duration is None else self._world.elapsed + duration
        while True:
            due = self._soonest_to_come(in_background=end is not None)
            if due is not None and (end is None or due <= end):
                self._reach(due, counts_anew=end is not None)
            elif not self._has_come_due(user_code=user_code):
                break
            yield
        if end is not None:
            self._reach(end, counts_anew=True)
            yield

    def _has_come_due(self, *, user_code: bool) -> bool:
        """Whether something has come due for this thread to run since it looked, as the clock goes on by itself."""
        with self._lock:
            self._sort_in()
            return self._worker == threading.get_ident() and bool(self._transitions or (user_code and self._work))

    def _reach(self, elapsed: timedelta, *, counts_anew: bool) -> None:
        """Moves the clock; what makes a chain over the time that a test has asked for does not count as one."""
        self._world.reach(elapsed)
        if counts_anew and _happening.get() is None:
            self._stretch = object()

    def _settle_on_the_way(self, steps: Iterable[None]) -> None:
        failures: list[tuple[Entry, Exception]] = []
        for _ in itertools.chain((None,), steps):
            with self._lock:
                if self._worker is None:
                    self._stretch = object()
                while entry := self._take(user_code=False):
                    self._happen(entry, failures)
            self.polling.begin(lambda poller, action: self._happen(self._entry_of(poller, action), failures))
        _raise_first(failures)

    def _run(self, steps: Iterable[None]) -> None:
        """Runs what is due now and after each step. While it does, other threads leave what they find due to this one."""
        failures: list[tuple[Entry, Exception]] = []
        self._world.now()
        with self._lock:
            is_outermost = self._worker is None
            if is_outermost:
                self._worker, self._failures, self._stretch = threading.get_ident(), failures, object()
            elif self._worker != threading.get_ident():
                self._asked_again = True
        try:
            self._run_all()
            for _ in steps:
                self._run_all()
            while is_outermost and not self._step_down():
                self._run_all()
        except BaseException as error:
            if is_outermost:
                self._worker = None
            _note(error, failures)
            raise
        _raise_first(failures)

    def _step_down(self) -> bool:
        """Asking what is due and stepping down are one step, so that no other thread's entry is left behind."""
        with self._lock:
            self._sort_in()
            if self._transitions or self._work or (self._asked_again and self.polling):
                return False
            self._worker = None
            return True

    def _run_all(self) -> None:
        while self._worker == threading.get_ident():
            with self._lock:
                entry = self._take(user_code=True)
                if entry is not None and not entry.runs_user_code:
                    self._happen(entry, self._failures)
                    continue
            if entry is not None:
                self._happen(entry, self._failures)
            elif not self._poll():
                return

    def _happen(self, entry: Entry, failures: list[tuple[Entry, Exception]]) -> None:
        token = _happening.set(entry)
        try:
            with invocation_clock.apart():  # from a handler that sleeps meanwhile
                entry.action()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised when the others have happened
            failures.append((entry, error))
        finally:
            _happening.reset(token)
            self.open.pop(entry.arrival, None)

    def _poll(self) -> bool:
        """Asks every poller once; whether any had work.

        Raises:
            RuntimeError: they never cease to have some.
        """
        self._asked_again = False
        finders = self.polling.poll(lambda poller, action: self._happen(self._entry_of(poller, action), self._failures))
        if finders:
            stretch, rounds = self._rounds
            self._rounds = (self._stretch, rounds + 1 if stretch is self._stretch else 1)
            if self._rounds[1] > _LONGEST_CHAIN:
                raise RuntimeError(
                    f"Gave up after {_LONGEST_CHAIN} batches: {finders[0].source} never runs out of records for "
                    f"{finders[0].function_name}. A function that feeds its own source, or fails again and again, goes on for ever; "
                    "advance(seconds) moves the clock by a definite time, and larger batches come to an end sooner."
                )
        return bool(finders)

    def _entry_of(self, poller: Poller, action: Callable[[], None]) -> Entry:
        """Asking a poller, as an entry that has come due and fails as others do."""
        return Entry(
            due=self._world.elapsed,
            arrival=-1,
            action=action,
            kind="polling",
            function_name=poller.function_name,
            detail=poller.source,
            runs_user_code=False,
            stretch=self._stretch,
            links=0,
            in_background=False,
        )

    def _take(self, *, user_code: bool) -> Entry | None:
        """Takes the next entry that is due."""
        if self._arrived or self._later or self._background:
            self._sort_in()
        transitions, work = self._transitions, self._work
        is_work = user_code and bool(work) and not (transitions and transitions[0] < work[0])
        due = work if is_work else transitions
        if not due:
            return None
        entry = due.popleft()
        if entry.links > _LONGEST_CHAIN and entry.stretch is self._stretch:
            due.appendleft(entry)
            raise RuntimeError(
                f"Gave up after {_LONGEST_CHAIN} steps: {entry.function_name} keeps scheduling {entry.kind}. Where each step takes time, "
                "move the clock by a definite time instead of draining it, with advance(seconds)."
            )
        return entry

    def _sort_in(self) -> None:
        """Sorts in what has arrived, and finds out what has come due since."""
        arrived, later, background, elapsed = self._arrived, self._later, self._background, self._world.elapsed
        due = []
        while arrived:
            entry = arrived.popleft()
            if entry.due <= elapsed:
                due.append(entry)  # past the heap, which most entries never see
            else:
                heapq.heappush(background if entry.in_background else later, entry)
        while later and later[0].due <= elapsed:
            due.append(heapq.heappop(later))
        while background and background[0].due <= elapsed:
            due.append(heapq.heappop(background))
        for entry in sorted(due):
            (self._work if entry.runs_user_code else self._transitions).append(entry)

    def _soonest_to_come(self, *, in_background: bool) -> timedelta | None:
        """When the next entry is due that is not due yet, or a poller may have work; what is due is in somebody's hands."""
        dues = self.polling.due()
        with self._lock:
            self._sort_in()
            waiting = (self._later, self._background) if in_background else (self._later,)
            dues += [entries[0].due for entries in waiting if entries]
        return min(dues, default=None)


def _raise_first(failures: list[tuple[Entry, Exception]]) -> None:
    if failures:
        (_, first), *others = failures
        _note(first, others)
        raise first


def _note(error: BaseException, others: list[tuple[Entry, Exception]]) -> None:
    for entry, other in others[:_MOST_NOTES]:
        error.add_note(f"{entry.kind} of {entry.function_name} failed too: {other!r}")
    if len(others) > _MOST_NOTES:
        error.add_note(f"... and {len(others) - _MOST_NOTES} more.")
