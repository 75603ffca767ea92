"""A handler that really runs for longer than its timeout is stopped, in whichever thread, and nothing of that reaches the test."""

from __future__ import annotations

import asyncio
import contextvars
import errno
import gc
import json
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.context import start_as_current_context
from freezegun import freeze_time

from fakelambda import FakeLambda
from fakelambda.runtime import process, sleeping, starvation, stopping
from fakelambda.runtime.alarms import MainThreadTimer
from fakelambda.runtime.failures import TimedOut
from fakelambda.schedule.schedule import Schedule
from fakelambda.world import World

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="Windows has no timer signals"),
    # What is thrown may arrive in hypothesis's callback of the garbage collector, where Python drops it; it is thrown again.
    pytest.mark.filterwarnings("ignore:Exception ignored in.*gc_callback:pytest.PytestUnraisableExceptionWarning"),
]

SHORT = 0.02
AT_LEAST = 20
"""Seconds until what should have been stopped after `SHORT` is taken to go on forever."""


@pytest.fixture(autouse=True)
def what_the_machine_takes_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the times here would be longer by it; see test_starvation.py."""
    monkeypatch.setattr(starvation, "_starved", lambda _: 0.0)


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield
    assert not stopping._running
    assert signal.getitimer(signal.ITIMER_REAL)[0] == signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0
    time_to_surface = time.monotonic() + 0.005
    while time.monotonic() < time_to_surface:  # an exception on its way would be raised here
        len([])


def here(call: Callable[[], None]) -> None:
    call()


def in_a_thread(call: Callable[[], None]) -> None:
    thread = threading.Thread(target=call)
    thread.start()
    await_end(thread)


def await_end(thread: threading.Thread, *, looking_every: float = AT_LEAST if sys.platform == "linux" else 0.05) -> None:
    """Joins a thread that may loop, without looping with it forever.

    Where the system chooses whom it gives a signal, the main thread is only sure to answer what another thread got (one of xdist's, say)
    when it looks again and again.
    """
    end = time.monotonic() + AT_LEAST
    while thread.is_alive() and time.monotonic() < end:
        thread.join(looking_every)
    if thread.is_alive() and thread.ident:
        where = "".join(traceback.format_stack(sys._current_frames()[thread.ident]))
        stopping._throw(thread.ident, SystemExit)
        pytest.fail(f"after {AT_LEAST} seconds nothing has stopped what runs here; the alarm is {stopping._alarm}\n{where}")


wherever = pytest.mark.parametrize("run", [here, in_a_thread], ids=lambda run: run.__name__)


def stopped(function: Callable[[], Any], timeout: float = SHORT) -> bool:
    """Runs it for so long at most; whether it was stopped rather than ended."""
    deadline = stopping.Deadline(timeout)
    deadline.allow(timeout)
    try:
        deadline.run(function)
    except TimedOut as error:
        assert deadline.passed
        return error.timeout == timeout
    return False


# ---- what is stopped ----


def looping() -> None:
    while True:
        pass


def computing() -> None:
    while True:
        sum(range(1000))


def swallowing_exceptions() -> None:
    while True:
        with suppress(Exception):
            json.loads("no")


def swallowing_everything() -> None:
    while True:
        with suppress(BaseException):
            json.loads("no")


@contextmanager
def nothing() -> Iterator[None]:
    yield


def entering() -> None:
    while True:
        with nothing():
            pass


def looping_at_last() -> None:
    try:
        looping()
    finally:
        looping()


def printing() -> None:
    while True:
        print(end="")


def waiting_a_little_again_and_again() -> None:
    while True:
        threading.Event().wait(0.001)


def looping_in_a_coroutine() -> None:
    async def main() -> None:
        while True:  # noqa: ASYNC110 - it is to loop
            await asyncio.sleep(0)

    asyncio.run(main())


def importing_what_loops() -> None:
    exec(compile("while True: pass", "app.py", "exec"), {})


LOOPS = [
    looping,
    computing,
    swallowing_exceptions,
    swallowing_everything,
    entering,
    looping_at_last,
    printing,
    waiting_a_little_again_and_again,
    looping_in_a_coroutine,
    importing_what_loops,
]


@wherever
@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_loops_are_stopped(run: Callable[[Callable[[], None]], None], loop: Callable[[], None]) -> None:
    outcomes: list[bool] = []
    run(lambda: outcomes.append(stopped(loop)))
    assert outcomes == [True]


@wherever
def test_a_loop_that_calls_the_fake_is_stopped_between_its_calls(run: Callable[[Callable[[], None]], None]) -> None:
    def calling() -> None:
        while True:
            client.get_function(FunctionName="f")

    outcomes: list[bool] = []
    with FakeLambda() as fake:
        client = fake.client()
        fake.add_function("f", lambda _event, _context: 1)
        run(lambda: outcomes.append(stopped(calling)))
        assert client.invoke(FunctionName="f")["StatusCode"] == 200
    assert outcomes == [True]


@wherever
def test_work_of_the_fake_is_finished_first(run: Callable[[Callable[[], None]], None]) -> None:
    def work() -> None:
        end = time.monotonic() + 3 * SHORT
        while time.monotonic() < end:
            pass
        finished.append(True)

    def handler() -> None:
        schedule.add(timedelta(0), work, kind="work", function_name="f", runs_user_code=True)
        schedule.run_due()
        looping()

    schedule = Schedule(World(0))
    finished: list[bool] = []
    outcomes: list[bool] = []
    run(lambda: outcomes.append(stopped(handler)))
    assert (outcomes, finished) == ([True], [True])


def test_callbacks_of_the_garbage_collector_which_would_lose_it_are_finished_first(monkeypatch: pytest.MonkeyPatch) -> None:
    unraisable: list[object] = []
    phases: list[str] = []

    def slow(phase: str, _: object) -> None:
        end = time.monotonic() + 3 * SHORT
        while time.monotonic() < end:
            len([])
        phases.append(phase)

    def collecting() -> None:
        gc.collect()
        looping()

    gc.collect()  # finalizers of what other tests left would lose it too
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    gc.callbacks.append(slow)
    try:
        assert stopped(collecting)
    finally:
        gc.callbacks.remove(slow)
    assert (phases[:2], unraisable) == (["start", "stop"], [])


class Finalized:
    """Something whose finalizer takes its time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __del__(self) -> None:
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            len([])


def finalizing(seconds: float) -> None:
    Finalized(seconds)
    looping()


@wherever
def test_finalizers_which_would_lose_it_are_finished_first(
    run: Callable[[Callable[[], None]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[object] = []
    outcomes: list[bool] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    run(lambda: outcomes.append(stopped(lambda: finalizing(3 * SHORT))))
    assert (outcomes, unraisable) == ([True], [])


@wherever
def test_one_that_does_not_end_is_stopped_too(run: Callable[[Callable[[], None]], None], monkeypatch: pytest.MonkeyPatch) -> None:
    unraisable: list[Any] = []
    outcomes: list[bool] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: unraisable.append(lost.exc_type))
    run(lambda: outcomes.append(stopped(lambda: finalizing(1000))))
    assert (outcomes, [issubclass(lost, TimedOut) for lost in unraisable]) == ([True], [True])


def test_a_context_that_is_just_being_entered_keeps_its_end() -> None:
    """Stopped there, `with` would not know that it has something to end: a context of botocore's, which tells so when it is collected."""
    interruptible: list[tuple[str, bool]] = []

    def look(frame: Any, event: str, _: object) -> None:
        if event == "return" and frame.f_code.co_name in {"__enter__", "handler"}:
            interruptible.append((frame.f_code.co_name, stopping._is_in_user_code(frame)))

    def handler() -> None:
        with start_as_current_context():
            pass

    deadline = stopping.Deadline(3)
    deadline.allow(3)
    before = sys.getprofile()
    sys.setprofile(look)
    try:
        deadline.run(handler)
    finally:
        sys.setprofile(before)
    assert interruptible == [("__enter__", False), ("handler", True)]


@pytest.mark.usefixtures("really_sleeps")
def test_an_event_loop_does_not_take_it_for_a_callback_s() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: seen.append(context))
        loop.call_soon(sleeping.really, 3 * SHORT)
        while True:  # noqa: ASYNC110 - it is to loop
            await asyncio.sleep(0)

    seen: list[Any] = []
    assert stopped(lambda: asyncio.run(main()))
    assert not seen


@pytest.mark.parametrize(
    "block",
    [
        lambda: subprocess.run(["sleep", "30"], check=True),
        lambda: threading.Event().wait(),
        lambda: asyncio.run(asyncio.sleep(30)),
    ],
    ids=["process", "event", "coroutine"],
)
def test_what_blocks_the_main_thread_is_interrupted(block: Callable[[], Any]) -> None:
    assert stopped(block)


@pytest.mark.parametrize(
    "block",
    [
        lambda: threading.Event().wait(2 * SHORT),
        lambda: subprocess.run([sys.executable, "-S", "-c", "import time; time.sleep(0.1)"], check=True),
        lambda: json.loads("[" + "1," * 1_500_000 + "1]"),
    ],
    ids=["wait", "process", "C code"],
)
def test_elsewhere_what_blocks_has_passed_its_time_when_it_ends(block: Callable[[], Any]) -> None:
    def call() -> None:
        deadline = stopping.Deadline(SHORT)
        deadline.allow(SHORT)
        with suppress(TimedOut):
            deadline.run(block)
        passed.append(deadline.passed)

    passed: list[bool] = []
    in_a_thread(call)
    assert passed == [True]


def test_what_ends_in_time_is_left_alone() -> None:
    deadline = stopping.Deadline(10)
    deadline.allow(10)
    assert deadline.run(divmod, 7, 2) == (3, 1)
    assert not deadline.passed


def test_a_handler_that_cleans_up_is_given_the_time() -> None:
    def handler() -> None:
        try:
            looping()
        finally:
            end = time.monotonic() + 0.02
            while time.monotonic() < end:
                pass
            cleaned_up.append(True)

    cleaned_up: list[bool] = []
    assert stopped(handler)
    assert cleaned_up == [True]


def test_what_passed_on_the_fake_s_clock_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "_AFTER_A_SLEEP", SHORT)

    def handler() -> None:
        deadline.shorten(29)
        deadline.shorten(29)  # more than there was: it has a moment all the same
        looping()

    deadline = stopping.Deadline(30)
    deadline.allow(30)
    with pytest.raises(TimedOut):
        deadline.run(handler)
    deadline.shorten(29)  # what a thread of the handler may still do sets no timer


@wherever
def test_an_outer_handler_is_stopped_once_the_inner_one_has_ended(run: Callable[[Callable[[], None]], None]) -> None:
    def outer() -> None:
        outcomes.append(("inner", stopped(looping, 3 * SHORT)))
        looping()

    outcomes: list[tuple[str, bool]] = []
    run(lambda: outcomes.append(("outer", stopped(outer))))
    assert outcomes == [("inner", True), ("outer", True)]


def test_many_threads_at_once_each_by_its_own_deadline() -> None:
    def call(timeout: float) -> None:
        started = time.monotonic()
        outcomes[timeout] = stopped(looping, timeout) and time.monotonic() - started >= timeout

    outcomes: dict[float, bool] = {}
    timeouts = [0.09, 0.03, 0.06]
    threads = [threading.Thread(target=call, args=(timeout,)) for timeout in timeouts]
    for thread in threads:
        thread.start()
    for thread in threads:
        await_end(thread)
    assert outcomes == dict.fromkeys(timeouts, True)


def at_a_breakpoint(seconds: float) -> None:
    """Loops in a module that goes by a debugger's name, as the debugger does while somebody looks."""
    exec("while time.monotonic() < end: pass", {"__name__": "bdb", "time": time, "end": time.monotonic() + seconds})


def test_a_debugger_gets_all_the_time_it_wants() -> None:
    deadline = stopping.Deadline(SHORT)
    deadline.allow(SHORT)
    deadline.run(at_a_breakpoint, 4 * SHORT)
    assert (deadline.passed, deadline.waived) == (False, True)


# ---- what it does not disturb ----


@wherever
def test_nothing_arrives_after_the_end(run: Callable[[Callable[[], None]], None]) -> None:
    def spin(until: float) -> None:
        while time.monotonic() < until:
            pass

    def race() -> None:
        try:
            for _ in range(60):  # some end just before they would be stopped, some are stopped, all at about the same moment
                stopped(lambda: spin(time.monotonic() + random.uniform(0.0015, 0.0035)), 0.002)
                for _ in range(20):
                    len([])
        except BaseException as error:  # noqa: BLE001 - whatever it is, it has leaked
            leaked.append(error)

    leaked: list[BaseException] = []
    run(race)
    assert not leaked


def test_what_is_thrown_while_a_handler_ends_goes_no_further() -> None:
    def last_step() -> str:
        running.set()
        go_on.wait()
        return "ended"

    def call() -> None:
        deadline = stopping.Deadline(10)
        deadline.allow(10)
        try:
            outcomes.append(deadline.run(last_step))
            for _ in range(100):
                len([])
        except BaseException as error:  # noqa: BLE001 - whatever it is, it has leaked
            outcomes.append(error)

    running, go_on = threading.Event(), threading.Event()
    outcomes: list[Any] = []
    thread = threading.Thread(target=call)
    thread.start()
    running.wait()
    assert thread.ident
    with stopping._lock:
        go_on.set()
        while sys._current_frames()[thread.ident].f_code is not stopping.Deadline._end.__code__:
            time.sleep(0.001)
        stopping._throw(thread.ident, type("Stopped", (TimedOut,), {"__init__": lambda self: TimedOut.__init__(self, 10)}))
    await_end(thread)
    assert outcomes == ["ended"]


@wherever
def test_alarms_of_the_test_go_off_and_loops_are_stopped_all_the_same(run: Callable[[Callable[[], None]], None]) -> None:
    rung: list[int] = []
    outcomes: list[bool] = []
    previous = signal.signal(signal.SIGALRM, lambda number, _: rung.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        run(lambda: outcomes.append(stopped(looping, 0.05)))
        assert outcomes == [True]
        assert rung == [signal.SIGALRM]
        signal.setitimer(signal.ITIMER_REAL, 100)
        assert stopped(looping)
        assert 99 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@pytest.fixture
def alarms_of_the_test() -> Iterator[None]:
    """Signal and timer that stopping would take first are the test's, as pytest-timeout's are."""
    previous = signal.signal(signal.SIGALRM, lambda _number, _frame: None)
    signal.setitimer(signal.ITIMER_REAL, 1000)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, previous)


@pytest.fixture
def signals_go_to_another_thread() -> Iterator[None]:
    """A thread that waits gets SIGVTALRM: the system goes on with the last one that it had to choose."""
    leave = threading.Event()
    waiting = threading.Thread(target=leave.wait)
    waiting.start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGVTALRM})
    os.kill(os.getpid(), signal.SIGVTALRM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGVTALRM})
    yield
    leave.set()
    waiting.join()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system chooses the thread")
