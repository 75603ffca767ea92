"""moto's services call the functions of the fake."""

from __future__ import annotations

import base64
import gzip
import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from freezegun import freeze_time
from moto import mock_aws

from fakelambda import FakeLambda, NotModelled
from fakelambda.aws import hook, moto_lambda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGION = "us-east-1"
ACCOUNT = "123456789012"


@pytest.fixture
def mocked() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def seen() -> list[Any]:
    """The events that the function ``seer`` got."""
    return []


SERVICES = ("events", "logs", "s3", "secretsmanager", "sns")


def open_to_services(fake: FakeLambda, name: str, **qualifier: str) -> None:
    """Lets every service of these tests invoke a function, and nobody's resources but ours."""
    for service in SERVICES:
        fake.client().add_permission(
            FunctionName=name,
            StatementId=service,
            Action="lambda:InvokeFunction",
            Principal=f"{service}.amazonaws.com",
            SourceAccount=ACCOUNT,
            **qualifier,
        )


def add(fake: FakeLambda, name: str, handler: Callable[[Any, Any], Any]) -> str:
    """Adds a function that services may invoke."""
    arn = fake.add_function(name, handler, Timeout=60)  # in real seconds too: handlers make clients on a busy machine
    open_to_services(fake, name)
    return arn


@pytest.fixture
def seer(mocked: None, fake: FakeLambda, seen: list[Any]) -> str:
    """The ARN of a function that sees events."""
    return add(fake, "seer", lambda event, context: seen.append(event))


def s3() -> Any:
    return boto3.client("s3", REGION)


def notifying_bucket(arn: str, *events: str, is_validated: bool = True, **versioning: Any) -> Any:
    client = s3()
    client.create_bucket(Bucket="uploads")
    if versioning:
        client.put_bucket_versioning(Bucket="uploads", VersioningConfiguration=versioning)
    configuration = {"Id": "to-the-function", "LambdaFunctionArn": arn, "Events": list(events) or ["s3:ObjectCreated:*"]}
    client.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={"LambdaFunctionConfigurations": [configuration]},
        SkipDestinationValidation=not is_validated,
    )
    return client


# ---- S3 ----


@freeze_time("2026-03-01 10:00:00")
def test_an_object_s_notification_has_aws_s_shape(seer: str, seen: list[Any]) -> None:
    notifying_bucket(seer, "s3:ObjectCreated:*", "s3:ObjectRemoved:*").put_object(Bucket="uploads", Key="in box/ä+1.txt", Body=b"abc")
    s3().delete_object(Bucket="uploads", Key="in box/ä+1.txt")
    assert seen[0] == {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": REGION,
                "eventTime": "2026-03-01T10:00:00.000Z",
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": "AWS:123456789012"},
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {"x-amz-request-id": "0000000000000001", "x-amz-id-2": "EXAMPLE000000000000000001"},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "to-the-function",
                    "bucket": {"name": "uploads", "ownerIdentity": {"principalId": ACCOUNT}, "arn": "arn:aws:s3:::uploads"},
                    "object": {
                        "key": "in+box/%C3%A4%2B1.txt",
                        "size": 3,
                        "eTag": "900150983cd24fb0d6963f7d28e17f72",
                        "sequencer": "000000000000000001",
                    },
                },
            }
        ]
    }
    (removed,) = seen[1]["Records"]
    assert removed["eventName"] == "ObjectRemoved:Delete"
    assert removed["s3"]["object"] == {"key": "in+box/%C3%A4%2B1.txt", "sequencer": "000000000000000002"}


def test_an_object_with_versions_says_which(seer: str, seen: list[Any]) -> None:
    version = notifying_bucket(seer, Status="Enabled").put_object(Bucket="uploads", Key="a", Body=b"")["VersionId"]
    assert seen[0]["Records"][0]["s3"]["object"]["versionId"] == version


