"""A day in the life of an order service: what becomes of events that nobody waits for. Each test is a chapter; the clock is ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import WaiterError
from freezegun import freeze_time
from moto import mock_aws

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "us-east-1:123456789012"
FAILURES = f"arn:aws:sqs:{HERE}:failed-orders"
MORNING = "2026-03-01 10:00:00"


class Shop:
    """An order service whose bank is down for a while, its queue of failed orders, and what its customers got."""

    def __init__(self, fake: FakeLambda) -> None:
        self.fake, self.client = fake, boto3.client("lambda", region_name="us-east-1")
        self.sqs = boto3.client("sqs", region_name="us-east-1")
        self.queue = self.sqs.create_queue(QueueName="failed-orders")["QueueUrl"]
        self.bank_is_down_for, self.receipts = 0, list[str]()
        fake.add_function("orders", self.charge)
        self.client.put_function_event_invoke_config(FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": FAILURES}})

    def charge(self, event: dict[str, Any], _context: Any) -> str:
        if self.bank_is_down_for > 0:
            self.bank_is_down_for -= 1
            raise ConnectionError("the bank does not answer")
        self.receipts.append(event["order"])
        return f"charged {event['order']}"

    def place(self, order: str) -> str:
        """Sends an order and does not wait for it."""
        answer = self.client.invoke(FunctionName="orders", InvocationType="Event", Payload=json.dumps({"order": order}))
        assert answer["StatusCode"] == 202
        return str(answer["ResponseMetadata"]["RequestId"])

    @property
    def attempts(self) -> list[str]:
        """When the orders were tried."""
        return [f"{run.started_at:%H:%M:%S}" for run in self.fake.invocations]

    def failed(self) -> list[dict[str, Any]]:
        """What is in the queue of failed orders."""
        messages = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]


@pytest.fixture
def shop() -> Iterator[Shop]:
    with freeze_time(MORNING), mock_aws(), FakeLambda() as fake:
        yield Shop(fake)


def test_an_order_fails_twice_and_is_charged_three_minutes_later(shop: Shop) -> None:
    shop.bank_is_down_for = 2
    order = shop.place("tea")
    assert shop.attempts == ["10:00:00"]
    assert [(waiting.due, waiting.function_name) for waiting in shop.fake.pending] == [(datetime(2026, 3, 1, 10, 1, tzinfo=UTC), "orders")]

    shop.fake.advance(60)  # a minute later the bank is still down
    assert (shop.attempts, shop.receipts) == (["10:00:00", "10:01:00"], [])

    shop.fake.advance(120)  # two minutes later it is not
    assert (shop.attempts, shop.receipts) == (["10:00:00", "10:01:00", "10:03:00"], ["tea"])
    assert {run.request_id for run in shop.fake.invocations} == {order}
    assert [run.attempt for run in shop.fake.invocations] == [1, 2, 3]
    assert (shop.fake.pending, shop.failed()) == ([], [])


def test_an_order_that_fails_three_times_lands_in_the_queue_with_all_that_is_known_of_it(shop: Shop) -> None:
    shop.bank_is_down_for = 99
    order = shop.place("coffee")
    shop.fake.drain()
    assert shop.attempts == ["10:00:00", "10:01:00", "10:03:00"]
    (record,) = shop.failed()
    stack_trace = record["responsePayload"].pop("stackTrace")
    assert record == {
        "version": "1.0",
        "timestamp": "2026-03-01T10:03:00.000Z",
        "requestContext": {
            "requestId": order,
            "functionArn": f"arn:aws:lambda:{HERE}:function:orders:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"order": "coffee"},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "the bank does not answer", "errorType": "ConnectionError", "requestId": order},
    }
    assert "in charge" in stack_trace[-1]


def test_orders_that_wait_keep_their_places(shop: Shop) -> None:
    shop.bank_is_down_for = 2
    shop.place("first")
    shop.fake.advance(30)
    shop.place("second")
    shop.place("third")  # the bank is back by now
    assert shop.receipts == ["third"]
    shop.fake.drain()
    assert shop.receipts == ["third", "first", "second"]
    assert shop.attempts == ["10:00:00", "10:00:30", "10:00:30", "10:01:00", "10:01:30"]


def test_impatient_customers_get_one_more_try_and_not_after_ninety_seconds(shop: Shop) -> None:
    shop.client.update_function_event_invoke_config(FunctionName="orders", MaximumEventAgeInSeconds=90)
    shop.bank_is_down_for = 99
    shop.place("espresso")
    shop.fake.drain()
    (record,) = shop.failed()
    assert (record["requestContext"]["condition"], record["requestContext"]["approximateInvokeCount"]) == ("EventAgeExceeded", 2)
    assert record["timestamp"] == "2026-03-01T10:01:00.000Z"  # at once: nobody waits for what would come too late


def test_a_shop_that_is_closed_gives_everything_back_at_once(shop: Shop) -> None:
    shop.client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    for order in ("tea", "coffee"):
        shop.place(order)
    assert (shop.attempts, shop.receipts) == ([], [])
    assert [record["requestContext"]["condition"] for record in shop.failed()] == ["ZeroReservedConcurrency"] * 2
    shop.client.delete_function_concurrency(FunctionName="orders")
    shop.place("cake")
    assert shop.receipts == ["cake"]


def test_one_clerk_serves_one_customer_at_a_time_and_six_hours_are_enough_for_nobody_else(shop: Shop) -> None:
    """Whoever comes while the only clerk is busy is asked to come again: after 1, 2, 4, ... seconds, at last every five minutes."""
    shop.client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)
    shop.client.update_function_configuration(FunctionName="orders", Timeout=900)

    def endless(_event: Any, _context: Any) -> None:
        shop.fake.bind("orders", shop.charge)
        shop.place("tea")
        shop.fake.drain()  # the clerk is busy all the while

    shop.fake.bind("orders", endless)
    shop.client.invoke(FunctionName="orders")
    (record,) = shop.failed()
    assert (record["requestContext"]["condition"], record["requestContext"]["approximateInvokeCount"]) == ("EventAgeExceeded", 0)
    waited = datetime.now(UTC) - datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert 5.9 < waited.total_seconds() / 3600 < 6
    assert shop.receipts == []


def test_the_bank_recovers_and_yesterday_s_orders_are_sent_again_from_the_queue(shop: Shop) -> None:
    shop.bank_is_down_for = 6
    for order in ("tea", "coffee"):
        shop.place(order)
    shop.fake.drain()
    for record in shop.failed():
        shop.place(record["requestPayload"]["order"])
    assert sorted(shop.receipts) == ["coffee", "tea"]


def test_a_new_recipe_is_deployed_while_an_order_waits_and_a_broken_one_changes_nothing(shop: Shop) -> None:
    shop.bank_is_down_for = 1
    shop.place("tea")
    shop.fake.fail_transition("orders", "update", reason_code="KMSKeyAccessDenied", reason="The key is not yours.")
    shop.client.update_function_configuration(FunctionName="orders", KMSKeyArn="arn:aws:kms:us-east-1:123456789012:key/mine")
    with pytest.raises(WaiterError, match="terminal failure state"):
        shop.client.get_waiter("function_updated_v2").wait(FunctionName="orders")
    shop.fake.drain()
    assert shop.receipts == ["tea"]
    assert shop.attempts == ["10:00:00", "10:01:00"]


def test_the_same_day_again_is_the_same_day() -> None:
    days = []
    for _ in range(2):
        with freeze_time(MORNING), mock_aws(), FakeLambda(seed=7) as fake:
            shop = Shop(fake)
            shop.bank_is_down_for = 4
            for order in ("tea", "coffee", "cake"):
                shop.place(order)
                fake.advance(20)
            fake.drain()
            days.append(([run.request_id for run in fake.invocations], shop.attempts, shop.receipts))
    assert days[0] == days[1]
