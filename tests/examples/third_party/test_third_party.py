"""Handlers that others wrote, deployed as zips and layers: Powertools for AWS Lambda, FastAPI behind Mangum, boto3 to other functions and services."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ROLE = "arn:aws:iam::123456789012:role/orders"
POWERTOOLS = ("aws_lambda_powertools",)
WEB = (
    "fastapi",
    "starlette",
    "mangum",
    "annotated_doc",
    "anyio",
    "idna",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_inspection",
)

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed")
    for name in ("aws_lambda_powertools", "mangum")
]


@cache
def package(directory: str, vendored: tuple[str, ...] = ()) -> bytes:
    """What ``pip install --target`` and ``zip`` make of one of the directories here."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        _write(archive, HERE / directory, HERE / directory)
        for root in map(_installed, vendored):
            _write(archive, root, root.parent)
    return packed.getvalue()


@cache
def layer(vendored: tuple[str, ...]) -> bytes:
    """What ``pip install --target python`` and ``zip`` make of installed packages."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for root in map(_installed, vendored):
            _write(archive, root, root.parent, "python/")
    return packed.getvalue()


def _write(archive: zipfile.ZipFile, root: Path, base: Path, prefix: str = "") -> None:
    for file in sorted(file for file in root.rglob("*") if file.suffix in {".py", ".so", ".pyd"}):
        archive.writestr(prefix + file.relative_to(base).as_posix(), file.read_bytes())


def _installed(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


class Account:
    """Lambda and its neighbours in an account that is as empty as a new one."""

    def __init__(self, fake: FakeLambda) -> None:
        self.fake = fake
        self.client: Any = boto3.client("lambda", region_name="eu-west-1")

    def deploy(self, name: str, code: bytes, handler: str, layer: bytes = b"", **variables: str) -> None:
        layers = [self.client.publish_layer_version(LayerName=name, Content={"ZipFile": layer})["LayerVersionArn"]] if layer else []
        self.client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=ROLE,
            Handler=handler,
            Code={"ZipFile": code},
            Layers=layers,
            Timeout=30,
            MemorySize=512,
            Environment={"Variables": {"POWERTOOLS_SERVICE_NAME": "payment", "POWERTOOLS_METRICS_NAMESPACE": "shop", **variables}},
        )

    def invoke(self, name: str, event: Any = None) -> Any:
        """What the handler returned, or the type of the error that it raised."""
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event))
        payload = json.load(answer["Payload"])
        return payload["errorType"] if "FunctionError" in answer else payload

    def logged(self) -> list[dict[str, Any]]:
        """The JSON among what the last invocation logged."""
        return [json.loads(line) for line in self.fake.invocations[-1].logs.splitlines() if line.startswith("{")]


@pytest.fixture(autouse=True)
def _event_loop() -> Iterator[None]:
    """Mangum runs applications in the thread's event loop, or makes one and leaves it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture(params=["the first fake", "the next fake"])
def account() -> Iterator[Account]:
    """Each test runs twice, in fakes one after the other, between which nothing may have been kept."""
    with mock_aws(), FakeLambda(region="eu-west-1") as fake:
        yield Account(fake)


@pytest.fixture(params=["installed", "in the zip", "in a layer"])
def powertools(request: pytest.FixtureRequest) -> tuple[bytes, bytes]:
    """The code that uses the package, and the layer that has it."""
    code = package("powertools", POWERTOOLS if request.param == "in the zip" else ())
    return code, layer(POWERTOOLS) if request.param == "in a layer" else b""


def test_powertools_logger(account: Account, powertools: tuple[bytes, bytes]) -> None:
    code, layered = powertools
    account.deploy("collect", code, "collect.lambda_handler", layered)
    for _ in range(2):
        assert account.invoke("collect", {"charge_id": "7"}) == "hello world"
        first, second = account.logged()
        assert (first["message"], first["service"], first["level"]) == ("Collecting payment", "payment", "INFO")
        assert first["location"] == "lambda_handler:10"
        assert (first["function_name"], first["function_memory_size"]) == ("collect", "512")
        assert first["function_request_id"] == account.fake.invocations[-1].request_id
        assert second["message"] == {"operation": "collect_payment", "charge_id": "7"}
    assert account.invoke("collect", {}) == "KeyError"
    assert account.invoke("collect", {"charge_id": "8"}) == "hello world"


def test_powertools_metrics(account: Account) -> None:
    account.deploy("book", package("powertools", POWERTOOLS), "book.lambda_handler")
    for metrics in (["ColdStart", "SuccessfulBooking"], ["SuccessfulBooking"]):
        assert account.invoke("book") is None
        logged = account.logged()
        assert [line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] for line in logged] == metrics
        assert {line["_aws"]["CloudWatchMetrics"][0]["Namespace"] for line in logged} == {"shop"}


