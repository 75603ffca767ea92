"""Filter patterns of event source mappings: EventBridge's content filters, compiled once and asked for every record.

A pattern has the form of the records that pass it: objects lead to lists, and a list holds what its leaf may be. Lists within records
are looked through: any of their elements will do, and what a pattern says of several members must be true of one element.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from fakelambda.domain.errors import InvalidParameterValueException
from fakelambda.domain.filter_operators import Malformed, Members, Test, is_number, only, test_of

MAXIMUM_DEPTH: Final = 100  # of objects: a guard of ours, that no pattern exhausts Python's stack; none of AWS's is known

# How a part of a record stands to a part of a pattern: it does not fit; it fits by what it lacks; it fits by what it has.
_UNFIT, _ABSENT, _FOUND = range(3)
_MISSING: Final = object()
# In the objects of an `$or` these make it an ordinary name, as it was before it had a meaning.
_RESERVED: Final = frozenset(
    {"exists", "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "cidr", "exactly", "regex"}
    | {"=", "<", "<=", ">", ">="}
)


class Text(str):
    """A member of a record that is plain text though patterns may ask for members of it: such a pattern drops the record."""

    __slots__ = ()


class Document(dict[str, Any]):
    """A member of a record that is JSON though patterns may ask for it as plain text: such a pattern drops the record."""

    __slots__ = ()


class Filter:
    """What lets records through: all of them where there is no pattern, else those that fit any.

    Args:
        patterns: JSON texts, those of ``FilterCriteria``.

    Raises:
        InvalidParameterValueException: one is malformed.
    """

    __slots__ = ("_patterns",)

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(_compiled(pattern) for pattern in patterns)

    def passes(self, record: Mapping[str, Any]) -> bool:
        """Whether a record, as parsed from JSON, gets through."""
        return not self._patterns or any(pattern.fit(record) for pattern in self._patterns)

    def asks_for_text(self, name: str) -> bool:
        """Whether any pattern takes a member of the record for a leaf, not for an object."""
        return any(name in pattern.names_of_leaves() for pattern in self._patterns)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A list of a pattern: what a leaf may be."""

    strings: frozenset[str]
    numbers: frozenset[int | float]
    constants: tuple[bool | None, ...]
    tests: tuple[Test, ...]
    absent: bool

    def fit(self, value: Any) -> int:
        if isinstance(value, str):
            return _FOUND if value in self.strings or self._holds(value) else _UNFIT
        if isinstance(value, Document):
            return _UNFIT
        unfit = False
        for leaf in _elements(value):
            if not isinstance(leaf, dict):
                if self._allows(leaf):
                    return _FOUND
                unfit = True
        return _ABSENT if self.absent and not unfit else _UNFIT

    def _allows(self, leaf: Any) -> bool:
        if isinstance(leaf, str):
            allowed = leaf in self.strings
        elif is_number(leaf):
            allowed = leaf in self.numbers
        else:
            allowed = any(leaf is constant for constant in self.constants)
        return allowed or self._holds(leaf)

    def _holds(self, leaf: Any) -> bool:
        return any(test(leaf) for test in self.tests)


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of a pattern: all of its members hold, and one object of each `$or`."""

    leaves: tuple[tuple[str, _Leaf], ...]
    objects: tuple[tuple[str, _Object], ...]
    alternatives: tuple[tuple[_Object, ...], ...]

    def fit(self, value: Mapping[str, Any]) -> int:
        best = _UNFIT
        for name, leaf in self.leaves:
            fit = leaf.fit(value.get(name, _MISSING))
            if not fit:
                return _UNFIT
            best = max(best, fit)
        for name, inner in self.objects:
            fit = inner.fit_within(value.get(name, _MISSING))
            if not fit:
                return _UNFIT
            best = max(best, fit)
        for alternatives in self.alternatives:
            fit = max(alternative.fit(value) for alternative in alternatives)
            if not fit:
                return _UNFIT
            best = max(best, fit)
        return best

    def fit_within(self, value: Any) -> int:
        if isinstance(value, dict):
            return self.fit(value)
        if isinstance(value, Text):
            return _UNFIT
        fits = {self.fit(element) for element in _elements(value) if isinstance(element, dict)} or {self.fit({})}
        # What must be absent is absent from all elements, unless something else has chosen one.
        return _FOUND if _FOUND in fits else min(fits)

    def names_of_leaves(self) -> Iterator[str]:
        yield from (name for name, _ in self.leaves)
        for alternatives in self.alternatives:
            for alternative in alternatives:
                yield from alternative.names_of_leaves()


def _elements(value: Any) -> Iterator[Any]:
    """What a value consists of, however deep its lists are nested."""
    waiting = [value]
    while waiting:
        element = waiting.pop()
        if isinstance(element, list | tuple):
            waiting.extend(reversed(element))
        elif element is not _MISSING:
            yield element


def _compiled(pattern: str) -> _Object:
    try:
        parsed = json.loads(pattern, object_pairs_hook=Members, parse_constant=_refuse)
        if not isinstance(parsed, Members):
            raise Malformed("a pattern is an object")
        try:
            return _object(parsed, depth=1, alternatives=True)
        except Malformed:  # AWS reads `$or` as a name of the record's where it makes no sense otherwise
            return _object(parsed, depth=1, alternatives=False)
    except (ValueError, RecursionError):
        raise InvalidParameterValueException("Invalid filter pattern definition.") from None


def _refuse(constant: str) -> NoReturn:
    raise Malformed(constant)


def _object(members: Members, *, depth: int, alternatives: bool) -> _Object:
    if not members or depth > MAXIMUM_DEPTH:
        raise Malformed("an object has members")
    leaves: dict[str, _Leaf] = {}
    objects: dict[str, Members] = {}
    ors: list[tuple[_Object, ...]] = []
    for name, value in members:
        if alternatives and name == "$or" and isinstance(value, list):
            ors.append(_alternatives(value, depth))
        elif isinstance(value, Members):
            objects[name] = Members((*objects.get(name, ()), *value)) if value else value
        elif isinstance(value, list):
            leaves[name] = _leaf(value)
        else:
            raise Malformed("a leaf is a list")
    inner = [(name, _object(value, depth=depth + 1, alternatives=alternatives)) for name, value in objects.items()]
    return _Object(tuple(leaves.items()), tuple(inner), tuple(ors))


def _alternatives(values: list[Any], depth: int) -> tuple[_Object, ...]:
    if len(values) < 2:  # noqa: PLR2004 - less is no choice
        raise Malformed("an alternative needs another")
    for value in values:
        if not isinstance(value, Members) or _RESERVED & {name for name, _ in value}:
            raise Malformed("alternatives are objects")
    return tuple(_object(value, depth=depth + 1, alternatives=True) for value in values)


def _leaf(values: list[Any]) -> _Leaf:
    if not values:
        raise Malformed("a list has elements")
    tests: list[Test] = []
    absent = False
    for value in values:
        if isinstance(value, list):
            raise Malformed("no list in a list")
        if isinstance(value, Members):
            name, operand = only(value)
            if name == "exists" and operand is False:
                absent = True
            else:
                tests.append(test_of(value))
    return _Leaf(
        strings=frozenset(value for value in values if isinstance(value, str)),
        numbers=frozenset(value for value in values if is_number(value)),
        constants=tuple(value for value in values if value is None or isinstance(value, bool)),
        tests=tuple(tests),
        absent=absent,
    )
