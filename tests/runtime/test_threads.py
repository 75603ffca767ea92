"""Threads and executors that a handler starts: they belong to its execution environment, and to nobody else's."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import sys
import threading
import time
import weakref
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from fakelambda import FakeLambda, NotModelled
from fakelambda.runtime import environ, process, sleeping, stopping
from fakelambda.runtime.failures import TimedOut
from fakelambda.runtime.threads import SharedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Deploy, Invoke

PACKAGE = {"Runtime": "python3.13", "Handler": "app.handler", "Role": "arn:aws:iam::123456789012:role/r"}

WAYS = {
    "Thread": "    thread = threading.Thread(target=look)\n    thread.start()\n    thread.join()\n",
    "Timer": "    thread = threading.Timer(0, look)\n    thread.start()\n    thread.join()\n",
    "a subclass": (
        "    class Looking(threading.Thread):\n        def run(self): look()\n    thread = Looking()\n    thread.start()\n    thread.join()\n"
    ),
    "a thread of a thread": (
        "    def start():\n        inner = threading.Thread(target=look)\n        inner.start()\n        inner.join()\n"
        "    thread = threading.Thread(target=start)\n    thread.start()\n    thread.join()\n"
    ),
    "submit": "    with futures.ThreadPoolExecutor() as pool: pool.submit(look).result()\n",
    "map": "    with futures.ThreadPoolExecutor() as pool: list(pool.map(lambda _: look(), [1]))\n",
    "initializer": "    with futures.ThreadPoolExecutor(initializer=look) as pool: pool.submit(int).result()\n",
    "ThreadPool": "    with ThreadPool(1) as pool: pool.apply(look)\n",
    "an executor of the module": "    EXECUTOR.submit(look).result()\n",
    "a thread of the module": "    TO_DO.put(look)\n    TO_DO.join()\n",
    "to_thread": "    asyncio.run(asyncio.to_thread(look))\n",
    "run_in_executor": ("    async def main(): await asyncio.get_running_loop().run_in_executor(None, look)\n    asyncio.run(main())\n"),
}
LOOKS = """\
import asyncio, os, queue, sys, threading, time
from concurrent import futures
from multiprocessing.pool import ThreadPool
EXECUTOR, TO_DO, seen = futures.ThreadPoolExecutor(1), queue.Queue(), []
def work():
    while True:
        TO_DO.get()()
        TO_DO.task_done()
threading.Thread(target=work, daemon=True).start()
def look():
    import helper
    print("in a thread")
    time.sleep(1)
    os.environ["COUNT"] = str(int(os.environ.get("COUNT", 0)) + 1)
    seen[:] = [os.environ["NAME"], helper.NAME, sys.modules["helper"].NAME, "SECRET" in os.environ]
def handler(event, context):
    before = context.get_remaining_time_in_millis()
{way}
    return [*seen, os.environ["COUNT"], round((before - context.get_remaining_time_in_millis()) / 1000)]
