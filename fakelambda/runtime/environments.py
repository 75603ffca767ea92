"""The warm execution environments of a fake."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from fakelambda.runtime.environment import ExecutionEnvironment


class Environments:
    """A pool that lends every environment to one invocation at a time and takes back the warm ones.

    Nothing written by users runs while its lock is held: environments are made, and thrown away, outside of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Hashable, list[ExecutionEnvironment]] = {}
        self._busy: dict[ExecutionEnvironment, Hashable] = {}
        self._discards = 0

    def acquire(self, key: Hashable, make: Callable[[], ExecutionEnvironment]) -> ExecutionEnvironment:
        """Lends the environment of a key that was used last, or a new one where all are busy.

        Args:
            key: what the environment is of, such as a function's version.
            make: makes a new one.
        """
        with self._lock:
            if idle := self._idle.get(key):
                environment = idle.pop()
                self._busy[environment] = key
                return environment
            discards = self._discards
        environment = make()
        with self._lock:
            if discards == self._discards:  # otherwise it may have been made of what was just replaced, and serves this invocation only
                self._busy[environment] = key
        return environment

    def release(self, environment: ExecutionEnvironment) -> None:
        """Takes an environment back; one that is cold, or whose key was discarded meanwhile, is thrown away.

        Args:
            environment: what `acquire` returned.
        """
        with self._lock:
            key = self._busy.pop(environment, None)
            wanted = key is not None and environment.warm
            if wanted:
                self._idle.setdefault(key, []).append(environment)
        if not wanted:
            environment.discard()

    def discard(self, which: Hashable | Callable[[Hashable], bool]) -> None:
        """Throws environments away: idle ones now, busy ones when they are released.

        Args:
            which: a key, or a function that says of a key whether it is meant.
        """
        meant: Callable[[Hashable], bool] = which if callable(which) else lambda key: key == which
        with self._lock:
            self._discards += 1
            gone = [environment for key in list(self._idle) if meant(key) for environment in self._idle.pop(key)]
            self._busy = {environment: key for environment, key in self._busy.items() if not meant(key)}
        for environment in gone:
            environment.discard()

    def close(self) -> None:
        """Throws all environments away."""
        self.discard(lambda _: True)
