"""Recursion: chains of invocations in which a function comes up again and again."""

from __future__ import annotations

from collections.abc import Sequence

from fakelambda.domain.errors import RecursiveInvocationException
from fakelambda.domain.functions import Function

MAXIMUM_PASSES = 16
"""AWS says "approximately" [docs]."""


def check_lineage(function: Function, lineage: Sequence[str]) -> None:
    """Refuse an invocation that is part of an endless loop, unless the function allows loops.

    Args:
        lineage: the ARNs of the functions whose invocations led to this one, with repetitions.

    Raises:
        RecursiveInvocationException: the function has come up too often; the text is that of the API's model.
    """
    if function.recursive_loop == "Terminate" and lineage.count(function.arn) >= MAXIMUM_PASSES:
        raise RecursiveInvocationException(
            "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources "
            "and stopped your function's invocation."
        )
