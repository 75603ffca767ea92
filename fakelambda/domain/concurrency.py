"""Concurrency of an account, and what functions reserve and provision of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fakelambda.domain import lifecycle
from fakelambda.domain.errors import InvalidParameterValueException, ResourceConflictException, TooManyRequestsException
from fakelambda.domain.functions import Function
from fakelambda.domain.names import LATEST, is_version

ACCOUNT_LIMIT = 1000
MINIMUM_UNRESERVED = 100


def check_reservation(function: Function, reserved: int, claimed_by_others: int) -> None:
    """Refuse a reservation that leaves too little for the rest of the account, or for what is provisioned for the function.

    Args:
        reserved: what the function shall have.
        claimed_by_others: the sum of the other functions of the account and region.

    Raises:
        InvalidParameterValueException: fewer than 100 would stay unreserved, or more is provisioned.
    """
    if ACCOUNT_LIMIT - claimed_by_others - reserved < MINIMUM_UNRESERVED:
        raise InvalidParameterValueException(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{MINIMUM_UNRESERVED}].",
            typed=False,
        )
    provisioned = _requested(function)
    if reserved < provisioned:
        raise InvalidParameterValueException(
            f" ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned concurrency [{provisioned}].",
            typed=False,
        )


def check_provisionable(function: Function, qualifier: str) -> None:
    """Refuse to provision a version that cannot be provisioned, or is through another qualifier.

    Args:
        qualifier: a version of the function, or an alias.

    Raises:
        InvalidParameterValueException: it is ``$LATEST``, or SnapStart is active for it.
        ResourceConflictException: something is provisioned for the version already, or it is Pending or Failed.
    """
    configuration = function.resolve(qualifier)
    if configuration is None or configuration.version == LATEST:
        raise InvalidParameterValueException("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
    if configuration.initialization_type == "snap-start":  # [docs]; AWS's text is not known
        raise InvalidParameterValueException("Provisioned Concurrency is not supported for SnapStart enabled functions.")
    if any(
        other != qualifier and function.resolve(other) is configuration for other in function.provisioned_concurrency_configs
    ):  # of two aliases only one may, as of an alias and its version [docs]
        raise ResourceConflictException(
            "Version is pointed by a Provisioned Concurrency alias"
            if is_version(qualifier)
            else "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
        )
    lifecycle.check_provisionable(configuration.life)


def check_provision(function: Function, qualifier: str, requested: int, claimed_by_others: int) -> None:
    """Refuse to provision more than there is.

    Args:
        requested: what the qualifier shall have, in the place of what it has.
        claimed_by_others: the sum of the other functions of the account and region.

    Raises:
        InvalidParameterValueException: over the function's reservation, or fewer than 100 would stay unreserved.
    """
    by_others_here = _requested(function, but=qualifier)
    if function.reserved_concurrent_executions is not None:
        if by_others_here + requested > function.reserved_concurrent_executions:
            raise InvalidParameterValueException(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
            )
        return
    unreserved = ACCOUNT_LIMIT - claimed_by_others - by_others_here
    if requested > unreserved:
        raise InvalidParameterValueException(
            f"Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{unreserved}].", typed=False
        )
    if unreserved - requested < MINIMUM_UNRESERVED:
        raise InvalidParameterValueException(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{MINIMUM_UNRESERVED}].",
            typed=False,
        )


def check_admission(function: Function, running: Mapping[str, int], functions: Callable[[], Iterable[Function]]) -> None:
    """Refuse an invocation on demand for which no concurrency is left; what is provisioned is set aside.

    Args:
        running: how many invocations of each function run now on demand in the account and region.
        functions: those of the account and region; asked only where it matters.

    Raises:
        TooManyRequestsException: the reservation, or the account's unreserved part, is used up.
    """
    reserved = function.reserved_concurrent_executions
    if reserved is not None:
        provisioned = sum(config.allocated for config in function.provisioned_concurrency_configs.values())
        if running.get(function.name, 0) >= reserved - provisioned:
            raise TooManyRequestsException("Rate Exceeded.", Reason="ReservedFunctionConcurrentInvocationLimitExceeded")
    elif sum(running.values()) >= MINIMUM_UNRESERVED:  # so many are always left
        everything = list(functions())
        unreserved = sum(running.get(other.name, 0) for other in everything if other.reserved_concurrent_executions is None)
        if unreserved >= ACCOUNT_LIMIT - sum(other.claimed_concurrency for other in everything):
            raise TooManyRequestsException("Rate Exceeded.", Reason="ConcurrentInvocationLimitExceeded")


def _requested(function: Function, but: str = "") -> int:
    return sum(config.requested for qualifier, config in function.provisioned_concurrency_configs.items() if qualifier != but)
