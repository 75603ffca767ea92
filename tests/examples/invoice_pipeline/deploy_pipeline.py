"""Deploys the pipeline: uploads -> queue -> importer -> invoices -> stream -> accountant -> totals.

python deploy_pipeline.py arn:aws:iam::123456789012:role/pipeline
"""

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import boto3

HERE = Path(__file__).parent
REGION = "eu-central-1"
BUILT_AT = (2020, 1, 1, 0, 0, 0)  # the same files give the same zip, whenever they were checked out


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]  # any service's


def package(directory: Path) -> bytes:
    """The zip of a directory."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(directory.rglob("*.py")):
            archive.writestr(zipfile.ZipInfo(str(path.relative_to(directory)), BUILT_AT), path.read_bytes())
    return packed.getvalue()


def create_queue() -> str:
    """The queue of uploads, and one for those that cannot be imported; the first one's ARN."""
    sqs = client("sqs")

    def create(name: str, **attributes: str) -> str:
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])

    broken = create("broken-uploads")
    redrive = json.dumps({"deadLetterTargetArn": broken, "maxReceiveCount": "2"})
    return create("uploads", RedrivePolicy=redrive, VisibilityTimeout="60")


def create_table(name: str, key: str, **settings: Any) -> dict[str, Any]:
    description: dict[str, Any] = client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **settings,
    )["TableDescription"]
    return description


def create_function(name: str, role: str, variables: dict[str, str], **settings: Any) -> None:
    functions = client("lambda")
    functions.create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.12",
        Handler=f"{name}.handler",
        Code={"ZipFile": package(HERE / name)},
        Environment={"Variables": variables},
        Timeout=30,
        **settings,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)


def deploy(role: str) -> None:
    """Everything, from the bucket to the totals."""
    functions = client("lambda")

    queue = create_queue()
    s3 = client("s3")
    s3.create_bucket(Bucket="invoice-uploads", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_notification_configuration(
        Bucket="invoice-uploads",
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]},
    )
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    invoices = create_table("invoices", "id", StreamSpecification=stream)
    create_table("totals", "customer")

    layer = functions.publish_layer_version(LayerName="money", Content={"ZipFile": package(HERE / "layer")})["LayerVersionArn"]
    create_function("importer", role, {"TABLE": "invoices"}, Layers=[layer])
    create_function("accountant", role, {"TOTALS": "totals"})
    functions.create_event_source_mapping(
        FunctionName="importer", EventSourceArn=queue, BatchSize=10, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    functions.create_event_source_mapping(
        FunctionName="accountant", EventSourceArn=invoices["LatestStreamArn"], StartingPosition="TRIM_HORIZON"
    )


if __name__ == "__main__":
    deploy(role=sys.argv[1])
