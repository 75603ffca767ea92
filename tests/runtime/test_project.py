"""Deployed code that is equal to a file of the project runs under that file's path; everything else about it stays as deployed."""

from __future__ import annotations

import bdb
import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from fakelambda.runtime import project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from conftest import Deploy, Invoke

    Write = Callable[..., Path]

HANDLER = "def handler(event, context):\n    return [handler.__code__.co_filename, __file__]\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the files of a project, which the working directory is in."""

    def write(names: str, content: str = HANDLER) -> Path:
        for name in names.split():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return tmp_path

    write("pyproject.toml", "")
    monkeypatch.chdir(tmp_path)
    return write


def where(deploy: Deploy, invoke: Invoke, root: Path, name: str = "app.py") -> str | None:
    """Under which of the project's files a deployed handler runs."""
    module = name.removesuffix(".py").removesuffix("/__init__")
    runs_under, file = invoke(deploy({name: HANDLER}, handler=f"{module}.handler")).result
    assert file.endswith(f"/{name}")
    assert not file.startswith(str(root))
    return None if runs_under == file else os.path.relpath(runs_under, root)


@pytest.mark.parametrize(
    ("files", "deployed", "found"),
    [
        ("app.py", "app.py", "app.py"),
        ("src/app.py", "app.py", "src/app.py"),
        ("functions/orders/src/shop/app.py", "shop/app.py", "functions/orders/src/shop/app.py"),
        ("app.py src/shop/app.py other/app.py", "shop/app.py", "src/shop/app.py"),
        ("workshop/app.py src/shop/app.py", "shop/app.py", "src/shop/app.py"),
        ("build/lib/app.py src/app.py", "app.py", "src/app.py"),
        ("b/app.py a/app.py", "app.py", "a/app.py"),
        ("src/shop/__init__.py other/__init__.py", "shop/__init__.py", "src/shop/__init__.py"),
        ("src/other.py", "app.py", None),
        (".venv/app.py .aws-sam/build/app.py node_modules/x/app.py lib/site-packages/app.py", "app.py", None),
    ],
)
def test_which_file_of_the_project_it_is(
    write: Write, deploy: Deploy, invoke: Invoke, *, files: str, deployed: str, found: str | None
) -> None:
    assert where(deploy, invoke, write(files), deployed) == found


def test_virtual_environments_are_no_part_of_the_project(write: Write, deploy: Deploy, invoke: Invoke) -> None:
    write("env/pyvenv.cfg", "")
    assert where(deploy, invoke, write("env/app.py")) is None


