"""Results that a test gives in the place of a handler, for functions whose code does not matter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any

from fakelambda.runtime.context import LambdaContext
from fakelambda.runtime.failures import OutOfResults


class Canned:
    """A handler that answers with what it was given, in turn; exceptions are raised.

    Args:
        results: one for each invocation, values or exceptions.
        for_ever: whether the last one serves all further invocations.
    """

    def __init__(self, results: Iterable[Any], *, for_ever: bool) -> None:
        self._results = list(results)
        self._for_ever = for_ever
        self._lock = threading.Lock()  # invocations of several threads take turns
        self.place = 0

    def __call__(self, _: Any, context: LambdaContext) -> Any:
        """The next result."""
        with self._lock:
            place, self.place = self.place, self.place + 1
        if self._for_ever:
            place = min(place, len(self._results) - 1)
        if place >= len(self._results):
            raise OutOfResults(
                f"{context.function_name} was given {len(self._results)} results and is invoked once more; "
                "give it more of them, returns= for every invocation, or a callable."
            )
        result = self._results[place]
        if isinstance(result, BaseException):
            raise result.with_traceback(None)  # else it would drag the tracebacks of all earlier invocations along
        if _is_exception(result):
            raise result
        return result


def _is_exception(value: Any) -> bool:
    return isinstance(value, BaseException) or (isinstance(value, type) and issubclass(value, BaseException))


def handler_of(
    caller: str,
    handler: object,
    returns: Any,
    raises: BaseException | type[BaseException] | None,
    results: Iterable[Any] | None,
) -> Callable[..., Any] | None:
    """What runs for a function: a callable as it is, or results in its place; None where nothing was given.

    Args:
        caller: the method that was called, for its errors.
        returns: the result of every invocation; ``...`` where none was given.
        raises: what every invocation raises.
        results: what one invocation each returns or raises.

    Raises:
        TypeError: more than one of them, or one of the wrong kind.
    """
    given = [handler is not None, returns is not ..., raises is not None, results is not None]
    if sum(given) > 1:
        raise TypeError(f"{caller} takes one of a callable, returns=, raises= and results=.")
    if returns is not ...:
        return Canned([returns], for_ever=True)
    if raises is not None:
        if not _is_exception(raises):
            raise TypeError(f"{caller} takes an exception for raises=, not {raises!r}.")
        return Canned([raises], for_ever=True)
    if results is not None:
        if isinstance(results, str | bytes | Mapping) or not isinstance(results, Iterable):
            raise TypeError(
                f"{caller} takes a list for results=, one for each invocation, not {results!r}; for all write returns={results!r}."
            )
        return Canned(results, for_ever=False)
    if handler is not None and not callable(handler):
        directory = f"for a directory write source={handler!r}, " if isinstance(handler, str | PathLike) else ""
        raise TypeError(f"{caller} takes a callable, not {handler!r}; {directory}for a result write returns={handler!r}.")
    return handler
