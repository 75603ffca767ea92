"""What an invocation logs: standard output and error, ``logging``, and the lines that Lambda writes around them.

Handlers print and log through the host's ``sys.stdout`` and ``logging``, so that pytest's capsys and caplog see it too; while an
invocation runs, both also lead to its own log. Which log that is follows the invocation (a context variable), not the process.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TextIO

_MEMORY_USED = 40  # MB; nothing is measured, the host's memory is not the handler's
TAIL = 4096
"""Bytes of the log that ``LogType="Tail"`` answers."""

current: ContextVar[Log | None] = ContextVar("fakelambda_log", default=None)
"""The log of the invocation that this thread or task is in; None outside."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a log stream.

    Args:
        at: aware datetime of the fake's clock.
        message: its text, with the line end.
    """

    at: datetime
    message: str


@dataclass(slots=True)
class Log:
    """The log of one invocation. Lambda's own lines are made when somebody reads it; hardly anybody does.

    Args:
        request_id: of the invocation.
        now: the fake's clock.
        logging_config: AWS's ``LoggingConfig`` of the function.
        version: that runs.
        memory_size: of the function, in MB.
        init_start: the line with which a new execution environment begins; None in a warm one.
    """

    request_id: str
    now: Callable[[], datetime]
    logging_config: Mapping[str, Any]
    version: str
    memory_size: int
    init_start: str | None = None
    _written: list[LogEvent] = field(default_factory=list)
    _unfinished: dict[str, str] = field(default_factory=dict)
    _started: tuple[datetime, int, float | None] | None = None
    _ended: tuple[datetime, float] | None = None

    @property
    def in_json(self) -> bool:
        """Whether the function logs in JSON."""
        return self.logging_config.get("LogFormat") == "JSON"

    def append(self, message: str) -> None:
        """Adds an event, behind what was written without a line end before."""
        self._end_lines_left_open()
        self._written.append(LogEvent(self.now(), message))

    def write(self, stream: str, text: str) -> None:
        """Takes what is written to a standard stream; each line is an event."""
        *lines, rest = (self._unfinished.pop(stream, "") + text).split("\n")
        self._written += [LogEvent(self.now(), f"{line}\n") for line in lines]
        if rest:
            self._unfinished[stream] = rest

    def _end_lines_left_open(self) -> None:
        for stream in list(self._unfinished):
            self.write(stream, "\n")

    def start(self, at: datetime, init_duration: float | None) -> None:
        """Notes when the handler is called.

        Args:
            init_duration: seconds that the cold start took; None for a warm one.
        """
        self._started = (at, len(self._written), init_duration)

    def end(self, at: datetime, duration: float) -> None:
        """Notes when it is over, and ends the lines that were left open.

        Args:
            duration: seconds.
        """
        self._end_lines_left_open()
        self._ended = (at, duration)

    def events(self) -> list[LogEvent]:
        """Everything in order, with Lambda's own lines."""
        events = list(self._written)
        if self._started is not None and self._ended is not None:
            at, before, init_duration = self._started
            events[before:before] = self._system(at, *self._start_line())
            ended_at, duration = self._ended
            for line in self._end_lines(duration, init_duration):
                events += self._system(ended_at, *line)
        if self.init_start is not None and events:
            events.insert(0, LogEvent(events[0].at, self.init_start))
        return events

    def text(self) -> str:
        """The whole log."""
        return "".join(event.message for event in self.events())

    def tail(self) -> bytes:
        """The last 4 KB of what ``LogType="Tail"`` answers, which is all but the line of a new environment."""
        return self.text().removeprefix(self.init_start or "").encode()[-TAIL:]

    def _start_line(self) -> tuple[str, str, dict[str, Any]]:
        record = {"requestId": self.request_id, "version": self.version}
        return f"START RequestId: {self.request_id} Version: {self.version}\n", "platform.start", record

    def _end_lines(self, duration: float, init_duration: float | None) -> list[tuple[str, str, dict[str, Any]]]:
        milliseconds, used = duration * 1000, min(self.memory_size, _MEMORY_USED)
        billed = math.ceil(milliseconds)
        init = {} if init_duration is None else {"initDurationMs": round(init_duration * 1000, 3)}
        report = (
            f"REPORT RequestId: {self.request_id}\tDuration: {milliseconds:.2f} ms\tBilled Duration: {billed} ms\t"
            f"Memory Size: {self.memory_size} MB\tMax Memory Used: {used} MB\t"
            + (f"Init Duration: {init_duration * 1000:.2f} ms\t" if init_duration is not None else "")
            + "\n"
        )
        metrics = {"durationMs": round(milliseconds, 3), "billedDurationMs": billed, "memorySizeMB": self.memory_size}
        return [
            (f"END RequestId: {self.request_id}\n", "platform.runtimeDone", {"requestId": self.request_id, "status": "success"}),
            (report, "platform.report", {"requestId": self.request_id, "metrics": {**metrics, "maxMemoryUsedMB": used, **init}}),
        ]

    def _system(self, at: datetime, text: str, kind: str, record: Mapping[str, Any]) -> list[LogEvent]:
        """A line of Lambda's own in the function's format; in JSON only at the level that is configured."""
        if not self.in_json:
            return [LogEvent(at, text)]
        if self.logging_config.get("SystemLogLevel", "INFO") == "WARN":
            return []
        return [LogEvent(at, json.dumps({"time": _time(at), "type": kind, "record": record}, separators=(",", ":")) + "\n")]


