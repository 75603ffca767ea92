"""Values as DynamoDB types them, such as ``{"S": "x"}``: as JSON, and how many bytes they count for."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from decimal import Decimal
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


def typed_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB types it.

    Args:
        item: with Python's values; where all of them are typed already, it stays as it is.

    Raises:
        TypeError: DynamoDB has no type for a value.
    """
    if all(isinstance(value, dict) and len(value) == 1 and value.keys() <= _TYPES for value in item.values()):
        return dict(item)
    return {name: typed(value) for name, value in item.items()}


def typed(value: Any) -> dict[str, Any]:
    """A Python value as DynamoDB types it, such as ``{"S": "x"}`` or ``{"N": "7"}``.

    Raises:
        TypeError: DynamoDB has no type for it.
    """
    match value:
        case bool():
            return {"BOOL": value}
        case None:
            return {"NULL": True}
        case dict():
            return {"M": {name: typed(item) for name, item in value.items()}}
        case list() | tuple():
            return {"L": [typed(item) for item in value]}
        case set() | frozenset() if value:
            scalars = [next(iter(typed(element).items())) for element in value]
            kinds = {kind for kind, _ in scalars}
            if len(kinds) == 1 and kinds < _SCALARS.keys():
                return {f"{kinds.pop()}S": sorted(scalar for _, scalar in scalars)}
        case _:
            for kind, of in _SCALARS.items():
                if isinstance(value, of):
                    return {kind: str(value) if kind == "N" else value}
    raise TypeError(f"DynamoDB has no type for {value!r}")


def _size(attribute: Any) -> int:
    if not isinstance(attribute, dict) or len(attribute) != 1:
        raise TypeError(f"An attribute is typed as DynamoDB types it, such as {{'S': 'x'}}, and not {attribute!r}")
    ((kind, value),) = attribute.items()
    return _SIZES[kind](value) if kind in _SIZES else 1


def _size_of_bytes(value: bytes | str) -> int:
    return len(value if isinstance(value, bytes | bytearray) else b64decode(value))


def _size_of_number(text: str) -> int:
    """One byte, and one for each two significant digits; a sign costs another."""
    mantissa = text.lower().partition("e")[0]
    digits = mantissa.lstrip("+-").replace(".", "").strip("0")
    return 1 + (len(digits) + 1) // 2 + mantissa.startswith("-")


_SCALARS: Final[dict[str, type | tuple[type, ...]]] = {"S": str, "N": (int, float, Decimal), "B": bytes}
_TYPES: Final = frozenset({"S", "N", "B", "SS", "NS", "BS", "L", "M", "BOOL", "NULL"})
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