@pytest.mark.usefixtures("alarms_of_the_test", "signals_go_to_another_thread")
def test_a_main_thread_that_waits_is_woken_whoever_else_could_get_the_signal() -> None:
    outcomes: list[bool] = []
    in_a_thread(lambda: outcomes.append(stopped(looping)))
    assert outcomes == [True]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the time counts that is computed")
@pytest.mark.usefixtures("alarms_of_the_test")
def test_what_waits_is_interrupted_whosever_the_alarms_are() -> None:
    assert stopped(lambda: threading.Event().wait(AT_LEAST))


@pytest.mark.usefixtures("alarms_of_the_test")
def test_where_the_system_refuses_a_timer_of_our_own_loops_are_stopped_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MainThreadTimer, "_make", refuse)
    outcomes = [stopped(looping)]
    thread = threading.Thread(target=lambda: outcomes.append(stopped(looping)))
    thread.start()
    await_end(thread, looking_every=0.05)
    assert outcomes == [True, True]


def refuse(timer: MainThreadTimer) -> None:
    raise OSError(errno.EAGAIN, "no timer is left")


def test_a_timer_that_runs_already_is_left_alone() -> None:
    signal.setitimer(signal.ITIMER_REAL, 100)
    try:
        assert stopped(looping)
        assert 99 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_a_handler_may_use_alarms_itself() -> None:
    def handler() -> None:
        def ring(_number: int, _frame: Any) -> None:
            raise LookupError

        previous = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        try:
            with pytest.raises(LookupError):
                looping()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)

    assert not stopped(handler, 10)


