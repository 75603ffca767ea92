"""What Lambda makes of a source's records, and what filter patterns see of them."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain.attribute_values import as_json, size_of
from fakelambda.domain.errors import InvalidParameterValueException
from fakelambda.domain.filters import Filter
from fakelambda.domain.source_records import event_record, filterable, item_identifier, source_filter
from fakelambda.domain.sources import Substitutes
from fakelambda.domain.sqs_messages import digest_of_message_attributes

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-01T10:00:00.000"
CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/7"
BROKER = "arn:aws:mq:eu-west-1:123456789012:broker:orders:b-7"
DOCUMENTS = "arn:aws:rds:eu-west-1:123456789012:cluster:orders"
ROLE = "arn:aws:iam::123456789012:role/orders"
ARNS = {"sqs": QUEUE, "kinesis": STREAM, "dynamodb": TABLE, "kafka": CLUSTER, "mq": BROKER, "rds": DOCUMENTS}
AT = datetime(2018, 12, 17, 22, 10, 50, 987_654, timezone(timedelta(hours=1)))

MESSAGE = {  # as ReceiveMessage returns it
    "MessageId": "059f36b4",
    "ReceiptHandle": "AQEB",
    "MD5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
    "Body": "Test message.",
    "Attributes": {
        "SenderId": "AIDA",
        "ApproximateFirstReceiveTimestamp": "1545082649185",
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1545082649183",
    },
}
ATTRIBUTES = {
    "WeeksOn": {"StringValue": "6", "DataType": "Number"},
    "Author": {"StringValue": "John Grisham", "DataType": "String"},
    "Title": {"StringValue": "The Whistler", "DataType": "String"},
}
MESSAGE_IN_EVENT = {
    "messageId": "059f36b4",
    "receiptHandle": "AQEB",
    "body": "Test message.",
    "attributes": {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1545082649183",
        "SenderId": "AIDA",
        "ApproximateFirstReceiveTimestamp": "1545082649185",
    },
    "messageAttributes": {},
    "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
    "eventSource": "aws:sqs",
    "eventSourceARN": QUEUE,
    "awsRegion": "eu-west-1",
}
STREAM_RECORD = {
    "SequenceNumber": "4959",
    "ApproximateArrivalTimestamp": AT,
    "Data": b"hello",
    "PartitionKey": "p",
    "EncryptionType": "NONE",
}
STREAM_RECORD_IN_EVENT = {
    "kinesis": {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "p",
        "sequenceNumber": "4959",
        "data": "aGVsbG8=",
        "approximateArrivalTimestamp": 1545081050.988,
    },
    "eventSource": "aws:kinesis",
    "eventVersion": "1.0",
    "eventID": "shardId-000000000003:4959",
    "eventName": "aws:kinesis:record",
    "invokeIdentityArn": ROLE,
    "awsRegion": "eu-west-1",
    "eventSourceARN": STREAM,
}
CHANGE = {
    "awsRegion": "elsewhere",
    "dynamodb": {
        "ApproximateCreationDateTime": AT,
        "Keys": {"id": {"S": "hello world"}},
        "NewImage": {"id": {"S": "hello world"}, "photo": {"B": b"\x01"}, "more": {"L": [{"M": {"b": {"BS": [b"\xff"]}}}]}},
        "OldImage": {"id": {"S": "hello world"}},
        "SequenceNumber": "1100",
        "SizeBytes": 376,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    },
    "eventID": "b37a7b0407f648ecac751ef5f6017b83",
    "eventName": "MODIFY",
    "eventSource": "aws:dynamodb",
    "eventVersion": "1.0",
}
CHANGE_IN_EVENT = {
    "eventID": "b37a7b0407f648ecac751ef5f6017b83",
    "eventName": "MODIFY",
    "eventVersion": "1.1",
    "eventSource": "aws:dynamodb",
    "awsRegion": "eu-west-1",
    "dynamodb": {
        "ApproximateCreationDateTime": 1545081050.0,
        "Keys": {"id": {"S": "hello world"}},
        "NewImage": {"id": {"S": "hello world"}, "photo": {"B": "AQ=="}, "more": {"L": [{"M": {"b": {"BS": ["/w=="]}}}]}},
        "OldImage": {"id": {"S": "hello world"}},
        "SequenceNumber": "1100",
        "SizeBytes": 59,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    },
    "eventSourceARN": TABLE,
}
KAFKA_RECORD = {
    "topic": "orders",
    "partition": 1,
    "offset": 15,
    "timestamp": AT,
    "timestampType": "LOG_APPEND_TIME",
    "key": b"k",
    "value": b"hello",
    "headers": [{"name": b"\x01\xff"}, ("other", b"x")],
}
KAFKA_RECORD_IN_EVENT = {
    "topic": "orders",
    "partition": 1,
    "offset": 15,
    "timestamp": 1545081050988,
    "timestampType": "LOG_APPEND_TIME",
    "key": "aw==",
    "value": "aGVsbG8=",
    "headers": [{"name": [1, -1]}, {"other": [120]}],
}
ACTIVEMQ_IN_EVENT = {"messageID": "ID:1", "messageType": "jms/text-message", "redelivered": False, "data": "aGVsbG8=", "properties": {}}
RABBITMQ_IN_EVENT = {"basicProperties": {"contentType": "text/plain"}, "redelivered": False, "data": "aGVsbG8="}
DOCUMENT_CHANGE = {"_id": {"_data": "0163"}, "operationType": "insert", "fullDocument": {"_id": "7"}}


def substitutes() -> Substitutes:
    ids, numbers = count(1), count(100)
    return Substitutes(new_id=lambda: f"id-{next(ids)}", new_sequence_number=lambda: str(next(numbers)), at=AT)


def in_event(service: str, record: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    return event_record(service, record, source_arn=ARNS.get(service), role_arn=ROLE, **options)


def ordered(value: Any) -> str:
    return json.dumps(value, indent=1)


@pytest.mark.parametrize(
    ("service", "record", "expected"),
    [
        ("sqs", MESSAGE, MESSAGE_IN_EVENT),
        ("kinesis", STREAM_RECORD, STREAM_RECORD_IN_EVENT),
        ("dynamodb", CHANGE, CHANGE_IN_EVENT),
        ("kafka", KAFKA_RECORD, KAFKA_RECORD_IN_EVENT),
        ("self-managed-kafka", KAFKA_RECORD, KAFKA_RECORD_IN_EVENT),
        ("mq", {"properties": {}, "data": b"hello", "redelivered": False, "messageID": "ID:1"}, ACTIVEMQ_IN_EVENT),
        ("mq", {"data": b"hello", "basicProperties": {"contentType": "text/plain"}}, RABBITMQ_IN_EVENT),
        ("rds", DOCUMENT_CHANGE, {"event": DOCUMENT_CHANGE}),
    ],
)
def test_a_record_as_its_api_returns_it_takes_the_form_and_order_of_lambda_s_event(service: str, record: Any, expected: Any) -> None:
    before = repr(record)
    assert ordered(in_event(service, record, shard_id="shardId-000000000003")) == ordered(expected)
    assert repr(record) == before


@pytest.mark.parametrize(
    ("service", "record"),
    [
        ("sqs", MESSAGE_IN_EVENT),
        ("kinesis", STREAM_RECORD_IN_EVENT),
        ("dynamodb", {**CHANGE_IN_EVENT, "eventVersion": "1.0", "awsRegion": "elsewhere"}),
        ("kafka", KAFKA_RECORD_IN_EVENT),
        ("mq", ACTIVEMQ_IN_EVENT),
        ("mq", RABBITMQ_IN_EVENT),
        ("rds", {"event": DOCUMENT_CHANGE}),
        ("sqs", {**MESSAGE_IN_EVENT, "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:another", "mine": 1}),
    ],
)
def test_a_record_in_the_event_s_form_stays_as_it_is(service: str, record: dict[str, Any]) -> None:
    assert ordered(in_event(service, record)) == ordered(record)


@pytest.mark.parametrize("record", [STREAM_RECORD_IN_EVENT, MESSAGE_IN_EVENT])
@pytest.mark.parametrize("missing", [["eventSourceARN"], ["eventSourceARN", "awsRegion"], ["eventSource", "eventSourceARN"]])
def test_what_a_record_in_the_event_s_form_lacks_is_added(record: dict[str, Any], missing: list[str]) -> None:
    partial = {name: value for name, value in record.items() if name not in missing}
    service = record["eventSource"].partition(":")[2]
    assert ordered(in_event(service, partial, shard_id="shardId-000000000003")) == ordered(record)


@pytest.mark.parametrize(
    ("attributes", "window", "expected"),
    [
        ({}, 0, "absent"),
        ({}, 1, None),
        (ATTRIBUTES, 0, "d25a6aea97eb8f585bfa92d314504a92"),  # recorded
        (ATTRIBUTES, 1, "d25a6aea97eb8f585bfa92d314504a92"),
    ],
)
def test_the_digest_of_attributes_depends_on_the_batching_window_where_there_are_none(
    attributes: Any, window: int, expected: str | None
) -> None:
    record = in_event("sqs", MESSAGE | {"MessageAttributes": attributes}, batching_window=window)
    assert record.get("md5OfMessageAttributes", "absent") == expected
    assert list(record["messageAttributes"]) == list(attributes)


def test_message_attributes() -> None:
    given = {"Title": ATTRIBUTES["Title"], "photo": {"BinaryValue": b"\x00\xff", "DataType": "Binary.png"}}
    record = in_event("sqs", MESSAGE | {"MessageAttributes": given, "MD5OfMessageAttributes": "81f6"})
    assert record["md5OfMessageAttributes"] == "81f6"
    assert ordered(record["messageAttributes"]) == ordered(
        {
            "Title": {"stringValue": "The Whistler", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "photo": {"binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary.png"},
        }
    )


def test_the_digest_of_binary_attributes_is_that_of_their_bytes() -> None:
    attributes = {"B": {"binaryValue": "AP8=", "dataType": "Binary"}, "N": {"stringValue": "6", "dataType": "Number"}}
    attributes["T"] = {"stringValue": "v", "dataType": "String"}
    assert digest_of_message_attributes(attributes) == "81f63a522444c54d75544b77052084af"  # as SQS clients check it


@pytest.mark.parametrize("attributes", [{"Attributes": {"MessageGroupId": "g"}}, {}])
def test_a_message_of_a_fifo_queue_has_a_number_that_it_keeps(attributes: dict[str, Any]) -> None:
    def number(message_id: str, queue: str) -> str | None:
        record = {"MessageId": message_id, "Body": "x", **attributes}
        arn = f"arn:aws:sqs:us-east-1:123456789012:{queue}"
        made: dict[str, str] = event_record("sqs", record, source_arn=arn, substitutes=substitutes())["attributes"]
        return made.get("SequenceNumber")

    first, again, other = number("1", "q.fifo"), number("1", "q.fifo"), number("2", "q.fifo")
    assert first == again != other
    assert first is not None
    assert (len(first), first.isdigit()) == (20, True)
    assert number("1", "q") is None


def test_attributes_of_a_fifo_queue_have_an_order_and_are_text() -> None:
    given = {
        "MessageGroupId": "g",
        "SequenceNumber": 18849,
        "Beside": 1,
        "SentTimestamp": 2,
        "AWSTraceHeader": "Root=1",
        "ApproximateReceiveCount": 3,
    }
    record = in_event("sqs", MESSAGE | {"Attributes": given})
    assert list(record["attributes"].items()) == [
        ("ApproximateReceiveCount", "3"),
        ("AWSTraceHeader", "Root=1"),
        ("SentTimestamp", "2"),
        ("SequenceNumber", "18849"),
        ("MessageGroupId", "g"),
        ("Beside", "1"),
    ]


@pytest.mark.parametrize(
    ("service", "record", "expected"),
    [
        (
            "sqs",
            {"Body": "x"},
            {
                "messageId": "id-1",
                "receiptHandle": "id-1",
                "body": "x",
                "md5OfBody": "9dd4e461268c8034f5c8564e155c67a6",
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1545081050988",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                    "ApproximateFirstReceiveTimestamp": "1545081050988",
                },
            },
        ),
        ("sqs", {"body": "x", "messageId": "m"}, {"messageId": "m", "receiptHandle": "m", "body": "x"}),
        (
            "sqs",
            {"body": "x", "messageAttributes": {"a": {"stringValue": "b"}, "c": {"binaryValue": "AA=="}}},
            {"messageAttributes": {"a": {"stringValue": "b"}, "c": {"binaryValue": "AA=="}}},
        ),
        ("sqs", {"messageId": "m", "eventSourceARN": QUEUE}, {"body": "", "awsRegion": "eu-west-1"}),
        ("kinesis", {"Data": "text"}, {"eventID": "shardId-000000000000:100"}),
        ("kinesis", {"kinesis": {"data": "dGV4dA=="}, "eventID": "mine"}, {"eventID": "mine", "awsRegion": "eu-west-1"}),
        ("dynamodb", {"dynamodb": {"NewImage": {"id": {"N": "1"}}}}, {"eventID": "id1", "eventName": "INSERT"}),
        ("dynamodb", {"dynamodb": {"OldImage": {"id": {"N": "1"}}}}, {"eventName": "REMOVE"}),
        ("dynamodb", {"dynamodb": {"OldImage": {}, "NewImage": {}}}, {"eventName": "MODIFY"}),
        (
            "kafka",
            {"topic": "t"},
            {"topic": "t", "partition": 0, "offset": 100, "timestamp": 1545081050988, "timestampType": "CREATE_TIME"},
        ),
        ("kafka", {"topic": "t"}, {"key": None, "value": None, "headers": []}),
        ("mq", {"data": "eA=="}, {"messageID": "ID:id-1", "messageType": "jms/text-message", "data": "eA=="}),
    ],
)
def test_substitutes_stand_for_what_a_record_lacks(service: str, record: dict[str, Any], expected: dict[str, Any]) -> None:
    made = in_event(service, record, substitutes=substitutes())
    assert {name: made[name] for name in expected} == expected


def test_a_change_without_its_own_figures() -> None:
    made = in_event("dynamodb", {"dynamodb": {"Keys": {"id": {"N": "101"}}}}, substitutes=substitutes())
    assert made["eventName"] == "MODIFY"
    assert made["dynamodb"] == {
        "ApproximateCreationDateTime": 1545081050.0,
        "Keys": {"id": {"N": "101"}},
        "SequenceNumber": "100",
        "SizeBytes": 5,
        "StreamViewType": "KEYS_ONLY",
    }
    assert (
        in_event("dynamodb", {"dynamodb": {"NewImage": {}}}, substitutes=substitutes())["dynamodb"]["StreamViewType"]
        == "NEW_AND_OLD_IMAGES"
    )


def test_a_change_that_expiry_made_says_who_it_was() -> None:
    made = in_event("dynamodb", CHANGE | {"userIdentity": {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}})
    assert made["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert list(made)[-2:] == ["userIdentity", "eventSourceARN"]


@pytest.mark.parametrize(
    ("service", "record", "options", "message"),
    [
        ("sqs", "text", {}, "A record of sqs is a dict, as its API returns it or as Lambda's event holds it, not 'text'"),
        ("sqs", {"Body": "x"}, {}, "A record of sqs needs MessageId"),
        ("sqs", {"MessageId": "1"}, {}, "A record of sqs needs Attributes"),
        ("sqs", {"MessageId": "1", "Body": {"id": 7}}, {}, "The body of a message is text, json.dumps makes it of {'id': 7}"),
        ("kinesis", {"Data": b""}, {}, "A record of kinesis needs SequenceNumber"),
        ("kinesis", {"SequenceNumber": "1"}, {}, "A record of kinesis needs ApproximateArrivalTimestamp"),
        ("kinesis", STREAM_RECORD, {"role_arn": None}, "A record of kinesis needs role_arn"),
        ("dynamodb", {"eventName": "INSERT"}, {}, "A record of dynamodb needs dynamodb, with Keys and images"),
        ("dynamodb", {"dynamodb": {}}, {}, "A record of dynamodb needs ApproximateCreationDateTime"),
        (
            "dynamodb",
            CHANGE | {"dynamodb": {**CHANGE["dynamodb"], "Keys": {"id": "7"}}},  # type: ignore[dict-item]  # a member that is a dict
            {},
            "An attribute is typed as DynamoDB types it, such as {'S': 'x'}, and not '7'",
        ),
        ("kafka", {"value": b""}, {}, "A record of kafka needs topic"),
        ("kafka", {"topic": "t"}, {}, "A record of kafka needs timestamp"),
        ("kafka", {"topic": "t", "timestamp": 1}, {}, "A record of kafka needs offset"),
        ("mq", {"messageID": "1"}, {}, "A record of mq needs data"),
        ("mq", {"data": b""}, {}, "A record of mq needs messageID"),
        ("sns", {}, {}, "Lambda reads no records of 'sns', but those of sqs, kinesis, dynamodb, kafka, self-managed-kafka, mq, rds"),
    ],
)
def test_what_cannot_be_a_record_is_said(service: str, record: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        event_record(service, record, source_arn=ARNS.get(service), **{"role_arn": ROLE} | options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("service", "record", "expected"),
    [
        ("sqs", MESSAGE_IN_EVENT, "059f36b4"),
        ("kinesis", STREAM_RECORD_IN_EVENT, "4959"),
        ("dynamodb", CHANGE_IN_EVENT, "1100"),
        ("kafka", {}, None),
    ],
)
def test_item_identifiers(service: str, record: dict[str, Any], expected: str | None) -> None:
    assert item_identifier(service, record) == expected


def message(body: str) -> dict[str, Any]:
    return MESSAGE_IN_EVENT | {"body": body}


def stream_record(data: bytes) -> dict[str, Any]:
    return {**STREAM_RECORD_IN_EVENT, "kinesis": {**STREAM_RECORD_IN_EVENT["kinesis"], "data": b64encode(data).decode()}}  # type: ignore[dict-item]  # a member that is a dict


JSON_PATTERN, TEXT_PATTERN = {"body": {"id": [7]}}, {"body": ["plain"]}


@pytest.mark.parametrize(
    ("service", "record", "pattern", "passes"),
    [
        # SQS: the body's form and the pattern's form must be one [docs]
        ("sqs", message('{"id": 7}'), JSON_PATTERN, True),
        ("sqs", message('{"id": 8}'), JSON_PATTERN, False),
        ("sqs", message("plain"), JSON_PATTERN, False),
        ("sqs", message("plain"), TEXT_PATTERN, True),
        ("sqs", message('{"plain": "plain"}'), TEXT_PATTERN, False),
        ("sqs", message("plain"), {"body": {"id": [{"exists": False}]}}, False),
        ("sqs", message('{"id": 7}'), {"body": [{"exists": False}]}, False),
        ("sqs", message("plain"), {"body": [{"prefix": "pl"}]}, True),
        ("sqs", message("NaN"), {"body": ["NaN"]}, True),
        ("sqs", message("[" * 100_000), {"body": [{"prefix": "[["}]}, True),
        ("sqs", message('[{"id": 7}]'), JSON_PATTERN, True),
        ("sqs", message("7"), {"body": [{"numeric": [">", 6]}]}, True),
        ("sqs", message("plain"), {"eventSource": ["aws:sqs"], "messageId": [{"prefix": "059"}]}, True),  # no pattern for the body
        ("sqs", message('{"id": 7}'), {"attributes": {"SenderId": ["AIDA"]}}, True),
        ("sqs", MESSAGE_IN_EVENT | {"body": {"id": 7}}, JSON_PATTERN, True),  # no body of SQS, but what a test may deliver
        # Kinesis
        ("kinesis", stream_record(b'{"id": 7}'), {"data": {"id": [7]}}, True),
        ("kinesis", stream_record(b'{"id": 8}'), {"data": {"id": [7]}}, False),
        ("kinesis", stream_record(b"plain"), {"data": {"id": [{"exists": False}]}}, False),
        ("kinesis", stream_record(b"\xff\x00"), {"data": {"id": [{"exists": False}]}}, False),
        ("kinesis", stream_record(b"plain"), {"partitionKey": ["p"], "eventName": ["aws:kinesis:record"]}, True),
        ("kinesis", STREAM_RECORD_IN_EVENT | {"kinesis": {"data": "no base64!"}}, {"data": {"id": [7]}}, False),
        # DynamoDB
        ("dynamodb", CHANGE_IN_EVENT, {"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"id": {"S": [{"prefix": "hello"}]}}}}, True),
        ("dynamodb", CHANGE_IN_EVENT, {"dynamodb": {"NewImage": {"id": {"S": ["other"]}}}}, False),
        # Kafka
        ("kafka", KAFKA_RECORD_IN_EVENT, {"value": ["hello"], "key": ["k"], "topic": ["orders"]}, True),
        ("kafka", KAFKA_RECORD_IN_EVENT, {"value": {"id": [7]}}, False),
        ("self-managed-kafka", KAFKA_RECORD_IN_EVENT | {"value": "eyJpZCI6N30="}, {"value": {"id": [7]}}, True),
        ("kafka", KAFKA_RECORD_IN_EVENT | {"value": None}, {"value": [None]}, True),
        # MQ and DocumentDB
        ("mq", ACTIVEMQ_IN_EVENT, {"data": ["hello"], "messageType": ["jms/text-message"]}, True),
        (
            "mq",
            RABBITMQ_IN_EVENT | {"data": "eyJpZCI6N30="},
            {"data": {"id": [7]}, "basicProperties": {"contentType": ["text/plain"]}},
            True,
        ),
        ("rds", {"event": DOCUMENT_CHANGE}, {"event": {"operationType": ["insert"]}}, True),
    ],
)
def test_what_patterns_see(service: str, record: dict[str, Any], pattern: Any, *, passes: bool) -> None:
    assert Filter([json.dumps(pattern)]).passes(filterable(service, record)) is passes


@pytest.mark.parametrize(
    ("service", "pattern", "refused"),
    [
        ("kinesis", {"data": ["plain"]}, True),
        ("kinesis", {"data": {"id": [7]}, "partitionKey": ["p"]}, False),
        ("kinesis", {"$or": [{"partitionKey": ["p"]}, {"data": ["plain"]}]}, True),
        ("dynamodb", {"dynamodb": ["plain"]}, True),
        ("dynamodb", {"eventName": ["INSERT"]}, False),
        ("sqs", {"body": ["plain"]}, False),
        ("sqs", {}, True),
    ],
)
def test_the_payload_of_streams_is_never_text_to_patterns(service: str, pattern: Any, *, refused: bool) -> None:
    if refused:
        with pytest.raises(InvalidParameterValueException, match=r"^Invalid filter pattern definition\.$"):
            source_filter(service, [json.dumps(pattern)])
    else:
        assert isinstance(source_filter(service, [json.dumps(pattern)]), Filter)


FIRST, SECOND = {"Message": {"S": "New item!"}, "Id": {"N": "101"}}, {"Message": {"S": "This item has changed"}, "Id": {"N": "101"}}


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        # the three changes of the DynamoDB event in AWS's documentation
        ([{"Id": {"N": "101"}}, FIRST], 26),
        ([{"Id": {"N": "101"}}, SECOND, FIRST], 59),
        ([{"Id": {"N": "101"}}, SECOND], 38),
        ([{"my_partition_key": {"S": "hello world"}}] * 2, 54),  # recorded
        ([{}], 0),
        ([{"é": {"S": "é"}}], 4),
        ([{"n": {"N": "-0.00100"}}, {"n": {"N": "1234567E+10"}}, {"n": {"N": "0"}}], 4 + 6 + 2),
        ([{"b": {"B": b"\x00\x01"}}, {"b": {"B": "AAE="}}], 6),
        ([{"s": {"SS": ["a", "bc"]}}, {"s": {"NS": ["1", "23"]}}, {"s": {"BS": [b"x", "AAE="]}}], 4 + 5 + 4),
        ([{"x": {"NULL": True}}, {"x": {"BOOL": False}}], 4),
        ([{"l": {"L": [{"S": "a"}, {"S": "bc"}]}}, {"m": {"M": {"k": {"S": "v"}}}}], 9 + 7),
    ],
)
def test_sizes_of_items(attributes: list[Any], size: int) -> None:
    assert sum(map(size_of, attributes)) == size


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_values_become_json(value: Any) -> None:
    assert json.loads(json.dumps(as_json(value))) == as_json(value)


@given(
    body=st.text(),
    attributes=st.dictionaries(st.text(min_size=1, max_size=3), st.builds(dict, StringValue=st.text(), DataType=st.just("String"))),
)
def test_turning_a_message_into_a_record_twice_changes_nothing(body: str, attributes: dict[str, Any]) -> None:
    once = in_event("sqs", {"Body": body, "MessageAttributes": attributes}, substitutes=substitutes())
    assert in_event("sqs", once) == once
    without_arn = {name: value for name, value in once.items() if name != "eventSourceARN"}
    assert in_event("sqs", without_arn) == once


def test_a_moment_without_a_zone_is_local_as_python_has_it() -> None:
    local = datetime(2026, 3, 1, 10, 0, 0)
    record = in_event("kinesis", STREAM_RECORD | {"ApproximateArrivalTimestamp": local})
    assert record["kinesis"]["approximateArrivalTimestamp"] == local.astimezone(UTC).timestamp()
