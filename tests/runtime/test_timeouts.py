"""A handler that passes its timeout on the fake's clock."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from freezegun import freeze_time

from fakelambda import FakeLambda


def outcome(fake: FakeLambda, function_name: str = "f") -> tuple[Any, float]:
    payload = json.load(fake.client().invoke(FunctionName=function_name)["Payload"])
    return payload, fake.invocations[0].duration


def sleeping(_fake: FakeLambda) -> None:
    import time  # noqa: PLC0415 - inside, as a handler may

    time.sleep(9)


def swallowing(fake: FakeLambda) -> None:
    with suppress(BaseException):  # the worst a handler can do
        sleeping(fake)


def advancing(fake: FakeLambda) -> None:
    fake.advance(9)


def advancing_elsewhere(fake: FakeLambda) -> None:
    thread = threading.Thread(target=fake.advance, args=(9,))
    thread.start()
    thread.join()


@pytest.mark.parametrize("passing", [sleeping, swallowing, advancing, advancing_elsewhere], ids=lambda function: function.__name__)
def test_it_is_answered_as_timed_out(passing: Callable[[FakeLambda], None]) -> None:
    with FakeLambda() as fake:
        fake.add_function("f", lambda _event, _context: passing(fake), Timeout=2)
        payload, duration = outcome(fake)
        request_id = fake.invocations[0].request_id
        assert payload == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {request_id} Error: Task timed out after 2.00 seconds",
        }
        assert duration >= 2


def test_a_sleep_that_fits_moves_the_clock_and_what_remains() -> None:
    def handler(_event: Any, context: Any) -> list[int]:
        before = context.get_remaining_time_in_millis()
        sleeping(fake)
        return [before, context.get_remaining_time_in_millis()]

    with freeze_time("2026-01-15T12:00:00Z") as frozen, FakeLambda() as fake:
        fake.add_function("f", handler, Timeout=10)
        assert outcome(fake) == ([10_000, 1_000], 9.0)
        assert frozen().isoformat() == "2026-01-15T12:00:09"


def test_the_caller_of_a_slow_function_waits_with_it() -> None:
    with freeze_time("2026-01-15T12:00:00Z"), FakeLambda() as fake:
        fake.add_function("slow", lambda _event, _context: sleeping(fake), Timeout=10)
        fake.add_function("f", lambda _event, _context: fake.client().invoke(FunctionName="slow")["StatusCode"], Timeout=5)
        payload, duration = outcome(fake)
        assert (payload["errorType"], duration) == ("Sandbox.Timedout", 9.0)


def test_after_a_timeout_the_environment_is_a_new_one(tmp_path: Any) -> None:
    (tmp_path / "app.py").write_text(
        "import time\ncount = 0\ndef handler(event, context):\n    global count\n    count += 1\n    time.sleep(event)\n    return count\n"
    )
    with FakeLambda() as fake:
        fake.add_function("f", source=tmp_path, Handler="app.handler")
        client = fake.client()
        answers = [json.load(client.invoke(FunctionName="f", Payload=str(seconds))["Payload"]) for seconds in (0, 0, 9, 0)]
        assert [answers[0], answers[1], answers[3]] == [1, 2, 1]
        assert [invocation.cold_start for invocation in fake.invocations] == [True, False, False, True]


@pytest.mark.usefixtures("really_sleeps")
def test_a_real_sleep_is_cut_at_the_timeout() -> None:
    import time  # noqa: PLC0415 - as above

    with FakeLambda(sleep="real") as fake:
        fake.add_function("f", lambda _event, _context: sleeping(fake), Timeout=1)
        started = time.monotonic()
        payload, duration = outcome(fake)
        assert payload["errorType"] == "Sandbox.Timedout"
        assert 1 <= duration <= time.monotonic() - started < 9


def test_after_a_timeout_files_in_the_temporary_directory_are_still_there() -> None:
    def handler(event: Any, _context: Any) -> bool:
        there = os.path.exists(file)  # noqa: PTH110 - as a handler may
        with open(file, "w") as written:  # noqa: PTH123 - as above
            written.write("here")
        sleeping(fake) if event == "sleep" else None
        return there

    with tempfile.TemporaryDirectory() as directory, FakeLambda() as fake:
        file = f"{directory}/file"
        fake.add_function("f", handler, Timeout=2)
        for event in ('"sleep"', '"look"'):
            fake.client().invoke(FunctionName="f", Payload=event)
        assert [invocation.result for invocation in fake.invocations] == [None, True]
