"""Parameters against the constraints of botocore's model, which botocore itself mostly ignores -> ValidationException, in AWS's words.

An operation's input is compiled once into a plan; a shape is a few predicates and the text that AWS prints when one of them is false.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from operator import pos
from typing import TYPE_CHECKING, Any, Final

from fakelambda.aws import java
from fakelambda.aws.model import once
from fakelambda.domain.errors import ValidationException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

# ---- Where recorded answers differ from the model. Shapes that an installed model lacks are simply never asked for. ----

# Printed as recorded, in the order of the service's hash tables. The model's values are taken beside these: AWS takes retired runtimes
# for layers that it no longer prints, and what it has released since is newer than the recordings.
_RECORDED_ENUMS: Final[Mapping[str, str]] = {
    "EventSourcePosition": "LATEST AT_TIMESTAMP TRIM_HORIZON",
    "InvokeMode": "RESPONSE_STREAM BUFFERED",
    "RecursiveLoop": "Terminate Allow",
    # ListLayers filters by whatever a layer can ever have said, including names that were never public.
    "Runtime": (
        "ruby3.5 ruby2.6 dotnetcore1.0 python3.7 nodejs8.10 nasa ruby2.7 python2.7-greengrass dotnetcore2.0 python3.8 java21 dotnet6 "
        "dotnetcore2.1 python3.9 java11 nodejs6.10 provided dotnetcore3.1 dotnet8 java25 java17 nodejs nodejs4.3 java8.al2 go1.x "
        "dotnet10 nodejs20.x go1.9 byol nodejs10.x provided.al2023 nodejs22.x python3.10 java8 nodejs12.x python3.11 nodejs24.x "
        "nodejs8.x python3.12 nodejs14.x nodejs8.9 nodejs26.x python3.13 python3.14 nodejs16.x python3.15 provided.al2 "
        "nodejs4.3-edge nodejs18.x ruby3.2 python3.4 ruby3.3 ruby3.4 ruby2.5 python3.6 python2.7"
    ),
    # PublishLayerVersion prints the runtimes that functions may still be created with.
    "CompatibleRuntimes": (
        "nodejs20.x python3.14 provided.al2023 python3.12 python3.13 nodejs24.x nodejs22.x java25 python3.10 python3.11 java21 ruby3.3 "
        "ruby3.4 ruby3.2 python3.8 python3.9 java17 nodejs16.x dotnet10 dotnet8 java11 dotnet6 nodejs18.x provided.al2 java8.al2"
    ),
}
_TRAITS: Final[Mapping[str, Mapping[str, Any]]] = {
    # The model has one more pair of parentheses around it than the service prints.
    "LayerVersionArn": {
        "pattern": r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)"
        r"|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)"
    },
    # The service's pattern has layers and lets a capacity provider's name be of any length.
    "TaggableResource": {
        "pattern": r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
        r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}"
        r"|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
        r"|capacity-provider:[a-zA-Z0-9-_]+)"
    },
    # The model's maxima are those of managed instances; ordinary functions have the documented ones.
    "Timeout": {"max": 900},
    "MemorySize": {"max": 10240},
    "EphemeralStorageSize": {"max": 10240},
}
# Any text is taken as a revision id; one that is not the latest is answered 412, whatever it looks like.
_UNCONSTRAINED_SHAPES: Final = frozenset({"RevisionId"})
# The service answers for a function's runtime with another error class and text: the domain judges it.
_UNCONSTRAINED_MEMBERS: Final = frozenset({("CreateFunction", "Runtime"), ("UpdateFunctionConfiguration", "Runtime")})
# The constraints of these lists' elements are printed without the final "Member must not be null".
_NULLABLE_ELEMENTS: Final = frozenset({"SubnetIds", "SecurityGroupIds"})
# The constraint of this list's elements is printed bare, without "Member must satisfy constraint: [...]".
_BARE_ELEMENTS: Final = frozenset({"CompatibleRuntimes"})
# The service reports this member after the others: it came to the API last, wherever the model lists it.
_REPORTED_LAST: Final = frozenset({("PublishLayerVersion", "CompatibleArchitectures")})

# ---- The grammar ----

_NOT_NULL: Final = "Member must not be null"


@dataclass(frozen=True, slots=True)
class _Constraint:
    holds: Callable[[Any], bool]
    text: str


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    path: str
    required: bool
    empty_is_null: bool
    shape: Shape
    types: tuple[type, ...]
    constraints: tuple[_Constraint, ...]
    structure: StructureShape | None  # of the value, or of each element of it


@dataclass(frozen=True, slots=True)
class Plan:
    """What an operation asks of its parameters.

    Args:
        texts, others: whether a value of a member that is constrained is fine, text or something else; most calls are asked nothing else.
    """

    members: tuple[_Member, ...]
    required: frozenset[str]
    texts: Mapping[str, Callable[[str], bool]]
    others: Mapping[str, Callable[[Any], bool]]

    def check(self, parameters: Mapping[str, Any]) -> None:
        """Checks an operation's parameters as the service does before it looks at any state.

        Values of a wrong type are left alone: botocore reports those, or its serializer fails.

        Args:
            parameters: API parameters, by their names in the model.

        Raises:
            ValidationException: constraints are broken; the message lists all of them.
        """
        if self.required <= parameters.keys():
            for name, value in parameters.items():
                test = (self.texts if type(value) is str else self.others).get(name)
                if test is not None and not test(value):
                    break
            else:
                return
        broken: list[str] = []
        _judge(self.members, parameters, "", broken)
        raise ValidationException(f"{len(broken)} validation error{'s' * (len(broken) > 1)} detected: {'; '.join(broken)}")


def _judge(members: tuple[_Member, ...], parameters: Mapping[str, Any], prefix: str, broken: list[str]) -> None:
    for member in members:
        value = parameters.get(member.name)
        if value is None or (not value and member.empty_is_null):
            if member.required:
                broken.append(f"Value null at '{prefix}{member.path}' failed to satisfy constraint: {_NOT_NULL}")
        elif isinstance(value, member.types):
            for constraint in member.constraints:
                if not constraint.holds(value):
                    shown = java.shown(value, member.shape)
                    broken.append(f"Value {shown}at '{prefix}{member.path}' failed to satisfy constraint: {constraint.text}")
            if member.structure is not None:
                _judge_inside(member.structure, value, prefix + member.path, broken)


def _judge_inside(structure: StructureShape, value: Any, path: str, broken: list[str]) -> None:
    members = _inner_members(structure)
    if isinstance(value, dict):
        _judge(members, value, f"{path}.", broken)
        return
    for position, element in enumerate(value, 1):
        if isinstance(element, dict):
            _judge(members, element, f"{path}.{position}.member.", broken)


# ---- Compiling shapes ----


@once
def plan(operation_model: OperationModel) -> Plan:
    """What an operation of botocore's model asks of its parameters."""
    shape: StructureShape | None = operation_model.input_shape
    members = _members(shape, operation_model.name) if shape else ()
    required = frozenset(member.name for member in members if member.required)
    tests = {member.name: _test(member) for member in members}
    # A test names the same few things all the time; matching an ARN pattern costs ten times as much as remembering.
    return Plan(members, required, {name: lru_cache(maxsize=256)(test) for name, test in tests.items()}, tests)


