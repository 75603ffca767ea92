"""Which managed runtimes AWS takes, and what it says of the others."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from fakelambda.domain.errors import InvalidParameterValueException
from fakelambda.domain.names import partition_of

SUPPORTED = (  # in the order of AWS's message [recorded January 2026]
    *(
        "nodejs20.x",
        "python3.14",
        "provided.al2023",
        "python3.12",
        "python3.13",
        "nodejs24.x",
        "nodejs22.x",
        "java25",
        "python3.10",
        "python3.11",
    ),
    *("java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9", "java17", "nodejs16.x", "dotnet10", "dotnet8"),
    *("java11", "dotnet6", "nodejs18.x", "provided.al2", "java8.al2"),
)
_NAME = re.compile(r"(?P<language>[a-z]+)\.?(?P<version>.+?)(?:\.x)?")
RETIRED = frozenset({"java8", "go1.x", "provided", "ruby2.7", "nodejs14.x", "nodejs12.x", "python3.7", "dotnetcore3.1"})
_SNAP_START = frozenset({"java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14", "dotnet8", "dotnet10"})


def check(runtime: str) -> None:
    """Refuse a runtime that AWS refuses.

    Raises:
        InvalidParameterValueException: retired, or not a runtime at all.
    """
    if runtime in RETIRED:
        raise InvalidParameterValueException(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions."
        )
    if runtime not in SUPPORTED:
        raise InvalidParameterValueException(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(SUPPORTED)}] or be a valid ARN"
        )


def check_snap_start(runtime: str | None) -> None:
    """Refuse SnapStart for a runtime that has none.

    Args:
        runtime: None for a container image.

    Raises:
        InvalidParameterValueException: it cannot be snapshotted.
    """
    if runtime not in _SNAP_START:
        raise InvalidParameterValueException(f"{runtime or 'ContainerImage'} is not supported for SnapStart enabled functions.")


@lru_cache(maxsize=256)
def runtime_version_arn(runtime: str, region: str) -> str:
    """The ARN of the runtime version that runs a runtime; AWS's digest is its own, so ours is derived from the name."""
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return f"arn:{partition_of(region)}:lambda:{region}::runtime:{digest}"


def version_name(runtime: str) -> str:
    """A runtime's name in the first line of a log stream, such as ``python:3.13.v1``; AWS's own version numbers are not known."""
    name = _NAME.fullmatch(runtime)
    return f"{name['language']}:{name['version']}.v1" if name else runtime
