"""The kinds of event sources: what a mapping of each has by default, and which parameters each refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fakelambda.domain.errors import InvalidParameterValueException, ResourceConflictException
from fakelambda.domain.event_source_mappings import EventSourceMapping

_MOST_WITHOUT_WINDOW = 10
_ALL = frozenset({"batch_size", "maximum_batching_window_in_seconds", "filter_criteria", "kms_key_arn", "metrics_config"})
_STREAM = frozenset(
    {
        "starting_position",
        "starting_position_timestamp",
        "destination_config",
        "maximum_record_age_in_seconds",
        "maximum_retry_attempts",
        "bisect_batch_on_function_error",
        "function_response_types",
        "parallelization_factor",
        "tumbling_window_in_seconds",
    }
)
_STREAM_DEFAULTS: Mapping[str, Any] = {
    "batch_size": 100,
    "maximum_batching_window_in_seconds": 0,
    "function_response_types": (),
    "bisect_batch_on_function_error": False,
    "destination_config": {"OnFailure": {}},
    "maximum_record_age_in_seconds": -1,
    "maximum_retry_attempts": -1,
    "parallelization_factor": 1,
    "tumbling_window_in_seconds": 0,
    "last_processing_result": "No records processed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """A kind of event source.

    Args:
        takes: the parameters that it takes beside those of every source.
        defaults: of the record's fields; what is not there is None, and does not appear in answers.
        reason: ``StateTransitionReason`` of a user's change.
    """

    takes: frozenset[str]
    defaults: Mapping[str, Any]
    reason: str = "USER_INITIATED"


SQS = EventSource(
    takes=frozenset({"function_response_types", "scaling_config", "provisioned_poller_config"}),
    defaults={"batch_size": 10, "maximum_batching_window_in_seconds": 0, "function_response_types": ()},
)
KINESIS = EventSource(takes=_STREAM, defaults=_STREAM_DEFAULTS, reason="User action")
DYNAMODB = EventSource(takes=_STREAM, defaults=_STREAM_DEFAULTS, reason="User action")

_BY_SERVICE = MappingProxyType({"sqs": SQS, "kinesis": KINESIS, "dynamodb": DYNAMODB})


def of_arn(event_source_arn: str | None) -> EventSource:
    """The kind of source that an ARN names.

    Raises:
        InvalidParameterValueException: none that Lambda polls.
    """
    source = _BY_SERVICE.get(event_source_arn.split(":")[2]) if event_source_arn else None
    if source is None:
        raise InvalidParameterValueException("Unrecognized event source.")
    return source


def settings(source: EventSource, arn: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """The record's fields that parameters decide, with the defaults of the source for those that were not given.

    Args:
        given: parameters that are not None.

    Raises:
        InvalidParameterValueException: the source does not take one, needs another, or a value does not suit it.
    """
    if "starting_position" in source.takes:
        _check_starting_position(source, arn, given.get("starting_position"))
    made = {**source.defaults, **_fields(source, given)}
    check_batch(source, made["batch_size"], made["maximum_batching_window_in_seconds"])
    return made


def _fields(source: EventSource, given: Mapping[str, Any]) -> dict[str, Any]:
    for name in given:
        if name not in source.takes and name not in _ALL:
            raise InvalidParameterValueException(f"Unsupported {_parameter(name)} parameter for given event source mapping type.")
    made: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    criteria = made.pop("filter_criteria", None)
    if criteria is not None:
        made["filters"] = checked_patterns([pattern["Pattern"] for pattern in criteria.get("Filters", ()) if "Pattern" in pattern])
    if "destination_config" in made:
        made["destination_config"] = {"OnFailure": made["destination_config"].get("OnFailure", {})}
    return made


def _check_starting_position(source: EventSource, arn: str | None, position: str | None) -> None:
    if position is None:
        raise InvalidParameterValueException(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."
        )
    if source is DYNAMODB and position == "AT_TIMESTAMP":
        raise InvalidParameterValueException(f"Unsupported starting position for arn type: {arn}")


def check_batch(source: EventSource, batch_size: int, window: int | None) -> None:
    """Refuse batches of a queue that one receive cannot fill, where there is no time for more.

    Raises:
        InvalidParameterValueException: more than ten messages without a window.
    """
    if source is SQS and batch_size > _MOST_WITHOUT_WINDOW and not window:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )


def checked_patterns(patterns: Sequence[str]) -> tuple[str, ...]:
    """Filter patterns as they are stored.

    Raises:
        InvalidParameterValueException: one is no pattern.
    """
    for pattern in patterns:
        try:
            parsed = json.loads(pattern)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise InvalidParameterValueException("Invalid filter pattern definition.")
    return tuple(patterns)


def _parameter(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def changes(source: EventSource, before: EventSourceMapping, given: Mapping[str, Any]) -> dict[str, Any]:
    """The record's fields that an update changes; what was not given stays.

    Args:
        given: parameters that are not None.

    Raises:
        InvalidParameterValueException: the source does not take one, or a value does not suit it.
    """
    made = _fields(source, given)
    size = made.get("batch_size", before.batch_size)
    check_batch(source, size, made.get("maximum_batching_window_in_seconds", before.maximum_batching_window_in_seconds))
    return made


def check_visibility_timeout(visibility_timeout: int | None, function_timeout: int) -> None:
    """Refuse a queue whose messages would come back while the function may still work on them.

    Args:
        visibility_timeout: of the queue, in seconds; None where nobody knows.
        function_timeout: in seconds.

    Raises:
        InvalidParameterValueException: it is the shorter of the two.
    """
    if visibility_timeout is not None and visibility_timeout < function_timeout:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {visibility_timeout} seconds is less than Function timeout: {function_timeout} seconds"
        )


def duplicate(event_source_arn: str | None, function_name: str, uuid: str) -> ResourceConflictException:
    """What AWS says of a second mapping between a source and a function; the blanks are its own."""
    is_queue = event_source_arn is not None and event_source_arn.split(":")[2] == "sqs"
    what, mapping = ("An event source mapping with SQS arn", "") if is_queue else ("The event source arn", " provided mapping")
    return ResourceConflictException(
        f'{what} (" {event_source_arn} ") and function (" {function_name} "){mapping} already exists. '
        f"Please update or delete the existing mapping with UUID {uuid}"
    )
