"""The errors AWS Lambda answers with: raised where a rule is broken, turned into a response once, at the edge.

HTTP statuses and the spelling of the message member come from botocore's model; only the codes that the model lacks carry their own status.
"""

from __future__ import annotations

from typing import ClassVar


class ServiceError(Exception):
    """An answer of AWS that is an error.

    Args:
        message: AWS's text; None where AWS sends none.
        members: further top-level members of the answer, such as ``Reason``.
        typed: whether AWS sends ``Type: User`` with it.
    """

    code: ClassVar[str]
    unmodelled_status: ClassVar[int | None] = None

    def __init__(self, message: str | None, *, typed: bool = True, **members: str) -> None:
        super().__init__(message)
        self.message = message
        self.members: dict[str, str] = {**members, "Type": "User"} if typed and self.unmodelled_status is None else members

    def __init_subclass__(cls) -> None:
        cls.code = cls.__name__


class InvalidParameterValueException(ServiceError):
    """A rule of the service is broken by a parameter."""


class ValidationException(ServiceError):
    """A constraint of the API model is broken; botocore does not model it, so its answer is bare."""

    unmodelled_status = 400


class SerializationException(ServiceError):
    """A value has a type that the service cannot convert; botocore, which would have refused it, does not model it."""

    unmodelled_status = 400


class AccessDeniedException(ServiceError):
    """The caller is of another account and no policy lets it in."""

    unmodelled_status = 403


class RequestEntityTooLargeException(ServiceError):
    """A request is over the size that AWS takes."""

    unmodelled_status = 413


class ResourceNotFoundException(ServiceError):
    """What was named does not exist."""


class ResourceConflictException(ServiceError):
    """What was asked does not fit the state of the resource."""


class ResourceInUseException(ServiceError):
    """AWS is still busy with what is to be changed."""


class ProvisionedConcurrencyConfigNotFoundException(ServiceError):
    """Nothing is provisioned for a qualifier."""


class RecursiveInvocationException(ServiceError):
    """A function was found in a loop with itself."""


class PreconditionFailedException(ServiceError):
    """A revision id is not the latest."""


class PolicyLengthExceededException(ServiceError):
    """A resource policy would grow over 20 KB."""


class CodeStorageExceededException(ServiceError):
    """The account's code would grow over its limit."""


class ResourceNotReadyException(ServiceError):
    """A function is idle and its connection to a VPC is gone; SDKs try again."""


class SnapStartNotReadyException(ServiceError):
    """The snapshot of a version is not there."""


class InvalidRequestContentException(ServiceError):
    """The payload of an invocation is not JSON."""


class TooManyRequestsException(ServiceError):
    """The call is throttled; SDKs try again."""


class NotModelled(Exception):
    """What was asked of AWS Lambda is real, but fakelambda does not model it.

    Deliberately no ``ClientError``, so that ``except ClientError`` in the code under test cannot swallow it. It names what is missing.
    """