def _test(member: _Member) -> Callable[[Any], bool]:
    """Whether a value of a member is fine, as `_judge` finds."""

    def is_fine(value: Any) -> bool:
        broken: list[str] = []
        _judge((member,), {member.name: value}, "", broken)
        return not broken

    return is_fine


_structures: dict[int, tuple[StructureShape, tuple[_Member, ...]]] = {}


def _inner_members(structure: StructureShape) -> tuple[_Member, ...]:
    # Compiled when first met in a call, so that a structure may contain itself. The shape is kept beside its members: its id stays its own.
    found = _structures.get(id(structure))
    if found is None:
        found = _structures[id(structure)] = (structure, _members(structure, ""))
    return found[1]


def _members(structure: StructureShape, operation: str) -> tuple[_Member, ...]:
    required = frozenset(structure.required_members)
    names = sorted(structure.members, key=lambda name: (operation, name) in _REPORTED_LAST)
    members = (_member(name, structure.members[name], operation, required=name in required) for name in names)
    return tuple(member for member in members if member.required or member.constraints or member.structure)


def _member(name: str, shape: Shape, operation: str, *, required: bool) -> _Member:
    return _Member(
        name=name,
        path=java.name(name),
        required=required,
        # An empty list leaves nothing in a query string, so that the service sees no parameter.
        empty_is_null=shape.type_name == "list" and shape.serialization.get("location") == "querystring",
        shape=shape,
        types=java.TYPES.get(shape.type_name, ()),
        constraints=tuple(_constraints(shape)) if is_judged(operation, name) else (),
        structure=_structure(shape),
    )


def _structure(shape: Shape) -> StructureShape | None:
    inner: Any = shape.member if shape.type_name == "list" else shape  # type: ignore[attr-defined]  # only a ListShape has that type name
    return inner if inner.type_name == "structure" and inner.members else None


