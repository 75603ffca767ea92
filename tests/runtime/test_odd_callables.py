"""What else than a function of two arguments may be a handler, and what comes of it."""

from __future__ import annotations

import asyncio
import functools
import json
import operator
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from conftest import Deploy, Invoke

EVENT = {"name": "tea"}


def function(event: Any, context: Any) -> Any:
    return event["name"]


async def coroutine_function(event: Any, context: Any) -> Any:
    await asyncio.sleep(0)
    return event["name"]


def generator_function(event: Any, context: Any) -> Iterator[Any]:
    yield event["name"]


async def asynchronous_generator_function(event: Any, context: Any) -> AsyncIterator[Any]:
    yield event["name"]


def decorated(handler: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    @functools.wraps(handler)
    def wrapper(*arguments: Any) -> Any:
        return handler(*arguments)

    return wrapper


class Shop:
    def __call__(self, event: Any, _context: Any) -> Any:
        return event["name"]

    def method(self, event: Any, _context: Any) -> Any:
        return event["name"]

    async def coroutine_method(self, event: Any, _context: Any) -> Any:
        return event["name"]

    @classmethod
    def class_method(cls, event: Any, _context: Any) -> Any:
        return event["name"]

    @staticmethod
    def static_method(event: Any, _context: Any) -> Any:
        return event["name"]


class AsynchronousShop:
    async def __call__(self, event: Any, _context: Any) -> Any:
        return event["name"]


class Event(dict[str, Any]):
    """A class whose instances are results."""

    def __init__(self, event: dict[str, Any], _context: Any) -> None:
        super().__init__(event)


class Order:
    """A class whose instances are none."""

    def __init__(self, event: Any, _context: Any) -> None:
        self.event = event


class Empty(list[Any]):
    """Callable, though it counts as false."""

    def __call__(self, event: Any, _context: Any) -> Any:
        return event["name"]


@dataclass
class Unhashable:
    answer: Any

    def __call__(self, _event: Any, _context: Any) -> Any:
        return self.answer


class Later:
    def __await__(self) -> Iterator[Any]:
        yield from ()


ANSWERED = {
    "function": function,
    "lambda": lambda event, context: event["name"],
    "any arguments": lambda *arguments: arguments[0]["name"],
    "async def": coroutine_function,
    "instance": Shop(),
    "instance with async def": AsynchronousShop(),
    "bound method": Shop().method,
    "bound async method": Shop().coroutine_method,
    "class method": Shop.class_method,
    "static method": Shop.static_method,
    "partial": functools.partial(lambda name, event, context: name, "tea"),
    "partial of async def": functools.partial(coroutine_function),
    "decorated": decorated(function),
    "decorated async def": decorated(coroutine_function),
    "singledispatch": functools.singledispatch(function),
    "counts as false": Empty(),
    "no hash": Unhashable("tea"),
    "Mock": mock.Mock(return_value="tea"),
    "MagicMock": mock.MagicMock(return_value="tea"),
    "AsyncMock": mock.AsyncMock(return_value="tea"),
    "Mock with an effect": mock.Mock(side_effect=function),
    "Mock with effects": mock.Mock(side_effect=["tea"]),
    "autospec": mock.create_autospec(function, return_value="tea"),
    "autospec of async def": mock.create_autospec(coroutine_function, return_value="tea"),
}


def invoke_in_a_fake(handler: Any) -> Any:
    with FakeLambda() as fake:
        fake.add_function("orders", handler)
        answer = fake.client().invoke(FunctionName="orders", Payload=json.dumps(EVENT))
        payload = json.load(answer["Payload"])
        return f"{payload['errorType']}: {payload['errorMessage']}" if "FunctionError" in answer else payload


@pytest.mark.parametrize("handler", ANSWERED.values(), ids=ANSWERED)
def test_what_is_called_and_answers(handler: Any) -> None:
    assert invoke_in_a_fake(handler) == "tea"


def test_a_class_answers_with_its_instance() -> None:
    assert invoke_in_a_fake(Event) == EVENT


REFUSED: list[tuple[Any, str]] = [
    (generator_function, "generator"),
    (asynchronous_generator_function, "async_generator"),
    (lambda event, context: map(str, [1]), "map"),
    (lambda event, context: Later(), "Later"),
    (Order, "Order"),
    (Exception, "Exception"),
    (mock.Mock(), "Mock"),
    (mock.MagicMock(), "MagicMock"),
    (mock.AsyncMock(), "AsyncMock"),
    (mock.Mock(return_value=Order), "type"),
]


@pytest.mark.parametrize(("handler", "name"), REFUSED, ids=[name for _, name in REFUSED])
def test_what_answers_with_something_that_json_lacks(handler: Any, name: str) -> None:
    expected = f"Runtime.MarshalError: Unable to marshal response: Object of type {name} is not JSON serializable"
    assert invoke_in_a_fake(handler) == expected


WRONG: list[tuple[Any, str]] = [
    (lambda: "tea", "<lambda>() takes 0 positional arguments but 2 were given"),
    (lambda event: "tea", "<lambda>() takes 1 positional argument but 2 were given"),
    (lambda event, context, more: "tea", "<lambda>() missing 1 required positional argument: 'more'"),
    (len, "len() takes exactly one argument (2 given)"),
    (dict, "dict expected at most 1 argument, got 2"),
    (operator.itemgetter("name"), "itemgetter expected 1 argument, got 2"),
    (functools.lru_cache(function), "unhashable type: 'dict'"),
]


@pytest.mark.parametrize(("handler", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_cannot_be_called_with_event_and_context(handler: Any, message: str) -> None:
    assert invoke_in_a_fake(handler).replace("test_odd_callables.", "") == f"TypeError: {message}"


@pytest.mark.parametrize("kind", [mock.Mock, mock.MagicMock, mock.AsyncMock])
def test_a_mock_knows_how_it_was_called(kind: Any) -> None:
    handler = kind(return_value=None)
    assert invoke_in_a_fake(handler) is None
    handler.assert_called_once_with(EVENT, mock.ANY)
    assert handler.call_args.args[1].function_name == "orders"
    assert len(handler.mock_calls) == 1


def test_a_mock_without_a_result_notes_nothing_but_its_call() -> None:
    handler = mock.Mock()
    invoke_in_a_fake(handler)
    assert handler.mock_calls == [mock.call(EVENT, mock.ANY)]


def test_a_mock_raises_what_it_is_told() -> None:
    assert invoke_in_a_fake(mock.Mock(side_effect=LookupError("gone"))) == "LookupError: gone"
    assert invoke_in_a_fake(mock.AsyncMock(side_effect=LookupError("gone"))) == "LookupError: gone"


def test_equal_callables_are_not_the_same() -> None:
    with FakeLambda() as fake:
        first, second = Unhashable([]), Unhashable([])
        assert first == second
        fake.add_function("orders", first)
        client = fake.client()
        assert json.load(client.invoke(FunctionName="orders")["Payload"]) == []
        fake.bind("orders", second)
        second.answer = "second"
        assert json.load(client.invoke(FunctionName="orders")["Payload"]) == "second"


@pytest.mark.parametrize("handler", [3, None, "app.handler", object(), function({"name": "tea"}, None)])
def test_what_is_no_callable_is_refused_at_once(handler: Any) -> None:
    with FakeLambda() as fake, pytest.raises(TypeError, match="takes"):
        fake.add_function("orders", handler)
    with FakeLambda() as fake, pytest.raises(TypeError, match="takes"):
        fake.bind("orders", handler)


ASYNCHRONOUS = """\
async def handler(event, context):
    raise AssertionError("nobody awaits")
"""


def test_deployed_code_cannot_be_asynchronous(deploy: Deploy, invoke: Invoke) -> None:
    environment = deploy({"app.py": ASYNCHRONOUS})
    for _ in range(2):  # without a warning that something was never awaited, which would fail this test
        payload = invoke(environment).error_payload
        assert payload is not None
        assert (payload["errorType"], payload["errorMessage"], payload["stackTrace"]) == (
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type coroutine is not JSON serializable",
            [],
        )


def test_deployed_code_awaits_by_itself(deploy: Deploy, invoke: Invoke) -> None:
    code = "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    return 'done'\ndef handler(event, context):\n    return asyncio.run(main())\n"
    environment = deploy({"app.py": code})
    assert [invoke(environment).result, invoke(environment).result] == ["done", "done"]


def test_an_awaited_handler_may_start_tasks() -> None:
    async def handler(event: Any, context: Any) -> list[Any]:
        async def double(number: int) -> int:
            await asyncio.sleep(0)
            return 2 * number

        jobs: list[Awaitable[int]] = [asyncio.ensure_future(double(number)) for number in range(3)]
        return list(await asyncio.gather(*jobs))

    assert invoke_in_a_fake(handler) == [0, 2, 4]
