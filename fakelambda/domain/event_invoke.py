"""Event-invoke configurations: what happens to asynchronous events of one exact qualifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fakelambda.domain.errors import InvalidParameterValueException

_SERVICES = {"OnSuccess": {"sqs", "sns", "lambda", "events"}, "OnFailure": {"sqs", "sns", "lambda", "events", "s3"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventInvokeConfig:
    """The configuration of a qualifier.

    Args:
        maximum_retry_attempts: 0..2, None for AWS's default.
        maximum_event_age_in_seconds: 60..21600, None for AWS's default.
        destination_config: with both keys, as AWS shows it.
    """

    last_modified: datetime
    maximum_retry_attempts: int | None = None
    maximum_event_age_in_seconds: int | None = None
    destination_config: Mapping[str, Any]


def check_any_setting(maximum_retry_attempts: int | None, maximum_event_age_in_seconds: int | None, destinations: object) -> None:
    """Refuse a configuration that configures nothing.

    Raises:
        InvalidParameterValueException: nothing was given.
    """
    if maximum_retry_attempts is None and maximum_event_age_in_seconds is None and not destinations:
        raise InvalidParameterValueException("You must specify at least one of error handling or destination setting.")


def destination_config(given: Mapping[str, Any] | None, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Both destinations as AWS shows them: empty objects where there is none."""
    stored = {**(before or {}), **(given or {})}
    return {"OnSuccess": stored.get("OnSuccess", {}), "OnFailure": stored.get("OnFailure", {})}


def check_destinations(given: Mapping[str, Any] | None, function_arn: str, function_exists: Callable[[str], bool]) -> None:
    """Refuse a destination that AWS refuses.

    Args:
        given: the request's destination configuration.
        function_arn: the function that is configured, unqualified.
        function_exists: whether a function ARN leads to a function.

    Raises:
        InvalidParameterValueException: of a service that takes no results, a FIFO queue or topic, the function itself, or a function that
            does not exist.
    """
    for outcome, services in _SERVICES.items():
        destination = ((given or {}).get(outcome) or {}).get("Destination")
        if not destination:
            continue
        service = destination.split(":")[2] if destination.startswith("arn:") else ""
        if service not in services or destination.endswith(".fifo"):  # queues and topics have to be standard ones [docs]
            raise InvalidParameterValueException(f"The provided destination config {_rendered(given or {})} is invalid.")
        if service == "lambda":
            if destination == function_arn or destination.startswith(f"{function_arn}:"):
                raise InvalidParameterValueException("You can't specify the function as a destination for itself.")
            if not function_exists(destination):
                raise InvalidParameterValueException(f"The destination ARN {destination} is invalid.")


def _rendered(given: Mapping[str, Any]) -> str:
    def one(outcome: str) -> str:
        destination = (given.get(outcome) or {}).get("Destination")
        return f"{outcome}(destination={destination})" if destination else "null"

    return f"DestinationConfig(onSuccess={one('OnSuccess')}, onFailure={one('OnFailure')})"