"""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_they_have_the_environment_s_variables_modules_clock_and_log(
    fake: FakeLambda, zipped: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "of the developer")
    client = fake.client()
    for name in ("red", "blue"):
        code = zipped({"app.py": LOOKS.format(way=way), "helper.py": f"NAME = {name!r}"})
        client.create_function(FunctionName=name, Code={"ZipFile": code}, Environment={"Variables": {"NAME": name}}, **PACKAGE)
    for count in ("1", "2"):
        for name in ("red", "blue"):
            answer = client.invoke(FunctionName=name)
            assert json.load(answer["Payload"]) == [name, name, name, False, count, 1]
            assert "\nin a thread\nEND" in fake.invocations[-1].logs
    assert not {"COUNT", "NAME"} & {*os.environ}
    assert "helper" not in sys.modules


PARALLEL = "with futures.ThreadPoolExecutor(10) as pool:\n    for _ in range(10): pool.submit(time.sleep, 1)\n"
IN_TURNS = "with futures.ThreadPoolExecutor(10) as pool:\n    for _ in range(4): pool.submit(time.sleep, 1).result()\n"
STARTED = "thread = threading.Thread(target=time.sleep, args=[2])\nthread.start()\n"
NESTED = (
    "def nest():\n    {}\n    inner = threading.Thread(target=time.sleep, args=[1])\n    inner.start()\n    inner.join()\n    {}\n"
    "thread = threading.Thread(target=nest)\nthread.start()\nthread.join()\n"
)


@pytest.mark.parametrize(
    ("way", "seconds"),
    [
        (PARALLEL, 1),
        (PARALLEL + "time.sleep(1)\n", 2),
        (PARALLEL * 3, 3),
        (PARALLEL.replace("submit(time.sleep, 1)", "submit(lambda: (time.sleep(1), time.sleep(1)))"), 2),
        (IN_TURNS, 4),
        (STARTED + "time.sleep(3)\nthread.join()\n", 3),
        (STARTED + "time.sleep(1)\nthread.join()\n", 2),
        (STARTED + "time.sleep(1)\n" * 3 + "thread.join()\n", 3),
        (STARTED + "thread.join()\ntime.sleep(3)\n", 5),
        (NESTED.format("time.sleep(1)", "pass"), 2),
        (NESTED.format("pass", "time.sleep(1)"), 2),
        (STARTED.replace("time.sleep,", "lambda seconds: [time.sleep(seconds), call()],") + "thread.join()\n", 3),
        ("async def main(): await asyncio.gather(*[asyncio.to_thread(time.sleep, 1) for _ in range(9)])\nasyncio.run(main())\n", 1),
    ],
)
@pytest.mark.parametrize("attempt", range(3))
def test_threads_sleep_beside_the_handler_and_each_other(fake: FakeLambda, way: str, seconds: int, attempt: int) -> None:
    names = {"asyncio": asyncio, "futures": futures, "threading": threading, "time": time}
    program = compile(way, "way", "exec")

    def handler(event: Any, context: Any) -> None:
        exec(program, {**names, "call": lambda: fake.client().invoke(FunctionName="inner")})

    fake.add_function("f", handler, Timeout=60)
    fake.add_function("inner", lambda event, context: time.sleep(1))
    fake.client().invoke(FunctionName="f")
    assert {invocation.function_name: round(invocation.duration) for invocation in fake.invocations}["f"] == seconds


def test_a_background_thread_that_sleeps_longer_than_the_timeout_does_not_end_the_invocation(fake: FakeLambda) -> None:
    threads = []

    def handler(event: Any, context: Any) -> str:
        threads.append(threading.Thread(target=time.sleep, args=[3600]))
        threads[-1].start()
        return "answer"

    fake.add_function("f", handler)
    for _ in range(2):
        assert json.load(fake.client().invoke(FunctionName="f")["Payload"]) == "answer"
    assert all(thread.is_alive() for thread in threads)
    fake.cold_start("f")  # ends the environment and what sleeps in it
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


def test_really_sleeping_threads_wake_in_their_own_time() -> None:
    woken: list[float] = []

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        woken.append(seconds)

    def handler(event: Any, context: Any) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(sleep, [0.2, 0.01]))

    with FakeLambda(sleep="real") as fake:
        fake.add_function("f", handler)
        fake.client().invoke(FunctionName="f")
    assert woken == [0.01, 0.2]


def test_threads_do_not_move_the_clock_between_invocations(fake: FakeLambda) -> None:
    go = threading.Event()
    threads: list[threading.Thread] = []

    def linger() -> None:
        go.wait(5)
        time.sleep(2.5)

    def handler(event: Any, context: Any) -> None:
        if event:
            threads.append(threading.Thread(target=linger))
            threads[-1].start()

    fake.add_function("f", handler)
    fake.client().invoke(FunctionName="f", Payload=b"1")
    go.set()
    threads[0].join(0.05)
    assert threads[0].is_alive()
    fake.client().invoke(FunctionName="f", Payload=b"0")
    first, second = fake.invocations
    assert (second.started_at - first.started_at).total_seconds() < 1
    fake.cold_start("f")
    threads[0].join(5)


@pytest.mark.usefixtures("really_sleeps")
def test_threads_that_sleep_at_once_move_the_clock_once() -> None:
    clock, left = SharedClock(sleeps_really=False), [3.0]

    def sleep(seconds: float) -> None:
        time.sleep(0.01)  # so that the other one comes by
        left[0] -= seconds

    def handler() -> None:
        sleepers = [threading.Thread(target=time.sleep, args=[1]) for _ in range(2)]
        for sleeper in sleepers:
            sleeper.start()
        for sleeper in sleepers:
            sleeper.join()

    clock.begin(lambda seconds: Context().run(sleep, seconds), lambda: left[0])
    in_an_invocation(handler, clock)
    assert left == [2.0]


def test_a_timeout_that_hits_a_thread_is_the_handler_s_to_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(seconds: float) -> None:
        raise TimedOut(3)

    heard: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", heard.append)
    clock = SharedClock(sleeps_really=False)
    clock.begin(sleep, lambda: 3.0)
    in_an_invocation(lambda: in_a_thread(lambda: time.sleep(1)), clock)
    assert heard == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no timer signals")
@pytest.mark.parametrize("way", ["join", "result"])
def test_waiting_for_a_thread_ends_at_the_timeout(way: str) -> None:
    leave = threading.Event()
    pool = ThreadPoolExecutor(1)

    def handler() -> None:
        if way == "result":
            pool.submit(leave.wait, 5).result()
        else:
            in_a_thread(lambda: leave.wait(5))

    deadline = stopping.Deadline(0.05)
    deadline.allow(0.05)
    with pytest.raises(TimedOut):
        in_an_invocation(lambda: deadline.run(handler))
    leave.set()
    pool.shutdown()


def test_threads_go_when_nobody_refers_to_them() -> None:
    threads: list[weakref.ref[threading.Thread]] = []

    def handler() -> None:
        thread = threading.Thread(target=int)
        threads.append(weakref.ref(thread))
        thread.start()
        thread.join()

    gc.disable()
    try:
        in_an_invocation(handler)
        assert [thread() for thread in threads] == [None]
    finally:
        gc.enable()


def in_an_invocation(function: Callable[[], Any], clock: Any = None) -> None:
    """Calls it with the least that makes an invocation."""

    def call() -> None:
        environ.current.set({})
        sleeping.current.set(clock)
        function()

    copy_context().run(call)


VARIABLE: ContextVar[str] = ContextVar("of_the_handler", default="unset")


@pytest.mark.parametrize("way", ["Thread", "submit"])
def test_the_handler_s_own_context_variables_stay_behind_as_in_lambda(deploy: Deploy, invoke: Invoke, way: str) -> None:
    def handler(event: Any, context: Any) -> list[str]:
        VARIABLE.set("set")
        seen: list[str] = []
        if way == "Thread":
            thread = threading.Thread(target=lambda: seen.append(VARIABLE.get()))
            thread.start()
            thread.join()
        else:
            with ThreadPoolExecutor(initializer=VARIABLE.set, initargs=("by the initializer",)) as pool:
                seen.append(pool.submit(VARIABLE.get).result())
        return seen

    assert invoke(deploy(code=handler)).result == ["unset" if way == "Thread" else "by the initializer"]


def test_what_a_test_submits_is_the_test_s_whoever_started_the_worker(deploy: Deploy, invoke: Invoke) -> None:
    def look() -> str | None:
        return os.environ.get("NAME")

    with ThreadPoolExecutor(1) as shared:
        environments = [deploy(code=lambda event, context: shared.submit(look).result(), variables={"NAME": name}) for name in ("a", "b")]
        assert [invoke(environment).result for environment in environments] == ["a", "b"]
        assert shared.submit(look).result() is None


def test_invoking_from_an_executor_of_the_test(fake: FakeLambda) -> None:
    fake.add_function("f", lambda event, context: os.environ["NAME"], Environment={"Variables": {"NAME": "f"}})
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(fake.client().invoke, FunctionName="f").result()
        assert json.load(answer["Payload"]) == "f"
        assert pool.submit(os.environ.get, "NAME").result() is None


def test_the_test_s_own_threads_see_the_test_s_variables_meanwhile(deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, leave = threading.Event(), threading.Event()

    def handler(event: Any, context: Any) -> list[str | None]:
        inside.set()
        leave.wait(5)
        return [os.environ.get(name) for name in ("NAME", "LATER", "GONE")]

    def set_inside(event: Any, context: Any) -> None:
        thread = threading.Thread(target=os.environ.__setitem__, args=["GONE", "written by a handler"])
        thread.start()
        thread.join()

    environment = deploy(code=handler, variables={"NAME": "own"})
    monkeypatch.setenv("NAME", "host")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(invoke, environment)
        inside.wait(5)
        invoke(deploy(code=set_inside))
        monkeypatch.setenv("NAME", "changed")
        monkeypatch.setenv("LATER", "set while it runs")
        leave.set()
        assert answer.result().result == ["own", "set while it runs", None]
    assert (os.environ["NAME"], os.environ.get("GONE")) == ("changed", None)
    monkeypatch.undo()
    assert "LATER" not in os.environ


# ---- calls that they make ----


def in_a_thread(function: Callable[[], Any]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def test_their_invocations_are_simultaneous_with_the_handler_s(fake: FakeLambda) -> None:
    client = fake.client()
    codes: list[str] = []

    def handler(event: Any, context: Any) -> None:
        def call() -> None:
            try:
                fake.client().invoke(FunctionName="f")
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])

        in_a_thread(call)

    fake.add_function("f", handler)
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    client.invoke(FunctionName="f")
    assert codes == ["TooManyRequestsException"]


def test_their_invocations_have_variables_and_a_clock_of_their_own(fake: FakeLambda) -> None:
    def inner(event: Any, context: Any) -> str:
        time.sleep(2)  # of a timeout of 3: its own, beside the outer one's
        return os.environ["NAME"]

    def outer(event: Any, context: Any) -> list[Any]:
        answers: list[Any] = []

        def call() -> None:
            time.sleep(1)
            answers.append(json.load(fake.client().invoke(FunctionName="inner")["Payload"]))
            time.sleep(1)
            answers.append(os.environ["NAME"])

        in_a_thread(call)
        return answers

    fake.add_function("inner", inner, Environment={"Variables": {"NAME": "inner"}})
    fake.add_function("outer", outer, Environment={"Variables": {"NAME": "outer"}}, Timeout=30)
    assert json.load(fake.client().invoke(FunctionName="outer")["Payload"]) == ["inner", "outer"]


@pytest.mark.parametrize("way", ["Thread", "submit"])
def test_what_is_not_modelled_is_not_hidden_by_a_thread(fake: FakeLambda, way: str) -> None:
    def handler(event: Any, context: Any) -> str:
        def call() -> None:
            try:
                fake.client().list_code_signing_configs()
            except NotModelled:
                return

        if way == "Thread":
            in_a_thread(call)
        else:
            with ThreadPoolExecutor() as pool:
                pool.submit(call)
        return "all is well"

    fake.add_function("f", handler)
    with pytest.raises(NotModelled, match="ListCodeSigningConfigs"):
        fake.client().invoke(FunctionName="f")


# ---- what outlives the invocation ----

LINGERS = """\
import builtins, threading
go, done = builtins.go, builtins.done
def linger():
    for line in ("of the first", "in between", "of the second"):
        go.wait(5)
        go.clear()
        print(line, end="" if line == "in between" else "\\n")
        done.set()
