"""How an invocation's output gets into its log: the standard streams and the root logger, led there while it runs.

Both also lead where the host had them lead, so that pytest's capsys and caplog see the handler's output too.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from fakelambda.runtime import logs

_LEVELS = {
    "TRACE": 5,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.FATAL,
}


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
            log.append(_as_json(log, record) if log.in_json else _as_text(log, record))
        except Exception:  # noqa: BLE001 - logging's own way with a record that cannot be formatted
            self.handleError(record)


def _as_text(log: logs.Log, record: logging.LogRecord) -> str:
    message = record.getMessage()
    if record.exc_info:
        message = f"{message}\n{logging.Formatter().formatException(record.exc_info)}"
    return f"[{record.levelname}]\t{logs.timestamp(log.now())}\t{log.request_id}\t{message}\n"


_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _as_json(log: logs.Log, record: logging.LogRecord) -> str:
    fields: dict[str, Any] = {
        "timestamp": log.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        "level": record.levelname,
        "message": record.getMessage(),
        "logger": record.name,
    }
    if record.exc_info and record.exc_info[0] is not None:
        fields["stackTrace"] = logging.Formatter().formatException(record.exc_info).splitlines()
        fields |= {"errorType": record.exc_info[0].__name__, "errorMessage": str(record.exc_info[1])}
    fields |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return json.dumps({**fields, "requestId": log.request_id}, default=str, ensure_ascii=False) + "\n"


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


def root_logger(logging_config: Mapping[str, Any]) -> RootLogger:
    """The root logger of a new execution environment."""
    return RootLogger(_LEVELS[logging_config["ApplicationLogLevel"]] if logging_config.get("LogFormat") == "JSON" else logging.WARNING)


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
