"""What the report of a failed test says of its fakes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Generator

    from fakelambda import FakeLambda

_CHOICES = ("timeline", "diagram", "no")
_HELP = "what a failed test's report says of its FakeLambda: its timeline (default), a Mermaid sequence diagram, or nothing"
_STARTED: pytest.StashKey[deque[FakeLambda]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option and the ini value, which the option overrides."""
    parser.getgroup("fakelambda").addoption("--fake-lambda-report", choices=_CHOICES, help=f"{_HELP}.")
    parser.addini("fake_lambda_report", f"{_HELP}: {', '.join(_CHOICES)}.", default="timeline")


def kind_of(config: pytest.Config) -> str:
    """What is reported.

    Raises:
        pytest.UsageError: the ini value is none of the choices.
    """
    kind = str(config.getoption("--fake-lambda-report") or config.getini("fake_lambda_report"))
    if kind not in _CHOICES:
        raise pytest.UsageError(f"fake_lambda_report = {kind}: must be one of {', '.join(_CHOICES)}.")
    return kind


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Takes notice of the fakes that a test starts."""
    made = sys.modules.get("fakelambda.fake")
    if made is None or kind_of(item.config) == "no":
        return (yield)
    with made.watched() as started:
        item.stash[_STARTED] = started
        try:
            return (yield)
        finally:
            del item.stash[_STARTED]  # a session's items outlive their tests


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds a section for each fake with a story to the report of a test that failed."""
    report, kind = (yield), kind_of(item.config)
    if report.failed and kind != "no":
        fakes = list(item.stash.get(_STARTED, ()))
        for fake in [*fakes, *_shared(item, fakes)]:
            if story := fake.timeline():
                report.sections.append(("AWS Lambda", fake.sequence_diagram() if kind == "diagram" else story))
    return report


def _shared(item: pytest.Item, fakes: list[FakeLambda]) -> list[FakeLambda]:
    """The fake that the test shares with others, which was started before it."""
    fake = getattr(item, "funcargs", {}).get("fake_lambda")
    return [fake] if fake is not None and fake not in fakes else []
