"""What AWS sends when it gives up records of a stream."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fakelambda.domain.destinations import Message
from fakelambda.domain.source_records import item_identifier
from fakelambda.domain.stream_batches import Condition
from fakelambda.domain.stream_records import KAFKA, Record, arrived_at, partition_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Records that are not tried again.

    Args:
        request_id: of the last invocation.
        function_arn: as the mapping names the function.
        invocations: how often the function has run with them.
        executed_version: that of the last invocation; None where there was none.
        has_raised: whether that one ended with an error, rather than reporting its records.
        at: aware datetime.
        service: of the source.
        source: the ARN of the source; of self-managed Kafka its servers.
        records: as they stand in the event; not empty.
        mapping_id: the mapping's UUID.
        shard_id: where the records come from.
    """

    request_id: str
    function_arn: str
    condition: Condition
    invocations: int
    executed_version: str | None
    has_raised: bool
    at: datetime
    service: str
    source: str
    records: Sequence[Record]
    mapping_id: str
    shard_id: str


def to_destination(failure: Failure, destination: str, event: str, new_id: str) -> Message:
    """The record for the on-failure destination of a mapping.

    Args:
        destination: the ARN of a queue, a topic or a bucket.
        event: JSON of the event with the records, which only a bucket gets.
        new_id: for the key of an object.
    """
    record: dict[str, Any] = {
        "requestContext": {
            "requestId": failure.request_id,
            "functionArn": failure.function_arn,
            "condition": failure.condition,
            "approximateInvokeCount": max(failure.invocations, 1),  # also of records that the function never saw [recorded]
        }
    }
    if failure.condition != "RecordAgeExceeded":
        error = "Unhandled" if failure.has_raised else None
        record["responseContext"] = {"statusCode": 200, "executedVersion": failure.executed_version, "functionError": error}
    record |= {"version": "1.0", "timestamp": _text(failure.at, "milliseconds"), **_batch_info(failure)}
    if destination.split(":")[2] != "s3":
        return Message(target_arn=destination, body=_json(record))
    day = f"{failure.at.astimezone(UTC):%Y/%m/%d/%Y-%m-%dT%H.%M.%S}"
    key = f"aws/lambda/{failure.mapping_id}/{failure.shard_id}/{day}-{new_id}"
    return Message(target_arn=destination, body=_json({**record, "payload": event}), envelope={"Key": key})


def _batch_info(failure: Failure) -> Mapping[str, Any]:
    if failure.service in KAFKA:
        return {"KafkaBatchInfo": _kafka_info(failure)}
    first, last = failure.records[0], failure.records[-1]
    name, precision = ("DDBStreamBatchInfo", "seconds") if failure.service == "dynamodb" else ("KinesisBatchInfo", "milliseconds")
    return {
        name: {
            "shardId": failure.shard_id,
            "startSequenceNumber": item_identifier(failure.service, first),
            "endSequenceNumber": item_identifier(failure.service, last),
            "approximateArrivalOfFirstRecord": _arrival(failure.service, first, precision),
            "approximateArrivalOfLastRecord": _arrival(failure.service, last, precision),
            "batchSize": len(failure.records),
            "streamArn": failure.source,
        }
    }


def _kafka_info(failure: Failure) -> Mapping[str, Any]:
    partitions: dict[str, list[Record]] = {}
    for record in failure.records:
        partitions.setdefault(partition_of(record), []).append(record)
    is_managed = failure.source.startswith("arn:")
    return {
        "batchSize": len(failure.records),
        **({"eventSourceArn": failure.source} if is_managed else {"bootstrapServers": failure.source}),
        "payloadSize": len(_json(list(failure.records)).encode("utf-8", "replace")),
        "recordsInfo": {
            partition: {
                "firstRecordOffset": str(records[0]["offset"]),
                "lastRecordOffset": str(records[-1]["offset"]),
                "firstRecordTimestamp": _arrival(failure.service, records[0], "milliseconds"),
                "lastRecordTimestamp": _arrival(failure.service, records[-1], "milliseconds"),
            }
            for partition, records in partitions.items()
        },
    }


def _arrival(service: str, record: Record, precision: str) -> str | None:
    at = arrived_at(service, record)
    return None if at is None else _text(at, precision)


def _text(at: datetime, precision: str) -> str:
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
