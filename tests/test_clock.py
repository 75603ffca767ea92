"""The clock of a fake, whoever moves it: freezegun in all its forms, time-machine, the fake itself, and nobody."""

from __future__ import annotations

import re
import unittest
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from freezegun import freeze_time

from fakelambda import FakeLambda, current
from fakelambda.operations.call import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import time_machine
else:
    time_machine = pytest.importorskip("time_machine")

TODAY = datetime.now(UTC)
START = datetime(2041, 2, 3, 4, 5, 6, tzinfo=UTC)
OTHER = datetime(2001, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SOON = 5 * SECOND  # what a clock that ticks by itself may add during a test; what waits in these tests waits for longer
IMAGE: dict[str, Any] = {"Role": "arn:aws:iam::123456789012:role/r", "Code": {"ImageUri": "registry/orders:1"}, "PackageType": "Image"}


@contextmanager
def _nested(outer: AbstractContextManager[Any], inner: AbstractContextManager[Any]) -> Iterator[Any]:
    with outer, inner as entered:
        yield entered


FREEZEGUN: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "freezegun": lambda: freeze_time(START),
    "freezegun that ticks": lambda: freeze_time(START, tick=True),
    "freezegun that ticks on each look": lambda: freeze_time(START, auto_tick_seconds=0.001),
    "nested freezegun": lambda: _nested(freeze_time(OTHER), freeze_time(START)),
    "freezegun in time-machine": lambda: _nested(time_machine.travel(OTHER), freeze_time(START)),
}
TIME_MACHINE: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "time-machine": lambda: time_machine.travel(START, tick=False),
    "time-machine that ticks": lambda: time_machine.travel(START),
    "nested time-machine": lambda: _nested(time_machine.travel(OTHER), time_machine.travel(START, tick=False)),
}
FROZEN = {**FREEZEGUN, **TIME_MACHINE}
SOURCES = {**FROZEN, "the process's own clock": nullcontext}


def _now(fake: FakeLambda) -> datetime:
    return fake._service.world.now()


def _about(duration: timedelta, expected: float) -> bool:
    return abs(duration - expected * SECOND) < SOON


# ---- what advance does ----


@pytest.mark.parametrize("is_first", [True, False], ids=["entered first", "entered while the fake is active"])
@pytest.mark.parametrize("source", SOURCES)
def test_advancing_ticks_freezegun_s_clock_and_no_other(source: str, *, is_first: bool) -> None:
    with ExitStack() as stack:
        if is_first:
            stack.enter_context(SOURCES[source]())
        fake = stack.enter_context(FakeLambda())
        if not is_first:
            _now(fake)
            stack.enter_context(SOURCES[source]())
        outside, inside = datetime.now(UTC), _now(fake)
        fake.advance(60)
        assert _about(datetime.now(UTC) - outside, 60 if source in FREEZEGUN else 0)
        assert _about(_now(fake) - inside, 60)
        if source in FROZEN:
            assert _about(_now(fake) - START, 60)


@pytest.mark.parametrize("source", FROZEN)
def test_what_a_fake_was_advanced_by_outside_a_freeze_stays_its_own(source: str) -> None:
    """Its offset goes along with whatever time there is; a frozen clock is moved only while it is the source."""
    with FakeLambda() as fake:
        fake.advance(600)
        with FROZEN[source]():
            assert _about(_now(fake) - START, 600)
            fake.advance(60)
        assert _about(_now(fake) - datetime.now(UTC), 600 if source in FREEZEGUN else 660)


@pytest.mark.parametrize("source", FREEZEGUN)
def test_nested_fakes_share_a_frozen_clock(source: str) -> None:
    with FREEZEGUN[source](), FakeLambda() as outer, FakeLambda() as inner:
        inner.advance(60)
        assert _about(_now(outer) - START, 60)
        outer.advance(60)
        assert _about(_now(inner) - START, 120)


@pytest.mark.parametrize("source", sorted(SOURCES.keys() - FREEZEGUN.keys()))
def test_nested_fakes_have_clocks_of_their_own_elsewhere(source: str) -> None:
    with SOURCES[source](), FakeLambda() as outer, FakeLambda() as inner:
        before = _now(outer)
        inner.advance(60)
        assert _about(_now(outer) - before, 0)
        assert _about(_now(inner) - before, 60)


