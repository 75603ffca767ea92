"""Deployed modules beside the host's: what Python code expects of modules, and that nothing of it is seen outside."""

from __future__ import annotations

import importlib
import io
import pickle
import py_compile
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from conftest import Deploy, Invoke

PROGRAMS: dict[str, tuple[dict[str, str], Any]] = {
    "a helper beside the handler": (
        {"app.py": "import helper\ndef handler(event, context): return helper.name", "helper.py": "name = __name__"},
        "helper",
    ),
    "a helper imported by the call": (
        {"app.py": "def handler(event, context):\n    import helper\n    return helper.name", "helper.py": "name = __name__"},
        "helper",
    ),
    "a package with relative imports": (
        {
            "app.py": "from shop.orders import api\nimport shop.prices as p\ndef handler(event, context): return [api.total(), p.__name__]",
            "shop/__init__.py": "from .prices import price",
            "shop/prices.py": "price = 3",
            "shop/orders/__init__.py": "",
            "shop/orders/api.py": "from .. import price\nfrom ..prices import price as same\ndef total():\n    from . import late\n    return price + same + late.n",
            "shop/orders/late.py": "n = 1",
        },
        [7, "shop.prices"],
    ),
    "a namespace package": (
        {
            "app.py": "import ns.a\nfrom ns.deep import b\ndef handler(event, context): return [ns.a.n, b.n, list(ns.__path__)[0][-3:]]",
            "ns/a.py": "n = 1",
            "ns/deep/b.py": "n = 2",
        },
        [1, 2, "/ns"],
    ),
    "circular imports": (
        {
            "app.py": "from ring import a\ndef handler(event, context): return [a.other(), a.named()]",
            "ring/__init__.py": "",
            "ring/a.py": "from . import b\nfrom ring import b as again\nimport ring.b as named_b\ndef other(): return b.name()\ndef named(): return b.a_too.__name__",
            "ring/b.py": "from . import a\nimport ring.a as a_too\ndef name(): return a.__name__",
        },
        ["ring.a", "ring.a"],
    ),
    "importlib.import_module": (
        {
            "app.py": "import importlib, sys\nat_import = importlib.import_module('shop.a')\n"
            "def handler(event, context):\n    b = importlib.import_module('.b', 'shop')\n    return [at_import.n, b.n, sys.modules['shop.b'] is b]",
            "shop/__init__.py": "",
            "shop/a.py": "n = 1",
            "shop/b.py": "n = 2",
        },
        [1, 2, True],
    ),
    "dataclasses with annotations as text": (
        {
            "app.py": "from __future__ import annotations\nfrom dataclasses import dataclass, fields, make_dataclass\nfrom typing import ClassVar\nimport typing\n"
            "@dataclass\nclass A:\n    kind: ClassVar[str] = 'k'\n    n: int = 1\n"
            "def handler(event, context):\n    @dataclass\n    class B(A):\n        kinds: ClassVar[list[A]] = []\n        a: A | None = None\n"
            "    return [[f.name for f in fields(B)], typing.get_type_hints(B)['a'] == A | None, B(2) == B(2), repr(make_dataclass('C', ['x'])(1))]",
        },
        [["n", "a"], True, True, "C(x=1)"],
    ),
    "enumerations and named tuples": (
        {
            "app.py": "import enum\nfrom typing import NamedTuple\nclass E(enum.Enum):\n    A = 1\nclass P(NamedTuple):\n    x: E\n"
            "def handler(event, context): return [repr(E.A), P(E.A).x.value, E.__module__]",
        },
        ["<E.A: 1>", 1, "app"],
    ),
    "pickle and copy": (
        {
            "app.py": "import copy, pickle\nfrom pickle import loads\nimport shop\nclass A:\n    n = 1\n"
            "def f(): return 5\nkept = pickle.dumps(A())\n"
            "def handler(event, context):\n    again = loads(pickle.dumps([A(), f, shop.B(2)]))\n"
            "    return [type(loads(kept)) is A, again[0].n, again[1](), again[2].n, copy.deepcopy(A()).n, copy.copy(shop.B(3)).n]",
            "shop/__init__.py": "class B:\n    def __init__(self, n): self.n = n",
        },
        [True, 1, 5, 2, 1, 3],
    ),
    "data files": (
        {
            "app.py": "import importlib.resources, os, pathlib, pkgutil\n"
            "def handler(event, context):\n    return [pathlib.Path(__file__).with_name('a.txt').read_text(), "
            "pathlib.Path(os.environ['LAMBDA_TASK_ROOT'], 'a.txt').read_text(), importlib.resources.files('shop').joinpath('b.txt').read_text(), "
            "pkgutil.get_data('shop', 'b.txt').decode()]",
            "a.txt": "a",
            "shop/__init__.py": "",
            "shop/b.txt": "b",
        },
        ["a", "a", "b", "b"],
    ),
    "metadata of a vendored distribution": (
        {
            "app.py": "import importlib.metadata\ndef handler(event, context): return importlib.metadata.version('vendored-thing')",
            "vendored_thing-1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: vendored-thing\nVersion: 1.2\n",
        },
        "1.2",
    ),
    "a directory put onto sys.path": (
        {
            "app.py": "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'vendor'))\nimport lib\n"
            "def handler(event, context): return [lib.n, sys.path[0].endswith('vendor'), sys.path[1] == os.path.dirname(__file__)]",
            "vendor/lib.py": "n = 1",
        },
        [1, True, True],
    ),
    "inspect and reload": (
        {
            "app.py": "import importlib, inspect, helper\ndef handler(event, context):\n"
            "    return [inspect.getsource(helper.f), inspect.getmodule(helper.f) is helper, importlib.reload(helper) is helper]",
            "helper.py": "def f(): pass\n",
        },
        ["def f(): pass\n", True, True],
    ),
    "mock.patch": (
        {
            "app.py": "from unittest import mock\nimport helper\ndef handler(event, context):\n    with mock.patch('helper.f', return_value=2):\n"
            "        inside = helper.f()\n    return [inside, helper.f()]",
            "helper.py": "def f(): return 1\n",
        },
        [2, 1],
    ),
    "sys.modules": (
        {
            "app.py": "import sys, helper, types\ndef handler(event, context):\n    sys.modules['stub'] = types.ModuleType('stub')\n    import stub\n"
            "    seen = [sys.modules['helper'] is helper, 'pytest' in sys.modules, 'app' in list(sys.modules), len(sys.modules) == len(sys.modules.copy()), stub.__name__]\n"
            "    del sys.modules['helper'], sys.modules['pytest']\n    import helper as again\n    return [*seen, again is helper, sys.modules.get('none')]",
            "helper.py": "",
        },
        [True, True, True, True, "stub", False, None],
    ),
    "feature detection": (
        {
            "app.py": "import importlib.util\ndef handler(event, context):\n"
            "    return [importlib.util.find_spec(name) is not None for name in ('helper', 'wsgiref', 'wsgiref.util', 'not_there')]",
            "helper.py": "",
        },
        [True, True, True, False],
    ),
    "a file named like a module that Lambda has loaded": (
        {"app.py": "import logging\ndef handler(event, context): return logging.getLogger('x').name", "logging.py": "1 / 0"},
        "x",
    ),
    "a file named like another module of the standard library": (
        {"app.py": "import colorsys\ndef handler(event, context): return colorsys.mine", "colorsys.py": "mine = 1"},
        1,
    ),
    "a directory of data named like an installed package": (
        {"app.py": "import pytest\ndef handler(event, context): return pytest.__name__", "pytest/data.txt": ""},
        "pytest",
    ),
    "a vendored dependency that the host has loaded too": (
        {
            "app.py": "import pluggy, iniconfig\nfrom pluggy import version\ndef handler(event, context): return [pluggy.version, version, iniconfig.n]",
            "pluggy/__init__.py": "from .sub import version",
            "pluggy/sub.py": "from iniconfig import n\nversion = 'vendored'",
            "iniconfig.py": "n = 1",
        },
        ["vendored", "vendored", 1],
    ),
    "vendored dependencies in a directory of their own, shadowing an installed package": (
        {
            "app.py": "import os, sys\nsys.path.insert(0, os.path.join(os.environ['LAMBDA_TASK_ROOT'], 'vendor'))\nimport importlib.metadata\nimport pluggy, thing\n"
            "def handler(event, context):\n    points = importlib.metadata.entry_points(group='things')\n"
            "    return [pluggy.mine, thing.pluggy is pluggy, importlib.metadata.version('pluggy'), [point.load()() for point in points]]",
            "vendor/pluggy/__init__.py": "from .deep import mine",
            "vendor/pluggy/deep.py": "mine = 'vendored'",
            "vendor/thing.py": "import pluggy\ndef made(): return 'made'",
            "vendor/pluggy-0.0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: pluggy\nVersion: 0.0.1\n",
            "vendor/thing-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: thing\nVersion: 1\n",
            "vendor/thing-1.dist-info/entry_points.txt": "[things]\nfirst = thing:made\n",
        },
        ["vendored", True, "0.0.1", ["made"]],
    ),
    "what is in a package": (
        {
            "app.py": "import importlib, pkgutil, shop\nfound = sorted(module.name for module in pkgutil.walk_packages(shop.__path__, 'shop.'))\n"
            "def handler(event, context): return [found, sorted(m.name for m in pkgutil.iter_modules(shop.__path__)), importlib.import_module(found[-1]).n]",
            "shop/__init__.py": "",
            "shop/a.py": "",
            "shop/deep/__init__.py": "",
            "shop/deep/b.py": "n = 1",
        },
        [["shop.a", "shop.deep", "shop.deep.b"], ["a", "deep"], 1],
    ),
    "resources of packages with and without __init__.py": (
        {
            "app.py": "from importlib import resources\ndef handler(event, context):\n"
            "    with resources.as_file(resources.files('shop') / 'templates' / 'a.txt') as path:\n"
            "        return [path.read_text(), resources.files('shop.templates').joinpath('a.txt').read_text(), sorted(p.name for p in resources.files('shop').iterdir())]",
            "shop/__init__.py": "",
            "shop/templates/a.txt": "a",
        },
        ["a", "a", ["__init__.py", "templates"]],
    ),
    "abstract classes, protocols and single dispatch": (
        {
            "app.py": "from __future__ import annotations\nimport abc, functools, typing\nfrom shop import Order\n"
            "@typing.runtime_checkable\nclass Sized(typing.Protocol):\n    size: int\n"
            "class Base(abc.ABC):\n    @abc.abstractmethod\n    def f(self): ...\n"
            "@functools.singledispatch\ndef name(value): return 'any'\n@name.register\ndef _(value: Order): return 'order'\n"
            "def total(order: Order, by: typing.Optional[Sized] = None) -> Base: ...\n"
            "def handler(event, context):\n    try:\n        Base()\n    except TypeError:\n"
            "        hints = typing.get_type_hints(total)\n        return [name(Order()), name(1), isinstance(Order(), Sized), hints['order'] is Order, hints['return'] is Base]",
            "shop.py": "class Order:\n    size = 1",
        },
        ["order", "any", True, True, True],
    ),
    "a logger per module": (
        {
            "app.py": "import logging\nfrom shop import orders\nlogger = logging.getLogger(__name__)\n"
            "def handler(event, context): return [logger.name, orders.logger.name, orders.logger.parent is logging.getLogger('shop')]",
            "shop/__init__.py": "import logging\nlogging.getLogger(__name__)",
            "shop/orders.py": "import logging\nlogger = logging.getLogger(__name__)",
        },
        ["app", "shop.orders", True],
    ),
    "optional dependencies, stars and lazy attributes": (
        {
            "app.py": "try:\n    import not_there as fast\nexcept ImportError:\n    fast = None\nfrom shop import *\nimport shop.deep.b as b\n"
            "def handler(event, context):\n    from shop import lazy\n    return [fast, A, b.n, lazy, 'B' in globals()]",
            "shop/__init__.py": "__all__ = ['A']\nA, B = 1, 2\ndef __getattr__(name):\n    if name == 'lazy':\n        from .deep import b\n        return b.n + 1\n    raise AttributeError(name)",
            "shop/deep/__init__.py": "",
            "shop/deep/b.py": "n = 2",
        },
        [None, 1, 2, 3, False],
    ),
    "a module that puts something else in its place": (
        {
            "app.py": "import settings\nfrom settings import table\ndef handler(event, context): return [settings.table, table, type(settings).__name__]",
            "settings.py": "import sys\nclass Settings:\n    table = 't'\nsys.modules[__name__] = Settings()",
        },
        ["t", "t", "Settings"],
    ),
    "code that is made at run time": (
        {
            "app.py": "import collections, helper\nPoint = collections.namedtuple('Point', 'x y')\n"
            "def handler(event, context):\n    names = {}\n    exec('import helper\\nfrom helper import n', names)\n"
            "    return [names['helper'] is helper, eval('__import__(\"helper\").n'), Point.__module__]",
            "helper.py": "n = 1",
        },
        [True, 1, "app"],
    ),
    "modules that import again what failed": (
        {
            "app.py": "def load():\n    import broken\nseen = []\nfor _ in range(2):\n    try:\n        load()\n    except ZeroDivisionError as error:\n        seen.append(str(error))\n"
            "import sys\ndef handler(event, context): return [seen, 'broken' in sys.modules]",
            "broken.py": "1 / 0",
        },
        [["division by zero"] * 2, False],
    ),
    "a vendored botocore": (
        {"app.py": "import botocore\ndef handler(event, context): return hasattr(botocore, '__version__')", "botocore/__init__.py": ""},
        True,
    ),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_deployed_code_finds_its_modules(deploy: Deploy, invoke: Invoke, program: str) -> None:
    if program == "a vendored botocore":
        pytest.importorskip("botocore")
    files, result = PROGRAMS[program]
    environment = deploy(files)
    for _ in range(2):
        outcome = invoke(environment)
        assert outcome.error_payload is None
        if program != "sys.modules" or outcome.cold_start:
            assert outcome.result == result


@pytest.mark.parametrize("program", PROGRAMS)
def test_deployed_code_finds_its_modules_although_the_host_has_equally_named_ones(
    deploy: Deploy, invoke: Invoke, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("app", "helper", "shop", "shop.a", "shop.b", "ns", "ring", "ring.a", "ring.b", "lib", "settings", "broken", "thing"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    test_deployed_code_finds_its_modules(deploy, invoke, program)


def test_all_of_them_side_by_side(deploy: Deploy, invoke: Invoke) -> None:
    environments = [(deploy(files), result) for name, (files, result) in PROGRAMS.items() if name != "sys.modules"]
    for _ in range(2):
        for environment, result in environments:
            assert invoke(environment).result == result


def test_extension_modules_of_a_package(deploy: Deploy, invoke: Invoke) -> None:
    module = importlib.import_module("_json")
    if getattr(module, "__file__", None) is None:
        pytest.skip("this interpreter has the standard library's extension modules built in")
    name = Path(module.__file__ or "").name
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(module.__file__ or "", name)
        archive.writestr(
            "app.py", "import _json\ndef handler(event, context): return [_json.encode_basestring('x'), _json.__file__, __file__]"
        )
    for environment in (deploy(code=packed.getvalue()), deploy(code=packed.getvalue())):
        encoded, extension, app = invoke(environment).result
        assert (encoded, extension) == ('"x"', str(Path(app).with_name(name)))
    assert importlib.import_module("_json") is module


def test_modules_of_the_host_are_shared_and_stay(deploy: Deploy, invoke: Invoke) -> None:
    code = "import colorsys, sys, xml.dom.minidom\nfrom wsgiref import util\ndef handler(event, context): return [id(colorsys), id(util), id(sys.modules['xml.dom.minidom'])]\n"
    for name in ("colorsys", "wsgiref", "wsgiref.util", "xml.dom.minidom"):
        sys.modules.pop(name, None)
    first, second = (invoke(deploy({"app.py": code})).result for _ in range(2))
    assert first == second == [id(importlib.import_module(name)) for name in ("colorsys", "wsgiref.util", "xml.dom.minidom")]
    spec = sys.modules["wsgiref.util"].__spec__
    assert spec is not None
    assert type(spec.loader).__name__ == "SourceFileLoader"


def test_a_module_of_the_host_that_is_loaded_by_an_invocation_gets_nothing_of_it(
    deploy: Deploy, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "host_library.py").write_text("import os\nimport pluggy\nseen = [pluggy.__file__, os.environ.get('OWN')]\n")
    monkeypatch.syspath_prepend(tmp_path)
    files = {
        "app.py": "import pluggy\ndef handler(event, context):\n    import host_library\n    return [host_library.seen, pluggy.__file__]",
        "pluggy.py": "",
    }
    seen, own = invoke(deploy(files, variables={"OWN": "1"})).result
    assert seen == [importlib.import_module("pluggy").__file__, None]
    assert own != seen[0]
    del sys.modules["host_library"]


def test_a_module_of_the_host_that_fails_fails_as_in_lambda(
    deploy: Deploy, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_library.py").write_text("raise KeyError('x')\n")
    monkeypatch.syspath_prepend(tmp_path)
    payload = invoke(deploy({"app.py": "def handler(event, context):\n    import broken_library\n"})).error_payload
    assert payload is not None
    assert payload["stackTrace"] == [
        '  File "/var/task/app.py", line 2, in handler\n    import broken_library\n',
        f"  File \"{tmp_path}/broken_library.py\", line 1, in <module>\n    raise KeyError('x')\n",
    ]


def test_what_the_host_can_pickle_it_pickles_as_ever(deploy: Deploy, invoke: Invoke) -> None:
    invoke(deploy({"app.py": "import pickle\ndef handler(event, context): return pickle.dumps is None"}))
    assert pickle.dumps.__module__ == "_pickle"


def test_a_zip_on_the_path_and_bytecode_without_source(deploy: Deploy, invoke: Invoke, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("zipped.py", "n = 1")
    (tmp_path / "deps.zip").write_bytes(packed.getvalue())
    code = "import os, sys\nsys.path.append(os.path.join(os.path.dirname(__file__), 'deps.zip'))\nimport zipped, compiled\ndef handler(event, context): return [zipped.n, compiled.n()]"
    (tmp_path / "app.py").write_text(code)
    (tmp_path / "helper.py").write_text("n = 2")
    source = tmp_path / "compiled_source.py"
    source.write_text("def n():\n    import helper\n    return helper.n")
    py_compile.compile(str(source), cfile=str(tmp_path / "compiled.pyc"))
    assert invoke(deploy(code=tmp_path)).result == [1, 2]


def test_after_a_failing_import_the_next_one_starts_from_nothing(deploy: Deploy, invoke: Invoke) -> None:
    files = {"app.py": "import helper\nhelper.n += 1\nassert helper.n > 1, helper.n\n", "helper.py": "n = 0"}
    environment = deploy(files)
    for _ in range(2):
        payload = invoke(environment).error_payload
        assert payload is not None
        assert (payload["errorType"], payload["errorMessage"]) == ("AssertionError", "1")


def test_the_views_are_inert_outside(deploy: Deploy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = vars(sys)
    assert (sys.modules is real["modules"], sys.path is real["path"], sys.meta_path is real["meta_path"]) == (True, True, True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert real["path"][-1] == str(tmp_path)
    (tmp_path / "imported_later.py").write_text("n = 1")
    assert importlib.import_module("imported_later").n == 1
    del sys.modules["imported_later"]


def test_what_a_module_of_the_host_calls_path_or_modules_is_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("__init__", "path"):
        (tmp_path / "with_a_path" / f"{name}.py").parent.mkdir(exist_ok=True)
        (tmp_path / "with_a_path" / f"{name}.py").write_text("modules = 'its own'")
    monkeypatch.syspath_prepend(tmp_path)
    before = sys.path
    with FakeLambda():
        importlib.import_module("with_a_path.path")
        package: Any = sys.modules["with_a_path"]
        assert (package.path.modules, package.modules, sys.path) == ("its own", "its own", before)
    for name in ("with_a_path", "with_a_path.path"):
        monkeypatch.delitem(sys.modules, name)
