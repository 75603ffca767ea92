"""A fake that several tests share: that of their class, module or session."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fakelambda import FakeLambda

FIXTURES: Mapping[str, Callable[[pytest.Item], pytest.Collector | None]] = {
    "class_fake_lambda": lambda item: item.getparent(pytest.Class),
    "module_fake_lambda": lambda item: item.getparent(pytest.Module),
    "session_fake_lambda": lambda item: item.session,
}
"""The fixtures that make one, the innermost first, and for whom."""


def shared_by(request: pytest.FixtureRequest) -> FakeLambda | None:
    """The fake that a test shares with others, the innermost; None where it has its own."""
    for name, scope_of in FIXTURES.items():
        if name in request.fixturenames:
            heard = len([*scope.iter_markers("fake_lambda")]) if (scope := scope_of(request.node)) else 0
            if any(marker.kwargs for marker in [*request.node.iter_markers("fake_lambda")][: -heard or None]):
                pytest.fail(f"@pytest.mark.fake_lambda: this test shares {name}, which is made already; mark its scope.", pytrace=False)
            return cast("FakeLambda", request.getfixturevalue(name))
    return None


def make_innermost(shared: FakeLambda) -> None:
    """Lets it answer: a test that came before may have started another shared one after it, or stopped this one."""
    import fakelambda  # noqa: PLC0415 - a project that never asks pays nothing for it

    with suppress(RuntimeError):  # none is active, or this one is not
        if fakelambda.current() is shared:
            return
        shared.stop()
    shared.start()
