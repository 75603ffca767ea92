"""Tags of functions and of event source mappings."""

from __future__ import annotations

from collections.abc import Mapping

from fakelambda.domain import event_source_mappings, functions
from fakelambda.domain.errors import InvalidParameterValueException, NotModelled, ResourceNotFoundException
from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.domain.functions import Function
from fakelambda.domain.names import resolve
from fakelambda.operations.authorisation import admitted
from fakelambda.operations.call import Answer, Call, operation


def _tagged(call: Call, resource: str) -> tuple[Call, Function | EventSourceMapping]:
    """The call as it goes on in the account of what it names, and what it names."""
    kind, name = resource.split(":")[5:7]
    if kind == "event-source-mapping":
        mapping = call.event_source_mappings.get(name)
        if mapping is None or mapping.arn != resource:
            raise ResourceNotFoundException(f"Event source mapping not found: {resource}")
        return call, mapping
    if kind == "capacity-provider":  # none can exist here yet
        raise ResourceNotFoundException(f"Capacity provider not found: {resource}")
    if kind != "function":
        raise NotModelled(f"{call.operation} of a {kind} is not modelled by fakelambda.")
    reference = resolve(resource, None, call.region, call.account_id)
    call = admitted(call, reference)
    if reference.qualifier:
        raise InvalidParameterValueException("Tags on function aliases and versions are not supported. Please specify a function ARN.")
    return call, call.function(reference)


@operation("TagResource")
def tag_resource(call: Call, *, resource: str, tags: Mapping[str, str]) -> Answer:
    """TagResource: merges tags in; changes the revision id of a function."""
    if not tags:
        raise InvalidParameterValueException("An error occurred and the request cannot be processed.")
    call, tagged = _tagged(call, resource)
    if isinstance(tagged, Function):
        call.functions.put(functions.tag(tagged, tags, revision_id=call.new_id()))
    else:
        call.event_source_mappings.put(event_source_mappings.tag(tagged, tags))
    return {}


@operation("UntagResource")
def untag_resource(call: Call, *, resource: str, tag_keys: list[str]) -> Answer:
    """UntagResource: takes tags away, known or not; changes the revision id of a function."""
    call, tagged = _tagged(call, resource)
    if isinstance(tagged, Function):
        call.functions.put(functions.untag(tagged, tag_keys, revision_id=call.new_id()))
    else:
        call.event_source_mappings.put(event_source_mappings.untag(tagged, tag_keys))
    return {}


@operation("ListTags")
def list_tags(call: Call, *, resource: str) -> Answer:
    """ListTags: those of a function or an event source mapping."""
    _, tagged = _tagged(call, resource)
    return {"Tags": dict(tagged.tags)}
