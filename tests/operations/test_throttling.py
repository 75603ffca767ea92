"""Simultaneous invocations of a function with reserved concurrency."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from botocore.config import Config

from fakelambda import FakeLambda

IMPATIENT = Config(retries={"total_max_attempts": 1})


def test_a_function_that_calls_itself_finds_its_only_place_taken(fake: FakeLambda, client: Any) -> None:
    patient = fake.client(config=Config(retries={"mode": "standard", "total_max_attempts": 3}))

    def handler(_event: Any, _context: Any) -> str:
        with pytest.raises(patient.exceptions.TooManyRequestsException) as caught:
            patient.invoke(FunctionName="orders")
        return f"{caught.value.response['Reason']} after {caught.value.response['ResponseMetadata']['RetryAttempts']} retries"

    fake.add_function("orders", handler, Timeout=900)
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)
    answer = json.load(client.invoke(FunctionName="orders")["Payload"])
    assert answer == "ReservedFunctionConcurrentInvocationLimitExceeded after 2 retries"
    assert len(fake.invocations) == 1


def test_an_event_waits_until_there_is_room(fake: FakeLambda, client: Any) -> None:
    ran: list[str] = []

    def handler(event: str, _context: Any) -> None:
        ran.append(f"{event} begins")
        if event == "outer":
            client.invoke(FunctionName="orders", InvocationType="Event", Payload='"inner"')
            fake.run_due()
        ran.append(f"{event} ends")

    fake.add_function("orders", handler)
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)
    client.invoke(FunctionName="orders", Payload='"outer"')
    assert ran == ["outer begins", "outer ends"]
    assert [waiting.kind for waiting in fake.pending] == ["asynchronous invocation"]
    fake.advance(1)
    assert ran[2:] == ["inner begins", "inner ends"]


def test_threads_get_as_many_places_as_are_reserved(fake: FakeLambda) -> None:
    inside, outcome = threading.Barrier(4), list[str]()
    fake.add_function("orders", lambda _event, _context: inside.wait(timeout=10) and None)
    client = fake.client(config=IMPATIENT)
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=3)
    throttled = client.exceptions.TooManyRequestsException  # botocore makes its classes on the first look, which is no thread's business

    def call() -> None:
        try:
            client.invoke(FunctionName="orders")
            outcome.append("ran")
        except throttled:
            outcome.append("throttled")
            if outcome.count("throttled") == 5:
                inside.wait(timeout=10)  # lets the three that got in end

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome) == ["ran"] * 3 + ["throttled"] * 5
    client.delete_function_concurrency(FunctionName="orders")
