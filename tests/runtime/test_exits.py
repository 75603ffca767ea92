"""A handler that ends its process ends its execution environment, not the test process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fakelambda
from fakelambda import FakeLambda
from fakelambda.runtime import process

posix = pytest.mark.skipif(os.name != "posix", reason="signals and forks of POSIX")

DEATHS: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: os._exit(3), "Runtime exited with error: exit status 3", "os._exit(3)"),
    (lambda: os._exit(-1), "Runtime exited with error: exit status 255", "os._exit(-1)"),
    (lambda: os._exit(0), "Runtime exited without providing a reason", "os._exit(0)"),
    (os.abort, "Runtime exited with error: signal: aborted (core dumped)", "os.abort()"),
    (lambda: os.kill(os.getpid(), signal.SIGKILL), "Runtime exited with error: signal: killed", "os.kill(os.getpid(), SIGKILL)"),
    (lambda: os.kill(os.getpid(), 15), "Runtime exited with error: signal: terminated", "os.kill(os.getpid(), SIGTERM)"),
    (
        lambda: signal.raise_signal(signal.SIGSEGV),
        "Runtime exited with error: signal: segmentation fault (core dumped)",
        "signal.raise_signal(SIGSEGV)",
    ),
]


@posix
@pytest.mark.parametrize(("die", "reason", "call"), DEATHS, ids=[call for *_, call in DEATHS])
def test_a_death_is_answered_as_lambda_answers_it(die: Callable[[], Any], reason: str, call: str) -> None:
    def handler(event: Any, context: Any) -> Any:
        # Looked up in its module only now, as deployed code does.
        try:
            return die() if die.__name__ != "abort" else os.abort()
        except Exception:  # noqa: BLE001 - nothing of it can be caught in Lambda
            return "caught"

    with FakeLambda() as fake:
        fake.add_function("f", handler)
        payload = json.load(fake.client().invoke(FunctionName="f")["Payload"])
        (invocation,) = fake.invocations
        assert payload == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {invocation.request_id} Error: {reason}"}
        assert f"RequestId: {invocation.request_id} Error: {reason}\nRuntime.ExitError\n" in invocation.logs
        assert str(invocation.error).startswith(f"{call} ends the invocation")


def test_deployed_code_that_imported_the_function_itself(tmp_path: Any) -> None:
    (tmp_path / "app.py").write_text("from os import _exit\ndef handler(event, context):\n    _exit(1) if event else None\n")
    with FakeLambda() as fake:
        fake.add_function("f", source=tmp_path, Handler="app.handler")
        for event in ("0", "1", "0"):
            fake.client().invoke(FunctionName="f", Payload=event)
        assert [invocation.cold_start for invocation in fake.invocations] == [True, False, True]
        assert [invocation.error is None for invocation in fake.invocations] == [True, False, True]


@posix
def test_signals_that_end_no_process_are_sent() -> None:
    def handler(event: Any, context: Any) -> Any:
        previous = signal.signal(signal.SIGUSR1, lambda number, _: received.append(number))
        try:
            os.kill(os.getpid(), signal.SIGUSR1)
            signal.raise_signal(signal.SIGUSR1)
            os.kill(os.getpid(), signal.SIGWINCH)
            os.kill(os.getpid(), 0)
        finally:
            signal.signal(signal.SIGUSR1, previous)

    received: list[int] = []
    with FakeLambda() as fake:
        fake.add_function("f", handler)
        fake.client().invoke(FunctionName="f")
        assert fake.invocations[0].error is None
    assert received == [signal.SIGUSR1] * 2


FORKING = """
import json, os, sys
from fakelambda import FakeLambda

def handler(event, context):
    child = os.fork()
    if not child:
        os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

with FakeLambda() as fake:
    fake.add_function("f", handler)
    print(json.load(fake.client().invoke(FunctionName="f")["Payload"]), flush=True)
    os._exit(5)  # outside an invocation
"""


@posix
def test_what_a_handler_forks_and_the_test_itself_really_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(fakelambda.__file__).parents[1]))
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("7\n", "", 5)


def test_afterwards_everything_is_what_it_was() -> None:
    views = (os._exit, os.abort, os.kill, signal.raise_signal)
    process.uninstall()
    found = (os._exit, os.abort, os.kill, signal.raise_signal)
    process.install()
    assert not set(found) & set(views)
    assert {type(function).__name__ for function in found} == {"builtin_function_or_method"}


@pytest.mark.parametrize(
    ("wrapper", "is_there"),
    [("/nowhere/wrapper.sh", False), ("/opt/wrapper", False), ("/opt/bin/wrapper", True), ("/var/task/start", True), ("start", True)],
)
def test_a_wrapper_of_the_runtime_that_is_missing_ends_the_process(
    fake: FakeLambda, client: Any, zipped: Any, wrapper: str, *, is_there: bool
) -> None:
    layer = client.publish_layer_version(LayerName="tools", Content={"ZipFile": zipped({"bin/wrapper": "exec $@"})})
    client.create_function(
        FunctionName="orders",
        Role="arn:aws:iam::123456789012:role/orders",
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": "def handler(event, context):\n    return 1\n", "start": "exec $@"})},
        Layers=[layer["LayerVersionArn"]],
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": wrapper}},
    )
    payload = json.load(client.invoke(FunctionName="orders")["Payload"])
    message = f"RequestId: {fake.invocations[0].request_id} Error: Runtime exited with error: exit status 127"
    assert payload == (1 if is_there else {"errorType": "Runtime.ExitError", "errorMessage": message})
