"""Requests of any operation, valid or broken in one place, made from botocore's model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from string import ascii_letters
from typing import Any

from botocore.model import OperationModel
from botocore.validate import ParamValidator
from hypothesis import strategies as st

from fakelambda.aws import constraints, java, sessions
from fakelambda.domain.configuration import MAXIMUM_REQUEST_SIZES
from fakelambda.domain.errors import ValidationException

_MORE = 3  # elements than there must be, at the most
_LONGEST_TEXT = 40  # where more is allowed
_BEYOND_ASCII = re.compile(r"\\(?:x[89a-f]\w|u\w{4})(?:-\\(?:x\w\w|u\w{4}))?")  # a letter of a class, or several, as they are written there
_EARLIEST, _LATEST = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - Hypothesis wants bounds without a zone, and adds it


def requests(operation: str, *, invalid: bool = False, **parameters: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Parameters of an operation that satisfy every constraint of the API's model: patterns, lengths, ranges, enums, nested structures.

    What they name need not exist; give parameters that shall be something definite, or a strategy of your own.

    Args:
        operation: AWS's name, such as ``"CreateAlias"``.
        invalid: instead exactly one constraint is broken, of those that botocore leaves to the service.
        **parameters: values or strategies of some parameters, which are then always there and never broken.

    Raises:
        ValueError: Lambda has no such operation, it has no such parameter, or nothing of its request can be broken.

    Example:
        >>> @given(strategies.requests("CreateAlias", FunctionName="orders", FunctionVersion=strategies.versions()))
        ... def test_aliases(parameters): client.create_alias(**parameters)
    """
    model = _model(operation)
    members: dict[str, Any] = dict(model.input_shape.members) if model.input_shape else {}
    required = set(model.input_shape.required_members) if model.input_shape else set()
    unknown = parameters.keys() - members.keys()
    if unknown:
        raise ValueError(f"{operation} has no parameter {min(unknown)!r}; it has {', '.join(members)}.")
    given = {name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in parameters.items()}
    free = {name: shape for name, shape in members.items() if name not in given}
    needed = {name: _values(shape, non_empty=True) for name, shape in free.items() if name in required} | given
    optional = {name: _values(shape) for name, shape in free.items() if name not in required}
    if not invalid:
        return st.fixed_dictionaries(needed, optional=optional).filter(partial(_fits, operation))
    judged = {name: shape for name, shape in free.items() if constraints.is_judged(operation, name)}
    ways = [st.fixed_dictionaries({**needed, name: broken}) for name, shape in judged.items() for broken in _broken(shape)]
    if not ways:
        raise ValueError(f"No constraint of {operation} can be broken that botocore leaves to the service.")
    return st.one_of(ways).filter(lambda request: _violations(model, request) == 1 and _fits(operation, request))


def _model(operation: str) -> OperationModel:
    service_model: Any = sessions.lambda_client("us-east-1", None, None).meta.service_model
    if operation not in service_model.operation_names:
        raise ValueError(f"Lambda has no operation {operation!r}; AWS's names are meant, such as 'CreateAlias'.")
    model: OperationModel = service_model.operation_model(operation)
    return model


def _fits(operation: str, request: dict[str, Any]) -> bool:
    """Whether a request is small enough for the service to read it."""
    limit = MAXIMUM_REQUEST_SIZES.get(operation)
    return limit is None or len(json.dumps(request, default=str)) < limit


def _violations(model: OperationModel, request: dict[str, Any]) -> int:
    """How many constraints a request breaks; -1 where botocore would not send it."""
    shape: Any = model.input_shape  # whatever has parameters has one
    if ParamValidator().validate(request, shape).has_errors():
        return -1
    try:
        constraints.plan(model).check(request)
    except ValidationException as error:
        return int(str(error).split()[0])
    return 0


def _values(shape: Any, *, non_empty: bool = False, list_name: str = "") -> st.SearchStrategy[Any]:
    """Values of a shape that satisfy its constraints.

    Args:
        non_empty: whether an empty text or list would be refused whatever the model says, as in a URI.
        list_name: of the list whose element it is.
    """
    traits = constraints.traits_of(shape, list_name)
    least = shape.metadata.get("min")  # botocore's own check knows nothing of what the service overrides
    most = traits.get("max")
    if shape.type_name in ("list", "map"):
        return _collections(shape, max(least or 0, int(non_empty)), most)
    if shape.type_name == "structure":
        needed = {name: _values(shape.members[name], non_empty=True) for name in shape.required_members}
        optional = {name: _values(member) for name, member in shape.members.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=optional)
    if shape.type_name == "string":
        return _texts(traits, max(least or 0, int(non_empty)), most)
    return _scalars(shape.type_name, least or 0, most)


