"""Event source mappings: what a client sees of their life, their lists and their tags."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from freezegun import freeze_time

from fakelambda import FakeLambda, LambdaContext
from fakelambda.domain.event_source_mappings import EventSourceMapping

PREFIX = "arn:aws:lambda:us-east-1:123456789012:"
FUNCTION = f"{PREFIX}function:orders"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
UNKNOWN = "01234567-89ab-cdef-0123-456789abcdef"
GONE = "404 ResourceNotFoundException: The resource you requested does not exist."
IN_USE = "400 ResourceInUseException: Cannot {} the event source mapping because it is in use."


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda, client: Any) -> None:
    fake.add_function("orders", lambda event, context: None, Publish=True)
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


@pytest.fixture
def uuid(client: Any) -> str:
    """That of an enabled mapping."""
    created: str = client.create_event_source_mapping(FunctionName="orders", EventSourceArn=QUEUE)["UUID"]
    return created


# ---- its life ----


def test_each_change_is_seen_beginning_and_then_done(answered: Any, refused: Any) -> None:
    _, created = answered("create_event_source_mapping", FunctionName="orders", EventSourceArn=QUEUE, Enabled=False)
    mapping = {"UUID": created["UUID"]}
    assert created["State"] == "Disabled"
    changes: list[tuple[dict[str, Any], str, str]] = [
        ({"BatchSize": 5}, "Updating", "Disabled"),
        ({"Enabled": True}, "Enabling", "Enabled"),
        ({"Enabled": True}, "Updating", "Enabled"),
        ({"BatchSize": 6}, "Updating", "Enabled"),
        ({"Enabled": False, "BatchSize": 7}, "Disabling", "Disabled"),
        ({"FunctionName": "orders:1"}, "Updating", "Disabled"),
        ({}, "Updating", "Disabled"),
    ]
    for change, at_first, then in changes:
        status, changed = answered("update_event_source_mapping", **mapping, **change)
        assert (status, changed["State"]) == (202, at_first)
        _, now = answered("get_event_source_mapping", **mapping)
        assert now == changed | {"State": then, "LastModified": now["LastModified"]}
    assert (now["BatchSize"], now["FunctionArn"]) == (7, f"{FUNCTION}:1")
    status, deleted = answered("delete_event_source_mapping", **mapping)
    assert (status, deleted) == (202, now | {"State": "Deleting", "LastModified": deleted["LastModified"]})
    assert refused("get_event_source_mapping", **mapping) == GONE


@pytest.mark.parametrize("lifecycle", ["realistic"])
@pytest.mark.parametrize(
    ("change", "busy", "settled"),
    [
        ({}, "Updating", "Enabled"),
        ({"Enabled": False}, "Disabling", "Disabled"),
        ({"FunctionName": "orders:live"}, "Updating", "Enabled"),
    ],
)
def test_a_change_takes_its_time_and_others_wait_for_it(
    *, fake: FakeLambda, answered: Any, refused: Any, uuid: str, change: dict[str, Any], busy: str, settled: str
) -> None:
    def state_is(expected: str) -> None:
        assert answered("get_event_source_mapping", UUID=uuid)[1]["State"] == expected
        in_use = expected not in ("Enabled", "Disabled")
        if in_use:
            assert refused("update_event_source_mapping", UUID=uuid, BatchSize=1) == IN_USE.format("update")
            assert refused("delete_event_source_mapping", UUID=uuid) == IN_USE.format("delete")
            assert [(pending.kind, pending.function_name, pending.detail) for pending in fake.pending] == [
                ("event source mapping", "orders", f"{expected} {uuid}")
            ]

    with freeze_time():
        for operation, given, first, last in [
            ("get_event_source_mapping", {}, "Creating", "Enabled"),
            ("update_event_source_mapping", change, busy, settled),
            ("delete_event_source_mapping", {}, "Deleting", None),
        ]:
            answered(operation, UUID=uuid, **given)
            state_is(first)
            fake.advance(timedelta(seconds=4.9))
            state_is(first)
            fake.advance(timedelta(seconds=0.1))
            if last is not None:
                state_is(last)
    assert refused("get_event_source_mapping", UUID=uuid) == GONE
    assert fake.pending == []


def test_last_modified_tells_when_the_state_has_changed() -> None:
    with freeze_time("2026-01-01") as clock, FakeLambda(lifecycle={"event_source_mapping": 30}) as fake:
        client: Any = fake.client()
        fake.add_function("orders", lambda event, context: None)
        mapping = client.create_event_source_mapping(FunctionName="orders", EventSourceArn=QUEUE)
        clock.tick(40)
        now = client.get_event_source_mapping(UUID=mapping["UUID"])
        assert now["State"] == "Enabled"
        assert mapping["LastModified"] + timedelta(seconds=30) <= now["LastModified"] <= mapping["LastModified"] + timedelta(seconds=40)


@pytest.mark.parametrize("operation", ["get_event_source_mapping", "update_event_source_mapping", "delete_event_source_mapping"])
def test_a_mapping_that_does_not_exist(refused: Any, operation: str) -> None:
    assert refused(operation, UUID=UNKNOWN) == GONE
    assert refused(operation, UUID=f"{UNKNOWN}0") == (
        f"400 ValidationException: 1 validation error detected: Value '{UNKNOWN}0' at 'uUID' failed to satisfy constraint: "
        "Member must have length less than or equal to 36"
    )


def test_a_mapping_outlives_its_function(fake: FakeLambda, answered: Any, refused: Any, uuid: str) -> None:
    answered("delete_function", FunctionName="orders")
    _, orphan = answered("get_event_source_mapping", UUID=uuid)
    assert (orphan["State"], orphan["FunctionArn"]) == ("Enabled", FUNCTION)
    assert answered("update_event_source_mapping", UUID=uuid, BatchSize=3)[1]["BatchSize"] == 3
    assert refused("update_event_source_mapping", UUID=uuid, FunctionName="orders") == (
        "400 InvalidParameterValueException: Function does not exist"
    )
    fake.add_function("orders", lambda event, context: None)
    assert refused("create_event_source_mapping", FunctionName="orders", EventSourceArn=QUEUE).startswith("409 ")
    answered("delete_event_source_mapping", UUID=uuid)
    assert answered("create_event_source_mapping", FunctionName="orders", EventSourceArn=QUEUE)[1]["UUID"] != uuid


def test_polling_begins_whenever_a_mapping_has_become_enabled(fake: FakeLambda, client: Any) -> None:
    polled: list[tuple[str, int, bool]] = []

    def begin(mapping: EventSourceMapping) -> None:
        lock: Any = fake._service.lock  # of a kind that says whether it is held here
        polled.append((mapping.state, mapping.batch_size, lock._is_owned()))

    fake._server.service = replace(fake._service, begin_polling=begin)
    uuid = client.create_event_source_mapping(FunctionName="orders", EventSourceArn=QUEUE)["UUID"]
    client.update_event_source_mapping(UUID=uuid, BatchSize=5)
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    client.update_event_source_mapping(UUID=uuid, BatchSize=6)
    client.update_event_source_mapping(UUID=uuid, Enabled=True)
    client.delete_event_source_mapping(UUID=uuid)
    client.list_functions()
    assert polled == [("Enabled", 10, False), ("Enabled", 5, False), ("Enabled", 6, False)]


def test_of_many_at_once_one_connects_them(fake: FakeLambda, client: Any) -> None:
    def create(_: int) -> int:
        try:
            return int(
                client.create_event_source_mapping(FunctionName="orders", EventSourceArn=QUEUE)["ResponseMetadata"]["HTTPStatusCode"]
            )
        except client.exceptions.ResourceConflictException:
            return 409

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(create, range(40))) == [202] + [409] * 39
    assert len(fake.event_source_mappings) == 1


def test_a_handler_connects_itself(fake: FakeLambda, client: Any) -> None:
    def handler(event: Any, context: LambdaContext) -> str:
        created = client.create_event_source_mapping(FunctionName=context.function_name, EventSourceArn=QUEUE)
        client.update_event_source_mapping(UUID=created["UUID"], BatchSize=2)
        return str(client.get_event_source_mapping(UUID=created["UUID"])["State"])

    fake.add_function("itself", handler)
    assert json.load(client.invoke(FunctionName="itself")["Payload"]) == "Enabled"


@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_a_snapshot_remembers_what_is_on_its_way(fake: FakeLambda, client: Any, uuid: str) -> None:
    creating = fake.snapshot()
    for _ in range(2):
        assert client.get_event_source_mapping(UUID=uuid)["State"] == "Creating"
        fake.drain()
        assert client.get_event_source_mapping(UUID=uuid)["State"] == "Enabled"
        client.delete_event_source_mapping(UUID=uuid)
        fake.drain()
        assert not fake.event_source_mappings
        fake.restore(creating)
    fake.reset()
    assert client.list_event_source_mappings()["EventSourceMappings"] == []
    assert not fake.pending


# ---- its function ----


@pytest.mark.parametrize("suffix", ["", ":1", ":live", ":$LATEST"])
@pytest.mark.parametrize("form", ["orders", "123456789012:function:orders", FUNCTION])
def test_the_function_is_shown_as_it_was_named(answered: Any, form: str, suffix: str) -> None:
    _, created = answered("create_event_source_mapping", FunctionName=form + suffix, EventSourceArn=QUEUE)
    assert created["FunctionArn"] == FUNCTION + suffix
    _, updated = answered("update_event_source_mapping", UUID=created["UUID"], FunctionName="orders:1")
    assert updated["FunctionArn"] == f"{FUNCTION}:1"


@pytest.mark.parametrize("name", ["refunds", "orders:2", "orders:beta", f"{PREFIX}function:refunds", f"{FUNCTION}:beta"])
def test_a_function_that_does_not_exist(refused: Any, uuid: str, name: str) -> None:
    answer = "400 InvalidParameterValueException: Function does not exist"
    assert refused("create_event_source_mapping", FunctionName=name, EventSourceArn=STREAM, StartingPosition="LATEST") == answer
    assert refused("update_event_source_mapping", UUID=uuid, FunctionName=name) == answer


# ---- lists ----


def test_lists_go_by_the_function_as_it_is_named_and_by_the_source(answered: Any) -> None:
    def create(function: str, source: str, **given: str) -> str:
        _, mapping = answered("create_event_source_mapping", FunctionName=function, EventSourceArn=source, **given)
        return str(mapping["UUID"])

    queue, live = create("orders", QUEUE), create("orders:live", QUEUE)
    stream = create("orders", STREAM, StartingPosition="LATEST")
    for given, expected in [
        ({}, {queue, live, stream}),
        ({"FunctionName": "orders"}, {queue, stream}),
        ({"FunctionName": FUNCTION}, {queue, stream}),
        ({"FunctionName": "123456789012:function:orders:live"}, {live}),
        ({"FunctionName": "orders:1"}, set()),
        ({"FunctionName": "refunds"}, set()),
        ({"EventSourceArn": QUEUE}, {queue, live}),
        ({"EventSourceArn": QUEUE, "FunctionName": "orders"}, {queue}),
        ({"EventSourceArn": f"{QUEUE}s"}, set()),
    ]:
        status, answer = answered("list_event_source_mappings", **given)
        listed = answer["EventSourceMappings"]
        assert (status, {mapping["UUID"] for mapping in listed}, len(listed)) == (200, expected, len(expected))
        for mapping in listed:
            assert answered("get_event_source_mapping", UUID=mapping["UUID"])[1] == mapping


def test_a_page_holds_a_hundred(fake: FakeLambda, client: Any, refused: Any) -> None:
    created = [
        client.create_event_source_mapping(FunctionName="orders", EventSourceArn=f"{QUEUE}{number}")["UUID"] for number in range(103)
    ]
    pages = list(client.get_paginator("list_event_source_mappings").paginate(FunctionName="orders"))
    assert [len(page["EventSourceMappings"]) for page in pages] == [100, 3]
    assert [mapping["UUID"] for page in pages for mapping in page["EventSourceMappings"]] == sorted(created)
    first = client.list_event_source_mappings(MaxItems=2)
    client.delete_event_source_mapping(UUID=first["NextMarker"])
    second = client.list_event_source_mappings(MaxItems=2, Marker=first["NextMarker"])
    assert [mapping["UUID"] for mapping in second["EventSourceMappings"]] == sorted(created)[3:5]
    assert len(client.list_event_source_mappings(MaxItems=1000)["EventSourceMappings"]) == 100
    assert refused("list_event_source_mappings", Marker="nonsense") == "400 InvalidParameterValueException: Invalid marker: nonsense"


def test_each_account_and_region_has_its_own(fake: FakeLambda, client: Any, uuid: str) -> None:
    for other in (fake.client(region="eu-west-1"), fake.client(account_id="999999999999")):
        elsewhere: Any = other
        assert elsewhere.list_event_source_mappings()["EventSourceMappings"] == []
        with pytest.raises(elsewhere.exceptions.ResourceNotFoundException):
            elsewhere.get_event_source_mapping(UUID=uuid)


def test_a_test_sees_them_without_a_call(fake: FakeLambda, uuid: str) -> None:
    (mapping,) = fake.event_source_mappings.values()
    assert (mapping.uuid, mapping.arn, mapping.state) == (uuid, f"{PREFIX}event-source-mapping:{uuid}", "Enabled")
    assert (mapping.function.name, mapping.event_source_arn, mapping.batch_size) == ("orders", QUEUE, 10)
    with pytest.raises(TypeError):
        fake.event_source_mappings[uuid] = mapping  # type: ignore[index]  # that it cannot be is the point


# ---- tags ----


def test_it_is_tagged_by_its_arn(fake: FakeLambda, answered: Any, refused: Any) -> None:
    tags = {"team": "shop"}
    _, created = answered("create_event_source_mapping", FunctionName="orders", EventSourceArn=QUEUE, Tags=tags)
    arn = created["EventSourceMappingArn"]
    assert "Tags" not in created
    assert answered("list_tags", Resource=arn) == (200, {"Tags": tags})
    _, before = answered("get_event_source_mapping", UUID=created["UUID"])
    assert answered("tag_resource", Resource=arn, Tags={"stage": "test"}) == (204, {})
    assert answered("list_tags", Resource=arn) == (200, {"Tags": {"team": "shop", "stage": "test"}})
    assert answered("untag_resource", Resource=arn, TagKeys=["team", "unknown"]) == (204, {})
    assert answered("list_tags", Resource=arn) == (200, {"Tags": {"stage": "test"}})
    assert answered("get_event_source_mapping", UUID=created["UUID"]) == (200, before)
    too_many = "400 InvalidParameterValueException: Number of tags exceeds resource tag limit."
    assert refused("tag_resource", Resource=arn, Tags={str(number): "" for number in range(50)}) == too_many
    many = {str(number): "" for number in range(51)}
    assert refused("create_event_source_mapping", FunctionName="orders:1", EventSourceArn=QUEUE, Tags=many) == too_many
    for elsewhere in (arn.replace("us-east-1", "eu-west-1"), arn.replace("123456789012", "999999999999")):
        missing = f"404 ResourceNotFoundException: Event source mapping not found: {elsewhere}"
        assert refused("list_tags", Resource=elsewhere) == missing
    answered("delete_event_source_mapping", UUID=created["UUID"])
    assert refused("list_tags", Resource=arn) == f"404 ResourceNotFoundException: Event source mapping not found: {arn}"
