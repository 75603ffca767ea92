"""The clock and the chance of a fake, and how they live with freezegun and time-machine."""

from __future__ import annotations

import gc
import random
import re
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from fakelambda import FakeLambda
from fakelambda.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECOND = timedelta(seconds=1)
PAST, FUTURE = datetime(2001, 2, 3, tzinfo=UTC), datetime(2101, 2, 3, tzinfo=UTC)


def _time_machine(at: datetime) -> Any:
    return time_machine.travel(at, tick=False)


FREEZERS = pytest.mark.parametrize("freeze", [freeze_time, _time_machine], ids=["freezegun", "time-machine"])


# ---- chance ----


def test_ids_are_version_4_uuids_of_the_seed() -> None:
    ids = [World(7).new_id() for _ in range(2)] + [World(8).new_id()]
    assert ids[0] == ids[1] != ids[2]
    for each in ids:
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each)
        assert (uuid.UUID(each).version, uuid.UUID(each).variant) == (4, uuid.RFC_4122)


@pytest.mark.parametrize(
    ("drawn", "others"), [("new_id", ("roll", "jitter")), ("roll", ("new_id", "jitter")), ("jitter", ("new_id", "roll"))]
)
def test_one_more_draw_from_a_stream_moves_no_other_stream(drawn: str, others: tuple[str, str]) -> None:
    plain, busy = World(0), World(0)
    getattr(busy, drawn)()
    for other in others:
        assert getattr(plain, other)() == getattr(busy, other)()
    assert getattr(plain, drawn)() != getattr(busy, drawn)()


def test_the_test_s_own_chance_decides_routes_and_nothing_else() -> None:
    world, seeded = World(0, random.Random("mine")), World(0)
    assert world.roll() == random.Random("mine").random() != seeded.roll()
    assert (world.new_id(), world.jitter()) == (seeded.new_id(), seeded.jitter())


@given(st.lists(st.sampled_from(["draw", "draw", "draw", "snapshot", "restore"]), max_size=80), st.data())
def test_ids_come_again_from_wherever_somebody_goes_back_to(steps: list[str], data: st.DataObject) -> None:
    straight, world, number = World(0), World(0), 0
    ids = [straight.new_id() for _ in range(100)]
    moments = [(world.snapshot(), number)]
    for step in steps:
        if step == "draw":
            assert world.new_id() == ids[number]
            number += 1
        elif step == "snapshot":
            moments.append((world.snapshot(), number))
        else:
            moment, number = data.draw(st.sampled_from(moments))
            world.restore(moment)


def test_threads_share_no_id() -> None:
    world = World(0)
    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(lambda _: [world.new_id() for _ in range(500)], range(8)))
    assert len({each for of_thread in ids for each in of_thread}) == 4_000


def test_a_thread_that_goes_back_finds_no_place_half_known() -> None:
    """While another one leaves it: the first number after a snapshot tells what the snapshot has to know."""
    world, failed = World(0), list[Exception]()
    moment, first = world.snapshot(), World(0).new_id()

    def go_back() -> None:
        try:
            world.restore(moment)
        except Exception as error:  # noqa: BLE001 - whatever it is
            failed.append(error)

    class Watched(random.Random):
        def getstate(self) -> tuple[Any, ...]:
            if not going_back.ident:
                going_back.start()
                going_back.join(0.05)
            return super().getstate()

    going_back = threading.Thread(target=go_back)
    vars(world._ids)["_chance"] = Watched(world._ids._seed)
    assert world.new_id() == first
    going_back.join()
    assert (failed, world.new_id()) == ([], first)


# ---- the clock ----


def test_the_time_is_the_process_s() -> None:
    before = datetime.now(UTC)
    now = World(0).now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


@FREEZERS
@pytest.mark.parametrize("at", [PAST, FUTURE])
def test_entering_and_leaving_a_freeze_changes_the_time_and_lets_none_pass(freeze: Callable[[datetime], Any], at: datetime) -> None:
    world = World(0)
    world.now()
    before = world.elapsed
    with freeze(at):
        assert (world.now(), world.elapsed) == (at, before)
        with freeze(at + 9 * SECOND):
            assert (world.now(), world.elapsed) == (at + 9 * SECOND, before)
        assert (world.now(), world.elapsed) == (at, before)
    assert PAST + 20 * SECOND < world.now() < FUTURE
    assert world.elapsed == before


