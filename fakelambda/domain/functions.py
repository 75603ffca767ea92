"""Functions and their versions: frozen records, and what each change makes of them.

A revision id is an argument of every change, so that no caller can forget it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from fakelambda.domain import lifecycle
from fakelambda.domain.aliases import Alias
from fakelambda.domain.errors import (
    InvalidParameterValueException,
    PreconditionFailedException,
    ResourceNotReadyException,
    SnapStartNotReadyException,
)
from fakelambda.domain.event_invoke import EventInvokeConfig
from fakelambda.domain.layers import LayerVersion
from fakelambda.domain.names import LATEST, function_arn
from fakelambda.domain.packages import Package
from fakelambda.domain.policies import Policy
from fakelambda.domain.provisioned_concurrency import ProvisionedConcurrencyConfig
from fakelambda.domain.runtime_management import RuntimeManagementConfig

Document = Mapping[str, Any]
"""A structure that is stored and echoed with AWS's own member names."""

NOTHING: MappingProxyType[str, Any] = MappingProxyType({})
MAXIMUM_TAGS = 50

Item = TypeVar("Item")


def _nothing() -> MappingProxyType[str, Any]:
    return NOTHING  # dataclasses take a mapping proxy for mutable and want a factory


@dataclass(frozen=True, slots=True)
class Code:
    """What a version runs: a deployment package or a container image.

    Args:
        code_sha256: base64 of the package's SHA-256, or the image's hex digest.
        code_size: bytes of the package, 0 for an image.
        package: the package; None for an image.
        image_uri: as the caller gave it; None for a package.
    """

    code_sha256: str
    code_size: int
    package: Package | None = None
    image_uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FunctionConfiguration:
    """One version of a function, or ``$LATEST``: what AWS calls its function configuration. Equal to itself only.

    Members that are None do not appear in answers. Documents hold AWS's member names. Layer versions stay what they were when they were
    chosen: deleting one changes no function.

    Attributes:
        shown: how answers show it, which is made once for each way to do so, when it is asked for.
    """

    function_name: str
    version: str
    code: Code
    role: str
    last_modified: datetime
    revision_id: str
    life: lifecycle.Life
    package_type: str = "Zip"
    runtime: str | None = None
    handler: str | None = None
    description: str = ""
    timeout: int = 3
    memory_size: int = 128
    architectures: tuple[str, ...] = ("x86_64",)
    environment: Document | None = None
    vpc_config: Document | None = None
    dead_letter_config: Document | None = None
    tracing_config: Document = field(default_factory=lambda: {"Mode": "PassThrough"})
    snap_start: Document = field(default_factory=lambda: {"ApplyOn": "None", "OptimizationStatus": "Off"})
    ephemeral_storage: Document = field(default_factory=lambda: {"Size": 512})
    logging_config: Document = field(default_factory=_nothing)
    kms_key_arn: str | None = None
    file_system_configs: tuple[Document, ...] | None = None
    image_config_response: Document | None = None
    layers: tuple[LayerVersion, ...] = ()
    shown: dict[object, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def environment_variables(self) -> Mapping[str, str]:
        """The function's own environment variables."""
        variables: Mapping[str, str] = (self.environment or NOTHING).get("Variables", NOTHING)
        return variables

    @property
    def initialization_type(self) -> str:
        """``AWS_LAMBDA_INITIALIZATION_TYPE`` in an environment that is made for an invocation."""
        return "snap-start" if self.snap_start["OptimizationStatus"] == "On" else "on-demand"

    @property
    def is_in_a_vpc(self) -> bool:
        """Whether it is connected to subnets."""
        return bool((self.vpc_config or NOTHING).get("SubnetIds"))

    @property
    def has_external_resources(self) -> bool:
        """Whether Lambda keeps something beside the code for it, which it takes back from those that nobody invokes [docs]."""
        return self.package_type == "Image" or self.is_in_a_vpc or self.initialization_type == "snap-start"


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function with all that belongs to it.

    Args:
        identity: tells this function from a later one of the same name.
        latest: the configuration of ``$LATEST``.
        versions: published versions by number, in ascending order.
        aliases, policies, event_invoke_configs: by name; policies and configurations by qualifier, policies of the function itself by "".
        provisioned_concurrency_configs: by qualifier.
        runtime_management_configs: by version; one that has none is updated automatically.
        recursive_loop: ``"Terminate"`` or ``"Allow"``.
        reserved_concurrent_executions: None where nothing is reserved.
        last_published: the highest version number ever given; numbers are never reused.
        changed_since_publication: whether a publication would make a new version.
        running: what ``$LATEST`` still runs while an update of it is in progress or where the last one has failed; None otherwise.

    Attributes:
        served: by qualifier, what its invocations find out that stays as it is as long as the function does; filled by them.
    """

    name: str
    region: str
    account_id: str
    identity: str
    latest: FunctionConfiguration
    versions: MappingProxyType[str, FunctionConfiguration] = field(default_factory=_nothing)
    aliases: MappingProxyType[str, Alias] = field(default_factory=_nothing)
    policies: MappingProxyType[str, Policy] = field(default_factory=_nothing)
    event_invoke_configs: MappingProxyType[str, EventInvokeConfig] = field(default_factory=_nothing)
    provisioned_concurrency_configs: MappingProxyType[str, ProvisionedConcurrencyConfig] = field(default_factory=_nothing)
    runtime_management_configs: MappingProxyType[str, RuntimeManagementConfig] = field(default_factory=_nothing)
    recursive_loop: str = "Terminate"
    tags: MappingProxyType[str, str] = field(default_factory=_nothing)
    reserved_concurrent_executions: int | None = None
    last_published: int = 0
    changed_since_publication: bool = True
    running: FunctionConfiguration | None = None
    served: dict[str | None, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def changed(self, **changes: Any) -> Function:
        """A function that differs in some fields: ``dataclasses.replace`` at the price of a copy, for what tests do by the hundred."""
        assert changes.keys() <= vars(self).keys()
        changed = object.__new__(Function)
        vars(changed).update(vars(self), served={}, **changes)
        return changed

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return function_arn(self.region, self.account_id, self.name)

    def version(self, number: str) -> FunctionConfiguration | None:
        """A version by number or ``$LATEST``; None where there is none."""
        return self.latest if number == LATEST else self.versions.get(number)

    def serving(self, configuration: FunctionConfiguration) -> FunctionConfiguration:
        """What runs for a version: itself, or what ``$LATEST`` was before an update that is not done or has failed."""
        return self.running or configuration if configuration.version == LATEST else configuration

    def resolve(self, qualifier: str | None) -> FunctionConfiguration | None:
        """The version that a qualifier means, an alias by its main version; None where there is none."""
        if qualifier is None:
            return self.latest
        alias = self.aliases.get(qualifier)
        return self.version(alias.function_version if alias else qualifier)

    def provisioned(self, version: str) -> int:
        """How many environments of a version are provisioned and initialised."""
        if not self.provisioned_concurrency_configs:  # as for most, and every invocation asks
            return 0
        return sum(config.allocated for config in self.provisioned_concurrency_configs.values() if config.version == version)

    @property
    def claimed_concurrency(self) -> int:
        """What the function takes of the account's unreserved concurrency: what it reserves, else all that is provisioned for it."""
        if self.reserved_concurrent_executions is not None:
            return self.reserved_concurrent_executions
        return sum(config.requested for config in self.provisioned_concurrency_configs.values())

    @property
    def code_size(self) -> int:
        """Bytes of code that count for the account: ``$LATEST`` and every version."""
        return self.latest.code.code_size + sum(version.code.code_size for version in self.versions.values())


def with_item(items: MappingProxyType[str, Item], key: str, item: Item) -> MappingProxyType[str, Item]:
    """A read-only mapping with one more, or another, item."""
    copy = items.copy()
    copy[key] = item
    return MappingProxyType(copy)


def without_item(items: MappingProxyType[str, Item], key: str) -> MappingProxyType[str, Item]:
    """A read-only mapping without an item."""
    copy = items.copy()
    copy.pop(key, None)
    return MappingProxyType(copy)


def check_revision(revision_id: str | None, latest: str | None, *, read_with: str = "GetFunction/GetAlias") -> None:
    """Refuse a change that was made up from an outdated read.

    Args:
        revision_id: what the caller gave; None asks for no check.
        latest: that of the resource.
        read_with: the operation that the error recommends.

    Raises:
        PreconditionFailedException: they differ.
    """
    if revision_id is not None and revision_id != latest:
        raise PreconditionFailedException(
            f"The Revision Id provided does not match the latest Revision Id. Call the {read_with} API to retrieve the latest Revision Id"
        )


def check_code_sha256(code_sha256: str | None, latest: FunctionConfiguration) -> None:
    """Refuse to publish other code than the caller expects.

    Raises:
        InvalidParameterValueException: the digests differ.
    """
    if code_sha256 and code_sha256 != latest.code.code_sha256:
        raise InvalidParameterValueException(
            f"CodeSHA256 ({code_sha256}) is different from current CodeSHA256 in $LATEST ({latest.code.code_sha256}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )


def update(function: Function, *, at: datetime, revision_id: str, **changes: Any) -> Function:
    """The function with an update of ``$LATEST`` in progress; until it settles, the previous configuration runs."""
    latest = replace(
        function.latest,
        last_modified=at,
        revision_id=revision_id,
        life=lifecycle.move(function.latest.life, lifecycle.Event.UPDATE),
        **changes,
    )
    return replace(function, latest=latest, running=function.running or function.latest, changed_since_publication=True)


def settle(function: Function, version: str, *, revision_id: str, failure: lifecycle.Reason | None = None) -> Function:
    """The function after AWS has finished with a version, or with ``$LATEST``.

    Args:
        failure: why that has failed; None where it has not.
    """
    if failure is None:
        return _after(function, version, lifecycle.Event.SUCCEED, revision_id=revision_id)
    return _after(function, version, lifecycle.Event.FAIL, failure, revision_id=revision_id)


def fall_idle(function: Function, version: str, *, revision_id: str) -> Function:
    """The function after AWS has taken the resources of a version back that nobody has invoked for long."""
    return _after(function, version, lifecycle.Event.FALL_IDLE, revision_id=revision_id)


def restore(function: Function, version: str, *, revision_id: str) -> Function:
    """The function with an Inactive version on its way back, as somebody has invoked it."""
    return _after(function, version, lifecycle.Event.INVOKE, revision_id=revision_id)


def _after(
    function: Function, version: str, event: lifecycle.Event, reason: lifecycle.Reason | None = None, *, revision_id: str
) -> Function:
    configuration = function.version(version)
    if configuration is None:  # the version was deleted meanwhile
        return function
    life = lifecycle.move(configuration.life, event, reason)
    snap_start = configuration.snap_start
    if life.state is lifecycle.State.FAILED:
        snap_start = {**snap_start, "OptimizationStatus": "Off"}
    moved = replace(configuration, revision_id=revision_id, life=life, snap_start=snap_start)
    if version != LATEST:
        return replace(function, versions=with_item(function.versions, version, moved))
    return replace(function, latest=moved, running=None if life.stage == lifecycle.READY.stage else function.running)


def check_invocable(configuration: FunctionConfiguration) -> None:
    """Refuse an invocation of a version that cannot run, in the words for what it lacks.

    Raises:
        SnapStartNotReadyException: its snapshot is not there.
        ResourceNotReadyException: its connection to a VPC was taken back.
        ResourceConflictException: it is not Active for another reason.
    """
    life = configuration.life
    if life.state is lifecycle.State.ACTIVE:
        return
    if configuration.initialization_type == "snap-start" and life.state is not lifecycle.State.FAILED:
        raise SnapStartNotReadyException(
            "Lambda is initializing your function. You can invoke the function when the function state becomes Active."
        )
    if configuration.is_in_a_vpc and life.state is lifecycle.State.INACTIVE:
        raise ResourceNotReadyException(
            "The function is inactive and its VPC connection is no longer available. "
            "Wait for the VPC connection to reestablish and try again."
        )
    lifecycle.check_invocable(life)


def publish(
    function: Function,
    *,
    at: datetime,
    revision_id: str,
    latest_revision_id: str,
    description: str | None = None,
    life: lifecycle.Life = lifecycle.READY,
) -> tuple[Function, FunctionConfiguration]:
    """The function with a new version of ``$LATEST``, and that version.

    Args:
        at: when it happens.
        revision_id: that of the version.
        latest_revision_id: the one that ``$LATEST`` gets.
        description: replaces that of ``$LATEST`` in the version.
        life: the version's first state.
    """
    number = str(function.last_published + 1)
    version = replace(
        function.latest,
        snap_start={**function.latest.snap_start, "OptimizationStatus": "On"}
        if is_snapshotted(function.latest)
        else function.latest.snap_start,
        version=number,
        description=function.latest.description if description is None else description,
        last_modified=at,
        revision_id=revision_id,
        life=life,
    )
    published = replace(
        function,
        latest=replace(function.latest, revision_id=latest_revision_id),
        versions=with_item(function.versions, number, version),
        last_published=function.last_published + 1,
        changed_since_publication=False,
    )
    return published, version


def is_snapshotted(latest: FunctionConfiguration) -> bool:
    """Whether a version that is published of it starts from a snapshot."""
    return bool(latest.snap_start["ApplyOn"] == "PublishedVersions")


def unchanged_publication(function: Function) -> FunctionConfiguration | None:
    """The version that a publication answers with again, where nothing has changed since it was published."""
    return None if function.changed_since_publication else function.versions.get(str(function.last_published))


def tag(function: Function, tags: Mapping[str, str], *, revision_id: str) -> Function:
    """The function with tags merged in.

    Raises:
        InvalidParameterValueException: more than 50 would be on it.
    """
    merged = checked_tags({**function.tags, **tags})
    return replace(function, tags=merged, latest=replace(function.latest, revision_id=revision_id))


def untag(function: Function, keys: list[str], *, revision_id: str) -> Function:
    """The function without some tags; keys it does not have are ignored."""
    kept = {key: value for key, value in function.tags.items() if key not in keys}
    return replace(function, tags=MappingProxyType(kept), latest=replace(function.latest, revision_id=revision_id))


def checked_tags(tags: Mapping[str, str]) -> MappingProxyType[str, str]:
    """Tags as they are stored.

    Raises:
        InvalidParameterValueException: more than 50.
    """
    if len(tags) > MAXIMUM_TAGS:
        raise InvalidParameterValueException("Number of tags exceeds resource tag limit.")
    return MappingProxyType(dict(tags))
