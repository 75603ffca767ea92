"""The context object that a handler gets beside its event."""

from __future__ import annotations

import logging
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TRACE_CONTEXT_FIELDS = ("traceparent", "tracestate", "baggage")
_SECONDS_WITHOUT_A_CLOCK = 3.0  # Lambda's default timeout


class _Record:
    """An object whose attributes are exactly its slots, None where nothing was sent."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, values: Mapping[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}([{','.join(f'{name}={getattr(self, name)}' for name in self.__slots__)}])"


class CognitoIdentity(_Record):
    """The Amazon Cognito identity that authorised the call; both attributes are None where there was none."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Record):
    """The mobile application that called."""

    __slots__ = (  # noqa: RUF023 - AWS's order, which repr shows
        "installation_id",
        "app_title",
        "app_version_name",
        "app_version_code",
        "app_package_name",
    )


class ClientContext(_Record):
    """What the caller sent as ``ClientContext``."""

    __slots__ = ("custom", "env", "client")  # noqa: RUF023 - AWS's order, which repr shows


class LambdaContext:
    """What AWS Lambda tells a handler about its function and its invocation.

    Every attribute has a default, so that a unit test can call a handler with ``LambdaContext(function_name="orders")``.

    Args:
        function_name: the function's name, without account or qualifier.
        function_version: the version that runs, ``$LATEST`` or a number.
        invoked_function_arn: the ARN as the caller named it; made from the name where it is left out.
        memory_limit_in_mb: the function's memory in MB; a text in the context, as in AWS.
        aws_request_id: the id of the invocation.
        log_group_name: the CloudWatch Logs group; made from the name where it is left out.
        log_stream_name: the CloudWatch Logs stream.
        client_context: the parsed JSON object of ``ClientContext``, None where the caller sent none.
        identity: ``cognito_identity_id`` and ``cognito_identity_pool_id``, None where there is no identity.
        tenant_id: the tenant of a function with tenant isolation.
        remaining: says how many seconds are left until the timeout.
    """

    def __init__(
        self,
        *,
        function_name: str = "function",
        function_version: str = "$LATEST",
        invoked_function_arn: str | None = None,
        memory_limit_in_mb: int | str = "128",
        aws_request_id: str = "00000000-0000-4000-8000-000000000000",
        log_group_name: str | None = None,
        log_stream_name: str = "1970/01/01/[$LATEST]00000000000000000000000000000000",
        client_context: Mapping[str, Any] | None = None,
        identity: Mapping[str, Any] | None = None,
        tenant_id: str | None = None,
        remaining: Callable[[], float] | None = None,
    ) -> None:
        self.aws_request_id = aws_request_id
        self.log_group_name = f"/aws/lambda/{function_name}" if log_group_name is None else log_group_name
        self.log_stream_name = log_stream_name
        self.function_name = function_name
        self.memory_limit_in_mb = str(memory_limit_in_mb)
        self.function_version = function_version
        if invoked_function_arn is None:
            invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function_name}"
        self.invoked_function_arn = invoked_function_arn
        self.client_context: Any = None if client_context is None else _client_context(client_context)
        if identity is not None:
            self.identity = CognitoIdentity(identity)
        self.tenant_id = tenant_id
        self._trace_context = {} if client_context is None else _trace_context(client_context)
        self._remaining = remaining

    @cached_property
    def identity(self) -> Any:
        """The Cognito identity that authorised the call, without attributes where there was none; made when somebody looks."""
        return CognitoIdentity({})

    def get_remaining_time_in_millis(self) -> int:
        """Says how many whole milliseconds are left until the timeout; 0 once it has passed."""
        seconds = _SECONDS_WITHOUT_A_CLOCK if self._remaining is None else self._remaining()
        return max(0, int(seconds * 1000))

    def log(self, msg: object) -> None:
        """Writes ``str(msg)`` to the log as it is, without a line end."""
        for handler in logging.getLogger().handlers:
            if hasattr(handler, "log_sink"):
                handler.log_sink.log(str(msg))
                return
        sys.stdout.write(str(msg))

    def w3c(self) -> dict[str, str]:
        """Returns the W3C trace context that the caller sent, empty where there was none."""
        return dict(self._trace_context)

    def __repr__(self) -> str:
        names = (
            *("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb"),
            *("function_version", "invoked_function_arn", "client_context", "identity", "tenant_id"),
        )
        return f"{type(self).__name__}([{','.join(f'{name}={getattr(self, name)}' for name in names)}])"


def of_invocation(
    kept: LambdaContext,
    request_id: str,
    invoked_function_arn: str,
    client_context: Mapping[str, Any] | None,
    remaining: Callable[[], float],
) -> LambdaContext:
    """The context of one invocation, for what differs from others in the same execution environment.

    Args:
        kept: a context with all that they have in common.
        client_context: the parsed JSON object that the caller sent; None where it sent none.
        remaining: says how many seconds are left until the timeout.
    """
    made = LambdaContext.__new__(LambdaContext)  # keywords and defaults would take longer than everything here
    made.aws_request_id = request_id
    made.log_group_name = kept.log_group_name
    made.log_stream_name = kept.log_stream_name
    made.function_name = kept.function_name
    made.memory_limit_in_mb = kept.memory_limit_in_mb
    made.function_version = kept.function_version
    made.invoked_function_arn = invoked_function_arn
    made.client_context = None if client_context is None else _client_context(client_context)
    made.tenant_id = kept.tenant_id
    made._trace_context = {} if client_context is None else _trace_context(client_context)  # noqa: SLF001 - what __init__ sets
    made._remaining = remaining  # noqa: SLF001 - as above
    return made


def _client_context(sent: Mapping[str, Any]) -> Any:
    """Makes the objects of a client context; Any, because their attributes are what AWS's slots say."""
    client = sent.get("client")
    return ClientContext({**sent, "client": None if client is None else Client(client)})


def _trace_context(sent: Mapping[str, Any]) -> dict[str, str]:
    fields = sent.get("w3c")
    if not isinstance(fields, dict):
        return {}
    return {name: fields[name] for name in _TRACE_CONTEXT_FIELDS if isinstance(fields.get(name), str)}
