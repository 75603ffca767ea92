"""Layers and their versions: numbers that are never reused, lists with filters, names in both forms, content that can be had again."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakelambda import FakeLambda, NotModelled

ARN = "arn:aws:lambda:us-east-1:123456789012:layer:shared"
FOREIGN = "arn:aws:lambda:us-east-1:210987654321:layer:shared"
MISSING = "404 ResourceNotFoundException: The resource you requested does not exist."
FROM_S3 = "400 InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: "
TOO_LOW = "400 InvalidParameterValueException: Layer Version Cannot be less than 1"
ELSEWHERE = "arn:aws:lambda:eu-west-1:123456789012:layer:shared"
UNREACHABLE = "404 ResourceNotFoundException: Layers from 'eu-west-1' are not reachable in this region ('us-east-1')"


@pytest.fixture
def publish(client: Any, zipped: Any) -> Any:
    def publish(name: str = "shared", content: bytes | None = None, /, **parameters: Any) -> Any:
        package = zipped({"python/shared.py": "name = 'shared'"}) if content is None else content
        return client.publish_layer_version(LayerName=name, Content={"ZipFile": package}, **parameters)

    return publish


def refusal(action: str, resource: str) -> str:
    return (
        f"403 AccessDeniedException: User: arn:aws:iam::123456789012:root is not authorized to perform: lambda:{action} on resource: "
        f"{resource} because no resource-based policy allows the lambda:{action} action"
    )


# ---- publishing ----


def test_a_version_is_described_by_what_its_publisher_said(answered: Any, zipped: Any) -> None:
    package = zipped({"python/shared.py": ""})
    said = {
        "Description": "ours",
        "CompatibleRuntimes": ["python3.13", "python3.7"],
        "CompatibleArchitectures": ["arm64", "x86_64"],
        "LicenseInfo": "MIT",
    }
    status, answer = answered("publish_layer_version", LayerName="shared", Content={"ZipFile": package}, **said)
    content = answer.pop("Content")
    assert answer.pop("CreatedDate").endswith("+0000")
    assert (status, answer) == (201, {"LayerArn": ARN, "LayerVersionArn": f"{ARN}:1", "Version": 1, **said})
    assert content.pop("Location").startswith("https://awslambda-us-east-1-layers.s3.us-east-1.amazonaws.com/snapshots/123456789012/shared")
    assert content == {"CodeSize": len(package), "CodeSha256": base64.b64encode(hashlib.sha256(package).digest()).decode()}


@pytest.mark.parametrize("said", [{}, {"CompatibleRuntimes": []}, {"CompatibleArchitectures": []}])
def test_what_a_publisher_did_not_say_is_left_out(publish: Any, client: Any, said: dict[str, Any]) -> None:
    listed = {"LayerVersionArn", "Description", "CreatedDate", "Version"} | said.keys()
    described = listed | {"LayerArn", "Content", "ResponseMetadata"}
    assert publish("shared", **said).keys() == described
    assert client.get_layer_version(LayerName="shared", VersionNumber=1).keys() == described
    assert client.list_layer_versions(LayerName="shared")["LayerVersions"][0].keys() == listed
    assert client.list_layers()["Layers"][0]["LatestMatchingVersion"].keys() == listed


def test_the_content_can_be_had_again_until_the_version_is_deleted(fake: FakeLambda, client: Any, publish: Any, zipped: Any) -> None:
    package = zipped({"python/other.py": ""})
    publish()
    location = publish("shared", package)["Content"]["Location"]
    assert fake.download(location) == package
    assert fake.download(client.get_layer_version(LayerName="shared", VersionNumber=2)["Content"]["Location"]) == package
    client.delete_layer_version(LayerName="shared", VersionNumber=2)
    with pytest.raises(ValueError, match=r"^No version of 'shared' of 123456789012 in us-east-1 has the code of this location any more\.$"):
        fake.download(location)
    client.delete_layer_version(LayerName="shared", VersionNumber=1)
    fake.reset()
    with pytest.raises(ValueError, match="any more"):
        fake.download(location)


@pytest.mark.parametrize("version", [{}, {"S3ObjectVersion": "first"}])
def test_content_comes_from_s3(fake: FakeLambda, client: Any, zipped: Any, version: dict[str, str]) -> None:
    packages = [zipped({"python/shared.py": text}) for text in ("1", "22")]
    versions = [fake.put_object("bucket", "layer.zip", package) for package in packages]
    chosen = {"S3ObjectVersion": versions[0]} if version else {}
    answer = client.publish_layer_version(LayerName="shared", Content={"S3Bucket": "bucket", "S3Key": "layer.zip", **chosen})
    assert fake.download(answer["Content"]["Location"]) == packages[0 if version else 1]


def broken(package: bytes) -> bytes:
    """A package that says it would be over 250 MB."""
    content = bytearray(package)
    content[(entry := package.index(b"PK\x01\x02") + 24) : entry + 4] = struct.pack("<I", 262_144_001)
    return bytes(content)


def empty() -> bytes:
    content = io.BytesIO()
    zipfile.ZipFile(content, "w").close()
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ({}, "400 InvalidParameterValueException: Please provide a source for layer content."),
        ({"S3Bucket": "bucket"}, "400 InvalidParameterValueException: Please provide a source for layer content."),
        ({"ZipFile": empty()}, "400 InvalidParameterValueException: Uploaded file must be a non-empty zip"),
        (
            {"ZipFile": b"no zip"},
            "400 InvalidParameterValueException: Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            {"ZipFile": b"x" * 52_428_801},
            "413 RequestEntityTooLargeException: Zipped size must be smaller than 52428800 bytes",
        ),
        (
            {"ZipFile": b"x" * 52_650_000},
            "413 RequestEntityTooLargeException: Request must be smaller than 70167211 bytes for the PublishLayerVersion operation",
        ),
        (
            {"S3Bucket": "bucket", "S3Key": "other"},
            f"{FROM_S3}NoSuchKey. S3 Error Message: The specified key does not exist.",
        ),
        (
            {"S3Bucket": "other", "S3Key": "layer.zip"},
            f"{FROM_S3}NoSuchBucket. S3 Error Message: The specified bucket does not exist",
        ),
    ],
    ids=["nothing", "no key", "empty", "no zip", "too large", "a request that is too large", "no such object", "no such bucket"],
)
def test_content_that_is_refused(fake: FakeLambda, refused: Any, content: dict[str, Any], answer: str) -> None:
    fake.put_object("bucket", "layer.zip", b"")
    assert refused("publish_layer_version", LayerName="shared", Content=content) == answer


def test_content_that_would_be_over_250_mb(refused: Any, zipped: Any) -> None:
    assert refused("publish_layer_version", LayerName="shared", Content={"ZipFile": broken(zipped({"a": ""}))}) == (
        "400 InvalidParameterValueException: Unzipped size must be smaller than 262144000 bytes"
    )


def test_other_ways_to_store_content_are_not_modelled(client: Any, everything: Any) -> None:
    before = everything(client)
    with pytest.raises(NotModelled, match=r"PublishLayerVersion\(Content={'S3ObjectStorageMode': \.\.\.}\)"):
        client.publish_layer_version(LayerName="l", Content={"S3Bucket": "bucket", "S3Key": "key", "S3ObjectStorageMode": "REFERENCE"})
    assert everything(client) == before


# ---- reading ----


def test_names_and_arns_mean_the_same_layer(client: Any, publish: Any) -> None:
    assert publish(ARN)["LayerVersionArn"] == f"{ARN}:1"
    assert publish("shared")["LayerVersionArn"] == f"{ARN}:2"
    by_arn = client.get_layer_version_by_arn(Arn=f"{ARN}:2")
    for name in ("shared", ARN):
        answer = client.get_layer_version(LayerName=name, VersionNumber=2)
        assert {**answer, "ResponseMetadata": None} == {**by_arn, "ResponseMetadata": None}
        assert [version["Version"] for version in client.list_layer_versions(LayerName=name)["LayerVersions"]] == [2, 1]
    client.delete_layer_version(LayerName=ARN, VersionNumber=2)
    assert [version["Version"] for version in client.list_layer_versions(LayerName="shared")["LayerVersions"]] == [1]


@pytest.mark.parametrize(
    ("operation", "parameters", "answer"),
    [
        ("get_layer_version", {"LayerName": "shared", "VersionNumber": 2}, MISSING),
        ("get_layer_version", {"LayerName": "other", "VersionNumber": 1}, MISSING),
        ("get_layer_version", {"LayerName": "shared", "VersionNumber": 0}, TOO_LOW),
        ("get_layer_version", {"LayerName": "other", "VersionNumber": -1}, TOO_LOW),
        ("get_layer_version", {"LayerName": ELSEWHERE, "VersionNumber": 1}, UNREACHABLE),
        ("get_layer_version", {"LayerName": FOREIGN, "VersionNumber": 1}, refusal("GetLayerVersion", f"{FOREIGN}:1")),
        ("get_layer_version_by_arn", {"Arn": f"{ARN}:2"}, MISSING),
        ("get_layer_version_by_arn", {"Arn": f"{ARN}s:1"}, MISSING),
        ("get_layer_version_by_arn", {"Arn": f"{ARN}:0"}, TOO_LOW),
        ("get_layer_version_by_arn", {"Arn": f"{ELSEWHERE}:1"}, UNREACHABLE),
        ("get_layer_version_by_arn", {"Arn": f"{FOREIGN}:1"}, refusal("GetLayerVersion", f"{FOREIGN}:1")),
        ("list_layer_versions", {"LayerName": ELSEWHERE}, UNREACHABLE),
        ("list_layer_versions", {"LayerName": FOREIGN}, refusal("ListLayerVersions", FOREIGN)),
        ("list_layer_versions", {"LayerName": "shared", "Marker": ARN}, f"400 InvalidParameterValueException: Invalid marker: {ARN}"),
        ("list_layer_versions", {"LayerName": "shared", "Marker": "x"}, "400 InvalidParameterValueException: Invalid marker: x"),
        (
            "list_layer_versions",
            {"LayerName": "shared", "Marker": f"{ARN}:²"},
            f"400 InvalidParameterValueException: Invalid marker: {ARN}:²",
        ),
        ("list_layers", {"Marker": f"{ARN}:1"}, f"400 InvalidParameterValueException: Invalid marker: {ARN}:1"),
        ("delete_layer_version", {"LayerName": "shared", "VersionNumber": 0}, TOO_LOW),
        ("delete_layer_version", {"LayerName": ELSEWHERE, "VersionNumber": 1}, UNREACHABLE),
        ("delete_layer_version", {"LayerName": FOREIGN, "VersionNumber": 1}, refusal("DeleteLayerVersion", f"{FOREIGN}:1")),
        ("publish_layer_version", {"LayerName": ELSEWHERE, "Content": {"ZipFile": b""}}, UNREACHABLE),
        ("publish_layer_version", {"LayerName": FOREIGN, "Content": {"ZipFile": b""}}, refusal("PublishLayerVersion", FOREIGN)),
    ],
)
def test_what_is_refused(*, publish: Any, refused: Any, operation: str, parameters: dict[str, Any], answer: str) -> None:
    publish()
    assert refused(operation, **parameters) == answer


def test_a_layer_without_an_account_is_not_modelled(client: Any) -> None:
    with pytest.raises(NotModelled, match="awslayer:AmazonLinux1803 is a layer of AWS's own"):
        client.get_layer_version_by_arn(Arn="arn:aws:lambda:::awslayer:AmazonLinux1803")


@pytest.mark.parametrize("version", [{"LayerName": "shared", "VersionNumber": 7}, {"LayerName": "nowhere", "VersionNumber": 1}])
def test_deleting_what_is_not_there_is_fine(answered: Any, publish: Any, version: dict[str, Any]) -> None:
    publish()
    for _ in range(2):
        assert answered("delete_layer_version", LayerName="shared", VersionNumber=1) == (204, {})
        assert answered("delete_layer_version", **version) == (204, {})
    assert answered("list_layer_versions", LayerName="shared") == (200, {"LayerVersions": []})
    assert answered("list_layers") == (200, {"Layers": []})


def test_each_region_and_account_has_its_own_layers(fake: FakeLambda, publish: Any) -> None:
    publish()
    for other in (fake.client(region="eu-west-1"), fake.client(account_id="210987654321")):
        assert other.list_layers()["Layers"] == []
    region = fake.client(region="cn-north-1")
    answer = region.publish_layer_version(LayerName="shared", Content={"ZipFile": fake.download(publish()["Content"]["Location"])})
    assert answer["LayerVersionArn"] == "arn:aws-cn:lambda:cn-north-1:123456789012:layer:shared:1"


# ---- lists ----


@pytest.mark.parametrize(
    ("wanted", "latest", "versions"),
    [
        ({}, {"a": 4, "b": 1}, [4, 3, 2, 1]),
        ({"CompatibleRuntime": "python3.13"}, {"a": 2, "b": 1}, [2, 1]),
        ({"CompatibleRuntime": "python3.12"}, {"a": 1}, [1]),
        ({"CompatibleRuntime": "python3.7"}, {}, []),
        ({"CompatibleArchitecture": "arm64"}, {"a": 3}, [3, 1]),
        ({"CompatibleArchitecture": "arm64", "CompatibleRuntime": "python3.13"}, {"a": 1}, [1]),
    ],
)
def test_lists_show_what_is_compatible(
    *, client: Any, publish: Any, wanted: dict[str, str], latest: dict[str, int], versions: list[int]
) -> None:
    publish("a", CompatibleRuntimes=["python3.12", "python3.13"], CompatibleArchitectures=["arm64", "x86_64"])
    publish("a", CompatibleRuntimes=["python3.13"], CompatibleArchitectures=["x86_64"])
    publish("a", CompatibleRuntimes=[], CompatibleArchitectures=["arm64"])
    publish("a")
    publish("b", CompatibleRuntimes=["python3.13"])
    layers = client.list_layers(**wanted)["Layers"]
    assert {layer["LayerName"]: layer["LatestMatchingVersion"]["Version"] for layer in layers} == latest
    assert all(layer["LatestMatchingVersion"]["LayerVersionArn"].startswith(layer["LayerArn"]) for layer in layers)
    assert [version["Version"] for version in client.list_layer_versions(LayerName="a", **wanted)["LayerVersions"]] == versions


def test_pages_of_lists(client: Any, publish: Any) -> None:
    for name in ("b", "a", "d", "c"):
        for _ in range(3):
            publish(name)
    client.delete_layer_version(LayerName="b", VersionNumber=2)
    first = client.list_layers(MaxItems=3)
    assert ([layer["LayerName"] for layer in first["Layers"]], first["NextMarker"]) == (["a", "b", "c"], f"{ARN[:-6]}d")
    second = client.list_layer_versions(LayerName="b", MaxItems=1)
    assert ([version["Version"] for version in second["LayerVersions"]], second["NextMarker"]) == ([3], f"{ARN[:-6]}b:1")
    client.delete_layer_version(LayerName="b", VersionNumber=1)
    assert client.list_layer_versions(LayerName="b", Marker=second["NextMarker"])["LayerVersions"] == []
    for size in (1, 2, 50):
        paginate = client.get_paginator("list_layers").paginate(PaginationConfig={"PageSize": size})
        assert [layer["LayerName"] for page in paginate for layer in page["Layers"]] == ["a", "b", "c", "d"]
        paginate = client.get_paginator("list_layer_versions").paginate(LayerName="c", PaginationConfig={"PageSize": size})
        assert [version["Version"] for page in paginate for version in page["LayerVersions"]] == [3, 2, 1]


def test_a_page_has_50_items_at_most(client: Any, publish: Any) -> None:
    for _ in range(51):
        publish()
    answer = client.list_layer_versions(LayerName="shared")
    assert ([version["Version"] for version in answer["LayerVersions"]], answer["NextMarker"]) == ([*range(51, 1, -1)], f"{ARN}:1")


STEPS = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 4)))


@settings(deadline=None, max_examples=60)
@given(steps=STEPS, size=st.integers(1, 3))
def test_numbers_are_never_reused(zipped: Any, steps: list[tuple[str, int]], size: int) -> None:
    """Publishes where a step's number is 0, deletes that version otherwise; lists hold what is left, whatever their pages."""
    counters, left = {"a": 0, "b": 0}, {"a": set[int](), "b": set[int]()}
    with FakeLambda() as fake:
        client = fake.client()
        for name, number in steps:
            if number:
                client.delete_layer_version(LayerName=name, VersionNumber=number)
                left[name].discard(number)
            else:
                counters[name] += 1
                left[name].add(counters[name])
                package = zipped({"python/shared.py": ""})
                assert client.publish_layer_version(LayerName=name, Content={"ZipFile": package})["Version"] == counters[name]
        pages = list(client.get_paginator("list_layers").paginate(PaginationConfig={"PageSize": size}))
        latest = {layer["LayerName"]: layer["LatestMatchingVersion"]["Version"] for page in pages for layer in page["Layers"]}
        assert latest == {name: max(numbers) for name, numbers in left.items() if numbers}
        for name, numbers in left.items():
            paginate = client.get_paginator("list_layer_versions").paginate(LayerName=name, PaginationConfig={"PageSize": size})
            assert [item["Version"] for page in paginate for item in page["LayerVersions"]] == sorted(numbers, reverse=True)
        assert client.get_account_settings()["AccountUsage"]["TotalCodeSize"] == len(zipped({"python/shared.py": ""})) * sum(
            map(len, left.values())
        )


