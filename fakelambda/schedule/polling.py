"""Who is asked for work again and again, as nobody says when there is some."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol


class Poller(Protocol):
    """What is asked for work: an event source."""

    @property
    def function_name(self) -> str:
        """The function that the work is for."""

    @property
    def source(self) -> str:
        """Where the work comes from, for a reader."""

    def begin(self) -> None:
        """Prepares to be asked; called once, soon after it was made known and outside all locks."""

    def poll(self) -> bool:
        """Adds entries to the schedule for what there is to do now; runs no user code itself.

        Returns:
            Whether there was anything.
        """

    def due(self) -> timedelta | None:
        """The point of the world's ``elapsed`` at which it may have work although nothing else happens until then; None for never."""

    def snapshot(self) -> Any:
        """What it knows."""

    def restore(self, kept: Any, /) -> None:
        """Knows again what it knew."""


Ask = Callable[[Poller, Callable[[], None]], None]
"""Calls something of a poller, and takes care of what it raises."""


class Polling(dict[Poller, bool]):
    """The pollers of a schedule, and whether each has begun; a dictionary, as every call asks whether there is any."""

    def __init__(self) -> None:
        super().__init__()
        self._new: deque[Poller] = deque()

    @property
    def has_new(self) -> bool:
        """Whether a poller has not begun yet."""
        return bool(self._new)

    def add(self, poller: Poller) -> None:
        """Asks a poller from now on."""
        self[poller] = False
        self._new.append(poller)

    def remove(self, poller: Poller) -> None:
        """Asks it no more; one that is not asked is ignored."""
        self.pop(poller, None)

    def begin(self, ask: Ask) -> None:
        """Lets new pollers prepare, each in one thread."""
        with suppress(IndexError):
            while self._new:
                poller = self._new.popleft()
                ask(poller, poller.begin)
                if poller in self:
                    self[poller] = True

    def poll(self, ask: Ask) -> list[Poller]:
        """Asks every poller once; those that had work."""
        self.begin(ask)
        found: list[Poller] = []

        def poll() -> None:
            if poller.poll():
                found.append(poller)

        for poller in self._begun():
            ask(poller, poll)
        return found

    def due(self) -> list[timedelta]:
        """When which pollers may have work although nothing else happens until then."""
        return [due for poller in self._begun() if (due := poller.due()) is not None]

    def snapshot(self) -> list[tuple[Poller, Any]]:
        """Who is asked, and what they know."""
        return [(poller, poller.snapshot()) for poller in tuple(self)]

    def restore(self, kept: list[tuple[Poller, Any]]) -> None:
        """Asks exactly those who were asked."""
        self._new.clear()
        self.clear()
        self.update((poller, True) for poller, _ in kept)
        for poller, knowledge in kept:
            poller.restore(knowledge)

    def _begun(self) -> list[Poller]:
        return [poller for poller, has_begun in tuple(self.items()) if has_begun]