def test_the_object_is_all_there_when_the_function_runs(mocked: None, fake: FakeLambda) -> None:
    def look(event: Any, context: Any) -> Any:
        place = {"Bucket": "uploads", "Key": event["Records"][0]["s3"]["object"]["key"]}
        found = s3().get_object(**place)
        return [found["Body"].read().decode(), found["Metadata"], s3().get_object_tagging(**place)["TagSet"]]

    client = notifying_bucket(add(fake, "look", look))
    client.put_object(Bucket="uploads", Key="a", Body=b"abc", Metadata={"by": "me"}, Tagging="colour=blue")
    assert fake.invocations[0].result == ["abc", {"by": "me"}, [{"Key": "colour", "Value": "blue"}]]


def test_a_queue_gets_the_same_record(mocked: None, fake: FakeLambda) -> None:
    sqs = boto3.client("sqs", REGION)
    url = sqs.create_queue(QueueName="uploads")["QueueUrl"]
    client = s3()
    client.create_bucket(Bucket="uploads")
    queue = {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:uploads", "Events": ["s3:ObjectCreated:*"]}
    client.put_bucket_notification_configuration(Bucket="uploads", NotificationConfiguration={"QueueConfigurations": [queue]})
    client.put_object(Bucket="uploads", Key="a/b", Body=b"")
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    (record,) = json.loads(messages[-1]["Body"])["Records"]
    assert record["s3"]["object"]["key"] == "a/b"
    assert record["userIdentity"] == {"principalId": "AWS:123456789012"}


def test_it_is_an_asynchronous_event_with_all_that_belongs_to_one(mocked: None, fake: FakeLambda, client: Any) -> None:
    sqs = boto3.client("sqs", REGION)
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]

    def fail(event: Any, context: Any) -> None:
        raise ValueError("no")

    bucket = notifying_bucket(add(fake, "fail", fail))
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures"}}
    client.put_function_event_invoke_config(FunctionName="fail", MaximumRetryAttempts=1, DestinationConfig=destination)
    bucket.put_object(Bucket="uploads", Key="a", Body=b"")
    assert [(run.invocation_type, run.attempt) for run in fake.invocations] == [("Event", 1)]
    fake.drain()
    assert [run.attempt for run in fake.invocations] == [1, 2]
    record = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert record["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "a"


def test_with_a_manual_schedule_it_waits(mocked: None, seen: list[Any]) -> None:
    with FakeLambda(schedule="manual") as fake:
        client = notifying_bucket(add(fake, "seer", lambda event, context: seen.append(event)))
        client.put_object(Bucket="uploads", Key="a", Body=b"")
        assert (len(seen), [waiting.kind for waiting in fake.pending]) == (0, ["asynchronous invocation"])
        fake.run_due()
    assert len(seen) == 1


def test_what_a_function_does_there_leads_on_and_loops_end(mocked: None, fake: FakeLambda) -> None:
    def grow(event: Any, context: Any) -> None:
        key = event["Records"][0]["s3"]["object"]["key"]
        s3().put_object(Bucket="uploads", Key=f"{key}.", Body=b"")

    notifying_bucket(add(fake, "grow", grow)).put_object(Bucket="uploads", Key="a", Body=b"")
    assert [run.event["Records"][0]["s3"]["object"]["key"] for run in fake.invocations] == ["a" + "." * dots for dots in range(16)]


@pytest.mark.usefixtures("mocked")
def test_s3_checks_whether_it_may_invoke_a_function_when_it_is_told_to(fake: FakeLambda) -> None:
    arn = fake.add_function("seer", print)
    for refused in (arn, f"{arn}-missing"):
        with pytest.raises(ClientError, match=r"InvalidArgument.*Unable to validate the following destination configurations"):
            notifying_bucket(refused)
        assert "LambdaFunctionConfigurations" not in s3().get_bucket_notification_configuration(Bucket="uploads")
    open_to_services(fake, "seer")
    notifying_bucket(arn)
    s3().put_bucket_notification_configuration(Bucket="uploads", NotificationConfiguration={})  # nothing to check


def test_no_client_called(seer: str, fake: FakeLambda, seen: list[Any]) -> None:
    notifying_bucket(seer).put_object(Bucket="uploads", Key="a", Body=b"")
    assert seen
    assert {call.operation for call in fake.calls} == {"AddPermission"}


def test_what_is_not_modelled_is_raised_though_moto_swallows_errors(mocked: None, fake: FakeLambda) -> None:
    def update_url(event: Any, context: Any) -> None:
        boto3.client("lambda", REGION).create_function_url_config(FunctionName="seer", AuthType="NONE")

    client = notifying_bucket(add(fake, "update", update_url))
    with pytest.raises(NotModelled, match="CreateFunctionUrlConfig"):
        client.put_object(Bucket="uploads", Key="a", Body=b"")


def test_reraised_exceptions_fail_the_call_that_led_to_them(mocked: None) -> None:
    with FakeLambda(reraise=ZeroDivisionError) as fake:
        client = notifying_bucket(add(fake, "divide", lambda event, context: 1 / 0))
        with pytest.raises(ZeroDivisionError):
            client.put_object(Bucket="uploads", Key="a", Body=b"")
        assert client.list_objects_v2(Bucket="uploads")["KeyCount"] == 1


# ---- who may call ----


def _put_object(arn: str) -> None:
    notifying_bucket(arn, is_validated=False).put_object(Bucket="uploads", Key="a")


def _publish(arn: str) -> None:
    sns = boto3.client("sns", REGION)
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="hello")


