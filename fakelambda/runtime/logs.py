"""What an invocation logs: standard output and error, ``logging``, and the lines that Lambda writes around them.

Handlers print and log through the host's ``sys.stdout`` and ``logging``, so that pytest's capsys and caplog see it too; while an
invocation runs, both also lead to its own log. Which log that is follows the invocation (a context variable), not the process.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_MEMORY_USED = 40  # MB; nothing is measured, the host's memory is not the handler's
TAIL = 4096
"""Bytes of the log that ``LogType="Tail"`` answers."""
NOT_INITIALISED = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare cases, a Lambda runtime "
    "update can cause unexpected function behavior. For functions using managed runtimes, runtime updates can be triggered by a function "
    "change, or can be applied automatically. To determine if the runtime has been updated, check the runtime version in the INIT_START "
    "log entry. If this error correlates with a change in the runtime version, you may be able to mitigate this error by temporarily "
    "rolling back to the previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)
"""What the runtime warns of before it logs why a handler could not be imported."""

_SUCCESS: Mapping[str, str] = {"status": "success"}

_STATUSES = {"Sandbox.Timedout": "timeout", "Function.ResponseSizeTooLarge": "error"}

Facts = tuple[Any, ...]
"""What is known of a log that has ended, without any structure: a tuple of plain values is nothing to the garbage collector."""

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


class LogStream:
    """The logs of one execution environment, of which the latest takes what its threads write.

    Attributes:
        latest: of the invocation that runs or, between two, of the one that has run.
        late: what was written between invocations; it becomes the next one's.
    """

    __slots__ = ("late", "latest")

    def __init__(self) -> None:
        self.latest: Log | None = None
        self.late: list[LogEvent] = []

    def begin(self, log: Log) -> None:
        """Makes a log the latest."""
        if self.latest is not None and self.latest.unfinished:
            self.latest.end_lines_left_open()
        self.latest, log.stream = log, self


Settings = tuple[str, int, bool, bool]
"""Of a function, all that its logs depend on: see `settings`. A plain tuple, see `Facts`."""


def settings(version: str, memory_size: int, logging_config: Mapping[str, Any]) -> Settings:
    """The settings of the logs of an execution environment.

    Args:
        version: that runs.
        memory_size: of the function, in MB.
        logging_config: AWS's ``LoggingConfig`` of the function.
    """
    in_json = logging_config.get("LogFormat") == "JSON"
    return version, memory_size, in_json, not in_json or logging_config.get("SystemLogLevel", "INFO") != "WARN"


class Log:
    """The log of one invocation. Lambda's own lines are made when somebody reads it; hardly anybody does.

    Args:
        request_id: of the invocation.
        now: the fake's clock.
        of: the version that runs, its memory in MB, whether it logs in JSON, and whether Lambda's own lines are among them.

    Attributes:
        init_start: the line with which a new execution environment begins; None in a warm one.
        stream: that it belongs to.
        unfinished: what was written without a line end, by standard stream and thread.
    """

    __slots__ = ("_ended", "_settings", "_started", "_status", "_written", "init_start", "now", "request_id", "stream", "unfinished")

    def __init__(self, request_id: str, now: Callable[[], datetime], of: Settings) -> None:
        self.request_id, self.now, self._settings = request_id, now, of
        self.init_start: str | None = None
        self.stream: LogStream | None = None
        self.unfinished: dict[tuple[str, int], str] = {}
        self._written: list[LogEvent] = []
        self._started: tuple[datetime, int, float | None] | None = None
        self._ended: tuple[datetime, float] | None = None
        self._status: Mapping[str, str] = _SUCCESS

    @property
    def request_id_so_far(self) -> str:
        """The request id as the runtime knows it: empty during a cold start, before which it has got no invocation."""
        return "" if self._started is None else self.request_id

    @property
    def in_json(self) -> bool:
        """Whether the function logs in JSON."""
        return self._settings[2]

    def append(self, message: str) -> None:
        """Adds an event, behind what this thread wrote without a line end before."""
        self.end_lines_left_open(of_thread=threading.get_ident())
        self._destination().append(LogEvent(self.now(), message))

    def write(self, stream: str, text: str) -> None:
        """Takes what is written to a standard stream; each line is an event."""
        written_by = (stream, threading.get_ident())
        *lines, rest = (self.unfinished.pop(written_by, "") + text).split("\n")
        if lines:
            self._destination().extend([LogEvent(self.now(), f"{line}\n") for line in lines])
        if rest:
            self.unfinished[written_by] = rest

    def end_lines_left_open(self, *, of_thread: int | None = None) -> None:
        """Ends the lines that one thread has not ended, or any."""
        for written_by in list(self.unfinished):
            if of_thread in (None, written_by[1]):
                line = self.unfinished.pop(written_by, "")
                self._destination().append(LogEvent(self.now(), f"{line}\n"))

    def _destination(self) -> list[LogEvent]:
        return self._written if self._ended is None or self.stream is None else self.stream.late

    def start(self, at: datetime, init_duration: float | None) -> None:
        """Notes when the handler is called.

        Args:
            init_duration: seconds that the cold start took; None for a warm one.
        """
        self._started = (at, len(self._written), init_duration)
        if self.stream is not None and self.stream.late:
            self._written += [LogEvent(at, event.message) for event in self.stream.late]
            self.stream.late.clear()

    def fail(self, error_payload: Mapping[str, Any]) -> None:
        """Notes and logs a failure as Lambda and its runtime do.

        Args:
            error_payload: what the caller gets.
        """
        kind, message = error_payload["errorType"], error_payload["errorMessage"]
        by_runtime = "stackTrace" in error_payload
        self._status = {"status": _STATUSES.get(kind, "error" if by_runtime else "failure"), "errorType": kind}
        if kind == "Sandbox.Timedout":
            self.append(f"{timestamp(self.now())} {self.request_id} {message.partition('Error: ')[2]}\n\n")
        elif not by_runtime:
            self.append(f"{message}\n{kind}\n")
        elif self.in_json:
            fields = {"timestamp": in_seconds(self.now()), "log_level": "ERROR", **error_payload}
            self.append(json.dumps(fields, ensure_ascii=False) + "\n")
        else:
            lines = [_indented(line) for entry in error_payload["stackTrace"] for line in entry.splitlines()]
            first = f"[ERROR] {kind}: {message}" if message else f"[ERROR] {kind}"
            self.append("\n".join([first, "Traceback (most recent call last):", *lines]) + "\n")  # also where there are no lines

    def end(self, at: datetime, duration: float) -> None:
        """Notes when it is over, and ends the lines that were left open.

        Args:
            duration: seconds.
        """
        if self.unfinished:
            self.end_lines_left_open()
        self._ended = (at, duration)

    def facts(self) -> Facts:
        """What is to be kept of it when it has ended: plain values where nothing was written, else itself."""
        started, ended = self._started, self._ended
        if self._written or started is None or ended is None:
            return (self,)
        return self.request_id, self._settings, self.init_start, started[0], started[2], ended[0], ended[1]

    @classmethod
    def of_facts(cls, facts: Facts) -> Log:
        """The log whose `facts` these are."""
        if isinstance(facts[0], Log):
            return facts[0]
        request_id, of, init_start, started_at, init_duration, ended_at, duration = facts
        log = cls(request_id, _no_clock, of)
        log.init_start = init_start
        log.start(started_at, init_duration)
        log.end(ended_at, duration)
        return log

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

    def written(self) -> str:
        """What the handler itself has written, without Lambda's own lines."""
        return "".join(event.message for event in self._written)

    def text(self) -> str:
        """The whole log."""
        return "".join(event.message for event in self.events())

    def tail(self) -> bytes:
        """The last 4 KB of what ``LogType="Tail"`` answers, which is all but the line of a new environment."""
        return self.text().removeprefix(self.init_start or "").encode("utf-8", "backslashreplace")[-TAIL:]

    def _start_line(self) -> tuple[str, str, dict[str, Any]]:
        version = self._settings[0]
        record = {"requestId": self.request_id, "version": version}
        return f"START RequestId: {self.request_id} Version: {version}\n", "platform.start", record

    def _end_lines(self, duration: float, init_duration: float | None) -> list[tuple[str, str, dict[str, Any]]]:
        memory_size = self._settings[1]
        milliseconds, used = duration * 1000, min(memory_size, _MEMORY_USED)
        billed = math.ceil(milliseconds)
        init = {} if init_duration is None else {"initDurationMs": round(init_duration * 1000, 3)}
        report = (
            f"REPORT RequestId: {self.request_id}\tDuration: {milliseconds:.2f} ms\tBilled Duration: {billed} ms\t"
            f"Memory Size: {memory_size} MB\tMax Memory Used: {used} MB\t"
            + (f"Init Duration: {init_duration * 1000:.2f} ms\t" if init_duration is not None else "")
            + "\n"
        )
        metrics = {"durationMs": round(milliseconds, 3), "billedDurationMs": billed, "memorySizeMB": memory_size}
        return [
            (f"END RequestId: {self.request_id}\n", "platform.runtimeDone", {"requestId": self.request_id, **self._status}),
            (report, "platform.report", {"requestId": self.request_id, "metrics": {**metrics, "maxMemoryUsedMB": used, **init}}),
        ]

    def _system(self, at: datetime, text: str, kind: str, record: Mapping[str, Any]) -> list[LogEvent]:
        """A line of Lambda's own in the function's format; in JSON only at the level that is configured."""
        if not self.in_json:
            return [LogEvent(at, text)]
        if not self._settings[3]:
            return []
        return [LogEvent(at, json.dumps({"time": timestamp(at), "type": kind, "record": record}, separators=(",", ":")) + "\n")]


def _no_clock() -> datetime:
    raise AssertionError("nothing is written to a log that has ended")


def _indented(line: str) -> str:
    """CloudWatch would drop leading blanks, so the runtime writes no-break spaces."""
    text = line.lstrip(" ")
    return "\u00a0" * (len(line) - len(text)) + text


def in_seconds(at: datetime) -> str:
    """A moment as records in JSON show it."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def timestamp(at: datetime) -> str:
    """A moment as Lambda's log lines show it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
