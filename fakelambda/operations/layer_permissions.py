"""Resource policies of layer versions: which other accounts may use them."""

from __future__ import annotations

from fakelambda.domain import functions, layers, policies
from fakelambda.domain.errors import ResourceNotFoundException
from fakelambda.domain.layers import Layer
from fakelambda.domain.policies import Policy
from fakelambda.operations.call import Answer, Call, operation
from fakelambda.operations.layers import own


def _found(call: Call, layer_name: str, version_number: int) -> Layer:
    reference = own(call, layer_name, version_number)
    layer = call.layer(reference)
    if layer is None or version_number not in layer.versions:
        raise ResourceNotFoundException(f"Layer version {reference.version_arn(version_number)} does not exist.")
    return layer


def _policy(layer: Layer, version_number: int) -> Policy:
    policy = layer.policies.get(version_number)
    if policy is None:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    return policy


@operation("AddLayerVersionPermission")
def add_layer_version_permission(
    call: Call,
    *,
    layer_name: str,
    version_number: int,
    statement_id: str,
    action: str,
    principal: str,
    organization_id: str | None = None,
    revision_id: str | None = None,
) -> Answer:
    """AddLayerVersionPermission: one more statement in the policy of a version."""
    layer = _found(call, layer_name, version_number)
    policy = layer.policies.get(version_number)
    statement = policies.statement(
        statement_id=statement_id,
        action=action,
        principal=principal,
        resource=layer.versions[version_number].arn,
        region=call.region,
        principal_org_id=organization_id,
    )
    functions.check_revision(revision_id, policy.revision_id if policy else None, read_with="GetLayerPolicy")
    added = policies.add(policy, statement, revision_id=call.new_id())
    call.layers.put(layers.with_policy(layer, version_number, added))
    return {"Statement": policies.statement_text(statement), "RevisionId": added.revision_id}


@operation("RemoveLayerVersionPermission")
def remove_layer_version_permission(
    call: Call, *, layer_name: str, version_number: int, statement_id: str, revision_id: str | None = None
) -> Answer:
    """RemoveLayerVersionPermission: one statement less; with the last one the policy goes. Functions keep the layers that they use."""
    layer = _found(call, layer_name, version_number)
    policy = _policy(layer, version_number)
    functions.check_revision(revision_id, policy.revision_id, read_with="GetLayerPolicy")
    kept = policies.remove(policy, statement_id, revision_id=call.new_id())
    call.layers.put(layers.with_policy(layer, version_number, kept))
    return {}


@operation("GetLayerVersionPolicy")
def get_layer_version_policy(call: Call, *, layer_name: str, version_number: int) -> Answer:
    """GetLayerVersionPolicy: the policy of a version."""
    policy = _policy(_found(call, layer_name, version_number), version_number)
    return {"Policy": policy.document(), "RevisionId": policy.revision_id}
