"""The schedule: what happens later, in which order, and by whom it is run."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from fakelambda import FakeLambda, NotModelled
from fakelambda.operations.call import OPERATIONS
from fakelambda.schedule import schedule as module
from fakelambda.schedule.schedule import Pending, Schedule
from fakelambda.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = datetime(2030, 1, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Story:
    """A schedule on a clock that stands still, and what happened on it: a name and the second it happened at."""

    def __init__(self) -> None:
        self.world = World(0)
        self.schedule = Schedule(self.world)
        self.happened: list[tuple[str, float]] = []

    def add(self, name: str, seconds: float = 0, then: Callable[[], Any] = lambda: None, *, user_code: bool = True) -> None:
        def action() -> None:
            self.happened.append((name, (self.world.now() - START).total_seconds()))
            then()

        self.schedule.add(seconds * SECOND, action, kind="test", function_name=name, runs_user_code=user_code)

    @property
    def waiting(self) -> list[str]:
        return [pending.function_name for pending in self.schedule.pending()]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def story(clock: time_machine.Traveller) -> Story:
    return Story()


def _raise(error: BaseException) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


# ---- order ----


def test_what_is_due_first_happens_first_then_what_came_first(story: Story) -> None:
    story.add("c", 2)
    story.add("a", 1)
    story.add("transition", 1, user_code=False)
    story.add("b", 1)
    story.add("d", 2)
    assert story.waiting == ["a", "transition", "b", "c", "d"]
    story.schedule.advance(2 * SECOND)
    assert story.happened == [("a", 1), ("transition", 1), ("b", 1), ("c", 2), ("d", 2)]
    assert story.waiting == []


def test_a_jump_of_the_clock_keeps_the_order(story: Story, clock: time_machine.Traveller) -> None:
    story.add("later", 5)
    story.add("transition", 3, user_code=False)
    story.add("sooner", 1)
    clock.shift(60)
    story.schedule.run_due()
    assert story.happened == [("sooner", 60), ("transition", 60), ("later", 60)]


def test_advancing_shows_each_entry_the_time_it_is_due(story: Story) -> None:
    for second in (30, 10, 20, 40.5):
        story.add(f"at {second}", second)
    story.schedule.advance(30 * SECOND)
    assert story.happened == [("at 10", 10), ("at 20", 20), ("at 30", 30)]
    story.schedule.advance(10 * SECOND)
    assert story.waiting == ["at 40.5"]
    assert story.world.now() == START + 40 * SECOND


def test_what_is_due_at_the_end_of_an_advance_has_happened(story: Story) -> None:
    story.add("at the end", 10)
    story.add("a microsecond later", 10.000001)
    story.schedule.advance(10 * SECOND)
    assert story.happened == [("at the end", 10)]


def test_advancing_by_nothing_runs_what_is_due(story: Story) -> None:
    story.add("now")
    story.schedule.advance(timedelta(0))
    assert story.happened == [("now", 0)]


# ---- entries that make entries ----


def test_what_an_entry_adds_takes_its_place_on_the_way(story: Story) -> None:
    def more() -> None:
        story.add("at once")
        story.add("retry", 60)
        story.add("too late", 600)

    story.add("first", 10, more)
    story.add("second", 20)
    story.schedule.advance(100 * SECOND)
    assert story.happened == [("first", 10), ("at once", 10), ("second", 20), ("retry", 70)]
    assert story.waiting == ["too late"]


def test_draining_moves_the_clock_as_far_as_it_takes(story: Story) -> None:
    story.add("first", 3600, lambda: story.add("second", 7200))
    story.add("transition", 1, user_code=False)
    story.schedule.drain()
    assert story.happened == [("transition", 1), ("first", 3600), ("second", 10800)]
    assert (story.waiting, story.world.now()) == ([], START + 10800 * SECOND)


def test_draining_without_anything_does_not_move_the_clock(story: Story) -> None:
    story.schedule.drain()
    assert story.world.now() == START


@pytest.fixture
def short_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_CHAIN", 50)


def _feed(story: Story, seconds: float, *, user_code: bool = True) -> None:
    """Begins a chain of entries that never ends by itself."""
    story.add("poller", seconds, lambda: _feed(story, seconds, user_code=user_code), user_code=user_code)


ENDLESS: dict[str, tuple[Callable[[Schedule], None], float, bool]] = {
    "drain, taking time": (lambda schedule: schedule.drain(), 1, True),
    "drain, at once": (lambda schedule: schedule.drain(), 0, True),
    "drain, transitions": (lambda schedule: schedule.drain(), 1, False),
    "run_due": (lambda schedule: schedule.run_due(), 0, True),
    "advance": (lambda schedule: schedule.advance(60 * SECOND), 0, True),
    "advance, transitions": (lambda schedule: schedule.advance(60 * SECOND, user_code=False), 0, False),
    "settle": (lambda schedule: schedule.settle(), 0, False),
}


@pytest.mark.usefixtures("short_chains")
@pytest.mark.parametrize(("run", "seconds", "user_code"), ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_given_up_with_advice(story: Story, run: Callable[[Schedule], None], seconds: float, *, user_code: bool) -> None:
    _feed(story, seconds, user_code=user_code)
    advice = r"Gave up after 50 steps: poller keeps scheduling test\. .* advance\(seconds\)"
    for _ in range(2):  # it goes on waiting, and each run may take as many steps
        before = len(story.happened)
        with pytest.raises(RuntimeError, match=advice):
            run(story.schedule)
        assert len(story.happened) - before >= 50
        assert story.waiting == ["poller"]


@pytest.mark.usefixtures("short_chains")
def test_many_entries_are_no_chain_however_long_the_schedule(story: Story) -> None:
    for number in range(200):
        story.add("at once", then=lambda: story.add("follows"))
        story.add("later", number)
    story.schedule.drain()
    assert (len(story.happened), story.waiting) == (600, [])


@pytest.mark.usefixtures("short_chains")
def test_a_chain_that_takes_time_may_be_as_long_as_a_test_advances(story: Story) -> None:
    _feed(story, 1)
    story.schedule.advance(500 * SECOND)
    assert len(story.happened) == 500
    for _ in range(100):
        story.world.reach(story.world.elapsed + SECOND)
        story.schedule.run_due()
    assert len(story.happened) == 600


@pytest.mark.usefixtures("short_chains")
def test_a_chain_that_moves_the_clock_itself_is_given_up_too(story: Story) -> None:
    def again() -> None:
        story.schedule.advance(SECOND)
        story.add("sleeper", 1, again)

    again()
    with pytest.raises(RuntimeError, match="sleeper keeps scheduling"):
        story.schedule.drain()


@pytest.mark.usefixtures("short_chains")
def test_a_loop_keeps_nobody_else_from_happening(story: Story) -> None:
    _feed(story, 0)
    story.add("failing", then=_raise(ValueError("handler")))
    story.add("bystander")
    with pytest.raises(RuntimeError, match="poller") as caught:
        story.schedule.run_due()
    assert ("bystander", 0) in story.happened
    assert caught.value.__notes__ == ["test of failing failed too: ValueError('handler')"]


def test_an_entry_may_move_the_clock_itself(story: Story) -> None:
    """A handler that sleeps: others happen meanwhile, and nobody sees the clock step back."""
    story.add("sleeper", 1, lambda: story.schedule.advance(10 * SECOND))
    story.add("meanwhile", 5)
    story.add("overslept", 12)
    story.schedule.advance(6 * SECOND)
    assert story.happened == [("sleeper", 1), ("meanwhile", 5)]
    assert story.world.now() == START + 11 * SECOND
    story.schedule.advance(SECOND)
    assert story.happened[-1] == ("overslept", 12)


# ---- failures ----


RUNS: dict[str, Callable[[Schedule], None]] = {
    "run_due": lambda schedule: schedule.run_due(),
    "drain": lambda schedule: schedule.drain(),
    "advance": lambda schedule: schedule.advance(timedelta(0)),
}
ALL_RUNS = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)


@ALL_RUNS
@pytest.mark.parametrize("error", [ValueError("handler"), NotModelled("missing")], ids=repr)
def test_the_others_happen_before_an_entry_s_error_is_raised(story: Story, error: BaseException, run: Callable[[Schedule], None]) -> None:
    story.add("before")
    story.add("failing", then=_raise(error))
    story.add("after", then=lambda: story.add("made after"))
    with pytest.raises(type(error)) as caught:
        run(story.schedule)
    assert caught.value is error
    assert ([name for name, _ in story.happened], story.waiting) == (["before", "failing", "after", "made after"], [])
    run(story.schedule)
    assert len(story.happened) == 4


@ALL_RUNS
@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_ends_the_run_and_leaves_the_rest_waiting(
    story: Story, end: type[BaseException], run: Callable[[Schedule], None]
) -> None:
    story.add("failing", then=_raise(ValueError("handler")))
    story.add("interrupted", then=_raise(end()))
    story.add("after")
    with pytest.raises(end) as caught:
        run(story.schedule)
    assert caught.value.__notes__ == ["test of failing failed too: ValueError('handler')"]
    assert story.waiting == ["after"]
    _in_threads(1, lambda _: run(story.schedule))  # another thread finds the place of the worker empty
    assert story.happened[-1] == ("after", 0)


def test_the_first_error_is_raised_with_notes_of_the_later_ones(story: Story) -> None:
    for second in range(20):
        story.add(f"number {second}", second, _raise(ValueError(second)))
    with pytest.raises(ValueError, match=r"^0") as caught:
        story.schedule.drain()
    assert caught.value.__notes__[0] == "test of number 1 failed too: ValueError(1)"
    assert caught.value.__notes__[-2:] == ["test of number 10 failed too: ValueError(10)", "... and 9 more."]


def test_a_failure_does_not_stop_the_clock(story: Story) -> None:
    story.add("failing", 10, _raise(ValueError("handler")))
    story.add("after", 20)
    with pytest.raises(ValueError, match="handler"):
        story.schedule.advance(60 * SECOND)
    assert (story.world.now(), story.happened[-1]) == (START + 60 * SECOND, ("after", 20))


@ALL_RUNS
def test_what_fails_in_a_nested_run_is_raised_by_the_outermost(story: Story, run: Callable[[Schedule], None]) -> None:
    """A handler that moves the clock is not to blame for what comes due meanwhile."""
    went_on: list[bool] = []

    def nests() -> None:
        run(story.schedule)
        went_on.append(True)

    story.add("nests", then=nests)
    story.add("failing", then=_raise(ValueError("handler")))
    with pytest.raises(ValueError, match="handler"):
        story.schedule.run_due()
    assert went_on == [True]


def test_a_failing_transition_keeps_no_other_from_happening(story: Story) -> None:
    story.add("failing", then=_raise(ValueError("transition")), user_code=False)
    story.add("after", user_code=False)
    with pytest.raises(ValueError, match="transition"):
        story.schedule.settle()
    assert story.happened == [("failing", 0), ("after", 0)]


# ---- two kinds of entries ----


def test_settling_runs_no_user_code(story: Story) -> None:
    story.add("handler")
    story.add("transition", user_code=False)
    story.add("later transition", 1, user_code=False)
    story.schedule.settle()
    assert story.happened == [("transition", 0)]


def test_there_is_work_while_user_code_is_due(story: Story) -> None:
    seen = []
    story.add("transition", user_code=False)
    story.add("handler", 5)
    seen.append(story.schedule.has_work())
    story.world.reach(5 * SECOND)
    seen.append(story.schedule.has_work())
    story.schedule.run_due()
    seen.append(story.schedule.has_work())
    assert seen == [False, True, False]


def test_advancing_without_user_code_leaves_handlers_waiting(story: Story) -> None:
    story.add("handler", 1)
    story.add("transition", 2, user_code=False)
    story.schedule.advance(5 * SECOND, user_code=False)
    assert (story.happened, story.waiting) == ([("transition", 2)], ["handler"])
    story.schedule.run_due()
    assert story.happened[-1] == ("handler", 5)


def test_what_is_pending_tells_when_what_and_whose(story: Story, clock: time_machine.Traveller) -> None:
    story.schedule.add(90 * SECOND, lambda: None, kind="retry", function_name="orders", detail="attempt 2", runs_user_code=True)
    story.schedule.add(30 * SECOND, lambda: None, kind="create", function_name="billing")
    expected = [Pending(START + 30 * SECOND, "create", "billing", ""), Pending(START + 90 * SECOND, "retry", "orders", "attempt 2")]
    assert story.schedule.pending() == expected
    clock.shift(10)
    assert story.schedule.pending() == expected
    story.schedule.advance(10 * SECOND)
    assert story.schedule.pending() == expected


# ---- threads ----


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_several_threads_that_add_and_run_lose_nothing_and_run_one_at_a_time(story: Story) -> None:
    at_it: list[str] = []
    crowds: list[int] = []

    def entry(name: str) -> Callable[[], None]:
        def action() -> None:
            at_it.append(name)
            crowds.append(len(at_it))
            at_it.remove(name)

        return action

    def work(number: int) -> None:
        for turn in range(100):
            story.add(f"{number}.{turn}", then=entry(f"{number}.{turn}"))
            story.schedule.run_due()

    _in_threads(8, work)
    assert story.waiting == []
    assert sorted(name for name, _ in story.happened) == sorted(f"{number}.{turn}" for number in range(8) for turn in range(100))
    assert set(crowds) == {1}


@pytest.mark.parametrize("call", ["run_due", "advance", "drain"])
def test_nobody_waits_for_an_entry_that_waits_for_him(story: Story, call: str) -> None:
    """A handler's own thread moves the clock (a back-off, say) while the handler waits for it and another entry is due."""
    act = {"run_due": story.schedule.run_due, "advance": lambda: story.schedule.advance(5 * SECOND), "drain": story.schedule.drain}[call]

    def waits() -> None:
        _in_threads(1, lambda _: act())
        assert [name for name, _ in story.happened] == ["waits for a thread"]  # one thread at a time

    story.add("waits for a thread", then=waits)
    story.add("due meanwhile")
    story.add("comes due meanwhile", 3)
    story.schedule.run_due()
    names = [name for name, _ in story.happened]
    assert names[:2] == ["waits for a thread", "due meanwhile"]
    assert story.world.now() == START + {"run_due": 0, "advance": 5, "drain": 3}[call] * SECOND


