"""Whoever calls Lambda without being a client of the test: other services, and users and roles of other accounts."""

from __future__ import annotations

import json
import re
from typing import Any

from fakelambda.domain.names import partition_of, region_of
from fakelambda.domain.principals import Caller, Membership, is_account_id
from fakelambda.inspection.records import Invocation, InvocationType
from fakelambda.observation import Observation

_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_ASYNCHRONOUS = frozenset(
    {
        *("s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com", "logs.amazonaws.com"),
        *("ses.amazonaws.com", "iot.amazonaws.com", "config.amazonaws.com", "cloudformation.amazonaws.com", "codecommit.amazonaws.com"),
        *("codepipeline.amazonaws.com", "lambda.alarms.cloudwatch.amazonaws.com"),
    }
)
"""The services that do not wait for the answer, by AWS's documentation."""


class Callers(Observation):
    """The part of a fake that lets others call."""

    def invoke_as(
        self,
        principal: str,
        function_name: str,
        payload: Any,
        source_arn: str | None = None,
        source_account: str | None = None,
        *,
        invocation_type: InvocationType | None = None,
        event_source_token: str | None = None,
    ) -> list[Invocation]:
        """Invokes a function as a service or as somebody of another account, if the function's policy lets it.

        The policy is that of exactly the version or alias that is named. Callers of the function's own account need none.

        Args:
            principal: a service such as ``"s3.amazonaws.com"``, an account id, or the ARN of a user, a role or a role's session.
            function_name: a name or ARN, optionally with a qualifier; an ARN may be of another region or account.
            payload: the event: bytes or text as it is sent, or whatever else JSON has.
            source_arn: the resource on whose behalf a service calls, for permissions with ``SourceArn``.
            source_account: the account that owns it, for permissions with ``SourceAccount``; by default the one in ``source_arn``, which
                the ARNs of buckets lack.
            invocation_type: ``"RequestResponse"``, ``"Event"`` or ``"DryRun"``; by default ``"Event"`` for services that do not wait for
                the answer, such as S3, SNS and EventBridge.
            event_source_token: what Alexa sends along, for permissions with ``EventSourceToken``.

        Returns:
            The invocations of this event that have ended: one, or none where it waits or is not to run.

        Raises:
            botocore.exceptions.ClientError: what AWS answers, ``AccessDeniedException`` to whom no policy lets in.
            TypeError: the payload is nothing that JSON has.
            ValueError: the principal or its source is none.

        Example:
            >>> [invocation] = fake.invoke_as("s3.amazonaws.com", "thumbnails", {"Records": []}, source_arn="arn:aws:s3:::photos")
            >>> assert invocation.result == "done"
        """
        region = region_of(function_name) or self.region
        caller = Caller.of(
            principal,
            partition_of(region),
            source_arn=source_arn,
            source_account=source_account,
            event_source_token=event_source_token,
        )
        is_asynchronous = principal.replace(f".{region}.", ".") in _ASYNCHRONOUS
        parameters = {
            "FunctionName": function_name,
            "InvocationType": invocation_type or ("Event" if is_asynchronous else "RequestResponse"),
            "Payload": _sent(payload),
        }
        service = self._service
        with service.lock:
            before = service.invocations.last_place()
        answer = self._server.invoke(caller, region, parameters)
        with service.lock:
            ended = service.invocations.ended_since(before)
        return [invocation for invocation in ended if invocation.request_id == answer["ResponseMetadata"]["RequestId"]]

    def join_organization(self, organization_id: str, *account_ids: str) -> None:
        """Makes accounts members of an organization, for permissions with ``PrincipalOrgID``; until then they are in none.

        Args:
            organization_id: such as ``"o-a1b2c3d4e5"``.
            account_ids: 12 digits each; one that was a member of another organization leaves it.

        Raises:
            ValueError: no such id can be, or no account is named.

        Example:
            >>> fake.join_organization("o-a1b2c3d4e5", "999999999999")
            >>> fake.client(account_id="999999999999").invoke(FunctionName=arn_of_a_function_that_the_organization_may_invoke)
        """
        if not _ORGANIZATION.fullmatch(organization_id):
            raise ValueError(f"{organization_id!r}: an organization's id is 'o-' and 10 to 32 small letters or digits: 'o-a1b2c3d4e5'.")
        wrong = [account_id for account_id in account_ids if not is_account_id(account_id)]
        if wrong or not account_ids:
            raise ValueError(f"join_organization({organization_id!r}, ...) takes account ids of 12 digits, not {wrong or 'nothing'}.")
        with self._service.lock:
            for account_id in account_ids:
                self._service.state.memberships.put(Membership(account_id, organization_id))


def _sent(payload: Any) -> bytes:
    """An event as the bytes that are sent."""
    if isinstance(payload, bytes):
        return payload
    return (payload if isinstance(payload, str) else json.dumps(payload)).encode()
