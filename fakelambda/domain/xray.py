"""Tracing headers, as X-Ray writes them: the trace of an invocation, whether it is sampled, and the functions that led to it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

_ROOT = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_PARENT = re.compile(r"[0-9a-f]{16}")
_LINEAGE_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a tracing header says.

    Args:
        root: the id of the trace; None where a new one is to begin.
        parent: the id of the segment that it comes from.
        sampled: whether it is traced; None where nobody has decided yet.
        lineage: the functions that led here by their key, with the number of times that each was passed before.
    """

    root: str | None = None
    parent: str | None = None
    sampled: bool | None = None
    lineage: Mapping[str, int] = field(default_factory=dict)

    def header(self) -> str:
        """The header as text."""
        fields = {
            "Root": self.root,
            "Parent": self.parent,
            "Sampled": None if self.sampled is None else int(self.sampled),
            "Lineage": f"{_LINEAGE_VERSION}:{'|'.join(f'{key}:{count}' for key, count in self.lineage.items())}" if self.lineage else None,
        }
        return ";".join(f"{name}={value}" for name, value in fields.items() if value is not None)

    def passes(self, function_arn: str) -> int:
        """How often a function has led here."""
        return self.lineage.get(_key(function_arn), -1) + 1


def parsed(header: str) -> Trace:
    """What a header says; what it does not say, or not as X-Ray writes it, is None."""
    fields = dict(field.strip().partition("=")[::2] for field in unquote(header).split(";"))
    root, parent, sampled = (fields.get(name, "") for name in ("Root", "Parent", "Sampled"))
    return Trace(
        root=root if _ROOT.fullmatch(root) else None,
        parent=parent if _PARENT.fullmatch(parent) else None,
        sampled={"0": False, "1": True}.get(sampled),
        lineage=_lineage(fields.get("Lineage", "")),
    )


def of_records(records: Iterable[Mapping[str, Any]]) -> Trace | None:
    """What the records of a queue bring along to the function that gets them: their lineage, in a trace that begins anew.

    Args:
        records: as SQS returns them, or as Lambda's event holds them.

    Returns:
        None where none of them comes from a function. Of several lineages each function's longest counts.
    """
    lineage: dict[str, int] = {}
    for record in records:
        header = (record.get("attributes") or record.get("Attributes") or {}).get("AWSTraceHeader")
        if header:
            for key, count in parsed(header).lineage.items():
                lineage[key] = max(count, lineage.get(key, count))
    return Trace(lineage=lineage) if lineage else None


def continued(
    upstream: Trace | None, *, function_arn: str, request_id: str, sent_at: datetime, tracing_config: Mapping[str, Any] | None
) -> Trace:
    """The trace that an invocation's handler sees, the same for the same request.

    Args:
        upstream: what the request brought along; None where nothing.
        function_arn: without qualifier.
        request_id, sent_at: of the invocation; only the seconds of the time count.
        tracing_config: of the version. With ``Active`` Lambda decides where nobody has, and samples; it never overrules [docs].
    """
    upstream = upstream or Trace()
    digits = request_id.replace("-", "")
    is_active = (tracing_config or {}).get("Mode") == "Active"
    return Trace(
        root=upstream.root or new_root(request_id, sent_at),
        parent=digits[-16:],
        sampled=is_active if upstream.sampled is None else upstream.sampled,
        lineage={**upstream.lineage, _key(function_arn): upstream.passes(function_arn)},
    )


def new_root(request_id: str, at: datetime) -> str:
    """The id of a trace that begins with a request."""
    return f"1-{int(at.timestamp()):08x}-{request_id.replace('-', '')[:24]}"


def _lineage(text: str) -> dict[str, int]:
    counts = {}
    for item in text.split("|"):
        *_, key, count = ("", *item.split(":"))  # the first item has a number before it
        if key and count.isdecimal():
            counts[key] = int(count)
    return counts


@lru_cache(maxsize=4096)
def _key(function_arn: str) -> str:
    return hashlib.sha256(function_arn.encode()).hexdigest()[:8]
