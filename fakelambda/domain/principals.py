"""Principals: who may be named in a policy, and who calls."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com)")
_IDENTITY = re.compile(r"arn:aws[a-zA-Z-]*:(?:iam|sts)::(?P<account_id>\d{12}):(?:root|(?:user|role|assumed-role|federated-user)/.+)")
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_ROLE = re.compile(r"(arn:[^:]+:iam::\d{12}:role/)(?:.+/)?([^/]+)")
_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account_id>\d{12}):assumed-role/(?P<name>[^/]+)/.+")

_COLONS_OF_AN_ARN = 5


def is_account_id(text: str) -> bool:
    """Whether a text is an account id: 12 digits."""
    return _ACCOUNT.fullmatch(text) is not None


def is_service(text: str) -> bool:
    """Whether a text is a service's principal, such as ``s3.amazonaws.com``."""
    return _SERVICE.fullmatch(text) is not None


def account_of(identity: str) -> str | None:
    """The account of the ARN of a root, user, role or session; None where a text is no such ARN."""
    form = _IDENTITY.fullmatch(identity)
    return None if form is None else form["account_id"]


def root_of(account_id: str, partition: str) -> str:
    """The ARN that stands for an account."""
    return f"arn:{partition}:iam::{account_id}:root"


def role_of(session: str) -> str | None:
    """The ARN of the role that a session was assumed from, without the path, which sessions do not show; None for whatever else."""
    form = _SESSION.fullmatch(session)
    return None if form is None else f"arn:{form['partition']}:iam::{form['account_id']}:role/{form['name']}"


def without_path(role: str) -> str:
    """The ARN of a role without its path; the name alone tells the roles of an account apart. Whatever else stays as it is."""
    form = _ROLE.fullmatch(role)
    return role if form is None else "".join(form.groups())


@dataclass(frozen=True, slots=True)
class Membership:
    """That an account is in an organization, the only one it can be in."""

    account_id: str
    organization_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, and what AWS knows of the call.

    Args:
        identity: the ARN of an account's root, of a user, a role or a session; or a service's principal.
        account_id: its account; None for a service, which has none.
        source_arn: for a service, the ARN of the resource on whose behalf it calls.
        source_account: for a service, the account that owns that resource.
        event_source_token: what Alexa sends along.
    """

    identity: str
    account_id: str | None
    source_arn: str | None = None
    source_account: str | None = None
    event_source_token: str | None = None

    @classmethod
    def of(
        cls,
        principal: str,
        partition: str,
        *,
        source_arn: str | None = None,
        source_account: str | None = None,
        event_source_token: str | None = None,
    ) -> Caller:
        """Whoever a principal names.

        Args:
            principal: a service, the ARN of a root, user, role or session, or an account id.
            source_account: by default the account in the source's ARN, where it has one.

        Raises:
            ValueError: it is none of these, or the source's ARN or account is none.
        """
        account_id = principal if is_account_id(principal) else account_of(principal)
        if account_id is None and not is_service(principal):
            raise ValueError(
                f"{principal!r} is no principal: give a service such as 's3.amazonaws.com', an account id of 12 digits, "
                "or the ARN of a user, a role or a role's session."
            )
        if source_arn is not None and source_arn.count(":") < _COLONS_OF_AN_ARN:
            raise ValueError(f"source_arn={source_arn!r}: an ARN has six parts, such as 'arn:aws:s3:::photos'.")
        if source_account is not None and not is_account_id(source_account):
            raise ValueError(f"source_account={source_account!r}: an AWS account id has 12 digits, such as '123456789012'.")
        return cls(
            identity=root_of(principal, partition) if principal == account_id else principal,
            account_id=account_id,
            source_arn=source_arn,
            source_account=source_account or (source_arn.split(":")[4] if source_arn else None) or None,
            event_source_token=event_source_token,
        )
