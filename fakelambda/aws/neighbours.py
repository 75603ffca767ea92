"""The services beside Lambda, asked through clients of the session that the test connected or, where moto is active, of our own."""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from fakelambda.aws import asynchronous_clients, event_sources, hook, messages, sessions
from fakelambda.domain.destinations import Message
from fakelambda.domain.errors import InvalidParameterValueException, NotModelled
from fakelambda.runtime.logs import Log

_REGIONAL = Config(account_id_endpoint_mode="disabled")  # moto does not know the endpoints of accounts that DynamoDB's streams have
_MODULES = sys.modules  # the host's, also inside an invocation


def moto_is_active() -> bool:
    """Whether one of moto's mocks answers in this process right now; looked up without importing moto."""
    models = _MODULES.get("moto.core.models")
    return models is not None and models.MockAWS._nested_count > 0  # noqa: SLF001 - moto has no public question for it


def assumed_account(request_signer: Any) -> str | None:
    """The account of the caller's access key where moto's IAM or STS issued it; None otherwise."""
    issued = _issued_key(request_signer)
    return None if issued is None else issued[0]


def identity(request_signer: Any, account_id: str) -> str | None:
    """The ARN of the user or the role's session of an account whose access key moto issued to the caller; None otherwise."""
    issued = _issued_key(request_signer)
    if issued is None or issued[0] != account_id:  # a client may have been made for another account than its credentials are from
        return None
    _, partition, access_key = issued
    sts, iam = _MODULES.get("moto.sts.models"), _MODULES["moto.iam.models"]
    for session in sts.sts_backends[account_id][partition].assumed_roles if sts else []:
        if session.access_key_id == access_key:
            return str(session.arn)
    user = iam.iam_backends[account_id][partition].get_user_from_access_key_id(access_key)
    return None if user is None else str(user.arn)


def _issued_key(request_signer: Any) -> tuple[str, str, str] | None:
    """The account and partition in which moto's IAM or STS issued the caller's access key, and the key; None otherwise."""
    if not moto_is_active() or (credentials := getattr(request_signer, "_credentials", None)) is None:
        return None
    issued = _MODULES.get("moto.iam.models")
    if issued is None:
        return None
    access_key = credentials.access_key
    for account_id, account in list(issued.iam_backends.items()):
        for partition, backend in list(account.items()):
            if access_key in backend.access_keys:
                return str(account_id), str(partition), str(access_key)
    return None


