"""Updates of code and configuration: what they change, how long they take, and what they refuse."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from fakelambda import FakeLambda, NotModelled

REALISTIC = pytest.mark.parametrize("lifecycle", ["realistic"])
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
IN_PROGRESS = {
    "State": "Active",
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}
PENDING = {"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating"}
READY = {"State": "Active", "LastUpdateStatus": "Successful"}
LIFE = {*IN_PROGRESS, *PENDING, *READY}
INVALID = "400 InvalidParameterValueException: "
BUSY = f"409 ResourceConflictException: The operation cannot be performed at this time. An update is in progress for resource: {ARN}"
OUTDATED = (
    "412 PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. "
    "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
)
CODE = "import os\ndef handler(event, context):\n    return ['{}', os.environ.get('MODE'), context.memory_limit_in_mb]\n"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop"


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda, client: Any, zipped: Any) -> None:
    """A deployed function that tells its code's generation and settings."""
    client.create_function(
        FunctionName="orders",
        Role="arn:aws:iam::123456789012:role/r",
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": CODE.format("first")})},
    )
    fake.advance(60)


@pytest.fixture
def second(zipped: Any) -> bytes:
    package: bytes = zipped({"app.py": CODE.format("second")})
    return package


def digest(package: bytes) -> str:
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


def life(configuration: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in configuration.items() if name in LIFE}


def result(client: Any, name: str = "orders") -> Any:
    return json.load(client.invoke(FunctionName=name)["Payload"])


# ---- the way of an update ----


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [("update_function_configuration", {"Timeout": 9}), ("update_function_configuration", {}), ("update_function_code", {"ZipFile": ...})],
)
@pytest.mark.parametrize("lifecycle", ["instant", "realistic"])
def test_an_update_is_in_progress_and_changes_the_revision_twice(
    *, fake: FakeLambda, client: Any, answered: Any, second: bytes, operation: str, parameters: dict[str, Any]
) -> None:
    parameters = {name: second if value is ... else value for name, value in parameters.items()}
    before = client.get_function_configuration(FunctionName="orders")
    status, during = answered(operation, FunctionName="orders", **parameters)
    assert (status, life(during)) == (200, IN_PROGRESS)
    if fake.pending:
        assert [(pending.kind, pending.function_name, pending.detail) for pending in fake.pending] == [("update", "orders", "$LATEST")]
        assert life(client.get_function_configuration(FunctionName="orders")) == IN_PROGRESS
        fake.advance(2)
    after = client.get_function_configuration(FunctionName="orders")
    assert life(after) == READY
    assert len({state["RevisionId"] for state in (before, during, after)}) == 3
    changing = {*LIFE, "ResponseMetadata", "RevisionId", "LastModified", "CodeSha256", "CodeSize", *parameters}
    assert {name: value for name, value in after.items() if name not in changing} == {
        name: value for name, value in before.items() if name not in changing
    }


@REALISTIC
def test_the_previous_version_runs_while_an_update_is_in_progress(fake: FakeLambda, client: Any, second: bytes) -> None:
    client.update_function_code(FunctionName="orders", ZipFile=second)
    assert client.get_function_configuration(FunctionName="orders")["CodeSha256"] == digest(second)
    assert result(client) == ["first", None, "128"]
    assert result(client, "orders:$LATEST") == ["first", None, "128"]
    fake.advance(2)
    assert result(client) == ["second", None, "128"]
    client.update_function_configuration(FunctionName="orders", Environment={"Variables": {"MODE": "new"}}, MemorySize=256)
    assert result(client) == ["second", None, "128"]
    fake.advance(2)
    assert result(client) == ["second", "new", "256"]


@REALISTIC
def test_nothing_else_changes_while_an_update_is_in_progress(fake: FakeLambda, client: Any, refused: Any, second: bytes) -> None:
    client.update_function_configuration(FunctionName="orders", Timeout=9)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("update_function_code", {"ZipFile": second}),
        ("update_function_code", {"ZipFile": second, "DryRun": True}),
        ("update_function_configuration", {"Timeout": 5}),
        ("publish_version", {}),
    ]
    for operation, parameters in calls:
        assert refused(operation, FunctionName="orders", **parameters) == BUSY
        assert refused(operation, FunctionName=ARN, **parameters) == BUSY
    client.tag_resource(Resource=ARN, Tags={"k": "v"})
    fake.advance(2)
    assert client.publish_version(FunctionName="orders")["Timeout"] == 9


