"""What the service, which is written in Java, makes of patterns and of values that it prints."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import Shape

TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "list": (list, tuple),
    "map": (dict,),
    "structure": (dict,),
}
"""What the values of a kind of shape are in Python; blobs, booleans and timestamps are not constrained."""
_REDACTED: Final = "*** Sensitive Data Redacted ***"
_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e7
_NO_NUMBERS: Final = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


def shown(value: Any, shape: Shape) -> str:
    """A value as an error quotes it, with the blank behind it; "" for what is a secret."""
    return "" if shape.metadata.get("sensitive") else f"'{_rendered(value, shape)}' "


def _rendered(value: Any, shape: Any) -> str:
    """A value as Java's ``toString`` has it; what a secret or a blob holds is never shown."""
    text = str(value)
    fits = isinstance(value, TYPES.get(shape.type_name, ()))
    if value is None:
        text = "null"
    elif shape.type_name == "blob" or shape.metadata.get("sensitive"):
        text = _REDACTED
    elif not fits:
        text = text.lower() if isinstance(value, bool) else text
    elif shape.type_name == "list":
        text = f"[{', '.join(_rendered(element, shape.member) for element in value)}]"
    elif shape.type_name == "map":
        text = "{" + ", ".join(f"{key}={_rendered(item, shape.value)}" for key, item in value.items()) + "}"
    elif shape.type_name == "structure":
        text = ", ".join(f"{name(member)}={_rendered(value.get(member), inner)}" for member, inner in shape.members.items())
        text = f"{shape.name}({text})"
    elif shape.type_name in {"float", "double"}:
        text = _double(value)
    return text


def _double(value: float) -> str:
    """A number as ``Double.toString`` has it: with an exponent below a thousandth and from ten millions on."""
    try:
        plain = repr(float(value))
    except OverflowError:  # an integer that no double holds
        plain = "inf" if value > 0 else "-inf"
    if plain in _NO_NUMBERS:
        return _NO_NUMBERS[plain]
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return plain
    sign, digits, exponent = Decimal(plain).normalize().as_tuple()
    first, *others = map(str, digits)
    return f"{'-' * sign}{first}.{''.join(others) or '0'}E{len(others) + int(exponent)}"


def name(member: str) -> str:
    """A member of the model as Java names it."""
    return member[:1].lower() + member[1:]


# Python has no class of letters alone. ``\w`` is letters, numbers and the underscore, and the model asks for letters and numbers only
# together and beside an underscore: a test compares the outcome with Unicode's categories.
_CLASSES: Final = {
    r"\d": "0-9",
    r"\s": r" \t\n\x0b\f\r",
    r"\w": "a-zA-Z0-9_",
    r"\D": r"\x00-/:-\U0010ffff",
    r"\S": r"\x00-\x08\x0e-\x1f!-\U0010ffff",
    r"\W": r"\x00-/:-@\[-^`{-\U0010ffff",
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": r" \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}
_PIECE: Final = re.compile(r"\\p\{\w+\}|\\.|.", re.DOTALL)


@cache
def pattern(expression: str) -> re.Pattern[str]:
    r"""Compiles a pattern of the model, which is one of Java: ``\d``, ``\s`` and ``\w`` are ASCII, ``.`` stops at every line terminator.

    Args:
        expression: the pattern as the model has it, meant for ``fullmatch``.
    """
    translated: list[str] = []
    in_class = False
    for piece in _PIECE.findall(expression):
        if piece in _CLASSES:
            translated.append(_CLASSES[piece] if in_class else f"[{_CLASSES[piece]}]")
        elif piece == "." and not in_class:
            translated.append(r"[^\n\r\x85\u2028\u2029]")
        else:
            in_class = piece == "[" or (in_class and piece != "]")
            translated.append(piece)
    return re.compile("".join(translated))