def _put_event(arn: str) -> None:
    put_rule("orders", {"Arn": arn})
    put_event()


@pytest.mark.parametrize("cause", [_put_object, _publish, _put_event])
@pytest.mark.parametrize("name", ["closed", "missing"])
@pytest.mark.usefixtures("mocked")
def test_what_lambda_does_not_take_is_a_delivery_with_its_error(fake: FakeLambda, cause: Callable[[str], None], name: str) -> None:
    fake.add_function("closed", print)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    cause(arn)
    (delivery,) = fake.deliveries
    assert (delivery.target_arn, fake.invocations) == (arn, [])
    assert json.loads(delivery.body)
    assert f"amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: {arn}" in str(delivery.error)


def test_a_permission_is_for_a_source(mocked: None, fake: FakeLambda, client: Any) -> None:
    arn = fake.add_function("seer", print)
    client.add_permission(
        FunctionName="seer",
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:orders",
    )
    sns = boto3.client("sns", REGION)
    for name in ("orders", "returns"):
        topic = sns.create_topic(Name=name)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
        sns.publish(TopicArn=topic, Message="hello")
    assert [run.event["Records"][0]["Sns"]["TopicArn"].split(":")[-1] for run in fake.invocations] == ["orders"]
    assert "AccessDenied" in str(fake.deliveries[0].error)


def test_logs_and_secrets_check_whether_they_may_invoke_a_function(mocked: None, fake: FakeLambda) -> None:
    arn = fake.add_function("seer", print)
    logs = boto3.client("logs", REGION)
    logs.create_log_group(logGroupName="app")
    with pytest.raises(ClientError, match=r"InvalidParameterException.*have given CloudWatch Logs permission"):
        logs.put_subscription_filter(logGroupName="app", filterName="all", filterPattern="", destinationArn=arn)
    secrets = boto3.client("secretsmanager", REGION)
    secrets.create_secret(Name="database", SecretString="old")
    with pytest.raises(ClientError, match=r"AccessDeniedException.*grants access to the principal secretsmanager"):
        secrets.rotate_secret(SecretId="database", RotationLambdaARN=arn)
    open_to_services(fake, "seer")
    logs.put_subscription_filter(logGroupName="app", filterName="all", filterPattern="", destinationArn=arn)
    secrets.rotate_secret(SecretId="database", RotationLambdaARN=arn)
    assert len(fake.invocations) == 4


# ---- which fake ----


@pytest.mark.parametrize("moto_first", [True, False], ids=["fake inside moto", "moto inside fake"])
def test_either_may_be_entered_first(moto_first: bool, seen: list[Any]) -> None:  # noqa: FBT001 - a row of the table
    fake = FakeLambda()
    outer, inner = (mock_aws(), fake) if moto_first else (fake, mock_aws())
    with outer, inner:
        notifying_bucket(add(fake, "seer", lambda event, context: seen.append(event))).put_object(Bucket="uploads", Key="a")
    assert len(seen) == 1


