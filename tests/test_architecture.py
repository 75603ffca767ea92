"""The shape of the house: who may import whom, how large a room may be, what is public."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import botocore.session
import pytest
from botocore import xform_name

import fakelambda
from fakelambda import events
from fakelambda.aws import constraints
from fakelambda.domain import configuration
from fakelambda.operations import (
    authorisation,
    modelled,  # noqa: F401 - fills the table
)
from fakelambda.operations.call import OPERATIONS

PACKAGE = Path(fakelambda.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MAXIMUM_LINES = 400

# What a room may import of the package; what would point upwards is handed in as a callable.
BELOW = {
    "domain": {"domain"},
    "world": set(),
    "state": {"domain"},
    "inspection": {"domain", "runtime", "inspection"},
    "runtime": {"domain", "world", "runtime"},
    "schedule": {"domain", "world", "runtime", "schedule"},
    "operations": {"domain", "world", "state", "inspection", "runtime", "schedule", "operations"},
    "sources": {"domain", "inspection", "runtime", "schedule", "operations", "sources"},
    "faults": {"domain", "inspection"},
    "events": {"domain", "events"},
    "aws": {"domain", "world", "state", "inspection", "runtime", "schedule", "operations", "faults", "aws"},
    "decoration": set(),
    "composition": {"domain", "world", "state", "inspection", "runtime", "schedule", "operations", "sources", "aws"},
    "strategies": {"domain", "aws", "strategies"},
    "observation": {"domain", "inspection", "schedule", "operations", "aws"},
    "callers": {"domain", "inspection", "observation"},
    "snapshots": {"aws"},
    "preparation": {"domain", "inspection", "runtime", "operations", "faults", "aws", "observation"},
    "delivering": {"inspection", "preparation", "sources"},
    "fake": {"domain", "runtime", "schedule", "operations", "aws", "callers", "composition", "decoration", "delivering", "snapshots"},
    "stateful": {"domain", "fake", "faults", "inspection", "schedule", "stateful"},
    "__init__": {"domain", "fake", "inspection", "runtime", "schedule"},
    "__main__": {"fakelambda"},
}
ONLY_AWS_KNOWS = {"botocore", "boto3", "aiobotocore"}
KNOWS_BOTOCORES_TYPES = {"fake", "strategies", "stateful", "__main__"}  # a Config is taken; requests come from the model; errors are caught
NEEDS_HYPOTHESIS = {"strategies", "stateful"}  # the extra of that name installs it; nothing imports these rooms by itself
EXTRAS = {"pytest", "hypothesis", "freezegun", "time_machine", "moto", "boto3", "aiobotocore"}


def name_of(path: Path) -> str:
    return ".".join(("fakelambda", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """The modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            for alias in node.names:
                inner = PACKAGE.parent.joinpath(*module.split("."), f"{alias.name}.py")
                package = PACKAGE.parent.joinpath(*module.split("."), alias.name)
                yield f"{module}.{alias.name}" if inner.exists() or package.is_dir() else module


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_rooms_import_downwards_only(path: Path) -> None:
    allowed = BELOW[room_of(path)]
    for module in imports(path):
        if module.startswith("fakelambda"):
            assert module.partition(".")[2].split(".")[0] in allowed | ({""} if "fakelambda" in allowed else set()), f"{path}: {module}"
        elif room_of(path) == "domain":
            assert module.split(".")[0] in sys.stdlib_module_names, f"{path}: {module}"
        top = module.split(".")[0]
        assert top not in EXTRAS or (top == "hypothesis" and room_of(path) in NEEDS_HYPOTHESIS), f"{path}: {module} is an extra"
        if top in ONLY_AWS_KNOWS:
            assert room_of(path) in {"aws", *KNOWS_BOTOCORES_TYPES}, f"{path}: {module}"


def test_nothing_imports_in_circles() -> None:
    graph = {name_of(path): {module for module in imports(path) if module.startswith("fakelambda")} for path in MODULES}
    finished: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in finished:
            for imported in graph.get(module, ()):
                visit(imported, (*trail, module))
            finished.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_rooms_are_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAXIMUM_LINES


@pytest.mark.parametrize("module", [fakelambda, events], ids=lambda module: module.__name__)
def test_the_public_names_are_those_of_all_and_sorted(module: ModuleType) -> None:
    public = [name for name, value in vars(module).items() if not name.startswith("_") and not isinstance(value, ModuleType)]
    assert sorted(public) == module.__all__


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_takes_parameters_that_the_api_has(name: str) -> None:
    model = botocore.session.get_session().get_service_model("lambda").operation_model(name)
    members = {xform_name(member) for member in (model.input_shape.members if model.input_shape else ())}
    parameters = OPERATIONS[name].parameters
    if "function" in parameters:  # stands for the name in all its forms, and the qualifier beside it
        assert "function_name" in members
        parameters = parameters - {"function"}
    assert parameters <= members


def test_every_operation_named_in_a_table_is_in_the_api() -> None:
    operations = set(botocore.session.get_session().get_service_model("lambda").operation_names)
    named = {
        *configuration.MAXIMUM_REQUEST_SIZES,
        *authorisation.CROSS_ACCOUNT_OPERATIONS,
        *(operation for operation, _ in constraints._UNCONSTRAINED_MEMBERS | constraints._REPORTED_LAST),
    }
    assert named <= operations


def test_importing_the_package_imports_no_extra() -> None:
    import subprocess  # noqa: PLC0415 - only here, where a fresh interpreter is the point

    program = f"import sys, fakelambda, fakelambda.events; print(sorted({EXTRAS!r} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
