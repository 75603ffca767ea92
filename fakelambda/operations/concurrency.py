"""Reserved concurrency."""

from __future__ import annotations

from dataclasses import replace

from fakelambda.domain import concurrency
from fakelambda.domain.names import LATEST, FunctionReference
from fakelambda.operations.call import Answer, Call, operation


@operation("PutFunctionConcurrency")
def put_function_concurrency(call: Call, *, function: FunctionReference, reserved_concurrent_executions: int) -> Answer:
    """PutFunctionConcurrency: reserves a part of the account's concurrency; 0 blocks all invocations."""
    found = call.unqualified(function, message=f"Function not found: {function.qualified_arn(LATEST)}")
    others = sum(other.reserved_concurrent_executions or 0 for other in call.functions.starting_at("") if other.name != found.name)
    concurrency.check_reservation(reserved_concurrent_executions, others)
    call.functions.put(replace(found, reserved_concurrent_executions=reserved_concurrent_executions))
    return {"ReservedConcurrentExecutions": reserved_concurrent_executions}


@operation("GetFunctionConcurrency")
def get_function_concurrency(call: Call, *, function: FunctionReference) -> Answer:
    """GetFunctionConcurrency: what is reserved, if anything."""
    return {"ReservedConcurrentExecutions": call.unqualified(function).reserved_concurrent_executions}


@operation("DeleteFunctionConcurrency")
def delete_function_concurrency(call: Call, *, function: FunctionReference) -> Answer:
    """DeleteFunctionConcurrency: back to the unreserved part."""
    call.functions.put(replace(call.unqualified(function), reserved_concurrent_executions=None))
    return {}
