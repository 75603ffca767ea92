"""What is handed out shares nothing with what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fakelambda.inspection.records import SharedDocument, detached

ATOMS = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.binary(max_size=3)
DOCUMENTS = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        ATOMS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.text(max_size=3), inner, max_size=3)
            | st.dictionaries(st.text(max_size=3), inner, max_size=3).map(MappingProxyType)
        ),
        max_leaves=10,
    ),
    max_size=5,
)


def mutable(value: Any) -> Iterator[Any]:
    """The containers in a value that somebody could change."""
    if isinstance(value, (dict, list)):
        yield value
    if isinstance(value, (Mapping, list, tuple)):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from mutable(inner)


def plain(value: Any) -> Any:
    """As JSON would have it."""
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


@given(DOCUMENTS)
def test_a_copy_is_equal_and_shares_nothing_that_can_change(document: dict[str, Any]) -> None:
    for kept in (document, SharedDocument(document), {"Configuration": SharedDocument(document)}, [SharedDocument(document)]):
        copy = detached(kept)
        assert repr(copy) == repr(plain(kept))  # in the same order
        assert {type(container) for container in mutable(copy)} <= {dict, list}
        assert not {id(container) for container in mutable(copy)} & {id(container) for container in mutable(kept)}
