"""A place to run deployed code in: the views are installed, and the process is found afterwards as it was."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from fakelambda.runtime import process
from fakelambda.runtime.context import LambdaContext
from fakelambda.runtime.environment import Deployment, ExecutionEnvironment, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator


class Deploy(Protocol):
    """Deploys files, or whatever is given as ``code``; the handler is ``app.handler`` unless said otherwise."""

    def __call__(self, files: dict[str, str] | None = None, **settings: Any) -> ExecutionEnvironment: ...


class Invoke(Protocol):
    """Invokes with an empty event and a known request id unless said otherwise."""

    def __call__(self, environment: ExecutionEnvironment, event: bytes = b"{}") -> Outcome: ...


def _state_of_the_process() -> dict[str, Any]:
    return {
        "modules": sys.modules,
        "module names": {**sys.modules},
        "path": sys.path,
        "path entries": [*sys.path],
        "meta_path": [*sys.meta_path],
        "importers": set(sys.path_importer_cache),
        "class of sys": type(sys),
        "environ": dict(os.environ),
        "class of environ": type(os.environ),
        "cwd": os.getcwd(),  # noqa: PTH109 - what is compared is the process's own idea of it
    }


@pytest.fixture(autouse=True)
def process_is_left_as_found() -> Iterator[None]:
    before = _state_of_the_process()
    process.install()
    try:
        yield
    finally:
        process.uninstall()
    after = _state_of_the_process()
    added = {name: module for name, module in after["module names"].items() if before["module names"].get(name) is not module}
    # The standard library's and installed packages' modules are the host's and stay.
    strangers = {name for name, module in added.items() if "fakelambda-" in str(getattr(module, "__file__", ""))}
    assert not strangers
    assert not set(before["module names"]) - set(after["module names"])
    del before["module names"], after["module names"]
    assert not [entry for entry in after["importers"] - before["importers"] if "fakelambda-" in entry]
    del before["importers"], after["importers"]
    before["environ"].pop("PYTEST_CURRENT_TEST", None)
    after["environ"].pop("PYTEST_CURRENT_TEST", None)
    assert after == before


@pytest.fixture
def deploy() -> Iterator[Deploy]:
    environments = []

    def deploy(files: dict[str, str] | None = None, **settings: Any) -> ExecutionEnvironment:
        if files is not None:
            settings["code"] = package(files)
        environment = ExecutionEnvironment(Deployment(**{"function_name": "orders", "handler": "app.handler", **settings}))
        environments.append(environment)
        return environment

    yield deploy
    for environment in environments:
        environment.discard()


@pytest.fixture
def invoke() -> Invoke:
    def invoke(environment: ExecutionEnvironment, event: bytes = b"{}") -> Outcome:
        context = LambdaContext(function_name=environment.deployment.function_name, aws_request_id="request-1")
        return environment.invoke(event, context)

    return invoke


def package(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()
