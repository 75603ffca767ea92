"""What AWS does by itself, when it fails: functions that end Failed, updates that do, versions that fall idle and come back."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError
from freezegun import freeze_time

from fakelambda import FakeLambda
from fakelambda.aws.model import enum

ROLE = "arn:aws:iam::123456789012:role/r"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
IN_STATE = (
    "409 ResourceConflictException: The operation cannot be performed at this time. The function is currently in the following state:"
)
FAILED = {"State": "Failed", "StateReason": "No such image.", "StateReasonCode": "InvalidImage"}
UPDATE_FAILED = {
    "LastUpdateStatus": "Failed",
    "LastUpdateStatusReason": "No such image.",
    "LastUpdateStatusReasonCode": "InvalidImage",
}
BOTH = pytest.mark.parametrize("lifecycle", ["instant", "realistic"])
NO_IMAGE = {"reason_code": "InvalidImage", "reason": "No such image."}
VERSIONS = {"a": "def handler(event, context):\n    return 'a'\n", "b": "def handler(event, context):\n    return 'b'\n"}


def states(client: Any, name: str = "orders") -> dict[str, str]:
    configuration = client.get_function_configuration(FunctionName=name)
    return {member: value for member, value in configuration.items() if member.startswith(("State", "LastUpdate"))}


def result(client: Any, name: str = "orders") -> Any:
    return json.load(client.invoke(FunctionName=name)["Payload"])


class Deployed:
    """A function whose code says which code it is."""

    def __init__(self, fake: FakeLambda, zipped: Any) -> None:
        self.fake, self.client, self.zipped = fake, fake.client(), zipped

    def create(self, **parameters: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.client.create_function(
            FunctionName="orders",
            Role=ROLE,
            Runtime="python3.12",
            Handler="app.handler",
            Code={"ZipFile": self.zipped({"app.py": VERSIONS["a"]})},
            **parameters,
        )
        return made

    def update(self, code: str, **parameters: Any) -> dict[str, Any]:
        updated: dict[str, Any] = self.client.update_function_code(
            FunctionName="orders", ZipFile=self.zipped({"app.py": VERSIONS[code]}), **parameters
        )
        return updated

    def settle(self) -> None:
        """Lets end what is in progress."""
        self.fake.advance(60)


@pytest.fixture
def deployed(fake: FakeLambda, zipped: Any) -> Deployed:
    return Deployed(fake, zipped)


# ---- creations ----


@BOTH
def test_a_function_that_could_not_be_created(deployed: Deployed, refused: Any) -> None:
    deployed.fake.fail_transition("orders", "create", **NO_IMAGE)
    created = deployed.create()
    assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
    deployed.settle()
    assert states(deployed.client) == {**FAILED, **UPDATE_FAILED}
    for invocation_type in ("RequestResponse", "Event", "DryRun"):
        assert refused("invoke", FunctionName="orders", InvocationType=invocation_type) == f"{IN_STATE} Failed"
    assert refused("invoke_async", FunctionName="orders", InvokeArgs=b"{}") == f"{IN_STATE} Failed"
    assert refused("publish_version", FunctionName="orders") == f"{IN_STATE} Failed"
    deployed.update("b")
    deployed.settle()
    assert states(deployed.client) == {"State": "Active", "LastUpdateStatus": "Successful"}
    assert result(deployed.client) == "b"


@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_an_update_of_a_failed_function_may_fail_too(deployed: Deployed, refused: Any) -> None:
    deployed.fake.fail_transition("orders", "create", reason_code="KMSKeyNotFound", reason="No such key.")
    deployed.create()
    deployed.settle()
    deployed.fake.fail_transition("orders", "update", **NO_IMAGE)
    assert deployed.update("b")["LastUpdateStatus"] == "InProgress"
    assert refused("invoke", FunctionName="orders") == f"{IN_STATE} Failed"
    deployed.settle()
    assert states(deployed.client) == {
        "State": "Failed",
        "StateReason": "No such key.",
        "StateReasonCode": "KMSKeyNotFound",
        **UPDATE_FAILED,
    }
    deployed.client.delete_function(FunctionName="orders")
    assert deployed.create()["State"] == "Pending"
    deployed.settle()
    assert result(deployed.client) == "a"


@BOTH
def test_a_version_made_with_the_function_fails_with_it(deployed: Deployed) -> None:
    deployed.fake.fail_transition("orders", "create", **NO_IMAGE)
    deployed.create(Publish=True)
    deployed.settle()
    assert states(deployed.client, "orders:1") == states(deployed.client) == {**FAILED, **UPDATE_FAILED}


@pytest.mark.parametrize(
    ("waiter", "seconds"),
    [
        ("function_active", 5),
        ("function_active_v2", 3),
        ("published_version_active", 5),
        ("function_updated", 5),
        ("function_updated_v2", 3),
    ],
)
def test_waiters_raise_as_soon_as_it_has_failed(zipped: Any, waiter: str, seconds: int) -> None:
    with freeze_time("2026-03-01") as frozen, FakeLambda(lifecycle="realistic") as fake:
        fake.fail_transition("orders", "create", **NO_IMAGE)
        Deployed(fake, zipped).create()
        with pytest.raises(WaiterError, match=r'encountered a terminal failure state.*"Failed"'):
            fake.client().get_waiter(waiter).wait(FunctionName="orders")
        assert (frozen() - datetime(2026, 3, 1)).total_seconds() == seconds


# ---- updates ----


@BOTH
def test_the_previous_code_goes_on_running_after_an_update_that_failed(deployed: Deployed, refused: Any) -> None:
    deployed.create()
    deployed.settle()
    deployed.fake.fail_transition("orders", "update", **NO_IMAGE)
    updated = deployed.update("b")
    assert (updated["State"], updated["LastUpdateStatus"]) == ("Active", "InProgress")
    deployed.settle()
    assert states(deployed.client) == {"State": "Active", **UPDATE_FAILED}
    assert deployed.client.get_function_configuration(FunctionName="orders")["CodeSha256"] == updated["CodeSha256"]
    assert result(deployed.client) == "a"
    assert refused("publish_version", FunctionName="orders") == (
        f"409 ResourceConflictException: The operation cannot be performed at this time. The last update failed for resource: {ARN}"
    )
    deployed.fake.fail_transition("orders", "update")
    deployed.client.update_function_configuration(FunctionName="orders", Timeout=30)
    deployed.settle()
    assert states(deployed.client)["LastUpdateStatusReasonCode"] == "InternalError"
    assert result(deployed.client) == "a"
    deployed.client.update_function_configuration(FunctionName="orders", Timeout=40)
    deployed.settle()
    assert states(deployed.client) == {"State": "Active", "LastUpdateStatus": "Successful"}
    assert result(deployed.client) == "b"


def test_the_previous_code_stays_warm_after_an_update_that_failed(deployed: Deployed) -> None:
    deployed.create()
    deployed.fake.fail_transition("orders", "update")
    for _ in range(2):
        result(deployed.client)
    deployed.update("b")
    for _ in range(2):
        result(deployed.client)
    assert [invocation.cold_start for invocation in deployed.fake.invocations] == [True, False, False, False]


def test_what_a_test_looks_at_is_what_runs(deployed: Deployed) -> None:
    deployed.create()
    deployed.fake.fail_transition("orders", "update")
    deployed.update("b")
    assert deployed.fake.module("orders", "app").handler({}, None) == "a"


@BOTH
def test_a_version_published_by_an_update_that_failed_is_failed(deployed: Deployed) -> None:
    deployed.create()
    deployed.settle()
    deployed.fake.fail_transition("orders", "update", **NO_IMAGE)
    deployed.update("b", Publish=True)
    deployed.settle()
    assert states(deployed.client, "orders:1") == {**FAILED, **UPDATE_FAILED}
    assert states(deployed.client) == {"State": "Active", **UPDATE_FAILED}


@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_a_transition_can_be_told_to_fail_while_it_is_in_progress(deployed: Deployed) -> None:
    deployed.create()
    deployed.fake.fail_transition(ARN, "create", **NO_IMAGE)
    with pytest.raises(WaiterError):
        deployed.client.get_waiter("function_active_v2").wait(FunctionName="orders")


def test_only_the_function_kind_and_number_that_are_meant(deployed: Deployed) -> None:
    fake, client = deployed.fake, deployed.client
    deployed.create()
    fake.add_function("bills", lambda event, context: None)
    for _ in range(2):
        fake.fail_transition("orders", "update")
    seen: list[tuple[str, str]] = []
    for _ in range(3):
        for name in ("bills", "orders"):
            client.update_function_configuration(FunctionName=name, Description=str(len(seen)))
            seen.append((name, states(client, name)["LastUpdateStatus"]))
    succeeded, failed = [("bills", "Successful"), ("orders", "Successful")], [("bills", "Successful"), ("orders", "Failed")]
    assert seen == [*failed, *failed, *succeeded]


def test_a_reset_forgets_what_was_to_fail(deployed: Deployed) -> None:
    deployed.fake.fail_transition("orders", "create")
    deployed.fake.reset()
    deployed.create()
    assert states(deployed.client)["State"] == "Active"


@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_a_function_deleted_meanwhile_leaves_the_failure_to_the_next(deployed: Deployed) -> None:
    deployed.fake.fail_transition("orders", "create")
    deployed.create()
    deployed.client.delete_function(FunctionName="orders")
    deployed.settle()
    deployed.create()
    deployed.settle()
    assert states(deployed.client)["State"] == "Failed"


# ---- publications ----


@BOTH
def test_a_version_that_could_not_be_published(deployed: Deployed, refused: Any) -> None:
    deployed.create()
    deployed.settle()
    deployed.fake.fail_transition("orders", "publish", **NO_IMAGE)
    published = deployed.client.publish_version(FunctionName="orders")
    assert (published["Version"], published["State"]) == ("1", "Pending")
    with pytest.raises(WaiterError):
        deployed.client.get_waiter("published_version_active").wait(FunctionName="orders", Qualifier="1")
    assert states(deployed.client, "orders:1") == {**FAILED, **UPDATE_FAILED}
    deployed.client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    assert refused("invoke", FunctionName="orders:live") == f"{IN_STATE} Failed"
    provision = {"FunctionName": "orders", "Qualifier": "live", "ProvisionedConcurrentExecutions": 1}
    assert refused("put_provisioned_concurrency_config", **provision) == f"{IN_STATE} Failed"
    assert result(deployed.client) == "a"
    deployed.client.update_function_configuration(FunctionName="orders", Description="again")
    deployed.settle()
    assert deployed.client.publish_version(FunctionName="orders")["State"] == "Active"


def test_a_version_made_by_a_creation_or_an_update_can_fail_alone(deployed: Deployed) -> None:
    deployed.fake.fail_transition("orders", "publish")
    deployed.create(Publish=True)
    assert (states(deployed.client, "orders:1")["State"], states(deployed.client)["State"]) == ("Failed", "Active")
    deployed.fake.fail_transition("orders", "publish")
    deployed.update("b", Publish=True)
    assert (states(deployed.client, "orders:2")["State"], states(deployed.client)["LastUpdateStatus"]) == ("Failed", "Successful")
    assert result(deployed.client) == "b"


BROKEN = [
    ("import missing_module\n", "Runtime.ImportModuleError: Unable to import module 'app': No module named 'missing_module'"),
    ("x = 1\n", "Runtime.HandlerNotFound: Handler 'handler' missing on module 'app'"),
    ("raise ValueError('no table')\n", "ValueError: no table"),
    ("import time\ntime.sleep(200)\n", "Sandbox.Timedout: Task timed out after 130.00 seconds"),
    ("import sys\nsys.exit(3)\n", "Runtime.ExitError: Runtime exited with error: exit status 3"),
]


@pytest.mark.parametrize(("code", "reason"), BROKEN, ids=[reason for _, reason in BROKEN])
@pytest.mark.parametrize("how", ["publish_version", "create_function", "update_function_code"])
def test_a_snapshot_of_a_handler_that_cannot_be_imported(deployed: Deployed, code: str, reason: str, how: str) -> None:
    client, package = deployed.client, deployed.zipped({"app.py": code})
    snap_start = {"ApplyOn": "PublishedVersions"}
    if how == "update_function_code":
        deployed.create(SnapStart=snap_start)
        client.update_function_code(FunctionName="orders", ZipFile=package, Publish=True)
    else:
        client.create_function(
            FunctionName="orders",
            Role=ROLE,
            Runtime="python3.12",
            Handler="app.handler",
            Code={"ZipFile": package},
            SnapStart=snap_start,
            Publish=how == "create_function",
        )
        if how == "publish_version":
            assert client.publish_version(FunctionName="orders")["State"] == "Pending"
    failed = client.get_function_configuration(FunctionName="orders", Qualifier="1")
    assert (failed["State"], failed["StateReasonCode"], failed["StateReason"]) == ("Failed", "FunctionError", reason)
    assert failed["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}
    assert states(client) == {"State": "Active", "LastUpdateStatus": "Successful"}  # $LATEST is only found out by an invocation


def test_a_snapshot_is_of_the_initialised_handler(deployed: Deployed) -> None:
    deployed.create(SnapStart={"ApplyOn": "PublishedVersions"})
    deployed.client.publish_version(FunctionName="orders")
    assert result(deployed.client, "orders:1") == "a"
    assert [invocation.cold_start for invocation in deployed.fake.invocations] == [False]


# ---- provisioned concurrency ----


def test_an_allocation_that_is_told_to_fail(deployed: Deployed) -> None:
    deployed.create(Publish=True)
    call = {"FunctionName": "orders", "Qualifier": "1"}
    for reason in (None, "INSUFFICIENT_CAPACITY"):
        deployed.fake.fail_transition("orders", "provision", reason=reason)
        deployed.client.put_provisioned_concurrency_config(**call, ProvisionedConcurrentExecutions=2)
        config = deployed.client.get_provisioned_concurrency_config(**call)
        assert (config["Status"], config["StatusReason"]) == ("FAILED", reason or "FUNCTION_ERROR_INIT_FAILURE")
        assert config["AllocatedProvisionedConcurrentExecutions"] == 0
    assert result(deployed.client, "orders:1") == "a"
    deployed.client.put_provisioned_concurrency_config(**call, ProvisionedConcurrentExecutions=2)
    assert deployed.client.get_provisioned_concurrency_config(**call)["Status"] == "READY"


# ---- misuse ----


@pytest.mark.parametrize(
    ("arguments", "keywords", "said"),
    [
        (("orders", "creat"), {}, "write one of 'create', 'update', 'publish', 'restore', 'provision'."),
        (("orders", "idle"), {}, "write one of 'create'"),
        (("orders", "create"), {"reason_code": "Creating"}, "reason_code='Creating': write one of 'EniLimitExceeded', "),
        (("orders", "create"), {"reason_code": "invalidimage"}, "'InvalidImage'"),
        (("orders:1", "create"), {}, "leave the qualifier out: 'orders'."),
        (("orders", "provision"), {"reason_code": "InvalidImage"}, "write reason='...'."),
        (("or ders", "create"), {}, "'or ders' names no function of account 123456789012 in us-east-1; write a plain name or an ARN"),
        (("arn:aws:lambda:eu-west-1:123456789012:function:orders", "create"), {}, "not reachable in this region"),
    ],
)
def test_misuse_is_told_what_to_write(fake: FakeLambda, arguments: tuple[str, str], keywords: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        fake.fail_transition(*arguments, **keywords)
    fake.add_function("orders", lambda event, context: None)
    assert states(fake.client())["State"] == "Active"


@pytest.mark.parametrize("code", enum("LastUpdateStatusReasonCode"))
def test_every_code_of_the_api_can_be_the_reason(fake: FakeLambda, code: str) -> None:
    for transition in ("create", "update"):
        fake.fail_transition("orders", transition, reason_code=code)
    fake.add_function("orders", lambda event, context: None)
    assert states(fake.client())["StateReasonCode"] == code
    fake.client().update_function_configuration(FunctionName="orders", Timeout=9)
    assert states(fake.client())["LastUpdateStatusReasonCode"] == code


# ---- idle functions ----

DAY = 24 * 60 * 60
IDLE = {"State": "Inactive", "StateReasonCode": "Idle", "LastUpdateStatus": "Successful"}
VPC = {"SubnetIds": ["subnet-0a"], "SecurityGroupIds": ["sg-0a"]}


def without_reason(shown: dict[str, str]) -> dict[str, str]:
    return {member: value for member, value in shown.items() if member != "StateReason"}


@pytest.fixture
def idle() -> Any:
    """A function that falls idle after a minute, and takes five seconds to come back."""
    with freeze_time("2026-03-01") as frozen, FakeLambda(lifecycle={"idle": 60, "restore": 5}) as fake:
        fake.add_function("orders", lambda event, context: "thanks")
        yield fake, fake.client(), frozen


def test_an_idle_function_is_refused_once_and_then_comes_back(idle: Any, everything: Any) -> None:
    fake, client, _ = idle
    fake.advance(59)
    assert states(client)["State"] == "Active"
    fake.advance(1)
    assert without_reason(states(client)) == IDLE
    before = everything(client)
    client.get_function(FunctionName="orders")
    with pytest.raises(client.exceptions.ResourceConflictException, match="following state: Inactive"):
        client.invoke(FunctionName="orders", InvocationType="DryRun")
    assert everything(client) == before  # who only looks does not wake it
    with pytest.raises(client.exceptions.ResourceConflictException, match="following state: Inactive"):
        client.invoke(FunctionName="orders")
    assert without_reason(states(client)) == {"State": "Pending", "StateReasonCode": "Restoring", "LastUpdateStatus": "Successful"}
    with pytest.raises(client.exceptions.ResourceConflictException, match="following state: Pending"):
        client.invoke(FunctionName="orders")
    fake.advance(5)
    assert states(client) == {"State": "Active", "LastUpdateStatus": "Successful"}
    assert result(client) == "thanks"
    fake.advance(60)
    assert states(client)["State"] == "Inactive"


def test_a_waiter_waits_until_it_is_back(idle: Any) -> None:
    fake, client, _ = idle
    fake.advance(60)
    with pytest.raises(ClientError):
        client.invoke(FunctionName="orders")
    client.get_waiter("function_active_v2").wait(FunctionName="orders")
    assert result(client) == "thanks"


def test_each_invocation_begins_the_time_anew(idle: Any) -> None:
    fake, client, frozen = idle
    for _ in range(4):
        frozen.tick(40)
        assert result(client) == "thanks"
    fake.advance(59)
    assert states(client)["State"] == "Active"
    fake.advance(1)
    assert states(client)["State"] == "Inactive"


def test_a_function_that_runs_is_not_idle(idle: Any) -> None:
    fake, client, _ = idle

    def handler(event: Any, _context: Any) -> str:
        fake.advance(500)
        return states(client)["State"]

    client.update_function_configuration(FunctionName="orders", Timeout=900)
    fake.bind("orders", handler)
    assert result(client) == "Active"
    fake.advance(59)
    assert states(client)["State"] == "Active"
    fake.advance(1)
    assert states(client)["State"] == "Inactive"


def test_an_update_begins_the_time_anew_and_wakes(idle: Any) -> None:
    fake, client, _ = idle
    fake.advance(40)
    client.update_function_configuration(FunctionName="orders", Timeout=9)
    fake.advance(40)
    assert states(client)["State"] == "Active"
    fake.advance(20)
    assert states(client)["State"] == "Inactive"
    assert client.update_function_configuration(FunctionName="orders", Timeout=10)["State"] == "Inactive"
    assert states(client) == {"State": "Active", "LastUpdateStatus": "Successful"}
    assert result(client) == "thanks"


def test_an_update_that_fails_does_not_wake(idle: Any) -> None:
    fake, client, _ = idle
    fake.advance(60)
    fake.fail_transition("orders", "update", **NO_IMAGE)
    client.update_function_configuration(FunctionName="orders", Timeout=9)
    assert without_reason(states(client)) == {**IDLE, **UPDATE_FAILED}
    with pytest.raises(ClientError):
        client.invoke(FunctionName="orders")
    fake.advance(5)
    assert states(client) == {"State": "Active", **UPDATE_FAILED}
    assert result(client) == "thanks"


def test_a_function_that_cannot_be_restored_is_inactive_again(idle: Any) -> None:
    fake, client, _ = idle
    fake.advance(60)
    fake.fail_transition("orders", "restore", reason_code="EniLimitExceeded", reason="No interface is left.")
    for reason in ("No interface is left.", None):
        with pytest.raises(client.exceptions.ResourceConflictException, match="following state: Inactive"):
            client.invoke(FunctionName="orders")
        fake.advance(5)
        assert states(client).get("StateReason") == reason
    assert result(client) == "thanks"


def test_an_event_waits_until_the_function_is_back(idle: Any) -> None:
    fake, client, _ = idle
    client.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnSuccess": {"Destination": fake.add_function("next", lambda event, context: None)}}
    )
    fake.advance(60)
    with pytest.raises(ClientError):
        client.invoke(FunctionName="orders")
    fake.advance(5)
    client.invoke(FunctionName="orders", InvocationType="Event")
    assert [(run.function_name, run.attempt) for run in fake.invocations] == [("orders", 1)]
    assert {pending.function_name for pending in fake.pending} == {"next"}  # its own return, and the event that waits for it
    fake.drain()
    assert [(run.function_name, run.attempt) for run in fake.invocations] == [("orders", 1), ("next", 1)]


def test_versions_fall_idle_by_themselves_and_provisioned_ones_never(idle: Any) -> None:
    fake, client, _ = idle
    client.publish_version(FunctionName="orders")
    client.update_function_configuration(FunctionName="orders", Timeout=9)
    client.publish_version(FunctionName="orders")
    client.put_provisioned_concurrency_config(FunctionName="orders", Qualifier="2", ProvisionedConcurrentExecutions=1)
    fake.advance(50)
    assert result(client, "orders") == "thanks"
    fake.advance(50)
    assert [states(client, f"orders:{version}")["State"] for version in ("$LATEST", "1", "2")] == ["Active", "Inactive", "Active"]
    client.delete_provisioned_concurrency_config(FunctionName="orders", Qualifier="2")
    fake.advance(120)
    assert states(client, "orders:2")["State"] == "Inactive"


def test_nobody_waits_for_idleness(idle: Any) -> None:
    fake, client, frozen = idle
    assert fake.pending == []
    before = frozen()
    fake.drain()
    assert (frozen(), states(client)["State"]) == (before, "Active")


def test_what_is_deleted_while_it_is_waited_for(idle: Any) -> None:
    fake, client, _ = idle
    client.publish_version(FunctionName="orders")
    client.delete_function(FunctionName="orders", Qualifier="1")
    fake.add_function("bills", lambda event, context: "thanks")
    client.delete_function(FunctionName="bills")
    fake.advance(30)
    fake.add_function("bills", lambda event, context: "thanks")
    fake.advance(30)
    assert (states(client)["State"], states(client, "bills")["State"]) == ("Inactive", "Active")
    fake.advance(30)
    assert states(client, "bills")["State"] == "Inactive"
    assert fake._service.uses == {}


@pytest.mark.parametrize("lifecycle", ["realistic"])
@pytest.mark.parametrize(
    ("parameters", "falls_idle"),
    [({}, False), ({"VpcConfig": VPC}, True), ({"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}}, False)],
)
def test_realistically_only_what_has_resources_is_taken_back(deployed: Deployed, parameters: dict[str, Any], *, falls_idle: bool) -> None:
    deployed.create(**parameters)
    deployed.settle()
    deployed.fake.advance(14 * DAY)
    assert states(deployed.client)["State"] == ("Inactive" if falls_idle else "Active")


def test_nothing_is_ever_idle_where_all_is_instant(deployed: Deployed) -> None:
    deployed.create(VpcConfig=VPC, SnapStart={"ApplyOn": "PublishedVersions"}, Publish=True)
    deployed.fake.advance(1000 * DAY)
    assert {states(deployed.client, name)["State"] for name in ("orders", "orders:1")} == {"Active"}


@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_a_snapshot_that_was_taken_back(deployed: Deployed, refused: Any) -> None:
    deployed.create(SnapStart={"ApplyOn": "PublishedVersions"})
    deployed.settle()
    deployed.client.publish_version(FunctionName="orders")
    deployed.fake.advance(15 * DAY)
    assert states(deployed.client, "orders:1")["State"] == "Inactive"
    assert states(deployed.client)["State"] == "Active"
    with pytest.raises(deployed.client.exceptions.SnapStartNotReadyException, match="Lambda is initializing your function"):
        deployed.client.invoke(FunctionName="orders:1")
    assert refused("invoke", FunctionName="orders:1").startswith("409 SnapStartNotReadyException")
    deployed.client.get_waiter("published_version_active").wait(FunctionName="orders", Qualifier="1")
    assert result(deployed.client, "orders:1") == "a"


@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_the_sdk_tries_again_where_the_connection_to_a_vpc_is_gone(deployed: Deployed) -> None:
    deployed.create(VpcConfig=VPC)
    deployed.settle()
    deployed.fake.advance(15 * DAY)
    once = deployed.fake.client(config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(once.exceptions.ResourceNotReadyException, match="its VPC connection is no longer available") as refusal:
        once.invoke(FunctionName="orders")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502
    deployed.settle()
    deployed.fake.advance(15 * DAY)
    with pytest.raises(once.exceptions.ResourceConflictException, match="following state: Pending"):  # its second attempt
        deployed.client.invoke(FunctionName="orders")
    assert deployed.fake.calls[-1].attempts == 2
    deployed.client.get_waiter("function_active_v2").wait(FunctionName="orders")
    assert result(deployed.client) == "a"


def test_the_time_is_the_fake_s(idle: Any) -> None:
    """A freeze that is left makes nobody idle."""
    _, client, _ = idle
    with freeze_time(datetime(2036, 1, 1, tzinfo=UTC)):
        assert states(client)["State"] == "Active"
    assert states(client)["State"] == "Active"
