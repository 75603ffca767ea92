"""The shelves: what exists, per account and region. The records on them are frozen."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.domain.functions import Function
from fakelambda.domain.layers import Layer

Record = TypeVar("Record")


class Shelf(Generic[Record]):
    """The records of one kind, account and region, in the order of their names.

    Args:
        name_of: what a record is found by.
    """

    def __init__(self, name_of: Callable[[Record], str]) -> None:
        self._name_of = name_of
        self._by_name: dict[str, Record] = {}
        self._names: list[str] = []

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __len__(self) -> int:
        return len(self._names)

    def get(self, name: str) -> Record | None:
        """The record of a name; None where there is none."""
        return self._by_name.get(name)

    def put(self, record: Record) -> None:
        """Stores a record in the place of what had its name."""
        name = self._name_of(record)
        if name not in self._by_name:
            bisect.insort(self._names, name)
        self._by_name[name] = record

    def remove(self, name: str) -> None:
        """Takes a record off the shelf."""
        del self._by_name[name]
        del self._names[bisect.bisect_left(self._names, name)]

    def starting_at(self, name: str) -> Iterator[Record]:
        """The records from a name on, in order; all of them from ""."""
        for index in range(bisect.bisect_left(self._names, name), len(self._names)):
            yield self._by_name[self._names[index]]

    def as_mapping(self) -> dict[str, Record]:
        """A copy of the shelf by name."""
        return {name: self._by_name[name] for name in self._names}


class State:
    """All shelves of one fake."""

    def __init__(self) -> None:
        self._functions: dict[tuple[str, str], Shelf[Function]] = defaultdict(lambda: Shelf(lambda function: function.name))
        self._layers: dict[tuple[str, str], Shelf[Layer]] = defaultdict(lambda: Shelf(lambda layer: layer.name))
        self._event_source_mappings: dict[tuple[str, str], Shelf[EventSourceMapping]] = defaultdict(
            lambda: Shelf(lambda mapping: mapping.uuid)
        )

    def functions(self, account_id: str, region: str) -> Shelf[Function]:
        """The functions of an account and region, by name."""
        return self._functions[account_id, region]

    def layers(self, account_id: str, region: str) -> Shelf[Layer]:
        """The layers of an account and region, by name."""
        return self._layers[account_id, region]

    def event_source_mappings(self, account_id: str, region: str) -> Shelf[EventSourceMapping]:
        """The event source mappings of an account and region, by UUID."""
        return self._event_source_mappings[account_id, region]
