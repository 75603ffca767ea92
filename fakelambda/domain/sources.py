"""Where records come from: what Lambda knows of an event source beside its records, and how events write times and bytes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

FIRST_SHARD: Final = "shardId-000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitutes:
    """What stands for the members that a record lacks and its source would have given it.

    Args:
        new_id: makes the id of a message or an event.
        new_sequence_number: makes what numbers the records of a stream: digits, each number larger than the last.
        at: when the record came to be.
    """

    new_id: Callable[[], str]
    new_sequence_number: Callable[[], str]
    at: datetime


class Source(NamedTuple):
    """Where a record comes from, and what stands for what it lacks."""

    service: str
    arn: str
    role_arn: str | None
    shard_id: str
    batching_window: int
    substitutes: Substitutes | None

    @property
    def region(self) -> str:
        """That of the ARN; empty without one."""
        return region_of(self.arn)

    def instead_of(self, member: str) -> Substitutes:
        """What stands for a member that a record lacks.

        Raises:
            ValueError: nothing does.
        """
        if self.substitutes is None:
            raise ValueError(f"A record of {self.service} needs {member}")
        return self.substitutes


@lru_cache(maxsize=256)
def region_of(arn: str) -> str:
    """The region in an ARN; empty where there is none."""
    parts = arn.split(":", 4)
    return parts[3] if len(parts) == 5 else ""  # noqa: PLR2004 - the region is the fourth part, and something follows


def seconds(moment: datetime | float) -> float:
    """Since the epoch."""
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)


def milliseconds(moment: datetime) -> int:
    """Since the epoch."""
    return round(moment.timestamp() * 1000)


def base64_of(data: bytes | str) -> str:
    """Data as events hold it: base64 of its bytes, UTF-8 where it is text."""
    return b64encode(data.encode() if isinstance(data, str) else data).decode("ascii")
