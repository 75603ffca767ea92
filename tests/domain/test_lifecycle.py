import json
import re
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from freezegun import freeze_time

from fakelambda import FakeLambda
from fakelambda.aws.model import enum
from fakelambda.composition import _REALISTIC
from fakelambda.domain import lifecycle, provisioned_concurrency
from fakelambda.domain.errors import ResourceConflictException
from fakelambda.domain.lifecycle import CREATED, READY, Event, IllegalTransition, LastUpdateStatus, Life, Reason, State
from fakelambda.operations.transitions import KINDS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text(encoding="utf-8")
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
IN_STATE = "The operation cannot be performed at this time. The function is currently in the following state: "
IN_PROGRESS = f"The operation cannot be performed at this time. An update is in progress for resource: {ARN}"
UPDATE_FAILED = f"The operation cannot be performed at this time. The last update failed for resource: {ARN}"
REASON = Reason("No such image.", "InvalidImage")

# ---- the table ----

LEGAL = {
    ("Pending", "succeed"): "Active Successful",
    ("Pending", "fail"): "Failed Failed",
    ("Active Successful", "update"): "Active InProgress",
    ("Active Successful", "fall idle"): "Inactive Successful",
    ("Active InProgress", "succeed"): "Active Successful",
    ("Active InProgress", "fail"): "Active Failed",
    ("Active Failed", "update"): "Active InProgress",
    ("Active Failed", "fall idle"): "Inactive Failed",
    ("Failed Failed", "update"): "Failed InProgress",
    ("Failed InProgress", "succeed"): "Active Successful",
    ("Failed InProgress", "fail"): "Failed Failed",
    ("Inactive Successful", "invoke"): "Pending Successful",
    ("Inactive Successful", "update"): "Inactive InProgress",
    ("Inactive InProgress", "succeed"): "Active Successful",
    ("Inactive InProgress", "fail"): "Inactive Failed",
    ("Inactive Failed", "invoke"): "Pending Failed",
    ("Inactive Failed", "update"): "Inactive InProgress",
    ("Pending Successful", "succeed"): "Active Successful",
    ("Pending Successful", "fail"): "Inactive Successful",
    ("Pending Failed", "succeed"): "Active Failed",
    ("Pending Failed", "fail"): "Inactive Failed",
}


def life(text: str) -> Life:
    """The life of which a text names the two states."""
    state, _, last_update_status = text.partition(" ")
    return Life(State(state), LastUpdateStatus(last_update_status))


STAGES = [*map(life, sorted({*LEGAL.values(), *(before for before, _ in LEGAL)}))]


