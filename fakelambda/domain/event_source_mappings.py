"""Event source mappings: frozen records, their life as an explicit table, and what each change makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from fakelambda.domain import lifecycle
from fakelambda.domain.errors import ResourceInUseException
from fakelambda.domain.functions import checked_tags
from fakelambda.domain.names import FunctionReference, partition_of


class State(StrEnum):
    """``State`` of an event source mapping."""

    CREATING = "Creating"
    ENABLING = "Enabling"
    ENABLED = "Enabled"
    DISABLING = "Disabling"
    DISABLED = "Disabled"
    UPDATING = "Updating"
    DELETING = "Deleting"


class Event(StrEnum):
    """What happens to an event source mapping; the last two are AWS's own doing."""

    CREATE = "create"
    CREATE_DISABLED = "create disabled"
    UPDATE = "update"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"
    POLLING_BEGINS = "polling begins"
    POLLING_ENDS = "polling ends"


NOWHERE = None
"""Before the creation and after the deletion."""

TRANSITIONS: dict[tuple[State | None, Event], State | None] = {
    (NOWHERE, Event.CREATE): State.CREATING,
    (NOWHERE, Event.CREATE_DISABLED): State.DISABLED,
    (State.CREATING, Event.POLLING_BEGINS): State.ENABLED,
    (State.ENABLED, Event.UPDATE): State.UPDATING,
    (State.ENABLED, Event.DISABLE): State.DISABLING,
    (State.ENABLED, Event.DELETE): State.DELETING,
    (State.DISABLED, Event.UPDATE): State.UPDATING,
    (State.DISABLED, Event.ENABLE): State.ENABLING,
    (State.DISABLED, Event.DELETE): State.DELETING,
    (State.UPDATING, Event.POLLING_BEGINS): State.ENABLED,
    (State.UPDATING, Event.POLLING_ENDS): State.DISABLED,
    (State.ENABLING, Event.POLLING_BEGINS): State.ENABLED,
    (State.DISABLING, Event.POLLING_ENDS): State.DISABLED,
    (State.DELETING, Event.POLLING_ENDS): NOWHERE,
}

MEMBERS: Mapping[str, str] = {
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
"""AWS's names of what a mapping shows of itself as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSourceMapping:
    """What connects an event source with a function. Members that are None do not appear in answers.

    Args:
        function: as the caller named it, with its qualifier if any.
        event_source_arn: None for self-managed Kafka.
        enabled: what its owner wants, whatever the state on the way there.
        filters: the patterns of ``FilterCriteria``, as text; any of them lets a record through, none lets all through.
    """

    uuid: str
    region: str
    account_id: str
    function: FunctionReference
    event_source_arn: str | None
    state: State
    state_transition_reason: str
    last_modified: datetime
    batch_size: int
    enabled: bool = True
    maximum_batching_window_in_seconds: int | None = None
    function_response_types: tuple[str, ...] | None = None
    filters: tuple[str, ...] = ()
    starting_position: str | None = None
    starting_position_timestamp: datetime | None = None
    bisect_batch_on_function_error: bool | None = None
    destination_config: Mapping[str, Any] | None = None
    maximum_record_age_in_seconds: int | None = None
    maximum_retry_attempts: int | None = None
    parallelization_factor: int | None = None
    tumbling_window_in_seconds: int | None = None
    scaling_config: Mapping[str, Any] | None = None
    last_processing_result: str | None = None
    topics: tuple[str, ...] | None = None
    queues: tuple[str, ...] | None = None
    source_access_configurations: tuple[Mapping[str, Any], ...] | None = None
    self_managed_event_source: Mapping[str, Any] | None = None
    amazon_managed_kafka_event_source_config: Mapping[str, Any] | None = None
    self_managed_kafka_event_source_config: Mapping[str, Any] | None = None
    document_db_event_source_config: Mapping[str, Any] | None = None
    provisioned_poller_config: Mapping[str, Any] | None = None
    kms_key_arn: str | None = None
    metrics_config: Mapping[str, Any] | None = None
    logging_config: Mapping[str, Any] | None = None
    tags: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def arn(self) -> str:
        """The mapping's own ARN."""
        return f"arn:{partition_of(self.region)}:lambda:{self.region}:{self.account_id}:event-source-mapping:{self.uuid}"

    @property
    def service(self) -> str:
        """The source's service as its ARN names it, such as ``sqs``; ``self-managed-kafka`` without an ARN."""
        return service_of(self.event_source_arn)


def service_of(event_source_arn: str | None) -> str:
    """The service of a source as its ARN names it, such as ``sqs``; ``self-managed-kafka`` without an ARN."""
    return event_source_arn.split(":")[2] if event_source_arn else "self-managed-kafka"


def first_state(*, enabled: bool) -> State:
    """That of a new mapping."""
    return State(_after(NOWHERE, Event.CREATE if enabled else Event.CREATE_DISABLED))


def update(mapping: EventSourceMapping, *, at: datetime, enabled: bool | None, **changes: Any) -> EventSourceMapping:
    """The mapping with an update in progress.

    Args:
        enabled: what the caller wants; None where it did not say.

    Raises:
        ResourceInUseException: AWS is still busy with it.
    """
    _check_settled(mapping, "update")
    wanted = mapping.enabled if enabled is None else enabled
    event = Event.UPDATE if wanted is mapping.enabled else Event.ENABLE if wanted else Event.DISABLE
    return replace(mapping, state=_after(mapping.state, event), enabled=wanted, last_modified=at, **changes)


def delete(mapping: EventSourceMapping, *, at: datetime) -> EventSourceMapping:
    """The mapping on its way out.

    Raises:
        ResourceInUseException: AWS is still busy with it.
    """
    _check_settled(mapping, "delete")
    return replace(mapping, state=_after(mapping.state, Event.DELETE), enabled=False, last_modified=at)


def settle(mapping: EventSourceMapping, *, at: datetime) -> EventSourceMapping | None:
    """The mapping after AWS has finished with it; None where it is gone."""
    state = _after(mapping.state, Event.POLLING_BEGINS if mapping.enabled else Event.POLLING_ENDS)
    return None if state is NOWHERE else replace(mapping, state=state, last_modified=at)


def tag(mapping: EventSourceMapping, tags: Mapping[str, str]) -> EventSourceMapping:
    """The mapping with tags merged in.

    Raises:
        InvalidParameterValueException: more than 50 would be on it.
    """
    return replace(mapping, tags=checked_tags({**mapping.tags, **tags}))


def untag(mapping: EventSourceMapping, keys: list[str]) -> EventSourceMapping:
    """The mapping without some tags; keys it does not have are ignored."""
    return replace(mapping, tags=MappingProxyType({key: value for key, value in mapping.tags.items() if key not in keys}))


def _check_settled(mapping: EventSourceMapping, what: str) -> None:
    if mapping.state not in (State.ENABLED, State.DISABLED):
        raise ResourceInUseException(f"Cannot {what} the event source mapping because it is in use.")


def _after(state: State | None, event: Event) -> Any:
    return lifecycle.after(TRANSITIONS, state, event)


def diagram() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    rows = [f"    {before or '[*]'} --> {following or '[*]'}: {event}" for (before, event), following in TRANSITIONS.items()]
    return "\n".join(["stateDiagram-v2", *rows]) + "\n"
