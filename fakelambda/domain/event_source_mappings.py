"""Event source mappings: frozen records, their life, and what each change makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

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


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSourceMapping:
    """What connects an event source with a function. Members that are None do not appear in answers.

    Args:
        function: as the caller named it, with its qualifier if any.
        event_source_arn: None for self-managed Kafka.
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
    tags: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def arn(self) -> str:
        """The mapping's own ARN."""
        return f"arn:{partition_of(self.region)}:lambda:{self.region}:{self.account_id}:event-source-mapping:{self.uuid}"

    @property
    def service(self) -> str:
        """The source's service as its ARN names it, such as ``sqs``; ``self-managed-kafka`` without an ARN."""
        return self.event_source_arn.split(":")[2] if self.event_source_arn else "self-managed-kafka"