def test_signal_handlers_are_those_of_the_test_before_and_after() -> None:
    process.uninstall()
    try:
        mine: Callable[[int, Any], None] = lambda _number, _frame: None  # noqa: E731 - compared by identity
        signal.signal(signal.SIGALRM, mine)
        process.install()
        assert signal.getsignal(signal.SIGALRM) is mine
        process.uninstall()
        assert signal.getsignal(signal.SIGALRM) is mine
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        process.install()
        process.uninstall()
        assert signal.getsignal(signal.SIGALRM) == signal.getsignal(signal.SIGVTALRM) == signal.SIG_DFL
    finally:
        process.install()


@pytest.mark.usefixtures("really_sleeps")
def test_no_signal_is_taken_outside_of_the_main_thread() -> None:
    process.uninstall()
    try:
        in_a_thread(process.install)
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
        assert not stopped(lambda: time.sleep(2 * SHORT))
    finally:
        process.uninstall()
        process.install()


def test_a_fake_that_stops_while_a_handler_runs_leaves_no_timer() -> None:
    def call() -> None:
        deadline = stopping.Deadline(10)
        deadline.allow(10)
        deadline.run(wait)

    def wait() -> None:
        running.set()
        ended.wait()

    running, ended = threading.Event(), threading.Event()
    thread = threading.Thread(target=call)
    thread.start()
    running.wait()
    process.uninstall()
    try:
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    finally:
        process.install()
        ended.set()
        await_end(thread)


