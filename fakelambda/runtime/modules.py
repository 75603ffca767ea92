"""The modules of one execution environment, apart from the host's.

Deployed code has its own ``sys.modules``, ``sys.path`` and import caches. Python reaches them on two roads, and both are led there:

- The ``import`` statement of deployed code asks the ``__import__`` among its module's builtins, which is the environment's own.
- Everything written in Python (importlib, dataclasses, typing, inspect, ``mock.patch``) asks the attributes of ``sys``, which are views
  that follow the invocation.

A top-level name belongs to the environment when its own directories hold it; everything else (the standard library, installed packages)
is the host's, is loaded outside the invocation and stays. Nothing deployed gets into the process's real ``sys.modules`` and ``sys.path``,
not even while a module loads, so parallel environments cannot see each other. C code that looks there finds no deployed module.
"""

from __future__ import annotations

import builtins
import importlib
import linecache
import os
import pickle
import sys
from collections.abc import MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader, SourcelessFileLoader
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from fakelambda.runtime import compiled, environ, project

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.abc import MetaPathFinder
    from pathlib import Path

current: ContextVar[Modules | None] = ContextVar("fakelambda_modules", default=None)
"""The modules of the invocation that this thread or task is in; None outside and in callables given by the test."""

_HOST = vars(sys)
_SYS_CLASS = type(sys)

_LOADED_BEFORE_THE_HANDLER = frozenset(
    (  # noqa: SIM905 - forty names read best as text
        "abc codecs collections contextlib copyreg decimal encodings enum functools genericpath importlib io json keyword linecache "
        "logging math numbers operator os posixpath re reprlib stat string textwrap threading token tokenize traceback types "
        "warnings weakref zipimport"
    ).split()
)
"""What Lambda's runtime has imported by then, so that a file of the same name in the package is never found."""

_HOOKED = frozenset({"aioboto3", "aiobotocore", "boto3", "botocore", "fakelambda", "freezegun", "moto", "s3transfer", "time_machine"})
"""What fakes work on: a copy vendored in a package would call the real AWS, so the host's is taken where there is one."""


