"""The second model's layers: a page of dictionaries beside the fake, with two accounts that publish, share and use layers.

It imports nothing of fakelambda but its front door. Where it is not known which of several reasons to refuse a call comes first, any is
allowed. ``--hypothesis-profile=long`` looks longer.
"""

# ruff: noqa: N803 - the model's arguments carry AWS's names

from __future__ import annotations

import io
import json
import zipfile
from copy import deepcopy
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fakelambda import FakeLambda, strategies

ACCOUNTS = ("123456789012", "210987654321")
INVALID = "InvalidParameterValueException: "
MISSING = "ResourceNotFoundException: "
STALE = (
    "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. "
    "Call the GetLayerPolicy API to retrieve the latest Revision Id"
)


def packed(name: str, text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return content.getvalue()


PACKAGES = {packed("python/who.py", f"by = {text!r}"): text for text in ("a", "bb", "ccc")}
CODE = packed("app.py", "def handler(event, context):\n    import who\n    return who.by")


class Refusal(Exception):  # noqa: N818 - named for what AWS does
    """The answers that AWS may refuse a call with."""


def arn_of(account: str, name: str, number: int | None = None) -> str:
    arn = f"arn:aws:lambda:us-east-1:{account}:layer:{name}"
    return arn if number is None else f"{arn}:{number}"


def no_access(caller: str, operation: str, resource: str) -> str:
    return (
        f"AccessDeniedException: User: arn:aws:iam::{caller}:root is not authorized to perform: lambda:{operation} on resource: {resource} "
        f"because no resource-based policy allows the lambda:{operation} action"
    )


class Oracle:
    """What AWS would answer. ``layers`` and ``functions`` are dictionaries by account and name."""

    def __init__(self) -> None:
        self.layers: dict[tuple[str, str], dict[str, Any]] = {}
        self.functions: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def own(self, caller: str, LayerName: str, operation: str, VersionNumber: int | None = None) -> tuple[str, str]:
        if VersionNumber is not None and VersionNumber < 1:
            raise Refusal(f"{INVALID}Layer Version Cannot be less than 1")
        account, name = (LayerName.split(":")[4], LayerName.split(":")[6]) if ":" in LayerName else (caller, LayerName)
        if account != caller and operation != "GetLayerVersion":
            raise Refusal(no_access(caller, operation, arn_of(account, name, VersionNumber)))
        return account, name

    def version(self, place: tuple[str, str], number: int) -> dict[str, Any] | None:
        versions: dict[int, dict[str, Any]] = self.layers.get(place, {"versions": {}})["versions"]
        return versions.get(number)

    def readable(self, caller: str, place: tuple[str, str], number: int) -> dict[str, Any] | None:
        version = self.version(place, number)
        if place[0] != caller and not (version and {"*", caller} & {principal for _, principal in version["statements"]}):
            raise Refusal(no_access(caller, "GetLayerVersion", arn_of(*place, number)))
        return version

    def publish_layer_version(self, caller: str, LayerName: str, Content: dict[str, bytes], **said: Any) -> dict[str, Any]:
        place = self.own(caller, LayerName, "PublishLayerVersion")
        layer = self.layers.setdefault(place, {"last": 0, "versions": {}})
        layer["last"] += 1
        size = len(Content["ZipFile"])
        shown = {"LayerVersionArn": arn_of(*place, layer["last"]), "Version": layer["last"], "Description": "", **said}
        layer["versions"][layer["last"]] = {"shown": shown, "package": Content["ZipFile"], "statements": [], "revision": None}
        return {"LayerArn": arn_of(*place), **shown, "Content": {"CodeSize": size}}

    def get_layer_version(self, caller: str, LayerName: str, VersionNumber: int) -> dict[str, Any]:
        place = self.own(caller, LayerName, "GetLayerVersion", VersionNumber)
        version = self.readable(caller, place, VersionNumber)
        if version is None:
            raise Refusal(f"{MISSING}The resource you requested does not exist.")
        return {"LayerArn": arn_of(*place), **version["shown"], "Content": {"CodeSize": len(version["package"])}}

    def get_layer_version_by_arn(self, caller: str, Arn: str) -> dict[str, Any]:
        layer, _, number = Arn.rpartition(":")
        return self.get_layer_version(caller, layer, int(number))

    def delete_layer_version(self, caller: str, LayerName: str, VersionNumber: int) -> dict[str, Any]:
        place = self.own(caller, LayerName, "DeleteLayerVersion", VersionNumber)
        self.layers.get(place, {"versions": {}})["versions"].pop(VersionNumber, None)
        return {}

    def governed(self, caller: str, LayerName: str, operation: str, VersionNumber: int) -> dict[str, Any]:
        place = self.own(caller, LayerName, operation, VersionNumber)
        version = self.version(place, VersionNumber)
        if version is None:
            raise Refusal(f"{MISSING}Layer version {arn_of(*place, VersionNumber)} does not exist.")
        if not version["statements"] and operation != "AddLayerVersionPermission":
            raise Refusal(f"{MISSING}No policy is associated with the given resource.")
        return version

    def add_layer_version_permission(
        self, caller: str, LayerName: str, VersionNumber: int, *, StatementId: str, Principal: str, RevisionId: str | None = None, **_: str
    ) -> dict[str, Any]:
        version, reasons = self.governed(caller, LayerName, "AddLayerVersionPermission", VersionNumber), []
        if StatementId in dict(version["statements"]):
            reasons.append(
                f"ResourceConflictException: The statement id ({StatementId}) provided already exists. "
                "Please provide a new statement id, or remove the existing statement."
            )
        if RevisionId not in (None, version["revision"]):
            reasons.append(STALE)
        if reasons:
            raise Refusal(*reasons)
        version["statements"].append((StatementId, Principal))
        version["renewed"] = True
        return {}

    def remove_layer_version_permission(
        self, caller: str, LayerName: str, VersionNumber: int, StatementId: str, RevisionId: str | None = None
    ) -> dict[str, Any]:
        version, reasons = self.governed(caller, LayerName, "RemoveLayerVersionPermission", VersionNumber), []
        if StatementId not in dict(version["statements"]):
            reasons.append(f"{MISSING}Statement {StatementId} is not found in resource policy.")
        if RevisionId not in (None, version["revision"]):
            reasons.append(STALE)
        if reasons:
            raise Refusal(*reasons)
        version["statements"] = [(sid, principal) for sid, principal in version["statements"] if sid != StatementId]
        version["renewed"] = True
        return {}

    def used(self, caller: str, arns: list[str]) -> list[dict[str, Any]]:
        reasons = [f"{INVALID}Cannot reference more than 5 layers."] if len(arns) > 5 else []
        found, seen = [], dict[str, str]()
        for arn in arns:
            layer, _, number = arn.rpartition(":")
            try:
                version = self.readable(caller, (arn.split(":")[4], arn.split(":")[6]), int(number))
                if version is None:
                    reasons.append(f"{INVALID}Layer version {arn} does not exist.")
                else:
                    found.append({"Arn": arn, "CodeSize": len(version["package"]), "package": version["package"]})
            except Refusal as refusal:
                reasons += refusal.args
            if layer in seen:
                reasons.append(
                    f"{INVALID}Two different versions of the same layer are not allowed to be referenced in the same function. "
                    f"{seen[layer]} and {arn} are versions of the same layer."
                )
            seen.setdefault(layer, arn)
        if reasons:
            raise Refusal(*reasons)
        return found

    def can_use(self, caller: str, arn: str) -> bool:
        try:
            return bool(self.used(caller, [arn]))
        except Refusal:
            return False

    def create_function(self, caller: str, FunctionName: str, Layers: list[str], **_: Any) -> dict[str, Any]:
        taken = [f"ResourceConflictException: Function already exist: {FunctionName}"] * ((caller, FunctionName) in self.functions)
        try:
            layers = self.used(caller, Layers)
        except Refusal as refusal:
            raise Refusal(*refusal.args, *taken) from None
        if taken:
            raise Refusal(*taken)
        self.functions[caller, FunctionName] = layers
        return {"Layers": shown(layers)}

    def update_function_configuration(self, caller: str, FunctionName: str, Layers: list[str] | None = None, **_: Any) -> dict[str, Any]:
        if (caller, FunctionName) not in self.functions:
            raise Refusal(f"{MISSING}Function not found: arn:aws:lambda:us-east-1:{caller}:function:{FunctionName}")
        if Layers is not None:
            self.functions[caller, FunctionName] = self.used(caller, Layers)
        return {"Layers": shown(self.functions[caller, FunctionName])}


def shown(layers: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    return [{"Arn": layer["Arn"], "CodeSize": layer["CodeSize"]} for layer in layers] or None


def members_of(actual: Any, expected: Any) -> Any:
    """What an answer says about the members that the model knows."""
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return actual
    return {name: members_of(actual.get(name), value) for name, value in expected.items()}


# ---- both side by side ----

CALLERS = st.sampled_from([*ACCOUNTS, ACCOUNTS[0], ACCOUNTS[0]])  # the first one has most layers, the second one uses them
NAMES = st.sampled_from(["a", "a", "a", "a", "b", *(arn_of(account, "a") for account in ACCOUNTS)])
NUMBERS = st.sampled_from([1, 1, 1, 2, 2, 3, 0])
VERSIONS = st.builds(arn_of, st.sampled_from([*ACCOUNTS, ACCOUNTS[0]]), st.sampled_from(["a", "a", "b"]), st.sampled_from([1, 1, 2, 2, 3]))
PRINCIPALS = st.sampled_from(["*", *ACCOUNTS, "333333333333"])
STATEMENTS = st.sampled_from(["s1", "s2"])
REVISIONS = st.sampled_from([None, None, "latest", "wrong"])
FUNCTIONS = st.sampled_from(["one", "one", "one", "two"])
SAID = st.fixed_dictionaries(
    {},
    optional={
        "Description": st.sampled_from(["", "x"]),
        "CompatibleRuntimes": st.sampled_from([[], ["python3.12"], ["python3.13", "python3.12"]]),
        "CompatibleArchitectures": st.sampled_from([[], ["arm64"], ["arm64", "x86_64"]]),
        "LicenseInfo": st.just("MIT"),
    },
)


SERVICE: Any = botocore.session.get_session().get_service_model("lambda")
MODELLED = [name for name in SERVICE.operation_names if "Layer" in name and hasattr(Oracle, xform_name(name))]
INVALID_REQUESTS = {name: strategies.requests(name, invalid=True) for name in MODELLED}


class SideBySide(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.fake = FakeLambda().start()
        self.clients: dict[str, Any] = {account: self.fake.client(account_id=account) for account in ACCOUNTS}
        self.oracle = Oracle()
        for caller, package in zip((ACCOUNTS[0], *ACCOUNTS), PACKAGES, strict=True):
            self.publish(caller, "a", package, {})
        self.permit(ACCOUNTS[0], "a", 1, "s1", ACCOUNTS[1], None)
        for caller in ACCOUNTS:
            self.create_function(caller, "one", [arn_of(ACCOUNTS[0], "a", 1)])
        self.take_a_snapshot()

    @rule()
    def take_a_snapshot(self) -> None:
        self.kept: Any = self.fake.snapshot(), deepcopy(self.oracle)

    @rule()
    def restore(self) -> None:
        snapshot, oracle = self.kept
        self.fake.restore(snapshot)
        self.oracle = deepcopy(oracle)

    @rule(data=st.data(), caller=CALLERS, operation=st.sampled_from(MODELLED))
    def ask_for_what_is_invalid(self, data: st.DataObject, caller: str, operation: str) -> None:
        given = data.draw(INVALID_REQUESTS[operation])
        assert self.refused(caller, xform_name(operation), given).startswith("ValidationException: 1 validation error detected: ")

    def teardown(self) -> None:
        if hasattr(self, "fake"):
            self.fake.stop()

    def both(self, caller: str, operation: str, **parameters: Any) -> None:
        """Calls both with what is not None and compares their answers."""
        given = {name: value for name, value in parameters.items() if value is not None}
        expected = self.expected(caller, operation, given)
        if isinstance(expected, Refusal):
            assert self.refused(caller, operation, given) in expected.args
        else:
            assert members_of(getattr(self.clients[caller], operation)(**given), expected) == expected

    def expected(self, caller: str, operation: str, given: dict[str, Any]) -> Any:
        """What the model answers, or what it refuses with."""
        try:
            return getattr(self.oracle, operation)(caller, **given)
        except Refusal as refusal:
            return refusal

    def refused(self, caller: str, operation: str, given: dict[str, Any]) -> str:
        try:
            answer = getattr(self.clients[caller], operation)(**given)
        except ClientError as error:
            return "{Code}: {Message}".format(**error.response["Error"])
        return f"not refused: {answer}"

    def revision(self, kind: str | None, caller: str, name: str, number: int) -> str | None:
        version = self.oracle.version((caller, name.rpartition(":")[2]), number)
        return ((version and version["revision"]) or "none yet") if kind == "latest" else kind

    @rule(caller=CALLERS, name=NAMES, package=st.sampled_from([*PACKAGES]), said=SAID)
    def publish(self, caller: str, name: str, package: bytes, said: dict[str, Any]) -> None:
        self.both(caller, "publish_layer_version", LayerName=name, Content={"ZipFile": package}, **said)

    @rule(caller=CALLERS, name=NAMES, number=NUMBERS)
    def get(self, caller: str, name: str, number: int) -> None:
        self.both(caller, "get_layer_version", LayerName=name, VersionNumber=number)

    @rule(caller=CALLERS, arn=VERSIONS)
    def get_by_arn(self, caller: str, arn: str) -> None:
        self.both(caller, "get_layer_version_by_arn", Arn=arn)

    @rule(caller=CALLERS, name=NAMES, number=NUMBERS)
    def delete(self, caller: str, name: str, number: int) -> None:
        self.both(caller, "delete_layer_version", LayerName=name, VersionNumber=number)

    @rule(caller=CALLERS, name=st.sampled_from(["a", "a", "b"]))
    def delete_the_latest(self, caller: str, name: str) -> None:
        versions = self.oracle.layers.get((caller, name), {"versions": {}})["versions"]
        self.delete(caller, name, max(versions, default=1))

    @rule(
        caller=CALLERS,
        name=NAMES,
        number=NUMBERS,
        statement=STATEMENTS,
        principal=PRINCIPALS,
        kind=REVISIONS,
    )
    def permit(self, caller: str, name: str, number: int, statement: str, principal: str, kind: str | None) -> None:  # noqa: PLR0917 - rules name their arguments
        self.both(
            caller,
            "add_layer_version_permission",
            LayerName=name,
            VersionNumber=number,
            StatementId=statement,
            Principal=principal,
            Action="lambda:GetLayerVersion",
            RevisionId=self.revision(kind, caller, name, number),
        )

    @rule(caller=CALLERS, name=NAMES, number=st.sampled_from([1, 1, 1, 2, 3]), statement=STATEMENTS, kind=REVISIONS)
    def forbid(self, caller: str, name: str, number: int, statement: str, kind: str | None) -> None:
        revision = self.revision(kind, caller, name, number)
        self.both(
            caller, "remove_layer_version_permission", LayerName=name, VersionNumber=number, StatementId=statement, RevisionId=revision
        )

    @rule(caller=CALLERS, name=FUNCTIONS, layers=st.lists(VERSIONS, max_size=2) | st.lists(VERSIONS, min_size=6, max_size=6))
    def create_function(self, caller: str, name: str, layers: list[str]) -> None:
        role = f"arn:aws:iam::{caller}:role/r"
        function = {"FunctionName": name, "Role": role, "Runtime": "python3.13", "Handler": "app.handler"}
        self.both(caller, "create_function", **function, Code={"ZipFile": CODE}, Layers=layers)

    @rule(caller=CALLERS, name=FUNCTIONS, layers=st.none() | st.lists(VERSIONS, max_size=3))
    def update_function(self, caller: str, name: str, layers: list[str] | None) -> None:
        self.both(caller, "update_function_configuration", FunctionName=name, Layers=layers, Timeout=3)

    @rule(owner=CALLERS, name=st.sampled_from(["a", "a", "b"]), principal=PRINCIPALS, statement=STATEMENTS)
    def share_the_latest(self, owner: str, name: str, principal: str, statement: str) -> None:
        number = max(self.oracle.layers.get((owner, name), {"versions": {}})["versions"], default=1)
        self.permit(owner, name, number, statement, principal, None)
        for caller in ACCOUNTS:
            self.get_by_arn(caller, arn_of(owner, name, number))
            self.update_function(caller, "one", [arn_of(owner, name, number)])

    @rule(caller=CALLERS, data=st.data())
    def use_what_can_be_used(self, caller: str, data: st.DataObject) -> None:
        arns = [arn_of(*place, number) for place, layer in self.oracle.layers.items() for number in layer["versions"]]
        usable = [arn for arn in arns if self.oracle.can_use(caller, arn)]
        self.update_function(caller, "one", data.draw(st.lists(st.sampled_from(usable), max_size=3)) if usable else [])
        self.invoke(caller, "one")

    @rule(caller=CALLERS, name=FUNCTIONS)
    def invoke(self, caller: str, name: str) -> None:
        layers = self.oracle.functions.get((caller, name))
        if layers is None:
            return
        answer = self.clients[caller].invoke(FunctionName=name)
        if layers:  # all of them have the same module: the last one's is found
            assert json.load(answer["Payload"]) == PACKAGES[layers[-1]["package"]]
        else:
            assert answer["FunctionError"] == "Unhandled"

    @rule(
        caller=CALLERS,
        name=st.sampled_from(["a", "b"]),
        runtime=st.sampled_from([None, "python3.12", "python3.13"]),
        architecture=st.sampled_from([None, "arm64", "x86_64"]),
        size=st.integers(1, 3),
    )
    def list_matching(self, caller: str, name: str, runtime: str | None, architecture: str | None, size: int) -> None:
        wanted = {"CompatibleRuntime": runtime, "CompatibleArchitecture": architecture}
        given = {member: value for member, value in wanted.items() if value is not None}
        matching = {
            place: [
                version["shown"]
                for _, version in sorted(layer["versions"].items(), reverse=True)
                if runtime in (None, *version["shown"].get("CompatibleRuntimes", ()))
                and architecture in (None, *version["shown"].get("CompatibleArchitectures", ()))
            ]
            for place, layer in sorted(self.oracle.layers.items())
            if place[0] == caller
        }
        config = {"PageSize": size}
        pages = self.clients[caller].get_paginator("list_layer_versions").paginate(LayerName=name, PaginationConfig=config, **given)
        listed = [{**version, "CreatedDate": None} for page in pages for version in page["LayerVersions"]]
        assert listed == [{**version, "CreatedDate": None} for version in matching.get((caller, name), [])]
        pages = self.clients[caller].get_paginator("list_layers").paginate(PaginationConfig=config, **given)
        latest = {layer["LayerArn"]: layer["LatestMatchingVersion"]["Version"] for page in pages for layer in page["Layers"]}
        assert latest == {arn_of(*place): versions[0]["Version"] for place, versions in matching.items() if versions}

    @invariant()
    def everything_that_can_be_read_is_the_same(self) -> None:
        for caller, client in getattr(self, "clients", {}).items():
            own = {name: layer["versions"] for (account, name), layer in self.oracle.layers.items() if account == caller}
            listed = client.list_layers()["Layers"]
            assert [layer["LayerName"] for layer in listed] == sorted(name for name, versions in own.items() if versions)
            for name, versions in own.items():
                shown_versions = client.list_layer_versions(LayerName=name)["LayerVersions"]
                assert [version["Version"] for version in shown_versions] == sorted(versions, reverse=True)
                for number, version in versions.items():
                    self.compare_policy(client, name, number, version)
            functions = {name: layers for (account, name), layers in self.oracle.functions.items() if account == caller}
            actual = {function["FunctionName"]: function.get("Layers") for function in client.list_functions()["Functions"]}
            assert actual == {name: shown(layers) for name, layers in functions.items()}
            size = sum(len(version["package"]) for versions in own.values() for version in versions.values()) + len(CODE) * len(functions)
            assert client.get_account_settings()["AccountUsage"] == {"FunctionCount": len(functions), "TotalCodeSize": size}

    def compare_policy(self, client: Any, name: str, number: int, version: dict[str, Any]) -> None:
        """A policy that was changed has another revision id, any other the one that it had."""
        if not version["statements"]:
            version["revision"] = None
            return
        policy = client.get_layer_version_policy(LayerName=name, VersionNumber=number)
        assert [statement["Sid"] for statement in json.loads(policy["Policy"])["Statement"]] == [sid for sid, _ in version["statements"]]
        assert (policy["RevisionId"] != version["revision"]) == version.pop("renewed", False)
        version["revision"] = policy["RevisionId"]


@pytest.mark.usefixtures("time_moves_by_order_only")
def test_the_fake_and_the_second_model_agree_on_layers() -> None:
    run_state_machine_as_test(
        SideBySide,
        settings=settings(
            max_examples=settings().max_examples * 7 // 10,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.reuse, Phase.generate, Phase.shrink],  # explaining would trace every line
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
