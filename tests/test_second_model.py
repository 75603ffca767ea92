"""A second model of Lambda's API, a page of dictionaries made from AWS's documented and recorded behaviour alone, runs beside the fake.

It imports nothing of fakelambda but its front door. Where AWS's behaviour is not known, such as which of two reasons to refuse a call comes
first, the model allows what is plausible. ``--hypothesis-profile=long`` looks longer.
"""

# ruff: noqa: N803 - the model's arguments carry AWS's names

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import os
import zipfile
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from fakelambda import FakeLambda, LambdaContext, strategies

PREFIX = "arn:aws:lambda:us-east-1:123456789012:function:"
STALE = "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the {} API to retrieve the latest Revision Id"
NOT_NOW = "ResourceConflictException: The operation cannot be performed at this time. "
ONLY_FUNCTIONS = (
    "InvalidParameterValueException: This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
    "Please specify either a function name or an unqualified function ARN."
)


def packed(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py", (2020, 1, 1, 0, 0, 0)), text)
    return content.getvalue()


HOME = ("us-east-1", "123456789012")
CODE = "import os\ndef handler(event, context): return [context.function_version, os.environ['GENERATION']]\n"
PLACES = [HOME, ("eu-west-1", "123456789012"), ("us-east-1", "888888888888")]
PACKAGES = [packed(CODE + "#" * size) for size in (1, 10, 100)]


class Refusal(Exception):  # noqa: N818 - named for what AWS does
    """The answers that AWS may refuse a call with."""


def missing(name: str) -> str:
    return f"ResourceNotFoundException: Function not found: {PREFIX}{name}"


class Oracle:
    """What AWS would answer. A function is a dictionary, and so is everything in it.

    ``revisions`` holds the revision ids as they were last seen; ``renewed`` names those that the last call has to have changed.
    """

    def __init__(self, *, takes_time: bool) -> None:
        self.takes_time = takes_time
        self.functions: dict[str, dict[str, Any]] = {}
        self.revisions: dict[tuple[str, str], str] = {}
        self.renewed: set[tuple[str, str]] = set()

    def found(self, name: str, otherwise: str = "") -> dict[str, Any]:
        if name not in self.functions:
            raise Refusal(otherwise or missing(name))
        return self.functions[name]

    def idle(self, name: str, revision: str | None) -> dict[str, Any]:
        """A function that may be changed by who knows this revision."""
        function, reasons = self.found(name), []
        if function["busy"] == "Pending":
            reasons.append(f"{NOT_NOW}The function is currently in the following state: Pending")
        elif function["busy"]:
            reasons.append(f"{NOT_NOW}An update is in progress for resource: {PREFIX}{name}")
        if revision not in (None, self.revisions[name, "$LATEST"]):
            reasons.append(STALE.format("GetFunction/GetAlias"))
        if reasons:
            raise Refusal(*reasons)
        return function

    def settle(self) -> None:
        for name, function in self.functions.items():
            if function["busy"]:
                function["busy"], function["running"] = "", function["latest"]
                self.renewed.add((name, "$LATEST"))
            for config in function["provisioned"].values():
                config["Status"] = "READY"

    # ---- functions and versions ----

    def create_function(self, FunctionName: str, Code: dict[str, bytes], Description: str, *, Publish: bool, **_: Any) -> dict[str, Any]:
        if FunctionName in self.functions:
            raise Refusal(f"ResourceConflictException: Function already exist: {FunctionName}")
        latest = {"Description": Description, "CodeSize": len(Code["ZipFile"]), "CodeSha256": sha(Code["ZipFile"]), "Generation": "0"}
        made: dict[str, Any] = {
            "latest": latest,
            "running": latest,
            "versions": {},
            "aliases": {},
            "policies": {},
            "events": {},
            "provisioned": {},
            "tags": {},
            "runtimes": {},
            "loop": "Terminate",
        }
        self.functions[FunctionName] = made | {"reserved": None, "last": 0, "dirty": True, "busy": "Pending" if self.takes_time else ""}
        self.renewed.add((FunctionName, "$LATEST"))
        if Publish:
            self.publish(FunctionName)
        return {**shown(latest), "FunctionArn": PREFIX + FunctionName, "Version": "1" if Publish else "$LATEST", "State": "Pending"}

    def publish(self, name: str, description: str | None = None) -> str:
        function = self.functions[name]
        function["last"] += 1
        number = str(function["last"])
        own = {} if description is None else {"Description": description}
        function["versions"][number] = {**function["latest"], **own}
        function["dirty"] = False
        self.renewed |= {(name, "$LATEST"), (name, number)}
        return number

    def publish_version(
        self,
        FunctionName: str,
        Description: str | None = None,
        CodeSha256: str | None = None,
        RevisionId: str | None = None,
    ) -> dict[str, Any]:
        function = self.idle(FunctionName, RevisionId)
        actual = function["latest"]["CodeSha256"]
        if CodeSha256 not in (None, actual):
            raise Refusal(
                f"InvalidParameterValueException: CodeSHA256 ({CodeSha256}) is different from current CodeSHA256 in $LATEST ({actual}). "
                "Please try again with the CodeSHA256 in $LATEST."
            )
        number = str(function["last"])
        if function["dirty"] or number not in function["versions"]:
            number = self.publish(FunctionName, Description)
        return {**shown(function["versions"][number]), "Version": number, "FunctionArn": f"{PREFIX}{FunctionName}:{number}"}

    def update(self, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        function = self.functions[name]
        function["latest"] = {**function["latest"], **changes}
        function["dirty"] = True
        if self.takes_time:
            function["busy"] = "InProgress"
        else:
            function["running"] = function["latest"]
        self.renewed.add((name, "$LATEST"))
        return {**shown(function["latest"]), "Version": "$LATEST", "LastUpdateStatus": "InProgress"}

    def update_function_configuration(
        self,
        FunctionName: str,
        RevisionId: str | None = None,
        Description: str | None = None,
        Environment: Any = None,
    ) -> dict[str, Any]:
        self.idle(FunctionName, RevisionId)
        changes = {} if Description is None else {"Description": Description}
        if Environment:
            changes["Generation"] = Environment["Variables"]["GENERATION"]
        return self.update(FunctionName, changes)

    def update_function_code(
        self,
        FunctionName: str,
        ZipFile: bytes,
        RevisionId: str | None = None,
        *,
        Publish: bool = False,
        DryRun: bool = False,
    ) -> dict[str, Any]:
        function = self.idle(FunctionName, RevisionId)
        changes = {"CodeSize": len(ZipFile), "CodeSha256": sha(ZipFile)}
        if DryRun:
            return changes
        answer = self.update(FunctionName, changes)
        if not Publish:
            return answer
        number = self.publish(FunctionName)
        return {**shown(function["latest"]), "Version": number, "State": "Pending", "FunctionArn": f"{PREFIX}{FunctionName}:{number}"}

    def delete_function(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        if Qualifier == "$LATEST":
            raise Refusal("InvalidParameterValueException: $LATEST version cannot be deleted without deleting the function.")
        if Qualifier and not Qualifier.isdigit():
            raise Refusal("InvalidParameterValueException: Deletion of aliases is not currently supported.")
        function = self.found(FunctionName)
        if Qualifier is None:
            del self.functions[FunctionName]
        elif Qualifier in function["versions"]:
            using = [name for name, alias in function["aliases"].items() if Qualifier in (alias["FunctionVersion"], *alias["weights"])]
            if using:
                text = "ResourceConflictException: Unable to delete version because the following aliases reference it: [{}]"
                raise Refusal(*(text.format(", ".join(order)) for order in itertools.permutations(using)))
            for shelf in ("versions", "policies", "events", "provisioned", "runtimes"):
                function[shelf].pop(Qualifier, None)
        return {"StatusCode": 204}

    def get_function(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        asked = f"{FunctionName}:{Qualifier}" if Qualifier else FunctionName
        function = self.found(FunctionName, missing(asked))
        version = function["aliases"].get(Qualifier, {}).get("FunctionVersion", Qualifier or "$LATEST")
        configuration = function["latest"] if version == "$LATEST" else function["versions"].get(version)
        if configuration is None:
            raise Refusal(missing(asked))
        reserved = function["reserved"]
        return {
            "Configuration": {**shown(configuration), "FunctionArn": PREFIX + asked, "Version": version},
            "Tags": function["tags"] or None,
            "Concurrency": None if reserved is None else {"ReservedConcurrentExecutions": reserved},
        }

    def get_function_configuration(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self.get_function(FunctionName, Qualifier)["Configuration"]
        return found

    def list_versions_by_function(self, FunctionName: str) -> dict[str, Any]:
        function = self.found(FunctionName)
        return {
            "Versions": [
                {**shown(it), "Version": number} for number, it in [("$LATEST", function["latest"]), *function["versions"].items()]
            ]
        }

    # ---- aliases ----

    def check_routing(self, name: str, alias: dict[str, Any]) -> None:
        known, reasons = {"$LATEST", *self.functions[name]["versions"]}, []
        version, weights = alias["FunctionVersion"], alias["weights"]
        if version in weights:
            reasons.append(
                f"InvalidParameterValueException: Invalid function version {version}. Function version {version} is already included in routing configuration."
            )
        if version == "$LATEST" and weights:
            reasons.append("InvalidParameterValueException: $LATEST is not supported for an alias pointing to more than 1 version")
        reasons += [missing(f"{name}:{target}") for target in (version, *weights) if target not in known]
        if reasons:
            raise Refusal(*reasons)

    def create_alias(
        self, FunctionName: str, Name: str, FunctionVersion: str, RoutingConfig: Any = None, Description: str = ""
    ) -> dict[str, Any]:
        alias = {"FunctionVersion": FunctionVersion, "Description": Description, "weights": weights_of(RoutingConfig)}
        function = self.found(FunctionName, missing(f"{FunctionName}:{FunctionVersion}"))
        taken = [f"ResourceConflictException: Alias already exists: {PREFIX}{FunctionName}:{Name}"] * (Name in function["aliases"])
        try:
            self.check_routing(FunctionName, alias)
        except Refusal as refusal:
            raise Refusal(*refusal.args, *taken) from None
        if taken:
            raise Refusal(*taken)
        function["aliases"][Name] = alias
        self.renewed.add((FunctionName, Name))
        return alias_shown(FunctionName, Name, alias)

    def update_alias(
        self, FunctionName: str, Name: str, RevisionId: str | None = None, RoutingConfig: Any = None, **changes: str
    ) -> dict[str, Any]:
        routed = {} if RoutingConfig is None else {"weights": weights_of(RoutingConfig)}
        unknown = f"ResourceNotFoundException: Alias not found: {PREFIX}{FunctionName}:{Name}"
        function = self.found(FunctionName, unknown)
        if Name not in function["aliases"]:
            raise Refusal(unknown)
        alias = {**function["aliases"][Name], **changes, **routed}
        stale = [STALE.format("GetFunction/GetAlias")] * (RevisionId not in (None, self.revisions[FunctionName, Name]))
        try:
            self.check_routing(FunctionName, alias)
        except Refusal as refusal:
            raise Refusal(*refusal.args, *stale) from None
        if stale:
            raise Refusal(*stale)
        is_moved = alias["FunctionVersion"] != function["aliases"][Name]["FunctionVersion"]
        if is_moved and Name in function["provisioned"]:
            self.check_provisionable(function, Name, alias["FunctionVersion"])
            function["provisioned"][Name]["Status"] = self.allocating()
        function["aliases"][Name] = alias
        self.renewed.add((FunctionName, Name))
        return alias_shown(FunctionName, Name, alias)

    def delete_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:
        function = self.found(FunctionName)
        for shelf in ("aliases", "policies", "events", "provisioned"):
            function[shelf].pop(Name, None)
        return {}

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:
        aliases = self.functions.get(FunctionName, {"aliases": {}})["aliases"]
        if Name not in aliases:
            raise Refusal(f"ResourceNotFoundException: Cannot find alias arn: {PREFIX}{FunctionName}:{Name}")
        return alias_shown(FunctionName, Name, aliases[Name])

    # ---- permissions ----

    def add_permission(
        self,
        *,
        FunctionName: str,
        StatementId: str,
        Action: str,
        Principal: str,
        Qualifier: str | None = None,
        RevisionId: str | None = None,
    ) -> dict[str, Any]:
        if Qualifier == "$LATEST":
            raise Refusal("InvalidParameterValueException: We currently do not support adding policies for $LATEST.", missing(FunctionName))
        function, place = self.found(FunctionName), Qualifier or ""
        self.check_policy_place(FunctionName, Qualifier)
        statements, reasons = function["policies"].get(place, {}), []
        if StatementId in statements:
            reasons.append(
                f"ResourceConflictException: The statement id ({StatementId}) provided already exists. "
                "Please provide a new statement id, or remove the existing statement."
            )
        if RevisionId not in (None, self.revisions[FunctionName, self.revised_by_permissions(FunctionName, place)]):
            reasons.append(STALE.format("GetPolicy"))
        if reasons:
            raise Refusal(*reasons)
        function["policies"][place] = {**statements, StatementId: (Principal, Action)}
        self.renewed.add((FunctionName, f"policy of {place}"))
        return {}

    def revised_by_permissions(self, name: str, place: str) -> str:
        there_is_one = self.functions.get(name, {"policies": {}})["policies"].get(place)
        return f"policy of {place}" if there_is_one else place or "$LATEST"

    def check_policy_place(self, name: str, qualifier: str | None) -> None:
        function = self.functions[name]
        if qualifier and qualifier not in function["versions"] and qualifier not in function["aliases"]:
            is_version = qualifier.isdigit()
            text = (
                missing(f"{name}:{qualifier}")
                if is_version
                else f"ResourceNotFoundException: Cannot find alias arn: {PREFIX}{name}:{qualifier}"
            )
            raise Refusal(text)

    def remove_permission(
        self, FunctionName: str, StatementId: str, Qualifier: str | None = None, RevisionId: str | None = None
    ) -> dict[str, Any]:
        function, place = (
            self.found(FunctionName, f"ResourceNotFoundException: No policy found for: {PREFIX}{FunctionName}"),
            Qualifier or "",
        )
        self.check_policy_place(FunctionName, Qualifier)
        statements, reasons = function["policies"].get(place), []
        if not statements:
            raise Refusal("ResourceNotFoundException: No policy is associated with the given resource.")
        if RevisionId not in (None, self.revisions[FunctionName, f"policy of {place}"]):
            reasons.append(STALE.format("GetPolicy"))
        if StatementId not in statements:
            reasons.append(f"ResourceNotFoundException: Statement {StatementId} is not found in resource policy.")
        if reasons:
            raise Refusal(*reasons)
        function["policies"][place] = {other: granted for other, granted in statements.items() if other != StatementId}
        self.renewed.add((FunctionName, f"policy of {place}"))
        return {}

    def policy_place(self, resource: str) -> tuple[dict[str, Any], str]:
        name, _, place = resource.removeprefix(PREFIX).partition(":")
        if place == "$LATEST":
            raise Refusal("InvalidParameterValueException: We currently do not support adding policies for $LATEST.")
        function = self.found(name)
        self.check_policy_place(name, place or None)
        return function, place

    def whole_policy(self, resource: str) -> tuple[dict[str, Any], str, dict[str, Any]]:
        function, place = self.policy_place(resource)
        if not function["policies"].get(place):
            raise Refusal("ResourceNotFoundException: The resource you requested does not exist.")
        return function, place, function["policies"][place]

    def check_policy_revision(self, name: str, place: str, revision: str | None, *, there_is_one: bool) -> None:
        if revision is not None and revision != (there_is_one and self.revisions[name, f"policy of {place}"]):
            raise Refusal(STALE.format("GetResourcePolicy"))

    def put_resource_policy(self, ResourceArn: str, Policy: str, RevisionId: str | None = None) -> dict[str, Any]:
        function, place = self.policy_place(ResourceArn)
        name, before = ResourceArn.removeprefix(PREFIX).partition(":")[0], function["policies"].get(place)
        self.check_policy_revision(name, place, RevisionId, there_is_one=bool(before))
        statements = json.loads(Policy)["Statement"]
        function["policies"][place] = {
            it["Sid"]: (it["Principal"] if it["Principal"] == "*" else next(iter(it["Principal"].values())), it["Action"])
            for it in statements
        }
        self.renewed.add((name, f"policy of {place}"))
        return {}

    def get_resource_policy(self, ResourceArn: str) -> dict[str, Any]:
        _, place, _ = self.whole_policy(ResourceArn)
        return {"RevisionId": self.revisions[ResourceArn.removeprefix(PREFIX).partition(":")[0], f"policy of {place}"]}

    def delete_resource_policy(self, ResourceArn: str, RevisionId: str | None = None) -> dict[str, Any]:
        function, place, _ = self.whole_policy(ResourceArn)
        self.check_policy_revision(ResourceArn.removeprefix(PREFIX).partition(":")[0], place, RevisionId, there_is_one=True)
        del function["policies"][place]
        return {}

    def check_caller(self, name: str, qualifier: str | None, user: str, principal: str, action: str) -> None:
        """Refuses who is named by no statement of exactly this qualifier."""
        policies = self.functions.get(name, {"policies": {}})["policies"]
        granted = policies.get(qualifier or "", {}).values()
        if not any(who in ("*", principal) and what in ("lambda:*", action) for who, what in granted):
            arn = f"{PREFIX}{name}:{qualifier}" if qualifier else PREFIX + name
            raise Refusal(
                f"AccessDeniedException: User: {user} is not authorized to perform: {action} on resource: {arn} "
                f"because no resource-based policy allows the {action} action"
            )

    # ---- event-invoke configurations, concurrency, tags ----

    def put_function_event_invoke_config(self, FunctionName: str, Qualifier: str | None = None, **numbers: int) -> dict[str, Any]:
        place = Qualifier or "$LATEST"
        nobody = Refusal("ResourceNotFoundException: The function doesn't exist.")
        if not numbers:
            raise Refusal("InvalidParameterValueException: You must specify at least one of error handling or destination setting.")
        function = self.found(FunctionName, str(nobody))
        if place not in {"$LATEST", *function["versions"], *function["aliases"]}:
            raise nobody
        function["events"][place] = numbers
        return event_shown(FunctionName, place, numbers)

    def existing_event(self, name: str, qualifier: str | None, no_function: str | None = None) -> tuple[dict[str, Any], str]:
        place = qualifier or "$LATEST"
        nothing = f"ResourceNotFoundException: The function {PREFIX}{name}:{place} doesn't have an EventInvokeConfig"
        events: dict[str, Any] = self.found(name, no_function or nothing)["events"]
        if place not in events:
            raise Refusal(nothing)
        return events, place

    def update_function_event_invoke_config(self, FunctionName: str, Qualifier: str | None = None, **numbers: int) -> dict[str, Any]:
        events, place = self.existing_event(FunctionName, Qualifier, "ResourceNotFoundException: The function doesn't exist.")
        events[place] = {**events[place], **numbers}
        return event_shown(FunctionName, place, events[place])

    def get_function_event_invoke_config(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        events, place = self.existing_event(FunctionName, Qualifier)
        return event_shown(FunctionName, place, events[place])

    def delete_function_event_invoke_config(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        events, place = self.existing_event(FunctionName, Qualifier)
        del events[place]
        return {}

    def put_function_concurrency(self, FunctionName: str, ReservedConcurrentExecutions: int) -> dict[str, Any]:
        name, _, qualifier = FunctionName.partition(":")
        if qualifier:
            raise Refusal(ONLY_FUNCTIONS)
        function = self.found(name, missing(f"{name}:$LATEST"))
        reasons, provisioned = [], provisioned_for(function)
        if self.unreserved(but=name) - ReservedConcurrentExecutions < 100:
            reasons.append(
                "InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases account's "
                "UnreservedConcurrentExecution below its minimum value of [100]."
            )
        if ReservedConcurrentExecutions < provisioned:
            reasons.append(
                f"InvalidParameterValueException:  ReservedConcurrentExecutions  {ReservedConcurrentExecutions} should not be lower than "
                f"function's total provisioned concurrency [{provisioned}]."
            )
        if reasons:
            raise Refusal(*reasons)
        function["reserved"] = ReservedConcurrentExecutions
        return {"ReservedConcurrentExecutions": ReservedConcurrentExecutions}

    def get_function_concurrency(self, FunctionName: str) -> dict[str, Any]:
        return {"ReservedConcurrentExecutions": self.found(FunctionName)["reserved"]}

    def delete_function_concurrency(self, FunctionName: str) -> dict[str, Any]:
        self.found(FunctionName)["reserved"] = None
        return {}

    def unreserved(self, but: str = "") -> int:
        claimed = (
            provisioned_for(function) if function["reserved"] is None else function["reserved"]
            for name, function in self.functions.items()
            if name != but
        )
        return 1000 - sum(claimed)

    def allocating(self) -> str:
        return "IN_PROGRESS" if self.takes_time else "READY"

    def check_provisionable(self, function: dict[str, Any], qualifier: str, version: str) -> None:
        if version == "$LATEST":
            raise Refusal(
                "InvalidParameterValueException: Provisioned Concurrency Configs cannot be applied to unpublished function versions."
            )
        targets = {name: alias["FunctionVersion"] for name, alias in function["aliases"].items()}
        if version in [targets.get(other, other) for other in function["provisioned"] if other != qualifier]:
            raise Refusal(
                "ResourceConflictException: Version is pointed by a Provisioned Concurrency alias"
                if qualifier == version
                else "ResourceConflictException: Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
            )

    def provisionable(self, name: str, qualifier: str, latest: str) -> dict[str, Any]:
        if qualifier == "$LATEST":
            raise Refusal(f"InvalidParameterValueException: {latest}")
        function = self.functions.get(name, {"versions": {}, "aliases": {}})
        if qualifier not in {*function["versions"], *function["aliases"]}:
            unknown_alias = f"ResourceNotFoundException: Cannot find alias arn: {PREFIX}{name}:{qualifier}"
            raise Refusal(missing(f"{name}:{qualifier}") if qualifier.isdigit() else unknown_alias)
        return function

    def put_provisioned_concurrency_config(self, FunctionName: str, Qualifier: str, ProvisionedConcurrentExecutions: int) -> dict[str, Any]:
        unpublished = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        function = self.provisionable(FunctionName, Qualifier, unpublished)
        reasons: list[str] = []
        version = function["aliases"].get(Qualifier, {"FunctionVersion": Qualifier})["FunctionVersion"]
        try:
            self.check_provisionable(function, Qualifier, version)
        except Refusal as refusal:
            reasons += refusal.args
        beside = provisioned_for(function, but=Qualifier)
        left = self.unreserved(but=FunctionName) - beside
        specified = "InvalidParameterValueException: Specified ConcurrentExecutions for function "
        if function["reserved"] is not None:
            if beside + ProvisionedConcurrentExecutions > function["reserved"]:
                reasons.append(
                    "InvalidParameterValueException: Requested Provisioned Concurrency should not be greater than the "
                    "reservedConcurrentExecution for function"
                )
        elif ProvisionedConcurrentExecutions > left:
            reasons.append(f"{specified}is greater than account's unreserved concurrency [{left}].")
        elif left - ProvisionedConcurrentExecutions < 100:
            reasons.append(f"{specified}decreases account's UnreservedConcurrentExecution below its minimum value of [100].")
        if reasons:
            raise Refusal(*reasons)
        config = {"RequestedProvisionedConcurrentExecutions": ProvisionedConcurrentExecutions, "Status": self.allocating()}
        function["provisioned"][Qualifier] = config
        self.renewed.add((FunctionName, version))
        return {**config, "Status": "IN_PROGRESS"}

    def get_provisioned_concurrency_config(self, FunctionName: str, Qualifier: str) -> dict[str, Any]:
        function = self.provisionable(FunctionName, Qualifier, "The function resource provided must be an alias or a published version.")
        if Qualifier not in function["provisioned"]:
            raise Refusal("ProvisionedConcurrencyConfigNotFoundException: No Provisioned Concurrency Config found for this function")
        found: dict[str, Any] = function["provisioned"][Qualifier]
        return found

    def delete_provisioned_concurrency_config(self, FunctionName: str, Qualifier: str) -> dict[str, Any]:
        function = self.provisionable(FunctionName, Qualifier, "The function resource provided must be an alias or a published version.")
        function["provisioned"].pop(Qualifier, None)
        return {}

    def tag_resource(self, Resource: str, Tags: dict[str, str]) -> dict[str, Any]:
        name = Resource.removeprefix(PREFIX)
        if not Tags:
            raise Refusal("InvalidParameterValueException: An error occurred and the request cannot be processed.")
        if ":" in name:
            raise Refusal(
                "InvalidParameterValueException: Tags on function aliases and versions are not supported. Please specify a function ARN."
            )
        merged = {**self.found(name)["tags"], **Tags}
        if len(merged) > 50:
            raise Refusal("InvalidParameterValueException: Number of tags exceeds resource tag limit.")
        self.functions[name]["tags"] = merged
        self.renewed.add((name, "$LATEST"))
        return {}

    def untag_resource(self, Resource: str, TagKeys: list[str]) -> dict[str, Any]:
        name = Resource.removeprefix(PREFIX)
        function = self.found(name)
        function["tags"] = {key: value for key, value in function["tags"].items() if key not in TagKeys}
        self.renewed.add((name, "$LATEST"))
        return {}

    def list_tags(self, Resource: str) -> dict[str, Any]:
        return {"Tags": self.found(Resource.removeprefix(PREFIX))["tags"]}

    def put_function_recursion_config(self, FunctionName: str, RecursiveLoop: str) -> dict[str, Any]:
        self.found(FunctionName)["loop"] = RecursiveLoop
        return {"RecursiveLoop": RecursiveLoop}

    def get_function_recursion_config(self, FunctionName: str) -> dict[str, Any]:
        return {"RecursiveLoop": self.found(FunctionName)["loop"]}

    def runtime_place(self, name: str, qualifier: str | None) -> tuple[dict[str, Any], str]:
        version = self.get_function(name, qualifier)["Configuration"]["Version"]
        return self.functions[name]["runtimes"], version

    def put_runtime_management_config(
        self, FunctionName: str, UpdateRuntimeOn: str, RuntimeVersionArn: str | None = None, Qualifier: str | None = None
    ) -> dict[str, Any]:
        runtimes, version = self.runtime_place(FunctionName, Qualifier)
        if (UpdateRuntimeOn == "Manual") != bool(RuntimeVersionArn):
            raise Refusal("InvalidParameterValueException: ")
        runtimes[version] = {"UpdateRuntimeOn": UpdateRuntimeOn, "RuntimeVersionArn": RuntimeVersionArn}
        found: dict[str, Any] = runtimes[version]
        return found

    def get_runtime_management_config(self, FunctionName: str, Qualifier: str | None = None) -> dict[str, Any]:
        runtimes, version = self.runtime_place(FunctionName, Qualifier)
        found: dict[str, Any] = runtimes.get(version, {"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": None})
        return found

    # ---- invocations ----

    def invoke(self, FunctionName: str, InvocationType: str, Qualifier: str | None = None) -> tuple[int, list[tuple[str, str]]]:
        """The status, and what may run: version and generation; nothing where nothing runs."""
        asked = Qualifier or "$LATEST"
        function = self.found(FunctionName, missing(f"{FunctionName}:{asked}"))
        alias = function["aliases"].get(asked, {"FunctionVersion": asked, "weights": {}})
        known = {**function["versions"], "$LATEST": function["running"]}
        if alias["FunctionVersion"] not in known:
            raise Refusal(missing(f"{FunctionName}:{asked}"))
        reasons = []
        if alias["FunctionVersion"] == "$LATEST" and function["busy"] == "Pending":
            reasons.append(f"{NOT_NOW}The function is currently in the following state: Pending")
        if function["reserved"] == 0 and InvocationType == "RequestResponse":
            reasons.append("TooManyRequestsException: Rate Exceeded.")
        if reasons:
            raise Refusal(*reasons)
        shares = {alias["FunctionVersion"]: 1 - sum(alias["weights"].values()), **alias["weights"]}
        runs = [(version, known[version]["Generation"]) for version, share in shares.items() if share > 0]
        return {"RequestResponse": 200, "Event": 202, "DryRun": 204}[InvocationType], [] if function[
            "reserved"
        ] == 0 or InvocationType == "DryRun" else runs


def sha(package: bytes) -> str:
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


def shown(configuration: dict[str, Any]) -> dict[str, Any]:
    return {name: configuration[name] for name in ("Description", "CodeSize", "CodeSha256")}


def weights_of(routing: Any) -> dict[str, float]:
    weights: dict[str, float] = (routing or {}).get("AdditionalVersionWeights", {})
    if len(weights) > 1:
        raise Refusal("InvalidParameterValueException: Number of items in AdditionalVersionWeights cannot be greater than 1")
    return weights


def alias_shown(function: str, name: str, alias: dict[str, Any]) -> dict[str, Any]:
    routing = {"AdditionalVersionWeights": alias["weights"]} if alias["weights"] else None
    return {
        "AliasArn": f"{PREFIX}{function}:{name}",
        "Name": name,
        "FunctionVersion": alias["FunctionVersion"],
        "Description": alias["Description"],
        "RoutingConfig": routing,
    }


def provisioned_for(function: dict[str, Any], but: str = "") -> int:
    return sum(config["RequestedProvisionedConcurrentExecutions"] for name, config in function["provisioned"].items() if name != but)


def event_shown(function: str, place: str, numbers: dict[str, int]) -> dict[str, Any]:
    members = {name: numbers.get(name) for name in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")}
    return {"FunctionArn": f"{PREFIX}{function}:{place}", **members, "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}}}


# ---- both side by side ----

SERVICE: Any = botocore.session.get_session().get_service_model("lambda")
MODELLED = [name for name in SERVICE.operation_names if hasattr(Oracle, xform_name(name))]

NAMES = st.sampled_from(["one", "one", "one", "two"])  # "one" is there from the beginning, with two versions and an alias
QUALIFIERS = st.sampled_from([None, "$LATEST", "1", "2", "3", "live", "beta"])
POLICY_PLACES = st.sampled_from([None, "1", "2", "live", "beta"])
PROVISIONED = st.sampled_from(["$LATEST", "1", "2", "3", "live", "beta"])
VERSIONS = st.sampled_from(["$LATEST", "1", "2", "3", "1", "2"])
ALIASES = st.sampled_from(["live", "beta"])
TEXTS = st.sampled_from(["", "x", "y"])
ANOTHER_REVISION = "00000000-0000-4000-8000-000000000000"
REVISIONS = st.sampled_from([None, None, None, "latest", ANOTHER_REVISION])
ROUTINGS: st.SearchStrategy[Any] = st.sampled_from(
    [None, None, {}, {"AdditionalVersionWeights": {}}, {"AdditionalVersionWeights": {"1": 0.5, "2": 0.5}}]
) | st.builds(
    lambda version, weight: {"AdditionalVersionWeights": {version: weight}}, st.sampled_from("123"), st.sampled_from([0.0, 0.5, 1.0])
)
STATEMENTS = st.sampled_from(["s1", "s2", "s3"])
GRANTED = st.fixed_dictionaries(
    {
        "Principal": st.sampled_from(["*", "999999999999", "888888888888", "s3.amazonaws.com"]),
        "Action": st.sampled_from(["lambda:*", "lambda:InvokeFunction", "lambda:GetFunction", "lambda:DeleteAlias"]),
    }
)
NUMBERS = st.fixed_dictionaries(
    {}, optional={"MaximumRetryAttempts": st.integers(0, 2), "MaximumEventAgeInSeconds": st.sampled_from([60, 21600])}
)


def run(event: Any, context: LambdaContext) -> list[str]:
    return [context.function_version, os.environ["GENERATION"]]


def members_of(actual: Any, expected: Any) -> Any:
    """What an answer says about the members that the model knows."""
    if isinstance(expected, list) and isinstance(actual, list) and len(actual) == len(expected):
        return [members_of(one, wanted) for one, wanted in zip(actual, expected, strict=True)]
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return actual
    return {name: members_of(actual.get(name), value) for name, value in expected.items()}


def renamed(value: Any, old: str, new: str) -> Any:
    """A request or an answer with the ARNs of another place."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [renamed(item, old, new) for item in value]
    return {name: renamed(item, old, new) for name, item in value.items()} if isinstance(value, dict) else value


class Abroad:
    """A client of another region or account, which speaks as if it were at home: the model knows one place only."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client, self._prefix = client, prefix

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**given: Any) -> Any:
            try:
                return renamed(getattr(self._client, operation)(**renamed(given, PREFIX, self._prefix)), self._prefix, PREFIX)
            except ClientError as error:
                error.response["Error"]["Message"] = renamed(error.response["Error"]["Message"], self._prefix, PREFIX)
                raise

        return call


@cache
def invalid(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    """Requests that break one constraint; where possible, half of them name a function that may be there."""
    anything = strategies.requests(operation, invalid=True)
    try:
        return anything | strategies.requests(operation, invalid=True, FunctionName="one")
    except ValueError:  # it names no function, or there is nothing else to break
        return anything


def refusal_of(call: Callable[[], Any]) -> str:
    try:
        answer = call()
    except ClientError as error:
        return "{Code}: {Message}".format(**error.response["Error"])
    return f"not refused: {answer}"


class SideBySide(RuleBasedStateMachine):
    steps = 0

    @initialize(takes_time=st.booleans(), seed=st.integers(0, 9), first=st.sampled_from(PLACES))
    def begin(self, *, takes_time: bool, seed: int, first: tuple[str, str]) -> None:
        self.fake = FakeLambda(seed=seed, lifecycle="realistic" if takes_time else "instant").start()
        self.takes_time = takes_time
        self.oracles: dict[tuple[str, str], Oracle] = {}
        self.seen: set[str] = set()
        self.invocations = 0
        self.visit(HOME)
        self.take_a_snapshot()
        self.visit(first)

    @rule(place=st.sampled_from(PLACES))
    def visit(self, place: tuple[str, str]) -> None:
        """What follows happens in this region and account."""
        (region, account), self.place = place, place
        self.prefix = f"arn:aws:lambda:{region}:{account}:function:"
        once = Config(retries={"total_max_attempts": 1})
        self.client: Any = Abroad(self.fake.client(region, account, once), self.prefix)
        self.elsewhere: Any = Abroad(self.fake.client(region, "999999999999"), self.prefix)
        if place in self.oracles:
            self.oracle = self.oracles[place]
            return
        self.oracle = self.oracles[place] = Oracle(takes_time=self.takes_time)
        for name in ("one", "two") if place == HOME else ():  # elsewhere the deployed code runs
            self.fake.bind(name, run)
        self.create_function("one", PACKAGES[0], "", publish=False)
        for number in "12":
            self.advance(60)
            self.compare_everything()
            self.publish("one", None, None, None)
            self.update_configuration("one", None, number, None)
        self.advance(60)
        self.create_alias("one", "live", "1", None, None)
        self.add_permission("one", None, "s1", None, {"Principal": "*", "Action": "lambda:*"})

    @rule()
    def take_a_snapshot(self) -> None:
        self.kept: Any = self.fake.snapshot(), deepcopy(self.oracles), {*self.seen}, self.invocations

    @rule()
    def restore(self) -> None:
        snapshot, oracles, seen, self.invocations = self.kept
        self.fake.restore(snapshot)
        for region, account in self.oracles.keys() - oracles.keys():
            assert self.fake.client(region, account).list_functions()["Functions"] == []
        self.oracles, self.seen = deepcopy(oracles), {*seen}
        here = self.place if self.place in self.oracles else HOME
        for place in [*self.oracles, here]:
            self.visit(place)
            self.compare_everything()

    @rule(data=st.data(), operation=st.sampled_from(MODELLED))
    def ask_for_what_is_invalid(self, data: st.DataObject, operation: str) -> None:
        given = data.draw(invalid(operation))
        answer = self.refused(xform_name(operation), given)
        assert answer.startswith("ValidationException: 1 validation error detected: ")

    def teardown(self) -> None:
        if hasattr(self, "fake"):
            self.fake.stop()

    def both(self, operation: str, **parameters: Any) -> None:
        """Calls both with what is not None and compares their answers."""
        given = {name: value for name, value in parameters.items() if value is not None}
        self.compare(self.expected(operation, given), lambda: getattr(self.client, operation)(**given))

    def compare(self, expected: Any, call: Callable[[], Any]) -> None:
        if isinstance(expected, Refusal):
            answer = refusal_of(call)
            assert any(answer == text or (text.endswith(": ") and answer.startswith(text)) for text in expected.args), answer
        else:
            assert members_of(call(), expected) == expected

    def expected(self, operation: str, given: dict[str, Any]) -> Any:
        """What the model answers, or what it refuses with."""
        try:
            return getattr(self.oracle, operation)(**given)
        except Refusal as refusal:
            return refusal

    def refused(self, operation: str, given: dict[str, Any]) -> str:
        return refusal_of(lambda: getattr(self.client, operation)(**given))

    def revision(self, kind: str | None, *key: str) -> str | None:
        return self.oracle.revisions.get((key[0], key[1]), ANOTHER_REVISION) if kind == "latest" else kind

    @rule(name=NAMES, package=st.sampled_from(PACKAGES), description=TEXTS, publish=st.booleans())
    def create_function(self, name: str, package: bytes, description: str, *, publish: bool) -> None:
        self.both(
            "create_function",
            FunctionName=name,
            Role="arn:aws:iam::123456789012:role/r",
            Runtime="python3.12",
            Handler="app.handler",
            Code={"ZipFile": package},
            Description=description,
            Publish=publish and not self.oracle.takes_time,
            Environment={"Variables": {"GENERATION": "0"}},
        )

    @rule(name=NAMES, description=st.none() | TEXTS, generation=st.none() | st.sampled_from("123"), revision=REVISIONS)
    def update_configuration(self, name: str, description: str | None, generation: str | None, revision: str | None) -> None:
        environment = generation and {"Variables": {"GENERATION": generation}}
        known = self.revision(revision, name, "$LATEST")
        self.both("update_function_configuration", FunctionName=name, Description=description, Environment=environment, RevisionId=known)

    @rule(
        name=NAMES,
        package=st.sampled_from(PACKAGES),
        flags=st.sampled_from([{}, {}, {"Publish": True}, {"DryRun": True}]),
        revision=REVISIONS,
    )
    def update_code(self, name: str, package: bytes, flags: dict[str, bool], revision: str | None) -> None:
        flags = {} if self.oracle.takes_time and "Publish" in flags else flags
        self.both("update_function_code", FunctionName=name, ZipFile=package, RevisionId=self.revision(revision, name, "$LATEST"), **flags)

    @rule(name=NAMES, description=st.none() | TEXTS, digest=st.sampled_from([None, None, "right", "wrong"]), revision=REVISIONS)
    def publish(self, name: str, description: str | None, digest: str | None, revision: str | None) -> None:
        if digest == "right":
            digest = self.oracle.functions.get(name, {}).get("latest", {}).get("CodeSha256")
        known = self.revision(revision, name, "$LATEST")
        self.both("publish_version", FunctionName=name, Description=description, CodeSha256=digest, RevisionId=known)

    @rule(name=NAMES, qualifier=st.sampled_from(["$LATEST", "1", "2", "3", "9", "live", "1", "2", "3", "1", "2", "3", None]))
    def delete(self, name: str, qualifier: str | None) -> None:
        self.both("delete_function", FunctionName=name, Qualifier=qualifier)

    @rule(name=NAMES, qualifier=QUALIFIERS)
    def get_function(self, name: str, qualifier: str | None) -> None:
        self.both("get_function", FunctionName=name, Qualifier=qualifier)

    @rule(name=NAMES, alias=ALIASES, version=VERSIONS, routing=ROUTINGS, description=st.none() | TEXTS)
    def create_alias(self, name: str, alias: str, version: str, routing: Any, description: str | None) -> None:
        self.both("create_alias", FunctionName=name, Name=alias, FunctionVersion=version, RoutingConfig=routing, Description=description)

    @rule(name=NAMES, alias=ALIASES, version=st.none() | VERSIONS, routing=ROUTINGS, description=st.none() | TEXTS, revision=REVISIONS)
    def update_alias(
        self, *, name: str, alias: str, version: str | None, routing: Any, description: str | None, revision: str | None
    ) -> None:
        known = self.revision(revision, name, alias)
        changes = {"FunctionVersion": version, "RoutingConfig": routing, "Description": description}
        self.both("update_alias", FunctionName=name, Name=alias, RevisionId=known, **changes)

    @rule(name=NAMES, alias=ALIASES)
    def get_alias(self, name: str, alias: str) -> None:
        self.both("get_alias", FunctionName=name, Name=alias)

    @precondition(lambda self: self.oracle.functions)
    @rule(data=st.data(), alias=ALIASES)
    def delete_alias(self, data: st.DataObject, alias: str) -> None:
        self.both("delete_alias", FunctionName=data.draw(st.sampled_from(sorted(self.oracle.functions))), Name=alias)

    @rule(name=NAMES, place=QUALIFIERS, statement=STATEMENTS, revision=REVISIONS, granted=GRANTED)
    def add_permission(self, name: str, place: str | None, statement: str, revision: str | None, granted: dict[str, str]) -> None:
        known = self.revision(revision, name, self.oracle.revised_by_permissions(name, place or ""))
        self.both("add_permission", FunctionName=name, Qualifier=place, StatementId=statement, RevisionId=known, **granted)

    @rule(name=NAMES, place=POLICY_PLACES, statement=STATEMENTS, revision=REVISIONS)
    def remove_permission(self, name: str, place: str | None, statement: str, revision: str | None) -> None:
        known = self.revision(revision, name, f"policy of {place or ''}")
        self.both("remove_permission", FunctionName=name, Qualifier=place, StatementId=statement, RevisionId=known)

    @rule(name=NAMES)
    def read_absent_policies(self, name: str) -> None:
        policies = self.oracle.functions.get(name, {"policies": {}})["policies"]
        for place in ("", "$LATEST", "1", "2", "3", "live", "beta"):
            if not policies.get(place):
                answer = self.refused("get_policy", {"FunctionName": f"{name}:{place}".rstrip(":")})
                assert answer == "ResourceNotFoundException: The resource you requested does not exist."

    def let_in(self, operation: str, given: dict[str, Any], user: str, principal: str, action: str) -> Any:
        """What the model answers to somebody who is not of the functions' account."""
        try:
            self.oracle.check_caller(given["FunctionName"], given.get("Qualifier"), user, principal, action)
        except Refusal as refusal:
            return refusal
        return self.expected(operation, given)

    def named(self, data: st.DataObject) -> dict[str, str]:
        """A function with a qualifier, preferably one that has a policy."""
        policies = [(name, place) for name, function in self.oracle.functions.items() for place, it in function["policies"].items() if it]
        name, place = data.draw(st.sampled_from([*policies, ("one", ""), ("one", "1"), ("one", "live"), ("two", "$LATEST")]))
        return {"FunctionName": name, **({"Qualifier": place} if place else {})}

    @rule(data=st.data())
    def get_function_of_another_account(self, data: st.DataObject) -> None:
        given = self.named(data)
        expected = self.let_in("get_function", given, "arn:aws:iam::999999999999:root", "999999999999", "lambda:GetFunction")
        self.compare(expected, lambda: self.elsewhere.get_function(**given | {"FunctionName": PREFIX + given["FunctionName"]}))

    @rule(name=NAMES, alias=ALIASES)
    def delete_alias_of_another_account(self, name: str, alias: str) -> None:
        given = {"FunctionName": name, "Name": alias}
        expected = self.let_in("delete_alias", given, "arn:aws:iam::999999999999:root", "999999999999", "lambda:DeleteAlias")
        self.compare(expected, lambda: self.elsewhere.delete_alias(**given | {"FunctionName": PREFIX + name}))

    @rule(data=st.data(), service=st.sampled_from(["s3.amazonaws.com", "sns.amazonaws.com"]))
    def be_asked_by_a_service(self, data: st.DataObject, service: str) -> None:
        given = {**self.named(data), "InvocationType": "DryRun"}
        expected = self.let_in("invoke", given, service, service, "lambda:InvokeFunction")
        asked = ":".join([given["FunctionName"], given["Qualifier"]] if "Qualifier" in given else [given["FunctionName"]])
        nothing_runs: Any = expected if isinstance(expected, Refusal) else []
        self.compare(nothing_runs, lambda: self.asked_by(service, asked))

    def asked_by(self, service: str, name: str) -> Any:
        try:
            return self.fake.invoke_as(service, self.prefix + name, {}, invocation_type="DryRun")
        except ClientError as error:
            error.response["Error"]["Message"] = renamed(error.response["Error"]["Message"], self.prefix, PREFIX)
            raise

    @rule(name=NAMES, place=QUALIFIERS, statements=st.dictionaries(STATEMENTS, GRANTED, min_size=1), revision=REVISIONS)
    def put_policy(self, name: str, place: str | None, statements: dict[str, dict[str, str]], revision: str | None) -> None:
        arn = f"{PREFIX}{name}:{place}" if place else PREFIX + name
        written = [
            {
                "Sid": statement,
                "Effect": "Allow",
                "Principal": "*" if it["Principal"] == "*" else {"Service" if "." in it["Principal"] else "AWS": it["Principal"]},
                "Action": it["Action"],
                "Resource": renamed(arn, PREFIX, self.prefix),
            }
            for statement, it in statements.items()
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": written})
        known = self.revision(revision, name, f"policy of {place or ''}")
        self.both("put_resource_policy", ResourceArn=arn, Policy=policy, RevisionId=known)

    @rule(name=NAMES, place=QUALIFIERS, revision=REVISIONS)
    def delete_policy(self, name: str, place: str | None, revision: str | None) -> None:
        known = self.revision(revision, name, f"policy of {place or ''}")
        self.both("delete_resource_policy", ResourceArn=f"{PREFIX}{name}:{place}" if place else PREFIX + name, RevisionId=known)

    @rule(name=NAMES, place=QUALIFIERS)
    def read_about_a_qualifier(self, name: str, place: str | None) -> None:
        self.both("get_function_configuration", FunctionName=name, Qualifier=place)
        self.both("get_function_event_invoke_config", FunctionName=name, Qualifier=place)
        self.both("get_runtime_management_config", FunctionName=name, Qualifier=place)
        self.both("get_resource_policy", ResourceArn=f"{PREFIX}{name}:{place}" if place else PREFIX + name)
        if place:
            self.both("get_provisioned_concurrency_config", FunctionName=name, Qualifier=place)

    @rule(name=NAMES)
    def read_about_a_function(self, name: str) -> None:
        self.both("get_function_concurrency", FunctionName=name)
        self.both("get_function_recursion_config", FunctionName=name)
        self.both("list_versions_by_function", FunctionName=name)
        self.both("list_tags", Resource=PREFIX + name)

    @rule(name=NAMES, loop=st.sampled_from(["Terminate", "Allow"]))
    def allow_loops(self, name: str, loop: str) -> None:
        self.both("put_function_recursion_config", FunctionName=name, RecursiveLoop=loop)

    @rule(
        name=NAMES,
        place=QUALIFIERS,
        mode=st.sampled_from(["Auto", "FunctionUpdate", "Manual"]),
        arn=st.sampled_from([None, f"arn:aws:lambda:us-east-1::runtime:{'0' * 64}"]),
    )
    def manage_runtime(self, name: str, place: str | None, mode: str, arn: str | None) -> None:
        self.both("put_runtime_management_config", FunctionName=name, Qualifier=place, UpdateRuntimeOn=mode, RuntimeVersionArn=arn)

    @rule(name=NAMES, place=QUALIFIERS, numbers=NUMBERS)
    def put_event_config(self, name: str, place: str | None, numbers: dict[str, int]) -> None:
        self.both("put_function_event_invoke_config", FunctionName=name, Qualifier=place, **numbers)

    @rule(name=NAMES, place=QUALIFIERS, numbers=NUMBERS.filter(bool))
    def update_event_config(self, name: str, place: str | None, numbers: dict[str, int]) -> None:
        self.both("update_function_event_invoke_config", FunctionName=name, Qualifier=place, **numbers)

    @rule(name=NAMES, place=QUALIFIERS)
    def delete_event_config(self, name: str, place: str | None) -> None:
        self.both("delete_function_event_invoke_config", FunctionName=name, Qualifier=place)

    @rule(name=NAMES | st.sampled_from(["one:1", "two:live"]), number=st.sampled_from([0, 1, 450, 451, 900, 901]))
    def reserve(self, name: str, number: int) -> None:
        self.both("put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=number)

    @rule(name=NAMES)
    def release(self, name: str) -> None:
        self.both("delete_function_concurrency", FunctionName=name)

    @rule(name=NAMES, qualifier=PROVISIONED, number=st.sampled_from([7, 7, 440, 960, 1001]))  # never all that is reserved
    def provision(self, name: str, qualifier: str, number: int) -> None:
        self.both("put_provisioned_concurrency_config", FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=number)

    @rule(name=NAMES, qualifier=PROVISIONED)
    def stop_provisioning(self, name: str, qualifier: str) -> None:
        self.both("delete_provisioned_concurrency_config", FunctionName=name, Qualifier=qualifier)

    @rule(name=NAMES | st.sampled_from(["one:1", "two:live"]), amount=st.sampled_from([0, 1, 2, 50, 51]))
    def tag(self, name: str, amount: int) -> None:
        self.both("tag_resource", Resource=PREFIX + name, Tags={f"k{number}": str(amount) for number in range(amount)})

    @rule(name=NAMES, keys=st.lists(st.sampled_from(["k0", "k1", "k40", "unknown"]), min_size=1, unique=True))
    def untag(self, name: str, keys: list[str]) -> None:
        self.both("untag_resource", Resource=PREFIX + name, TagKeys=keys)

    @rule(name=NAMES, qualifier=QUALIFIERS, kind=st.sampled_from(["RequestResponse", "RequestResponse", "Event", "DryRun"]))
    def invoke(self, name: str, qualifier: str | None, kind: str) -> None:
        given = {"FunctionName": name, "InvocationType": kind, **({"Qualifier": qualifier} if qualifier else {})}
        expected = self.expected("invoke", given)
        if isinstance(expected, Refusal):
            assert self.refused("invoke", given) in expected.args
            return
        status, runs = expected
        answer = self.client.invoke(**given)
        assert answer["StatusCode"] == status
        if runs:
            self.invocations += 1
            record = self.fake.invocations[-1]
            assert tuple(record.result) in runs
            assert (record.function_name, record.qualifier, record.executed_version) == (name, qualifier, record.result[0])
        if status == 200:
            assert (answer["ExecutedVersion"], json.load(answer["Payload"])) == (record.executed_version, record.result)

    @rule(name=NAMES)
    def invoke_as_of_old(self, name: str) -> None:
        expected = self.expected("invoke", {"FunctionName": name, "InvocationType": "Event"})
        self.compare(
            expected if isinstance(expected, Refusal) else {"Status": 202},
            lambda: self.client.invoke_async(FunctionName=name, InvokeArgs=b"{}"),
        )
        self.invocations += not isinstance(expected, Refusal) and bool(expected[1])

    @rule(seconds=st.sampled_from([60, 3600]))
    def advance(self, seconds: int) -> None:
        self.fake.advance(seconds)
        for oracle in self.oracles.values():
            oracle.settle()

    @invariant()
    def everything_that_can_be_read_is_the_same(self) -> None:
        self.steps += 1
        if self.oracle.renewed or self.steps % 3 == 0:  # what nothing has changed is read now and then
            self.compare_everything()

    def compare_everything(self) -> None:
        client, functions = self.client, self.oracle.functions
        revisions: dict[tuple[str, str], str] = {}
        listed = client.list_functions(FunctionVersion="ALL")["Functions"]
        expected = []
        for name in sorted(functions):
            numbered = {"$LATEST": functions[name]["latest"], **functions[name]["versions"]}
            expected += [{**shown(it), "FunctionArn": f"{PREFIX}{name}:{number}", "Version": number} for number, it in numbered.items()]
            self.read_function(name, revisions)
        assert [members_of(actual, wanted) for actual, wanted in zip(listed, expected, strict=True)] == expected
        revisions |= {(item["FunctionName"], item["Version"]): item["RevisionId"] for item in listed}
        settings_of = client.get_account_settings()
        assert settings_of["AccountUsage"] == {"FunctionCount": len(functions), "TotalCodeSize": sum(item["CodeSize"] for item in expected)}
        assert settings_of["AccountLimit"]["UnreservedConcurrentExecutions"] == self.oracle.unreserved()
        assert len(self.fake.invocations) == self.invocations
        self.compare_revisions(revisions)

    def read_function(self, name: str, revisions: dict[tuple[str, str], str]) -> None:
        client, function = self.client, self.oracle.functions[name]
        read = client.get_function(FunctionName=name)
        life = read["Configuration"]
        busy = (
            "" if (life["State"], life.get("LastUpdateStatus")) == ("Active", "Successful") else life.get("LastUpdateStatus", life["State"])
        )
        assert busy == function["busy"]
        assert read.get("Tags", {}) == function["tags"]
        assert read.get("Concurrency", {}).get("ReservedConcurrentExecutions") == function["reserved"]
        aliases = client.list_aliases(FunctionName=name)["Aliases"]
        expected = [alias_shown(name, alias, function["aliases"][alias]) for alias in sorted(function["aliases"])]
        assert [members_of(actual, wanted) for actual, wanted in zip(aliases, expected, strict=True)] == expected
        revisions |= {(name, alias["Name"]): alias["RevisionId"] for alias in aliases}
        configs = client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
        wanted = [event_shown(name, place, function["events"][place]) for place in sorted(function["events"])]
        by_arn = sorted(configs, key=lambda config: str(config["FunctionArn"]))
        assert [members_of(actual, config) for actual, config in zip(by_arn, wanted, strict=True)] == wanted
        provisioned = client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]
        wanted = [{**function["provisioned"][place], "FunctionArn": f"{PREFIX}{name}:{place}"} for place in sorted(function["provisioned"])]
        by_arn = sorted(provisioned, key=lambda config: str(config["FunctionArn"]))
        assert [members_of(actual, config) for actual, config in zip(by_arn, wanted, strict=True)] == wanted
        for place, statements in function["policies"].items():
            if statements:
                policy = client.get_policy(FunctionName=f"{name}:{place}".rstrip(":"))
                assert [statement["Sid"] for statement in json.loads(policy["Policy"])["Statement"]] == list(statements)
                revisions[name, f"policy of {place}"] = policy["RevisionId"]

    def compare_revisions(self, revisions: dict[tuple[str, str], str]) -> None:
        """What had to change has an id never seen before; everything else has the one it had."""
        before, renewed = self.oracle.revisions, self.oracle.renewed
        fresh = {key for key, revision in revisions.items() if revision != before.get(key)}
        assert fresh == renewed & revisions.keys()
        assert not {revisions[key] for key in fresh} & self.seen
        self.seen |= set(revisions.values())
        self.oracle.revisions, self.oracle.renewed = revisions, set()


@pytest.mark.usefixtures("time_moves_by_order_only")
def test_the_fake_and_the_second_model_agree() -> None:
    run_state_machine_as_test(
        SideBySide,
        settings=settings(
            max_examples=settings().max_examples * 6 // 5,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.reuse, Phase.generate, Phase.shrink],  # explaining would trace every line
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
