"""The services beside Lambda: moto's, those of a connected session, or none."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import moto.awslambda.models
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from fakelambda import FakeLambda, NotModelled
from fakelambda.aws import neighbours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROLE = "arn:aws:iam::123456789012:role/r"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    asked: list[Any] = []

    def refuse(*args: Any, **_: Any) -> Any:
        asked.append(args)
        raise OSError("the tests have no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert asked == []


@pytest.fixture
def mocked() -> Iterator[None]:
    """Moto around the test, as most people have it."""
    with mock_aws():
        yield


@pytest.fixture
def package(zipped: Any) -> bytes:
    content: bytes = zipped({"app.py": "def handler(event, context):\n    return 'from S3'"})
    return content


def create(client: Any, **code: str) -> Any:
    return client.create_function(FunctionName="orders", Role=ROLE, Runtime="python3.13", Handler="app.handler", Code=code)


def refusal(client: Any, **code: str) -> str:
    with pytest.raises(client.exceptions.InvalidParameterValueException) as caught:
        create(client, **code)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert client.list_functions()["Functions"] == []
    return str(caught.value.response["Error"]["Message"])


# ---- code from S3 ----


def _moto_alone(fake: FakeLambda) -> None:
    """Moto is active: nothing more is needed."""


def _boto3_session(fake: FakeLambda) -> None:
    fake.connect(boto3.Session(region_name="us-east-1"))


def _botocore_session(fake: FakeLambda) -> None:
    fake.connect(botocore.session.get_session())


CONNECTIONS = pytest.mark.parametrize("connect", [_moto_alone, _boto3_session, _botocore_session])


@CONNECTIONS
@pytest.mark.usefixtures("mocked")
def test_code_comes_from_s3(fake: FakeLambda, client: Any, package: bytes, connect: Callable[[FakeLambda], None]) -> None:
    connect(fake)
    s3 = boto3.client("s3", "us-east-1")
    s3.create_bucket(Bucket="code")
    s3.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="code", Key="orders.zip", Body=package)["VersionId"]
    s3.put_object(Bucket="code", Key="orders.zip", Body=b"a later version that is no zip")
    answer = create(client, S3Bucket="code", S3Key="orders.zip", S3ObjectVersion=version)
    assert answer["CodeSha256"] == b64encode(hashlib.sha256(package).digest()).decode()
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'"from S3"'
    assert fake.download(client.get_function(FunctionName="orders")["Code"]["Location"]) == package
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="Could not unzip uploaded file"):
        client.update_function_code(FunctionName="orders", S3Bucket="code", S3Key="orders.zip")


@CONNECTIONS
@pytest.mark.usefixtures("mocked")
def test_what_s3_does_not_have_is_said_in_aws_s_words(fake: FakeLambda, client: Any, connect: Callable[[FakeLambda], None]) -> None:
    connect(fake)
    boto3.client("s3", "us-east-1").create_bucket(Bucket="code")
    assert refusal(client, S3Bucket="missing", S3Key="orders.zip") == (
        "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"
    )
    assert refusal(client, S3Bucket="code", S3Key="missing.zip") == (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."
    )


def test_the_fake_s_own_objects_need_no_s3(fake: FakeLambda, client: Any, package: bytes) -> None:
    first = fake.put_object("code", "orders.zip", package)
    assert fake.put_object("code", "orders.zip", b"no zip") != first
    create(client, S3Bucket="code", S3Key="orders.zip", S3ObjectVersion=first)
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'"from S3"'


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ({"S3Bucket": "other", "S3Key": "orders.zip"}, "NoSuchBucket. S3 Error Message: The specified bucket does not exist"),
        ({"S3Bucket": "code", "S3Key": "other.zip"}, "NoSuchKey. S3 Error Message: The specified key does not exist."),
        (
            {"S3Bucket": "code", "S3Key": "orders.zip", "S3ObjectVersion": "other"},
            "NoSuchVersion. S3 Error Message: The specified version does not exist.",
        ),
    ],
)
def test_what_the_fake_does_not_have_is_said_in_the_same_words(fake: FakeLambda, client: Any, code: dict[str, str], error: str) -> None:
    fake.put_object("code", "orders.zip", b"")
    assert refusal(client, **code) == f"Error occurred while GetObject. S3 Error Code: {error}"


def test_without_any_s3_nothing_is_asked_and_the_message_says_what_to_do(client: Any) -> None:
    with pytest.raises(NotModelled, match=r"fake\.put_object\(bucket, key, body\).*mock_aws.*fake\.connect\(session\)"):
        create(client, S3Bucket="code", S3Key="orders.zip")
    assert client.list_functions()["Functions"] == []


def test_moto_that_ended_answers_no_more(fake: FakeLambda, client: Any, package: bytes) -> None:
    with mock_aws():
        s3 = boto3.client("s3", "us-east-1")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="orders.zip", Body=package)
        create(client, S3Bucket="code", S3Key="orders.zip")
        client.delete_function(FunctionName="orders")
    with pytest.raises(NotModelled):
        create(client, S3Bucket="code", S3Key="orders.zip")
    with mock_aws():
        assert "NoSuchBucket" in refusal(client, S3Bucket="code", S3Key="orders.zip")


def test_only_sessions_can_be_connected(fake: FakeLambda) -> None:
    for stranger in (None, "session"):
        with pytest.raises(TypeError, match=r"connect\(\) takes a boto3 or botocore session"):
            fake.connect(stranger)


# ---- networks ----


@pytest.mark.usefixtures("mocked")
def test_the_vpc_is_the_one_that_ec2_knows(fake: FakeLambda, client: Any) -> None:
    session = boto3.Session(region_name="us-east-1")
    fake.connect(session)
    ec2 = session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]

    def create_in(subnets: list[str], groups: list[str]) -> Any:
        return client.create_function(
            FunctionName="orders",
            Role=ROLE,
            PackageType="Image",
            Code={"ImageUri": "registry/orders:1"},
            VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": groups},
        )

    for subnets, groups, error in (
        (["subnet-0123456789abcdef0"], [group], "DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound"),
        (
            [subnet],
            [group, "sg-0123456789abcdef0", "sg-0123456789abcdef1"],
            "InvalidGroup.NotFound. EC2 Error Message: The security group 'sg-0123456789abcdef0' does not exist$",
        ),
    ):
        with pytest.raises(client.exceptions.InvalidParameterValueException, match=error):
            create_in(subnets, groups)
    assert create_in([subnet], [group])["VpcConfig"]["VpcId"] == vpc


def test_without_an_ec2_the_vpc_is_made_up_and_stays(fake: FakeLambda) -> None:
    made_up = [neighbours.Neighbours().vpc_of("us-east-1", [subnet], ["sg-1"]) for subnet in ("subnet-1", "subnet-1", "subnet-2")]
    assert made_up[0] == made_up[1] != made_up[2]
    assert made_up[0].startswith("vpc-")


# ---- whose account ----


@pytest.mark.usefixtures("mocked")
def test_an_assumed_role_s_account_is_the_one_that_is_asked(fake: FakeLambda) -> None:
    fake.add_function("mine", print)
    credentials = boto3.client("sts", "us-east-1").assume_role(RoleArn="arn:aws:iam::222222222222:role/deploy", RoleSessionName="deploy")[
        "Credentials"
    ]
    assumed = boto3.client(
        "lambda",
        "us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    assert assumed.list_functions()["Functions"] == []
    arn = assumed.create_function(
        FunctionName="theirs", Role="arn:aws:iam::222222222222:role/r", PackageType="Image", Code={"ImageUri": "registry/theirs:1"}
    )["FunctionArn"]
    assert arn == "arn:aws:lambda:us-east-1:222222222222:function:theirs"
    assert [call.account_id for call in fake.calls] == ["222222222222"] * 2

    def names_of(client: Any) -> list[str]:
        return [function["FunctionName"] for function in client.list_functions()["Functions"]]

    assert names_of(fake.client(account_id="222222222222")) == ["theirs"]
    assert names_of(boto3.client("lambda", "us-east-1")) == ["mine"]  # moto's own credentials are nobody's role
    with pytest.raises(ClientError, match="AccessDenied"):
        assumed.get_function(FunctionName="arn:aws:lambda:us-east-1:123456789012:function:mine")


@pytest.mark.usefixtures("mocked")
def test_the_account_that_a_client_was_made_for_wins(fake: FakeLambda) -> None:
    client: Any = fake.client(account_id="333333333333")
    client.list_functions()
    assert fake.calls[-1].account_id == "333333333333"


# ---- moto's own Lambda ----


@pytest.mark.parametrize("moto_first", [True, False], ids=["fake inside moto", "moto inside fake"])
def test_moto_s_own_lambda_is_never_asked(moto_first: bool, package: bytes) -> None:  # noqa: FBT001 - a row of the table
    outer, inner = (mock_aws(), FakeLambda()) if moto_first else (FakeLambda(), mock_aws())
    with outer, inner:
        client = boto3.client("lambda", "us-east-1")
        client.create_function(FunctionName="orders", Role=ROLE, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": package})
        assert client.invoke(FunctionName="orders")["Payload"].read() == b'"from S3"'
        client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName="orders")
        assert moto.awslambda.models.lambda_backends["123456789012"]["us-east-1"]._lambdas.all() == []
    with mock_aws():
        assert boto3.client("lambda", "us-east-1").list_functions()["Functions"] == []


def test_moto_answers_also_where_it_was_imported_after_a_fake_was_used() -> None:
    program = """
from fakelambda import FakeLambda
with FakeLambda() as fake:
    fake.add_function("orders", lambda event, context: 1 // 0, DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"})
    from moto import mock_aws
    with mock_aws():
        fake.client().invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")
        fake.drain()
    print(type(fake.deliveries[0].error).__name__)
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "QueueDoesNotExist"
