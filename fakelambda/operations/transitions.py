"""What AWS finishes by itself: the ends of creations, updates, publications and deletions, and versions that fall idle and come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from fakelambda.domain import event_source_mappings, functions, lifecycle, provisioned_concurrency
from fakelambda.domain.event_source_mappings import EventSourceMapping, State
from fakelambda.domain.functions import Function, FunctionConfiguration
from fakelambda.domain.lifecycle import Reason
from fakelambda.domain.names import LATEST
from fakelambda.operations.call import Call, Service, Use
from fakelambda.state import Shelf

KINDS = ("create", "update", "publish", "restore", "provision")
"""Kinds of transition, which take time and can be told to fail."""

_NONE: Mapping[str, Reason] = MappingProxyType({})
_AT_ONCE = timedelta(0)


def settle_later(service: Service, function: Function, *versions: str, event: str, failures: Mapping[str, Reason] = _NONE) -> None:
    """Lets versions of a function settle when AWS would be done; one deleted or made anew meanwhile is left alone.

    Args:
        versions: numbers or ``$LATEST``.
        event: a kind of transition; how long it takes depends on it.
        failures: why versions fail that do, whatever the test has said.
    """

    def settle(found: Function, shelf: Shelf[Function]) -> None:
        there = [version for version in versions if found.version(version)]
        failure = _told_to_fail(service, found, event) if there else None
        for version in there:
            reason = failure or failures.get(version)
            if reason is None and version != LATEST and event != "publish":
                reason = _told_to_fail(service, found, "publish")
            found = functions.settle(found, version, revision_id=service.world.new_id(), failure=reason)
            if version == LATEST and reason is None:
                service.runner.discard(found, version)
            shelf.put(found)
            watch(service, found, version)

    _later(service, function, settle, kind=event, detail=", ".join(versions))


def settle_publication(service: Service, function: Function, published: FunctionConfiguration, *others: str, event: str) -> None:
    """Lets a new version settle when AWS would be done. Call it without the lock: for a snapshot the handler is imported now.

    Args:
        others: what settles with it.
        event: as for `settle_later`.
    """
    failures = _NONE
    try:
        if functions.is_snapshotted(published):
            failure = service.runner.initialise(function, published, published.version, published.initialization_type)
            failures = _NONE if failure is None else {published.version: Reason(failure, "FunctionError")}
    finally:
        settle_later(service, function, *others, published.version, event=event, failures=failures)


def restore_later(service: Service, function: Function, version: str) -> None:
    """Begins to bring an Inactive version back. Call it under the lock."""
    restoring = functions.restore(function, version, revision_id=service.world.new_id())
    _shelf(service, function).put(restoring)
    settle_later(service, restoring, version, event="restore")


def watch(service: Service, function: Function, version: str) -> None:
    """Lets a version fall idle that is Active, if nobody invokes it for long enough. Call it under the lock."""
    configuration = function.version(version)
    if configuration is None or configuration.life.state is not lifecycle.State.ACTIVE:
        return
    idle_time = service.idle_time(configuration)
    if idle_time is None:
        return
    uses, key = service.uses, (function.identity, version)
    if key in uses:  # it is waited for already
        uses[key].since = service.world.elapsed
        return
    uses[key] = Use(service.world.elapsed)

    def fall_idle(found: Function, shelf: Shelf[Function]) -> None:
        configuration = found.version(version)
        if configuration is None:
            uses.pop(key)
            return
        use = uses[key]
        is_in_use = use.running or found.provisioned(version) or not lifecycle.can(configuration.life, lifecycle.Event.FALL_IDLE)
        remaining = idle_time if is_in_use else use.since + idle_time - service.world.elapsed
        if remaining > _AT_ONCE:
            wait(remaining)
            return
        uses.pop(key)
        shelf.put(functions.fall_idle(found, version, revision_id=service.world.new_id()))
        service.runner.discard(found, version)

    def wait(delay: timedelta) -> None:
        _later(service, function, fall_idle, kind="idle", detail=version, delay=delay, otherwise=lambda: uses.pop(key))

    wait(idle_time)


def allocate_later(service: Service, function: Function, qualifier: str, *, initialised: bool) -> None:
    """Lets the allocation of provisioned concurrency end when AWS would be done; one changed or gone meanwhile is left alone.

    Args:
        qualifier: what it is for.
        initialised: whether the version's code can be initialised, so that it succeeds.
    """
    waiting = function.provisioned_concurrency_configs[qualifier]

    def allocate(found: Function, shelf: Shelf[Function]) -> None:
        version = found.resolve(qualifier)
        if version is None or found.provisioned_concurrency_configs.get(qualifier) is not waiting:
            return
        failure = _told_to_fail(service, found, "provision")
        if failure is not None:
            ended = provisioned_concurrency.fail(waiting, version.version, failure.text)
        elif initialised:
            ended = provisioned_concurrency.succeed(waiting, version.version)
        else:
            ended = provisioned_concurrency.fail(waiting, version.version)
        configs = functions.with_item(found.provisioned_concurrency_configs, qualifier, ended)
        shelf.put(replace(found, provisioned_concurrency_configs=configs))
        if waiting.version != version.version:
            service.runner.discard(found, waiting.version, provisioned_concurrency.INITIALIZATION_TYPE)

    _later(service, function, allocate, kind="provision", detail=qualifier)


def is_told_to_fail(service: Service, function: Function, kind: str) -> bool:
    """Whether the test wants the next transition of a kind to fail."""
    return bool(service.failures.get((function.account_id, function.region, function.name, kind)))


def _told_to_fail(service: Service, function: Function, kind: str) -> Reason | None:
    """Why a transition that ends now fails, where the test wants it to; it wants so once each time it says so."""
    waiting = service.failures.get((function.account_id, function.region, function.name, kind))
    return waiting.pop(0) if waiting else None


def _later(
    service: Service,
    function: Function,
    action: Callable[[Function, Shelf[Function]], None],
    *,
    kind: str,
    detail: str,
    delay: timedelta | None = None,
    otherwise: Callable[[], object] = lambda: None,
) -> None:
    """Schedules what happens to a function.

    Args:
        action: gets the function as it is then, and its shelf, under the lock.
        otherwise: what happens where the function is gone.
        delay: of what happens in the background, only if nobody prevents it; None for a transition, whose kind decides.
    """
    shelf, identity, name = _shelf(service, function), function.identity, function.name

    def act() -> None:
        with service.lock:
            found = shelf.get(name)
            if found is not None and found.identity == identity:
                action(found, shelf)
            else:
                otherwise()

    in_background = delay is not None
    due = service.transition_time(kind) if delay is None else delay
    service.schedule.add(due, act, kind=kind, function_name=name, detail=detail, in_background=in_background)


def _shelf(service: Service, function: Function) -> Shelf[Function]:
    return service.state.functions(function.account_id, function.region)


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
