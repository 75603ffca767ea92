"""The fixtures: a started ``FakeLambda`` for each test, or for all of a scope, and its client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conftest_plugin import markers, report, sharing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakelambda import FakeLambda


def _started(request: pytest.FixtureRequest) -> Iterator[FakeLambda]:
    """A fake with the keywords of the markers, for as long as the scope of the request lasts."""
    from fakelambda import FakeLambda  # noqa: PLC0415 - a project that never asks pays nothing for it

    try:
        fake = markers.made(FakeLambda, markers.keywords(request))
    except (TypeError, ValueError) as error:
        # Raised by hand, as pytest.fail() would drag the first error along.
        raise pytest.fail.Exception(f"@pytest.mark.fake_lambda: {error}", pytrace=False) from None
    with fake:
        yield fake


@pytest.fixture(scope="class")
def class_fake_lambda(request: pytest.FixtureRequest) -> Iterator[FakeLambda]:
    """A FakeLambda for all tests of a class, to deploy once; see module_fake_lambda."""
    yield from _started(request)


@pytest.fixture(scope="module")
def module_fake_lambda(request: pytest.FixtureRequest) -> Iterator[FakeLambda]:
    """A FakeLambda for all tests of a module, to deploy once; each test's fake_lambda is this one, and rolled back after it.

    @pytest.fixture(scope="module", autouse=True)
    def deployed(module_fake_lambda):
        deploy(module_fake_lambda.client())

    def test_delete(fake_lambda, lambda_client):
        lambda_client.delete_function(FunctionName="orders")

    def test_it_is_there_again(fake_lambda):
        assert "orders" in fake_lambda.functions

    Options come from the markers of the module: pytestmark = pytest.mark.fake_lambda(seed=7).
    """
    yield from _started(request)


@pytest.fixture(scope="session")
def session_fake_lambda(request: pytest.FixtureRequest) -> Iterator[FakeLambda]:
    """A FakeLambda for all tests of a run, to deploy once; see module_fake_lambda."""
    yield from _started(request)


@pytest.fixture
def fake_lambda(request: pytest.FixtureRequest) -> Iterator[FakeLambda]:
    """AWS Lambda inside this process: an active FakeLambda that answers every Lambda call of the test.

    def test_order(fake_lambda):
        fake_lambda.add_function("orders", lambda event, context: {"id": event["id"]})
        answer = boto3.client("lambda", "us-east-1").invoke(FunctionName="orders", Payload='{"id": 7}')
        assert json.load(answer["Payload"]) == {"id": 7}

    Options come from the marker: @pytest.mark.fake_lambda(seed=7, lifecycle="realistic").
    Where the test also has module_fake_lambda (or that of its class or session), it is that one, rolled back afterwards.
    """
    shared = sharing.shared_by(request)
    if shared is None:
        yield from _started(request)
    else:
        sharing.make_innermost(shared)
        report.shares(request.node, shared)
        before = shared.snapshot()
        yield shared
        shared.restore(before)


@pytest.fixture
def lambda_client(fake_lambda: FakeLambda) -> Any:
    """A botocore Lambda client of the test's fake_lambda, without credentials: FakeLambda.client().

    def test_deploy(lambda_client):
        deploy(lambda_client)
        assert lambda_client.get_alias(FunctionName="orders", Name="live")["FunctionVersion"] == "1"
    """
    return fake_lambda.client()
