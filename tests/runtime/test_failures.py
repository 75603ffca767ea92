"""The payloads of failures: what the runtime reports about code, and what Lambda reports about the runtime."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Deploy, Invoke

RAISES = """\
class Shop:
    class CustomException(Exception):
        pass

def fail(text):
    raise Shop.CustomException(text)

def handler(event, context):
    try:
        1 / 0
    except ZeroDivisionError:
        fail("some error occurred")
"""


def test_an_exception_of_the_handler(deploy: Deploy, invoke: Invoke) -> None:
    outcome = invoke(deploy({"app.py": RAISES}))
    assert outcome.payload.decode() == (
        '{"errorMessage": "some error occurred", "errorType": "CustomException", "requestId": "request-1", "stackTrace": ['
        r'"  File \"/var/task/app.py\", line 12, in handler\n    fail(\"some error occurred\")\n", '
        r'"  File \"/var/task/app.py\", line 6, in fail\n    raise Shop.CustomException(text)\n"]}'
    )
    assert outcome.error_payload == json.loads(outcome.payload)
    assert (outcome.function_error, outcome.result, type(outcome.error).__qualname__) == (True, None, "Shop.CustomException")


def test_an_exception_of_a_callable_shows_its_real_file(deploy: Deploy, invoke: Invoke) -> None:
    def handler(event: Any, context: Any) -> None:
        raise ValueError("no")

    payload = invoke(deploy(code=handler)).error_payload
    assert payload is not None
    assert payload["stackTrace"] == [
        f'  File "{__file__}", line {handler.__code__.co_firstlineno + 1}, in handler\n    raise ValueError("no")\n'
    ]


def test_paths_in_texts_are_those_of_lambda(deploy: Deploy, invoke: Invoke) -> None:
    code = "import os\ndef handler(event, context):\n    open(os.path.join(os.environ['LAMBDA_TASK_ROOT'], 'data.txt'))\n"
    payload = invoke(deploy({"app.py": code})).error_payload
    assert payload is not None
    assert payload["errorMessage"] == "[Errno 2] No such file or directory: '/var/task/data.txt'"


def test_a_source_line_that_nobody_knows(deploy: Deploy, invoke: Invoke) -> None:
    code = "def handler(event, context):\n    exec(compile('1 / 0', '<x>', 'exec'))\n"
    payload = invoke(deploy({"app.py": code})).error_payload
    assert payload is not None
    assert payload["stackTrace"][-1] == '  File "<x>", line 1, in <module>\n'


def test_endless_recursion_is_an_exception(deploy: Deploy, invoke: Invoke) -> None:
    payload = invoke(deploy({"app.py": "def handler(event, context):\n    return handler(event, context)\n"})).error_payload
    assert payload is not None
    assert payload["errorType"] == "RecursionError"
    assert len(payload["stackTrace"]) < 10


INIT_FAULTS = [
    ("nodot", "MalformedHandlerName", "Bad handler 'nodot': not enough values to unpack (expected 2, got 1)"),
    ("missing.handler", "ImportModuleError", "Unable to import module 'missing': No module named 'missing'"),
    ("pytest.handler", "ImportModuleError", "Unable to import module 'pytest': No module named 'pytest'"),
    ("lacks.handler", "ImportModuleError", "Unable to import module 'lacks': No module named 'nonexisting_mod'"),
    ("name.handler", "ImportModuleError", "Unable to import module 'name': cannot import name 'x' from 'lib.y' (/var/task/lib/y.py)"),
    ("ok.sub.handler", "ImportModuleError", "Unable to import module 'ok.sub': No module named 'ok.sub'; 'ok' is not a package"),
    ("lib/none.handler", "ImportModuleError", "Unable to import module 'lib/none': No module named 'lib.none'"),
    ("ok.missing", "HandlerNotFound", "Handler 'missing' missing on module 'ok'"),
    ("sys.handler", "BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
    ("time.sub.handler", "BuiltInModuleConflict", "Cannot use built-in module time.sub as a handler module"),
]

FILES = {
    "ok.py": "number = 3\ndef handler(event, context):\n    return 'ok'\n",
    "lacks.py": "import nonexisting_mod\n",
    "name.py": "from lib.y import x\n",
    "lib/y.py": "",
    "lib/z.py": "def handler(event, context):\n    return 'slashes'\n",
    "syntax.py": "\ndef handler(e,c)\n",
    "raises.py": "from lib import raising\n",
    "lib/raising.py": "def f():\n    raise Exception('Failing during init')\nf()\n",
    "exits.py": "import sys\nsys.exit(0)\n",
}


@pytest.mark.parametrize(("handler", "error_type", "message"), INIT_FAULTS)
def test_faults_of_initialisation(deploy: Deploy, invoke: Invoke, handler: str, error_type: str, message: str) -> None:
    environment = deploy(FILES, handler=handler)
    expected = {"errorMessage": message, "errorType": f"Runtime.{error_type}", "requestId": "", "stackTrace": []}
    for _ in range(2):  # nothing is kept: the next invocation tries again
        outcome = invoke(environment)
        assert outcome.payload.decode() == json.dumps(expected)
        assert (outcome.cold_start, environment.warm) == (True, False)


def test_a_handler_whose_module_is_written_with_slashes(deploy: Deploy, invoke: Invoke) -> None:
    assert invoke(deploy(FILES, handler="lib/z.handler")).result == "slashes"


def test_a_handler_that_cannot_be_called_is_found_out_at_the_call(deploy: Deploy, invoke: Invoke) -> None:
    environment = deploy(FILES, handler="ok.number")
    payload = invoke(environment).error_payload
    assert payload is not None
    assert (payload["errorType"], payload["errorMessage"]) == ("TypeError", "'int' object is not callable")
    assert (payload["requestId"], environment.warm) == ("request-1", True)


def test_a_syntax_error(deploy: Deploy, invoke: Invoke) -> None:
    assert invoke(deploy(FILES, handler="syntax.handler")).error_payload == {
        "errorMessage": "Syntax error in module 'syntax': expected ':' (syntax.py, line 2)",
        "errorType": "Runtime.UserCodeSyntaxError",
        "requestId": "",
        "stackTrace": ['  File "/var/task/syntax.py" Line 2\n    def handler(e,c)\n'],
    }


def test_another_exception_while_importing(deploy: Deploy, invoke: Invoke) -> None:
    payload = invoke(deploy(FILES, handler="raises.handler", runtime="python3.12")).error_payload
    assert payload is not None
    assert (payload["errorMessage"], payload["errorType"], payload["requestId"]) == ("Failing during init", "Exception", "")
    assert payload["stackTrace"][0].startswith('  File "/var/lang/lib/python3.12/importlib/__init__.py", line ')
    frames = [line.split(", in ")[1].split("\n")[0] for line in payload["stackTrace"]]
    importlibs = ["_gcd_import", "_find_and_load", "_find_and_load_unlocked", "_load_unlocked", "exec_module", "_call_with_frames_removed"]
    assert frames == ["import_module", *importlibs, "<module>", "<module>", "f"]
    assert payload["stackTrace"][-3:] == [
        '  File "/var/task/raises.py", line 1, in <module>\n    from lib import raising\n',
        '  File "/var/task/lib/raising.py", line 3, in <module>\n    f()\n',
        "  File \"/var/task/lib/raising.py\", line 2, in f\n    raise Exception('Failing during init')\n",
    ]


def test_an_empty_module_name_goes_the_way_of_any_exception(deploy: Deploy, invoke: Invoke) -> None:
    payload = invoke(deploy(FILES, handler=".handler")).error_payload
    assert payload is not None
    assert (payload["errorType"], payload["errorMessage"], payload["requestId"]) == ("ValueError", "Empty module name", "")
    assert payload["stackTrace"]


WITHOUT_REASON = "Runtime exited without providing a reason"

EXITS = [
    ("sys.exit()", WITHOUT_REASON),
    ("sys.exit(0)", WITHOUT_REASON),
    ("sys.exit(False)", WITHOUT_REASON),
    ("sys.exit(1)", "Runtime exited with error: exit status 1"),
    ("sys.exit(-1)", "Runtime exited with error: exit status 255"),
    ("sys.exit('text')", "Runtime exited with error: exit status 1"),
    ("raise type('Own', (BaseException,), {})", "Runtime exited with error: exit status 1"),
]


@pytest.mark.parametrize(("statement", "reason"), EXITS)
def test_the_end_of_the_process(deploy: Deploy, invoke: Invoke, statement: str, reason: str) -> None:
    environment = deploy(
        {
            "app.py": f"import sys\nn = 0\ndef handler(event, context):\n    global n\n    n += 1\n    if event:\n        {statement}\n    return n\n"
        }
    )
    assert invoke(environment).result == 1
    payload = f'{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-1 Error: {reason}"}}'
    outcome = invoke(environment, b"[1]")
    assert (outcome.payload.decode(), environment.warm) == (payload, False)
    assert invoke(environment).result == 1  # it starts anew


def test_the_end_of_the_process_while_importing(deploy: Deploy, invoke: Invoke) -> None:
    outcome = invoke(deploy(FILES, handler="exits.handler"))
    assert outcome.payload.decode() == f'{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-1 Error: {WITHOUT_REASON}"}}'


def test_a_result_that_has_no_json_form(deploy: Deploy, invoke: Invoke) -> None:
    outcome = invoke(deploy(code=lambda event, context: {1}))
    assert outcome.payload.decode() == (
        '{"errorMessage": "Unable to marshal response: Object of type set is not JSON serializable", '
        '"errorType": "Runtime.MarshalError", "requestId": "request-1", "stackTrace": []}'
    )
    assert isinstance(outcome.error, TypeError)


@pytest.mark.parametrize(("characters", "fits"), [(6291554, True), (6291555, False)])
def test_the_size_of_a_response(deploy: Deploy, invoke: Invoke, characters: int, fits: bool) -> None:  # noqa: FBT001 - a column of the table
    outcome = invoke(deploy(code=lambda event, context: "x" * characters))
    assert outcome.function_error is not fits
    if not fits:
        assert outcome.payload.decode() == (
            '{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
            '"errorType":"Function.ResponseSizeTooLarge"}'
        )


@pytest.mark.parametrize("outcome", [pytest.skip, pytest.fail, pytest.exit, pytest.xfail])
def test_outcomes_of_pytest_pass_through(deploy: Deploy, invoke: Invoke, outcome: Any) -> None:
    environment = deploy(code=lambda event, context: outcome("said so"))
    with pytest.raises(BaseException, match="said so") as raised:
        invoke(environment)
    assert any(kind.__module__ == "_pytest.outcomes" for kind in type(raised.value).__mro__)


@pytest.mark.parametrize("code", ["def handler(event, context):\n    raise KeyboardInterrupt\n", "raise KeyboardInterrupt\n"])
def test_ctrl_c_passes_through(deploy: Deploy, invoke: Invoke, code: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        invoke(deploy({"app.py": code}))
