"""Whatever adds, moves of the clock, freezes and failures are interleaved: the schedule does what a handful of lists would do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import time_machine
from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

from fakelambda import FakeLambda
from fakelambda.schedule.schedule import Schedule
from fakelambda.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2030, 1, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Plan(NamedTuple):
    """What an entry is going to do.

    Args:
        moves: seconds that it moves the clock by, as a handler that sleeps; None for one that does not.
        children: what it adds.
    """

    delay: int
    runs_user_code: bool
    fails: bool
    moves: int | None
    children: tuple[Any, ...] = ()


@dataclass
class Oracle:
    """The schedule again, as simple as can be: everything in one list, searched from end to end."""

    elapsed: int = 0
    added: int = 0
    waiting: list[tuple[int, int, Plan]] = field(default_factory=list)
    happened: list[tuple[int, int]] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)

    def add(self, plan: Plan) -> None:
        self.waiting.append((self.elapsed + plan.delay, self.added, plan))
        self.added += 1

    def run(self, *, user_code: bool = True) -> None:
        while due := [entry for entry in self.waiting if entry[0] <= self.elapsed and (user_code or not entry[2].runs_user_code)]:
            entry = min(due)
            self.waiting.remove(entry)
            _, number, plan = entry
            self.happened.append((number, self.elapsed))
            for child in plan.children:
                self.add(child)
            if plan.moves is not None and plan.runs_user_code:
                self.advance(plan.moves)
            if plan.fails:
                self.failed.append(number)

    def advance(self, seconds: int, *, user_code: bool = True) -> None:
        self.run(user_code=user_code)
        end = self.elapsed + seconds
        while soon := [due for due, _, _ in self.waiting if self.elapsed < due <= end]:
            self.elapsed = min(soon)
            self.run(user_code=user_code)
        self.elapsed = max(end, self.elapsed)
        self.run(user_code=user_code)

    def drain(self) -> None:
        self.run()
        while self.waiting:
            self.elapsed = min(due for due, _, _ in self.waiting)
            self.run()


class Real:
    """The schedule on time-machine's clock, doing what plans say."""

    def __init__(self) -> None:
        self.travels: list[tuple[time_machine.travel, time_machine.Traveller]] = []
        self.freeze(0)
        self.world = World(0)
        self.schedule = Schedule(self.world)
        self.added = 0
        self.happened: list[tuple[int, int]] = []

    def freeze(self, hours: int) -> None:
        travel = time_machine.travel(START + timedelta(hours=hours), tick=False)
        self.travels.append((travel, travel.start()))

    def shift(self, seconds: int) -> None:
        self.travels[-1][1].shift(seconds)

    def unfreeze(self) -> None:
        self.travels.pop()[0].stop()

    @property
    def elapsed(self) -> int:
        self.world.now()
        return int(self.world.elapsed.total_seconds())

    @property
    def waiting(self) -> list[tuple[int, int]]:
        now = self.world.now()
        return [(int((pending.due - now).total_seconds()), int(pending.function_name)) for pending in self.schedule.pending()]

    def add(self, plan: Plan) -> None:
        number, self.added = self.added, self.added + 1

        def action() -> None:
            self.happened.append((number, self.elapsed))
            for child in plan.children:
                self.add(child)
            if plan.moves is not None and plan.runs_user_code:
                self.schedule.advance(plan.moves * SECOND)
            if plan.fails:
                raise ValueError(number)

        self.schedule.add(plan.delay * SECOND, action, kind="plan", function_name=str(number), runs_user_code=plan.runs_user_code)


def failures(act: Callable[[], None]) -> list[int]:
    """Does something; the numbers of the entries that failed, as far as the error tells."""
    try:
        act()
    except ValueError as error:
        notes = [note.partition("ValueError(")[2] for note in getattr(error, "__notes__", ())]
        return [error.args[0], *(int(note.removesuffix(")")) for note in notes if note)]
    return []


def _plans(children: st.SearchStrategy[tuple[Plan, ...]]) -> st.SearchStrategy[Plan]:
    return st.builds(
        Plan,
        delay=st.integers(0, 9),
        runs_user_code=st.booleans(),
        fails=st.sampled_from([False, False, False, True]),
        moves=st.sampled_from([None, None, None, 0, 2, 5]),
        children=children,
    )


PLANS = st.recursive(_plans(st.just(())), lambda plans: _plans(st.lists(plans, max_size=2).map(tuple)), max_leaves=4)
SECONDS = st.integers(0, 12)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), PLANS),
        st.tuples(st.just("add"), PLANS),
        st.tuples(st.sampled_from(["advance", "advance without user code", "shift", "shift back", "freeze"]), SECONDS),
        st.tuples(st.sampled_from(["run_due", "settle", "drain", "unfreeze"]), st.none()),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(STEPS)
def test_order_holds_and_nothing_is_lost_or_happens_twice(steps: list[tuple[str, Any]]) -> None:
    real, oracle = Real(), Oracle()
    try:
        for step, value in [*steps, ("drain", None)]:
            oracle.failed.clear()
            assert failures(partial(_really, real, step, value)) == _ideally(oracle, step, value)[:11]
            assert (real.happened, real.elapsed) == (oracle.happened, oracle.elapsed)
            assert real.waiting == [(due - oracle.elapsed, number) for due, number, _ in sorted(oracle.waiting)]
        assert sorted(number for number, _ in real.happened) == list(range(real.added))
    finally:
        while real.travels:
            real.unfreeze()


def _really(real: Real, step: str, value: Any) -> None:
    match step:
        case "add":
            real.add(value)
        case "advance":
            real.schedule.advance(value * SECOND)
        case "advance without user code":
            real.schedule.advance(value * SECOND, user_code=False)
        case "run_due" | "settle" | "drain":
            getattr(real.schedule, step)()
        case "shift":
            real.shift(value)
        case "shift back":
            real.shift(-value)
        case "freeze":
            real.freeze(value - 6)
        case "unfreeze" if len(real.travels) > 1:
            real.unfreeze()


def _ideally(oracle: Oracle, step: str, value: Any) -> list[int]:
    """What happens; a freeze, its end and a step back of the clock change nothing."""
    match step:
        case "add":
            oracle.add(value)
        case "advance":
            oracle.advance(value)
        case "advance without user code":
            oracle.advance(value, user_code=False)
        case "run_due":
            oracle.run()
        case "settle":
            oracle.run(user_code=False)
        case "drain":
            oracle.drain()
        case "shift":
            oracle.elapsed += value
    return oracle.failed


@settings(deadline=None, max_examples=25)
@given(STEPS, st.integers())
def test_the_same_seed_has_the_same_history(steps: list[tuple[str, Any]], seed: int) -> None:
    def history() -> list[Any]:
        with freeze_time(START) as frozen, FakeLambda(seed=seed, lifecycle="realistic", schedule="manual") as fake:
            client: Any = fake.client()

            def handler(event: Any, context: Any) -> None:
                if event % 2:
                    raise ValueError(event)

            fake.add_function("orders", handler)
            for number, (step, value) in enumerate([*steps, ("drain", None)]):
                match step:
                    case "add":
                        client.invoke(FunctionName="orders", InvocationType="Event", Payload=str(number))
                    case "advance":
                        fake.advance(value * 10)
                    case "run_due" | "drain":
                        getattr(fake, step)()
                    case "shift":
                        frozen.tick(value)
                    case "shift back":
                        frozen.tick(-value)
            assert fake.pending == []
            return [
                (invocation.event, invocation.request_id, invocation.attempt, invocation.started_at, invocation.cold_start)
                for invocation in fake.invocations
            ]

    assert history() == history()
