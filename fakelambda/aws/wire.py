"""Between API parameters and Python arguments, and between answers and what botocore's parser would have built."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import formatdate
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.response import StreamingBody
from botocore.utils import parse_to_aware_datetime

from fakelambda.aws import model
from fakelambda.domain.errors import NotModelled, ServiceError
from fakelambda.domain.names import resolve
from fakelambda.inspection.records import SharedDocument, detached

if TYPE_CHECKING:
    from datetime import datetime

    from botocore.model import OperationModel

    from fakelambda.aws.model import OperationFacts
    from fakelambda.operations.call import Operation

RETRYABLE = frozenset({429, 500, 502, 503, 504})
"""Statuses at which an SDK tries again."""
_FUNCTION = ("FunctionName", "Qualifier")
"""The members that operations take as one, their ``function``."""


def kept(facts: OperationFacts, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a call's parameters; blobs become bytes, whatever form botocore took them in, and streams are read, once.

    Timestamps become aware datetimes of whole seconds, as they travel.
    """
    copy: dict[str, Any] = dict(parameters) if facts.is_flat else detached(parameters)
    for path, member in facts.blobs:
        holder = _holder(copy, path) if path else copy
        content = holder.get(member, b"")
        if type(content) is not bytes and content is not None:  # a client that validates nothing sends null for nothing
            content = content.read() if hasattr(content, "read") else content
            holder[member] = content.encode() if isinstance(content, str) else bytes(content)
    for path, member in facts.timestamps:
        holder = _holder(copy, path)
        if member in holder:
            holder[member] = parse_to_aware_datetime(holder[member]).astimezone(UTC).replace(microsecond=0)
    return copy


def _holder(parameters: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The structure that a path leads to; an empty one where it was not given."""
    for name in path:
        parameters = parameters.get(name) or {}
    return parameters


def arguments(
    operation: Operation, names: Mapping[str, str], parameters: Mapping[str, Any], region: str, account_id: str
) -> dict[str, Any]:
    """The keyword arguments of an operation.

    Args:
        operation: the modelled operation.
        names: Python names of the input members.
        parameters: as ``kept`` made them.
        region, account_id: whose names are meant.

    Raises:
        NotModelled: a parameter that the operation does not model.
        ServiceError: the function's name is refused.
    """
    made, modelled = {}, operation.parameters
    for member, value in parameters.items():
        if (name := names[member]) in modelled:
            if value is not None:  # a client that validates nothing sends null, which the service takes for nothing
                made[name] = value
        elif "function" not in modelled or member not in _FUNCTION:
            raise NotModelled(f"{operation.name}({member}=...) is not modelled by fakelambda.")
        elif member == "FunctionName" and value is not None:
            made["function"] = resolve(value, parameters.get("Qualifier"), region, account_id)
    return made


@dataclass(slots=True)
class Reply:
    """An answer as it travels.

    Args:
        status: of HTTP.
        members: the answer's members, never handed out as they are.
        headers: of HTTP, names in lower case.
        streaming_member: the member whose bytes become a stream.
        error: whether it is an error.
        raises: what the client's connection fails with, instead of any answer.
    """

    status: int
    members: Mapping[str, Any]
    headers: dict[str, str]
    streaming_member: str | None = None
    error: bool = False
    raises: BaseException | None = None

    @property
    def retryable(self) -> bool:
        """Whether an SDK may try again, so that the answer has to travel through its retries."""
        return self.status in RETRYABLE or self.raises is not None

    def http(self, url: str, body: bytes = b"") -> AWSResponse:
        """The HTTP response."""
        response = _Response.__new__(_Response)
        response.url, response.status_code, response.reply, response.body = url, self.status, self, body
        return response

    def parsed(self, retry_attempts: int = 0) -> dict[str, Any]:
        """The response as botocore's parser would have built it."""
        response: dict[str, Any] = detached(self.members)
        if self.streaming_member:
            content = response[self.streaming_member]
            response[self.streaming_member] = StreamingBody(io.BytesIO(content), len(content))
        response["ResponseMetadata"] = {
            "RequestId": self.headers["x-amzn-requestid"],
            "HTTPStatusCode": self.status,
            "HTTPHeaders": self.headers.copy(),
            "RetryAttempts": retry_attempts,
        }
        return response

    def error_body(self) -> bytes:
        """The JSON body of an error, for botocore's own parser."""
        members = {"message": self.members["Error"]["Message"], **self.members}  # where the model spells no message, as AWS mostly does
        return json.dumps({name: value for name, value in members.items() if name != "Error"}).encode()


class _Response(AWSResponse):
    """An HTTP response whose headers and body are made when somebody looks; hardly anybody does."""

    reply: Reply
    body: bytes
    _content = None

    @cached_property
    def headers(self) -> HeadersDict:  # type: ignore[override]  # botocore has a plain attribute here
        """The headers, found in any case."""
        return HeadersDict(self.reply.headers)

    @cached_property
    def raw(self) -> _Body:
        """The body as a stream."""
        return _Body(self.body)


class _Body(io.BytesIO):
    """A raw HTTP body as urllib3 gives it."""

    def stream(self, **_: Any) -> Any:
        """The body in pieces."""
        while content := self.read():
            yield content


def success(facts: OperationFacts, answer: Mapping[str, Any], request_id: str, at: datetime) -> Reply:
    """The reply of an operation that succeeded."""
    status = answer[facts.status_member] if facts.status_member else facts.success_status
    headers = _headers(request_id, at)
    if type(answer) is not SharedDocument and None in answer.values():
        answer = {name: item for name, item in answer.items() if item is not None}
    if header_members := facts.header_members:
        for member, item in answer.items():
            if member in header_members:
                headers[header_members[member]] = item
    return Reply(status, answer, headers, facts.streaming_member)


def failure(operation_model: OperationModel, error: ServiceError, request_id: str, at: datetime) -> Reply:
    """The reply of an operation that failed: status and the message's spelling come from the model."""
    headers = _headers(request_id, at)
    headers["x-amzn-errortype"] = error.code
    members: dict[str, Any] = {"Error": {"Message": error.message, "Code": error.code}}
    found = model.error_facts(operation_model, error.code)
    if found is None:
        return Reply(error.unmodelled_status or 400, members, headers, error=True)
    status, message_member = found
    return Reply(status, {**members, **error.members, message_member: error.message}, headers, error=True)


@lru_cache(maxsize=16)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def _headers(request_id: str, at: datetime) -> dict[str, str]:
    return {
        "date": _date(int(at.timestamp())),
        "content-type": "application/json",
        "connection": "keep-alive",
        "x-amzn-requestid": request_id,
    }
