"""Event source mappings: create, read, list, update, delete."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Unpack

from fakelambda.domain import event_source_mappings, event_source_settings, event_sources, functions
from fakelambda.domain.errors import InvalidParameterValueException, ResourceNotFoundException
from fakelambda.domain.event_source_mappings import MEMBERS, EventSourceMapping, State
from fakelambda.domain.event_source_settings import FirstSettings, Settings
from fakelambda.domain.event_sources import EventSource
from fakelambda.domain.names import FunctionReference
from fakelambda.operations import pages
from fakelambda.operations.call import Answer, Call, operation
from fakelambda.operations.transitions import settle_mapping_later

_MAXIMUM_PAGE = 100
_MARKER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ASKED = (event_sources.QUEUE, event_sources.FIFO_QUEUE, event_sources.STREAM, event_sources.TABLE_STREAM)


def _shown(mapping: EventSourceMapping) -> Answer:
    members = {member: getattr(mapping, name) for name, member in MEMBERS.items()}
    members = {member: list(value) if isinstance(value, tuple) else value for member, value in members.items() if value is not None}
    members |= {"State": mapping.state.value, "FunctionArn": mapping.function.qualified_arn()}
    filters = [{"Pattern": pattern} for pattern in mapping.filters]
    return members | ({"FilterCriteria": {"Filters": filters}} if filters else {})


def _listed(mapping: EventSourceMapping) -> Answer:
    """A mapping as lists show it: what is encrypted with a key of its owner's stays hidden."""
    return {member: value for member, value in _shown(mapping).items() if member != "FilterCriteria" or mapping.kms_key_arn is None}


def _existing(call: Call, uuid: str) -> EventSourceMapping:
    found = call.event_source_mappings.get(uuid)
    if found is None:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return found


def _check_function(call: Call, reference: FunctionReference) -> int:
    """The timeout of the version that a caller named, in seconds.

    Raises:
        InvalidParameterValueException: there is no such function, version or alias.
    """
    found = call.functions.get(reference.name)
    version = None if found is None else found.resolve(reference.qualifier)
    if version is None:
        raise InvalidParameterValueException("Function does not exist")
    return version.timeout


def _check_source(call: Call, source: EventSource, arn: str | None, timeout: int) -> None:
    """Asks the source's own service about it, where one answers; of other sources than queues and streams nothing is asked.

    Raises:
        InvalidParameterValueException: it does not exist here, or its messages would come back while the function still runs.
    """
    if arn is None or source not in _ASKED:
        return
    if arn.split(":")[3] != call.region:
        raise event_sources.missing(arn)
    if source in (event_sources.STREAM, event_sources.TABLE_STREAM):
        call.service.neighbours.check_stream(arn)
    else:
        event_sources.check_visibility_timeout(call.service.neighbours.visibility_timeout_of(arn), timeout)


@operation("CreateEventSourceMapping", locked=False)
def create_event_source_mapping(
    call: Call,
    *,
    function: FunctionReference,
    event_source_arn: str | None = None,
    enabled: bool = True,
    tags: Mapping[str, str] | None = None,
    **settings: Unpack[FirstSettings],
) -> Answer:
    """CreateEventSourceMapping: connects a source with a function; Creating until polling begins."""
    source = event_sources.of(event_source_arn, settings.get("self_managed_event_source"))
    uuid = call.new_id()
    fields = event_source_settings.new(source, event_source_arn, settings, uuid=uuid, at=call.now)
    checked_tags = functions.checked_tags(tags or {})
    with call.service.lock:
        timeout = _check_function(call, function)
    _check_source(call, source, event_source_arn, timeout)
    with call.service.lock:
        _check_function(call, function)
        mapping = EventSourceMapping(
            uuid=uuid,
            region=call.region,
            account_id=call.account_id,
            function=function,
            event_source_arn=event_source_arn,
            state=event_source_mappings.first_state(enabled=enabled),
            state_transition_reason=source.reason,
            last_modified=call.now,
            enabled=enabled,
            tags=checked_tags,
            **fields,
        )
        event_sources.check_unique(mapping, call.event_source_mappings.starting_at(""))
        call.event_source_mappings.put(mapping)
        if mapping.state is State.CREATING:
            settle_mapping_later(call, mapping)
    return _shown(mapping)


@operation("GetEventSourceMapping")
def get_event_source_mapping(call: Call, *, uuid: str) -> Answer:
    """GetEventSourceMapping: a mapping as it is now."""
    return _shown(_existing(call, uuid))


@operation("ListEventSourceMappings")
def list_event_source_mappings(
    call: Call,
    *,
    function: FunctionReference | None = None,
    event_source_arn: str | None = None,
    marker: str | None = None,
    max_items: int | None = None,
) -> Answer:
    """ListEventSourceMappings: all of them, or those of a function exactly as it is named, of a source, or of both."""
    if marker and not _MARKER.fullmatch(marker):
        raise InvalidParameterValueException(f"Invalid marker: {marker}")
    return pages.page(
        (
            mapping
            for mapping in call.event_source_mappings.starting_at(marker or "")
            if function in (None, mapping.function) and event_source_arn in (None, mapping.event_source_arn)
        ),
        member="EventSourceMappings",
        arn=lambda mapping: mapping.uuid,
        show=_listed,
        max_items=max_items,
        maximum=_MAXIMUM_PAGE,
    )


@operation("UpdateEventSourceMapping", locked=False)
def update_event_source_mapping(
    call: Call,
    *,
    uuid: str,
    function: FunctionReference | None = None,
    enabled: bool | None = None,
    **settings: Unpack[Settings],
) -> Answer:
    """UpdateEventSourceMapping: what is not given stays; Updating, Enabling or Disabling until AWS is done."""
    with call.service.lock:
        before = _existing(call, uuid)
        source = event_sources.of(before.event_source_arn, before.self_managed_event_source)
        event_source_settings.changed(source, before, settings)
        timeout = _check_function(call, function) if function else None
    if timeout is not None:
        _check_source(call, source, before.event_source_arn, timeout)
    with call.service.lock:
        before = _existing(call, uuid)
        changes = event_source_settings.changed(source, before, settings)
        if function is not None:
            _check_function(call, function)
            changes["function"] = function
        mapping = event_source_mappings.update(before, at=call.now, enabled=enabled, **changes)
        event_sources.check_unique(mapping, call.event_source_mappings.starting_at(""))
        call.event_source_mappings.put(mapping)
        settle_mapping_later(call, mapping)
    return _shown(mapping)


@operation("DeleteEventSourceMapping")
def delete_event_source_mapping(call: Call, *, uuid: str) -> Answer:
    """DeleteEventSourceMapping: Deleting until AWS is done; then it is gone."""
    mapping = event_source_mappings.delete(_existing(call, uuid), at=call.now)
    call.event_source_mappings.put(mapping)
    settle_mapping_later(call, mapping)
    return _shown(mapping)
