"""Events of records that JSON gives back as they are: of such an event nobody needs the JSON until somebody reads it."""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from fakelambda.domain.payloads import REQUEST_LIMIT

_WITH_REFERENCES: Final = 4  # the version of the format that writes an object once which occurs often, as most members of records do
_LONGEST_ESCAPE: Final = 12  # characters of JSON for one of text, as many emoji take
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_TEXT: Final = frozenset({str})  # and no subclass, which JSON takes and the other form does not, or takes for bytes


class PlainRecord(dict[str, Any]):
    """A record of nothing but texts, floats, None, and dictionaries of those which nobody else holds.

    Attributes:
        size: bytes that its JSON has at most.
    """

    __slots__ = ("size",)
    size: int


_PLAIN: Final = frozenset({PlainRecord})
_size: Final = attrgetter("size")


def plain_record(members: dict[str, Any], length: int, texts: tuple[str, ...]) -> dict[str, Any]:
    """A record of members that are plain where some of them are nothing but text; the members themselves where one is something else.

    Args:
        members: which nobody else holds, and nobody changes any more.
        length: of all that is the same for every record of a source, in characters.
        texts: what is not, wherever it occurs.
    """
    if not _TEXT.issuperset(map(type, texts)):
        return members
    joined = "".join(texts)
    if not joined.isascii() and _SURROGATES.search(joined):  # of which JSON makes one character where two meet
        return members
    record = PlainRecord(members)
    record.size = _LONGEST_ESCAPE * (length + len(joined))
    return record


@dataclass(frozen=True, slots=True)
class PlainEvent:
    """An event of plain records; ``bytes`` makes its JSON.

    Args:
        packed: the value, in a form of which Python makes it anew in less time than of JSON.
    """

    packed: bytes

    def value(self) -> Any:
        """What the event means, for a handler to keep."""
        return marshal.loads(self.packed)  # noqa: S302 - made here, of no foreign bytes

    def __bytes__(self) -> bytes:
        return as_json(self.value())


def plain_event(records: Sequence[Mapping[str, Any]]) -> PlainEvent | None:
    """The event that holds records; None where one of them is not plain, and where its JSON may be too large for an invocation."""
    if not _PLAIN.issuperset(map(type, records)) or sum(map(_size, records)) > REQUEST_LIMIT:
        return None
    return PlainEvent(marshal.dumps({"Records": list(map(dict, records))}, _WITH_REFERENCES))


def as_json(event: Any) -> bytes:
    """An event as it is sent to a function.

    Raises:
        TypeError, ValueError: JSON has no form for it.
        RecursionError: it is nested too deeply.
    """
    try:
        return _quick.encode(event).encode()
    except RecursionError:
        return _thorough.encode(event).encode()  # which tells what holds itself


_quick, _thorough = (json.JSONEncoder(separators=(",", ":"), check_circular=checks) for checks in (False, True))
