"""Tumbling windows: which one a record belongs to, and what state it hands on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain.tumbling_windows import MAXIMUM_STATE, Window, after, window_of

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "length", "start", "end"),
    [(0, 30, 0, 30), (29.999, 30, 0, 30), (30, 30, 30, 60), (59, 60, 0, 60)],
)
def test_windows_begin_at_multiples_of_their_length(second: float, length: int, start: int, end: int) -> None:
    window = window_of(START + timedelta(seconds=second), length)
    assert (window.start, window.end) == (START + timedelta(seconds=start), START + timedelta(seconds=end))


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)), st.integers(1, 900))
def test_every_moment_has_a_window(at: datetime, seconds: int) -> None:
    window = window_of(at, seconds)
    assert window.start <= at < window.end == window.start + timedelta(seconds=seconds)


WINDOW = Window(START, START + timedelta(seconds=30), {"n": 1})


@pytest.mark.parametrize(
    ("response", "state"),
    [
        ({"state": {"n": 2}}, {"n": 2}),
        ({"state": {}}, {}),
        ({"state": None}, {}),
        ({"state": [1]}, {}),
        ({}, {}),
        (None, {}),
        ("text", {}),
        ({"state": {"x": "x" * (MAXIMUM_STATE - 8)}}, {"x": "x" * (MAXIMUM_STATE - 8)}),
    ],
)
def test_the_state_is_what_the_function_returned_last(response: Any, state: dict[str, Any]) -> None:
    assert after(WINDOW, response) == Window(WINDOW.start, WINDOW.end, state)


def test_a_state_that_is_too_large_ends_the_window_and_is_not_kept() -> None:
    assert after(WINDOW, {"state": {"x": "x" * (MAXIMUM_STATE - 7)}}) == Window(
        WINDOW.start, WINDOW.end, {"n": 1}, is_terminated_early=True
    )
