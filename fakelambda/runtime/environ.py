"""``os.environ`` and ``os.environb`` as views that follow the invocation.

Inside an invocation they show and change the variables of its execution environment; outside they are what they always were. Only the
class of the two objects changes, so references taken earlier (``from os import environ``, ``os.getenv``) follow too. What bypasses them is
not covered: ``os.putenv``, ``os.system``, ``exec*`` and C code read the process's own environment.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPT = "FAKELAMBDA_OPT"
"""A variable that Lambda does not have: the directory of this machine that holds what a function's layers bring to ``/opt``."""

Variables = MutableMapping[Any, Any]
"""Names and values as ``os.environ`` stores them: bytes on POSIX, text on Windows."""

current: ContextVar[Variables | None] = ContextVar("fakelambda_variables", default=None)
"""The variables of the invocation that this thread or task is in; None outside."""

_HOST = os.environ
_FUNCTION_NAME, _TRACE_ID = (_HOST.encodekey(name) for name in ("AWS_LAMBDA_FUNCTION_NAME", "_X_AMZN_TRACE_ID"))
_OF_MOTO = _HOST.encodekey("MOTO_")
_VIEWED: list[Any] = [_HOST, os.environb] if os.supports_bytes_environ else [_HOST]


class _View(os._Environ[Any]):  # noqa: SLF001 - os.environ's class has no public name
    @property
    def _data(self) -> Variables:
        variables = current.get()
        host: Variables = self.__dict__["_data"]
        return host if variables is None else variables

    @_data.setter
    def _data(self, data: Variables) -> None:
        self.__dict__["_data"] = data

    def __setitem__(self, key: Any, value: Any) -> None:
        variables = current.get()
        if variables is None:
            super().__setitem__(key, value)
        else:
            variables[self.encodekey(key)] = self.encodevalue(value)

    def __delitem__(self, key: Any) -> None:
        variables = current.get()
        if variables is None:
            super().__delitem__(key)
            return
        try:
            del variables[self.encodekey(key)]
        except KeyError:
            raise KeyError(key) from None


def install() -> None:
    """Makes the two objects views; doing it again changes nothing."""
    for viewed in _VIEWED:
        viewed.__class__ = _View


def uninstall() -> None:
    """Makes the two objects what they were."""
    for viewed in _VIEWED:
        viewed.__class__ = os._Environ  # noqa: SLF001 - os.environ's class has no public name


def encoded(variables: Mapping[str, str]) -> dict[Any, Any]:
    """Returns the variables as ``os.environ`` stores them."""
    return {_HOST.encodekey(name): _HOST.encodevalue(value) for name, value in variables.items()}


def trace_header() -> str | None:
    """The tracing header that botocore sends along from here: it does so in Lambda only, as far as the variables tell."""
    variables = current.get()
    if variables is None:
        variables = vars(_HOST)["_data"]
    header = variables.get(_TRACE_ID) if _FUNCTION_NAME in variables else None
    return _HOST.decodevalue(header) if header else None


class Deployed(dict[Any, Any]):
    """The variables of deployed code.

    moto answers within the handler and asks there for its own settings, such as whose account it plays: they are found by name, though
    they stand nowhere.
    """

    def __missing__(self, name: Any) -> Any:
        if name[: len(_OF_MOTO)] == _OF_MOTO:
            return vars(_HOST)["_data"][name]
        raise KeyError(name)


class OverHost(Variables):
    """A callable's variables over the host's, which are read live, so that the test's ``monkeypatch.setenv`` keeps working.

    Args:
        own: what stands over the host's, by name.
    """

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own: dict[Any, Any] = encoded(own)  # None marks a name that was deleted

    def __getitem__(self, name: Any) -> Any:
        value = self._own[name] if name in self._own else vars(_HOST)["_data"][name]
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name: Any, value: Any) -> None:
        self._own[name] = value

    def __delitem__(self, name: Any) -> None:
        self[name]  # raises KeyError where there is nothing to delete
        self._own[name] = None

    def __iter__(self) -> Iterator[Any]:
        names = {**vars(_HOST)["_data"], **self._own}
        return iter([name for name in names if self._own.get(name, name) is not None])

    def __len__(self) -> int:
        return len(list(iter(self)))


def lambda_variables(
    *,
    function_name: str,
    version: str,
    handler: str,
    runtime: str,
    memory_size: int,
    region: str,
    log_group_name: str,
    log_stream_name: str,
    task_root: str = "/var/task",
    opt: str | None = None,
    initialization_type: str = "on-demand",
) -> dict[str, str]:
    """Returns what Lambda itself puts into the environment of a managed Python runtime.

    Args:
        function_name: the function's name.
        version: the version that runs, ``$LATEST`` or a number.
        handler: the configured ``Handler``.
        runtime: the configured ``Runtime``, such as ``python3.13``.
        memory_size: the function's memory in MB.
        region: the function's region.
        log_group_name: the CloudWatch Logs group.
        log_stream_name: the CloudWatch Logs stream.
        task_root: the directory of the function's code; here a real one, so that code which opens files below it finds them.
        opt: the directory of the function's layers, which Lambda has in ``/opt``; None where it has none.
        initialization_type: ``on-demand``, ``provisioned-concurrency`` or ``snap-start``.
    """
    return {
        **({} if opt is None else {OPT: opt}),
        "AWS_ACCESS_KEY_ID": "ASIAFAKELAMBDA000000",
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_size),
        "AWS_LAMBDA_FUNCTION_NAME": function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream_name,
        "AWS_LAMBDA_RUNTIME_API": "169.254.100.1:9001",
        "AWS_REGION": region,
        "AWS_SECRET_ACCESS_KEY": "fakelambda-secret-access-key",
        "AWS_SESSION_TOKEN": "fakelambda-session-token",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": task_root,
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "LD_LIBRARY_PATH": f"/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:{opt or '/opt'}/lib",
        "PATH": f"/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:{opt or '/opt'}/bin",
        "PWD": task_root,
        "PYTHONPATH": "/var/runtime",
        "SHLVL": "0",
        "TZ": ":UTC",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "_HANDLER": handler,
    }


def log_variables(logging_config: Mapping[str, Any]) -> dict[str, str]:
    """Returns what tells the runtime how to log; Lambda says nothing of text.

    Args:
        logging_config: AWS's ``LoggingConfig`` of the function.
    """
    if logging_config.get("LogFormat") != "JSON":
        return {}
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": logging_config["ApplicationLogLevel"]}
