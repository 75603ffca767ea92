"""Provisioned concurrency: its life, who is served by it, what it takes from others, what is refused."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import pytest
from freezegun import freeze_time

from fakelambda import FakeLambda

REALISTIC = pytest.mark.parametrize("lifecycle", ["realistic"])
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
NOWHERE = "arn:aws:lambda:us-east-1:123456789012:function:nowhere"
INVALID = "400 InvalidParameterValueException: "
CONFLICT = "409 ResourceConflictException: "
MISSING = "404 ResourceNotFoundException: "
NOT_FOR_LATEST = f"{INVALID}Provisioned Concurrency Configs cannot be applied to unpublished function versions."
NO_CONFIG = "404 ProvisionedConcurrencyConfigNotFoundException: No Provisioned Concurrency Config found for this function"
ALREADY = f"{CONFLICT}Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
BEHIND_AN_ALIAS = f"{CONFLICT}Version is pointed by a Provisioned Concurrency alias"
CODE = """\
import os
imported = []
imported.append(os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"])
def handler(event, context):
    return [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], len(imported)]
"""
ON_DEMAND, PROVISIONED = ["on-demand", 1], ["provisioned-concurrency", 1]


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda, client: Any, zipped: Any) -> None:
    """A function with two versions, the first of which has an alias."""
    client.create_function(
        FunctionName="orders",
        Role="arn:aws:iam::123456789012:role/r",
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": CODE})},
        Publish=True,
    )
    fake.advance(60)
    client.update_function_configuration(FunctionName="orders", Description="second")
    fake.advance(60)
    client.publish_version(FunctionName="orders")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


def put(client: Any, qualifier: str, requested: int) -> dict[str, Any]:
    answer: dict[str, Any] = client.put_provisioned_concurrency_config(
        FunctionName="orders", Qualifier=qualifier, ProvisionedConcurrentExecutions=requested
    )
    return answer


def status(client: Any, qualifier: str = "live") -> tuple[str, int, int]:
    """How it is, how many are requested and how many are there."""
    config = client.get_provisioned_concurrency_config(FunctionName="orders", Qualifier=qualifier)
    assert config["AvailableProvisionedConcurrentExecutions"] == config["AllocatedProvisionedConcurrentExecutions"]
    return config["Status"], config["RequestedProvisionedConcurrentExecutions"], config["AllocatedProvisionedConcurrentExecutions"]


def result(client: Any, qualifier: str) -> Any:
    return json.load(client.invoke(FunctionName="orders", Qualifier=qualifier)["Payload"])


def kinds(client: Any, *qualifiers: str) -> list[str]:
    return [result(client, qualifier)[0] for qualifier in qualifiers]


# ---- the life of an allocation ----


@REALISTIC
def test_an_allocation_from_its_beginning_to_its_end(fake: FakeLambda, answered: Any) -> None:
    named = {"FunctionName": "orders", "Qualifier": "live"}
    with freeze_time("2026-01-02 03:04:05.678"):
        beginning = {
            "RequestedProvisionedConcurrentExecutions": 5,
            "AvailableProvisionedConcurrentExecutions": 0,
            "AllocatedProvisionedConcurrentExecutions": 0,
            "Status": "IN_PROGRESS",
        }
        put_answer = answered("put_provisioned_concurrency_config", **named, ProvisionedConcurrentExecutions=5)
        last_modified = put_answer[1]["LastModified"]
        assert put_answer == (202, {**beginning, "LastModified": last_modified})
        assert answered("get_provisioned_concurrency_config", **named) == (200, put_answer[1])
        assert [(pending.kind, pending.function_name, pending.detail) for pending in fake.pending] == [("provision", "orders", "live")]
        fake.advance(19)
        assert answered("get_provisioned_concurrency_config", **named) == (200, put_answer[1])
        fake.advance(1)
        ready = {**dict.fromkeys(beginning, 5), "Status": "READY", "LastModified": last_modified}
        assert answered("get_provisioned_concurrency_config", **named) == (200, ready)
        listed = {"ProvisionedConcurrencyConfigs": [{"FunctionArn": f"{ARN}:live", **ready}]}
        assert answered("list_provisioned_concurrency_configs", FunctionName="orders") == (200, listed)
    for _ in range(2):
        assert answered("delete_provisioned_concurrency_config", **named) == (204, {})
        assert answered("list_provisioned_concurrency_configs", FunctionName="orders") == (200, {"ProvisionedConcurrencyConfigs": []})


def test_an_instant_one_is_ready_by_the_next_call(client: Any) -> None:
    answer = put(client, "live", 3)
    assert answer["Status"] == "IN_PROGRESS"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", answer["LastModified"])
    assert status(client) == ("READY", 3, 3)


@REALISTIC
def test_a_change_begins_anew_and_keeps_what_is_there(fake: FakeLambda, client: Any) -> None:
    put(client, "live", 3)
    fake.advance(10)
    put(client, "live", 5)
    fake.advance(19)
    assert status(client) == ("IN_PROGRESS", 5, 0)
    fake.advance(1)
    assert status(client) == ("READY", 5, 5)
    put(client, "live", 2)
    assert status(client) == ("IN_PROGRESS", 2, 2)
    fake.advance(20)
    assert status(client) == ("READY", 2, 2)


@REALISTIC
def test_it_moves_with_its_alias(fake: FakeLambda, client: Any) -> None:
    put(client, "live", 1)
    fake.advance(20)
    client.update_alias(FunctionName="orders", Name="live", FunctionVersion="2")
    assert status(client) == ("IN_PROGRESS", 1, 1)
    assert kinds(client, "1", "2", "live") == ["provisioned-concurrency", "on-demand", "on-demand"]
    fake.advance(20)
    assert status(client) == ("READY", 1, 1)
    assert kinds(client, "1", "2", "live") == ["on-demand", "provisioned-concurrency", "provisioned-concurrency"]


def test_an_alias_that_stays_where_it_is_changes_nothing(fake: FakeLambda, client: Any) -> None:
    put(client, "live", 1)
    result(client, "live")
    client.update_alias(FunctionName="orders", Name="live", FunctionVersion="1", Description="same")
    assert result(client, "live") == PROVISIONED
    assert not fake.pending


@REALISTIC
@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("delete_alias", {"Name": "live"}),
        ("delete_provisioned_concurrency_config", {"Qualifier": "live"}),
        ("delete_function", {}),
    ],
)
def test_what_is_gone_is_not_allocated(fake: FakeLambda, client: Any, operation: str, parameters: dict[str, str]) -> None:
    put(client, "live", 900)
    getattr(client, operation)(FunctionName="orders", **parameters)
    assert client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 1000
    if operation == "delete_function":  # another function of that name is not concerned
        fake.add_function("orders", lambda event, context: None)
    fake.advance(60)
    assert client.list_provisioned_concurrency_configs(FunctionName="orders")["ProvisionedConcurrencyConfigs"] == []


def test_a_deleted_version_takes_its_own_with_it(client: Any) -> None:
    put(client, "2", 1)
    client.delete_function(FunctionName="orders", Qualifier="2")
    assert client.list_provisioned_concurrency_configs(FunctionName="orders")["ProvisionedConcurrencyConfigs"] == []


def test_the_version_behind_it_gets_another_revision(client: Any) -> None:
    def revisions() -> list[str]:
        names = ("$LATEST", "1", "2")
        return [client.get_function_configuration(FunctionName="orders", Qualifier=name)["RevisionId"] for name in names]

    latest, first, second = revisions()
    put(client, "live", 1)
    assert revisions()[0] == latest
    assert revisions()[1] != first
    assert revisions()[2] == second


# ---- initialisation ----


def test_an_environment_is_initialised_before_it_is_invoked(fake: FakeLambda, client: Any) -> None:
    put(client, "live", 1)
    assert result(client, "live") == PROVISIONED
    assert result(client, "1") == PROVISIONED  # it is the version that is provisioned
    assert result(client, "2") == ON_DEMAND
    assert [invocation.cold_start for invocation in fake.invocations] == [False, False, True]
    assert "Init Duration" not in fake.invocations[0].logs
    assert "INIT_START" not in fake.invocations[0].logs


@pytest.mark.parametrize(
    "source", ["raise ValueError('no')", "import nowhere_at_all", "raise SystemExit(3)", "def other(): pass", "while True: pass"]
)
def test_code_that_cannot_be_initialised_runs_on_demand(client: Any, zipped: Any, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr("fakelambda.runtime.runner._AHEAD_OF_INVOCATIONS", 0.2)
    client.update_function_configuration(FunctionName="orders", Timeout=1)
    client.update_function_code(FunctionName="orders", ZipFile=zipped({"app.py": f"{source}\n"}), Publish=True)
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=2)
    put(client, "3", 2)
    config = client.get_provisioned_concurrency_config(FunctionName="orders", Qualifier="3")
    assert (config["Status"], config["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")
    assert status(client, "3") == ("FAILED", 2, 0)
    assert result(client, "1") == ON_DEMAND  # nothing is taken from the reservation


def test_an_alias_moved_to_code_that_cannot_be_initialised(client: Any, zipped: Any) -> None:
    client.update_function_code(FunctionName="orders", ZipFile=zipped({"app.py": "1 / 0\n"}), Publish=True)
    put(client, "live", 2)
    client.update_alias(FunctionName="orders", Name="live", FunctionVersion="3")
    assert status(client) == ("FAILED", 2, 0)
    client.update_alias(FunctionName="orders", Name="live", FunctionVersion="2")
    assert status(client) == ("READY", 2, 2)
    assert kinds(client, "live") == ["provisioned-concurrency"]


def test_code_may_call_lambda_while_it_is_initialised(client: Any, zipped: Any) -> None:
    source = """\
