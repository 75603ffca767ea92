"""Runtime management configurations, one of each version."""

from __future__ import annotations

from dataclasses import replace

from fakelambda.domain import functions, runtime_management
from fakelambda.domain.names import FunctionReference
from fakelambda.domain.runtime_management import RuntimeManagementConfig
from fakelambda.operations.call import Answer, Call, operation


def _shown(reference: FunctionReference, config: RuntimeManagementConfig) -> Answer:
    return {
        "UpdateRuntimeOn": config.update_runtime_on,
        "FunctionArn": reference.qualified_arn(),
        "RuntimeVersionArn": config.runtime_version_arn,
    }


@operation("GetRuntimeManagementConfig")
def get_runtime_management_config(call: Call, *, function: FunctionReference) -> Answer:
    """GetRuntimeManagementConfig: ``Auto`` unless something else was put."""
    found, version = call.version(function)
    return _shown(function, found.runtime_management_configs.get(version.version, RuntimeManagementConfig()))


@operation("PutRuntimeManagementConfig")
def put_runtime_management_config(
    call: Call, *, function: FunctionReference, update_runtime_on: str, runtime_version_arn: str | None = None
) -> Answer:
    """PutRuntimeManagementConfig: when a version moves to a newer version of its runtime, or which one it stays at."""
    found, version = call.version(function)
    config = runtime_management.checked(update_runtime_on, runtime_version_arn)
    configs = functions.with_item(found.runtime_management_configs, version.version, config)
    call.functions.put(replace(found, runtime_management_configs=configs))
    return _shown(function, config)
