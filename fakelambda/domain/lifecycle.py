"""The life of a function version as explicit tables: state x event -> state.

The same tables decide what is refused meanwhile. An illegal pair is a mistake of ours and raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple, TypeVar

from fakelambda.domain.errors import ResourceConflictException

AnyState = TypeVar("AnyState")
AnyEvent = TypeVar("AnyEvent")


class State(StrEnum):
    """``State`` of a function version."""

    PENDING = "Pending"
    ACTIVE = "Active"
    INACTIVE = "Inactive"
    FAILED = "Failed"


class LastUpdateStatus(StrEnum):
    """``LastUpdateStatus`` of a function version; AWS leaves the member out until it has settled once."""

    ABSENT = ""
    IN_PROGRESS = "InProgress"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"


class Event(StrEnum):
    """What happens to a function version."""

    CREATE = "create"
    UPDATE = "update"
    SUCCEED = "succeed"
    FAIL = "fail"
    FALL_IDLE = "fall idle"
    INVOKE = "invoke"


Stage = tuple[State, LastUpdateStatus]
"""The two states of a version, which move together."""


class Reason(NamedTuple):
    """Why a version is in a state: AWS's text and AWS's code."""

    text: str
    code: str


class Life(NamedTuple):
    """The two states of a version, and why it is in them; None where AWS gives no reason."""

    state: State
    last_update_status: LastUpdateStatus
    state_reason: Reason | None = None
    last_update_status_reason: Reason | None = None

    @property
    def stage(self) -> Stage:
        """What the table knows of it."""
        return self.state, self.last_update_status

    @property
    def is_updating(self) -> bool:
        """Whether an update is in progress."""
        return self.last_update_status is LastUpdateStatus.IN_PROGRESS


IN_PROGRESS = Reason("The function is being created.", "Creating")
"""While something is in progress; AWS says "created" for updates too [recorded]."""
RESTORING = Reason("The function is being restored.", "Restoring")  # AWS's texts for these two are not known
IDLE = Reason("The function has been idle for too long; an invocation restores it.", "Idle")

CREATED = Life(State.PENDING, LastUpdateStatus.ABSENT, IN_PROGRESS)
READY = Life(State.ACTIVE, LastUpdateStatus.SUCCESSFUL)

_CREATED: Stage = (State.PENDING, LastUpdateStatus.ABSENT)
_READY: Stage = (State.ACTIVE, LastUpdateStatus.SUCCESSFUL)
_UPDATING: Stage = (State.ACTIVE, LastUpdateStatus.IN_PROGRESS)
_UPDATE_FAILED: Stage = (State.ACTIVE, LastUpdateStatus.FAILED)
_FAILED: Stage = (State.FAILED, LastUpdateStatus.FAILED)
_FAILED_UPDATING: Stage = (State.FAILED, LastUpdateStatus.IN_PROGRESS)
_IDLE: Stage = (State.INACTIVE, LastUpdateStatus.SUCCESSFUL)
_IDLE_UPDATING: Stage = (State.INACTIVE, LastUpdateStatus.IN_PROGRESS)
_IDLE_UPDATE_FAILED: Stage = (State.INACTIVE, LastUpdateStatus.FAILED)
_RESTORING: Stage = (State.PENDING, LastUpdateStatus.SUCCESSFUL)
_RESTORING_UPDATE_FAILED: Stage = (State.PENDING, LastUpdateStatus.FAILED)

TRANSITIONS: dict[tuple[Stage, Event], Stage] = {
    (_CREATED, Event.SUCCEED): _READY,
    (_CREATED, Event.FAIL): _FAILED,
    (_READY, Event.UPDATE): _UPDATING,
    (_READY, Event.FALL_IDLE): _IDLE,
    (_UPDATING, Event.SUCCEED): _READY,
    (_UPDATING, Event.FAIL): _UPDATE_FAILED,
    (_UPDATE_FAILED, Event.UPDATE): _UPDATING,
    (_UPDATE_FAILED, Event.FALL_IDLE): _IDLE_UPDATE_FAILED,
    (_FAILED, Event.UPDATE): _FAILED_UPDATING,
    (_FAILED_UPDATING, Event.SUCCEED): _READY,
    (_FAILED_UPDATING, Event.FAIL): _FAILED,
    (_IDLE, Event.INVOKE): _RESTORING,
    (_IDLE, Event.UPDATE): _IDLE_UPDATING,
    (_IDLE_UPDATING, Event.SUCCEED): _READY,
    (_IDLE_UPDATING, Event.FAIL): _IDLE_UPDATE_FAILED,
    (_IDLE_UPDATE_FAILED, Event.INVOKE): _RESTORING_UPDATE_FAILED,
    (_IDLE_UPDATE_FAILED, Event.UPDATE): _IDLE_UPDATING,
    (_RESTORING, Event.SUCCEED): _READY,
    (_RESTORING, Event.FAIL): _IDLE,
    (_RESTORING_UPDATE_FAILED, Event.SUCCEED): _UPDATE_FAILED,
    (_RESTORING_UPDATE_FAILED, Event.FAIL): _IDLE_UPDATE_FAILED,
}


class IllegalTransition(RuntimeError):  # noqa: N818 - named for what happened
    """A transition that the table does not hold: a mistake of fakelambda's own."""


