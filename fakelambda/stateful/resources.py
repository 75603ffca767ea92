"""What the bundles of a machine hold."""

from __future__ import annotations

from typing import NamedTuple


class Version(NamedTuple):
    """A published version, as the bundle ``versions`` holds it; as text it is what ``FunctionName`` takes: ``"orders:1"``.

    Args:
        function_name: the plain name.
        version: the number, as text.
    """

    function_name: str
    version: str

    def __str__(self) -> str:
        return f"{self.function_name}:{self.version}"


class Alias(NamedTuple):
    """An alias, as the bundle ``aliases`` holds it; as text it is what ``FunctionName`` takes: ``"orders:live"``.

    Args:
        function_name: the plain name.
        name: of the alias.
    """

    function_name: str
    name: str

    def __str__(self) -> str:
        return f"{self.function_name}:{self.name}"
