"""Event-invoke configurations: one of each exact qualifier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fakelambda import FakeLambda

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
NOWHERE = "arn:aws:lambda:us-east-1:123456789012:function:nowhere"
MISSING = "404 ResourceNotFoundException: "
INVALID = "400 InvalidParameterValueException: "
NO_FUNCTION = f"{MISSING}The function doesn't exist."
NOTHING_SET = f"{INVALID}You must specify at least one of error handling or destination setting."
QUEUE = {"Destination": "arn:aws:sqs:us-east-1:123456789012:q"}
TOPIC = {"Destination": "arn:aws:sns:us-east-1:123456789012:t"}
NONE: dict[str, Any] = {"OnSuccess": {}, "OnFailure": {}}


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda, client: Any) -> None:
    for name in ("orders", "other"):
        fake.add_function(name, lambda event, context: None, Publish=True)
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


def shown(answer: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    status, config = answer
    assert status == 200
    assert abs(config.pop("LastModified") - datetime.now(UTC)) < timedelta(minutes=1)
    return config


@pytest.mark.parametrize(
    ("name", "qualifier", "arn"),
    [
        ("orders", None, f"{ARN}:$LATEST"),
        ("orders:$LATEST", None, f"{ARN}:$LATEST"),
        ("orders", "1", f"{ARN}:1"),
        ("orders:1", "1", f"{ARN}:1"),
        (f"{ARN}:live", None, f"{ARN}:live"),
        ("orders:live", "live", f"{ARN}:live"),
    ],
)
def test_a_configuration_is_of_the_exact_qualifier(answered: Any, client: Any, name: str, qualifier: str | None, arn: str) -> None:
    named = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
    expected = {"FunctionArn": arn, "MaximumRetryAttempts": 1, "DestinationConfig": NONE}
    assert shown(answered("put_function_event_invoke_config", **named, MaximumRetryAttempts=1)) == expected
    assert shown(answered("get_function_event_invoke_config", **named)) == expected
    listed = client.list_function_event_invoke_configs(FunctionName="orders")["FunctionEventInvokeConfigs"]
    assert [config["FunctionArn"] for config in listed] == [arn]
    assert answered("delete_function_event_invoke_config", **named) == (204, {})
    assert client.list_function_event_invoke_configs(FunctionName="orders")["FunctionEventInvokeConfigs"] == []


@pytest.mark.parametrize(
    ("operation", "given", "expected"),
    [
        ("put", {"MaximumRetryAttempts": 0}, {"MaximumRetryAttempts": 0, "DestinationConfig": NONE}),
        ("put", {"MaximumEventAgeInSeconds": 60}, {"MaximumEventAgeInSeconds": 60, "DestinationConfig": NONE}),
        ("put", {"DestinationConfig": {"OnSuccess": {}}}, {"DestinationConfig": NONE}),
        ("put", {"DestinationConfig": {"OnFailure": {}}}, {"DestinationConfig": NONE}),
        ("put", {"DestinationConfig": {"OnSuccess": QUEUE}}, {"DestinationConfig": {"OnSuccess": QUEUE, "OnFailure": {}}}),
        (
            "put",
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:lambda:us-east-1:123456789012:function:other:1"}}},
            {"DestinationConfig": NONE | {"OnFailure": {"Destination": "arn:aws:lambda:us-east-1:123456789012:function:other:1"}}},
        ),
        (
            "put",
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}},
            {"DestinationConfig": NONE | {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}},
        ),
        (
            "update",
            {"MaximumRetryAttempts": 0},
            {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60, "DestinationConfig": NONE | {"OnFailure": TOPIC}},
        ),
        (
            "update",
            {"DestinationConfig": {"OnSuccess": QUEUE}},
            {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60, "DestinationConfig": {"OnSuccess": QUEUE, "OnFailure": TOPIC}},
        ),
        (
            "update",
            {"DestinationConfig": {"OnFailure": {}}},
            {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60, "DestinationConfig": NONE},
        ),
    ],
)
def test_put_replaces_and_update_merges(
    client: Any, answered: Any, operation: str, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    client.put_function_event_invoke_config(
        FunctionName="orders", MaximumRetryAttempts=2, MaximumEventAgeInSeconds=60, DestinationConfig={"OnFailure": TOPIC}
    )
    changed = shown(answered(f"{operation}_function_event_invoke_config", FunctionName="orders", **given))
    assert changed == {"FunctionArn": f"{ARN}:$LATEST"} | expected
    assert shown(answered("get_function_event_invoke_config", FunctionName="orders")) == changed


def test_the_time_of_the_last_change_is_a_datetime_of_the_fakes_clock(fake: FakeLambda, client: Any) -> None:
    put = client.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=2)["LastModified"]
    fake.advance(3600)
    assert client.get_function_event_invoke_config(FunctionName="orders")["LastModified"] == put
    updated = client.update_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=1)["LastModified"]
    assert timedelta(hours=1) <= updated - put < timedelta(hours=1, minutes=1)
    assert put.tzinfo is not None


def no_config(arn: str) -> str:
    return f"{MISSING}The function {arn} doesn't have an EventInvokeConfig"


@pytest.mark.parametrize(
    ("operation", "parameters", "answer"),
    [
        ("put", {}, NOTHING_SET),
        ("put", {"DestinationConfig": {}}, NOTHING_SET),
        ("put", {"FunctionName": "nowhere"}, NOTHING_SET),
        ("put", {"FunctionName": "nowhere", "MaximumRetryAttempts": 1}, NO_FUNCTION),
        ("put", {"FunctionName": NOWHERE, "MaximumRetryAttempts": 1}, NO_FUNCTION),
        ("put", {"Qualifier": "9", "MaximumRetryAttempts": 1}, NO_FUNCTION),
        ("put", {"Qualifier": "none", "MaximumRetryAttempts": 1}, NO_FUNCTION),
        ("update", {"FunctionName": "nowhere", "MaximumRetryAttempts": 1}, NO_FUNCTION),
        ("list", {"FunctionName": "nowhere"}, NO_FUNCTION),
        ("update", {"MaximumRetryAttempts": 1}, no_config(f"{ARN}:$LATEST")),
        ("update", {"Qualifier": "live", "MaximumRetryAttempts": 1}, no_config(f"{ARN}:live")),
        *(
            (operation, parameters, no_config(arn))
            for operation in ("get", "delete")
            for parameters, arn in (
                ({}, f"{ARN}:$LATEST"),
                ({"Qualifier": "1"}, f"{ARN}:1"),
                ({"Qualifier": "none"}, f"{ARN}:none"),
                ({"FunctionName": "nowhere"}, f"{NOWHERE}:$LATEST"),
                ({"FunctionName": "nowhere:live"}, f"{NOWHERE}:live"),
            )
        ),
        *(
            (
                "put",
                {"DestinationConfig": {"OnSuccess": {"Destination": destination}}},
                f"{INVALID}The destination ARN {destination} is invalid.",
            )
            for destination in (NOWHERE, f"{ARN[:-6]}other:7")
        ),
        *(
            (
                "put",
                {"DestinationConfig": {"OnFailure": {"Destination": destination}}},
                f"{INVALID}You can't specify the function as a destination for itself.",
            )
            for destination in (ARN, f"{ARN}:live")
        ),
        *(
            (
                "put",
                {"DestinationConfig": {"OnFailure": {"Destination": destination}}},
                (
                    f"{INVALID}The provided destination config DestinationConfig("
                    f"onSuccess=null, onFailure=OnFailure(destination={destination})) is invalid."
                ),
            )
            for destination in ("arn:aws:sqs:us-east-1:123456789012:q.fifo", "arn:aws:sns:us-east-1:123456789012:t.fifo")
        ),
        (
            "put",
            {"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:iam:us-east-1:123456789012:function:f"}}},
            (
                f"{INVALID}The provided destination config DestinationConfig("
                "onSuccess=OnSuccess(destination=arn:aws:iam:us-east-1:123456789012:function:f), onFailure=null) is invalid."
            ),
        ),
        (
            "put",
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:_-/!lambda:us-east-1:123456789012:function:f"}}},
            (
                "400 ValidationException: 1 validation error detected: Value 'arn:aws:_-/!lambda:us-east-1:123456789012:function:f' "
                "at 'destinationConfig.onFailure.destination' failed to satisfy constraint: Member must satisfy regular expression pattern: "
                r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
                r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
            ),
        ),
        (
            "put",
            {"MaximumRetryAttempts": 3},
            (
                "400 ValidationException: 1 validation error detected: Value '3' at 'maximumRetryAttempts' failed to satisfy constraint: "
                "Member must have value less than or equal to 2"
            ),
        ),
        (
            "put",
            {"MaximumEventAgeInSeconds": 21601},
            (
                "400 ValidationException: 1 validation error detected: Value '21601' at 'maximumEventAgeInSeconds' failed to satisfy constraint: "
                "Member must have value less than or equal to 21600"
            ),
        ),
    ],
)
def test_what_is_refused(refused: Any, operation: str, parameters: dict[str, Any], answer: str) -> None:
    name = "list_function_event_invoke_configs" if operation == "list" else f"{operation}_function_event_invoke_config"
    assert refused(name, **{"FunctionName": "orders", **parameters}) == answer


def test_a_configuration_belongs_to_its_version(client: Any, answered: Any) -> None:
    client.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=1)
    client.update_function_configuration(FunctionName="orders", Description="two")
    client.publish_version(FunctionName="orders")
    for qualifier in ("2", "live"):
        client.put_function_event_invoke_config(FunctionName="orders", Qualifier=qualifier, MaximumRetryAttempts=0)
    client.delete_function(FunctionName="orders", Qualifier="2")
    status, listed = answered("list_function_event_invoke_configs", FunctionName="orders")
    assert (status, listed.keys()) == (200, {"FunctionEventInvokeConfigs"})
    arns = [config["FunctionArn"] for config in listed["FunctionEventInvokeConfigs"]]
    assert arns == [f"{ARN}:$LATEST", f"{ARN}:live"], "neither the unpublished version's nor the deleted one's"
