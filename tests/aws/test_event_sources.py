"""What the services of event sources say when a source is connected with a function: moto's, those of a session, or nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from fakelambda import FakeLambda
from fakelambda.aws import sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "us-east-1:123456789012"
INVALID = "400 InvalidParameterValueException: "
NO_QUEUE = (
    f"{INVALID}Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
    "SQS Error Message: The specified queue does not exist."
)
LATEST = {"StartingPosition": "LATEST"}


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: None, Timeout=30)
    fake.add_function("slow", lambda event, context: None, Timeout=31)


@pytest.fixture
def mocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Moto, with what boto3's own clients need to be made."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield


def queue(name: str, region: str = "us-east-1", **attributes: str) -> str:
    sqs: Any = boto3.client("sqs", region)
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return arn


def table(name: str, *, is_streamed: bool) -> str:
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"} if is_streamed else {"StreamEnabled": False}
    dynamodb: Any = boto3.client("dynamodb")
    made = dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification=specification,
    )["TableDescription"]
    return str(made.get("LatestStreamArn", f"arn:aws:dynamodb:{ACCOUNT}:table/{name}/stream/2026-01-01T00:00:00.000"))


def stream() -> str:
    kinesis: Any = boto3.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    return str(kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"])


def consumer() -> str:
    kinesis: Any = boto3.client("kinesis")
    return str(kinesis.register_stream_consumer(StreamARN=stream(), ConsumerName="one")["Consumer"]["ConsumerARN"])


@pytest.mark.parametrize("is_connected", [False, True])
@pytest.mark.usefixtures("mocked")
def test_sources_that_exist_are_found(*, fake: FakeLambda, answered: Any, is_connected: bool) -> None:
    if is_connected:
        fake.connect(boto3.Session())
    sources: list[tuple[str, dict[str, str]]] = [
        (queue("orders"), {}),
        (queue("orders.fifo", FifoQueue="true"), {}),
        (consumer(), LATEST),
        (f"arn:aws:kinesis:{ACCOUNT}:stream/orders", LATEST),
        (table("orders", is_streamed=True), LATEST),
    ]
    for arn, given in sources:
        assert answered("create_event_source_mapping", FunctionName="orders", EventSourceArn=arn, **given)[0] == 202


@pytest.mark.usefixtures("mocked")
def test_sources_that_do_not_exist_are_refused_in_aws_s_words(refused: Any) -> None:
    queue("elsewhere", "eu-west-1")
    made, bare = table("orders", is_streamed=True), table("bare", is_streamed=False)
    consumer()
    for name, region, account in [
        ("refunds", "us-east-1", "123456789012"),
        ("elsewhere", "us-east-1", "123456789012"),
        ("elsewhere", "eu-west-1", "123456789012"),  # it is there, but Lambda looks in its own region
    ]:
        arn = f"arn:aws:sqs:{region}:{account}:{name}"
        assert refused("create_event_source_mapping", FunctionName="orders", EventSourceArn=arn) == NO_QUEUE
    for arn in [
        f"arn:aws:kinesis:{ACCOUNT}:stream/refunds",
        f"arn:aws:kinesis:{ACCOUNT}:stream/orders/consumer/two:1",
        "arn:aws:kinesis:eu-west-1:123456789012:stream/orders",
        made.replace("/orders/", "/refunds/"),
        made.replace("/orders/", "/x/"),  # too short for a table's name
        f"{made}0",
        bare,
    ]:
        assert refused("create_event_source_mapping", FunctionName="orders", EventSourceArn=arn, **LATEST) == (
            f"{INVALID}Stream not found: {arn}"
        )


@pytest.mark.usefixtures("mocked")
def test_a_queue_of_another_account_is_not_one_of_the_same_name(refused: Any) -> None:
    arn = queue("orders").replace("123456789012", "999999999999")
    assert refused("create_event_source_mapping", FunctionName="orders", EventSourceArn=arn) == NO_QUEUE


@pytest.mark.usefixtures("mocked")
def test_messages_stay_away_for_as_long_as_the_function_may_run(answered: Any, refused: Any) -> None:
    arn = queue("orders", VisibilityTimeout="30")
    answer = f"{INVALID}Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"
    assert refused("create_event_source_mapping", FunctionName="slow", EventSourceArn=arn) == answer
    _, mapping = answered("create_event_source_mapping", FunctionName="orders", EventSourceArn=arn)
    assert refused("update_event_source_mapping", UUID=mapping["UUID"], FunctionName="slow") == answer


def test_where_nobody_answers_every_source_is_taken_to_exist(answered: Any) -> None:
    sources: list[tuple[str, dict[str, str]]] = [
        (f"arn:aws:sqs:{ACCOUNT}:orders", {}),
        (f"arn:aws:kinesis:{ACCOUNT}:stream/orders", LATEST),
        (f"arn:aws:dynamodb:{ACCOUNT}:table/orders/stream/1", LATEST),
    ]
    for arn, given in sources:
        assert answered("create_event_source_mapping", FunctionName="slow", EventSourceArn=arn, **given)[0] == 202


@pytest.mark.usefixtures("mocked")
def test_the_function_is_looked_for_before_the_source(refused: Any) -> None:
    arn = f"arn:aws:sqs:{ACCOUNT}:missing"
    assert refused("create_event_source_mapping", FunctionName="missing", EventSourceArn=arn) == f"{INVALID}Function does not exist"


class _Refusing:
    """A session whose services refuse everything."""

    def client(self, service: str, **_: Any) -> Any:
        client: Any = sessions.session().create_client(service, "us-east-1")

        def refuse(model: Any, **_: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, model.name)

        client.meta.events.register("before-call", refuse)
        return client


def test_a_service_that_does_not_say_is_quoted_in_aws_s_words(fake: FakeLambda, refused: Any) -> None:
    fake.connect(_Refusing())
    arn = f"arn:aws:sqs:{ACCOUNT}:orders"
    assert refused("create_event_source_mapping", FunctionName="orders", EventSourceArn=arn) == (
        f"{INVALID}Error occurred while ReceiveMessage. SQS Error Code: AccessDenied. SQS Error Message: No."
    )
    for arn in (f"arn:aws:kinesis:{ACCOUNT}:stream/orders", f"arn:aws:dynamodb:{ACCOUNT}:table/orders/stream/1"):
        assert refused("create_event_source_mapping", FunctionName="orders", EventSourceArn=arn, **LATEST) == (
            f"{INVALID}Cannot access stream {arn}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, "
            "and ListStreams Actions on your stream in IAM."
        )


@pytest.mark.usefixtures("mocked")
def test_what_changes_while_the_source_is_asked_is_noticed(fake: FakeLambda, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = queue("orders")
    neighbours: Any = type(fake._service.neighbours)
    ask = neighbours.visibility_timeout_of

    def meanwhile(change: Any) -> None:
        def asked(self: Any, queue_arn: str) -> Any:
            monkeypatch.setattr(neighbours, "visibility_timeout_of", ask)
            change()
            return ask(self, queue_arn)

        monkeypatch.setattr(neighbours, "visibility_timeout_of", asked)

    meanwhile(lambda: client.create_event_source_mapping(FunctionName="orders", EventSourceArn=arn))
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.create_event_source_mapping(FunctionName="orders", EventSourceArn=arn)
    (mapping,) = fake.event_source_mappings
    meanwhile(lambda: client.delete_event_source_mapping(UUID=mapping))
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.update_event_source_mapping(UUID=mapping, FunctionName="orders")
    meanwhile(lambda: client.delete_function(FunctionName="orders"))
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="Function does not exist"):
        client.create_event_source_mapping(FunctionName="orders", EventSourceArn=arn)
