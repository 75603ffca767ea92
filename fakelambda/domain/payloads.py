"""Payloads of invocations: JSON as Lambda's front end reads it, which is Jackson, with Jackson's words for what is wrong.

Valid payloads cost one parse. Only a refused one is scanned, byte by byte, the way Jackson would have stumbled over it.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable
from itertools import accumulate
from json.scanner import make_scanner
from typing import Any, Final, NoReturn

from fakelambda.domain.errors import InvalidRequestContentException, RequestEntityTooLargeException
from fakelambda.domain.jackson import NESTING_LIMIT, Malformed, Scanner, at, too_deep

REQUEST_LIMIT: Final = 6_291_456
EVENT_LIMIT: Final = 1_048_576
INVOKE_ASYNC_LIMIT: Final = 262_144
_NON_BRACKETS: Final = bytes(set(range(256)) - set(b'[]{}"'))


def check_size(payload: bytes, invocation_type: str, event_limit: int = EVENT_LIMIT) -> None:
    """Checks the size of an invocation's request.

    Args:
        payload: the request's payload.
        invocation_type: ``RequestResponse``, ``Event`` or ``DryRun``.
        event_limit: bytes that an ``Event`` may have.

    Raises:
        RequestEntityTooLargeException: the payload is over 6 MB, or over the limit of an ``Event``.
    """
    if len(payload) > REQUEST_LIMIT:
        raise RequestEntityTooLargeException(f"Request must be smaller than {REQUEST_LIMIT} bytes for the InvokeFunction operation")
    if invocation_type == "Event" and len(payload) > event_limit:
        text = f"{len(payload)} byte payload is too large for the Event invocation type (limit {event_limit} bytes)"
        raise RequestEntityTooLargeException(text)


def decode(payload: bytes) -> Any:
    """Parses the payload of an invocation.

    Args:
        payload: JSON in UTF-8; no bytes at all stand for ``{}``.

    Returns:
        What ``json.loads`` makes of it.

    Raises:
        InvalidRequestContentException: the payload is not JSON, or is nested deeper than 1000 levels.
    """
    if not payload:
        return {}
    try:
        text = payload.removeprefix(BOM_UTF8).decode().strip(_WHITESPACE)
        value, end = _scan(text, 0)
    except (ValueError, RecursionError, StopIteration) as error:
        raise _diagnosis(payload, error) from None
    if end != len(text):
        raise _diagnosis(payload, ValueError(f"Extra data at {end}"))
    # Python may read deeper than the service does; counting is cheap where it cannot be the case.
    if end > NESTING_LIMIT and is_too_deep(payload):
        raise _diagnosis(payload, RecursionError())
    return value


def is_too_deep(payload: bytes) -> bool:
    """Says whether JSON is nested deeper than the service reads it."""
    return payload.count(b"{") + payload.count(b"[") > NESTING_LIMIT and _depth(payload) > NESTING_LIMIT


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_scan: Final[Callable[[str, int], tuple[Any, int]]] = make_scanner(
    json.JSONDecoder(parse_constant=_refuse_constant)  # type: ignore[arg-type]  # typeshed knows no decoder there
)
_WHITESPACE: Final = " \t\n\r"


def _depth(payload: bytes) -> int:
    unescaped = payload.replace(rb"\\", b"").replace(rb"\"", b"")
    brackets = b"".join(unescaped.translate(None, _NON_BRACKETS).split(b'"')[::2])
    return max(accumulate(1 if byte in b"[{" else -1 for byte in brackets), default=0)


def _diagnosis(payload: bytes, error: Exception) -> InvalidRequestContentException:
    try:
        Scanner(payload).scan()
    except Malformed as malformed:
        text = str(malformed)
    else:
        # Jackson would take it and Python does not.
        match error:
            case UnicodeDecodeError():
                text = f"Invalid UTF-8 start byte 0x{payload[error.start]:x}" + at(1, error.start + 2)
            case RecursionError():
                text = too_deep(max(_depth(payload), NESTING_LIMIT + 1)) + at(1, 1)
            case _:
                text = f"{error}" + at(1, 1)
    return InvalidRequestContentException(f"Could not parse request body into json: Could not parse payload into json: {text}")
