"""Handlers that try to leak: into the test, into the next invocation of another function, out of failures and timeouts."""

from __future__ import annotations

import builtins
import io
import json
import logging
import logging.config
import os
import sys
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import freezegun
import pytest
from moto import mock_aws

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = "arn:aws:iam::123456789012:role/orders"

ENDINGS = {"it returns": "return 'done'", "it raises": "1 / 0", "it exits": "sys.exit(3)", "it times out": "time.sleep(100)"}


@pytest.fixture
def zipped_function(fake: FakeLambda, client: Any, zipped: Any) -> Any:
    def zipped_function(name: str, code: str, **parameters: Any) -> Any:
        """Deploys a function; what it returns invokes it, and returns the parsed payload."""
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": zipped({"app.py": f"import os, sys, time\n{code}"})},
            **{"Timeout": 60, **parameters},  # a slow machine is no attack
        )
        return lambda event=None: json.load(client.invoke(FunctionName=name, Payload=json.dumps(event))["Payload"])

    return zipped_function


def body(*lines: str) -> str:
    return "def handler(event, context):\n" + "".join(f"    {line}\n" for line in lines)


def names(mapping: Any) -> list[str]:
    return sorted(str(name) for name in mapping)


def seen_by_the_test() -> dict[str, Any]:
    """What a handler might have changed and is kept from."""
    return {
        "variables": dict(os.environ),
        "variables in bytes": dict(os.environb),
        "modules": {name: module for name, module in sys.modules.items() if name in {"app", "json", "stolen"}},
        "path": [*sys.path],
        "finders": [*sys.meta_path],
        "stdin": sys.stdin,
        "stdout": sys.stdout,
        "stderr": sys.stderr,
        "root logger": (logging.root.level, [*logging.root.handlers], logging.root.manager.disable),
        "sleep": sys.modules["time"].sleep,
        "builtins": names(vars(builtins)),
    }


