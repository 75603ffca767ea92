"""What pytest captures of handlers: what they print and log is the test's output, their threads' too."""

from __future__ import annotations

import pytest

TESTS = """
import logging, threading
import pytest
from fakelambda import FakeLambda

def say(where):
    print("printed", where)
    logging.getLogger("app").warning("logged %s", where)

def handler(event, context):
    say("in the handler")
    thread = threading.Thread(target=say, args=["in a thread"])
    thread.start()
    thread.join()

def invoke():
    with FakeLambda() as fake:
        fake.add_function("f", handler)
        fake.client().invoke(FunctionName="f")
        return fake.invocations[0].logs

PRINTED = "printed in the handler\\nprinted in a thread\\n"
LOGGED = ["logged in the handler", "logged in a thread"]

@pytest.mark.parametrize("fixture", ["capsys", "capfd", "capteesys"])
def test_a_capturing_fixture(fixture, request):
    captured = request.getfixturevalue(fixture)
    print("before")
    logs = invoke()
    print("after")
    assert captured.readouterr().out == f"before\\n{PRINTED}after\\n"
    assert all(text in logs for text in [*PRINTED.splitlines(), *LOGGED])

def test_caplog(caplog):
    invoke()
    assert [record.getMessage() for record in caplog.records] == LOGGED

def test_disabled(capsys):
    with capsys.disabled():
        print()
        invoke()
    assert capsys.readouterr().out == ""

def test_the_report_of_a_failure():
    invoke()
    pytest.fail("so that it is reported")
"""


@pytest.mark.parametrize("capture", ["fd", "no"])
def test_each_way_of_capturing_shows_what_handlers_say(pytester: pytest.Pytester, capture: str) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_inprocess("-p", "no:asyncio", f"--capture={capture}")
    result.assert_outcomes(passed=5, failed=1)
    lines = ["printed in the handler", "printed in a thread"]
    if capture != "no":
        result.stdout.fnmatch_lines(["*Captured stdout call*", *lines])
    result.stdout.fnmatch_lines([*lines, "*Captured log call*", "*logged in the handler", "*logged in a thread"])
