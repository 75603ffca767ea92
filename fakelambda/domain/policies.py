"""Resource policies of functions: one of the function, of each version and of each alias."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from fakelambda.domain.errors import (
    InvalidParameterValueException,
    PolicyLengthExceededException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from fakelambda.domain.names import partition_of
from fakelambda.domain.principals import account_of, is_account_id, is_service, root_of

MAXIMUM_POLICY_LENGTH = 20 * 1024
_HEAD: MappingProxyType[str, Any] = MappingProxyType({"Version": "2012-10-17", "Id": "default"})


@dataclass(frozen=True, slots=True)
class Policy:
    """A resource policy: its statements in order of addition, and its own revision id.

    Args:
        head: what stands before the statements.
    """

    statements: tuple[Mapping[str, Any], ...]
    revision_id: str
    head: Mapping[str, Any] = field(default_factory=lambda: _HEAD)

    def document(self) -> str:
        """The policy as the JSON text that AWS answers with."""
        return _text({**self.head, "Statement": self.statements})


def statement(
    *,
    statement_id: str,
    action: str,
    principal: str,
    resource: str,
    region: str,
    source_arn: str | None = None,
    source_account: str | None = None,
    event_source_token: str | None = None,
    principal_org_id: str | None = None,
    function_url_auth_type: str | None = None,
    invoked_via_function_url: bool | None = None,
) -> dict[str, Any]:
    """A statement with its members in AWS's order.

    Raises:
        InvalidParameterValueException: no such principal can be.
    """
    equals = {
        "AWS:SourceAccount": source_account,
        "lambda:FunctionUrlAuthType": function_url_auth_type,
        "aws:PrincipalOrgID": principal_org_id,
        "lambda:EventSourceToken": event_source_token,
    }
    conditions = {
        "StringEquals": {key: value for key, value in equals.items() if value is not None},
        "ArnLike": {} if source_arn is None else {"AWS:SourceArn": source_arn},
        "Bool": {} if invoked_via_function_url is None else {"lambda:InvokedViaFunctionUrl": str(invoked_via_function_url).lower()},
    }
    condition = {operator: tests for operator, tests in conditions.items() if tests}
    made = {"Sid": statement_id, "Effect": "Allow", "Principal": _principal(principal, region), "Action": action, "Resource": resource}
    return {**made, "Condition": condition} if condition else made


def statement_text(made: Mapping[str, Any]) -> str:
    """A statement as the JSON text that AWS answers with."""
    return _text(made)


def add(policy: Policy | None, made: Mapping[str, Any], *, revision_id: str) -> Policy:
    """The policy with one more statement.

    Raises:
        ResourceConflictException: its id is used already.
        PolicyLengthExceededException: the policy would grow over 20 KB.
    """
    statements = policy.statements if policy else ()
    if any(other.get("Sid") == made["Sid"] for other in statements):
        raise ResourceConflictException(
            f"The statement id ({made['Sid']}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    grown = Policy((*statements, made), revision_id, policy.head) if policy else Policy((made,), revision_id)
    check_length(grown)
    return grown


def check_length(policy: Policy) -> None:
    """Refuse a policy that is too long.

    Raises:
        PolicyLengthExceededException: it is over 20 KB.
    """
    size = len(policy.document().encode())
    if size > MAXIMUM_POLICY_LENGTH:
        raise PolicyLengthExceededException(f"The final policy size ({size}) is bigger than the limit ({MAXIMUM_POLICY_LENGTH}).")


def remove(policy: Policy, statement_id: str, *, revision_id: str) -> Policy | None:
    """The policy without a statement; None when it was the last.

    Raises:
        ResourceNotFoundException: there is no such statement.
    """
    kept = tuple(made for made in policy.statements if made.get("Sid") != statement_id)
    if len(kept) == len(policy.statements):
        raise ResourceNotFoundException(f"Statement {statement_id} is not found in resource policy.")
    return replace(policy, statements=kept, revision_id=revision_id) if kept else None


def _principal(principal: str, region: str) -> str | dict[str, str]:
    if principal == "*":
        return "*"
    if is_account_id(principal):
        return {"AWS": root_of(principal, partition_of(region))}
    if account_of(principal):
        return {"AWS": principal}
    if is_service(principal):
        return {"Service": principal}
    raise InvalidParameterValueException("The provided principal was invalid. Please check the principal and try again.")


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
