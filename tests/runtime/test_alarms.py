"""A timer that signals the main thread, whichever thread sets it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from fakelambda.runtime import alarms
from fakelambda.runtime.alarms import MainThreadTimer

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such timers")


@pytest.fixture
def rung() -> Iterator[list[int]]:
    """The signals that arrived."""
    numbers: list[int] = []
    previous = signal.signal(signal.SIGUSR1, lambda number, _frame: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGUSR1, previous)


def wait_for(rung: list[int], count: int) -> None:
    end = time.monotonic() + 10
    while len(rung) < count:
        assert time.monotonic() < end, rung


@linux_only
def test_it_rings_again_and_again_until_it_is_stopped(rung: list[int]) -> None:
    timer = MainThreadTimer(signal.SIGUSR1)
    assert timer(0.001, 0.001) == (0, 0)
    wait_for(rung, 3)
    timer(0)
    count = len(rung)
    end = time.monotonic() + 0.01
    while time.monotonic() < end:
        pass
    assert len(rung) == count


@linux_only
def test_it_rings_in_the_main_thread_which_waits_while_another_one_sets_it_and_computes(rung: list[int]) -> None:
    timer = MainThreadTimer(signal.SIGUSR1)

    def setting() -> None:
        timer(0.001)
        wait_for(rung, 1)

    thread = threading.Thread(target=setting)
    thread.start()
    thread.join(10)
    assert rung == [signal.SIGUSR1]


@linux_only
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")  # the child takes no lock that another thread may hold
def test_a_fork_s_child_gets_one_of_its_own(rung: list[int]) -> None:
    timer = MainThreadTimer(signal.SIGUSR1)
    timer(1000)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            timer(0.001)
            wait_for(rung, 1)
            os.write(write, b"rung")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    assert os.read(read, 4) == b"rung"
    os.close(read)
    timer(0)
    assert rung == []


@linux_only
def test_what_the_system_refuses_is_said() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        MainThreadTimer(number=10_000)(1)


@pytest.mark.parametrize(("name", "value"), [("sys.platform", "darwin"), ("ctypes.PyDLL", lambda *_, **__: object())])
def test_where_there_is_none_an_error_says_so(name: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alarms._function.cache_clear()
    monkeypatch.setattr(f"fakelambda.runtime.alarms.{name}", value)
    with pytest.raises(OSError, match=r"only Linux|has no timer_create"):
        MainThreadTimer(10)(1)
