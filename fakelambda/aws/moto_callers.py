"""moto's services call Lambda: what stands in the places where they do.

Each function here takes what moto has in a place and makes what stands there instead. Where no fake is active, that does as moto does.
"""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from botocore.exceptions import ClientError

from fakelambda.aws.moto_lambda import (
    Lambda,
    Place,
    RotationFailedError,
    Source,
    check,
    current_request,
    invoke,
    log_group,
    publication,
    rotation,
    server,
)
from fakelambda.aws.serving import Server
from fakelambda.domain import pushed_events
from fakelambda.domain.errors import NotModelled

_MODULES = sys.modules  # the host's, also inside an invocation

# ---- S3 ----

_sequencers: WeakKeyDictionary[Any, Iterator[int]] = WeakKeyDictionary()


def s3_event(original: Place) -> Place:
    """An event notification, to functions, queues and topics: moto leaves out a third of it."""

    def _get_s3_event(event_name: Any, bucket: Any, key: Any, notification_id: str) -> Any:
        event = original(event_name, bucket, key, notification_id)
        if server() is None:
            return event
        number = next(_sequencers.setdefault(bucket, itertools.count(1)))
        version_id = str(key.version_id) if bucket.is_versioned else None
        return {
            "Records": [
                pushed_events.object_notification(
                    record, key=key.name, principal_id=bucket.account_id, version_id=version_id, sequencer=f"{number:018X}"
                )
                for record in event["Records"]
            ]
        }

    return _get_s3_event


def set_notification_configuration(original: Place) -> Place:
    """The notifications of a bucket: S3 checks that it may invoke the functions, unless it is told not to."""

    def set_notification_configuration(self: Any, notification_config: Any) -> None:
        fake = server()
        request = current_request.get()
        is_skipped = request is not None and request.headers.get("x-amz-skip-destination-validation") in ("true", b"true")
        if fake is not None and not is_skipped:
            source = Source("s3.amazonaws.com", self.arn, self.account_id)
            try:
                for function in (notification_config or {}).get("CloudFunctionConfiguration") or ():
                    check(fake, source, function["CloudFunction"])
            except ClientError as refusal:
                text = "Unable to validate the following destination configurations"
                raise _MODULES["moto.s3.exceptions"].S3ClientError("InvalidArgument", text) from refusal
        original(self, notification_config)

    return set_notification_configuration


def invoke_from_s3(original: Place) -> Place:
    """A notification to a function."""

    def _invoke_awslambda(account_id: str, event_body: Any, fn_arn: str, region_name: str) -> None:
        fake = server()
        if fake is None:
            original(account_id, event_body, fn_arn, region_name)
        else:
            source = Source("s3.amazonaws.com", event_body["Records"][0]["s3"]["bucket"]["arn"], account_id)
            invoke(fake, source, fn_arn, pushed_events.json_text(event_body))

    return _invoke_awslambda


# ---- SNS ----


def publish(original: Place) -> Place:
    """A message to a subscription: moto tells its Lambda hardly any of it."""
    signature = inspect.signature(original)

    def publish(*args: Any, **kwargs: Any) -> None:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        token = publication.set((args[0], bound.arguments))
        try:
            original(*args, **kwargs)
        finally:
            publication.reset(token)

    return publish


# ---- EventBridge ----


def send_to_targets(original: Place) -> Place:
    """An event to the targets of a rule: moto knows other targets, and stops at a function."""

    def send_to_targets(self: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:  # noqa: FBT001, FBT002 - moto's signature
        fake = server()
        functions = [target for target in self.targets if target["Arn"].split(":")[2:3] == ["lambda"]]
        if fake is None or not functions:
            original(self, original_event, transform_input)
            return
        _renew_id(fake, original_event)
        others = _WithoutFunctions(self, [target for target in self.targets if target not in functions])
        original(others, original_event, transform_input)
        is_scheduled_only = bool(self.scheduled_expression) and not self.event_pattern.get_pattern()
        if self.state == "ENABLED" and not is_scheduled_only and self.event_pattern.matches_event(original_event):
            event = pushed_events.bus_event(original_event)
            for target in functions:
                try:
                    body = pushed_events.target_input(event, target, rule_arn=self.arn, ingested_at=fake.service.world.now())
                except NotModelled as missing:
                    fake.note(missing)  # moto swallows it where S3 sends the event
                    raise
                invoke(fake, Source("events.amazonaws.com", self.arn, self.account_id), target["Arn"], body)

    return send_to_targets


class _WithoutFunctions:
    """A rule with the targets that moto knows."""

    def __init__(self, rule: Any, targets: list[Any]) -> None:
        self._rule = rule
        self.targets = targets

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rule, name)


