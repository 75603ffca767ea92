"""The story of a fake, to be read: what clients called, what ran, what was sent, in order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from fakelambda.inspection.blobs import readable
from fakelambda.inspection.records import ApiCall, Delivery, Invocation

_WIDTH = 120
_SUBJECT = ("FunctionName", "Qualifier", "Name")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ENTITIES = str.maketrans({"#": "#35;", ";": "#59;"})
_MARGIN = " " * len("00:00:00.000 ")
_INDENT = "  "


Record: TypeAlias = ApiCall | Invocation | Delivery


class _Entry(NamedTuple):
    place: int
    depth: int
    record: Record


def timeline(calls: Iterable[ApiCall], invocations: Iterable[Invocation], deliveries: Iterable[Delivery]) -> str:
    """One line for each call, invocation and delivery; beneath an invocation what its handler wrote."""
    calls, lines = list(calls), []
    shows_home = len({(call.region, call.account_id) for call in calls}) > 1
    day = None
    for _, depth, record in _entries(calls, invocations, deliveries):
        at = record.started_at if isinstance(record, Invocation) else record.at
        if at is not None and at.date() != day:
            day = at.date()
            lines.append(f"{day.isoformat()}")
        time = _MARGIN if at is None else f"{at:%H:%M:%S}.{at.microsecond // 1000:03} "
        home = f" [{record.region}, {record.account_id}]" if shows_home and isinstance(record, ApiCall) else ""
        lines.append(f"{time}{_INDENT * depth}{_line(record)}{home}")
        if isinstance(record, Invocation):
            lines += [f"{_MARGIN}{_INDENT * depth}  | {line}" for line in record.log.written().replace("\u00a0", " ").splitlines() if line]
    return "\n".join(map(_legible, lines))


def sequence_diagram(calls: Iterable[ApiCall], invocations: Iterable[Invocation], deliveries: Iterable[Delivery]) -> str:
    """The invocations and deliveries as a Mermaid sequence diagram; other calls are notes."""
    calls, invocations = list(calls), list(invocations)
    functions = {invocation.request_id: invocation.function_name for invocation in invocations}
    callers = {call.request_id: functions.get(call.made_in or "", "test") for call in calls}
    rows = ["sequenceDiagram", "    participant test"]
    for _, _, record in _entries(calls, invocations, deliveries):
        if isinstance(record, Invocation):
            name, caller = record.function_name, callers.get(record.request_id, "Lambda")
            arrow, back = ("->>", "-->>") if record.invocation_type == "RequestResponse" else ("-)", "--)")
            again = f", attempt {record.attempt}" if record.attempt > 1 else ""
            rows.append(f"    {_name(caller)}{arrow}{_name(name)}: {_mermaid(f'{_short(record.event)}{again}')}")
            rows.append(f"    {_name(name)}{back}{_name(caller)}: {_mermaid(f'version {record.executed_version}: {_came_to(record)}')}")
        elif isinstance(record, Delivery):
            rows.append(f"    Lambda-){_name(record.target_arn.split(':')[-1])}: {_mermaid(_sent(record))}")
        elif record.operation != "Invoke" or record.error is not None:
            rows.append(f"    Note over {_name(functions.get(record.made_in or '', 'test'))}: {_mermaid(_call(record))}")
    return "\n".join(map(_legible, rows)) + "\n"


def _entries(calls: Iterable[ApiCall], invocations: Iterable[Invocation], deliveries: Iterable[Delivery]) -> Iterator[_Entry]:
    """Everything in the order of its beginning, with how deep it happened inside of something else."""
    depths: dict[tuple[str, str], int] = {}
    records: list[Record] = [*calls, *invocations, *deliveries]
    for record in sorted(records, key=lambda record: record.place):
        depth = 0
        if isinstance(record, ApiCall):
            depth = depths.get(("invocation", record.made_in or ""), -1) + 1
            depths["call", record.request_id] = depth
        elif isinstance(record, Invocation):
            if record.invocation_type == "RequestResponse":
                depth = depths.get(("call", record.request_id), -1) + 1
            depths["invocation", record.request_id] = depth
        yield _Entry(record.place, depth, record)


def _line(record: Record) -> str:
    if isinstance(record, ApiCall):
        return _call(record)
    if isinstance(record, Delivery):
        return f"delivery to {record.target_arn}: {_sent(record)}"
    asked = f"{record.function_name}:{record.qualifier}" if record.qualifier else record.function_name
    how = [f"version {record.executed_version}", f"{record.duration:.3f} s"]
    how += ["cold start"] if record.cold_start else []
    how += [f"attempt {record.attempt}"] if record.attempt > 1 else []
    return f"{asked} ran ({', '.join(how)}): {_short(record.event)} -> {_came_to(record)}"


def _call(call: ApiCall) -> str:
    parameters = call.parameters
    subject = ":".join(str(parameters[name]) for name in _SUBJECT if parameters.get(name))
    others = {name: _read(value) for name, value in parameters.items() if name not in (*_SUBJECT, "Code")}
    tries = f", {call.attempts} attempts" if call.attempts > 1 else ""
    return " ".join(filter(None, (call.operation, subject, _short(others) if others else "", "->", f"{_answer(call)}{tries}")))


def _read(value: Any) -> Any:
    """A parameter as somebody reads it: an event that is JSON is no text."""
    try:
        return json.loads(value) if isinstance(value, bytes) else value
    except ValueError:
        return value


def _answer(call: ApiCall) -> str:
    error = call.error
    if isinstance(error, BaseException):
        return _repr(error)
    if error is not None:
        return _cut(f"{error['Error']['Code']}: {error['Error'].get('Message')}")
    response = call.response or {}
    return " ".join([str(response.get("StatusCode", "ok")), *([response["FunctionError"]] if "FunctionError" in response else [])])


def _came_to(invocation: Invocation) -> str:
    payload = invocation.error_payload
    if payload is None:
        return _short(invocation.result)
    return _cut(f"{payload.get('errorType')}: {payload.get('errorMessage')}")


def _sent(delivery: Delivery) -> str:
    refused = f", refused: {_repr(delivery.error)}" if delivery.error is not None else ""
    return f"{_cut(delivery.body)}{refused}"


def _short(value: Any) -> str:
    try:
        text = json.dumps(readable(value), default=_bytes, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = _repr(value)
    return _cut(text)


def _bytes(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else _repr(value)


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - the user's own __repr__ may raise anything, and the rest of the story is worth telling
        return object.__repr__(value)


def _legible(line: str) -> str:
    """A line that does to a terminal, and to whoever passes it on, no more than a line does: no colours, no other control characters."""
    plain = _COLOURS.sub("", line)
    if plain.isprintable():
        return plain
    return "".join(letter if letter.isprintable() or letter == "\t" else letter.encode("unicode_escape").decode() for letter in plain)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."


def _name(participant: str) -> str:
    return "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in participant)


def _mermaid(text: str) -> str:
    """Text that Mermaid does not take for its own syntax."""
    return text.translate(_ENTITIES)