import boto3
seen = boto3.client("lambda").get_provisioned_concurrency_config(FunctionName="orders", Qualifier="3")["Status"]
def handler(event, context):
    return seen
"""
    client.update_function_code(FunctionName="orders", ZipFile=zipped({"app.py": source}), Publish=True)
    put(client, "3", 1)
    assert result(client, "3") == "IN_PROGRESS"


@pytest.mark.parametrize(("seconds", "how"), [(100, ("READY", 1, 1)), (131, ("FAILED", 1, 0))])
def test_an_initialisation_that_sleeps_moves_the_clock_and_has_130_seconds(
    fake: FakeLambda, client: Any, zipped: Any, seconds: int, how: tuple[str, int, int]
) -> None:
    source = f"import time\ntime.sleep({seconds})\ndef handler(event, context):\n    pass\n"
    client.update_function_code(FunctionName="orders", ZipFile=zipped({"app.py": source}), Publish=True)
    with freeze_time() as frozen:
        begun = frozen()
        put(client, "3", 1)
        assert (frozen() - begun).total_seconds() == min(seconds, 130)
    assert status(client, "3") == how


@pytest.mark.parametrize("runtime", ["nodejs22.x", "python3.13"])
def test_a_callable_has_nothing_to_initialise(fake: FakeLambda, client: Any, zipped: Any, runtime: str) -> None:
    client.update_function_configuration(FunctionName="orders", Runtime=runtime, Handler="no.where")
    client.publish_version(FunctionName="orders")
    fake.bind("orders", lambda event, context: context.function_version)
    put(client, "3", 1)
    assert status(client, "3") == ("READY", 1, 1)
    assert result(client, "3") == "3"
    assert fake.invocations[0].cold_start is False


def test_what_cannot_run_here_is_left_to_its_invocations(client: Any) -> None:
    client.update_function_configuration(FunctionName="orders", Runtime="nodejs22.x")
    client.publish_version(FunctionName="orders")
    put(client, "3", 1)
    assert status(client, "3") == ("READY", 1, 1)


def test_the_module_to_patch_is_that_of_the_provisioned_environment(fake: FakeLambda, client: Any) -> None:
    fake.route("orders:live", ["1"])
    put(client, "live", 1)
    module: Any = fake.module("orders:live", "app")
    module.imported += ["patched"]
    assert result(client, "live") == ["provisioned-concurrency", 2]


def test_environments_end_with_the_allocation(client: Any) -> None:
    put(client, "live", 1)
    assert result(client, "1") == PROVISIONED
    client.delete_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
    assert result(client, "1") == ON_DEMAND


@pytest.mark.parametrize("is_moved", [True, False])
def test_another_allocation_has_new_environments(fake: FakeLambda, client: Any, is_moved: bool) -> None:  # noqa: FBT001 - a column
    put(client, "live", 1)
    module: Any = fake.module("orders:live", "app")
    module.imported += ["of the first allocation"]
    if is_moved:
        client.update_alias(FunctionName="orders", Name="live", FunctionVersion="2")
        client.update_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    else:
        client.delete_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
        put(client, "live", 1)
    assert result(client, "live") == PROVISIONED


# ---- who is served ----


def test_what_is_above_the_provision_spills_over(fake: FakeLambda, client: Any) -> None:
    together = threading.Barrier(3)
    fake.add_function("parallel", lambda event, context: together.wait(timeout=10), Publish=True)
    client.put_provisioned_concurrency_config(FunctionName="parallel", Qualifier="1", ProvisionedConcurrentExecutions=2)
    threads = [threading.Thread(target=client.invoke, kwargs={"FunctionName": "parallel", "Qualifier": "1"}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(invocation.cold_start for invocation in fake.invocations) == [False, False, True]


def test_a_handler_that_calls_its_own_version_finds_the_provision_taken(client: Any, zipped: Any) -> None:
    source = """\
