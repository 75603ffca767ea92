from collections.abc import Iterator
from typing import Any

import boto3
import deploy_pipeline
import pytest
from moto import mock_aws

from fakelambda import FakeLambda

REGION = deploy_pipeline.REGION

pytestmark = pytest.mark.fake_lambda(region=REGION)


@pytest.fixture(autouse=True)
def pipeline(fake_lambda: FakeLambda) -> Iterator[None]:
    with mock_aws():
        deploy_pipeline.deploy("arn:aws:iam::123456789012:role/pipeline")
        yield


def upload(key: str, *lines: str) -> None:
    body = "\n".join(("id,customer,amount", *lines)).encode()
    boto3.client("s3", REGION).put_object(Bucket="invoice-uploads", Key=key, Body=body)


def totals() -> dict[str, int]:
    items: list[Any] = boto3.resource("dynamodb", REGION).Table("totals").scan()["Items"]
    return {item["customer"]: int(item["cents"]) for item in items}


def test_an_upload_ends_in_the_totals(fake_lambda: FakeLambda) -> None:
    upload("may/week 1.csv", "1,ada,12.50", "2,bob,3", "3,ada,0.10")
    fake_lambda.drain()

    assert totals() == {"ada": 1260, "bob": 300}
    assert {run.function_name for run in fake_lambda.invocations if run.error is None} == {"importer", "accountant"}


def test_a_broken_upload_is_set_aside_and_holds_up_no_other(fake_lambda: FakeLambda) -> None:
    upload("broken.csv", "1,ada,a lot")
    upload("whole.csv", "2,ada,1")
    fake_lambda.drain()

    assert totals() == {"ada": 100}
    sqs = boto3.client("sqs", REGION)
    (message,) = sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="broken-uploads")["QueueUrl"])["Messages"]
    assert "broken.csv" in message["Body"]