def test_the_pictures_in_the_documentation_are_the_tables() -> None:
    pictures = re.findall(r"^```mermaid\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert pictures == [lifecycle.diagram(), provisioned_concurrency.diagram()]


@pytest.mark.parametrize(("before", "event"), [*product(STAGES, Event)], ids=str)
def test_every_pair_is_in_the_table_or_illegal(before: Life, event: Event) -> None:
    following = LEGAL.get((" ".join(filter(None, before.stage)), event.value))
    assert lifecycle.can(before, event) == (following is not None)
    if following is None:
        with pytest.raises(IllegalTransition):
            lifecycle.move(before, event)
    else:
        assert lifecycle.move(before, event).stage == life(following).stage


REASONS: list[tuple[list[tuple[Event, Reason | None]], tuple[Reason | None, Reason | None]]] = [
    ([], (lifecycle.IN_PROGRESS, None)),
    ([(Event.SUCCEED, None)], (None, None)),
    ([(Event.FAIL, REASON)], (REASON, REASON)),
    ([(Event.FAIL, REASON), (Event.UPDATE, None)], (REASON, lifecycle.IN_PROGRESS)),
    ([(Event.FAIL, Reason("no", "InternalError")), (Event.UPDATE, None), (Event.FAIL, REASON)], (Reason("no", "InternalError"), REASON)),
    ([(Event.FAIL, REASON), (Event.UPDATE, None), (Event.SUCCEED, None)], (None, None)),
    ([(Event.SUCCEED, None), (Event.UPDATE, None)], (None, lifecycle.IN_PROGRESS)),
    ([(Event.SUCCEED, None), (Event.UPDATE, None), (Event.FAIL, REASON)], (None, REASON)),
    ([(Event.SUCCEED, None), (Event.UPDATE, None), (Event.FAIL, REASON), (Event.FALL_IDLE, None)], (lifecycle.IDLE, REASON)),
    ([(Event.SUCCEED, None), (Event.FALL_IDLE, None), (Event.INVOKE, None)], (lifecycle.RESTORING, None)),
    ([(Event.SUCCEED, None), (Event.FALL_IDLE, None), (Event.INVOKE, None), (Event.FAIL, REASON)], (REASON, None)),
    ([(Event.SUCCEED, None), (Event.FALL_IDLE, None), (Event.INVOKE, None), (Event.SUCCEED, None)], (None, None)),
    ([(Event.SUCCEED, None), (Event.FALL_IDLE, None), (Event.UPDATE, None), (Event.FAIL, REASON)], (lifecycle.IDLE, REASON)),
]


@pytest.mark.parametrize(("story", "reasons"), REASONS, ids=str)
def test_each_state_says_why(story: list[tuple[Event, Reason | None]], reasons: tuple[Reason | None, Reason | None]) -> None:
    lived = CREATED
    for event, reason in story:
        lived = lifecycle.move(lived, event, reason)
    assert (lived.state_reason, lived.last_update_status_reason) == reasons


CHECKS: dict[str, Callable[[Life], None]] = {
    "change": lambda lived: lifecycle.check_changeable(lived, ARN),
    "publish": lambda lived: lifecycle.check_publishable(lived, ARN),
    "invoke": lifecycle.check_invocable,
    "provision": lifecycle.check_provisionable,
}
ALLOWED = {
    "change": {"Active Successful", "Active Failed", "Failed Failed", "Inactive Successful", "Inactive Failed"},
    "publish": {"Active Successful", "Inactive Successful"},
    "invoke": {"Active Successful", "Active InProgress", "Active Failed"},
    "provision": {
        *("Active Successful", "Active InProgress", "Active Failed"),
        *("Inactive Successful", "Inactive InProgress", "Inactive Failed"),
    },
}


@pytest.mark.parametrize(("what", "before"), [*product(CHECKS, STAGES)], ids=str)
def test_what_is_allowed_when(what: str, before: Life) -> None:
    if before in map(life, ALLOWED[what]):
        CHECKS[what](before)
    else:
        with pytest.raises(ResourceConflictException) as refused:
            CHECKS[what](before)
        assert refused.value.message in {f"{IN_STATE}{before.state}", IN_PROGRESS, UPDATE_FAILED}


def test_a_function_is_ready_as_it_is_after_its_creation() -> None:
    assert lifecycle.move(CREATED, Event.SUCCEED) == READY


def test_the_states_and_codes_are_those_of_the_api() -> None:
    assert set(State) <= set(enum("State"))
    assert set(LastUpdateStatus) - {LastUpdateStatus.ABSENT} == set(enum("LastUpdateStatus"))
    assert {reason.code for reason in (lifecycle.IN_PROGRESS, lifecycle.RESTORING, lifecycle.IDLE)} <= set(enum("StateReasonCode"))


def test_everything_that_takes_time_can_be_told_to_fail_and_how_long() -> None:
    assert {*KINDS, "idle", "event_source_mapping"} == set(_REALISTIC)


# ---- the documentation's table, asked through a client ----

IMAGE: dict[str, Any] = {"PackageType": "Image", "Role": "arn:aws:iam::123456789012:role/orders", "Code": {"ImageUri": "orders:1"}}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "Invoke": ("invoke", {}),
    "UpdateFunctionCode": ("update_function_code", {"ImageUri": "orders:2"}),
    "UpdateFunctionConfiguration": ("update_function_configuration", {"MemorySize": 512}),
    "PublishVersion": ("publish_version", {}),
    "CreateAlias": ("create_alias", {"Name": "live", "FunctionVersion": "$LATEST"}),
    "PutFunctionConcurrency": ("put_function_concurrency", {"ReservedConcurrentExecutions": 1}),
    "PutFunctionEventInvokeConfig": ("put_function_event_invoke_config", {"MaximumRetryAttempts": 1}),
    "AddPermission": ("add_permission", {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}),
    "GetFunction": ("get_function", {}),
    "DeleteFunction": ("delete_function", {}),
}
CALLS_OF_VERSIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "Invoke": ("invoke", {"Qualifier": "1"}),
    "PutProvisionedConcurrencyConfig": ("put_provisioned_concurrency_config", {"Qualifier": "1", "ProvisionedConcurrentExecutions": 1}),
    "CreateAlias": ("create_alias", {"Name": "live", "FunctionVersion": "1"}),
    "AddPermission": (
        "add_permission",
        {"Qualifier": "1", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"},
    ),
    "GetFunctionConfiguration": ("get_function_configuration", {"Qualifier": "1"}),
    "DeleteFunction": ("delete_function", {"Qualifier": "1"}),
}


