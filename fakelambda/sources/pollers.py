"""Which poller a mapping has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.operations.call import Service
from fakelambda.schedule.polling import Poller
from fakelambda.sources.invoking import Delivered
from fakelambda.sources.ordered import Ordered
from fakelambda.sources.queues import QueuePoller
from fakelambda.sources.streams import StreamPoller


class SourcePoller(Poller, Protocol):
    """Polls a source, and takes what is delivered in the source's name."""

    def deliver(self, mapping: EventSourceMapping, records: Iterable[Mapping[str, Any]]) -> Delivered:
        """Gives records to the function of a mapping now."""


def poller_of(service: Service, mapping: EventSourceMapping) -> SourcePoller:
    """The poller of a mapping. It is made once, so that what it has read so far survives that the mapping is disabled."""
    for poller in service.schedule.polling:
        if isinstance(poller, (QueuePoller, Ordered)) and poller.uuid == mapping.uuid:
            return poller
    poller = _made(service, mapping)
    service.schedule.polling.add(poller)
    return poller


def _made(service: Service, mapping: EventSourceMapping) -> SourcePoller:
    if mapping.service == "sqs":
        return QueuePoller(service, mapping)
    return (StreamPoller if mapping.service in ("kinesis", "dynamodb") else Ordered)(service, mapping)
