"""The life of an event source mapping, and what the documentation says of it and of the sources."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from fakelambda.domain import event_source_mappings, event_sources
from fakelambda.domain.errors import ResourceInUseException
from fakelambda.domain.event_source_mappings import MEMBERS, EventSourceMapping, State
from fakelambda.domain.lifecycle import IllegalTransition
from fakelambda.domain.names import FunctionReference

DOCUMENT = (Path(__file__).parents[2] / "docs" / "event_source_mappings.md").read_text(encoding="utf-8")
AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 2, tzinfo=UTC)
BUSY = [State.CREATING, State.ENABLING, State.DISABLING, State.UPDATING, State.DELETING]


def mapping(state: State, *, enabled: bool) -> EventSourceMapping:
    return EventSourceMapping(
        uuid="01234567-89ab-cdef-0123-456789abcdef",
        region="us-east-1",
        account_id="123456789012",
        function=FunctionReference("orders", None, "us-east-1", "123456789012"),
        event_source_arn="arn:aws:sqs:us-east-1:123456789012:orders",
        state=state,
        state_transition_reason="USER_INITIATED",
        last_modified=AT,
        batch_size=10,
        enabled=enabled,
    )


def test_the_picture_in_the_documentation_is_the_table() -> None:
    assert re.findall(r"^```mermaid\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL) == [event_source_mappings.diagram()]


@pytest.mark.parametrize(
    ("before", "enabled", "change", "state", "settled"),
    [
        (State.ENABLED, True, None, State.UPDATING, State.ENABLED),
        (State.ENABLED, True, True, State.UPDATING, State.ENABLED),
        (State.ENABLED, True, False, State.DISABLING, State.DISABLED),
        (State.DISABLED, False, None, State.UPDATING, State.DISABLED),
        (State.DISABLED, False, False, State.UPDATING, State.DISABLED),
        (State.DISABLED, False, True, State.ENABLING, State.ENABLED),
    ],
)
def test_an_update_goes_by_what_its_owner_wants(*, before: State, enabled: bool, change: bool | None, state: State, settled: State) -> None:
    updated = event_source_mappings.update(mapping(before, enabled=enabled), at=LATER, enabled=change, batch_size=5)
    assert (updated.state, updated.batch_size, updated.last_modified) == (state, 5, LATER)
    after = event_source_mappings.settle(updated, at=LATER)
    assert after is not None
    assert (after.state, after.batch_size) == (settled, 5)


@pytest.mark.parametrize(("enabled", "first", "settled"), [(True, State.CREATING, State.ENABLED), (False, State.DISABLED, None)])
def test_a_creation_that_is_disabled_has_nothing_to_wait_for(*, enabled: bool, first: State, settled: State | None) -> None:
    assert event_source_mappings.first_state(enabled=enabled) is first
    created = mapping(first, enabled=enabled)
    if settled is None:
        with pytest.raises(IllegalTransition):
            event_source_mappings.settle(created, at=LATER)
    else:
        after = event_source_mappings.settle(created, at=LATER)
        assert after is not None
        assert after.state is settled


@pytest.mark.parametrize("before", [State.ENABLED, State.DISABLED])
def test_what_is_deleted_ends_nowhere(before: State) -> None:
    deleted = event_source_mappings.delete(mapping(before, enabled=before is State.ENABLED), at=LATER)
    assert deleted.state is State.DELETING
    assert event_source_mappings.settle(deleted, at=LATER) is None


@pytest.mark.parametrize(("before", "enabled"), [*product(BUSY, [True, False])])
def test_nothing_is_changed_while_aws_is_busy_with_it(*, before: State, enabled: bool) -> None:
    busy = mapping(before, enabled=enabled)
    with pytest.raises(ResourceInUseException, match=r"^Cannot update the event source mapping because it is in use\.$"):
        event_source_mappings.update(busy, at=LATER, enabled=None)
    with pytest.raises(ResourceInUseException, match=r"^Cannot delete the event source mapping because it is in use\.$"):
        event_source_mappings.delete(busy, at=LATER)


def test_the_documentation_says_which_states_are_busy() -> None:
    (said,) = re.findall(r"busy with it \((.*?)\)", DOCUMENT)
    assert sorted(re.findall(r"`(\w+)`", said)) == sorted(BUSY)


ROWS = {
    "SQS queue": event_sources.QUEUE,
    "Kinesis stream or consumer": event_sources.STREAM,
    "MSK cluster": event_sources.MANAGED_KAFKA,
    "Self-managed Kafka": event_sources.SELF_MANAGED_KAFKA,
    "Amazon MQ broker": event_sources.BROKER,
    "DocumentDB cluster": event_sources.CHANGE_STREAM,
}


@pytest.mark.parametrize("row", ROWS)
def test_the_documentation_says_what_each_source_takes(row: str) -> None:
    source, members = ROWS[row], {**MEMBERS, "filter_criteria": "FilterCriteria"}
    (cells,) = re.findall(rf"^\| {row} \|(.*)\|(.*)\|$", DOCUMENT, re.MULTILINE)
    needed, taken = ({*re.findall(r"`(\w+)`", cell)} for cell in cells)
    (always,) = re.findall(r"^All sources take (.*?)\. What", DOCUMENT, re.MULTILINE | re.DOTALL)
    always_taken = {*re.findall(r"`(\w+)`", always)} - {"Enabled", "Tags"}
    assert needed == {members[name] for name in source.needs}
    assert needed | taken | always_taken == {members[name] for name in source.takes}


def test_a_stream_of_dynamodb_takes_what_one_of_kinesis_does() -> None:
    assert "| DynamoDB stream | `StartingPosition` | as Kinesis |" in DOCUMENT
    kinesis, dynamodb = event_sources.STREAM, event_sources.TABLE_STREAM
    assert (kinesis.takes, kinesis.needs, kinesis.defaults) == (dynamodb.takes, dynamodb.needs, dynamodb.defaults)


def test_every_parameter_of_a_source_has_a_field_in_the_record() -> None:
    sources: list[Any] = [*ROWS.values(), event_sources.FIFO_QUEUE, event_sources.TABLE_STREAM]
    names = {name for source in sources for name in (*source.takes, *source.defaults)} - {"filter_criteria"}
    assert names <= MEMBERS.keys() <= {*dir(EventSourceMapping)}
