"""Handlers and event loops: a handler has none around it, also while one runs in this thread; ``async def`` callables get one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def no_loop_around() -> Iterator[None]:
    """Hides the event loop that runs in this thread, so that a handler may run one of its own, as in Lambda.

    The outer loop waits meanwhile, as it does for every handler: the client's call blocks it.
    """
    outer = asyncio._get_running_loop()  # noqa: SLF001 - asyncio refuses to nest loops, and there is no other thread to take
    asyncio._set_running_loop(None)  # noqa: SLF001 - as above
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)  # noqa: SLF001 - as it was


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine to its end in an event loop of its own."""
    with asyncio.Runner() as runner:
        return runner.run(coroutine)
