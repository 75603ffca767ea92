"""What holds of AWS Lambda whatever its callers do, checked by comparing what there is with what there was."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from fakelambda.domain.aliases import Alias
from fakelambda.domain.functions import Function, FunctionConfiguration
from fakelambda.domain.names import LATEST, resolve
from fakelambda.domain.policies import Policy
from fakelambda.inspection.records import ApiCall, Invocation
from fakelambda.schedule.schedule import Pending

Resource = FunctionConfiguration | Alias | Policy

_READING = ("Get", "List", "Invoke")
_LIFE = {"life", "revision_id", "snap_start"}  # what goes on changing after publication
_MOST_ATTEMPTS = 3
_SURELY_KEPT = timedelta(seconds=30)  # the next attempt of such an event is within the least MaximumEventAgeInSeconds, 60


def broken_by_functions(before: Mapping[str, Function], now: Mapping[str, Function], calls: Iterable[ApiCall]) -> list[str]:
    """What is wrong with functions, in words.

    Args:
        before: what there was when somebody last looked, by identity.
        now: what there is.
        calls: that were made in between.
    """
    is_quiet = all(call.operation.startswith(_READING) for call in calls)
    broken: list[str] = []
    for identity, function in now.items():
        previous = before.get(identity)
        if previous is function:  # records are frozen
            continue
        broken += _aliases(function)
        if previous is not None:
            broken += [*_versions(previous, function), *_revisions(previous, function, is_quiet=is_quiet)]
    return broken


def _aliases(function: Function) -> Iterator[str]:
    for name, alias in function.aliases.items():
        weights = alias.additional_version_weights
        for version in (alias.function_version, *weights):
            if function.version(version) is None:
                yield f"{function.name}:{name} leads to version {version}, which there is not."
        if len(weights) > 1:
            yield f"{function.name}:{name} has {len(weights)} additional versions, more than one: {dict(weights)}."
        for version, weight in weights.items():
            if not 0 <= weight <= 1:
                yield f"{function.name}:{name} gives version {version} the weight {weight}, which is not within 0..1."


def _versions(before: Function, now: Function) -> Iterator[str]:
    for number, version in now.versions.items():
        previous = before.versions.get(number)
        if previous is not None:
            changes = _changes(previous, version, but=_LIFE)
            if changes:
                yield f"{now.name}:{number} is a published version and has changed: {', '.join(changes)}."
        elif int(number) <= before.last_published:
            yield f"{now.name}:{number} is new, though that number was given before: the last one was {before.last_published}."


def _revisions(before: Function, now: Function, *, is_quiet: bool) -> Iterator[str]:
    earlier = _resources(before)
    for name, resource in _resources(now).items():
        previous = earlier.get(name)
        if previous is None or previous is resource:
            continue
        changes = _changes(previous, resource, but={"revision_id"})
        is_renewed = previous.revision_id != resource.revision_id
        if changes and not is_renewed:
            yield f"{name} has changed and kept its revision id: {', '.join(changes)}."
        elif is_renewed and not changes and is_quiet:
            yield f"{name} has got another revision id, and nothing has changed it."


def _resources(function: Function) -> dict[str, Resource]:
    """Whatever of a function has a revision id, by what to call it."""
    return {
        f"{function.name}:{LATEST}": function.latest,
        **{f"{function.name}:{number}": version for number, version in function.versions.items()},
        **{f"{function.name}:{name}": alias for name, alias in function.aliases.items()},
        **{f"The policy of {function.name}:{qualifier}".removesuffix(":"): it for qualifier, it in function.policies.items()},
    }


def _changes(before: Resource, now: Resource, *, but: set[str]) -> list[str]:
    """What differs, in AWS's direction: ``description 'a' -> 'b'``."""
    names = [field.name for field in fields(before) if field.init and field.name not in but]  # the others only remember something
    pairs = [(name, getattr(before, name), getattr(now, name)) for name in names]
    return [f"{name} {_short(old)} -> {_short(new)}" for name, old, new in pairs if old is not new and old != new]


def _short(value: Any) -> str:
    return repr(getattr(value, "code_sha256", value))


class Events:
    """The asynchronous events of the test itself that were accepted and have not run yet."""

    def __init__(self) -> None:
        self._accepted: dict[str, tuple[str, datetime]] = {}

    def broken(
        self, steady: Collection[str], calls: Iterable[ApiCall], runs: Iterable[Invocation], pending: Iterable[Pending], now: datetime
    ) -> list[str]:
        """What is wrong with events, in words.

        Args:
            steady: ARNs of the functions that are what they were when somebody last looked, and that run.
            calls: that were made since then.
            runs: all so far.
            pending: what waits.
            now: the time.
        """
        by_request, waiting = defaultdict[str, list[Invocation]](list), Counter[str]()
        for run in runs:
            if run.invocation_type == "Event":
                by_request[run.request_id].append(run)
        waiting.update(entry.detail.split()[1] for entry in pending if entry.kind == "asynchronous invocation")
        broken = [text for request_id, tries in by_request.items() for text in _of_one_event(request_id, tries, waiting[request_id])]
        self._accepted |= {call.request_id: (_arn(call), call.at) for call in calls if call.at is not None and _is_accepted_event(call)}
        for request_id, (arn, at) in [*self._accepted.items()]:
            if not waiting[request_id]:
                del self._accepted[request_id]
                if request_id not in by_request and arn in steady and now - at <= _SURELY_KEPT:
                    broken.append(f"The event {request_id} of {arn} was accepted, has not run, and does not wait.")
        return broken


def _is_accepted_event(call: ApiCall) -> bool:
    """Whether a test has queued an event; what handlers send may be stopped as a loop."""
    is_event = call.operation == "InvokeAsync" or (call.operation == "Invoke" and call.parameters.get("InvocationType") == "Event")
    return is_event and call.error is None and call.made_in is None


def _arn(call: ApiCall) -> str:
    return resolve(call.parameters["FunctionName"], None, call.region, call.account_id).arn()


def _of_one_event(request_id: str, runs: list[Invocation], waiting: int) -> Iterator[str]:
    attempts = [run.attempt for run in runs]
    name = f"The event {request_id} of {runs[0].function_name}"
    if attempts != list(range(1, len(runs) + 1)) or len(runs) > _MOST_ATTEMPTS:
        yield f"{name} was tried in the order {attempts}, not 1, 2, 3."
    if any(run.error_payload is None for run in runs[:-1]):
        yield f"{name} ran again after it had succeeded."
    is_over = runs[-1].error_payload is None or len(runs) == _MOST_ATTEMPTS
    if waiting > 1 - is_over:
        yield f"{name} waits {waiting} times, though it {'is over' if is_over else 'was sent once'}."
