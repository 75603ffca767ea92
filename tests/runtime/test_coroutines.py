"""``async def`` callables of a test are awaited, and handlers run event loops of their own while the test's is running."""

import asyncio
import json
import textwrap
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from fakelambda import FakeLambda
from fakelambda.runtime import coroutines


async def handler(event: Any, _context: Any) -> Any:
    await asyncio.sleep(0)
    return {"twice": event["number"] * 2}


def invoked(fake: FakeLambda) -> Any:
    return json.load(fake.client().invoke(FunctionName="f", Payload='{"number": 21}')["Payload"])


def test_a_coroutine_function_answers_what_it_returns() -> None:
    with FakeLambda() as fake:
        fake.add_function("f", handler)
        assert invoked(fake) == {"twice": 42}


def test_also_while_an_event_loop_runs_in_this_thread() -> None:
    async def test() -> Any:
        with FakeLambda() as fake:
            fake.add_function("f", handler)
            answer = invoked(fake)
            await asyncio.sleep(0)  # the outer loop goes on
            return answer

    assert asyncio.run(test()) == {"twice": 42}


def test_a_handler_may_run_a_loop_of_its_own_wherever_it_is_called() -> None:
    def runs(event: Any, context: Any) -> Any:
        return asyncio.run(handler(event, context))

    async def test() -> Any:
        with FakeLambda() as fake:
            fake.add_function("f", runs)
            answer = invoked(fake)
            assert asyncio.get_running_loop() is loop
            return answer

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        assert runner.run(test()) == {"twice": 42}


def test_what_it_raises_is_the_functions_error() -> None:
    async def failing(_event: Any, _context: Any) -> None:
        await asyncio.sleep(0)
        raise LookupError("gone")

    with FakeLambda() as fake:
        fake.add_function("f", failing)
        payload = json.load(fake.client().invoke(FunctionName="f")["Payload"])
        assert (payload["errorType"], payload["errorMessage"]) == ("LookupError", "gone")


# ---- loops of handlers ----


@pytest.fixture(autouse=True)
def no_loop_is_kept() -> Iterator[None]:
    yield
    loop, coroutines._kept.loop = coroutines._kept.loop, None
    if loop is not None:
        loop.close()


MAIN = """
    import asyncio
    async def main():
        await asyncio.sleep(0)
        return "done"
"""
LOOPS = {
    "asyncio.run": """
    def handler(event, context):
        return asyncio.run(main())
    """,
    "Runner": """
    def handler(event, context):
        with asyncio.Runner() as runner:
            return runner.run(main())
    """,
    "one loop for all invocations": """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    def handler(event, context):
        return asyncio.get_event_loop().run_until_complete(main())
    """,
    "a loop that is made when it is missing": """
    import warnings
    def handler(event, context):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return asyncio.get_event_loop().run_until_complete(main())
    """,
    "none is running": """
    def handler(event, context):
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return "done"
    """,
    "while it is imported": """
    answer = asyncio.run(main())
    def handler(event, context):
        return answer
    """,
    "a loop that is closed": """
    def handler(event, context):
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            return loop.run_until_complete(main())
        finally:
            loop.close()
    """,
}


def deployed(client: Any, zipped: Any, name: str) -> None:
    client.create_function(
        FunctionName="orders",
        Role="arn:aws:iam::123456789012:role/r",
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": textwrap.dedent(MAIN) + textwrap.dedent(LOOPS[name])})},
    )


@pytest.mark.parametrize("name", LOOPS)
def test_deployed_code_runs_loops_as_in_lambda_while_the_test_s_is_running(client: Any, zipped: Any, name: str) -> None:
    deployed(client, zipped, name)

    async def test() -> None:
        outer = asyncio.get_running_loop()
        for _ in range(2):
            assert client.invoke(FunctionName="orders")["Payload"].read() == b'"done"'
        assert asyncio.get_running_loop() is outer
        kept: Any = asyncio.get_event_loop_policy()
        assert kept._local._loop is outer
        await asyncio.sleep(0)

    asyncio.run(test())


def test_a_module_is_looked_into_while_a_loop_is_running(fake: FakeLambda, client: Any, zipped: Any) -> None:
    deployed(client, zipped, "while it is imported")

    async def test() -> Any:
        return fake.module("orders", "app")

    assert asyncio.run(test()).answer == "done"


def test_an_event_that_comes_due_while_a_loop_is_running(fake: FakeLambda, client: Any, zipped: Any) -> None:
    deployed(client, zipped, "asyncio.run")

    async def test() -> None:
        client.invoke(FunctionName="orders", InvocationType="Event")
        fake.drain()

    asyncio.run(test())
    assert [invocation.result for invocation in fake.invocations] == ["done"]


def test_a_handler_that_fails_leaves_the_test_s_loop_running(fake: FakeLambda, client: Any) -> None:
    def handler(event: Any, context: Any) -> None:
        asyncio.set_event_loop(None)
        raise KeyboardInterrupt

    fake.add_function("orders", handler)

    async def test() -> None:
        outer = asyncio.get_running_loop()
        with pytest.raises(KeyboardInterrupt):
            client.invoke(FunctionName="orders")
        assert asyncio.get_running_loop() is outer

    asyncio.run(test())


def test_a_policy_that_keeps_its_loops_elsewhere(fake: FakeLambda, client: Any, zipped: Any) -> None:
    deployed(client, zipped, "none is running")

    async def test() -> Any:
        with mock.patch.object(asyncio, "get_event_loop_policy", return_value=object()):
            return client.invoke(FunctionName="orders")["Payload"].read()

    assert asyncio.run(test()) == b'"done"'