# ---- code ----


def test_other_code(fake: FakeLambda, client: Any, second: bytes) -> None:
    updated = client.update_function_code(FunctionName="orders", ZipFile=second, Architectures=["arm64"])
    assert (updated["CodeSha256"], updated["CodeSize"], updated["Architectures"]) == (digest(second), len(second), ["arm64"])
    assert fake.download(client.get_function(FunctionName="orders")["Code"]["Location"]) == second
    assert result(client) == ["second", None, "128"]


def test_a_dry_run_shows_what_would_be_and_changes_nothing(client: Any, answered: Any, everything: Any, second: bytes) -> None:
    before = everything(client)
    for publish in (False, True):
        status, shown = answered("update_function_code", FunctionName="orders", ZipFile=second, DryRun=True, Publish=publish)
        assert (status, shown["CodeSha256"], shown["Version"]) == (200, digest(second), "$LATEST")
    assert everything(client) == before


@REALISTIC
def test_published_code_is_a_pending_version_while_latest_is_in_progress(
    fake: FakeLambda, client: Any, answered: Any, refused: Any, second: bytes
) -> None:
    status, version = answered("update_function_code", FunctionName="orders", ZipFile=second, Publish=True)
    assert (status, version["Version"], version["FunctionArn"], life(version)) == (200, "1", f"{ARN}:1", PENDING)
    latest = client.get_function_configuration(FunctionName="orders")
    assert life(latest) == IN_PROGRESS
    assert latest["RevisionId"] != version["RevisionId"]
    assert refused("invoke", FunctionName="orders:1").endswith("currently in the following state: Pending")
    assert result(client) == ["first", None, "128"]
    client.get_waiter("published_version_active").wait(FunctionName="orders", Qualifier="1")
    assert life(client.get_function_configuration(FunctionName="orders")) == READY
    assert (result(client), result(client, "orders:1")) == (["second", None, "128"],) * 2
    assert fake.pending == []


# ---- configuration ----

