"""Policies evaluated as IAM does it: may this caller do this to that resource?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import eq
from typing import Any, Literal

from fakelambda.domain.principals import Caller, is_account_id, role_of, without_path

Decision = Literal["allow", "explicit deny", "implicit deny"]
_INVOKE = "lambda:InvokeFunction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a caller asks for.

    Args:
        action: such as ``lambda:InvokeFunction``.
        resource: the ARN, with the qualifier that was named.
        region: the one that is called.
        organization_id: of the caller's account; None where it is in none.
    """

    caller: Caller
    action: str
    resource: str
    region: str
    organization_id: str | None = None

    def condition_keys(self) -> dict[str, str]:
        """What conditions are held against: the values of their keys, by the keys' names in lower case. What is absent has no value."""
        caller = self.caller
        is_identity = caller.account_id is not None
        values = {
            "aws:sourcearn": caller.source_arn,
            "aws:sourceaccount": caller.source_account,
            "aws:principalorgid": self.organization_id,
            "aws:principalaccount": caller.account_id,
            "aws:principalarn": (role_of(caller.identity) or caller.identity) if is_identity else None,
            "lambda:eventsourcetoken": caller.event_source_token,
            "lambda:functionurlauthtype": None,  # that of the URL that was called, and here nobody calls one
            "lambda:invokedviafunctionurl": "false" if self.action == _INVOKE else None,
        }
        return {key: value for key, value in values.items() if value is not None}


CONDITION_KEYS = frozenset(
    {
        *("aws:sourcearn", "aws:sourceaccount", "aws:principalorgid", "aws:principalaccount", "aws:principalarn"),
        *("lambda:eventsourcetoken", "lambda:functionurlauthtype", "lambda:invokedviafunctionurl"),
    }
)
"""The keys of conditions that are modelled, in lower case."""


def evaluate(statements: Iterable[Mapping[str, Any]], access: Access) -> Decision:
    """What a policy decides: one statement that denies outweighs all that allow; where none applies, nothing is allowed."""
    keys = access.condition_keys()
    effects = {statement["Effect"] for statement in statements if _applies(statement, access, keys)}
    if "Deny" in effects:
        return "explicit deny"
    return "allow" if "Allow" in effects else "implicit deny"


def _applies(statement: Mapping[str, Any], access: Access, keys: Mapping[str, str]) -> bool:
    action, resource = access.action.lower(), access.resource  # actions have no case
    return (
        _is_named(statement["Principal"], access)
        and _includes(statement, "Action", lambda pattern: matches(pattern.lower(), action))
        and _includes(statement, "Resource", lambda pattern: matches(pattern, resource))
        and all(
            _holds(operator, key, listed(wanted), keys)
            for operator, tests in statement.get("Condition", {}).items()
            for key, wanted in tests.items()
        )
    )


def _includes(statement: Mapping[str, Any], member: str, is_meant: Callable[[str], bool]) -> bool:
    """Whether a statement is about an action or a resource, be it by ``Action`` or by ``NotAction``."""
    excepted = statement.get(f"Not{member}")
    if excepted is not None:
        return not any(map(is_meant, listed(excepted)))
    return any(map(is_meant, listed(statement[member])))


def listed(value: Any) -> list[Any]:
    """The values that a policy gives as one or as a list."""
    return value if isinstance(value, list) else [value]


# ---- principals ----


def _is_named(principal: Any, access: Access) -> bool:
    if principal == "*":
        return True
    named = {"AWS": _is_identity, "Service": _is_service}
    return any(named[kind](name, access) for kind, names in principal.items() if kind in named for name in listed(names))


def _is_identity(name: str, access: Access) -> bool:
    caller = access.caller
    if name == "*":
        return True
    if is_account_id(name) or name.endswith(":root"):
        return caller.account_id == (name if is_account_id(name) else name.split(":")[4])
    return name == caller.identity or without_path(name) == role_of(caller.identity)


def _is_service(name: str, access: Access) -> bool:
    """A service may be named with the region or without, as ``logs.us-east-1.amazonaws.com``."""
    here = f".{access.region}."
    return access.caller.account_id is None and name.replace(here, ".") == access.caller.identity.replace(here, ".")


# ---- conditions ----


def _same_but_for_case(one: str, other: str) -> bool:
    return one.lower() == other.lower()


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    first, *pieces = (re.escape(piece).replace(r"\?", ".") for piece in pattern.split("*"))
    if not pieces:
        return re.compile(first, re.DOTALL)
    *inner, last = pieces
    found = "".join(
        f"(?>.*?{piece})" for piece in inner
    )  # each where it first occurs, and never elsewhere: many wildcards cost no more than one
    return re.compile(f"{first}{found}.*{last}", re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern in which ``*`` stands for any characters and ``?`` for one."""
    return _pattern(pattern).fullmatch(text) is not None


def arn_matches(pattern: str, arn: str) -> bool:
    """Whether an ARN fits a pattern part by part: a wildcard does not reach over the colons of the first five."""
    wanted, actual = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(actual) and all(map(matches, wanted, actual))


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": eq,
    "StringEqualsIgnoreCase": _same_but_for_case,
    "StringLike": matches,
    "ArnEquals": arn_matches,  # IAM's two operators for ARNs are the same
    "ArnLike": arn_matches,
    "Bool": _same_but_for_case,
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
CONDITION_OPERATORS = frozenset(
    {"Null", *_TESTS, *_NEGATED, *(f"{operator}IfExists" for operator in (*_TESTS, *_NEGATED))},
)
"""The operators of conditions that are modelled."""


def _holds(operator: str, key: str, wanted: list[str | bool], keys: Mapping[str, str]) -> bool:
    value, patterns = keys.get(key.lower()), [str(pattern) for pattern in wanted]  # only Bool and Null take JSON's own true, in any case
    if operator == "Null":
        return _same_but_for_case("true", patterns[0]) == (value is None)
    test = operator.removesuffix("IfExists")
    is_negated = test in _NEGATED
    if value is None:
        return is_negated or test != operator
    return any(_TESTS[_NEGATED.get(test, test)](pattern, value) for pattern in patterns) != is_negated
