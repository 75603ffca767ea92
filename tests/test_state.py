"""The shelves, against a dictionary."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain import lifecycle
from fakelambda.domain.functions import Code, Function, FunctionConfiguration
from fakelambda.state import Shelf, State


def function(name: str, identity: str = "1") -> Function:
    latest = FunctionConfiguration(
        function_name=name,
        version="$LATEST",
        code=Code("", 0),
        role="",
        last_modified=datetime(2026, 1, 15, tzinfo=UTC),
        revision_id="r",
        life=lifecycle.READY,
    )
    return Function(name=name, region="eu-west-1", account_id="123456789012", identity=identity, latest=latest)


names = st.text("ab1", min_size=1, max_size=3)


@given(steps=st.lists(st.tuples(st.booleans(), names)), start=names)
def test_a_shelf_is_a_dictionary_in_the_order_of_names(steps: list[tuple[bool, str]], start: str) -> None:
    shelf, expected = Shelf[Function](lambda function: function.name), dict[str, Function]()
    for index, (put, name) in enumerate(steps):
        if put:
            expected[name] = function(name, str(index))
            shelf.put(expected[name])
        elif name in expected:
            del expected[name]
            shelf.remove(name)
    assert list(shelf.as_mapping().items()) == sorted(expected.items())
    assert [found.name for found in shelf.starting_at(start)] == sorted(name for name in expected if name >= start)
    assert len(shelf) == len(expected)
    assert all((name in shelf) == (name in expected) and shelf.get(name) is expected.get(name) for name in ("a", "b", "1", "ab"))


def test_every_account_and_region_has_its_own_shelf() -> None:
    state = State()
    state.functions("1", "eu-west-1").put(function("f"))
    assert "f" in state.functions("1", "eu-west-1")
    assert "f" not in state.functions("1", "us-east-1")
    assert "f" not in state.functions("2", "eu-west-1")


def test_a_walk_along_the_shelves_minds_no_new_one() -> None:
    """Whoever looks for a function makes a shelf where there is none, also in another thread."""
    state = State()
    state.functions("123456789012", "eu-west-1").put(function("orders"))
    for place, _ in enumerate(state._shelves()):
        state.functions("123456789012", f"eu-west-{place}")
    assert [found.name for found in state.all_functions()] == ["orders"]