import boto3, json, os
def handler(event, context):
    own = [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]]
    if event == 0:
        return own
    answer = boto3.client("lambda").invoke(FunctionName="orders", Qualifier="3", Payload=json.dumps(event - 1))
    return own + json.load(answer["Payload"])
"""
    client.update_function_configuration(FunctionName="orders", Timeout=60)  # four imports of boto3, in each other
    client.update_function_code(FunctionName="orders", ZipFile=zipped({"app.py": source}), Publish=True)
    put(client, "3", 2)
    answer = json.load(client.invoke(FunctionName="orders", Qualifier="3", Payload="3")["Payload"])
    assert answer == ["provisioned-concurrency", "provisioned-concurrency", "on-demand", "on-demand"]


def test_a_reservation_that_is_all_provisioned_leaves_nothing_for_the_rest(client: Any, refused: Any) -> None:
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)
    put(client, "live", 1)
    assert result(client, "1") == PROVISIONED
    for qualifier in ("$LATEST", "2"):
        assert refused("invoke", FunctionName="orders", Qualifier=qualifier) == "429 TooManyRequestsException: Rate Exceeded."
    client.delete_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
    assert result(client, "$LATEST") == ON_DEMAND


def test_a_throttled_invocation_keeps_its_forced_route(fake: FakeLambda, client: Any, refused: Any) -> None:
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)
    put(client, "1", 1)
    fake.route("orders:live", ["2"])
    assert refused("invoke", FunctionName="orders", Qualifier="live").startswith("429")
    client.delete_function_concurrency(FunctionName="orders")
    assert client.invoke(FunctionName="orders", Qualifier="live")["ExecutedVersion"] == "2"


def test_weights_choose_the_version_first(fake: FakeLambda, client: Any) -> None:
    put(client, "live", 1)
    client.update_alias(FunctionName="orders", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    fake.route("orders:live", ["1", "2"])
    assert kinds(client, "live", "live") == ["provisioned-concurrency", "on-demand"]


# ---- limits ----


def test_it_counts_against_the_account_unless_it_is_reserved(client: Any) -> None:
    def unreserved() -> int:
        number: int = client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
        return number

    put(client, "live", 300)
    assert unreserved() == 700
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=400)
    assert unreserved() == 600
    client.delete_function_concurrency(FunctionName="orders")
    client.delete_alias(FunctionName="orders", Name="live")
    assert unreserved() == 1000


@pytest.mark.parametrize(
    ("requested", "answer"),
    [
        (1001, "is greater than account's unreserved concurrency [1000]."),
        (901, "decreases account's UnreservedConcurrentExecution below its minimum value of [100]."),
    ],
)
def test_the_account_keeps_a_minimum(client: Any, refused: Any, requested: int, answer: str) -> None:
    call = {"FunctionName": "orders", "Qualifier": "1", "ProvisionedConcurrentExecutions": requested}
    assert refused("put_provisioned_concurrency_config", **call) == f"{INVALID}Specified ConcurrentExecutions for function {answer}"
    put(client, "1", 900)
    put(client, "1", 899)  # its own does not count twice


def test_a_reservation_is_the_limit_of_all_qualifiers_together(client: Any, refused: Any) -> None:
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=3)
    put(client, "live", 2)
    over = {"FunctionName": "orders", "Qualifier": "2", "ProvisionedConcurrentExecutions": 2}
    assert refused("put_provisioned_concurrency_config", **over) == (
        f"{INVALID}Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
    )
    put(client, "2", 1)
    assert refused("put_function_concurrency", FunctionName="orders", ReservedConcurrentExecutions=2) == (
        f"{INVALID} ReservedConcurrentExecutions  2 should not be lower than function's total provisioned concurrency [3]."
    )


# ---- what is refused ----


@pytest.mark.parametrize(
    ("operations", "name", "qualifier", "answer"),
    [
        (("put",), "orders", "$LATEST", NOT_FOR_LATEST),
        (("put",), "nowhere", "$LATEST", NOT_FOR_LATEST),
        (("get", "delete"), "orders", "$LATEST", f"{INVALID}The function resource provided must be an alias or a published version."),
        (("put", "get", "delete"), "orders", "noalias", f"{MISSING}Cannot find alias arn: {ARN}:noalias"),
        (("put", "get", "delete"), "nowhere", "noalias", f"{MISSING}Cannot find alias arn: {NOWHERE}:noalias"),
        (("put", "get", "delete"), "orders", "with-$", f"{MISSING}Function not found: {ARN}:with-$"),
        (("put", "get", "delete"), "orders", "10", f"{MISSING}Function not found: {ARN}:10"),
        (("put", "get", "delete"), "nowhere", "1", f"{MISSING}Function not found: {NOWHERE}:1"),
        (("get",), "orders", "1", NO_CONFIG),
        (("get",), "orders", "live", NO_CONFIG),
    ],
)
def test_who_cannot_be_provisioned(refused: Any, operations: tuple[str, ...], name: str, qualifier: str, answer: str) -> None:
    for operation in operations:
        amount = {"ProvisionedConcurrentExecutions": 1} if operation == "put" else {}
        assert refused(f"{operation}_provisioned_concurrency_config", FunctionName=name, Qualifier=qualifier, **amount) == answer


def test_a_list_needs_the_function(refused: Any) -> None:
    assert refused("list_provisioned_concurrency_configs", FunctionName="nowhere") == f"{MISSING}Function not found: {NOWHERE}"


@pytest.mark.parametrize(
    ("first", "second", "answer"), [("1", "live", ALREADY), ("live", "1", BEHIND_AN_ALIAS), ("live", "blue", ALREADY), ("live", "2", None)]
)
def test_a_version_is_provisioned_once(client: Any, refused: Any, first: str, second: str, answer: str | None) -> None:
    client.create_alias(FunctionName="orders", Name="blue", FunctionVersion="1")
    put(client, first, 1)
    put(client, first, 2)
    if answer is None:
        put(client, second, 1)
        return
    call = {"FunctionName": "orders", "Qualifier": second, "ProvisionedConcurrentExecutions": 1}
    assert refused("put_provisioned_concurrency_config", **call) == answer


@pytest.mark.parametrize(("version", "answer"), [("2", ALREADY), ("$LATEST", NOT_FOR_LATEST)])
def test_an_alias_cannot_take_its_own_to_everywhere(client: Any, refused: Any, version: str, answer: str) -> None:
    put(client, "live", 1)
    put(client, "2", 1)
    assert refused("update_alias", FunctionName="orders", Name="live", FunctionVersion=version) == answer
    assert status(client) == ("READY", 1, 1)


def test_an_alias_of_latest_cannot_be_provisioned(client: Any, refused: Any) -> None:
    client.create_alias(FunctionName="orders", Name="edge", FunctionVersion="$LATEST")
    call = {"FunctionName": "orders", "Qualifier": "edge", "ProvisionedConcurrentExecutions": 1}
    assert refused("put_provisioned_concurrency_config", **call) == NOT_FOR_LATEST


def test_a_snapshot_cannot_be_provisioned(client: Any, refused: Any) -> None:
    client.update_function_configuration(FunctionName="orders", SnapStart={"ApplyOn": "PublishedVersions"})
    client.publish_version(FunctionName="orders")
    call = {"FunctionName": "orders", "Qualifier": "3", "ProvisionedConcurrentExecutions": 1}
    assert refused("put_provisioned_concurrency_config", **call).startswith("400 InvalidParameterValueException")


def test_pages_of_configurations(client: Any) -> None:
    for number in range(3, 8):
        client.update_function_configuration(FunctionName="orders", Description=str(number))
        client.publish_version(FunctionName="orders")
        put(client, str(number), number)
    pages = [
        [config["FunctionArn"] for config in page["ProvisionedConcurrencyConfigs"]]
        for page in client.get_paginator("list_provisioned_concurrency_configs").paginate(
            FunctionName="orders", PaginationConfig={"PageSize": 2}
        )
    ]
    assert pages == [[f"{ARN}:3", f"{ARN}:4"], [f"{ARN}:5", f"{ARN}:6"], [f"{ARN}:7"]]
