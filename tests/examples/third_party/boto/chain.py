# As in the developer guide's examples: a client made beside the handler calls another function.
import json

import boto3

client = boto3.client("lambda")


def handler(event, context):
    response = client.invoke(FunctionName="stock", InvocationType="RequestResponse", Payload=json.dumps(event))
    answer = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise RuntimeError(answer["errorMessage"])
    return {"stock": answer, "region": client.meta.region_name}


def stock(event, context):
    return {"tea": 3}[event["item"]]
