"""Messages that handlers put into queues: they carry the trace, and nobody else's do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def fake() -> Iterator[FakeLambda]:
    """With moto's other services."""
    with mock_aws(), FakeLambda() as active:
        yield active


SENDS = """\
import os, boto3
def handler(event, context):
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="1")
    boto3.resource("sqs").Queue(url).send_message(MessageBody="2")
    own = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=own"}}
    sqs.send_message(QueueUrl=url, MessageBody="3", MessageSystemAttributes=own)
    return os.environ["_X_AMZN_TRACE_ID"]
"""


def deploy(fake: FakeLambda, zipped: Any) -> None:
    fake.client().create_function(
        FunctionName="orders",
        Role="arn:aws:iam::123456789012:role/r",
        Runtime="python3.12",
        Handler="app.handler",
        Timeout=60,  # it sets up clients, which takes seconds where a machine is busy
        Code={"ZipFile": zipped({"app.py": SENDS})},
    )


def invoke(fake: FakeLambda) -> Any:
    return json.load(fake.client().invoke(FunctionName="orders")["Payload"])


def received(url: str) -> dict[str, str | None]:
    """The header of each message in a queue."""
    sqs = boto3.client("sqs", "us-east-1")
    headers: dict[str, str | None] = {}
    while messages := sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"], MaxNumberOfMessages=10).get("Messages"):
        headers |= {message["Body"]: message["Attributes"].get("AWSTraceHeader") for message in messages}
    return headers


def test_messages_that_a_handler_sends_carry_its_trace(fake: FakeLambda, zipped: Any) -> None:
    url = boto3.client("sqs", "us-east-1").create_queue(QueueName="orders")["QueueUrl"]
    deploy(fake, zipped)
    header = invoke(fake)
    assert received(url) == {"1": header, "2": header, "3": "Root=own"}


def test_messages_of_anybody_else_are_left_alone(fake: FakeLambda, zipped: Any) -> None:
    sqs = boto3.client("sqs", "us-east-1")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="before")
    deploy(fake, zipped)
    invoke(fake)
    entries: Any = [{"Id": "1", "MessageBody": "after"}]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    headers = received(url)
    assert (headers["before"], headers["after"], entries) == (None, None, [{"Id": "1", "MessageBody": "after"}])


def test_batches_carry_it_too(fake: FakeLambda) -> None:
    """Looked at on their way: moto forgets it in batches. The client is the test's own, the handler a callable."""
    sqs = boto3.client("sqs", "us-east-1")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    own = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=own"}}
    entries: Any = [{"Id": "1", "MessageBody": "1"}, {"Id": "2", "MessageBody": "2", "MessageSystemAttributes": own}]
    bodies: list[Any] = []
    sqs.meta.events.register("before-call.sqs.SendMessageBatch", lambda params, **_: bodies.append(json.loads(params["body"])))
    fake.add_function("orders", lambda event, context: sqs.send_message_batch(QueueUrl=url, Entries=entries) and None)
    invoke(fake)
    first, second = (entry["MessageSystemAttributes"] for entry in bodies[0]["Entries"])
    assert first["AWSTraceHeader"]["StringValue"].startswith("Root=1-")
    assert (second, entries[0]) == (own, {"Id": "1", "MessageBody": "1"})


def test_what_sqs_refuses_is_botocore_s_to_say(fake: FakeLambda) -> None:
    sqs = boto3.client("sqs", "us-east-1")
    errors: list[str] = []

    def handler(_event: Any, _context: Any) -> None:
        wrongs: list[Any] = [{}, {"Entries": None}, {"Entries": ["1"]}, {"Entries": [{"MessageBody": "1", "MessageSystemAttributes": 1}]}]
        for wrong in wrongs:
            try:
                sqs.send_message_batch(QueueUrl="q", **wrong)
            except Exception as error:  # noqa: BLE001 - whatever it is
                errors.append(str(error))

    fake.add_function("orders", handler)
    invoke(fake)
    assert ["Parameter validation failed" in error for error in errors] == [True] * 4
