"""What the report of a failed test says of its fakes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from conftest_plugin import sharing

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Generator

    from fakelambda import FakeLambda

_CHOICES = ("timeline", "diagram", "no")
_HELP = "what a failed test's report says of its FakeLambda: its timeline (default), a Mermaid sequence diagram, or nothing"
_FIXTURES = frozenset({"fake_lambda", *sharing.FIXTURES})
_MOST_LINES = 200
_WHOLE = 2
"""The verbosity from which on, as for pytest's own explanations, nothing is left out."""
_STARTED: pytest.StashKey[deque[FakeLambda]] = pytest.StashKey()
_SHARED: pytest.StashKey[FakeLambda] = pytest.StashKey()


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


def shares(item: pytest.Item, fake: FakeLambda) -> None:
    """Takes notice of a fake that a test shares with others, which may have been started before it."""
    item.stash[_SHARED] = fake


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Takes notice of the fakes that a test starts."""
    if kind_of(item.config) == "no" or not ("fakelambda" in sys.modules or _FIXTURES & {*getattr(item, "fixturenames", ())}):
        return (yield)
    from fakelambda.fake import watched  # noqa: PLC0415 - a project that never asks pays nothing for it

    with watched() as started:
        item.stash[_STARTED] = started
        try:
            return (yield)
        finally:
            del item.stash[_STARTED]  # a session's items outlive their tests
            if _SHARED in item.stash:
                del item.stash[_SHARED]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds a section for each fake with a story to the report of a test that failed."""
    report, kind = (yield), kind_of(item.config)
    if report.failed and kind != "no":
        for fake in _of(item):
            if fake.timeline():
                story = fake.sequence_diagram() if kind == "diagram" else fake.timeline()
                report.sections.append(("AWS Lambda", _shortened(story, item.config, heading=2 if kind == "diagram" else 0)))
    return report


def _of(item: pytest.Item) -> list[FakeLambda]:
    """The fakes of a test, each once: one may have been stopped and started again."""
    fakes = [*item.stash.get(_STARTED, ())]
    if _SHARED in item.stash:
        fakes.append(item.stash[_SHARED])
    return [fake for place, fake in enumerate(fakes) if not any(fake is earlier for earlier in fakes[:place])]


def _shortened(story: str, config: pytest.Config, *, heading: int) -> str:
    """Its end, which is where the test failed, and how to see the rest."""
    lines = story.splitlines()
    left_out = len(lines) - heading - _MOST_LINES
    if left_out <= 0 or config.getoption("verbose") >= _WHOLE:
        return story
    note = f"... {left_out} earlier lines: -vv shows them, and so does fake.{'sequence_diagram' if heading else 'timeline'}()"
    return "\n".join([*lines[:heading], f"    %% {note}" if heading else note, *lines[-_MOST_LINES:]])
