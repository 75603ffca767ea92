"""What the services of event sources say about a source when it is connected with a function."""

from __future__ import annotations

from botocore.exceptions import ClientError

from fakelambda.aws.messages import ClientOf
from fakelambda.domain.errors import InvalidParameterValueException

_NO_QUEUE = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


def visibility_timeout_of(client_of: ClientOf, queue_arn: str) -> int | None:
    """The visibility timeout of a queue in seconds; None where nobody answers for SQS.

    Raises:
        InvalidParameterValueException: AWS's wording of SQS's error.
    """
    *_, region, account_id, name = queue_arn.split(":")
    client = client_of("sqs", region)
    if client is None:
        return None
    try:
        url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account_id)["QueueUrl"]
        answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code in _NO_QUEUE:
            code, message = "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
        raise InvalidParameterValueException(
            f"Error occurred while ReceiveMessage. SQS Error Code: {code}. SQS Error Message: {message}"
        ) from error
    return int(answer["Attributes"]["VisibilityTimeout"])


def check_stream(client_of: ClientOf, stream_arn: str) -> None:
    """Refuses a stream of Kinesis, a consumer of one, or a stream of DynamoDB that does not exist, where anybody answers for it.

    Raises:
        InvalidParameterValueException: it does not.
    """
    _, _, service, region, *_ = stream_arn.split(":")
    client = client_of("kinesis" if service == "kinesis" else "dynamodbstreams", region)
    if client is None:
        return
    try:
        if service == "dynamodb":
            client.describe_stream(StreamArn=stream_arn)
        elif "/consumer/" in stream_arn:
            client.describe_stream_consumer(ConsumerARN=stream_arn)
        else:
            client.describe_stream_summary(StreamARN=stream_arn)
    except ClientError as error:
        raise InvalidParameterValueException(f"Stream not found: {stream_arn}") from error
