"""Two functions with equally named modules: in turns, in each other and in parallel threads."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import TYPE_CHECKING, Any

from fakelambda.runtime.context import LambdaContext
from fakelambda.runtime.environment import Deployment, ExecutionEnvironment
from fakelambda.runtime.environments import Environments

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Deploy, Invoke

APP = """\
from __future__ import annotations
import os
import pickle
import sys
from dataclasses import dataclass, field
from os import environ
from typing import ClassVar
import helper

@dataclass
class Seen:
    kind: ClassVar[str] = "seen"
    names: list[str] = field(default_factory=list)

def handler(event, context):
    import late
    @dataclass
    class Local(Seen):
        other: ClassVar[int] = 1
    os.environ["LAST"] = str(event)
    seen = Seen([helper.NAME, late.NAME, os.environ["NAME"], environ["NAME"], os.getenv("NAME"), sys.modules["helper"].NAME])
    assert pickle.loads(pickle.dumps(seen)) == seen
    assert os.environ["LAST"] == str(event)
    return Local(seen.names).names
"""


def files_of(name: str) -> dict[str, str]:
    return {"app.py": APP, "helper.py": f"NAME = {name!r}", "late.py": f"NAME = {name!r}"}


def test_in_turns(deploy: Deploy, invoke: Invoke) -> None:
    environments = {name: deploy(files_of(name), variables={"NAME": name}) for name in ("red", "blue")}
    for name in ("red", "blue", "red", "blue"):
        assert invoke(environments[name]).result == [name] * 6


def test_a_handler_that_calls_another_function(deploy: Deploy) -> None:
    inner = deploy(files_of("inner"), variables={"NAME": "inner"})
    calls = "def handler(event, context):\n    before = [os.environ['NAME'], helper.NAME]\n    import sys\n    answer = context.call()\n    import late\n    return [before, answer, [os.environ['NAME'], helper.NAME, late.NAME, sys.modules['helper'].NAME]]\n"
    outer = deploy({**files_of("outer"), "app.py": "import os, helper\n" + calls}, variables={"NAME": "outer"})
    failing = deploy({"app.py": "import helper\nimport sys\nsys.exit(1)\n", "helper.py": ""})

    class Context(LambdaContext):
        @staticmethod
        def call() -> Any:
            failing.invoke(b"{}", LambdaContext())
            return inner.invoke(b"{}", LambdaContext()).result

    assert outer.invoke(b"{}", Context()).result == [["outer"] * 2, ["inner"] * 6, ["outer"] * 4]


def test_a_module_that_calls_another_function_while_it_is_imported(deploy: Deploy, invoke: Invoke) -> None:
    inner = deploy(files_of("inner"), variables={"NAME": "inner"})
    sys.modules["test_hook"] = hook = type(sys)("test_hook")
    hook.call = lambda: invoke(inner).result  # type: ignore[attr-defined]  # the module is made here
    try:
        outer = deploy(
            {
                **files_of("outer"),
                "app.py": "import test_hook\nanswer = test_hook.call()\n" + APP.replace("from __future__ import annotations\n", ""),
            },
            variables={"NAME": "outer"},
        )
        assert invoke(outer).result == ["outer"] * 6
    finally:
        del sys.modules["test_hook"]


def test_a_callable_inside_deployed_code_is_outside_of_it(deploy: Deploy, invoke: Invoke) -> None:
    modules = sys.modules
    inner = deploy(code=lambda event, context: [os.environ.get("NAME"), sys.modules is modules])
    context_class: Callable[[], Any] = type("Context", (LambdaContext,), {"call": lambda self: invoke(inner).result})
    outer = deploy({"app.py": "def handler(event, context): return context.call()"}, variables={"NAME": "outer"})
    assert outer.invoke(b"{}", context_class()).result == [None, True]


def test_parallel_threads(deploy: Deploy) -> None:
    deployments = {
        name: Deployment(function_name=name, code=deploy(files_of(name)).deployment.code, handler="app.handler", variables={"NAME": name})
        for name in ("red", "blue", "green")
    }
    pool = Environments()

    def run(number: int) -> bool:
        name = ("red", "blue", "green")[number % 3]
        environment = pool.acquire(name, lambda: ExecutionEnvironment(deployments[name]))
        if number % 50 == 0:
            environment.discard()  # so that cold starts happen beside warm invocations
        outcome = environment.invoke(str(number).encode(), LambdaContext(function_name=name))
        pool.release(environment)
        assert outcome.error_payload is None
        return bool(outcome.result == [name] * 6)

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(run, range(600)))
    finally:
        sys.setswitchinterval(switch)
        pool.close()
    assert "NAME" not in os.environ


def test_parallel_imports_do_not_show_in_the_host(deploy: Deploy, invoke: Invoke) -> None:
    seen: list[bool] = []
    sys.modules["test_hook"] = hook = type(sys)("test_hook")

    def look() -> None:
        seen.append(Context().run(lambda: "app" in sys.modules or "helper" in sys.modules))

    hook.look = look  # type: ignore[attr-defined]  # the module is made here
    try:
        code = "import helper, test_hook\ntest_hook.look()\ndef handler(event, context): test_hook.look()\n"
        assert invoke(deploy({"app.py": code, "helper.py": ""})).payload == b"null"
    finally:
        del sys.modules["test_hook"]
    assert seen == [False, False]