@pytest.mark.usefixtures("mocked")
def test_the_innermost_fake_is_the_one_that_is_called() -> None:
    seen: list[str] = []
    with FakeLambda() as outer:
        client = notifying_bucket(add(outer, "seer", lambda event, context: seen.append("outer")))
        with FakeLambda() as inner:
            add(inner, "seer", lambda event, context: seen.append("inner"))
            client.put_object(Bucket="uploads", Key="a")
        client.put_object(Bucket="uploads", Key="a")
    client.put_object(Bucket="uploads", Key="a")  # moto's own Lambda has no such function, and says nothing
    assert seen == ["inner", "outer"]


@pytest.mark.usefixtures("mocked")
def test_each_account_and_region_has_its_own() -> None:
    """moto's default account is the fake's own, whatever the two are called; others are themselves."""
    with FakeLambda(account_id="111111111111") as fake:
        assumed = boto3.client("sts", REGION).assume_role(RoleArn="arn:aws:iam::222222222222:role/r", RoleSessionName="test")["Credentials"]
        theirs = boto3.Session(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])
        fake.add_function("mine", print)
        role, code = "arn:aws:iam::222222222222:role/r", {"ImageUri": "r/i:1"}
        fake.client(region="eu-west-1", account_id="222222222222").create_function(
            FunctionName="theirs", Role=role, PackageType="Image", Code=code
        )
        for session, region, function in ((boto3.Session(), REGION, "mine"), (theirs, "eu-west-1", "theirs")):
            config: Any = session.client("config", region)
            config.put_configuration_recorder(
                ConfigurationRecorder={"name": "r", "roleARN": role, "recordingGroup": {"allSupported": True}}
            )
            details = [{"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}]
            source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": function, "SourceDetails": details}
            config.put_config_rule(ConfigRule={"ConfigRuleName": "r", "Source": source})
            other = "theirs" if function == "mine" else "mine"
            with pytest.raises(ClientError, match="cannot be invoked"):
                config.put_config_rule(ConfigRule={"ConfigRuleName": "r", "Source": {**source, "SourceIdentifier": other}})


def test_every_thread_s_events_run(seer: str, seen: list[Any]) -> None:
    client = notifying_bucket(seer)
    threads = [threading.Thread(target=client.put_object, kwargs={"Bucket": "uploads", "Key": f"{n}"}) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(event["Records"][0]["s3"]["object"]["key"] for event in seen) == [f"{n}" for n in range(8)]


# ---- SNS ----


@freeze_time("2026-03-01 10:00:00.123")
def test_a_topic_s_message_is_told_whole(seer: str, seen: list[Any]) -> None:
    sns = boto3.client("sns", REGION)
    topic = sns.create_topic(Name="orders")["TopicArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=seer)["SubscriptionArn"]
    attributes = {
        "kind": {"DataType": "String", "StringValue": "new"},
        "price": {"DataType": "Number", "StringValue": "7.5"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00"},
    }
    message_id = sns.publish(TopicArn=topic, Message="hello", Subject="greeting", MessageAttributes=attributes)["MessageId"]
    (record,) = seen.pop()["Records"]
    expected = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": topic,
        "Subject": "greeting",
        "Message": "hello",
        "Timestamp": "2026-03-01T10:00:00.123Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "MessageAttributes": {
            "kind": {"Type": "String", "Value": "new"},
            "price": {"Type": "Number", "Value": "7.5"},
            "raw": {"Type": "Binary", "Value": "AA=="},
        },
    }
    assert {name: value for name, value in record["Sns"].items() if not name.endswith("Url")} == expected
    assert {name: value for name, value in record.items() if name != "Sns"} == {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
    }
    sns.publish(TopicArn=topic, Message="{}")
    bare = seen.pop()["Records"][0]["Sns"]
    assert (bare["Subject"], bare["MessageAttributes"]) == (None, {})


def test_filters_and_message_structures_are_moto_s(seer: str, seen: list[Any]) -> None:
    sns = boto3.client("sns", REGION)
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=seer, Attributes={"FilterPolicy": json.dumps({"kind": ["new"]})})
    for kind in ("old", "new"):
        sns.publish(
            TopicArn=topic,
            Message=json.dumps({"default": "all", "lambda": f"for functions: {kind}"}),
            MessageStructure="json",
            MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
        )
    assert [event["Records"][0]["Sns"]["Message"] for event in seen] == ["for functions: new"]


def test_a_subscription_may_name_an_alias(seer: str, client: Any, fake: FakeLambda) -> None:
    client.publish_version(FunctionName="seer")
    client.create_alias(FunctionName="seer", Name="live", FunctionVersion="1")
    open_to_services(fake, "seer", Qualifier="live")
    sns = boto3.client("sns", REGION)
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{seer}:live")
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{seer}:gone")
    sns.publish(TopicArn=topic, Message="hello")
    assert [(run.qualifier, run.executed_version) for run in fake.invocations] == [("live", "1")]
    assert [delivery.target_arn for delivery in fake.deliveries] == [f"{seer}:gone"]


# ---- CloudWatch Logs ----


@freeze_time("2026-03-01 10:00:00")
def test_log_events_reach_a_subscribed_function(seer: str, seen: list[Any]) -> None:
    logs = boto3.client("logs", REGION)
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="one")
    with pytest.raises(ClientError, match="Could not execute the lambda function"):
        logs.put_subscription_filter(logGroupName="app", filterName="all", filterPattern="", destinationArn=f"{seer}-missing")
    logs.put_subscription_filter(logGroupName="app", filterName="all", filterPattern="", destinationArn=seer)
    logs.put_log_events(logGroupName="app", logStreamName="one", logEvents=[{"timestamp": 1, "message": "too old to be taken"}])
    events = [{"timestamp": 1772359200000, "message": "first"}, {"timestamp": 1772359200001, "message": "second"}]
    logs.put_log_events(logGroupName="app", logStreamName="one", logEvents=events)
    data = json.loads(gzip.decompress(base64.b64decode(seen[0]["awslogs"]["data"])))
    assert [len(event.pop("id")) for event in data["logEvents"]] == [56, 56]
    assert data == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "app",
        "logStream": "one",
        "subscriptionFilters": ["all"],
        "logEvents": events,
    }


