"""Awaiting what an ``async def`` callable of a test returns, also while an event loop runs in this thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine to its end in an event loop of its own.

    A loop that runs in this thread waits meanwhile, as it does for every other handler: the client's call blocks it.
    """
    outer = asyncio._get_running_loop()  # noqa: SLF001 - asyncio refuses to nest loops, and there is no other thread to take
    asyncio._set_running_loop(None)  # noqa: SLF001 - as above
    try:
        with asyncio.Runner() as runner:
            return runner.run(coroutine)
    finally:
        asyncio._set_running_loop(outer)  # noqa: SLF001 - as it was
