"""Function names in every form AWS takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain.errors import InvalidParameterValueException, ResourceNotFoundException, ServiceError
from fakelambda.domain.names import FunctionReference, check_new_name, function_arn, is_version, partition_of, region_of, resolve

REGION, ACCOUNT = "eu-west-1", "123456789012"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders"

names = st.from_regex(r"[a-zA-Z0-9-_]{1,64}", fullmatch=True)
qualifiers = st.one_of(st.just("$LATEST"), st.from_regex(r"[a-zA-Z0-9-_]{1,20}", fullmatch=True))


@given(name=names, qualifier=st.none() | qualifiers)
def test_every_form_means_the_same_function(name: str, qualifier: str | None) -> None:
    expected = FunctionReference(name, qualifier, REGION, ACCOUNT)
    suffix = f":{qualifier}" if qualifier else ""
    for prefix in ("function:", f"{ACCOUNT}:function:", f"{REGION}:{ACCOUNT}:function:", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"):
        assert resolve(f"{prefix}{name}{suffix}", None, REGION, ACCOUNT) == expected
        assert resolve(f"{prefix}{name}{suffix}", qualifier, REGION, ACCOUNT) == expected
        assert resolve(f"{prefix}{name}", qualifier, REGION, ACCOUNT) == expected


@pytest.mark.parametrize(
    ("function_name", "qualifier", "error", "message"),
    [
        (
            f"{ARN}:1",
            "2",
            InvalidParameterValueException,
            "The derived qualifier from the function name does not match the specified qualifier.",
        ),
        (
            "orders:live",
            "$LATEST",
            InvalidParameterValueException,
            "The derived qualifier from the function name does not match the specified qualifier.",
        ),
        (
            ARN.replace("eu-west-1", "us-east-2"),
            None,
            ResourceNotFoundException,
            "Functions from 'us-east-2' are not reachable in this region ('eu-west-1')",
        ),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(function_name: str, qualifier: str | None, error: type[ServiceError], message: str) -> None:
    with pytest.raises(error) as caught:
        resolve(function_name, qualifier, REGION, ACCOUNT)
    assert caught.value.message == message


@pytest.mark.parametrize("form", [ARN.replace(ACCOUNT, "210987654321"), "210987654321:function:orders"])
def test_an_arn_may_name_another_account(form: str) -> None:
    assert resolve(form, "live", REGION, ACCOUNT) == FunctionReference("orders", "live", REGION, "210987654321")


@pytest.mark.parametrize(
    ("function_name", "region"),
    [
        (f"{ARN}:live", "eu-west-1"),
        ("us-gov-west-1:123456789012:function:orders", "us-gov-west-1"),
        ("123456789012:function:orders", None),
        ("orders", None),
        ("no name!", None),
    ],
)
def test_an_arn_tells_its_region(function_name: str, region: str | None) -> None:
    assert region_of(function_name) == region


def test_an_arn_without_a_name_names_the_function_called_function() -> None:
    assert resolve("arn:aws:lambda:eu-west-1:123456789012:function", None, REGION, ACCOUNT).name == "function"


def test_arns_are_qualified_by_what_the_caller_said_then_by_the_default() -> None:
    plain, live = FunctionReference("orders", None, REGION, ACCOUNT), FunctionReference("orders", "live", REGION, ACCOUNT)
    assert (plain.arn(), plain.qualified_arn(), plain.qualified_arn("$LATEST")) == (ARN, ARN, f"{ARN}:$LATEST")
    assert (live.arn(), live.qualified_arn(), live.qualified_arn("$LATEST")) == (ARN, f"{ARN}:live", f"{ARN}:live")


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_the_partition_follows_the_region(region: str, partition: str) -> None:
    assert partition_of(region) == partition
    assert function_arn(region, ACCOUNT, "f") == f"arn:{partition}:lambda:{region}:{ACCOUNT}:function:f"


@pytest.mark.parametrize(
    ("qualifier", "version"), [("1", True), ("20240101", True), ("live", False), ("$LATEST", False), ("1a", False), ("²", False)]
)
def test_only_digits_are_a_version(qualifier: str, version: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_version(qualifier) is version


def test_a_new_name_has_64_characters_at_most() -> None:
    check_new_name("a" * 64)
    with pytest.raises(InvalidParameterValueException, match="Member must have length less than or equal to 64"):
        check_new_name("a" * 65)
