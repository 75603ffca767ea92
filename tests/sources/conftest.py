"""A frozen clock, moto, and a fake: sources whose time moves with the fake's."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from freezegun import freeze_time
from moto import mock_aws

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = "us-east-1:123456789012"


class Source:
    """A function with something to map it to.

    Attributes:
        batches: what the function was given: each time the records, as `read` tells them.
        answer: makes the function's answer of the records; may raise.
    """

    def __init__(self, fake: FakeLambda, read: Callable[[dict[str, Any]], Any]) -> None:
        self.fake, self.client, self.read = fake, fake.client(), read
        self.batches: list[list[Any]] = []
        self.answer: Callable[[list[Any]], Any] = lambda records: None
        fake.add_function("orders", self.handle)

    def handle(self, event: dict[str, Any], _: Any) -> Any:
        records = [self.read(record) for record in event["Records"]]
        self.batches.append(records)
        return self.answer(records)

    def map(self, source_arn: str, **parameters: Any) -> str:
        """Maps the source to the function; the mapping's UUID."""
        mapping = self.client.create_event_source_mapping(
            **{"FunctionName": "orders", "EventSourceArn": source_arn, **parameters},
        )
        return str(mapping["UUID"])


class Queue(Source):
    """A queue of moto's whose messages tell their body."""

    def __init__(self, fake: FakeLambda, name: str = "orders", **attributes: str) -> None:
        super().__init__(fake, lambda record: record["body"])
        self.sqs = boto3.client("sqs", "us-east-1")
        attributes = {**({"FifoQueue": "true"} if name.endswith(".fifo") else {}), **attributes}
        self.url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.arn = f"arn:aws:sqs:{HERE}:{name}"
        self.sent = 0

    def send(self, *bodies: str, group: str | None = None, **more: Any) -> None:
        for start in range(0, len(bodies), 10):
            entries = []
            for body in bodies[start : start + 10]:
                self.sent += 1
                order = {} if group is None else {"MessageGroupId": group, "MessageDeduplicationId": str(self.sent)}
                entries.append({"Id": str(self.sent), "MessageBody": body, **order, **more})
            self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def left(self) -> int:
        """How many messages are in the queue, hidden ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)


class Stream(Source):
    """A stream of moto's Kinesis whose records tell their data."""

    def __init__(self, fake: FakeLambda, name: str = "orders", shards: int = 1) -> None:
        super().__init__(fake, lambda record: b64decode(record["kinesis"]["data"]).decode())
        self.kinesis = boto3.client("kinesis", "us-east-1")
        self.kinesis.create_stream(StreamName=name, ShardCount=shards)
        self.name, self.arn = name, f"arn:aws:kinesis:{HERE}:stream/{name}"

    def put(self, *data: str, key: str = "key") -> None:
        self.kinesis.put_records(StreamName=self.name, Records=[{"Data": item.encode(), "PartitionKey": key} for item in data])

    def map(self, source_arn: str, **parameters: Any) -> str:
        return super().map(source_arn, **{"StartingPosition": "TRIM_HORIZON", **parameters})


@pytest.fixture(scope="session")
def queue_type() -> type[Queue]:
    return Queue


@pytest.fixture(scope="session")
def stream_type() -> type[Stream]:
    return Stream


@pytest.fixture
def queue(fake: FakeLambda) -> Queue:
    return Queue(fake)


@pytest.fixture
def stream(fake: FakeLambda) -> Stream:
    return Stream(fake)


@pytest.fixture
def clock() -> Iterator[Any]:
    with freeze_time("2026-03-01T12:00:00Z") as frozen:
        yield frozen


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")  # moto does not know the endpoints of accounts
    with mock_aws():
        yield


@pytest.fixture
def fake(clock: Any, aws: None) -> Iterator[FakeLambda]:
    with FakeLambda() as active:
        yield active
