"""What handlers print and log, and what Lambda writes around it."""

import base64
import io
import json
import logging
import re
import sys
import threading
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from fakelambda import FakeLambda

ROLE = "arn:aws:iam::123456789012:role/r"


@pytest.fixture
def fake() -> Iterator[FakeLambda]:
    with FakeLambda() as fake:
        yield fake


def deploy(fake: FakeLambda, source: str, **parameters: Any) -> Any:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", source)
    client = fake.client()
    client.create_function(
        FunctionName="f", Runtime="python3.13", Handler="app.handler", Role=ROLE, Code={"ZipFile": packed.getvalue()}, **parameters
    )
    return client


def tail(client: Any, payload: str = "{}") -> str:
    answer = client.invoke(FunctionName="f", Payload=payload, LogType="Tail")
    return base64.b64decode(answer["LogResult"]).decode()


def test_the_tail_has_lambdas_lines_around_the_handlers(fake: FakeLambda) -> None:
    client = deploy(fake, "def handler(event, context):\n    print('one\\ntwo')\n    print('three', end='')\n", MemorySize=256)
    request_id = r"[0-9a-f-]{36}"
    duration = r"Duration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\t"
    cold, warm = tail(client), tail(client)
    lines = (
        rf"START RequestId: {request_id} Version: \$LATEST\none\ntwo\nthree\nEND RequestId: {request_id}\nREPORT RequestId: {request_id}\t"
    )
    assert re.fullmatch(rf"{lines}{duration}Init Duration: \d+\.\d\d ms\t\n", cold)
    assert re.fullmatch(rf"{lines}{duration}\n", warm)


def test_only_the_last_4_kb_are_answered_and_only_when_asked_for(fake: FakeLambda) -> None:
    client = deploy(fake, "def handler(event, context):\n    print('x' * 10_000)\n")
    assert len(tail(client)) == 4096
    assert "LogResult" not in client.invoke(FunctionName="f")


def test_the_invocation_holds_the_whole_log_with_the_first_line_of_a_new_environment(fake: FakeLambda) -> None:
    client = deploy(fake, "def handler(event, context):\n    print('x' * 10_000)\n")
    client.invoke(FunctionName="f")
    client.invoke(FunctionName="f")
    cold, warm = (invocation.logs for invocation in fake.invocations)
    assert cold.startswith("INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:")
    assert warm.startswith("START RequestId: ")
    assert "x" * 10_000 in warm


LOGGING = "import logging\nlogger = logging.getLogger()\n{setup}\ndef handler(event, context):\n    logging.getLogger('app').{call}\n"


@pytest.mark.parametrize(
    ("setup", "call", "expected"),
    [
        ("", "info('quiet')", ""),
        ("", "warning('loud %s', 1)", r"\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t[0-9a-f-]{36}\tloud 1\n"),
        ("logger.setLevel('INFO')", "info('now')", r"\[INFO\]\t\S+Z\t[0-9a-f-]{36}\tnow\n"),
        ("logging.basicConfig(level='INFO')", "info('a handler is there already')", ""),
    ],
)
def test_logging_has_the_runtimes_format_and_level(fake: FakeLambda, setup: str, call: str, expected: str) -> None:
    log = tail(deploy(fake, LOGGING.format(setup=setup, call=call)))
    assert re.fullmatch(rf"START .*\n{expected}END .*\nREPORT .*\n", log)


def test_json_records_carry_the_request_id_and_extras(fake: FakeLambda) -> None:
    source = LOGGING.format(setup="", call="info('paid', extra={'order': 7})")
    client = deploy(fake, source, LoggingConfig={"LogFormat": "JSON"})
    start, record, done, report = (json.loads(line) for line in tail(client).splitlines())
    assert (record["level"], record["message"], record["logger"], record["order"]) == ("INFO", "paid", "app", 7)
    assert record["requestId"] == start["record"]["requestId"] == fake.invocations[0].request_id
    assert (start["type"], done["type"], report["type"]) == ("platform.start", "platform.runtimeDone", "platform.report")


def test_json_levels_decide_what_is_written(fake: FakeLambda) -> None:
    source = LOGGING.format(setup="", call="info('paid')")
    client = deploy(fake, source, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "ERROR", "SystemLogLevel": "WARN"})
    assert tail(client) == ""


def test_a_failure_is_logged_with_its_traceback(fake: FakeLambda) -> None:
    log = tail(deploy(fake, "def handler(event, context):\n    raise LookupError('gone')\n"))
    assert (
        "[ERROR] LookupError: gone\nTraceback (most recent call last):\n"
        "\u00a0\u00a0File \"/var/task/app.py\", line 2, in handler\n\u00a0\u00a0\u00a0\u00a0raise LookupError('gone')\n"
    ) in log


