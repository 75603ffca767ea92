"""Policies that somebody wrote as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain.errors import InvalidParameterValueException, NotModelled, PolicyLengthExceededException
from fakelambda.domain.policy_documents import parse
from fakelambda.domain.policy_evaluation import Access, evaluate
from fakelambda.domain.principals import Caller

ORDINARY = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "*"}
SOURCE = {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def document(*statements: Any, **members: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **members})


def changed(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**ORDINARY, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (document(ORDINARY), {"Version": "2012-10-17", "Statement": [ORDINARY]}),
        (json.dumps({"Statement": ORDINARY}), {"Statement": [ORDINARY]}),
        (document(ORDINARY, Id="mine", Version="2008-10-17"), {"Version": "2008-10-17", "Id": "mine", "Statement": [ORDINARY]}),
        *(
            (document(statement), {"Version": "2012-10-17", "Statement": [statement]})
            for statement in (
                changed(Sid="deny", Effect="Deny", Condition={"Bool": {"lambda:InvokedViaFunctionUrl": True}}),
                changed(Principal={"AWS": ["999999999999", "*"], "Service": "s3.amazonaws.com", "Federated": "anybody"}),
                changed(Action=["*", "Lambda:Get*"], Resource=["*", "arn:aws:lambda:*:*:function:orders"]),
                changed(Action=None, NotAction="lambda:*", Resource=None, NotResource="*", Condition=SOURCE),
            )
        ),
    ],
)
def test_a_policy_is_kept_as_it_was_written(text: str, shown: dict[str, Any]) -> None:
    policy = parse(text, revision_id="7")
    assert (json.loads(policy.document()), policy.revision_id) == (shown, "7")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is not JSON"),
        ("[" * 20_000, "it is not JSON"),
        ("[]", "it has to be an object with the members Version, Id and Statement"),
        (document(ORDINARY, Name="x"), "it has to be an object with the members Version, Id and Statement"),
        (document(ORDINARY, Version=["2012-10-17"]), "Version has to be one of 2012-10-17, 2008-10-17, and Id a text"),
        (document(ORDINARY, Id=7), "Version has to be one of"),
        (document(), "it has no statement"),
        (json.dumps({"Version": "2012-10-17"}), "it has no statement"),
        (document("*"), "a statement has to be an object"),
        (document(None), "a statement has to be an object"),
        (document(changed(Sid="s"), changed(Sid="s")), "its statement ids are not unique"),
        *(
            (document(statement), reason)
            for statement, reason in (
                (changed(Name="x"), "a statement has no member Name"),
                (changed(Effect="allow"), "Effect has to be Allow or Deny, and Sid a text"),
                (changed(Effect=None), "Effect has to be Allow or Deny"),
                (changed(Effect=[]), "Effect has to be Allow or Deny"),
                (changed(Sid=["s"]), "Effect has to be Allow or Deny, and Sid a text"),
                (changed(Principal=None), "a statement has to have Principal or NotPrincipal"),
                (changed(Action=None), "a statement has to have Action or NotAction"),
                (changed(NotResource="*"), "a statement has to have Resource or NotResource"),
                (changed(Action="s3:GetObject"), "s3:GetObject is no action of Lambda"),
                (changed(Action=7), "Action has to be a text or a list of texts"),
                (changed(Resource="orders"), "orders is no resource"),
                (changed(Resource=[{}]), "Resource has to be a text or a list of texts"),
                (
                    changed(Principal="999999999999"),
                    "Principal has to be * or an object with some of AWS, Service, Federated, CanonicalUser",
                ),
                (changed(Principal={}), "Principal has to be * or an object"),
                (changed(Principal={"Everybody": "*"}), "Principal has to be * or an object"),
                (changed(Principal={"AWS": "me"}), "me is no principal"),
                (changed(Principal={"AWS": [7]}), "AWS has to be a text or a list of texts"),
                (changed(Principal={"Service": "s3"}), "s3 is no principal"),
                (changed(Condition=[]), "Condition has to be an object of operators, each with an object of keys"),
                (changed(Condition={"StringEquals": "x"}), "Condition has to be an object of operators"),
                (changed(Condition={"StringEqual": {"aws:SourceAccount": "1"}}), "StringEqual is no operator of conditions"),
                (changed(Condition={"StringEquals": {"SourceAccount": "1"}}), "SourceAccount is no key of conditions"),
                (changed(Condition={"StringEquals": {"aws:SourceAccount": 1}}), "the values of aws:SourceAccount have to be texts"),
                (changed(Condition={"StringEquals": {"aws:SourceAccount": []}}), "the values of aws:SourceAccount have to be texts"),
            )
        ),
    ],
)
def test_what_is_no_policy_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidParameterValueException) as caught:
        parse(text, revision_id="7")
    assert str(caught.value).startswith(f"The policy is invalid: {reason}")


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (changed(Principal=None, NotPrincipal={"AWS": "999999999999"}), "NotPrincipal is"),
        (changed(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), "the operator IpAddress of conditions is"),
        (
            changed(Condition={"ForAnyValue:StringEquals": {"aws:SourceAccount": "1"}}),
            "the operator ForAnyValue:StringEquals of conditions is",
        ),
        (changed(Condition={"DateLessThanEqualsIfExists": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}), "the operator DateLessThan"),
        (changed(Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}), "the key aws:PrincipalTag/team of conditions is"),
        (changed(Condition={"StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}}), "the variable in"),
        (changed(Resource="arn:aws:lambda:*:*:function:${aws:PrincipalAccount}"), "the variable in"),
    ],
)
def test_what_cannot_be_evaluated_is_not_modelled(statement: Any, what: str) -> None:
    with pytest.raises(NotModelled) as caught:
        parse(document(statement), revision_id="7")
    assert str(caught.value).startswith(f"PutResourcePolicy(Policy=...): {what}")


def test_a_policy_has_a_size_when_it_is_written_out() -> None:
    with pytest.raises(PolicyLengthExceededException):
        parse(json.dumps({"Statement": changed(Sid="é" * 4000)}, ensure_ascii=False), revision_id="7")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["*", "Allow", "lambda:*", "s3.amazonaws.com", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["AWS", "StringEquals", "aws:SourceArn", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(
    statement=st.fixed_dictionaries(
        {name: json_values | st.just(value) for name, value in ORDINARY.items()},
        optional=dict.fromkeys(("Sid", "Condition", "NotAction", "NotPrincipal", "x"), json_values),
    )
)
def test_whatever_is_taken_can_be_evaluated(statement: Any) -> None:
    try:
        policy = parse(document(statement), revision_id="7")
    except (InvalidParameterValueException, NotModelled):
        return
    asked = Access(caller=Caller.of("s3.amazonaws.com", "aws"), action="lambda:InvokeFunction", resource="arn", region="us-east-1")
    assert evaluate(policy.statements, asked) in {"allow", "explicit deny", "implicit deny"}
