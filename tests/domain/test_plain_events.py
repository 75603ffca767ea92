"""Events whose JSON is made only where somebody reads it: nobody can tell them from those whose JSON was made before."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakelambda.domain.payloads import REQUEST_LIMIT
from fakelambda.domain.plain_events import PlainEvent, as_json, plain_event, plain_size, size_of_each
from fakelambda.domain.source_records import event_records
from fakelambda.domain.sources import FIRST_SHARD, Source, Substitutes

ROLE = "arn:aws:iam::123456789012:role/orders"


class Text(str):
    """What JSON takes for text, and nothing else does."""

    __slots__ = ()


def source(service: str, name: str = "orders", batching_window: int = 0) -> Source:
    ids, numbers = count(1), count(100)
    made_up = Substitutes(
        new_id=lambda: f"id-{next(ids)}", new_sequence_number=lambda: str(next(numbers)), at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    return Source(service, f"arn:aws:{service}:eu-west-1:123456789012:{name}", ROLE, FIRST_SHARD, batching_window, made_up)


SOURCES = [source("sqs"), source("sqs", batching_window=5), source("sqs", "orders.fifo"), source("kinesis")]
texts = st.text(max_size=8) | st.sampled_from(["\x00" * 90, '"\\' * 90, "\N{SLICE OF PIZZA}" * 900, "\ud83c\udf55", "\ud83c", "Orders", ""])
odd = st.one_of(
    st.none(), st.integers(), st.binary(max_size=3), st.tuples(texts), st.lists(texts, max_size=2), texts.map(Text), st.floats()
)
odd |= st.dictionaries(texts, odd, max_size=2)
names = st.sampled_from(["SenderId", "SentTimestamp", "AWSTraceHeader", "MessageGroupId", "Other"])
attributes = st.dictionaries(names, texts | odd) | st.just(dict.fromkeys(["SenderId"], "AIDA"))
message_attributes = st.dictionaries(texts, st.fixed_dictionaries({"StringValue": texts, "DataType": texts}), max_size=2)
moments = st.floats(0, 2e9) | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))
payloads = st.fixed_dictionaries({}, optional={"data": texts, "partitionKey": texts | odd, "other": odd})
MEMBERS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "sqs": {
        **dict.fromkeys(["MessageId", "ReceiptHandle", "Body", "MD5OfBody", "MD5OfMessageAttributes"], texts),
        "Attributes": attributes,
    },
    "kinesis": {"Data": st.binary(max_size=5), "PartitionKey": texts, "SequenceNumber": texts, "ApproximateArrivalTimestamp": moments},
}
ODD_MEMBERS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "sqs": {
        **dict.fromkeys(["MessageId", "ReceiptHandle", "MD5OfBody", "MD5OfMessageAttributes", "messageId", "other"], odd),
        **dict.fromkeys(["body", "receiptHandle"], texts),
        "attributes": attributes,
        "MessageAttributes": message_attributes,
        "messageAttributes": message_attributes,
    },
    "kinesis": {"PartitionKey": odd, "SequenceNumber": odd, "kinesis": payloads, "other": odd},
}


def records_of(service: str) -> st.SearchStrategy[dict[str, Any]]:
    """Records as their source returns them, of which every other has one member that is none of the source's."""
    usual = st.fixed_dictionaries({}, optional=MEMBERS[service])
    strange = st.one_of([strategy.map(lambda value, name=name: {name: value}) for name, strategy in ODD_MEMBERS[service].items()])  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    return usual | st.tuples(usual, strange).map(lambda parts: {**parts[0], **parts[1]})


def outcome(make: Any) -> Any:
    """What somebody gets, or the kind of error."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - whatever it is, both have to raise it
        return type(error)


@settings(max_examples=300)
@given(st.sampled_from(SOURCES), st.data())
def test_whatever_a_test_delivers_is_to_handlers_and_readers_what_json_makes_of_it(origin: Source, data: st.DataObject) -> None:
    given_records = data.draw(st.lists(records_of(origin.service), min_size=1, max_size=2))
    try:
        records, size = event_records(origin, given_records)
    except (TypeError, ValueError, AttributeError):
        return
    whole = outcome(lambda: json.dumps({"Records": records}, separators=(",", ":")).encode())
    event = plain_event(records, size)
    if event is None:
        assert outcome(lambda: as_json({"Records": records})) == whole
        return
    assert (bytes(event), repr(event.value())) == (whole, repr(json.loads(whole)))
    assert len(whole) <= len(records) * size + len('{"Records":[]}')


@pytest.mark.parametrize(
    ("service", "record"),
    [
        ("sqs", {"Body": "{}"}),
        ("sqs", {"body": "{}"}),
        ("sqs", {"MessageId": "1", "ReceiptHandle": "2", "Body": "x", "MD5OfBody": "3", "Attributes": {"SenderId": "4"}}),
        ("kinesis", {"Data": b"{}"}),
        ("kinesis", {"Data": b"{}", "PartitionKey": "1", "SequenceNumber": "2"}),
    ],
)
def test_what_sources_return_needs_no_json(service: str, record: dict[str, Any]) -> None:
    assert isinstance(plain_event(*event_records(source(service), [record] * 2)), PlainEvent)


def test_no_part_of_an_event_is_another_s() -> None:
    event = plain_event(*event_records(source("sqs"), [{"Body": "x"}] * 2))
    assert event is not None
    mine, yours = event.value()["Records"]
    mine["attributes"]["SenderId"] = mine["messageAttributes"]["new"] = "changed"
    assert yours["messageAttributes"] == {}
    assert "changed" not in {*yours["attributes"].values(), *event.value()["Records"][0]["attributes"].values()}


def test_what_holds_itself_is_told() -> None:
    holder: dict[str, Any] = {"body": "x"}
    holder["other"] = holder
    with pytest.raises(ValueError, match="Circular reference detected"):
        as_json({"Records": [holder]})


def test_an_event_is_plain_only_where_its_json_surely_fits() -> None:
    half = "x" * (REQUEST_LIMIT // 24)  # of which each character may take twelve
    assert isinstance(plain_event([{}, {}], plain_size(100, (half[:-200],))), PlainEvent)
    assert plain_event([{}, {}], plain_size(100, (half + "x",))) is None


def test_one_record_that_is_not_plain_makes_json_of_the_event() -> None:
    assert plain_event(*event_records(source("sqs"), [{"Body": "x"}, {"body": "y", "other": 1}])) is None
    assert (size_of_each({3, 5}), size_of_each({3, 0}), size_of_each(())) == (5, 0, 0)