class Modules:
    """The modules of one execution environment.

    Args:
        directories: absolute directories that Lambda would have first on ``sys.path``: the code's, then the layers'.

    Attributes:
        deployed_as: of each file of the project whose code runs here, the deployed file that it is equal to.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        own = [str(directory) for directory in directories]
        self.directories = own
        self.table: dict[str, ModuleType] = {}
        # The four attributes of sys, named as there.
        self.path: list[str] = own + [entry for entry in _HOST["path"] if entry not in own]
        self.modules = _Table(self)
        self.meta_path: list[Any] = [_Finder(self), PathFinder]  # PathFinder is what importlib.metadata asks for distributions
        self.path_importer_cache: dict[str, Any] = {}
        self.deployed_as: dict[str, str] = {}
        self._own_builtins = {"__import__": self._import, "exit": sys.exit, "quit": sys.exit}  # the interactive ones close the test's stdin
        self.builtins = {**vars(builtins), **self._own_builtins}
        self._hosts_builtins = [*vars(builtins).values()]
        self._host_path = frozenset(_HOST["path"]) - set(own)
        self._judged_path = list(self.path)
        self._verdicts: dict[str, bool] = {}
        self._project = project.indexes(_HOST["path"])

    def import_module(self, name: str) -> ModuleType:
        """Imports a module as deployed code would.

        Args:
            name: its absolute name, such as ``app.orders``.

        Raises:
            ImportError: neither the environment nor the host has it.
        """
        token = current.set(self)
        try:
            return importlib.import_module(name)
        finally:
            current.reset(token)

    def import_handler_module(self, name: str) -> ModuleType:
        """Imports the module of a handler, which the deployment or the standard library has to have.

        Args:
            name: its absolute name.

        Raises:
            ModuleNotFoundError: it would be found on the host only, where the test's own modules are.
            Exception: whatever the module raises.
        """
        top = name.partition(".")[0]
        if top and top not in sys.stdlib_module_names and not self.owns(top):
            raise ModuleNotFoundError(f"No module named '{top}'", name=top)
        return importlib.import_module(name)

    def owns(self, name: str) -> bool:
        """Says whether a module name belongs to this environment rather than to the host."""
        top = name.partition(".")[0]
        if top in self.table:
            return True
        if self.path != self._judged_path:  # deployed code may extend its sys.path
            self._judged_path, self._verdicts = list(self.path), {}
        verdict = self._verdicts.get(top)
        if verdict is None:
            verdict = self._verdicts[top] = self._judge(top)
        return verdict

    def code(self, path: str) -> CodeType:
        """The compiled code of a source file, under the path of the project's file that it is equal to, if it is to one.

        Args:
            path: of the deployed file.

        Raises:
            OSError: it cannot be read.
            SyntaxError: it is no Python.
        """
        with open(path, "rb") as file:  # noqa: PTH123 - as importlib does; a cold start reads many
            source = file.read()
        directory = next((directory for directory in self.directories if project.is_below(path, directory)), None)
        own = directory and project.find(self._project, path[len(directory) + 1 :], source)
        if own:
            self.deployed_as[own] = path
            compiled.announce(own)
        return compiled.code(source, own or path)

    def refresh_builtins(self) -> None:
        """Takes over what the test has patched in ``builtins`` meanwhile."""
        # Copying takes 5 microseconds, comparing 1, and every warm invocation comes by.
        hosts = [*vars(builtins).values()]
        if hosts != self._hosts_builtins:
            self._hosts_builtins = hosts
            self.builtins.update({**vars(builtins), **self._own_builtins})

    def forget(self) -> None:
        """Drops every module and what the process remembers of their files; for good."""
        self.table.clear()
        for directory in self.directories:
            for filename in [name for name in list(linecache.cache) if project.is_below(name, directory)]:
                linecache.cache.pop(filename, None)

    def _judge(self, top: str) -> bool:
        if top in sys.builtin_module_names or top in _LOADED_BEFORE_THE_HANDLER or (top in _HOOKED and _host_spec(top, None) is not None):
            return False
        own = [entry for entry in self.path if entry not in self._host_path]
        token = current.set(self)
        try:
            # A directory without __init__.py counts only where no real module of that name follows on the path, hence the second look.
            if PathFinder.find_spec(top, own) is None or (spec := PathFinder.find_spec(top, self.path)) is None:
                return False
            places = list(spec.submodule_search_locations or [spec.origin or ""])
        finally:
            current.reset(token)
        if not any(project.is_below(place, entry) for place in places for entry in own):
            return False
        # Compiled parts of packages are built for Lambda's machines and look for their siblings in the interpreter's own table.
        return not any(map(_has_compiled_code, spec.submodule_search_locations or ())) or _host_spec(top, None) is None

    def _import(
        self,
        name: str,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if level == 0:
            if name == "pickle" and name not in self.table:
                self.table[name] = _pickle_in_python()
            if not self.owns(name):
                return builtins.__import__(name, globals, locals, fromlist or (), level)
        token = current.set(self)
        try:
            module = importlib.__import__(name, globals, locals, fromlist or (), level)
            self._bind_unfinished(module, name if level == 0 else "", fromlist or ())
        finally:
            current.reset(token)
        return module

    def _bind_unfinished(self, module: ModuleType, name: str, fromlist: Sequence[str]) -> None:
        """Makes a submodule that is still loading an attribute of its package.

        In a circular import the interpreter looks for it in the real ``sys.modules``, where it is not.
        """
        wanted = [(module, child) for child in fromlist]
        if not fromlist and "." in name:
            parents = name.split(".")
            paths = [(".".join(parents[:depth]), parents[depth]) for depth in range(1, len(parents))]
            wanted = [(self.table[parent], child) for parent, child in paths if parent in self.table]
        for parent, child in wanted:
            if isinstance(parent, ModuleType):  # modules may put anything in their place
                submodule = self.table.get(f"{parent.__name__}.{child}")
                if submodule is not None and child not in vars(parent):
                    setattr(parent, child, submodule)


class _Table(MutableMapping[str, ModuleType]):
    """``sys.modules`` as an environment sees it: its own modules and the host's others. Writes and deletions stay in the environment."""

    def __init__(self, owner: Modules) -> None:
        self._owner = owner

    def __getitem__(self, name: str | None) -> ModuleType:
        table = self._owner.table
        if name in table:
            return table[name]
        if name is None or self._owner.owns(name):  # dataclasses and typing ask for a class's __module__, which may be None
            raise KeyError(name)
        return cast("ModuleType", _HOST["modules"][name])

    def __setitem__(self, name: str, module: ModuleType) -> None:
        if _HOST["modules"].get(name) is not module or self._owner.owns(name):
            self._owner.table[name] = module

    def __delitem__(self, name: str) -> None:
        self[name]  # raises KeyError where there is nothing to delete
        self._owner.table.pop(name, None)  # the host keeps its modules

    def __iter__(self) -> Iterator[str]:
        owner = self._owner
        hosts = [name for name in list(_HOST["modules"]) if name not in owner.table and not owner.owns(name)]
        return iter([*hosts, *owner.table])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def clear(self) -> None:
        """Forgets the environment's own modules; the inherited way would go on until the host's are gone too, which stay."""
        self._owner.table.clear()

    def copy(self) -> dict[str, ModuleType]:
        """Returns a plain dict with the same modules, as ``dict.copy`` does."""
        return dict(self)


