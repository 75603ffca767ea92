"""The waiting that botocore does for Lambda clients, on the fake's clock: waiters and retry back-off."""

from __future__ import annotations

import sys
import threading
import time
import types
from typing import TYPE_CHECKING, Any

import botocore.endpoint
import botocore.waiter

from fakelambda.aws import hook

if TYPE_CHECKING:
    from collections.abc import Callable


class _Time(types.ModuleType):
    """Stands in for the ``time`` module where botocore waits: virtual for Lambda clients, what was found there for everything else.

    Args:
        sleeper: finds who sleeps instead, from the variables of the function that waits.
    """

    found: Any = time

    def __init__(self, sleeper: Callable[[dict[str, Any]], Callable[[float], None] | None]) -> None:
        super().__init__("time")
        self._sleeper = sleeper

    def __getattr__(self, name: str) -> Any:
        return getattr(self.found, name)

    def sleep(self, seconds: float) -> None:
        """Sleeps on the clock of whoever waits."""
        virtual = self._sleeper(sys._getframe(1).f_locals)  # noqa: SLF001 - botocore passes nothing that tells who waits
        (virtual or self.found.sleep)(seconds)


def _of_endpoint(variables: dict[str, Any]) -> Callable[[float], None] | None:
    return hook.sleeper_of(variables["request_dict"])


def _of_waiter(variables: dict[str, Any]) -> Callable[[float], None] | None:
    return hook.sleeper_of_waiter(variables["self"])


_SHIMS = {botocore.endpoint: _Time(_of_endpoint), botocore.waiter: _Time(_of_waiter)}
_users = 0
_lock = threading.Lock()


def install() -> None:
    """Puts the shims in place; counted."""
    global _users  # noqa: PLW0603 - what is patched is process-wide, so its count is
    with _lock:
        _users += 1
        if _users == 1:
            for module, shim in _SHIMS.items():
                shim.found = module.time
                module.time = shim  # type: ignore[attr-defined]  # the same


def uninstall() -> None:
    """Takes the shims away with the last user, unless somebody else has put something in their place."""
    global _users  # noqa: PLW0603 - as above
    with _lock:
        _users -= 1
        if not _users:
            for module, shim in _SHIMS.items():
                if module.time is shim:
                    module.time = shim.found  # type: ignore[attr-defined]  # as it was
