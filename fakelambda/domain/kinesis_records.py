"""Records of Kinesis: from the form of ``GetRecords`` to that of Lambda's events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fakelambda.domain.attribute_values import as_json
from fakelambda.domain.plain_events import plain_size
from fakelambda.domain.sources import Source, base64_of, seconds

_IN_EVENTS: Final = ("sequenceNumber", "approximateArrivalTimestamp", "partitionKey", "data")
_NAMES: Final = 400
"""Characters of a record that are the same for all, at most."""


def event_records(source: Source) -> Callable[[Mapping[str, Any]], tuple[dict[str, Any], int]]:
    """What makes the record of an event of a record of a stream, with its members in AWS's order, and tells its `plain_size`.

    It raises:
        ValueError: a record lacks what only substitutes could give.
    """
    arn, region, role_arn, shard_id, substitutes = source.arn, source.region, source.role_arn, source.shard_id, source.substitutes
    same = _NAMES + len(f"{arn}{region}{role_arn}{shard_id}")
    arrives = None if substitutes is None else _timestamp(substitutes.at)

    def event_record(record: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        given = record.get("kinesis")
        if given is None:
            kept: dict[str, Any] = {}
            sequence_number, arrival, partition_key = map(record.get, ("SequenceNumber", "ApproximateArrivalTimestamp", "PartitionKey"))
            data = base64_of(record.get("Data") or b"")
        else:
            kept = {name: value for name, value in record.items() if name != "kinesis"}
            sequence_number, arrival, partition_key, data = map(given.get, _IN_EVENTS)
            data = as_json(data or b"")
        if not sequence_number:
            sequence_number = source.instead_of("SequenceNumber").new_sequence_number()
        if not arrival and arrives is None:
            source.instead_of("ApproximateArrivalTimestamp")
        if role_arn is None and "invokeIdentityArn" not in kept:
            raise ValueError("A record of kinesis needs role_arn")
        if partition_key is None:
            partition_key = "1"
        members: dict[str, Any] = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": partition_key,
                "sequenceNumber": sequence_number,
                "data": data,
                "approximateArrivalTimestamp": _timestamp(arrival) if arrival else arrives,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{sequence_number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": role_arn,
            "awsRegion": region,
            "eventSourceARN": arn,
        }
        if given is not None:
            return members | kept, 0
        return members, plain_size(same, (data, partition_key, sequence_number, sequence_number))

    return event_record


def _timestamp(moment: Any) -> float:
    return round(seconds(moment), 3)
