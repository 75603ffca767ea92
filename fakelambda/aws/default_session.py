"""boto3's default session, which in deployed code is that of its execution environment.

boto3 keeps one for the process. A handler would otherwise call AWS with the credentials that the test's own first client found, and the
test with those that a handler found.
"""

from __future__ import annotations

import threading
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from weakref import WeakKeyDictionary

import botocore.session

from fakelambda.aws import sessions
from fakelambda.runtime import modules

_sessions: WeakKeyDictionary[modules.Modules, Any] = WeakKeyDictionary()
_hosts: dict[str, Any] = {}
_users = 0
_lock = threading.Lock()


def _get_default_session() -> Any:
    environment = modules.current.get()
    if environment is None:
        return _hosts["_get_default_session"]()
    if environment not in _sessions:
        _setup_default_session()
    return _sessions[environment]


def _setup_default_session(**parameters: Any) -> None:
    environment = modules.current.get()
    if environment is None:
        _hosts["setup_default_session"](**parameters)
        return
    if "botocore_session" not in parameters:
        # Reading AWS's models takes a session 80 milliseconds, so all of them share what was read.
        parameters["botocore_session"] = botocore.session.get_session()
        parameters["botocore_session"].register_component("data_loader", sessions.session().get_component("data_loader"))
    _sessions[environment] = import_module("boto3").Session(**parameters)


_VIEWS = {"_get_default_session": _get_default_session, "setup_default_session": _setup_default_session}


def install() -> None:
    """Puts the views in place where boto3 is installed; counted."""
    global _users  # noqa: PLW0603 - what is patched is process-wide, so its count is
    with _lock:
        _users += 1
        if _users == 1 and find_spec("boto3") is not None:
            boto3 = import_module("boto3")  # now, because a handler that is the first to import it has its session at once
            for name, view in _VIEWS.items():
                _hosts[name] = getattr(boto3, name)
                setattr(boto3, name, view)


def uninstall() -> None:
    """Takes the views away with the last user, unless somebody else has put something in their place."""
    global _users  # noqa: PLW0603 - as above
    with _lock:
        _users -= 1
        if not _users and _hosts:
            boto3 = import_module("boto3")
            for name, view in _VIEWS.items():
                if getattr(boto3, name) is view:
                    setattr(boto3, name, _hosts[name])
