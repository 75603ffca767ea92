"""Pollers: asked when nothing else is due, until none has work; nothing that waits."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from fakelambda.schedule import schedule as module
from fakelambda.schedule.schedule import Schedule
from fakelambda.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = datetime(2030, 1, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Source:
    """Holds items; each is handled in an entry of its own."""

    function_name, source = "orders", "a source"

    def __init__(self, schedule: Schedule, *items: str) -> None:
        self.schedule, self.items = schedule, list(items)
        self.happened: list[str] = []
        self.then: Callable[[], Any] = lambda: None
        self.next: timedelta | None = None

    def begin(self) -> None:
        self.happened.append("begin")

    def poll(self) -> bool:
        self.happened.append("poll")
        if self.items:
            item = self.items.pop(0)
            self.schedule.add(timedelta(0), lambda: self.handle(item), kind="item", function_name="orders", runs_user_code=True)
            return True
        return False

    def handle(self, item: str) -> None:
        self.happened.append(item)
        self.then()

    def due(self) -> timedelta | None:
        return self.next

    def snapshot(self) -> list[str]:
        return self.items.copy()

    def restore(self, kept: list[str]) -> None:
        self.items = kept.copy()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def schedule(clock: time_machine.Traveller) -> Schedule:
    return Schedule(World(0))


def test_a_poller_begins_once_and_is_asked_until_it_has_no_more(schedule: Schedule) -> None:
    source = Source(schedule, "a", "b")
    schedule.polling.add(source)
    assert schedule.has_work()
    schedule.settle()
    assert source.happened == ["begin"]
    schedule.run_due()
    assert source.happened == ["begin", "poll", "a", "poll", "b", "poll"]
    assert schedule.pending() == []
    schedule.polling.remove(source)
    schedule.polling.remove(source)
    assert not schedule.has_work()


def test_pollers_are_asked_in_turn(schedule: Schedule) -> None:
    one, other = Source(schedule, "a", "b"), Source(schedule, "1", "2")
    one.happened = other.happened
    schedule.polling.add(one)
    schedule.polling.add(other)
    schedule.run_due()
    assert [what for what in one.happened if len(what) == 1] == ["a", "1", "b", "2"]


def test_pollers_are_asked_at_every_step_and_keep_drain_from_nothing(schedule: Schedule) -> None:
    source = Source(schedule)
    schedule.polling.add(source)
    schedule.add(5 * SECOND, lambda: source.items.append("a"), kind="test", function_name="", runs_user_code=True)
    schedule.drain()
    assert source.happened == ["begin", "poll", "poll", "a", "poll"]
    schedule.advance(SECOND)
    assert source.happened[5:] == ["poll", "poll"]


def test_drain_goes_on_to_when_a_poller_expects_work(schedule: Schedule, clock: time_machine.Traveller) -> None:
    source = Source(schedule)
    source.next = 60 * SECOND
    schedule.polling.add(source)

    def poll() -> bool:
        if schedule._world.elapsed < 60 * SECOND or source.next is None:
            return False
        source.next = None
        source.items.append("late")
        return Source.poll(source)

    source.poll = poll  # type: ignore[method-assign]  # one that knows when
    schedule.drain()
    assert source.happened == ["begin", "poll", "late"]
    assert schedule._world.elapsed == 60 * SECOND


def test_what_comes_due_while_a_poller_is_asked_is_drained_too(schedule: Schedule, clock: time_machine.Traveller) -> None:
    source = Source(schedule)
    happened: list[str] = []

    def ask() -> bool:
        clock.shift(10)  # as a clock does that goes on by itself
        schedule._world.now()
        return False

    source.poll = ask  # type: ignore[method-assign]  # one that takes its time
    schedule.polling.add(source)

    def first() -> None:
        happened.append("first")
        schedule.add(30 * SECOND, lambda: happened.append("second"), kind="test", function_name="", runs_user_code=True)

    schedule.add(5 * SECOND, first, kind="test", function_name="", runs_user_code=True)
    schedule.drain()
    assert happened == ["first", "second"]


def test_a_poller_that_always_finds_something_is_given_up(schedule: Schedule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_CHAIN", 9)
    source = Source(schedule, "a")
    source.then = lambda: source.items.append("a")
    schedule.polling.add(source)
    with pytest.raises(RuntimeError, match="Gave up after 9 batches: a source never runs out of records for orders"):
        schedule.run_due()
    with pytest.raises(RuntimeError, match="Gave up after 9 batches"):
        schedule.advance(SECOND)  # each step counts anew


def test_an_error_of_a_poller_or_of_its_work_is_raised_at_the_end(schedule: Schedule) -> None:
    source, broken = Source(schedule, "a", "b"), Source(schedule)

    def fail() -> None:
        raise ValueError(source.happened[-1])

    source.then = fail
    broken.poll = lambda: 1 // 0  # type: ignore[method-assign,assignment,return-value]  # as a client may fail
    schedule.polling.add(source)
    schedule.polling.add(broken)
    with pytest.raises(ZeroDivisionError) as caught:
        schedule.run_due()
    assert caught.value.__notes__[:2] == [
        "item of orders failed too: ValueError('a')",
        "polling of orders failed too: ZeroDivisionError('integer division or modulo by zero')",
    ]
    assert source.happened == ["begin", "poll", "a", "poll", "b", "poll"]


def test_work_that_runs_others_asks_pollers_too(schedule: Schedule) -> None:
    source = Source(schedule, "a")
    schedule.add(timedelta(0), lambda: schedule.advance(SECOND), kind="test", function_name="", runs_user_code=True)
    schedule.polling.add(source)
    schedule.run_due()
    assert source.happened == ["begin", "poll", "a", "poll", "poll", "poll"]


def test_a_thread_that_leaves_the_asking_to_another_is_not_forgotten(schedule: Schedule) -> None:
    source = Source(schedule, "a")
    schedule.polling.add(source)
    asked = []

    def disturb() -> None:
        source.items.append("b")
        schedule.run_due()

    def poll() -> bool:
        asked.append(threading.get_ident())
        if len(asked) == 2:  # the last time, if nobody came
            other = threading.Thread(target=disturb)
            found = Source.poll(source)
            other.start()
            other.join()
            return found
        return Source.poll(source)

    source.poll = poll  # type: ignore[method-assign]  # one that is disturbed
    schedule.run_due()
    assert [what for what in source.happened if len(what) == 1] == ["a", "b"]
    assert set(asked) == {threading.get_ident()}


def test_a_snapshot_knows_the_pollers(schedule: Schedule) -> None:
    source, later = Source(schedule, "a"), Source(schedule)
    schedule.polling.add(source)
    kept = schedule.snapshot()
    schedule.run_due()
    schedule.polling.add(later)
    schedule.restore(kept)
    assert (list(schedule.polling), source.items) == ([source], ["a"])