ATTACKS = {
    "a variable": "os.environ['STOLEN'] = '1'",
    "a variable in bytes": "os.environb[b'STOLEN'] = b'1'",
    "all variables": "os.environ.clear()",
    "a variable of the host's": "os.environ.pop('PYTEST_CURRENT_TEST', None)",
    "the C library's variables": "os.putenv('STOLEN', '1')",
    "a path entry": "sys.path.insert(0, '/stolen')",
    "the path": "sys.path = ['/stolen']",
    "the path, in place": "sys.path.clear()",
    "a module": "sys.modules['stolen'] = sys",
    "a module of the host's": "import json; del sys.modules['json']",
    "another module under its name": "sys.modules['json'] = sys",
    "all modules": "sys.modules.clear()",
    "a finder": "sys.meta_path.insert(0, None)",
    "no finders": "sys.meta_path = []",
    "its own builtins": "__builtins__['stolen'] = 1",
    "exit, which closes stdin": "exit()",
    "quit": "quit(1)",
    "stdout": "import io; sys.stdout = io.StringIO()",
    "stderr": "import io; sys.stderr = io.StringIO()",
    "stdout, redirected for good": "import contextlib, io; contextlib.redirect_stdout(io.StringIO()).__enter__()",
    "the level": "import logging; logging.getLogger().setLevel(1)",
    "a log handler": "import logging; logging.getLogger().addHandler(logging.StreamHandler())",
    "no log handlers": "import logging; logging.getLogger().handlers.clear()",
    "other log handlers": "import logging; logging.getLogger().handlers = []",
    "log handlers removed one by one": "import logging; [logging.root.removeHandler(each) for each in logging.root.handlers[:]]",
    "another configuration": "import logging; logging.basicConfig(level=5, force=True)",
    "a whole configuration": "import logging.config; logging.config.dictConfig({'version': 1, 'disable_existing_loggers': False, 'root': {'level': 5}})",
    "no logging": "import logging; logging.disable(logging.CRITICAL)",
    "an error while it is collected": "class Broken:\n        def __del__(self): os.environ['STOLEN'] = '1'\n    Broken()",
    "a generator left open": "import app; app.left = (os.environ.update(STOLEN=str(n)) for n in range(9)); next(app.left)",
    "deep recursion": "def deeper(): return deeper()\n    try: deeper()\n    except RecursionError: sys.path.append('/stolen')",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_nothing_reaches_the_test(zipped_function: Any, attack: str, ending: str) -> None:
    before = seen_by_the_test()
    zipped_function("thief", body(attack, ending))()
    assert seen_by_the_test() == before


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_nothing_reaches_the_test_while_it_is_imported(zipped_function: Any, attack: str) -> None:
    before = seen_by_the_test()
    zipped_function("thief", f"if True:\n    {attack}\n{body('pass')}")()
    assert seen_by_the_test() == before


@pytest.mark.parametrize("attack", ["stdout", "no log handlers", "another configuration", "no logging", "all variables", "the path"])
def test_nothing_reaches_the_test_that_looks_at_a_module(fake: FakeLambda, zipped_function: Any, attack: str) -> None:
    zipped_function("thief", f"{ATTACKS[attack]}\n{body('pass')}")
    before = seen_by_the_test()
    fake.module("thief", "app")
    assert seen_by_the_test() == before


LOOK = body(
    "import json, logging",
    "assert json.dumps([1]) == '[1]'",
    "root = logging.getLogger()",
    "logging.warning('heard')",
    "print('said')",
    "return ['STOLEN' in os.environ, '/stolen' in sys.path, 'stolen' in sys.modules, root.level, root.manager.disable, 'stolen' in __builtins__]",
)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_nothing_reaches_another_function(fake: FakeLambda, zipped_function: Any, attack: str) -> None:
    victim = zipped_function("victim", LOOK)
    untouched = victim()
    zipped_function("thief", body(attack))()
    assert victim() == untouched == [False, False, False, logging.WARNING, 0, False]
    assert [word in fake.invocations[-1].logs for word in ("heard", "said")] == [True, True]


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_nothing_reaches_the_next_fake(zipped: Any, ending: str) -> None:
    code = {
        "ZipFile": zipped({"app.py": "import os, sys, time\ncount = []\n" + body("count.append(1)", "if event: return len(count)", ending)})
    }
    for _ in range(2):
        with FakeLambda() as fake:
            client = fake.client()
            client.create_function(FunctionName="orders", Runtime="python3.13", Role=ROLE, Handler="app.handler", Code=code)
            client.invoke(FunctionName="orders")
            expected = 2 if ending in {"return 'done'", "1 / 0"} else 1
            assert json.load(client.invoke(FunctionName="orders", Payload=b"1")["Payload"]) == expected


# ---- the root logger: kept by its environment ----


def test_the_root_logger_of_an_environment_is_kept_for_its_next_invocation(fake: FakeLambda, zipped_function: Any) -> None:
    code = "import logging\nlogging.basicConfig(format='own %(message)s', level=logging.INFO, force=True)\n"
    shop = zipped_function("shop", code + body("logging.info(event)"))
    for number in (1, 2):
        shop(number)
        assert f"own {number}\n" in fake.invocations[-1].logs
        assert "[INFO]" not in fake.invocations[-1].logs  # the runtime's own handler is gone


def test_logging_that_an_environment_disabled_stays_so(fake: FakeLambda, zipped_function: Any) -> None:
    quiet = zipped_function("quiet", "import logging\nlogging.disable(logging.ERROR)\n" + body("logging.error('unheard')"))
    for _ in range(2):
        quiet()
        assert "unheard" not in fake.invocations[-1].logs
    fake.cold_start("quiet")
    logging.error("heard again")  # noqa: LOG015 - the root logger is what may have been disabled


def test_what_an_invocation_inside_another_does_to_the_root_logger_ends_with_the_outer_one(zipped_function: Any) -> None:
    zipped_function("inner", body("import logging", "logging.getLogger().handlers.clear()"))
    code = "import boto3\n" + body("boto3.client('lambda').invoke(FunctionName='inner')", "return 'done'")
    before = seen_by_the_test()
    assert zipped_function("outer", code)() == "done"
    assert seen_by_the_test() == before


def test_a_handlers_log_handler_does_not_hear_the_test(zipped_function: Any, caplog: pytest.LogCaptureFixture) -> None:
    heard = io.StringIO()
    sys.modules["test_hook"] = hook = type(sys)("test_hook")
    hook.heard = heard  # type: ignore[attr-defined]  # the module is made here
    try:
        code = "import logging, test_hook\nlogging.getLogger().addHandler(logging.StreamHandler(test_hook.heard))\n"
        shop = zipped_function("shop", code + body("logging.warning('the handler')"))
        for _ in range(2):
            shop()
            logging.warning("the test")  # noqa: LOG015 - the root logger is what handlers share
    finally:
        del sys.modules["test_hook"]
    assert heard.getvalue() == "the handler\n" * 2
    assert [record.getMessage() for record in caplog.records] == ["the handler", "the test"] * 2


SHARED: ContextVar[str] = ContextVar("shared", default="the test's")


def test_a_context_variable_of_the_test_keeps_its_value(fake: FakeLambda) -> None:
    def handler(event: Any, context: Any) -> str:
        SHARED.set("stolen")
        return SHARED.get()

    fake.add_function("thief", handler)
    fake.add_function("victim", lambda event, context: SHARED.get())
    client = fake.client()
    answers = [json.load(client.invoke(FunctionName=name)["Payload"]) for name in ("thief", "victim")]
    assert [*answers, SHARED.get()] == ["stolen", "the test's", "the test's"]


# ---- parallel invocations ----


def test_a_stream_replaced_while_others_run_is_put_back_at_the_end(fake: FakeLambda, zipped_function: Any) -> None:
    running, replaced = threading.Event(), threading.Event()

    def slow(event: Any, context: Any) -> str:
        running.set()
        assert replaced.wait(10)
        return "done"

    fake.add_function("slow", slow)
    thief = zipped_function("thief", body("import io", "sys.stdout = io.StringIO()", "import logging", "logging.root.handlers.clear()"))
    before = seen_by_the_test()
    thread = threading.Thread(target=lambda: fake.client().invoke(FunctionName="slow"))
    thread.start()
    assert running.wait(10)
    thief()
    replaced.set()
    thread.join()
    assert seen_by_the_test() == before


# ---- texts that only hostile handlers produce ----


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


def test_an_exception_without_a_text_ends_the_process(fake: FakeLambda) -> None:
    error = UnspeakableError()

    def handler(event: Any, context: Any) -> None:
        raise error

    fake.add_function("orders", handler)
    answer = fake.client().invoke(FunctionName="orders")
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert json.load(answer["Payload"]) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: exit status 1",
    }
    assert fake.invocations[-1].error is error