# ---- what waits ----


class Waiting:
    """A creation and a second attempt, each with a while to wait."""

    def __init__(self) -> None:
        self.fake = FakeLambda(lifecycle={"create": 50})
        self.attempts = 0

    def begin(self) -> None:
        def handler(event: Any, context: Any) -> None:
            self.attempts += 1
            raise ValueError

        self.fake.add_function("failing", handler)
        client: Any = self.fake.client()
        client.invoke(FunctionName="failing", InvocationType="Event")  # again after a minute
        client.create_function(FunctionName="orders", **IMAGE)

    @property
    def state(self) -> tuple[str, int]:
        """As of the end of the next call."""
        client: Any = self.fake.client()
        state: str = client.get_function_configuration(FunctionName="orders")["State"]
        return state, self.attempts

    @property
    def remaining(self) -> list[timedelta]:
        return [pending.due - _now(self.fake) for pending in self.fake.pending]

    def still_waits(self) -> bool:
        creation, attempt = self.remaining
        return 50 * SECOND - SOON < creation <= 50 * SECOND and 60 * SECOND - SOON < attempt <= 60 * SECOND and self.state == ("Pending", 1)


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    story = Waiting()
    with story.fake:
        yield story


@pytest.mark.parametrize("source", FROZEN)
def test_what_waits_keeps_its_delay_when_a_freeze_is_entered_and_left(waiting: Waiting, source: str) -> None:
    waiting.begin()
    for _ in range(2):
        with FROZEN[source]():
            assert waiting.still_waits()
            with freeze_time(OTHER) if source in FREEZEGUN else time_machine.travel(OTHER):
                assert waiting.still_waits()
            assert waiting.still_waits()
        assert waiting.still_waits()
    waiting.fake.advance(61)
    assert waiting.state == ("Active", 2)


@pytest.mark.parametrize("source", FROZEN)
def test_what_waits_keeps_its_delay_when_the_freeze_it_began_in_is_left(waiting: Waiting, source: str) -> None:
    with FROZEN[source]():
        waiting.begin()
    assert waiting.still_waits()
    waiting.fake.advance(61)
    assert waiting.state == ("Active", 2)


BACK: dict[str, Callable[[Any], Any]] = {
    "move_to": lambda frozen: frozen.move_to(START - 3600 * SECOND),
    "move_to another century": lambda frozen: frozen.move_to(datetime(1970, 1, 1, tzinfo=UTC)),
}
FORTH: dict[str, Callable[[Any, float], Any]] = {
    "tick": lambda frozen, seconds: frozen.tick(seconds),
    "tick by a timedelta": lambda frozen, seconds: frozen.tick(seconds * SECOND),
    "shift": lambda traveller, seconds: traveller.shift(seconds),
    "shift by a timedelta": lambda traveller, seconds: traveller.shift(seconds * SECOND),
    "move_to": lambda frozen, seconds: frozen.move_to(datetime.now(UTC) + seconds * SECOND),
}


@pytest.mark.parametrize("back", BACK)
@pytest.mark.parametrize("source", FROZEN)
def test_what_waits_keeps_its_delay_when_the_clock_moves_back(waiting: Waiting, source: str, back: str) -> None:
    with FROZEN[source]() as frozen:
        waiting.begin()
        BACK[back](frozen)
        assert waiting.still_waits()


@pytest.mark.parametrize(
    ("source", "forth"),
    [(source, forth) for source in FROZEN for forth in FORTH if forth == "move_to" or ("tick" in forth) == (source in FREEZEGUN)],
)
def test_moving_the_clock_forth_makes_things_due_by_the_next_call(waiting: Waiting, source: str, forth: str) -> None:
    with FROZEN[source]() as frozen:
        waiting.begin()
        FORTH[forth](frozen, 40)
        assert waiting.state == ("Pending", 1)
        FORTH[forth](frozen, 12)
        assert waiting.state == ("Active", 1)
        FORTH[forth](frozen, 9)
        assert waiting.state == ("Active", 2)


