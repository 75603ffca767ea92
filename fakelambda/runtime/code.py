"""Code between disk and deployment packages: packages unpacked for Python to import from, source directories packed for deployment."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fakelambda.domain import packages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LEFT_OUT: Final = frozenset({"__pycache__", ".git"})
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)


def extract(content: bytes, directory: Path) -> None:
    """Unpacks a deployment package.

    Args:
        content: the package.
        directory: where its files go; it is made, and should be nobody else's.

    Raises:
        InvalidParameterValueException: the package cannot be unzipped, is empty or too large; some of its files may be there already.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for file in packages.files(content):
        target = directory.joinpath(*file.path.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(0o755 if file.executable else 0o644)


def of_directory(path: Path) -> bytes:
    """Packs a source directory: equal files make equal bytes, whenever, wherever and in whatever order they were written.

    Bytecode and ``.git`` are left out, and so are links that lead outside or to directories, sockets and devices.

    Args:
        path: the directory.

    Raises:
        NotADirectoryError: it is no directory.
    """
    if not path.is_dir():
        raise NotADirectoryError(path)
    root = path.resolve()
    files = {name: (file.read_bytes(), bool(file.stat().st_mode & stat.S_IXUSR)) for name, file in _sources(root)}
    return _packed(files)


def of_files(files: Mapping[str, bytes]) -> bytes:
    """Packs files by their names: equal files make equal bytes."""
    return _packed({name: (content, False) for name, content in files.items()})


def _packed(files: Mapping[str, tuple[bytes, bool]]) -> bytes:
    packed = io.BytesIO()
    # Stored, not deflated: other versions of zlib would make other bytes, so another CodeSha256.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, (content, executable) in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EARLIEST)
            info.create_system = 3  # Unix, on every system: it is what makes the mode count
            info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            archive.writestr(info, content)
    return packed.getvalue()


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    for directory, subdirectories, names in os.walk(root):
        subdirectories[:] = [name for name in subdirectories if name not in _LEFT_OUT]
        for name in names:
            file = Path(directory, name)
            real = file.resolve()
            if name not in _LEFT_OUT and not name.endswith(".pyc") and real.is_file() and real.is_relative_to(root):
                yield file.relative_to(root).as_posix(), real
