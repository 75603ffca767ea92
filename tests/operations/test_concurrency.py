"""Reserved concurrency."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from fakelambda import FakeLambda

NOWHERE = "arn:aws:lambda:us-east-1:123456789012:function:nowhere"
UNQUALIFIED = (
    "400 InvalidParameterValueException: This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
    "Please specify either a function name or an unqualified function ARN."
)
TOO_LITTLE = (
    "400 InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
    "below its minimum value of [100]."
)


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: "ran", Publish=True)


def test_a_reservation_from_its_beginning_to_its_end(client: Any, answered: Any) -> None:
    revision = client.get_function(FunctionName="orders")["Configuration"]["RevisionId"]
    assert answered("get_function_concurrency", FunctionName="orders") == (200, {})
    for number in (3, 0, 900):
        reserved = {"ReservedConcurrentExecutions": number}
        assert answered("put_function_concurrency", FunctionName="orders", **reserved) == (200, reserved)
        assert answered("get_function_concurrency", FunctionName="orders") == (200, reserved)
        assert client.get_function(FunctionName="orders", Qualifier="1")["Concurrency"] == reserved
    for _ in range(2):
        assert answered("delete_function_concurrency", FunctionName="orders") == (204, {})
        assert answered("get_function_concurrency", FunctionName="orders") == (200, {})
    function = client.get_function(FunctionName="orders")
    assert "Concurrency" not in function
    assert function["Configuration"]["RevisionId"] == revision


@pytest.mark.parametrize(
    ("operation", "name", "answer"),
    [
        ("put", "nowhere", f"404 ResourceNotFoundException: Function not found: {NOWHERE}:$LATEST"),
        ("get", "nowhere", f"404 ResourceNotFoundException: Function not found: {NOWHERE}"),
        ("delete", "nowhere", f"404 ResourceNotFoundException: Function not found: {NOWHERE}"),
        *(
            (operation, f"orders:{qualifier}", UNQUALIFIED)
            for operation in ("put", "get", "delete")
            for qualifier in ("1", "live", "$LATEST")
        ),
        ("put", "orders", TOO_LITTLE),
    ],
)
def test_what_is_refused(refused: Any, operation: str, name: str, answer: str) -> None:
    amount = {"ReservedConcurrentExecutions": 901} if operation == "put" else {}
    assert refused(f"{operation}_function_concurrency", FunctionName=name, **amount) == answer


def test_functions_share_what_the_account_has(fake: FakeLambda, client: Any, refused: Any) -> None:
    fake.add_function("other", lambda event, context: None)
    client.put_function_concurrency(FunctionName="other", ReservedConcurrentExecutions=500)
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=400)
    assert client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 100
    assert refused("put_function_concurrency", FunctionName="orders", ReservedConcurrentExecutions=401) == TOO_LITTLE
    client.put_function_concurrency(FunctionName="other", ReservedConcurrentExecutions=499)  # its own reservation does not count twice
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=401)


@pytest.mark.parametrize("name", ["orders", "orders:1", "orders:live"])
def test_zero_blocks_every_invocation_that_waits_for_its_result(fake: FakeLambda, client: Any, refused: Any, name: str) -> None:
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    impatient: Any = fake.client(config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError) as caught:
        impatient.invoke(FunctionName=name)
    response = caught.value.response
    assert response.pop("ResponseMetadata")["HTTPStatusCode"] == 429
    assert response == {
        "Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."},
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }
    assert client.invoke(FunctionName=name, InvocationType="Event")["StatusCode"] == 202
    assert fake.invocations == []
    client.delete_function_concurrency(FunctionName="orders")
    assert client.invoke(FunctionName=name)["Payload"].read() == b'"ran"'
