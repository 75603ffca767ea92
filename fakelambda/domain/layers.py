"""Layers and their versions: frozen records, what each change makes of them, and which a function may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from fakelambda.domain import packages
from fakelambda.domain.errors import InvalidParameterValueException, NotModelled, ResourceNotFoundException
from fakelambda.domain.names import partition_of
from fakelambda.domain.packages import Package
from fakelambda.domain.policies import Policy

MAXIMUM_LAYERS = 5
"""Of a function."""


@dataclass(frozen=True, slots=True)
class LayerReference:
    """What a caller named: a layer of an account and region, whether it exists or not."""

    name: str
    region: str
    account_id: str

    @property
    def arn(self) -> str:
        """Without a version."""
        return f"arn:{partition_of(self.region)}:lambda:{self.region}:{self.account_id}:layer:{self.name}"

    def version_arn(self, number: int) -> str:
        """That of one of its versions."""
        return f"{self.arn}:{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerVersion:
    """A published version of a layer.

    Args:
        arn: with the version's number.
        compatible_runtimes, compatible_architectures: None where the publisher said nothing, which answers then leave out.
        license_info: None where the publisher said nothing.
    """

    arn: str
    version: int
    package: Package
    created_at: datetime
    description: str = ""
    compatible_runtimes: tuple[str, ...] | None = None
    compatible_architectures: tuple[str, ...] | None = None
    license_info: str | None = None

    def matches(self, runtime: str | None, architecture: str | None) -> bool:
        """Whether its publisher named a runtime and an architecture; None asks for nothing."""
        return runtime in (None, *(self.compatible_runtimes or ())) and architecture in (None, *(self.compatible_architectures or ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer with its versions.

    Args:
        versions: by number, in ascending order; deleted ones are gone.
        policies: by version number.
        last_published: the highest number ever given; numbers are never reused.
    """

    reference: LayerReference
    versions: MappingProxyType[int, LayerVersion] = field(default_factory=lambda: MappingProxyType({}))
    policies: MappingProxyType[int, Policy] = field(default_factory=lambda: MappingProxyType({}))
    last_published: int = 0

    @property
    def name(self) -> str:
        """The plain name."""
        return self.reference.name

    @property
    def code_size(self) -> int:
        """Bytes of code that count for the account: every version."""
        return sum(version.package.code_size for version in self.versions.values())

    def newest_first(self, runtime: str | None = None, architecture: str | None = None) -> Iterator[LayerVersion]:
        """The versions that match a runtime and an architecture."""
        return (version for version in reversed([*self.versions.values()]) if version.matches(runtime, architecture))


# ---- names ----


def resolve(layer_name: str, region: str, account_id: str) -> LayerReference:
    """One value for a ``LayerName``, which may be an ARN.

    Args:
        region, account_id: those of the caller.

    Raises:
        ResourceNotFoundException: the ARN names another region.
    """
    if not layer_name.startswith("arn:"):
        return LayerReference(layer_name, region, account_id)
    return _reachable(_parsed(layer_name), region, account_id)


def resolve_version(arn: str, region: str, account_id: str) -> tuple[LayerReference, int]:
    """The layer and the number that a layer version's ARN names, for who calls from a region and an account.

    Raises:
        ResourceNotFoundException: the ARN names another region.
        NotModelled: as ``split``.
    """
    reference, number = split(arn)
    return _reachable(reference, region, account_id), number


def split(arn: str) -> tuple[LayerReference, int]:
    """The layer and the number that a layer version's ARN names.

    Raises:
        NotModelled: it is one of the layers that AWS had before layers belonged to accounts.
    """
    if ":awslayer:" in arn:
        raise NotModelled(f"{arn} is a layer of AWS's own without an account, which fakelambda does not model.")
    layer_arn, _, number = arn.rpartition(":")
    return _parsed(layer_arn), int(number)


def _parsed(arn: str) -> LayerReference:
    _, _, _, region, account_id, _, name = arn.split(":")
    return LayerReference(name, region, account_id)