def test_other_subscriptions_are_moto_s(seer: str) -> None:
    logs, kinesis = boto3.client("logs", REGION), boto3.client("kinesis", REGION)
    logs.create_log_group(logGroupName="app")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
    logs.put_subscription_filter(logGroupName="app", filterName="all", filterPattern="", destinationArn=stream)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.put_subscription_filter(logGroupName="missing", filterName="all", filterPattern="", destinationArn=seer)


def test_a_function_s_own_log_can_be_subscribed_to(seer: str, seen: list[Any], fake: FakeLambda) -> None:
    fake.add_function("talker", lambda event, context: print("a word"))
    logs = boto3.client("logs", REGION)
    logs.create_log_group(logGroupName="/aws/lambda/talker")
    logs.put_subscription_filter(logGroupName="/aws/lambda/talker", filterName="all", filterPattern="", destinationArn=seer)
    fake.client().invoke(FunctionName="talker")
    assert "a word" in gzip.decompress(base64.b64decode(seen[0]["awslogs"]["data"])).decode()


# ---- EventBridge ----


def put_rule(name: str, *targets: dict[str, Any], **rule: Any) -> Any:
    events = boto3.client("events", REGION)
    events.put_rule(Name=name, **(rule or {"EventPattern": json.dumps({"source": ["shop"]})}))
    events.put_targets(Rule=name, Targets=[{"Id": str(number), **target} for number, target in enumerate(targets)])
    return events


def put_event(source: str = "shop", **detail: Any) -> str:
    entry = {"Source": source, "DetailType": "order", "Detail": json.dumps(detail), "Resources": ["arn:aws:shop:::7"]}
    event_id: str = boto3.client("events", REGION).put_events(Entries=[entry])["Entries"][0]["EventId"]
    return event_id


