"""Concurrency of an account and what functions reserve of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fakelambda.domain.errors import InvalidParameterValueException, TooManyRequestsException

ACCOUNT_LIMIT = 1000
MINIMUM_UNRESERVED = 100


def check_reservation(reserved: int, reserved_by_others: int) -> None:
    """Refuse a reservation that leaves too little for the rest of the account.

    Args:
        reserved: what the function wants.
        reserved_by_others: the sum of the other functions of the account and region.

    Raises:
        InvalidParameterValueException: fewer than 100 would stay unreserved.
    """
    if ACCOUNT_LIMIT - reserved_by_others - reserved < MINIMUM_UNRESERVED:
        raise InvalidParameterValueException(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{MINIMUM_UNRESERVED}].",
            typed=False,
        )


def check_admission(reserved: int | None, running: Mapping[str, int], name: str, reservations: Callable[[], Mapping[str, int]]) -> None:
    """Refuse an invocation for which no concurrency is left.

    Args:
        reserved: what the function has reserved; None where nothing.
        running: how many invocations of each function run now in the account and region.
        name: of the function.
        reservations: what each function of the account and region has reserved; asked only where it matters.

    Raises:
        TooManyRequestsException: the reservation, or the account's unreserved part, is used up.
    """
    if reserved is not None:
        if running.get(name, 0) >= reserved:
            raise TooManyRequestsException("Rate Exceeded.", Reason="ReservedFunctionConcurrentInvocationLimitExceeded")
    elif sum(running.values()) >= MINIMUM_UNRESERVED:  # so many are always left
        reserving = reservations()
        unreserved = sum(number for other, number in running.items() if other not in reserving)
        if unreserved >= ACCOUNT_LIMIT - sum(reserving.values()):
            raise TooManyRequestsException("Rate Exceeded.", Reason="ConcurrentInvocationLimitExceeded")
