"""Tags of functions."""

from __future__ import annotations

from collections.abc import Mapping

from fakelambda.domain import functions
from fakelambda.domain.errors import InvalidParameterValueException, NotModelled, ResourceNotFoundException
from fakelambda.domain.functions import Function
from fakelambda.domain.names import resolve
from fakelambda.operations.call import Answer, Call, operation

_NOT_FOUND = {"event-source-mapping": "Event source mapping not found: {}", "capacity-provider": "Capacity provider not found: {}"}


def _tagged(call: Call, resource: str) -> Function:
    kind = resource.split(":")[5]
    if kind in _NOT_FOUND:  # nothing of the kind can exist here yet
        raise ResourceNotFoundException(_NOT_FOUND[kind].format(resource))
    if kind != "function":
        raise NotModelled(f"{call.operation} of a {kind} is not modelled by fakelambda.")
    reference = resolve(resource, None, call.region, call.account_id)
    if reference.qualifier:
        raise InvalidParameterValueException("Tags on function aliases and versions are not supported. Please specify a function ARN.")
    return call.function(reference)


@operation("TagResource")
def tag_resource(call: Call, *, resource: str, tags: Mapping[str, str]) -> Answer:
    """TagResource: merges tags in; changes the function's revision id."""
    if not tags:
        raise InvalidParameterValueException("An error occurred and the request cannot be processed.")
    call.functions.put(functions.tag(_tagged(call, resource), tags, revision_id=call.new_id()))
    return {}


@operation("UntagResource")
def untag_resource(call: Call, *, resource: str, tag_keys: list[str]) -> Answer:
    """UntagResource: takes tags away, known or not; changes the function's revision id."""
    call.functions.put(functions.untag(_tagged(call, resource), tag_keys, revision_id=call.new_id()))
    return {}


@operation("ListTags")
def list_tags(call: Call, *, resource: str) -> Answer:
    """ListTags: those of a function."""
    return {"Tags": dict(_tagged(call, resource).tags)}