@freeze_time("2026-03-01 10:00:00")
def test_an_event_reaches_the_functions_among_the_targets(seer: str, seen: list[Any]) -> None:
    sqs = boto3.client("sqs", REGION)
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    transformer = {"InputPathsMap": {"order": "$.detail.id"}, "InputTemplate": '{"number": <order>}'}
    put_rule(
        "orders",
        {"Arn": seer},
        {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"},
        {"Arn": seer, "Input": '"constant"'},
        {"Arn": seer, "InputPath": "$.detail"},
        {"Arn": seer, "InputTransformer": transformer},
    )
    put_event(source="other")
    assert seen == []
    event_id = put_event(id=7)
    assert seen == [
        {
            "version": "0",
            "id": event_id,
            "detail-type": "order",
            "source": "shop",
            "account": ACCOUNT,
            "time": "2026-03-01T10:00:00Z",
            "region": REGION,
            "resources": ["arn:aws:shop:::7"],
            "detail": {"id": 7},
        },
        "constant",
        {"id": 7},
        {"number": 7},
    ]
    assert json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])["detail"] == {"id": 7}


def test_rules_without_functions_are_moto_s(seer: str, seen: list[Any]) -> None:
    sqs = boto3.client("sqs", REGION)
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    put_rule("orders", {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"})
    put_event(id=7)
    assert (json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])["detail"], seen) == ({"id": 7}, [])


def test_disabled_rules_and_schedules_let_no_event_through(seer: str, seen: list[Any]) -> None:
    put_rule("disabled", {"Arn": seer}, EventPattern='{"source": ["shop"]}', State="DISABLED")
    put_rule("scheduled", {"Arn": seer}, ScheduleExpression="rate(5 minutes)")
    put_event()
    assert seen == []


def test_the_bus_tells_functions_of_objects(seer: str, seen: list[Any]) -> None:
    put_rule("objects", {"Arn": seer}, {"Arn": seer}, EventPattern='{"source": ["aws.s3"], "detail-type": ["Object Created"]}')
    client = s3()
    client.create_bucket(Bucket="uploads")
    client.put_bucket_notification_configuration(Bucket="uploads", NotificationConfiguration={"EventBridgeConfiguration": {}})
    for key in "ab":
        client.put_object(Bucket="uploads", Key=key)
    assert [(event["detail-type"], event["detail"]["object"]["key"]) for event in seen] == [
        ("Object Created", key) for key in ("a", "a", "b", "b")
    ]
    assert seen[0]["id"] == seen[1]["id"] != seen[2]["id"] == seen[3]["id"]


def test_a_path_that_is_not_modelled_is_said_though_moto_swallows_it(seer: str) -> None:
    put_rule("objects", {"Arn": seer, "InputPath": "$..key"}, EventPattern='{"source": ["aws.s3", "shop"]}')
    client = s3()
    client.create_bucket(Bucket="uploads")
    client.put_bucket_notification_configuration(Bucket="uploads", NotificationConfiguration={"EventBridgeConfiguration": {}})
    with pytest.raises(NotModelled, match="JSON path"):
        client.put_object(Bucket="uploads", Key="a")
    with pytest.raises(NotModelled, match="JSON path"):
        put_event()


def test_the_bus_tells_functions_of_new_buckets(seer: str, seen: list[Any]) -> None:
    put_rule("buckets", {"Arn": seer}, EventPattern=json.dumps({"source": ["aws.s3"], "detail": {"eventName": ["CreateBucket"]}}))
    s3().create_bucket(Bucket="uploads")
    assert [event["source"] for event in seen] == ["aws.s3"]


# ---- Step Functions ----


def test_a_state_machine_runs_functions_and_handles_their_errors(fake: FakeLambda) -> None:
    def work(event: Any, context: Any) -> Any:
        if "price" not in event:
            raise KeyError("price")
        return {"total": event["price"] * 2}

    arn = fake.add_function("work", work)
    states = {
        "Price": {"Type": "Task", "Resource": arn, "Next": "Again"},
        "Again": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": arn, "Payload.$": "$"},
            "Catch": [{"ErrorEquals": ["KeyError"], "Next": "Mend", "ResultPath": "$.error"}],
            "End": True,
        },
        "Mend": {"Type": "Pass", "End": True},
    }
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        client = boto3.client("stepfunctions", REGION)
        machine = client.create_state_machine(
            name="m", definition=json.dumps({"StartAt": "Price", "States": states}), roleArn=f"arn:aws:iam::{ACCOUNT}:role/r"
        )["stateMachineArn"]
        execution = client.start_execution(stateMachineArn=machine, input='{"price": 4}')["executionArn"]
        deadline = time.monotonic() + 60
        while (ended := client.describe_execution(executionArn=execution))["status"] == "RUNNING":  # in a thread of moto's
            assert time.monotonic() < deadline
            time.sleep(0.01)  # lets it run
        output = json.loads(ended["output"])
    assert (output["total"], output["error"]["Error"]) == (8, "KeyError")
    assert [run.invocation_type for run in fake.invocations] == ["RequestResponse", "RequestResponse"]