EMPTY_VPC: dict[str, Any] = {"SubnetIds": [], "SecurityGroupIds": []}
TEXT = {"LogFormat": "Text", "LogGroup": "/aws/lambda/orders"}
JSON = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", "LogGroup": "/aws/lambda/orders"}
QUEUE = {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:q"}
MOUNT = [{"Arn": f"arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-{'0' * 17}", "LocalMountPath": "/mnt/x"}]


@pytest.mark.parametrize(
    ("member", "steps"),  # what is given, and what is shown then; "" where the member is absent
    [
        ("Description", [("d", "d"), ("", "")]),
        ("Handler", [("other.handler", "other.handler")]),
        ("Runtime", [("python3.13", "python3.13"), ("nodejs22.x", "nodejs22.x")]),
        ("Role", [("arn:aws:iam::123456789012:role/other",) * 2]),
        ("Timeout", [(1, 1), (900, 900)]),
        ("MemorySize", [(128, 128), (10240, 10240)]),
        ("EphemeralStorage", [({"Size": 10240},) * 2]),
        ("TracingConfig", [({"Mode": "Active"},) * 2, ({}, {"Mode": "PassThrough"})]),
        ("KMSKeyArn", [("arn:aws:kms:us-east-1:123456789012:key/k",) * 2, ("", None)]),
        ("FileSystemConfigs", [(MOUNT, MOUNT), ([], None)]),
        ("DeadLetterConfig", [(QUEUE, QUEUE), ({}, QUEUE), ({"TargetArn": ""}, None), ({}, None)]),
        (
            "Environment",
            [
                ({"Variables": {"AB": "1", "CD": "2"}},) * 2,
                ({"Variables": {"EF": "3"}},) * 2,
                ({"Variables": {}},) * 2,
            ],
        ),
        (
            "SnapStart",
            [({"ApplyOn": applied}, {"ApplyOn": applied, "OptimizationStatus": "Off"}) for applied in ("PublishedVersions", "None")],
        ),
        ("VpcConfig", [(EMPTY_VPC, {**EMPTY_VPC, "VpcId": "", "Ipv6AllowedForDualStack": False})]),
        (
            "LoggingConfig",
            [
                ({"LogFormat": "JSON"}, JSON),
                ({"ApplicationLogLevel": "TRACE"}, {**JSON, "ApplicationLogLevel": "TRACE"}),
                ({"LogGroup": "mine"}, {**JSON, "ApplicationLogLevel": "TRACE", "LogGroup": "mine"}),
                ({"LogFormat": "Text"}, {**TEXT, "LogGroup": "mine"}),
                ({"LogFormat": "JSON"}, {**JSON, "LogGroup": "mine"}),
            ],
        ),
    ],
)
def test_each_setting_is_replaced_merged_or_cleared(client: Any, answered: Any, member: str, steps: list[tuple[Any, Any]]) -> None:
    for given, shown in steps:
        status, updated = answered("update_function_configuration", FunctionName="orders", **{member: given})
        assert (status, updated.get(member)) == (200, shown)
        client.update_function_configuration(FunctionName="orders")  # what is not passed stays
        assert client.get_function_configuration(FunctionName="orders").get(member) == shown


def test_settings_of_an_image(fake: FakeLambda, client: Any, refused: Any, second: bytes) -> None:
    fake.add_function("image", lambda event, context: None, PackageType="Image", Code={"ImageUri": f"{IMAGE}:7"})
    for given, shown in [
        ({"EntryPoint": ["e"], "Command": ["c"], "WorkingDirectory": "/w"},) * 2,
        ({"Command": ["d"]},) * 2,
        ({}, None),
    ]:
        updated = client.update_function_configuration(FunctionName="image", ImageConfig=given)
        assert updated.get("ImageConfigResponse") == (shown and {"ImageConfig": shown})
    before = updated["CodeSha256"]
    updated = client.update_function_code(FunctionName="image", ImageUri=f"{IMAGE}:8")
    assert updated["CodeSha256"] != before
    assert client.get_function(FunctionName="image")["Code"]["ImageUri"] == f"{IMAGE}:8"
    assert refused("update_function_code", FunctionName="image", ZipFile=second) == (
        f"{INVALID}Please provide ImageUri when updating a function with packageType Image."
    )
    assert refused("update_function_code", FunctionName="orders", ImageUri=f"{IMAGE}:8") == (
        f"{INVALID}Please don't provide ImageUri when updating a function with packageType Zip."
    )


# ---- what is refused ----

NOWHERE = "404 ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:123456789012:function:nowhere"


@pytest.mark.parametrize(
    ("operation", "parameters", "answer"),
    [
        ("update_function_code", {"FunctionName": "nowhere", "ZipFile": b"zip"}, NOWHERE),
        ("update_function_code", {"ZipFile": b"zip", "RevisionId": "wrong"}, OUTDATED),
        (
            "update_function_code",
            {"ZipFile": b"zip"},
            f"{INVALID}Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            "update_function_code",
            {"ZipFile": b"zip", "DryRun": True},
            f"{INVALID}Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            "update_function_code",
            {"ZipFile": bytes(52_428_801)},
            "413 RequestEntityTooLargeException: Zipped size must be smaller than 52428800 bytes",
        ),
        ("update_function_code", {}, f"{INVALID}Please provide a source for function code."),
        ("update_function_configuration", {"FunctionName": "nowhere"}, NOWHERE),
        ("update_function_configuration", {"RevisionId": "wrong"}, OUTDATED),
        (
            "update_function_configuration",
            {"Runtime": "python3.7"},
            (
                f"{INVALID}The runtime parameter of python3.7 is no longer supported for creating or updating AWS Lambda functions. "
                "We recommend you use a supported runtime while creating or updating functions."
            ),
        ),
        (
            "update_function_configuration",
            {"Environment": {"Variables": {"LAMBDA_TASK_ROOT": "x"}}},
            (
                f"{INVALID}Lambda was unable to configure your environment variables because the environment variables you have provided contains "
                "reserved keys that are currently not supported for modification. Reserved keys used in this request: LAMBDA_TASK_ROOT"
            ),
        ),
        (
            "update_function_configuration",
            {"Environment": {"Variables": {"AB": "x" * 5120}}},
            "413 RequestEntityTooLargeException: Request must be smaller than 5120 bytes for the UpdateFunctionConfiguration operation",
        ),
        (
            "update_function_configuration",
            {"Runtime": "python3.11", "SnapStart": {"ApplyOn": "PublishedVersions"}},
            f"{INVALID}python3.11 is not supported for SnapStart enabled functions.",
        ),
        *(
            (
                "update_function_configuration",
                {"DeadLetterConfig": {"TargetArn": target}},
                f"{INVALID}The target of DeadLetterConfig must be a standard SQS queue or SNS topic: {target}",
            )
            for target in (f"{QUEUE['TargetArn']}.fifo", "arn:aws:sns:us-east-1:123456789012:t.fifo", "arn:aws:s3:::bucket")
        ),
        (
            "update_function_configuration",
            {"LoggingConfig": {"ApplicationLogLevel": "INFO"}},
            f"{INVALID}To specify a log level, you must first set LogFormat to JSON.",
        ),
    ],
)
def test_what_updates_refuse(refused: Any, operation: str, parameters: dict[str, Any], answer: str) -> None:
    assert refused(operation, **{"FunctionName": "orders", **parameters}) == answer


def test_the_latest_revision_is_a_licence_to_update(client: Any, refused: Any, second: bytes) -> None:
    outdated = client.get_function_configuration(FunctionName="orders")["RevisionId"]
    answer = client.update_function_configuration(FunctionName="orders", Timeout=4, RevisionId=outdated)
    for old in (outdated, answer["RevisionId"]):  # that of the answer itself is outdated once the update has finished
        assert refused("update_function_configuration", FunctionName="orders", RevisionId=old) == OUTDATED
        assert refused("update_function_code", FunctionName="orders", ZipFile=second, RevisionId=old) == OUTDATED
    latest = client.get_function_configuration(FunctionName="orders")["RevisionId"]
    assert client.update_function_code(FunctionName="orders", ZipFile=second, RevisionId=latest)["CodeSha256"] == digest(second)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("update_function_configuration", {"DurableConfig": {"RetentionPeriodInDays": 1}}),
        ("update_function_code", {"SourceKMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"}),
    ],
)
def test_what_is_not_modelled_is_named(client: Any, everything: Any, operation: str, parameters: dict[str, Any]) -> None:
    before = everything(client)
    with pytest.raises(NotModelled, match=next(iter(parameters))):
        getattr(client, operation)(FunctionName="orders", **parameters)
    assert everything(client) == before


