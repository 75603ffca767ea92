import json
import re
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time

from fakelambda import FakeLambda
from fakelambda.domain import lifecycle, provisioned_concurrency
from fakelambda.domain.errors import ResourceConflictException
from fakelambda.domain.lifecycle import CREATED, READY, UPDATING, Event, IllegalTransition, Life

DOCUMENT = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text(encoding="utf-8")
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
PENDING = "The operation cannot be performed at this time. The function is currently in the following state: Pending"
IN_PROGRESS = f"The operation cannot be performed at this time. An update is in progress for resource: {ARN}"


def test_the_picture_in_the_documentation_is_the_table() -> None:
    pictures = re.findall(r"^```mermaid\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert pictures == [lifecycle.diagram(), provisioned_concurrency.diagram()]


@pytest.mark.parametrize(("before", "event"), [*product([CREATED, READY, UPDATING], Event)])
def test_every_pair_is_in_the_table_or_illegal(before: Life, event: Event) -> None:
    legal = {(CREATED, Event.SUCCEED): READY, (READY, Event.UPDATE): UPDATING, (UPDATING, Event.SUCCEED): READY}
    if (before, event) in legal:
        assert lifecycle.move(before, event) == legal[before, event]
    else:
        with pytest.raises(IllegalTransition):
            lifecycle.move(before, event)


@pytest.mark.parametrize(("life", "refusal"), [(CREATED, PENDING), (READY, None), (UPDATING, IN_PROGRESS)])
def test_changes_wait_until_it_has_settled(life: Life, refusal: str | None) -> None:
    if refusal is None:
        lifecycle.check_changeable(life, ARN)
    else:
        with pytest.raises(ResourceConflictException) as refused:
            lifecycle.check_changeable(life, ARN)
        assert refused.value.message == refusal


@pytest.mark.parametrize(("life", "refusal"), [(CREATED, PENDING), (READY, None), (UPDATING, None)])
def test_invocations_wait_only_for_the_creation(life: Life, refusal: str | None) -> None:
    if refusal is None:
        lifecycle.check_invocable(life)
    else:
        with pytest.raises(ResourceConflictException) as refused:
            lifecycle.check_invocable(life)
        assert refused.value.message == refusal


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "Invoke": ("invoke", {}),
    "UpdateFunctionCode": ("update_function_code", {"ImageUri": "orders:2"}),
    "UpdateFunctionConfiguration": ("update_function_configuration", {"MemorySize": 512}),
    "PublishVersion": ("publish_version", {}),
}


@pytest.mark.parametrize(("row", "is_update"), [("Pending", False), ("Active, update in progress", True)])
def test_the_refusals_in_the_documentation_are_those_of_a_client(row: str, is_update: bool) -> None:  # noqa: FBT001 - a column of the table
    (said,) = re.findall(rf"^\| {row} \| (.*?)[|;]", DOCUMENT, re.MULTILINE)
    refused = []
    for name, (method, parameters) in CALLS.items():
        with FakeLambda(lifecycle="realistic") as fake:
            client = fake.client()
            client.create_function(
                FunctionName="orders", PackageType="Image", Code={"ImageUri": "orders:1"}, Role="arn:aws:iam::123456789012:role/orders"
            )
            fake.bind("orders", lambda event, context: "thanks")
            if is_update:
                client.get_waiter("function_active_v2").wait(FunctionName="orders")
                client.update_function_configuration(FunctionName="orders", Timeout=30)
            with suppress(client.exceptions.ResourceConflictException):
                getattr(client, method)(FunctionName="orders", **parameters)
            error: Any = fake.calls[-1].error
            if error:
                assert error["Error"] == {"Code": "ResourceConflictException", "Message": IN_PROGRESS if is_update else PENDING}
                refused.append(name)
    assert refused == re.findall(r"`(\w+)`", said)


def test_it_takes_as_long_as_the_documentation_says() -> None:
    created, updated = map(int, re.findall(r"takes (\d) seconds after a creation and (\d) after an update", DOCUMENT)[0])
    with freeze_time("2026-01-01"), FakeLambda(lifecycle="realistic") as fake:
        client = fake.client()

        def settled_after(seconds: int) -> None:
            fake.advance(seconds - 0.1)
            assert fake.pending
            fake.advance(0.1)
            assert not fake.pending
            assert json.loads(client.invoke(FunctionName="orders")["Payload"].read()) == "thanks"

        client.create_function(
            FunctionName="orders", PackageType="Image", Code={"ImageUri": "orders:1"}, Role="arn:aws:iam::123456789012:role/orders"
        )
        fake.bind("orders", lambda event, context: "thanks")
        settled_after(created)
        client.update_function_configuration(FunctionName="orders", Timeout=30)
        settled_after(updated)
