"""Sources are compiled once for the process, under whichever paths they come."""

from __future__ import annotations

import sys
import warnings
from types import CodeType
from typing import TYPE_CHECKING

import pytest

from fakelambda.runtime import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Deploy, Invoke

SOURCE = b"class A:\n    def f(self):\n        return [lambda: x for x in self]\n"


@pytest.fixture(autouse=True)
def nothing_compiled_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_known", {})


def all_in(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from all_in(constant)


def test_equal_sources_of_one_file_are_compiled_once() -> None:
    assert compiled.code(SOURCE, "/a.py") is compiled.code(bytes(bytearray(SOURCE)), "/a.py")
    assert compiled.code(SOURCE + b"#", "/a.py") is not compiled.code(SOURCE, "/a.py")


def test_every_function_has_the_path_of_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    first = compiled.code(SOURCE, "/a.py")
    monkeypatch.setattr("builtins.compile", None)
    second = compiled.code(SOURCE, "/b.py")
    assert {code.co_filename for code in all_in(first)} == {"/a.py"}
    assert {code.co_filename for code in all_in(second)} == {"/b.py"}
    assert [code.co_qualname for code in all_in(first)] == [code.co_qualname for code in all_in(second)]
    assert [list(code.co_lines()) for code in all_in(first)] == [list(code.co_lines()) for code in all_in(second)]


def test_an_error_is_raised_every_time() -> None:
    for name in ("/a.py", "/b.py"):
        with pytest.raises(SyntaxError) as caught:
            compiled.code(b"def f(:", name)
        assert caught.value.filename == name


def test_future_statements_of_ours_are_not_theirs() -> None:
    names: dict[str, object] = {}
    exec(compiled.code(b"def f(x: int): pass\nkinds = f.__annotations__", "/a.py"), names)
    assert names["kinds"] == {"x": int}


def test_it_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_MOST", 3)
    for number in range(10):
        compiled.code(b"%d" % number, "/a.py")
    assert len(compiled._known) <= 3


def test_a_cold_start_of_known_code_compiles_nothing(deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"app.py": "import helper\ndef handler(event, context): return helper.n\n", "helper.py": "n = [1]\n"}
    first, second = deploy(files), deploy({**files, "data.txt": "another package"})
    assert invoke(first).result == [1]
    monkeypatch.setattr("builtins.compile", None)
    first.discard()
    assert [invoke(first).result, invoke(second).result] == [[1], [1]]


def test_environments_share_code_and_nothing_else(deploy: Deploy, invoke: Invoke) -> None:
    files = {
        "app.py": "seen = []\ndef handler(event, context, kept=[]):\n    seen.append(1)\n    kept.append(1)\n    return [seen, kept]\n"
    }
    first, second = deploy(files), deploy(files)
    assert [invoke(environment).result for environment in (first, first, second)] == [[[1], [1]], [[1, 1], [1, 1]], [[1], [1]]]


def test_warnings_of_deployed_code_name_its_file(deploy: Deploy, invoke: Invoke) -> None:
    environment = deploy({"app.py": "import warnings\ndef handler(event, context):\n    warnings.warn('mine')\n    return __file__\n"})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        file = invoke(environment).result
    assert [(warning.filename, warning.lineno) for warning in caught] == [(file, 3)]
    assert sys.modules["warnings"] is warnings