# ---- through a fake ----


@wherever
@pytest.mark.parametrize("frozen", [False, True], ids=["running clock", "frozen clock"])
def test_it_is_answered_as_timed_out(run: Callable[[Callable[[], None]], None], *, frozen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping.Deadline, "allow", lambda self, seconds: setattr(self, "_at", stopping._now() + seconds / 50))

    def call() -> None:
        payloads.append(json.load(fake.client().invoke(FunctionName="f")["Payload"]))

    payloads: list[Any] = []
    with freeze_time("2026-01-15T12:00:00Z") if frozen else nullcontext(), FakeLambda() as fake:
        fake.add_function("f", lambda _event, _context: looping(), Timeout=2)
        run(call)
        (invocation,) = fake.invocations
        message = f"RequestId: {invocation.request_id} Error: Task timed out after 2.00 seconds"
        assert payloads == [{"errorType": "Sandbox.Timedout", "errorMessage": message}]
        assert invocation.duration == 2 or (invocation.duration > 2 and not frozen)
        assert f"{invocation.request_id} Task timed out after 2.00 seconds\n\nEND" in invocation.logs
        assert isinstance(invocation.error, TimedOut)


def test_in_real_time_it_takes_what_the_timeout_says() -> None:
    with FakeLambda() as fake:
        fake.add_function("f", lambda _event, _context: looping(), Timeout=1)
        started = time.monotonic()
        assert json.load(fake.client().invoke(FunctionName="f")["Payload"])["errorType"] == "Sandbox.Timedout"
        assert 1 <= fake.invocations[0].duration <= time.monotonic() - started


