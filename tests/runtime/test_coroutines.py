"""``async def`` callables of a test are awaited."""

import asyncio
import json
from typing import Any

from fakelambda import FakeLambda


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
