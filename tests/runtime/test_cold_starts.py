"""Which invocations start cold, and that a test can count them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakelambda import FakeLambda

ROLE = "arn:aws:iam::123456789012:role/r"
APP = """\
import os, sys, time
count = 0
def handler(event, context):
    global count
    count += 1
    if event == "exit": sys.exit(1)
    if event == "sleep": time.sleep(60)
    if event == "raise": raise LookupError
    return count
"""


def cold_starts(fake: FakeLambda) -> list[bool]:
    return [invocation.cold_start for invocation in fake.invocations]


def deploy(fake: FakeLambda, code: bytes) -> None:
    fake.client().create_function(
        FunctionName="f", Runtime="python3.13", Handler="app.handler", Role=ROLE, Code={"ZipFile": code}, Publish=True
    )


def ways(fake: FakeLambda, code: bytes) -> dict[str, Callable[[], Any]]:
    client: Any = fake.client()
    return {
        "nothing": lambda: None,
        "an invocation that fails": lambda: client.invoke(FunctionName="f", Payload=b'"raise"'),
        "an invocation that exits": lambda: client.invoke(FunctionName="f", Payload=b'"exit"'),
        "an invocation that times out": lambda: client.invoke(FunctionName="f", Payload=b'"sleep"'),
        "an invocation of another version": lambda: client.invoke(FunctionName="f", Qualifier="1"),
        "a time without invocations": lambda: fake.advance(3600),
        "cold_start": lambda: fake.cold_start("f"),
        "new code": lambda: client.update_function_code(FunctionName="f", ZipFile=code, Publish=False),
        "a new configuration": lambda: client.update_function_configuration(FunctionName="f", MemorySize=256),
        "a new version": lambda: client.publish_version(FunctionName="f"),
        "a tag": lambda: client.tag_resource(Resource="arn:aws:lambda:us-east-1:123456789012:function:f", Tags={"team": "orders"}),
        "reserved concurrency": lambda: client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=5),
    }


@pytest.mark.parametrize(
    ("between", "is_cold"),
    [
        ("nothing", False),
        ("an invocation that fails", False),
        ("an invocation that exits", True),
        ("an invocation that times out", True),
        ("an invocation of another version", False),
        ("a time without invocations", False),
        ("cold_start", True),
        ("new code", True),
        ("a new configuration", True),
        ("a new version", False),
        ("a tag", False),
        ("reserved concurrency", False),
    ],
)
def test_the_next_invocation_is_cold_after(fake: FakeLambda, zipped: Any, between: str, is_cold: bool) -> None:  # noqa: FBT001 - a column
    code = zipped({"app.py": APP})
    deploy(fake, code)
    client = fake.client()
    client.invoke(FunctionName="f")
    ways(fake, code)[between]()
    count = int(client.invoke(FunctionName="f")["Payload"].read())
    ours = [invocation for invocation in fake.invocations if invocation.executed_version == "$LATEST"]
    assert (ours[0].cold_start, ours[-1].cold_start) == (True, is_cold)
    assert (count == 1) is is_cold


def test_versions_have_environments_of_their_own(fake: FakeLambda, zipped: Any) -> None:
    deploy(fake, zipped({"app.py": APP}))
    for qualifier in ("1", "$LATEST", "1", "$LATEST"):
        fake.client().invoke(FunctionName="f", Qualifier=qualifier)
    assert cold_starts(fake) == [True, True, False, False]


def test_simultaneous_invocations_need_an_environment_each(fake: FakeLambda) -> None:
    together = Barrier(3)
    fake.add_function("f", lambda event, context: together.wait(5) if event else None)
    with ThreadPoolExecutor(3) as pool:
        for _ in range(2):
            list(pool.map(lambda _: fake.client().invoke(FunctionName="f", Payload=b"1"), range(3)))
    fake.client().invoke(FunctionName="f", Payload=b"0")
    assert cold_starts(fake) == [True] * 3 + [False] * 4


def test_a_function_that_calls_itself_needs_an_environment_each(fake: FakeLambda) -> None:
    def handler(event: Any, context: Any) -> None:
        if event:
            fake.client().invoke(FunctionName="f", Payload=str(event - 1))

    fake.add_function("f", handler)
    for _ in range(2):
        fake.client().invoke(FunctionName="f", Payload=b"2")
    assert cold_starts(fake) == [True] * 3 + [False] * 3
