"""Imports every family, so that the table of operations is complete."""

from fakelambda.operations import (
    account,
    aliases,
    concurrency,
    event_invoke_configs,
    event_source_mappings,
    functions,
    invocation,
    layer_permissions,
    layers,
    permissions,
    provisioned_concurrency,
    recursion,
    runtime_management,
    tags,
    updates,
    versions,
)

__all__ = [
    "account",
    "aliases",
    "concurrency",
    "event_invoke_configs",
    "event_source_mappings",
    "functions",
    "invocation",
    "layer_permissions",
    "layers",
    "permissions",
    "provisioned_concurrency",
    "recursion",
    "runtime_management",
    "tags",
    "updates",
    "versions",
]
