"""Functions: created, read, listed and deleted as AWS does it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import WaiterError
from moto import mock_aws

from fakelambda import FakeLambda, NotModelled

if TYPE_CHECKING:
    from collections.abc import Callable

ARN = "arn:aws:lambda:us-east-1:123456789012:function"
ROLE = "arn:aws:iam::123456789012:role/r"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:7"
REALISTIC = pytest.mark.parametrize("lifecycle", ["realistic"])
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
PENDING = {"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating"}
READY = {"State": "Active", "LastUpdateStatus": "Successful"}
LIFE = {
    *("State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"),
    "RuntimeVersionConfig",
}
RUNTIMES = (
    "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, "
    "ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2"
)
RETIRED = ["java8", "go1.x", "provided", "ruby2.7", "nodejs14.x", "nodejs12.x", "python3.7", "dotnetcore3.1"]
UNCONFIGURABLE = "Lambda was unable to configure your environment variables because the environment variables you have provided "
INVALID = "400 InvalidParameterValueException: "
BROKEN = "400 ValidationException: 1 validation error detected: "


@pytest.fixture
def request_for(zipped: Callable[[dict[str, str]], bytes]) -> Callable[..., dict[str, Any]]:
    """Parameters of a CreateFunction that AWS accepts, with changes; None takes a parameter away."""

    def request_for(**changes: Any) -> dict[str, Any]:
        package = zipped({"app.py": "def handler(event, context):\n    return event\n"})
        ordinary = {"FunctionName": "orders", "Role": ROLE, "Runtime": "python3.12", "Handler": "app.handler", "Code": {"ZipFile": package}}
        return {name: value for name, value in {**ordinary, **changes}.items() if value is not None}

    return request_for


IMAGE_FUNCTION = {"PackageType": "Image", "Code": {"ImageUri": IMAGE}, "Runtime": None, "Handler": None}


def test_a_function_with_nothing_optional_has_awss_defaults(client: Any, answered: Any, request_for: Any) -> None:
    request = request_for()
    package = request["Code"]["ZipFile"]
    status, created = answered("create_function", **request)
    assert status == 201
    assert UUID.fullmatch(created["RevisionId"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", created["LastModified"])
    assert re.fullmatch(r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}", created["RuntimeVersionConfig"]["RuntimeVersionArn"])
    settings = {
        "FunctionName": "orders",
        "FunctionArn": f"{ARN}:orders",
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "CodeSize": len(package),
        "CodeSha256": base64.b64encode(hashlib.sha256(package).digest()).decode(),
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "LastModified": created["LastModified"],
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/orders"},
        "RuntimeVersionConfig": created["RuntimeVersionConfig"],
    }
    assert created == settings | PENDING | {"RevisionId": created["RevisionId"]}
    status, ready = answered("get_function_configuration", FunctionName="orders")
    assert status == 200
    assert ready == settings | READY | {"RevisionId": ready["RevisionId"]}
    assert ready["RevisionId"] != created["RevisionId"]
    status, read = answered("get_function", FunctionName="orders")
    assert status == 200
    assert read.keys() == {"Configuration", "Code"}
    assert read["Configuration"] == ready
    assert read["Code"].keys() == {"RepositoryType", "Location"}
    assert read["Code"]["RepositoryType"] == "S3"
    assert answered("list_functions") == (200, {"Functions": [{name: value for name, value in ready.items() if name not in LIFE}]})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"Description": "d"}, {"Description": "d"}),
        ({"Timeout": 900}, {"Timeout": 900}),
        ({"MemorySize": 10240}, {"MemorySize": 10240}),
        ({"Architectures": ["arm64"]}, {"Architectures": ["arm64"]}),
        ({"Environment": {"Variables": {"AB": "1"}}}, {"Environment": {"Variables": {"AB": "1"}}}),
        ({"Environment": {"Variables": {}}}, {"Environment": {"Variables": {}}}),
        ({"Environment": {}}, {"Environment": None}),
        ({"EphemeralStorage": {"Size": 1024}}, {"EphemeralStorage": {"Size": 1024}}),
        ({"TracingConfig": {"Mode": "Active"}}, {"TracingConfig": {"Mode": "Active"}}),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:q"}},) * 2,
        ({"DeadLetterConfig": {}}, {"DeadLetterConfig": None}),
        ({"KMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"},) * 2,
        ({"KMSKeyArn": ""}, {"KMSKeyArn": None}),
        (
            {
                "FileSystemConfigs": [
                    {"Arn": f"arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-{'0' * 17}", "LocalMountPath": "/mnt/x"}
                ]
            },
        )
        * 2,
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, {"SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}}),
        ({"LoggingConfig": {"LogGroup": "mine"}}, {"LoggingConfig": {"LogFormat": "Text", "LogGroup": "mine"}}),
        (
            {"LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "WARN"}},
            {
                "LoggingConfig": {
                    "LogFormat": "JSON",
                    "ApplicationLogLevel": "INFO",
                    "SystemLogLevel": "WARN",
                    "LogGroup": "/aws/lambda/orders",
                }
            },
        ),
        ({"Publish": True}, {"Version": "1", "FunctionArn": f"{ARN}:orders"}),
        (
            {**IMAGE_FUNCTION, "ImageConfig": {"Command": ["run"]}},
            {
                "PackageType": "Image",
                "CodeSize": 0,
                "ImageConfigResponse": {"ImageConfig": {"Command": ["run"]}},
                "Handler": None,
                "Runtime": None,
                "RuntimeVersionConfig": None,
            },
        ),
        (IMAGE_FUNCTION, {"ImageConfigResponse": None}),
        ({"FunctionName": "function"}, {"FunctionName": "function", "FunctionArn": f"{ARN}:function"}),
        ({"FunctionName": "n" * 64}, {"FunctionName": "n" * 64}),
    ],
)
def test_what_is_given_is_shown(answered: Any, request_for: Any, given: dict[str, Any], shown: dict[str, Any]) -> None:
    _, created = answered("create_function", **request_for(**given))
    assert {name: created.get(name) for name in shown} == shown


@pytest.mark.parametrize(
    ("subnets", "groups", "expected"),
    [
        (["subnet-1"], ["sg-1"], {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": False}),
        ([], [], {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False}),
    ],
)
def test_a_vpc_is_shown_with_its_id(
    answered: Any, request_for: Any, subnets: list[str], groups: list[str], expected: dict[str, Any]
) -> None:
    _, created = answered("create_function", **request_for(VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": groups}))
    assert created["VpcConfig"] == {"VpcId": created["VpcConfig"]["VpcId"]} | expected
    assert bool(created["VpcConfig"]["VpcId"]) is bool(subnets)


def test_ec2_of_moto_knows_the_vpc(refused: Any, client: Any, request_for: Any) -> None:
    with mock_aws():
        ec2 = boto3.client("ec2", "us-east-1", aws_access_key_id="a", aws_secret_access_key="s")
        subnet = ec2.describe_subnets()["Subnets"][0]
        group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        vpc = {"SubnetIds": [subnet["SubnetId"]], "SecurityGroupIds": [group]}
        assert client.create_function(**request_for(VpcConfig=vpc))["VpcConfig"]["VpcId"] == subnet["VpcId"]
        subnet_id, group_id = f"subnet-{'0' * 17}", f"sg-{'0' * 17}"
        assert refused("update_function_configuration", FunctionName="orders", VpcConfig={**vpc, "SubnetIds": [subnet_id]}) == (
            f"{INVALID}Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. "
            f"EC2 Error Message: The subnet ID '{subnet_id}' does not exist"
        )
        answer = refused("create_function", **request_for(FunctionName="two", VpcConfig={**vpc, "SecurityGroupIds": [group_id]}))
        assert answer.startswith(
            f"{INVALID}Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: "
        )
        assert group_id in answer  # moto has its own wording around it


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"FunctionName": "taken"}, "409 ResourceConflictException: Function already exist: taken"),
        ({"FunctionName": f"{ARN}:taken"}, "409 ResourceConflictException: Function already exist: taken"),
        *(
            (missing, f"{INVALID}Runtime and Handler are mandatory parameters for functions created with deployment packages.")
            for missing in ({"Runtime": None}, {"Handler": None}, {"Runtime": None, "Handler": None})
        ),
        *(
            (
                {"Runtime": runtime},
                f"{INVALID}Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{RUNTIMES}] or be a valid ARN",
            )
            for runtime in ("PYTHON3.9", "python99")
        ),
        *(
            (
                {"Runtime": runtime},
                (
                    f"{INVALID}The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
                    "We recommend you use a supported runtime while creating or updating functions."
                ),
            )
            for runtime in RETIRED
        ),
        (
            {"Role": "r1"},
            (
                f"{BROKEN}Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: "
                r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
            ),
        ),
        (
            {"Architectures": ["x86_64", "arm64"]},
            f"{BROKEN}Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1",
        ),
        (
            {"Architectures": ["X86_64"]},
            (
                f"{BROKEN}Value '[X86_64]' at 'architectures' failed to satisfy constraint: "
                "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
            ),
        ),
        (
            {"SnapStart": {"ApplyOn": "invalidOption"}},
            f"{BROKEN}Value 'invalidOption' at 'snapStart.applyOn' failed to satisfy constraint: Member must satisfy enum value set: [PublishedVersions, None]",
        ),
        (
            {"Runtime": "python3.11", "SnapStart": {"ApplyOn": "PublishedVersions"}},
            f"{INVALID}python3.11 is not supported for SnapStart enabled functions.",
        ),
        (
            {**IMAGE_FUNCTION, "SnapStart": {"ApplyOn": "PublishedVersions"}},
            f"{INVALID}ContainerImage is not supported for SnapStart enabled functions.",
        ),
        (
            {"FunctionName": "n" * 65},
            (
                f"{INVALID}1 validation error detected: Value '{'n' * 65}' at 'functionName' failed to satisfy constraint: "
                "Member must have length less than or equal to 64"
            ),
        ),
        (
            {"FunctionName": f"{ARN}:{'n' * 100}"},
            f"{BROKEN}Value '{ARN}:{'n' * 100}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 140",
        ),
        ({"FunctionName": f"{ARN}:orders".replace("1234", "9999")}, "403 AccessDeniedException: None"),
        (
            {"FunctionName": f"{ARN}:orders".replace("us-east-1", "ap-southeast-1")},
            "404 ResourceNotFoundException: Functions from 'ap-southeast-1' are not reachable in this region ('us-east-1')",
        ),
        (
            {"Code": {"ZipFile": b"no zip"}},
            f"{INVALID}Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        ({"Code": {"ZipFile": b"PK\x05\x06" + bytes(18)}}, f"{INVALID}Uploaded file must be a non-empty zip"),
        ({"Code": {"ZipFile": bytes(52_428_801)}}, "413 RequestEntityTooLargeException: Zipped size must be smaller than 52428800 bytes"),
        (
            {"Code": {"ZipFile": b"any", "S3Bucket": "packages", "S3Key": "orders.zip"}},
            f"{INVALID}Please do not provide other FunctionCode parameters when providing a ZipFile.",
        ),
        ({"Code": {}}, f"{INVALID}Please provide a source for function code."),
        (
            {"LoggingConfig": {"SystemLogLevel": "WARN"}},
            f"{INVALID}To specify a log level, you must first set LogFormat to JSON.",
        ),
        (
            {"Environment": {"Variables": {"SMALL": "ok", "LARGE": "x" * 4090}}},
            f'{INVALID}{UNCONFIGURABLE}exceeded the 4KB limit. String measured: {{"SMALL":"ok","LARGE":"{"x" * 4090}"}}',
        ),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x", "AB": "y"}}},
            (
                f"{INVALID}{UNCONFIGURABLE}contains reserved keys that are currently not supported for modification. "
                "Reserved keys used in this request: AWS_REGION"
            ),
        ),
        ({"Tags": {f"k{number}": "" for number in range(51)}}, f"{INVALID}Number of tags exceeds resource tag limit."),
    ],
)
def test_what_is_refused_at_creation(client: Any, refused: Any, request_for: Any, changes: dict[str, Any], answer: str) -> None:
    client.create_function(**request_for(FunctionName="taken"))
    assert refused("create_function", **request_for(**changes)) == answer


@pytest.mark.parametrize(("size", "is_accepted"), [(4096, True), (4097, False)])
def test_the_environment_is_measured_as_compact_json(*, client: Any, request_for: Any, size: int, is_accepted: bool) -> None:
    variables = {"AB": ""}
    variables["AB"] = "x" * (size - len(json.dumps(variables, separators=(",", ":"))))
    request = request_for(Environment={"Variables": variables})
    if is_accepted:
        assert client.create_function(**request)["Environment"] == {"Variables": variables}
    else:
        with pytest.raises(client.exceptions.InvalidParameterValueException, match="exceeded the 4KB limit"):
            client.create_function(**request)


@pytest.mark.parametrize("form", ["orders", "123456789012:orders", "function:orders", "123456789012:function:orders", f"{ARN}:orders"])
def test_every_form_of_a_name_creates_the_plain_name(client: Any, request_for: Any, form: str) -> None:
    created = client.create_function(**request_for(FunctionName=form))
    assert (created["FunctionName"], created["FunctionArn"]) == ("orders", f"{ARN}:orders")


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("cn-north-1", "arn:aws-cn:lambda:cn-north-1:123456789012:function:orders"),
        ("us-gov-west-1", "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:orders"),
    ],
)
def test_arns_are_of_the_regions_partition(fake: FakeLambda, request_for: Any, region: str, arn: str) -> None:
    client: Any = fake.client(region)
    assert client.create_function(**request_for())["FunctionArn"] == arn
    assert client.get_function(FunctionName=arn)["Configuration"]["FunctionArn"] == arn


def test_accounts_and_regions_are_apart(fake: FakeLambda, request_for: Any) -> None:
    clients: list[Any] = [
        fake.client(region, account) for region in ("us-east-1", "eu-west-1") for account in ("123456789012", "210987654321")
    ]
    made = {client.create_function(**request_for())["FunctionArn"] for client in clients}
    assert len(made) == 4
    clients[0].delete_function(FunctionName="orders")
    assert [len(client.list_functions()["Functions"]) for client in clients] == [0, 1, 1, 1]


# ---- where code comes from ----


def test_code_from_the_fakes_own_store(fake: FakeLambda, client: Any, refused: Any, request_for: Any, zipped: Any) -> None:
    packages = [zipped({"app.py": f"VERSION = {number}"}) for number in range(2)]
    versions = [fake.put_object("bucket", "key", package) for package in packages]
    last = client.create_function(**request_for(Code={"S3Bucket": "bucket", "S3Key": "key"}))
    assert last["CodeSha256"] == base64.b64encode(hashlib.sha256(packages[1]).digest()).decode()
    location = {"S3Bucket": "bucket", "S3Key": "key", "S3ObjectVersion": versions[0]}
    assert client.update_function_code(FunctionName="orders", **location)["CodeSize"] == len(packages[0])
    assert fake.download(client.get_function(FunctionName="orders")["Code"]["Location"]) == packages[0]
    prefix = f"{INVALID}Error occurred while GetObject. S3 Error Code: "
    for source, rest in [
        ({**location, "S3Bucket": "no-such-bucket"}, "NoSuchBucket. S3 Error Message: The specified bucket does not exist"),
        ({"S3Bucket": "bucket", "S3Key": "other"}, "NoSuchKey. S3 Error Message: The specified key does not exist."),
        ({**location, "S3ObjectVersion": "x"}, "NoSuchVersion. S3 Error Message: The specified version does not exist."),
    ]:
        assert refused("update_function_code", FunctionName="orders", **source) == prefix + rest


def test_code_from_motos_s3(client: Any, refused: Any, request_for: Any, zipped: Any) -> None:
    package = zipped({"app.py": "def handler(event, context):\n    return 's3'\n"})
    with mock_aws():
        s3 = boto3.client("s3", "us-east-1", aws_access_key_id="a", aws_secret_access_key="s")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="key", Body=package)
        made = client.create_function(**request_for(Code={"S3Bucket": "bucket", "S3Key": "key"}))
        assert made["CodeSize"] == len(package)
        assert client.invoke(FunctionName="orders")["Payload"].read() == b'"s3"'
        prefix = f"{INVALID}Error occurred while GetObject. S3 Error Code: "
        assert refused("create_function", **request_for(FunctionName="two", Code={"S3Bucket": "bucket", "S3Key": "no"})) == (
            f"{prefix}NoSuchKey. S3 Error Message: The specified key does not exist."
        )
        assert refused("create_function", **request_for(FunctionName="two", Code={"S3Bucket": "nope", "S3Key": "key"})) == (
            f"{prefix}NoSuchBucket. S3 Error Message: The specified bucket does not exist"
        )


def test_code_from_s3_where_there_is_none_is_not_modelled(client: Any, everything: Any, request_for: Any) -> None:
    before = everything(client)
    with pytest.raises(NotModelled, match=r"fake\.put_object\(bucket, key, body\)"):
        client.create_function(**request_for(Code={"S3Bucket": "bucket", "S3Key": "key"}))
    assert everything(client) == before


def test_an_image_may_be_named_by_its_digest(client: Any, request_for: Any) -> None:
    digest = hashlib.sha256(b"an image").hexdigest()
    image_uri = f"{IMAGE.removesuffix(':7')}@sha256:{digest}"
    assert client.create_function(**request_for(**IMAGE_FUNCTION | {"Code": {"ImageUri": image_uri}}))["CodeSha256"] == digest
    code = client.get_function(FunctionName="orders")["Code"]
    assert (code["ImageUri"], code["ResolvedImageUri"]) == (image_uri, image_uri)


def test_an_image_is_stored_and_runs_what_is_bound(fake: FakeLambda, client: Any, request_for: Any) -> None:
    made = client.create_function(**request_for(**IMAGE_FUNCTION))
    assert re.fullmatch(r"[0-9a-f]{64}", made["CodeSha256"])
    assert client.get_function(FunctionName="orders")["Code"] == {
        "RepositoryType": "ECR",
        "ImageUri": IMAGE,
        "ResolvedImageUri": f"{IMAGE.removesuffix(':7')}@sha256:{made['CodeSha256']}",
    }
    with pytest.raises(NotModelled, match=r"fake\.bind\('orders', handler\)"):
        client.invoke(FunctionName="orders")
    fake.bind("orders", lambda event, context: "bound")
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'"bound"'


def test_each_versions_package_can_be_downloaded(fake: FakeLambda, client: Any, request_for: Any, zipped: Any) -> None:
    packages = [zipped({"app.py": f"N = {number}"}) for number in range(2)]
    client.create_function(**request_for(Code={"ZipFile": packages[0]}, Publish=True))
    client.update_function_code(FunctionName="orders", ZipFile=packages[1])
    locations = [client.get_function(FunctionName="orders", Qualifier=number)["Code"]["Location"] for number in ("1", "$LATEST")]
    assert all(location.startswith("https://awslambda-us-east-1-tasks.s3.us-east-1.amazonaws.com/") for location in locations)
    assert [fake.download(location) for location in locations] == packages
    client.delete_function(FunctionName="orders", Qualifier="1")
    with pytest.raises(ValueError, match="any more"):
        fake.download(locations[0])
    with pytest.raises(ValueError, match=r"no Code\.Location"):
        fake.download("https://example.com/")


# ---- what is not there ----


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration"])
@pytest.mark.parametrize(
    ("name", "qualifier", "shown"),
    [
        ("nowhere", None, "nowhere"),
        ("nowhere", "1", "nowhere:1"),
        ("n" * 65, None, "n" * 65),
        ("orders", "7", "orders:7"),
        ("orders", "live", "orders:live"),
        ("orders", "$latest", "orders:$latest"),
        ("orders:$LATEST.PUBLISHED", None, "orders:$LATEST.PUBLISHED"),
        (f"{ARN}", None, "function"),
    ],
)
def test_what_is_not_there_is_named_as_it_was_asked_for(
    *, fake: FakeLambda, refused: Any, operation: str, name: str, qualifier: str | None, shown: str
) -> None:
    fake.add_function("orders", lambda event, context: None)
    parameters = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
    assert refused(operation, **parameters) == f"404 ResourceNotFoundException: Function not found: {ARN}:{shown}"


# ---- deletes ----


@pytest.mark.parametrize(
    ("name", "qualifier", "answer"),
    [
        ("nowhere", None, f"404 ResourceNotFoundException: Function not found: {ARN}:nowhere"),
        ("nowhere", "1", f"404 ResourceNotFoundException: Function not found: {ARN}:nowhere"),
        ("orders", "$LATEST", f"{INVALID}$LATEST version cannot be deleted without deleting the function."),
        ("orders", "live", f"{INVALID}Deletion of aliases is not currently supported."),
        ("nowhere", "a" * 65, f"{INVALID}Deletion of aliases is not currently supported."),
        ("nowhere", "$latest", f"404 ResourceNotFoundException: Function not found: {ARN}:nowhere"),
        ("orders:1", "2", f"{INVALID}The derived qualifier from the function name does not match the specified qualifier."),
        ("orders", "1", "409 ResourceConflictException: Unable to delete version because the following aliases reference it: [live]"),
        ("orders:2", None, "409 ResourceConflictException: Unable to delete version because the following aliases reference it: [live]"),
    ],
)
def test_deletes_that_are_refused(*, client: Any, fake: FakeLambda, refused: Any, name: str, qualifier: str | None, answer: str) -> None:
    fake.add_function("orders", lambda event, context: None, Publish=True)
    client.update_function_configuration(FunctionName="orders", Description="two")
    client.publish_version(FunctionName="orders")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    client.invoke(FunctionName="orders:2")
    assert refused("delete_function", FunctionName=name, **({"Qualifier": qualifier} if qualifier else {})) == answer
    client.invoke(FunctionName="orders:2")
    assert [invocation.cold_start for invocation in fake.invocations] == [True, False], "a refused delete leaves warm environments alone"


def test_a_deleted_version_leaves_a_gap_that_is_never_filled(client: Any, fake: FakeLambda, answered: Any) -> None:
    fake.add_function("orders", lambda event, context: None, Publish=True)
    for description in ("two", "three"):
        client.update_function_configuration(FunctionName="orders", Description=description)
        client.publish_version(FunctionName="orders")
    for number in ("1", "3", "3", "99", "$latest"):
        assert answered("delete_function", FunctionName="orders", Qualifier=number) == (204, {"StatusCode": 204})
    assert [version["Version"] for version in client.list_versions_by_function(FunctionName="orders")["Versions"]] == ["$LATEST", "2"]
    client.update_function_configuration(FunctionName="orders", Description="four")
    assert client.publish_version(FunctionName="orders")["Version"] == "4"


def test_nothing_is_left_of_a_deleted_function(fake: FakeLambda, client: Any, answered: Any, everything: Any) -> None:
    empty = everything(client)
    fake.add_function("orders", lambda event, context: "old", Publish=True, Tags={"k": "v"})
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    for qualifier in ("orders", "orders:1", "orders:live"):
        client.add_permission(FunctionName=qualifier, StatementId="s", Action="lambda:InvokeFunction", Principal="*")
        client.put_function_event_invoke_config(FunctionName=qualifier, MaximumRetryAttempts=0)
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=7)
    assert answered("delete_function", FunctionName="orders") == (204, {"StatusCode": 204})
    assert everything(client) == empty
    fake.add_function("orders", lambda event, context: "new")
    seen = everything(client)
    assert [version["Version"] for version in seen["versions"]] == ["$LATEST"]
    assert seen["orders"]["function"].keys() == {"Configuration", "Code"}
    assert (seen["orders"]["aliases"], seen["orders"]["configurations"]) == ([], {"FunctionEventInvokeConfigs": []})
    assert all("does not exist" in policy for policy in seen["orders"]["policies"])
    assert client.publish_version(FunctionName="orders")["Version"] == "1"


def test_a_function_made_anew_runs_its_own_code(client: Any, request_for: Any, zipped: Any) -> None:
    for result in ("old", "new"):
        package = zipped(
            {"app.py": f"COUNT = []\ndef handler(event, context):\n    COUNT.append(1)\n    return ['{result}', len(COUNT)]\n"}
        )
        client.create_function(**request_for(Code={"ZipFile": package}))
        assert json.load(client.invoke(FunctionName="orders")["Payload"]) == [result, 1]
        client.delete_function(FunctionName="orders")


@REALISTIC
def test_a_function_made_anew_while_the_old_one_was_pending_has_its_own_time(fake: FakeLambda, client: Any, request_for: Any) -> None:
    client.create_function(**request_for())
    fake.advance(2)
    client.delete_function(FunctionName="orders")
    client.create_function(**request_for())
    fake.advance(2)
    assert client.get_function_configuration(FunctionName="orders")["State"] == "Pending"
    fake.advance(2)
    assert client.get_function_configuration(FunctionName="orders")["State"] == "Active"


# ---- lists ----


def test_lists_of_functions(fake: FakeLambda, client: Any) -> None:
    for name in ("b", "a", "c"):
        fake.add_function(name, lambda event, context: None, Publish=name == "b")
    items = client.list_functions()["Functions"]
    assert [item["FunctionArn"] for item in items] == [f"{ARN}:{name}" for name in "abc"]
    assert not LIFE & {member for item in items for member in item}
    every = client.list_functions(FunctionVersion="ALL")["Functions"]
    assert [item["FunctionArn"] for item in every] == [f"{ARN}:{name}" for name in ("a:$LATEST", "b:$LATEST", "b:1", "c:$LATEST")]
    assert not LIFE & {member for item in every for member in item}
    assert client.list_functions(MasterRegion="ALL")["Functions"] == items
    assert client.list_functions(MasterRegion="us-east-1")["Functions"] == items
    assert client.list_functions(MasterRegion="eu-west-1")["Functions"] == []


def test_other_versions_to_list_are_refused(client: Any, refused: Any) -> None:
    assert refused("list_functions", FunctionVersion="LATEST") == (
        f"{BROKEN}Value 'LATEST' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"
    )


# ---- GetFunction ----


@pytest.mark.parametrize(
    ("qualifier", "arn", "version"),
    [
        (None, "orders", "$LATEST"),
        ("$LATEST", "orders:$LATEST", "$LATEST"),
        ("1", "orders:1", "1"),
        ("live", "orders:live", "1"),
    ],
)
def test_the_qualifier_is_in_the_arn_and_the_version_is_resolved(
    fake: FakeLambda, answered: Any, qualifier: str | None, arn: str, version: str
) -> None:
    client: Any = fake.client()
    fake.add_function("orders", lambda event, context: None, Publish=True, Tags={"k": "v"})
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    named = {"FunctionName": "orders", **({"Qualifier": qualifier} if qualifier else {})}
    _, read = answered("get_function", **named)
    assert (read["Configuration"]["FunctionArn"], read["Configuration"]["Version"]) == (f"{ARN}:{arn}", version)
    assert (read["Tags"], read["Concurrency"]) == ({"k": "v"}, {"ReservedConcurrentExecutions": 0})
    assert answered("get_function_configuration", **named) == (200, read["Configuration"])


# ---- states and waiters ----


@REALISTIC
def test_a_pending_function_is_left_in_peace(fake: FakeLambda, client: Any, refused: Any, request_for: Any) -> None:
    client.create_function(**request_for())
    busy = "409 ResourceConflictException: The operation cannot be performed at this time. The function is currently in the following state: Pending"
    calls: list[tuple[str, dict[str, Any]]] = [
        ("invoke", {}),
        ("invoke", {"InvocationType": "Event"}),
        ("update_function_code", {"ZipFile": b""}),
        ("update_function_configuration", {"Timeout": 5}),
        ("publish_version", {}),
    ]
    for operation, parameters in calls:
        assert refused(operation, FunctionName="orders", **parameters) == busy
    assert client.get_function_configuration(FunctionName="orders")["State"] == "Pending"
    fake.advance(3)
    assert client.get_function_configuration(FunctionName="orders")["State"] == "Active"
    assert client.invoke(FunctionName="orders")["StatusCode"] == 200


@pytest.mark.parametrize("lifecycle", ["instant", "realistic"])
@pytest.mark.parametrize(
    ("waiter", "parameters"),
    [
        ("function_exists", {}),
        ("function_active", {}),
        ("function_active_v2", {}),
        ("function_updated", {}),
        ("function_updated_v2", {}),
        ("published_version_active", {"Qualifier": "1"}),
    ],
)
def test_waiters_wait_on_the_fakes_clock(client: Any, request_for: Any, waiter: str, parameters: dict[str, str]) -> None:
    assert client.create_function(**request_for(Publish=True))["State"] == "Pending"
    client.get_waiter(waiter).wait(FunctionName="orders", **parameters)
    if "updated" in waiter:
        client.get_waiter("function_active_v2").wait(FunctionName="orders")
        client.update_function_configuration(FunctionName="orders", Timeout=9)
        client.get_waiter(waiter).wait(FunctionName="orders")
    state = client.get_function_configuration(FunctionName="orders", **parameters)
    if waiter != "function_exists":
        assert (state["State"], state["LastUpdateStatus"]) == ("Active", "Successful")


def test_a_waiter_gives_up_after_its_own_time(fake: FakeLambda, client: Any) -> None:
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        client.get_waiter("function_exists").wait(FunctionName="nowhere")


# ---- what we do not model ----


@pytest.mark.parametrize(
    ("operation", "parameters", "named"),
    [
        (
            "create_function",
            {"CodeSigningConfigArn": f"arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-{'0' * 17}"},
            r"CreateFunction\(CodeSigningConfigArn=\.\.\.\)",
        ),
        ("create_function", {"Code": {"SourceKMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"}}, "SourceKMSKeyArn"),
    ],
)
def test_parameters_that_are_not_modelled_are_named(
    *, client: Any, everything: Any, request_for: Any, operation: str, parameters: dict[str, Any], named: str
) -> None:
    before = everything(client)
    with pytest.raises(NotModelled, match=named):
        getattr(client, operation)(**request_for(**parameters))
    assert everything(client) == before


def test_operations_that_are_not_modelled_are_named(fake: FakeLambda) -> None:
    client: Any = fake.client(config=Config(retries={"mode": "standard"}))
    with pytest.raises(
        NotModelled,
        match=r"^ListCapacityProviders is not modelled by fakelambda; modelled: AddLayerVersionPermission, .*UpdateFunctionEventInvokeConfig\.$",
    ):
        client.list_capacity_providers()