# ---- Secrets Manager ----


class Rotation:
    """A rotation function that fails in one step."""

    def __init__(self, failing: str | None = None) -> None:
        self.failing = failing
        self.events: list[Any] = []

    def __call__(self, event: Any, _: Any) -> None:
        self.events.append(event)
        if event["Step"] == self.failing:
            raise RuntimeError("the database does not answer")
        secrets = boto3.client("secretsmanager", REGION)
        if event["Step"] == "createSecret":
            secrets.put_secret_value(
                SecretId=event["SecretId"],
                ClientRequestToken=event["ClientRequestToken"],
                SecretString="new",
                VersionStages=["AWSPENDING"],
            )
        if event["Step"] == "finishSecret":
            stages = secrets.describe_secret(SecretId=event["SecretId"])["VersionIdsToStages"]
            current = next(version for version, names in stages.items() if "AWSCURRENT" in names)
            secrets.update_secret_version_stage(
                SecretId=event["SecretId"],
                VersionStage="AWSCURRENT",
                MoveToVersionId=event["ClientRequestToken"],
                RemoveFromVersionId=current,
            )


@pytest.mark.parametrize(
    ("failing", "steps", "value"),
    [
        (None, ["createSecret", "setSecret", "testSecret", "finishSecret"], "new"),
        ("testSecret", ["createSecret", "setSecret", "testSecret"], "old"),
    ],
)
def test_a_rotation_takes_its_steps_until_one_fails(
    mocked: None, fake: FakeLambda, failing: str | None, steps: list[str], value: str
) -> None:
    rotation = Rotation(failing)
    arn = add(fake, "rotate", rotation)
    secrets = boto3.client("secretsmanager", REGION)
    secret = secrets.create_secret(Name="database", SecretString="old")["ARN"]
    version = secrets.rotate_secret(SecretId="database", RotationLambdaARN=arn)["VersionId"]
    assert rotation.events == [{"Step": step, "SecretId": secret, "ClientRequestToken": version} for step in steps]
    assert secrets.get_secret_value(SecretId="database")["SecretString"] == value


def test_a_rotation_needs_a_function_that_can_run(mocked: None, fake: FakeLambda, client: Any) -> None:
    secrets = boto3.client("secretsmanager", REGION)
    secrets.create_secret(Name="database", SecretString="old")
    missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:missing"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        secrets.rotate_secret(SecretId="database", RotationLambdaARN=missing)
    arn = add(fake, "rotate", Rotation())
    client.put_function_concurrency(FunctionName="rotate", ReservedConcurrentExecutions=0)
    secrets.rotate_secret(SecretId="database", RotationLambdaARN=arn)
    assert "TooManyRequestsException" in str(fake.deliveries[0].error)
    assert secrets.get_secret_value(SecretId="database")["SecretString"] == "old"


def test_what_a_rotation_does_is_no_rotation(seer: str, seen: list[Any], fake: FakeLambda) -> None:
    put_rule("buckets", {"Arn": seer}, EventPattern=json.dumps({"source": ["aws.s3"], "detail": {"eventName": ["CreateBucket"]}}))
    arn = add(fake, "rotate", lambda event, context: s3().create_bucket(Bucket=event["Step"].lower()) and None)
    secrets = boto3.client("secretsmanager", REGION)
    secrets.create_secret(Name="database", SecretString="old")
    secrets.rotate_secret(SecretId="database", RotationLambdaARN=arn)
    assert [event["source"] for event in seen] == ["aws.s3"] * 4


