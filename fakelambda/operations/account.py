"""Limits and usage of the account."""

from __future__ import annotations

from fakelambda.domain import concurrency
from fakelambda.operations.call import Answer, Call, operation

TOTAL_CODE_SIZE = 80_530_636_800
CODE_SIZE_UNZIPPED = 262_144_000
CODE_SIZE_ZIPPED = 52_428_800


@operation("GetAccountSettings")
def get_account_settings(call: Call) -> Answer:
    """GetAccountSettings: AWS's default limits, and what the functions and layers of this account and region use."""
    functions = list(call.functions.starting_at(""))
    code_size = sum(function.code_size for function in functions) + sum(layer.code_size for layer in call.layers.starting_at(""))
    claimed = sum(function.claimed_concurrency for function in functions)
    return {
        "AccountLimit": {
            "TotalCodeSize": TOTAL_CODE_SIZE,
            "CodeSizeUnzipped": CODE_SIZE_UNZIPPED,
            "CodeSizeZipped": CODE_SIZE_ZIPPED,
            "ConcurrentExecutions": concurrency.ACCOUNT_LIMIT,
            "UnreservedConcurrentExecutions": concurrency.ACCOUNT_LIMIT - claimed,
        },
        "AccountUsage": {"TotalCodeSize": code_size, "FunctionCount": len(functions)},
    }
