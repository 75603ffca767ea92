"""Who may run when."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from fakelambda.domain import lifecycle
from fakelambda.domain.concurrency import check_admission, check_reservation
from fakelambda.domain.errors import InvalidParameterValueException, TooManyRequestsException
from fakelambda.domain.functions import Code, Function, FunctionConfiguration
from fakelambda.domain.provisioned_concurrency import ProvisionedConcurrencyConfig

OWN = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT = "ConcurrentInvocationLimitExceeded"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROVISIONED = ProvisionedConcurrencyConfig(requested=1, version="1", last_modified=NOW)


def function(name: str, reserved: int | None, provisioned: dict[str, ProvisionedConcurrencyConfig] | None = None) -> Function:
    latest = FunctionConfiguration(
        function_name=name, version="$LATEST", code=Code("", 0), role="", last_modified=NOW, revision_id="", life=lifecycle.READY
    )
    return Function(
        name=name,
        region="us-east-1",
        account_id="123456789012",
        identity=name,
        latest=latest,
        reserved_concurrent_executions=reserved,
        provisioned_concurrency_configs=MappingProxyType(provisioned or {}),
    )


@pytest.mark.parametrize(
    ("reserved", "running", "reservations", "reason"),
    [
        (None, {}, {}, None),
        (None, {"other": 999}, {}, None),
        (None, {"other": 1000}, {}, ACCOUNT),
        (None, {"other": 99}, {"big": 900}, None),
        (None, {"other": 100}, {"big": 900}, ACCOUNT),
        (None, {"big": 900, "other": 99}, {"big": 900}, None),  # what is reserved is not taken from the rest
        (1, {"other": 1000}, {"orders": 1}, None),  # nor the other way round
        (1, {"orders": 1}, {"orders": 1}, OWN),
        (2, {"orders": 1}, {"orders": 2}, None),
        (0, {}, {"orders": 0}, OWN),
    ],
)
def test_an_invocation_needs_room(reserved: int | None, running: dict[str, int], reservations: dict[str, int], reason: str | None) -> None:
    orders = function("orders", reserved)
    everything = [orders, *(function(name, reservations.get(name)) for name in ("other", "big"))]
    if reason is None:
        check_admission(orders, running, lambda: everything)
        return
    with pytest.raises(TooManyRequestsException, match=r"Rate Exceeded\.") as caught:
        check_admission(orders, running, lambda: everything)
    assert caught.value.members["Reason"] == reason


@pytest.mark.parametrize(
    ("reserved", "allocated", "running", "has_room"), [(1, 1, 0, False), (2, 1, 0, True), (2, 1, 1, False), (1, 0, 0, True)]
)
def test_what_is_provisioned_is_taken_from_the_reservation(
    reserved: int,
    allocated: int,
    running: int,
    has_room: bool,  # noqa: FBT001 - a column of the table
) -> None:
    orders = function("orders", reserved, {"1": replace(PROVISIONED, requested=1, allocated=allocated)})
    with nullcontext() if has_room else pytest.raises(TooManyRequestsException):
        check_admission(orders, {"orders": running, "orders:1": 1}, list)


def test_what_is_provisioned_is_taken_from_the_account() -> None:
    other = function("other", None, {"1": replace(PROVISIONED, requested=800, allocated=800)})
    orders = function("orders", None)
    check_admission(orders, {"orders": 199, "other:1": 800}, lambda: [orders, other])
    with pytest.raises(TooManyRequestsException):
        check_admission(orders, {"orders": 200}, lambda: [orders, other])


@pytest.mark.parametrize(("reserved", "by_others", "refused"), [(900, 0, False), (901, 0, True), (0, 900, False), (1, 900, True)])
def test_a_hundred_stay_unreserved(reserved: int, by_others: int, refused: bool) -> None:  # noqa: FBT001 - a column of the table
    orders = function("orders", None)
    if not refused:
        check_reservation(orders, reserved, by_others)
        return
    with pytest.raises(InvalidParameterValueException, match=r"below its minimum value of \[100\]\.") as caught:
        check_reservation(orders, reserved, by_others)
    assert caught.value.members == {}


def test_a_reservation_holds_what_is_provisioned() -> None:
    orders = function("orders", None, {"1": replace(PROVISIONED, requested=2)})
    check_reservation(orders, 2, 0)
    with pytest.raises(InvalidParameterValueException) as caught:
        check_reservation(orders, 1, 0)
    assert caught.value.message == " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2]."
    assert caught.value.members == {}