def test_a_handler_that_moves_the_clock_makes_things_due(waiting: Waiting) -> None:
    def mover(event: Any, context: Any) -> None:
        frozen.tick(55)

    with freeze_time(START) as frozen:
        waiting.begin()
        waiting.fake.add_function("mover", mover)
        client: Any = waiting.fake.client()
        client.invoke(FunctionName="mover")
        assert waiting.state == ("Active", 1)
        client.invoke(FunctionName="mover")
        assert waiting.attempts == 2


# ---- the ways to freeze ----


def _story() -> None:
    """Holds under any clock that stands at START."""
    with FakeLambda(lifecycle={"create": 50}) as fake:
        client: Any = fake.client()
        created = client.create_function(FunctionName="orders", **IMAGE)
        assert created["LastModified"] == "2041-02-03T04:05:06.000+0000"
        client.get_waiter("function_active_v2").wait(FunctionName="orders")
        assert 50 * SECOND <= _now(fake) - START < 50 * SECOND + SOON


@freeze_time(START)
def test_frozen_by_a_decorator() -> None:
    _story()


@FakeLambda()
@freeze_time(START)
def test_frozen_by_a_decorator_inside_the_fake_s() -> None:
    _story()
    assert _now(current()) == START + 50 * SECOND


@freeze_time(START)
@FakeLambda()
def test_frozen_by_a_decorator_outside_the_fake_s() -> None:
    _story()
    assert _now(current()) == START + 50 * SECOND


@freeze_time(START)
class TestFrozenByAClassDecorator:
    def test_it(self) -> None:
        _story()

    def test_with_a_fixture_that_was_set_up_in_real_time(self, fake: FakeLambda) -> None:
        _story()
        assert _now(fake) == datetime.now(UTC)


