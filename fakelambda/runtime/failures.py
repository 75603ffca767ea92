"""What went wrong in a handler, as AWS's Python runtime and Lambda report it."""

from __future__ import annotations

import json
import os
import signal
import sysconfig
import traceback
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

Places = tuple[tuple[str, str], ...]
"""Directories of this machine and what AWS calls them, the most specific first."""

MAXIMUM_RESPONSE_SIZE = 6 * 1024 * 1024 + 100
"""How many bytes a synchronous response may have."""

_DUMPING_CORE = frozenset({"SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGQUIT", "SIGSEGV", "SIGSYS", "SIGTRAP", "SIGXCPU", "SIGXFSZ"})
_OURS = f"{Path(__file__).parents[1]}{os.sep}"
_IMPORTLIB = "<frozen importlib."
_TEST_RUNNERS = ("_pytest.", "hypothesis.")


class Fault(Exception):  # noqa: N818 - AWS's word for what its runtime reports about code, as opposed to an error of the code
    """A failure that AWS's runtime reports under a name of its own.

    Args:
        error_type: such as ``Runtime.ImportModuleError``.
        message: AWS's text.
        stack_trace: its ``stackTrace``.
    """

    def __init__(self, error_type: str, message: str, stack_trace: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.stack_trace = stack_trace


class TimedOut(BaseException):
    """Ends a handler whose function's timeout has passed; no ``Exception``, so that hardly any handler swallows it.

    Args:
        timeout: of the function, in seconds.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__(f"Task timed out after {timeout:.2f} seconds")
        self.timeout = timeout


class Exited(BaseException):
    """Ends a handler that would have ended the process without Python's having a say; no ``Exception``, as `TimedOut`.

    Args:
        call: how, as in the handler's code.
        cause: the signal that would have ended the process, or its exit status.
    """

    def __init__(self, call: str, cause: int) -> None:
        super().__init__(f"{call} ends the invocation and its execution environment, as in Lambda; the test process goes on.")
        self.cause = cause


class OutOfResults(BaseException):
    """A test gave a function fewer results than it is invoked; no ``except Exception`` of the code under test hides that."""


def belongs_to_the_test_runner(error: BaseException) -> bool:
    """Says whether an exception speaks to whoever runs the tests, so that no fake may take it for a failing handler.

    That is ctrl-C, the outcomes of pytest (``skip``, ``fail``, ``exit``), the control flow of Hypothesis and our own ``OutOfResults``.
    """
    if isinstance(error, KeyboardInterrupt | OutOfResults):
        return True
    kinds = type(error).__mro__
    if isinstance(error, Exception):
        return any((kind.__module__, kind.__name__) == ("_pytest.outcomes", "Exit") for kind in kinds)
    return any(kind.__module__.startswith(_TEST_RUNNERS) for kind in kinds)


def ends_the_process(error: BaseException) -> bool:
    """Says whether the runtime's process would end by an exception, such as ``SystemExit``, instead of reporting it.

    One that has no text, because its ``__str__`` raises, ends it too.
    """
    if not isinstance(error, Exception):
        return True
    try:
        str(error)
    except Exception:  # noqa: BLE001 - whatever a handler's exceptions raise
        return True
    return False


def exit_payload(error: BaseException, request_id: str) -> dict[str, Any]:
    """Returns what Lambda answers when the runtime's process has ended.

    Args:
        error: the exception that ended it.
        request_id: the id of the invocation.
    """
    if isinstance(error, TimedOut):
        message = f"RequestId: {request_id} Error: Task timed out after {error.timeout:.2f} seconds"
        return {"errorType": "Sandbox.Timedout", "errorMessage": message}
    cause = error.cause if isinstance(error, Exited) else _exit_status(error)
    if isinstance(cause, signal.Signals):
        dumped = " (core dumped)" if cause.name in _DUMPING_CORE else ""
        reason = f"Runtime exited with error: signal: {(signal.strsignal(cause) or cause.name).lower()}{dumped}"
    else:
        reason = f"Runtime exited with error: exit status {cause}" if cause else "Runtime exited without providing a reason"
    return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {reason}"}


def error_payload(error: Exception, request_id: str, places: Places) -> dict[str, Any]:
    """Returns what the runtime answers for an exception.

    Args:
        error: what the handler, its import or its marshalling raised.
        request_id: the id of the invocation; empty for a failure while initialising.
        places: directories that the payload shows under AWS's names.
    """
    if isinstance(error, Fault):
        message, error_type, stack_trace = error.message, error.error_type, list(error.stack_trace)
    else:
        message, error_type, stack_trace = str(error), type(error).__name__, _stack_trace(error.__traceback__)
    return {
        "errorMessage": _as_at_aws(message, places),
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": [_as_at_aws(line, places) for line in stack_trace],
    }


def summary(error: BaseException, places: Places) -> str:
    """Returns the type and the message that `error_payload` or `exit_payload` would have, on one line; reads no source lines.

    Args:
        places: directories that are shown under AWS's names.
    """
    if ends_the_process(error):
        answer = exit_payload(error, "")
        return f"{answer['errorType']}: {answer['errorMessage'].partition('Error: ')[2]}"
    error_type = error.error_type if isinstance(error, Fault) else type(error).__name__
    return f"{error_type}: {_as_at_aws(str(error), places)}"


def response_too_large() -> dict[str, Any]:
    """Returns what Lambda answers instead of a response over its limit."""
    return {
        "errorMessage": f"Response payload size exceeded maximum allowed payload size ({MAXIMUM_RESPONSE_SIZE} bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }


def compact(payload: dict[str, Any]) -> bytes:
    """Writes a payload that Lambda itself answers rather than the runtime: without blanks."""
    return json.dumps(payload, separators=(",", ":")).encode()


@lru_cache
def python_places(runtime: str) -> Places:
    """Returns where AWS keeps what this machine keeps in the standard library and in site-packages.

    Args:
        runtime: the function's runtime, such as ``python3.13``.
    """
    library = f"/var/lang/lib/{runtime}"
    paths = sysconfig.get_paths()
    return (
        (paths["purelib"], f"{library}/site-packages"),
        (paths["platlib"], f"{library}/site-packages"),
        (paths["stdlib"], library),
    )


def _as_at_aws(text: str, places: Places) -> str:
    for here, there in places:
        text = text.replace(here, there)
    return text


def _exit_status(error: BaseException) -> int:
    """Returns the status with which the interpreter would have ended."""
    code = error.code if isinstance(error, SystemExit) else 1
    if code is None:
        return 0
    return code & 0xFF if isinstance(code, int) else 1


def _stack_trace(trace: TracebackType | None) -> list[str]:
    """Returns the lines of a traceback without frames of ours, nor those of importlib that our imports add under them."""
    entries: list[tuple[str, int, str, str | None]] = []
    below_ours = False
    for frame in traceback.extract_tb(trace):
        below_ours = frame.filename.startswith(_OURS) or (below_ours and frame.filename.startswith(_IMPORTLIB))
        if not below_ours:
            entries.append((frame.filename, frame.lineno or 0, frame.name, frame.line))
    return traceback.format_list(entries)
