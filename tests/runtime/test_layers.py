"""Layers at run time: one merged, read-only directory behind the code on sys.path."""

from __future__ import annotations

import io
import os
import stat
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakelambda.runtime import code
from fakelambda.runtime.layout import Layout

if TYPE_CHECKING:
    from conftest import Deploy, Invoke

SITE_PACKAGES = "python/lib/python3.13/site-packages"
SAYS = "def handler(event, context):\n    import said\n    return said.by"
FINDS_DATA = (
    "import os, pathlib\ndef handler(event, context): return (pathlib.Path(os.environ['FAKELAMBDA_OPT']) / 'data/a.txt').read_text()"
)


def package(files: dict[str, str]) -> bytes:
    return code.of_files({name: text.encode() for name, text in files.items()})


def layers(*files: dict[str, str]) -> tuple[bytes, ...]:
    return tuple(package(each) for each in files)


def says(who: str) -> str:
    return f"by = {who!r}"


@pytest.mark.parametrize(
    ("own", "others", "found"),
    [
        ({"said.py": says("code")}, [{f"{SITE_PACKAGES}/said.py": says("layer")}], "code"),
        ({"said.py": says("code")}, [{"python/said.py": says("layer")}], "code"),
        ({}, [{f"{SITE_PACKAGES}/said.py": says("site-packages"), "python/said.py": says("python")}], "site-packages"),
        ({}, [{f"{SITE_PACKAGES}/said.py": says("first")}, {"python/said.py": says("second")}], "first"),
        ({}, [{"python/said.py": says("first")}, {"python/said.py": says("second")}], "second"),
        ({}, [{"python/said.py": says("first")}, {"python/x.py": ""}, {"python/x.py": ""}], "first"),
        ({}, [{"python/said/__init__.py": says("package"), "python/said.py": says("module")}], "package"),
        ({}, [{"python/lib/python3.12/site-packages/said.py": says("3.12")}], None),
        ({}, [{"said.py": says("/opt")}], None),
        ({}, [{"said/python/said.py": says("deeper")}], None),
    ],
)
def test_where_modules_are_looked_for(
    *, deploy: Deploy, invoke: Invoke, own: dict[str, str], others: list[dict[str, str]], found: str | None
) -> None:
    outcome = invoke(deploy({"app.py": SAYS, **own}, layers=layers(*others), runtime="python3.13"))
    assert outcome.result == found
    if found is None:
        assert isinstance(outcome.error, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("python_path", "found"),
    [
        ("/opt", "opt"),
        ("/opt/python", "python"),
        ("/opt/lib/:/opt/python", "lib"),
        ("/var/runtime:/var/task/src", "src"),
        ("src", "src"),
        ("/var/task/../../opt/lib", "lib"),
        ("", None),
        ("/nowhere", None),
    ],
)
def test_a_functions_own_python_path_is_searched_instead(deploy: Deploy, invoke: Invoke, python_path: str, found: str | None) -> None:
    layer = {"said.py": says("opt"), "lib/said.py": says("lib"), "python/said.py": says("python")}
    files = {"app.py": SAYS, "src/said.py": says("src")}
    environment = deploy(files, layers=layers(layer), variables={"PYTHONPATH": python_path})
    assert invoke(environment).result == found


def test_sys_path_is_lambdas(deploy: Deploy, invoke: Invoke) -> None:
    text = (
        "import os, sys\ndef handler(event, context): return [sys.path[:3], os.environ['FAKELAMBDA_OPT'], os.environ['LAMBDA_TASK_ROOT']]"
    )
    search_path, opt, task = invoke(deploy({"app.py": text}, layers=layers({"a": ""}), runtime="python3.11")).result
    assert search_path == [task, f"{opt}/python/lib/python3.11/site-packages", f"{opt}/python"]


def test_a_function_without_layers_has_none_of_it(deploy: Deploy, invoke: Invoke) -> None:
    text = "import os, sys\ndef handler(event, context): return ['FAKELAMBDA_OPT' in os.environ, os.environ['PATH'], sys.path[1]]"
    has_variable, path, second = invoke(deploy({"app.py": text})).result
    assert not has_variable
    assert path.endswith(":/bin:/opt/bin")
    assert second == sys.path[0]


