"""Provisioned concurrency of a version or an alias: environments that are initialised before anybody invokes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from fakelambda.domain import lifecycle

INITIALIZATION_TYPE = "provisioned-concurrency"
"""``AWS_LAMBDA_INITIALIZATION_TYPE`` in such an environment."""

INITIALISATION_FAILED = "FUNCTION_ERROR_INIT_FAILURE"


class Status(StrEnum):
    """``Status`` of an allocation."""

    IN_PROGRESS = "IN_PROGRESS"
    READY = "READY"
    FAILED = "FAILED"


class Event(StrEnum):
    """What happens to an allocation."""

    PUT = "put"
    MOVE = "move alias"
    SUCCEED = "succeed"
    FAIL = "fail"


TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (Status.IN_PROGRESS, Event.SUCCEED): Status.READY,
    (Status.IN_PROGRESS, Event.FAIL): Status.FAILED,
    **{(status, event): Status.IN_PROGRESS for status in Status for event in (Event.PUT, Event.MOVE)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedConcurrencyConfig:
    """What is provisioned for one qualifier of a function.

    Args:
        requested: how many environments the caller wants.
        version: where the allocated environments are; behind the version of a moved alias until the move is done.
        allocated: how many there are.
        status_reason: why it failed; None where it did not.
    """

    requested: int
    last_modified: datetime
    version: str
    status: Status = Status.IN_PROGRESS
    allocated: int = 0
    status_reason: str | None = None


def put(before: ProvisionedConcurrencyConfig | None, *, requested: int, version: str, at: datetime) -> ProvisionedConcurrencyConfig:
    """A new configuration, or one changed; what is allocated already goes on serving meanwhile."""
    if before is None:
        return ProvisionedConcurrencyConfig(requested=requested, version=version, last_modified=at)
    return replace(_after(before, Event.PUT), requested=requested, allocated=min(before.allocated, requested), last_modified=at)


def move(config: ProvisionedConcurrencyConfig) -> ProvisionedConcurrencyConfig:
    """The configuration of an alias that was moved to another version; it shows the old allocation until the new one is ready."""
    return _after(config, Event.MOVE)


def succeed(config: ProvisionedConcurrencyConfig, version: str) -> ProvisionedConcurrencyConfig:
    """The configuration with all that was requested, allocated for a version."""
    return replace(_after(config, Event.SUCCEED), version=version, allocated=config.requested)


def fail(config: ProvisionedConcurrencyConfig, version: str, reason: str = INITIALISATION_FAILED) -> ProvisionedConcurrencyConfig:
    """The configuration when nothing could be allocated for a version: everything runs on demand."""
    return replace(_after(config, Event.FAIL), version=version, allocated=0, status_reason=reason)


def _after(config: ProvisionedConcurrencyConfig, event: Event) -> ProvisionedConcurrencyConfig:
    return replace(config, status=lifecycle.after(TRANSITIONS, config.status, event), status_reason=None)


def diagram() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    return lifecycle.picture(Event.PUT, Status.IN_PROGRESS, TRANSITIONS, str)
