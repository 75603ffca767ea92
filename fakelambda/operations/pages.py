"""Pages of lists: AWS's markers and its limits, mostly of 50 items."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from fakelambda.domain.errors import InvalidParameterValueException, ServiceError
from fakelambda.domain.names import FunctionReference, resolve
from fakelambda.operations.call import Call

MAXIMUM_PAGE = 50

Item = TypeVar("Item")


def start(call: Call, marker: str | None) -> FunctionReference | None:
    """What a marker names: the first item of the page that is asked for; None at the beginning of a list.

    Raises:
        InvalidParameterValueException: AWS's markers are ARNs [recorded], and this is none of the list's.
    """
    if not marker:
        return None
    try:
        if marker.startswith("arn:"):
            named = resolve(marker, None, call.region, call.account_id)
            if named.account_id == call.account_id:
                return named
    except ServiceError:
        pass  # an ARN of elsewhere is refused as any other text is
    raise InvalidParameterValueException(f"Invalid marker: {marker}")


def start_in_function(call: Call, marker: str | None) -> str:
    """The qualifier that a marker of a function's own list names; "" at its beginning.

    Raises:
        InvalidParameterValueException: it is no marker.
    """
    first = start(call, marker)
    return (first.qualifier or "") if first else ""


def page(
    items: Iterable[Item],
    *,
    member: str,
    arn: Callable[[Item], str],
    show: Callable[[Item], Any],
    max_items: int | None,
    maximum: int = MAXIMUM_PAGE,
) -> dict[str, Any]:
    """A page as AWS answers it.

    Args:
        items: those from the marker on; only one more than the page holds is looked at.
        member: the answer's list member.
        arn: of an item; that of the first one left over is the next marker.
        show: an item as the answer shows it.
        max_items: what the caller asked for.
        maximum: what AWS gives at most.
    """
    size = min(max_items or maximum, maximum)
    *shown, following = [*itertools.islice(items, size + 1), None]
    if len(shown) > size:
        following = shown.pop()
    return {member: [show(item) for item in shown], "NextMarker": None if following is None else arn(following)}
