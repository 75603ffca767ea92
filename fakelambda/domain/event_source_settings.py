"""The parameters of an event source mapping: which a source refuses, and what they make of the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from fakelambda.domain import event_sources
from fakelambda.domain.errors import InvalidParameterValueException, NotModelled
from fakelambda.domain.event_source_mappings import MEMBERS, EventSourceMapping, service_of
from fakelambda.domain.event_sources import EventSource
from fakelambda.domain.source_records import source_filter

MAXIMUM_FILTERS = 5
_MOST_OF_ONE_RECEIVE = 10
_SHORTEST_RECORD_AGE = 60
_KAFKA_METRICS = {"ErrorCount", "KafkaMetrics"}
_KAFKA_CONFIGS = ("amazon_managed_kafka_event_source_config", "self_managed_kafka_event_source_config")
_FAILURE_SERVICES = {"sqs", "sns", "s3"}
_EMPTY: tuple[Any, ...] = ({}, [], "")


class Settings(TypedDict, total=False):
    """What the operations that make and change a mapping take, with AWS's own member names inside."""

    batch_size: int
    filter_criteria: Mapping[str, Any]
    maximum_batching_window_in_seconds: int
    parallelization_factor: int
    destination_config: Mapping[str, Any]
    maximum_record_age_in_seconds: int
    bisect_batch_on_function_error: bool
    maximum_retry_attempts: int
    tumbling_window_in_seconds: int
    function_response_types: list[str]
    scaling_config: Mapping[str, Any]
    provisioned_poller_config: Mapping[str, Any]
    source_access_configurations: list[Mapping[str, Any]]
    amazon_managed_kafka_event_source_config: Mapping[str, Any]
    self_managed_kafka_event_source_config: Mapping[str, Any]
    document_db_event_source_config: Mapping[str, Any]
    kms_key_arn: str
    metrics_config: Mapping[str, Any]
    logging_config: Mapping[str, Any]


class FirstSettings(Settings, total=False):
    """What a new mapping takes besides, and keeps for ever."""

    starting_position: str
    starting_position_timestamp: datetime
    self_managed_event_source: Mapping[str, Any]
    topics: list[str]
    queues: list[str]


def new(source: EventSource, arn: str | None, given: Mapping[str, Any], *, uuid: str, at: datetime) -> dict[str, Any]:
    """The fields of a new record, with the source's defaults for what was not given.

    Args:
        arn: the source's; None for self-managed Kafka.
        given: parameters that are not None, by their Python names.
        uuid: the mapping's, which names its consumer group where the caller does not.

    Raises:
        InvalidParameterValueException: the source refuses a parameter, needs another, or a value does not suit it.
        NotModelled: a parameter is real, but could not have its effect here.
    """
    _check_taken(source, given)
    for name in source.needs:
        if name not in given or given[name] in _EMPTY:
            raise _missing(MEMBERS[name])
    _check_position(source, arn, given, at)
    made = {**source.defaults, **_fields(source, service_of(arn), given)}
    for name in source.takes & set(_KAFKA_CONFIGS):
        made[name] = {"ConsumerGroupId": uuid, **(made.get(name) or {})}
    if "document_db_event_source_config" in made:
        if "DatabaseName" not in made["document_db_event_source_config"]:
            raise _missing("DatabaseName")
        made["document_db_event_source_config"] = {"FullDocument": "Default", **made["document_db_event_source_config"]}
    if made.get("provisioned_poller_config"):
        made["provisioned_poller_config"] = _pollers(source, made["provisioned_poller_config"])
    _check_together(source, made)
    return made


