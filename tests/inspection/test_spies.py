"""Spies: histories that can be narrowed down, expectations whose failures explain themselves, results in the place of handlers."""

import json
import textwrap
import traceback
from typing import Any
from unittest import mock

import pytest

from fakelambda import FakeLambda
from fakelambda.runtime.failures import OutOfResults


@pytest.fixture
def busy(fake: FakeLambda) -> FakeLambda:
    """A fake in which something has happened."""
    fake.add_function("orders", lambda event, context: event["id"], Publish=True)
    fake.add_function("mails", returns=None)
    client = fake.client()
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    client.invoke(FunctionName="orders", Payload='{"id": 7}')
    client.invoke(FunctionName="orders:live", Payload='{"id": 8, "express": true}')
    client.invoke(FunctionName="orders", Qualifier="1", Payload="{}")
    client.invoke(FunctionName="mails", InvocationType="Event", Payload='{"to": "ada"}')
    return fake


# ---- filters ----


@pytest.mark.parametrize(
    ("wanted", "events"),
    [
        ({}, [{"id": 7}, {"id": 8, "express": True}, {}, {"to": "ada"}]),
        ({"function_name": "mails"}, [{"to": "ada"}]),
        ({"function_name": "orders", "qualifier": None}, [{"id": 7}]),
        ({"qualifier": "live"}, [{"id": 8, "express": True}]),
        ({"executed_version": "1"}, [{"id": 8, "express": True}, {}]),
        ({"invocation_type": "Event"}, [{"to": "ada"}]),
        ({"error": KeyError}, [{}]),
        ({"result": 7}, [{"id": 7}]),
        ({"event": {"id": mock.ANY, "express": True}}, [{"id": 8, "express": True}]),
        ({"event": lambda event: "id" in event, "executed_version": "1"}, [{"id": 8, "express": True}]),
        ({"function_name": "payments"}, []),
    ],
)
def test_invocations_are_narrowed_down(busy: FakeLambda, wanted: dict[str, Any], events: list[Any]) -> None:
    found = busy.invocations.filter(**wanted)
    assert [invocation.event for invocation in found] == events
    assert found.filter() == found


def test_calls_are_narrowed_down_by_their_parameters_too(busy: FakeLambda) -> None:
    assert [call.operation for call in busy.calls.filter(FunctionName="orders")] == ["CreateAlias", "Invoke", "Invoke"]
    assert len(busy.calls.filter(operation="Invoke", Qualifier="1")) == 1
    assert len(busy.calls.filter(operation="Invoke", Qualifier=None)) == 3
    assert not busy.calls.filter(region="eu-west-1")


def test_an_unknown_field_says_which_there_are(busy: FakeLambda) -> None:
    with pytest.raises(TypeError, match="Invocation has no 'version'; it has function_name, qualifier, executed_version, "):
        busy.invocations.filter(version="1")
    with pytest.raises(TypeError, match=r"ApiCall has no 'name'; it has operation, .*, and its API parameters"):
        busy.calls.filter(name="Invoke")
    with pytest.raises(TypeError, match=r"by their names: filter\(function_name='orders'\) of invocations, filter\(operation='orders'\)"):
        busy.invocations.filter("orders")


def test_a_mistake_is_found_where_there_is_nothing_to_compare(fake: FakeLambda) -> None:
    with pytest.raises(TypeError, match="Neither invocations nor calls have 'functionname'; invocations have function_name, "):
        fake.invocations.filter(functionname="orders")
    assert not fake.invocations.filter(function_name="orders")
    assert not fake.calls.filter(FunctionName="orders", operation="Invoke")


# ---- expectations ----


def test_what_happened_is_asserted(busy: FakeLambda) -> None:
    busy.assert_invoked("orders")
    busy.assert_invoked("orders", times=3)
    busy.assert_invoked("orders", event={"id": 7}, executed_version="$LATEST")
    busy.assert_invoked_once_with("mails", {"to": mock.ANY}, invocation_type="Event")
    busy.assert_not_invoked("orders", invocation_type="Event")
    busy.assert_called("CreateAlias", FunctionName="orders", Name="live")
    busy.assert_called("Invoke", times=4)
    busy.assert_not_called("DeleteFunction")


