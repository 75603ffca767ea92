"""What the services of event sources say about a source when it is connected with a function."""

from __future__ import annotations

from botocore.exceptions import ClientError, ParamValidationError

from fakelambda.aws.messages import ClientOf
from fakelambda.domain.errors import InvalidParameterValueException
from fakelambda.domain.event_sources import NO_QUEUE, missing

_NO_ACCESS = (
    "Cannot access stream {}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions "
    "on your stream in IAM."
)


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
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "VisibilityTimeout"])["Attributes"]
    except client.exceptions.QueueDoesNotExist as error:
        raise missing(queue_arn) from error
    except ClientError as error:
        raise InvalidParameterValueException(
            NO_QUEUE.format(error.response["Error"]["Code"], error.response["Error"]["Message"])
        ) from error
    if attributes["QueueArn"] != queue_arn:  # moto looks by name alone, whosever the queue is
        raise missing(queue_arn)
    return int(attributes["VisibilityTimeout"])


def check_stream(client_of: ClientOf, stream_arn: str) -> None:
    """Refuses a stream of Kinesis, a consumer of one, or a stream of DynamoDB that does not exist, where anybody answers for it.

    Raises:
        InvalidParameterValueException: it does not, or its service does not say.
    """
    _, _, service, region, _, resource = stream_arn.split(":", 5)
    client = client_of("dynamodbstreams" if service == "dynamodb" else service, region)
    if client is None:
        return
    try:
        if service == "dynamodb":
            streams = client.list_streams(TableName=resource.split("/")[1])["Streams"]
            exists = any(stream["StreamArn"] == stream_arn for stream in streams)
        elif "/consumer/" in resource:
            exists = bool(client.describe_stream_consumer(ConsumerARN=stream_arn))
        else:
            exists = bool(client.describe_stream_summary(StreamARN=stream_arn))
    except (client.exceptions.ResourceNotFoundException, ParamValidationError):  # botocore itself refuses names that cannot be
        exists = False
    except ClientError as error:
        raise InvalidParameterValueException(_NO_ACCESS.format(stream_arn)) from error
    if not exists:
        raise missing(stream_arn)
