"""What AWS finishes by itself: the ends of creations, updates and deletions, as entries of the schedule."""

from __future__ import annotations

from dataclasses import replace

from fakelambda.domain import event_source_mappings, functions, provisioned_concurrency
from fakelambda.domain.event_source_mappings import EventSourceMapping, State
from fakelambda.domain.functions import Function
from fakelambda.operations.call import Call


def settle_later(call: Call, function: Function, *versions: str, event: str) -> None:
    """Lets versions of a function settle when AWS would be done; one deleted or made anew meanwhile is left alone.

    Args:
        versions: numbers or ``$LATEST``.
        event: ``"create"``, ``"update"`` or ``"publish"``; how long it takes depends on it.
    """
    service, shelf, identity, name = call.service, call.functions, function.identity, function.name

    def settle() -> None:
        with service.lock:
            found = shelf.get(name)
            if found is None or found.identity != identity:
                return
            for version in versions:
                found = functions.settle(found, version, revision_id=service.world.new_id())
                service.runner.discard(found, version)
            shelf.put(found)

    service.schedule.add(service.transition_time(event), settle, kind=event, function_name=name, detail=", ".join(versions))


def allocate_later(call: Call, function: Function, qualifier: str, *, initialised: bool) -> None:
    """Lets the allocation of provisioned concurrency end when AWS would be done; one changed or gone meanwhile is left alone.

    Args:
        qualifier: what it is for.
        initialised: whether the version's code can be initialised, so that it succeeds.
    """
    service, shelf, identity, name = call.service, call.functions, function.identity, function.name
    waiting = function.provisioned_concurrency_configs[qualifier]
    end = provisioned_concurrency.succeed if initialised else provisioned_concurrency.fail

    def allocate() -> None:
        with service.lock:
            found = shelf.get(name)
            if found is None or found.identity != identity:
                return
            version = found.resolve(qualifier)
            if version is None or found.provisioned_concurrency_configs.get(qualifier) is not waiting:
                return
            configs = functions.with_item(found.provisioned_concurrency_configs, qualifier, end(waiting, version.version))
            shelf.put(replace(found, provisioned_concurrency_configs=configs))
            if waiting.version != version.version:
                service.runner.discard(found, waiting.version, provisioned_concurrency.INITIALIZATION_TYPE)

    service.schedule.add(service.transition_time("provision"), allocate, kind="provision", function_name=name, detail=qualifier)


def settle_mapping_later(call: Call, mapping: EventSourceMapping) -> None:
    """Lets an event source mapping settle when AWS would be done; polling begins where it is Enabled then."""
    service, shelf, uuid = call.service, call.event_source_mappings, mapping.uuid

    def settle() -> None:
        with service.lock:
            found = shelf.get(uuid)
            if found is None or found.state is not mapping.state:
                return
            settled = event_source_mappings.settle(found, at=service.world.now())
            if settled is None:
                shelf.remove(uuid)
                return
            shelf.put(settled)
        if settled.state is State.ENABLED:
            service.begin_polling(settled)

    time = service.transition_time("event_source_mapping")
    service.schedule.add(time, settle, kind="event source mapping", function_name=mapping.function.name, detail=f"{mapping.state} {uuid}")
