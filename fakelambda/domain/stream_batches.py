"""Batches of a stream: how AWS tries them again, splits them, and gives them up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import md5
from typing import Final, Generic, Literal, TypeVar

Record = TypeVar("Record")
Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]

ENDLESSLY: Final = -1
"""``MaximumRetryAttempts`` and ``MaximumRecordAgeInSeconds`` without a limit."""
_FIRST_BACK_OFF: Final = timedelta(seconds=0.25)  # AWS made 8 attempts in a minute [recorded], which doubling from here gives
_LONGEST_BACK_OFF: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Batch(Generic[Record]):
    """Records that are given to the function together, and what has become of that so far.

    Args:
        invocations: how often the function has run with them.
        retries: how many of its failures count.
        refusals: how often in a row it could not run at all.
    """

    records: tuple[Record, ...]
    invocations: int = 0
    retries: int = 0
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class Next(Generic[Record]):
    """What follows a failure.

    Args:
        batches: to be tried, one after the other.
        given_up: records that are not tried again; None where all are.
        delay: until the first of them is tried.
    """

    batches: tuple[Batch[Record], ...]
    given_up: Batch[Record] | None = None
    delay: timedelta = timedelta(0)


def after_failure(batch: Batch[Record], first_failed: int, *, maximum_retry_attempts: int, bisect: bool) -> Next[Record]:
    """What follows when a function has failed.

    What stands before the first failed record is done with. A batch that can be split is split instead of using up a retry.

    Args:
        batch: as the function was given it.
        first_failed: the place of the first record that failed; 0 for the whole batch.
        maximum_retry_attempts: ``ENDLESSLY``, or how many failures are tried again.
        bisect: ``BisectBatchOnFunctionError``.
    """
    rest = replace(batch, records=batch.records[first_failed:], invocations=batch.invocations + 1, refusals=0)
    delay = _back_off(rest.invocations)
    if bisect and first_failed:
        return Next((rest,), delay=delay)
    if bisect and len(rest.records) > 1:
        middle = len(rest.records) // 2
        return Next((replace(rest, records=rest.records[:middle]), replace(rest, records=rest.records[middle:])), delay=delay)
    if maximum_retry_attempts != ENDLESSLY and rest.retries >= maximum_retry_attempts:
        return Next((), given_up=rest)
    return Next((replace(rest, retries=rest.retries + 1),), delay=delay)


def after_refusal(batch: Batch[Record]) -> Next[Record]:
    """What follows when the function could not run, as no concurrency was left: that uses up no retry."""
    refused = replace(batch, refusals=batch.refusals + 1)
    return Next((refused,), delay=_back_off(refused.refusals))


def _back_off(tries: int) -> timedelta:
    doublings = min(tries - 1, 16)  # enough for the longest
    return min(_FIRST_BACK_OFF * (1 << doublings), _LONGEST_BACK_OFF)


def without_expired(batch: Batch[Record], ages: Iterable[timedelta], maximum: timedelta) -> tuple[Batch[Record] | None, Batch[Record]]:
    """The records at the beginning of a batch that are too old, None where none is; and the rest.

    Args:
        ages: of the records, the oldest first; asked only as far as they matter.
        maximum: how old they may be.
    """
    expired = next((place for place, age in enumerate(ages) if age <= maximum), len(batch.records))
    if not expired:
        return None, batch
    return replace(batch, records=batch.records[:expired]), replace(batch, records=batch.records[expired:])


def lane_of(key: str, lanes: int) -> int:
    """Which of the batches that are processed beside each other takes a record: always the same for the same key.

    Args:
        key: what keeps records in order, such as a partition key.
        lanes: ``ParallelizationFactor``.
    """
    return 0 if lanes == 1 else int.from_bytes(md5(key.encode(), usedforsecurity=False).digest()[:8]) % lanes
