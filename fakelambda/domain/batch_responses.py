"""What a function's answer says of the records of its batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from fakelambda.domain.destinations import parsed

REPORT_BATCH_ITEM_FAILURES: Final = "ReportBatchItemFailures"
_NOTHING_FAILED: Final[tuple[Any, ...]] = (None, "", [], {})


def failed_positions(response: bytes, identifiers: Callable[[], Sequence[str | None]], size: int) -> Sequence[int]:
    """Where in its batch the records are that a function reports as failed, in order.

    An answer that cannot be understood fails the whole batch: one that is no object, an item without an identifier, or with one that no
    record of the batch has. Nothing, in any of its forms, is success.

    Args:
        response: of a function whose mapping asks for ``ReportBatchItemFailures``.
        identifiers: tells what each record of the batch is called; asked only where failures are reported.
        size: how many records the batch has.
    """
    answer = parsed(response)
    if answer in _NOTHING_FAILED:
        return ()
    everything = range(size)
    if not isinstance(answer, dict):
        return everything
    failures = answer.get("batchItemFailures")
    if failures is None or failures == []:
        return ()
    if not isinstance(failures, list):
        return everything
    places = {identifier: place for place, identifier in enumerate(identifiers()) if identifier is not None}
    failed = {places.get(_identifier(failure)) for failure in failures}
    return everything if None in failed else sorted(place for place in failed if place is not None)


def _identifier(failure: Any) -> Any:
    found = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    return found if isinstance(found, str) else None
