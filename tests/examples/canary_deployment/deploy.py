"""Deploys the orders function, and lets a new version prove itself on a part of the traffic first.

python deploy.py arn:aws:iam::123456789012:role/orders
"""

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

FUNCTION = "orders"
ALIAS = "live"
SOURCE = Path(__file__).parent / "src"
STEPS = (0.1, 0.5)  # the new version's share of the traffic, before it gets all
PROBES = 60  # invocations that judge a step
TOLERATED = 0.05  # share of the new version's invocations that may fail
PROBE = {"id": "probe", "items": {"tea": 2, "biscuits": 1}}
BUILT_AT = (2020, 1, 1, 0, 0, 0)  # the same files give the same zip, whenever they were checked out

client: Any = boto3.client("lambda", region_name="eu-west-1", config=Config(retries={"mode": "standard", "total_max_attempts": 3}))


class RolledBackError(Exception):
    """The new version failed; the alias points to the old one alone, as before."""


def package(source: Path) -> bytes:
    """The zip of a directory."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.writestr(zipfile.ZipInfo(str(path.relative_to(source)), BUILT_AT), path.read_bytes())
    return packed.getvalue()


def upload(code: bytes, role: str) -> str:
    """Creates the function, or gives it the code; the code's SHA-256 as AWS computed it."""
    try:
        client.get_function_configuration(FunctionName=FUNCTION)
    except client.exceptions.ResourceNotFoundException:
        client.create_function(
            FunctionName=FUNCTION,
            Role=role,
            Runtime="python3.12",
            Handler="orders.app.handler",
            Code={"ZipFile": code},
            Environment={"Variables": {"CURRENCY": "EUR"}},
        )
        client.get_waiter("function_active_v2").wait(FunctionName=FUNCTION)
    else:
        client.update_function_code(FunctionName=FUNCTION, ZipFile=code)
        client.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION)
    return str(client.get_function_configuration(FunctionName=FUNCTION)["CodeSha256"])


def publish(code_sha256: str) -> str:
    """Publishes what was uploaded, unless somebody has uploaded something else meanwhile; the version."""
    return str(client.publish_version(FunctionName=FUNCTION, CodeSha256=code_sha256)["Version"])


def failures(version: str) -> float:
    """Invokes the alias as its callers do; the share of the version's invocations that failed."""
    failed = served = 0
    for _ in range(PROBES):
        answer = client.invoke(FunctionName=f"{FUNCTION}:{ALIAS}", Payload=json.dumps(PROBE))
        if answer["ExecutedVersion"] == version:
            served += 1
            failed += "FunctionError" in answer
    return failed / served if served else 0.0


def shift(alias: dict[str, Any], **change: Any) -> dict[str, Any]:
    """Changes the alias, unless somebody else has changed it since we last saw it."""
    changed: dict[str, Any] = client.update_alias(FunctionName=FUNCTION, Name=ALIAS, RevisionId=alias["RevisionId"], **change)
    return changed


def release(version: str) -> None:
    """Moves the alias to a version, step by step."""
    try:
        alias = client.get_alias(FunctionName=FUNCTION, Name=ALIAS)
    except client.exceptions.ResourceNotFoundException:
        client.create_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion=version)
        return
    alone: dict[str, Any] = {"AdditionalVersionWeights": {}}
    for share in STEPS:
        alias = shift(alias, RoutingConfig={"AdditionalVersionWeights": {version: share}})
        try:
            failed = failures(version)
        except client.exceptions.TooManyRequestsException as error:
            shift(alias, RoutingConfig=alone)
            raise RolledBackError(f"version {version}: throttled at {share:.0%} of the traffic") from error
        if failed > TOLERATED:
            shift(alias, RoutingConfig=alone)
            raise RolledBackError(f"version {version}: {failed:.0%} of its invocations failed at {share:.0%} of the traffic")
    shift(alias, FunctionVersion=version, RoutingConfig=alone)


def deploy(role: str, source: Path = SOURCE) -> str:
    """Everything, from the source to the alias; the version that is live now."""
    version = publish(upload(package(source), role))
    release(version)
    return version


if __name__ == "__main__":
    sys.stdout.write(f"{FUNCTION}:{ALIAS} is version {deploy(role=sys.argv[1])}\n")
