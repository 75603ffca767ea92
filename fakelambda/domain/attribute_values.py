"""Values as DynamoDB types them, such as ``{"S": "x"}``: as JSON, and how many bytes they count for."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

_OVERHEAD: Final = 3  # of a list or map, beside one byte for each of its elements


def as_json(value: Any) -> Any:
    """A value as events hold it: what is bytes becomes base64 text, however deep it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return b64encode(value).decode("ascii") if isinstance(value, bytes | bytearray) else value


def size_of(attributes: Mapping[str, Any]) -> int:
    """The size of an item, or of a part of it, in bytes: those of its attributes' names and values.

    Args:
        attributes: as DynamoDB types them, bytes as such or in base64.

    Raises:
        TypeError: one is not typed.
    """
    return sum(len(name.encode()) + _size(value) for name, value in attributes.items())


def _size(typed: Any) -> int:
    if not isinstance(typed, dict) or len(typed) != 1:
        raise TypeError(f"An attribute is typed as DynamoDB types it, such as {{'S': 'x'}}, and not {typed!r}")
    ((kind, value),) = typed.items()
    return _SIZES[kind](value) if kind in _SIZES else 1


def _size_of_bytes(value: bytes | str) -> int:
    return len(value if isinstance(value, bytes | bytearray) else b64decode(value))


def _size_of_number(text: str) -> int:
    """One byte, and one for each two significant digits; a sign costs another."""
    mantissa = text.lower().partition("e")[0]
    digits = mantissa.lstrip("+-").replace(".", "").strip("0")
    return 1 + (len(digits) + 1) // 2 + mantissa.startswith("-")


_SIZES: Final[dict[str, Callable[[Any], int]]] = {
    "S": lambda text: len(text.encode()),
    "N": _size_of_number,
    "B": _size_of_bytes,
    "SS": lambda texts: sum(len(text.encode()) for text in texts),
    "NS": lambda numbers: sum(map(_size_of_number, numbers)),
    "BS": lambda values: sum(map(_size_of_bytes, values)),
    "L": lambda elements: _OVERHEAD + sum(1 + _size(element) for element in elements),
    "M": lambda attributes: _OVERHEAD + len(attributes) + size_of(attributes),
}
