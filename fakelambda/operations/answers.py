"""How records look in answers."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

from fakelambda.domain import lifecycle, runtimes
from fakelambda.domain.functions import Function, FunctionConfiguration

_URL_SAFE = str.maketrans({"+": "-", "/": "_", "=": None})
_AS_DIGEST = str.maketrans("-_", "+/")


@lru_cache(maxsize=4096)
def timestamp(at: datetime) -> str:
    """A time as the text that functions show: milliseconds and ``+0000``."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "+0000")


@lru_cache(maxsize=64)
def _life(life: lifecycle.Life) -> dict[str, str]:
    """The states of a version and their reasons; nobody changes it."""
    shown = {"State": life.state.value}
    if life.state_reason is not None:
        shown |= {"StateReason": life.state_reason.text, "StateReasonCode": life.state_reason.code}
    if life.last_update_status is not lifecycle.LastUpdateStatus.ABSENT:
        shown["LastUpdateStatus"] = life.last_update_status.value
    if life.last_update_status_reason is not None:
        text, code = life.last_update_status_reason
        shown |= {"LastUpdateStatusReason": text, "LastUpdateStatusReasonCode": code}
    return shown


_MEMBERS: WeakKeyDictionary[FunctionConfiguration, dict[str, Any]] = WeakKeyDictionary()
"""What answers show of a configuration, made once each; nobody changes it."""


def listed(configuration: FunctionConfiguration, arn: str) -> dict[str, Any]:
    """A version as lists show it: without its states and runtime version.

    Args:
        arn: as this list shows it, qualified or not.
    """
    members = _MEMBERS.get(configuration)
    if members is None:
        members = _MEMBERS[configuration] = _members(configuration)
    return {**members, "FunctionArn": arn}


def _members(configuration: FunctionConfiguration) -> dict[str, Any]:
    code = configuration.code
    shown = {
        "FunctionName": configuration.function_name,
        "FunctionArn": "",  # keeps the place
        "Runtime": configuration.runtime,
        "Role": configuration.role,
        "Handler": configuration.handler,
        "CodeSize": code.code_size,
        "Description": configuration.description,
        "Timeout": configuration.timeout,
        "MemorySize": configuration.memory_size,
        "LastModified": timestamp(configuration.last_modified),
        "CodeSha256": code.code_sha256,
        "Version": configuration.version,
        "VpcConfig": configuration.vpc_config,
        "DeadLetterConfig": configuration.dead_letter_config,
        "Environment": configuration.environment,
        "KMSKeyArn": configuration.kms_key_arn,
        "TracingConfig": configuration.tracing_config,
        "RevisionId": configuration.revision_id,
        "FileSystemConfigs": configuration.file_system_configs and list(configuration.file_system_configs),
        "PackageType": configuration.package_type,
        "ImageConfigResponse": configuration.image_config_response,
        "Architectures": list(configuration.architectures),
        "EphemeralStorage": configuration.ephemeral_storage,
        "SnapStart": configuration.snap_start,
        "LoggingConfig": configuration.logging_config,
    }
    return {member: value for member, value in shown.items() if value is not None}


def configured(function: Function, configuration: FunctionConfiguration, qualifier: str | None = None) -> dict[str, Any]:
    """A version as every other answer shows it.

    Args:
        qualifier: that of the ARN shown; None for the unqualified ARN.
    """
    runtime = configuration.runtime
    shown = listed(configuration, f"{function.arn}:{qualifier}" if qualifier else function.arn)
    shown.update(_life(configuration.life))
    if runtime:
        pinned = function.runtime_management_configs.get(configuration.version)
        arn = (pinned and pinned.runtime_version_arn) or runtimes.runtime_version_arn(runtime, function.region)
        shown["RuntimeVersionConfig"] = {"RuntimeVersionArn": arn}
    return shown


def code_location(function: Function, configuration: FunctionConfiguration, at: datetime) -> dict[str, Any]:
    """Where the code of a version can be had, as ``GetFunction`` shows it."""
    code = configuration.code
    if code.package is None:
        repository = (code.image_uri or "").split("@")[0].rsplit(":", 1)[0]
        resolved = f"{repository}@sha256:{code.code_sha256}"
        return {"RepositoryType": "ECR", "ImageUri": code.image_uri, "ResolvedImageUri": resolved}
    return {"RepositoryType": "S3", "Location": location(function.region, function.account_id, function.name, code.code_sha256, at)}


def location(region: str, account_id: str, name: str, code_sha256: str, at: datetime) -> str:
    """A URL in the form of AWS's presigned ones; ``FakeLambda.download`` understands it, nothing else does."""
    return _location(region, account_id, name, code_sha256, int(at.timestamp()))


@lru_cache(maxsize=1024)
def _location(region: str, account_id: str, name: str, code_sha256: str, at: int) -> str:
    host = f"awslambda-{region}-tasks.s3.{region}.amazonaws.com"
    signed = f"X-Amz-Date={datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}&X-Amz-Expires=600"
    return f"https://{host}/snapshots/{account_id}/{name}?versionId={code_sha256.translate(_URL_SAFE)}&{signed}"


def code_at(url: str) -> tuple[str, str, str, str]:
    """What a URL made by ``location`` leads to: account, region, function name and digest.

    Raises:
        ValueError: it is none of those.
    """
    parts = urlsplit(url)
    path, digest = parts.path.split("/"), parse_qs(parts.query).get("versionId")
    if not (parts.netloc.startswith("awslambda-") and len(path) == 4 and digest):  # noqa: PLR2004 - "", snapshots, account, name
        raise ValueError(f"{url!r} is no Code.Location of this fake.")
    return path[2], parts.netloc.split(".")[2], path[3], f"{digest[0].translate(_AS_DIGEST)}="