def failed(log: Log, error_payload: Mapping[str, Any]) -> None:
    """Logs a failure as Lambda's runtime does.

    Args:
        error_payload: what the caller gets.
    """
    kind, message = error_payload["errorType"], error_payload["errorMessage"]
    if kind == "Sandbox.Timedout":
        log.append(f"{_time(log.now())} {log.request_id} {message.partition('Error: ')[2]}\n\n")
    elif "stackTrace" not in error_payload:
        log.append(f"{message}\n{kind}\n")
    elif log.in_json:
        fields = {"timestamp": _time(log.now()), "log_level": "ERROR", **error_payload}
        log.append(json.dumps(fields, ensure_ascii=False) + "\n")
    else:
        lines = [_indented(line) for entry in error_payload["stackTrace"] for line in entry.splitlines()]
        traceback = ["Traceback (most recent call last):", *lines] if lines else []
        log.append("\n".join([f"[ERROR] {kind}: {message}", *traceback]) + "\n")


def _indented(line: str) -> str:
    """CloudWatch would drop leading blanks, so the runtime writes no-break spaces."""
    text = line.lstrip(" ")
    return "\u00a0" * (len(line) - len(text)) + text


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_LEVELS = {
    "TRACE": 5,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.FATAL,
}


def level(logging_config: Mapping[str, Any]) -> int:
    """The level that the root logger has in a new execution environment."""
    return _LEVELS[logging_config["ApplicationLogLevel"]] if logging_config.get("LogFormat") == "JSON" else logging.WARNING


# ---- the roads by which it comes ----


class _Stream:
    """A standard stream that also leads to the log of the invocation it is written in.

    Attributes:
        behind: the stream that it stands before.
    """

    def __init__(self, name: str, behind: TextIO) -> None:
        self._name, self.behind = name, behind

    def write(self, text: str) -> int:
        """Writes to the stream behind and, in an invocation, to its log."""
        log = current.get()
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
        log = current.get()
        if log is None:
            return
        try:
            log.append(_as_json(log, record) if log.in_json else _as_text(log, record))
        except Exception:  # noqa: BLE001 - logging's own way with a record that cannot be formatted
            self.handleError(record)


def _as_text(log: Log, record: logging.LogRecord) -> str:
    message = record.getMessage()
    if record.exc_info:
        message = f"{message}\n{logging.Formatter().formatException(record.exc_info)}"
    return f"[{record.levelname}]\t{_time(log.now())}\t{log.request_id}\t{message}\n"


_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _as_json(log: Log, record: logging.LogRecord) -> str:
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
_lock = threading.Lock()
_capturing = 0
_hosts_level = logging.NOTSET


def begin(level: int | None) -> None:
    """Leads the standard streams and the root logger to the log of the invocation; each call needs its own `end`.

    Args:
        level: that of the root logger in this execution environment; None leaves the host's.
    """
    global _capturing, _hosts_level  # noqa: PLW0603 - what is led elsewhere is the process's
    with _lock:
        if not isinstance(sys.stdout, _Stream):
            sys.stdout = _Stream("stdout", sys.stdout)  # it passes everything else on
        if not isinstance(sys.stderr, _Stream):
            sys.stderr = _Stream("stderr", sys.stderr)  # as above
        _capturing += 1
        if _capturing == 1:
            _hosts_level = logging.root.level
            logging.root.handlers.append(_handler)
        if level is not None and level != logging.root.level:  # setting it makes every logger of the process ask again
            logging.root.setLevel(level)


def end() -> int:
    """Takes back one `begin`; the last one leaves the streams and the root logger as the host had them.

    Returns:
        The root logger's level, as the invocation left it.
    """
    global _capturing  # noqa: PLW0603 - as above
    with _lock:
        left = logging.root.level
        _capturing -= 1
        if not _capturing:
            if isinstance(sys.stdout, _Stream):
                sys.stdout = sys.stdout.behind
            if isinstance(sys.stderr, _Stream):
                sys.stderr = sys.stderr.behind
            logging.root.handlers.remove(_handler)
            if logging.root.level != _hosts_level:
                logging.root.setLevel(_hosts_level)
        return left
