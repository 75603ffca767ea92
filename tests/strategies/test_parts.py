"""The parts of requests: what AWS takes, and what they shrink to."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import find, given, settings
from hypothesis import strategies as st

from fakelambda import FakeLambda, strategies
from fakelambda.domain.names import resolve
from fakelambda.snapshots import Snapshot

ROLE = "arn:aws:iam::123456789012:role/r"


@pytest.fixture(scope="module")
def prepared() -> Iterator[FakeLambda]:
    with FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: event, Publish=True)
        fake.client().update_function_configuration(FunctionName="orders", Description="second")
        fake.client().publish_version(FunctionName="orders")
        yield fake


@pytest.fixture(scope="module")
def deployed(prepared: FakeLambda) -> Snapshot:
    return prepared.snapshot()


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_aws_takes_them(prepared: FakeLambda, deployed: Snapshot, data: st.DataObject) -> None:
    prepared.restore(deployed)
    client = prepared.client()
    name = data.draw(strategies.function_names().filter(lambda name: name != "orders"))
    result = data.draw(strategies.json_events())
    client.create_function(
        FunctionName=name, Runtime="python3.13", Role=ROLE, Handler="app.handler", Code={"ZipFile": data.draw(strategies.zips(st.just(result)))},
        Tags=data.draw(strategies.tags()),
    )  # fmt: skip
    assert json.load(client.invoke(FunctionName=name, Payload=json.dumps(data.draw(strategies.json_events())))["Payload"]) == result
    client.add_permission(FunctionName=name, **data.draw(strategies.statements()))
    client.put_function_event_invoke_config(FunctionName=name, **data.draw(strategies.event_invoke_configs()))
    alias = data.draw(strategies.alias_names())
    client.create_alias(
        FunctionName="orders", Name=alias, FunctionVersion="1", RoutingConfig=data.draw(strategies.routing_configs(st.just("2")))
    )
    assert client.invoke(FunctionName="orders", Qualifier=alias)["ExecutedVersion"] in {"1", "2"}


@given(arn=strategies.function_arns(names=st.just("orders"), qualified=True, region="eu-west-1", account_id="111111111111"))
def test_an_arn_names_what_was_asked_for(arn: str) -> None:
    reference = resolve(arn, None, "eu-west-1", "111111111111")
    assert reference.name == "orders"
    assert reference.qualifier


@settings(max_examples=20)
@given(arn=strategies.function_arns(), unqualified=strategies.function_arns(qualified=False), qualifier=strategies.qualifiers())
def test_arns_are_of_any_partition(arn: str, unqualified: str, qualifier: str) -> None:
    assert arn.split(":")[1] in {"aws", "aws-us-gov", "aws-cn"}
    assert len(unqualified.split(":")) == 7
    assert qualifier


@given(result=strategies.json_events(), data=st.data())
def test_equal_constants_make_equal_packages(result: Any, data: st.DataObject) -> None:
    first, second = (data.draw(strategies.zips(st.just(result))) for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == ["app.py"]


@pytest.mark.parametrize(
    ("strategy", "condition", "least"),
    [
        (strategies.function_names(), lambda name: len(name) >= 3, "aaa"),
        (strategies.alias_names(), lambda _: True, "a"),
        (strategies.versions(), lambda version: int(version) > 7, "8"),
        (strategies.routing_configs(), lambda config: config["AdditionalVersionWeights"], {"AdditionalVersionWeights": {"1": 0.0}}),
        (strategies.event_invoke_configs(), lambda config: "MaximumRetryAttempts" in config, {"MaximumRetryAttempts": 0}),
        (strategies.json_events(), lambda event: isinstance(event, list) and len(event) == 2, [None, None]),
        (
            strategies.requests("CreateAlias", FunctionName="orders"),
            lambda request: "Description" in request,
            {"FunctionName": "orders", "Name": "A", "FunctionVersion": "$LATEST", "Description": ""},
        ),
        (
            strategies.requests("PutFunctionConcurrency", FunctionName="orders"),
            lambda request: request["ReservedConcurrentExecutions"] > 40,
            {"FunctionName": "orders", "ReservedConcurrentExecutions": 41},
        ),
    ],
)
def test_they_shrink_to_the_simplest(strategy: Any, condition: Any, least: Any) -> None:
    assert find(strategy, condition, settings=settings(max_examples=2000, database=None)) == least


def test_a_definite_parameter_is_always_there() -> None:
    @settings(max_examples=20)
    @given(strategies.requests("UpdateAlias", FunctionName="orders", Name=strategies.alias_names(), invalid=True))
    def there(parameters: dict[str, Any]) -> None:
        assert parameters["FunctionName"] == "orders"
        assert parameters["Name"]

    there()


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        (("create_alias",), {}, "Lambda has no operation 'create_alias'; AWS's names are meant, such as 'CreateAlias'"),
        (("CreateAlias",), {"function_name": "orders"}, "CreateAlias has no parameter 'function_name'; it has FunctionName, Name, "),
        (("GetAccountSettings",), {"invalid": True}, "No constraint of GetAccountSettings can be broken"),
    ],
)
def test_misuse_says_what_to_write(arguments: tuple[str], keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        strategies.requests(*arguments, **keywords)


def test_an_invalid_request_is_answered_with_one_error(client: Any, fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: event)

    @settings(max_examples=30, deadline=None)
    @given(strategies.requests("PutFunctionEventInvokeConfig", invalid=True, FunctionName="orders"))
    def refused(parameters: dict[str, Any]) -> None:
        with pytest.raises(ClientError, match=r"ValidationException.*: 1 validation error detected"):
            client.put_function_event_invoke_config(**parameters)

    refused()
