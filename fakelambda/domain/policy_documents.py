"""Policies that somebody wrote as a whole: IAM's language, read and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fakelambda.domain.errors import InvalidParameterValueException, NotModelled
from fakelambda.domain.policies import Policy, check_length
from fakelambda.domain.policy_evaluation import CONDITION_KEYS, CONDITION_OPERATORS, listed
from fakelambda.domain.principals import account_of, is_account_id, is_service

_VERSIONS = ("2012-10-17", "2008-10-17")
_CHOSEN = ("Principal", "Action", "Resource")
_KINDS_OF_PRINCIPAL = ("AWS", "Service", "Federated", "CanonicalUser")
_OPERATOR = re.compile(  # all that IAM has
    r"Null|(?:For(?:All|Any)Values?:)?(?:String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)|Arn(?:Not)?(?:Equals|Like)|Bool|BinaryEquals|(?:Not)?IpAddress"
    r"|(?:Numeric|Date)(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?))(?:IfExists)?"
)
_KEY = re.compile(r"[a-zA-Z0-9-]+:.+")


def parse(text: str, *, revision_id: str) -> Policy:
    """A policy from its JSON.

    Raises:
        InvalidParameterValueException: it is no policy. AWS's own wording is not known.
        PolicyLengthExceededException: it is over 20 KB.
        NotModelled: it is one that cannot be evaluated here.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _invalid("it is not JSON") from None
    if not isinstance(document, dict) or not document.keys() <= {"Version", "Id", "Statement"}:
        raise _invalid("it has to be an object with the members Version, Id and Statement")
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS or not isinstance(document.get("Id", ""), str):
        raise _invalid(f"Version has to be one of {', '.join(_VERSIONS)}, and Id a text")
    statements = listed(document.pop("Statement", []))
    if not statements:
        raise _invalid("it has no statement")
    for statement in statements:
        _check_statement(statement)
    ids = [statement["Sid"] for statement in statements if "Sid" in statement]
    if len(set(ids)) < len(ids):
        raise _invalid("its statement ids are not unique")
    policy = Policy(tuple(statements), revision_id, document)
    check_length(policy)
    return policy


def _check_statement(statement: Any) -> None:
    if not isinstance(statement, dict):
        raise _invalid("a statement has to be an object")
    _check_members(statement)
    for value in _texts(statement, "Action"):
        if value != "*" and not value.lower().startswith("lambda:"):
            raise _invalid(f"{value} is no action of Lambda")
    for value in _texts(statement, "Resource"):
        if value != "*" and not value.startswith("arn:"):
            raise _invalid(f"{value} is no resource")
    _check_principal(statement["Principal"])
    _check_condition(statement.get("Condition", {}))


def _check_members(statement: Mapping[str, Any]) -> None:
    unknown = statement.keys() - {"Sid", "Effect", "Condition", *(choice for member in _CHOSEN for choice in _choices(member))}
    if unknown:
        raise _invalid(f"a statement has no member {min(unknown)}")
    if statement.get("Effect") not in ("Allow", "Deny") or not isinstance(statement.get("Sid", ""), str):
        raise _invalid("Effect has to be Allow or Deny, and Sid a text")
    for member in _CHOSEN:
        if sum(choice in statement for choice in _choices(member)) != 1:
            raise _invalid(f"a statement has to have {' or '.join(_choices(member))}")
    if "NotPrincipal" in statement:
        raise NotModelled("PutResourcePolicy(Policy=...): NotPrincipal is not modelled by fakelambda.")


def _choices(member: str) -> tuple[str, str]:
    return member, f"Not{member}"


def _texts(statement: Mapping[str, Any], member: str) -> Iterator[str]:
    """The values of a member that may be one text or a list of them."""
    for choice in _choices(member):
        for value in listed(statement.get(choice, [])):
            if not isinstance(value, str):
                raise _invalid(f"{choice} has to be a text or a list of texts")
            _refuse_variables(value)
            yield value


def _check_principal(principal: Any) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or not principal.keys() <= set(_KINDS_OF_PRINCIPAL):
        raise _invalid(f"Principal has to be * or an object with some of {', '.join(_KINDS_OF_PRINCIPAL)}")
    for kind in principal:
        for name in _texts(principal, kind):
            is_known = {"AWS": name == "*" or is_account_id(name) or bool(account_of(name)), "Service": is_service(name)}
            if not is_known.get(kind, True):
                raise _invalid(f"{name} is no principal")


def _check_condition(condition: Any) -> None:
    if not isinstance(condition, dict) or not all(isinstance(tests, dict) for tests in condition.values()):
        raise _invalid("Condition has to be an object of operators, each with an object of keys")
    for operator, tests in condition.items():
        if not _OPERATOR.fullmatch(operator):
            raise _invalid(f"{operator} is no operator of conditions")
        if operator not in CONDITION_OPERATORS:
            raise NotModelled(f"PutResourcePolicy(Policy=...): the operator {operator} of conditions is not modelled by fakelambda.")
        for key, values in tests.items():
            if not _KEY.fullmatch(key):
                raise _invalid(f"{key} is no key of conditions")
            if key.lower() not in CONDITION_KEYS:
                raise NotModelled(f"PutResourcePolicy(Policy=...): the key {key} of conditions is not modelled by fakelambda.")
            if not listed(values) or not all(isinstance(value, str | bool) for value in listed(values)):
                raise _invalid(f"the values of {key} have to be texts")
            for value in listed(values):
                _refuse_variables(str(value))


def _refuse_variables(value: str) -> None:
    if "${" in value:
        raise NotModelled(f"PutResourcePolicy(Policy=...): the variable in {value} is not modelled by fakelambda.")


def _invalid(reason: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(f"The policy is invalid: {reason}.")
