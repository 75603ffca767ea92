"""``subprocess.Popen`` follows the invocation: a process that a handler starts without ``env`` gets the variables that the handler sees.

``subprocess.run``, ``os.popen`` and asyncio's subprocesses come this way too. ``os.system``, ``exec*``, ``posix_spawn`` and what
multiprocessing spawns do not: they get the process's own variables.
"""

from __future__ import annotations

import inspect
import os
import subprocess
from functools import wraps
from typing import TYPE_CHECKING, Any

from fakelambda.runtime import environ
from fakelambda.runtime.methods import View

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNATURE = inspect.signature(subprocess.Popen.__init__)


def _with_the_handlers_variables(start: Callable[..., None]) -> Callable[..., None]:
    @wraps(start)
    def with_variables(self: subprocess.Popen[Any], *args: Any, **kwargs: Any) -> None:
        if environ.current.get() is None:
            start(self, *args, **kwargs)
            return
        call = _SIGNATURE.bind(self, *args, **kwargs)
        if call.arguments.get("env") is None:
            call.arguments["env"] = dict(os.environ)
        start(*call.args, **call.kwargs)

    return with_variables


VIEW = View(subprocess.Popen, "__init__", _with_the_handlers_variables)
