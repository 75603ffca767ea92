"""``os._exit``, ``os.abort``, ``os.kill`` and ``signal.raise_signal`` follow the invocation.

Inside one they end its handler where they would have ended the test process; outside, and in processes that a handler forks, they do what
they always did.
"""

from __future__ import annotations

import os
import signal
from functools import wraps
from typing import TYPE_CHECKING

from fakelambda.runtime import environ
from fakelambda.runtime.failures import Exited
from fakelambda.runtime.methods import View

if TYPE_CHECKING:
    from collections.abc import Callable

_HARMLESS = frozenset({"SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGWINCH"})
"""What does not end a process that does not handle it."""


def _exit(really: Callable[[int], None]) -> Callable[[int], None]:
    process = os.getpid()

    @wraps(really)
    def view(status: int) -> None:
        if _in_invocation(process):
            raise Exited(f"os._exit({status!r})", status & 0xFF)
        really(status)

    return view


def _abort(really: Callable[[], None]) -> Callable[[], None]:
    process = os.getpid()

    @wraps(really)
    def view() -> None:
        if _in_invocation(process):
            raise Exited("os.abort()", signal.SIGABRT)
        really()

    return view


def _kill(really: Callable[[int, int], None]) -> Callable[[int, int], None]:
    process = os.getpid()

    @wraps(really)
    def view(pid: int, number: int, /) -> None:
        if pid == process and _is_deadly(number) and _in_invocation(process):
            raise Exited(f"os.kill(os.getpid(), {signal.Signals(number).name})", signal.Signals(number))
        really(pid, number)

    return view


def _raise_signal(really: Callable[[int], None]) -> Callable[[int], None]:
    process = os.getpid()

    @wraps(really)
    def view(number: int, /) -> None:
        if _is_deadly(number) and _in_invocation(process):
            raise Exited(f"signal.raise_signal({signal.Signals(number).name})", signal.Signals(number))
        really(number)

    return view


def _in_invocation(process: int) -> bool:
    return environ.current.get() is not None and os.getpid() == process


def _is_deadly(number: int) -> bool:
    """Says whether the process would end of a signal."""
    return any(number == known and known.name not in _HARMLESS for known in signal.Signals) and signal.getsignal(number) == signal.SIG_DFL


VIEWS = (
    View(os, "_exit", _exit),
    View(os, "abort", _abort),
    View(os, "kill", _kill),
    View(signal, "raise_signal", _raise_signal),
)