@pytest.mark.parametrize(
    ("expectation", "text"),
    [
        (
            lambda fake: fake.assert_invoked("payments"),
            """
            payments was to be invoked at least once, and was so never.
            Invoked were: orders 3 times, mails once.
            """,
        ),
        (
            lambda fake: fake.assert_invoked_once_with("mails", {"to": "bob"}),
            """
            mails was to be invoked at least once with event={'to': 'bob'}, and was so never.
            Closest to it came:
              1. Invocation('mails:$LATEST', 'Event', event={'to': 'ada'}, result=None, attempt=1)
                 event differs:
                   - {'to': 'bob'}
                   + {'to': 'ada'}
            """,
        ),
        (
            lambda fake: fake.assert_invoked("orders", event={"id": 8}, executed_version="1"),
            """
            orders was to be invoked at least once with event={'id': 8}, executed_version='1', and was so never.
            Closest to it came:
              1. Invocation('orders:live', 'RequestResponse', event={'id': 8, 'express': True}, result=8, attempt=1)
                 event differs:
                   - {'id': 8}
                   + {'id': 8, 'express': True}
              2. Invocation('orders:1', 'RequestResponse', event={}, error=KeyError('id'), attempt=1)
                 event differs:
                   - {'id': 8}
                   + {}
              3. Invocation('orders:$LATEST', 'RequestResponse', event={'id': 7}, result=7, attempt=1)
                 event differs:
                   - {'id': 8}
                   + {'id': 7}
                 executed_version differs:
                   - '1'
                   + '$LATEST'
            """,
        ),
        (
            lambda fake: fake.assert_not_invoked("orders", executed_version="$LATEST"),
            """
            orders was to be invoked never with executed_version='$LATEST', and was so once.
            These were:
              1. Invocation('orders:$LATEST', 'RequestResponse', event={'id': 7}, result=7, attempt=1)
            """,
        ),
        (
            lambda fake: fake.assert_called("DeleteAlias", Name="live"),
            """
            DeleteAlias was to be called at least once with Name='live', and was so never.
            Called were: Invoke 4 times, CreateAlias once.
            """,
        ),
    ],
)
def test_a_failed_expectation_lists_what_came_closest(busy: FakeLambda, expectation: Any, text: str) -> None:
    with pytest.raises(AssertionError) as caught:
        expectation(busy)
    assert str(caught.value) == textwrap.dedent(text).strip()


def test_an_operation_that_is_misspelt_was_not_called_either_and_is_refused(fake: FakeLambda) -> None:
    with pytest.raises(ValueError, match=r"assert_called\('invoke', ...\): Lambda has no such operation; did you mean 'Invoke'\?"):
        fake.assert_called("invoke")
    with pytest.raises(ValueError, match=r"assert_not_called.*'DeleteFunction'"):
        fake.assert_not_called("DeleteFunctions")


@pytest.mark.parametrize("name", ["orders:live", "arn:aws:lambda:us-east-1:123456789012:function:orders"])
def test_what_no_invocation_could_fit_was_not_invoked_either_and_is_refused(fake: FakeLambda, name: str) -> None:
    for expect in (fake.assert_invoked, fake.assert_not_invoked):
        with pytest.raises(ValueError, match=r'is no plain name; write the function\'s, and qualifier="live"'):
            expect(name)


def test_nothing_at_all_is_said_too(fake: FakeLambda) -> None:
    with pytest.raises(AssertionError, match="Nothing was invoked at all"):
        fake.assert_invoked("orders")


