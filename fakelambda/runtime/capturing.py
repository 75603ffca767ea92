"""How an invocation's output gets into its log: the standard streams and the root logger, led there while it runs.

Both also lead where the host had them lead, so that pytest's capsys and caplog see the handler's output too.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from fakelambda.runtime import logs

_LEVELS = {**logging.getLevelNamesMapping(), "TRACE": logging.DEBUG}  # all that the runtime knows


def _receiving() -> logs.Log | None:
    """The log that takes what is written now; None outside of an invocation and where the execution environment is gone."""
    log = logs.current.get()
    return log if log is None or log.stream is None else log.stream.latest


class _Stream:
    """A standard stream that also leads to the log of the invocation it is written in.

    Attributes:
        behind: the stream that it stands before.
    """

    def __init__(self, name: str, behind: TextIO) -> None:
        self._name, self.behind = name, behind

    def write(self, text: str) -> int:
        """Writes to the stream behind and, in an invocation, to its log."""
        log = _receiving()
        if log is not None:
            log.write(self._name, text)
        return self.behind.write(text)

    def writelines(self, lines: list[str]) -> None:
        """Writes each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


class _LogHandler(logging.Handler):
    """The handler that Lambda's runtime has on the root logger."""

    def emit(self, record: logging.LogRecord) -> None:
        log = _receiving()
        if log is None:
            return
        try:
            log.append(_formatted(log, record, log.request_id_so_far))
        except Exception:  # noqa: BLE001 - logging's own way with a record that cannot be formatted
            self.handleError(record)


def _formatted(log: logs.Log, record: logging.LogRecord, request_id: str) -> str:
    return _as_json(log, record, request_id) if log.in_json else _as_text(log, record, request_id)


def _as_text(log: logs.Log, record: logging.LogRecord, request_id: str) -> str:
    lines = [record.getMessage()]
    if record.exc_info:
        lines.append(logging.Formatter().formatException(record.exc_info))
    if record.stack_info:
        lines.append(record.stack_info)
    return "\n".join([f"[{record.levelname}]\t{logs.timestamp(log.now())}\t{request_id}\t{lines[0]}", *lines[1:]]) + "\n"


_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _as_json(log: logs.Log, record: logging.LogRecord, request_id: str) -> str:
    """A record as the runtime writes it. What JSON cannot hold raises, so that logging reports it as it does in Lambda."""
    kind, error, trace = record.exc_info or (None, None, None)
    fields = {
        "timestamp": logs.in_seconds(log.now()),
        "level": logging.getLevelName(min(max(record.levelno, 0), logging.CRITICAL) // 10 * 10),  # the runtime knows no others
        "message": record.getMessage(),
        "logger": record.name,
        "stackTrace": traceback.format_tb(trace) if kind else None,
        "errorType": kind.__name__ if kind else None,
        "errorMessage": str(error) if kind else None,
        "requestId": request_id,
        "location": f"{record.pathname}:{record.funcName}:{record.lineno}" if kind else None,
    }
    fields |= {name: value for name, value in vars(record).items() if name not in _STANDARD and name not in fields}
    return json.dumps({name: value for name, value in fields.items() if value is not None}, ensure_ascii=False) + "\n"


def warn(log: logs.Log, own: RootLogger, message: str) -> None:
    """Logs what the runtime itself warns of before it has got an invocation; the test's own loggers do not see it.

    Args:
        own: the root logger as the code has left it, which may be quiet.
    """
    if (own.level or logging.NOTSET) <= logging.WARNING:
        warning = logging.makeLogRecord({"name": "root", "levelno": logging.WARNING, "levelname": "WARNING", "msg": message})
        log.append(_formatted(log, warning, ""))


_handler = _LogHandler()


@dataclass(frozen=True, slots=True)
class RootLogger:
    """What an execution environment makes of the root logger, which is the process's.

    Args:
        level: its level; None where a callable of the test runs, whose root logger is the test's and is not kept.
        handlers: beside the host's.
        disabled: what ``logging.disable`` was told; None for the host's.
    """

    level: int | None = None
    handlers: tuple[logging.Handler, ...] = (_handler,)
    disabled: int | None = None


def root_logger(variables: Mapping[str, str]) -> RootLogger:
    """The root logger of a new execution environment.

    Args:
        variables: Lambda's and the function's own, of which one may name a level.
    """
    return RootLogger(_LEVELS.get(variables.get("AWS_LAMBDA_LOG_LEVEL", "").upper(), logging.WARNING))


class _Host:
    """What the host had before the first of the invocations that run began, besides the streams that ours lead to."""

    handlers: list[logging.Handler]
    level, disabled = logging.NOTSET, logging.NOTSET


_host = _Host()
_lock = threading.Lock()
_capturing = 0
_alone = True
_sys = vars(sys)  # quicker to ask than the module, whose class is ours

_stdout, _stderr = (_Stream(name, _sys[name]) for name in ("stdout", "stderr"))
"""Of the first of the invocations that run; threads of others may be writing to theirs."""


def begin(own: RootLogger) -> None:
    """Leads the standard streams and the root logger to the log of the invocation; each call needs its own `end`.

    Args:
        own: the root logger as this execution environment left it.
    """
    global _alone, _capturing  # noqa: PLW0603 - what is led elsewhere is the process's
    root = logging.root
    with _lock:
        stdout, stderr = _sys["stdout"], _sys["stderr"]
        _alone = not _capturing
        _capturing += 1
        if _alone:
            _host.handlers, _host.level, _host.disabled = root.handlers[:], root.level, root.manager.disable
            root.handlers.extend(own.handlers)
            if own.disabled is not None:
                logging.disable(own.disabled)
        if type(stdout) is not _Stream:
            stream = _sys["stdout"] = _stdout if _alone else _Stream("stdout", stdout)
            stream.behind = stdout
        if type(stderr) is not _Stream:
            stream = _sys["stderr"] = _stderr if _alone else _Stream("stderr", stderr)
            stream.behind = stderr
        if own.level is not None and own.level != root.level:  # setting it makes every logger of the process ask again
            root.setLevel(own.level)


def end(own: RootLogger) -> RootLogger:
    """Takes back one `begin`; the last one leaves the streams and the root logger as the host had them.

    Args:
        own: what `begin` was given.

    Returns:
        The root logger as the invocation left it; its level only, where others ran meanwhile and what they did cannot be told apart.
    """
    global _capturing  # noqa: PLW0603 - as above
    root = logging.root
    with _lock:
        disabled = root.manager.disable
        left = own if own.level is None else _left(own, disabled)
        _capturing -= 1
        if not _capturing:
            stdout, stderr = _sys["stdout"], _sys["stderr"]
            _sys["stdout"] = (stdout if type(stdout) is _Stream else _stdout).behind
            _sys["stderr"] = (stderr if type(stderr) is _Stream else _stderr).behind
            root.handlers[:] = _host.handlers
            if root.level != _host.level:
                root.setLevel(_host.level)
            if disabled != _host.disabled:
                logging.disable(_host.disabled)
        return left


def _left(own: RootLogger, disabled: int) -> RootLogger:
    root, handlers, kept = logging.root, own.handlers, own.disabled
    if _alone:
        if root.handlers != [*_host.handlers, *handlers]:
            handlers = tuple(handler for handler in root.handlers if handler not in _host.handlers)
        if disabled != _host.disabled:
            kept = disabled
    if root.level == own.level and handlers is own.handlers and kept == own.disabled:
        return own
    return RootLogger(root.level, handlers, kept)
