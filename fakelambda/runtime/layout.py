"""Where the files of an execution environment are: what Lambda has in ``/var/task`` and ``/opt`` is in directories of this machine."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from fakelambda.runtime import code

if TYPE_CHECKING:
    from collections.abc import Sequence

_TASK: Final = PurePosixPath("/var/task")
_OPT: Final = PurePosixPath("/opt")


@dataclass(frozen=True, slots=True)
class Layout:
    """The directories of a function's code and of its layers, which are merged into one.

    They stay as long as this object does.

    Args:
        task: where the code is.
        package, layers: what has to be kept for that.
    """

    task: Path
    package: code.Unpacked | None
    layers: code.Unpacked | None

    @classmethod
    def of(cls, source: bytes | Path, layers: Sequence[bytes]) -> Layout:
        """Unpacks what has to be unpacked.

        Args:
            source: a deployment package, or a directory of sources that is used where it is.
            layers: their packages; files of later ones stand in the place of earlier ones.

        Raises:
            InvalidParameterValueException: a package cannot be unpacked.
        """
        merged = code.unpacked(*layers) if layers else None
        if isinstance(source, Path):
            return cls(source.resolve(), None, merged)
        package = code.unpacked(source)
        return cls(package.directory, package, merged)

    @property
    def opt(self) -> Path | None:
        """Where the layers are; None where there are none."""
        return self.layers.directory if self.layers else None

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """The directories, and what Lambda calls them."""
        return ((str(self.task), str(_TASK)), *(((str(self.opt), str(_OPT)),) if self.opt else ()))

    def search_path(self, runtime: str, python_path: str | None) -> list[Path]:
        """What Lambda has first on ``sys.path``.

        Args:
            runtime: of the function, such as ``python3.13``.
            python_path: the function's own ``PYTHONPATH``, which then decides where its layers are looked for; None where it sets none.
        """
        if python_path is not None:
            return list(dict.fromkeys([self.task, *map(self.here, python_path.split(":"))]))
        return [self.task] if self.opt is None else [self.task, self.opt / "python/lib" / runtime / "site-packages", self.opt / "python"]

    def here(self, entry: str) -> Path:
        """Where on this machine is what Lambda has at a path, which may be relative to the code."""
        place = PurePosixPath(posixpath.normpath(_TASK / entry))
        for there, here in ((_TASK, self.task), (_OPT, self.opt)):
            if here and place.is_relative_to(there):
                return here / place.relative_to(there)
        return Path(place)