def test_a_transition_that_another_thread_is_at_has_happened_when_settle_returns(story: Story) -> None:
    begun, go_on, settled = threading.Event(), threading.Event(), threading.Event()

    def transition() -> None:
        begun.set()
        assert go_on.wait(10)

    def settle() -> None:
        story.schedule.settle()
        settled.set()

    story.add("transition", then=transition, user_code=False)
    first = threading.Thread(target=story.schedule.settle)
    second = threading.Thread(target=settle)
    first.start()
    assert begun.wait(10)
    second.start()
    assert not settled.wait(0.05)
    go_on.set()
    assert settled.wait(10)
    first.join()
    second.join()


# ---- the background ----


def test_what_is_in_the_background_happens_where_the_clock_comes_by_and_nobody_waits_for_it(story: Story) -> None:
    def add(name: str, seconds: float) -> None:
        story.schedule.add(
            seconds * SECOND, lambda: story.happened.append((name, seconds)), kind="test", function_name=name, in_background=True
        )

    add("idle", 60)
    story.add("retry", 30)
    story.add("late", 90)
    assert story.waiting == ["retry", "late"]
    story.schedule.advance(30 * SECOND)
    assert story.happened == [("retry", 30)]
    story.schedule.drain()
    assert story.happened == [("retry", 30), ("idle", 60), ("late", 90)]
    add("idle again", 60)
    story.schedule.drain()
    assert story.world.elapsed == 90 * SECOND
    story.schedule.advance(59 * SECOND)
    assert story.happened[3:] == []
    story.schedule.advance(SECOND)
    assert story.happened[3:] == [("idle again", 60)]


