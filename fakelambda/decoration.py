"""A fake as a decorator: fresh state for every call of a function, or every test of a class. Injects nothing."""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, TypeVar, cast

Target = TypeVar("Target", bound=Callable[..., Any])
MakeFake = Callable[[], AbstractContextManager[Any]]

_UNFAKED = "_fakelambda_unfaked"


def decorated(target: Target, make: MakeFake) -> Target:
    """The target with a new fake around each call, or around each test of a ``TestCase`` class with its ``setUp`` and ``tearDown``.

    Raises:
        TypeError: a class that is no ``TestCase``, a generator, or nothing callable.
    """
    if isinstance(target, type):
        if not issubclass(target, unittest.TestCase):
            raise TypeError(
                f"@FakeLambda() decorates functions and unittest.TestCase classes, not {target.__qualname__}; "
                "in a pytest class use @pytest.mark.fake_lambda or the fake_lambda fixture."
            )
        # unittest calls `run` for each test, from setUp to tearDown. A decorated subclass replaces the fake of its base.
        run = _around(getattr(target.run, _UNFAKED, target.run), make)
        setattr(run, _UNFAKED, run.__wrapped__)  # type: ignore[attr-defined]  # `wraps` has set it
        target.run = run  # type: ignore[method-assign]  # what decorating the class means
        return target
    if isinstance(target, staticmethod | classmethod):
        return cast("Target", type(target)(decorated(target.__func__, make)))
    if inspect.isgeneratorfunction(target) or inspect.isasyncgenfunction(target):
        raise TypeError(f"@FakeLambda() cannot decorate the generator {target.__qualname__}; write `with FakeLambda():` in its body.")
    if not inspect.isroutine(target):
        raise TypeError(f"@FakeLambda() decorates functions and unittest.TestCase classes, not {target!r}.")
    if inspect.iscoroutinefunction(target):
        return cast("Target", _around_coroutine(target, make))
    return cast("Target", _around(target, make))


def _around(function: Callable[..., Any], make: MakeFake) -> Callable[..., Any]:
    @wraps(function)
    def faked(*args: Any, **kwargs: Any) -> Any:
        with make():
            return function(*args, **kwargs)

    return faked


def _around_coroutine(function: Callable[..., Any], make: MakeFake) -> Callable[..., Any]:
    @wraps(function)
    async def faked(*args: Any, **kwargs: Any) -> Any:
        with make():
            return await function(*args, **kwargs)

    return faked
