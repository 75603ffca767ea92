import doctest
from types import ModuleType

import pytest

from fakelambda import events
from fakelambda.events import notifications, polled, web


@pytest.mark.parametrize("module", [events, notifications, polled, web], ids=lambda module: module.__name__)
def test_the_examples_are_true(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted >= 1
    assert result.failed == 0


@pytest.mark.parametrize("name", events.__all__)
def test_every_builder_has_one(name: str) -> None:
    assert ">>> " in (getattr(events, name).__doc__ or "")
