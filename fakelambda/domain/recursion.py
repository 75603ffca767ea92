"""Recursion: chains of invocations in which a function comes up again and again."""

from __future__ import annotations

from fakelambda.domain.errors import RecursiveInvocationException
from fakelambda.domain.functions import Function
from fakelambda.domain.xray import Trace

MAXIMUM_PASSES = 16
"""AWS says "approximately" [docs]."""


def check_lineage(function: Function, upstream: Trace | None) -> None:
    """Refuse an invocation that is part of an endless loop, unless the function allows loops.

    Args:
        upstream: what the request brought along; None where nothing.

    Raises:
        RecursiveInvocationException: the function has come up too often; the text is that of the API's model.
    """
    if upstream is not None and function.recursive_loop == "Terminate" and upstream.passes(function.arn) >= MAXIMUM_PASSES:
        raise RecursiveInvocationException(
            "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources "
            "and stopped your function's invocation."
        )
