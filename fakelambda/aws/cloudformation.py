"""Lambda's resources in the templates that moto's CloudFormation deploys: they are made, changed and deleted in the active fake."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, ClassVar, Self, cast

from botocore.exceptions import ClientError
from botocore.model import Shape

from fakelambda.aws import sessions, template_values
from fakelambda.aws.moto_lambda import account_of, noted, server

_MODULES = sys.modules  # the host's, also inside an invocation

_HANDLER_ERROR_CODES = {
    "InvalidParameterValueException": "InvalidRequest",
    "ResourceConflictException": "AlreadyExists",
    "ResourceNotFoundException": "NotFound",
    "TooManyRequestsException": "Throttling",
    "ValidationException": "InvalidRequest",
}

_updating: ContextVar[tuple[Any, list[Resource]] | None] = ContextVar("fakelambda_stack_update", default=None)
"""The resources of moto's that are being updated, and those of ours that are deleted when the update is done; None outside."""


class Resource(ABC):
    """A resource of a stack, as moto's CloudFormation handles it.

    Args:
        region, account_id: of the stack, as moto has them.
        logical_id: its name in the template.
        name: what it is called where the template does not say.
        resource: what the template has for it, with nothing left to resolve.

    Attributes:
        physical_resource_id: what ``Ref`` gives; "" until there is anything.
        attributes: what ``Fn::GetAtt`` gives.
    """

    type_name: ClassVar[str]
    operation: ClassVar[str]
    """The operation that makes it."""
    attribute_names: ClassVar[tuple[str, ...]] = ()
    own_properties: ClassVar[frozenset[str]] = frozenset()
    """Properties that are not the operation's."""
    own_structures: ClassVar[frozenset[str]] = frozenset()
    """Those of them that have members."""
    hidden_parameters: ClassVar[frozenset[str]] = frozenset({"RevisionId"})
    """Parameters of the operation that are no properties."""
    changeable: ClassVar[frozenset[str]] = frozenset()
    """Properties that can be changed; a change of another makes a new resource."""
    unchangeable: ClassVar[frozenset[str]] = frozenset()
    """The other way round, where that is shorter."""
    name_property: ClassVar[str] = ""
    """The property that names it in its account, where there is one."""
    maximum_name_length: ClassVar[int] = 64

    # moto sets these two
    logical_resource_id: str
    cf_resource_type: str

    def __init__(self, *, region: str, account_id: str, logical_id: str, name: str, resource: Mapping[str, Any]) -> None:
        self.region = region
        self.account_id = account_id
        self.logical_resource_id = logical_id
        prefix, _, suffix = name.rpartition("-")
        self.name = name if len(name) <= self.maximum_name_length else f"{prefix[: self.maximum_name_length - len(suffix) - 1]}-{suffix}"
        self.properties: Mapping[str, Any] = resource["Properties"]
        self.is_retained = str(resource.get("DeletionPolicy")).startswith("Retain")
        self.physical_resource_id = ""
        self.attributes: dict[str, Any] = {}
        try:
            template_values.check_structure(self.properties, "#")
            for structure in self.own_structures & self.properties.keys():
                template_values.check_structure(self.properties[structure], f"#/{structure}")
        except template_values.InvalidPropertiesError as error:
            raise self.invalid(str(error)) from error
        given = {name: value for name, value in self.properties.items() if name not in self.own_properties}
        for hidden in sorted(self.hidden_parameters & given.keys()):
            raise self.invalid(f"#: extraneous key [{hidden}] is not permitted")
        self.parameters = self._checked(self.operation, self._translated(given))

    # ---- what the kinds of resources differ in ----

    def _translated(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties, a copy, by the names and in the forms of the operation."""
        return properties

    @abstractmethod
    def _create(self) -> None:
        """Makes it, and learns its physical id and attributes."""

    def _change(self, before: Self) -> None:  # noqa: B027 - of some kinds nothing can be changed
        """Makes of what was there what is wanted now, where no more has changed than what can."""

    @abstractmethod
    def _remove(self) -> None:
        """Deletes it."""

    # ---- what they have in common ----

    def perform(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Performs an operation in the active fake; a failure is the stack's.

        Raises:
            moto.cloudformation.exceptions.ValidationError: Lambda refuses.
        """
        fake = server()
        assert fake is not None  # whoever performs has looked
        checked = self._checked(operation, parameters)
        try:
            return fake.perform(operation, checked, region=self.region, account_id=account_of(fake, self.account_id))
        except ClientError as error:
            said, metadata = error.response["Error"], error.response["ResponseMetadata"]
            code = _HANDLER_ERROR_CODES.get(said["Code"], "GeneralServiceException")
            raise self.failed(
                f'Resource handler returned message: "{said["Message"]} (Service: Lambda, Status Code: {metadata["HTTPStatusCode"]}, '
                f'Request ID: {metadata["RequestId"]})" (RequestToken: {fake.service.world.new_id()}, HandlerErrorCode: {code}). '
                f"The following resource(s) failed: [{self.logical_resource_id}]."
            ) from error

    def perform_if_there(self, operation: str, **parameters: Any) -> None:
        """Performs a deletion; what is not there any more is fine, as it is for CloudFormation."""
        try:
            self.perform(operation, **parameters)
        except Exception as error:
            cause = error.__cause__
            if not isinstance(cause, ClientError) or cause.response["Error"]["Code"] not in (
                "ResourceNotFoundException",
                "ProvisionedConcurrencyConfigNotFoundException",
            ):
                raise

    def failed(self, message: str) -> Exception:
        """The error that moto answers with."""
        return cast("Exception", _MODULES["moto.cloudformation.exceptions"].ValidationError(message=message))

    def invalid(self, problem: str) -> Exception:
        """The error of properties that are not what they should be."""
        return self.failed(f"Properties validation failed for resource {self.logical_resource_id} with message:\n{problem}")

    def remove(self) -> None:
        """Deletes it in the active fake; with another one it has gone already."""
        if server() is not None:
            self._remove()

    def _checked(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        model = sessions.lambda_client("us-east-1", None, None).meta.service_model.operation_model(operation)
        try:
            return template_values.parameters(parameters, cast("Shape", model.input_shape))
        except template_values.InvalidPropertiesError as error:
            raise self.invalid(str(error)) from error

    # ---- as moto has it ----

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Mapping[str, Any], account_id: str, region_name: str, **about: Any
    ) -> Self:
        """Makes a resource; of one that fails nothing stays."""
        made = cls(
            region=region_name, account_id=account_id, logical_id=about["LogicalId"], name=resource_name, resource=cloudformation_json
        )
        made._create_whole()
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Mapping[str, Any], account_id: str, region_name: str
    ) -> Self:
        """Makes of a resource what the template wants now, or another one that takes its place."""
        if not isinstance(original_resource, cls):
            fake = server()
            assert fake is not None  # else moto's own class would have been asked
            raise noted(fake, f"This {cls.type_name} was made while no FakeLambda was active, and is moto's own; deploy it inside one.")
        made = cls(
            region=region_name,
            account_id=account_id,
            logical_id=original_resource.logical_resource_id,
            name=new_resource_name,
            resource=cloudformation_json,
        )
        changed = {name for name in made.properties.keys() | original_resource.properties.keys() if made._differs(original_resource, name)}
        if changed.isdisjoint(cls.unchangeable) if cls.unchangeable else changed <= cls.changeable:
            made.name, made.physical_resource_id = original_resource.name, original_resource.physical_resource_id
            made.attributes = original_resource.attributes
            if changed:
                made._change(original_resource)
            return made
        custom_name = made.properties.get(cls.name_property)
        if custom_name is not None and cls.name_property not in changed:
            raise made.failed(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {custom_name} and update the stack again."
            )
        made._create_whole()
        if not str(cloudformation_json.get("UpdateReplacePolicy")).startswith("Retain"):
            original_resource.discard()
        return made

    def delete(self, account_id: str, region_name: str) -> None:  # noqa: ARG002 - as moto calls it; a resource knows where it is
        """Deletes the resource, unless its template retains it; in an update when that is done, as others may still need it."""
        if not self.is_retained:
            self.discard()

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether ``Fn::GetAtt`` takes an attribute."""
        return attr in cls.attribute_names

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        """What ``Fn::GetAtt`` gives."""
        if attribute_name not in self.attribute_names:
            raise _MODULES["moto.cloudformation.exceptions"].UnformattedGetAttTemplateException
        return self.attributes.get(attribute_name)

    def is_created(self) -> bool:
        """Always: nothing that a template makes takes time."""
        return True

    def _create_whole(self) -> None:
        try:
            self._create()
        except BaseException:
            if self.physical_resource_id:
                self._remove()
            raise

    def _differs(self, before: Self, name: str) -> bool:
        return bool(self.properties.get(name) != before.properties.get(name))

    def discard(self) -> None:
        """Deletes it; in an update when that is done."""
        updating = _updating.get()
        if updating is not None:
            updating[1].append(self)
        else:
            self.remove()


# ---- what stands in moto's places ----

KINDS: dict[str, type[Resource]] = {}
"""The kinds of resources by the type's name, in an order in which each refers to earlier ones only; filled by the decorator."""


