"""Tracing headers, as X-Ray writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def is_sampled(tracing_config: Mapping[str, Any]) -> bool:
    """Whether Lambda traces the invocations of a function; a caller's own decision does not reach us."""
    return tracing_config.get("Mode") == "Active"


def header(request_id: str, at: datetime, *, sampled: bool) -> str:
    """The header of an invocation, the same for the same id and time.

    Args:
        request_id: of the invocation.
        at: aware datetime; only its seconds count.
        sampled: whether it is traced.
    """
    digits = request_id.replace("-", "")
    return f"Root=1-{int(at.timestamp()):08x}-{digits[:24]};Parent={digits[-16:]};Sampled={int(sampled)}"
