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


class LastUpdateStatus(StrEnum):
    """``LastUpdateStatus`` of a function version; AWS leaves the member out until it has settled once."""

    ABSENT = ""
    IN_PROGRESS = "InProgress"
    SUCCESSFUL = "Successful"


class Event(StrEnum):
    """What happens to a function version."""

    CREATE = "create"
    UPDATE = "update"
    SUCCEED = "succeed"


class Life(NamedTuple):
    """The two states of a version, which move together."""

    state: State
    last_update_status: LastUpdateStatus


CREATED = Life(State.PENDING, LastUpdateStatus.ABSENT)
READY = Life(State.ACTIVE, LastUpdateStatus.SUCCESSFUL)
UPDATING = Life(State.ACTIVE, LastUpdateStatus.IN_PROGRESS)

TRANSITIONS: dict[tuple[Life, Event], Life] = {
    (CREATED, Event.SUCCEED): READY,
    (READY, Event.UPDATE): UPDATING,
    (UPDATING, Event.SUCCEED): READY,
}

IN_PROGRESS_REASON = ("The function is being created.", "Creating")
"""Reason and code while something is in progress; AWS says "created" for updates too [recorded]."""


class IllegalTransition(RuntimeError):  # noqa: N818 - named for what happened
    """A transition that the table does not hold: a mistake of fakelambda's own."""


def move(life: Life, event: Event) -> Life:
    """The life after an event.

    Raises:
        IllegalTransition: the table has no such pair.
    """
    return after(TRANSITIONS, life, event)


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
    """Refuse an update or a publication while AWS is busy with the function.

    Args:
        life: that of ``$LATEST``.
        arn: the function's unqualified ARN, which the error names.

    Raises:
        ResourceConflictException: the function is being created or an earlier update is in progress.
    """
    if life.state is State.PENDING:
        raise ResourceConflictException(_in_state(life))
    if life.last_update_status is LastUpdateStatus.IN_PROGRESS:
        raise ResourceConflictException(f"The operation cannot be performed at this time. An update is in progress for resource: {arn}")


def check_invocable(life: Life) -> None:
    """Refuse an invocation of a version that cannot run; while an update is in progress the previous code runs.

    Raises:
        ResourceConflictException: the version is Pending.
    """
    if life.state is not State.ACTIVE:
        raise ResourceConflictException(_in_state(life))


def _in_state(life: Life) -> str:
    return f"The operation cannot be performed at this time. The function is currently in the following state: {life.state}"


def diagram() -> str:
    """The table as a Mermaid state diagram, for the documentation."""

    def name(life: Life) -> str:
        return f"{life.state}_{life.last_update_status.name}"

    return picture(Event.CREATE, CREATED, TRANSITIONS, name)


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