@freeze_time(START)
class FrozenTestCase(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = FakeLambda().start()
        self.addCleanup(self.fake.stop)

    def test_it(self) -> None:
        _story()


@time_machine.travel(START, tick=False)
class TravellingTestCase(unittest.TestCase):
    def test_it(self) -> None:
        _story()


@time_machine.travel(START, tick=False)
def test_travelling_by_a_decorator() -> None:
    _story()


@pytest.fixture
def freezer() -> Iterator[Any]:
    """As the fixtures of pytest's plugins for freezegun do it: the clock stands still at the time of the set-up."""
    with freeze_time() as frozen:
        yield frozen


@pytest.mark.parametrize("order", ["fake first", "freezer first"])
def test_frozen_by_a_fixture(request: pytest.FixtureRequest, order: str) -> None:
    names = ["fake", "freezer"]
    values = {name: request.getfixturevalue(name) for name in (names if order == "fake first" else reversed(names))}
    values["freezer"].move_to(START)
    _story()
    assert _now(values["fake"]) == datetime.now(UTC) == START + 50 * SECOND


def test_travelling_by_time_machine_s_own_fixture(request: pytest.FixtureRequest) -> None:
    fake = request.getfixturevalue("fake")
    request.getfixturevalue("time_machine").move_to(START, tick=False)
    _story()
    assert _now(fake) == START


# ---- what shows the time ----

REAL_DATES = re.compile(
    rf"{TODAY:%Y-%m}-\d\d|{TODAY:%Y/%m}/\d\d|{TODAY:%Y%m}\d\dT|\d\d {TODAY:%b %Y}|datetime\({TODAY.year}, {TODAY.month}, "
)


QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
CODE = {"app.py": "import logging\ndef handler(event, context):\n    logging.error('no')\n    raise ValueError\n"}
ORDERS = {"FunctionName": "orders"}
LAYER = {"LayerName": "shared"}


def timed(package: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Calls whose answers show a time, each with what is there by then; a parameter that is a type is what the last answer has there."""
    provision = {**ORDERS, "Qualifier": "live"}
    return [
        (
            "CreateFunction",
            {
                **ORDERS,
                "Role": IMAGE["Role"],
                "Runtime": "python3.13",
                "Handler": "app.handler",
                "Code": {"ZipFile": package},
                "LoggingConfig": {"LogFormat": "JSON"},
            },
        ),
        ("PublishVersion", ORDERS),
        ("CreateAlias", {**ORDERS, "Name": "live", "FunctionVersion": "1"}),
        ("PutFunctionEventInvokeConfig", {**ORDERS, "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}}),
        ("UpdateFunctionEventInvokeConfig", {**ORDERS, "MaximumRetryAttempts": 2}),
        ("GetFunctionEventInvokeConfig", ORDERS),
        ("ListFunctionEventInvokeConfigs", ORDERS),
        ("PutProvisionedConcurrencyConfig", {**provision, "ProvisionedConcurrentExecutions": 1}),
        ("GetProvisionedConcurrencyConfig", provision),
        ("ListProvisionedConcurrencyConfigs", ORDERS),
        ("UpdateFunctionCode", {**ORDERS, "ZipFile": package}),
        ("UpdateFunctionConfiguration", {**ORDERS, "Timeout": 9}),
        ("GetFunction", ORDERS),
        ("GetFunctionConfiguration", ORDERS),
        ("ListFunctions", {}),
        ("ListVersionsByFunction", ORDERS),
        ("CreateEventSourceMapping", {**ORDERS, "EventSourceArn": QUEUE}),
        ("GetEventSourceMapping", {"UUID": str}),
        ("UpdateEventSourceMapping", {"UUID": str, "BatchSize": 5}),
        ("DeleteEventSourceMapping", {"UUID": str}),
        ("CreateEventSourceMapping", {**ORDERS, "EventSourceArn": QUEUE, "Enabled": False}),
        ("ListEventSourceMappings", {}),
        ("PublishLayerVersion", {**LAYER, "Content": {"ZipFile": package}}),
        ("GetLayerVersionByArn", {"Arn": "arn:aws:lambda:us-east-1:123456789012:layer:shared:1"}),
        ("GetLayerVersion", {**LAYER, "VersionNumber": 1}),
        ("ListLayerVersions", LAYER),
        ("ListLayers", {}),
        ("Invoke", {**ORDERS, "LogType": "Tail"}),
        ("Invoke", {**ORDERS, "InvocationType": "Event"}),
    ]


def shows_time(shape: Any, seen: tuple[str, ...] = ()) -> bool:
    """Whether botocore's model has a time somewhere in a shape; Lambda's own are texts."""
    if shape is None or shape.name in seen:
        return False
    inner = [*getattr(shape, "members", {}).values(), getattr(shape, "member", None), getattr(shape, "value", None)]
    within = any(shows_time(item, (*seen, shape.name)) for item in inner)
    return within or shape.type_name == "timestamp" or shape.name in {"Date", "Timestamp"}


def test_every_operation_that_shows_a_time_is_looked_at(client: Any) -> None:
    model = client.meta.service_model
    shows = {name for name in OPERATIONS if shows_time(model.operation_model(name).output_shape)}
    assert shows - {name for name, _ in timed(b"")} == set()


@pytest.mark.parametrize("source", FROZEN)
def test_everything_that_shows_a_time_shows_the_fake_s(source: str, zipped: Any) -> None:
    with FROZEN[source](), FakeLambda() as fake:
        client: Any = fake.client()
        answers: list[Any] = []
        for operation, parameters in timed(zipped(CODE)):
            if operation in OPERATIONS:
                given = {name: answers[-1][name] if value is str else value for name, value in parameters.items()}
                answers.append(getattr(client, xform_name(operation))(**given))
        with pytest.raises(client.exceptions.ResourceNotFoundException) as refused:
            client.get_function(FunctionName="missing")
        pending = fake.pending
        fake.drain()
        shown = [*answers, refused.value.response, *pending, *fake.invocations, *fake.deliveries]
        shown += [invocation.logs for invocation in fake.invocations]
        assert len(fake.deliveries) == 1
        for each in shown:
            assert not REAL_DATES.search(repr(each)), each
        assert all("2041" in repr(answer) for answer in answers)
        assert [invocation.started_at - START < 200 * SECOND for invocation in fake.invocations] == [True] * 4
        assert "2041-02-03T04:0" in fake.deliveries[0].body