# ---- what other accounts have ----

POWERTOOLS = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:7"


def test_a_layer_of_somebody_else_stands_where_its_publisher_has_it(fake: FakeLambda, client: Any) -> None:
    assert fake.add_layer(POWERTOOLS) == POWERTOOLS
    assert client.get_layer_version_by_arn(Arn=POWERTOOLS)["Version"] == 7
    owner = fake.client(account_id="017000801446")
    fake.add_layer(f"{POWERTOOLS[:-1]}3")
    (layer,) = owner.list_layers()["Layers"]
    assert [version["Version"] for version in owner.list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"]] == [7, 3]
    package = fake.download(client.get_layer_version_by_arn(Arn=POWERTOOLS)["Content"]["Location"])
    published = owner.publish_layer_version(LayerName=layer["LayerName"], Content={"ZipFile": package})
    assert published["Version"] == 8


def test_what_add_layer_refuses(fake: FakeLambda, tmp_path: Any) -> None:
    fake.add_layer(POWERTOOLS)
    with pytest.raises(ValueError, match=r"^add_layer\(\): arn:.*:7 is there already\.$"):
        fake.add_layer(POWERTOOLS)
    for arn in ("shared", ARN, f"{ARN}:0", f"{ARN}:x", f"{ARN}:1:2"):
        with pytest.raises(ValueError, match=r"^add_layer\(\) takes the ARN of a layer version, such as 'arn:.*:shared:1', not "):
            fake.add_layer(arn)
    with pytest.raises(NotADirectoryError):
        fake.add_layer(f"{ARN}:1", source=tmp_path / "nowhere")
    assert fake.client().list_layers()["Layers"] == []
