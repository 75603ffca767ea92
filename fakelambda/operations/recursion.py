"""Recursion configuration: what becomes of a function that invokes itself in a loop."""

from __future__ import annotations

from dataclasses import replace

from fakelambda.domain.names import FunctionReference
from fakelambda.operations.call import Answer, Call, operation


@operation("GetFunctionRecursionConfig")
def get_function_recursion_config(call: Call, *, function: FunctionReference) -> Answer:
    """GetFunctionRecursionConfig: ``Terminate`` unless it was allowed."""
    return {"RecursiveLoop": call.function(function).recursive_loop}


@operation("PutFunctionRecursionConfig")
def put_function_recursion_config(call: Call, *, function: FunctionReference, recursive_loop: str) -> Answer:
    """PutFunctionRecursionConfig: allows a function to go on in a loop, or not."""
    call.functions.put(replace(call.function(function), recursive_loop=recursive_loop))
    return {"RecursiveLoop": recursive_loop}
