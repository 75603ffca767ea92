"""Layers and their versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fakelambda.domain import layers
from fakelambda.domain.errors import InvalidParameterValueException, ResourceNotFoundException
from fakelambda.domain.layers import Layer, LayerReference, LayerVersion
from fakelambda.operations import answers, pages
from fakelambda.operations.answers import StoredCode
from fakelambda.operations.authorisation import authorise_layer
from fakelambda.operations.call import Answer, Call, operation
from fakelambda.operations.deployment import check_storage, layer_package_of, layer_version_of

_NUMBER = re.compile(r"\d{1,19}", re.ASCII)


def own(call: Call, layer_name: str, version_number: int | None = None) -> LayerReference:
    """The layer of the caller's account that a caller named, whether it exists or not.

    Args:
        version_number: of the version that it is about, if any.

    Raises:
        InvalidParameterValueException: no version can have that number.
        ResourceNotFoundException: the layer is said to be in another region.
        AccessDeniedException: it is another account's.
    """
    if version_number is not None:
        layers.check_version_number(version_number)
    reference = layers.resolve(layer_name, call.region, call.account_id)
    resource = reference.arn if version_number is None else reference.version_arn(version_number)
    authorise_layer(call.service, call.caller(), resource, None, action=f"lambda:{call.operation}")
    return reference


def _described(call: Call, reference: LayerReference, version: LayerVersion) -> dict[str, Any]:
    package = version.package
    stored = StoredCode("layers", reference.region, reference.account_id, reference.name, package.code_sha256)
    content = {
        "Location": answers.location(stored, call.now),
        "CodeSha256": package.code_sha256,
        "CodeSize": package.code_size,
    }
    return {"Content": content, "LayerArn": reference.arn, **answers.layer_version(version)}


@operation("PublishLayerVersion", locked=False)
def publish_layer_version(
    call: Call,
    *,
    layer_name: str,
    content: Mapping[str, Any],
    description: str = "",
    compatible_runtimes: list[str] | None = None,
    compatible_architectures: list[str] | None = None,
    license_info: str | None = None,
) -> Answer:
    """PublishLayerVersion: one more version, the first one makes the layer; also where nothing differs from the last."""
    reference = own(call, layer_name)
    package = layer_package_of(call, content)
    with call.service.lock:
        check_storage(call, package.code_size)
        layer, version = layers.publish(
            call.layer(reference) or Layer(reference=reference),
            package,
            at=call.now,
            description=description,
            compatible_runtimes=compatible_runtimes,
            compatible_architectures=compatible_architectures,
            license_info=license_info,
        )
        call.layers.put(layer)
    return _described(call, reference, version)


@operation("GetLayerVersion")
def get_layer_version(call: Call, *, layer_name: str, version_number: int) -> Answer:
    """GetLayerVersion: a version and where its content can be had; another account's where its policy allows it."""
    return _got(call, layers.resolve(layer_name, call.region, call.account_id), version_number)


@operation("GetLayerVersionByArn")
def get_layer_version_by_arn(call: Call, *, arn: str) -> Answer:
    """GetLayerVersionByArn: as GetLayerVersion."""
    return _got(call, *layers.resolve_version(arn, call.region, call.account_id))


def _got(call: Call, reference: LayerReference, number: int) -> Answer:
    layers.check_version_number(number)
    version = layer_version_of(call, reference, number)
    if version is None:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return _described(call, reference, version)


@operation("ListLayers")
def list_layers(
    call: Call,
    *,
    compatible_runtime: str | None = None,
    compatible_architecture: str | None = None,
    marker: str | None = None,
    max_items: int | None = None,
) -> Answer:
    """ListLayers: by name, each with its latest version that matches; those without one are left out."""
    (first,) = _start(marker, 1)
    latest = (
        (layer, next(layer.newest_first(compatible_runtime, compatible_architecture), None)) for layer in call.layers.starting_at(first)
    )
    return pages.page(
        ((layer.reference, version) for layer, version in latest if version is not None),
        member="Layers",
        arn=lambda item: item[0].arn,
        show=lambda item: {
            "LayerName": item[0].name,
            "LayerArn": item[0].arn,
            "LatestMatchingVersion": answers.layer_version(item[1]),
        },
        max_items=max_items,
    )


@operation("ListLayerVersions")
def list_layer_versions(
    call: Call,
    *,
    layer_name: str,
    compatible_runtime: str | None = None,
    compatible_architecture: str | None = None,
    marker: str | None = None,
    max_items: int | None = None,
) -> Answer:
    """ListLayerVersions: the newest first; none of a layer that does not exist."""
    reference = own(call, layer_name)
    _, first = _start(marker, 2)
    layer = call.layer(reference) or Layer(reference=reference)
    return pages.page(
        (
            version
            for version in layer.newest_first(compatible_runtime, compatible_architecture)
            if not first or version.version <= int(first)
        ),
        member="LayerVersions",
        arn=lambda version: version.arn,
        show=answers.layer_version,
        max_items=max_items,
    )


def _start(marker: str | None, parts: int) -> list[str]:
    """What a marker names: a layer's name, and the number of a version where the list is of versions; each "" at the beginning.

    Raises:
        InvalidParameterValueException: it is no marker of such a list.
    """
    if not marker:
        return [""] * parts
    named = marker.split(":")[6:]
    if not marker.startswith("arn:") or len(named) != parts or not all(map(_NUMBER.fullmatch, named[1:])):
        raise InvalidParameterValueException(f"Invalid marker: {marker}")
    return named


@operation("DeleteLayerVersion")
def delete_layer_version(call: Call, *, layer_name: str, version_number: int) -> Answer:
    """DeleteLayerVersion: with its policy; functions that use it keep it, and one that is not there is fine."""
    layer = call.layer(own(call, layer_name, version_number))
    if layer is not None:
        call.layers.put(layers.delete(layer, version_number))
    return {}
