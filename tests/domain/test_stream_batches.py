"""Batches of a stream: what follows a failure, and which records stay together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain.stream_batches import ENDLESSLY, Batch, after_failure, after_refusal, lane_of, without_expired


def batch(records: str, invocations: int = 0, retries: int = 0) -> Batch[str]:
    return Batch(tuple(records), invocations, retries)


@pytest.mark.parametrize(
    ("before", "first_failed", "settings", "batches", "given_up"),
    [
        (batch("abcd"), 0, {}, [batch("abcd", 1, 1)], None),
        (batch("abcd"), 2, {}, [batch("cd", 1, 1)], None),
        (batch("abcd", 9, 9), 3, {}, [batch("d", 10, 10)], None),
        (batch("abcd"), 0, {"maximum_retry_attempts": 0}, [], batch("abcd", 1)),
        (batch("abcd", 2, 2), 1, {"maximum_retry_attempts": 2}, [], batch("bcd", 3, 2)),
        (batch("abcd", 1, 1), 1, {"maximum_retry_attempts": 2}, [batch("bcd", 2, 2)], None),
        (batch("abcd"), 0, {"bisect": True, "maximum_retry_attempts": 0}, [batch("ab", 1), batch("cd", 1)], None),
        (batch("abc"), 0, {"bisect": True}, [batch("a", 1), batch("bc", 1)], None),
        (batch("abcd"), 1, {"bisect": True, "maximum_retry_attempts": 0}, [batch("bcd", 1)], None),
        (batch("a", 3), 0, {"bisect": True, "maximum_retry_attempts": 1}, [batch("a", 4, 1)], None),
        (batch("a", 4, 1), 0, {"bisect": True, "maximum_retry_attempts": 1}, [], batch("a", 5, 1)),
        (batch(""), 0, {"bisect": True}, [batch("", 1, 1)], None),
    ],
)
def test_what_follows_a_failure(
    before: Batch[str], first_failed: int, settings: dict[str, Any], batches: list[Batch[str]], given_up: Batch[str] | None
) -> None:
    following = after_failure(before, first_failed, **{"maximum_retry_attempts": ENDLESSLY, "bisect": False, **settings})
    assert (list(following.batches), following.given_up) == (batches, given_up)


@given(st.integers(1, 100), st.integers(0, 99), st.integers(ENDLESSLY, 3), st.booleans())
def test_no_record_is_forgotten(size: int, first_failed: int, maximum: int, bisect: bool) -> None:  # noqa: FBT001 - hypothesis passes it
    records = tuple(range(size))
    following = after_failure(Batch(records), first_failed % size, maximum_retry_attempts=maximum, bisect=bisect)
    left = [record for each in following.batches for record in each.records] + list((following.given_up or Batch(())).records)
    assert tuple(left) == records[first_failed % size :]


def test_back_off_doubles_to_a_minute() -> None:
    refused: list[Batch[str]] = [Batch((), refusals=refusals) for refusals in range(12)]
    delays = [after_refusal(each).delay.total_seconds() for each in refused]
    assert delays == [0.25, 0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    failed = after_failure(Batch(("a",), invocations=40_000), 0, maximum_retry_attempts=ENDLESSLY, bisect=False)
    assert failed.delay == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ages", "expired", "rest"),
    [([1, 1], "", "ab"), ([10, 10], "", "ab"), ([11, 10], "a", "b"), ([99, 11], "ab", ""), ([], "", "")],
)
def test_what_is_too_old_stands_at_the_beginning(ages: list[int], expired: str, rest: str) -> None:
    old, young = without_expired(batch("ab"[: len(ages)]), [timedelta(seconds=age) for age in ages], timedelta(seconds=10))
    assert ("".join(old.records) if old else "", "".join(young.records)) == (expired, rest)


@given(st.text(), st.integers(1, 10))
def test_a_key_has_one_lane(key: str, lanes: int) -> None:
    assert 0 <= lane_of(key, lanes) == lane_of(key, lanes) < lanes


def test_keys_spread_over_the_lanes() -> None:
    assert {lane_of(str(key), 4) for key in range(40)} == {0, 1, 2, 3}
