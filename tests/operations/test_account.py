"""What an account may have, and what it uses."""

from __future__ import annotations

from typing import Any

import pytest

from fakelambda import FakeLambda
from fakelambda.domain import packages

LIMITS = {
    "TotalCodeSize": 80530636800,
    "CodeSizeUnzipped": 262144000,
    "CodeSizeZipped": 52428800,
    "ConcurrentExecutions": 1000,
    "UnreservedConcurrentExecutions": 1000,
}


def used(client: Any) -> tuple[int, int]:
    usage = client.get_account_settings()["AccountUsage"]
    assert usage.keys() == {"TotalCodeSize", "FunctionCount"}
    return usage["TotalCodeSize"], usage["FunctionCount"]


def test_limits_of_an_empty_account(answered: Any) -> None:
    assert answered("get_account_settings") == (200, {"AccountLimit": LIMITS, "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": 0}})


def test_reservations_leave_less(fake: FakeLambda, client: Any) -> None:
    for name, reserved in (("a", 300), ("b", 100)):
        fake.add_function(name, lambda event, context: None)
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
    assert client.get_account_settings()["AccountLimit"] == LIMITS | {"UnreservedConcurrentExecutions": 600}


def test_every_version_counts_with_its_code_and_every_function_once(fake: FakeLambda, client: Any, zipped: Any) -> None:
    packages = [zipped({"app.py": "#" * size}) for size in (100, 1000)]
    small, large = map(len, packages)
    client.create_function(
        FunctionName="orders",
        Role="arn:aws:iam::123456789012:role/r",
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": packages[0]},
    )
    assert used(client) == (small, 1)
    client.update_function_configuration(FunctionName="orders", Description="no code")
    assert used(client) == (small, 1)
    client.publish_version(FunctionName="orders")
    assert used(client) == (2 * small, 1)
    client.update_function_code(FunctionName="orders", ZipFile=packages[1])
    assert used(client) == (small + large, 1)
    client.update_function_code(FunctionName="orders", ZipFile=packages[0], DryRun=True)
    assert used(client) == (small + large, 1)
    client.delete_function(FunctionName="orders", Qualifier="1")
    assert used(client) == (large, 1)
    assert used(fake.client("eu-west-1")) == (0, 0)
    client.delete_function(FunctionName="orders")
    assert used(client) == (0, 0)


ORDERS = {"FunctionName": "orders", "Role": "arn:aws:iam::123456789012:role/r", "Runtime": "python3.12", "Handler": "app.handler"}


@pytest.fixture
def package(zipped: Any, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A deployment package, in a world where an account may have three of its size."""
    package: bytes = zipped({"app.py": "def handler(event, context): ..."})
    monkeypatch.setattr(packages, "STORAGE_LIMIT", 3 * len(package))
    return package


@pytest.mark.parametrize(
    ("operation", "parameters", "size"),
    [
        ("create_function", {**ORDERS, "FunctionName": "more"}, 1),
        ("create_function", {**ORDERS, "FunctionName": "more", "Publish": True}, 2),
        ("update_function_code", {"FunctionName": "orders", "Publish": True}, 1),
        ("update_function_code", {"FunctionName": "orders", "Publish": True, "DryRun": True}, 1),
        ("publish_version", {"FunctionName": "orders"}, 1),
        ("publish_layer_version", {"LayerName": "more"}, 1),
    ],
)
def test_code_is_refused_that_an_account_has_no_room_for(
    *, client: Any, refused: Any, package: bytes, operation: str, parameters: dict[str, Any], size: int
) -> None:
    codes: dict[str, dict[str, Any]] = {
        "create_function": {"Code": {"ZipFile": package}},
        "update_function_code": {"ZipFile": package},
        "publish_layer_version": {"Content": {"ZipFile": package}},
    }
    code = codes.get(operation, {})
    client.create_function(**ORDERS, Code={"ZipFile": package})
    for _ in range(3 - size):
        client.publish_layer_version(LayerName="room", Content={"ZipFile": package})
    answer = "400 CodeStorageExceededException: Code storage limit exceeded."
    assert refused(operation, **parameters, **code) == answer
    client.delete_layer_version(LayerName="room", VersionNumber=1)
    getattr(client, operation)(**parameters, **code)


def test_what_replaces_other_code_needs_room_only_for_itself(client: Any, package: bytes) -> None:
    client.create_function(**ORDERS, Code={"ZipFile": package}, Publish=True)
    for _ in range(9):
        client.update_function_code(FunctionName="orders", ZipFile=package)
    client.publish_version(FunctionName="orders")
    client.publish_version(FunctionName="orders")  # the same one again


def test_restored_code_needs_room_again(fake: FakeLambda, client: Any, refused: Any, package: bytes) -> None:
    for _ in range(3):
        client.publish_layer_version(LayerName="room", Content={"ZipFile": package})
    full = fake.snapshot()
    client.delete_layer_version(LayerName="room", VersionNumber=1)
    client.delete_layer_version(LayerName="room", VersionNumber=2)
    client.create_function(**ORDERS, Code={"ZipFile": package})
    fake.restore(full)
    assert refused("create_function", **ORDERS, Code={"ZipFile": package}).startswith("400 CodeStorageExceededException")