def _reachable(reference: LayerReference, region: str, account_id: str) -> LayerReference:
    if reference.account_id == account_id and reference.region != region:
        raise ResourceNotFoundException(f"Layers from '{reference.region}' are not reachable in this region ('{region}')")
    return reference


def check_version_number(number: int) -> None:
    """Refuse a number that no version can have.

    Raises:
        InvalidParameterValueException: it is less than 1.
    """
    if number < 1:
        raise InvalidParameterValueException("Layer Version Cannot be less than 1")


# ---- changes ----


def publish(
    layer: Layer,
    package: Package,
    *,
    at: datetime,
    number: int | None = None,
    description: str = "",
    compatible_runtimes: Sequence[str] | None = None,
    compatible_architectures: Sequence[str] | None = None,
    license_info: str | None = None,
) -> tuple[Layer, LayerVersion]:
    """The layer with one more version, and that version.

    Args:
        at: when it happens.
        number: of the version, where it is known; the next one otherwise.
    """
    number = layer.last_published + 1 if number is None else number
    version = LayerVersion(
        arn=layer.reference.version_arn(number),
        version=number,
        package=package,
        created_at=at,
        description=description,
        compatible_runtimes=None if compatible_runtimes is None else tuple(compatible_runtimes),
        compatible_architectures=None if compatible_architectures is None else tuple(compatible_architectures),
        license_info=license_info,
    )
    versions = dict(sorted({**layer.versions, number: version}.items()))
    return replace(layer, versions=MappingProxyType(versions), last_published=max(layer.last_published, number)), version


def delete(layer: Layer, number: int) -> Layer:
    """The layer without a version and its policy; one that it does not have is fine."""
    versions, policies = {**layer.versions}, {**layer.policies}
    versions.pop(number, None)
    policies.pop(number, None)
    return replace(layer, versions=MappingProxyType(versions), policies=MappingProxyType(policies))


def with_policy(layer: Layer, number: int, policy: Policy | None) -> Layer:
    """The layer with another policy of a version; None takes it away."""
    policies = {**layer.policies}
    policies.pop(number, None)
    return replace(layer, policies=MappingProxyType(policies if policy is None else {**policies, number: policy}))


# ---- use ----


def used(
    arns: Sequence[str], *, region: str, account_id: str, find: Callable[[LayerReference, int], LayerVersion | None]
) -> tuple[LayerVersion, ...]:
    """The layer versions that a function shall use, in the order given.

    Args:
        arns: of layer versions.
        region, account_id: those of the function.
        find: looks a version up; raises where it is another account's that has not shared it.

    Raises:
        InvalidParameterValueException: there are too many, one is of another region or does not exist, or two are of one layer.
    """
    if len(arns) > MAXIMUM_LAYERS:
        raise InvalidParameterValueException(f"Cannot reference more than {MAXIMUM_LAYERS} layers.")
    chosen: dict[LayerReference, tuple[str, LayerVersion]] = {}
    for arn in arns:
        reference, number = split(arn)
        if reference.account_id == account_id and reference.region != region:
            raise InvalidParameterValueException(
                f"Layers are not in the same region as the function. Layers are expected to be in region {region}."
            )
        version = find(reference, number)
        if version is None:
            raise InvalidParameterValueException(f"Layer version {arn} does not exist.")
        if reference in chosen:
            raise InvalidParameterValueException(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{chosen[reference][0]} and {arn} are versions of the same layer."
            )
        chosen[reference] = arn, version
    return tuple(version for _, version in chosen.values())


def check_combined_size(package: Package | None, layer_versions: Sequence[LayerVersion]) -> None:
    """Refuse code that would be too large together with its layers.

    Args:
        package: of the function; None for an image.

    Raises:
        InvalidParameterValueException: it would be over 250 MB, unzipped.
    """
    if package is None or not layer_versions:  # a package alone was checked when it was uploaded
        return
    size = sum(packages.unzipped_size(each.content) for each in (package, *(version.package for version in layer_versions)))
    if size > packages.UNZIPPED_LIMIT:
        raise InvalidParameterValueException(
            f"Function code combined with layers exceeds the maximum allowed size of {packages.UNZIPPED_LIMIT} bytes. "
            f"The actual size is {size} bytes."
        )