@FREEZERS
def test_a_freeze_left_before_the_first_look_never_happened(freeze: Callable[[datetime], Any]) -> None:
    world = World(0)
    with freeze(FUTURE):
        pass
    world.now()
    assert world.elapsed < 60 * SECOND


@FREEZERS
def test_two_freezes_at_the_same_place_are_two_sources(freeze: Callable[[datetime], Any]) -> None:
    with freeze(PAST):
        world = World(0)
    with freeze(PAST + 9 * SECOND):
        world.now()
        assert world.elapsed == timedelta(0)


MOVES: list[tuple[str, Callable[[Any], Any], timedelta]] = [
    ("tick", lambda frozen: frozen.tick(5), 5 * SECOND),
    ("move_to forwards", lambda frozen: frozen.move_to(PAST + 60 * SECOND), 60 * SECOND),
    ("move_to back", lambda frozen: frozen.move_to(PAST - 60 * SECOND), timedelta(0)),
]


@pytest.mark.parametrize(("move", "passed"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES])
def test_moving_a_freezegun_clock_forwards_lets_time_pass_and_back_does_not(move: Callable[[Any], Any], passed: timedelta) -> None:
    with freeze_time(PAST) as frozen:
        world = World(0)
        move(frozen)
        assert world.now() == datetime.now(UTC)
        assert world.elapsed == passed
        frozen.tick(1)
        world.now()
        assert world.elapsed == passed + SECOND


@pytest.mark.parametrize(("to", "passed"), [(60, 60 * SECOND), (-60, timedelta(0))], ids=["shift forwards", "shift back"])
def test_moving_a_time_machine_clock_forwards_lets_time_pass_and_back_does_not(to: float, passed: timedelta) -> None:
    with time_machine.travel(PAST, tick=False) as traveller:
        world = World(0)
        traveller.shift(to)
        assert world.now() == PAST + to * SECOND
        assert world.elapsed == passed


def test_reaching_moves_the_frozen_clock_itself_where_freezegun_is_active() -> None:
    with freeze_time(PAST):
        world, other = World(0), World(1)
        world.reach(90 * SECOND)
        assert world.now() == datetime.now(UTC) == other.now() == PAST + 90 * SECOND
        assert world.elapsed == other.elapsed == 90 * SECOND
    with freeze_time(PAST):
        assert world.now() == PAST


def test_reaching_moves_the_fake_s_own_clock_elsewhere() -> None:
    with time_machine.travel(PAST, tick=False):
        world = World(0)
        world.reach(90 * SECOND)
        assert (world.now(), datetime.now(UTC), world.elapsed) == (PAST + 90 * SECOND, PAST, 90 * SECOND)


@FREEZERS
def test_a_point_that_has_passed_is_not_reached_again(freeze: Callable[[datetime], Any]) -> None:
    with freeze(PAST):
        world = World(0)
        world.reach(90 * SECOND)
        world.reach(90 * SECOND)
        world.reach(5 * SECOND)
        assert (world.now(), world.elapsed) == (PAST + 90 * SECOND, 90 * SECOND)


