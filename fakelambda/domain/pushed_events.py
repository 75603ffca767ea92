"""What other services push to functions, in the shape that AWS gives it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from fakelambda.domain.errors import NotModelled

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\['([^']+)'\]|\[(\d+)\]")
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
_MISSING = object()


def json_text(value: Any) -> str:
    """A value as the compact JSON that services send."""
    return json.dumps(value, separators=(",", ":"))


# ---- S3 ----


def object_notification(
    record: Mapping[str, Any], *, key: str, principal_id: str, version_id: str | None, sequencer: str
) -> dict[str, Any]:
    """A record of an S3 event notification, completed.

    Args:
        record: its members that are known already, in S3's names.
        key: the object's key as it is.
        principal_id: of the bucket's owner, who is taken for the caller too.
        version_id: of the object in a bucket with versioning; None in others.
        sequencer: hexadecimal, later events of the same key have greater ones.
    """
    s3 = record["s3"]
    known = {} if record["eventName"] == "ObjectRemoved:Delete" else {name: s3["object"][name] for name in ("size", "eTag")}
    version = {} if version_id is None else {"versionId": version_id}
    return {
        **{name: record[name] for name in ("eventVersion", "eventSource", "awsRegion", "eventTime", "eventName")},
        "userIdentity": {"principalId": f"AWS:{principal_id}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": sequencer[-16:], "x-amz-id-2": f"EXAMPLE{sequencer}"},
        "s3": {
            **{name: s3[name] for name in ("s3SchemaVersion", "configurationId")},
            "bucket": {"name": s3["bucket"]["name"], "ownerIdentity": {"principalId": principal_id}, "arn": s3["bucket"]["arn"]},
            "object": {"key": quote_plus(key, safe="/"), **known, **version, "sequencer": sequencer},
        },
    }


# ---- SNS ----


def topic_message(
    *,
    topic_arn: str,
    subscription_arn: str,
    message_id: str,
    message: str,
    subject: str | None,
    attributes: Mapping[str, Mapping[str, Any]],
    region: str,
    at: datetime,
) -> dict[str, Any]:
    """The event with which SNS invokes a subscribed function.

    Args:
        attributes: ``{"Type": ..., "Value": ...}`` by name.
        at: when the message was published.
    """
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription_arn,
                "Sns": {
                    "Type": "Notification",
                    "MessageId": message_id,
                    "TopicArn": topic_arn,
                    "Subject": subject,
                    "Message": message,
                    "Timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
                    "SignatureVersion": "1",
                    "Signature": "EXAMPLE",  # nobody could verify one: the key is Amazon's
                    "SigningCertUrl": f"https://sns.{region}.amazonaws.com/SimpleNotificationService-EXAMPLE.pem",
                    "UnsubscribeUrl": f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription_arn}",
                    "MessageAttributes": {
                        name: {"Type": attribute["Type"], "Value": str(attribute["Value"])} for name, attribute in attributes.items()
                    },
                },
            }
        ]
    }


# ---- CloudWatch Logs ----


def log_events(
    *, account_id: str, log_group_name: str, log_stream_name: str, filter_name: str, events: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The event with which CloudWatch Logs invokes a subscribed function.

    Args:
        events: ``id`` (a number), ``timestamp`` (milliseconds) and ``message`` of each.
    """
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": account_id,
        "logGroup": log_group_name,
        "logStream": log_stream_name,
        "subscriptionFilters": [filter_name],
        "logEvents": [{"id": f"{event['id']:056d}", "timestamp": event["timestamp"], "message": event["message"]} for event in events],
    }
    packed = gzip.compress(json_text(data).encode(), mtime=0)  # the same events make the same bytes
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}


# ---- EventBridge ----


def bus_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event of a bus as its targets get it.

    Args:
        event: with a ``time`` in seconds since 1970 or as text.
    """
    time = event["time"]
    if not isinstance(time, str) or re.fullmatch(r"\d+(\.\d+)?", time):
        time = f"{datetime.fromtimestamp(float(time), UTC):%Y-%m-%dT%H:%M:%SZ}"
    names = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "replay-name", "detail")
    return {name: {**event, "time": time}[name] for name in names if name in event}


def target_input(event: Mapping[str, Any], target: Mapping[str, Any], *, rule_arn: str, ingested_at: datetime) -> str:
    """The JSON that a target of a rule gets for an event: all of it, a part, a constant, or what its transformer makes.

    Args:
        event: as ``bus_event`` makes it.
        target: with ``Input``, ``InputPath``, ``InputTransformer`` or none of them.
        ingested_at: when the bus took the event.

    Raises:
        NotModelled: a JSON path that is more than names and indexes.
    """
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        found = _at_path(event, target["InputPath"])
        return json_text({} if found is _MISSING else found)
    transformer = target.get("InputTransformer")
    if not transformer:
        return json_text(event)
    values = {name: _at_path(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": f"{ingested_at:%Y-%m-%dT%H:%M:%SZ}",
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }
    return _filled(transformer["InputTemplate"].strip(), values)


def _at_path(event: Any, path: str) -> Any:
    """What a path such as ``$.detail.items[0]`` leads to."""
    rest = path[1:]
    if not path.startswith("$") or _STEP.sub("", rest):
        raise NotModelled(
            f"The JSON path {path!r} of an EventBridge target is not modelled by fakelambda; write $.name, $['name'] or $[0]."
        )
    found = event
    for name, quoted, index in _STEP.findall(rest):
        try:
            found = found[int(index)] if index else found[name or quoted]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return found


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """A template with its placeholders filled: as text inside a JSON string, as JSON outside. A template of plain text is one string."""
    pieces, position = [], 0
    for placeholder in _PLACEHOLDER.finditer(template):
        if placeholder[1] in values:
            is_in_string = len(re.findall(r'(?<!\\)"', template[: placeholder.start()])) % 2 == 1
            value = values[placeholder[1]]
            value = "" if value is _MISSING else value
            bare = value if isinstance(value, str) else json_text(value)
            pieces += [template[position : placeholder.start()], json_text(bare)[1:-1] if is_in_string else json_text(value)]
            position = placeholder.end()
    filled = "".join((*pieces, template[position:]))
    try:
        json.loads(filled)
    except ValueError:
        return json_text(filled)
    return filled