@pytest.mark.parametrize(
    ("raised", "first"),
    [("LookupError", "[ERROR] LookupError"), ("ImportError('gone')", "[ERROR] ImportError: gone")],
)
def test_a_failure_without_a_message_is_logged_by_its_type(fake: FakeLambda, raised: str, first: str) -> None:
    assert f"{first}\nTraceback (most recent call last):\n" in tail(deploy(fake, f"def handler(event, context):\n    raise {raised}\n"))


@pytest.mark.parametrize("source", ["import missing_module\n", "raise ValueError\n", "def other(): pass\n", "def handler(\n"])
def test_the_runtime_warns_before_it_says_why_a_handler_cannot_be_imported(
    fake: FakeLambda, caplog: pytest.LogCaptureFixture, source: str
) -> None:
    client = deploy(fake, source)
    for _ in range(2):  # it is imported anew each time
        _, warning, error, traceback, *_ = tail(client).split("\n")
        assert re.fullmatch(
            r"\[WARNING\]\t\S+Z\t\tLAMBDA_WARNING: Unhandled exception\. The most likely .*/runtimes-update\.html\r", warning
        )
        assert error.startswith("[ERROR] ")
        assert traceback == "Traceback (most recent call last):"  # whether or not anything follows
    assert not caplog.records


