"""Whatever fails, and however often: nothing is lost, nothing comes twice without cause, and what is ordered stays in order."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.sources.conftest import Queue, Stream

_numbers = itertools.count()
REPORTING = ["ReportBatchItemFailures"]


@dataclass
class Consumer:
    """A function that lets each item fail as often as was planned, and keeps the book.

    Attributes:
        plan: how often each item fails.
        reports: whether it reports what fails, and all after it, instead of raising.
        deliveries: of each item, whether it was done with afterwards.
        batches: in turn.
    """

    plan: dict[str, int]
    reports: bool
    deliveries: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    batches: list[list[str]] = field(default_factory=list)

    def take(self, items: list[str], identifiers: list[str]) -> Any:
        self.batches.append(items)
        bad = [place for place, item in enumerate(items) if len(self.deliveries[item]) < self.plan[item]]
        first = min(bad, default=len(items)) if self.reports or not bad else 0
        for place, item in enumerate(items):
            assert True not in self.deliveries[item], f"{item} was done with"
            self.deliveries[item].append(place < first)
        if not self.reports and bad:
            raise ValueError(items)
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers[first:]]}

    def check_all_done(self) -> None:
        assert {item: seen[-1:] for item, seen in self.deliveries.items()} == {item: [True] for item in self.plan}

    def check_order(self, group_of: Callable[[str], str]) -> None:
        """Of each group an item is only ever delivered when all before it are done with, or come with it."""
        done: dict[str, int] = defaultdict(int)
        seen: dict[str, int] = defaultdict(int)
        for batch in self.batches:
            groups: dict[str, list[int]] = defaultdict(list)
            for item in batch:
                groups[group_of(item)].append(int(item[1:]))
            for group, numbers in groups.items():
                assert numbers == list(range(done[group], done[group] + len(numbers)))
            for item in batch:
                done[group_of(item)] += self.deliveries[item][seen[item]]
                seen[item] += 1


@pytest.fixture(params=["frozen", "real"])
def clocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        if request.param == "real":
            yield
        else:
            with freeze_time("2026-03-01T12:00:00Z"):
                yield


plans = st.lists(st.integers(0, 3), min_size=1, max_size=12)
pauses = st.lists(st.sampled_from([0, 1, 40]), max_size=3)


def test_queues(clocks: None, queue_type: type[Queue]) -> None:
    @settings(max_examples=settings().max_examples // 8, deadline=None)
    @given(plan=plans, size=st.sampled_from([1, 3, 10]), window=st.sampled_from([0, 5]), reports=st.booleans(), pauses=pauses)
    def check(*, plan: list[int], size: int, window: int, reports: bool, pauses: list[int]) -> None:
        consumer = Consumer({f"m{number}": failures for number, failures in enumerate(plan)}, reports)
        with FakeLambda() as fake:
            queue = queue_type(fake, f"orders{next(_numbers)}")
            fake.bind("orders", lambda event, context: _of_queue(consumer, event))
            queue.map(queue.arn, BatchSize=size, MaximumBatchingWindowInSeconds=window, FunctionResponseTypes=REPORTING if reports else [])
            _feed(fake, list(consumer.plan), pauses, lambda items: queue.send(*items))
            consumer.check_all_done()
            assert queue.left() == 0

    check()


def test_message_groups(clocks: None, queue_type: type[Queue]) -> None:
    @settings(max_examples=settings().max_examples // 8, deadline=None)
    @given(plans=st.lists(plans, min_size=1, max_size=3), size=st.sampled_from([1, 3, 10]), reports=st.booleans(), pauses=pauses)
    def check(*, plans: list[list[int]], size: int, reports: bool, pauses: list[int]) -> None:
        plan = {f"{group}{number}": failures for group, each in zip("abc", plans, strict=False) for number, failures in enumerate(each)}
        consumer = Consumer(plan, reports)
        with FakeLambda() as fake:
            queue = queue_type(fake, f"orders{next(_numbers)}.fifo")
            fake.bind("orders", lambda event, context: _of_queue(consumer, event))
            queue.map(queue.arn, BatchSize=size, FunctionResponseTypes=REPORTING if reports else [])

            def send(items: list[str]) -> None:
                for item in items:
                    queue.send(item, group=item[0])

            _feed(fake, sorted(plan, key=lambda item: (int(item[1:]), item[0])), pauses, send)
            consumer.check_all_done()
            consumer.check_order(lambda item: item[0])
            assert queue.left() == 0

    check()


def test_redrive(clocks: None, queue_type: type[Queue]) -> None:
    @settings(max_examples=settings().max_examples // 14, deadline=None)
    @given(plan=plans, most=st.integers(1, 3), size=st.sampled_from([1, 4]))
    def check(*, plan: list[int], most: int, size: int) -> None:
        consumer = Consumer({f"m{number}": failures for number, failures in enumerate(plan)}, reports=True)
        with FakeLambda() as fake:
            failed = queue_type(fake, f"failed{next(_numbers)}")
            fake.client().delete_function(FunctionName="orders")
            policy = json.dumps({"deadLetterTargetArn": failed.arn, "maxReceiveCount": most})
            queue = queue_type(fake, f"orders{next(_numbers)}", RedrivePolicy=policy)
            fake.bind("orders", lambda event, context: _of_queue(consumer, event))
            queue.map(queue.arn, BatchSize=size, FunctionResponseTypes=REPORTING)
            queue.send(*consumer.plan)
            fake.drain()
            lost = [item for item, seen in consumer.deliveries.items() if not seen[-1]]
            assert all(len(seen) <= most for seen in consumer.deliveries.values())
            assert (queue.left(), failed.left()) == (0, len(lost))

    check()


def test_shards(clocks: None, stream_type: type[Stream]) -> None:
    @settings(max_examples=settings().max_examples // 8, deadline=None)
    @given(
        plans=st.lists(plans, min_size=1, max_size=3),
        size=st.sampled_from([1, 3, 10]),
        window=st.sampled_from([0, 5]),
        factor=st.sampled_from([1, 2, 3]),
        bisect=st.booleans(),
        reports=st.booleans(),
        pauses=pauses,
    )
    def check(*, plans: list[list[int]], size: int, window: int, factor: int, bisect: bool, reports: bool, pauses: list[int]) -> None:
        plan = {f"{group}{number}": failures for group, each in zip("abc", plans, strict=False) for number, failures in enumerate(each)}
        consumer = Consumer(plan, reports)
        with FakeLambda() as fake:
            stream = stream_type(fake, f"orders{next(_numbers)}", shards=2)
            fake.bind("orders", lambda event, context: _of_stream(consumer, stream, event))
            stream.map(
                stream.arn,
                BatchSize=size,
                MaximumBatchingWindowInSeconds=window,
                ParallelizationFactor=factor,
                BisectBatchOnFunctionError=bisect,
                FunctionResponseTypes=REPORTING if reports else [],
            )

            def put(items: list[str]) -> None:
                for item in items:
                    stream.put(item, key=item[0])

            _feed(fake, sorted(plan, key=lambda item: (int(item[1:]), item[0])), pauses, put)
            consumer.check_all_done()
            consumer.check_order(lambda item: item[0])

    check()


def _of_queue(consumer: Consumer, event: Any) -> Any:
    return consumer.take([record["body"] for record in event["Records"]], [record["messageId"] for record in event["Records"]])


def _of_stream(consumer: Consumer, stream: Stream, event: Any) -> Any:
    numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    return consumer.take([stream.read(record) for record in event["Records"]], numbers)


def _feed(fake: FakeLambda, items: list[str], pauses: list[int], send: Callable[[list[str]], None]) -> None:
    """Sends items in as many parts as there are pauses, and lets everything come to its end."""
    parts = len(pauses) + 1
    for part, pause in zip(range(parts), (*pauses, 0), strict=True):
        send(items[len(items) * part // parts : len(items) * (part + 1) // parts])
        fake.advance(pause)
    fake.drain()
