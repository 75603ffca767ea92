"""The limits of invocations and deployments, at their edges, as a client meets them."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fakelambda import FakeLambda, NotModelled

ROLE = "arn:aws:iam::123456789012:role/orders"


def text_of(size: int) -> bytes:
    return b'"' + b"x" * (size - 2) + b'"'


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: len(event))


EDGES = [
    ("RequestResponse", 6_291_456, "Request must be smaller than 6291456 bytes for the InvokeFunction operation"),
    ("DryRun", 6_291_456, "Request must be smaller than 6291456 bytes for the InvokeFunction operation"),
    ("Event", 1_048_576, "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"),
]


@pytest.mark.parametrize(("invocation_type", "limit", "message"), EDGES)
def test_the_size_of_an_event(*, fake: FakeLambda, client: Any, invocation_type: str, limit: int, message: str) -> None:
    client.invoke(FunctionName="orders", InvocationType=invocation_type, Payload=text_of(limit))
    ran = [record.result for record in fake.invocations]
    assert ran == ([] if invocation_type == "DryRun" else [limit - 2])
    with pytest.raises(ClientError) as refused:
        client.invoke(FunctionName="orders", InvocationType=invocation_type, Payload=text_of(limit + 1))
    response: Any = refused.value.response
    assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]) == (413, message)
    assert len(fake.invocations) == len(ran)


def test_a_package_that_would_be_over_250_mb(client: Any, zipped: Any) -> None:
    package = bytearray(zipped({"app.py": ""}))
    package[(entry := package.index(b"PK\x01\x02") + 24) : entry + 4] = struct.pack("<I", 262_144_001)
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="Unzipped size must be smaller than 262144000 bytes"):
        client.create_function(FunctionName="big", Runtime="python3.13", Role=ROLE, Handler="app.f", Code={"ZipFile": bytes(package)})


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({"Runtime": "nodejs22.x", "Handler": "index.handler"}, "other runs on nodejs22.x"),
        ({"Runtime": "provided.al2023", "Handler": "bootstrap"}, "other runs on provided.al2023"),
        ({"PackageType": "Image"}, "other is a container image"),
    ],
)
def test_what_cannot_run_here_says_what_to_write(fake: FakeLambda, client: Any, zipped: Any, parameters: Any, what: str) -> None:
    code = (
        {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/orders:1"}
        if "PackageType" in parameters
        else {"ZipFile": zipped({"index.js": ""})}
    )
    client.create_function(FunctionName="other", Role=ROLE, Code=code, **parameters)
    with pytest.raises(NotModelled) as raised:
        client.invoke(FunctionName="other")
    assert str(raised.value) == f"{what}, which fakelambda cannot run; give it a callable to run instead: fake.bind('other', handler)."
    fake.bind("other", lambda event, context: "bound")
    assert client.invoke(FunctionName="other")["Payload"].read() == b'"bound"'
