"""How handlers of several threads see time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Callable


def is_throttled(fake: FakeLambda) -> None:
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        fake.client().invoke(FunctionName="blocked")


MOVES: list[tuple[str, Callable[[FakeLambda], object], bool]] = [
    ("a handler sleeps", lambda fake: fake.client().invoke(FunctionName="sleeper"), False),
    ("a throttled client waits to try again", is_throttled, False),
    ("the test moves the clock", lambda fake: fake.advance(10), True),
]


@pytest.fixture
def fake() -> Any:
    with FakeLambda() as fake:
        fake.add_function("sleeper", lambda event, context: time.sleep(10), Timeout=60)
        fake.add_function("blocked", print)
        fake.client().put_function_concurrency(FunctionName="blocked", ReservedConcurrentExecutions=0)
        yield fake


@pytest.mark.parametrize(("move", "times_out"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES])
def test_what_moves_the_clock_while_a_handler_of_another_thread_runs(
    fake: FakeLambda, move: Callable[[FakeLambda], object], *, times_out: bool
) -> None:
    begun, moved = threading.Event(), threading.Event()
    left: list[int] = []

    def handler(_: Any, context: Any) -> None:
        begun.set()
        assert moved.wait(5)
        left.append(context.get_remaining_time_in_millis())

    def other() -> None:
        assert begun.wait(5)
        for _ in range(4):  # back-off is drawn, and short at first
            move(fake)
        moved.set()

    fake.add_function("orders", handler, Timeout=3)
    thread = threading.Thread(target=other)
    thread.start()
    answer = fake.client().invoke(FunctionName="orders")
    thread.join()
    assert ("FunctionError" in answer) is times_out
    assert (left == [0]) is times_out
    assert (fake.invocations[0].duration > 3) is times_out


def test_what_a_handler_waits_for_is_its_own_time(fake: FakeLambda) -> None:
    def handler(_: Any, context: Any) -> list[int]:
        before = context.get_remaining_time_in_millis()
        fake.client().invoke(FunctionName="sleeper")
        return [before, context.get_remaining_time_in_millis()]

    fake.add_function("orders", handler, Timeout=30)
    fake.client().invoke(FunctionName="orders")
    before, after = fake.invocations[0].result
    assert 9_900 < before - after < 11_000
