"""Methods of the standard library that are replaced while any fake is active."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


class View:
    """A method with something before it.

    Args:
        owner: the class, or the module of a function.
        name: of the method.
        wrap: makes the view of the method that it is given; where the view has nothing to do it is to call that and nothing else.
    """

    def __init__(self, owner: type | ModuleType, name: str, wrap: Callable[[Any], Any]) -> None:
        self._owner, self._name, self._wrap = owner, name, wrap
        self._originals: dict[Any, Any] = {}
        self._made: tuple[Any, Any] = (None, None)

    def install(self) -> None:
        """Puts the view in the place of the method as it is now, which somebody else may have replaced already."""
        original = self._without_views()
        if self._made[0] is not original:  # mostly it is: fakes come and go
            self._made = (original, self._wrap(original))
        view = self._made[1]
        self._originals[view] = original
        setattr(self._owner, self._name, view)

    def uninstall(self) -> None:
        """Puts the method back; a view that somebody else has replaced meanwhile, and may put back later, stays in use there."""
        setattr(self._owner, self._name, self._without_views())

    def _without_views(self) -> Any:
        method = getattr(self._owner, self._name)
        while method in self._originals:
            method = self._originals.pop(method)
        return method