def test_the_working_directory_may_be_anywhere_in_the_project(
    write: Write, deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write("src/app.py tests/unit/test_app.py")
    monkeypatch.chdir(root / "tests/unit")
    assert where(deploy, invoke, root) == "src/app.py"


def test_directories_on_the_path_belong_to_the_project(
    write: Write, deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("here/pyproject.toml", "")
    root = write("elsewhere/app.py lib/site-packages/app.py")
    monkeypatch.chdir(root / "here")
    monkeypatch.syspath_prepend(root / "lib/site-packages")
    assert where(deploy, invoke, root) is None
    monkeypatch.syspath_prepend(root / "elsewhere")
    assert where(deploy, invoke, root) == "elsewhere/app.py"


def test_a_working_directory_that_is_gone_is_no_project(
    tmp_path: Path, deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert where(deploy, invoke, tmp_path) is None


def test_the_file_system_is_no_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    if not any(os.path.exists(f"/{mark}") for mark in project._MARKS):  # noqa: PTH110 - of the machine, not of the test
        assert project.indexes([]) == [{}]


def test_not_all_of_a_huge_tree_is_looked_at(write: Write, deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "_MOST_DIRECTORIES", 3)
    root = write("a/deep/app.py b/other.py")
    assert project.indexes([])[0].keys() == {"other.py"}
    assert where(deploy, invoke, root) is None


def test_a_file_that_has_changed_or_gone_is_another(write: Write, deploy: Deploy, invoke: Invoke) -> None:
    root = write("src/app.py")
    assert where(deploy, invoke, root) == "src/app.py"
    write("src/app.py", HANDLER.replace("return", "RETURN"))
    assert where(deploy, invoke, root) is None
    write("src/app.py")
    assert where(deploy, invoke, root) == "src/app.py"
    (root / "src/app.py").unlink()
    assert where(deploy, invoke, root) is None


FAILING = "import helper\ndef handler(event, context):\n    return helper.f(event)\n"
HELPER = "def f(event):\n    raise ValueError(f'in {f.__code__.co_filename}')\n"


def test_error_payloads_show_the_paths_that_lambda_has(write: Write, deploy: Deploy, invoke: Invoke) -> None:
    write("src/app.py", FAILING)
    write("lib/helper.py", HELPER)
    outcome = invoke(deploy({"app.py": FAILING, "helper.py": HELPER}))
    assert str(outcome.error).endswith("lib/helper.py")
    assert outcome.error_payload is not None
    assert outcome.error_payload["errorMessage"] == "in /var/task/helper.py"
    assert outcome.error_payload["stackTrace"] == [
        '  File "/var/task/app.py", line 3, in handler\n    return helper.f(event)\n',
        "  File \"/var/task/helper.py\", line 2, in f\n    raise ValueError(f'in {f.__code__.co_filename}')\n",
    ]


@pytest.mark.parametrize(
    ("source", "error_type", "stack_trace"),
    [
        ("def handler(:\n", "Runtime.UserCodeSyntaxError", ['  File "/var/task/app.py" Line 1\n    def handler(:\n']),
        ("x = 1 / 0\n", "ZeroDivisionError", ['  File "/var/task/app.py", line 1, in <module>\n    x = 1 / 0\n']),
    ],
)
def test_so_do_those_of_modules_that_cannot_be_imported(
    write: Write, deploy: Deploy, invoke: Invoke, *, source: str, error_type: str, stack_trace: list[str]
) -> None:
    write("src/app.py", source)
    for _ in range(2):  # the second time of code that has been compiled
        payload = invoke(deploy({"app.py": source})).error_payload
        assert payload is not None
        assert (payload["errorType"], payload["stackTrace"][-1:]) == (error_type, stack_trace)


def test_inspect_finds_the_source(write: Write, deploy: Deploy, invoke: Invoke) -> None:
    helper = "class A:\n    def f(self): pass\n"
    app = (
        "import inspect, helper\ndef handler(event, context):\n"
        "    return [inspect.getsource(helper.A.f), inspect.getsource(helper.A), inspect.getsource(helper), inspect.getmodule(helper.A.f) is helper]\n"
    )
    write("src/helper.py", helper)
    assert invoke(deploy({"app.py": app, "helper.py": helper})).result == ["    def f(self): pass\n", helper, helper, True]


def test_a_breakpoint_in_the_project_stops_the_deployed_code(write: Write, deploy: Deploy, invoke: Invoke) -> None:
    stopped: list[tuple[int, Any]] = []

    class Debugger(bdb.Bdb):
        def user_line(self, frame: FrameType) -> None:
            if self.break_here(frame):
                stopped.append((frame.f_lineno, frame.f_locals["event"]))
            self.set_continue()

    file = str(write("src/app.py") / "src/app.py")
    environment = deploy({"app.py": HANDLER})
    debugger, tracer = Debugger(), sys.gettrace()
    assert debugger.set_break(file, 2) is None
    try:
        debugger.runcall(invoke, environment, b"[7]")
    finally:
        sys.settrace(tracer)
        debugger.clear_all_breaks()
    assert stopped == [(2, [7])]


def test_coverage_counts_the_lines_of_deployed_code(write: Write) -> None:
    pytest.importorskip("coverage")
    write("src/app.py", "import helper\ndef handler(event, context):\n    if event:\n        return helper.f()\n    return None\n")
    write("src/helper.py", "def f():\n    return 1\ndef g():\n    return 2\n")
    root = write(
        "run.py",
        textwrap.dedent("""
            from fakelambda import FakeLambda
            with FakeLambda() as fake:
                fake.add_function("orders", source="src", Handler="app.handler")
                for _ in range(2):
                    assert fake.client().invoke(FunctionName="orders", Payload=b"[1]")["Payload"].read() == b"1"
                    fake.cold_start("orders")
        """),
    )
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for name in [name for name in variables if name.startswith(("COV_", "COVERAGE_"))]:  # of a run of these tests under coverage
        del variables[name]
    for command in ("run --source=src run.py", "report -m"):
        done = subprocess.run(
            [sys.executable, "-m", "coverage", *command.split()], check=True, cwd=root, env=variables, capture_output=True, text=True
        )
    rows = {line.split()[0].removeprefix("src/"): line.split()[4:] for line in done.stdout.splitlines() if line.startswith("src")}
    assert rows == {"app.py": ["5"], "helper.py": ["4"]}
