"""Events of event source mappings: what Lambda wraps around a batch of records, per source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fakelambda.domain.source_records import is_rabbitmq


@dataclass(frozen=True, slots=True, kw_only=True)
class TumblingWindow:
    """What a handler is told of the window that its records belong to.

    Args:
        start: aware datetime.
        end: aware datetime.
        state: what the last invocation of this window returned as ``state``.
        shard_id: windows are counted per shard.
        is_final_invoke: whether the window is over: there are no records then.
        is_terminated_early: whether it ends because its state has grown over 1 MB.
    """

    start: datetime
    end: datetime
    state: Mapping[str, Any]
    shard_id: str
    is_final_invoke: bool = False
    is_terminated_early: bool = False


def event(
    service: str,
    records: Sequence[Mapping[str, Any]],
    *,
    source_arn: str | None = None,
    bootstrap_servers: Sequence[str] = (),
    queue: str = "queue",
    virtual_host: str = "/",
    window: TumblingWindow | None = None,
) -> dict[str, Any]:
    """The event that a function is invoked with for a batch of records.

    Args:
        service: the source's, as its ARN names it, such as ``sqs``, or ``self-managed-kafka``, which has none.
        records: of the event, as `fakelambda.domain.source_records.event_record` makes them.
        source_arn: of the queue, stream, cluster or broker.
        bootstrap_servers: of a Kafka cluster, with their ports.
        queue: of RabbitMQ, which the mapping's ``Queues`` names.
        virtual_host: of RabbitMQ.
        window: of a stream's mapping with ``TumblingWindowInSeconds``.
    """
    batch = list(records)
    match service:
        case "kafka" | "self-managed-kafka":
            return _of_kafka(service, batch, source_arn, bootstrap_servers)
        case "mq" if any(is_rabbitmq(record) for record in batch):
            return {"eventSource": "aws:rmq", "eventSourceArn": source_arn, "rmqMessagesByQueue": {f"{queue}::{virtual_host}": batch}}
        case "mq":
            return {"eventSource": "aws:mq", "eventSourceArn": source_arn, "messages": batch}
        case "rds":
            return {"eventSourceArn": source_arn, "events": batch, "eventSource": "aws:docdb"}
        case _:
            return {"Records": batch} if window is None else {"Records": batch} | _members(window, source_arn)


def _of_kafka(service: str, records: list[Any], source_arn: str | None, servers: Sequence[str]) -> dict[str, Any]:
    by_partition: dict[str, list[Any]] = {}
    for record in records:
        by_partition.setdefault(f"{record['topic']}-{record['partition']}", []).append(record)
    source = (
        {"eventSource": "SelfManagedKafka"}
        if service == "self-managed-kafka"
        else {"eventSource": "aws:kafka", "eventSourceArn": source_arn}
    )
    return {**source, "bootstrapServers": ",".join(servers), "records": by_partition}


def _members(window: TumblingWindow, source_arn: str | None) -> dict[str, Any]:
    return {
        "window": {"start": _text(window.start), "end": _text(window.end)},
        "state": dict(window.state),
        "shardId": window.shard_id,
        "eventSourceARN": source_arn,
        "isFinalInvokeForWindow": window.is_final_invoke,
        "isWindowTerminatedEarly": window.is_terminated_early,
    }


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
