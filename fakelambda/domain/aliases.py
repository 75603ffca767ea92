"""Aliases: pointers to versions, with a weight for a second version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fakelambda.domain.errors import InvalidParameterValueException, ResourceNotFoundException
from fakelambda.domain.names import LATEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """An alias of a function.

    Args:
        additional_version_weights: the second version and its probability, 0..1; empty where all goes to ``function_version``.
    """

    name: str
    function_version: str
    description: str
    revision_id: str
    additional_version_weights: Mapping[str, float]

    @property
    def routing_config(self) -> dict[str, Any] | None:
        """The routing configuration as AWS shows it; None where there is none."""
        weights = self.additional_version_weights
        return {"AdditionalVersionWeights": dict(weights)} if weights else None

    def choose(self, roll: float) -> str:
        """The version that serves an invocation.

        Args:
            roll: a number drawn evenly from 0..1; below the weight it goes to the additional version.
        """
        for version, weight in self.additional_version_weights.items():
            if roll < weight:
                return version
        return self.function_version


class Version(Protocol):
    """What two versions have to have in common to share an alias."""

    @property
    def role(self) -> str:
        """The ARN of the execution role."""

    @property
    def dead_letter_config(self) -> Mapping[str, Any] | None:
        """Where events go that fail; None for nowhere."""


def check_routing(function_arn: str, find: Callable[[str], Version | None], function_version: str, weights: Mapping[str, float]) -> None:
    """Refuse a routing that AWS refuses.

    Args:
        function_arn: unqualified, for the error.
        find: a version of the function; None where there is none.
        function_version: the main version.
        weights: of additional versions.

    Raises:
        InvalidParameterValueException: more than one additional version, the main one again, ``$LATEST`` beside another, or two versions
            with other roles or dead-letter queues.
        ResourceNotFoundException: a version does not exist.
    """
    check_number_of_weights(weights)
    if weights and function_version == LATEST:
        raise InvalidParameterValueException("$LATEST is not supported for an alias pointing to more than 1 version", typed=False)
    if function_version in weights:
        raise InvalidParameterValueException(
            f"Invalid function version {function_version}. "
            f"Function version {function_version} is already included in routing configuration."
        )
    found: list[Version] = []
    for number in (function_version, *weights):
        version = find(number)
        if version is None:
            raise ResourceNotFoundException(f"Function not found: {function_arn}:{number}")
        found.append(version)
    _check_alike(*found)


def _check_alike(main: Version, *others: Version) -> None:
    """[docs]; AWS's texts are not known."""
    for other in others:
        if other.role != main.role:
            raise InvalidParameterValueException("Function versions of an alias must have the same execution role.")
        if other.dead_letter_config != main.dead_letter_config:
            raise InvalidParameterValueException("Function versions of an alias must have the same dead-letter queue configuration.")


def check_number_of_weights(weights: Mapping[str, float]) -> None:
    """Refuse a third version; AWS judges this before it looks for the function.

    Raises:
        InvalidParameterValueException: more than one additional version.
    """
    if len(weights) > 1:
        raise InvalidParameterValueException("Number of items in AdditionalVersionWeights cannot be greater than 1")
