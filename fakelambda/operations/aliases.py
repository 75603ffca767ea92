"""Aliases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fakelambda.domain import functions
from fakelambda.domain.aliases import Alias, check_number_of_weights, check_routing
from fakelambda.domain.errors import ResourceConflictException, ResourceNotFoundException
from fakelambda.domain.functions import Function
from fakelambda.domain.names import FunctionReference
from fakelambda.operations import pages, provisioned_concurrency
from fakelambda.operations.call import Answer, Call, operation


def _shown(function: Function, alias: Alias) -> dict[str, Any]:
    routing_config = alias.routing_config
    return {
        "AliasArn": f"{function.arn}:{alias.name}",
        "Name": alias.name,
        "FunctionVersion": alias.function_version,
        "Description": alias.description,
        **({"RoutingConfig": routing_config} if routing_config else {}),
        "RevisionId": alias.revision_id,
    }


def _weights(routing_config: Mapping[str, Any] | None) -> dict[str, float]:
    weights: Mapping[str, float] = (routing_config or {}).get("AdditionalVersionWeights") or {}
    return {version: float(weight) for version, weight in weights.items()}


@operation("CreateAlias")
def create_alias(
    call: Call,
    *,
    function: FunctionReference,
    name: str,
    function_version: str,
    description: str = "",
    routing_config: Mapping[str, Any] | None = None,
) -> Answer:
    """CreateAlias: a pointer to a version, optionally with a weight for a second one."""
    weights = _weights(routing_config)
    check_number_of_weights(weights)
    found = call.function(function, f"Function not found: {function.arn()}:{function_version}")
    check_routing(found.arn, found.version, function_version, weights)
    if name in found.aliases:
        raise ResourceConflictException(f"Alias already exists: {found.arn}:{name}")
    alias = Alias(
        name=name,
        function_version=function_version,
        description=description,
        revision_id=call.new_id(),
        additional_version_weights=weights,
    )
    call.functions.put(found.changed(aliases=functions.with_item(found.aliases, name, alias)))
    return _shown(found, alias)


@operation("GetAlias")
def get_alias(call: Call, *, function: FunctionReference, name: str) -> Answer:
    """GetAlias: an alias by name."""
    message = f"Cannot find alias arn: {function.arn()}:{name}"
    found = call.function(function, message)
    if name not in found.aliases:
        raise ResourceNotFoundException(message)
    return _shown(found, found.aliases[name])


@operation("UpdateAlias", locked=False)
def update_alias(
    call: Call,
    *,
    function: FunctionReference,
    name: str,
    function_version: str | None = None,
    description: str | None = None,
    routing_config: Mapping[str, Any] | None = None,
    revision_id: str | None = None,
) -> Answer:
    """UpdateAlias: what is not given stays; the revision id changes all the same."""
    weights = _weights(routing_config)
    check_number_of_weights(weights)
    with call.service.lock:
        message = f"Alias not found: {function.arn()}:{name}"
        found = call.function(function, message)
        alias = found.aliases.get(name)
        if alias is None:
            raise ResourceNotFoundException(message)
        functions.check_revision(revision_id, alias.revision_id)
        updated = replace(
            alias,
            function_version=alias.function_version if function_version is None else function_version,
            description=alias.description if description is None else description,
            additional_version_weights=alias.additional_version_weights if routing_config is None else weights,
            revision_id=call.new_id(),
        )
        check_routing(found.arn, found.version, updated.function_version, updated.additional_version_weights)
        changed = replace(found, aliases=functions.with_item(found.aliases, name, updated))
        is_moved = updated.function_version != alias.function_version
        if is_moved:
            changed = provisioned_concurrency.moved(changed, name)
        call.functions.put(changed)
    if is_moved:
        provisioned_concurrency.allocate(call, changed, name)
    return _shown(changed, updated)


@operation("DeleteAlias")
def delete_alias(call: Call, *, function: FunctionReference, name: str) -> Answer:
    """DeleteAlias: with its policy and configuration; one that is not there is fine."""
    found = call.function(function)
    call.functions.put(
        replace(
            provisioned_concurrency.released(call, found, name),
            aliases=functions.without_item(found.aliases, name),
            policies=functions.without_item(found.policies, name),
            event_invoke_configs=functions.without_item(found.event_invoke_configs, name),
        )
    )
    return {}


@operation("ListAliases")
def list_aliases(
    call: Call,
    *,
    function: FunctionReference,
    function_version: str | None = None,
    marker: str | None = None,
    max_items: int | None = None,
) -> Answer:
    """ListAliases: by name, optionally only those that point to a version."""
    found, first = call.function(function), pages.start_in_function(call, marker)
    aliases = (found.aliases[name] for name in sorted(found.aliases) if name >= first)
    return pages.page(
        (alias for alias in aliases if function_version is None or alias.function_version == function_version),
        member="Aliases",
        arn=lambda alias: f"{found.arn}:{alias.name}",
        show=lambda alias: _shown(found, alias),
        max_items=max_items,
    )
