"""The events of a mapping: its records, and what Lambda knows of their source beside them."""

from __future__ import annotations

from collections.abc import Sequence

from fakelambda.domain import source_events
from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.domain.payloads import REQUEST_LIMIT
from fakelambda.domain.plain_events import PlainEvent, as_json, plain_event
from fakelambda.domain.source_events import TumblingWindow
from fakelambda.domain.stream_records import Record


def payload(
    mapping: EventSourceMapping, records: Sequence[Record], window: TumblingWindow | None = None, size: int = 0
) -> bytes | PlainEvent:
    """The event of one invocation as it is sent to the function.

    Args:
        mapping: between the source and the function.
        records: as they stand in the event.
        window: the tumbling window that they belong to.
        size: as that of `EventRecords`.
    """
    if window is None and mapping.service in ("sqs", "kinesis", "dynamodb"):
        return plain_event(records, size) or as_json({"Records": records})
    hosts = [access["URI"] for access in mapping.source_access_configurations or () if access.get("Type") == "VIRTUAL_HOST"]
    return as_json(
        source_events.event(
            mapping.service,
            records,
            source_arn=mapping.event_source_arn,
            bootstrap_servers=bootstrap_servers(mapping),
            queue=(mapping.queues or ("queue",))[0],
            virtual_host=(hosts or ["/"])[0],
            window=window,
        )
    )


def fits(payload: bytes | PlainEvent) -> bool:
    """Whether one invocation takes a payload."""
    return isinstance(payload, PlainEvent) or len(payload) <= REQUEST_LIMIT


def bootstrap_servers(mapping: EventSourceMapping) -> tuple[str, ...]:
    """The servers of a Kafka cluster; made up from its ARN where only the cluster itself would tell."""
    arn = mapping.event_source_arn
    if arn is None:
        return tuple(((mapping.self_managed_event_source or {}).get("Endpoints") or {}).get("KAFKA_BOOTSTRAP_SERVERS", ()))
    if mapping.service != "kafka":
        return ()
    region, parts = arn.split(":")[3], arn.split("/")
    name, identity = parts[1], parts[-1]
    return tuple(f"b-{number}.{name}.{identity[:6]}.c1.kafka.{region}.amazonaws.com:9098" for number in (1, 2))