def move(life: Life, event: Event, reason: Reason | None = None) -> Life:
    """The life after an event.

    Args:
        reason: why it failed; None where it did not.

    Raises:
        IllegalTransition: the table has no such pair.
    """
    state, last_update_status = after(TRANSITIONS, life.stage, event)
    return Life(
        state,
        last_update_status,
        _state_reason(life, event, state, reason),
        _last_update_status_reason(life, event, last_update_status, reason),
    )


def can(life: Life, event: Event) -> bool:
    """Whether the table has such a pair."""
    return (life.stage, event) in TRANSITIONS


def _state_reason(before: Life, event: Event, state: State, reason: Reason | None) -> Reason | None:
    if state is State.ACTIVE:
        return None
    if state is State.PENDING:
        return RESTORING
    if event is Event.FALL_IDLE:
        return IDLE
    return reason if before.state is State.PENDING else before.state_reason  # what an update comes to is told beside


def _last_update_status_reason(before: Life, event: Event, status: LastUpdateStatus, reason: Reason | None) -> Reason | None:
    if status is LastUpdateStatus.IN_PROGRESS:
        return IN_PROGRESS
    if status is not LastUpdateStatus.FAILED:
        return None
    was_judged = event is Event.FAIL and before.last_update_status in (LastUpdateStatus.ABSENT, LastUpdateStatus.IN_PROGRESS)
    return reason if was_judged else before.last_update_status_reason


def after(table: Mapping[tuple[AnyState, AnyEvent], AnyState], state: AnyState, event: AnyEvent) -> AnyState:
    """The state that a table has after an event.

    Raises:
        IllegalTransition: the table has no such pair.
    """
    try:
        return table[state, event]
    except KeyError:
        raise IllegalTransition(f"{event} in {state}") from None


def check_changeable(life: Life, arn: str) -> None:
    """Refuse an update while AWS is busy with the function.

    Args:
        life: that of ``$LATEST``.
        arn: the function's unqualified ARN, which the error names.

    Raises:
        ResourceConflictException: the function is being created or restored, or an earlier update is in progress.
    """
    if life.state is State.PENDING:
        raise _conflict(life)
    if life.is_updating:
        raise ResourceConflictException(f"The operation cannot be performed at this time. An update is in progress for resource: {arn}")


def check_publishable(life: Life, arn: str) -> None:
    """Refuse to publish what cannot run.

    Args:
        life, arn: as for `check_changeable`.

    Raises:
        ResourceConflictException: AWS is busy with the function, or its creation or its last update has failed.
    """
    check_changeable(life, arn)
    if life.state is State.FAILED:
        raise _conflict(life)
    if life.last_update_status is LastUpdateStatus.FAILED:  # AWS's text is not known
        raise ResourceConflictException(f"The operation cannot be performed at this time. The last update failed for resource: {arn}")


def check_provisionable(life: Life) -> None:
    """Refuse to provision a version that cannot be initialised.

    Raises:
        ResourceConflictException: it is Pending or Failed.
    """
    if life.state in (State.PENDING, State.FAILED):
        raise _conflict(life)


def check_invocable(life: Life) -> None:
    """Refuse an invocation of a version that cannot run; while an update is in progress the previous code runs.

    Raises:
        ResourceConflictException: the version is not Active.
    """
    if life.state is not State.ACTIVE:
        raise _conflict(life)


def _conflict(life: Life) -> ResourceConflictException:
    return ResourceConflictException(
        f"The operation cannot be performed at this time. The function is currently in the following state: {life.state}"
    )


def diagram() -> str:
    """The table as a Mermaid state diagram, for the documentation."""

    def name(stage: Stage) -> str:
        state, last_update_status = stage
        return f"{state}_{last_update_status.name}"

    return picture(Event.CREATE, CREATED.stage, TRANSITIONS, name)


def picture(
    first_event: AnyEvent, first: AnyState, table: Mapping[tuple[AnyState, AnyEvent], AnyState], name: Callable[[AnyState], str]
) -> str:
    """A table as a Mermaid state diagram.

    Args:
        first_event, first: how it begins.
        name: of a state, in the diagram.
    """
    rows = [f"    [*] --> {name(first)}: {first_event}"]
    rows += [f"    {name(before)} --> {name(following)}: {event}" for (before, event), following in table.items()]
    return "\n".join(["stateDiagram-v2", *rows]) + "\n"
