"""Managed runtimes: which are taken, and what is said of the others."""

import pytest

from fakelambda.domain import runtimes
from fakelambda.domain.errors import InvalidParameterValueException


@pytest.mark.parametrize("runtime", runtimes.SUPPORTED)
def test_supported_runtimes_are_taken(runtime: str) -> None:
    runtimes.check(runtime)


@pytest.mark.parametrize("runtime", sorted(runtimes.RETIRED))
def test_retired_runtimes_are_named_as_such(runtime: str) -> None:
    with pytest.raises(InvalidParameterValueException, match=f"^The runtime parameter of {runtime} is no longer supported"):
        runtimes.check(runtime)


@pytest.mark.parametrize("runtime", ["PYTHON3.9", "cobol1", "python2.7"])
def test_others_get_the_list_of_what_there_is(runtime: str) -> None:
    with pytest.raises(InvalidParameterValueException, match=rf"^Value {runtime} at 'runtime' .* \[nodejs20\.x, .*\] or be a valid ARN$"):
        runtimes.check(runtime)


@pytest.mark.parametrize(("runtime", "snap_start"), [("python3.12", True), ("java21", True), ("python3.11", False), ("nodejs22.x", False)])
def test_few_runtimes_have_snap_start(runtime: str, snap_start: bool) -> None:  # noqa: FBT001 - a column of the table
    if snap_start:
        runtimes.check_snap_start(runtime)
        return
    with pytest.raises(InvalidParameterValueException, match=f"^{runtime} is not supported for SnapStart enabled functions.$"):
        runtimes.check_snap_start(runtime)


@pytest.mark.parametrize(
    ("runtime", "name"),
    [
        ("python3.13", "python:3.13.v1"),
        ("nodejs20.x", "nodejs:20.v1"),
        ("java8.al2", "java:8.al2.v1"),
        ("provided.al2023", "provided:al2023.v1"),
        ("dotnet8", "dotnet:8.v1"),
    ],
)
def test_the_first_line_of_a_log_stream_names_the_version(runtime: str, name: str) -> None:
    assert runtimes.version_name(runtime) == name
