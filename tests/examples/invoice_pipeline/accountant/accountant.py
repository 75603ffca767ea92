"""Keeps the total of each customer, as invoices appear in the table."""

import os
from typing import Any

import boto3

totals = boto3.resource("dynamodb", region_name=os.environ["AWS_REGION"]).Table(os.environ["TOTALS"])


def handler(event: dict[str, Any], context: Any) -> None:
    for record in event["Records"]:
        invoice = record["dynamodb"]["NewImage"]
        totals.update_item(
            Key={"customer": invoice["customer"]["S"]},
            UpdateExpression="ADD cents :cents",
            ExpressionAttributeValues={":cents": int(invoice["cents"]["N"])},
        )
