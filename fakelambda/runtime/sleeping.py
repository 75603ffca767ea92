"""``time.sleep`` as a view that follows the invocation: inside one it moves the fake's clock, outside it sleeps."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

current: ContextVar[Callable[[float], None] | None] = ContextVar("fakelambda_sleep", default=None)
"""What sleeping does in the invocation that this thread or task is in; None outside, and where it really sleeps."""

really = time.sleep  # noqa: TID251 - what the view falls back to


def sleep(seconds: float) -> None:
    """Sleeps on the clock of the invocation, else really."""
    virtual = current.get()
    if virtual is None:
        really(seconds)
    elif seconds < 0:
        raise ValueError("sleep length must be non-negative")  # as time.sleep says it
    else:
        virtual(seconds)


def install() -> None:
    """Puts the view in the place of ``time.sleep``, unless somebody else has replaced that."""
    if time.sleep is really:  # noqa: TID251 - the place that is viewed
        time.sleep = sleep  # type: ignore[assignment]  # noqa: TID251 - the builtin has a positional-only parameter


def uninstall() -> None:
    """Puts ``time.sleep`` back."""
    if time.sleep is sleep:  # noqa: TID251 - the place that is viewed
        time.sleep = really  # noqa: TID251 - as it was
