"""The records of what happened: API calls and invocations."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from fakelambda.runtime.environment import Outcome
from fakelambda.runtime.logs import Log

InvocationType = Literal["RequestResponse", "Event", "DryRun"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One run of a handler.

    Args:
        function_name: the plain name.
        qualifier: the version or alias that was asked for; None where none was.
        executed_version: the version that ran, ``"$LATEST"`` or a number.
        invocation_type: ``"RequestResponse"`` or ``"Event"``.
        event: the parsed event.
        request_id: the handler's ``aws_request_id``, the same over the attempts of one event.
        attempt: 1 for the first run of an event.
        started_at: aware datetime of the fake's clock.
        duration: seconds of the fake's clock.
        cold_start: whether the execution environment was new.
        outcome: what the handler came to; ``result``, ``error`` and ``error_payload`` tell.
        log: what it logged, and when; ``logs`` tells it as text.
    """

    function_name: str
    qualifier: str | None
    executed_version: str
    invocation_type: InvocationType
    event: Any
    request_id: str
    attempt: int
    started_at: datetime
    duration: float
    cold_start: bool
    outcome: Outcome = field(repr=False)
    log: Log = field(repr=False)

    def __repr__(self) -> str:
        version = f"{self.function_name}:{self.qualifier or self.executed_version}"
        came_to = f"error={self.error!r}" if self.error_payload else f"result={self.result!r}"
        return f"Invocation({version!r}, {self.invocation_type!r}, event={self.event!r}, {came_to}, attempt={self.attempt})"

    @property
    def result(self) -> Any:
        """The parsed JSON result; None after a failure."""
        return self.outcome.result

    @property
    def error(self) -> BaseException | None:
        """The exception that ended the handler, with its traceback; None after success."""
        return self.outcome.error

    @property
    def error_payload(self) -> dict[str, Any] | None:
        """What the caller got instead of a result; None after success."""
        return self.outcome.error_payload

    @property
    def logs(self) -> str:
        """What the handler logged, with Lambda's own lines around it."""
        return self.log.text()


@dataclass(slots=True, kw_only=True)
class ApiCall:
    """One call of a client, however many HTTP attempts it took.

    Args:
        operation: AWS's name, such as ``"CreateAlias"``.
        parameters: a copy of what the client was given; blobs as bytes.
        error: the error response (``{"Error": {"Code": ...}, ...}``) or the exception that the caller got; None after success.
        attempts: HTTP attempts; more than 1 where the SDK tried again.
        region, account_id: whose state was asked.
    """

    operation: str
    parameters: Mapping[str, Any]
    region: str
    account_id: str
    attempts: int = 1
    error: Mapping[str, Any] | BaseException | None = None
    _answer: Callable[[], dict[str, Any]] | bytes | None = field(default=None, repr=False)

    @property
    def response(self) -> dict[str, Any] | None:
        """A copy of the response, its payload as bytes; None after an error."""
        if isinstance(self._answer, bytes):
            copy: dict[str, Any] = marshal.loads(self._answer)  # noqa: S302 - bytes that we packed ourselves
            return copy
        return self._answer() if self._answer else None

    def answered(self, answer: Callable[[], dict[str, Any]] | bytes) -> None:
        """Notes the response.

        Args:
            answer: packed by ``marshal``, or what makes a copy of it.
        """
        self._answer, self.error = answer, None


class Invocations:
    """Invocations in the order of their beginning, though each is known only at its end."""

    def __init__(self) -> None:
        self._records: list[Invocation | None] = []

    def begin(self) -> int:
        """Takes the next place."""
        self._records.append(None)
        return len(self._records) - 1

    def end(self, place: int, invocation: Invocation) -> None:
        """Fills a place."""
        if place < len(self._records):  # a reset meanwhile has taken the places away
            self._records[place] = invocation

    def ended(self) -> list[Invocation]:
        """Those that have ended."""
        return [record for record in self._records if record is not None]

    def clear(self) -> None:
        """Forgets them."""
        self._records = []
