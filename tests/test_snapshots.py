"""Snapshots: everything of a fake as it was, as often as a test wants; nothing of the world around it."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from fakelambda import FakeLambda

NOBODY: Callable[..., Any] = lambda event, context: "thanks"  # noqa: E731 - a handler as users write them


def story(fake: FakeLambda) -> list[Any]:
    """What a fake shows of itself."""
    client = fake.client()
    before = len(fake.calls)
    functions = client.list_functions(FunctionVersion="ALL")["Functions"]
    aliases = [client.list_aliases(FunctionName=name)["Aliases"] for name in fake.functions]
    return [
        functions,
        aliases,
        [(entry.kind, entry.function_name, entry.detail) for entry in fake.pending],
        [repr(invocation) for invocation in fake.invocations],
        [repr(call) for call in fake.calls[:before]],
        [delivery.body for delivery in fake.deliveries],
    ]


def published(fake: FakeLambda, name: str = "orders") -> None:
    fake.add_function(name, lambda event, context: context.function_version, Publish=True)
    fake.client().update_function_configuration(FunctionName=name, Description="second")
    fake.client().publish_version(FunctionName=name)
    fake.client().create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})


def test_everything_is_as_it_was(fake: FakeLambda) -> None:
    published(fake)
    client = fake.client()
    fake.route("orders:live", ["2"])
    client.invoke(FunctionName="orders")
    snapshot = fake.snapshot()
    before = story(fake)

    client.invoke(FunctionName="orders:live", InvocationType="Event")
    client.delete_alias(FunctionName="orders", Name="live")
    fake.add_function("another", NOBODY)
    fake.advance(3600)
    fake.restore(snapshot)

    assert story(fake) == before
    assert client.invoke(FunctionName="orders:live")["ExecutedVersion"] == "2"  # what was forced is forced again


def test_what_shall_fail_and_what_falls_idle_is_as_it_was() -> None:
    with freeze_time("2026-03-01") as frozen, FakeLambda(lifecycle={"idle": 60}) as fake:
        published(fake)
        fake.fail_transition("orders", "update")
        frozen.tick(30)
        snapshot = fake.snapshot()
        for _ in range(2):
            states = []
            for seconds in (29, 1):
                fake.advance(seconds)
                states.append(fake.client().get_function_configuration(FunctionName="orders")["State"])
            fake.client().update_function_configuration(FunctionName="orders", Timeout=9)
            states.append(fake.client().get_function_configuration(FunctionName="orders")["LastUpdateStatus"])
            assert states == ["Active", "Inactive", "Failed"]
            fake.restore(snapshot)
        fake.client().invoke(FunctionName="orders")
        fake.advance(59)
        assert fake.client().get_function_configuration(FunctionName="orders")["State"] == "Active"


STEPS: dict[str, Callable[[FakeLambda], Any]] = {
    "create": lambda fake: fake.add_function(next(name for name in map("f{}".format, count()) if name not in fake.functions), NOBODY),
    "delete": lambda fake: fake.client().delete_function(FunctionName="orders") if "orders" in fake.functions else None,
    "invoke": lambda fake: fake.client().invoke(FunctionName="orders:live") if "orders" in fake.functions else None,
    "queue": lambda fake: fake.client().invoke(FunctionName="failing", InvocationType="Event"),
    "tag": lambda fake: fake.client().tag_resource(Resource=fake.functions["failing"].arn, Tags={str(len(fake.calls)): ""}),
    "advance": lambda fake: fake.advance(61),
    "region": lambda fake: fake.client("eu-west-1").list_functions(),
}
steps = st.lists(st.sampled_from(sorted(STEPS)), max_size=8)


@settings(max_examples=40, deadline=None)
@given(before=steps, between=steps, after=steps, order=st.lists(st.integers(0, 1), min_size=2, max_size=4))
def test_the_same_steps_from_a_snapshot_have_the_same_answers(
    before: list[str], between: list[str], after: list[str], order: list[int]
) -> None:
    with freeze_time("2026-03-01"), FakeLambda() as fake:
        published(fake)
        fake.add_function("failing", lambda event, context: event["missing"])
        snapshots, stories = [], dict[int, Any]()
        for part in (before, between):
            with freeze_time("2026-03-01"):  # a clock of its own each time, as a frozen one is not turned back
                for step in part:
                    STEPS[step](fake)
            snapshots.append(fake.snapshot())
        for number in order:
            fake.restore(snapshots[number])
            with freeze_time("2026-03-01"):
                for step in after:
                    STEPS[step](fake)
                told = story(fake)
            assert stories.setdefault(number, told) == told


def test_what_waits_waits_as_long_as_it_did(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: event["missing"])
    fake.client().invoke(FunctionName="orders", InvocationType="Event")
    fake.advance(20)
    snapshot = fake.snapshot()
    for _ in range(2):
        fake.advance(39)
        assert len(fake.invocations) == 1
        fake.advance(2)
        assert [invocation.attempt for invocation in fake.invocations] == [1, 2]
        fake.restore(snapshot)
    fake.drain()
    assert [invocation.attempt for invocation in fake.invocations] == [1, 2, 3]


def test_the_fake_s_clock_goes_back_and_a_frozen_one_does_not() -> None:
    with FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: event["missing"])
        snapshot, before = fake.snapshot(), fake._service.world.now()
        fake.advance(timedelta(days=1))
        fake.restore(snapshot)
        assert fake._service.world.now() - before < timedelta(hours=1)
    with freeze_time("2026-03-01") as frozen, FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: event["missing"])
        fake.client().invoke(FunctionName="orders", InvocationType="Event")
        snapshot = fake.snapshot()
        fake.advance(59)
        fake.restore(snapshot)
        assert f"{frozen():%X}" == "00:00:59"
        fake.advance(59)
        assert len(fake.invocations) == 1
        fake.advance(1)
        assert len(fake.invocations) == 2


def test_the_next_invocation_is_a_cold_start(fake: FakeLambda, zipped: Any) -> None:
    code = "seen = []\ndef handler(event, context):\n    seen.append(event)\n    return len(seen)\n"
    fake.client().create_function(
        FunctionName="orders",
        Role="arn:aws:iam::123456789012:role/r",
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": code})},
    )

    def seen() -> int:
        answer: int = json.load(fake.client().invoke(FunctionName="orders")["Payload"])
        return answer

    assert [seen(), seen()] == [1, 2]
    fake.restore(fake.snapshot())
    assert [seen(), seen()] == [1, 2]


def test_bindings_and_stored_objects_come_back(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: 1)
    fake.put_object("code", "orders.zip", b"first")
    snapshot = fake.snapshot()
    fake.bind("orders", lambda event, context: 2)
    fake.put_object("code", "orders.zip", b"second")
    fake.restore(snapshot)
    assert json.load(fake.client().invoke(FunctionName="orders")["Payload"]) == 1
    assert fake._neighbours.get_object("us-east-1", "code", "orders.zip", None) == b"first"


def test_other_services_stay_as_they_are() -> None:
    with mock_aws(), FakeLambda() as fake:
        s3 = boto3.client("s3", region_name="us-east-1")
        snapshot = fake.snapshot()
        s3.create_bucket(Bucket="shop")
        fake.restore(snapshot)
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["shop"]


@pytest.mark.parametrize("call", ["snapshot", "restore", "reset"])
def test_not_while_a_handler_is_in_the_middle_of_something(call: str) -> None:
    with FakeLambda(reraise=RuntimeError) as fake:
        snapshot = fake.snapshot()
        fake.add_function("orders", lambda event, context: getattr(fake, call)(*([snapshot] if call == "restore" else [])))
        with pytest.raises(RuntimeError, match=rf"{call}\(\) while orders is running; call it from the test"):
            fake.client().invoke(FunctionName="orders")
        assert list(fake.functions) == ["orders"]


def test_a_snapshot_belongs_to_its_fake(fake: FakeLambda) -> None:
    with FakeLambda() as other, pytest.raises(ValueError, match="this one was taken of another"):
        other.restore(fake.snapshot())


def test_a_snapshot_survives_a_reset(fake: FakeLambda) -> None:
    published(fake)
    snapshot, before = fake.snapshot(), story(fake)
    fake.reset()
    assert not fake.functions
    fake.restore(snapshot)
    assert story(fake)[0] == before[0]
