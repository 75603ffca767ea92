"""Strategies of Hypothesis for whatever Lambda's API takes; they need the extra ``hypothesis``.

from fakelambda import strategies

@given(parameters=strategies.requests("CreateAlias", FunctionName="orders"))
"""

from fakelambda.strategies.api import requests
from fakelambda.strategies.parts import (
    alias_names,
    event_invoke_configs,
    function_arns,
    function_names,
    json_events,
    qualifiers,
    routing_configs,
    statements,
    tags,
    versions,
    weights,
    zips,
)

__all__ = [
    "alias_names",
    "event_invoke_configs",
    "function_arns",
    "function_names",
    "json_events",
    "qualifiers",
    "requests",
    "routing_configs",
    "statements",
    "tags",
    "versions",
    "weights",
    "zips",
]
