"""Event loops of handlers: those that handlers run, and the one in which an ``async def`` callable of a test is awaited.

A client's call runs its handler where it was made, so a loop that runs there waits meanwhile. Lambda calls handlers where none runs.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Kept(threading.local):
    """What handlers of this thread have set while another loop waited.

    Attributes:
        loop: an open one that ``asyncio.get_event_loop`` gives them; None where it makes one.
    """

    loop: asyncio.AbstractEventLoop | None = None


_kept = _Kept()


def outside(function: Callable[..., Result], *arguments: Any) -> Result:
    """Calls what may run user code as if no event loop ran in this thread, so that ``asyncio.run`` and its older ways work there."""
    outer = asyncio._get_running_loop()  # noqa: SLF001 - asyncio refuses to nest loops, and there is no other thread to take
    if outer is None:
        return function(*arguments)
    current: Any = getattr(asyncio.get_event_loop_policy(), "_local", None) or SimpleNamespace(_loop=None, _set_called=False)
    found = current._loop, current._set_called  # noqa: SLF001 - to ask by asyncio's functions would make a loop where there is none
    current._loop, current._set_called = _kept.loop, _kept.loop is not None  # noqa: SLF001 - as above
    asyncio._set_running_loop(None)  # noqa: SLF001 - as above
    try:
        return function(*arguments)
    finally:
        asyncio._set_running_loop(outer)  # noqa: SLF001 - as it was
        loop: asyncio.AbstractEventLoop | None = current._loop  # noqa: SLF001 - as above
        _kept.loop = None if loop is None or loop.is_closed() else loop
        current._loop, current._set_called = found  # noqa: SLF001 - as it was


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine to its end in an event loop of its own."""
    with asyncio.Runner() as runner:
        return runner.run(coroutine)
