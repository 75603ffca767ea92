"""The match expressions of filter patterns, such as ``{"prefix": "eu-"}``: each becomes a test of one value."""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any, Final, TypeGuard

Test = Callable[[Any], bool]

_LARGEST_NUMBER: Final = 5_000_000_000  # beyond it, either way, EventBridge compares no numbers [docs]
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_CIDR: Final = re.compile(r"[0-9a-fA-F.:]+/[0-9]{1,3}")


class Malformed(ValueError):  # noqa: N818 - says what a pattern is
    """A pattern, or a part of it, that is none."""


class Members(tuple[tuple[str, Any], ...]):
    """A JSON object as it was written: names may recur."""

    __slots__ = ()


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether JSON would call it a number; Python calls booleans numbers too."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def test_of(expression: Members) -> Test:
    """Makes a match expression a test of one value.

    Args:
        expression: an object with one operator; not that which asks for a value to be absent.

    Raises:
        Malformed: there is no such operator, it is not alone, or its operand is not what it takes.
    """
    name, operand = only(expression)
    if name not in _OPERATORS:
        raise Malformed(name)
    return _OPERATORS[name](operand)


def only(expression: Members) -> tuple[str, Any]:
    """The operator of a match expression and its operand.

    Raises:
        Malformed: there is none, or more than one.
    """
    if len(expression) != 1:
        raise Malformed("a match expression has one operator")
    return expression[0]


def _text(operand: Any) -> str:
    if not isinstance(operand, str):
        raise Malformed("a string is needed")
    return operand


def _prefix(operand: Any) -> Test:
    if isinstance(operand, Members):
        start = _ignoring_case(operand)
        return lambda value: isinstance(value, str) and value.lower().startswith(start)
    start = _text(operand)
    return lambda value: isinstance(value, str) and value.startswith(start)


def _suffix(operand: Any) -> Test:
    if isinstance(operand, Members):
        end = _ignoring_case(operand)
        return lambda value: isinstance(value, str) and value.lower().endswith(end)
    end = _text(operand)
    return lambda value: isinstance(value, str) and value.endswith(end)


def _ignoring_case(operand: Members) -> str:
    """The text, in lower case, of an ``equals-ignore-case`` within another operator."""
    name, text = only(operand)
    if name != "equals-ignore-case":
        raise Malformed(name)
    return _text(text).lower()


def _equals_ignore_case(operand: Any) -> Test:
    text = _text(operand).lower()
    return lambda value: isinstance(value, str) and value.lower() == text


def _wildcard(operand: Any) -> Test:
    first, *others = _literals(_text(operand))
    if not others:
        return lambda value: isinstance(value, str) and value == first
    *middle, last = others

    def test(value: Any) -> bool:
        if not isinstance(value, str) or not value.startswith(first):
            return False
        position = len(first)
        for literal in middle:  # the earliest place of each leaves the most to the next
            found = value.find(literal, position)
            if found < 0:
                return False
            position = found + len(literal)
        return len(value) - position >= len(last) and value.endswith(last)

    return test


def _literals(pattern: str) -> list[str]:
    """What stands between the wildcards of a pattern; a backslash makes an asterisk or a backslash literal."""
    literals = [""]
    characters = iter(pattern)
    wild = False
    for character in characters:
        if character == "*" and wild:
            raise Malformed("wildcards follow each other")
        wild = character == "*"
        if wild:
            literals.append("")
        elif character == "\\":
            escaped = next(characters, "")
            if escaped not in ("*", "\\"):
                raise Malformed("nothing to escape")
            literals[-1] += escaped
        else:
            literals[-1] += character
    return literals


def _cidr(operand: Any) -> Test:
    if not _CIDR.fullmatch(_text(operand)):
        raise Malformed("an address, a slash and a number of bits are needed")
    try:
        network = ipaddress.ip_network(operand, strict=False)
    except ValueError as error:
        raise Malformed(str(error)) from None

    def test(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test


def _numeric(operand: Any) -> Test:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise Malformed("operators and numbers are needed, in turn")
    names, numbers = operand[::2], [_comparable(number) for number in operand[1::2]]
    if names == ["="]:
        return lambda value: is_number(value) and value == numbers[0]
    if not all(isinstance(name, str) and name in _COMPARISONS for name in names):
        raise Malformed("no such comparison")
    holds, limit = _COMPARISONS[names[0]], numbers[0]
    if len(names) == 1:
        return lambda value: is_number(value) and abs(value) <= _LARGEST_NUMBER and holds(value, limit)
    if names[0] not in (">", ">=") or names[1] not in ("<", "<=") or limit >= numbers[1]:
        raise Malformed("a range goes upwards, from its bottom to its top")
    stays, top = _COMPARISONS[names[1]], numbers[1]
    return lambda value: is_number(value) and holds(value, limit) and stays(value, top)


def _comparable(number: Any) -> int | float:
    if not is_number(number) or abs(number) > _LARGEST_NUMBER:
        raise Malformed("no number, or too large a one")
    return number


def _anything_but(operand: Any) -> Test:
    if isinstance(operand, Members):
        name, excluded = only(operand)
        if name not in _EXCLUDING:
            raise Malformed(name)
        texts = _several(excluded)
        if "" in texts and name in ("prefix", "suffix"):
            raise Malformed("every text begins and ends with nothing")
        tests = [_EXCLUDING[name](text) for text in texts]
        return lambda value: not any(test(value) for test in tests)
    values = frozenset(_several(operand))
    if all(isinstance(value, str) for value in values):
        return lambda value: not isinstance(value, str) or value not in values
    if all(is_number(value) for value in values):
        return lambda value: not is_number(value) or value not in values
    raise Malformed("strings or numbers are needed, not both")


def _several(operand: Any) -> list[Any]:
    """What an ``anything-but`` excludes: one scalar, or a list of them."""
    values = operand if isinstance(operand, list) else [operand]
    if not values or any(isinstance(value, list | Members) for value in values):
        raise Malformed("one value or a list of them is needed")
    return values


def _exists(operand: Any) -> Test:
    if operand is not True:
        raise Malformed("there is, or there is not")
    return lambda _: True


_EXCLUDING: Final[dict[str, Callable[[Any], Test]]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
}
_OPERATORS: Final[dict[str, Callable[[Any], Test]]] = {
    **_EXCLUDING,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": _exists,
}
