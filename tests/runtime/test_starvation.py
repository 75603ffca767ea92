"""What a busy machine takes from a handler is not the handler's."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import pytest
from freezegun import freeze_time

from fakelambda import FakeLambda
from fakelambda.runtime import starvation
from fakelambda.runtime.failures import TimedOut
from fakelambda.runtime.stopping import Deadline


def now() -> float:
    """Seconds that no library freezes."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def spin(seconds: float) -> str:
    end = now() + seconds
    while now() < end:
        pass
    return "done"


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that takes ten seconds between any two looks."""
    taken = iter(range(0, 10_000, 10))
    monkeypatch.setattr(starvation, "_readings", {})
    monkeypatch.setattr(starvation, "_starved", lambda _: float(next(taken)))


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("is_frozen", [True, False], ids=["frozen", "running"])
def test_a_handler_is_not_answered_as_timed_out_for_it(is_frozen: bool) -> None:  # noqa: FBT001 - a parameter of the table
    with FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: spin(1.1), Timeout=1)
        if is_frozen:
            with freeze_time("2026-03-01"):
                answer = fake.client().invoke(FunctionName="orders")
        else:
            answer = fake.client().invoke(FunctionName="orders")
    assert json.load(answer["Payload"]) == "done"


@pytest.mark.usefixtures("busy")
def test_what_is_taken_once_is_given_back_once() -> None:
    deadline = Deadline(0.05)
    deadline.allow(0.05)
    assert deadline.run(spin, 0.1) == "done"
    assert (deadline.passed, deadline.starved) == (False, 10.0)
    deadline.allow(0.05)
    assert deadline.starved == 0.0


@pytest.mark.parametrize("starved", [0.0, 0.02])
def test_a_handler_has_no_more_than_that(monkeypatch: pytest.MonkeyPatch, starved: float) -> None:
    counted = iter([0.0, *[starved] * 1_000])
    monkeypatch.setattr(starvation, "_readings", {})
    monkeypatch.setattr(starvation, "_starved", lambda _: next(counted))
    with FakeLambda():  # which takes the signals
        deadline = Deadline(0.05)
        deadline.allow(0.05)
        with pytest.raises(TimedOut):
            deadline.run(spin, 60)
    assert deadline.passed


def test_a_reading_serves_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starvation, "_readings", {})
    first = starvation.reading(1, 100.0)
    assert starvation.reading(1, 100.2) is first
    assert starvation.reading(1, 100.3) is not first
    assert starvation.reading(2, 100.3) is not starvation.reading(1, 100.3)
    assert first.thread == threading.get_native_id()


@pytest.mark.skipif(sys.platform != "linux", reason="nobody counts elsewhere")
def test_what_the_system_counts_for_a_thread() -> None:
    reading = starvation.reading(threading.get_ident(), now())
    assert starvation.since(reading) >= 0.0
    assert starvation.since(starvation.Reading(0.0, thread=-1, starved=0.0)) == 0.0


def test_nothing_is_counted_where_the_system_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise FileNotFoundError

    monkeypatch.setattr(starvation, "_open", refuse)
    assert starvation.since(starvation.reading(0, now())) == 0.0


def test_the_test_s_own_open_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        pytest.fail("somebody opens a file")

    monkeypatch.setattr(starvation, "_readings", {})
    monkeypatch.setattr("builtins.open", fail)
    with FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: event)
        assert json.load(fake.client().invoke(FunctionName="orders", Payload="1")["Payload"]) == 1