def test_settling_lets_the_background_happen(story: Story, clock: time_machine.Traveller) -> None:
    story.schedule.add(SECOND, lambda: story.happened.append(("idle", 1)), kind="test", function_name="idle", in_background=True)
    story.schedule.settle()
    clock.shift(1)
    story.world.now()
    story.schedule.settle()
    assert story.happened == [("idle", 1)]


# ---- a fake with a schedule ----


def test_nested_fakes_have_schedules_of_their_own() -> None:
    seen: list[str] = []
    with time_machine.travel(START, tick=False), FakeLambda(schedule="manual") as outer:
        outer.add_function("orders", lambda event, context: seen.append("outer"))
        outer.client().invoke(FunctionName="orders", InvocationType="Event")
        with FakeLambda(schedule="manual") as inner:
            inner.add_function("orders", lambda event, context: seen.append("inner"))
            inner.client().invoke(FunctionName="orders", InvocationType="Event")
            assert (len(inner.pending), len(outer.pending)) == (1, 1)
            inner.drain()
            assert seen == ["inner"]
        outer.drain()
    assert seen == ["inner", "outer"]


def test_a_handler_may_use_a_fake_of_its_own(fake: FakeLambda, client: Any) -> None:
    """Its events are its own, though the outer fake's are left for the outermost call."""
    seen: list[str] = []

    def handler(_event: Any, _context: Any) -> None:
        client.invoke(FunctionName="later", InvocationType="Event")
        with FakeLambda() as inner:
            inner.add_function("later", lambda event, context: seen.append("inner"))
            inner.client().invoke(FunctionName="later", InvocationType="Event")
        seen.append("handler ends")

    fake.add_function("later", lambda event, context: seen.append("outer"))
    fake.add_function("orders", handler)
    client.invoke(FunctionName="orders")
    assert seen == ["inner", "handler ends", "outer"]


