"""The shelves: what exists, per account and region. The records on them are frozen."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeAlias, TypeVar

from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.domain.functions import Function
from fakelambda.domain.layers import Layer
from fakelambda.domain.names import FunctionReference
from fakelambda.domain.principals import Membership

Record = TypeVar("Record")
Kept: TypeAlias = tuple[dict[str, Record], list[str]]


class Shelf(Generic[Record]):
    """The records of one kind, account and region, in the order of their names.

    Args:
        name_of: what a record is found by.

    Attributes:
        by_name: the records, to be read only.
    """

    def __init__(self, name_of: Callable[[Record], str]) -> None:
        self._name_of = name_of
        self.by_name: dict[str, Record] = {}
        self._names: list[str] = []
        self._is_kept = False

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __len__(self) -> int:
        return len(self._names)

    def get(self, name: str) -> Record | None:
        """The record of a name; None where there is none."""
        return self.by_name.get(name)

    def put(self, record: Record) -> None:
        """Stores a record in the place of what had its name."""
        name = self._name_of(record)
        self._part_from_what_is_kept()
        if name not in self.by_name:
            bisect.insort(self._names, name)
        self.by_name[name] = record

    def remove(self, name: str) -> None:
        """Takes a record off the shelf."""
        self._part_from_what_is_kept()
        del self.by_name[name]
        del self._names[bisect.bisect_left(self._names, name)]

    def starting_at(self, name: str) -> Iterator[Record]:
        """The records from a name on, in order; all of them from ""."""
        for index in range(bisect.bisect_left(self._names, name), len(self._names)):
            yield self.by_name[self._names[index]]

    def as_mapping(self) -> dict[str, Record]:
        """A copy of the shelf by name."""
        return {name: self.by_name[name] for name in self._names}

    def snapshot(self) -> Kept[Record]:
        """What is on it; nothing is copied before something changes."""
        self._is_kept = True
        return self.by_name, self._names

    def restore(self, kept: Kept[Record]) -> None:
        """Puts back what was on it."""
        self.by_name, self._names = kept
        self._is_kept = True

    def _part_from_what_is_kept(self) -> None:
        if self._is_kept:
            self.by_name, self._names, self._is_kept = self.by_name.copy(), self._names.copy(), False


Shelves: TypeAlias = dict[tuple[str, str], Shelf[Record]]


class State:
    """All shelves of one fake.

    Attributes:
        memberships: in organizations, by account.
    """

    def __init__(self) -> None:
        self.memberships: Shelf[Membership] = Shelf(lambda membership: membership.account_id)
        self._functions: Shelves[Function] = _by_place(lambda function: function.name)
        self._layers: Shelves[Layer] = _by_place(lambda layer: layer.name)
        self._event_source_mappings: Shelves[EventSourceMapping] = _by_place(lambda mapping: mapping.uuid)
        self._code_sizes: dict[tuple[str, str], int] = {}  # no less than what there is, as deletions are not counted

    def functions(self, account_id: str, region: str) -> Shelf[Function]:
        """The functions of an account and region, by name."""
        return self._functions[account_id, region]

    def function(self, reference: FunctionReference) -> Function | None:
        """The function that is meant, whatever the qualifier; None where there is none."""
        return self._functions[reference.account_id, reference.region].by_name.get(reference.name)

    def all_functions(self) -> list[Function]:
        """Those of every account and region."""
        return [function for shelf in tuple(self._functions.values()) for function in shelf.as_mapping().values()]

    def layers(self, account_id: str, region: str) -> Shelf[Layer]:
        """The layers of an account and region, by name."""
        return self._layers[account_id, region]

    def code_size(self, account_id: str, region: str) -> int:
        """Bytes of code that count for an account and region: those of every version of its functions and layers."""
        functions, layers = (shelves[account_id, region].starting_at("") for shelves in (self._functions, self._layers))
        return sum(function.code_size for function in functions) + sum(layer.code_size for layer in layers)

    def has_room(self, account_id: str, region: str, added: int, limit: int) -> bool:
        """Whether an account and region may have more code. Everything is counted only when that can make a difference.

        Args:
            added: bytes that are about to come to what there is.
            limit: bytes that it may have at most.
        """
        place = (account_id, region)
        size = self._code_sizes.get(place, limit)
        if size + added > limit:
            size = self._code_sizes[place] = self.code_size(*place)
            if size + added > limit:
                return False
        self._code_sizes[place] = size + max(added, 0)
        return True

    def event_source_mappings(self, account_id: str, region: str) -> Shelf[EventSourceMapping]:
        """The event source mappings of an account and region, by UUID."""
        return self._event_source_mappings[account_id, region]

    def all_event_source_mappings(self) -> list[EventSourceMapping]:
        """Those of every account and region."""
        return [mapping for shelf in tuple(self._event_source_mappings.values()) for mapping in shelf.starting_at("")]

    def snapshot(self) -> list[tuple[Shelf[Any], Kept[Any]]]:
        """What is on every shelf; costs no more where there is more."""
        return [(shelf, shelf.snapshot()) for shelf in self._shelves()]

    def restore(self, kept: list[tuple[Shelf[Any], Kept[Any]]]) -> None:
        """Puts everything back; the shelves stay the same, as what waits in the schedule knows them."""
        self._code_sizes.clear()
        before = {id(shelf): contents for shelf, contents in kept}
        for shelf in self._shelves():
            shelf.restore(before.get(id(shelf), ({}, [])))

    def _shelves(self) -> Iterator[Shelf[Any]]:
        yield self.memberships
        yield from tuple(self._functions.values())
        yield from tuple(self._layers.values())
        yield from tuple(self._event_source_mappings.values())


def _by_place(name_of: Callable[[Record], str]) -> Shelves[Record]:
    """The shelves of one kind, by account and region; each is made when somebody looks for it, with the lock or without.

    So whoever goes through them takes a copy, or another thread's look would end the walk.
    """
    return defaultdict(lambda: Shelf(name_of))
