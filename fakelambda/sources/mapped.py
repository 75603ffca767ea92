"""What all pollers share: the mapping that they poll for, and its records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from fakelambda.domain import source_records
from fakelambda.domain.event_source_mappings import EventSourceMapping, State
from fakelambda.domain.filters import Filter
from fakelambda.domain.mapped_events import bootstrap_servers
from fakelambda.domain.plain_events import EventRecords
from fakelambda.domain.source_records import event_records, filterable
from fakelambda.domain.sources import FIRST_SHARD, Source, Substitutes
from fakelambda.domain.stream_records import KAFKA, Record
from fakelambda.operations.call import Service
from fakelambda.runtime import modules
from fakelambda.sources import invoking

KIND = "polling"
"""How ``pending`` shows what pollers wait for."""
_CONTAINERS = (list, dict)


class Mapped:
    """One mapping's source.

    Args:
        service: what answers.
        mapping: as it is now; each batch looks at it anew.
    """

    def __init__(self, service: Service, mapping: EventSourceMapping) -> None:
        self._service = service
        self._shelf = service.state.event_source_mappings(mapping.account_id, mapping.region)
        self._latest = mapping
        self._numbered = 0

    @property
    def uuid(self) -> str:
        """The mapping's."""
        return self._latest.uuid

    def snapshot(self) -> dict[str, Any]:
        """What it knows of its source."""
        return {name: value.copy() if isinstance(value, _CONTAINERS) else value for name, value in vars(self).items()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Knows again what it knew; the source itself stays as it is."""
        vars(self).update({name: value.copy() if isinstance(value, _CONTAINERS) else value for name, value in kept.items()})

    @property
    def mapping(self) -> EventSourceMapping | None:
        """The mapping as it is now; None where it was deleted."""
        found = self._shelf.get(self._latest.uuid)
        self._latest = found or self._latest
        return found

    @property
    def enabled_mapping(self) -> EventSourceMapping | None:
        """The mapping, where it is enabled and its function can be invoked; None otherwise. One that is gone is polled no more."""
        mapping = self.mapping
        if mapping is None:
            self._service.schedule.polling.remove(self)
            return None
        return mapping if mapping.state is State.ENABLED and invoking.target(self._service, mapping) else None

    @property
    def function_name(self) -> str:
        """Whom the records are for."""
        return self._latest.function.name

    @property
    def source(self) -> str:
        """The source's ARN; of self-managed Kafka the servers."""
        return self._latest.event_source_arn or ",".join(bootstrap_servers(self._latest))

    def begin(self) -> None:
        """Nothing needs to be prepared."""

    def poll(self) -> bool:
        """Finds nothing: no client can be asked for records of this kind of source."""
        return False

    def due(self) -> timedelta | None:
        """Never: nothing appears by itself."""
        return None

    def event_records(self, mapping: EventSourceMapping, records: Iterable[Record], shard_id: str = FIRST_SHARD) -> EventRecords:
        """Records of the source in the form of Lambda's event.

        Args:
            shard_id: of the shard that they come from.
        """
        version, service, world = invoking.target(self._service, mapping), mapping.service, self._service.world
        substitutes = Substitutes(new_id=world.new_id, new_sequence_number=lambda: self._new_number(service), at=world.now() - world.ahead)
        window = mapping.maximum_batching_window_in_seconds or 0
        role_arn = version.role if version else None
        return event_records(Source(service, mapping.event_source_arn or "", role_arn, shard_id, window, substitutes), records)

    def _new_number(self, service: str) -> str:
        self._numbered += 1
        number = self._numbered
        return str(number) if service in KAFKA else f"4959{number:052d}" if service == "kinesis" else f"{number:024d}"

    def note(self, result: str) -> None:
        """Shows as ``LastProcessingResult`` what became of a batch, where the mapping has one."""
        with self._service.lock:
            mapping = self.mapping
            if mapping is not None and mapping.last_processing_result not in (None, result):
                self._shelf.put(replace(mapping, last_processing_result=result))

    @contextmanager
    def asking(self, client: Any) -> Iterator[None]:
        """Asks a source through a client, outside of whatever handler sleeps meanwhile; what the source refuses is a result, no error."""
        try:
            with modules.outside():
                yield
        except client.exceptions.ClientError as error:
            self.note(f"PROBLEM: {error}")

    def client(self, service: str) -> Any:
        """A client of the source's own service, in its region; None where nobody answers."""
        arn = self._latest.event_source_arn
        return None if arn is None else self._service.neighbours.client(service, arn.split(":")[3])


def passing(mapping: EventSourceMapping, made: EventRecords) -> EventRecords:
    """The records of an event that pass the filters of its mapping."""
    if not mapping.filters:
        return made
    service, passes = mapping.service, _filter(mapping.service, mapping.filters).passes
    return EventRecords([record for record in made.records if passes(filterable(service, record))], made.size)


@lru_cache(maxsize=256)
def _filter(service: str, patterns: Sequence[str]) -> Filter:
    return source_records.source_filter(service, patterns)
