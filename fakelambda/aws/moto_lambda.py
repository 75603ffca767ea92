"""Lambda as moto's services come upon it: what stands for moto's own Lambda backend, and how a service invokes a function of the fake."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import ClientError

from fakelambda.aws import hook
from fakelambda.aws.serving import Server
from fakelambda.domain import pushed_events
from fakelambda.domain.errors import NotModelled
from fakelambda.domain.names import function_arn, partition_of
from fakelambda.domain.principals import Caller
from fakelambda.inspection.records import Delivery

_MODULES = sys.modules  # the host's, also inside an invocation

Place = Callable[..., Any]
"""A function or method of moto, or what stands in its place."""


def server() -> Server | None:
    """What answers for Lambda now."""
    return cast("Server | None", hook.active())


def account_of(fake: Server, account_id: str) -> str:
    """The account in which a request to moto looks for functions: the fake's own where moto, too, takes its default one."""
    core = _MODULES.get("moto.core")
    return fake.account_id if account_id == getattr(core, "DEFAULT_ACCOUNT_ID", None) else account_id


def noted(fake: Server, text: str) -> NotModelled:
    """An error that the client's call raises though moto swallows it, as it does while it notifies."""
    error = NotModelled(text)
    fake.note(error)
    return error


@dataclass(frozen=True, slots=True)
class Source:
    """On whose behalf a service invokes a function.

    Args:
        principal: the service, such as ``s3.amazonaws.com``.
        arn: of the bucket, topic, rule, log group or secret.
        account_id: that owns it, as moto has it.
    """

    principal: str
    arn: str
    account_id: str


def invoke(fake: Server, source: Source | None, arn: str, body: str, *, waits: bool = False) -> bool:
    """Invokes a function for a service, which hears nothing of what comes of it; the test finds what AWS refused among the deliveries.

    Args:
        source: on whose behalf, which the function's policy has to allow; None where moto does not tell, and nobody is asked.
        arn: of the function, version or alias.
        body: the event, as JSON.
        waits: whether the service waits for the result; else the event is queued.

    Returns:
        Whether the function was invoked, and has not failed where the service waits for it.
    """
    try:
        return "FunctionError" not in _call(fake, source, arn, "RequestResponse" if waits else "Event", body.encode())
    except ClientError as refusal:
        at = fake.service.world.now()
        fake.service.deliveries.append(Delivery(target_arn=arn, body=body, attributes={}, at=at, error=refusal))
        return False


def check(fake: Server, source: Source | None, arn: str) -> None:
    """Checks that a service could invoke a function now, as some do when they are told to.

    Raises:
        botocore.exceptions.ClientError: there is none, it cannot be invoked, or its policy does not let the service in.
    """
    _call(fake, source, arn, "DryRun", b"{}")


def _call(fake: Server, source: Source | None, arn: str, invocation_type: str, payload: bytes) -> dict[str, Any]:
    place = dict(zip(("region", "account_id"), arn.split(":")[3:5], strict=False))  # what is no ARN Lambda refuses
    parameters = {"FunctionName": arn, "InvocationType": invocation_type, "Payload": payload}
    if source is None:
        return fake.perform("Invoke", parameters, **place)
    region = place.get("region") or fake.region
    caller = Caller.of(source.principal, partition_of(region), source_arn=source.arn, source_account=account_of(fake, source.account_id))
    return fake.invoke(caller, region, parameters)


class _Stranger:
    """Something of Lambda's in moto's hands; asked for what it is not known to need, it says so aloud."""

    def __init__(self, fake: Server) -> None:
        self._fake = fake

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # Python asks for these, not moto
        if name in ("send_sqs_batch", "send_kinesis_message", "send_dynamodb_items"):
            text = "This event source mapping is moto's own, made while no FakeLambda was active; make it inside one."
        else:
            text = f"A service of moto asks Lambda for {name!r} here, which is not modelled by fakelambda."
        raise noted(self._fake, text)


publication: ContextVar[tuple[Any, Mapping[str, Any]] | None] = ContextVar("fakelambda_publication", default=None)
"""The subscription of moto's SNS whose message is being sent, and the arguments of its ``publish``; None outside."""

rotation: ContextVar[Any] = ContextVar("fakelambda_rotation", default=None)
"""The backend of moto's Secrets Manager that rotates a secret; None outside."""


class RotationFailedError(Exception):
    """A step of a rotation failed, so that the others are not taken."""


