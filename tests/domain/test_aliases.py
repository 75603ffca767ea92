"""How an alias chooses between its versions."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain.aliases import Alias


def alias(weights: dict[str, float]) -> Alias:
    return Alias(name="live", function_version="1", description="", revision_id="r", additional_version_weights=MappingProxyType(weights))


@given(weight=st.floats(0, 1), roll=st.floats(0, 1, exclude_max=True))
def test_rolls_below_the_weight_go_to_the_additional_version(weight: float, roll: float) -> None:
    assert alias({"2": weight}).choose(roll) == ("2" if roll < weight else "1")


@pytest.mark.parametrize(("weight", "version"), [(0.0, "1"), (1.0, "2")])
def test_a_weight_of_zero_or_one_leaves_no_chance(weight: float, version: str) -> None:
    assert {alias({"2": weight}).choose(roll / 100) for roll in range(100)} == {version}


def test_without_weights_there_is_no_routing_configuration() -> None:
    assert alias({}).routing_config is None
    assert alias({"2": 0.25}).routing_config == {"AdditionalVersionWeights": {"2": 0.25}}
