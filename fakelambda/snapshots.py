"""A fake as it is at one moment, and the way back there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from fakelambda.aws.serving import Server


class _Part(Protocol):
    """What a snapshot asks of a part of the house; what it gives is read by itself only."""

    def snapshot(self) -> Any: ...

    def restore(self, kept: Any, /) -> None: ...


class Snapshot:
    """All of a fake at one moment, for ``FakeLambda.restore``.

    What changes later is copied when it does, so that a snapshot costs the same whatever there is.
    """

    def __init__(self, server: Server) -> None:
        service = server.service
        self._server = server
        with service.schedule.at_rest, service.lock:
            self._parts = [(part, part.snapshot()) for part in _parts(server)]
            self._histories = [(history, history.copy()) for history in (server.calls, service.deliveries)]
            self._routes = {alias: versions.copy() for alias, versions in service.routes.items()}
            self._failures = {transition: reasons.copy() for transition, reasons in service.failures.items()}
            self._uses = {version: replace(use) for version, use in service.uses.items()}

    def restore(self, server: Server) -> None:
        """Makes the fake what it was.

        Raises:
            ValueError: the snapshot is another fake's.
        """
        if server is not self._server:
            raise ValueError("restore() takes a snapshot of the same FakeLambda; this one was taken of another.")
        service = server.service
        with service.schedule.at_rest, service.lock:
            for part, kept in self._parts:
                part.restore(kept)
            for history, entries in self._histories:
                history[:] = entries  # type: ignore[assignment]  # each its own kind of entries
            service.routes.clear()
            service.routes.update({alias: versions.copy() for alias, versions in self._routes.items()})
            service.failures.clear()
            service.failures.update({transition: reasons.copy() for transition, reasons in self._failures.items()})
            service.uses.clear()
            service.uses.update({version: replace(use) for version, use in self._uses.items()})


def refuse_within_a_handler(server: Server, call: str) -> None:
    """Refuse to look at a fake, or to change it as a whole, while handlers are in the middle of something.

    Raises:
        RuntimeError: a handler is running.
    """
    with server.service.lock:
        running = [place for places in server.service.running.values() for place in places]
    if running:
        raise RuntimeError(f"{call} while {running[0]} is running; call it from the test, when its invocations have returned.")


def _parts(server: Server) -> list[_Part]:
    service = server.service
    return [service.world, service.state, service.schedule, service.invocations, service.runner, service.neighbours, server.faults]
