"""An execution environment from its cold start to its end."""

from __future__ import annotations

import gc
import linecache
import os
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fakelambda.domain.errors import InvalidParameterValueException
from fakelambda.runtime import code as runtime_code
from fakelambda.runtime import process
from fakelambda.runtime.context import LambdaContext
from fakelambda.runtime.environment import Deployment, ExecutionEnvironment

if TYPE_CHECKING:
    from conftest import Deploy, Invoke

COUNTS = "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n"
WHERE = "import os\ndef handler(event, context):\n    return os.path.dirname(os.path.abspath(__file__))\n"


def test_globals_persist_while_it_is_warm(deploy: Deploy, invoke: Invoke) -> None:
    environment = deploy({"app.py": COUNTS})
    assert [(outcome.result, outcome.cold_start) for outcome in (invoke(environment), invoke(environment))] == [(1, True), (2, False)]
    environment.discard()
    outcome = invoke(environment)
    assert (outcome.result, outcome.cold_start) == (1, True)


def test_an_exception_leaves_it_warm(deploy: Deploy, invoke: Invoke) -> None:
    environment = deploy({"app.py": COUNTS.replace("return", "if event: 1 / 0\n    return")})
    assert (invoke(environment, b"[1]").function_error, invoke(environment).result) == (True, 2)


def test_the_handler_gets_the_event_and_the_context(deploy: Deploy) -> None:
    code = "def handler(event, context):\n    return [event, context.aws_request_id, context.get_remaining_time_in_millis()]\n"
    outcome = deploy({"app.py": code}).invoke(b'{"a": [1]}', LambdaContext(aws_request_id="r", remaining=lambda: 1.5))
    assert (outcome.result, outcome.payload) == ([{"a": [1]}, "r", 1500], b'[{"a": [1]}, "r", 1500]')
    assert (outcome.error, outcome.error_payload, outcome.function_error) == (None, None, False)


def test_a_callable_gets_a_fresh_event_each_time(deploy: Deploy, invoke: Invoke) -> None:
    seen: list[Any] = []

    def handler(event: Any, context: Any) -> None:
        event["a"].append(1)
        seen.append(event)

    environment = deploy(code=handler)
    for _ in range(2):
        assert invoke(environment, b'{"a": []}').payload == b"null"
    assert seen == [{"a": [1]}, {"a": [1]}]


def test_bytes_are_answered_as_they_are(deploy: Deploy, invoke: Invoke) -> None:
    raw, json = (invoke(deploy(code=lambda event, context, value=value: value)) for value in (b"\xff", b"[1]"))
    assert (raw.payload, raw.result, raw.function_error) == (b"\xff", None, False)
    assert (json.payload, json.result) == (b"[1]", [1])


def test_environments_of_a_package_share_its_directory(deploy: Deploy, invoke: Invoke) -> None:
    first, second = (deploy({"app.py": WHERE, "data/a.txt": "x"}) for _ in range(2))
    directory = Path(invoke(first).result)
    assert (directory / "data" / "a.txt").read_text() == "x"
    first.discard()
    first.discard()  # a second time changes nothing
    assert invoke(second).result == invoke(first).result == str(directory)


def test_the_directory_of_a_package_goes_with_the_last_fake(deploy: Deploy, invoke: Invoke) -> None:
    environment, busy = deploy({"app.py": WHERE}), deploy({"app.py": WHERE + "#"})
    directory, directory_in_use = Path(invoke(environment).result), Path(invoke(busy).result)
    environment.discard()
    process.uninstall()
    try:
        assert (directory.exists(), directory_in_use.exists()) == (False, True)
        busy.discard()
        assert not directory_in_use.exists()
    finally:
        process.install()


def test_what_a_handler_writes_beside_its_code_is_seen_by_no_other_environment(deploy: Deploy, invoke: Invoke) -> None:
    code = "import pathlib\ndef handler(event, context):\n    file = pathlib.Path(__file__).with_name('x')\n    seen = file.exists()\n    file.touch()\n    return seen\n"
    for _ in range(2):
        outcome = invoke(deploy({"app.py": code}))
        assert outcome.result is False or isinstance(outcome.error, PermissionError)  # the superuser may write where Lambda lets nobody


def test_source_lines_of_a_discarded_package_are_forgotten(deploy: Deploy, invoke: Invoke) -> None:
    environment = deploy({"app.py": "def handler(event, context):\n    1 / 0\n"})
    invoke(environment)
    assert [name for name in linecache.cache if "fakelambda-" in name]
    environment.discard()
    assert not [name for name in linecache.cache if "fakelambda-" in name]