@pytest.mark.parametrize("form", ["orders:1", "orders:live", f"{ARN}:1"])
@pytest.mark.parametrize(
    ("operation", "parameters"),
    [("update_function_code", {"ZipFile": b""}), ("update_function_configuration", {"Timeout": 9}), ("publish_version", {})],
)
def test_only_the_function_itself_changes(refused: Any, operation: str, parameters: dict[str, Any], form: str) -> None:
    assert refused(operation, FunctionName=form, **parameters) == (
        f"{INVALID}This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN."
    )


def test_latest_may_be_named(client: Any) -> None:
    assert client.update_function_configuration(FunctionName="orders:$LATEST", Timeout=9)["Timeout"] == 9


def test_a_runtime_without_snap_start_is_refused_as_long_as_it_stays(answered: Any, refused: Any) -> None:
    answered("update_function_configuration", FunctionName="orders", SnapStart={"ApplyOn": "PublishedVersions"})
    answer = f"{INVALID}python3.11 is not supported for SnapStart enabled functions."
    assert refused("update_function_configuration", FunctionName="orders", Runtime="python3.11") == answer
    answered("update_function_configuration", FunctionName="orders", Runtime="python3.12")
    answered("update_function_configuration", FunctionName="orders", Runtime="python3.11", SnapStart={"ApplyOn": "None"})
