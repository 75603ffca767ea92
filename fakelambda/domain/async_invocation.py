"""Asynchronous events: how often and how long AWS tries, and what it then says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from fakelambda.domain.event_invoke import EventInvokeConfig

Condition = Literal["Success", "RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"]

_MAXIMUM_RETRY_ATTEMPTS = 2
_MAXIMUM_EVENT_AGE = timedelta(hours=6)
_RETRY_INTERVAL = timedelta(minutes=1)
_FIRST_BACK_OFF, _LONGEST_BACK_OFF = timedelta(seconds=1), timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Again:
    """The event goes back into the queue.

    Args:
        delay: until its next attempt.
    """

    delay: timedelta


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing more is tried.

    Args:
        condition: AWS's word for why.
    """

    condition: Condition


def after_an_error(config: EventInvokeConfig | None, attempts: int, age: timedelta) -> Again | Over:
    """What follows when the function has failed.

    Args:
        config: of the qualifier that was invoked; None where there is none.
        attempts: how often the function has run for this event, this time included.
        age: since the event was queued.
    """
    retries = None if config is None else config.maximum_retry_attempts
    if attempts > (_MAXIMUM_RETRY_ATTEMPTS if retries is None else retries):
        return Over("RetriesExhausted")
    return _unless_too_old(config, age, _RETRY_INTERVAL * attempts)


def after_a_throttle(config: EventInvokeConfig | None, throttles: int, age: timedelta) -> Again | Over:
    """What follows when the function could not run: that uses up no retry.

    Args:
        config: as for `after_an_error`.
        throttles: how often in a row that was so.
        age: since the event was queued.
    """
    doublings = min(throttles - 1, 16)  # enough for the longest
    return _unless_too_old(config, age, min(_FIRST_BACK_OFF * 2**doublings, _LONGEST_BACK_OFF))


def _unless_too_old(config: EventInvokeConfig | None, age: timedelta, delay: timedelta) -> Again | Over:
    seconds = None if config is None else config.maximum_event_age_in_seconds
    maximum = _MAXIMUM_EVENT_AGE if seconds is None else timedelta(seconds=seconds)
    # AWS looks ahead: it waits for no attempt that would come too late. One just at the limit does, as attempts take time there.
    return Over("EventAgeExceeded") if age + delay >= maximum else Again(delay)