def test_a_freeze_that_ticks_with_the_real_clock_never_steps_back() -> None:
    with freeze_time(PAST, tick=True):
        world = World(0)
        before = world.now()
        while world.now() <= before:
            pass
        seen = world.now()
        world.reach(world.elapsed + SECOND)
        assert world.now() >= seen + SECOND


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Hypothesis times every garbage collection, which is one more look at the clock."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_a_freeze_that_ticks_on_every_look_is_looked_at_once_a_call() -> None:
    with freeze_time(PAST, auto_tick_seconds=10):
        with FakeLambda() as fake:
            client = fake.client()
            dates = [client.get_account_settings()["ResponseMetadata"]["HTTPHeaders"]["date"] for _ in range(3)]
            assert [date[-12:-4] for date in dates] == ["00:00:10", "00:00:20", "00:00:30"]
            fake.advance(0)
        world = World(0)
        world.reach(world.elapsed)  # freezegun would tick by its own step if it were told to tick by nothing
        looked = datetime.now(UTC)
        world.reach(world.elapsed + 100 * SECOND)
        assert timedelta(seconds=100) <= world.now() - looked <= timedelta(seconds=130)


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("impatient_threads")
def test_threads_share_one_clock() -> None:
    with time_machine.travel(PAST, tick=False):
        world = World(0)

        def move() -> None:
            for step in range(1, 401):
                world.reach(step * SECOND)
                world.now()

        threads = [threading.Thread(target=move) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (world.now(), world.elapsed) == (PAST + 400 * SECOND, 400 * SECOND)


# ---- a fake on that clock ----


def _create(fake: FakeLambda) -> None:
    fake.client().create_function(
        FunctionName="orders", Role="arn:aws:iam::123456789012:role/r", Code={"ImageUri": "registry/orders:1"}, PackageType="Image"
    )


def _state(fake: FakeLambda) -> str:
    state: str = fake.client().get_function_configuration(FunctionName="orders")["State"]
    return state


@FREEZERS
@pytest.mark.parametrize("at", [PAST, FUTURE])
def test_what_waits_keeps_its_remaining_delay_over_a_freeze(freeze: Callable[[datetime], Any], at: datetime) -> None:
    with FakeLambda(lifecycle="realistic") as fake:
        _create(fake)
        for _ in range(2):
            with freeze(at):
                (waiting,) = fake.pending
                assert timedelta(seconds=2) < waiting.due - at <= timedelta(seconds=3)
                assert _state(fake) == "Pending"
            assert _state(fake) == "Pending"
        fake.advance(3)
        assert (_state(fake), fake.pending) == ("Active", [])


def test_a_fake_may_outlive_the_freeze_it_began_in() -> None:
    with ExitStack() as freeze:
        freeze.enter_context(freeze_time(PAST))
        with FakeLambda(lifecycle="realistic") as fake:
            _create(fake)
            fake.advance(1)
            freeze.close()
            assert _state(fake) == "Pending"
            (waiting,) = fake.pending
            assert timedelta(seconds=1) < waiting.due - datetime.now(UTC) <= timedelta(seconds=2)
            fake.advance(2)
            assert _state(fake) == "Active"


@pytest.mark.parametrize("move", [lambda frozen: frozen.tick(3), lambda frozen: frozen.move_to(PAST + 3 * SECOND)], ids=["tick", "move_to"])
def test_moving_the_frozen_clock_makes_things_due(move: Callable[[Any], Any]) -> None:
    with freeze_time(PAST) as frozen, FakeLambda(lifecycle="realistic") as fake:
        _create(fake)
        frozen.move_to(PAST - 9 * SECOND)
        assert [waiting.due for waiting in fake.pending] == [PAST - 6 * SECOND]
        frozen.move_to(PAST)  # forwards again: these nine seconds are as good as any
        assert _state(fake) == "Active"
    with freeze_time(PAST) as frozen, FakeLambda(lifecycle="realistic") as fake:
        _create(fake)
        frozen.tick(2.999)
        assert _state(fake) == "Pending"
        frozen.move_to(PAST)
        assert _state(fake) == "Pending"
        move(frozen)
        assert _state(fake) == "Active"


def test_the_same_seed_and_calls_under_the_same_clock_give_the_same_answers_byte_for_byte(zipped: Any) -> None:
    package = zipped(
        {
            "app.py": "import time\ndef handler(event, context):\n    time.sleep(2)\n    return [context.aws_request_id, context.log_stream_name]"
        }
    )

    def story() -> list[str]:
        with freeze_time(PAST), FakeLambda(seed=7) as fake:
            client: Any = fake.client()
            answers: list[Any] = [
                client.create_function(
                    FunctionName="orders",
                    Role="arn:aws:iam::123456789012:role/r",
                    Runtime="python3.13",
                    Handler="app.handler",
                    Code={"ZipFile": package},
                    Publish=True,
                ),
                client.update_function_configuration(FunctionName="orders", Description="second"),
                client.publish_version(FunctionName="orders"),
                client.create_alias(
                    FunctionName="orders", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}}
                ),
            ]
            invoked = [client.invoke(FunctionName="orders:live") for _ in range(20)]
            answers += [{**answer, "Payload": answer["Payload"].read()} for answer in invoked]
            client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
            with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
                client.invoke(FunctionName="orders")
            answers.append(caught.value.response)
            answers.append(client.get_function(FunctionName="orders"))  # whose date tells how long the back-off waited
            answers.append(fake.invocations)
            return [repr(answer) for answer in answers]

    first, second = story(), story()
    for mine, other in zip(first, second, strict=True):
        assert mine == other