def test_a_handler_may_be_in_a_layer(deploy: Deploy, invoke: Invoke) -> None:
    wrapper = {"python/wrapper.py": "import app\ndef handler(event, context): return ['wrapped', app.handler(event, context)]"}
    environment = deploy({"app.py": "def handler(event, context): return 1"}, layers=layers(wrapper), handler="wrapper.handler")
    assert invoke(environment).result == ["wrapped", 1]


PROGRAMS: dict[str, tuple[str, list[dict[str, str]], Any]] = {
    "dataclasses and pickle": (
        "import pickle, records\nfrom dataclasses import dataclass\n@dataclass\nclass Own(records.Record):\n    m: int = 2\ndef handler(event, context):\n    copy = pickle.loads(pickle.dumps([Own(), records.Record(3)]))\n    return [repr(copy), type(copy[1]) is records.Record]",
        [{"python/records.py": "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass Record:\n    n: int = 1"}],
        ["[Own(n=1, m=2), Record(n=3)]", True],
    ),
    "mock.patch": (
        "from unittest import mock\nimport prices\ndef handler(event, context):\n    with mock.patch('prices.price', 5):\n        return [prices.total(), __import__('prices').price]",
        [{"python/prices.py": "price = 3\ndef total(): return price * 2"}],
        [10, 5],
    ),
    "a namespace package over code and layers": (
        "from shop import a, b, c\ndef handler(event, context): return [a.n, b.n, c.n]",
        [{"python/shop/b.py": "n = 2"}, {f"{SITE_PACKAGES}/shop/c.py": "n = 3"}],
        [1, 2, 3],
    ),
    "distributions": (
        "from importlib import metadata, resources\ndef handler(event, context): return [metadata.version('prices'), resources.files('prices').joinpath('p.txt').read_text()]",
        [{"python/prices/__init__.py": "", "python/prices/p.txt": "3", "python/prices-7.dist-info/METADATA": "Name: prices\nVersion: 7\n"}],
        ["7", "3"],
    ),
    "a layer that imports another layer and the code": (
        "number = 1\nimport first\ndef handler(event, context): return first.number",
        [{"python/first.py": "import second\nnumber = second.number()"}, {"python/second.py": "def number():\n    import app\n    return app.number"}],
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_modules_of_layers_are_modules_like_any(deploy: Deploy, invoke: Invoke, program: str) -> None:
    text, others, result = PROGRAMS[program]
    outcome = invoke(deploy({"app.py": text, "shop/a.py": "n = 1"}, layers=layers(*others)))
    assert (outcome.error_payload, outcome.result) == (None, result)


def test_functions_with_equally_named_modules_in_layers_do_not_meet(deploy: Deploy, invoke: Invoke) -> None:
    counts = "calls = []\ndef handler(event, context):\n    import said\n    said.calls.append(said.by)\n    return said.calls"
    first, second = (
        deploy({"app.py": counts}, layers=layers({"python/said.py": f"{says(who)}\ncalls = []"})) for who in ("first", "second")
    )
    for environment in (first, second, first):
        outcome = invoke(environment)
    assert outcome.result == ["first", "first"]
    assert invoke(second).result == ["second", "second"]
    assert "said" not in sys.modules


def test_errors_show_where_lambda_has_layers(deploy: Deploy, invoke: Invoke) -> None:
    broken = {"python/broken.py": "def fail():\n    raise ValueError(__file__)\n"}
    payload = invoke(deploy({"app.py": "import broken\ndef handler(event, context): broken.fail()\n"}, layers=layers(broken))).error_payload
    assert payload is not None
    assert payload["errorMessage"] == "/opt/python/broken.py"
    assert payload["stackTrace"] == [
        '  File "/var/task/app.py", line 2, in handler\n    def handler(event, context): broken.fail()\n',
        '  File "/opt/python/broken.py", line 2, in fail\n    raise ValueError(__file__)\n',
    ]


def test_code_of_a_layer_that_is_the_projects_own_runs_under_its_path(
    deploy: Deploy, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "def where():\n    return where.__code__.co_filename\n"
    (tmp_path / "layers/shared/python").mkdir(parents=True)
    (tmp_path / "layers/shared/python/shared.py").write_text(own)
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    text = "import shared\ndef handler(event, context): return [shared.where(), shared.__file__]"
    where, file = invoke(deploy({"app.py": text}, layers=(code.of_directory(tmp_path / "layers/shared"),))).result
    assert where == str(tmp_path / "layers/shared/python/shared.py")
    assert file.endswith("/python/shared.py")
    assert not file.startswith(str(tmp_path))


# ---- files ----


def test_data_is_where_the_variable_says(deploy: Deploy, invoke: Invoke) -> None:
    environment = deploy({"app.py": FINDS_DATA}, layers=layers({"data/a.txt": "first"}, {"data/a.txt": "second", "data/b.txt": ""}))
    assert invoke(environment).result == "second"


@pytest.mark.skipif(os.name != "posix", reason="a script with a shebang")
def test_programs_in_opt_bin_are_found(deploy: Deploy, invoke: Invoke) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = zipfile.ZipInfo("bin/greet")
        info.external_attr = (stat.S_IFREG | 0o755) << 16
        archive.writestr(info, "#!/bin/sh\necho hello $1 from $FAKELAMBDA_OPT\n")
    text = (
        "import os, shutil, subprocess\ndef handler(event, context):\n"
        "    said = subprocess.run(['greet', 'you'], capture_output=True, text=True, check=True).stdout\n"
        "    return [said, f\"hello you from {os.environ['FAKELAMBDA_OPT']}\\n\", shutil.which('greet')]"
    )
    said, expected, which = invoke(deploy({"app.py": text}, layers=(packed.getvalue(),))).result
    assert said == expected
    assert which.endswith("/bin/greet")


def test_layers_are_read_only(deploy: Deploy, invoke: Invoke) -> None:
    text = "import os\ndef handler(event, context): return [os.stat(os.path.join(d, n)).st_mode & 0o222 for d, s, f in os.walk(os.environ['FAKELAMBDA_OPT']) for n in s + f]"
    assert set(invoke(deploy({"app.py": text}, layers=layers({"a/b.txt": "", "python/c.py": ""}, {"a/b.txt": "2"}))).result) == {0}


def test_layers_are_unpacked_once_for_each_order(deploy: Deploy, invoke: Invoke) -> None:
    one, other = layers({"data/a.txt": "one"}, {"data/a.txt": "other"})
    layouts = [Layout.of(package({"app.py": "x"}), given) for given in ((one, other), (one, other), (other, one), (one,), ())]
    opts = [layout.opt for layout in layouts]
    assert opts[0] == opts[1]
    assert len(set(opts)) == 4
    assert [opt and (opt / "data/a.txt").read_text() for opt in opts] == ["other", "other", "one", "one", None]
    assert len({layout.task for layout in layouts}) == 1


def test_layers_are_there_while_an_environment_runs_with_them(deploy: Deploy, invoke: Invoke) -> None:
    environment = deploy({"app.py": FINDS_DATA}, layers=layers({"data/a.txt": "kept"}))
    assert invoke(environment).result == "kept"
    code.forget()
    assert invoke(environment).result == "kept"
    environment.discard()
    assert invoke(environment).result == "kept"


NAMES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map("/".join)


def clashes(name: str, other: str) -> bool:
    return name != other and (name.startswith(f"{other}/") or other.startswith(f"{name}/"))


def without_clashes(files: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in files.items() if not any(clashes(name, other) for other in files if other < name)}


@settings(deadline=None)
@given(
    merged=st.lists(
        st.dictionaries(NAMES, st.sampled_from(["", "x", "yy"]), min_size=1, max_size=4).map(without_clashes), min_size=1, max_size=5
    )
)
def test_later_layers_stand_in_the_place_of_earlier_ones(merged: list[dict[str, str]]) -> None:
    expected: dict[str, str] = {}
    for files in merged:
        for name, text in files.items():
            expected = {other: kept for other, kept in expected.items() if not clashes(name, other)} | {name: text}
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary) / "opt"
        paths = code.extract(directory, *map(package, merged))
        found = {path.relative_to(directory).as_posix(): path.read_text() for path in directory.rglob("*") if path.is_file()}
        assert found == expected
        listed = {Path(path).relative_to(directory).as_posix() for path in paths}
        assert {name for name in listed if name in expected} == expected.keys()
        assert all(Path(path).exists() for path in paths)
        for path in paths:
            Path(path).chmod(0o700)