def _renew_id(fake: Server, event: dict[str, Any]) -> None:
    """Gives an event of S3 an id of its own: moto gives all of them the same, and functions tell events apart by it."""
    utils = _MODULES.get("moto.events.utils")
    if event.get("id") == getattr(utils, "_BASE_EVENT_MESSAGE", {"id": None})["id"]:
        event["id"] = fake.service.world.new_id()


# ---- CloudWatch Logs ----


def put_subscription_filter(original: Place) -> Place:
    """A subscription to a log group: Logs checks that it may invoke the function."""
    signature = inspect.signature(original)

    def put_subscription_filter(*args: Any, **kwargs: Any) -> None:
        fake = server()
        arguments = signature.bind(*args, **kwargs).arguments
        backend, arn = arguments["self"], arguments["destination_arn"]
        is_function = arn.split(":")[2:3] == ["lambda"]
        if fake is not None and is_function and arguments["log_group_name"] in backend.groups:
            try:
                check(fake, log_group(arguments["log_group_name"], backend.region_name, backend.account_id), arn)
            except ClientError as refusal:
                raise _MODULES["moto.logs.exceptions"].InvalidParameterException(
                    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function."
                ) from refusal
        original(*args, **kwargs)

    return put_subscription_filter


# ---- Secrets Manager ----


def rotate_secret(original: Place) -> Place:
    """A rotation: it begins with the call, and fails without it."""
    signature = inspect.signature(original)

    def rotate_secret(*args: Any, **kwargs: Any) -> Any:
        arguments = signature.bind(*args, **kwargs).arguments
        backend, secret_id = arguments["self"], arguments["secret_id"]
        fake = server()
        if fake is not None and secret_id in backend.secrets:
            _check_rotation(fake, backend, backend.secrets[secret_id], arguments.get("rotation_lambda_arn"))
        token = rotation.set(backend)
        try:
            return original(*args, **kwargs)
        except RotationFailedError:
            secret = backend.secrets[secret_id]
            pending = (version_id for version_id, version in secret.versions.items() if "AWSPENDING" in version["version_stages"])
            return secret.to_short_dict(version_id=next(pending, None))
        finally:
            rotation.reset(token)

    return rotate_secret


def _check_rotation(fake: Server, backend: Any, secret: Any, function_name: str | None) -> None:
    """Checks that Secrets Manager may invoke a function; that there is one moto checks itself."""
    name = function_name or getattr(secret, "rotation_lambda_arn", None)
    asked = Lambda(fake, backend.account_id, backend.region_name)
    if not name or not asked.has(name):
        return
    try:
        check(fake, Source("secretsmanager.amazonaws.com", secret.arn, backend.account_id), asked.arn(name))
    except ClientError as refusal:
        raise _MODULES["moto.secretsmanager.exceptions"].SecretsManagerClientError(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. "
            "Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.",
        ) from refusal


# ---- SES ----


def validate_lambda_action(original: Place) -> Place:
    """The check that a receipt rule's function exists, for which SES looks into moto's Lambda itself."""

    def _validate_lambda_action(self: Any, lambda_action: dict[str, str]) -> None:
        fake = server()
        if fake is not None and Lambda(fake, self.account_id, self.region_name).has(lambda_action["FunctionArn"]):
            self._validate_sns_topic(lambda_action.get("TopicArn"))
        else:
            original(self, lambda_action)

    return _validate_lambda_action
