"""Layers and their versions: frozen records, and what each change makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from fakelambda.domain.names import partition_of
from fakelambda.domain.packages import Package
from fakelambda.domain.policies import Policy


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer with its versions.

    Args:
        versions: by number, in ascending order; deleted ones are gone.
        policies: by version number.
        last_published: the highest number ever given; numbers are never reused.
    """

    name: str
    region: str
    account_id: str
    versions: MappingProxyType[int, LayerVersion] = field(default_factory=lambda: MappingProxyType({}))
    policies: MappingProxyType[int, Policy] = field(default_factory=lambda: MappingProxyType({}))
    last_published: int = 0

    @property
    def arn(self) -> str:
        """Without a version."""
        return f"arn:{partition_of(self.region)}:lambda:{self.region}:{self.account_id}:layer:{self.name}"
