"""Events that services push: SNS, S3, EventBridge, CloudWatch Logs, Cognito."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import md5
from typing import Any, Final
from urllib.parse import quote_plus

from fakelambda.domain.sources import base64_of, milliseconds, region_of
from fakelambda.events.defaults import ACCOUNT_ID, REGION, as_json, as_text, id_of, iso, moment

_TOPIC: Final = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:topic"


def sns(
    message: Any,
    *,
    topic_arn: str = _TOPIC,
    subject: str | None = None,
    message_attributes: Mapping[str, str | float | bytes] | None = None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event of a message of an SNS topic; Lambda gets one at a time.

    Args:
        message: what is no text is dumped as JSON.
        topic_arn: of the topic.
        subject: of the message, if any.
        message_attributes: text, numbers or bytes.
        at: when it was published.

    Example:
        >>> sns({"id": 7}, subject="order")["Records"][0]["Sns"]["Message"]
        '{"id": 7}'
    """
    subscription_arn = f"{topic_arn}:{id_of(1)}"
    url = f"https://sns.{region_of(topic_arn)}.amazonaws.com/"
    notification = {
        "Type": "Notification",
        "MessageId": id_of(2),
        "TopicArn": topic_arn,
        "Subject": subject,
        "Message": as_text(message),
        "Timestamp": iso(moment(at)),
        "SignatureVersion": "1",
        "Signature": base64_of("signature"),
        "SigningCertUrl": f"{url}SimpleNotificationService-{id_of(3).replace('-', '')}.pem",
        "UnsubscribeUrl": f"{url}?Action=Unsubscribe&SubscriptionArn={subscription_arn}",
        "MessageAttributes": {name: _sns_attribute(value) for name, value in (message_attributes or {}).items()},
    }
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription_arn, "Sns": notification}
    return {"Records": [record]}


def _sns_attribute(value: str | float | bytes) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"Type": "Binary", "Value": base64_of(value)}
    return {"Type": "String" if isinstance(value, str) else "Number", "Value": str(value)}