def pending(fake: FakeLambda) -> None:
    fake.client().create_function(FunctionName="orders", **IMAGE)


def active(fake: FakeLambda) -> None:
    pending(fake)
    fake.client().get_waiter("function_active_v2").wait(FunctionName="orders")


def updating(fake: FakeLambda) -> None:
    active(fake)
    fake.client().update_function_configuration(FunctionName="orders", Timeout=30)


def update_failed(fake: FakeLambda) -> None:
    fake.fail_transition("orders", "update")
    updating(fake)
    fake.drain()


def failed(fake: FakeLambda) -> None:
    fake.fail_transition("orders", "create")
    pending(fake)
    fake.drain()


def failed_and_updating(fake: FakeLambda) -> None:
    failed(fake)
    fake.client().update_function_configuration(FunctionName="orders", Timeout=30)


def inactive(fake: FakeLambda) -> None:
    active(fake)
    fake.advance(14 * 24 * 60 * 60)


def inactive_and_updating(fake: FakeLambda) -> None:
    inactive(fake)
    fake.client().update_function_configuration(FunctionName="orders", Timeout=30)


def pending_version(fake: FakeLambda) -> None:
    active(fake)
    fake.fail_transition("orders", "publish")
    fake.client().publish_version(FunctionName="orders")


def failed_version(fake: FakeLambda) -> None:
    pending_version(fake)
    fake.drain()


@pytest.mark.parametrize(
    ("row", "prepare", "message"),
    [
        ("Pending", pending, f"{IN_STATE}Pending"),
        ("Active, update in progress", updating, IN_PROGRESS),
        ("Active, last update failed", update_failed, UPDATE_FAILED),
        ("Failed", failed, f"{IN_STATE}Failed"),
        ("Failed, update in progress", failed_and_updating, None),
        ("Inactive", inactive, f"{IN_STATE}Inactive"),
        ("Inactive, update in progress", inactive_and_updating, None),
        ("a Pending version", pending_version, f"{IN_STATE}Pending"),
        ("a Failed version", failed_version, f"{IN_STATE}Failed"),
    ],
)
@pytest.mark.usefixtures("time_moves_by_order_only")
def test_the_refusals_in_the_documentation_are_those_of_a_client(
    row: str, prepare: Callable[[FakeLambda], None], message: str | None
) -> None:
    (said,) = re.findall(rf"^\| {row} \| (.*?) \|", DOCUMENT, re.MULTILINE)
    refused = []
    for name, (method, parameters) in (CALLS_OF_VERSIONS if "version" in row else CALLS).items():
        with FakeLambda(lifecycle="realistic") as fake:
            fake.bind("orders", lambda event, context: "thanks")
            prepare(fake)
            with suppress(ClientError):
                getattr(fake.client(), method)(FunctionName="orders", **parameters)
            error: Any = fake.calls[-1].error
            if error:
                assert error["Error"]["Code"] == "ResourceConflictException"
                assert error["Error"]["Message"] == message or message is None
                refused.append(name)
    assert refused == re.findall(r"`(\w+)`", said)


def test_it_takes_as_long_as_the_documentation_says() -> None:
    created, updated = map(int, re.findall(r"takes (\d) seconds after a creation and (\d) after an update", DOCUMENT)[0])
    (snapshot,) = re.findall(r"One with SnapStart is Pending for (\d+) seconds", DOCUMENT)
    (restored,) = re.findall(r"Active again \((\d) seconds", DOCUMENT)
    (idle,) = re.findall(r'With `"realistic"` that takes (\d+) days', DOCUMENT)
    (allocated,) = re.findall(r"An allocation is in progress for (\d+) seconds", DOCUMENT)
    seconds = {kind: time.total_seconds() for kind, time in _REALISTIC.items() if kind != "event_source_mapping"}
    assert seconds == {
        "create": created,
        "update": updated,
        "publish": int(snapshot),
        "restore": int(restored),
        "idle": int(idle) * 86_400,
        "provision": int(allocated),
    }
    with freeze_time("2026-01-01"), FakeLambda(lifecycle="realistic") as fake:

        def settled_after(seconds: float) -> None:
            fake.advance(seconds - 0.1)
            assert fake.pending
            fake.advance(0.1)
            assert not fake.pending
            assert json.loads(fake.client().invoke(FunctionName="orders")["Payload"].read()) == "thanks"

        fake.bind("orders", lambda event, context: "thanks")
        pending(fake)
        settled_after(created)
        fake.client().update_function_configuration(FunctionName="orders", Timeout=30)
        settled_after(updated)