def test_half_a_character_in_an_error_is_no_obstacle(fake: FakeLambda) -> None:
    def handler(event: Any, context: Any) -> None:
        raise LookupError("\ud83d")

    fake.add_function("orders", handler)
    answer = fake.client().invoke(FunctionName="orders", LogType="Tail")
    assert json.load(answer["Payload"])["errorMessage"] == "\ud83d"
    assert fake.invocations[-1].error_payload == json.loads(json.dumps(fake.invocations[-1].error_payload))


def test_the_lines_of_a_log_stay_in_order_when_time_passes_between_them() -> None:
    with mock_aws(), freezegun.freeze_time("2025-06-01", auto_tick_seconds=1), FakeLambda() as fake:

        def handler(event: Any, context: Any) -> None:
            raise LookupError("gone")

        fake.add_function("orders", handler, Timeout=900)
        assert "gone" in fake.client().invoke(FunctionName="orders")["Payload"].read().decode()  # CloudWatch Logs refuses disorder


@pytest.fixture(autouse=True)
def stdin_is_still_open() -> Iterator[None]:
    """A stdin that shows whether it was closed; pytest's own ignores it."""
    found, sys.stdin = sys.stdin, io.StringIO()
    yield
    closed, sys.stdin = sys.stdin.closed, found
    assert not closed
