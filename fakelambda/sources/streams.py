"""Streams of Kinesis and DynamoDB, polled shard by shard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.domain.source_records import item_identifier
from fakelambda.operations.call import Service
from fakelambda.sources.lanes import Lane
from fakelambda.sources.mapped import passing
from fakelambda.sources.ordered import Ordered
from fakelambda.sources.stream_apis import DYNAMODB_RETENTION, DynamoDBApi, KinesisApi, StreamApi

_MOST_WAITING = 10_000
_APIS = {"kinesis": ("kinesis", KinesisApi), "dynamodb": ("dynamodbstreams", DynamoDBApi)}


@dataclass(slots=True)
class _Shard:
    """A shard, and how far it has been read.

    Args:
        parents: the shards that it follows.
        position, whence: where the next iterator begins.
        iterator: from where to read on; None before the first read, and where it has expired.
        is_closed: whether nothing more is written to it.
        has_ended: whether all of it has been read.
    """

    shard_id: str
    parents: tuple[str, ...]
    position: str = "TRIM_HORIZON"
    whence: Mapping[str, Any] = field(default_factory=dict)
    iterator: str | None = None
    is_closed: bool = False
    has_ended: bool = False


class StreamPoller(Ordered):
    """Reads the shards of one stream for one mapping, each after those that it follows."""

    def __init__(self, service: Service, mapping: EventSourceMapping) -> None:
        super().__init__(service, mapping)
        self._shards: dict[str, _Shard] = {}
        self._has_begun = False
        self._kept_for = DYNAMODB_RETENTION

    def snapshot(self) -> dict[str, Any]:
        """What it knows of its source, and what waits in its lanes."""
        return {**super().snapshot(), "_shards": {shard_id: replace(shard) for shard_id, shard in self._shards.items()}}

    def restore(self, kept: dict[str, Any]) -> None:
        """Knows again what it knew; the source itself stays as it is, so that records come again."""
        super().restore({**kept, "_shards": {shard_id: replace(shard) for shard_id, shard in kept["_shards"].items()}})

    def begin(self) -> None:
        """Takes up the starting position in the shards that there are."""
        mapping, api = self.mapping, self._api()
        if mapping is None or api is None:
            return
        with self.asking(api.client):
            self._kept_for = api.retention()
            self._find_shards(mapping, api)
            for shard in self._shards.values() if mapping.starting_position == "LATEST" else ():
                shard.has_ended, shard.position = shard.is_closed, "LATEST"
                shard.iterator = None if shard.is_closed else api.iterator(shard.shard_id, shard.position, {})
            self._has_begun = True

    def poll(self) -> bool:
        """Reads what there is, and adds an entry for every lane that has a batch."""
        mapping = self.enabled_mapping
        if mapping is None:
            return False
        if not self._has_begun:
            self.begin()  # nobody answered before
        api = self._api()
        if api is not None and self._has_begun:
            with self.asking(api.client):
                self._read(mapping, api)
        return self._start(mapping)

    def _retention(self) -> timedelta:
        return self._kept_for

    def _api(self) -> StreamApi | None:
        service, api = _APIS[self._latest.service]
        client = self.client(service)
        return None if client is None else api(client, str(self._latest.event_source_arn))

    def _find_shards(self, mapping: EventSourceMapping, api: StreamApi) -> None:
        for described in api.shards():
            shard = self._shards.get(described["ShardId"])
            if shard is None:
                parents = tuple(described[name] for name in ("ParentShardId", "AdjacentParentShardId") if described.get(name))
                shard = self._shards[described["ShardId"]] = _Shard(described["ShardId"], parents)
                if mapping.starting_position == "AT_TIMESTAMP":
                    shard.position, shard.whence = "AT_TIMESTAMP", {"Timestamp": mapping.starting_position_timestamp}
            shard.is_closed = "EndingSequenceNumber" in described["SequenceNumberRange"]

    def _read(self, mapping: EventSourceMapping, api: StreamApi) -> None:
        if not api.shards_end or any(shard.has_ended for shard in self._shards.values()):
            self._find_shards(mapping, api)
        for shard in list(self._shards.values()):
            if not shard.has_ended and all(self._is_done_with(parent) for parent in shard.parents):
                self._read_shard(mapping, api, shard)

    def _is_done_with(self, shard_id: str) -> bool:
        shard = self._shards.get(shard_id)
        return shard is None or (shard.has_ended and all(lane.is_idle for lane in self._lanes.get(shard_id, ())))

    def _read_shard(self, mapping: EventSourceMapping, api: StreamApi, shard: _Shard) -> None:
        """Reads on until every lane that is free has a batch, or nothing is left."""
        with self._lock:
            lanes = self._lanes_of(mapping, shard.shard_id)
        while self._has_room(mapping, lanes):
            if shard.iterator is None:
                shard.iterator = api.iterator(shard.shard_id, shard.position, shard.whence)
            try:
                answer = api.read(shard.iterator, mapping.batch_size * len(lanes))
            except api.client.exceptions.ExpiredIteratorException:
                shard.iterator = None
                continue
            made = self.event_records(mapping, answer["Records"], shard.shard_id)
            if made.records:
                shard.position = "AFTER_SEQUENCE_NUMBER"
                shard.whence = {api.sequence_number: item_identifier(mapping.service, made.records[-1])}
            self._take_in(mapping, passing(mapping, made), shard.shard_id)
            shard.iterator = answer.get("NextShardIterator")
            shard.has_ended = shard.iterator is None
            if not answer["Records"] and not answer.get("MillisBehindLatest"):
                shard.has_ended = shard.has_ended or shard.is_closed
                return
            if shard.has_ended:
                return

    def _has_room(self, mapping: EventSourceMapping, lanes: list[Lane]) -> bool:
        if len(lanes) != (mapping.parallelization_factor or 1):
            return False  # what was read for other lanes comes first
        elapsed = self._service.world.elapsed
        with self._lock:
            waits = sum(len(lane.waiting) for lane in lanes) >= _MOST_WAITING
            return not waits and any(lane.is_free(elapsed) and len(lane.waiting) < mapping.batch_size for lane in lanes)
