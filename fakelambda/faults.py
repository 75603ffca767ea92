"""Failures that a test orders: which attempts of which calls they meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

from fakelambda.domain.errors import ServiceError
from fakelambda.domain.names import FunctionReference, resolve
from fakelambda.inspection.records import ApiCall

ANY = "*"
"""The operation of a fault that meets all of them."""


@dataclass(eq=False, slots=True, kw_only=True)
class Fault:
    """A failure that ``FakeLambda.fail`` has ordered, whose arguments it has. As a context manager it ends with the block.

    Args:
        failures: how many HTTP attempts it has failed so far.
    """

    operation: str
    error: str | BaseException | type[BaseException] | None
    times: int | None
    on: frozenset[int]
    probability: float
    function: FunctionReference | None
    when: Callable[[ApiCall], bool] | None
    after: timedelta
    failures: int = 0
    _met: int = field(default=0, init=False)
    _keeper: Faults = field(repr=False)

    def remove(self) -> None:
        """Fails nothing any more."""
        self._keeper.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.remove()

    def is_over(self) -> bool:
        """Whether it has failed as many attempts as it was to fail."""
        if self.on:
            return self._met >= max(self.on)
        return self.times is not None and self.failures >= self.times

    def concerns(self, call: ApiCall) -> bool:
        """Whether a call is of the kind that it fails."""
        return self.operation in (ANY, call.operation) and self._is_of_the_function(call) and (self.when is None or bool(self.when(call)))

    def meet(self) -> None:
        """Counts an attempt of such a call."""
        self._met += 1

    def strikes(self, roll: Callable[[], float]) -> bool:
        """Whether it fails the attempt that it has just met; if so, the failure is counted.

        Args:
            roll: draws evenly from 0..1.
        """
        chosen = self._met in self.on if self.on else self.times is None or self.failures < self.times
        struck = chosen and (self.probability == 1 or roll() < self.probability)
        self.failures += struck
        return struck

    def progress(self) -> tuple[int, int]:
        """How many attempts it has failed and met."""
        return self.failures, self._met

    def go_back(self, progress: tuple[int, int]) -> None:
        """Forgets the attempts since."""
        self.failures, self._met = progress

    def _is_of_the_function(self, call: ApiCall) -> bool:
        wanted, parameters = self.function, call.parameters
        if wanted is None:
            return True
        try:
            named = resolve(parameters.get("FunctionName", ""), parameters.get("Qualifier"), call.region, call.account_id)
        except ServiceError:  # another region's, or no function at all
            return False
        return named.arn() == wanted.arn() and wanted.qualifier in (None, named.qualifier)


class Faults:
    """The faults of one fake, in the order in which they were ordered.

    Args:
        roll: draws evenly from 0..1.

    Attributes:
        ordered: those that are not over.
    """

    def __init__(self, roll: Callable[[], float]) -> None:
        self._roll = roll
        self._lock = threading.Lock()
        self.ordered: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Orders one more."""
        with self._lock:
            self.ordered = [*self.ordered, fault]

    def remove(self, fault: Fault) -> None:
        """Forgets one, if it is there."""
        with self._lock:
            self.ordered = [other for other in self.ordered if other is not fault]

    def striking(self, call: ApiCall) -> Fault | None:
        """The fault that fails the next attempt of a call, the first ordered of several; None where the attempt goes well."""
        concerned = [fault for fault in self.ordered if fault.concerns(call)]  # unlocked: a test's condition may call the fake
        with self._lock:
            met = [fault for fault in self.ordered if fault in concerned]
            for fault in met:
                fault.meet()
            struck = next((fault for fault in met if fault.strikes(self._roll)), None)
            self.ordered = [fault for fault in self.ordered if not fault.is_over()]
        return struck

    def snapshot(self) -> list[tuple[Fault, tuple[int, int]]]:
        """The faults and how far each has got."""
        with self._lock:
            return [(fault, fault.progress()) for fault in self.ordered]

    def restore(self, kept: list[tuple[Fault, tuple[int, int]]]) -> None:
        """Orders those again."""
        with self._lock:
            self.ordered = [fault for fault, _ in kept]
            for fault, progress in kept:
                fault.go_back(progress)
