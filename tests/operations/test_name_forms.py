"""Every operation that takes a function's name takes it in all of AWS's forms."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from fakelambda import FakeLambda
from fakelambda.operations.call import OPERATIONS

ARN = "arn:aws:lambda:us-east-1:123456789012:function"
MODEL: Any = get_session().get_service_model("lambda")
FURTHER: dict[str, dict[str, Any]] = {  # what a call needs besides the name of a function that has everything
    "AddPermission": {"StatementId": "new", "Action": "lambda:InvokeFunction", "Principal": "*"},
    "CreateAlias": {"Name": "new", "FunctionVersion": "1"},
    "CreateEventSourceMapping": {"EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:refunds"},
    "DeleteAlias": {"Name": "live"},
    "DeleteFunction": {},
    "DeleteFunctionConcurrency": {},
    "DeleteFunctionEventInvokeConfig": {},
    "GetAlias": {"Name": "live"},
    "GetFunction": {},
    "GetFunctionConcurrency": {},
    "GetFunctionConfiguration": {},
    "GetFunctionEventInvokeConfig": {},
    "GetFunctionRecursionConfig": {},
    "GetPolicy": {},
    "GetRuntimeManagementConfig": {},
    "Invoke": {"Payload": b"7"},
    "InvokeAsync": {"InvokeArgs": b"7"},
    "ListAliases": {},
    "ListEventSourceMappings": {},
    "ListFunctionEventInvokeConfigs": {},
    "ListProvisionedConcurrencyConfigs": {},
    "ListVersionsByFunction": {},
    "PublishVersion": {},
    "PutFunctionConcurrency": {"ReservedConcurrentExecutions": 7},
    "PutFunctionEventInvokeConfig": {"MaximumRetryAttempts": 0},
    "PutFunctionRecursionConfig": {"RecursiveLoop": "Allow"},
    "PutRuntimeManagementConfig": {"UpdateRuntimeOn": "FunctionUpdate"},
    "RemovePermission": {"StatementId": "old"},
    "UpdateAlias": {"Name": "live"},
    "UpdateEventSourceMapping": {"UUID": "01234567-89ab-cdef-0123-456789abcdef", "BatchSize": 7},
    "UpdateFunctionCode": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:8"},
    "UpdateFunctionConfiguration": {"Timeout": 7},
    "UpdateFunctionEventInvokeConfig": {"MaximumRetryAttempts": 1},
}
ALWAYS_QUALIFIED: dict[str, dict[str, Any]] = {  # these need a qualifier beside the name
    "DeleteProvisionedConcurrencyConfig": {},
    "GetProvisionedConcurrencyConfig": {},
    "PutProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 2},
}
QUALIFIED = [name for name in FURTHER if "Qualifier" in MODEL.operation_model(name).input_shape.members and name != "DeleteFunction"]
PLAIN = "orders"
FORMS = [
    "function:orders",
    "123456789012:orders",
    "123456789012:function:orders",
    "us-east-1:123456789012:function:orders",
    f"{ARN}:orders",
]


def test_the_table_has_every_operation_that_takes_a_function() -> None:
    assert {*FURTHER, *ALWAYS_QUALIFIED, "CreateFunction"} == {
        name for name, operation in OPERATIONS.items() if "function" in operation.parameters
    }


def answer(operation: str, **name: str) -> dict[str, Any]:
    """The answer in a world that is always the same, without its times."""
    with FakeLambda(seed=7) as fake:
        image: dict[str, Any] = {"PackageType": "Image", "Code": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:7"}}
        fake.add_function("orders", lambda event, context: event, Publish=True, **image)
        client: Any = fake.client()
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
        client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=3)
        client.put_provisioned_concurrency_config(FunctionName="orders", Qualifier="1", ProvisionedConcurrentExecutions=1)
        for qualified in ("orders", "orders:1", "orders:live"):
            client.add_permission(FunctionName=qualified, StatementId="old", Action="lambda:*", Principal="*")
            client.put_function_event_invoke_config(FunctionName=qualified, MaximumRetryAttempts=0)
        mapping = client.create_event_source_mapping(FunctionName="orders", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:orders")
        further = {**FURTHER, **ALWAYS_QUALIFIED}[operation]
        further = {**further, "UUID": mapping["UUID"]} if "UUID" in further else further
        response: dict[str, Any] = getattr(client, xform_name(operation))(**name, **further)
        if operation == "Invoke":
            response["Payload"] = response["Payload"].read()
        del response["ResponseMetadata"]["HTTPHeaders"]
        plain: dict[str, Any] = timeless(response)
        return plain


def timeless(response: Any) -> Any:
    if isinstance(response, dict):
        return {name: timeless(value) for name, value in response.items() if name not in {"LastModified", "Location"}}
    return [timeless(item) for item in response] if isinstance(response, list) else response


@pytest.mark.parametrize("operation", FURTHER)
def test_names_partial_arns_and_arns_mean_the_same(operation: str) -> None:
    expected = answer(operation, FunctionName=PLAIN)
    assert {form: answer(operation, FunctionName=form) == expected for form in FORMS} == dict.fromkeys(FORMS, True)


@pytest.mark.parametrize("operation", QUALIFIED)
@pytest.mark.parametrize("qualifier", ["1", "live"])
def test_a_qualifier_may_stand_in_the_name_or_beside_it_or_both(operation: str, qualifier: str) -> None:
    expected = answer(operation, FunctionName=PLAIN, Qualifier=qualifier)
    for form in (PLAIN, *FORMS):
        assert answer(operation, FunctionName=f"{form}:{qualifier}") == expected
        assert answer(operation, FunctionName=f"{form}:{qualifier}", Qualifier=qualifier) == expected


@pytest.mark.parametrize("operation", ALWAYS_QUALIFIED)
def test_a_qualifier_beside_the_name_may_stand_in_it_too(operation: str) -> None:
    expected = answer(operation, FunctionName=PLAIN, Qualifier="1")
    for form in (PLAIN, *FORMS):
        assert answer(operation, FunctionName=form, Qualifier="1") == expected
        assert answer(operation, FunctionName=f"{form}:1", Qualifier="1") == expected


@pytest.mark.parametrize("operation", [*QUALIFIED, "DeleteFunction"])
@pytest.mark.parametrize("form", [PLAIN, *FORMS])
def test_two_different_qualifiers_are_refused(refused: Any, operation: str, form: str) -> None:
    assert refused(xform_name(operation), FunctionName=f"{form}:1", Qualifier="2", **FURTHER[operation]) == (
        "400 InvalidParameterValueException: The derived qualifier from the function name does not match the specified qualifier."
    )


@pytest.mark.parametrize("operation", FURTHER)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            f"{ARN}:orders".replace("us-east-1", "eu-west-1"),
            "404 ResourceNotFoundException: Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
        ),
        (f"{ARN}:orders".replace("123456789012", "999999999999"), "403 AccessDeniedException: "),
        ("999999999999:function:orders", "403 AccessDeniedException: "),
    ],
)
def test_other_regions_and_accounts_are_out_of_reach(fake: FakeLambda, refused: Any, operation: str, name: str, expected: str) -> None:
    fake.add_function("orders", lambda event, context: event)
    assert refused(xform_name(operation), FunctionName=name, **FURTHER[operation]).startswith(expected)


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "my-function!",
        "invalid-account:function:my-function",
        "arn:aws:lambda:invalid-region:123456789012:function:f",
        "arn:aws:ec2:us-east-1:123456789012:instance:i",
        "arn:aws:lambda::123456789012:function:f",
        f"{ARN}:f:1:2",
        "function:f:$LATEST:extra",
    ],
)
@pytest.mark.parametrize("operation", FURTHER)
def test_what_is_no_name_breaks_the_pattern(refused: Any, operation: str, name: str) -> None:
    pattern = MODEL.operation_model(operation).input_shape.members["FunctionName"].metadata["pattern"]
    assert refused(xform_name(operation), FunctionName=name, **FURTHER[operation]) == (
        f"400 ValidationException: 1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}"
    )


@pytest.mark.parametrize("operation", QUALIFIED)
def test_a_qualifier_has_its_own_pattern(refused: Any, operation: str) -> None:
    assert refused(xform_name(operation), FunctionName="orders", Qualifier="in?valid", **FURTHER[operation]) == (
        "400 ValidationException: 1 validation error detected: Value 'in?valid' at 'qualifier' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
    )
