"""Who may run when."""

import pytest

from fakelambda.domain.concurrency import check_admission, check_reservation
from fakelambda.domain.errors import InvalidParameterValueException, TooManyRequestsException

OWN = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT = "ConcurrentInvocationLimitExceeded"


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
    if reason is None:
        check_admission(reserved, running, "orders", lambda: reservations)
        return
    with pytest.raises(TooManyRequestsException, match=r"Rate Exceeded\.") as caught:
        check_admission(reserved, running, "orders", lambda: reservations)
    assert caught.value.members["Reason"] == reason


@pytest.mark.parametrize(("reserved", "by_others", "refused"), [(900, 0, False), (901, 0, True), (0, 900, False), (1, 900, True)])
def test_a_hundred_stay_unreserved(reserved: int, by_others: int, refused: bool) -> None:  # noqa: FBT001 - a column of the table
    if not refused:
        check_reservation(reserved, by_others)
        return
    with pytest.raises(InvalidParameterValueException, match=r"below its minimum value of \[100\]\.") as caught:
        check_reservation(reserved, by_others)
    assert caught.value.members == {}
