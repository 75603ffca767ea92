"""What builders of events agree on: when, where and by whom, unless a test says it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

REGION: Final = "us-east-1"
ACCOUNT_ID: Final = "123456789012"
AT: Final = datetime(2026, 1, 1, tzinfo=UTC)


def moment(at: datetime | None) -> datetime:
    """When an event came to be, in UTC.

    Raises:
        ValueError: the datetime does not say its time zone, so that it would depend on the machine's.
    """
    if at is None:
        return AT
    if at.tzinfo is None:
        raise ValueError(f"at is an aware datetime, such as datetime(2026, 3, 1, tzinfo=UTC), not {at!r}")
    return at.astimezone(UTC)


def id_of(number: int) -> str:
    """A UUID: that of the first, second, ... thing that needs one, counted from 1."""
    return f"00000000-0000-4000-8000-{number:012d}"


def as_text(value: Any) -> str:
    """Text as it is; everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def as_json(value: Any) -> Any:
    """A value as it comes through JSON, so that an event shares nothing with what it is built of."""
    return json.loads(json.dumps(value))


def iso(at: datetime, timespec: str = "milliseconds") -> str:
    """A moment in UTC as most services write it, such as ``2026-01-01T00:00:00.000Z``."""
    return at.isoformat(timespec=timespec).replace("+00:00", "Z")