def s3(
    bucket: str,
    key: str,
    *,
    event_name: str = "ObjectCreated:Put",
    size: int = 1024,
    etag: str | None = None,
    version_id: str | None = None,
    region: str = REGION,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event of something that happened to an object in S3.

    Args:
        bucket: its name.
        key: of the object, as such; the event holds it as URLs do, as S3's events do.
        event_name: such as ``ObjectCreated:Put`` or ``ObjectRemoved:Delete``.
        size: of the object, in bytes; a removed one has none.
        etag: of the object, without quotes; a digest of its key unless given.
        version_id: where the bucket has versions.
        region: of the bucket.
        at: when it happened.

    Example:
        >>> s3("photos", "my cat.jpg")["Records"][0]["s3"]["object"]["key"]
        'my+cat.jpg'
    """
    name = event_name.removeprefix("s3:")
    removed = name.startswith("ObjectRemoved:")
    digest = md5(key.encode(), usedforsecurity=False).hexdigest()
    thing: dict[str, Any] = {"key": quote_plus(key, safe="/*")}
    if not removed:
        thing |= {"size": size, "eTag": etag or digest}
    if version_id is not None:
        thing["versionId"] = version_id
    thing["sequencer"] = f"{milliseconds(moment(at)):018X}"
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": iso(moment(at)),
        "eventName": name,
        "userIdentity": {"principalId": "AWS:AIDAINPONIXQXHT3IKHL2"},
        "requestParameters": {"sourceIPAddress": "192.0.2.1"},
        "responseElements": {"x-amz-request-id": "D82B88E5F771F645", "x-amz-id-2": base64_of(digest)},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": id_of(1),
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "A3I5XTEXAMAI3E"}, "arn": f"arn:aws:s3:::{bucket}"},
            "object": thing,
        },
    }
    return {"Records": [record]}


def eventbridge(
    detail: Mapping[str, Any] | None = None,
    *,
    source: str = "my.application",
    detail_type: str = "Event",
    resources: Sequence[str] = (),
    region: str = REGION,
    account_id: str = ACCOUNT_ID,
    at: datetime | None = None,
) -> dict[str, Any]:
    """An event of EventBridge, as a rule hands it to a function.

    Args:
        detail: what the event says; nothing unless given, as in scheduled events.
        source: who sent it, such as ``aws.ec2``.
        detail_type: such as ``Scheduled Event``.
        resources: ARNs.
        region: where it happened.
        account_id: whose it is.
        at: when it happened; EventBridge counts whole seconds.

    Example:
        >>> eventbridge({"id": 7}, source="shop", detail_type="Order placed")["detail-type"]
        'Order placed'
    """
    return {
        "version": "0",
        "id": id_of(1),
        "detail-type": detail_type,
        "source": source,
        "account": account_id,
        "time": iso(moment(at), "seconds"),
        "region": region,
        "resources": list(resources),
        "detail": as_json(detail or {}),
    }


def cloudwatch_logs(
    *messages: Any,
    log_group: str = "/aws/lambda/function",
    log_stream: str = "2026/01/01/[$LATEST]00000000000000000000000000000001",
    filter_name: str = "filter",
    account_id: str = ACCOUNT_ID,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The event of log lines that a subscription filter of CloudWatch Logs lets through, compressed as AWS sends them.

    Args:
        messages: the lines; what is no text is dumped as JSON.
        log_group: its name.
        log_stream: its name.
        filter_name: of the subscription.
        account_id: whose logs they are.
        at: when they were logged.

    Example:
        >>> import base64, gzip, json
        >>> event = cloudwatch_logs("ERROR no such order")
        >>> json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))["logEvents"][0]["message"]
        'ERROR no such order'
    """
    timestamp = milliseconds(moment(at))
    logs = {
        "messageType": "DATA_MESSAGE",
        "owner": account_id,
        "logGroup": log_group,
        "logStream": log_stream,
        "subscriptionFilters": [filter_name],
        "logEvents": [
            {"id": f"{number:056d}", "timestamp": timestamp, "message": message} for number, message in enumerate(map(as_text, messages), 1)
        ],
    }
    return {"awslogs": {"data": base64_of(gzip.compress(json.dumps(logs).encode(), mtime=0))}}


_COGNITO_RESPONSES: Final[dict[str, dict[str, Any]]] = {
    "CreateAuthChallenge": {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None},
    "CustomMessage": {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    "DefineAuthChallenge": {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    "PreSignUp": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    "TokenGeneration": {"claimsOverrideDetails": None},
    "UserMigration": {"userAttributes": None, "finalUserStatus": None, "messageAction": None, "desiredDeliveryMediums": None},
    "VerifyAuthChallengeResponse": {"answerCorrect": None},
}


def cognito(
    trigger_source: str,
    *,
    user_attributes: Mapping[str, str] | None = None,
    request: Mapping[str, Any] | None = None,
    user_name: str = "user",
    user_pool_id: str = f"{REGION}_aBcDeFgHi",
    client_id: str = "1a2b3c4d5e6f7g8h9i0j1k2l3m",
) -> dict[str, Any]:
    """The event of a trigger of a Cognito user pool, with the response that its handler fills in and returns.

    Args:
        trigger_source: such as ``PreSignUp_SignUp`` or ``PostConfirmation_ConfirmSignUp``.
        user_attributes: such as ``{"email": "ada@example.com"}``.
        request: what this trigger's request has beside them, such as ``clientMetadata``.
        user_name: of the user.
        user_pool_id: begins with its region.
        client_id: of the app client.

    Example:
        >>> cognito("PreSignUp_SignUp", user_attributes={"email": "ada@example.com"})["response"]["autoConfirmUser"]
        False
    """
    return {
        "version": "1",
        "region": user_pool_id.partition("_")[0],
        "userPoolId": user_pool_id,
        "userName": user_name,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
        "triggerSource": trigger_source,
        "request": as_json({"userAttributes": user_attributes or {}, **(request or {})}),
        "response": dict(_COGNITO_RESPONSES.get(trigger_source.partition("_")[0], {})),
    }
