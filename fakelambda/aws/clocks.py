"""The waiting that botocore does for Lambda clients, on the fake's clock: waiters and retry back-off."""

from __future__ import annotations

import sys
import time
import types
from typing import TYPE_CHECKING, Any

import botocore.endpoint
import botocore.waiter

from fakelambda.aws import hook

if TYPE_CHECKING:
    from collections.abc import Callable


class _Time(types.ModuleType):
    """Stands in for the ``time`` module where botocore waits: virtual for Lambda clients, the real module for everything else."""

    def __init__(self, sleeper: Callable[[dict[str, Any]], Callable[[float], None] | None]) -> None:
        super().__init__("time")
        self._sleeper = sleeper

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Sleeps on the clock of whoever waits."""
        virtual = self._sleeper(sys._getframe(1).f_locals)  # noqa: SLF001 - botocore passes nothing that tells who waits
        (virtual or time.sleep)(seconds)  # noqa: TID251 - not ours to make virtual


def _of_endpoint(variables: dict[str, Any]) -> Callable[[float], None] | None:
    return hook.sleeper_of(variables["request_dict"])


def _of_waiter(variables: dict[str, Any]) -> Callable[[float], None] | None:
    method = getattr(variables["self"]._operation_method, "_client_method", None)  # noqa: SLF001 - where a waiter keeps its client
    client = getattr(method, "__self__", None)
    fake = hook.active()
    is_lambda = client is not None and client.meta.service_model.service_name == "lambda"
    return fake.sleep if fake is not None and is_lambda else None


_SHIMS = {botocore.endpoint: _Time(_of_endpoint), botocore.waiter: _Time(_of_waiter)}
_users = 0


def install() -> None:
    """Puts the shims in place; counted."""
    global _users  # noqa: PLW0603 - what is patched is process-wide, so its count is
    _users += 1
    for module, shim in _SHIMS.items():
        module.time = shim  # type: ignore[attr-defined]  # botocore imports the module under this name


def uninstall() -> None:
    """Takes the shims away with the last user."""
    global _users  # noqa: PLW0603 - as above
    _users -= 1
    if not _users:
        for module in _SHIMS:
            module.time = time  # type: ignore[attr-defined]  # as it was
