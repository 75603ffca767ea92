"""What changes make of a function, without any client."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain import functions, lifecycle
from fakelambda.domain.functions import Code, Function, FunctionConfiguration
from fakelambda.domain.packages import Package

NOW = datetime(2026, 1, 15, tzinfo=UTC)
PACKAGE = Package.of(b"a zip of ten megabytes, let us say")


def new(life: lifecycle.Life = lifecycle.READY) -> Function:
    latest = FunctionConfiguration(
        function_name="orders",
        version="$LATEST",
        code=Code(PACKAGE.code_sha256, PACKAGE.code_size, PACKAGE),
        role="arn:aws:iam::123456789012:role/r",
        last_modified=NOW,
        revision_id="r0",
        life=life,
    )
    return Function(name="orders", region="eu-west-1", account_id="123456789012", identity="1", latest=latest)


def published(function: Function, times: int) -> Function:
    for _ in range(times):
        function, _version = functions.publish(function, at=NOW, revision_id="v", latest_revision_id="l")
    return function


def test_publishing_shares_the_code_and_counts_up() -> None:
    function = published(new(), 1000)
    assert list(function.versions) == [str(number) for number in range(1, 1001)]
    assert {id(version.code) for version in function.versions.values()} == {id(function.latest.code)}


def test_a_number_is_never_given_again() -> None:
    function = published(new(), 2)
    function = replace(function, versions=functions.without_item(function.versions, "2"))
    assert list(published(function, 1).versions) == ["1", "3"]


def test_what_is_published_never_changes() -> None:
    before = published(new(), 1)
    after = functions.update(before, at=NOW + timedelta(1), revision_id="r1", description="changed", timeout=30)
    assert after.versions["1"] is before.versions["1"]
    assert (after.latest.description, after.latest.timeout, after.versions["1"].timeout) == ("changed", 30, 3)
    with pytest.raises(FrozenInstanceError):
        after.versions["1"].timeout = 5  # type: ignore[misc]  # the point of the test
    with pytest.raises(TypeError):
        after.versions["2"] = after.latest  # type: ignore[index]  # the point of the test


def test_while_an_update_is_in_progress_the_previous_configuration_runs() -> None:
    before = new()
    updating = functions.update(before, at=NOW, revision_id="r1", timeout=30)
    assert updating.running is before.latest
    settled = functions.settle(updating, "$LATEST", revision_id="r2")
    assert (settled.running, settled.latest.life, settled.latest.revision_id) == (None, lifecycle.READY, "r2")


def test_a_version_deleted_before_it_settles_is_left_alone() -> None:
    function = new()
    assert functions.settle(function, "7", revision_id="r1") is function


def test_only_an_update_makes_another_publication_possible() -> None:
    function = published(new(), 1)
    assert functions.unchanged_publication(function) is function.versions["1"]
    assert functions.unchanged_publication(functions.update(function, at=NOW, revision_id="r1")) is None


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.text(max_size=3))))
def test_tags_behave_as_a_dictionary(steps: list[tuple[bool, str, str]]) -> None:
    function, expected = new(), dict[str, str]()
    for add, key, value in steps:
        if add:
            expected[key] = value
            function = functions.tag(function, {key: value}, revision_id="r")
        else:
            expected.pop(key, None)
            function = functions.untag(function, [key], revision_id="r")
    assert dict(function.tags) == expected


def test_no_illegal_transition_goes_unnoticed() -> None:
    with pytest.raises(lifecycle.IllegalTransition, match=r"update in \(.*PENDING"):
        functions.update(new(lifecycle.CREATED), at=NOW, revision_id="r")
