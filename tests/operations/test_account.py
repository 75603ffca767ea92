"""What an account may have, and what it uses."""

from __future__ import annotations

from typing import Any

from fakelambda import FakeLambda

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