def test_a_handler_may_drive_the_schedule_itself(fake: FakeLambda, client: Any) -> None:
    seen: list[Any] = []

    def handler(_event: Any, _context: Any) -> None:
        for number in (1, 2, 3):
            client.invoke(FunctionName="later", InvocationType="Event", Payload=str(number))
            assert len(fake.pending) == 1
            (fake.run_due, fake.drain, lambda: fake.advance(0))[number - 1]()
            seen.append(f"after {number}")

    fake.add_function("later", lambda event, context: seen.append(event))
    fake.add_function("orders", handler)
    client.invoke(FunctionName="orders")
    assert fake.invocations[-1].error is None
    assert seen == [1, "after 1", 2, "after 2", 3, "after 3"]


def test_automatic_events_have_happened_when_the_outermost_call_returns(fake: FakeLambda, client: Any) -> None:
    seen: list[Any] = []
    fake.add_function("leaf", lambda event, context: seen.append(event))

    def parent(event: Any, context: Any) -> None:
        client.invoke(FunctionName="leaf", InvocationType="Event", Payload='"from within"')
        seen.append("parent goes on")

    fake.add_function("parent", parent)
    client.invoke(FunctionName="parent")
    assert seen == ["parent goes on", "from within"]
    assert fake.pending == []


def test_manual_events_wait_until_told_while_instant_transitions_happen() -> None:
    seen: list[Any] = []
    with FakeLambda(schedule="manual") as fake:
        client: Any = fake.client()
        fake.add_function("orders", lambda event, context: seen.append(event))
        client.invoke(FunctionName="orders", InvocationType="Event", Payload="1")
        client.update_function_configuration(FunctionName="orders", Description="updated")
        assert client.get_function_configuration(FunctionName="orders")["LastUpdateStatus"] == "Successful"
        assert [(pending.kind, pending.function_name) for pending in fake.pending] == [("asynchronous invocation", "orders")]
        assert seen == []
        fake.run_due()
        client.invoke(FunctionName="orders", InvocationType="Event", Payload="2")
        fake.advance(1)
        client.invoke(FunctionName="orders", InvocationType="Event", Payload="3")
        fake.drain()
    assert seen == [1, 2, 3]


