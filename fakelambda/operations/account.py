"""Limits and usage of the account."""

from __future__ import annotations

from fakelambda.domain import concurrency, packages
from fakelambda.operations.call import Answer, Call, operation


@operation("GetAccountSettings")
def get_account_settings(call: Call) -> Answer:
    """GetAccountSettings: AWS's default limits, and what the functions and layers of this account and region use."""
    functions = list(call.functions.starting_at(""))
    claimed = sum(function.claimed_concurrency for function in functions)
    return {
        "AccountLimit": {
            "TotalCodeSize": packages.STORAGE_LIMIT,
            "CodeSizeUnzipped": packages.UNZIPPED_LIMIT,
            "CodeSizeZipped": packages.ZIPPED_LIMIT,
            "ConcurrentExecutions": concurrency.ACCOUNT_LIMIT,
            "UnreservedConcurrentExecutions": concurrency.ACCOUNT_LIMIT - claimed,
        },
        "AccountUsage": {"TotalCodeSize": call.service.state.code_size(call.account_id, call.region), "FunctionCount": len(functions)},
    }
