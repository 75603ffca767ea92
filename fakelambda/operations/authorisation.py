"""Who may call: the one place where resource policies are asked.

There is no IAM here, so that whoever is of the account that owns a resource may do everything to it. Others may do what its policy allows.
"""

from __future__ import annotations

from copy import copy

from fakelambda.domain.errors import AccessDeniedException
from fakelambda.domain.names import FunctionReference
from fakelambda.domain.policies import Policy
from fakelambda.domain.policy_evaluation import Access, evaluate
from fakelambda.domain.principals import Caller
from fakelambda.operations.call import Call, Service

CROSS_ACCOUNT_OPERATIONS = frozenset(
    {
        *("Invoke", "InvokeWithResponseStream", "GetFunction", "GetFunctionConfiguration", "UpdateFunctionCode", "DeleteFunction"),
        *("PublishVersion", "ListVersionsByFunction", "CreateAlias", "GetAlias", "ListAliases", "UpdateAlias", "DeleteAlias"),
        *("GetPolicy", "PutFunctionConcurrency", "DeleteFunctionConcurrency", "ListTags", "TagResource", "UntagResource"),
    }
)
"""What a function's policy can open to other accounts, by AWS's documentation."""

_ACTIONS = {
    "Invoke": "lambda:InvokeFunction",
    "InvokeWithResponseStream": "lambda:InvokeFunction",
}  # the others are named as their operations


def admitted(call: Call, reference: FunctionReference) -> Call:
    """A call as it goes on in the account of the function that it names.

    Raises:
        AccessDeniedException: the caller is of another account, or a service, and no policy lets it in.
    """
    caller = call.caller()
    if caller.account_id != reference.account_id:
        if call.operation not in CROSS_ACCOUNT_OPERATIONS:
            raise AccessDeniedException(None)  # where no policy could help, AWS says no more [recorded]
        authorise(call.service, caller, _ACTIONS.get(call.operation, f"lambda:{call.operation}"), reference)
    admitted = copy(call)
    admitted.account_id = reference.account_id
    return admitted


def authorise(service: Service, caller: Caller, action: str, reference: FunctionReference) -> None:
    """Checks that a caller may do something to a function, version or alias: by the policy of exactly the qualifier that is named.

    Args:
        action: such as ``lambda:InvokeFunction``.

    Raises:
        AccessDeniedException: it is of another account, or a service, and the policy does not allow it; whether the function exists or not.
    """
    if caller.account_id == reference.account_id:
        return
    with service.lock:
        function = service.state.functions(reference.account_id, reference.region).get(reference.name)
    policy = function.policies.get(reference.qualifier or "") if function else None
    _check(service, caller, action, reference.qualified_arn(), policy)


def authorise_layer(
    service: Service, caller: Caller, layer_version_arn: str, policy: Policy | None, *, action: str = "lambda:GetLayerVersion"
) -> None:
    """Checks that a caller may use or look at a version of a layer, or do something else to it.

    Args:
        layer_version_arn: or that of the layer, for what is done to no version of it.
        policy: that of the version; None where it has none, or where there is no such version.

    Raises:
        AccessDeniedException: it is of another account, and the policy does not allow it.
    """
    if caller.account_id != layer_version_arn.split(":")[4]:
        _check(service, caller, action, layer_version_arn, policy)


def _check(service: Service, caller: Caller, action: str, resource: str, policy: Policy | None) -> None:
    membership = service.state.memberships.get(caller.account_id or "")
    access = Access(
        caller=caller,
        action=action,
        resource=resource,
        region=resource.split(":")[3],
        organization_id=membership.organization_id if membership else None,
    )
    decision = evaluate(policy.statements if policy else (), access)
    if decision == "allow":
        return
    because = (
        "with an explicit deny in a resource-based policy"
        if decision == "explicit deny"
        else f"because no resource-based policy allows the {action} action"
    )
    raise AccessDeniedException(f"User: {caller.identity} is not authorized to perform: {action} on resource: {resource} {because}")
