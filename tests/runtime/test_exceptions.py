"""Exceptions of every kind: what the caller gets, and what the record keeps."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from fakelambda import FakeLambda


def from_another() -> None:
    try:
        raise LookupError("first")  # noqa: TRY301 - the point is that one causes the other
    except LookupError as error:
        raise ValueError("second") from error


def while_handling_another() -> None:
    try:
        raise LookupError("first")
    finally:
        raise ValueError("second")


def endlessly() -> None:
    endlessly()


def exhausted() -> None:
    next(iter([]))


def raising(error: BaseException | type[BaseException]) -> Any:
    def handler() -> None:
        raise error

    return handler


class Shop:
    class SoldOutError(Exception):
        """Known by its last name only."""


class SilentError(Exception):
    def __repr__(self) -> str:
        raise ValueError("only str() is asked")

    def __str__(self) -> str:
        return "text"


class LengthlessError(Exception):
    def __len__(self) -> int:
        return 0


REPORTED = [
    pytest.param(from_another, "ValueError", "second", id="chained"),
    pytest.param(while_handling_another, "ValueError", "second", id="in the course of another"),
    pytest.param(endlessly, "RecursionError", "maximum recursion depth exceeded", id="recursion"),
    pytest.param(exhausted, "StopIteration", "", id="StopIteration"),
    pytest.param(raising(StopIteration(5)), "StopIteration", "5", id="StopIteration with a value"),
    pytest.param(raising(StopAsyncIteration), "StopAsyncIteration", "", id="StopAsyncIteration"),
    pytest.param(raising(ExceptionGroup("several", [ValueError(1)])), "ExceptionGroup", "several (1 sub-exception)", id="group"),
    pytest.param(raising(Shop.SoldOutError("tea")), "SoldOutError", "tea", id="nested class"),
    pytest.param(raising(type("Caf\u00e9", (Exception,), {})("\u00e9\U0001f600")), "Caf\u00e9", "\u00e9\U0001f600", id="beyond ASCII"),
    pytest.param(raising(KeyError("tea")), "KeyError", "'tea'", id="KeyError"),
    pytest.param(raising(Exception("a", 1)), "Exception", "('a', 1)", id="several arguments"),
    pytest.param(raising(Exception), "Exception", "", id="no arguments"),
    pytest.param(raising(AssertionError("a\nb")), "AssertionError", "a\nb", id="two lines"),
    pytest.param(raising(OSError(2, "No such file", "x")), "FileNotFoundError", "[Errno 2] No such file: 'x'", id="OSError"),
    pytest.param(raising(MemoryError()), "MemoryError", "", id="MemoryError"),
    pytest.param(raising(SilentError()), "SilentError", "text", id="no representation"),
    pytest.param(raising(LengthlessError("x")), "LengthlessError", "x", id="counts as false"),
    pytest.param(raising(TimeoutError("slow")), "TimeoutError", "slow", id="TimeoutError"),
]


@pytest.mark.parametrize("runtime", ["python3.11", "python3.13"])
@pytest.mark.parametrize(("failing", "error_type", "message"), REPORTED)
def test_what_the_runtime_reports(failing: Any, error_type: str, message: str, runtime: str) -> None:
    with FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: failing(), Runtime=runtime, Timeout=60)  # the collector may stop by a deep stack
        answer = fake.client().invoke(FunctionName="orders")
        text = answer["Payload"].read().decode()
        payload = json.loads(text)
        record = fake.invocations[-1]
        assert (list(payload), payload["errorType"]) == (["errorMessage", "errorType", "requestId", "stackTrace"], error_type)
        assert payload["errorMessage"].removesuffix(" while calling a Python object") == message
        assert payload["requestId"] == answer["ResponseMetadata"]["RequestId"]
        assert payload["stackTrace"][0].startswith(f'  File "{__file__}", line ')
        assert not [line for line in payload["stackTrace"] if "^^^" in line or "LookupError" in line]  # neither carets nor causes
        assert text.isascii() or runtime == "python3.13"
        assert (record.error_payload, type(record.error).__name__) == (payload, error_type)
        assert record.error is not None
        assert record.error.__traceback__ is not None


def test_the_record_keeps_the_cause() -> None:
    with FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: from_another())
        fake.client().invoke(FunctionName="orders")
        error = fake.invocations[-1].error
        assert error is not None
        assert repr(error.__cause__) == "LookupError('first')"


ENDINGS = [
    (SystemExit(), None),
    (SystemExit(0), None),
    (SystemExit(256), None),  # an exit status has eight bits
    (SystemExit(7), 7),
    (SystemExit(True), 1),  # noqa: FBT003 - a status like any other
    (SystemExit((1, 2)), 1),
    (SystemExit("text"), 1),
    (GeneratorExit(), 1),
    (asyncio.CancelledError(), 1),
    (BaseExceptionGroup("several", [SystemExit(3)]), 1),
]


@pytest.mark.parametrize(("error", "status"), ENDINGS, ids=[repr(error) for error, _ in ENDINGS])
def test_what_ends_the_process_does_not_end_the_tests(error: BaseException, status: int | None) -> None:
    with FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: raising(error)())
        answer = fake.client().invoke(FunctionName="orders")
        reason = "exited without providing a reason" if status is None else f"exited with error: exit status {status}"
        assert json.load(answer["Payload"]) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {answer['ResponseMetadata']['RequestId']} Error: Runtime {reason}",
        }
        assert fake.invocations[-1].error is error
        fake.bind("orders", lambda event, context: "alive")
        assert json.load(fake.client().invoke(FunctionName="orders")["Payload"]) == "alive"
