"""Takes orders, wherever they come from, and writes them down."""

import json
import os
from typing import Any

import boto3

table = boto3.resource("dynamodb", region_name=os.environ["AWS_REGION"]).Table(os.environ["TABLE"])


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    records = event.get("Records", [event])
    for record in records:
        text = record["Sns"]["Message"] if "Sns" in record else record["body"]
        table.put_item(Item={**json.loads(text), "taken_by": context.function_version})
    return {"taken": len(records)}
