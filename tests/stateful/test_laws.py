"""AWS's invariants, broken one by one in records that are otherwise those of a fake."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from fakelambda import FakeLambda, Pending
from fakelambda.domain.functions import Code, Function, with_item
from fakelambda.stateful import laws


@pytest.fixture
def function(fake: FakeLambda) -> Function:
    """It has the versions 1 and 2 and had a version 3, an alias and a policy."""
    client = fake.client()
    fake.add_function("orders", lambda event, context: event, Publish=True)
    for memory in (256, 512):
        client.update_function_configuration(FunctionName="orders", MemorySize=memory)
        client.publish_version(FunctionName="orders")
    client.delete_function(FunctionName="orders", Qualifier="3")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    client.add_permission(FunctionName="orders", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    return fake.functions["orders"]


def version(function: Function, number: str, **changes: Any) -> Function:
    return replace(function, versions=with_item(function.versions, number, replace(function.versions[number], **changes)))


def alias(function: Function, **changes: Any) -> Function:
    return replace(function, aliases=with_item(function.aliases, "live", replace(function.aliases["live"], **changes)))


CODE = Code("another", 7)
BROKEN: list[tuple[Callable[[Function], Function], list[str]]] = [
    (lambda it: it, []),
    (lambda it: replace(it, recursive_loop="Allow"), []),
    (
        lambda it: version(it, "1", description="x", revision_id="r"),
        ["orders:1 is a published version and has changed: description '' -> 'x'."],
    ),
    (
        lambda it: version(it, "2", code=CODE, timeout=9, revision_id="r"),
        ["orders:2 is a published version and has changed: code {code!r} -> 'another', timeout 3 -> 9."],
    ),
    (lambda it: version(it, "1", revision_id="r"), ["orders:1 has got another revision id, and nothing has changed it."]),
    (lambda it: alias(it, revision_id="r"), ["orders:live has got another revision id, and nothing has changed it."]),
    (lambda it: alias(it, description="x"), ["orders:live has changed and kept its revision id: description '' -> 'x'."]),
    (
        lambda it: replace(it, latest=replace(it.latest, memory_size=1024)),
        ["orders:$LATEST has changed and kept its revision id: memory_size 512 -> 1024."],
    ),
    (
        lambda it: replace(it, policies=with_item(it.policies, "", replace(it.policies[""], statements=()))),
        ["The policy of orders has changed and kept its revision id: statements {statements} -> ()."],
    ),
    (
        lambda it: alias(it, function_version="9", revision_id="r"),
        ["orders:live leads to version 9, which there is not."],
    ),
    (
        lambda it: alias(it, additional_version_weights={"2": 1.5}, revision_id="r"),
        ["orders:live gives version 2 the weight 1.5, which is not within 0..1."],
    ),
    (
        lambda it: alias(it, additional_version_weights={"2": 0.1, "$LATEST": 0.1}, revision_id="r"),
        ["orders:live has 2 additional versions, more than one: {{'2': 0.1, '$LATEST': 0.1}}."],
    ),
    (
        lambda it: replace(it, versions=with_item(it.versions, "3", replace(it.latest, version="3")), last_published=3),
        ["orders:3 is new, though that number was given before: the last one was 3."],
    ),
    (lambda it: replace(it, versions=with_item(it.versions, "4", replace(it.latest, version="4")), last_published=4), []),
    (lambda it: replace(it, policies=MappingProxyType({})), []),
]


@pytest.mark.parametrize(("change", "expected"), BROKEN)
def test_what_is_wrong_is_named(function: Function, change: Callable[[Function], Function], expected: list[str]) -> None:
    code, statements = function.versions["2"].code.code_sha256, repr(function.policies[""].statements)
    broken = laws.broken_by_functions({"id": function}, {"id": change(function)}, [])
    assert broken == [text.format(code=code, statements=statements) for text in expected]


def test_a_call_may_renew_what_stays_the_same(fake: FakeLambda, function: Function) -> None:
    renewed = {"id": alias(function, revision_id="r")}
    assert laws.broken_by_functions({"id": function}, renewed, fake.calls) == []
    fake.client().get_function(FunctionName="orders")
    assert len(laws.broken_by_functions({"id": function}, renewed, fake.calls[-1:])) == 1


def test_a_function_that_nobody_has_seen_yet_is_judged_by_itself_only(function: Function) -> None:
    assert laws.broken_by_functions({}, {"id": version(function, "1", description="x")}, []) == []
    assert len(laws.broken_by_functions({}, {"id": alias(function, function_version="9")}, [])) == 1


def story(fake: FakeLambda, results: list[Any]) -> dict[str, Any]:
    """What is told of an event with these results."""
    fake.add_function("mail", results=results)
    fake.client().invoke(FunctionName="mail", InvocationType="Event")
    fake.drain()
    return {
        "steady": {fake.functions["mail"].arn},
        "calls": fake.calls,
        "runs": fake.invocations,
        "pending": fake.pending,
        "now": fake.calls[-1].at,
    }


@pytest.mark.parametrize(
    ("results", "places", "expected"),
    [
        ([None], [0], ""),
        ([OSError, None], [0, 1], ""),
        ([OSError] * 3, [0, 1, 2], ""),
        ([OSError] * 3, [1, 2], "was tried in the order [2, 3], not 1, 2, 3."),
        ([OSError, None], [0, 0], "was tried in the order [1, 1], not 1, 2, 3."),
        ([OSError, None], [0, 1, 1], "ran again after it had succeeded."),
        ([None], [], "was accepted, has not run, and does not wait."),
    ],
)
def test_an_event_runs_until_it_has_succeeded_or_three_times(
    fake: FakeLambda, results: list[Any], places: list[int], expected: str
) -> None:
    told = story(fake, results)
    told["runs"] = [told["runs"][place] for place in places]
    broken = laws.Events().broken(**told)
    assert any(expected in text for text in broken) if expected else broken == []


@pytest.mark.parametrize(
    ("results", "runs", "waiting", "expected"),
    [
        ([None], 1, 1, ["waits 1 times, though it is over."]),
        ([OSError] * 3, 3, 1, ["waits 1 times, though it is over."]),
        ([OSError, None], 1, 1, []),
        ([OSError, None], 1, 2, ["waits 2 times, though it was sent once."]),
    ],
)
def test_an_event_waits_once_until_it_is_over(fake: FakeLambda, results: list[Any], runs: int, waiting: int, expected: list[str]) -> None:
    told = story(fake, results)
    request_id = told["runs"][0].request_id
    entry = Pending(due=datetime.now(UTC), kind="asynchronous invocation", function_name="mail", detail=f"$LATEST {request_id} attempt 2")
    told |= {"runs": told["runs"][:runs], "pending": [entry] * waiting}
    broken = laws.Events().broken(**told)
    assert broken == [f"The event {request_id} of mail {text}" for text in expected]


@pytest.mark.parametrize(
    ("changes", "seconds", "is_lost"),
    [({}, 0, True), ({}, 30, True), ({}, 31, False), ({"steady": set()}, 0, False)],
)
def test_an_event_may_be_dropped_for_its_age_or_with_its_function(
    fake: FakeLambda, changes: dict[str, Any], seconds: int, *, is_lost: bool
) -> None:
    told = {**story(fake, [None]), "runs": [], **changes}
    told["now"] += timedelta(seconds=seconds)
    assert bool(laws.Events().broken(**told)) == is_lost


def test_what_a_handler_sends_may_be_stopped_as_a_loop(fake: FakeLambda) -> None:
    fake.add_function("mail", lambda event, context: None)
    fake.add_function("orders", lambda event, context: fake.client().invoke(FunctionName="mail", InvocationType="Event")["StatusCode"])
    fake.client().invoke(FunctionName="orders")
    [_, sent] = fake.calls
    assert sent.made_in
    assert laws.Events().broken({fake.functions["mail"].arn}, [sent], [], [], fake.calls[-1].at) == []  # type: ignore[arg-type]
