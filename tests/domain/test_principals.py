"""Who may be named in a policy, and who calls."""

from __future__ import annotations

from typing import Any

import pytest

from fakelambda.domain.principals import Caller, account_of, is_account_id, is_service, role_of, without_path

ROOT = "arn:aws:iam::999999999999:root"
ROLE = "arn:aws:iam::999999999999:role/deploy"
SESSION = "arn:aws:sts::999999999999:assumed-role/deploy/ada"


@pytest.mark.parametrize(
    ("text", "is_account", "service", "account_id"),
    [
        ("999999999999", True, False, None),
        ("99999999999", False, False, None),
        ("٩٩٩٩٩٩٩٩٩٩٩٩", False, False, None),
        ("s3.amazonaws.com", False, True, None),
        ("logs.us-east-1.amazonaws.com", False, True, None),
        ("alexa-appkit.amazon.com", False, True, None),
        ("s3.amazonaws.com.cn", False, True, None),
        ("s3.example.com", False, False, None),
        (ROOT, False, False, "999999999999"),
        (ROLE, False, False, "999999999999"),
        (SESSION, False, False, "999999999999"),
        ("arn:aws-cn:iam::999999999999:user/a/b", False, False, "999999999999"),
        ("arn:aws:sts::999999999999:federated-user/ada", False, False, "999999999999"),
        ("arn:aws:iam::999999999999:group/all", False, False, None),
        ("arn:aws:s3:::bucket", False, False, None),
        ("*", False, False, None),
    ],
)
def test_principals_are_told_apart(text: str, is_account: bool, service: bool, account_id: str | None) -> None:  # noqa: FBT001 - columns of the table
    assert (is_account_id(text), is_service(text), account_of(text)) == (is_account, service, account_id)


@pytest.mark.parametrize(
    ("identity", "role", "pathless"),
    [
        (SESSION, ROLE, SESSION),
        ("arn:aws-us-gov:sts::999999999999:assumed-role/deploy/a.b@c", ROLE.replace("aws", "aws-us-gov", 1), None),
        (ROLE, None, ROLE),
        ("arn:aws:iam::999999999999:role/ci/main/deploy", None, ROLE),
        ("arn:aws:iam::999999999999:user/ci/deploy", None, None),
        (ROOT, None, None),
        ("s3.amazonaws.com", None, None),
    ],
)
def test_a_session_is_one_of_a_role_whatever_the_role_s_path(identity: str, role: str | None, pathless: str | None) -> None:
    assert (role_of(identity), without_path(identity)) == (role, pathless or identity)


@pytest.mark.parametrize(
    ("principal", "given", "caller"),
    [
        ("s3.amazonaws.com", {}, Caller(identity="s3.amazonaws.com", account_id=None)),
        ("999999999999", {}, Caller(identity=ROOT.replace("aws", "aws-cn", 1), account_id="999999999999")),
        (SESSION, {}, Caller(identity=SESSION, account_id="999999999999")),
        (
            "sns.amazonaws.com",
            {"source_arn": "arn:aws:sns:us-east-1:111111111111:topic"},
            Caller(
                identity="sns.amazonaws.com",
                account_id=None,
                source_arn="arn:aws:sns:us-east-1:111111111111:topic",
                source_account="111111111111",
            ),
        ),
        (
            "sns.amazonaws.com",
            {"source_arn": "arn:aws:sns:us-east-1:111111111111:topic", "source_account": "222222222222"},
            Caller(
                identity="sns.amazonaws.com",
                account_id=None,
                source_arn="arn:aws:sns:us-east-1:111111111111:topic",
                source_account="222222222222",
            ),
        ),
        (
            "s3.amazonaws.com",
            {"source_arn": "arn:aws:s3:::photos"},
            Caller(identity="s3.amazonaws.com", account_id=None, source_arn="arn:aws:s3:::photos"),
        ),
        (
            "alexa-appkit.amazon.com",
            {"event_source_token": "skill"},
            Caller(identity="alexa-appkit.amazon.com", account_id=None, event_source_token="skill"),
        ),
    ],
)
def test_a_caller_is_whoever_a_principal_names(principal: str, given: dict[str, Any], caller: Caller) -> None:
    assert Caller.of(principal, "aws-cn", **given) == caller


@pytest.mark.parametrize(
    ("principal", "given", "message"),
    [
        ("s3", {}, "'s3' is no principal: give a service such as 's3.amazonaws.com', an account id of 12 digits, or the ARN of"),
        ("*", {}, "'\\*' is no principal"),
        ("arn:aws:lambda:us-east-1:999999999999:function:orders", {}, "is no principal"),
        ("s3.amazonaws.com", {"source_arn": "photos"}, "source_arn='photos': an ARN has six parts, such as 'arn:aws:s3:::photos'"),
        ("s3.amazonaws.com", {"source_account": "me"}, "source_account='me': an AWS account id has 12 digits"),
    ],
)
def test_what_is_no_principal_says_what_one_is(principal: str, given: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Caller.of(principal, "aws", **given)
