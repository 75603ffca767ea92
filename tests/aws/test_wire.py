"""Our answers are what botocore would have built from the bytes that AWS sends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.session import get_session

from fakelambda.aws import model, wire
from fakelambda.domain import errors
from fakelambda.domain.errors import NotModelled, ServiceError
from fakelambda.operations.call import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
AT = datetime(2026, 1, 12, 10, 30, 15, 250000, UTC)
HEADERS = {
    "date": formatdate(AT.timestamp(), usegmt=True),
    "content-type": "application/json",
    "connection": "keep-alive",
    "x-amzn-requestid": "request-1",
}
CONFIGURATION: dict[str, Any] = {
    "FunctionName": "orders",
    "FunctionArn": ARN,
    "CodeSize": 7,
    "Environment": {"Variables": {}},
    "Architectures": ["x86_64"],
    "VpcConfig": {"SubnetIds": [], "Ipv6AllowedForDualStack": False},
    "State": "Pending",
}
ALIAS = {"Name": "live", "Description": "", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.2}}}
INVOCATION: dict[str, Any] = {"FunctionName": "orders"}

Sent = tuple[int, dict[str, str], Any]
"""What AWS sends: status, the headers that not every answer has, and the body: bytes, or what is sent as JSON."""

ANSWERS: list[tuple[str, dict[str, Any], Sent]] = [
    ("GetAlias", ALIAS, (200, {}, ALIAS)),
    ("CreateAlias", {**ALIAS, "RoutingConfig": None}, (201, {}, {"Name": "live", "Description": ""})),
    ("CreateFunction", {**CONFIGURATION, "KMSKeyArn": None, "DeadLetterConfig": None}, (201, {}, CONFIGURATION)),
    ("GetFunction", {"Configuration": CONFIGURATION, "Tags": None}, (200, {}, {"Configuration": CONFIGURATION})),
    ("ListFunctions", {"Functions": [CONFIGURATION], "NextMarker": None}, (200, {}, {"Functions": [CONFIGURATION]})),
    ("ListFunctions", {"Functions": [], "NextMarker": ARN}, (200, {}, {"Functions": [], "NextMarker": ARN})),
    ("ListTags", {"Tags": {}}, (200, {}, {"Tags": {}})),
    ("GetFunctionConcurrency", {"ReservedConcurrentExecutions": None}, (200, {}, {})),
    ("GetPolicy", {"Policy": '{"Id":"default"}', "RevisionId": "r"}, (200, {}, {"Policy": '{"Id":"default"}', "RevisionId": "r"})),
    ("DeleteFunction", {"StatusCode": 204}, (204, {}, b"")),
    ("DeleteAlias", {}, (204, {}, b"")),
    ("TagResource", {}, (204, {}, b"")),
    ("InvokeAsync", {"Status": 202}, (202, {}, b"")),
    (
        "PutFunctionEventInvokeConfig",
        {"LastModified": AT, "MaximumRetryAttempts": None, "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}}},
        (200, {}, {"LastModified": AT.timestamp(), "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}}}),
    ),
    (
        "Invoke",
        {"StatusCode": 200, "ExecutedVersion": "2", "FunctionError": None, "Payload": b'{"id": 7}'},
        (200, {"x-amz-executed-version": "2"}, b'{"id": 7}'),
    ),
    (
        "Invoke",
        {"StatusCode": 200, "ExecutedVersion": "$LATEST", "FunctionError": "Unhandled", "LogResult": "U1RBUlQ=", "Payload": b"null"},
        (200, {"x-amz-executed-version": "$LATEST", "x-amz-function-error": "Unhandled", "x-amz-log-result": "U1RBUlQ="}, b"null"),
    ),
    ("Invoke", {"StatusCode": 202, "Payload": b""}, (202, {}, b"")),
    ("Invoke", {"StatusCode": 204, "Payload": b""}, (204, {}, b"")),
]

ERRORS: list[tuple[str, ServiceError, Sent]] = [
    (
        "GetFunction",
        errors.ResourceNotFoundException(f"Function not found: {ARN}"),
        (404, {}, {"Type": "User", "Message": f"Function not found: {ARN}"}),
    ),
    (
        "CreateAlias",
        errors.ResourceConflictException("Alias already exists"),
        (409, {}, {"Type": "User", "message": "Alias already exists"}),
    ),
    ("UpdateAlias", errors.PreconditionFailedException("The Revision Id"), (412, {}, {"Type": "User", "message": "The Revision Id"})),
    ("CreateFunction", errors.InvalidParameterValueException("Uploaded file"), (400, {}, {"Type": "User", "message": "Uploaded file"})),
    ("PutFunctionConcurrency", errors.InvalidParameterValueException("Specified", typed=False), (400, {}, {"message": "Specified"})),
    ("Invoke", errors.InvalidRequestContentException("Could not\n parse"), (400, {}, {"Type": "User", "message": "Could not\n parse"})),
    ("Invoke", errors.RecursiveInvocationException("in a loop"), (400, {}, {"Type": "User", "Message": "in a loop"})),
    ("DeleteEventSourceMapping", errors.ResourceInUseException("in use"), (400, {}, {"Type": "User", "Message": "in use"})),
    ("Invoke", errors.SnapStartNotReadyException("not yet"), (409, {}, {"Type": "User", "Message": "not yet"})),
    ("Invoke", errors.ResourceNotReadyException("idle"), (502, {}, {"Type": "User", "message": "idle"})),
    (
        "GetProvisionedConcurrencyConfig",
        errors.ProvisionedConcurrencyConfigNotFoundException("none"),
        (404, {}, {"Type": "User", "message": "none"}),
    ),
    ("AddPermission", errors.PolicyLengthExceededException("too long"), (400, {}, {"Type": "User", "message": "too long"})),
    ("PublishVersion", errors.CodeStorageExceededException("too much"), (400, {}, {"Type": "User", "message": "too much"})),
    ("ListFunctions", errors.ValidationException("1 validation error detected"), (400, {}, {"message": "1 validation error detected"})),
    ("CreateFunction", errors.SerializationException("STRING_VALUE can"), (400, {}, {"message": "STRING_VALUE can"})),
    ("GetFunction", errors.AccessDeniedException(None), (403, {}, {"Message": None})),
    ("CreateFunction", errors.RequestEntityTooLargeException("Zipped size"), (413, {}, {"message": "Zipped size"})),
    (
        "Invoke",
        errors.TooManyRequestsException("Rate Exceeded.", Reason="ReservedFunctionConcurrentInvocationLimitExceeded"),
        (429, {}, {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User", "message": "Rate Exceeded."}),
    ),
]


class _Raw:
    def __init__(self, content: bytes) -> None:
        self._content = [content]

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield from self._content

    def read(self, _: int | None = None) -> bytes:
        return self._content.pop() if self._content else b""


@pytest.fixture(scope="module")
def client() -> Any:
    """A client of botocore's own, with no fake anywhere near, that does not try again."""
    client: Any = get_session().create_client(
        "lambda",
        "us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(parameter_validation=False),
    )
    client.meta.events.unregister("needs-retry.lambda", unique_id="retry-config-lambda")
    return client