def traits_of(shape: Shape, list_name: str = "") -> dict[str, Any]:
    """The model's traits of a shape as the service judges by them: ``min``, ``max``, ``pattern``, ``enum`` ...

    Args:
        list_name: of the list whose element it is.
    """
    if shape.name in _UNCONSTRAINED_SHAPES:
        return {}
    traits = {**shape.metadata, **_TRAITS.get(shape.name, {})}
    printed_as = list_name if list_name in _BARE_ELEMENTS else shape.name
    return {**traits, "enum": [*_taken(printed_as, traits["enum"])]} if "enum" in traits else traits


def is_judged(operation: str, member: str) -> bool:
    """Whether the constraints of an operation's member are judged here at all."""
    return (operation, member) not in _UNCONSTRAINED_MEMBERS


def _constraints(shape: Shape) -> Iterator[_Constraint]:
    """The constraints of a shape, in the order in which AWS prints them; none of blobs, booleans, timestamps and structures."""
    traits = traits_of(shape)
    match shape.type_name:
        case "string":
            yield from _bounds(traits, "length", len)
            if "pattern" in traits:
                yield _Constraint(_matcher(traits["pattern"]), f"Member must satisfy regular expression pattern: {traits['pattern']}")
            if "enum" in traits:
                yield _enum(shape.name, traits["enum"])
        case "integer" | "long":
            yield from _bounds(traits, "value", pos)
        case "float" | "double":
            yield from _bounds({name: float(traits[name]) for name in ("max", "min") if name in traits}, "value", pos)
        case "list":
            bounds = tuple(_bounds(traits, "length", len))
            yield from bounds
            yield from _elements(shape, bounds)  # type: ignore[arg-type]  # only a ListShape has that type name
        case "map":
            yield from _bounds(traits, "length", len)
            yield from _entries(shape)  # type: ignore[arg-type]  # only a MapShape has that type name


def _matcher(pattern: str) -> Callable[[str], bool]:
    matches = java.pattern(pattern).fullmatch
    return lru_cache(maxsize=256)(lambda value: matches(value) is not None)


def _bounds(traits: Mapping[str, Any], noun: str, measure: Callable[[Any], float]) -> Iterator[_Constraint]:
    if (most := traits.get("max")) is not None:
        yield _Constraint(lambda value: measure(value) <= most, f"Member must have {noun} less than or equal to {most}")
    if (least := traits.get("min")) is not None:
        yield _Constraint(lambda value: measure(value) >= least, f"Member must have {noun} greater than or equal to {least}")


def _enum(name: str, modelled: Sequence[str]) -> _Constraint:
    recorded = _RECORDED_ENUMS[name].split() if name in _RECORDED_ENUMS else modelled
    return _Constraint(_taken(name, modelled).__contains__, f"Member must satisfy enum value set: [{', '.join(recorded)}]")


def _taken(name: str, modelled: Sequence[str]) -> dict[str, None]:
    return dict.fromkeys((*_RECORDED_ENUMS.get(name, "").split(), *modelled))


def _elements(shape: ListShape, bounds: Sequence[_Constraint]) -> Iterator[_Constraint]:
    bare = shape.name in _BARE_ELEMENTS
    inner = (_enum(shape.name, shape.member.metadata.get("enum", ())),) if bare else tuple(_constraints(shape.member))
    if not inner:
        return
    nullable = bare or shape.name in _NULLABLE_ELEMENTS
    text = inner[0].text if bare else f"Member must satisfy constraint: [{_listing(inner, nullable=nullable)}]"
    holds = partial(_satisfies, types=java.TYPES[shape.member.type_name], constraints=inner, nullable=nullable)
    # A list of the wrong length is reported for that alone.
    yield _Constraint(lambda value: not all(bound.holds(value) for bound in bounds) or all(map(holds, value)), text)


def _entries(shape: MapShape) -> Iterator[_Constraint]:
    if keys := tuple(_constraints(shape.key)):
        key_holds = partial(_satisfies, types=java.TYPES[shape.key.type_name], constraints=keys, nullable=True)
        yield _Constraint(lambda value: all(map(key_holds, value)), f"Map keys must satisfy constraint: [{_listing(keys, nullable=True)}]")
    if values := tuple(_constraints(shape.value)):
        holds = partial(_satisfies, types=java.TYPES[shape.value.type_name], constraints=values, nullable=False)
        text = f"Map value must satisfy constraint: [{_listing(values, nullable=False)}]"
        yield _Constraint(lambda value: all(map(holds, value.values())), text)


def _satisfies(value: Any, *, types: tuple[type, ...], constraints: Sequence[_Constraint], nullable: bool) -> bool:
    if value is None:
        return nullable
    return not isinstance(value, types) or all(constraint.holds(value) for constraint in constraints)


def _listing(constraints: Sequence[_Constraint], *, nullable: bool) -> str:
    return ", ".join([*(constraint.text for constraint in constraints), *(() if nullable else (_NOT_NULL,))])
