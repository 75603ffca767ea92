"""Any parameters that botocore lets through get an answer that fits, a modelled error with unchanged state, or ``NotModelled``.

The answers are held against botocore's output shapes by ``conftest.py``. ``--hypothesis-profile=long`` tries much longer.
"""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakelambda import FakeLambda, NotModelled, strategies

SERVICE: Any = botocore.session.get_session().get_service_model("lambda")
UNMODELLED_CODES = {"ValidationException", "AccessDeniedException", "RequestEntityTooLargeException"}
CODES = {shape.error_code for shape in SERVICE.error_shapes} | UNMODELLED_CODES
KNOWN = {
    "FunctionName": ["orders", "orders:live", "orders:1"],
    "Qualifier": ["1", "live", "$LATEST", "9"],
    "FunctionVersion": ["1", "$LATEST"],
}


@pytest.fixture(scope="module")
def deployed() -> Iterator[FakeLambda]:
    with FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: event, Publish=True)
        fake.client().create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
        yield fake


def parameters_of(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    """Requests that are valid or not, of things that are there or not."""
    members = SERVICE.operation_model(operation).input_shape.members if SERVICE.operation_model(operation).input_shape else {}
    known: dict[str, Any] = {name: st.sampled_from(values) for name, values in KNOWN.items() if name in members}
    ways = [strategies.requests(operation), strategies.requests(operation, **known)]
    if operation != "GetAccountSettings":
        ways += [strategies.requests(operation, invalid=True)]
    return st.one_of(ways)


@pytest.mark.parametrize("operation", SERVICE.operation_names)
def test_whatever_is_asked_is_answered_or_refused(deployed: FakeLambda, operation: str, everything: Any) -> None:
    client, snapshot = deployed.client(), deployed.snapshot()
    before, refusals = everything(client), list[str]()

    @settings(
        max_examples=settings().max_examples // 8,  # of each operation; the profile decides
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(parameters=parameters_of(operation))
    def asked(parameters: dict[str, Any]) -> None:
        try:
            getattr(client, xform_name(operation))(**parameters)
        except (NotModelled, ParamValidationError):
            pass
        except ClientError as error:
            refusals.append(error.response["Error"]["Code"])
            assert (refusals[-1] in CODES, everything(client)) == (True, before)
        finally:
            deployed.restore(snapshot)

    asked()
