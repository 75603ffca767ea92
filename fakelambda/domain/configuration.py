"""How each setting of a function is stored: defaults, merging with what was there, and what clears it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypedDict

from fakelambda.domain import runtimes
from fakelambda.domain.errors import InvalidParameterValueException, RequestEntityTooLargeException
from fakelambda.domain.functions import NOTHING, Document, FunctionConfiguration

MAXIMUM_ENVIRONMENT_SIZE = 4096
MAXIMUM_REQUEST_SIZES = {
    **dict.fromkeys(("CreateFunction", "UpdateFunctionCode", "PublishLayerVersion"), 70_167_211),
    "UpdateFunctionConfiguration": 5120,
}
RESERVED_VARIABLES = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME"),
        *("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME"),
        *("AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    }
)
_DEAD_LETTER_SERVICES = {"sqs", "sns"}
_PREFIX = "Lambda was unable to configure your environment variables because the environment variables you have provided "


def check_request_size(operation: str, size: int) -> None:
    """Refuse a request whose body is over AWS's limit.

    Args:
        size: bytes of the body.

    Raises:
        RequestEntityTooLargeException: it is too large.
    """
    limit = MAXIMUM_REQUEST_SIZES.get(operation)
    if limit is not None and size >= limit:
        raise RequestEntityTooLargeException(f"Request must be smaller than {limit} bytes for the {operation} operation")


def check_package_type(package_type: str, runtime: str | None, handler: str | None) -> None:
    """Refuse a zip function that does not say how to run it.

    Raises:
        InvalidParameterValueException: runtime or handler is missing, or the runtime is none.
    """
    if package_type == "Zip" and not (runtime and handler):
        raise InvalidParameterValueException("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    if runtime is not None:
        runtimes.check(runtime)


def check_fits_image(package_type: str, given: Settings, layers: Sequence[str]) -> None:
    """Refuse for a container image what the image itself has.

    Raises:
        InvalidParameterValueException: the function is one, and is given a runtime, a handler or layers.
    """
    if package_type == "Image" and (given.get("runtime") or given.get("handler") or layers):
        raise InvalidParameterValueException(
            "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."
        )


def check_environment(environment: Document) -> None:
    """Refuse environment variables that AWS refuses.

    Raises:
        InvalidParameterValueException: over 4 KB as compact JSON, or reserved names among them.
    """
    variables: Mapping[str, str] = environment.get("Variables", NOTHING)
    reserved = [name for name in variables if name in RESERVED_VARIABLES]
    if reserved:
        raise InvalidParameterValueException(
            f"{_PREFIX}contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(dict(variables), separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > MAXIMUM_ENVIRONMENT_SIZE:
        raise InvalidParameterValueException(f"{_PREFIX}exceeded the 4KB limit. String measured: {measured}")


class Settings(TypedDict, total=False):
    """What the operations that make and change a configuration take, with AWS's own member names inside."""

    role: str
    runtime: str
    handler: str
    description: str
    timeout: int
    memory_size: int
    environment: Document
    vpc_config: Document
    dead_letter_config: Document
    tracing_config: Document
    snap_start: Document
    ephemeral_storage: Document
    logging_config: Document
    kms_key_arn: str
    file_system_configs: list[Document]
    image_config: Document


def fields(given: Settings, before: FunctionConfiguration | None, *, function_name: str, vpc_id: str) -> dict[str, Any]:
    """The fields of a configuration that a request sets.

    Args:
        given: what the caller gave.
        before: the configuration that is changed; None for a new function.
        function_name: the plain name, for the default log group.
        vpc_id: the VPC that its subnets are in.

    Raises:
        InvalidParameterValueException: a setting is refused.
    """
    merging: dict[str, Callable[[Any], Any]] = {
        "environment": _environment,
        "dead_letter_config": partial(_dead_letter_config, before=before.dead_letter_config if before else None),
        "image_config": lambda config: {"ImageConfig": dict(config)} if config else None,
        "kms_key_arn": lambda arn: arn or None,
        "file_system_configs": lambda configs: tuple(configs) or None,
        "tracing_config": lambda config: {"Mode": "PassThrough", **config},
        "logging_config": partial(_logging_config, before=before.logging_config if before else NOTHING, function_name=function_name),
        "vpc_config": partial(_vpc_config, vpc_id=vpc_id),
        "snap_start": lambda config: {"ApplyOn": config.get("ApplyOn", "None"), "OptimizationStatus": "Off"},
    }
    _check_snap_start(given, before)
    stored = {"image_config": "image_config_response"}
    asked = given if before else {"logging_config": NOTHING, **given}  # a new function logs somewhere, whatever was said
    empty = not asked.get("vpc_config") and "vpc_config"  # which says nothing
    return {stored.get(name, name): merging.get(name, _as_given)(value) for name, value in asked.items() if name != empty}


def _as_given(value: Any) -> Any:
    return value


def _environment(given: Document) -> Document | None:
    check_environment(given)
    return {"Variables": dict(given["Variables"])} if "Variables" in given else None


def _dead_letter_config(given: Document, before: Document | None) -> Document | None:
    if "TargetArn" not in given:  # an empty structure changes nothing [recorded]
        return before
    target = given["TargetArn"]
    if not target:
        return None
    if target.split(":")[2] not in _DEAD_LETTER_SERVICES or target.endswith(".fifo"):  # [docs]; AWS's text is not known
        raise InvalidParameterValueException(f"The target of DeadLetterConfig must be a standard SQS queue or SNS topic: {target}")
    return dict(given)


def _logging_config(given: Document, before: Document, function_name: str) -> Document:
    merged = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function_name}", **before, **given}
    if merged["LogFormat"] == "Text":
        if "ApplicationLogLevel" in given or "SystemLogLevel" in given:
            raise InvalidParameterValueException("To specify a log level, you must first set LogFormat to JSON.")
        return {"LogFormat": "Text", "LogGroup": merged["LogGroup"]}
    return {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **merged}


def _vpc_config(given: Document, vpc_id: str) -> Document:
    return {
        "SubnetIds": list(given.get("SubnetIds", ())),
        "SecurityGroupIds": list(given.get("SecurityGroupIds", ())),
        "VpcId": vpc_id,
        "Ipv6AllowedForDualStack": given.get("Ipv6AllowedForDualStack", False),
    }


def _check_snap_start(given: Settings, before: FunctionConfiguration | None) -> None:
    """Refuse a runtime without SnapStart where SnapStart is asked for, or stays."""
    if "snap_start" not in given and "runtime" not in given:
        return
    apply_on = given.get("snap_start", before.snap_start if before else NOTHING).get("ApplyOn", "None")
    if apply_on != "None":
        runtimes.check_snap_start(given.get("runtime") or (before.runtime if before else None))
