"""Runtime management configurations."""

from __future__ import annotations

from typing import Any

import pytest

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
PINNED = f"arn:aws:lambda:us-east-1::runtime:{'0' * 64}"


@pytest.fixture(autouse=True)
def orders(client: Any, zipped: Any) -> None:
    client.create_function(
        FunctionName="orders",
        Role="arn:aws:iam::123456789012:role/r",
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": ""})},
        Publish=True,
    )
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


@pytest.mark.parametrize("qualifier", [{}, {"Qualifier": "$LATEST"}, {"Qualifier": "1"}, {"Qualifier": "live"}])
def test_runtimes_are_updated_automatically_unless_something_else_is_put(answered: Any, qualifier: dict[str, str]) -> None:
    name = {"FunctionName": "orders", **qualifier}
    arn = ":".join([ARN, *qualifier.values()])
    automatic = {"UpdateRuntimeOn": "Auto", "FunctionArn": arn}
    assert answered("get_runtime_management_config", **name) == (200, automatic)
    for choice in ({"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": PINNED}, {"UpdateRuntimeOn": "FunctionUpdate"}, automatic):
        parameters = {member: value for member, value in choice.items() if member != "FunctionArn"}
        answer = (200, {**choice, "FunctionArn": arn})
        assert answered("put_runtime_management_config", **name, **parameters) == answer
        assert answered("get_runtime_management_config", **name) == answer


def test_each_version_has_its_own(client: Any) -> None:
    def pinned() -> list[bool]:
        names = ("$LATEST", "1", "live")
        shown = [client.get_function_configuration(FunctionName="orders", Qualifier=name)["RuntimeVersionConfig"] for name in names]
        return [config == {"RuntimeVersionArn": PINNED} for config in shown]

    assert pinned() == [False, False, False]
    client.put_runtime_management_config(FunctionName="orders", Qualifier="1", UpdateRuntimeOn="Manual", RuntimeVersionArn=PINNED)
    assert pinned() == [False, True, True]
    assert client.get_runtime_management_config(FunctionName="orders")["UpdateRuntimeOn"] == "Auto"


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        (
            {"FunctionName": "nowhere"},
            "404 ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:123456789012:function:nowhere",
        ),
        ({"Qualifier": "7"}, f"404 ResourceNotFoundException: Function not found: {ARN}:7"),
        ({"Qualifier": "noalias"}, f"404 ResourceNotFoundException: Function not found: {ARN}:noalias"),
    ],
)
def test_a_version_is_needed(refused: Any, parameters: dict[str, str], answer: str) -> None:
    named = {"FunctionName": "orders", **parameters}
    assert refused("get_runtime_management_config", **named) == answer
    assert refused("put_runtime_management_config", **named, UpdateRuntimeOn="Auto") == answer


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        ({"UpdateRuntimeOn": "Manual"}, "400 InvalidParameterValueException: RuntimeVersionArn is required when"),
        (
            {"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": PINNED},
            "400 InvalidParameterValueException: RuntimeVersionArn is not allowed when",
        ),
        ({"UpdateRuntimeOn": "Never"}, "400 ValidationException: 1 validation error detected: Value 'Never' at 'updateRuntimeOn'"),
    ],
)
def test_a_version_is_pinned_by_hand_and_only_so(refused: Any, parameters: dict[str, str], answer: str) -> None:
    assert refused("put_runtime_management_config", FunctionName="orders", **parameters).startswith(answer)