def changed(source: EventSource, before: EventSourceMapping, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record that an update changes; what was not given stays, and what is empty goes back to the default.

    Raises:
        InvalidParameterValueException: the source refuses a parameter, or a value does not suit it.
        NotModelled: a parameter is real, but could not have its effect here.
    """
    _check_taken(source, given)
    made = _fields(source, before.service, given)
    for name in source.needs:
        if given.get(name) == []:
            raise _missing(MEMBERS[name])
    for name in (*_KAFKA_CONFIGS, "document_db_event_source_config"):
        if name in made:
            made[name] = {**(getattr(before, name) or {}), **(made[name] or {})}
    for name in _KAFKA_CONFIGS:
        if name in made and made[name]["ConsumerGroupId"] != getattr(before, name)["ConsumerGroupId"]:
            raise InvalidParameterValueException("The consumer group ID of an event source mapping cannot be updated.")
    if made.get("provisioned_poller_config"):
        made["provisioned_poller_config"] = _pollers(
            source, {**(before.provisioned_poller_config or {}), **made["provisioned_poller_config"]}
        )
    if made.get("source_access_configurations"):
        if any(map(_is_virtual_host, made["source_access_configurations"])):
            raise InvalidParameterValueException("The VIRTUAL_HOST of an event source mapping cannot be updated.")
        made["source_access_configurations"] += tuple(filter(_is_virtual_host, before.source_access_configurations or ()))
    _check_together(source, {**{name: getattr(before, name) for name in MEMBERS}, **made})
    return made


def _is_virtual_host(access: Mapping[str, Any]) -> bool:
    return access.get("Type") == "VIRTUAL_HOST"


def _check_taken(source: EventSource, given: Mapping[str, Any]) -> None:
    for name in given:
        if name in source.takes:
            continue
        if name == "starting_position" and source in (event_sources.QUEUE, event_sources.FIFO_QUEUE):
            raise InvalidParameterValueException("Invalid request provided: StartingPosition is not valid for SQS event sources.")
        raise _unsupported(MEMBERS[name])


def _unsupported(member: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(f"Unsupported {member} parameter for given event source mapping type.")


def _missing(member: str) -> InvalidParameterValueException:
    path = member[:1].lower() + member[1:]
    if member.startswith("StartingPosition"):  # in the grammar of constraints, but with a dot [recorded]
        return InvalidParameterValueException(
            f"1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null."
        )
    return InvalidParameterValueException(f"Required '{path}' parameter is missing.")


def _check_position(source: EventSource, arn: str | None, given: Mapping[str, Any], at: datetime) -> None:
    by_time = given.get("starting_position") == "AT_TIMESTAMP"
    timestamp = given.get("starting_position_timestamp")
    if by_time and source is event_sources.TABLE_STREAM:
        raise InvalidParameterValueException(f"Unsupported starting position for arn type: {arn}")
    if by_time and timestamp is None:
        raise _missing("StartingPositionTimestamp")
    if timestamp is not None and not by_time:
        raise InvalidParameterValueException("StartingPositionTimestamp is only valid with the starting position AT_TIMESTAMP.")
    if timestamp is not None and timestamp > at:
        raise InvalidParameterValueException("StartingPositionTimestamp cannot be in the future.")


def _fields(source: EventSource, service: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The record's fields as parameters have them; what is empty has the default of the source."""
    made: dict[str, Any] = {}
    for name, value in given.items():
        if name == "filter_criteria":
            made["filters"] = checked_patterns(service, value)
        elif value in _EMPTY:
            made[name] = source.defaults.get(name)
        else:
            made[name] = tuple(value) if isinstance(value, list) else value
    if made.get("destination_config"):
        made["destination_config"] = _destinations(made["destination_config"])
    for name in _KAFKA_CONFIGS:
        _check_kafka(made.get(name) or {})
    for access in made.get("source_access_configurations") or ():
        if access.get("Type") not in source.access:
            raise InvalidParameterValueException(
                f"Unsupported source access type for given event source mapping type: {access.get('Type')}"
            )
    return made


def _check_kafka(config: Mapping[str, Any]) -> None:
    if config.get("SchemaRegistryConfig"):
        raise NotModelled("SchemaRegistryConfig of an event source mapping is not modelled by fakelambda: no schema registry answers here.")
    if config.get("ConsumptionMode", "Stream") != "Stream":
        raise NotModelled("ConsumptionMode 'Queue' of an event source mapping is not modelled by fakelambda; 'Stream' is.")


def _destinations(given: Mapping[str, Any]) -> dict[str, Any]:
    on_success = (given.get("OnSuccess") or {}).get("Destination")
    on_failure = (given.get("OnFailure") or {}).get("Destination")
    if on_success:
        raise _unsupported("DestinationConfig")
    if not on_failure:
        return {"OnFailure": {}}
    if on_failure.startswith("kafka://"):
        raise NotModelled(f"The destination {on_failure} is not modelled by fakelambda: no Kafka answers here.")
    service = on_failure.split(":")[2] if on_failure.startswith("arn:") else ""
    if service not in _FAILURE_SERVICES or on_failure.endswith(".fifo"):
        config = f"DestinationConfig(onSuccess=null, onFailure=OnFailure(destination={on_failure}))"
        raise InvalidParameterValueException(f"The provided destination config {config} is invalid.")
    return {"OnFailure": {"Destination": on_failure}}


def _pollers(source: EventSource, given: Mapping[str, Any]) -> dict[str, Any]:
    minimum, maximum, least, most = source.pollers
    made = {"MinimumPollers": minimum, "MaximumPollers": maximum, **given}
    for name in ("MinimumPollers", "MaximumPollers"):
        if not least <= made[name] <= most:
            raise InvalidParameterValueException(f"{name} must be between {least} and {most} for given event source mapping type.")
    if made["MinimumPollers"] > made["MaximumPollers"]:
        raise InvalidParameterValueException("MinimumPollers must be less than or equal to MaximumPollers.")
    if "PollerGroupName" in made and "topics" not in source.takes:
        raise _unsupported("PollerGroupName")
    return made


def _check_together(source: EventSource, made: Mapping[str, Any]) -> None:
    """Refuse values that do not suit the source or one another.

    Args:
        made: the fields of the record that is to be.
    """
    size, window = made["batch_size"], made.get("maximum_batching_window_in_seconds") or 0
    if size > source.maximum_batch_size:
        raise InvalidParameterValueException(
            f"1 validation error detected: Value '{size}' at 'batchSize' failed to satisfy constraint: "
            f"Member must have value less than or equal to {source.maximum_batch_size}"
        )
    if source is event_sources.FIFO_QUEUE and window:
        raise _unsupported("MaximumBatchingWindowInSeconds")
    if source is event_sources.QUEUE and size > _MOST_OF_ONE_RECEIVE and not window:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    age = made.get("maximum_record_age_in_seconds")
    if age is not None and 0 <= age < _SHORTEST_RECORD_AGE:
        raise InvalidParameterValueException("MaximumRecordAgeInSeconds must be -1 or between 60 and 604800.")
    if made.get("scaling_config") and made.get("provisioned_poller_config"):
        raise InvalidParameterValueException("ScalingConfig and ProvisionedPollerConfig cannot be used together.")
    if "topics" not in source.takes and _KAFKA_METRICS.intersection((made.get("metrics_config") or {}).get("Metrics", ())):
        raise _unsupported("MetricsConfig")


def checked_patterns(service: str, criteria: Mapping[str, Any]) -> tuple[str, ...]:
    """The patterns of ``FilterCriteria``.

    Args:
        service: of the source.

    Raises:
        InvalidParameterValueException: one is no pattern of such a source, or they are too many.
    """
    patterns = tuple(item.get("Pattern", "") for item in criteria.get("Filters") or ())
    if len(patterns) > MAXIMUM_FILTERS:
        raise InvalidParameterValueException(f"Number of filters exceeds the limit of {MAXIMUM_FILTERS}.")
    source_filter(service, patterns)
    return patterns
