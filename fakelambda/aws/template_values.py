"""Values of a CloudFormation template, where everything may be text -> parameters of Lambda's API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape

_BOOLEANS = {"true": True, "false": False}
_EXPECTED: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "blob": (bytes, "String"),
    "boolean": (bool, "Boolean"),
    "double": (float, "Number"),
    "float": (float, "Number"),
    "integer": (int, "Integer"),
    "list": (list, "JSONArray"),
    "long": (int, "Integer"),
    "map": (Mapping, "JSONObject"),
    "string": (str, "String"),
    "structure": (Mapping, "JSONObject"),
    "timestamp": (datetime, "Number"),
}
"""What a value of a type is in Python, and what CloudFormation calls that."""
_FOUND = {str: "String", bool: "Boolean", int: "Integer", float: "Double", list: "JSONArray"}


class InvalidPropertiesError(Exception):
    """Properties are not what their resource type takes; the message is CloudFormation's."""


def parameters(properties: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """Properties as the API takes them: texts become numbers and booleans where those are wanted, and the other way round.

    Args:
        properties: by the names of the API.
        shape: of the API's input.

    Raises:
        InvalidPropertiesError: a property is unknown, missing or of a wrong type.
    """
    return _structure(properties, shape, "#")


def check_structure(value: Any, path: str) -> None:
    """Checks that a property has members.

    Raises:
        InvalidPropertiesError: it is something else.
    """
    if not isinstance(value, Mapping):
        raise InvalidPropertiesError(f"{path}: expected type: JSONObject, found: {_found(value)}")


def pairs(value: Any, key: str, item: str) -> Any:
    """A map from the list of structures that templates have instead; what is no such list as it is, for others to refuse."""
    if not isinstance(value, list) or not all(map(_is_pair(key, item), value)):
        return value
    return {element[key]: element[item] for element in value}


def _is_pair(key: str, item: str) -> Callable[[Any], bool]:
    return lambda element: isinstance(element, Mapping) and item in element and isinstance(element.get(key), str | int | float)


def _found(value: Any) -> str:
    return _FOUND.get(type(value), "JSONObject")


def _structure(value: Mapping[str, Any], shape: Any, path: str) -> dict[str, Any]:
    for name in value:
        if name not in shape.members:
            raise InvalidPropertiesError(f"{path}: extraneous key [{name}] is not permitted")
    for name in shape.required_members:
        if value.get(name) is None:
            raise InvalidPropertiesError(f"{path}: required key [{name}] not found")
    return {name: _converted(item, shape.members[name], f"{path}/{name}") for name, item in value.items() if item is not None}


def _converted(value: Any, shape: Any, path: str) -> Any:
    kind = shape.type_name
    made = _scalar(value, kind) if isinstance(value, str | int | float) else value
    expected, named = _EXPECTED[kind]
    fits = isinstance(made, expected)
    if not fits:
        raise InvalidPropertiesError(f"{path}: expected type: {named}, found: {_found(value)}")
    match kind:
        case "structure":
            return _structure(made, shape, path)
        case "map":
            return {name: _converted(item, shape.value, f"{path}/{name}") for name, item in made.items() if item is not None}
        case "list":
            return [_converted(item, shape.member, f"{path}/{index}") for index, item in enumerate(made) if item is not None]
        case _:
            return made


def _scalar(value: str | float, kind: str) -> Any:
    made: Any = value  # also where it cannot be converted
    with suppress(ValueError, OverflowError, OSError):  # the latter two of times that no clock can show
        match kind:
            case "string":
                made = str(value).lower() if isinstance(value, bool) else str(value)
            case "boolean" if isinstance(value, str):
                made = _BOOLEANS.get(value.lower(), value)
            case "integer" | "long" if isinstance(value, bool):
                made = str(value)  # which is neither of both, though Python has it that it is
            case "integer" | "long" if float(value).is_integer():
                made = int(float(value))
            case "float" | "double" if not isinstance(value, bool):
                made = float(value)
            case "timestamp":
                made = datetime.fromtimestamp(float(value), UTC)
    return made
