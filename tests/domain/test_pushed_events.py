"""The shapes of what other services push."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fakelambda import NotModelled
from fakelambda.domain import pushed_events

EVENT = {
    "version": "0",
    "id": "1",
    "detail-type": "order",
    "source": "shop",
    "account": "123456789012",
    "time": "2026-03-01T10:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:shop:::7"],
    "detail": {"id": 7, "name": 'a "quoted" one', "lines": [{"sku": "a"}, {"sku": "b"}], "odd key": True, "nothing": None},
}
RULE = "arn:aws:events:us-east-1:123456789012:rule/orders/new-orders"


def given_to(target: dict[str, Any]) -> Any:
    text = pushed_events.target_input(EVENT, target, rule_arn=RULE, ingested_at=datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC))
    return json.loads(text)


def transformed(template: str, **paths: str) -> Any:
    return given_to({"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}})


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, EVENT),
        ({"InputTransformer": {}}, EVENT),
        ({"Input": '{"constant": [1]}'}, {"constant": [1]}),
        ({"InputPath": "$"}, EVENT),
        ({"InputPath": "$.detail"}, EVENT["detail"]),
        ({"InputPath": "$.detail-type"}, "order"),
        ({"InputPath": "$.detail.lines[1].sku"}, "b"),
        ({"InputPath": "$.detail['odd key']"}, True),
        ({"InputPath": "$.detail.nothing"}, None),
        ({"InputPath": "$.detail.missing.deeper"}, {}),
        ({"InputPath": "$.resources[4]"}, {}),
    ],
)
def test_a_target_gets_all_a_part_or_a_constant(target: dict[str, Any], expected: Any) -> None:
    assert given_to(target) == expected


@pytest.mark.parametrize(
    ("template", "paths", "expected"),
    [
        ('{"order": <id>, "first": <line>}', {"id": "$.detail.id", "line": "$.detail.lines[0]"}, {"order": 7, "first": {"sku": "a"}}),
        ('{"name": <name>}', {"name": "$.detail.name"}, {"name": 'a "quoted" one'}),
        ('{"text": "<name> is number <id>"}', {"name": "$.detail.name", "id": "$.detail.id"}, {"text": 'a "quoted" one is number 7'}),
        ('"order <id>"', {"id": "$.detail.id"}, "order 7"),
        ("order <id> came", {"id": "$.detail.id"}, "order 7 came"),
        ("<line>", {"line": "$.detail.lines[0]"}, {"sku": "a"}),
        ('{"gone": <missing>, "text": "<missing>!"}', {"missing": "$.detail.missing"}, {"gone": "", "text": "!"}),
        ('{"kept": "<unknown>"}', {}, {"kept": "<unknown>"}),
        ('{"rule": <aws.events.rule-name>, "arn": "<aws.events.rule-arn>"}', {}, {"rule": "new-orders", "arn": RULE}),
        ('{"at": <aws.events.event.ingestion-time>}', {}, {"at": "2026-03-01T10:00:01Z"}),
        ('{"all": <aws.events.event.json>}', {}, {"all": EVENT}),
        ("<aws.events.event>", {}, {name: value for name, value in EVENT.items() if name != "detail"}),
    ],
)
def test_a_transformer_fills_its_template(template: str, paths: dict[str, str], expected: Any) -> None:
    assert transformed(template, **paths) == expected


@pytest.mark.parametrize("path", ["$.detail.lines[*].sku", "$..sku", "detail", "$.lines[?(@.sku)]"])
def test_other_json_paths_are_not_modelled(path: str) -> None:
    with pytest.raises(NotModelled, match="JSON path"):
        given_to({"InputPath": path})


@pytest.mark.parametrize("time", [1772359200, 1772359200.7, "1772359200.0", "2026-03-01T10:00:00Z"])
def test_an_event_of_a_bus_has_its_members_in_order_and_its_time_as_text(time: Any) -> None:
    event = {**dict(reversed(EVENT.items())), "time": time, "ingestion-time": 1}
    assert json.dumps(pushed_events.bus_event(event)) == json.dumps(EVENT)
    assert pushed_events.bus_event({**event, "replay-name": "again"})["replay-name"] == "again"


def test_log_events_are_packed_and_equal_ones_are_equal_bytes() -> None:
    def event() -> dict[str, Any]:
        return pushed_events.log_events(
            account_id="123456789012",
            log_group_name="group",
            log_stream_name="stream",
            filter_name="all",
            events=[{"id": 3, "timestamp": 5, "message": "hello"}],
        )

    assert event() == event()
    assert json.loads(gzip.decompress(base64.b64decode(event()["awslogs"]["data"]))) == {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "group",
        "logStream": "stream",
        "subscriptionFilters": ["all"],
        "logEvents": [{"id": f"{3:056}", "timestamp": 5, "message": "hello"}],
    }
