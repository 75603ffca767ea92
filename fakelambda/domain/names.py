"""Function names in all the forms AWS takes, and the ARNs it answers with."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from fakelambda.domain.errors import InvalidParameterValueException, ResourceNotFoundException

LATEST = "$LATEST"
MAXIMUM_FUNCTION_NAME_LENGTH = 64

_REGION = r"(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d"
_FORM = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*)?:lambda:)?"
    rf"(?:(?P<region>{_REGION}):)?"
    r"(?:(?P<account_id>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_.]+)"
    r"(?::(?P<qualifier>[a-zA-Z0-9-_$.]+))?"
)
_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov", "eusc": "aws-eusc", "us-iso": "aws-iso", "us-isob": "aws-iso-b"}


def is_region(name: str) -> bool:
    """Whether a region can have this name, as it does in the names of functions."""
    return re.fullmatch(_REGION, name) is not None


def partition_of(region: str) -> str:
    """The ARN partition of a region, such as ``aws-cn`` for ``cn-north-1``."""
    return next((_PARTITIONS[prefix] for prefix in ("us-gov", "us-isob", "us-iso", "cn", "eusc") if region.startswith(f"{prefix}-")), "aws")


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """What a caller named: a function of an account and region, and the version or alias of it, if any.

    Args:
        name: the plain function name.
        qualifier: a version number, an alias name, ``$LATEST``, or None where the caller gave none.
        region: the region it lives in.
        account_id: the 12-digit account it lives in.
    """

    name: str
    qualifier: str | None
    region: str
    account_id: str

    def arn(self) -> str:
        """The unqualified ARN of the function."""
        return function_arn(self.region, self.account_id, self.name)

    def qualified_arn(self, default: str | None = None) -> str:
        """The ARN with the qualifier that the caller gave, else with the default one, else without."""
        arn, qualifier = function_arn(self.region, self.account_id, self.name), self.qualifier or default
        return f"{arn}:{qualifier}" if qualifier else arn

    def with_qualifier(self, qualifier: str) -> FunctionReference:
        """The same function by another qualifier."""
        return replace(self, qualifier=qualifier)


@lru_cache(maxsize=4096)
def function_arn(region: str, account_id: str, name: str) -> str:
    """The unqualified ARN of a function."""
    return f"arn:{partition_of(region)}:lambda:{region}:{account_id}:function:{name}"


def is_version(qualifier: str) -> bool:
    """Whether a qualifier is a version number; alias names cannot be all digits."""
    return qualifier.isascii() and qualifier.isdigit()


def can_be_alias(qualifier: str) -> bool:
    """Whether a qualifier can be an alias's name: those are not all digits and have no ``$``."""
    return "$" not in qualifier and not is_version(qualifier)


def region_of(function_name: str) -> str | None:
    """The region that an ARN names; None for names without one, and for what is no name."""
    form = _FORM.fullmatch(function_name)
    return form["region"] if form else None


@lru_cache(maxsize=4096)
def resolve(function_name: str, qualifier: str | None, region: str, account_id: str) -> FunctionReference:
    """One value for a ``FunctionName`` in any form and a ``Qualifier`` beside it.

    Args:
        function_name: a name, ``name:qualifier``, partial ARN or ARN that satisfies the API's pattern.
        qualifier: the request's own qualifier, if any.
        region: the region that is called.
        account_id: whose function a plain name means; an ARN may name another account's.

    Raises:
        InvalidParameterValueException: two different qualifiers were given.
        ResourceNotFoundException: the ARN names another region.
    """
    form = _FORM.fullmatch(function_name)
    if form is None:  # only a request that skipped the constraints gets here
        raise InvalidParameterValueException(f"Invalid function name: {function_name}")
    if form["qualifier"] and qualifier and form["qualifier"] != qualifier:
        raise InvalidParameterValueException("The derived qualifier from the function name does not match the specified qualifier.")
    if form["region"] and form["region"] != region:
        raise ResourceNotFoundException(f"Functions from '{form['region']}' are not reachable in this region ('{region}')")
    return FunctionReference(form["name"], form["qualifier"] or qualifier, region, form["account_id"] or account_id)


def check_new_name(name: str) -> None:
    """Refuse a name that is too long for a new function.

    Raises:
        InvalidParameterValueException: over 64 characters; AWS words it as a constraint but gives it this class.
    """
    if len(name) > MAXIMUM_FUNCTION_NAME_LENGTH:
        raise InvalidParameterValueException(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAXIMUM_FUNCTION_NAME_LENGTH}"
        )
