"""What the records of ordered sources say of themselves: where they stand, when they arrived, what keeps them in order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from fakelambda.domain.sources import FIRST_SHARD

Record = Mapping[str, Any]
KAFKA: Final = ("kafka", "self-managed-kafka")


def by_shard(service: str, records: Iterable[Record], shard_id: str | None = None) -> dict[str, list[Record]]:
    """Records of events by the id of the shard that they come from; the partitions of Kafka, which share batches, count as one.

    Args:
        service: the source's, as its ARN names it.
        shard_id: of all of them; None where each tells its own.
    """
    if shard_id is not None or service != "kinesis":
        batch = list(records)
        return {shard_id or FIRST_SHARD: batch} if batch else {}
    shards: dict[str, list[Record]] = {}
    for record in records:
        shards.setdefault(str(record["eventID"]).rpartition(":")[0] or FIRST_SHARD, []).append(record)
    return shards


def partition_of(record: Record) -> str:
    """The topic and the partition of a record of Kafka, as events name them."""
    return f"{record['topic']}-{record['partition']}"


def ordering_key(service: str, record: Record) -> str:
    """What a record shares with those that it must not overtake, where a shard is processed in several lanes."""
    if service == "kinesis":
        return str(record["kinesis"]["partitionKey"])
    return json.dumps(record["dynamodb"]["Keys"], sort_keys=True) if service == "dynamodb" else ""


def arrived_at(service: str, record: Record) -> datetime | None:
    """When a record came to its source; None where the record does not tell."""
    match service:
        case "kinesis":
            seconds = record["kinesis"].get("approximateArrivalTimestamp")
        case "dynamodb":
            seconds = record["dynamodb"].get("ApproximateCreationDateTime")
        case "kafka" | "self-managed-kafka":
            milliseconds = record.get("timestamp")
            seconds = None if milliseconds is None else milliseconds / 1000
        case _:
            seconds = None
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)
