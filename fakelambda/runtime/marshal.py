"""Python values to JSON and back, as AWS's Python runtime does it.

Like ``json``, but a named tuple is an object, a ``Decimal`` a number as it is written, and bytes are text.
"""

from __future__ import annotations

import json
from decimal import Decimal
from json import encoder
from json.encoder import encode_basestring, encode_basestring_ascii
from json.scanner import make_scanner
from marshal import dumps as dump_builtins
from typing import TYPE_CHECKING, Any, Final

from fakelambda.runtime.failures import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_scan: Callable[[str, int], tuple[Any, int]] = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # typeshed knows no decoder there
_WITHOUT_REFERENCES: Final = 2  # the version of the format that writes each object where it occurs

_ASCII_RUNTIMES = frozenset({"python2.7", "python3.6", "python3.7", "python3.8", "python3.9", "python3.10", "python3.11"})


def writes_ascii(runtime: str) -> bool:
    """Says whether a runtime escapes every character that is not ASCII; those from Python 3.12 on write UTF-8."""
    return runtime in _ASCII_RUNTIMES


def unmarshal(event: bytes) -> Any:
    """Parses the payload of an invocation into a fresh value.

    Raises:
        Fault: it is no JSON.
    """
    try:
        text = event.decode()
        try:
            value, end = _scan(text, 0)  # all of most events; json.loads looks for blanks around it with regular expressions
        except StopIteration:
            end = -1
        return value if end == len(text) else json.loads(text)
    except Exception as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error


def marshal(result: Any, *, ascii_only: bool) -> bytes:
    """Writes what a handler returned.

    Args:
        result: the value; bytes are the payload as they are.
        ascii_only: see `writes_ascii`.

    Raises:
        Fault: JSON has no form for it.
    """
    if isinstance(result, bytes):
        return result
    try:
        return encode(result, ascii_only=ascii_only)
    except Exception as error:
        reason = "maximum recursion depth exceeded while encoding a JSON object" if isinstance(error, RecursionError) else error
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {reason}") from error


def encode(value: Any, *, ascii_only: bool) -> bytes:
    """Writes a value as the runtime's JSON encoder does.

    Args:
        value: any value.
        ascii_only: see `writes_ascii`.

    Raises:
        TypeError: a value or a key has no JSON form.
        ValueError: the value contains itself, or bytes that are not UTF-8.
        RecursionError: it is nested too deeply.
    """
    try:
        # Refuses circles and every subclass, above all named tuples, which would be taken for mere tuples; what is left C writes.
        dump_builtins(value, _WITHOUT_REFERENCES)
        chunks: Iterable[str] = (_write_ascii if ascii_only else _write_text)(value, 0)
    except (TypeError, ValueError):
        chunks = _Writer(encode_basestring_ascii if ascii_only else encode_basestring).write(value)
    text = "".join(chunks)
    return text.encode("utf-8", "backslashreplace")  # a lone surrogate has no UTF-8, but JSON has an escape for it


def _refused(value: Any) -> Any:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


# Made once: json.JSONEncoder makes them anew for each value, which takes longer than encoding most.
_MANNER: Final[tuple[Any, ...]] = (None, ": ", ", ", False, False, True)  # no indentation, no sorting, nothing skipped, NaN is allowed
_make: Any = encoder.c_make_encoder  # type: ignore[attr-defined]  # typeshed leaves it out
_write_text = _make(None, _refused, encode_basestring, *_MANNER)
_write_ascii = _make(None, _refused, encode_basestring_ascii, *_MANNER)


class _Writer:
    """Writes one value piece by piece.

    Args:
        quote: writes a text as a JSON string.
    """

    def __init__(self, quote: Callable[[str], str]) -> None:
        self._quote = quote
        self._open: set[int] = set()

    def write(self, value: Any) -> Iterator[str]:
        text = self._scalar(value)
        if text is not None:
            yield text
            return
        if id(value) in self._open:
            raise ValueError("Circular reference detected")
        self._open.add(id(value))
        if hasattr(type(value), "_asdict"):  # of the class: a mock has every attribute, and would note the call
            yield from self._object(_members(value._asdict()))
        elif isinstance(value, dict):
            yield from self._object(value)
        elif isinstance(value, (list, tuple)):
            yield from self._array(value)
        else:
            raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
        self._open.discard(id(value))

    def _scalar(self, value: Any) -> str | None:
        if isinstance(value, str):
            return self._quote(value)
        if isinstance(value, bytes):
            return self._quote(value.decode())
        if isinstance(value, Decimal):
            return "NaN" if value.is_nan() else str(value)
        return _bare(value)

    def _array(self, values: Iterable[Any]) -> Iterator[str]:
        separator = "["
        for value in values:
            yield separator
            yield from self.write(value)
            separator = ", "
        yield "[]" if separator == "[" else "]"

    def _object(self, members: dict[Any, Any]) -> Iterator[str]:
        separator = "{"
        for key, value in members.items():
            yield f"{separator}{self._quote(_key(key))}: "
            yield from self.write(value)
            separator = ", "
        yield "{}" if separator == "{" else "}"


def _members(members: Any) -> dict[Any, Any]:
    if not isinstance(members, dict):
        raise TypeError(f"_asdict() must return a dict, not {type(members).__name__}")
    return members


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bytes):
        return key.decode()
    text = _bare(key)
    if text is None:
        raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__name__}")
    return text


def _bare(value: Any) -> str | None:
    """Returns the JSON of what needs no quotes, None for anything else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return json.dumps(float(value))
    return None
