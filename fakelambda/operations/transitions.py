"""What AWS finishes by itself: the ends of creations and updates, as entries of the schedule."""

from __future__ import annotations

from fakelambda.domain import functions
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
