"""Lists of records that can be narrowed down by what their records say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, Self, TypeVar

from fakelambda.inspection.records import ApiCall, Invocation

Record = TypeVar("Record", Invocation, ApiCall)

_OF_INVOCATIONS = (
    *(field.name for field in fields(Invocation) if field.repr and not field.name.startswith("_")),
    "event",
    "result",
    "error",
    "error_payload",
    "logs",
)
_FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType)
_OF_CALLS = ("operation", "region", "account_id", "attempts", "error")


class Selection(list[Record]):
    """Records in order; a list that ``filter`` narrows down."""

    def filter(self, *positional: Any, **wanted: Any) -> Self:
        """Those that are as wanted.

        Args:
            **wanted: values of fields, such as ``function_name="orders"`` of invocations or ``operation="Invoke"`` of calls, whose API
                parameters count too: ``FunctionName="orders"``. A function is asked instead: ``event=lambda event: event["id"] > 7``.
                An exception's class fits its instances: ``error=KeyError``.

        Raises:
            TypeError: no record has such a field, whether there are records or not; or something is given without its name.

        Example:
            >>> fake.invocations.filter(function_name="orders", executed_version="2")
            >>> fake.calls.filter(operation="UpdateAlias", Name="live")
        """
        if positional:
            raise TypeError(
                f"filter() takes fields by their names: filter(function_name={positional[0]!r}) of invocations, "
                f"filter(operation={positional[0]!r}) of calls."
            )
        unknown = [name for name in wanted if not self and name not in {*_OF_INVOCATIONS, *_OF_CALLS} and not name[:1].isupper()]
        if unknown:
            raise TypeError(
                f"Neither invocations nor calls have {unknown[0]!r}; invocations have {', '.join(_OF_INVOCATIONS)}; "
                f"calls have {', '.join(_OF_CALLS)}, and their API parameters."
            )
        return type(self)(record for record in self if not mismatches(record, wanted))


def mismatches(record: Invocation | ApiCall, wanted: Mapping[str, Any]) -> list[str]:
    """The names of what a record has otherwise than wanted.

    Raises:
        TypeError: it has no such field.
    """
    return [name for name, value in wanted.items() if not _fits(read(record, name), value)]


def read(record: Invocation | ApiCall, name: str) -> Any:
    """A field of a record, or a parameter of a call; None for a parameter that was not given.

    Raises:
        TypeError: it has no such field.
    """
    if isinstance(record, ApiCall) and name[:1].isupper():
        return record.parameters.get(name)
    known = _OF_CALLS if isinstance(record, ApiCall) else _OF_INVOCATIONS
    if name not in known:
        more = ", and its API parameters" if isinstance(record, ApiCall) else ""
        raise TypeError(f"{type(record).__name__} has no {name!r}; it has {', '.join(known)}{more}.")
    return getattr(record, name)


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, _FUNCTIONS):
        return bool(wanted(value))
    if isinstance(wanted, type) and issubclass(wanted, BaseException):
        return isinstance(value, wanted)
    return bool(value == wanted)
