"""Requests made from botocore's model: what satisfies every constraint, and what breaks exactly one."""

import json
import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings

from fakelambda import strategies
from fakelambda.aws import constraints, java
from fakelambda.domain.errors import ValidationException
from fakelambda.strategies import api

SERVICE: Any = botocore.session.get_session().get_service_model("lambda")
WITHOUT_CONSTRAINTS = {"GetAccountSettings"}


@pytest.mark.parametrize("operation", SERVICE.operation_names)
def test_every_request_is_taken_by_botocore_and_satisfies_the_service(operation: str) -> None:
    model = SERVICE.operation_model(operation)

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(strategies.requests(operation))
    def satisfied(parameters: dict[str, Any]) -> None:
        if model.input_shape is not None:
            report = ParamValidator().validate(parameters, model.input_shape)
            assert not report.has_errors(), report.generate_report()
        constraints.plan(model).check(parameters)

    satisfied()


def test_what_is_drawn_from_a_pattern_is_the_pattern_s_ascii() -> None:
    shapes = [SERVICE.shape_for(name) for name in SERVICE.shape_names]
    patterns = {pattern for shape in shapes if (pattern := constraints.traits_of(shape).get("pattern"))}
    for pattern in patterns | {".", r"[^.]", r"[\p{Z}-]", r"\D\S\W"}:
        in_ascii = api._in_ascii(pattern)
        assert re.findall(r"\\(?:x[89a-f]|u|U)", in_ascii) == []  # older versions of Hypothesis refuse it, wherever it stands
        for text in [letter * count for letter in map(chr, range(128)) for count in (1, 3)]:
            assert bool(re.fullmatch(in_ascii, text)) is bool(java.pattern(pattern).fullmatch(text))


@pytest.mark.parametrize("operation", sorted(set(SERVICE.operation_names) - WITHOUT_CONSTRAINTS))
def test_an_invalid_request_breaks_exactly_one_constraint(operation: str) -> None:
    model = SERVICE.operation_model(operation)

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], database=None)
    @given(strategies.requests(operation, invalid=True))
    def broken(parameters: dict[str, Any]) -> None:
        assert not ParamValidator().validate(parameters, model.input_shape).has_errors()
        with pytest.raises(ValidationException, match=r"^1 validation error detected: "):
            constraints.plan(model).check(parameters)

    broken()


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(strategies.requests("UpdateFunctionConfiguration", invalid=True))
def test_an_invalid_request_is_not_too_large_as_well(parameters: dict[str, Any]) -> None:
    """The service refuses a request of 5 120 bytes before it looks at it, where an ARN may have 10 000."""
    assert len(json.dumps(parameters)) < 5_120