def parsed_by_botocore(client: Any, operation: str, sent: Sent, more: Mapping[str, str]) -> dict[str, Any]:
    """What a caller gets when AWS sends this."""
    status, headers, body = sent
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def send(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, status, {**HEADERS, **headers, **more}, _Raw(content))  # type: ignore[arg-type]

    client.meta.events.register_first("before-send.lambda", send, unique_id="aws")
    try:
        response: dict[str, Any] = client._make_api_call(operation, REQUESTS.get(operation, INVOCATION))
    except ClientError as error:
        return dict(error.response)
    finally:
        client.meta.events.unregister("before-send.lambda", send, unique_id="aws")
    return response


REQUESTS: dict[str, dict[str, Any]] = {
    "GetAlias": {"FunctionName": "orders", "Name": "live"},
    "UpdateAlias": {"FunctionName": "orders", "Name": "live"},
    "DeleteAlias": {"FunctionName": "orders", "Name": "live"},
    "ListFunctions": {},
    "GetProvisionedConcurrencyConfig": {"FunctionName": "orders", "Qualifier": "live"},
    "DeleteEventSourceMapping": {"UUID": "01234567-89ab-cdef-0123-456789abcdef"},
    "ListTags": {"Resource": ARN},
    "TagResource": {"Resource": ARN, "Tags": {}},
    "InvokeAsync": {"FunctionName": "orders", "InvokeArgs": b"{}"},
}


