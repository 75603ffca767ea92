"""What AWS sends when it is done with an asynchronous event."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from fakelambda.domain.destinations import Result, dead_letter, to_destination

HERE = "us-east-1:123456789012"
RESULT = Result(
    request_id="00000000-0000-4000-8000-000000000007",
    function_arn=f"arn:aws:lambda:{HERE}:function:orders:live",
    condition="RetriesExhausted",
    payload=b'{"n": 1.50}',
    attempts=3,
    executed_version="2",
    response=b'{"errorMessage": "no", "errorType": "ValueError"}',
    failed=True,
    at=datetime(2026, 3, 1, 10, 3, 0, 5_999, UTC),
    trace_header="Root=1-0-0",
)
ORDER = ["version", "timestamp", "requestContext", "requestPayload", "responseContext", "responsePayload"]


def body(result: Result, service: str = "sqs") -> dict[str, Any]:
    return dict(json.loads(to_destination(result, f"arn:aws:{service}:{HERE}:target").body))


def test_a_record_has_aws_s_members_in_aws_s_order() -> None:
    record = body(RESULT)
    assert list(record) == ORDER
    assert record["timestamp"] == "2026-03-01T10:03:00.005Z"
    assert list(record["requestContext"]) == ["requestId", "functionArn", "condition", "approximateInvokeCount"]
    assert list(record["responseContext"]) == ["statusCode", "executedVersion", "functionError"]
    assert (record["requestPayload"], record["responsePayload"]["errorType"]) == ({"n": 1.5}, "ValueError")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"payload": b""}, {"requestPayload": {}}),  # what Lambda gives to a handler where nothing was sent
        ({"response": b"\xff"}, {"responsePayload": "\ufffd"}),
        ({"failed": False, "condition": "Success"}, {"responseContext": {"statusCode": 200, "executedVersion": "2"}}),
    ],
)
def test_parts_of_a_record(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    record = body(replace(RESULT, **changed))
    assert {name: record[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("service", "size", "fits"),
    [("sqs", 262_144, False), ("sns", 200_000, True), ("lambda", 262_144, True), ("lambda", 1_048_576, False), ("s3", 2_000_000, True)],
)
def test_a_record_goes_without_payloads_where_it_is_too_large_for_its_target(service: str, size: int, *, fits: bool) -> None:
    record = body(replace(RESULT, payload=json.dumps("x" * size).encode()), service)
    assert list(record) == (ORDER if fits else [name for name in ORDER if not name.endswith("Payload")])


def test_a_record_in_which_records_are_nested_too_deeply_goes_without_payloads() -> None:
    nested = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    assert "requestPayload" not in body(replace(RESULT, payload=nested))


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        ({}, "200", "no"),
        ({"response": json.dumps({"errorMessage": "n" * 2_000}).encode()}, "200", "n" * 1_024),
        ({"response": b'{"errorType": "Runtime.ExitError"}'}, "200", ""),
        ({"response": None, "executed_version": None, "attempts": 0}, "429", "Rate Exceeded."),
    ],
)
def test_a_dead_letter_is_the_event_with_three_attributes(changed: dict[str, Any], code: str, message: str) -> None:
    letter = dead_letter(replace(RESULT, **changed), f"arn:aws:sqs:{HERE}:letters")
    assert letter.body == '{"n": 1.50}'
    assert letter.attributes == {
        "RequestID": ("String", RESULT.request_id),
        "ErrorCode": ("Number", code),
        **({"ErrorMessage": ("String", message)} if message else {}),  # queues and topics take no empty one
    }


def test_a_dead_letter_of_an_event_without_a_payload_is_the_empty_object_that_the_function_got() -> None:
    assert dead_letter(replace(RESULT, payload=b""), f"arn:aws:sqs:{HERE}:letters").body == "{}"
