"""Requests made from botocore's model: what satisfies every constraint, and what breaks exactly one."""

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings

from fakelambda import strategies
from fakelambda.aws import constraints
from fakelambda.domain.errors import ValidationException

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
