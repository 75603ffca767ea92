"""The second models together: whatever is modelled runs beside one of them."""

import ast
from pathlib import Path

import pytest
from botocore import xform_name

from fakelambda.operations import modelled  # noqa: F401 - fills the table
from fakelambda.operations.call import OPERATIONS

MACHINES = [
    node
    for path in sorted(Path(__file__).parent.glob("test_second_model*.py"))
    for node in ast.parse(path.read_text(encoding="utf-8")).body
    if isinstance(node, ast.ClassDef) and node.name == "SideBySide"
]


def called_by(machine: ast.ClassDef) -> set[str]:
    """The methods that it calls, of a client or by their name."""
    nodes = [node for node in ast.walk(machine) if isinstance(node, ast.Call)]
    methods = {node.func.attr for node in nodes if isinstance(node.func, ast.Attribute)}
    return methods | {it.value for node in nodes for it in node.args if isinstance(it, ast.Constant) and isinstance(it.value, str)}


def test_every_modelled_operation_is_in_a_machine() -> None:
    assert len(MACHINES) == 3
    called = set().union(*map(called_by, MACHINES))
    assert {name for name in OPERATIONS if xform_name(name) not in called} == set()


@pytest.mark.parametrize("name", ["PublishVersion", "UpdateEventSourceMapping", "AddLayerVersionPermission"])
def test_an_operation_is_in_the_machine_of_its_kind_only(name: str) -> None:
    assert [xform_name(name) in called_by(machine) for machine in MACHINES].count(True) == 1
