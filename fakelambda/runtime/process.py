"""What is process-wide and becomes a view that follows the invocation: installed while any fake is active, inert outside invocations."""

from __future__ import annotations

import threading

from fakelambda.runtime import code, environ, exits, modules, sleeping, stopping, subprocesses, threads

_VIEWS = (*exits.VIEWS, *threads.VIEWS, subprocesses.VIEW)
_lock = threading.Lock()
_installed = 0


def install() -> None:
    """Installs the views; every call needs its own `uninstall`."""
    global _installed  # noqa: PLW0603 - a count of the process, as os.environ and sys are the process's
    with _lock:
        _installed += 1
        if _installed == 1:
            environ.install()
            modules.install()
            sleeping.install()
            for view in _VIEWS:
                view.install()
        stopping.install()  # each time: only the main thread can


def uninstall() -> None:
    """Takes back one `install`; the last one leaves ``os.environ`` and ``sys`` as they were.

    Raises:
        RuntimeError: nothing is installed.
    """
    global _installed  # noqa: PLW0603 - a count of the process, as os.environ and sys are the process's
    with _lock:
        if _installed == 0:
            raise RuntimeError("process.uninstall() without an install()")
        _installed -= 1
        if _installed == 0:
            stopping.uninstall()
            for view in _VIEWS:
                view.uninstall()
            sleeping.uninstall()
            modules.uninstall()
            environ.uninstall()
            code.forget()