# ---- SES ----


def test_a_receipt_rule_may_name_a_function_of_the_fake(seer: str) -> None:
    ses = boto3.client("ses", REGION)
    ses.create_receipt_rule_set(RuleSetName="rules")

    def create(name: str, arn: str) -> None:
        rule: Any = {"Name": name, "Actions": [{"LambdaAction": {"FunctionArn": arn}}]}
        ses.create_receipt_rule(RuleSetName="rules", Rule=rule)

    create("there", seer)
    with pytest.raises(ClientError, match="Invalid Lambda function"):
        create("not-there", f"{seer}-missing")


# ---- what is moto's own ----


@pytest.mark.parametrize("source", ["sqs", "kinesis", "dynamodb"])
def test_a_mapping_of_moto_s_own_is_said_to_be_none_of_the_fake_s(mocked: None, source: str, zipped: Any) -> None:
    role = boto3.client("iam", REGION).create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    moto_s: Any = boto3.client("lambda", REGION)
    moto_s.create_function(
        FunctionName="own", Role=role, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": zipped({"app.py": ""})}
    )
    arn, send = _source(source)
    moto_s.create_event_source_mapping(FunctionName="own", EventSourceArn=arn)
    with FakeLambda(), pytest.raises(NotModelled, match="moto's own"):
        send()


def _source(service: str) -> tuple[str, Callable[[], Any]]:
    if service == "sqs":
        sqs = boto3.client("sqs", REGION)
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", lambda: sqs.send_message(QueueUrl=url, MessageBody="m")
    if service == "kinesis":
        kinesis = boto3.client("kinesis", REGION)
        kinesis.create_stream(StreamName="s", ShardCount=1)
        return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", lambda: kinesis.put_record(StreamName="s", Data=b"d", PartitionKey="p")
    dynamodb = boto3.client("dynamodb", REGION)
    arn = dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]
    return arn, lambda: dynamodb.put_item(TableName="t", Item={"k": {"S": "v"}})


@pytest.mark.usefixtures("mocked")
def test_what_moto_is_not_known_to_ask_for_is_said(fake: FakeLambda) -> None:
    add(fake, "seer", print)
    asked = moto_lambda.Lambda(moto_lambda.server(), ACCOUNT, REGION)  # type: ignore[arg-type]  # one is active
    with pytest.raises(NotModelled, match="'create_function'"):
        asked.create_function({})
    with pytest.raises(NotModelled, match="'invoke'"):
        asked.get_function("seer").invoke("{}", {}, {})
    with pytest.raises(NotModelled, match="a topic's messages"):
        asked.send_sns_message("seer", "message")
    with pytest.raises(AttributeError):
        asked.__fspath__  # noqa: B018 - Python's own questions are answered as ever


def test_without_a_fake_moto_does_as_it_does(seer: str, fake: FakeLambda, seen: list[Any]) -> None:
    """Everything that stands in moto's places is inert."""
    client = notifying_bucket(seer)
    fake.stop()
    try:
        assert hook.active() is None
        client.put_object(Bucket="uploads", Key="a/b")
        put_rule("orders", {"Arn": seer})
        with pytest.raises(NotImplementedError):
            put_event()
        secrets = boto3.client("secretsmanager", REGION)
        secrets.create_secret(Name="database", SecretString="old")
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            secrets.rotate_secret(SecretId="database", RotationLambdaARN=seer)
        ses = boto3.client("ses", REGION)
        ses.create_receipt_rule_set(RuleSetName="rules")
        with pytest.raises(ClientError, match="Invalid Lambda function"):
            ses.create_receipt_rule(RuleSetName="rules", Rule={"Name": "r", "Actions": [{"LambdaAction": {"FunctionArn": seer}}]})
        event = sys.modules["moto.s3.notifications"]
        bucket = sys.modules["moto.s3.models"].s3_backends[ACCOUNT]["aws"].buckets["uploads"]
        (record,) = event._get_s3_event("s3:ObjectCreated:Put", bucket, bucket.keys["a/b"], "n")["Records"]
        assert record["s3"]["object"]["key"] == "a%2Fb"
    finally:
        fake.start()
    assert seen == []
