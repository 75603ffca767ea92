"""boto3's default session: one for each execution environment, and the test's own."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from fakelambda import FakeLambda

ROLE = "arn:aws:iam::123456789012:role/orders"
APP = """\
import boto3
client = boto3.client("s3")

def handler(event, context):
    if event:
        boto3.setup_default_session(**event)
    later = boto3.client("s3")
    return [[seen._request_signer._credentials.access_key, seen.meta.region_name] for seen in (client, later)]
"""


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's machine, on which nothing has used boto3 yet."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name, value in {"ACCESS_KEY_ID": "DEVELOPERS", "SECRET_ACCESS_KEY": "secret", "DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.fixture
def fake(zipped: Any) -> Any:
    with FakeLambda(region="us-west-2") as fake:
        client = fake.client()
        for name in ("orders", "stock"):
            code = {"ZipFile": zipped({"app.py": APP})}
            # Setting up clients takes seconds where a machine is busy.
            client.create_function(FunctionName=name, Runtime="python3.13", Role=ROLE, Handler="app.handler", Code=code, Timeout=60)
        yield fake


def invoke(fake: FakeLambda, name: str = "orders", event: Any = None) -> Any:
    answer = fake.client().invoke(FunctionName=name, Payload=json.dumps(event))
    return json.load(answer["Payload"])


def hosts() -> tuple[str, str]:
    client: Any = boto3.client("s3")
    return client._request_signer._credentials.access_key, client.meta.region_name


FUNCTIONS = ["ASIAFAKELAMBDA000000", "us-west-2"]
HOSTS = ("DEVELOPERS", "eu-west-1")


def test_a_handler_does_not_get_the_credentials_that_the_test_has_used(fake: FakeLambda) -> None:
    assert hosts() == HOSTS
    assert invoke(fake) == [FUNCTIONS] * 2


def test_the_test_does_not_get_the_credentials_of_a_handler(fake: FakeLambda) -> None:
    assert invoke(fake) == [FUNCTIONS] * 2
    assert hosts() == HOSTS


def test_what_a_handler_sets_up_is_its_environments(fake: FakeLambda) -> None:
    own = {"aws_access_key_id": "OWN", "aws_secret_access_key": "secret", "region_name": "eu-north-1"}
    assert invoke(fake, event=own) == [FUNCTIONS, ["OWN", "eu-north-1"]]
    assert invoke(fake) == [FUNCTIONS, ["OWN", "eu-north-1"]]
    assert invoke(fake, "stock") == [FUNCTIONS] * 2
    assert hosts() == HOSTS
    fake.cold_start("orders")
    assert invoke(fake) == [FUNCTIONS] * 2


def test_the_test_sets_up_its_own_meanwhile(fake: FakeLambda) -> None:
    boto3.setup_default_session(region_name="ap-south-1")
    assert invoke(fake) == [FUNCTIONS] * 2
    assert hosts() == ("DEVELOPERS", "ap-south-1")


def test_a_callable_of_the_test_shares_the_tests(fake: FakeLambda) -> None:
    fake.bind("orders", lambda event, context: hosts())
    assert invoke(fake) == list(HOSTS)


def test_boto3_is_left_as_it_was_found() -> None:
    before = {**vars(boto3)}
    with FakeLambda(), FakeLambda():
        assert vars(boto3) != before
    assert vars(boto3) == before
