# As in the developer guide's tutorial "Using an Amazon S3 trigger": S3 and DynamoDB through clients made beside the handler.
import os
import urllib.parse

import boto3

s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def lambda_handler(event, context):
    record = event["Records"][0]["s3"]
    bucket = record["bucket"]["name"]
    key = urllib.parse.unquote_plus(record["object"]["key"], encoding="utf-8")
    try:
        response = s3.get_object(Bucket=bucket, Key=key)
    except Exception as e:
        print(e)
        print(f"Error getting object {key} from bucket {bucket}.")
        raise e
    s3.upload_fileobj(response["Body"], f"{bucket}-resized", key)
    table.put_item(Item={"key": key, "type": response["ContentType"]})
    return response["ContentType"]
