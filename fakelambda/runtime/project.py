"""The project's own files, among which deployed code is looked for: code that is found there runs under the path that its author knows."""

from __future__ import annotations

import os
import sys
from collections import deque
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from fakelambda.runtime import code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Index: TypeAlias = "Mapping[str, Sequence[str]]"
"""Paths of Python files by what `_key` makes of them."""

_MARKS: Final = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
_OTHERS: Final = frozenset({"site-packages", "dist-packages", "node_modules", "__pycache__"})
_MOST_DIRECTORIES: Final = 2_000


def indexes(path: Sequence[str]) -> list[Index]:
    """The Python files of the project, as they were when it was first looked at.

    Those are the ones below the project's directory that the working directory is in, and below what else on ``sys.path`` is no
    installation.

    Args:
        path: the host's ``sys.path``.
    """
    try:
        here = os.getcwd()  # noqa: PTH109 - a cold start asks, and Path takes its time
    except FileNotFoundError:  # a test may have removed it
        return []
    return [_index(place) for place in _places(here, tuple(path))]


def find(within: Sequence[Index], name: str, source: bytes) -> str | None:
    """Finds the file of the project that a deployed one is equal to.

    Where several are, it is the one whose path ends like the deployed one's for longest, then the shortest.

    Args:
        within: what `indexes` returned.
        name: the path of the deployed file in its package.
        source: its bytes.
    """
    key = _key(name)
    candidates = [candidate for index in within for candidate in index.get(key, ())]
    if not source or not candidates:  # nothing happens in an empty file
        return None
    candidates.sort(key=lambda candidate: (-_alike(f"{os.sep}{name}", candidate), len(candidate), candidate))
    return next((candidate for candidate in candidates if _holds(candidate, source)), None)


def is_below(file: str, directory: str) -> bool:
    """Says whether a path leads into a directory, by their names alone."""
    return file.startswith(f"{directory.rstrip(os.sep)}{os.sep}")


@lru_cache(maxsize=64)
def _places(here: str, path: Sequence[str]) -> Sequence[str]:
    """The project's directory and the other places, by the working directory and ``sys.path``."""
    directories = (Path(here), *Path(here).parents)
    root = str(next((place for place in directories if any((place / mark).exists() for mark in _MARKS)), here))
    installations = (root, sys.prefix, sys.base_prefix)
    entries = [str(Path(here, entry)) for entry in path]
    others = [
        entry
        for entry in entries
        if entry != root and _OTHERS.isdisjoint(Path(entry).parts) and not any(is_below(entry, known) for known in installations)
    ]
    return (root, *others)


@lru_cache(maxsize=64)
def _index(root: str) -> Index:
    found: dict[str, list[str]] = {}
    waiting = deque([root] if Path(root).parent != Path(root) else [])  # the file system's root is no project
    for _ in range(_MOST_DIRECTORIES):  # the nearest first, as not all of a huge tree is looked at
        if not waiting:
            break
        place = waiting.popleft()
        try:
            entries = list(os.scandir(place))
        except OSError:  # gone, a file, or not ours to read
            continue
        if place != root and any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        for entry in entries:
            if entry.name.endswith(".py"):
                found.setdefault(_key(entry.path), []).append(entry.path)
            elif not entry.name.startswith((".", code.PREFIX)) and entry.name not in _OTHERS and entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
    return found


def _key(path: str) -> str:
    """The file's name, and its directory's where every package has a file of that name."""
    directory, name = os.path.split(path)
    return os.path.join(os.path.basename(directory), name) if name == "__init__.py" else name  # noqa: PTH118, PTH119 - names, not objects


def _alike(one: str, other: str) -> int:
    """How many characters two paths have in common at their ends."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next((number for number, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _holds(path: str, source: bytes) -> bool:
    try:
        if os.stat(path).st_size != len(source):  # noqa: PTH116 - every cold start comes by
            return False
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            return file.read() == source
    except OSError:  # gone since the project was looked at
        return False
