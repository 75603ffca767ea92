"""How records look in answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from fakelambda.domain import lifecycle, runtimes
from fakelambda.domain.functions import Function, FunctionConfiguration
from fakelambda.domain.layers import LayerVersion
from fakelambda.inspection.records import SharedDocument

_HOST = re.compile(r"awslambda-.+-(?P<kind>tasks|layers)\.s3\.(?P<region>[^.]+)\.amazonaws\.com")
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


def listed(configuration: FunctionConfiguration, arn: str) -> SharedDocument:
    """A version as lists show it: without its states and runtime version.

    Args:
        arn: as this list shows it, qualified or not.
    """
    made: SharedDocument | None = configuration.shown.get(arn)
    if made is None:
        made = configuration.shown[arn] = SharedDocument(_members(configuration, arn))
    return made


def _members(configuration: FunctionConfiguration, arn: str) -> dict[str, Any]:
    code = configuration.code
    shown = {
        "FunctionName": configuration.function_name,
        "FunctionArn": arn,
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
        "Layers": [{"Arn": layer.arn, "CodeSize": layer.package.code_size} for layer in configuration.layers] or None,
    }
    return {member: value for member, value in shown.items() if value is not None}


def configured(function: Function, configuration: FunctionConfiguration, qualifier: str | None = None) -> SharedDocument:
    """A version as every other answer shows it.

    Args:
        qualifier: that of the ARN shown; None for the unqualified ARN.
    """
    pinned = function.runtime_management_configs.get(configuration.version)
    way = (qualifier, pinned and pinned.runtime_version_arn)  # all that may change while the configuration stays
    made: SharedDocument | None = configuration.shown.get(way)
    if made is None:
        made = configuration.shown[way] = _configured(function, configuration, *way)
    return made


def _configured(
    function: Function, configuration: FunctionConfiguration, qualifier: str | None, runtime_version_arn: str | None
) -> SharedDocument:
    members = _members(configuration, f"{function.arn}:{qualifier}" if qualifier else function.arn) | _life(configuration.life)
    if configuration.runtime:
        arn = runtime_version_arn or runtimes.runtime_version_arn(configuration.runtime, function.region)
        members["RuntimeVersionConfig"] = {"RuntimeVersionArn": arn}
    return SharedDocument(members)


def layer_version(version: LayerVersion) -> dict[str, Any]:
    """A layer version as lists show it; members that are None do not appear."""
    shown = {
        "LayerVersionArn": version.arn,
        "Version": version.version,
        "Description": version.description,
        "CreatedDate": timestamp(version.created_at),
        "CompatibleRuntimes": None if version.compatible_runtimes is None else list(version.compatible_runtimes),
        "CompatibleArchitectures": None if version.compatible_architectures is None else list(version.compatible_architectures),
        "LicenseInfo": version.license_info,
    }
    return {member: value for member, value in shown.items() if value is not None}


def code_location(function: Function, configuration: FunctionConfiguration, at: datetime) -> dict[str, Any]:
    """Where the code of a version can be had, as ``GetFunction`` shows it."""
    code = configuration.code
    if code.package is None:
        repository = (code.image_uri or "").split("@")[0].rsplit(":", 1)[0]
        resolved = f"{repository}@sha256:{code.code_sha256}"
        return {"RepositoryType": "ECR", "ImageUri": code.image_uri, "ResolvedImageUri": resolved}
    stored: StoredCode | None = configuration.shown.get(StoredCode)
    if stored is None:
        stored = StoredCode("tasks", function.region, function.account_id, function.name, code.code_sha256)
        configuration.shown[StoredCode] = stored
    return _stored_code(stored, int(at.timestamp()))


class StoredCode(NamedTuple):
    """Whose code a location leads to.

    Args:
        kind: ``"tasks"`` for a function's, ``"layers"`` for a layer's.
        name: of the function or the layer.
    """

    kind: str
    region: str
    account_id: str
    name: str
    code_sha256: str


def location(stored: StoredCode, at: datetime) -> str:
    """A URL in the form of AWS's presigned ones; ``FakeLambda.download`` understands it, nothing else does."""
    return _location(stored, int(at.timestamp()))


@lru_cache(maxsize=1024)
def _stored_code(stored: StoredCode, at: int) -> SharedDocument:
    return SharedDocument({"RepositoryType": "S3", "Location": _location(stored, at)})


def _location(stored: StoredCode, at: int) -> str:
    host = f"awslambda-{stored.region}-{stored.kind}.s3.{stored.region}.amazonaws.com"
    signed = f"X-Amz-Date={datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}&X-Amz-Expires=600"
    return f"https://{host}/snapshots/{stored.account_id}/{stored.name}?versionId={stored.code_sha256.translate(_URL_SAFE)}&{signed}"


def code_at(url: str) -> StoredCode:
    """What a URL made by ``location`` leads to.

    Raises:
        ValueError: it is none of those.
    """
    parts = urlsplit(url)
    host, path, digest = _HOST.fullmatch(parts.netloc), parts.path.split("/"), parse_qs(parts.query).get("versionId")
    if not (host and len(path) == 4 and digest):  # noqa: PLR2004 - "", snapshots, account, name
        raise ValueError(f"{url!r} is no Code.Location or Content.Location of this fake.")
    return StoredCode(host["kind"], host["region"], path[2], path[3], f"{digest[0].translate(_AS_DIGEST)}=")
