"""Each kind of event source: its defaults, what it refuses, and what an update makes of a mapping of it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.session import get_session
from freezegun import freeze_time

from fakelambda import FakeLambda, NotModelled

PREFIX = "arn:aws:lambda:us-east-1:123456789012:"
ACCOUNT = "us-east-1:123456789012"
QUEUE = f"arn:aws:sqs:{ACCOUNT}:orders"
TARGET = f"arn:aws:sqs:{ACCOUNT}:failed"
INVALID = "400 InvalidParameterValueException: "
SECRET = f"arn:aws:secretsmanager:{ACCOUNT}:secret:one"

GIVEN: dict[str, dict[str, Any]] = {  # what a mapping of each source needs beside its function
    "queue": {"EventSourceArn": QUEUE},
    "FIFO queue": {"EventSourceArn": f"{QUEUE}.fifo"},
    "stream": {"EventSourceArn": f"arn:aws:kinesis:{ACCOUNT}:stream/orders", "StartingPosition": "LATEST"},
    "consumer": {"EventSourceArn": f"arn:aws:kinesis:{ACCOUNT}:stream/orders/consumer/one:1", "StartingPosition": "TRIM_HORIZON"},
    "table": {"EventSourceArn": f"arn:aws:dynamodb:{ACCOUNT}:table/orders/stream/2026-01-01T00:00:00.000", "StartingPosition": "LATEST"},
    "MSK": {"EventSourceArn": f"arn:aws:kafka:{ACCOUNT}:cluster/orders/1-2", "StartingPosition": "LATEST", "Topics": ["orders"]},
    "Kafka": {
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["one:9092", "two:9092"]}},
        "Topics": ["orders"],
        "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": SECRET}],
    },
    "MQ": {
        "EventSourceArn": f"arn:aws:mq:{ACCOUNT}:broker:orders:b-1",
        "Queues": ["orders"],
        "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": SECRET}, {"Type": "VIRTUAL_HOST", "URI": "/"}],
    },
    "DocumentDB": {
        "EventSourceArn": f"arn:aws:rds:{ACCOUNT}:cluster:orders",
        "StartingPosition": "LATEST",
        "DocumentDBEventSourceConfig": {"DatabaseName": "shop"},
        "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": SECRET}],
    },
}
QUEUE_DEFAULTS: dict[str, Any] = {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": []}
OTHER_DEFAULTS: dict[str, Any] = {"BatchSize": 100, "LastProcessingResult": "No records processed"}
STREAM_DEFAULTS: dict[str, Any] = {
    **OTHER_DEFAULTS,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "queue": QUEUE_DEFAULTS,
    "FIFO queue": QUEUE_DEFAULTS,
    "stream": STREAM_DEFAULTS,
    "consumer": STREAM_DEFAULTS,
    "table": STREAM_DEFAULTS,
    "MSK": OTHER_DEFAULTS | {"AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "<UUID>"}},
    "Kafka": OTHER_DEFAULTS | {"StartingPosition": "TRIM_HORIZON", "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "<UUID>"}},
    "MQ": OTHER_DEFAULTS,
    "DocumentDB": OTHER_DEFAULTS
    | {"MaximumBatchingWindowInSeconds": 0, "DocumentDBEventSourceConfig": {"DatabaseName": "shop", "FullDocument": "Default"}},
}
KAFKA_CONFIG = get_session().get_service_model("lambda").shape_for("SelfManagedKafkaEventSourceConfig").members  # type: ignore[attr-defined]  # a structure
STREAMS = ["stream", "consumer", "table"]
KAFKAS = ["MSK", "Kafka"]


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: None, Publish=True)


@pytest.mark.parametrize("source", GIVEN)
def test_a_new_mapping_has_the_defaults_of_its_source(answered: Any, source: str) -> None:
    status, created = answered("create_event_source_mapping", FunctionName="orders", **GIVEN[source])
    assert status == 202
    uuid, defaults = created["UUID"], json.loads(json.dumps(DEFAULTS[source]).replace("<UUID>", created["UUID"]))
    assert created == GIVEN[source] | defaults | {
        "UUID": uuid,
        "EventSourceMappingArn": f"{PREFIX}event-source-mapping:{uuid}",
        "FunctionArn": f"{PREFIX}function:orders",
        "LastModified": created["LastModified"],
        "State": "Creating",
        "StateTransitionReason": "User action" if source in STREAMS else "USER_INITIATED",
    }
    _, now = answered("get_event_source_mapping", UUID=uuid)
    assert now == created | {"State": "Enabled", "LastModified": now["LastModified"]}


# ---- what sources take, and what they refuse ----

FAILURES: dict[str, Any] = {
    "BisectBatchOnFunctionError": True,
    "DestinationConfig": {"OnFailure": {"Destination": TARGET}},
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "MaximumRecordAgeInSeconds": 60,
    "MaximumRetryAttempts": 0,
}
TAKEN: dict[str, tuple[Any, list[str]]] = {  # a value of each parameter that can be updated, and the sources that take it
    "BatchSize": (5, [*GIVEN]),
    "FilterCriteria": ({"Filters": [{"Pattern": '{"body": ["x"]}'}, {"Pattern": '{"a": [{"exists": true}]}'}]}, [*GIVEN]),
    "KMSKeyArn": (f"arn:aws:kms:{ACCOUNT}:key/one", [*GIVEN]),
    "MetricsConfig": ({"Metrics": ["EventCount"]}, [*GIVEN]),
    "MaximumBatchingWindowInSeconds": (300, [source for source in GIVEN if source != "FIFO queue"]),
    **{name: (value, [*STREAMS, *KAFKAS]) for name, value in FAILURES.items() if name != "FunctionResponseTypes"},
    "FunctionResponseTypes": (FAILURES["FunctionResponseTypes"], ["queue", "FIFO queue", *STREAMS, *KAFKAS]),
    "ScalingConfig": ({"MaximumConcurrency": 2}, ["queue", "FIFO queue"]),
    "ProvisionedPollerConfig": ({"MinimumPollers": 2, "MaximumPollers": 7}, ["queue", "FIFO queue", *KAFKAS]),
    "LoggingConfig": ({"SystemLogLevel": "DEBUG"}, KAFKAS),
    "ParallelizationFactor": (10, STREAMS),
    "TumblingWindowInSeconds": (900, STREAMS),
}


@pytest.mark.parametrize("source", GIVEN)
@pytest.mark.parametrize("parameter", TAKEN)
def test_a_parameter_is_kept_or_refused(answered: Any, refused: Any, parameter: str, source: str) -> None:
    value, sources = TAKEN[parameter]
    given = {parameter: value}
    _, mapping = answered("create_event_source_mapping", FunctionName="orders:1", **GIVEN[source])
    _, mapping = answered("get_event_source_mapping", UUID=mapping["UUID"])
    if source not in sources:
        answer = f"{INVALID}Unsupported {parameter} parameter for given event source mapping type."
        assert refused("create_event_source_mapping", FunctionName="orders", **GIVEN[source], **given) == answer
        assert refused("create_event_source_mapping", FunctionName="missing", **GIVEN[source], **given) == answer
        assert refused("update_event_source_mapping", UUID=mapping["UUID"], **given) == answer
        return
    _, created = answered("create_event_source_mapping", FunctionName="orders", **GIVEN[source], **given)
    assert created[parameter] == value
    _, updated = answered("update_event_source_mapping", UUID=mapping["UUID"], **given)
    assert updated == mapping | given | {"State": "Updating", "LastModified": updated["LastModified"]}


@pytest.mark.parametrize(
    ("source", "parameter", "answer"),
    [
        ("queue", {"StartingPosition": "LATEST"}, "Invalid request provided: StartingPosition is not valid for SQS event sources."),
        ("MQ", {"StartingPosition": "LATEST"}, "Unsupported StartingPosition parameter for given event source mapping type."),
        ("queue", {"Queues": ["q"]}, "Unsupported Queues parameter for given event source mapping type."),
        ("stream", {"Topics": ["topic"]}, "Unsupported Topics parameter for given event source mapping type."),
        (
            "stream",
            {"SourceAccessConfigurations": [{"Type": "BASIC_AUTH"}]},
            "Unsupported SourceAccessConfigurations parameter for given event source mapping type.",
        ),
        (
            "queue",
            {"SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["one:9092"]}}},
            "Unsupported SelfManagedEventSource parameter for given event source mapping type.",
        ),
        (
            "Kafka",
            {"AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "one"}},
            "Unsupported AmazonManagedKafkaEventSourceConfig parameter for given event source mapping type.",
        ),
        (
            "MSK",
            {"DocumentDBEventSourceConfig": {"DatabaseName": "shop"}},
            "Unsupported DocumentDBEventSourceConfig parameter for given event source mapping type.",
        ),
        (
            "queue",
            {"MetricsConfig": {"Metrics": ["EventCount", "KafkaMetrics"]}},
            "Unsupported MetricsConfig parameter for given event source mapping type.",
        ),
        (
            "queue",
            {"ProvisionedPollerConfig": {"PollerGroupName": "all"}},
            "Unsupported PollerGroupName parameter for given event source mapping type.",
        ),
        (
            "stream",
            {"DestinationConfig": {"OnSuccess": {"Destination": TARGET}}},
            "Unsupported DestinationConfig parameter for given event source mapping type.",
        ),
        (
            "MSK",
            {"SourceAccessConfigurations": [{"Type": "VIRTUAL_HOST", "URI": "/"}]},
            "Unsupported source access type for given event source mapping type: VIRTUAL_HOST",
        ),
        *(
            (
                "stream",
                {"DestinationConfig": {"OnFailure": {"Destination": target}}},
                f"The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination={target})) is invalid.",
            )
            for target in (f"{PREFIX}function:orders", f"arn:aws:events:{ACCOUNT}:event-bus/default", f"{TARGET}.fifo")
        ),
    ],
)
def test_what_does_not_belong_to_a_source_is_refused(refused: Any, source: str, parameter: dict[str, Any], answer: str) -> None:
    assert refused("create_event_source_mapping", FunctionName="missing", **{**GIVEN[source], **parameter}) == INVALID + answer


@pytest.mark.parametrize(
    "arn",
    [
        None,
        f"arn:aws:sns:{ACCOUNT}:orders",
        f"arn:aws:s3:{ACCOUNT}:orders",
        f"arn:aws:dynamodb:{ACCOUNT}:table/orders",
        f"arn:aws:kinesis:{ACCOUNT}:orders",
        f"arn:aws:rds:{ACCOUNT}:db:orders",
        f"arn:aws:mq:{ACCOUNT}:configuration:c-1",
        f"arn:aws:sqs:{ACCOUNT}:",
    ],
)
def test_what_lambda_does_not_poll_is_no_event_source(refused: Any, arn: str | None) -> None:
    given = {"EventSourceArn": arn} if arn else {}
    assert refused("create_event_source_mapping", FunctionName="missing", **given) == f"{INVALID}Unrecognized event source."


NULL = "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null."
NEEDED = "Required '{}' parameter is missing."


@pytest.mark.parametrize(
    ("source", "parameter", "answer"),
    [
        *((source, "StartingPosition", NULL.format("startingPosition")) for source in (*STREAMS, "MSK", "DocumentDB")),
        *((source, "Topics", NEEDED.format("topics")) for source in KAFKAS),
        ("MQ", "Queues", NEEDED.format("queues")),
        *((source, "SourceAccessConfigurations", NEEDED.format("sourceAccessConfigurations")) for source in ("Kafka", "MQ", "DocumentDB")),
        ("DocumentDB", "DocumentDBEventSourceConfig", NEEDED.format("documentDBEventSourceConfig")),
    ],
)
def test_what_a_source_needs_has_to_be_given(answered: Any, refused: Any, source: str, parameter: str, answer: str) -> None:
    given = {name: value for name, value in GIVEN[source].items() if name != parameter}
    assert refused("create_event_source_mapping", FunctionName="missing", **given) == INVALID + answer
    if parameter == "SourceAccessConfigurations":
        assert refused("create_event_source_mapping", FunctionName="missing", **given, SourceAccessConfigurations=[]) == INVALID + answer
        _, mapping = answered("create_event_source_mapping", FunctionName="orders", **GIVEN[source])
        assert refused("update_event_source_mapping", UUID=mapping["UUID"], SourceAccessConfigurations=[]) == INVALID + answer


def test_a_change_stream_is_of_a_database(refused: Any) -> None:
    given = {**GIVEN["DocumentDB"], "DocumentDBEventSourceConfig": {"CollectionName": "orders"}}
    assert refused("create_event_source_mapping", FunctionName="orders", **given) == INVALID + NEEDED.format("databaseName")


# ---- values ----

NO_WINDOW = f"{INVALID}Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
TOO_MANY = (
    f"{INVALID}1 validation error detected: Value '11' at 'batchSize' failed to satisfy constraint: "
    "Member must have value less than or equal to 10"
)
RECORD_AGE = f"{INVALID}MaximumRecordAgeInSeconds must be -1 or between 60 and 604800."
FILTERS = f"{INVALID}Invalid filter pattern definition."


@pytest.mark.parametrize(
    ("source", "given", "answer"),
    [
        ("queue", {"BatchSize": 10}, None),
        ("queue", {"BatchSize": 11}, NO_WINDOW),
        ("queue", {"BatchSize": 11, "MaximumBatchingWindowInSeconds": 0}, NO_WINDOW),
        ("queue", {"BatchSize": 10_000, "MaximumBatchingWindowInSeconds": 1}, None),
        ("FIFO queue", {"BatchSize": 11}, TOO_MANY),
        (
            "FIFO queue",
            {"MaximumBatchingWindowInSeconds": 1},
            f"{INVALID}Unsupported MaximumBatchingWindowInSeconds parameter for given event source mapping type.",
        ),
        ("FIFO queue", {"MaximumBatchingWindowInSeconds": 0}, None),
        ("stream", {"BatchSize": 10_000}, None),
        ("stream", {"MaximumRecordAgeInSeconds": 0}, RECORD_AGE),
        ("stream", {"MaximumRecordAgeInSeconds": 59}, RECORD_AGE),
        ("stream", {"MaximumRecordAgeInSeconds": 604_800}, None),
        *(("queue", {"FilterCriteria": {"Filters": [{"Pattern": text}]}}, FILTERS) for text in ("null", "text", "[]", '{"a": []}', "")),
        ("queue", {"FilterCriteria": {"Filters": [{}]}}, FILTERS),
        ("queue", {"FilterCriteria": {"Filters": [{"Pattern": '{"body": ["text"]}'}]}}, None),
        ("MSK", {"FilterCriteria": {"Filters": [{"Pattern": '{"value": ["text"]}'}]}}, None),
        ("stream", {"FilterCriteria": {"Filters": [{"Pattern": '{"data": ["text"]}'}]}}, FILTERS),  # it has to be JSON there [docs]
        ("stream", {"FilterCriteria": {"Filters": [{"Pattern": '{"partitionKey": ["text"]}'}]}}, None),
        ("table", {"FilterCriteria": {"Filters": [{"Pattern": '{"dynamodb": ["text"]}'}]}}, FILTERS),
        ("table", {"FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}}, None),
        ("queue", {"FilterCriteria": {"Filters": [{"Pattern": '{"a": ["b"]}'}] * 5}}, None),
        (
            "queue",
            {"FilterCriteria": {"Filters": [{"Pattern": '{"a": ["b"]}'}] * 6}},
            f"{INVALID}Number of filters exceeds the limit of 5.",
        ),
        (
            "queue",
            {"ScalingConfig": {"MaximumConcurrency": 2}, "ProvisionedPollerConfig": {"MinimumPollers": 2}},
            f"{INVALID}ScalingConfig and ProvisionedPollerConfig cannot be used together.",
        ),
        (
            "queue",
            {"ProvisionedPollerConfig": {"MinimumPollers": 1}},
            f"{INVALID}MinimumPollers must be between 2 and 10000 for given event source mapping type.",
        ),
        (
            "MSK",
            {"ProvisionedPollerConfig": {"MaximumPollers": 2001}},
            f"{INVALID}MaximumPollers must be between 1 and 2000 for given event source mapping type.",
        ),
        (
            "MSK",
            {"ProvisionedPollerConfig": {"MinimumPollers": 3, "MaximumPollers": 2}},
            f"{INVALID}MinimumPollers must be less than or equal to MaximumPollers.",
        ),
        (
            "stream",
            {"ParallelizationFactor": 11},
            (
                "400 ValidationException: 1 validation error detected: Value '11' at 'parallelizationFactor' failed to satisfy constraint: "
                "Member must have value less than or equal to 10"
            ),
        ),
    ],
)
def test_values_are_judged_alike_when_it_is_created_and_updated(
    answered: Any, refused: Any, source: str, given: dict[str, Any], answer: str | None
) -> None:
    _, mapping = answered("create_event_source_mapping", FunctionName="orders:1", **GIVEN[source])
    if answer is None:
        answered("create_event_source_mapping", FunctionName="orders", **GIVEN[source], **given)
        answered("update_event_source_mapping", UUID=mapping["UUID"], **given)
    else:
        assert refused("create_event_source_mapping", FunctionName="orders", **GIVEN[source], **given) == answer
        assert refused("update_event_source_mapping", UUID=mapping["UUID"], **given) == answer


@pytest.mark.parametrize(
    ("before", "change", "answer"),
    [
        ({"MaximumBatchingWindowInSeconds": 1}, {"BatchSize": 11}, None),
        ({"MaximumBatchingWindowInSeconds": 1, "BatchSize": 11}, {"MaximumBatchingWindowInSeconds": 0}, NO_WINDOW),
        ({"MaximumBatchingWindowInSeconds": 1, "BatchSize": 11}, {"MaximumBatchingWindowInSeconds": 0, "BatchSize": 10}, None),
        (
            {"ScalingConfig": {"MaximumConcurrency": 2}},
            {"ProvisionedPollerConfig": {"MinimumPollers": 2}},
            f"{INVALID}ScalingConfig and ProvisionedPollerConfig cannot be used together.",
        ),
        ({"ScalingConfig": {"MaximumConcurrency": 2}}, {"ProvisionedPollerConfig": {"MinimumPollers": 2}, "ScalingConfig": {}}, None),
    ],
)
def test_an_update_has_to_suit_what_stays(
    answered: Any, refused: Any, before: dict[str, Any], change: dict[str, Any], answer: str | None
) -> None:
    _, mapping = answered("create_event_source_mapping", FunctionName="orders", EventSourceArn=QUEUE, **before)
    if answer is None:
        answered("update_event_source_mapping", UUID=mapping["UUID"], **change)
    else:
        assert refused("update_event_source_mapping", UUID=mapping["UUID"], **change) == answer


@pytest.mark.parametrize(
    ("source", "given", "empty", "then"),
    [
        ("queue", {"FilterCriteria": {"Filters": [{"Pattern": '{"a": ["b"]}'}]}}, {"FilterCriteria": {"Filters": []}}, None),
        ("queue", {"FilterCriteria": {"Filters": [{"Pattern": '{"a": ["b"]}'}]}}, {"FilterCriteria": {}}, None),
        ("queue", {"ScalingConfig": {"MaximumConcurrency": 2}}, {"ScalingConfig": {}}, None),
        ("queue", {"ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 2}}, {"ProvisionedPollerConfig": {}}, None),
        ("queue", {"KMSKeyArn": f"arn:aws:kms:{ACCOUNT}:key/one"}, {"KMSKeyArn": ""}, None),
        ("queue", {"FunctionResponseTypes": ["ReportBatchItemFailures"]}, {"FunctionResponseTypes": []}, []),
        ("queue", {"MetricsConfig": {"Metrics": ["EventCount"]}}, {"MetricsConfig": {}}, None),
        ("MSK", {"LoggingConfig": {"SystemLogLevel": "INFO"}}, {"LoggingConfig": {}}, None),
        ("stream", {"DestinationConfig": {"OnFailure": {"Destination": TARGET}}}, {"DestinationConfig": {}}, {"OnFailure": {}}),
        (
            "stream",
            {"DestinationConfig": {"OnFailure": {"Destination": TARGET}}},
            {"DestinationConfig": {"OnFailure": {"Destination": ""}}},
            {"OnFailure": {}},
        ),
    ],
)
def test_what_is_empty_goes_back_to_the_default(
    *, answered: Any, source: str, given: dict[str, Any], empty: dict[str, Any], then: Any
) -> None:
    (name,) = given
    _, created = answered("create_event_source_mapping", FunctionName="orders", **GIVEN[source], **given)
    assert created[name] == given[name]
    _, plain = answered("create_event_source_mapping", FunctionName="orders:1", **GIVEN[source], **empty)
    _, updated = answered("update_event_source_mapping", UUID=created["UUID"], **empty)
    assert plain.get(name) == updated.get(name) == then
    assert (name in plain) == (name in updated) == (then is not None)


def test_pollers_have_defaults_of_their_own(answered: Any) -> None:
    for source, least in (("queue", 2), ("MSK", 1)):
        _, created = answered(
            "create_event_source_mapping", FunctionName="orders", **GIVEN[source], ProvisionedPollerConfig={"MaximumPollers": 7}
        )
        assert created["ProvisionedPollerConfig"] == {"MinimumPollers": least, "MaximumPollers": 7}
        _, updated = answered("update_event_source_mapping", UUID=created["UUID"], ProvisionedPollerConfig={"MinimumPollers": 5})
        assert updated["ProvisionedPollerConfig"] == {"MinimumPollers": 5, "MaximumPollers": 7}


def test_filters_with_a_key_of_their_owner_s_are_hidden_in_lists(answered: Any) -> None:
    criteria = {"Filters": [{"Pattern": '{"a": ["b"]}'}]}
    _, created = answered("create_event_source_mapping", FunctionName="orders", EventSourceArn=QUEUE, FilterCriteria=criteria)
    for key, hidden in ((f"arn:aws:kms:{ACCOUNT}:key/one", True), ("", False)):
        answered("update_event_source_mapping", UUID=created["UUID"], KMSKeyArn=key)
        assert answered("get_event_source_mapping", UUID=created["UUID"])[1]["FilterCriteria"] == criteria
        (listed,) = answered("list_event_source_mappings")[1]["EventSourceMappings"]
        assert ("FilterCriteria" not in listed) is hidden


# ---- where to start ----


@pytest.mark.parametrize("source", ["stream", "consumer", "MSK", "Kafka", "DocumentDB"])
@pytest.mark.parametrize("form", ["replace", "isoformat", "timestamp"])
def test_reading_may_start_at_a_time(answered: Any, source: str, form: str) -> None:
    at = datetime(2026, 1, 1, 12, 0, 0, 700_000, tzinfo=UTC)
    given = {**GIVEN[source], "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": getattr(at, form)()}
    with freeze_time(at + timedelta(days=1)):
        _, created = answered("create_event_source_mapping", FunctionName="orders", **given)
    assert (created["StartingPosition"], created["StartingPositionTimestamp"]) == ("AT_TIMESTAMP", at.replace(microsecond=0))


@pytest.mark.parametrize(
    ("source", "position", "timestamp", "answer"),
    [
        ("table", "AT_TIMESTAMP", None, f"{INVALID}Unsupported starting position for arn type: {GIVEN['table']['EventSourceArn']}"),
        ("stream", "AT_TIMESTAMP", None, INVALID + NULL.format("startingPositionTimestamp")),
        (
            "stream",
            "LATEST",
            datetime(2020, 1, 1, tzinfo=UTC),
            f"{INVALID}StartingPositionTimestamp is only valid with the starting position AT_TIMESTAMP.",
        ),
        (
            "stream",
            "AT_TIMESTAMP",
            datetime(2999, 1, 1, tzinfo=UTC),
            f"{INVALID}StartingPositionTimestamp cannot be in the future.",
        ),
        (
            "stream",
            "invalid",
            None,
            (
                "400 ValidationException: 1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: "
                "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"
            ),
        ),
    ],
)
def test_where_reading_cannot_start(*, refused: Any, source: str, position: str, timestamp: datetime | None, answer: str) -> None:
    given = {**GIVEN[source], "StartingPosition": position} | ({"StartingPositionTimestamp": timestamp} if timestamp else {})
    assert refused("create_event_source_mapping", FunctionName="orders", **given) == answer


# ---- Kafka, MQ, DocumentDB ----


@pytest.mark.parametrize(
    ("source", "config"), [("MSK", "AmazonManagedKafkaEventSourceConfig"), ("Kafka", "SelfManagedKafkaEventSourceConfig")]
)
def test_a_consumer_group_stays_what_it_was(answered: Any, refused: Any, source: str, config: str) -> None:
    _, created = answered("create_event_source_mapping", FunctionName="orders", **GIVEN[source], **{config: {"ConsumerGroupId": "mine"}})
    assert created[config] == {"ConsumerGroupId": "mine"}
    for same in ({"ConsumerGroupId": "mine"}, {}):
        assert answered("update_event_source_mapping", UUID=created["UUID"], **{config: same})[1][config] == {"ConsumerGroupId": "mine"}
    assert refused("update_event_source_mapping", UUID=created["UUID"], **{config: {"ConsumerGroupId": "other"}}) == (
        f"{INVALID}The consumer group ID of an event source mapping cannot be updated."
    )


def test_a_virtual_host_stays_what_it_was(answered: Any, refused: Any) -> None:
    _, created = answered("create_event_source_mapping", FunctionName="orders", **GIVEN["MQ"])
    access = [{"Type": "BASIC_AUTH", "URI": f"{SECRET}s"}]
    _, updated = answered("update_event_source_mapping", UUID=created["UUID"], SourceAccessConfigurations=access)
    assert updated["SourceAccessConfigurations"] == [*access, {"Type": "VIRTUAL_HOST", "URI": "/"}]
    access.append({"Type": "VIRTUAL_HOST", "URI": "/other"})
    assert refused("update_event_source_mapping", UUID=created["UUID"], SourceAccessConfigurations=access) == (
        f"{INVALID}The VIRTUAL_HOST of an event source mapping cannot be updated."
    )


def test_an_update_of_a_change_stream_keeps_what_it_does_not_say(answered: Any) -> None:
    _, created = answered("create_event_source_mapping", FunctionName="orders", **GIVEN["DocumentDB"])
    _, updated = answered("update_event_source_mapping", UUID=created["UUID"], DocumentDBEventSourceConfig={"FullDocument": "UpdateLookup"})
    assert updated["DocumentDBEventSourceConfig"] == {"DatabaseName": "shop", "FullDocument": "UpdateLookup"}


@pytest.mark.parametrize(
    ("source", "given", "message"),
    [
        (
            "MSK",
            {"AmazonManagedKafkaEventSourceConfig": {"SchemaRegistryConfig": {"SchemaRegistryURI": "https://registry"}}},
            "SchemaRegistryConfig of an event source mapping is not modelled",
        ),
        pytest.param(
            "Kafka",
            {"SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Queue"}},
            "ConsumptionMode 'Queue' of an event source mapping is not modelled",
            marks=pytest.mark.skipif("ConsumptionMode" not in KAFKA_CONFIG, reason="this botocore does not know it"),
        ),
        (
            "Kafka",
            {"DestinationConfig": {"OnFailure": {"Destination": "kafka://failed"}}},
            "The destination kafka://failed is not modelled",
        ),
    ],
)
def test_what_would_need_a_kafka_is_not_modelled(client: Any, source: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(NotModelled, match=re.escape(message)):
        client.create_event_source_mapping(FunctionName="orders", **GIVEN[source], **given)
    uuid = client.create_event_source_mapping(FunctionName="orders", **GIVEN[source])["UUID"]
    with pytest.raises(NotModelled, match=re.escape(message)):
        client.update_event_source_mapping(UUID=uuid, **given)


# ---- duplicates ----

SQS = 'An event source mapping with SQS arn (" {arn} ") and function (" {name} ") already exists.'
ARN = 'The event source arn (" {arn} ") and function (" {name} ") provided mapping already exists.'
KAFKA = 'An event source mapping with event source ("{servers}"), function ("{function}"), topics ("orders") already exists.'
MQ = 'An event source mapping with event source ("{arn}"), function ("{function}"), queues ("orders") already exists.'
DUPLICATES = {
    "queue": SQS,
    "FIFO queue": SQS,
    "stream": ARN,
    "consumer": ARN,
    "table": ARN,
    "MSK": KAFKA,
    "Kafka": KAFKA,
    "MQ": MQ,
    "DocumentDB": ARN,
}


@pytest.mark.parametrize("source", GIVEN)
def test_a_source_and_a_function_are_connected_once(answered: Any, refused: Any, source: str) -> None:
    _, first = answered("create_event_source_mapping", FunctionName="orders", **GIVEN[source])
    _, other = answered("create_event_source_mapping", FunctionName="orders:1", **GIVEN[source])
    arn = GIVEN[source].get("EventSourceArn")
    for name, uuid in (("orders", first["UUID"]), ("orders:1", other["UUID"])):
        text = DUPLICATES[source].format(arn=arn, name=name, function=f"{PREFIX}function:{name}", servers=arn or "one:9092,two:9092")
        answer = f"409 ResourceConflictException: {text} Please update or delete the existing mapping with UUID {uuid}"
        assert refused("create_event_source_mapping", FunctionName=name, **GIVEN[source]) == answer
        if name == "orders":
            assert refused("update_event_source_mapping", UUID=other["UUID"], FunctionName=name) == answer
    answered("update_event_source_mapping", UUID=first["UUID"], FunctionName="orders")
    answered("delete_event_source_mapping", UUID=first["UUID"])
    answered("update_event_source_mapping", UUID=other["UUID"], FunctionName="orders")


@pytest.mark.parametrize(
    ("source", "changes", "taken"),
    [
        ("MSK", {"Topics": ["refunds"]}, False),
        ("MQ", {"Queues": ["refunds"]}, False),
        ("DocumentDB", {"DocumentDBEventSourceConfig": {"DatabaseName": "shop", "CollectionName": "orders"}}, False),
        ("Kafka", {"Topics": ["refunds"]}, False),
        ("Kafka", {"SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["three:9092"]}}}, False),
        ("Kafka", {"SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["two:9092", "three:9092"]}}}, True),
        ("Kafka", {"SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "mine"}}, True),
    ],
)
def test_what_makes_another_source(*, answered: Any, refused: Any, source: str, changes: dict[str, Any], taken: bool) -> None:
    answered("create_event_source_mapping", FunctionName="orders", **GIVEN[source])
    given = {**GIVEN[source], **changes}
    if taken:
        assert refused("create_event_source_mapping", FunctionName="orders", **given).startswith("409 ResourceConflictException: ")
    else:
        answered("create_event_source_mapping", FunctionName="orders", **given)
