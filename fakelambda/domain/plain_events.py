"""Events of records that JSON gives back as they are: of such an event nobody needs the JSON until somebody reads it."""

from __future__ import annotations

import json
import marshal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from fakelambda.domain.payloads import REQUEST_LIMIT

_WITH_REFERENCES: Final = 4  # the version of the format that writes an object once which occurs often, as most members of records do
_LONGEST_ESCAPE: Final = 6  # characters of JSON for one of text


class PlainRecord(dict[str, Any]):
    """A record of nothing but texts, floats, None, and dictionaries of those which nobody else holds.

    Attributes:
        size: bytes that its JSON has at most.
    """

    __slots__ = ("size",)
    size: int


_PLAIN: Final = frozenset({PlainRecord})
_size: Final = attrgetter("size")


def plain_record(members: dict[str, Any], length: int, texts: Iterable[str]) -> dict[str, Any]:
    """A record of what would be plain members, if what should be text is text; else the members.

    Args:
        length: of all that is the same for every record of a source, in characters.
        texts: what is not, wherever it occurs.
    """
    try:
        length += len("".join(texts))
    except TypeError:
        return members
    record = PlainRecord(members)
    record.size = _LONGEST_ESCAPE * length
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
    try:
        return PlainEvent(marshal.dumps({"Records": list(map(dict, records))}, _WITH_REFERENCES))
    except ValueError:  # a subclass of text, say
        return None


def as_json(event: Any) -> bytes:
    """An event as it is sent to a function.

    Raises:
        TypeError: JSON has no form for it.
        RecursionError: it is nested too deeply, or holds itself.
    """
    return _encoder.encode(event).encode()


_encoder: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False)  # which takes a tenth of the time
