"""What the keywords of a fake make of it: how long AWS takes for its own transitions."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fakelambda import FakeLambda, current
from fakelambda.composition import _REALISTIC

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = f"a mapping gives seconds to some of {', '.join(map(repr, _REALISTIC))}, and to nothing else."
IMAGE: dict[str, Any] = {"Role": "arn:aws:iam::123456789012:role/r", "Code": {"ImageUri": "registry/orders:1"}, "PackageType": "Image"}


def _is_busy(client: Any) -> bool:
    configuration = client.get_function_configuration(FunctionName="orders")
    return (configuration["State"], configuration.get("LastUpdateStatus")) != ("Active", "Successful")


def _seconds_busy(fake: FakeLambda) -> int:
    """How often the clock moves on by a second until the function is ready."""
    seconds = 0
    while _is_busy(fake.client()):
        fake.advance(1)
        seconds += 1
    return seconds


@pytest.mark.parametrize(
    ("lifecycle", "create", "update"),
    [
        ("instant", 0, 0),
        ("realistic", 3, 2),
        ({"create": 5, "update": 7}, 5, 7),
        ({"create": timedelta(seconds=4)}, 4, 0),
        ({"update": 0.5}, 0, 1),
        ({}, 0, 0),
    ],
    ids=str,
)
def test_each_kind_of_transition_takes_the_time_that_it_is_given(lifecycle: Any, create: int, update: int) -> None:
    with FakeLambda(lifecycle=lifecycle) as fake:
        fake.client().create_function(FunctionName="orders", **IMAGE)
        assert _seconds_busy(fake) == create
        fake.client().update_function_configuration(FunctionName="orders", Description="new")
        assert _seconds_busy(fake) == update
        fake.reset()
        fake.client().create_function(FunctionName="orders", **IMAGE)
        assert _seconds_busy(fake) == create


def test_a_decorated_test_has_the_same_times() -> None:
    @FakeLambda(lifecycle={"create": 5})
    def busy() -> bool:
        client: Any = current().client()
        client.create_function(FunctionName="orders", **IMAGE)
        return _is_busy(client)

    assert busy()


@pytest.mark.parametrize(
    ("lifecycle", "message"),
    [
        ({"created": 5}, KINDS),
        ({"create": 5, 7: 1}, KINDS),
        (["create"], "lifecycle=['create']: must be one of 'instant', 'realistic'."),
        ({"create": -1}, "lifecycle={'create': -1}: must be seconds or a timedelta, not negative."),
        ({"create": timedelta(seconds=-1)}, "must be seconds or a timedelta, not negative."),
        ({"create": "5"}, "lifecycle={'create': '5'}: must be seconds or a timedelta, not negative."),
        ({"update": None}, "lifecycle={'update': None}: must be seconds or a timedelta, not negative."),
        ({"update": math.inf}, "lifecycle={'update': inf}: must be seconds or a timedelta, not negative."),
        ({"idle": 0}, "lifecycle={'idle': 0}: must be more than 0 seconds."),
        ({"update": math.nan}, "lifecycle={'update': nan}: must be seconds or a timedelta, not negative."),
    ],
    ids=str,
)
def test_times_that_cannot_be_are_refused_with_what_can(lifecycle: Mapping[Any, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        FakeLambda(lifecycle=lifecycle)
