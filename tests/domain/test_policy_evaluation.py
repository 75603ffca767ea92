"""Policies evaluated: who may do what, on what condition."""

from __future__ import annotations

import fnmatch
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain import policies
from fakelambda.domain.policy_evaluation import CONDITION_KEYS, CONDITION_OPERATORS, Access, arn_matches, evaluate, matches
from fakelambda.domain.principals import Caller

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
INVOKE = "lambda:InvokeFunction"
ROLE = "arn:aws:iam::999999999999:role/ci/deploy"
SESSION = "arn:aws:sts::999999999999:assumed-role/deploy/ada"
S3 = Caller(identity="s3.amazonaws.com", account_id=None)


def access(caller: Caller = S3, action: str = INVOKE, resource: str = ARN, organization_id: str | None = None) -> Access:
    return Access(caller=caller, action=action, resource=resource, region="us-east-1", organization_id=organization_id)


def somebody(identity: str) -> Caller:
    return Caller.of(identity, "aws")


def statement(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": INVOKE, "Resource": ARN, **changes}


@pytest.mark.parametrize(
    ("principal", "who", "is_named"),
    [
        ("*", "999999999999", True),
        ("*", "s3.amazonaws.com", True),
        ({"AWS": "*"}, SESSION, True),
        ({"AWS": "arn:aws:iam::999999999999:root"}, "999999999999", True),
        ({"AWS": "arn:aws:iam::999999999999:root"}, SESSION, True),
        ({"AWS": "arn:aws:iam::999999999999:root"}, "arn:aws:iam::999999999999:user/ada", True),
        ({"AWS": "999999999999"}, SESSION, True),
        ({"AWS": "arn:aws:iam::999999999999:root"}, "888888888888", False),
        ({"AWS": "arn:aws:iam::999999999999:root"}, "s3.amazonaws.com", False),
        ({"AWS": ["888888888888", "999999999999"]}, SESSION, True),
        ({"AWS": ROLE}, ROLE, True),
        ({"AWS": ROLE}, SESSION, True),
        ({"AWS": ROLE}, "arn:aws:sts::999999999999:assumed-role/deploy/bob", True),
        ({"AWS": ROLE}, "arn:aws:sts::888888888888:assumed-role/deploy/ada", False),
        ({"AWS": ROLE}, "arn:aws:sts::999999999999:assumed-role/deployer/ada", False),
        ({"AWS": ROLE}, "arn:aws:iam::999999999999:role/deploy", False),
        ({"AWS": ROLE}, "arn:aws:iam::999999999999:user/ci/deploy", False),
        ({"AWS": ROLE}, "999999999999", False),
        ({"AWS": SESSION}, SESSION, True),
        ({"AWS": SESSION}, "arn:aws:sts::999999999999:assumed-role/deploy/bob", False),
        ({"AWS": SESSION}, ROLE, False),
        ({"AWS": "arn:aws:iam::999999999999:user/ada"}, "arn:aws:iam::999999999999:user/ada", True),
        ({"AWS": "arn:aws:iam::999999999999:user/ada"}, "arn:aws:iam::999999999999:user/bob", False),
        ({"Service": "s3.amazonaws.com"}, "s3.amazonaws.com", True),
        ({"Service": ["sns.amazonaws.com", "s3.amazonaws.com"]}, "s3.amazonaws.com", True),
        ({"Service": "sns.amazonaws.com"}, "s3.amazonaws.com", False),
        ({"Service": "s3.amazonaws.com"}, "999999999999", False),
        ({"Service": "logs.us-east-1.amazonaws.com"}, "logs.amazonaws.com", True),
        ({"Service": "logs.amazonaws.com"}, "logs.us-east-1.amazonaws.com", True),
        ({"Service": "logs.eu-west-1.amazonaws.com"}, "logs.amazonaws.com", False),
        ({"Service": "sns.amazonaws.com", "AWS": "999999999999"}, SESSION, True),
        ({"Federated": "cognito-identity.amazonaws.com"}, SESSION, False),
    ],
)
def test_a_principal_names_somebody(principal: Any, who: str, is_named: bool) -> None:  # noqa: FBT001 - a column of the table
    decision = evaluate([statement(Principal=principal)], access(somebody(who)))
    assert decision == ("allow" if is_named else "implicit deny")


@pytest.mark.parametrize(
    ("action", "asked", "is_meant"),
    [
        (INVOKE, INVOKE, True),
        ("lambda:invokefunction", INVOKE, True),  # actions have no case
        ("*", INVOKE, True),
        ("lambda:*", "lambda:GetFunction", True),
        ("lambda:Get*", "lambda:GetFunction", True),
        ("lambda:Get*", INVOKE, False),
        ("lambda:GetFunction", "lambda:GetFunctionConfiguration", False),
        ("lambda:InvokeFunction?rl", "lambda:InvokeFunctionUrl", True),
        (["lambda:GetFunction", INVOKE], INVOKE, True),
        ("lambda:InvokeFunctionUrl", INVOKE, False),
    ],
)
def test_an_action_is_one_or_several(action: Any, asked: str, is_meant: bool) -> None:  # noqa: FBT001 - a column of the table
    assert evaluate([statement(Action=action)], access(action=asked)) == ("allow" if is_meant else "implicit deny")
    excepted = {name: value for name, value in statement(NotAction=action).items() if name != "Action"}
    assert evaluate([excepted], access(action=asked)) == ("implicit deny" if is_meant else "allow")


@pytest.mark.parametrize(
    ("resource", "asked", "is_meant"),
    [
        (ARN, ARN, True),
        (ARN, f"{ARN}:live", False),
        (f"{ARN}:live", ARN, False),
        (f"{ARN}:*", f"{ARN}:live", True),
        (f"{ARN}:*", ARN, False),
        (f"{ARN}*", f"{ARN}:live", True),
        ("*", ARN, True),
        (ARN.upper(), ARN, False),
        ([f"{ARN}:1", ARN], ARN, True),
    ],
)
def test_a_resource_is_exactly_what_is_named(resource: Any, asked: str, is_meant: bool) -> None:  # noqa: FBT001 - a column of the table
    assert evaluate([statement(Resource=resource)], access(resource=asked)) == ("allow" if is_meant else "implicit deny")
    excepted = {name: value for name, value in statement(NotResource=resource).items() if name != "Resource"}
    assert evaluate([excepted], access(resource=asked)) == ("implicit deny" if is_meant else "allow")


BUCKET = Caller(identity="s3.amazonaws.com", account_id=None, source_arn="arn:aws:s3:::photos", source_account="123456789012")
RULE = Caller(identity="events.amazonaws.com", account_id=None, source_arn="arn:aws:events:us-east-1:123456789012:rule/nightly")
ALEXA = Caller(identity="alexa-appkit.amazon.com", account_id=None, event_source_token="skill")
ADA = Caller(identity=SESSION, account_id="999999999999")


@pytest.mark.parametrize(
    ("caller", "condition", "holds"),
    [
        (BUCKET, {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::photos"}}, True),
        (BUCKET, {"ArnLike": {"aws:sourcearn": "arn:aws:s3:::photo*"}}, True),  # keys have no case
        (BUCKET, {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::Photos"}}, False),
        (BUCKET, {"ArnEquals": {"AWS:SourceArn": "arn:aws:s3:*:*:photo?"}}, True),
        (BUCKET, {"ArnLike": {"AWS:SourceArn": "arn:aws:*:photos"}}, False),  # a wildcard does not reach over colons
        (RULE, {"ArnLike": {"AWS:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/*"}}, True),
        (RULE, {"ArnLike": {"AWS:SourceArn": "arn:aws:events:*:999999999999:rule/nightly"}}, False),
        (S3, {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::photos"}}, False),  # without a source nobody knows
        (BUCKET, {"StringEquals": {"AWS:SourceAccount": "123456789012"}}, True),
        (BUCKET, {"StringEquals": {"AWS:SourceAccount": ["1", "123456789012"]}}, True),
        (BUCKET, {"StringEquals": {"AWS:SourceAccount": "999999999999"}}, False),
        (S3, {"StringEquals": {"AWS:SourceAccount": "123456789012"}}, False),
        (BUCKET, {"StringEquals": {"AWS:SourceAccount": "123456789012"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::photos"}}, True),
        (BUCKET, {"StringEquals": {"AWS:SourceAccount": "999999999999"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::photos"}}, False),
        (BUCKET, {"StringLike": {"AWS:SourceArn": "arn:aws:*:photos"}}, True),
        (BUCKET, {"StringEquals": {"AWS:SourceArn": "arn:aws:s3:::photo*"}}, False),
        (ALEXA, {"StringEquals": {"lambda:EventSourceToken": "skill"}}, True),
        (ALEXA, {"StringEquals": {"lambda:EventSourceToken": "Skill"}}, False),
        (ALEXA, {"StringEqualsIgnoreCase": {"lambda:EventSourceToken": "Skill"}}, True),
        (ADA, {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, True),
        (ADA, {"StringEquals": {"aws:PrincipalOrgID": "o-0987654321"}}, False),
        (ADA, {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}, True),
        (ADA, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::999999999999:role/deploy"}}, True),  # the role, not its session
        (BUCKET, {"ArnLike": {"aws:PrincipalArn": "*"}}, False),
        (BUCKET, {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}, False),
        (BUCKET, {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}, False),
        (BUCKET, {"Bool": {"lambda:InvokedViaFunctionUrl": "false"}}, True),
        (BUCKET, {"Bool": {"lambda:InvokedViaFunctionUrl": False}}, True),
        (BUCKET, {"StringNotEquals": {"AWS:SourceAccount": "999999999999"}}, True),
        (BUCKET, {"StringNotEquals": {"AWS:SourceAccount": ["999999999999", "123456789012"]}}, False),
        (S3, {"StringNotEquals": {"AWS:SourceAccount": "123456789012"}}, True),  # what is absent is not equal
        (BUCKET, {"ArnNotLike": {"AWS:SourceArn": "arn:aws:s3:::photo*"}}, False),
        (BUCKET, {"StringNotLike": {"AWS:SourceArn": "*:videos"}}, True),
        (S3, {"ArnLikeIfExists": {"AWS:SourceArn": "arn:aws:s3:::photos"}}, True),
        (BUCKET, {"ArnLikeIfExists": {"AWS:SourceArn": "arn:aws:s3:::videos"}}, False),
        (S3, {"Null": {"AWS:SourceArn": "true"}}, True),
        (BUCKET, {"Null": {"AWS:SourceArn": "true"}}, False),
        (BUCKET, {"Null": {"AWS:SourceArn": False}}, True),
    ],
)
def test_a_condition_holds_for_the_call(caller: Caller, condition: Any, holds: bool) -> None:  # noqa: FBT001 - a column of the table
    asked = access(caller, organization_id="o-1234567890" if caller is ADA else None)
    assert evaluate([statement(Condition=condition)], asked) == ("allow" if holds else "implicit deny")


def test_the_key_that_only_invocations_have_is_absent_elsewhere() -> None:
    read = statement(Action="lambda:GetFunction", Condition={"Bool": {"lambda:InvokedViaFunctionUrl": "false"}})
    assert evaluate([read], access(action="lambda:GetFunction")) == "implicit deny"


def test_what_a_call_knows_are_keys_that_are_modelled() -> None:
    everything = Caller.of(SESSION, "aws", source_arn="arn:aws:s3:::photos", source_account="123456789012", event_source_token="skill")
    assert access(everything, organization_id="o-1234567890").condition_keys().keys() == CONDITION_KEYS - {"lambda:functionurlauthtype"}
    assert access(S3).condition_keys() == {"lambda:invokedviafunctionurl": "false"}


# ---- properties ----

texts = st.text(alphabet="ab:*?[].^\\\n", max_size=12)


@given(pattern=texts, text=texts)
def test_wildcards_are_those_of_the_shell_without_its_classes(pattern: str, text: str) -> None:
    assert matches(pattern, text) == fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


@given(text=texts, cut=st.tuples(st.integers(0, 12), st.integers(0, 12)))
def test_a_wildcard_stands_for_any_part_of_a_text(text: str, cut: tuple[int, int]) -> None:
    begin, end = sorted(cut)
    assert matches(f"{text[:begin]}*{text[end:]}", text)


def test_many_wildcards_come_to_an_end() -> None:
    assert not matches("*a" * 40 + "b", "a" * 4000)


@given(parts=st.lists(st.sampled_from(["", "a", "b", "*", "?"]), min_size=1, max_size=8))
def test_arns_are_compared_part_by_part(parts: list[str]) -> None:
    pattern, arn = ":".join(parts), ":".join("a" for _ in parts)
    wanted = all(part in ("a", "*", "?") for part in parts[:5]) and matches(":".join(parts[5:]), ":".join("a" for _ in parts[5:]))
    assert arn_matches(pattern, arn) == wanted


CALLERS = st.sampled_from([S3, BUCKET, RULE, ALEXA, ADA, Caller.of("888888888888", "aws")])
ACTIONS = st.sampled_from([INVOKE, "lambda:GetFunction", "lambda:ListAliases"])
QUALIFIERS = st.sampled_from(["", ":1", ":2", ":live", ":livelier", ":$LATEST"])
accesses = st.builds(
    access,
    caller=CALLERS,
    action=ACTIONS,
    resource=QUALIFIERS.map(lambda qualifier: ARN + qualifier),
    organization_id=st.sampled_from([None, "o-1234567890"]),
)


@st.composite
def statements_of_lambda(draw: st.DrawFn, resources: st.SearchStrategy[str] = QUALIFIERS) -> dict[str, Any]:
    """As AddPermission makes them."""
    return policies.statement(
        statement_id="s",
        action=draw(ACTIONS | st.sampled_from(["lambda:*", "*"])),
        principal=draw(st.sampled_from(["*", "s3.amazonaws.com", "events.amazonaws.com", "999999999999", ROLE, SESSION])),
        resource=ARN + draw(resources),
        region="us-east-1",
        source_arn=draw(st.none() | st.sampled_from(["arn:aws:s3:::photos", "arn:aws:s3:::p*", "arn:aws:events:*:*:rule/*"])),
        source_account=draw(st.none() | st.sampled_from(["123456789012", "999999999999"])),
        event_source_token=draw(st.none() | st.just("skill")),
        principal_org_id=draw(st.none() | st.just("o-1234567890")),
        function_url_auth_type=draw(st.none() | st.just("NONE")),
        invoked_via_function_url=draw(st.none() | st.booleans()),
    )


STATEMENTS = st.lists(
    st.one_of(
        statements_of_lambda(),
        st.builds(
            lambda effect, operator, key, value: statement(Effect=effect, Condition={operator: {key: value}}),
            st.sampled_from(["Allow", "Deny"]),
            st.sampled_from(sorted(CONDITION_OPERATORS)),
            st.sampled_from(sorted(CONDITION_KEYS)),
            st.sampled_from(["true", "arn:aws:s3:::photos", "123456789012"]),
        ),
    ),
    max_size=5,
)


@given(statements=STATEMENTS, asked=accesses, more=statements_of_lambda())
def test_whoever_is_allowed_stays_allowed_when_a_statement_allows_more(statements: Any, asked: Access, more: Any) -> None:
    before, after = evaluate(statements, asked), evaluate([*statements, more], asked)
    assert after == before or (before, after) == ("implicit deny", "allow")
    assert evaluate([more, *statements], asked) == after  # the order does not matter


@given(statements=STATEMENTS, asked=accesses, less=statements_of_lambda())
def test_a_statement_that_denies_never_allows(statements: Any, asked: Access, less: Any) -> None:
    before, after = evaluate(statements, asked), evaluate([*statements, {**less, "Effect": "Deny"}], asked)
    assert after in (before, "explicit deny")


@given(statements=st.lists(statements_of_lambda(), max_size=5), asked=accesses)
def test_a_statement_is_for_its_own_qualifier_only(statements: Any, asked: Access) -> None:
    own = [each for each in statements if each["Resource"] == asked.resource]
    assert evaluate(statements, asked) == evaluate(own, asked)


@given(caller=CALLERS, action=ACTIONS, organization_id=st.sampled_from([None, "o-1234567890"]), made=statements_of_lambda(st.just("")))
def test_a_statement_with_fewer_conditions_allows_no_less(caller: Caller, action: str, organization_id: str | None, made: Any) -> None:
    asked = access(caller, action, organization_id=organization_id)
    if evaluate([made], asked) == "allow":
        assert evaluate([{name: value for name, value in made.items() if name != "Condition"}], asked) == "allow"
