import json
import shutil
from pathlib import Path
from typing import Any

import deploy
import pytest

from fakelambda import FakeLambda

ROLE = "arn:aws:iam::123456789012:role/orders"

pytestmark = pytest.mark.fake_lambda(region="eu-west-1", lifecycle="realistic")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the source, to change it."""
    return Path(shutil.copytree(deploy.SOURCE, tmp_path / "src"))


def order(**items: int) -> Any:
    answer = deploy.client.invoke(FunctionName="orders:live", Payload=json.dumps({"id": "7", "items": items}))
    return json.load(answer["Payload"])


def alias() -> dict[str, Any]:
    """What the alias routes to, without its revision."""
    answer = deploy.client.get_alias(FunctionName="orders", Name="live")
    return {"version": answer["FunctionVersion"], "weights": answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})}


def test_the_first_deployment_creates_the_function_and_its_alias(fake_lambda: FakeLambda) -> None:
    assert deploy.deploy(ROLE) == "1"

    assert alias() == {"version": "1", "weights": {}}
    assert order(tea=1, coffee=2) == {"id": "7", "total": 1690, "currency": "EUR"}
    assert fake_lambda.functions["orders"].versions.keys() == {"1"}


def test_a_good_version_is_promoted_step_by_step(fake_lambda: FakeLambda, source: Path) -> None:
    deploy.deploy(ROLE)
    (source / "orders" / "prices.json").write_text('{"tea": 500, "coffee": 620, "biscuits": 280}')

    assert deploy.deploy(ROLE, source) == "2"

    assert alias() == {"version": "2", "weights": {}}
    assert order(tea=1)["total"] == 500
    weights = [
        call.parameters["RoutingConfig"]["AdditionalVersionWeights"] for call in fake_lambda.calls if call.operation == "UpdateAlias"
    ]
    assert weights == [{"2": 0.1}, {"2": 0.5}, {}]
    probes = [invocation.executed_version for invocation in fake_lambda.invocations if invocation.event["id"] == "probe"]
    first, second = probes[: deploy.PROBES], probes[deploy.PROBES :]
    assert 0 < first.count("2") < second.count("2") < deploy.PROBES


def test_a_failing_version_is_rolled_back(fake_lambda: FakeLambda, source: Path) -> None:
    deploy.deploy(ROLE)
    (source / "orders" / "prices.json").write_text('{"tea": 500, "coffee": 620}')  # the biscuits are gone

    with pytest.raises(deploy.RolledBackError, match=r"version 2: 100% of its invocations failed at 10% of the traffic"):
        deploy.deploy(ROLE, source)

    assert alias() == {"version": "1", "weights": {}}
    assert order(biscuits=1)["total"] == 280
    errors = [invocation.error for invocation in fake_lambda.invocations if invocation.error]
    assert errors
    assert {repr(error) for error in errors} == {"KeyError('biscuits')"}


def test_an_alias_that_somebody_else_moves_meanwhile_is_left_alone(fake_lambda: FakeLambda, source: Path) -> None:
    deploy.deploy(ROLE)

    def a_colleague_is_faster(_event: Any, _context: Any) -> None:
        deploy.client.update_alias(FunctionName="orders", Name="live", FunctionVersion="1", Description="frozen")

    fake_lambda.bind("orders:live", a_colleague_is_faster)

    with pytest.raises(deploy.client.exceptions.PreconditionFailedException) as raised:
        deploy.deploy(ROLE, source)

    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert deploy.client.get_alias(FunctionName="orders", Name="live")["Description"] == "frozen"


def test_a_throttled_function_is_rolled_back_after_the_sdk_has_tried_again(fake_lambda: FakeLambda, source: Path) -> None:
    deploy.deploy(ROLE)
    deploy.client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)

    with pytest.raises(deploy.RolledBackError, match=r"version 2: throttled at 10% of the traffic"):
        deploy.deploy(ROLE, source)

    assert alias() == {"version": "1", "weights": {}}
    assert [call.attempts for call in fake_lambda.calls if call.operation == "Invoke"] == [3]


def test_code_that_somebody_else_has_replaced_is_not_published(fake_lambda: FakeLambda, source: Path) -> None:
    ours = deploy.upload(deploy.package(source), ROLE)
    (source / "orders" / "prices.json").write_text("{}")
    deploy.upload(deploy.package(source), ROLE)

    with pytest.raises(deploy.client.exceptions.InvalidParameterValueException, match="is different from current CodeSHA256"):
        deploy.publish(ours)


def test_the_handler_in_the_source_tree(fake_lambda: FakeLambda) -> None:
    fake_lambda.add_function("orders", source=deploy.SOURCE, Handler="orders.app.handler", Environment={"Variables": {"CURRENCY": "CHF"}})
    deploy.client.create_alias(FunctionName="orders", Name="live", FunctionVersion="$LATEST")

    assert order(tea=2) == {"id": "7", "total": 900, "currency": "CHF"}
    assert order()["errorMessage"] == "order 7 is empty"