class Neighbours:
    """Clients of other services, and a store of code objects for tests without any S3."""

    def __init__(self) -> None:
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._objects: dict[str, dict[str, list[tuple[str, bytes]]]] = {}

    def connect(self, session: Any) -> None:
        """Uses a boto3 or botocore session from now on."""
        if not (hasattr(session, "create_client") or hasattr(session, "client")) or asynchronous_clients.is_asynchronous(session):
            raise TypeError(f"connect() takes a boto3 or botocore session, not {session!r}; write fake.connect(boto3.Session()).")
        self._session = session
        self._clients.clear()

    def snapshot(self) -> dict[str, dict[str, list[tuple[str, bytes]]]]:
        """The stored objects."""
        return _copied(self._objects)

    def restore(self, objects: dict[str, dict[str, list[tuple[str, bytes]]]]) -> None:
        """Stores what was stored; the session stays."""
        self._objects = _copied(objects)

    def put_object(self, bucket: str, key: str, body: bytes, version: str) -> None:
        """Stores an object for ``S3Bucket`` and ``S3Key``."""
        self._objects.setdefault(bucket, {}).setdefault(key, []).append((version, body))

    def get_object(self, region: str, bucket: str, key: str, version: str | None) -> bytes:
        """The bytes of an object: a stored one, else S3's.

        Raises:
            InvalidParameterValueException: AWS's wording of S3's error.
            NotModelled: nothing is stored and no S3 answers.
        """
        for stored, body in reversed(self._objects.get(bucket, {}).get(key, [])):
            if version in (None, stored):
                return body
        client = self.client("s3", region)
        if client is None:
            if not self._objects:
                raise NotModelled(
                    "S3Bucket and S3Key need an S3: store the object with fake.put_object(bucket, key, body), "
                    "run the test under moto's mock_aws, or name a session with fake.connect(session)."
                )
            raise _s3_error(bucket in self._objects, version)
        try:
            content: bytes = client.get_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))["Body"].read()
        except ClientError as error:
            raise _refused("GetObject", "S3", error) from error
        return content

    def vpc_of(self, region: str, subnet_ids: list[str], security_group_ids: list[str]) -> str:
        """The VPC of subnets and security groups as EC2 knows them; made up from the subnets where no EC2 answers.

        Raises:
            InvalidParameterValueException: AWS's wording of EC2's error.
        """
        client = self.client("ec2", region)
        if client is None:
            return f"vpc-{hashlib.sha256(''.join(subnet_ids).encode()).hexdigest()[:17]}"
        for group_id in security_group_ids:  # one by one, as moto does not say which of many is missing
            try:
                client.describe_security_groups(GroupIds=[group_id])
            except ClientError as error:
                message = error.response["Error"]["Message"].replace(f"{{'{group_id}'}}", group_id)  # moto shows a set
                raise _refused("DescribeSecurityGroups", "EC2", error, message) from error
        try:
            subnets = client.describe_subnets(SubnetIds=subnet_ids)["Subnets"]
        except ClientError as error:
            raise _refused("DescribeSubnets", "EC2", error) from error
        return str(subnets[0]["VpcId"]) if subnet_ids else ""

    def visibility_timeout_of(self, queue_arn: str) -> int | None:
        """The visibility timeout of an SQS queue in seconds; None where no SQS answers.

        Raises:
            InvalidParameterValueException: AWS's wording of SQS's error.
        """
        return event_sources.visibility_timeout_of(self.client, queue_arn)

    def check_stream(self, stream_arn: str) -> None:
        """Refuses a stream that does not exist, where its service answers.

        Raises:
            InvalidParameterValueException: it does not.
        """
        event_sources.check_stream(self.client, stream_arn)

    def take_logs(self) -> bool:
        """Whether something may answer for CloudWatch Logs."""
        return self._session is not None or moto_is_active()

    def put_log_events(self, region: str, log_group_name: str, log_stream_name: str, log: Log) -> None:
        """Writes the log of an invocation to CloudWatch Logs; group and stream are made where they are missing."""
        client = self.client("logs", region)
        events = [{"timestamp": int(event.at.timestamp() * 1000), "message": event.message} for event in log.events()] if client else []
        if not events:
            return
        stream = {"logGroupName": log_group_name, "logStreamName": log_stream_name}
        try:
            client.put_log_events(**stream, logEvents=events)
        except client.exceptions.ResourceNotFoundException:
            with suppress(client.exceptions.ResourceAlreadyExistsException):
                client.create_log_group(logGroupName=log_group_name)
            with suppress(client.exceptions.ResourceAlreadyExistsException):
                client.create_log_stream(**stream)
            client.put_log_events(**stream, logEvents=events)

    def send(self, message: Message) -> None:
        """Sends what Lambda sends, where the target's service answers.

        Raises:
            Exception: whatever a target that refuses answers.
        """
        messages.send(self.client, message)

    @property
    def visible_at_once(self) -> int:
        """The visibility timeout that shows a message of SQS again now; moto waits for its clock to go on, which may be frozen."""
        return -1 if moto_is_active() else 0

    def client(self, service: str, region: str) -> Any:
        """A client of another service: of the connected session, else of our own where moto is active, else None."""
        if self._session is None and not moto_is_active():
            return None
        key = (service, region)
        if key not in self._clients:
            session = self._session or sessions.session()
            create = getattr(session, "create_client", None) or session.client
            client = create(service, region_name=region, config=_REGIONAL)
            if self._session is None:  # may be older than moto, which then does not know its clients
                _MODULES["moto.core.models"].patch_client(client)
            setattr(client, hook.OURS, True)
            self._clients[key] = client
        return self._clients[key]


def _copied(objects: dict[str, dict[str, list[tuple[str, bytes]]]]) -> dict[str, dict[str, list[tuple[str, bytes]]]]:
    return {bucket: {key: versions.copy() for key, versions in keys.items()} for bucket, keys in objects.items()}


def _s3_error(bucket_exists: bool, version: str | None) -> InvalidParameterValueException:  # noqa: FBT001 - one private question
    if not bucket_exists:
        code, message = "NoSuchBucket", "The specified bucket does not exist"
    elif version is not None:
        code, message = "NoSuchVersion", "The specified version does not exist."
    else:
        code, message = "NoSuchKey", "The specified key does not exist."
    return InvalidParameterValueException(f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}")


def _refused(operation: str, service: str, error: ClientError, message: str | None = None) -> InvalidParameterValueException:
    code, message = error.response["Error"]["Code"], message or error.response["Error"]["Message"]
    return InvalidParameterValueException(
        f"Error occurred while {operation}. {service} Error Code: {code}. {service} Error Message: {message}"
    )
