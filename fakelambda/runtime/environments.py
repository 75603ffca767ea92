"""The warm execution environments of a fake."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from fakelambda.runtime.environment import ExecutionEnvironment


class _Pool:
    """The environments of one key: a function's version, say.

    Attributes:
        idle: those that no invocation uses, the one used last at the end.
        is_open: False once they have been discarded; those that are busy then come back only to be thrown away.
    """

    __slots__ = ("idle", "is_open")

    def __init__(self) -> None:
        self.idle: list[ExecutionEnvironment] = []
        self.is_open = True


class Environments:
    """A pool that lends every environment to one invocation at a time and takes back the warm ones.

    Every invocation comes by twice, so it takes no lock: whoever takes an environment off a list has it alone.
    """

    def __init__(self) -> None:
        self._pools: dict[Hashable, _Pool] = {}
        self._homes: dict[ExecutionEnvironment, _Pool] = {}

    def acquire(self, key: Hashable, make: Callable[[], ExecutionEnvironment]) -> ExecutionEnvironment:
        """Lends the environment of a key that was used last, or a new one where all are busy.

        Args:
            key: what the environment is of, such as a function's version.
            make: makes a new one.
        """
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools.setdefault(key, _Pool())
        try:
            return pool.idle.pop()
        except IndexError:
            environment = make()
            self._homes[environment] = (
                pool  # if it was discarded meanwhile, this serves one invocation only: it may be of what was replaced
            )
            return environment

    def release(self, environment: ExecutionEnvironment) -> None:
        """Takes an environment back; one that is cold, or whose key was discarded meanwhile, is thrown away.

        Args:
            environment: what `acquire` returned.
        """
        pool = self._homes[environment]
        if environment.warm:
            pool.idle.append(environment)
            if not pool.is_open:
                self._empty(pool)
        else:
            self._throw_away(environment)

    def discard(self, which: Hashable | Callable[[Hashable], bool]) -> None:
        """Throws environments away: idle ones now, busy ones when they are released.

        Args:
            which: a key, or a function that says of a key whether it is meant.
        """
        meant: Callable[[Hashable], bool] = which if callable(which) else lambda key: key == which
        for key in list(self._pools):
            if meant(key) and (pool := self._pools.pop(key, None)) is not None:
                pool.is_open = False
                self._empty(pool)

    def close(self) -> None:
        """Throws all environments away."""
        self.discard(lambda _: True)

    def _empty(self, pool: _Pool) -> None:
        while pool.idle:
            try:
                environment = pool.idle.pop()
            except IndexError:  # another thread was quicker
                return
            self._throw_away(environment)

    def _throw_away(self, environment: ExecutionEnvironment) -> None:
        self._homes.pop(environment, None)
        environment.discard()
