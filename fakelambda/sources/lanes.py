"""Lanes: records that keep their order, given to the function batch by batch."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from fakelambda.domain import tumbling_windows
from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.domain.stream_batches import Batch
from fakelambda.domain.stream_records import Record, arrived_at
from fakelambda.domain.tumbling_windows import Window


class Arrived(NamedTuple):
    """A record that has been read or delivered.

    Args:
        record: as it stands in the event.
        ahead: how far the fake's clock was ahead of the source's then.
        delivered_at: the point of the world's ``elapsed`` when a test delivered it; None where it was read from its source.
        size: as that of ``EventRecords``.
    """

    record: Record
    ahead: timedelta
    delivered_at: timedelta | None = None
    size: int = 0


def age(service: str, arrived: Arrived, now: datetime) -> timedelta:
    """How long ago a record came to its source, as far as the fake's clock tells.

    Args:
        now: on the fake's clock.
    """
    at = arrived_at(service, arrived.record)
    return timedelta(0) if at is None else now - arrived.ahead - at


def kept_for(service: str, arrived: Arrived, now: datetime, elapsed: timedelta) -> timedelta:
    """How long its source has kept a record; one that a test delivers has just come, however old the test says it is.

    Args:
        now, elapsed: the time, and the point of the world's ``elapsed``.
    """
    return age(service, arrived, now) if arrived.delivered_at is None else elapsed - arrived.delivered_at


@dataclass(frozen=True, slots=True)
class Job:
    """What a lane gives to the function next.

    Args:
        is_final: whether it only tells the function that its tumbling window is over.
    """

    batch: Batch[Arrived]
    is_final: bool = False


class Lane:
    """Records of one shard, or of a part of it. Whoever calls it holds the lock of its source; no user code runs in it.

    Args:
        shard_id: where the records come from.

    Attributes:
        waiting: records that have been read and are in no batch yet.
        window: the tumbling window that is open, with its state.
        busy: whether the function works on a batch, and nothing else may overtake it.
        wakes: the point of ``elapsed`` for which somebody has promised to look at it again.
    """

    def __init__(self, shard_id: str) -> None:
        self.shard_id = shard_id
        self.waiting: deque[Arrived] = deque()
        self.busy = False
        self._jobs: deque[Job] = deque()
        self._resumes_at = timedelta(0)
        self._gathers_since: timedelta | None = None
        self.window: Window | None = None
        self._ahead = timedelta(0)  # of the record that opened the window
        self.wakes: timedelta | None = None

    def snapshot(self) -> dict[str, Any]:
        """All that waits in it."""
        return {name: value.copy() if isinstance(value, deque) else value for name, value in vars(self).items()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Lets exactly that wait in it."""
        vars(self).update({name: value.copy() if isinstance(value, deque) else value for name, value in kept.items()})

    @property
    def is_idle(self) -> bool:
        """Whether all that was read is done with."""
        return not (self.busy or self.waiting or self._jobs)

    def is_free(self, elapsed: timedelta) -> bool:
        """Whether the next batch may be formed now."""
        return not self.busy and not self._jobs and elapsed >= self._resumes_at

    def take(self, mapping: EventSourceMapping, now: datetime, elapsed: timedelta, *, at_once: bool = False) -> Job | None:
        """The next batch, which makes the lane busy; None where there is none now.

        Args:
            now, elapsed: the time, and the point of the world's ``elapsed``.
            at_once: does not wait for a batching window to end.
        """
        if self.busy or elapsed < self._resumes_at:
            return None
        job = self._jobs.popleft() if self._jobs else self._formed(mapping, now, elapsed, at_once=at_once)
        self.busy = job is not None
        return job

    def put_back(self, *jobs: Job, resumes_at: timedelta = timedelta(0)) -> None:
        """Ends a batch; what is left of it, or instead of it, comes before everything else.

        Args:
            jobs: in their order.
            resumes_at: a point of ``elapsed``.
        """
        self._jobs.extendleft(reversed(jobs))
        self._resumes_at = resumes_at
        self.busy = False

    def wakes_at(self, mapping: EventSourceMapping, now: datetime, elapsed: timedelta) -> timedelta | None:
        """When the lane has something to do although no record comes; None for never, or where something else wakes it."""
        if self.busy or self._jobs:
            return None
        if self._gathers_since is not None:
            return self._gathers_since + timedelta(seconds=mapping.maximum_batching_window_in_seconds or 0)
        if self.window is not None and not self.waiting:
            return elapsed + max(self.window.end - (now - self._ahead), timedelta(0))
        return None

    def _formed(self, mapping: EventSourceMapping, now: datetime, elapsed: timedelta, *, at_once: bool) -> Job | None:
        window = self.window = self.window if mapping.tumbling_window_in_seconds else None
        first = self._window_of_first(mapping)
        if window is not None and self._is_over(window, first, now - self._ahead):
            return Job(Batch(()), is_final=True)
        if not self.waiting:
            return None
        if not at_once and self._gathers(mapping, elapsed):
            return None
        self._gathers_since = None
        most = min(len(self.waiting), mapping.batch_size)
        if first is None:
            return Job(Batch(tuple([self.waiting.popleft() for _ in range(most)])))
        records = [self.waiting.popleft()]
        while len(records) < most and self._window_of_first(mapping) == first:
            records.append(self.waiting.popleft())
        if window is None:
            self._ahead, self.window = records[0].ahead, first
        return Job(Batch(tuple(records)))

    def _window_of_first(self, mapping: EventSourceMapping) -> Window | None:
        """The window of the first record that waits."""
        seconds = mapping.tumbling_window_in_seconds
        if not seconds or not self.waiting:
            return None
        at = arrived_at(mapping.service, self.waiting[0].record)
        return None if at is None else tumbling_windows.window_of(at, seconds)

    def _is_over(self, window: Window, first: Window | None, now: datetime) -> bool:
        if window.is_terminated_early:
            return True
        return now >= window.end if first is None else first.start >= window.end

    def _gathers(self, mapping: EventSourceMapping, elapsed: timedelta) -> bool:
        """Whether the batching window is still open for more records."""
        seconds = mapping.maximum_batching_window_in_seconds
        if not seconds or len(self.waiting) >= mapping.batch_size:
            return False
        if self._gathers_since is None:
            self._gathers_since = elapsed
        return elapsed < self._gathers_since + timedelta(seconds=seconds)
