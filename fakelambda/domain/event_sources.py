"""The kinds of event sources: what each takes, needs and has by default, and what AWS says where one is missing or taken already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fakelambda.domain.errors import InvalidParameterValueException, ResourceConflictException
from fakelambda.domain.event_source_mappings import EventSourceMapping

NO_QUEUE = "Error occurred while ReceiveMessage. SQS Error Code: {}. SQS Error Message: {}"
_ALWAYS = frozenset({"batch_size", "maximum_batching_window_in_seconds", "filter_criteria", "kms_key_arn", "metrics_config"})
_POSITION = frozenset({"starting_position", "starting_position_timestamp"})
_FAILURES = frozenset(
    {
        "destination_config",
        "maximum_record_age_in_seconds",
        "maximum_retry_attempts",
        "bisect_batch_on_function_error",
        "function_response_types",
    }
)
_KAFKA = frozenset({"topics", "source_access_configurations", "provisioned_poller_config", "logging_config"})
_NOTHING_YET = {"last_processing_result": "No records processed"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventSource:
    """A kind of event source. Parameters have their Python names.

    Args:
        takes: the parameters that it takes.
        needs: those that have to be given.
        defaults: of the record's fields; what is not there is None, and does not appear in answers.
        reason: ``StateTransitionReason`` of a user's change.
        maximum_batch_size: in records.
        pollers: ``MinimumPollers`` and ``MaximumPollers`` by default, the least, and the most.
        access: the types of ``SourceAccessConfigurations`` that suit it.
    """

    takes: frozenset[str]
    needs: tuple[str, ...] = ()
    defaults: Mapping[str, Any]
    reason: str = "USER_INITIATED"
    maximum_batch_size: int = 10_000
    pollers: tuple[int, int, int, int] = (1, 200, 1, 2_000)
    access: frozenset[str] = frozenset()


QUEUE = EventSource(
    takes=_ALWAYS | {"function_response_types", "scaling_config", "provisioned_poller_config"},
    defaults={"batch_size": 10, "maximum_batching_window_in_seconds": 0, "function_response_types": ()},
    pollers=(2, 200, 2, 10_000),
)
FIFO_QUEUE = replace(QUEUE, maximum_batch_size=10)
STREAM = EventSource(
    takes=_ALWAYS | _POSITION | _FAILURES | {"parallelization_factor", "tumbling_window_in_seconds"},
    needs=("starting_position",),
    defaults={
        "batch_size": 100,
        "maximum_batching_window_in_seconds": 0,
        "function_response_types": (),
        "bisect_batch_on_function_error": False,
        "destination_config": {"OnFailure": {}},
        "maximum_record_age_in_seconds": -1,
        "maximum_retry_attempts": -1,
        "parallelization_factor": 1,
        "tumbling_window_in_seconds": 0,
        **_NOTHING_YET,
    },
    reason="User action",
)
TABLE_STREAM = replace(STREAM)
SELF_MANAGED_KAFKA = EventSource(
    takes=_ALWAYS | _POSITION | _FAILURES | _KAFKA | {"self_managed_event_source", "self_managed_kafka_event_source_config"},
    needs=("topics", "source_access_configurations"),
    defaults={"batch_size": 100, "starting_position": "TRIM_HORIZON", **_NOTHING_YET},
    access=frozenset(
        {"BASIC_AUTH", "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE"}
        | {"VPC_SUBNET", "VPC_SECURITY_GROUP", "IAM_AUTH", "IAM_OAUTHBEARER_AUTH", "OAUTHBEARER_AUTH", "OAUTHBEARER_SCOPE"}
        | {"OAUTHBEARER_AUDIENCE", "OAUTHBEARER_LOGICAL_CLUSTER", "OAUTHBEARER_IDENTITY_POOL"}
    ),
)
MANAGED_KAFKA = EventSource(
    takes=_ALWAYS | _POSITION | _FAILURES | _KAFKA | {"amazon_managed_kafka_event_source_config"},
    needs=("starting_position", "topics"),
    defaults={"batch_size": 100, **_NOTHING_YET},
    access=frozenset({"SASL_SCRAM_512_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH"}),
)
BROKER = EventSource(
    takes=_ALWAYS | {"queues", "source_access_configurations"},
    needs=("queues", "source_access_configurations"),
    defaults={"batch_size": 100, **_NOTHING_YET},
    access=frozenset({"BASIC_AUTH", "VIRTUAL_HOST"}),
)
CHANGE_STREAM = EventSource(
    takes=_ALWAYS | _POSITION | {"document_db_event_source_config", "source_access_configurations"},
    needs=("starting_position", "document_db_event_source_config", "source_access_configurations"),
    defaults={"batch_size": 100, "maximum_batching_window_in_seconds": 0, **_NOTHING_YET},
    access=frozenset({"BASIC_AUTH"}),
)

_ARNS: tuple[tuple[re.Pattern[str], EventSource], ...] = (
    (re.compile(r"sqs:[^:]+\.fifo"), FIFO_QUEUE),
    (re.compile(r"sqs:[^:]+"), QUEUE),
    (re.compile(r"kinesis:stream/[^/:]+(/consumer/[^/]+)?"), STREAM),
    (re.compile(r"dynamodb:table/[^/]+/stream/.+"), TABLE_STREAM),
    (re.compile(r"kafka:(cluster|vpc-connection)/.+"), MANAGED_KAFKA),
    (re.compile(r"mq:broker:.+"), BROKER),
    (re.compile(r"rds:cluster:.+"), CHANGE_STREAM),  # clusters of DocumentDB have ARNs of RDS
)


def of(event_source_arn: str | None, self_managed_event_source: Mapping[str, Any] | None) -> EventSource:
    """The kind of source that a caller named.

    Raises:
        InvalidParameterValueException: none that Lambda polls.
    """
    if not event_source_arn:
        found = SELF_MANAGED_KAFKA if self_managed_event_source else None
    else:
        _, _, service, _, _, resource = event_source_arn.split(":", 5)
        found = next((source for arn, source in _ARNS if arn.fullmatch(f"{service}:{resource}")), None)
    if found is None:
        raise InvalidParameterValueException("Unrecognized event source.")
    return found


def missing(event_source_arn: str) -> InvalidParameterValueException:
    """What AWS says of a queue or a stream that does not exist."""
    if event_source_arn.split(":")[2] == "sqs":
        return InvalidParameterValueException(
            NO_QUEUE.format("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
        )
    return InvalidParameterValueException(f"Stream not found: {event_source_arn}")


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


def check_unique(new: EventSourceMapping, others: Iterable[EventSourceMapping]) -> None:
    """Refuse to connect the same source with the same function twice. A mapping on its way out counts, too.

    Raises:
        ResourceConflictException: another mapping does so already.
    """
    for other in others:
        if other.uuid != new.uuid and other.function == new.function and _same_source(new, other):
            raise ResourceConflictException(
                f"{_duplicate(new)} already exists. Please update or delete the existing mapping with UUID {other.uuid}"
            )


def _same_source(one: EventSourceMapping, other: EventSourceMapping) -> bool:
    return (
        one.event_source_arn == other.event_source_arn
        and (one.topics, one.queues) == (other.topics, other.queues)
        and _collection(one) == _collection(other)
        and (one.event_source_arn is not None or not _servers(one).isdisjoint(_servers(other)))
    )


def _servers(mapping: EventSourceMapping) -> frozenset[str]:
    endpoints = (mapping.self_managed_event_source or {}).get("Endpoints", {})
    return frozenset(server for servers in endpoints.values() for server in servers)


def _collection(mapping: EventSourceMapping) -> tuple[str | None, str | None]:
    config = mapping.document_db_event_source_config or {}
    return config.get("DatabaseName"), config.get("CollectionName")


def _duplicate(mapping: EventSourceMapping) -> str:
    """The source and the function as AWS's text has them; blanks and words differ by source."""
    function = mapping.function
    name = f"{function.name}:{function.qualifier}" if function.qualifier else function.name
    parts = [f"{what} ({', '.join(quoted)})" for what, quoted in _parts(mapping) if quoted]
    if parts:
        endpoints = (mapping.self_managed_event_source or {}).get("Endpoints", {})
        source = mapping.event_source_arn or ",".join(server for servers in endpoints.values() for server in servers)
        return ", ".join([f'An event source mapping with event source ("{source}")', f'function ("{function.qualified_arn()}")', *parts])
    if mapping.service == "sqs":
        return f'An event source mapping with SQS arn (" {mapping.event_source_arn} ") and function (" {name} ")'
    return f'The event source arn (" {mapping.event_source_arn} ") and function (" {name} ") provided mapping'


def _parts(mapping: EventSourceMapping) -> list[tuple[str, list[str]]]:
    return [("topics", [f'"{topic}"' for topic in mapping.topics or ()]), ("queues", [f'"{queue}"' for queue in mapping.queues or ()])]
