"""Queues of SQS, polled: what succeeds is deleted, all else is left to the queue's visibility timeout and redrive policy."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from fakelambda.domain import mapped_events
from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.domain.plain_events import PlainEvent, size_of_each
from fakelambda.domain.stream_records import Record
from fakelambda.operations.call import Service
from fakelambda.sources import invoking
from fakelambda.sources.invoking import Delivered
from fakelambda.sources.mapped import KIND, Mapped, passing

_MOST_AT_ONCE = 10  # messages in one call of SQS
_POLLERS = 5  # with which Lambda begins; it adds more over minutes [docs]
_A_SECOND, _A_MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_LONGEST_DELAY = timedelta(minutes=15)  # of a message; only a receiver can hide one for longer


class _Message(NamedTuple):
    """A message that was received, and is hidden from others for a while.

    Args:
        record: as it stands in the event.
        at: the point of the world's ``elapsed`` when it was received.
        ahead: how far the fake's clock was ahead of the queue's then.
        size: as that of ``EventRecords``.
    """

    record: Record
    at: timedelta
    ahead: timedelta
    size: int

    @property
    def handle(self) -> str:
        """The receipt handle."""
        return str(self.record["receiptHandle"])


class QueuePoller(Mapped):
    """Receives the messages of one queue for one mapping."""

    def __init__(self, service: Service, mapping: EventSourceMapping) -> None:
        super().__init__(service, mapping)
        self._url = ""
        self._gathered: list[_Message] = []
        self._gathers_since = timedelta(0)
        self._waits_since: timedelta | None = None
        self._working = 0
        self._hidden = 0

    def poll(self) -> bool:
        """Receives a batch, where one more may be worked on, and adds an entry for it."""
        mapping, client = self.enabled_mapping, self.client("sqs")
        most = _POLLERS if mapping is None or not mapping.scaling_config else mapping.scaling_config.get("MaximumConcurrency", _POLLERS)
        if mapping is None or client is None or self._working >= most:
            return False
        with self.asking(client):
            self._receive(client, mapping)
        batch = self._batch(mapping)
        if not batch:
            return False
        self._working += 1
        self._service.schedule.add(
            timedelta(0),
            lambda: self._run(client, mapping, batch),
            kind=KIND,
            function_name=mapping.function.name,
            detail=f"{len(batch)} messages of {self.source}",
            runs_user_code=True,
        )
        return True

    def due(self) -> timedelta | None:
        """In a second, while the queue hides messages that others hold or that are delayed: it does not say for how long.

        In a minute, when that has been so for longer than a message can be delayed.
        """
        client, world = self.client("sqs"), self._service.world
        if client is None or self.enabled_mapping is None or not world.moves_its_source:
            return None
        names = ["ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        hidden = 0
        with self.asking(client):
            attributes = client.get_queue_attributes(QueueUrl=self._queue_url(client), AttributeNames=names)["Attributes"]
            hidden = sum(int(attributes[name]) for name in names)
        if hidden <= self._hidden:
            self._waits_since = None
            return None
        if self._waits_since is None:
            self._waits_since = world.elapsed
        return world.elapsed + (_A_SECOND if world.elapsed - self._waits_since < _LONGEST_DELAY else _A_MINUTE)

    def deliver(self, mapping: EventSourceMapping, records: Iterable[Mapping[str, Any]]) -> Delivered:
        """Gives messages to the function now, each once. A message group stops at a failure, as its queue would hold back the rest."""
        delivered = Delivered()
        stopped: set[str] = set()
        made = passing(mapping, self.event_records(mapping, records))
        waiting: Iterator[Record] = iter(made.records)
        if self._is_fifo:
            waiting = (record for record in waiting if _group(record) not in stopped)
        while batch := list(itertools.islice(waiting, mapping.batch_size)):
            for part, payload in _parts(mapping, batch, made.size):
                failed = self._failed(mapping, part, payload, delivered)
                stopped.update(_group(record) for record in failed)
        return delivered

    @property
    def _is_fifo(self) -> bool:
        return self.source.endswith(".fifo")

    # ---- receiving ----

    def _receive(self, client: Any, mapping: EventSourceMapping) -> None:
        """Receives until the batch is full or nothing is left; without a batching window, what one receive gives."""
        while len(self._gathered) < mapping.batch_size:
            messages = client.receive_message(
                QueueUrl=self._queue_url(client),
                MaxNumberOfMessages=min(mapping.batch_size - len(self._gathered), _MOST_AT_ONCE),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=0,
            ).get("Messages", ())
            self._take_in(client, mapping, messages)
            if not messages or (self._gathered and not mapping.maximum_batching_window_in_seconds):
                return

    def _take_in(self, client: Any, mapping: EventSourceMapping, messages: Sequence[Mapping[str, Any]]) -> None:
        """Gathers messages; those that the filters do not let pass are deleted."""
        world = self._service.world
        made = self.event_records(mapping, messages)
        received = made.records
        self._hidden += len(received)
        passed = [_Message(record, world.elapsed, world.ahead, made.size) for record in passing(mapping, made).records]
        if passed and not self._gathered and mapping.maximum_batching_window_in_seconds:
            self._gathers_since = world.elapsed
            self._later(timedelta(seconds=mapping.maximum_batching_window_in_seconds), self._end_window, "the batching window of")
        self._gathered += passed
        if len(passed) < len(received):
            kept = {message.handle for message in passed}
            self._delete(client, [record for record in received if record["receiptHandle"] not in kept])

    def _batch(self, mapping: EventSourceMapping) -> list[_Message]:
        """What was gathered, where the batch is full or its window is over."""
        seconds = mapping.maximum_batching_window_in_seconds or 0
        is_over = self._service.world.elapsed >= self._gathers_since + timedelta(seconds=seconds)
        if seconds and not is_over and len(self._gathered) < mapping.batch_size:
            return []
        batch, self._gathered = self._gathered, []
        return batch

    def _end_window(self) -> None:
        """Lets go of what was gathered, where nobody polls any more; else the next poll makes a batch of it."""
        client = self.client("sqs")
        if self.enabled_mapping is None and client is not None:
            gathered, self._gathered = self._gathered, []
            self._let_go(client, gathered)

    def _queue_url(self, client: Any) -> str:
        if not self._url:
            account_id, name = self.source.split(":")[4:6]
            self._url = str(client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account_id)["QueueUrl"])
        return self._url

    # ---- one batch ----

    def _run(self, client: Any, mapping: EventSourceMapping, batch: list[_Message]) -> None:
        """Gives a batch to the function; what succeeds is deleted, the rest comes back when its visibility timeout is over."""
        left = {message.handle: message for message in batch}
        delivered = Delivered()
        try:
            size = size_of_each({message.size for message in batch})
            for part, payload in _parts(mapping, [message.record for message in batch], size):
                failed = self._failed(mapping, part, payload, delivered)
                still = {record["receiptHandle"] for record in failed}
                done = [record for record in part if record["receiptHandle"] not in still]
                self._delete(client, done)
                for record in done:
                    del left[record["receiptHandle"]]
        finally:
            self._working -= 1
            self._let_go(client, list(left.values()))
        for error in delivered.errors:
            raise error

    def _failed(
        self, mapping: EventSourceMapping, records: list[Record], payload: bytes | PlainEvent, delivered: Delivered
    ) -> list[Record]:
        """Gives records to the function; those that are not done with."""
        try:
            answer = invoking.invoke(self._service, mapping, records, payload)
        except Exception as error:  # noqa: BLE001 - it is raised when the messages are provided for
            delivered.errors.append(error)
            return records
        delivered.request_ids.add(answer.request_id)
        delivered.errors += invoking.raised(self._service, answer)
        return [records[place] for place in answer.failed(mapping, records)]

    def _delete(self, client: Any, records: Sequence[Record]) -> None:
        with self.asking(client):
            for entries in _entries([record["receiptHandle"] for record in records]):
                client.delete_message_batch(QueueUrl=self._queue_url(client), Entries=entries)
        self._hidden -= len(records)

    def _let_go(self, client: Any, messages: Sequence[_Message]) -> None:
        """Leaves messages to the queue, until they come back."""
        if not messages:
            return
        self._service.world.now()
        timeout = timedelta(0)
        with self.asking(client):
            answer = client.get_queue_attributes(QueueUrl=self._queue_url(client), AttributeNames=["VisibilityTimeout"])
            timeout = timedelta(seconds=int(answer["Attributes"]["VisibilityTimeout"]))
        for at, together in itertools.groupby(messages, key=lambda message: message.at):
            back = partial(self._come_back, client, list(together), timeout)
            self._later(max(at + timeout - self._service.world.elapsed, timedelta(0)), back, "hidden messages of")

    def _come_back(self, client: Any, messages: Sequence[_Message], timeout: timedelta) -> None:
        """Shows messages again, where the queue does not do so by itself.

        It does not where the fake's clock was moved and the queue's was not. moto's clock may stand still at the very moment, and of a
        message group it would give the last message first.
        """
        self._hidden -= len(messages)
        self._service.world.now()
        world, first = self._service.world, messages[0]
        seen_by_queue = (world.elapsed - first.at) - (world.ahead - first.ahead)
        if seen_by_queue > timeout and not self._is_fifo:
            return
        visible = {"VisibilityTimeout": self._service.neighbours.visible_at_once}
        with self.asking(client):
            for entries in _entries([message.handle for message in messages]):
                client.change_message_visibility_batch(QueueUrl=self._queue_url(client), Entries=[entry | visible for entry in entries])

    def _later(self, delay: timedelta, action: Callable[[], None], what: str) -> None:
        detail = f"{what} {self.source}"
        self._service.schedule.add(delay, action, kind=KIND, function_name=self.function_name, detail=detail, runs_user_code=True)


def _parts(mapping: EventSourceMapping, records: list[Record], size: int) -> Iterator[tuple[list[Record], bytes | PlainEvent]]:
    """A batch and its payload; several, where one would be larger than an invocation takes."""
    payload = mapped_events.payload(mapping, records, size=size)
    if mapped_events.fits(payload) or len(records) == 1:
        yield records, payload
        return
    middle = len(records) // 2
    yield from _parts(mapping, records[:middle], size)
    yield from _parts(mapping, records[middle:], size)


def _entries(handles: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """Messages as SQS's batches name them, ten at a time."""
    for start in range(0, len(handles), _MOST_AT_ONCE):
        yield [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(handles[start : start + _MOST_AT_ONCE])]


def _group(record: Record) -> str:
    """What keeps a message in order with others; nothing does in a standard queue."""
    return str((record.get("attributes") or {}).get("MessageGroupId", ""))
