"""Puts the house together: the options of a fake, and the service made from them."""

from __future__ import annotations

import random as chance
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from fakelambda.aws.neighbours import Neighbours
from fakelambda.domain.functions import FunctionConfiguration
from fakelambda.domain.names import is_region
from fakelambda.inspection.records import Invocations
from fakelambda.operations import modelled  # noqa: F401 - whoever composes a service wants every operation in the table
from fakelambda.operations.call import Service
from fakelambda.runtime.runner import Runner
from fakelambda.schedule.schedule import Schedule
from fakelambda.sources.pollers import poller_of
from fakelambda.state import State
from fakelambda.world import World

_REALISTIC: Mapping[str, timedelta] = {
    "create": timedelta(seconds=3),
    "update": timedelta(seconds=2),
    "publish": timedelta(seconds=20),  # of a version with SnapStart
    "provision": timedelta(seconds=20),
    "event_source_mapping": timedelta(seconds=5),  # each of its changes
    "restore": timedelta(seconds=3),  # of a version that is Inactive
    "idle": timedelta(days=14),  # until it is: as long as snapshots are kept [docs]; of the other resources "weeks" is said
}
_LIFECYCLES: Mapping[str, Mapping[str, timedelta]] = {"instant": {}, "realistic": _REALISTIC}
_ACCOUNT_ID = re.compile(r"'\d{12}'", re.ASCII)  # with quotes: a number is a common mistake, and loses leading zeros


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The keywords of a ``FakeLambda``, which documents them.

    Raises:
        ValueError: a keyword has a value that it cannot have.
    """

    region: str
    account_id: str
    seed: int
    lifecycle: str | Mapping[str, float | timedelta]
    schedule: str
    sleep: str
    random: chance.Random | None
    reraise: tuple[type[BaseException], ...]
    inherit_env: bool | tuple[str, ...]

    def __post_init__(self) -> None:
        if not is_region(str(self.region)):
            raise ValueError(f"region={self.region!r}: must be the name of a region, such as 'us-east-1'.")
        _transition_times(self.lifecycle)
        _check("schedule", self.schedule, ("automatic", "manual"))
        _check("sleep", self.sleep, ("virtual", "real"))
        if not _ACCOUNT_ID.fullmatch(repr(self.account_id)):
            raise ValueError(f"account_id={self.account_id!r}: an AWS account id has 12 digits, such as '123456789012'.")
        if self.random is not None and not callable(getattr(self.random, "random", None)):
            raise ValueError(f"random={self.random!r}: must be a random.Random, such as random.Random(7).")

    def keywords(self) -> dict[str, object]:
        """What makes another fake like this one."""
        return {name: getattr(self, name) for name in self.__slots__}


def exceptions(reraise: type[BaseException] | Iterable[type[BaseException]]) -> tuple[type[BaseException], ...]:
    """The exceptions that the keyword ``reraise`` names.

    Raises:
        ValueError: it is no class of exceptions, nor several.
    """
    given: object = reraise
    classes = tuple(given) if isinstance(given, Iterable) and not isinstance(given, type) else (given,)
    if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in classes):
        raise ValueError(f"reraise={reraise!r}: must be a class of exceptions or several, such as ValueError or (ValueError, KeyError).")
    return cast("tuple[type[BaseException], ...]", classes)


def variables(inherit_env: bool | Iterable[str]) -> bool | tuple[str, ...]:  # noqa: FBT001 - the contract takes both
    """The environment variables that the keyword ``inherit_env`` names; True for all.

    Raises:
        ValueError: it is neither a truth value nor several names.
    """
    if isinstance(inherit_env, bool):
        return inherit_env
    given: object = inherit_env
    names = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else None
    if names is None or not all(isinstance(name, str) for name in names):
        raise ValueError(f"inherit_env={inherit_env!r}: must be names of variables, such as ['HOME'], or True for all.")
    return names


def compose(options: Options, neighbours: Neighbours, sleep: Callable[[float], None]) -> Service:
    """A new service: no functions, no history, the seed's streams at their beginning.

    Args:
        sleep: what ``time.sleep`` in a handler does where sleep is virtual.
    """
    world = World(options.seed, options.random)
    times = _transition_times(options.lifecycle)
    service = Service(
        world=world,
        state=State(),
        schedule=Schedule(world),
        lock=threading.RLock(),
        runner=Runner(world, options.inherit_env, sleep if options.sleep == "virtual" else None),
        neighbours=neighbours,
        invocations=Invocations(),
        transition_time=lambda event: times.get(event, timedelta(0)),
        idle_time=_idle_times(options.lifecycle),
        routes={},
        reraise=options.reraise,
        begin_polling=lambda mapping: poller_of(service, mapping),
    )
    return service


def _transition_times(lifecycle: str | Mapping[str, float | timedelta]) -> Mapping[str, timedelta]:
    """How long AWS takes for each kind of transition; those left out happen at once.

    Raises:
        ValueError: no such lifecycle or kind, or no duration.
    """
    if not isinstance(lifecycle, Mapping):
        _check("lifecycle", lifecycle, _LIFECYCLES)
        return _LIFECYCLES[lifecycle]
    if lifecycle.keys() - _REALISTIC.keys():
        kinds = ", ".join(repr(kind) for kind in _REALISTIC)
        raise ValueError(f"lifecycle={lifecycle!r}: a mapping gives seconds to some of {kinds}, and to nothing else.")
    return {kind: _duration(kind, time) for kind, time in lifecycle.items()}


def _idle_times(lifecycle: str | Mapping[str, float | timedelta]) -> Callable[[FunctionConfiguration], timedelta | None]:
    """After how long a version falls idle: as in AWS only one that has resources to take back, and whichever where a test gives a time."""
    idle_time = _transition_times(lifecycle).get("idle")
    if isinstance(lifecycle, Mapping):
        return lambda _: idle_time
    return lambda configuration: idle_time if configuration.has_external_resources else None


def _duration(kind: str, time: float | timedelta) -> timedelta:
    try:
        duration = time if isinstance(time, timedelta) else timedelta(seconds=time)
    except (TypeError, ValueError, OverflowError):  # text, not a number, endless
        duration = None
    if duration is None or duration < timedelta(0):
        raise ValueError(f"lifecycle={{{kind!r}: {time!r}}}: must be seconds or a timedelta, not negative.")
    if kind == "idle" and not duration:
        raise ValueError(f"lifecycle={{{kind!r}: {time!r}}}: must be more than 0 seconds.")
    return duration


def _check(keyword: str, value: str, allowed: Iterable[str]) -> None:
    if value not in tuple(allowed):
        raise ValueError(f"{keyword}={value!r}: must be one of {', '.join(repr(choice) for choice in allowed)}.")
