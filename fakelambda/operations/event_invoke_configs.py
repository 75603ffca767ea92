"""Event-invoke configurations, one of each exact qualifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fakelambda.domain import event_invoke, functions, names
from fakelambda.domain.errors import ResourceNotFoundException
from fakelambda.domain.event_invoke import EventInvokeConfig
from fakelambda.domain.functions import Function
from fakelambda.domain.names import LATEST, FunctionReference
from fakelambda.operations import pages
from fakelambda.operations.call import Answer, Call, operation

_NO_FUNCTION = "The function doesn't exist."


def _shown(function: Function, qualifier: str, config: EventInvokeConfig) -> dict[str, Any]:
    shown = {
        "LastModified": config.last_modified,
        "FunctionArn": f"{function.arn}:{qualifier}",
        "MaximumRetryAttempts": config.maximum_retry_attempts,
        "MaximumEventAgeInSeconds": config.maximum_event_age_in_seconds,
        "DestinationConfig": config.destination_config,
    }
    return {member: value for member, value in shown.items() if value is not None}


def _existing(call: Call, reference: FunctionReference, no_function: str | None = None) -> tuple[Function, str, EventInvokeConfig]:
    qualifier = reference.qualifier or LATEST
    missing = f"The function {reference.qualified_arn(LATEST)} doesn't have an EventInvokeConfig"
    function = call.function(reference, no_function or missing)
    config = function.event_invoke_configs.get(qualifier)
    if config is None:
        raise ResourceNotFoundException(missing)
    return function, qualifier, config


def _check_destinations(call: Call, function: Function, destinations: Mapping[str, Any] | None) -> None:
    def exists(arn: str) -> bool:
        name, _, qualifier = arn.partition(":function:")[2].partition(":")
        region, account_id = arn.split(":")[3:5]
        found = call.service.state.functions(account_id, region).get(name)
        return found is not None and found.resolve(qualifier or None) is not None

    event_invoke.check_destinations(destinations, names.function_arn(function.region, function.account_id, function.name), exists)


def _stored(call: Call, function: Function, qualifier: str, config: EventInvokeConfig) -> Answer:
    configs = functions.with_item(function.event_invoke_configs, qualifier, config)
    call.functions.put(replace(function, event_invoke_configs=configs))
    return _shown(function, qualifier, config)


@operation("PutFunctionEventInvokeConfig")
def put_function_event_invoke_config(
    call: Call,
    *,
    function: FunctionReference,
    maximum_retry_attempts: int | None = None,
    maximum_event_age_in_seconds: int | None = None,
    destination_config: Mapping[str, Any] | None = None,
) -> Answer:
    """PutFunctionEventInvokeConfig: replaces the whole configuration of a qualifier."""
    event_invoke.check_any_setting(maximum_retry_attempts, maximum_event_age_in_seconds, destination_config)
    found = call.function(function, _NO_FUNCTION)
    if found.resolve(function.qualifier) is None:
        raise ResourceNotFoundException(_NO_FUNCTION)
    _check_destinations(call, found, destination_config)
    config = EventInvokeConfig(
        last_modified=call.now,
        maximum_retry_attempts=maximum_retry_attempts,
        maximum_event_age_in_seconds=maximum_event_age_in_seconds,
        destination_config=event_invoke.destination_config(destination_config),
    )
    return _stored(call, found, function.qualifier or LATEST, config)


@operation("UpdateFunctionEventInvokeConfig")
def update_function_event_invoke_config(
    call: Call,
    *,
    function: FunctionReference,
    maximum_retry_attempts: int | None = None,
    maximum_event_age_in_seconds: int | None = None,
    destination_config: Mapping[str, Any] | None = None,
) -> Answer:
    """UpdateFunctionEventInvokeConfig: what is not given stays."""
    event_invoke.check_any_setting(maximum_retry_attempts, maximum_event_age_in_seconds, destination_config)
    found, qualifier, config = _existing(call, function, _NO_FUNCTION)
    _check_destinations(call, found, destination_config)
    attempts, age = maximum_retry_attempts, maximum_event_age_in_seconds
    updated = replace(
        config,
        last_modified=call.now,
        maximum_retry_attempts=config.maximum_retry_attempts if attempts is None else attempts,
        maximum_event_age_in_seconds=config.maximum_event_age_in_seconds if age is None else age,
        destination_config=event_invoke.destination_config(destination_config, config.destination_config),
    )
    return _stored(call, found, qualifier, updated)


@operation("GetFunctionEventInvokeConfig")
def get_function_event_invoke_config(call: Call, *, function: FunctionReference) -> Answer:
    """GetFunctionEventInvokeConfig: the configuration of exactly the qualifier that is named."""
    return _shown(*_existing(call, function))


@operation("DeleteFunctionEventInvokeConfig")
def delete_function_event_invoke_config(call: Call, *, function: FunctionReference) -> Answer:
    """DeleteFunctionEventInvokeConfig: back to AWS's defaults."""
    found, qualifier, _ = _existing(call, function)
    call.functions.put(replace(found, event_invoke_configs=functions.without_item(found.event_invoke_configs, qualifier)))
    return {}


@operation("ListFunctionEventInvokeConfigs")
def list_function_event_invoke_configs(
    call: Call, *, function: FunctionReference, marker: str | None = None, max_items: int | None = None
) -> Answer:
    """ListFunctionEventInvokeConfigs: those of all qualifiers of a function."""
    found, first = call.function(function, _NO_FUNCTION), pages.start_in_function(call, marker)
    return pages.page(
        (qualifier for qualifier in sorted(found.event_invoke_configs) if qualifier >= first),
        member="FunctionEventInvokeConfigs",
        arn=lambda qualifier: f"{found.arn}:{qualifier}",
        show=lambda qualifier: _shown(found, qualifier, found.event_invoke_configs[qualifier]),
        max_items=max_items,
    )
