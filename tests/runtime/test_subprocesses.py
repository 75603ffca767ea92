"""Processes that a handler starts: they get the variables that the handler sees, not the developer's."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from fakelambda.runtime import process

if TYPE_CHECKING:
    from conftest import Deploy, Invoke

    from fakelambda import FakeLambda

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
WAYS = {
    "run": "subprocess.run(SHOW, stdout=subprocess.PIPE, check=True).stdout",
    "check_output": "subprocess.check_output(SHOW)",
    "Popen": "output(subprocess.Popen(SHOW, -1, None, None, subprocess.PIPE))",
    "a subclass": "output(type('Own', (subprocess.Popen,), {})(args=SHOW, stdout=subprocess.PIPE))",
    "env=None": "subprocess.check_output(SHOW, env=None)",
    "a shell": "subprocess.check_output(shlex.join(SHOW), shell=True)",
    "os.popen": "by_a_pipe()",
    "a thread": "futures.ThreadPoolExecutor().submit(subprocess.check_output, SHOW).result()",
    "asyncio": "asyncio.run(by_asyncio())",
}
APP = f"""\
import asyncio, json, os, shlex, subprocess, sys
from concurrent import futures
SHOW = [sys.executable, "-c", {SHOW!r}]
async def by_asyncio():
    child = await asyncio.create_subprocess_exec(*SHOW, stdout=subprocess.PIPE)
    return (await child.communicate())[0]
def output(child):
    with child: return child.stdout.read()
def by_a_pipe():
    with os.popen(shlex.join(SHOW)) as pipe: return pipe.read()
def handler(event, context):
    os.environ["WRITTEN"] = "here"
    return json.loads({{way}})
"""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_they_get_the_handler_s_variables(deploy: Deploy, invoke: Invoke, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "the developer's")
    monkeypatch.setenv("SECRET", "the developer's")
    environment = deploy({"app.py": APP.replace("{way}", way)}, variables={"TABLE": "orders"}, inherited={"LENT": "1"})
    seen = invoke(environment).result
    assert {name: seen.get(name) for name in ("TABLE", "WRITTEN", "LENT", "AWS_LAMBDA_FUNCTION_NAME", "AWS_PROFILE", "SECRET")} == {
        "TABLE": "orders",
        "WRITTEN": "here",
        "LENT": "1",
        "AWS_LAMBDA_FUNCTION_NAME": "orders",
        "AWS_PROFILE": None,
        "SECRET": None,
    }


def test_a_callable_s_get_the_host_s_under_its_own(deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_HOST", "1")
    environment = deploy(
        code=lambda event, context: json.loads(subprocess.check_output([sys.executable, "-c", SHOW])), variables={"OWN": "2"}
    )
    seen = invoke(environment).result
    assert (seen["OF_THE_HOST"], seen["OWN"]) == ("1", "2")


@pytest.mark.parametrize("given", ["env={'ONLY': 'this'}", "env={}"])
def test_what_a_handler_gives_is_left_alone(deploy: Deploy, invoke: Invoke, given: str) -> None:
    environment = deploy({"app.py": APP.replace("{way}", f"subprocess.check_output(SHOW, {given})")})
    assert {*invoke(environment).result} - {"LC_CTYPE"} == ({"ONLY"} if "ONLY" in given else set())  # which Python itself sets


def test_the_test_s_own_get_the_test_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_HOST", "1")
    seen = json.loads(subprocess.check_output([sys.executable, "-c", SHOW]))
    assert seen["OF_THE_HOST"] == "1"
    assert "AWS_LAMBDA_FUNCTION_NAME" not in seen


@pytest.mark.skipif(sys.platform == "win32", reason="Lambda's PATH names directories of Linux")
@pytest.mark.parametrize("command", [["ls", "/"], ["sh", "-c", "ls /"]])
def test_the_system_s_programs_are_found_on_lambda_s_path(deploy: Deploy, invoke: Invoke, command: list[str]) -> None:
    code = f"import subprocess\ndef handler(event, context):\n    return subprocess.run({command}, capture_output=True, text=True).stdout\n"
    assert "tmp" in invoke(deploy({"app.py": code})).result


def test_mistakes_are_the_standard_library_s(deploy: Deploy, invoke: Invoke) -> None:
    outcome = invoke(deploy(code=lambda event, context: subprocess.run(["no-such-program"], check=True)))
    assert isinstance(outcome.error, FileNotFoundError)


def test_their_output_is_the_process_s_own(fake: FakeLambda, zipped: Any, capfd: pytest.CaptureFixture[str]) -> None:
    code = "import subprocess, sys\ndef handler(event, context):\n    subprocess.run([sys.executable, '-c', 'print(7 * 6)'])\n"
    client = fake.client()
    role = "arn:aws:iam::123456789012:role/r"
    client.create_function(
        FunctionName="f", Code={"ZipFile": zipped({"app.py": code})}, Runtime="python3.13", Handler="app.handler", Role=role
    )
    client.invoke(FunctionName="f")
    assert capfd.readouterr().out == "42\n"
    assert "42\n" not in fake.invocations[0].logs  # which has what goes through sys.stdout


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="processes are forked on Linux")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_is_in_the_handler_s_environment(deploy: Deploy, invoke: Invoke) -> None:
    code = (
        "import multiprocessing, os, sys, helper\n"
        "def look(end):\n"
        "    end.send([os.environ['NAME'], helper.NAME, 'helper' in sys.modules])\n"
        "    os.environ['NAME'] = 'of the child'\n"
        "def handler(event, context):\n"
        "    ours, theirs = multiprocessing.Pipe()\n"
        "    child = multiprocessing.get_context('fork').Process(target=look, args=[theirs])\n"
        "    child.start()\n"
        "    seen = ours.recv()\n"
        "    child.join()\n"
        "    return [*seen, child.exitcode, os.environ['NAME']]\n"
    )
    environment = deploy({"app.py": code, "helper.py": "NAME = 'helper'"}, variables={"NAME": "own"})
    outcome = invoke(environment)
    assert outcome.result == ["own", "helper", True, 0, "own"], outcome.error_payload


def test_uninstalling_leaves_popen_as_it_was() -> None:
    view = subprocess.Popen.__init__
    process.uninstall()
    try:
        assert subprocess.Popen.__init__ is not view
        assert subprocess.Popen.__init__.__code__.co_filename == subprocess.__file__
    finally:
        process.install()
