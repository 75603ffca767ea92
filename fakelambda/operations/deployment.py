"""What a deployment takes from elsewhere: the code that a request names, the layers it uses, the VPC of its subnets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fakelambda.domain import layers, packages
from fakelambda.domain.errors import CodeStorageExceededException, InvalidParameterValueException, NotModelled
from fakelambda.domain.functions import Code
from fakelambda.domain.layers import LayerReference, LayerVersion
from fakelambda.domain.packages import Package
from fakelambda.operations.authorisation import authorise_layer
from fakelambda.operations.call import Call

_CONTENT = {"ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion"}


def code_of(call: Call, source: Mapping[str, Any], package_type: str) -> Code:
    """The code that a request names. Takes no lock: another service may be asked.

    Args:
        source: the members of AWS's ``FunctionCode``.
        package_type: ``"Zip"`` or ``"Image"``.

    Raises:
        InvalidParameterValueException: nothing fitting was named, it does not exist, or it is no deployment package.
        RequestEntityTooLargeException: the zip in the request is over 50 MB.
        NotModelled: another way to name code, or an S3 object where no S3 answers.
    """
    _check_modelled(call, "Code", source, {*_CONTENT, "ImageUri"})
    if package_type == "Image":
        if not source.get("ImageUri"):
            raise InvalidParameterValueException("Please provide ImageUri when updating a function with packageType Image.")
        return Code(_image_digest(source["ImageUri"]), 0, image_uri=source["ImageUri"])
    if source.get("ImageUri"):
        raise InvalidParameterValueException("Please don't provide ImageUri when updating a function with packageType Zip.")
    if "ZipFile" in source and len(source) > 1:
        raise InvalidParameterValueException("Please do not provide other FunctionCode parameters when providing a ZipFile.")
    package = _package(call, source, "Please provide a source for function code.")
    return Code(package.code_sha256, package.code_size, package)


def _image_digest(image_uri: str) -> str:
    """The digest that an image is named by, else one made from its name, as no registry is asked."""
    return image_uri.partition("@sha256:")[2] or hashlib.sha256(image_uri.encode()).hexdigest()


def layer_package_of(call: Call, source: Mapping[str, Any]) -> Package:
    """The package that a request names for a layer version. Takes no lock: another service may be asked.

    Args:
        source: the members of AWS's ``LayerVersionContentInput``.

    Raises:
        InvalidParameterValueException, RequestEntityTooLargeException, NotModelled: as for ``code_of``.
    """
    _check_modelled(call, "Content", source, _CONTENT)
    return _package(call, source, "Please provide a source for layer content.")


def check_storage(call: Call, added: int) -> None:
    """Refuse code that the account has no room for. Call it under the lock, last of all checks.

    Args:
        added: bytes that come to what there is.

    Raises:
        CodeStorageExceededException: with them it would be over 75 GB.
    """
    if not call.service.state.has_room(call.account_id, call.region, added, packages.STORAGE_LIMIT):
        raise CodeStorageExceededException("Code storage limit exceeded.")


def layers_of(call: Call, arns: Sequence[str]) -> tuple[LayerVersion, ...]:
    """The layer versions that a request names for a function.

    Raises:
        InvalidParameterValueException: as for ``layers.used``.
        AccessDeniedException: one of them is another account's, which has not shared it.
    """
    return layers.used(arns, region=call.region, account_id=call.account_id, find=partial(layer_version_of, call))


def layer_version_of(call: Call, reference: LayerReference, number: int) -> LayerVersion | None:
    """A layer version as the caller may get it; None where its account has no such version.

    Raises:
        AccessDeniedException: it is another account's, and of another region, or its policy does not let the caller in.
    """
    layer = call.layer(reference)
    policy = layer.policies.get(number) if layer and reference.region == call.region else None
    authorise_layer(call.service, call.caller(), reference.version_arn(number), policy)
    return layer.versions.get(number) if layer else None


def _check_modelled(call: Call, parameter: str, source: Mapping[str, Any], members: set[str]) -> None:
    unmodelled = source.keys() - members
    if unmodelled:
        raise NotModelled(f"{call.operation}({parameter}={{{min(unmodelled)!r}: ...}}) is not modelled by fakelambda.")


def _package(call: Call, source: Mapping[str, Any], nothing_named: str) -> Package:
    content: bytes
    if "ZipFile" in source:
        content = source["ZipFile"]
        packages.check_upload(content)
    elif "S3Bucket" in source and "S3Key" in source:
        content = call.service.neighbours.get_object(call.region, source["S3Bucket"], source["S3Key"], source.get("S3ObjectVersion"))
    else:
        raise InvalidParameterValueException(nothing_named)
    packages.check(content)
    return Package.of(content)


def vpc_of(call: Call, vpc_config: Mapping[str, Any] | None) -> str:
    """The VPC of a request's subnets and security groups; "" where it names none. Takes no lock: another service may be asked.

    Raises:
        InvalidParameterValueException: one of them does not exist.
    """
    subnet_ids, security_group_ids = (list((vpc_config or {}).get(member, ())) for member in ("SubnetIds", "SecurityGroupIds"))
    return call.service.neighbours.vpc_of(call.region, subnet_ids, security_group_ids) if subnet_ids or security_group_ids else ""