def kind(resource_class: type[Resource]) -> type[Resource]:
    """Registers a kind of resource."""
    KINDS[resource_class.type_name] = resource_class
    return resource_class


def resource_class_from_type(original: Callable[..., Any]) -> Callable[..., Any]:
    """The class that handles a type of resource: ours for those of Lambda."""

    def resource_class_from_type(resource_type: str) -> Any:
        fake = server()
        if fake is None or not resource_type.startswith("AWS::Lambda::"):
            return original(resource_type)
        if resource_type not in KINDS:
            raise noted(fake, f"{resource_type} is not modelled by fakelambda; modelled: {', '.join(sorted(KINDS))}.")
        return KINDS[resource_type]

    return resource_class_from_type


def update(original: Callable[..., Any]) -> Callable[..., Any]:
    """The update of a stack: what it deletes is deleted at its end, when nothing refers to it any more."""

    def update(self: Any, template: Any, parameters: Any = None) -> None:
        deleted: list[Resource] = []
        token = _updating.set((self, deleted)) if server() is not None else None
        try:
            original(self, template, parameters)
        finally:
            if token is not None:
                _updating.reset(token)
        order = list(KINDS)
        for resource in sorted(deleted, key=lambda resource: order.index(resource.type_name), reverse=True):
            resource.remove()

    return update


def load_conditions(original: Callable[..., Any]) -> Callable[..., Any]:
    """The last preparation of a stack's update: moto adds before it changes, and sees no change in what is only referred to.

    A version has to be published after its function was changed, and an alias be moved after that. So Lambda's resources are brought to
    what the template wants here, in an order that fits, and moto finds nothing left to do.
    """

    def load_conditions(self: Any) -> None:
        original(self)
        updating = _updating.get()
        if updating is None or updating[0] is not self:
            return
        parsing = _MODULES["moto.cloudformation.parsing"]
        self._resource_json_map = wanted = self._template["Resources"]
        for type_name in KINDS:
            for logical_id in [logical_id for logical_id, resource in wanted.items() if resource.get("Type") == type_name]:
                condition = wanted[logical_id].get("Condition")
                if condition and not self.lazy_condition_map[condition]:
                    continue
                if self._parsed_resources.get(logical_id) is None:
                    self[logical_id]  # moto makes what it is asked for
                else:
                    self._parsed_resources[logical_id] = parsing.parse_and_update_resource(
                        logical_id, wanted[logical_id], self, account_id=self._account_id, region_name=self._region_name
                    )

    return load_conditions
