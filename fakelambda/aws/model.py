"""What botocore's Lambda model says of an operation and of an error, looked up once each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar

import botocore.session
from botocore import xform_name
from botocore.model import StructureShape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.model import OperationModel, Shape


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """What an operation's model says that every call needs.

    Args:
        arguments: the Python name of each input member.
        success_status: the HTTP status of an answer.
        status_member: the output member that repeats the HTTP status and decides it; None for most operations.
        header_members: output members that travel in HTTP headers, with the header's name.
        streaming_member: the output member that is a stream; None for most operations.
        is_flat: whether the input has no structure inside.
        is_plain: whether it has no blobs and timestamps either.
        blobs, timestamps: where such are in the input: the members on the way, and their own.
    """

    arguments: dict[str, str]
    success_status: int
    status_member: str | None
    header_members: dict[str, str]
    streaming_member: str | None
    is_flat: bool
    is_plain: bool
    blobs: tuple[tuple[tuple[str, ...], str], ...]
    timestamps: tuple[tuple[tuple[str, ...], str], ...]


Made = TypeVar("Made")


def once(make: Callable[[OperationModel], Made]) -> Callable[[OperationModel], Made]:
    """Makes something of an operation once; it stays with botocore's own object, where every call finds it fastest."""
    attribute = f"_fakelambda_{make.__name__}"
    made: dict[tuple[str, str], Made] = {}  # every client has a model of its own, which is like the others'

    @wraps(make)
    def found(operation_model: OperationModel) -> Made:
        try:
            here: Made = operation_model.__dict__[attribute]
        except KeyError:
            key = (operation_model.service_model.api_version, operation_model.name)
            if key not in made:
                made[key] = make(operation_model)
            here = made[key]
            setattr(operation_model, attribute, here)
        return here

    return found


@once
def facts(operation_model: OperationModel) -> OperationFacts:
    """The facts of an operation."""
    inputs = operation_model.input_shape.members if operation_model.input_shape else {}
    outputs = operation_model.output_shape.members if operation_model.output_shape else {}
    located = {name: shape.serialization for name, shape in outputs.items()}
    kinds = {shape.type_name for shape in inputs.values()}
    payload = operation_model.output_shape.serialization.get("payload") if operation_model.output_shape else None
    return OperationFacts(
        arguments={name: xform_name(name) for name in inputs},
        success_status=operation_model.http.get("responseCode", 200),
        status_member=next((name for name, place in located.items() if place.get("location") == "statusCode"), None),
        header_members={name: place["name"].lower() for name, place in located.items() if place.get("location") == "header"},
        streaming_member=payload if payload and outputs[payload].type_name == "blob" else None,
        is_flat=not {"structure", "list", "map"} & kinds,
        is_plain=not {"structure", "list", "map", "blob", "timestamp"} & kinds,
        blobs=tuple(_places(operation_model.input_shape, "blob")),
        timestamps=tuple(_places(operation_model.input_shape, "timestamp")),
    )


def _places(shape: Shape | None, type_name: str, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where members of a type are, as far as structures lead there."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            if member.type_name == type_name:
                yield path, name
            else:
                yield from _places(member, type_name, (*path, name))


@cache
def enum(shape_name: str) -> tuple[str, ...]:
    """The values that a shape of botocore's installed Lambda model can have."""
    shape: Any = botocore.session.get_session().get_service_model("lambda").shape_for(shape_name)  # botocore's stubs know no enums
    return tuple(shape.enum)


_ERRORS: dict[tuple[str, str], tuple[int, str] | None] = {}


def error_facts(operation_model: OperationModel, code: str) -> tuple[int, str] | None:
    """HTTP status and message member of a modelled error; None for one that botocore does not model."""
    service_model: Any = operation_model.service_model  # botocore's stubs take an error code for a number
    key = (service_model.api_version, code)
    if key not in _ERRORS:
        shape = service_model.shape_for_error_code(code)
        _ERRORS[key] = (
            None
            if shape is None
            else (shape.metadata["error"]["httpStatusCode"], next(name for name in shape.members if name.lower() == "message"))
        )
    return _ERRORS[key]
