"""What a failed expectation says: what was wanted, and what came closest to it."""

from __future__ import annotations

import difflib
import pprint
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from fakelambda.inspection.blobs import readable
from fakelambda.inspection.records import ApiCall, Invocation
from fakelambda.inspection.selection import Selection, mismatches, read

_MOST_SHOWN = 5
_WIDTH = 100


def unmet(
    records: Selection[Invocation] | Selection[ApiCall], what: str, key: str, wanted: Mapping[str, Any], times: int | None
) -> str | None:
    """Why an expectation is not met; None where it is.

    Args:
        records: all that happened.
        what: the verb, such as ``"invoked"``.
        key: the field whose value names the subject, such as ``"function_name"``.
        wanted: values of fields.
        times: how often; None for at least once.

    Raises:
        TypeError: a record has no such field.
    """
    found: list[Any] = list(records.filter(**wanted))
    if (times is None and found) or len(found) == times:
        return None
    subject = wanted[key]
    details = ", ".join(f"{name}={value!r}" for name, value in wanted.items() if name != key)
    often = "at least once" if times is None else _often(times)
    lines = [f"{subject} was to be {what} {often}{f' with {details}' if details else ''}, and was so {_often(len(found))}."]
    if found:
        lines += ["These were:", *_numbered(found)]
    others = [record for record in records if record not in found and read(record, key) == subject]
    if others and (times is None or len(found) < times):
        lines.append("Closest to it came:")
        for place, record in enumerate(sorted(others, key=lambda record: len(mismatches(record, wanted)))[:_MOST_SHOWN], 1):
            lines += _near_miss(place, record, wanted)
        lines += [f"  ... and {len(others) - _MOST_SHOWN} more."] if len(others) > _MOST_SHOWN else []
    elif not found:
        lines.append(_others(records, what, key))
    return "\n".join(lines)


def _often(times: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(times, f"{times} times")


def _numbered(records: Iterable[Any]) -> list[str]:
    lines = [f"  {place}. {record!r}" for place, record in enumerate(records, 1)]
    return lines[:_MOST_SHOWN] + ([f"  ... and {len(lines) - _MOST_SHOWN} more."] if len(lines) > _MOST_SHOWN else [])


def _near_miss(place: int, record: Any, wanted: Mapping[str, Any]) -> list[str]:
    lines = [f"  {place}. {record!r}"]
    for name in mismatches(record, wanted):
        expected, value = wanted[name], read(record, name)
        lines.append(f"     {name} differs:")
        lines += [f"       {line}" for line in difflib.ndiff(_pretty(expected), _pretty(value)) if not line.startswith("?")]
    return lines


def _pretty(value: Any) -> list[str]:
    return pprint.pformat(readable(value), width=_WIDTH, sort_dicts=False).splitlines()


def _others(records: Iterable[Any], what: str, key: str) -> str:
    counted = Counter(str(read(record, key)) for record in records)
    if not counted:
        return f"Nothing was {what} at all."
    return f"{what.capitalize()} were: {', '.join(f'{name} {_often(count)}' for name, count in counted.most_common())}."