def test_powertools_idempotency(account: Account, powertools: tuple[bytes, bytes]) -> None:
    table = boto3.resource("dynamodb", region_name="eu-west-1").create_table(
        TableName="paid",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    code, layered = powertools
    account.deploy("pay", code, "pay.lambda_handler", layered, IDEMPOTENCY_TABLE="paid")
    first = account.invoke("pay", {"user_id": "1", "product_id": "tea"})
    again = account.invoke("pay", {"user_id": "1", "product_id": "tea"})
    other = account.invoke("pay", {"user_id": "2", "product_id": "tea"})
    assert first == again
    assert other["payment_id"] != first["payment_id"]
    assert sorted(item["status"] for item in table.scan()["Items"]) == ["COMPLETED", "COMPLETED"]
    for _ in range(2):  # what failed is not remembered
        assert account.invoke("pay", {"nobody": "1"}) == "PaymentError"
    assert len(table.scan()["Items"]) == 2
    account.fake.cold_start("pay")
    assert account.invoke("pay", {"user_id": "1", "product_id": "tea"}) == first


def test_powertools_parameters(account: Account) -> None:
    ssm: Any = boto3.client("ssm", region_name="eu-west-1")
    account.deploy("look_up", package("powertools", POWERTOOLS), "look_up.lambda_handler")
    assert account.invoke("look_up")["statusCode"] == 400
    for value in ("https://one", "https://two"):
        ssm.put_parameter(Name="/lambda-powertools/endpoint_url", Value=value, Type="String", Overwrite=True)
        assert account.invoke("look_up") == {"endpoint": value, "statusCode": 200}
        account.fake.cold_start("look_up")  # the package remembers values for some seconds


def version_1(method: str, path: str, body: str | None = None, **query: str) -> dict[str, Any]:
    """An event of API Gateway's REST API."""
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": {"content-type": ["application/json"]},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "pathParameters": {"proxy": path},
        "stageVariables": None,
        "requestContext": {"httpMethod": method, "identity": {"sourceIp": "192.0.2.1"}, "stage": "prod"},
        "body": body,
        "isBase64Encoded": False,
    }


def version_2(method: str, path: str, body: str | None = None, **query: str) -> dict[str, Any]:
    """An event of API Gateway's HTTP API."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "&".join(f"{name}={value}" for name, value in query.items()),
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("request_of", "vendored", "layered"),
    [(version_1, (), ()), (version_2, WEB, ()), (version_1, (), WEB)],
    ids=["REST API, installed", "HTTP API, in the zip", "REST API, in a layer"],
)
def test_fastapi_behind_mangum(account: Account, request_of: Any, vendored: tuple[str, ...], layered: tuple[str, ...]) -> None:
    account.deploy("web", package("web", vendored), "main.handler", layer(layered) if layered else b"")
    tea = {"name": "tea", "description": None, "price": 1.5, "tax": None}
    requests = [
        (request_of("GET", "/"), 200, {"Hello": "World"}),  # in a thread of the framework's
        (request_of("GET", "/items/7", q="x"), 200, {"item_id": 7, "q": "x"}),
        (request_of("POST", "/items/", '{"name": "tea", "price": 1.5}'), 200, tea),
        (request_of("GET", "/nowhere"), 404, {"detail": "Not Found"}),
    ]
    for request, status, body in requests * 2:
        answer = account.invoke("web", request)
        assert (answer["statusCode"], json.loads(answer["body"])) == (status, body)
    answer = account.invoke("web", request_of("GET", "/items/x"))
    assert (answer["statusCode"], json.loads(answer["body"])["detail"][0]["type"]) == (422, "int_parsing")
    answer = account.invoke("web", request_of("GET", "/broken"))
    assert (answer["statusCode"], answer["body"]) == (500, "Internal Server Error")
    assert "ZeroDivisionError: division by zero" in account.fake.invocations[-1].logs


def test_boto3_to_another_function(account: Account) -> None:
    for name, handler in (("chain", "chain.handler"), ("stock", "chain.stock")):
        account.deploy(name, package("boto"), handler)
    for _ in range(2):
        assert account.invoke("chain", {"item": "tea"}) == {"stock": 3, "region": "eu-west-1"}
        assert account.invoke("chain", {"item": "coffee"}) == "RuntimeError"
    assert [record.function_name for record in account.fake.invocations] == ["chain", "stock"] * 4


def test_boto3_to_other_services(account: Account) -> None:
    s3: Any = boto3.client("s3", region_name="eu-west-1")
    for bucket in ("photos", "photos-resized"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="photos", Key="a b.png", Body=b"pixels", ContentType="image/png")
    table = boto3.resource("dynamodb", region_name="eu-west-1").create_table(
        TableName="photos",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    account.deploy("thumbnails", package("boto"), "thumbnails.lambda_handler", TABLE="photos")
    for key, answer in (("a+b.png", "image/png"), ("none.png", "NoSuchKey"), ("a+b.png", "image/png")):
        record = {"s3": {"bucket": {"name": "photos"}, "object": {"key": key}}}
        assert account.invoke("thumbnails", {"Records": [record]}) == answer
    assert s3.get_object(Bucket="photos-resized", Key="a b.png")["Body"].read() == b"pixels"
    assert table.scan()["Items"] == [{"key": "a b.png", "type": "image/png"}]
