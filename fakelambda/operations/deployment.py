"""What a deployment takes from other services: the code that a request names, the VPC of its subnets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from fakelambda.domain import packages
from fakelambda.domain.errors import InvalidParameterValueException, NotModelled
from fakelambda.domain.functions import Code
from fakelambda.operations.call import Call

_MODELLED = {"ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri"}


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
    unmodelled = source.keys() - _MODELLED
    if unmodelled:
        raise NotModelled(f"{call.operation}(Code={{{min(unmodelled)!r}: ...}}) is not modelled by fakelambda.")
    if package_type == "Image":
        if not source.get("ImageUri"):
            raise InvalidParameterValueException("Please provide ImageUri when updating a function with packageType Image.")
        return Code(hashlib.sha256(source["ImageUri"].encode()).hexdigest(), 0, image_uri=source["ImageUri"])
    if source.get("ImageUri"):
        raise InvalidParameterValueException("Please don't provide ImageUri when updating a function with packageType Zip.")
    package = packages.Package.of(_content(call, source))
    return Code(package.code_sha256, package.code_size, package)


def _content(call: Call, source: Mapping[str, Any]) -> bytes:
    content: bytes
    if "ZipFile" in source:
        content = source["ZipFile"]
        packages.check_upload(content)
    elif "S3Bucket" in source and "S3Key" in source:
        content = call.service.neighbours.get_object(call.region, source["S3Bucket"], source["S3Key"], source.get("S3ObjectVersion"))
    else:
        raise InvalidParameterValueException("Please provide a source for function code.")
    packages.check(content)
    return content


def vpc_of(call: Call, vpc_config: Mapping[str, Any] | None) -> str:
    """The VPC of a request's subnets and security groups; "" where it names none. Takes no lock: another service may be asked.

    Raises:
        InvalidParameterValueException: one of them does not exist.
    """
    subnet_ids, security_group_ids = (list((vpc_config or {}).get(member, ())) for member in ("SubnetIds", "SecurityGroupIds"))
    return call.service.neighbours.vpc_of(call.region, subnet_ids, security_group_ids) if subnet_ids or security_group_ids else ""
