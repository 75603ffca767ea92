import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import deploy_stack
import pytest
from moto import mock_aws

from fakelambda import FakeLambda

REGION = deploy_stack.REGION

pytestmark = pytest.mark.fake_lambda(region=REGION)


@pytest.fixture(autouse=True)
def cloud() -> Iterator[None]:
    with mock_aws():
        bucket: Any = {"LocationConstraint": REGION}
        boto3.client("s3", REGION).create_bucket(Bucket="deployments", CreateBucketConfiguration=bucket)
        yield


def taken() -> dict[str, str]:
    """The orders that were written down, and the versions of the function that did."""
    items: list[Any] = boto3.resource("dynamodb", REGION).Table("orders").scan()["Items"]
    return {item["id"]: item["taken_by"] for item in items}


def announce(topic: str, order: str) -> None:
    boto3.client("sns", REGION).publish(TopicArn=topic, Message=json.dumps({"id": order}))


def invoke(function: str, order: str) -> Any:
    event = {"body": json.dumps({"id": order})}
    return json.load(boto3.client("lambda", REGION).invoke(FunctionName=function, Payload=json.dumps(event))["Payload"])


def test_the_stack_works(fake_lambda: FakeLambda) -> None:
    outputs = deploy_stack.deploy("deployments")

    assert invoke(outputs["Function"], "by hand") == {"taken": 1}
    announce(outputs["Topic"], "by topic")

    boto3.client("sqs", REGION).send_message(QueueUrl=outputs["Queue"], MessageBody=json.dumps({"id": "by queue"}))
    fake_lambda.drain()

    assert taken() == {"by hand": "1", "by topic": "1", "by queue": "1"}
    assert [run.qualifier for run in fake_lambda.invocations] == ["live", "live", "live"]


def test_the_backlog_is_mapped_to_the_alias(fake_lambda: FakeLambda) -> None:
    outputs = deploy_stack.deploy("deployments")

    (mapping,) = boto3.client("lambda", REGION).list_event_source_mappings()["EventSourceMappings"]

    assert mapping["State"] == "Enabled"
    assert mapping["FunctionArn"] == outputs["Function"]
    assert mapping["EventSourceArn"] == f"arn:aws:sqs:{REGION}:123456789012:orders"


def test_other_code_is_another_version_behind_the_same_alias(fake_lambda: FakeLambda, tmp_path: Path) -> None:
    first = deploy_stack.deploy("deployments")
    announce(first["Topic"], "before")
    (tmp_path / "intake.py").write_text((deploy_stack.HERE / "src" / "intake.py").read_text() + "\n# released again\n")

    second = deploy_stack.deploy("deployments", source=tmp_path)
    announce(second["Topic"], "after")

    assert second == first
    assert taken() == {"before": "1", "after": "2"}


def test_without_its_permission_the_topic_would_not_get_through(fake_lambda: FakeLambda) -> None:
    outputs = deploy_stack.deploy("deployments")
    (statement,) = json.loads(boto3.client("lambda", REGION).get_policy(FunctionName=outputs["Function"])["Policy"])["Statement"]

    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": outputs["Topic"]}}


def test_nothing_stays_of_a_deleted_stack(fake_lambda: FakeLambda) -> None:
    deploy_stack.deploy("deployments")

    boto3.client("cloudformation", REGION).delete_stack(StackName=deploy_stack.STACK)

    assert not fake_lambda.functions
    assert boto3.client("lambda", REGION).list_event_source_mappings()["EventSourceMappings"] == []
