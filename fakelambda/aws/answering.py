"""What the hook asks of those who answer calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel

    from fakelambda.aws.wire import Reply


class Conversation(Protocol):
    """One client call that a fake answers, attempt by attempt.

    Attributes:
        is_validated: whether the client has seen to it that the parameters have the right types.
    """

    is_validated: bool

    def attempt(self) -> Reply:
        """Runs the operation; once for each HTTP attempt."""

    def sleep(self, seconds: float) -> None:
        """Waits before the next attempt, on the fake's clock."""


class Fake(Protocol):
    """What stands on the stack.

    Attributes:
        owner: whom ``fakelambda.current`` returns.
    """

    owner: Any

    def converse(
        self,
        operation_model: OperationModel,
        parameters: Mapping[str, Any],
        request: Mapping[str, Any],
        account_id: str | None,
        request_signer: Any,
    ) -> Conversation:
        """Begins to answer a call.

        Args:
            operation_model: botocore's.
            parameters: the API parameters as the client was given them.
            request: botocore's dictionary of the HTTP request, as far as it was made: headers, body, context.
            account_id: that ``FakeLambda.client`` gave the client; None for any other client.
            request_signer: of the client, with its credentials.
        """

    def sleep(self, seconds: float) -> None:
        """Waits on the fake's clock."""

    def monotonic(self) -> float:
        """Seconds of the fake's clock, only growing."""

    def jitter(self) -> float:
        """A number from 0..1 that decides how long a retry waits."""

    def before_reading(self) -> None:
        """Takes notice that somebody is going to read from another service."""
