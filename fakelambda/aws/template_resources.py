"""The kinds of Lambda's resources in templates: which operations make, change and delete each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from fakelambda.aws import template_values
from fakelambda.aws.cloudformation import Resource, kind
from fakelambda.runtime import code

_UNSET: Mapping[str, Any] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [],
    "ImageConfig": {},
    "KMSKeyArn": "",
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
"""What a function has where its template says nothing: sent when a property is taken away."""

_INLINE = {"python": "index.py", "nodejs": "index.js"}
"""The file that text in a template becomes, by the beginning of the runtime."""


class _Tagged(Resource):
    """What has tags: templates have a list of them, the API takes a map."""

    def _translated(self, properties: dict[str, Any]) -> dict[str, Any]:
        if "Tags" in properties:
            properties["Tags"] = template_values.pairs(properties["Tags"], "Key", "Value")
        return properties

    def _change_tags(self, before: Self, arn: str) -> None:
        had, wanted = before.parameters.get("Tags", {}), self.parameters.get("Tags", {})
        if changed := {key: value for key, value in wanted.items() if had.get(key) != value}:
            self.perform("TagResource", Resource=arn, Tags=changed)
        if gone := sorted(had.keys() - wanted.keys()):
            self.perform("UntagResource", Resource=arn, TagKeys=gone)


@kind
class LayerVersion(Resource):
    """AWS::Lambda::LayerVersion."""

    type_name = "AWS::Lambda::LayerVersion"
    operation = "PublishLayerVersion"
    attribute_names = ("LayerVersionArn",)
    maximum_name_length = 140

    def _translated(self, properties: dict[str, Any]) -> dict[str, Any]:
        return {"LayerName": self.name, **properties}

    def _create(self) -> None:
        self.physical_resource_id = self.perform(self.operation, **self.parameters)["LayerVersionArn"]
        self.attributes = {"LayerVersionArn": self.physical_resource_id}

    def _remove(self) -> None:
        arn, _, number = self.physical_resource_id.rpartition(":")
        self.perform_if_there("DeleteLayerVersion", LayerName=arn, VersionNumber=number)


@kind
class LayerVersionPermission(Resource):
    """AWS::Lambda::LayerVersionPermission."""

    type_name = "AWS::Lambda::LayerVersionPermission"
    operation = "AddLayerVersionPermission"
    hidden_parameters = frozenset({"LayerName", "RevisionId", "StatementId", "VersionNumber"})
    maximum_name_length = 100

    def _translated(self, properties: dict[str, Any]) -> dict[str, Any]:
        arn, _, number = str(properties.pop("LayerVersionArn", "")).rpartition(":")
        return {**properties, "LayerName": arn, "VersionNumber": number, "StatementId": self.name}

    def _create(self) -> None:
        self.perform(self.operation, **self.parameters)
        self.physical_resource_id = self.name

    def _remove(self) -> None:
        named = {name: self.parameters[name] for name in ("LayerName", "VersionNumber", "StatementId")}
        self.perform_if_there("RemoveLayerVersionPermission", **named)


@kind
class Function(_Tagged):
    """AWS::Lambda::Function."""

    type_name = "AWS::Lambda::Function"
    operation = "CreateFunction"
    attribute_names = ("Arn", "SnapStartResponse", "SnapStartResponse.ApplyOn", "SnapStartResponse.OptimizationStatus")
    own_properties = frozenset({"RecursiveLoop", "ReservedConcurrentExecutions", "RuntimeManagementConfig"})
    own_structures = frozenset({"RuntimeManagementConfig"})
    hidden_parameters = frozenset({"Publish", "PublishTo"})
    changeable = frozenset({"Architectures", "Code", "Handler", "Role", "Runtime", "Tags", *own_properties, *_UNSET})
    name_property = "FunctionName"

    def _translated(self, properties: dict[str, Any]) -> dict[str, Any]:
        made = {"FunctionName": self.name, **super()._translated(properties)}
        source = made.get("Code")
        if isinstance(source, Mapping) and "ZipFile" in source:
            runtime = str(made.get("Runtime"))
            file = next((file for beginning, file in _INLINE.items() if runtime.startswith(beginning)), None)
            if file is None:
                raise self.failed(f"ZipFile can only be used when Runtime is set to either of nodejs, python; it is {runtime}.")
            made["Code"] = {**source, "ZipFile": code.of_files({file: str(source["ZipFile"]).encode()})}
        return made

    def _create(self) -> None:
        made = self.perform(self.operation, **self.parameters)
        self.physical_resource_id = made["FunctionName"]
        snap_start = made.get("SnapStart", {})
        self.attributes = {"Arn": made["FunctionArn"], "SnapStartResponse": snap_start}
        self.attributes |= {f"SnapStartResponse.{name}": value for name, value in snap_start.items()}
        self._change_settings({})

    def _change(self, before: Self) -> None:
        name = self.physical_resource_id
        if self._differs(before, "Code") or self._differs(before, "Architectures"):
            architectures = self.parameters.get("Architectures", ["x86_64"])
            self.perform("UpdateFunctionCode", FunctionName=name, Architectures=architectures, **self.parameters["Code"])
        names = {"Handler", "Role", "Runtime", *_UNSET}
        wanted = {name: self.parameters.get(name, _UNSET.get(name)) for name in names if self._differs(before, name)}
        if wanted:
            self.perform("UpdateFunctionConfiguration", FunctionName=name, **wanted)
        self._change_tags(before, self.attributes["Arn"])
        self._change_settings(before.properties)

    def _remove(self) -> None:
        self.perform_if_there("DeleteFunction", FunctionName=self.physical_resource_id)

    def _change_settings(self, before: Mapping[str, Any]) -> None:
        name, wanted = self.physical_resource_id, self.properties
        concurrency = wanted.get("ReservedConcurrentExecutions")
        if concurrency != before.get("ReservedConcurrentExecutions"):
            if concurrency is None:
                self.perform("DeleteFunctionConcurrency", FunctionName=name)
            else:
                self.perform("PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=concurrency)
        loop = wanted.get("RecursiveLoop", "Terminate")
        if loop != before.get("RecursiveLoop", "Terminate"):
            self.perform("PutFunctionRecursionConfig", FunctionName=name, RecursiveLoop=loop)
        management = wanted.get("RuntimeManagementConfig", {"UpdateRuntimeOn": "Auto"})
        if management != before.get("RuntimeManagementConfig", {"UpdateRuntimeOn": "Auto"}):
            self.perform("PutRuntimeManagementConfig", FunctionName=name, **management)


class _Provisioned(Resource):
    """What can have provisioned concurrency: a version or an alias."""

    def _change_provisioned(self, before: Mapping[str, Any], function_name: str, qualifier: str) -> None:
        named = {"FunctionName": function_name, "Qualifier": qualifier}
        wanted = self.properties.get("ProvisionedConcurrencyConfig")
        if wanted != before.get("ProvisionedConcurrencyConfig"):
            if wanted:
                self.perform("PutProvisionedConcurrencyConfig", **named, **wanted)
            else:
                self.perform_if_there("DeleteProvisionedConcurrencyConfig", **named)


@kind
class Version(_Provisioned):
    """AWS::Lambda::Version."""

    type_name = "AWS::Lambda::Version"
    operation = "PublishVersion"
    attribute_names = ("FunctionArn", "Version")
    own_properties = own_structures = frozenset({"ProvisionedConcurrencyConfig", "RuntimePolicy"})
    hidden_parameters = frozenset({"PublishTo", "RevisionId"})
    changeable = own_properties

    def _create(self) -> None:
        name = self.parameters["FunctionName"]
        published = self._published(name)
        version = self.perform(self.operation, **self.parameters)["Version"]
        if version in published:
            raise self.failed(
                f'Resource handler returned message: "A version for this Lambda function exists ( {version} ). Modify the function to '
                f'create a new version." (HandlerErrorCode: AlreadyExists). The following resource(s) failed: [{self.logical_resource_id}].'
            )
        arn = self.perform("GetFunctionConfiguration", FunctionName=name, Qualifier=version)["FunctionArn"]
        self.physical_resource_id = arn
        self.attributes = {"FunctionArn": arn, "Version": version}
        self._change_settings({})

    def _change(self, before: Self) -> None:
        self._change_settings(before.properties)

    def _remove(self) -> None:
        self.perform_if_there("DeleteFunction", FunctionName=self.physical_resource_id)

    def _published(self, name: str) -> set[str]:
        found: set[str] = set()
        page: dict[str, Any] = {"NextMarker": None}
        while "NextMarker" in page:
            page = self.perform("ListVersionsByFunction", FunctionName=name, Marker=page["NextMarker"])
            found.update(version["Version"] for version in page["Versions"])
        return found

    def _change_settings(self, before: Mapping[str, Any]) -> None:
        name, number = self.parameters["FunctionName"], self.attributes["Version"]
        self._change_provisioned(before, name, number)
        policy = self.properties.get("RuntimePolicy", {"UpdateRuntimeOn": "Auto"})
        if policy != before.get("RuntimePolicy", {"UpdateRuntimeOn": "Auto"}):
            self.perform("PutRuntimeManagementConfig", FunctionName=name, Qualifier=number, **policy)


@kind
class Alias(_Provisioned):
    """AWS::Lambda::Alias."""

    type_name = "AWS::Lambda::Alias"
    operation = "CreateAlias"
    attribute_names = ("AliasArn",)
    own_properties = own_structures = frozenset({"ProvisionedConcurrencyConfig"})
    changeable = frozenset({"Description", "FunctionVersion", "RoutingConfig", *own_properties})

    def _translated(self, properties: dict[str, Any]) -> dict[str, Any]:
        routing = properties.get("RoutingConfig")
        if isinstance(routing, Mapping) and "AdditionalVersionWeights" in routing:
            weights = template_values.pairs(routing["AdditionalVersionWeights"], "FunctionVersion", "FunctionWeight")
            properties["RoutingConfig"] = {**routing, "AdditionalVersionWeights": weights}
        return properties

    def _create(self) -> None:
        self.physical_resource_id = self.perform(self.operation, **self.parameters)["AliasArn"]
        self.attributes = {"AliasArn": self.physical_resource_id}
        self._change_provisioned({}, self.parameters["FunctionName"], self.parameters["Name"])

    def _change(self, before: Self) -> None:
        unset = {"Description": "", "RoutingConfig": {"AdditionalVersionWeights": {}}}
        self.perform("UpdateAlias", **{**unset, **self.parameters})
        self._change_provisioned(before.properties, self.parameters["FunctionName"], self.parameters["Name"])

    def _remove(self) -> None:
        self.perform_if_there("DeleteAlias", FunctionName=self.parameters["FunctionName"], Name=self.parameters["Name"])


@kind
class Permission(Resource):
    """AWS::Lambda::Permission."""

    type_name = "AWS::Lambda::Permission"
    operation = "AddPermission"
    attribute_names = ("Id",)
    hidden_parameters = frozenset({"Qualifier", "RevisionId", "StatementId"})
    maximum_name_length = 100

    def _translated(self, properties: dict[str, Any]) -> dict[str, Any]:
        return {**properties, "StatementId": self.name}

    def _create(self) -> None:
        self.perform(self.operation, **self.parameters)
        self.physical_resource_id = self.name
        self.attributes = {"Id": self.name}

    def _remove(self) -> None:
        self.perform_if_there("RemovePermission", FunctionName=self.parameters["FunctionName"], StatementId=self.name)


@kind
class EventInvokeConfig(Resource):
    """AWS::Lambda::EventInvokeConfig."""

    type_name = "AWS::Lambda::EventInvokeConfig"
    operation = "PutFunctionEventInvokeConfig"
    changeable = frozenset({"DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"})

    def _translated(self, properties: dict[str, Any]) -> dict[str, Any]:
        if "Qualifier" not in properties:
            raise self.invalid("#: required key [Qualifier] not found")
        return properties

    def _create(self) -> None:
        self.perform(self.operation, **self.parameters)
        self.physical_resource_id = self.name

    def _change(self, before: Self) -> None:  # noqa: ARG002 - a put replaces all there was
        self.perform(self.operation, **self.parameters)

    def _remove(self) -> None:
        named = {name: self.parameters[name] for name in ("FunctionName", "Qualifier")}
        self.perform_if_there("DeleteFunctionEventInvokeConfig", **named)


_UNSET_IN_MAPPING: Mapping[str, Any] = {
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {"Destination": ""}},
    "Enabled": True,
    "FilterCriteria": {"Filters": []},
    "FunctionResponseTypes": [],
    "KMSKeyArn": "",
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "ScalingConfig": {},
    "TumblingWindowInSeconds": 0,
}
"""What a mapping has where its template says nothing, as above."""


@kind
class EventSourceMapping(_Tagged):
    """AWS::Lambda::EventSourceMapping."""

    type_name = "AWS::Lambda::EventSourceMapping"
    operation = "CreateEventSourceMapping"
    attribute_names = ("EventSourceMappingArn", "Id")
    unchangeable = frozenset(
        {"EventSourceArn", "Queues", "SelfManagedEventSource", "StartingPosition", "StartingPositionTimestamp", "Topics"}
    )

    def _translated(self, properties: dict[str, Any]) -> dict[str, Any]:
        made = super()._translated(properties)
        source = made.get("SelfManagedEventSource")
        endpoints = source.get("Endpoints") if isinstance(source, Mapping) else None
        if isinstance(source, Mapping) and isinstance(endpoints, Mapping):
            renamed = {
                "KAFKA_BOOTSTRAP_SERVERS" if name == "KafkaBootstrapServers" else name: servers for name, servers in endpoints.items()
            }
            made["SelfManagedEventSource"] = {**source, "Endpoints": renamed}
        return made

    def _create(self) -> None:
        made = self.perform(self.operation, **self.parameters)
        self.physical_resource_id = made["UUID"]
        self.attributes = {"Id": made["UUID"], "EventSourceMappingArn": made["EventSourceMappingArn"]}

    def _change(self, before: Self) -> None:
        unset = {**_UNSET_IN_MAPPING, "BatchSize": 10 if ":sqs:" in self.parameters.get("EventSourceArn", "") else 100}
        names = [name for name in unset.keys() | self.parameters.keys() if name != "Tags" and self._differs(before, name)]
        if names:
            wanted = {name: self.parameters.get(name, unset.get(name)) for name in sorted(names)}
            self.perform("UpdateEventSourceMapping", UUID=self.physical_resource_id, **wanted)
        self._change_tags(before, self.attributes["EventSourceMappingArn"])

    def _remove(self) -> None:
        self.perform_if_there("DeleteEventSourceMapping", UUID=self.physical_resource_id)
