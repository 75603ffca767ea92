"""Provisioned concurrency."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fakelambda.domain import concurrency, functions, provisioned_concurrency
from fakelambda.domain.errors import (
    InvalidParameterValueException,
    ProvisionedConcurrencyConfigNotFoundException,
    ResourceNotFoundException,
)
from fakelambda.domain.functions import Function
from fakelambda.domain.names import LATEST, FunctionReference, can_be_alias
from fakelambda.domain.provisioned_concurrency import INITIALIZATION_TYPE, ProvisionedConcurrencyConfig
from fakelambda.operations import pages
from fakelambda.operations.call import Answer, Call, operation
from fakelambda.operations.concurrency import claimed_by_others
from fakelambda.operations.transitions import allocate_later


def _shown(config: ProvisionedConcurrencyConfig) -> dict[str, Any]:
    shown = {
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AvailableProvisionedConcurrentExecutions": config.allocated,
        "AllocatedProvisionedConcurrentExecutions": config.allocated,
        "Status": config.status.value,
        "StatusReason": config.status_reason,
        "LastModified": config.last_modified.isoformat(timespec="seconds").replace("+00:00", "+0000"),
    }
    return {member: value for member, value in shown.items() if value is not None}


def _named(call: Call, reference: FunctionReference, not_for_latest: str) -> tuple[Function, str]:
    """The function and the version or alias of it that a caller named.

    Args:
        not_for_latest: the error's text where ``$LATEST`` was named.

    Raises:
        InvalidParameterValueException: it was.
        ResourceNotFoundException: there is no such function, version or alias.
    """
    qualifier = reference.qualifier or LATEST
    if qualifier == LATEST:
        raise InvalidParameterValueException(not_for_latest)
    found = call.functions.get(reference.name)
    existing = () if found is None else (*found.versions, *found.aliases)
    if found is None or qualifier not in existing:
        what = "Cannot find alias arn" if can_be_alias(qualifier) else "Function not found"
        raise ResourceNotFoundException(f"{what}: {reference.qualified_arn()}")
    return found, qualifier


def _existing(call: Call, reference: FunctionReference) -> tuple[Function, str]:
    return _named(call, reference, "The function resource provided must be an alias or a published version.")


@operation("PutProvisionedConcurrencyConfig", locked=False)
def put_provisioned_concurrency_config(call: Call, *, function: FunctionReference, provisioned_concurrent_executions: int) -> Answer:
    """PutProvisionedConcurrencyConfig: environments that are initialised before anybody invokes a version, allocated after a while."""
    requested = provisioned_concurrent_executions
    with call.service.lock:
        found, qualifier = _named(call, function, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
        concurrency.check_provisionable(found, qualifier)
        concurrency.check_provision(found, qualifier, requested, claimed_by_others(call, found))
        _, version = call.version(function)
        before = found.provisioned_concurrency_configs.get(qualifier)
        config = provisioned_concurrency.put(before, requested=requested, version=version.version, at=call.now)
        version = replace(version, revision_id=call.new_id())
        found = replace(
            found,
            versions=functions.with_item(found.versions, version.version, version),
            provisioned_concurrency_configs=functions.with_item(found.provisioned_concurrency_configs, qualifier, config),
        )
        call.functions.put(found)
    allocate(call, found, qualifier)
    return _shown(config)


@operation("GetProvisionedConcurrencyConfig")
def get_provisioned_concurrency_config(call: Call, *, function: FunctionReference) -> Answer:
    """GetProvisionedConcurrencyConfig: what is provisioned for exactly the version or alias that is named."""
    found, qualifier = _existing(call, function)
    config = found.provisioned_concurrency_configs.get(qualifier)
    if config is None:
        raise ProvisionedConcurrencyConfigNotFoundException("No Provisioned Concurrency Config found for this function")
    return _shown(config)


@operation("DeleteProvisionedConcurrencyConfig")
def delete_provisioned_concurrency_config(call: Call, *, function: FunctionReference) -> Answer:
    """DeleteProvisionedConcurrencyConfig: back to environments on demand; nothing to delete is fine."""
    found, qualifier = _existing(call, function)
    call.functions.put(released(call, found, qualifier))
    return {}


@operation("ListProvisionedConcurrencyConfigs")
def list_provisioned_concurrency_configs(
    call: Call, *, function: FunctionReference, marker: str | None = None, max_items: int | None = None
) -> Answer:
    """ListProvisionedConcurrencyConfigs: those of all qualifiers of a function."""
    found, first = call.function(function), pages.start_in_function(call, marker)
    return pages.page(
        (qualifier for qualifier in sorted(found.provisioned_concurrency_configs) if qualifier >= first),
        member="ProvisionedConcurrencyConfigs",
        arn=lambda qualifier: f"{found.arn}:{qualifier}",
        show=lambda qualifier: {"FunctionArn": f"{found.arn}:{qualifier}", **_shown(found.provisioned_concurrency_configs[qualifier])},
        max_items=max_items,
    )


def released(call: Call, function: Function, qualifier: str) -> Function:
    """The function with nothing provisioned for a qualifier; its provisioned environments end."""
    config = function.provisioned_concurrency_configs.get(qualifier)
    if config is None:
        return function
    call.service.runner.discard(function, config.version, INITIALIZATION_TYPE)
    configs = functions.without_item(function.provisioned_concurrency_configs, qualifier)
    return replace(function, provisioned_concurrency_configs=configs)


def moved(function: Function, alias: str) -> Function:
    """The function after an alias was moved to another version: what is provisioned for it begins to move too, if anything.

    Raises:
        InvalidParameterValueException: that version cannot be provisioned.
        ResourceConflictException: something is provisioned for that version already.
    """
    config = function.provisioned_concurrency_configs.get(alias)
    if config is None:
        return function
    concurrency.check_provisionable(function, alias)
    configs = functions.with_item(function.provisioned_concurrency_configs, alias, provisioned_concurrency.move(config))
    return replace(function, provisioned_concurrency_configs=configs)


def allocate(call: Call, function: Function, qualifier: str) -> None:
    """Begins the allocation for a qualifier, if anything is provisioned for it. Takes no lock: the handler is imported.

    One environment shows whether it can be, as all of them are initialised alike.
    """
    configuration = function.resolve(qualifier)
    if configuration is None or qualifier not in function.provisioned_concurrency_configs:
        return
    initialised = False
    try:
        initialised = call.service.runner.initialise(function, configuration, qualifier, INITIALIZATION_TYPE) is None
    finally:
        allocate_later(call.service, function, qualifier, initialised=initialised)
