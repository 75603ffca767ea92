"""The APIs of Kinesis and of DynamoDB streams, as far as reading goes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

DYNAMODB_RETENTION = timedelta(hours=24)
"""How long DynamoDB keeps the records of its streams; also what Kinesis does, if nothing else is configured."""


class StreamApi(ABC):
    """Reads one stream.

    Args:
        client: of the stream's service.

    Attributes:
        maximum: how many records one read returns at most.
        shards_end: whether the end of a shard can be told from its iterators alone, so that new shards need not be looked for before.
        sequence_number: the parameter that says where an iterator begins.
    """

    maximum: int
    shards_end: bool
    sequence_number: str

    def __init__(self, client: Any, **stream: str) -> None:
        self.client = client
        self._stream = stream

    @abstractmethod
    def shards(self) -> Iterator[Mapping[str, Any]]:
        """The shards as the service describes them."""

    @abstractmethod
    def retention(self) -> timedelta:
        """How long records are kept."""

    def iterator(self, shard_id: str, position: str, whence: Mapping[str, Any]) -> str:
        """From where to read a shard."""
        answer = self.client.get_shard_iterator(**self._stream, ShardId=shard_id, ShardIteratorType=position, **whence)
        return str(answer["ShardIterator"])

    def read(self, iterator: str, limit: int) -> Mapping[str, Any]:
        """The next records, and from where to read on."""
        answer: Mapping[str, Any] = self.client.get_records(ShardIterator=iterator, Limit=min(limit, self.maximum))
        return answer


class KinesisApi(StreamApi):
    """A stream of Kinesis, or a consumer of one."""

    maximum = 10_000
    shards_end = False  # not those of moto, which have moved their records to their children
    sequence_number = "StartingSequenceNumber"

    def __init__(self, client: Any, stream_arn: str) -> None:
        super().__init__(client, StreamName=stream_arn.split("/")[1])

    def shards(self) -> Iterator[Mapping[str, Any]]:
        """The shards as the service describes them."""
        for page in self.client.get_paginator("list_shards").paginate(**self._stream):
            yield from page["Shards"]

    def retention(self) -> timedelta:
        """How long records are kept."""
        return timedelta(hours=self.client.describe_stream_summary(**self._stream)["StreamDescriptionSummary"]["RetentionPeriodHours"])


class DynamoDBApi(StreamApi):
    """The stream of a table."""

    maximum = 1000
    shards_end = True
    sequence_number = "SequenceNumber"

    def __init__(self, client: Any, stream_arn: str) -> None:
        super().__init__(client, StreamArn=stream_arn)

    def shards(self) -> Iterator[Mapping[str, Any]]:
        """The shards as the service describes them."""
        start: dict[str, str] = {}
        while True:
            description = self.client.describe_stream(**self._stream, **start)["StreamDescription"]
            yield from description["Shards"]
            if "LastEvaluatedShardId" not in description:
                return
            start = {"ExclusiveStartShardId": description["LastEvaluatedShardId"]}

    def retention(self) -> timedelta:
        """How long records are kept."""
        return DYNAMODB_RETENTION
