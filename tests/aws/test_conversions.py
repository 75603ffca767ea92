"""Clients that validate nothing: what they send is read as the service reads it, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakelambda import FakeLambda

BROKEN = "ValidationException: 1 validation error detected: "
ORDERS = {"FunctionName": "orders"}


@pytest.fixture
def careless(fake: FakeLambda) -> Any:
    """A client that sends whatever it is given, beside a function "orders"."""
    fake.add_function("orders", lambda event, context: None)
    return fake.client(config=Config(parameter_validation=False))


@pytest.mark.parametrize(
    ("operation", "parameters", "message"),
    [
        ("update_function_configuration", ORDERS | {"Timeout": "9"}, "STRING_VALUE can not be converted to an Integer"),
        ("update_function_configuration", ORDERS | {"Description": True}, "TRUE_VALUE can not be converted to a String"),
        ("update_function_configuration", ORDERS | {"Timeout": 1.5}, "NUMBER_VALUE can not be converted to an Integer"),
        ("update_function_configuration", ORDERS | {"Timeout": [9]}, "Start of list found where not expected"),
        ("update_function_configuration", ORDERS | {"Timeout": {}}, "Start of structure or map found where not expected."),
        ("update_function_configuration", ORDERS | {"Description": 7}, "NUMBER_VALUE can not be converted to a String"),
        (
            "update_function_configuration",
            ORDERS | {"Environment": {"Variables": {"RATE": 7}}},
            "NUMBER_VALUE can not be converted to a String",
        ),
        ("update_function_configuration", ORDERS | {"Layers": ["a", False]}, "FALSE_VALUE can not be converted to a String"),
        ("update_function_configuration", ORDERS | {"Layers": "ab"}, "STRING_VALUE can not be converted to a List"),
        ("update_function_code", ORDERS | {"ZipFile": b"", "DryRun": "yes"}, "STRING_VALUE can not be converted to a Boolean"),
        ("list_functions", {"MaxItems": "few"}, "STRING_VALUE can not be converted to an Integer"),
        ("list_functions", {"MaxItems": "9" * 5000}, "STRING_VALUE can not be converted to an Integer"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused(
    *, careless: Any, client: Any, everything: Callable[[Any], Any], operation: str, parameters: dict[str, Any], message: str
) -> None:
    before = everything(client)
    with pytest.raises(ClientError) as caught:
        getattr(careless, operation)(**parameters)
    assert caught.value.response["Error"] == {"Code": "SerializationException", "Message": message}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert everything(client) == before
    with pytest.raises(ParamValidationError):  # others do not even send it
        getattr(client, operation)(**parameters)


@pytest.mark.parametrize(
    ("operation", "parameters", "answer"),
    [
        (
            "get_function",
            {"FunctionName": 7},
            "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:123456789012:function:7",
        ),
        (
            "get_function",
            {"FunctionName": b"none"},
            "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:123456789012:function:none",
        ),
        (
            "delete_function",
            ORDERS | {"Qualifier": True},
            "InvalidParameterValueException: Deletion of aliases is not currently supported.",
        ),
        (
            "get_function",
            ORDERS | {"Qualifier": b"\xff"},
            (
                f"{BROKEN}Value '\ufffd' at 'qualifier' failed to satisfy constraint: "
                r"Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
            ),
        ),
        (
            "list_functions",
            {"MaxItems": "0"},
            f"{BROKEN}Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            "create_function",
            {"FunctionName": "new", "Role": "arn:aws:iam::123456789012:role/r", "Code": None},
            f"{BROKEN}Value null at 'code' failed to satisfy constraint: Member must not be null",
        ),
        ("update_function_code", ORDERS | {"ZipFile": None}, "InvalidParameterValueException: Please provide a source for function code."),
    ],
)
def test_what_travels_in_the_url_is_a_text_and_null_is_nothing(
    careless: Any, operation: str, parameters: dict[str, Any], answer: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(careless, operation)(**parameters)
    assert "{Code}: {Message}".format(**caught.value.response["Error"]) == answer


def test_true_is_no_number(careless: Any) -> None:  # though botocore takes it for one
    with pytest.raises(ClientError, match=r"\(SerializationException\).*: TRUE_VALUE can not be converted to an Integer$"):
        careless.update_function_configuration(**ORDERS, Timeout=True)


def test_right_values_are_taken(careless: Any) -> None:
    assert careless.list_functions(MaxItems="1")["Functions"][0]["FunctionName"] == "orders"
    assert careless.list_event_source_mappings(FunctionName=None)["EventSourceMappings"] == []
    assert careless.list_layers(CompatibleRuntime=None)["Layers"] == []
    settings: dict[str, Any] = {"Timeout": 9, "Environment": {"Variables": {"RATE": "7"}}, "Layers": [], "Description": None}
    assert careless.update_function_configuration(**ORDERS, **settings)["Timeout"] == 9
