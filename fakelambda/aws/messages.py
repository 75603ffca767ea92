"""Messages of Lambda to queues, topics, event buses and buckets, sent with clients as their owners would read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakelambda.domain.destinations import Message

ClientOf = Callable[[str, str], Any]
"""Makes the client of a service in a region; None where nobody answers for the service."""


class RefusedError(Exception):
    """A target took the call and not the message."""


def send(client_of: ClientOf, message: Message) -> None:
    """Sends a message, where anybody answers for its service.

    Raises:
        botocore.exceptions.ClientError: the target does not exist or refuses.
        RefusedError: as above, in the words of a service that answers with success.
    """
    region, account_id = message.target_arn.split(":")[3:5]
    client = client_of(message.service, region or "us-east-1")  # buckets have none in their ARN
    if client is not None:
        _SENDERS[message.service](client, message, account_id)


def _to_queue(client: Any, message: Message, account_id: str) -> None:
    url = client.get_queue_url(QueueName=message.target_arn.split(":")[5], QueueOwnerAWSAccountId=account_id)["QueueUrl"]
    system: dict[str, Any] = {}
    if message.trace_header is not None:
        system["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": message.trace_header}}
    client.send_message(QueueUrl=url, MessageBody=message.body, MessageAttributes=_attributes(message), **system)


def _to_topic(client: Any, message: Message, _: str) -> None:
    client.publish(TopicArn=message.target_arn, Message=message.body, MessageAttributes=_attributes(message))


def _to_event_bus(client: Any, message: Message, _: str) -> None:
    entry = {**message.envelope, "Detail": message.body, "EventBusName": message.target_arn}
    for result in client.put_events(Entries=[entry])["Entries"]:
        if "ErrorCode" in result:
            raise RefusedError(f"{result['ErrorCode']}: {result['ErrorMessage']}")


def _to_bucket(client: Any, message: Message, _: str) -> None:
    client.put_object(Bucket=message.target_arn.split(":")[5], Body=message.body.encode(), **message.envelope)


def _attributes(message: Message) -> dict[str, Any]:
    return {name: {"DataType": kind, "StringValue": value} for name, (kind, value) in message.attributes.items()}


_SENDERS: dict[str, Callable[[Any, Message, str], None]] = {
    "sqs": _to_queue,
    "sns": _to_topic,
    "events": _to_event_bus,
    "s3": _to_bucket,
}
