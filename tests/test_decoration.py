import asyncio
import inspect
import json
import unittest
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fakelambda
from fakelambda import FakeLambda


def names() -> set[str]:
    return set(fakelambda.current().functions)


def deploy(name: str = "orders") -> None:
    fakelambda.current().add_function(name, lambda event, context: event)


def assert_none_is_active() -> None:
    with pytest.raises(RuntimeError, match="No FakeLambda is active; decorate the test with @FakeLambda"):
        fakelambda.current()


@FakeLambda()
def test_a_function_runs_with_an_active_fake() -> None:
    deploy()
    answer = boto3.client("lambda", "us-east-1").invoke(FunctionName="orders", Payload="[7]")
    assert json.load(answer["Payload"]) == [7]


def test_each_call_has_fresh_state_and_nothing_stays_active() -> None:
    @FakeLambda(seed=7)
    def story(name: str, *, wanted: str) -> set[str]:
        """Deploys."""
        deploy(name)
        assert name == wanted
        return names()

    assert story("orders", wanted="orders") == {"orders"}
    assert story("refunds", wanted="refunds") == {"refunds"}
    with pytest.raises(AssertionError):
        story("orders", wanted="refunds")
    assert_none_is_active()


def test_each_call_begins_at_the_seed() -> None:
    @FakeLambda(seed=7, account_id="210987654321")
    def arn_and_revision() -> tuple[str, str]:
        deploy()
        function = fakelambda.current().client().get_function_configuration(FunctionName="orders")
        return function["FunctionArn"], function["RevisionId"]

    assert arn_and_revision() == arn_and_revision()
    assert arn_and_revision()[0] == "arn:aws:lambda:us-east-1:210987654321:function:orders"


def test_what_is_decorated_keeps_its_name_documentation_and_signature() -> None:
    def original(name: str, *, times: int = 1) -> str:
        """Says it."""
        return name * times

    decorated = FakeLambda()(original)

    assert decorated is not original
    assert (decorated.__name__, decorated.__doc__) == ("original", "Says it.")
    assert inspect.signature(decorated) == inspect.signature(original)
    assert decorated("ho", times=2) == "hoho"


@FakeLambda()
@pytest.mark.parametrize("name", ["orders", "refunds"])
def test_fixtures_and_parameters_still_arrive(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", name)
    deploy(name)
    assert names() == {name}


def test_a_coroutine_function_has_its_fake_while_it_runs() -> None:
    @FakeLambda()
    async def story(name: str) -> set[str]:
        deploy(name)
        await asyncio.sleep(0)
        return names()

    assert inspect.iscoroutinefunction(story)
    assert asyncio.run(story("orders")) == {"orders"}
    assert asyncio.run(story("refunds")) == {"refunds"}
    assert_none_is_active()


class TestMethods:
    @FakeLambda(region="eu-west-1")
    def test_a_method(self) -> None:
        deploy()
        assert self.region() == "eu-west-1"

    @FakeLambda(region="eu-west-2")
    @staticmethod
    def test_a_static_method() -> None:
        assert TestMethods.region() == "eu-west-2"

    @FakeLambda(region="eu-west-3")
    @classmethod
    def test_a_class_method(cls) -> None:
        assert cls.region() == "eu-west-3"

    @staticmethod
    def region() -> str:
        return fakelambda.current().region


def outcome(case: type[unittest.TestCase]) -> unittest.TestResult:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    assert_none_is_active()
    return result


def test_each_test_of_a_class_has_a_fresh_fake_from_set_up_to_tear_down() -> None:
    seen: list[tuple[str, set[str]]] = []

    @FakeLambda()
    class Orders(unittest.TestCase):
        def setUp(self) -> None:
            seen.append(("setUp", names()))
            deploy()
            self.addCleanup(lambda: seen.append(("cleanup", names())))

        def test_one(self) -> None:
            deploy("one")

        def test_two(self) -> None:
            with self.subTest("inside"):
                deploy("two")

        def tearDown(self) -> None:
            seen.append(("tearDown", names()))

    result = outcome(Orders)

    assert (result.testsRun, result.failures, result.errors) == (2, [], [])
    assert seen == [
        *[("setUp", set()), ("tearDown", {"orders", "one"}), ("cleanup", {"orders", "one"})],
        *[("setUp", set()), ("tearDown", {"orders", "two"}), ("cleanup", {"orders", "two"})],
    ]


def test_asynchronous_test_cases_work_too() -> None:
    @FakeLambda()
    class Orders(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self) -> None:
            deploy()

        async def test_one(self) -> None:
            await asyncio.sleep(0)
            self.assertEqual(names(), {"orders"})  # noqa: PT009 - a unittest class as its author writes it

    result = outcome(Orders)

    assert (result.testsRun, result.failures, result.errors) == (1, [], [])


def test_a_subclass_inherits_the_fake_and_its_own_decorator_wins() -> None:
    regions = []

    @FakeLambda(region="eu-west-1")
    class Base(unittest.TestCase):
        def test_region(self) -> None:
            regions.append(fakelambda.current().region)

    class Heir(Base):
        pass

    @FakeLambda(region="eu-west-2")
    class Other(Base):
        pass

    for case in (Heir, Other, Base):
        assert outcome(case).wasSuccessful()
    assert regions == ["eu-west-1", "eu-west-2", "eu-west-1"]


def test_under_given_every_example_has_a_fresh_fake() -> None:
    examples = []

    @settings(max_examples=20, deadline=None, database=None)
    @given(st.sampled_from(["orders", "refunds", "returns"]))
    @FakeLambda()
    def story(name: str) -> None:
        assert names() == set()
        deploy(name)
        examples.append(name)

    story()

    assert set(examples) == {"orders", "refunds", "returns"}


def test_above_given_all_examples_share_one_fake() -> None:
    seen: set[str] = set()

    @FakeLambda()
    @settings(max_examples=20, deadline=None, database=None)
    @given(st.sampled_from(["orders", "refunds"]))
    def story(name: str) -> None:
        assert names() == seen
        if name not in seen:
            deploy(name)
            seen.add(name)

    story()

    assert seen == {"orders", "refunds"}


def test_nested_fakes_end_from_the_inside() -> None:
    @FakeLambda(region="eu-west-1")
    @FakeLambda(region="eu-west-2")
    def inner() -> str:
        return fakelambda.current().region

    with FakeLambda(region="eu-west-3") as outer:
        assert inner() == "eu-west-2"
        assert fakelambda.current() is outer


def generator() -> Iterator[int]:
    yield 1


async def asynchronous_generator() -> AsyncIterator[int]:
    yield 1


class Plain:
    pass


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (generator, "@FakeLambda() cannot decorate the generator generator; write `with FakeLambda():` in its body."),
        (
            asynchronous_generator,
            "@FakeLambda() cannot decorate the generator asynchronous_generator; write `with FakeLambda():` in its body.",
        ),
        (
            Plain,
            (
                "@FakeLambda() decorates functions and unittest.TestCase classes, not Plain; "
                "in a pytest class use @pytest.mark.fake_lambda or the fake_lambda fixture."
            ),
        ),
        (7, "@FakeLambda() decorates functions and unittest.TestCase classes, not 7."),
        (
            partial(print),
            "@FakeLambda() decorates functions and unittest.TestCase classes, not functools.partial(<built-in function print>).",
        ),
    ],
)
def test_what_cannot_be_decorated_is_refused_at_once(target: Callable[..., Any], message: str) -> None:
    with pytest.raises(TypeError) as raised:
        FakeLambda()(target)
    assert str(raised.value) == message
