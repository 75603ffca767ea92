"""Records that a test delivers in the name of a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fakelambda.domain.event_source_mappings import EventSourceMapping, State
from fakelambda.domain.mapped_events import bootstrap_servers
from fakelambda.inspection.records import Invocation
from fakelambda.operations.call import Service
from fakelambda.sources.pollers import poller_of


def mappings_of(mappings: Iterable[EventSourceMapping], source_arn: str) -> list[EventSourceMapping]:
    """The mappings that are enabled for a source.

    Args:
        mappings: all there are.
        source_arn: of the source; the servers of self-managed Kafka; or of a single mapping.

    Raises:
        ValueError: there is none.
    """
    existing = sorted(mappings, key=lambda mapping: mapping.last_modified)
    fitting = [
        mapping for mapping in existing if source_arn in (mapping.event_source_arn, ",".join(bootstrap_servers(mapping)), mapping.arn)
    ]
    enabled = [mapping for mapping in fitting if mapping.state is State.ENABLED]
    if not enabled:
        listed = ", ".join(f"{_source(mapping)} -> {mapping.function.name} ({mapping.state})" for mapping in existing)
        raise ValueError(f"deliver({source_arn!r}, ...): no event source mapping of this source is enabled; existing: {listed or 'none'}.")
    return enabled


def _source(mapping: EventSourceMapping) -> str:
    return mapping.event_source_arn or ",".join(bootstrap_servers(mapping))


def deliver(service: Service, mappings: Iterable[EventSourceMapping], records: list[Mapping[str, Any]]) -> list[Invocation]:
    """Gives records to the functions of mappings; the invocations that this has caused.

    Raises:
        BaseException: what kept a function from running, or what the fake was told to raise, when all of them have had their turn.
    """
    last = service.invocations.last_place()
    delivered = [poller_of(service, mapping).deliver(mapping, records) for mapping in mappings]
    for error in (error for each in delivered for error in each.errors):
        raise error
    request_ids = {request_id for each in delivered for request_id in each.request_ids}
    with service.lock:  # so that none begins meanwhile
        return [invocation for invocation in service.invocations.ended_since(last) if invocation.request_id in request_ids]
