"""The pytest plugin of fakelambda: fixtures ``fake_lambda`` and ``lambda_client``, marker ``fake_lambda``.

It imports fakelambda, and with it botocore, only when a test asks for a fixture. Switch it off with ``-p no:conftest_plugin``.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakelambda import FakeLambda

__all__ = ["fake_lambda", "lambda_client", "pytest_collection_modifyitems", "pytest_configure"]

_MARKER = (
    "fake_lambda(*, region, account_id, seed, lifecycle, schedule, sleep, random, reraise, inherit_env): run the test with a FakeLambda "
    "made with these keywords, all optional, merged over those of its class and module, the closest wins; "
    "the test need not request the fixture."
)


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known, for ``--markers`` and ``--strict-markers``."""
    config.addinivalue_line("markers", _MARKER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives marked tests the fixture."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is None or "fake_lambda" in names or not item.get_closest_marker("fake_lambda"):
            continue
        place = _first_of_the_function(item, names)
        # A new list: parametrised tests share theirs, and the marker may stand at one parameter only.
        item.fixturenames = [*names[:place], "fake_lambda", *names[place:]]  # type: ignore[attr-defined]  # looked up above


def _first_of_the_function(item: pytest.Item, names: list[str]) -> int:
    """Where function-scoped fixtures begin: behind wider ones, as for any fixture, and before the others, which then see the fake."""
    definitions = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]  # noqa: SLF001 - pytest has no public question for it
    scopes = [definitions[name][-1].scope if name in definitions else "function" for name in names]
    return scopes.index("function") if "function" in scopes else len(scopes)


def _keywords(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The keywords of all markers of a test; the closest wins."""
    keywords: dict[str, Any] = {}
    for marker in request.node.iter_markers("fake_lambda"):
        if marker.args:
            given = ", ".join(map(repr, marker.args))
            raise TypeError(f"takes keywords only, not {given}; write @pytest.mark.fake_lambda(seed=7)")
        keywords = {**marker.kwargs, **keywords}
    return keywords


def _made(factory: type[FakeLambda], keywords: dict[str, Any]) -> FakeLambda:
    known = [*inspect.signature(factory).parameters]
    unknown = [keyword for keyword in keywords if keyword not in known]
    if unknown:
        raise TypeError(f"has no keyword {', '.join(map(repr, unknown))}; it takes {', '.join(known)}")
    return factory(**keywords)


@pytest.fixture
def fake_lambda(request: pytest.FixtureRequest) -> Iterator[FakeLambda]:
    """AWS Lambda inside this process: an active FakeLambda that answers every Lambda call of the test.

    def test_order(fake_lambda):
        fake_lambda.add_function("orders", lambda event, context: {"id": event["id"]})
        answer = boto3.client("lambda", "us-east-1").invoke(FunctionName="orders", Payload='{"id": 7}')
        assert json.load(answer["Payload"]) == {"id": 7}

    Options come from the marker: @pytest.mark.fake_lambda(seed=7, lifecycle="realistic").
    """
    from fakelambda import FakeLambda  # noqa: PLC0415 - a project that never asks pays nothing for it

    try:
        fake = _made(FakeLambda, _keywords(request))
    except (TypeError, ValueError) as error:
        # Raised by hand, as pytest.fail() would drag the first error along.
        raise pytest.fail.Exception(f"@pytest.mark.fake_lambda: {error}", pytrace=False) from None
    with fake:
        yield fake


@pytest.fixture
def lambda_client(fake_lambda: FakeLambda) -> Any:
    """A botocore Lambda client of the test's fake_lambda, without credentials: FakeLambda.client().

    def test_deploy(lambda_client):
        deploy(lambda_client)
        assert lambda_client.get_alias(FunctionName="orders", Name="live")["FunctionVersion"] == "1"
    """
    return fake_lambda.client()
