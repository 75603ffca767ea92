"""Sources that keep their records in order: a batch that fails is tried again, and what comes after it waits."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import repeat
from typing import Any

from fakelambda.domain import mapped_events, stream_batches, stream_failures, tumbling_windows
from fakelambda.domain.destinations import parsed
from fakelambda.domain.event_source_mappings import EventSourceMapping, State
from fakelambda.domain.payloads import REQUEST_LIMIT
from fakelambda.domain.plain_events import EventRecords, PlainEvent, size_of_each
from fakelambda.domain.stream_batches import ENDLESSLY, Batch, Condition, Next
from fakelambda.domain.stream_failures import Failure
from fakelambda.domain.stream_records import Record, by_shard, ordering_key
from fakelambda.operations import sending
from fakelambda.operations.call import Service
from fakelambda.sources import invoking, lanes
from fakelambda.sources.invoking import Answer, Delivered
from fakelambda.sources.lanes import Arrived, Job, Lane
from fakelambda.sources.mapped import KIND, Mapped, passing

RETENTION = timedelta(hours=24)
"""How long streams keep records, where nothing else is configured."""


class Ordered(Mapped):
    """A source with lanes; by itself one that nobody can poll, and that only gets what is delivered."""

    def __init__(self, service: Service, mapping: EventSourceMapping) -> None:
        super().__init__(service, mapping)
        self._lock = threading.Lock()
        self._lanes: dict[str, list[Lane]] = {}

    def snapshot(self) -> dict[str, Any]:
        """What it knows of its source, and what waits in its lanes."""
        lanes = [(lane, lane.snapshot()) for lanes in self._lanes.values() for lane in lanes]
        return {**super().snapshot(), "lanes": lanes}

    def restore(self, kept: dict[str, Any]) -> None:
        """Knows again what it knew; the source itself stays as it is."""
        super().restore({name: value for name, value in kept.items() if name != "lanes"})
        for lane, waiting in kept["lanes"]:
            lane.restore(waiting)

    def poll(self) -> bool:
        """Adds an entry for every lane that has a batch."""
        mapping = self.enabled_mapping
        return mapping is not None and self._start(mapping)

    def deliver(self, mapping: EventSourceMapping, records: Iterable[Mapping[str, Any]]) -> Delivered:
        """Gives records to the function now, without waiting for a batching window; what fails is tried again when its time comes."""
        made = passing(mapping, self.event_records(mapping, records))
        touched = self._take_in(mapping, made, delivered_at=self._service.world.elapsed)
        delivered = Delivered()
        for lane in touched:
            while (job := self._taken(lane, at_once=True)) is not None:
                try:
                    self._run(lane, job, delivered)
                except Exception as error:  # noqa: BLE001 - it is raised when the others have had their turn
                    delivered.errors.append(error)
        return delivered

    def _take_in(
        self,
        mapping: EventSourceMapping,
        made: EventRecords,
        shard_id: str | None = None,
        delivered_at: timedelta | None = None,
    ) -> list[Lane]:
        """Puts records into their lanes.

        Args:
            shard_id: where they come from; None asks each of them.
            delivered_at: as for ``Arrived``.

        Returns:
            The lanes that got some.
        """
        ahead, touched = self._service.world.ahead, []
        with self._lock:
            shards = by_shard(mapping.service, made.records, shard_id)
            for shard, of_shard in shards.items():
                lanes = self._lanes_of(mapping, shard)
                for number, of_lane in _by_lane(mapping.service, of_shard, len(lanes)).items():
                    lanes[number].waiting.extend(map(Arrived, of_lane, repeat(ahead), repeat(delivered_at), repeat(made.size)))
                    touched.append(lanes[number])
        return touched

    def _lanes_of(self, mapping: EventSourceMapping, shard_id: str) -> list[Lane]:
        """The lanes of a shard: as many as the mapping says, once those that it had before have nothing left."""
        lanes = self._lanes.get(shard_id)
        wanted = mapping.parallelization_factor or 1
        if lanes is None or (len(lanes) != wanted and all(lane.is_idle for lane in lanes)):
            lanes = self._lanes[shard_id] = [Lane(shard_id) for _ in range(wanted)]
        return lanes

    def _start(self, mapping: EventSourceMapping) -> bool:
        started = [self._start_lane(mapping, lane) for lanes in self._lanes.values() for lane in lanes]
        return any(started)

    def _start_lane(self, mapping: EventSourceMapping, lane: Lane) -> bool:
        job = self._taken(lane)
        if job is None:
            return False
        self._service.schedule.add(
            timedelta(0),
            lambda: self._run(lane, job),
            kind=KIND,
            function_name=mapping.function.name,
            detail=f"{len(job.batch.records)} records of {self.source}",
            runs_user_code=True,
        )
        return True

    def _taken(self, lane: Lane, *, at_once: bool = False) -> Job | None:
        mapping, world = self.enabled_mapping, self._service.world
        if mapping is None:
            return None
        now = world.now()
        with self._lock:
            job = lane.take(mapping, now, world.elapsed, at_once=at_once)
            wakes = lane.wakes_at(mapping, now, world.elapsed)
            if wakes == lane.wakes or wakes is None:
                return job
            lane.wakes = wakes
        self._resume(mapping, lane, wakes - world.elapsed, "the end of a window")
        return job

    def _resume(self, mapping: EventSourceMapping, lane: Lane, delay: timedelta, what: str) -> None:
        """Looks at a lane again, later."""

        def look() -> None:
            job = self._taken(lane)
            if job is not None:
                self._run(lane, job)

        detail = f"{what} of {lane.shard_id} of {self.source}"
        self._service.schedule.add(delay, look, kind=KIND, function_name=mapping.function.name, detail=detail, runs_user_code=True)

    # ---- one batch ----

    def _run(self, lane: Lane, job: Job, delivered: Delivered | None = None) -> None:
        """Gives a batch to the function, and does what follows from its answer."""
        mapping = self.mapping
        if mapping is None or mapping.state is not State.ENABLED:
            with self._lock:
                lane.put_back(job)  # until it is enabled again, if ever
            return
        tried, answer, rest = job, None, list[Job]()
        try:
            tried = replace(job, batch=self._without_expired(mapping, lane, job.batch))
            if tried.batch.records or job.is_final:
                tried, rest, payload = _fitting(mapping, lane, tried)
                answer = invoking.invoke(self._service, mapping, (), payload)
        except BaseException as error:
            following = stream_batches.after_refusal(tried.batch) if isinstance(error, Exception) else Next((tried.batch,))
            self._go_on(mapping, lane, tried, following, rest)
            raise
        if answer is None:
            self._go_on(mapping, lane, tried, Next(()), rest)
            return
        if delivered is not None:
            delivered.request_ids.add(answer.request_id)
        self._settle(mapping, lane, tried, rest, answer)
        for raised in invoking.raised(self._service, answer):
            raise raised

    def _settle(self, mapping: EventSourceMapping, lane: Lane, job: Job, rest: list[Job], answer: Answer) -> None:
        """Does what follows from the answer of a function."""
        self.note(answer.processing_result)
        failed = answer.failed(mapping, [arrived.record for arrived in job.batch.records])
        following = _after(mapping, job.batch, answer, failed)
        if following.given_up is not None and following.given_up.records:
            self._give_up(mapping, lane, following.given_up, "RetryAttemptsExhausted", answer)
        if job.is_final and not following.batches:
            lane.window = None
        elif lane.window is not None and answer.ran is not None and not answer.has_raised and 0 not in failed:
            lane.window = tumbling_windows.after(lane.window, parsed(answer.ran.outcome.payload))
        self._go_on(mapping, lane, job, following, rest)

    def _go_on(self, mapping: EventSourceMapping, lane: Lane, job: Job, following: Next[Arrived], rest: list[Job]) -> None:
        """Ends a batch, and sees to it that what follows comes when it is due."""
        batches = [replace(job, batch=batch) for batch in following.batches]
        with self._lock:
            lane.put_back(*batches, *rest, resumes_at=self._service.world.elapsed + following.delay)
        if batches:
            self._resume(mapping, lane, following.delay, f"attempt {following.batches[0].invocations + 1}")

    def _without_expired(self, mapping: EventSourceMapping, lane: Lane, batch: Batch[Arrived]) -> Batch[Arrived]:
        """The records that are young enough; the others are given up."""
        seconds, service, now = mapping.maximum_record_age_in_seconds, mapping.service, self._service.world.now()
        if seconds in (None, ENDLESSLY):
            elapsed, maximum = self._service.world.elapsed, self._retention()
            ages = (lanes.kept_for(service, arrived, now, elapsed) for arrived in batch.records)
        else:
            maximum = timedelta(seconds=seconds)
            ages = (lanes.age(service, arrived, now) for arrived in batch.records)
        expired, rest = stream_batches.without_expired(batch, ages, maximum)
        if expired is not None:
            self._give_up(mapping, lane, expired, "RecordAgeExceeded", Answer(self._service.world.new_id()))
        return rest

    def _retention(self) -> timedelta:
        """How long the source keeps a record."""
        return RETENTION

    def _give_up(self, mapping: EventSourceMapping, lane: Lane, batch: Batch[Arrived], condition: Condition, answer: Answer) -> None:
        """Tells the on-failure destination, where there is one."""
        destination = ((mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
        if not destination:
            return
        records = [arrived.record for arrived in batch.records]
        failure = Failure(
            request_id=answer.request_id,
            function_arn=mapping.function.qualified_arn(),
            condition=condition,
            invocations=batch.invocations,
            executed_version=answer.executed_version,
            has_raised=answer.has_raised,
            at=self._service.world.now(),
            service=mapping.service,
            source=self.source,
            records=records,
            mapping_id=mapping.uuid,
            shard_id=lane.shard_id,
        )
        event = bytes(mapped_events.payload(mapping, records)).decode()
        sending.send(self._service, stream_failures.to_destination(failure, destination, event, self._service.world.new_id()))


def _by_lane(service: str, records: list[Record], number: int) -> dict[int, list[Record]]:
    """The records of a shard by the numbers of its lanes."""
    if number == 1:
        return {0: records}
    lanes: dict[int, list[Record]] = {}
    for record in records:
        lanes.setdefault(stream_batches.lane_of(ordering_key(service, record), number), []).append(record)
    return lanes


def _after(mapping: EventSourceMapping, batch: Batch[Arrived], answer: Answer, failed: Sequence[int]) -> Next[Arrived]:
    if answer.ran is None:
        return stream_batches.after_refusal(batch)
    if not failed and not answer.has_raised:
        return Next(())
    retries = mapping.maximum_retry_attempts
    return stream_batches.after_failure(
        batch,
        failed[0] if failed else 0,
        maximum_retry_attempts=ENDLESSLY if retries is None else retries,
        bisect=bool(mapping.bisect_batch_on_function_error),
    )


def _fitting(mapping: EventSourceMapping, lane: Lane, job: Job) -> tuple[Job, list[Job], bytes | PlainEvent]:
    """As much of a batch as one invocation takes, what is left of it, and the payload."""
    records = job.batch.records
    while True:
        window = None if lane.window is None else lane.window.of_shard(lane.shard_id, is_final=job.is_final)
        size = size_of_each({arrived.size for arrived in records})
        payload = mapped_events.payload(mapping, [arrived.record for arrived in records], window, size)
        if mapped_events.fits(payload) or len(records) <= 1:
            break
        records = records[: max(len(records) * REQUEST_LIMIT // len(bytes(payload)), 1)]
    if len(records) == len(job.batch.records):
        return job, [], payload
    rest = replace(job, batch=replace(job.batch, records=job.batch.records[len(records) :]))
    return replace(job, batch=replace(job.batch, records=records)), [rest], payload