@pytest.mark.parametrize(
    ("level", "setup", "warned"), [("INFO", "", True), ("ERROR", "", False), ("INFO", "logger.setLevel('ERROR')\n", False)]
)
def test_the_warning_has_the_format_and_the_level_of_the_function(fake: FakeLambda, *, level: str, setup: str, warned: bool) -> None:
    source = f"import logging\nlogger = logging.getLogger()\n{setup}raise ValueError('gone')\n"
    log = tail(deploy(fake, source, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": level, "SystemLogLevel": "WARN"}))
    *warnings, error = (json.loads(line) for line in log.splitlines())
    assert [(record["level"], record["logger"], record["requestId"]) for record in warnings] == [("WARNING", "root", "")] * warned
    assert (error["log_level"], error["errorMessage"], error["requestId"]) == ("ERROR", "gone", "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", error["timestamp"])


def test_the_runtime_knows_no_request_id_while_it_imports_the_handler(fake: FakeLambda) -> None:
    log = tail(deploy(fake, "import logging\nlogging.warning('early')\ndef handler(event, context):\n    logging.warning('late')\n"))
    early, late = re.findall(r"\[WARNING\]\t\S+\t(\S*)\t(early|late)\n", log)
    assert (early, late) == (("", "early"), (fake.invocations[0].request_id, "late"))


CAUGHT = """
import logging
def handler(event, context):
    try:
        {}
    except ValueError:
        logging.exception("caught", extra={"order": 7})
    logging.log(25, "between")
    logging.warning("with its stack", stack_info=True)
"""


def test_json_records_tell_of_exceptions_in_the_runtimes_order(fake: FakeLambda) -> None:
    client = deploy(fake, CAUGHT.replace("{}", "int('x')", 1), LoggingConfig={"LogFormat": "JSON"})
    caught, between, stack = (json.loads(line) for line in tail(client).splitlines()[1:-2])
    assert list(caught) == [
        *("timestamp", "level", "message", "logger", "stackTrace", "errorType", "errorMessage", "requestId", "location", "order")
    ]
    assert (caught["errorType"], caught["errorMessage"]) == ("ValueError", "invalid literal for int() with base 10: 'x'")
    assert caught["location"].endswith("app.py:handler:7")
    assert [entry.splitlines()[0].rpartition(", ")[0].rpartition("/")[2] for entry in caught["stackTrace"]] == ['app.py", line 5']
    assert (between["level"], between["message"]) == ("INFO", "between")  # of the levels that the runtime knows
    assert list(stack) == ["timestamp", "level", "message", "logger", "requestId"]


def test_text_records_end_with_the_exception_and_the_stack(fake: FakeLambda) -> None:
    deploy(fake, CAUGHT.replace("{}", "int('x')", 1)).invoke(FunctionName="f")
    log = fake.invocations[0].logs
    assert re.search(r"\tcaught\nTraceback \(most recent call last\):\n( .*\n)+ValueError: invalid literal for int.*\n\[WARNING\]", log)
    assert re.search(r"\twith its stack\nStack \(most recent call last\):\n( .*\n)+END ", log)


def test_what_json_cannot_hold_is_reported_by_logging_itself(fake: FakeLambda, capsys: pytest.CaptureFixture[str]) -> None:
    source = "import logging\ndef handler(event, context):\n    logging.warning('paid', extra={'order': object()})\n"
    deploy(fake, source, LoggingConfig={"LogFormat": "JSON"}).invoke(FunctionName="f")
    assert "--- Logging error ---" in fake.invocations[0].logs
    assert "Object of type object is not JSON serializable" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("parameters", "seen"),
    [
        ({}, [None, None, "WARNING"]),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, ["JSON", "INFO", "INFO"]),
        ({"LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "TRACE"}}, ["JSON", "TRACE", "DEBUG"]),
        ({"LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "FATAL"}}, ["JSON", "FATAL", "CRITICAL"]),
        ({"Environment": {"Variables": {"AWS_LAMBDA_LOG_LEVEL": "debug"}}}, [None, "debug", "DEBUG"]),
        ({"Environment": {"Variables": {"AWS_LAMBDA_LOG_LEVEL": "loud"}}}, [None, "loud", "WARNING"]),
    ],
)
def test_variables_tell_how_to_log(fake: FakeLambda, parameters: dict[str, Any], seen: list[str | None]) -> None:
    source = (
        "import logging, os\ndef handler(event, context):\n"
        "    variables = [os.environ.get('AWS_LAMBDA_LOG_' + name) for name in ('FORMAT', 'LEVEL')]\n"
        "    return [*variables, logging.getLevelName(logging.root.level)]\n"
    )
    assert json.load(deploy(fake, source, **parameters).invoke(FunctionName="f")["Payload"]) == seen


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("return 1", {"status": "success"}),
        ("return event['price']", {"status": "error", "errorType": "KeyError"}),
        ("return 'x' * 7_000_000", {"status": "error", "errorType": "Function.ResponseSizeTooLarge"}),
        ("__import__('time').sleep(9)", {"status": "timeout", "errorType": "Sandbox.Timedout"}),
        ("raise SystemExit(1)", {"status": "failure", "errorType": "Runtime.ExitError"}),
    ],
)
def test_json_tells_how_an_invocation_has_ended(fake: FakeLambda, body: str, status: dict[str, str]) -> None:
    client = deploy(fake, f"def handler(event, context):\n    {body}\n", LoggingConfig={"LogFormat": "JSON"})
    *_, done, _ = tail(client).splitlines()
    assert json.loads(done)["record"] == {"requestId": fake.invocations[0].request_id, **status}


def test_a_timeout_is_logged(fake: FakeLambda) -> None:
    log = tail(deploy(fake, "import time\ndef handler(event, context):\n    time.sleep(9)\n", Timeout=2))
    assert re.search(r"\n\S+Z [0-9a-f-]{36} Task timed out after 2.00 seconds\n\n", log)


def test_the_tests_own_capturing_sees_it_too(
    fake: FakeLambda, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    client = deploy(
        fake, "import logging, sys\ndef handler(e, c):\n    print('out')\n    print('err', file=sys.stderr)\n    logging.error('log')\n"
    )
    log = tail(client)
    assert capsys.readouterr() == ("out\n", "err\n")
    assert [record.message for record in caplog.records] == ["log"]
    assert all(f"{text}\n" in log for text in ("out", "err", "log"))


def test_nothing_of_it_stays(fake: FakeLambda) -> None:
    before = (sys.stdout, sys.stderr, logging.root.level, list(logging.root.handlers))
    client = deploy(
        fake, "import logging\nlogging.getLogger().setLevel(1)\ndef handler(e, c):\n    if e.get('fail'): raise SystemExit(3)\n"
    )
    for payload in ("{}", '{"fail": 1}'):
        client.invoke(FunctionName="f", Payload=payload)
        assert (sys.stdout, sys.stderr, logging.root.level, list(logging.root.handlers)) == before


def test_an_invocation_inside_another_has_its_own_log(fake: FakeLambda) -> None:
    def outer(_event: Any, _context: Any) -> None:
        print("before")
        fake.client().invoke(FunctionName="inner")
        print("after")

    fake.add_function("inner", lambda _event, _context: print("inside"))
    fake.add_function("outer", outer)
    fake.client().invoke(FunctionName="outer")
    logs = {invocation.function_name: invocation.logs for invocation in fake.invocations}
    assert "before\nafter\n" in logs["outer"]
    assert "inside" not in logs["outer"]
    assert "inside\n" in logs["inner"]


def test_parallel_invocations_keep_their_logs_apart(fake: FakeLambda) -> None:
    fake.add_function("f", lambda event, _context: print(event["number"]))
    barrier = threading.Barrier(8)

    def call(number: int) -> None:
        barrier.wait()
        for _ in range(20):
            fake.client().invoke(FunctionName="f", Payload=json.dumps({"number": number}))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fake.invocations) == 160
    assert all(f"\n{invocation.event['number']}\nEND" in invocation.logs for invocation in fake.invocations)


def test_lines_of_threads_do_not_mix(fake: FakeLambda) -> None:
    def say() -> None:
        print("by a thread")
        logging.getLogger("app").error("logged")

    def handler(_event: Any, _context: Any) -> None:
        print("begun", end=" ")
        thread = threading.Thread(target=say)
        thread.start()
        thread.join()
        print("ended")

    fake.add_function("f", handler)
    fake.client().invoke(FunctionName="f")
    printed, logged, ended = fake.invocations[0].logs.splitlines()[-5:-2]
    assert (printed, logged.rpartition("\t")[2], ended) == ("by a thread", "logged", "begun ended")
