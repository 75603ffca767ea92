"""Reads the invoices that were uploaded and writes them into the table."""

import csv
import json
import os
from typing import Any
from urllib.parse import unquote_plus

import boto3
from money import cents  # of the layer

s3 = boto3.client("s3", region_name=os.environ["AWS_REGION"])
table = boto3.resource("dynamodb", region_name=os.environ["AWS_REGION"]).Table(os.environ["TABLE"])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    failed = []
    for message in event["Records"]:
        try:
            for notification in json.loads(message["body"]).get("Records", []):  # S3 also sends a message to try the queue, without any
                import_object(notification["s3"]["bucket"]["name"], unquote_plus(notification["s3"]["object"]["key"]))
        except (KeyError, ValueError, ArithmeticError):
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def import_object(bucket: str, key: str) -> None:
    lines = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode().splitlines()
    invoices = [{"id": row["id"], "customer": row["customer"], "cents": cents(row["amount"])} for row in csv.DictReader(lines)]
    for invoice in invoices:
        table.put_item(Item=invoice)
