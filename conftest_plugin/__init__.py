"""The pytest plugin of fakelambda: fixtures ``fake_lambda`` and ``lambda_client``, marker ``fake_lambda``.

It imports fakelambda, and with it botocore, only when a test asks for a fixture. Switch it off with ``-p no:conftest_plugin``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakelambda import FakeLambda

__all__ = ["fake_lambda", "lambda_client", "pytest_collection_modifyitems", "pytest_configure"]

_MARKER = (
    "fake_lambda(**keywords): runs the test with a FakeLambda made with these keywords (region, account_id, seed, lifecycle, schedule, "
    "sleep, random, reraise, inherit_env), merged over those of its class and module; enough to request the fixture."
)


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known, for ``--markers`` and ``--strict-markers``."""
    config.addinivalue_line("markers", _MARKER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives marked tests the fixture."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and "fake_lambda" not in names and item.get_closest_marker("fake_lambda"):
            names.insert(0, "fake_lambda")


def _keywords(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The keywords of all markers of a test; the closest wins."""
    __tracebackhide__ = True
    keywords: dict[str, Any] = {}
    for marker in request.node.iter_markers("fake_lambda"):
        if marker.args:
            pytest.fail(f"@pytest.mark.fake_lambda takes keywords only, not {marker.args!r}; write fake_lambda(seed=7).", pytrace=False)
        keywords = {**marker.kwargs, **keywords}
    return keywords


@pytest.fixture
def fake_lambda(request: pytest.FixtureRequest) -> Iterator[FakeLambda]:
    """AWS Lambda inside this process: an active ``FakeLambda`` that answers every Lambda call of the test.

    def test_order(fake_lambda):
        fake_lambda.add_function("orders", lambda event, context: {"id": event["id"]})
        answer = boto3.client("lambda", "eu-west-1").invoke(FunctionName="orders", Payload='{"id": 7}')
        assert json.load(answer["Payload"]) == {"id": 7}

    Options come from the marker: ``@pytest.mark.fake_lambda(seed=7, lifecycle="realistic")``.
    """
    from fakelambda import FakeLambda  # noqa: PLC0415 - a project that never asks pays nothing for it

    __tracebackhide__ = True
    try:
        fake = FakeLambda(**_keywords(request))
    except (TypeError, ValueError) as error:
        pytest.fail(f"@pytest.mark.fake_lambda: {error}", pytrace=False)
    with fake:
        yield fake


@pytest.fixture
def lambda_client(fake_lambda: FakeLambda) -> Any:
    """A boto3-like client of the test's ``fake_lambda``: ``FakeLambda.client()``, no credentials needed.

    def test_deploy(lambda_client):
        deploy(lambda_client)
        assert lambda_client.get_alias(FunctionName="orders", Name="live")["FunctionVersion"] == "1"
    """
    return fake_lambda.client()
