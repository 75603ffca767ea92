"""Recursion: its configuration, and loops that are stopped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fakelambda import FakeLambda

INVALID = "400 ValidationException: 1 validation error detected: Value 'InvalidValue' at"
NOWHERE = "404 ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:123456789012:function:nowhere"


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: None)


def test_loops_are_terminated_unless_they_are_allowed(client: Any, answered: Any) -> None:
    revision = client.get_function(FunctionName="orders")["Configuration"]["RevisionId"]
    assert answered("get_function_recursion_config", FunctionName="orders") == (200, {"RecursiveLoop": "Terminate"})
    for choice in ("Allow", "Allow", "Terminate"):
        assert answered("put_function_recursion_config", FunctionName="orders", RecursiveLoop=choice) == (200, {"RecursiveLoop": choice})
        assert answered("get_function_recursion_config", FunctionName="orders") == (200, {"RecursiveLoop": choice})
    assert client.get_function(FunctionName="orders")["Configuration"]["RevisionId"] == revision


@pytest.mark.parametrize(
    ("operation", "parameters", "answer"),
    [
        ("get_function_recursion_config", {"FunctionName": "nowhere"}, NOWHERE),
        ("put_function_recursion_config", {"FunctionName": "nowhere", "RecursiveLoop": "Allow"}, NOWHERE),
        (
            "put_function_recursion_config",
            {"FunctionName": "orders", "RecursiveLoop": "InvalidValue"},
            f"{INVALID} 'recursiveLoop' failed to satisfy constraint: Member must satisfy enum value set: [Terminate, Allow]",
        ),
    ],
)
def test_what_is_refused(refused: Any, operation: str, parameters: dict[str, str], answer: str) -> None:
    assert refused(operation, **parameters) == answer


# ---- loops ----

STOPPED = {
    "Error": {
        "Code": "RecursiveInvocationException",
        "Message": "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources "
        "and stopped your function's invocation.",
    },
}


def test_a_function_that_invokes_itself_is_stopped_after_sixteen_passes(fake: FakeLambda, client: Any) -> None:
    refusals: list[Any] = []

    def handler(_event: Any, _context: Any) -> None:
        try:
            client.invoke(FunctionName="loop")
        except ClientError as error:
            refusals.append(error.response)

    fake.add_function("loop", handler)
    for times in (1, 2):  # each chain counts by itself
        client.invoke(FunctionName="loop")
        assert len(fake.invocations) == 16 * times
        assert len(refusals) == times
    message = STOPPED["Error"]["Message"]
    metadata = refusals[0].pop("ResponseMetadata")
    assert (metadata["HTTPStatusCode"], refusals[0]) == (400, {**STOPPED, "Type": "User", "Message": message})


@pytest.mark.parametrize("invocation_type", ["RequestResponse", "Event"])
def test_a_loop_of_two_functions_counts_each(fake: FakeLambda, client: Any, invocation_type: str) -> None:
    def handler(_event: Any, context: Any) -> None:
        other = "pong" if context.function_name == "ping" else "ping"
        client.invoke(FunctionName=other, InvocationType=invocation_type)

    fake.add_function("ping", handler)
    fake.add_function("pong", handler)
    client.put_function_event_invoke_config(FunctionName="pong", MaximumRetryAttempts=0)
    client.put_function_event_invoke_config(FunctionName="ping", MaximumRetryAttempts=0)
    client.invoke(FunctionName="ping")
    fake.drain()
    assert [invocation.function_name for invocation in fake.invocations].count("ping") == 16
    assert [invocation.function_name for invocation in fake.invocations].count("pong") == 16


def test_a_loop_of_events_ends_in_the_dead_letter_queue(fake: FakeLambda, client: Any) -> None:
    queue = "arn:aws:sqs:us-east-1:123456789012:dead"
    fake.add_function(
        "loop",
        lambda event, context: client.invoke(FunctionName="loop", InvocationType="Event", Payload=json.dumps(event + 1)) and None,
        DeadLetterConfig={"TargetArn": queue},
    )
    client.invoke(FunctionName="loop", InvocationType="Event", Payload="1")
    fake.drain()
    assert [invocation.event for invocation in fake.invocations] == list(range(1, 17))
    assert [(delivery.target_arn, delivery.body) for delivery in fake.deliveries] == [(queue, "17")]


def test_a_loop_through_destinations(fake: FakeLambda, client: Any) -> None:
    names = ["ping", "pong"]
    for name in names:
        fake.add_function(name, lambda event, context: None)
    for name, other in zip(names, reversed(names), strict=True):
        destination = {"OnSuccess": {"Destination": f"arn:aws:lambda:us-east-1:123456789012:function:{other}"}}
        client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=destination)
    client.invoke(FunctionName="ping", InvocationType="Event")
    fake.drain()
    assert [invocation.function_name for invocation in fake.invocations] == names * 16


def test_a_loop_that_is_allowed_goes_on(fake: FakeLambda, client: Any) -> None:
    def handler(event: int, _context: Any) -> None:
        if event:
            client.invoke(FunctionName="loop", InvocationType="Event", Payload=json.dumps(event - 1))

    fake.add_function("loop", handler)
    client.put_function_recursion_config(FunctionName="loop", RecursiveLoop="Allow")
    client.invoke(FunctionName="loop", InvocationType="Event", Payload="40")
    assert len(fake.invocations) == 41


def test_threads_of_a_handler_are_part_of_its_chain(fake: FakeLambda, client: Any, zipped: Any) -> None:
    source = """\
import threading, boto3
def handler(event, context):
    client = boto3.client("lambda")
    call = {"FunctionName": "loop", "InvocationType": "Event", "Payload": "{}"}
    thread = threading.Thread(target=client.invoke, kwargs=call)
    thread.start()
    thread.join()
"""
    client.create_function(
        FunctionName="loop",
        Role="arn:aws:iam::123456789012:role/r",
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": source})},
    )
    client.invoke(FunctionName="loop")
    assert len(fake.invocations) == 16


def test_many_invocations_beside_each_other_are_no_loop(fake: FakeLambda, client: Any) -> None:
    def handler(event: str, _context: Any) -> None:
        if event == "all":
            for _ in range(30):
                client.invoke(FunctionName="loop", InvocationType="Event", Payload='"one"')

    fake.add_function("loop", handler)
    client.invoke(FunctionName="loop", Payload='"all"')
    assert len(fake.invocations) == 31
