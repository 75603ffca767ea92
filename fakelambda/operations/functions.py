"""Functions: create, read, list, delete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

from fakelambda.domain import configuration, functions, lifecycle
from fakelambda.domain.configuration import Settings
from fakelambda.domain.errors import InvalidParameterValueException, ResourceConflictException
from fakelambda.domain.functions import Function, FunctionConfiguration
from fakelambda.domain.layers import check_combined_size
from fakelambda.domain.names import LATEST, FunctionReference, can_be_alias, check_new_name, is_version
from fakelambda.operations import answers, pages
from fakelambda.operations.call import Answer, Call, operation
from fakelambda.operations.deployment import check_storage, code_of, layers_of, vpc_of
from fakelambda.operations.transitions import settle_later, settle_publication


@operation("CreateFunction", locked=False)
def create_function(
    call: Call,
    *,
    function: FunctionReference,
    code: Mapping[str, Any],
    publish: bool = False,
    package_type: str = "Zip",
    architectures: list[str] | None = None,
    tags: Mapping[str, str] | None = None,
    layers: Sequence[str] = (),
    **settings: Unpack[Settings],
) -> Answer:
    """CreateFunction: a new function, Pending until AWS has made it ready."""
    check_new_name(function.name)
    configuration.check_package_type(package_type, settings.get("runtime"), settings.get("handler"))
    configuration.check_fits_image(package_type, settings, layers)
    vpc_id = vpc_of(call, settings.get("vpc_config"))
    fields = configuration.fields(settings, before=None, function_name=function.name, vpc_id=vpc_id)
    if architectures:
        fields["architectures"] = tuple(architectures)
    checked_tags = functions.checked_tags(tags or {})
    deployed = code_of(call, code, package_type)
    with call.service.lock:
        layer_versions = layers_of(call, layers)
        check_combined_size(deployed.package, layer_versions)
        if function.name in call.functions:
            raise ResourceConflictException(f"Function already exist: {function.name}")
        check_storage(call, deployed.code_size * (1 + publish))
        latest = FunctionConfiguration(
            function_name=function.name,
            version=LATEST,
            code=deployed,
            last_modified=call.now,
            revision_id=call.new_id(),
            life=lifecycle.CREATED,
            package_type=package_type,
            layers=layer_versions,
            **fields,
        )
        made = Function(
            name=function.name,
            region=call.region,
            account_id=call.account_id,
            identity=call.request_id,
            latest=latest,
            tags=checked_tags,
        )
        if not publish:
            call.functions.put(made)
            settle_later(call.service, made, LATEST, event="create")
            return answers.configured(made, latest)
        published, version = functions.publish(
            made, at=call.now, revision_id=call.new_id(), latest_revision_id=latest.revision_id, life=lifecycle.CREATED
        )
        call.functions.put(published)
    settle_publication(call.service, published, version, LATEST, event="create")
    return answers.configured(published, version)


@operation("GetFunction")
def get_function(call: Call, *, function: FunctionReference) -> Answer:
    """GetFunction: a version's configuration, where its code can be had, and the function's tags and reserved concurrency."""
    found, version = call.version(function)
    answer: dict[str, Any] = {
        "Configuration": answers.configured(found, version, function.qualifier),
        "Code": answers.code_location(found, version, call.now),
    }
    if found.tags:
        answer["Tags"] = found.tags
    if found.reserved_concurrent_executions is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": found.reserved_concurrent_executions}
    return answer


@operation("GetFunctionConfiguration")
def get_function_configuration(call: Call, *, function: FunctionReference) -> Answer:
    """GetFunctionConfiguration: a version's configuration."""
    found, version = call.version(function)
    return answers.configured(found, version, function.qualifier)


@operation("ListFunctions")
def list_functions(
    call: Call,
    *,
    master_region: str | None = None,
    function_version: str | None = None,
    marker: str | None = None,
    max_items: int | None = None,
) -> Answer:
    """ListFunctions: by name; with ``FunctionVersion="ALL"`` every version of each.

    ``MasterRegion`` asks for Lambda@Edge replicas of another region's functions; there are none but the function's own.
    """
    first = pages.start(call, marker)
    if master_region not in (None, "ALL", call.region):
        return {"Functions": []}
    functions_left = call.functions.starting_at(first.name if first else "")
    if function_version is None:
        return pages.page(
            functions_left,
            member="Functions",
            arn=lambda function: function.arn,
            show=lambda function: answers.listed(function.latest, function.arn),
            max_items=max_items,
        )
    return pages.page(
        (
            (function, version)
            for function in functions_left
            for version in versions_from(function, (first.qualifier or "") if first and first.name == function.name else "")
        ),
        member="Functions",
        arn=lambda item: f"{item[0].arn}:{item[1].version}",
        show=lambda item: answers.listed(item[1], f"{item[0].arn}:{item[1].version}"),
        max_items=max_items,
    )


def versions_from(function: Function, first: str) -> Iterator[FunctionConfiguration]:
    """The versions of a function from one of them on: ``$LATEST`` first, then in ascending order; all of them from ""."""
    if first in ("", LATEST):
        yield function.latest
    lowest = int(first) if is_version(first) else 0
    yield from (version for number, version in function.versions.items() if int(number) >= lowest)


@operation("DeleteFunction")
def delete_function(call: Call, *, function: FunctionReference) -> Answer:
    """DeleteFunction: a version, or the function with all that belongs to it."""
    qualifier = function.qualifier
    if qualifier == LATEST:
        raise InvalidParameterValueException("$LATEST version cannot be deleted without deleting the function.")
    if qualifier is not None and can_be_alias(qualifier):
        raise InvalidParameterValueException("Deletion of aliases is not currently supported.")
    found = call.function(function)
    if qualifier is None:
        call.functions.remove(found.name)
    elif qualifier in found.versions:
        call.functions.put(_without_version(found, qualifier))
    call.service.runner.discard(found, qualifier)
    return {"StatusCode": 204}


def _without_version(function: Function, number: str) -> Function:
    using = [
        alias.name for alias in function.aliases.values() if number == alias.function_version or number in alias.additional_version_weights
    ]
    if using:
        raise ResourceConflictException(f"Unable to delete version because the following aliases reference it: [{', '.join(using)}]")
    return replace(
        function,
        versions=functions.without_item(function.versions, number),
        policies=functions.without_item(function.policies, number),
        event_invoke_configs=functions.without_item(function.event_invoke_configs, number),
        provisioned_concurrency_configs=functions.without_item(function.provisioned_concurrency_configs, number),
        runtime_management_configs=functions.without_item(function.runtime_management_configs, number),
    )