@pytest.mark.parametrize(
    "code", ["import sys\nsys.exit(1)\n", "1 / 0\n", "raise KeyboardInterrupt\n", "def handler(e, c): import sys; sys.exit(1)"]
)
def test_nothing_is_left_behind_by_a_failure(
    code: str, deploy: Deploy, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = deploy({"app.py": code})
    try:
        invoke(environment)
    except KeyboardInterrupt:
        assert "Keyboard" in code
    runtime_code.forget()
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_cannot_be_unpacked_leaves_nothing_behind(
    deploy: Deploy, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(InvalidParameterValueException):
        invoke(deploy(code=b"no zip"))
    assert list(tmp_path.iterdir()) == []


def test_an_environment_that_nobody_discards_removes_its_directory_when_collected(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deploy: Deploy
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = ExecutionEnvironment(
        Deployment(function_name="f", code=deploy({"app.py": COUNTS}).deployment.code, handler="app.handler")
    )
    assert invoke(environment).result == 1
    assert len(list(tmp_path.iterdir())) == 1
    del environment
    gc.collect()
    runtime_code.forget()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_behind_at_the_end_of_the_interpreter(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import io, zipfile
        from fakelambda.runtime import process
        from fakelambda.runtime.context import LambdaContext
        from fakelambda.runtime.environment import Deployment, ExecutionEnvironment
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", "def handler(event, context): return __file__")
        process.install()
        environment = ExecutionEnvironment(Deployment(function_name="f", code=packed.getvalue(), handler="app.handler"))
        print(environment.invoke(b"{}", LambdaContext()).result)
    """)
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    printed = subprocess.check_output([sys.executable, "-c", script], env=environ, text=True)
    assert printed.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_sources_runs_where_it_is(deploy: Deploy, invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WHERE)
    environment = deploy(code=tmp_path)
    assert invoke(environment).result == str(tmp_path)
    (tmp_path / "app.py").write_text(WHERE + "1 / 0\n")
    environment.discard()
    payload = invoke(environment).error_payload
    assert payload is not None
    assert payload["stackTrace"][-1] == '  File "/var/task/app.py", line 4, in <module>\n    1 / 0\n'


def test_deployed_code_sees_lambda_s_variables_and_its_own(deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_HOST", "1")
    code = "import os\nat_import = os.environ['TABLE']\ndef handler(event, context):\n    return [at_import, dict(os.environ), os.path.dirname(__file__)]\n"
    settings = {"version": "3", "memory_size": 256, "region": "eu-west-1", "variables": {"TABLE": "t", "TZ": "Europe/Berlin"}}
    at_import, variables, directory = invoke(deploy({"app.py": code}, **settings)).result
    shown = ("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_REGION", "TABLE", "TZ", "LAMBDA_TASK_ROOT")
    assert at_import == "t"
    assert [variables[name] for name in shown] == ["orders", "3", "eu-west-1", "t", "Europe/Berlin", directory]
    assert "OF_THE_HOST" not in variables


def test_writes_to_the_environment_persist_while_it_is_warm(deploy: Deploy, invoke: Invoke) -> None:
    code = (
        "import os\ndef handler(event, context):\n    os.environ['N'] = str(int(os.environ.get('N', 0)) + 1)\n    return os.environ['N']\n"
    )
    environment = deploy({"app.py": code})
    assert [invoke(environment).result, invoke(environment).result] == ["1", "2"]
    environment.discard()
    assert invoke(environment).result == "1"
    assert "N" not in os.environ


def test_a_callable_has_the_host_s_modules_and_its_variables_under_its_own(
    deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_HOST", "1")
    modules = sys.modules
    environment = deploy(
        code=lambda event, context: [os.environ["OF_THE_HOST"], os.environ["OWN"], sys.modules is modules], variables={"OWN": "2"}
    )
    assert invoke(environment).result == ["1", "2", True]


def test_what_the_test_patches_in_builtins_is_seen(deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = deploy({"app.py": "def handler(event, context):\n    return input()\n"})
    for text in ("first", "second"):
        monkeypatch.setattr("builtins.input", lambda text=text: text)
        assert invoke(environment).result == text


def test_the_traceback_of_the_original_exception_is_kept(deploy: Deploy, invoke: Invoke) -> None:
    error = invoke(deploy({"app.py": "def handler(event, context):\n    1 / 0\n"})).error
    assert isinstance(error, ZeroDivisionError)
    assert [frame.name for frame in traceback.extract_tb(error.__traceback__)][-1] == "handler"