class _Finder:
    """Finds an environment's modules in its directories, and everything else on the host's side."""

    def __init__(self, owner: Modules) -> None:
        self._owner = owner

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Finds a module; the contract of ``sys.meta_path``."""
        if not self._owner.owns(fullname):
            found = _host_spec(fullname, path, target)
            return found and _at_host(found)
        spec = PathFinder.find_spec(fullname, self._owner.path if path is None else path, target)
        if spec is not None and type(spec.loader) in {SourceFileLoader, SourcelessFileLoader}:
            loader = cast("SourceFileLoader | SourcelessFileLoader", spec.loader)
            loader_class = _SourceLoader if isinstance(loader, SourceFileLoader) else _SourcelessLoader
            spec.loader = loader_class(fullname, loader.path)
            spec.loader.owner = self._owner
        return spec

    def invalidate_caches(self) -> None:
        """Looks again for names that were not found; the contract of ``importlib.invalidate_caches``."""
        self._owner._verdicts.clear()  # noqa: SLF001 - the finder is a part of its environment's modules


class _OwnModule:
    """The half of a loader that gives a new module its environment's builtins."""

    owner: Modules

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        vars(module)["__builtins__"] = self.owner.builtins
        return module


class _SourceLoader(_OwnModule, SourceFileLoader):  # type: ignore[misc]  # typeshed's own bases disagree about source_to_code
    def get_code(self, fullname: str) -> CodeType:
        return self.owner.code(self.get_filename(fullname))


class _SourcelessLoader(_OwnModule, SourcelessFileLoader):
    pass


class _HostLoader:
    """Hands a module of the host to an environment, imported outside the invocation so that nothing of the environment gets into it."""

    def __init__(self) -> None:
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        with outside():
            builtins.__import__(spec.name)
            module = cast("ModuleType", _HOST["modules"][spec.name])
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # importlib has just put ours there


def _has_compiled_code(directory: str) -> bool:
    """Says whether some file below a package's directory is compiled to machine code."""
    return any(name.endswith((".so", ".pyd")) for _, _, names in os.walk(directory) for name in names)


def _at_host(found: ModuleSpec) -> ModuleSpec:
    spec = ModuleSpec(found.name, cast("Any", _HostLoader()), origin=found.origin)
    spec.submodule_search_locations = found.submodule_search_locations
    return spec


def _host_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
    with outside():
        finders = cast("list[MetaPathFinder]", list(sys.meta_path))
        return next((spec for finder in finders if (spec := finder.find_spec(name, path, target)) is not None), None)


@contextmanager
def outside() -> Iterator[None]:
    """Steps out of the invocation for a while: modules and environment variables are the host's inside the block."""
    modules, variables = current.set(None), environ.current.set(None)
    try:
        yield
    finally:
        environ.current.reset(variables)
        current.reset(modules)


def _pickle_in_python() -> ModuleType:
    """Returns a ``pickle`` without its C half, which looks for classes in the real ``sys.modules`` and so misses deployed ones."""
    own = ModuleType("pickle", pickle.__doc__)
    vars(own).update(vars(pickle))
    for name in ("Pickler", "Unpickler", "dump", "dumps", "load", "loads"):
        setattr(own, name, getattr(pickle, f"_{name}"))
    return own


def _view(name: str) -> Any:
    def read(_: ModuleType) -> Any:
        modules = current.get()
        return _HOST[name] if modules is None else getattr(modules, name)

    def write(_: ModuleType, value: Any) -> None:
        modules = current.get()
        if modules is None:
            _HOST[name] = value
        else:
            setattr(modules, name, value)

    return property(read, write)


class _Sys(_SYS_CLASS):  # type: ignore[misc, valid-type]  # the class that sys has, whatever made it so
    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        # importlib makes every module of the class that sys has; one that has something called "path" must not get into sys with it.
        return _SYS_CLASS(*args, **kwargs)

    modules = _view("modules")
    path = _view("path")
    meta_path = _view("meta_path")
    path_importer_cache = _view("path_importer_cache")


def install() -> None:
    """Makes ``sys.modules``, ``sys.path`` and the import caches views; doing it again changes nothing."""
    sys.__class__ = _Sys


def uninstall() -> None:
    """Makes ``sys`` what it was."""
    sys.__class__ = _SYS_CLASS