def test_a_handler_that_was_debugged_answers_what_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping.Deadline, "allow", lambda self, _seconds: setattr(self, "_at", stopping._now() + SHORT))
    with FakeLambda() as fake:

        def handler(_event: Any, _context: Any) -> str:
            at_a_breakpoint(4 * SHORT)
            fake.advance(60)
            return "looked at"

        fake.add_function("f", handler, Timeout=2)
        assert json.load(fake.client().invoke(FunctionName="f")["Payload"]) == "looked at"


def test_what_a_stopped_handler_changed_stays_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def handler(_event: Any, _context: Any) -> None:
        mine.set("the handler's")
        os.environ["MINE"] = "the handler's"
        looping()

    def state() -> tuple[Any, ...]:
        return sys.stdout, sys.stderr, dict(os.environ), [*sys.modules], [*sys.path], mine.get(None), [*logging.root.handlers]

    monkeypatch.setattr(stopping.Deadline, "allow", lambda self, seconds: setattr(self, "_at", stopping._now() + seconds / 50))
    mine: contextvars.ContextVar[str] = contextvars.ContextVar("mine")
    with FakeLambda() as fake:
        fake.add_function("f", handler, Timeout=1)
        client = fake.client()
        before = state()
        client.invoke(FunctionName="f")
        assert state() == before


def test_a_loop_in_deployed_code_at_its_import_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping.Deadline, "allow", lambda self, seconds: setattr(self, "_at", stopping._now() + seconds / 100))
    (tmp_path / "app.py").write_text("def handler(event, context):\n    while True: pass\n")
    (tmp_path / "slow.py").write_text("while True: pass\n")
    with FakeLambda() as fake:
        for name in ("app", "slow"):
            fake.add_function(name, source=tmp_path, Handler=f"{name}.handler")
            payload = json.load(fake.client().invoke(FunctionName=name)["Payload"])
            assert payload["errorType"] == "Sandbox.Timedout"
        traceback = fake.invocations[0].error.__traceback__  # type: ignore[union-attr]  # it failed
        files = []
        while traceback:
            files.append(Path(traceback.tb_frame.f_code.co_filename).name)
            traceback = traceback.tb_next
        assert "app.py" in files


PYTEST_TIMEOUT = """
import signal, time
import pytest
from fakelambda import FakeLambda

@pytest.fixture(autouse=True)
def timer():  # what pytest-timeout does
    def ring(number, frame):
        pytest.fail("Timeout of the test")
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)

def spin(event, context):
    while True:
        pass

def test_a_handler_that_has_more_time_than_the_test():
    with FakeLambda() as fake:
        fake.add_function("f", spin, Timeout=60)
        fake.client().invoke(FunctionName="f")

def test_afterwards():
    with FakeLambda() as fake:
        fake.add_function("f", lambda event, context: 1)
        assert fake.client().invoke(FunctionName="f")["StatusCode"] == 200
"""


def test_the_timeout_of_the_test_ends_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PYTEST_TIMEOUT)
    result = pytester.runpytest_inprocess("-p", "no:asyncio", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Failed: Timeout of the test*"])
