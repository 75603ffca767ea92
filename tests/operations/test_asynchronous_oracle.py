"""Asynchronous events beside a small oracle of their own, under whatever hypothesis does to functions, configurations and the clock."""

from __future__ import annotations

import heapq
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakelambda import FakeLambda

NAMES = st.sampled_from(["orders", "bills"])
QUEUE = "arn:aws:sqs:us-east-1:123456789012:results"
EVERYTHING = {"OnSuccess": {"Destination": QUEUE}, "OnFailure": {"Destination": QUEUE}}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), NAMES, st.integers(0, 4)),
        st.tuples(st.just("advance"), st.sampled_from([0, 1, 30, 59, 60, 61, 120, 180, 7_200]), st.none()),
        st.tuples(
            st.just("configure"), NAMES, st.tuples(st.none() | st.integers(0, 2), st.none() | st.sampled_from([60, 90, 200, 21_600]))
        ),
        st.tuples(st.just("forbid"), NAMES, st.booleans()),
        st.tuples(st.just("replace"), NAMES, st.none()),
    ),
    max_size=25,
)


@dataclass
class Oracle:
    """What AWS's documentation says, with one list."""

    now: float = 0
    waiting: list[Any] = field(default_factory=list)
    configured: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    lives: dict[str, int] = field(default_factory=dict)
    ran: list[tuple[int, int, float]] = field(default_factory=list)
    ended: list[tuple[int, str, int]] = field(default_factory=list)
    arrivals: Any = field(default_factory=count)

    def send(self, name: str, number: int, failures: int) -> None:
        self.push(0, name, number, failures, 1, self.now)
        self.advance(0)

    def push(self, delay: float, name: str, *event: Any) -> None:
        life = self.lives.get(name, 0)
        heapq.heappush(self.waiting, (self.now + delay, next(self.arrivals), f"{name}/{life}", *event))

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self.waiting and self.waiting[0][0] <= end:
            due, _, target, number, failures, attempt, queued = heapq.heappop(self.waiting)
            self.now = max(self.now, due)
            name, life = target.split("/")
            if int(life) == self.lives.get(name, 0):
                self.attempt(name, number, failures, attempt, queued)
        self.now = end

    def attempt(self, name: str, number: int, failures: int, attempt: int, queued: float) -> None:
        retries, age = self.configured.get(name, (None, None))
        if name in self.forbidden:
            self.end(name, number, "ZeroReservedConcurrency", attempt - 1)
            return
        self.ran.append((number, attempt, self.now))
        if attempt > failures:
            self.end(name, number, "Success", attempt)
        elif attempt > (2 if retries is None else retries):
            self.end(name, number, "RetriesExhausted", attempt)
        elif self.now - queued + 60 * attempt >= (age or 21_600):
            self.end(name, number, "EventAgeExceeded", attempt)
        else:
            self.push(60 * attempt, name, number, failures, attempt + 1, queued)

    def end(self, name: str, number: int, condition: str, attempts: int) -> None:
        if name in self.configured:
            self.ended.append((number, condition, attempts))


def play(steps: list[tuple[str, Any, Any]], fake: FakeLambda, oracle: Oracle) -> None:
    """Does the same to both."""
    client, numbers = fake.client(), count()

    def handler(event: dict[str, int], _: Any) -> None:
        tried[event["number"]] = tried.get(event["number"], 0) + 1
        if tried[event["number"]] <= event["failures"]:
            raise ValueError

    tried: dict[int, int] = {}
    for name in ("orders", "bills"):
        fake.add_function(name, handler)
    for step, subject, detail in steps:
        if step == "send":
            number = next(numbers)
            payload = json.dumps({"number": number, "failures": detail})
            client.invoke(FunctionName=subject, InvocationType="Event", Payload=payload)
            oracle.send(subject, number, detail)
        elif step == "advance":
            fake.advance(subject)
            oracle.advance(subject)
        elif step == "configure":
            config = dict(zip(("MaximumRetryAttempts", "MaximumEventAgeInSeconds"), detail, strict=True))
            given = {name: value for name, value in config.items() if value is not None}
            client.put_function_event_invoke_config(FunctionName=subject, DestinationConfig=EVERYTHING, **given)
            oracle.configured[subject] = detail
        elif step == "forbid":
            if detail:
                client.put_function_concurrency(FunctionName=subject, ReservedConcurrentExecutions=0)
                oracle.forbidden.add(subject)
            else:
                client.delete_function_concurrency(FunctionName=subject)
                oracle.forbidden.discard(subject)
        else:
            client.delete_function(FunctionName=subject)
            fake.add_function(subject, handler)
            oracle.lives[subject] = oracle.lives.get(subject, 0) + 1
            oracle.configured.pop(subject, None)
            oracle.forbidden.discard(subject)
    fake.drain()
    oracle.advance(10**6)


def history(fake: FakeLambda, began: datetime) -> tuple[list[Any], list[Any]]:
    """What the fake's records say, in the oracle's words."""
    ran = [(run.event["number"], run.attempt, (run.started_at - began).total_seconds()) for run in fake.invocations]
    records = [json.loads(delivery.body) for delivery in fake.deliveries]
    contexts = [(record["requestPayload"]["number"], record["requestContext"]) for record in records]
    return ran, [(number, context["condition"], context["approximateInvokeCount"]) for number, context in contexts]


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_every_event_ends_once_as_its_configuration_says(steps: list[tuple[str, Any, Any]]) -> None:
    from freezegun import freeze_time  # noqa: PLC0415 - an extra; the clock stands, so that what the oracle counts is all that passes

    with freeze_time("2026-03-01"):
        began, histories = datetime.now(UTC), []
        for _ in range(2):
            oracle = Oracle()
            with freeze_time("2026-03-01"), FakeLambda(seed=7) as fake:
                play(steps, fake, oracle)
                histories.append((history(fake, began), [run.request_id for run in fake.invocations]))
            assert histories[-1][0] == (oracle.ran, oracle.ended)
            assert fake.pending == []
        assert histories[0] == histories[1]  # the same seed, the same history