def test_manual_events_wait_though_a_waiter_a_back_off_or_a_sleep_moves_the_clock() -> None:
    seen: list[Any] = []

    def sleeper(event: Any, context: Any) -> None:
        import time  # noqa: PLC0415 - as in deployed code

        time.sleep(5)

    with FakeLambda(schedule="manual", lifecycle="realistic") as fake:
        client: Any = fake.client()
        fake.add_function("orders", lambda event, context: seen.append(event))
        fake.add_function("sleeper", sleeper, Timeout=9)
        fake.add_function("blocked", sleeper)
        client.put_function_concurrency(FunctionName="blocked", ReservedConcurrentExecutions=0)
        client.invoke(FunctionName="orders", InvocationType="Event", Payload="1")
        client.update_function_configuration(FunctionName="orders", Description="updated")
        client.get_waiter("function_updated_v2").wait(FunctionName="orders")
        client.invoke(FunctionName="sleeper")
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName="blocked")
        assert seen == []
        fake.run_due()
        assert seen == [1]


@pytest.fixture
def unmodelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes GetAccountSettings an operation that is not modelled."""
    monkeypatch.delitem(OPERATIONS, "GetAccountSettings")


@pytest.mark.usefixtures("unmodelled")
def test_what_a_handler_swallows_is_raised_again_by_the_outermost_call(fake: FakeLambda, client: Any) -> None:
    reached: list[str] = []

    def swallows(event: Any, context: Any) -> str:
        with suppress(Exception):
            client.get_account_settings()
        reached.append("swallowed")
        return "fine"

    def caller(event: Any, context: Any) -> str:
        client.invoke(FunctionName="swallows")
        reached.append("inner call returned")
        return "fine"

    fake.add_function("swallows", swallows)
    fake.add_function("caller", caller)
    with pytest.raises(NotModelled, match="GetAccountSettings"):
        client.invoke(FunctionName="caller")
    assert reached == ["swallowed", "inner call returned"]
    assert client.list_functions()["Functions"]  # it is raised once, then forgotten


@pytest.mark.usefixtures("unmodelled")
@pytest.mark.parametrize(
    "run", [lambda fake: fake.run_due(), lambda fake: fake.advance(0), lambda fake: fake.drain()], ids=["run_due", "advance", "drain"]
)
def test_what_an_event_s_handler_swallows_is_raised_by_whoever_runs_it(run: Callable[[FakeLambda], None]) -> None:
    with FakeLambda(schedule="manual") as fake:
        client: Any = fake.client()

        def swallows(event: Any, context: Any) -> None:
            with suppress(Exception):
                client.get_account_settings()

        fake.add_function("swallows", swallows)
        client.invoke(FunctionName="swallows", InvocationType="Event")
        with pytest.raises(NotModelled, match="GetAccountSettings"):
            run(fake)


@pytest.mark.usefixtures("unmodelled")
def test_an_automatic_event_s_swallowed_error_is_raised_by_the_call_that_ran_it(fake: FakeLambda, client: Any) -> None:
    def swallows(event: Any, context: Any) -> None:
        with suppress(Exception):
            client.get_account_settings()

    fake.add_function("swallows", swallows)
    with pytest.raises(NotModelled, match="GetAccountSettings"):
        client.invoke(FunctionName="swallows", InvocationType="Event")
