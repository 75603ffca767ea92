"""Event source mappings: what a client sees of their life."""

from __future__ import annotations

from typing import Any

import pytest

from fakelambda import FakeLambda

PREFIX = "arn:aws:lambda:us-east-1:123456789012:"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"
INVALID = "400 InvalidParameterValueException: "
GONE = "404 ResourceNotFoundException: The resource you requested does not exist."
UNKNOWN = "01234567-89ab-cdef-0123-456789abcdef"
QUEUE_DEFAULTS: dict[str, Any] = {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": []}
STREAM_DEFAULTS: dict[str, Any] = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FunctionResponseTypes": [],
    "LastProcessingResult": "No records processed",
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
LATEST = {"StartingPosition": "LATEST"}


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: None, Publish=True)


@pytest.mark.parametrize(
    ("arn", "given", "defaults", "reason"),
    [
        (QUEUE, {}, QUEUE_DEFAULTS, "USER_INITIATED"),
        (f"{QUEUE}.fifo", {}, QUEUE_DEFAULTS, "USER_INITIATED"),
        (STREAM, LATEST, STREAM_DEFAULTS | LATEST, "User action"),
        (f"{STREAM}/consumer/one:1", LATEST, STREAM_DEFAULTS | LATEST, "User action"),
        (TABLE, LATEST, STREAM_DEFAULTS | LATEST, "User action"),
    ],
)
def test_a_new_mapping_has_the_defaults_of_its_source(
    answered: Any, arn: str, given: dict[str, Any], defaults: dict[str, Any], reason: str
) -> None:
    status, created = answered("create_event_source_mapping", FunctionName="orders", EventSourceArn=arn, **given)
    uuid, at = created["UUID"], created["LastModified"]
    assert status == 202
    assert created == defaults | {
        "UUID": uuid,
        "EventSourceMappingArn": f"{PREFIX}event-source-mapping:{uuid}",
        "EventSourceArn": arn,
        "FunctionArn": f"{PREFIX}function:orders",
        "LastModified": at,
        "State": "Creating",
        "StateTransitionReason": reason,
    }
    status, now = answered("get_event_source_mapping", UUID=uuid)
    assert (status, now) == (200, created | {"State": "Enabled", "LastModified": now["LastModified"]})


def test_each_change_is_seen_beginning_and_then_done(answered: Any, refused: Any) -> None:
    _, created = answered("create_event_source_mapping", FunctionName="orders", EventSourceArn=QUEUE, Enabled=False)
    mapping = {"UUID": created["UUID"]}
    assert created["State"] == "Disabled"
    changes: list[tuple[dict[str, Any], str, str]] = [
        ({"BatchSize": 5}, "Updating", "Disabled"),
        ({"Enabled": True}, "Enabling", "Enabled"),
        ({"Enabled": True}, "Updating", "Enabled"),
        ({"BatchSize": 6}, "Updating", "Enabled"),
        ({"Enabled": False, "BatchSize": 7}, "Disabling", "Disabled"),
        ({"FunctionName": "orders:1"}, "Updating", "Disabled"),
    ]
    for change, at_first, then in changes:
        status, changed = answered("update_event_source_mapping", **mapping, **change)
        assert (status, changed["State"]) == (202, at_first)
        _, now = answered("get_event_source_mapping", **mapping)
        assert now == changed | {"State": then, "LastModified": now["LastModified"]}
    assert (now["BatchSize"], now["FunctionArn"]) == (7, f"{PREFIX}function:orders:1")
    status, deleted = answered("delete_event_source_mapping", **mapping)
    assert (status, deleted) == (202, now | {"State": "Deleting", "LastModified": deleted["LastModified"]})
    assert refused("get_event_source_mapping", **mapping) == GONE


@pytest.mark.parametrize("operation", ["get_event_source_mapping", "update_event_source_mapping", "delete_event_source_mapping"])
def test_a_mapping_that_does_not_exist(refused: Any, operation: str) -> None:
    assert refused(operation, UUID=UNKNOWN) == GONE
