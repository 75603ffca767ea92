"""The shelves: what exists, per account and region. The records on them are frozen."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from fakelambda.domain.functions import Function


class Functions:
    """The functions of one account and region, in the order of their names."""

    def __init__(self) -> None:
        self._by_name: dict[str, Function] = {}
        self._names: list[str] = []

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __len__(self) -> int:
        return len(self._names)

    def get(self, name: str) -> Function | None:
        """The function of a name; None where there is none."""
        return self._by_name.get(name)

    def put(self, function: Function) -> None:
        """Stores a function in the place of what had its name."""
        if function.name not in self._by_name:
            bisect.insort(self._names, function.name)
        self._by_name[function.name] = function

    def remove(self, name: str) -> None:
        """Takes a function off the shelf."""
        del self._by_name[name]
        del self._names[bisect.bisect_left(self._names, name)]

    def starting_at(self, name: str) -> Iterator[Function]:
        """The functions from a name on, in order; all of them from ""."""
        for index in range(bisect.bisect_left(self._names, name), len(self._names)):
            yield self._by_name[self._names[index]]

    def as_mapping(self) -> dict[str, Function]:
        """A copy of the shelf by name."""
        return {name: self._by_name[name] for name in self._names}


class State:
    """All shelves of one fake."""

    def __init__(self) -> None:
        self._functions: dict[tuple[str, str], Functions] = {}

    def functions(self, account_id: str, region: str) -> Functions:
        """The functions of an account and region."""
        key = (account_id, region)
        shelf = self._functions.get(key)
        if shelf is None:
            shelf = self._functions[key] = Functions()
        return shelf
