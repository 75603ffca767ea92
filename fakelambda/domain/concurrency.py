"""Concurrency of an account and what functions reserve of it."""

from __future__ import annotations

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


def check_blocked(reserved: int | None) -> None:
    """Refuse an invocation of a function that is blocked by a reservation of 0.

    Raises:
        TooManyRequestsException: nothing may run.
    """
    if reserved == 0:
        raise TooManyRequestsException("Rate Exceeded.", Reason="ReservedFunctionConcurrentInvocationLimitExceeded")