def readable(response: dict[str, Any]) -> dict[str, Any]:
    payload = response.get("Payload")
    if payload is None:
        return response
    assert isinstance(payload, StreamingBody)
    return {**response, "Payload": payload.read()}


@pytest.mark.parametrize(("operation", "answer", "sent"), ANSWERS)
def test_answers(client: Any, operation: str, answer: dict[str, Any], sent: Sent) -> None:
    ours = wire.success(model.facts(client.meta.service_model.operation_model(operation)), answer, "request-1", AT)
    assert readable(ours.parsed()) == readable(parsed_by_botocore(client, operation, sent, {}))


@pytest.mark.parametrize(("operation", "error", "sent"), ERRORS)
def test_errors(client: Any, operation: str, error: ServiceError, sent: Sent) -> None:
    ours = wire.failure(client.meta.service_model.operation_model(operation), error, "request-1", AT)
    theirs = parsed_by_botocore(client, operation, sent, {"x-amzn-errortype": type(error).__name__})
    assert ours.parsed() == theirs
    if ours.retryable:  # then it is our bytes that botocore parses
        assert json.loads(ours.error_body()) == sent[2]
        resent: Sent = (ours.status, ours.headers, ours.error_body())
        assert parsed_by_botocore(client, operation, resent, {}) == theirs


def test_every_error_class_is_in_the_table() -> None:
    classes = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ServiceError)}
    assert {type(error) for _, error, _ in ERRORS} == classes - {ServiceError}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_sdks_try_again_is_retryable(status: int) -> None:
    assert wire.Reply(status, {}, {}).retryable
    assert not wire.Reply(400, {}, {}).retryable


def test_an_answer_shares_nothing_with_what_was_stored(client: Any) -> None:
    stored = {"Environment": {"Variables": {"AB": "1"}}, "Architectures": ["x86_64"]}
    reply = wire.success(model.facts(client.meta.service_model.operation_model("GetFunctionConfiguration")), stored, "request-1", AT)
    answer = reply.parsed()
    answer["Environment"]["Variables"]["AB"] = "2"
    answer["Architectures"].append("arm64")
    answer["ResponseMetadata"]["HTTPHeaders"].clear()
    assert stored == {"Environment": {"Variables": {"AB": "1"}}, "Architectures": ["x86_64"]}
    assert reply.parsed()["ResponseMetadata"]["HTTPHeaders"] == HEADERS


def test_parameters_become_arguments(client: Any) -> None:
    names = {"FunctionName": "function_name", "Qualifier": "qualifier", "Payload": "payload", "TenantId": "tenant_id"}
    made = wire.arguments(
        OPERATIONS["Invoke"], names, {"FunctionName": "orders", "Qualifier": "1", "Payload": b""}, "us-east-1", "123456789012"
    )
    assert made.keys() == {"function", "payload"}
    assert (made["function"].qualified_arn(), made["payload"]) == (f"{ARN}:1", b"")
    unsaid = wire.arguments(OPERATIONS["Invoke"], names, {"FunctionName": "orders", "Payload": None}, "us-east-1", "123456789012")
    assert unsaid.keys() == {"function"}  # null, which botocore sends where it validates nothing
    with pytest.raises(NotModelled, match=r"^Invoke\(TenantId=\.\.\.\) is not modelled by fakelambda\.$"):
        wire.arguments(OPERATIONS["Invoke"], names, {"FunctionName": "orders", "TenantId": "t"}, "us-east-1", "123456789012")