def test_long_lists_are_cut(fake: FakeLambda) -> None:
    fake.add_function("orders", returns=1)
    for number in range(8):
        fake.client().invoke(FunctionName="orders", Payload=json.dumps(number))
    with pytest.raises(AssertionError, match=r"\.\.\. and 3 more"):
        fake.assert_invoked("orders", event=99)
    with pytest.raises(AssertionError, match=r"\.\.\. and 3 more"):
        fake.assert_not_invoked("orders")


# ---- results in the place of handlers ----


def answers(fake: FakeLambda, count: int = 1, **parameters: Any) -> list[Any]:
    client = fake.client()
    return [json.load(client.invoke(**{"FunctionName": "orders", **parameters})["Payload"]) for _ in range(count)]


def test_results_that_a_test_gives(fake: FakeLambda) -> None:
    fake.add_function("orders", returns={"total": 7}, Publish=True)
    assert answers(fake, 2) == [{"total": 7}] * 2
    fake.bind("orders", raises=KeyError("id"))
    assert [answer["errorType"] for answer in answers(fake, 2)] == ["KeyError"] * 2
    fake.bind("orders", returns=None, qualifier="1")
    assert answers(fake, FunctionName="orders:1") == [None]


def test_an_exception_that_is_raised_again_has_its_own_traceback_each_time(fake: FakeLambda, client: Any) -> None:
    fake.add_function("orders", raises=KeyError("id"))
    fake.fail("ListFunctions", ZeroDivisionError("0"), times=None)
    seen = []
    for _ in range(3):
        client.invoke(FunctionName="orders")
        with pytest.raises(ZeroDivisionError) as caught:
            client.list_functions()
        error = fake.invocations[-1].error
        assert error is not None
        seen.append((len(traceback.extract_tb(error.__traceback__)), len(caught.traceback)))
    assert len(set(seen)) == 1


def test_results_in_turn(fake: FakeLambda) -> None:
    fake.add_function("orders", results=[1, TimeoutError, ValueError("late"), None])
    first, timeout, late, none = answers(fake, 4)
    assert (first, timeout["errorType"], late["errorMessage"], none) == (1, "TimeoutError", "late", None)
    with pytest.raises(OutOfResults, match="orders was given 4 results and is invoked once more; give it more of them, returns="):
        fake.client().invoke(FunctionName="orders")


def test_code_under_test_cannot_hide_that_results_have_run_out(fake: FakeLambda) -> None:
    def dispatcher(event: Any, context: Any) -> str:
        try:
            fake.client().invoke(FunctionName="orders")
        except Exception:  # noqa: BLE001 - as careless code does
            return "fine"
        return "invoked"

    fake.add_function("orders", results=[])
    fake.add_function("dispatcher", dispatcher)
    with pytest.raises(OutOfResults):
        fake.client().invoke(FunctionName="dispatcher")


def test_a_snapshot_gives_used_results_back(fake: FakeLambda) -> None:
    fake.add_function("orders", results=[1, 2, 3])
    assert answers(fake) == [1]
    snapshot = fake.snapshot()
    assert answers(fake, 2) == [2, 3]
    fake.restore(snapshot)
    assert answers(fake, 2) == [2, 3]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({}, "takes either a callable or source="),
        ({"returns": 1, "raises": KeyError}, "takes one of a callable, returns=, raises= and results="),
        ({"handler": print, "results": []}, "takes one of a callable, returns=, raises= and results="),
        ({"returns": 1, "source": "."}, "takes either a callable or source="),
        ({"results": "abc"}, "takes a list for results=, one for each invocation, not 'abc'; for all write returns='abc'."),
        ({"results": {"id": 7}}, "not {'id': 7}; for all write returns={'id': 7}."),
        ({"results": 7}, "not 7; for all write returns=7."),
        ({"raises": "KeyError"}, "takes an exception for raises=, not 'KeyError'"),
        ({"handler": {"id": 7}}, "takes a callable, not {'id': 7}; for a result write returns={'id': 7}"),
    ],
)
def test_what_is_given_wrongly_says_what_to_write(fake: FakeLambda, keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        fake.add_function("orders", **keywords)
    assert message in str(caught.value)
    assert not fake.functions
