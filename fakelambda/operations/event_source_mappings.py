"""Event source mappings: create, read, list, update, delete."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fakelambda.domain import event_source_mappings, event_sources, functions
from fakelambda.domain.errors import InvalidParameterValueException, ResourceNotFoundException
from fakelambda.domain.event_source_mappings import EventSourceMapping, State
from fakelambda.domain.event_sources import EventSource
from fakelambda.domain.names import FunctionReference
from fakelambda.operations import pages
from fakelambda.operations.call import Answer, Call, operation
from fakelambda.operations.transitions import settle_mapping_later

_MAXIMUM_PAGE = 100
_SHOWN: Mapping[str, str] = {
    "uuid": "UUID",
    "arn": "EventSourceMappingArn",
    "event_source_arn": "EventSourceArn",
    "batch_size": "BatchSize",
    "maximum_batching_window_in_seconds": "MaximumBatchingWindowInSeconds",
    "function_response_types": "FunctionResponseTypes",
    "starting_position": "StartingPosition",
    "starting_position_timestamp": "StartingPositionTimestamp",
    "bisect_batch_on_function_error": "BisectBatchOnFunctionError",
    "destination_config": "DestinationConfig",
    "maximum_record_age_in_seconds": "MaximumRecordAgeInSeconds",
    "maximum_retry_attempts": "MaximumRetryAttempts",
    "parallelization_factor": "ParallelizationFactor",
    "tumbling_window_in_seconds": "TumblingWindowInSeconds",
    "scaling_config": "ScalingConfig",
    "last_modified": "LastModified",
    "last_processing_result": "LastProcessingResult",
    "state": "State",
    "state_transition_reason": "StateTransitionReason",
    "topics": "Topics",
    "queues": "Queues",
    "source_access_configurations": "SourceAccessConfigurations",
    "self_managed_event_source": "SelfManagedEventSource",
    "amazon_managed_kafka_event_source_config": "AmazonManagedKafkaEventSourceConfig",
    "self_managed_kafka_event_source_config": "SelfManagedKafkaEventSourceConfig",
    "document_db_event_source_config": "DocumentDBEventSourceConfig",
    "provisioned_poller_config": "ProvisionedPollerConfig",
    "kms_key_arn": "KMSKeyArn",
    "metrics_config": "MetricsConfig",
    "logging_config": "LoggingConfig",
}


def _shown(mapping: EventSourceMapping) -> Answer:
    filters = [{"Pattern": pattern} for pattern in mapping.filters]
    members = {member: getattr(mapping, name) for name, member in _SHOWN.items()}
    members = {member: list(value) if isinstance(value, tuple) else value for member, value in members.items() if value is not None}
    members |= {"State": mapping.state.value, "FunctionArn": mapping.function.qualified_arn()}
    return members | ({"FilterCriteria": {"Filters": filters}} if filters else {})


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
    """Asks the source's own service about it, where one answers.

    Raises:
        InvalidParameterValueException: it does not exist, or its messages would come back while the function still runs.
    """
    if arn is None:
        return
    if source is event_sources.SQS:
        event_sources.check_visibility_timeout(call.service.neighbours.visibility_timeout_of(arn), timeout)
    elif source in (event_sources.KINESIS, event_sources.DYNAMODB):
        call.service.neighbours.check_stream(arn)


def _check_unique(call: Call, function: FunctionReference, arn: str | None, *, but: str | None = None) -> None:
    for mapping in call.event_source_mappings.starting_at(""):
        if mapping.uuid != but and mapping.function == function and mapping.event_source_arn == arn:
            raise event_sources.duplicate(mapping.event_source_arn, function.name, mapping.uuid)


@operation("CreateEventSourceMapping", locked=False)
def create_event_source_mapping(
    call: Call,
    *,
    function: FunctionReference,
    event_source_arn: str | None = None,
    enabled: bool = True,
    batch_size: int | None = None,
    filter_criteria: Mapping[str, Any] | None = None,
    maximum_batching_window_in_seconds: int | None = None,
    parallelization_factor: int | None = None,
    starting_position: str | None = None,
    starting_position_timestamp: datetime | None = None,
    destination_config: Mapping[str, Any] | None = None,
    maximum_record_age_in_seconds: int | None = None,
    bisect_batch_on_function_error: bool | None = None,
    maximum_retry_attempts: int | None = None,
    tumbling_window_in_seconds: int | None = None,
    function_response_types: list[str] | None = None,
    scaling_config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Answer:
    """CreateEventSourceMapping: connects a source with a function; Creating until polling begins."""
    source = event_sources.of_arn(event_source_arn)
    given = {
        "batch_size": batch_size,
        "filter_criteria": filter_criteria,
        "maximum_batching_window_in_seconds": maximum_batching_window_in_seconds,
        "parallelization_factor": parallelization_factor,
        "starting_position": starting_position,
        "starting_position_timestamp": starting_position_timestamp,
        "destination_config": destination_config,
        "maximum_record_age_in_seconds": maximum_record_age_in_seconds,
        "bisect_batch_on_function_error": bisect_batch_on_function_error,
        "maximum_retry_attempts": maximum_retry_attempts,
        "tumbling_window_in_seconds": tumbling_window_in_seconds,
        "function_response_types": function_response_types,
        "scaling_config": scaling_config or None,
    }
    settings = event_sources.settings(source, event_source_arn, {name: value for name, value in given.items() if value is not None})
    checked_tags = functions.checked_tags(tags or {})
    with call.service.lock:
        timeout = _check_function(call, function)
    _check_source(call, source, event_source_arn, timeout)
    with call.service.lock:
        _check_function(call, function)
        _check_unique(call, function, event_source_arn)
        mapping = EventSourceMapping(
            uuid=call.new_id(),
            region=call.region,
            account_id=call.account_id,
            function=function,
            event_source_arn=event_source_arn,
            state=event_source_mappings.first_state(enabled=enabled),
            state_transition_reason=source.reason,
            last_modified=call.now,
            enabled=enabled,
            tags=checked_tags,
            **settings,
        )
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
    return pages.page(
        (
            mapping
            for mapping in call.event_source_mappings.starting_at(marker or "")
            if function in (None, mapping.function) and event_source_arn in (None, mapping.event_source_arn)
        ),
        member="EventSourceMappings",
        arn=lambda mapping: mapping.uuid,
        show=_shown,
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
    batch_size: int | None = None,
    filter_criteria: Mapping[str, Any] | None = None,
    maximum_batching_window_in_seconds: int | None = None,
    parallelization_factor: int | None = None,
    destination_config: Mapping[str, Any] | None = None,
    maximum_record_age_in_seconds: int | None = None,
    bisect_batch_on_function_error: bool | None = None,
    maximum_retry_attempts: int | None = None,
    tumbling_window_in_seconds: int | None = None,
    function_response_types: list[str] | None = None,
    scaling_config: Mapping[str, Any] | None = None,
) -> Answer:
    """UpdateEventSourceMapping: what is not given stays; Updating, Enabling or Disabling until AWS is done."""
    given = {
        "batch_size": batch_size,
        "filter_criteria": filter_criteria,
        "maximum_batching_window_in_seconds": maximum_batching_window_in_seconds,
        "parallelization_factor": parallelization_factor,
        "destination_config": destination_config,
        "maximum_record_age_in_seconds": maximum_record_age_in_seconds,
        "bisect_batch_on_function_error": bisect_batch_on_function_error,
        "maximum_retry_attempts": maximum_retry_attempts,
        "tumbling_window_in_seconds": tumbling_window_in_seconds,
        "function_response_types": function_response_types,
        "scaling_config": scaling_config,
    }
    given = {name: value for name, value in given.items() if value is not None}
    with call.service.lock:
        before = _existing(call, uuid)
        source = event_sources.of_arn(before.event_source_arn)
        changes = event_sources.changes(source, before, given)
        timeout = _check_function(call, function) if function else None
    if timeout is not None:
        _check_source(call, source, before.event_source_arn, timeout)
    with call.service.lock:
        before = _existing(call, uuid)
        changes = event_sources.changes(source, before, given)
        if function is not None:
            _check_function(call, function)
            _check_unique(call, function, before.event_source_arn, but=uuid)
            changes["function"] = function
        mapping = event_source_mappings.update(before, at=call.now, enabled=enabled, **changes)
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