class Lambda(_Stranger):
    """Lambda as moto's services ask for it, in an account and region; stands for moto's own backend."""

    def __init__(self, fake: Server, account_id: str, region: str) -> None:
        super().__init__(fake)
        self._account_id = account_id
        self._region = region

    def get_function(self, function_name_or_arn: str, qualifier: str | None = None) -> _Stranger:
        """Looks whether there is a function, version or alias.

        Raises:
            botocore.exceptions.ClientError: there is none.
        """
        check(self._fake, None, self.arn(function_name_or_arn, qualifier))
        return _Stranger(self._fake)

    def invoke(self, function_name: str, *, body: str, qualifier: str | None = None, **_: Any) -> bytes:
        """A step of a rotation, for which Secrets Manager waits, or an event of a new bucket, for which nobody does."""
        arn = self.arn(function_name, qualifier)
        rotating = rotation.get()
        if rotating is None:
            invoke(self._fake, None, arn, body)
            return b""
        step = json.loads(body)
        secret_arn = rotating.secrets[step["SecretId"]].arn  # moto names the secret, AWS gives its ARN
        text = pushed_events.json_text({**step, "SecretId": secret_arn})
        token = rotation.set(None)  # what the handler does is no rotation
        try:
            source = Source("secretsmanager.amazonaws.com", secret_arn, self._account_id)
            if not invoke(self._fake, source, arn, text, waits=True):
                raise RotationFailedError
        finally:
            rotation.reset(token)
        return b""

    def send_sns_message(self, _: str, message: str, *, subject: str | None = None, **__: Any) -> None:
        """A message of a topic to a subscribed function."""
        told = publication.get()
        if told is None:
            raise noted(self._fake, "This version of moto sends a topic's messages in a way that is not modelled by fakelambda.")
        subscription, arguments = told
        topic_arn = subscription.topic.arn
        event = pushed_events.topic_message(
            topic_arn=topic_arn,
            subscription_arn=subscription.arn,
            message_id=arguments["message_id"],
            message=message,
            subject=subject,
            attributes=arguments["message_attributes"] or {},
            region=topic_arn.split(":")[3],
            at=self._fake.service.world.now(),
        )
        source = Source("sns.amazonaws.com", topic_arn, self._account_id)
        invoke(self._fake, source, subscription.endpoint, pushed_events.json_text(event))

    def send_log_event(
        self, function_arn: str, filter_name: str, log_group_name: str, log_stream_name: str, log_events: list[Mapping[str, Any]]
    ) -> None:
        """Events of a log group to a subscribed function."""
        if not log_events:  # all of them were too old or too new
            return
        event = pushed_events.log_events(
            account_id=self._account_id,
            log_group_name=log_group_name,
            log_stream_name=log_stream_name,
            filter_name=filter_name,
            events=log_events,
        )
        source = log_group(log_group_name, self._region, self._account_id)
        invoke(self._fake, source, function_arn, pushed_events.json_text(event))

    def has(self, name: str) -> bool:
        """Whether there is a function that can be invoked."""
        try:
            self.get_function(name)
        except ClientError:
            return False
        return True

    def arn(self, name: str, qualifier: str | None = None) -> str:
        """The ARN of a function that moto names in any way."""
        arn = name if name.startswith("arn:") else function_arn(self._region, account_of(self._fake, self._account_id), name)
        return f"{arn}:{qualifier}" if qualifier else arn


def log_group(name: str, region: str, account_id: str) -> Source:
    """A log group, as the source of its subscriptions."""
    return Source("logs.amazonaws.com", f"arn:{partition_of(region)}:logs:{region}:{account_id}:log-group:{name}:*", account_id)


# ---- who asks moto's Lambda ----


def get_backend(original: Place) -> Place:
    """``get_backend``, which almost every service asks for Lambda."""

    def get_backend(account_id: str, region: str) -> Any:
        fake = server()
        return original(account_id, region) if fake is None else Lambda(fake, account_id, region)

    return get_backend


def own_backend(original: Place) -> Place:
    """``get_backend`` as moto's own functions and mappings ask it, which were made while no fake was active."""
    moto_s = inspect.unwrap(original)  # they may have imported ours

    def get_backend(account_id: str, region: str) -> Any:
        return moto_s(account_id, region)

    return get_backend


def custom_resource_backend(original: Place) -> Place:
    """``get_backend`` as custom resources ask it: their functions answer over HTTP to a place where in this process nobody listens."""

    def get_lambda_backend(account_id: str, region: str) -> Any:
        fake = server()
        if fake is not None:
            raise noted(fake, "Custom resources of CloudFormation are not modelled by fakelambda: they answer over HTTP.")
        return original(account_id, region)

    return get_lambda_backend


current_request: ContextVar[Any] = ContextVar("fakelambda_moto_request", default=None)
"""The request of a client that moto is answering; None outside."""


def process_request(original: Place) -> Place:
    """The answer of moto to a request of a client: what it queues for functions runs when moto is done, and not in the midst of it."""

    def process_request(self: Any, request: Any) -> Any:
        fake = server()
        if fake is None:
            return original(self, request)
        token = current_request.set(request)
        try:
            return fake.attend(lambda: original(self, request))
        finally:
            current_request.reset(token)

    return process_request
