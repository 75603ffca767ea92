"""Many threads, eight functions with different variables: nobody ever sees another's."""

from __future__ import annotations

import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from fakelambda.runtime.context import LambdaContext
from fakelambda.runtime.environment import Deployment, ExecutionEnvironment
from fakelambda.runtime.environments import Environments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fakelambda import FakeLambda

THREADS = 32
NAMES = [f"f{number}" for number in range(8)]
APP = """\
import os
from os import environ
import helper
at_import = os.environ["NAME"]
def handler(event, context):
    os.environ["WRITTEN"] = str(event)
    seen = [at_import, environ["NAME"], os.environb[b"NAME"].decode(), os.getenv("NAME"), dict(os.environ)["NAME"], helper.NAME]
    assert os.environ["WRITTEN"] == str(event)
    return seen
"""


@pytest.fixture(autouse=True)
def impatient_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def in_threads(work: Callable[[int], Any]) -> None:
    gate = threading.Barrier(THREADS)

    def begin(number: int) -> None:
        gate.wait(10)
        work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(begin, range(THREADS)))


def files_of(name: str) -> dict[str, str]:
    return {"app.py": APP, "helper.py": f"NAME = {name!r}"}


def test_environments_in_32_threads_200_times_each(zipped: Any) -> None:
    pool = Environments()
    deployments = {
        name: Deployment(function_name=name, code=zipped(files_of(name)), handler="app.handler", variables={"NAME": name}) for name in NAMES
    }

    def work(number: int) -> None:
        for count in range(200):
            name = NAMES[(number + count) % len(NAMES)]
            environment = pool.acquire(name, lambda name=name: ExecutionEnvironment(deployments[name]))  # type: ignore[misc]  # mypy cannot infer the lambda
            outcome = environment.invoke(str(number).encode(), LambdaContext(function_name=name))
            pool.release(environment)
            assert outcome.result == [name] * 6
            assert "NAME" not in os.environ

    in_threads(work)
    pool.close()
    assert not {"NAME", "WRITTEN"} & {*os.environ}


def test_clients_in_32_threads(fake: FakeLambda, zipped: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = fake.client()
    for name in NAMES:
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.handler",
            Role="arn:aws:iam::123456789012:role/r",
            Code={"ZipFile": zipped(files_of(name))},
            Environment={"Variables": {"NAME": name}},
        )

    def work(number: int) -> None:
        for count in range(40):
            name = NAMES[(number + count) % len(NAMES)]
            with pytest.MonkeyPatch.context() as patch:  # as the test may do meanwhile
                patch.setenv(f"OF_{number}", name)
                assert json.load(client.invoke(FunctionName=name, Payload=str(number))["Payload"]) == [name] * 6
                assert os.environ[f"OF_{number}"] == name

    in_threads(work)
    assert len(fake.invocations) == THREADS * 40
    assert not [name for name in os.environ if name.startswith("OF_") or name in {"NAME", "WRITTEN"}]
