"""Tumbling windows: stretches of a stream whose batches hand a state on to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fakelambda.domain.source_events import TumblingWindow

MAXIMUM_STATE: Final = 1_048_576
"""Bytes of JSON; a larger state ends its window early."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """A window of one shard.

    Args:
        start, end: aware datetimes; the end belongs to the next window.
        state: what the function returned last.
        is_terminated_early: its state had become too large.
    """

    start: datetime
    end: datetime
    state: Mapping[str, Any] = field(default_factory=dict)
    is_terminated_early: bool = False

    def of_shard(self, shard_id: str, *, is_final: bool) -> TumblingWindow:
        """What a handler is told of the window.

        Args:
            shard_id: whose window it is.
            is_final: whether it is only told that the window is over.
        """
        return TumblingWindow(
            start=self.start,
            end=self.end,
            state=self.state,
            shard_id=shard_id,
            is_final_invoke=is_final,
            is_terminated_early=self.is_terminated_early,
        )


def window_of(at: datetime, seconds: int) -> Window:
    """The window that a record belongs to: windows begin at multiples of their length since 1970.

    Args:
        at: when the record arrived.
        seconds: the length of windows.
    """
    start = _EPOCH + (at - _EPOCH) // timedelta(seconds=seconds) * timedelta(seconds=seconds)
    return Window(start, start + timedelta(seconds=seconds))


def after(window: Window, response: Any) -> Window:
    """The window after an invocation.

    Args:
        response: the parsed answer of the function; what is no state leaves an empty one.
    """
    state = response.get("state") if isinstance(response, dict) else None
    state = state if isinstance(state, dict) else {}
    if len(json.dumps(state, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")) > MAXIMUM_STATE:
        return replace(window, is_terminated_early=True)
    return replace(window, state=state)