def handler(event, context):
    if event == 1:
        threading.Thread(target=linger, daemon=True).start()
    if event:
        go.set()
        done.wait(5)
        done.clear()
"""


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    go, done = threading.Event(), threading.Event()
    monkeypatch.setattr("builtins.go", go, raising=False)
    monkeypatch.setattr("builtins.done", done, raising=False)
    yield go, done
    go.set()


def test_what_it_prints_goes_to_the_log_of_the_environment_s_latest_invocation(
    fake: FakeLambda, zipped: Any, events: tuple[threading.Event, threading.Event]
) -> None:
    go, done = events
    client = fake.client()
    client.create_function(FunctionName="f", Code={"ZipFile": zipped({"app.py": LINGERS})}, **PACKAGE)

    def meanwhile(event: Any, context: Any) -> None:
        go.set()
        done.wait(5)
        done.clear()

    fake.add_function("other", meanwhile)
    client.invoke(FunctionName="f", Payload=b"1")
    client.invoke(FunctionName="other")
    client.invoke(FunctionName="f", Payload=b"2")
    written = [re.fullmatch(r"(?s).*START RequestId[^\n]*\n(.*)END.*", invocation.logs) for invocation in fake.invocations]
    assert [match and match[1] for match in written] == ["of the first\n", "", "in between\nof the second\n"]


@pytest.mark.parametrize("end", ["cold_start", "stop"])
def test_a_thread_that_outlives_its_environment_harms_nothing(
    fake: FakeLambda, end: str, events: tuple[threading.Event, threading.Event]
) -> None:
    go, done = events
    threads = []

    def linger() -> None:
        go.wait(5)
        if end == "cold_start":
            os.environ["LEFT"] = "behind"
        done.set()
        raise LookupError("nobody hears of it")  # as an unhandled exception in a thread fails the test where one does

    def handler(event: Any, context: Any) -> None:
        threads.append(threading.Thread(target=linger))
        threads[-1].start()

    fake.add_function("f", handler)
    fake.client().invoke(FunctionName="f")
    if end == "stop":
        fake.stop()
    else:
        fake.cold_start("f")
    try:
        go.set()
        threads[0].join(5)
        assert done.is_set()
        assert "LEFT" not in os.environ
    finally:
        if end == "stop":
            fake.start()


def test_a_thread_s_exception_is_heard_of_while_its_environment_lives(
    deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: heard.append(arguments.exc_type))
    invoke(deploy(code=lambda event, context: in_a_thread(lambda: os.environ["MISSING"])))
    assert heard == [KeyError]


# ---- the views ----


def test_others_may_wrap_the_same_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped: list[str] = []
    for owner, name in ((threading.Thread, "start"), (ThreadPoolExecutor, "submit")):
        ours = getattr(owner, name)

        def theirs(self: Any, *args: Any, name: str = name, ours: Any = ours) -> Any:
            wrapped.append(name)
            return ours(self, *args)

        monkeypatch.setattr(owner, name, theirs)
    seen: list[str | None] = []

    def look() -> None:
        seen.append(os.environ.get("NAME"))

    def handler() -> None:
        os.environ["NAME"] = "own"
        in_a_thread(look)
        with ThreadPoolExecutor() as pool:
            pool.submit(look)

    in_an_invocation(handler)
    process.uninstall()
    try:
        assert threading.Thread.start.__name__ == "theirs"
        in_a_thread(look)
    finally:
        process.install()
    in_an_invocation(handler)
    assert seen == ["own", "own", None, "own", "own"]
    assert wrapped == ["start", "submit", "start", "start", "start", "submit", "start"]


def test_uninstalling_leaves_the_methods_as_they_were() -> None:
    process.uninstall()
    try:
        assert {method.__module__ for method in (threading.Thread.start, ThreadPoolExecutor.submit)} == {
            "threading",
            "concurrent.futures.thread",
        }
        assert os.path.basename(threading.Thread.start.__code__.co_filename) == "threading.py"  # noqa: PTH119 - no path is touched
    finally:
        process.install()
