"""The marker ``fake_lambda``: what it says of a test."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from conftest_plugin import report, sharing

if TYPE_CHECKING:
    from fakelambda import FakeLambda

_MARKER = (
    "fake_lambda(*, region, account_id, seed, lifecycle, schedule, sleep, random, reraise, inherit_env): run the test with a FakeLambda "
    "made with these keywords, all optional, merged over those of its class and module, the closest wins; "
    "the test need not request the fixture."
)


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known, for ``--markers`` and ``--strict-markers``, and refuses a wrong ini value before any test runs."""
    config.addinivalue_line("markers", _MARKER)
    report.kind_of(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives the fixture to marked tests, and to those that share a fake: it is rolled back after each of them, whoever called it."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is None or "fake_lambda" in names or not (item.get_closest_marker("fake_lambda") or sharing.FIXTURES.keys() & names):
            continue
        place = _first_of_the_function(item, names)
        # A new list: parametrised tests share theirs, and the marker may stand at one parameter only.
        item.fixturenames = [*names[:place], "fake_lambda", *names[place:]]  # type: ignore[attr-defined]  # looked up above


def _first_of_the_function(item: pytest.Item, names: list[str]) -> int:
    """Where function-scoped fixtures begin: behind wider ones, as for any fixture, and before the others, which then see the fake."""
    definitions = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]  # noqa: SLF001 - pytest has no public question for it
    scopes = [definitions[name][-1].scope if name in definitions else "function" for name in names]
    return scopes.index("function") if "function" in scopes else len(scopes)


def keywords(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The keywords of all markers of a test; the closest wins."""
    merged: dict[str, Any] = {}
    for marker in request.node.iter_markers("fake_lambda"):
        if marker.args:
            given = ", ".join(map(repr, marker.args))
            raise TypeError(f"takes keywords only, not {given}; write @pytest.mark.fake_lambda(seed=7)")
        merged = {**marker.kwargs, **merged}
    return merged


def made(factory: type[FakeLambda], keywords: dict[str, Any]) -> FakeLambda:
    """A fake with these keywords.

    Raises:
        TypeError: it has no such keyword.
        ValueError: one has a value that it cannot have.
    """
    known = [*inspect.signature(factory).parameters]
    unknown = [keyword for keyword in keywords if keyword not in known]
    if unknown:
        raise TypeError(f"has no keyword {', '.join(map(repr, unknown))}; it takes {', '.join(known)}")
    return factory(**keywords)
