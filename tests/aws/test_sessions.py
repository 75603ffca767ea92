"""The fake's own clients: real, cached for the process, and of nobody's environment."""

from __future__ import annotations

import gc
import os
from functools import cache
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.config import Config

from fakelambda import FakeLambda
from fakelambda.aws import sessions


@pytest.fixture
def fresh_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """No session and no client, as in a new process; afterwards those that there were, which share their classes of exceptions."""
    monkeypatch.setattr(sessions, "_clients", {})
    monkeypatch.setattr(sessions, "session", cache(sessions.session.__wrapped__))


def test_a_client_is_botocore_s_own(fake: FakeLambda) -> None:
    client = fake.client()
    assert isinstance(client, BaseClient)
    assert (client.meta.service_model.service_name, client.meta.region_name) == ("lambda", "us-east-1")


def test_equal_wishes_share_a_client_over_fakes_and_unequal_ones_do_not() -> None:
    def wishes(fake: FakeLambda) -> list[BaseClient]:
        return [
            fake.client(),
            fake.client("eu-west-1"),
            fake.client(account_id="210987654321"),
            fake.client(config=Config(retries={"mode": "adaptive"})),
            fake.client(config=Config(retries={"mode": "adaptive", "total_max_attempts": 2})),
        ]

    first, second = (wishes(FakeLambda()) for _ in range(2))
    assert first == second
    assert len(set(map(id, first))) == len(first)
    assert FakeLambda(region="eu-west-1").client() is first[1]
    config: Any = first[4].meta.config
    assert config.retries == {"mode": "adaptive", "total_max_attempts": 2}


def test_the_account_of_a_client_is_the_one_it_was_made_for_else_the_fake_s() -> None:
    with FakeLambda(account_id="111111111111") as fake:
        fake.add_function("orders", print)
        other: Any = fake.client(account_id="222222222222")
        assert other.list_functions()["Functions"] == []
        arn = other.create_function(
            FunctionName="orders", Role="arn:aws:iam::222222222222:role/r", Code={"ImageUri": "registry/orders:1"}, PackageType="Image"
        )["FunctionArn"]
        assert arn == "arn:aws:lambda:us-east-1:222222222222:function:orders"
        assert list(fake.functions) == ["orders"]
        assert [call.account_id for call in fake.calls] == ["222222222222"] * 2
        mine: Any = fake.client()
        with FakeLambda(account_id="333333333333") as inner:
            assert mine.list_functions()["Functions"] == []
            assert inner.calls[-1].account_id == "333333333333"


ENVIRONMENT = {
    "AWS_PROFILE": "nowhere",
    "AWS_RETRY_MODE": "no such mode",
    "AWS_MAX_ATTEMPTS": "17",
    "AWS_ENDPOINT_URL": "no url at all",
    "AWS_DEFAULTS_MODE": "no such mode",
    "AWS_DEFAULT_REGION": "eu-west-3",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_ACCESS_KEY_ID": "of the developer",
    "AWS_SECRET_ACCESS_KEY": "of the developer",
    "AWS_CA_BUNDLE": "/no/such/file",
}


@pytest.mark.usefixtures("fresh_cache")
def test_the_environment_of_one_test_does_not_shape_the_clients_of_the_next(monkeypatch: pytest.MonkeyPatch, fake: FakeLambda) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    undisturbed: Any = fake.client()
    expected = (undisturbed.meta.endpoint_url, undisturbed.meta.config.retries, undisturbed.meta.region_name)
    sessions._clients.clear()
    sessions.session.cache_clear()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    client: Any = fake.client()
    assert (client.meta.endpoint_url, client.meta.config.retries, client.meta.region_name) == expected
    assert client._request_signer._credentials.access_key == "testing"
    assert client.list_functions()["Functions"] == []


def test_the_cache_makes_the_second_client_cheap() -> None:
    fake = FakeLambda()
    fake.client("ap-south-1")
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(100):
        fake.client("ap-south-1")
    assert len(gc.get_objects()) - before < 50
