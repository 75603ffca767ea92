from __future__ import annotations

import os
import subprocess
import sys
from os import environ
from typing import TYPE_CHECKING, Any

import pytest

from fakelambda.runtime import process
from fakelambda.runtime.environ import Deployed, OverHost, current, encoded, lambda_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakelambda.runtime.environ import Variables


@pytest.fixture(params=["own only", "over the host's"])
def variables(request: pytest.FixtureRequest) -> Iterator[Variables]:
    inside = OverHost({"OWN": "1"}) if request.param == "over the host's" else encoded({"OWN": "1"})
    token = current.set(inside)
    yield inside
    current.reset(token)


def test_every_reference_to_the_environment_follows_the_invocation(variables: Variables) -> None:
    assert (environ["OWN"], os.getenv("OWN"), os.environb[b"OWN"], os.getenvb(b"OWN"), "OWN" in os.environ) == ("1", "1", b"1", b"1", True)
    assert dict(os.environ)["OWN"] == os.environ.copy()["OWN"] == "1"


def test_writes_stay_inside(variables: Variables) -> None:
    os.environ["WRITTEN"] = "1"
    os.environb[b"WRITTEN_TOO"] = b"2"
    os.environ.setdefault("SET", "3")
    os.environ.update(UPDATED="4")
    del os.environ["OWN"]
    names = ("WRITTEN", "WRITTEN_TOO", "SET", "UPDATED", "OWN")
    assert [os.environ.get(name) for name in names] == ["1", "2", "3", "4", None]
    assert len(os.environ) == len(list(os.environ))
    token = current.set(None)
    assert [os.environ.get(name) for name in names] == [None] * 5
    current.reset(token)


def test_mistakes_are_the_standard_library_s(variables: Variables) -> None:
    for value in (1, None):
        with pytest.raises(TypeError, match="str expected"):
            os.environ["X"] = value  # type: ignore[assignment]  # the mistake
    with pytest.raises(KeyError, match="'NOT_THERE'"):
        del os.environ["NOT_THERE"]
    with pytest.raises(KeyError, match="'NOT_THERE'"):
        os.environ["NOT_THERE"]


def test_deployed_code_does_not_see_the_host_s_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_HOST", "1")
    token = current.set(encoded({"OWN": "1"}))
    seen = dict(os.environ)
    current.reset(token)
    assert seen == {"OWN": "1"}


def test_moto_finds_its_own_settings_where_deployed_code_sees_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "111111111111")
    monkeypatch.setenv("OF_THE_HOST", "1")
    token = current.set(Deployed(encoded({"OWN": "1"})))
    try:
        assert dict(os.environ) == {"OWN": "1"}
        found = [os.environ.get(name) for name in ("MOTO_ACCOUNT_ID", "MOTO_UNKNOWN", "OF_THE_HOST", "OWN")]
        assert "MOTO_ACCOUNT_ID" in os.environ
    finally:
        current.reset(token)
    assert found == ["111111111111", None, None, "1"]


def test_a_callable_sees_the_host_s_variables_under_its_own_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTH", "host")
    monkeypatch.setenv("GONE", "host")
    variables = OverHost({"BOTH": "own"})
    token = current.set(variables)
    del os.environ["GONE"]
    current.reset(token)
    monkeypatch.setenv("LATER", "host")
    token = current.set(variables)
    seen = {name: os.environ.get(name) for name in ("BOTH", "LATER", "GONE")}
    listed = set(os.environ)
    current.reset(token)
    assert seen == {"BOTH": "own", "LATER": "host", "GONE": None}
    assert ("BOTH" in listed, "LATER" in listed, "GONE" in listed) == (True, True, False)
    assert os.environ["GONE"] == "host"


def test_the_host_s_environment_is_as_ever_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_HOST", "1")
    monkeypatch.delenv("OF_THE_HOST")
    with pytest.raises(KeyError):
        os.environ["OF_THE_HOST"]
    os.environ["REACHES_C"] = "1"
    assert subprocess.check_output([sys.executable, "-c", "import os; print(os.environ['REACHES_C'])"]) == b"1\n"
    del os.environ["REACHES_C"]


def test_installing_is_counted() -> None:
    process.install()
    process.uninstall()
    assert type(os.environ) is not os._Environ
    process.uninstall()
    try:
        assert {type(viewed) for viewed in (os.environ, os.environb)} == {os._Environ}
        with pytest.raises(RuntimeError, match="without an install"):
            process.uninstall()
    finally:
        process.install()


def test_lambda_s_own_variables() -> None:
    facts: dict[str, Any] = {
        "function_name": "orders",
        "version": "3",
        "handler": "app.handler",
        "runtime": "python3.13",
        "memory_size": 256,
        "region": "eu-west-1",
        "log_group_name": "/aws/lambda/orders",
        "log_stream_name": "2025/01/01/[3]0",
    }
    variables = lambda_variables(**facts)
    assert all(isinstance(value, str) for value in variables.values())
    expected = {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "orders",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "3",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": "/var/task",
        "TZ": ":UTC",
        "_HANDLER": "app.handler",
    }
    assert {name: variables[name] for name in expected} == expected
    assert "_X_AMZN_TRACE_ID" not in variables
