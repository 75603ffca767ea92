"""Events that services push, as a test builds them."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda import events

AT = datetime(2026, 3, 1, 10, 0, 5, 250_000, UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders"


def test_a_message_of_a_topic() -> None:
    record = events.sns({"id": 7}, topic_arn=TOPIC, subject="order", message_attributes={"kind": "new", "n": 7, "photo": b"\xff"}, at=AT)[
        "Records"
    ][0]
    assert list(record) == ["EventSource", "EventVersion", "EventSubscriptionArn", "Sns"]
    assert record["EventSubscriptionArn"].startswith(f"{TOPIC}:")
    sns = record["Sns"]
    assert (sns["TopicArn"], sns["Subject"], sns["Message"], sns["Timestamp"]) == (TOPIC, "order", '{"id": 7}', "2026-03-01T10:00:05.250Z")
    assert sns["UnsubscribeUrl"].startswith("https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:")
    assert sns["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "new"},
        "n": {"Type": "Number", "Value": "7"},
        "photo": {"Type": "Binary", "Value": "/w=="},
    }
    assert events.sns("x")["Records"][0]["Sns"]["Subject"] is None


def test_an_object_that_was_put() -> None:
    record = events.s3("photos", "2026/my cat=ü.jpg", size=7, etag="e", version_id="v", region="eu-west-1", at=AT)["Records"][0]
    assert record["s3"]["object"] == {
        "key": "2026/my+cat%3D%C3%BC.jpg",
        "size": 7,
        "eTag": "e",
        "versionId": "v",
        "sequencer": "00000019CA8F4BD72",
    } | {"sequencer": record["s3"]["object"]["sequencer"]}
    assert record["s3"]["bucket"] == {"name": "photos", "ownerIdentity": {"principalId": "A3I5XTEXAMAI3E"}, "arn": "arn:aws:s3:::photos"}
    assert (record["awsRegion"], record["eventTime"], record["eventName"]) == ("eu-west-1", "2026-03-01T10:00:05.250Z", "ObjectCreated:Put")


@pytest.mark.parametrize(
    ("event_name", "recorded", "members"),
    [
        ("ObjectCreated:Put", "ObjectCreated:Put", ["key", "size", "eTag", "sequencer"]),
        ("s3:ObjectCreated:Copy", "ObjectCreated:Copy", ["key", "size", "eTag", "sequencer"]),
        ("ObjectRemoved:Delete", "ObjectRemoved:Delete", ["key", "sequencer"]),
    ],
)
def test_what_an_event_of_s3_says_of_its_object(event_name: str, recorded: str, members: list[str]) -> None:
    record = events.s3("photos", "cat.jpg", event_name=event_name)["Records"][0]
    assert record["eventName"] == recorded
    assert list(record["s3"]["object"]) == members


@given(key=st.text(min_size=1))
def test_keys_are_those_of_urls(key: str) -> None:
    assert unquote_plus(events.s3("photos", key)["Records"][0]["s3"]["object"]["key"]) == key


def test_later_events_of_an_object_have_larger_sequencers() -> None:
    early, late = (
        events.s3("b", "k", at=datetime(year, 1, 1, tzinfo=UTC))["Records"][0]["s3"]["object"]["sequencer"] for year in (2025, 2026)
    )
    assert early < late


def test_an_event_of_eventbridge() -> None:
    event = events.eventbridge(
        {"id": 7}, source="shop", detail_type="Order placed", resources=["arn:x"], region="eu-west-1", account_id="1" * 12, at=AT
    )
    assert json.dumps(event) == json.dumps(
        {
            "version": "0",
            "id": "00000000-0000-4000-8000-000000000001",
            "detail-type": "Order placed",
            "source": "shop",
            "account": "111111111111",
            "time": "2026-03-01T10:00:05Z",
            "region": "eu-west-1",
            "resources": ["arn:x"],
            "detail": {"id": 7},
        }
    )
    detail = {"lines": [1]}
    events.eventbridge(detail)["detail"]["lines"].append(2)
    assert detail == {"lines": [1]}
    assert events.eventbridge(source="aws.events", detail_type="Scheduled Event")["detail"] == {}


def test_log_lines_come_compressed() -> None:
    event = events.cloudwatch_logs("one", {"two": 2}, log_group="g", log_stream="s", filter_name="f", account_id="1" * 12, at=AT)
    logs = json.loads(gzip.decompress(b64decode(event["awslogs"]["data"])))
    lines = logs.pop("logEvents")
    assert logs == {"messageType": "DATA_MESSAGE", "owner": "1" * 12, "logGroup": "g", "logStream": "s", "subscriptionFilters": ["f"]}
    assert [(line["message"], line["timestamp"]) for line in lines] == [("one", 1772359205250), ('{"two": 2}', 1772359205250)]
    assert len({line["id"] for line in lines}) == 2
    assert event == events.cloudwatch_logs("one", {"two": 2}, log_group="g", log_stream="s", filter_name="f", account_id="1" * 12, at=AT)


@pytest.mark.parametrize(
    ("trigger", "response"),
    [
        ("PreSignUp_SignUp", {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}),
        ("PreSignUp_AdminCreateUser", {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}),
        ("PostConfirmation_ConfirmSignUp", {}),
        ("TokenGeneration_Authentication", {"claimsOverrideDetails": None}),
    ],
)
def test_triggers_of_a_user_pool(trigger: str, response: dict[str, Any]) -> None:
    event = events.cognito(
        trigger, user_attributes={"email": "ada@example.com"}, request={"clientMetadata": {"a": "b"}}, user_pool_id="eu-west-1_x"
    )
    assert (event["triggerSource"], event["region"], event["response"]) == (trigger, "eu-west-1", response)
    assert event["request"] == {"userAttributes": {"email": "ada@example.com"}, "clientMetadata": {"a": "b"}}
    event["response"]["autoConfirmUser"] = True
    assert events.cognito(trigger)["response"] == response
