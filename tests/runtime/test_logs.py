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
