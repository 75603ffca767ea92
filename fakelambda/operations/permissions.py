"""Resource policies: statements added to a function, a version or an alias."""

from __future__ import annotations

from dataclasses import replace

from fakelambda.domain import functions, policies, policy_documents
from fakelambda.domain.errors import InvalidParameterValueException, NotModelled, ResourceNotFoundException
from fakelambda.domain.functions import Function
from fakelambda.domain.names import LATEST, FunctionReference, can_be_alias, resolve
from fakelambda.domain.policies import Policy
from fakelambda.operations.authorisation import admitted
from fakelambda.operations.call import Answer, Call, operation


def _check_qualifier(function: Function, reference: FunctionReference) -> None:
    qualifier = reference.qualifier
    if qualifier is None or qualifier in function.aliases or function.version(qualifier):
        return
    what = "Cannot find alias arn" if can_be_alias(qualifier) else "Function not found"
    raise ResourceNotFoundException(f"{what}: {reference.qualified_arn()}")


def _revision_id(function: Function, qualifier: str) -> str | None:
    """What a new statement's revision id is held against: the policy's, and where there is none yet, that of what it would be for."""
    if qualifier in function.policies:
        return function.policies[qualifier].revision_id
    owner = function.aliases.get(qualifier) or function.version(qualifier or LATEST)
    return owner.revision_id if owner else None


def _refuse_latest(reference: FunctionReference) -> None:
    if reference.qualifier == LATEST:
        raise InvalidParameterValueException("We currently do not support adding policies for $LATEST.")


@operation("AddPermission")
def add_permission(
    call: Call,
    *,
    function: FunctionReference,
    statement_id: str,
    action: str,
    principal: str,
    source_arn: str | None = None,
    source_account: str | None = None,
    event_source_token: str | None = None,
    revision_id: str | None = None,
    principal_org_id: str | None = None,
    function_url_auth_type: str | None = None,
    invoked_via_function_url: bool | None = None,
) -> Answer:
    """AddPermission: one more statement in the policy of the function, or of the version or alias that is named."""
    _refuse_latest(function)
    found = call.function(function)
    _check_qualifier(found, function)
    qualifier = function.qualifier or ""
    policy = found.policies.get(qualifier)
    statement = policies.statement(
        statement_id=statement_id,
        action=action,
        principal=principal,
        resource=function.qualified_arn(),
        region=call.region,
        source_arn=source_arn,
        source_account=source_account,
        event_source_token=event_source_token,
        principal_org_id=principal_org_id,
        function_url_auth_type=function_url_auth_type,
        invoked_via_function_url=invoked_via_function_url,
    )
    functions.check_revision(revision_id, _revision_id(found, qualifier), read_with="GetPolicy")
    added = policies.add(policy, statement, revision_id=call.new_id())
    call.functions.put(replace(found, policies=functions.with_item(found.policies, qualifier, added)))
    return {"Statement": policies.statement_text(statement)}


@operation("RemovePermission")
def remove_permission(call: Call, *, function: FunctionReference, statement_id: str, revision_id: str | None = None) -> Answer:
    """RemovePermission: one statement less; with the last one the policy goes."""
    found = call.function(function, f"No policy found for: {function.arn()}")
    _check_qualifier(found, function)
    qualifier = function.qualifier or ""
    policy = found.policies.get(qualifier)
    if policy is None:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    functions.check_revision(revision_id, policy.revision_id, read_with="GetPolicy")
    kept = policies.remove(policy, statement_id, revision_id=call.new_id())
    changed = functions.with_item(found.policies, qualifier, kept) if kept else functions.without_item(found.policies, qualifier)
    call.functions.put(replace(found, policies=changed))
    return {}


@operation("GetPolicy")
def get_policy(call: Call, *, function: FunctionReference) -> Answer:
    """GetPolicy: the policy of the function, or of the version or alias that is named."""
    message = "The resource you requested does not exist."
    policy = call.function(function, message).policies.get(function.qualifier or "")
    if policy is None:
        raise ResourceNotFoundException(message)
    return {"Policy": policy.document(), "RevisionId": policy.revision_id}


# ---- whole policies, by the ARN of what they are for ----


def _owner(call: Call, resource_arn: str) -> tuple[Function, FunctionReference]:
    if resource_arn.split(":")[5].startswith("runtime/"):
        raise NotModelled(f"{call.operation} of a runtime is not modelled by fakelambda.")
    reference = resolve(resource_arn, None, call.region, call.account_id)
    admitted(call, reference)
    _refuse_latest(reference)
    function = call.function(reference)
    _check_qualifier(function, reference)
    return function, reference


def _existing(call: Call, resource_arn: str) -> tuple[Function, str, Policy]:
    function, reference = _owner(call, resource_arn)
    policy = function.policies.get(reference.qualifier or "")
    if policy is None:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return function, reference.qualifier or "", policy


@operation("PutResourcePolicy")
def put_resource_policy(call: Call, *, resource_arn: str, policy: str, revision_id: str | None = None) -> Answer:
    """PutResourcePolicy: in the place of the whole policy, of what AddPermission added too."""
    function, reference = _owner(call, resource_arn)
    qualifier = reference.qualifier or ""
    before = function.policies.get(qualifier)
    functions.check_revision(revision_id, before.revision_id if before else None, read_with="GetResourcePolicy")
    made = policy_documents.parse(policy, revision_id=call.new_id())
    call.functions.put(replace(function, policies=functions.with_item(function.policies, qualifier, made)))
    return {"Policy": made.document(), "RevisionId": made.revision_id}


@operation("GetResourcePolicy")
def get_resource_policy(call: Call, *, resource_arn: str) -> Answer:
    """GetResourcePolicy: the same policy as GetPolicy's."""
    _, _, policy = _existing(call, resource_arn)
    return {"Policy": policy.document(), "RevisionId": policy.revision_id}


@operation("DeleteResourcePolicy")
def delete_resource_policy(call: Call, *, resource_arn: str, revision_id: str | None = None) -> Answer:
    """DeleteResourcePolicy: the whole policy."""
    function, qualifier, policy = _existing(call, resource_arn)
    functions.check_revision(revision_id, policy.revision_id, read_with="GetResourcePolicy")
    call.functions.put(replace(function, policies=functions.without_item(function.policies, qualifier)))
    return {}
