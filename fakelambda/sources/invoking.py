"""Invocations by event source mappings: how a batch reaches the function, and what it says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fakelambda.domain import batch_responses, xray
from fakelambda.domain.batch_responses import REPORT_BATCH_ITEM_FAILURES
from fakelambda.domain.errors import ServiceError
from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.domain.functions import FunctionConfiguration
from fakelambda.domain.plain_events import PlainEvent
from fakelambda.domain.source_records import item_identifier
from fakelambda.domain.stream_records import Record
from fakelambda.operations import running
from fakelambda.operations.call import Service
from fakelambda.operations.running import Request
from fakelambda.runtime.runner import Ran


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of giving a batch to its function.

    Args:
        request_id: of the invocation.
        ran: what the function did; None where it could not run.
        executed_version: the version that ran.
        refusal: why it could not run.
    """

    request_id: str
    ran: Ran | None = None
    executed_version: str | None = None
    refusal: ServiceError | None = None

    @property
    def has_raised(self) -> bool:
        """Whether the function ended with an error."""
        return self.ran is not None and self.ran.outcome.error_payload is not None

    def failed(self, mapping: EventSourceMapping, records: Sequence[Record]) -> Sequence[int]:
        """The places of the records that are not done with."""
        if self.ran is None or self.has_raised:
            return range(len(records))
        if REPORT_BATCH_ITEM_FAILURES not in (mapping.function_response_types or ()):
            return ()
        return batch_responses.failed_positions(
            self.ran.outcome.payload, lambda: [item_identifier(mapping.service, record) for record in records], len(records)
        )

    @property
    def processing_result(self) -> str:
        """What ``LastProcessingResult`` says of it."""
        if self.refusal is not None:
            return f"PROBLEM: {self.refusal}"
        return "PROBLEM: Function call failed" if self.has_raised else "OK"


@dataclass(slots=True)
class Delivered:
    """What a delivery has led to.

    Args:
        request_ids: of its invocations.
        errors: what kept a function from running, and what the fake was told to raise.
    """

    request_ids: set[str] = field(default_factory=set)
    errors: list[BaseException] = field(default_factory=list)


def invoke(service: Service, mapping: EventSourceMapping, records: Sequence[Record], payload: bytes | PlainEvent) -> Answer:
    """Gives a batch to the function of a mapping, which may refuse it for want of concurrency.

    Args:
        records: of the batch.
        payload: the event that holds them.

    Raises:
        NotModelled: the function cannot run here.
    """
    now = service.world.now()
    request = Request(
        reference=mapping.function,
        request_id=service.world.new_id(),
        invocation_type="RequestResponse",
        payload=payload,
        sent_at=now,
        event=payload.value() if isinstance(payload, PlainEvent) else None,
        upstream=xray.of_records(records) if mapping.service == "sqs" else None,
    )
    try:
        ran, version = running.run(service, request, now)
    except ServiceError as refusal:
        return Answer(request.request_id, refusal=refusal)
    return Answer(request.request_id, ran, version)


def raised(service: Service, answer: Answer) -> Sequence[BaseException]:
    """What ended the function, where the fake was told that such exceptions fail the test."""
    error = None if answer.ran is None else answer.ran.outcome.error
    return (error,) if error is not None and isinstance(error, service.reraise) else ()


def target(service: Service, mapping: EventSourceMapping) -> FunctionConfiguration | None:
    """The version that a mapping invokes, an alias by its main version; None where there is none that can be invoked now."""
    reference = mapping.function
    with service.lock:
        function = service.state.functions(reference.account_id, reference.region).get(reference.name)
        version = None if function is None else function.resolve(reference.qualifier)
        if function is None or version is None:
            return None
        try:
            running.admit(service, function, version)
        except ServiceError:
            return None
        return version
