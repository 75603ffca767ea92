"""Events of records that JSON gives back as they are: of such an event nobody needs the JSON until somebody reads it."""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fakelambda.domain.payloads import REQUEST_LIMIT

_WITH_REFERENCES: Final = 4  # the version of the format that writes an object once which occurs often, as most members of records do
_LONGEST_ESCAPE: Final = 12  # characters of JSON for one of text, as many emoji take
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_TEXT: Final = frozenset({str})  # and no subclass, which JSON takes and the other form does not, or takes for bytes


class EventRecords(NamedTuple):
    """Records of one source as they stand in events.

    Args:
        size: bytes that the JSON of each has at most, where all of them are plain: nothing but texts, floats, None, and dictionaries of
            those which nobody else holds; 0 where one is not.
    """

    records: list[dict[str, Any]]
    size: int = 0


def plain_size(length: int, texts: tuple[str, ...]) -> int:
    """Bytes that the JSON of a record has at most, which is plain if what should be text is text; 0 where one is something else.

    Args:
        length: of all that is the same for every record of a source, in characters.
        texts: what is not, wherever it occurs.
    """
    if not _TEXT.issuperset(map(type, texts)):
        return 0
    joined = "".join(texts)
    if not joined.isascii() and _SURROGATES.search(joined):  # of which JSON makes one character where two meet
        return 0
    return _LONGEST_ESCAPE * (length + len(joined))


def size_of_each(sizes: Collection[int]) -> int:
    """Of records that have so many bytes at most, what each has at most; 0 where one is not plain."""
    return 0 if 0 in sizes else max(sizes, default=0)


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


def plain_event(records: Sequence[Mapping[str, Any]], size: int) -> PlainEvent | None:
    """The event that holds records; None where one of them is not plain, and where its JSON may be too large for an invocation.

    Args:
        size: as that of `EventRecords`.
    """
    if not size or len(records) * size > REQUEST_LIMIT:
        return None
    return PlainEvent(marshal.dumps({"Records": list(records)}, _WITH_REFERENCES))


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
