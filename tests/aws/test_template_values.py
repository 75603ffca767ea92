"""Values of templates become the API's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from fakelambda.aws import template_values

MODEL = botocore.session.get_session().get_service_model("lambda")


def parameters(operation: str, **properties: Any) -> dict[str, Any]:
    shape = MODEL.operation_model(operation).input_shape
    assert shape is not None
    return template_values.parameters(properties, shape)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"BatchSize": "5"}, {"BatchSize": 5}),
        ({"BatchSize": 5.0}, {"BatchSize": 5}),
        ({"Enabled": "true"}, {"Enabled": True}),
        ({"Enabled": "False"}, {"Enabled": False}),
        ({"StartingPosition": 7}, {"StartingPosition": "7"}),
        ({"Topics": ["a", None, 7, True]}, {"Topics": ["a", "7", "true"]}),
        ({"Tags": {"a": 1.5, "b": None, "c": False}}, {"Tags": {"a": "1.5", "c": "false"}}),
        ({"ScalingConfig": {"MaximumConcurrency": "2"}}, {"ScalingConfig": {"MaximumConcurrency": 2}}),
        ({"ScalingConfig": None}, {}),
        ({"StartingPositionTimestamp": "1772359200.5"}, {"StartingPositionTimestamp": datetime(2026, 3, 1, 10, 0, 0, 500000, UTC)}),
    ],
)
def test_text_becomes_what_is_wanted(given: dict[str, Any], made: dict[str, Any]) -> None:
    assert parameters("CreateEventSourceMapping", FunctionName="f", **given) == {"FunctionName": "f", **made}


def test_weights_are_numbers() -> None:
    routing = {"AdditionalVersionWeights": {"2": "0.1", "3": 1}}
    made = parameters("CreateAlias", FunctionName="f", Name="live", FunctionVersion=1, RoutingConfig=routing)
    assert made["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.1, "3": 1.0}}
    assert made["FunctionVersion"] == "1"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "#: required key [FunctionName] not found"),
        ({"FunctionName": None}, "#: required key [FunctionName] not found"),
        ({"FunctionName": "f", "Colour": 1}, "#: extraneous key [Colour] is not permitted"),
        ({"FunctionName": "f", "BatchSize": "5.5"}, "#/BatchSize: expected type: Integer, found: String"),
        ({"FunctionName": "f", "BatchSize": 5.5}, "#/BatchSize: expected type: Integer, found: Double"),
        ({"FunctionName": "f", "BatchSize": True}, "#/BatchSize: expected type: Integer, found: Boolean"),
        ({"FunctionName": "f", "BatchSize": [5]}, "#/BatchSize: expected type: Integer, found: JSONArray"),
        ({"FunctionName": "f", "Enabled": "yes"}, "#/Enabled: expected type: Boolean, found: String"),
        ({"FunctionName": "f", "Enabled": 1}, "#/Enabled: expected type: Boolean, found: Integer"),
        ({"FunctionName": {"Name": "f"}}, "#/FunctionName: expected type: String, found: JSONObject"),
        ({"FunctionName": "f", "Topics": "t"}, "#/Topics: expected type: JSONArray, found: String"),
        ({"FunctionName": "f", "Topics": [["t"]]}, "#/Topics/0: expected type: String, found: JSONArray"),
        ({"FunctionName": "f", "Tags": []}, "#/Tags: expected type: JSONObject, found: JSONArray"),
        ({"FunctionName": "f", "ScalingConfig": {"Most": 2}}, "#/ScalingConfig: extraneous key [Most] is not permitted"),
        ({"FunctionName": "f", "StartingPositionTimestamp": "1e300"}, "#/StartingPositionTimestamp: expected type: Number, found: String"),
    ],
)
def test_what_is_wrong_is_said_as_cloudformation_does(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(template_values.InvalidPropertiesError) as caught:
        parameters("CreateEventSourceMapping", **given)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("listed", "made"),
    [
        ([{"Key": "a", "Value": 1}, {"Key": 2, "Value": "b"}], {"a": 1, 2: "b"}),
        ([], {}),
        ("no list", "no list"),
        ([{"Key": "a"}], [{"Key": "a"}]),
        ([{"Key": {}, "Value": 1}], [{"Key": {}, "Value": 1}]),
        (["a"], ["a"]),
    ],
)
def test_lists_of_pairs_become_maps(listed: Any, made: Any) -> None:
    assert template_values.pairs(listed, "Key", "Value") == made
