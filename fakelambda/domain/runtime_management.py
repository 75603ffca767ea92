"""Runtime management: when AWS moves a version to a newer version of its runtime."""

from __future__ import annotations

from typing import NamedTuple

from fakelambda.domain.errors import InvalidParameterValueException


class RuntimeManagementConfig(NamedTuple):
    """How the runtime of one version is updated.

    Args:
        update_runtime_on: ``"Auto"``, ``"FunctionUpdate"`` or ``"Manual"``.
        runtime_version_arn: the runtime version that stays; None unless ``"Manual"``.
    """

    update_runtime_on: str = "Auto"
    runtime_version_arn: str | None = None


def checked(update_runtime_on: str, runtime_version_arn: str | None) -> RuntimeManagementConfig:
    """A configuration as it is stored.

    Raises:
        InvalidParameterValueException: a runtime version is missing, or is given to a mode in which AWS chooses it. AWS's texts are not
            known.
    """
    if (update_runtime_on == "Manual") != (runtime_version_arn is not None):
        needed = "is required" if update_runtime_on == "Manual" else "is not allowed"
        raise InvalidParameterValueException(f"RuntimeVersionArn {needed} when UpdateRuntimeOn is {update_runtime_on}.")
    return RuntimeManagementConfig(update_runtime_on, runtime_version_arn)
