"""Reserved concurrency."""

from __future__ import annotations

from dataclasses import replace

from fakelambda.domain import concurrency
from fakelambda.domain.functions import Function
from fakelambda.domain.names import LATEST, FunctionReference
from fakelambda.operations.call import Answer, Call, operation


@operation("PutFunctionConcurrency")
def put_function_concurrency(call: Call, *, function: FunctionReference, reserved_concurrent_executions: int) -> Answer:
    """PutFunctionConcurrency: reserves a part of the account's concurrency; 0 blocks all invocations."""
    found = call.unqualified(function, message=f"Function not found: {function.qualified_arn(LATEST)}")
    concurrency.check_reservation(found, reserved_concurrent_executions, claimed_by_others(call, found))
    call.functions.put(replace(found, reserved_concurrent_executions=reserved_concurrent_executions))
    return {"ReservedConcurrentExecutions": reserved_concurrent_executions}


def claimed_by_others(call: Call, function: Function) -> int:
    """What the other functions of the account and region take of its unreserved concurrency."""
    return sum(other.claimed_concurrency for other in call.functions.starting_at("") if other.name != function.name)


@operation("GetFunctionConcurrency")
def get_function_concurrency(call: Call, *, function: FunctionReference) -> Answer:
    """GetFunctionConcurrency: what is reserved, if anything."""
    return {"ReservedConcurrentExecutions": call.unqualified(function).reserved_concurrent_executions}


@operation("DeleteFunctionConcurrency")
def delete_function_concurrency(call: Call, *, function: FunctionReference) -> Answer:
    """DeleteFunctionConcurrency: back to the unreserved part."""
    call.functions.put(replace(call.unqualified(function), reserved_concurrent_executions=None))
    return {}