def _scalars(type_name: str, least: float, most: float | None) -> st.SearchStrategy[Any]:
    kinds: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "integer": lambda: st.integers(int(least), int(least) + 10_000 if most is None else int(most)),
        "double": lambda: st.floats(least, 1 if most is None else most),
        "boolean": st.booleans,
        "timestamp": lambda: st.datetimes(_EARLIEST, _LATEST, timezones=st.just(UTC)),
        "blob": lambda: st.binary(max_size=64),
    }
    return kinds[{"long": "integer", "float": "double"}.get(type_name, type_name)]()


def _collections(shape: Any, least: int, most: int | None) -> st.SearchStrategy[Any]:
    largest = least + _MORE if most is None else min(most, least + _MORE)
    if shape.type_name == "list":
        return st.lists(_values(shape.member, list_name=shape.name), min_size=least, max_size=largest)
    return st.dictionaries(_values(shape.key), _values(shape.value), min_size=least, max_size=largest)


def _texts(traits: Mapping[str, Any], least: int, most: int | None) -> st.SearchStrategy[str]:
    if "enum" in traits:
        return st.sampled_from(traits["enum"])
    longest = max(least, _LONGEST_TEXT) if most is None else most
    if "pattern" in traits:
        return _matching(traits["pattern"]).filter(lambda text: least <= len(text) <= longest)
    return st.text(st.characters(codec="utf-8"), min_size=least, max_size=min(longest, max(least, _LONGEST_TEXT)))


@cache
def _matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(_in_ascii(pattern), fullmatch=True, alphabet=st.characters(codec="ascii"))


def _in_ascii(pattern: str) -> str:
    """The part of a pattern that is ASCII: Hypothesis would take seconds to lay out a class of all of Unicode's letters.

    Older versions of it refuse what the alphabet lacks even in a class that leaves that out.
    """
    return _BEYOND_ASCII.sub("", java.pattern(pattern).pattern.replace(r"\U0010ffff", r"\x7f"))


def _broken(shape: Any) -> Iterator[st.SearchStrategy[Any]]:
    """Ways to break one constraint of a shape or of what is inside it."""
    traits = constraints.traits_of(shape)
    most = traits.get("max")
    if shape.type_name == "string":
        yield from _broken_texts(shape, traits, most)
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            others = {other: _values(shape.members[other], non_empty=True) for other in shape.required_members if other != name}
            yield from (st.fixed_dictionaries({**others, name: broken}) for broken in _broken(member))
    elif shape.type_name == "list":
        yield from (st.tuples(broken).map(list) for broken in _broken(shape.member))
        if most is not None:
            yield st.lists(_values(shape.member), min_size=most + 1, max_size=most + _MORE)
    elif shape.type_name == "map":
        yield from (st.builds(_entry, broken, _values(shape.value)) for broken in _broken(shape.key))
        yield from (st.builds(_entry, _values(shape.key), broken) for broken in _broken(shape.value))
    elif most is not None:
        yield st.integers(int(most) + 1, int(most) + 10_000)


def _entry(key: Any, value: Any) -> dict[Any, Any]:
    return {key: value}


def _broken_texts(shape: Any, traits: Mapping[str, Any], most: int | None) -> Iterator[st.SearchStrategy[str]]:
    if "enum" in traits:
        yield st.text(ascii_letters, min_size=1, max_size=20).filter(lambda text: text not in traits["enum"])
    if "pattern" in traits:
        matches = java.pattern(traits["pattern"]).fullmatch
        longer = st.builds("{}{}".format, _values(shape), st.text(st.characters(codec="ascii"), min_size=1, max_size=5))
        yield longer.filter(lambda text: matches(text) is None and len(text) <= (most or len(text)))
    if most is not None and "pattern" in traits:
        # What a pattern takes at its end, it mostly takes repeatedly.
        yield st.builds(lambda text, more: text + text[-1] * (most - len(text) + more), _values(shape, non_empty=True), st.integers(1, 20))
    elif most is not None:
        yield st.builds(lambda letter, more: letter * (most + more), st.sampled_from(ascii_letters), st.integers(1, 20))
