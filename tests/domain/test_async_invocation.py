"""How often and how long AWS tries an asynchronous event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain.async_invocation import Again, Over, after_a_throttle, after_an_error
from fakelambda.domain.event_invoke import EventInvokeConfig

ATTEMPTS = st.none() | st.integers(0, 2)
AGES = st.none() | st.integers(60, 21_600)


def config(attempts: int | None = None, age: int | None = None) -> EventInvokeConfig:
    return EventInvokeConfig(
        last_modified=datetime(2026, 1, 1, tzinfo=UTC),
        maximum_retry_attempts=attempts,
        maximum_event_age_in_seconds=age,
        destination_config={"OnSuccess": {}, "OnFailure": {}},
    )


def seconds(decision: Again | Over) -> float | str:
    return decision.delay.total_seconds() if isinstance(decision, Again) else decision.condition


@pytest.mark.parametrize(
    ("configured", "attempts", "age", "follows"),
    [
        (None, 1, 0, 60),
        (None, 2, 60, 120),
        (None, 3, 180, "RetriesExhausted"),
        (config(0), 1, 0, "RetriesExhausted"),
        (config(1), 1, 0, 60),
        (config(1), 2, 60, "RetriesExhausted"),
        (config(2, 60), 1, 0, "EventAgeExceeded"),  # the retry would come at the limit
        (config(2, 90), 1, 0, 60),
        (config(2, 90), 2, 60, "EventAgeExceeded"),
        (config(None, 181), 2, 60, 120),
        (config(0, 60), 1, 0, "RetriesExhausted"),  # what is exhausted is not too old
    ],
)
def test_after_an_error(configured: EventInvokeConfig | None, attempts: int, age: int, follows: float | str) -> None:
    assert seconds(after_an_error(configured, attempts, timedelta(seconds=age))) == follows


def test_after_a_throttle_the_wait_doubles_from_a_second_to_five_minutes() -> None:
    waits = [seconds(after_a_throttle(None, number, timedelta(0))) for number in range(1, 12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert seconds(after_a_throttle(None, 10_000, timedelta(0))) == 300


@given(attempts=ATTEMPTS, age=AGES)
def test_every_event_is_over_in_time_and_has_no_more_attempts_than_configured(attempts: int | None, age: int | None) -> None:
    allowed, limit = 3 if attempts is None else attempts + 1, 21_600 if age is None else age
    at, made = timedelta(0), 1
    while isinstance(decision := after_an_error(config(attempts, age), made, at), Again):
        at, made = at + decision.delay, made + 1
        assert at < timedelta(seconds=limit)
    assert made <= allowed
    assert (decision.condition == "RetriesExhausted") == (made == allowed)


@given(age=AGES)
def test_throttles_end_by_age_alone(age: int | None) -> None:
    at, throttles = timedelta(0), 1
    while isinstance(decision := after_a_throttle(config(0, age), throttles, at), Again):
        at, throttles = at + decision.delay, throttles + 1
    assert decision == Over("EventAgeExceeded")
    assert at < timedelta(seconds=21_600 if age is None else age)
