"""Parameters of a client that validates nothing: what the service cannot convert to the type it takes -> SerializationException.

AWS's texts are known for numbers and texts in each other's place; the others are made like them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fakelambda.aws import java
from fakelambda.domain.errors import SerializationException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel

_URL: Final = frozenset({"uri", "querystring", "header"})  # where everything is a text
_CLASSES: Final[Mapping[str, str]] = {
    "string": "a String",
    "boolean": "a Boolean",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "list": "a List",
    "map": "a Map",
    "structure": "a Structure",
}
_INTEGER: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)


def converted(operation_model: OperationModel, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as the service reads them: what travels in the URL is a text, and is what the text says.

    Args:
        operation_model: botocore's model of the operation.
        parameters: API parameters, by their names in the model; null stands for nothing and is left alone.

    Raises:
        SerializationException: a value of a wrong type.
    """
    shape: Any = operation_model.input_shape
    made: dict[str, Any] = {}
    for name, value in parameters.items():
        member = shape.members[name]
        if _is_text(member) and isinstance(value, (str, bytes, int, float)):
            value = _from_text(value.decode(errors="replace") if isinstance(value, bytes) else str(value), member)  # noqa: PLW2901 - the same, as it arrives
        _check(value, member)
        made[name] = value
    return made


def _is_text(shape: Any) -> bool:
    return shape.serialization.get("location") in _URL and shape.type_name in {"string", "integer", "long"}


def _from_text(text: str, shape: Any) -> str | int:
    return int(text) if shape.type_name != "string" and _INTEGER.fullmatch(text) else text


def _check(value: Any, shape: Any) -> None:
    kind = shape.type_name
    if value is None or kind not in _CLASSES:
        return
    if not _fits(value, kind):
        raise SerializationException(_refusal(value, _CLASSES[kind]))
    if kind == "structure":
        for name, inner in value.items():
            _check(inner, shape.members[name])
    elif kind == "map":
        for key, inner in value.items():
            _check(key, shape.key)
            _check(inner, shape.value)
    elif kind == "list":
        for inner in value:
            _check(inner, shape.member)


def _fits(value: object, kind: str) -> bool:
    if kind == "boolean" or isinstance(value, bool):  # Python takes a truth value for a number
        return kind == "boolean" and isinstance(value, bool)
    return isinstance(value, java.TYPES[kind])


def _refusal(value: Any, wanted: str) -> str:
    if isinstance(value, (list, tuple)):
        return "Start of list found where not expected"
    if isinstance(value, dict):
        return "Start of structure or map found where not expected."
    found = str(value).upper() if isinstance(value, bool) else "NUMBER" if isinstance(value, (int, float)) else "STRING"
    return f"{found}_VALUE can not be converted to {wanted}"
