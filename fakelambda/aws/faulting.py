"""What a client meets where a test has ordered a failure: errors of the service, of the network, or whatever the test raises."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from fakelambda.aws import sessions, wire
from fakelambda.aws.wire import Reply
from fakelambda.domain import errors
from fakelambda.domain.errors import ServiceError
from fakelambda.faults import ANY, Fault

if TYPE_CHECKING:
    from botocore.model import OperationModel

_READ_TIMEOUT = "ReadTimeout"
_URL = "https://lambda.{region}.amazonaws.com/"
_NETWORK: Mapping[str, Callable[[str], Exception]] = {
    _READ_TIMEOUT: lambda url: ReadTimeoutError(endpoint_url=url),
    "ConnectTimeout": lambda url: ConnectTimeoutError(endpoint_url=url),
    "ConnectionError": lambda url: EndpointConnectionError(endpoint_url=url, error="ordered by fail()"),
}
_MESSAGES = {"TooManyRequestsException": "Rate Exceeded."}
_MESSAGE = "An error occurred and the request cannot be processed."
_UNMODELLED = {kind.code for kind in ServiceError.__subclasses__() if kind.unmodelled_status is not None}


def is_performed(fault: Fault) -> bool:
    """Whether the operation is performed all the same: its answer is late, or lost on the way."""
    return fault.error in (None, _READ_TIMEOUT)


def reply(operation_model: OperationModel, fault: Fault, region: str, request_id: str, at: datetime) -> Reply:
    """What the client gets instead of an answer.

    Args:
        region: of the client.
        at: aware datetime.
    """
    error = fault.error() if isinstance(fault.error, type) else fault.error
    if isinstance(error, ClientError):
        told: Any = error.response
        status = told.get("ResponseMetadata", {}).get("HTTPStatusCode")
        members = {name: value for name, value in told.items() if name not in ("Error", "ResponseMetadata")}
        answer = wire.failure(operation_model, _service_error(told["Error"]["Code"], told["Error"].get("Message"), members), request_id, at)
        return answer if status is None else Reply(status, answer.members, answer.headers, error=True)
    if isinstance(error, str) and error not in _NETWORK:
        return wire.failure(operation_model, _service_error(error, _MESSAGES.get(error, _MESSAGE), {}), request_id, at)
    raised = _NETWORK[error](_URL.format(region=region)) if isinstance(error, str) else error
    return Reply(0, {}, {}, raises=raised)


def _service_error(code: str, message: str | None, members: Mapping[str, str]) -> ServiceError:
    kind: type[ServiceError] = getattr(errors, code, None) or type(code, (ServiceError,), {})
    return kind(message, typed=False, **members)


def check(operation: str, error: object) -> None:
    """Refuse to order what could never happen.

    Raises:
        ValueError: Lambda has no such operation or error.
        TypeError: the error is neither a name nor an exception.
    """
    if operation != ANY:
        check_operation("fail", operation)
    if isinstance(error, type) and issubclass(error, BaseException):
        _check_class(operation, error)
        return
    if isinstance(error, BaseException) or error is None:
        return
    if not isinstance(error, str):
        raise TypeError(f"fail({operation!r}, {error!r}): an error is a code of Lambda's, one of {', '.join(_NETWORK)}, or an exception.")
    codes = {shape.error_code for shape in _service_model().error_shapes} | _UNMODELLED | _NETWORK.keys()
    if error not in codes:
        raise ValueError(f"fail({operation!r}, {error!r}): Lambda has no such error{_near(error, codes)}")


def check_operation(caller: str, operation: str) -> None:
    """Refuse the name of an operation that there is none of.

    Args:
        caller: the method that was called, for its error.

    Raises:
        ValueError: Lambda has no such operation.
    """
    operations = _service_model().operation_names
    if operation not in operations:
        raise ValueError(f"{caller}({operation!r}, ...): Lambda has no such operation{_near(operation, operations)}")


def _service_model() -> Any:
    return sessions.lambda_client("us-east-1", None, None).meta.service_model


def _check_class(operation: str, error: type[BaseException]) -> None:
    try:
        error()
    except Exception as refusal:  # noqa: BLE001 - a class may refuse in any way, botocore's do with a KeyError
        raise TypeError(f"fail({operation!r}, {error.__name__}): it cannot be made of nothing; give an instance: {refusal!r}.") from None


def _near(name: str, names: Any) -> str:
    found = difflib.get_close_matches(name, names, 1, 0.5)
    return f"; did you mean {found[0]!r}?" if found else f"; it has {', '.join(sorted(names))}."
