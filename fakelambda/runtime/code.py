"""Code between disk and deployment packages: packages unpacked for Python to import from, source directories packed for deployment."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tempfile
import weakref
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fakelambda.domain import packages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LEFT_OUT: Final = frozenset({"__pycache__", ".git"})
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_UNPACKED_AT: Final = 315_532_800
"""The time of every unpacked file and directory, 1980 too, so that whatever is written among them later shows."""
_MOST_SHARED: Final = 64
_WRITABLE: Final = 0 if os.name == "posix" else stat.S_IWUSR  # what is read-only on Windows cannot be removed there

PREFIX: Final = "fakelambda-package-"
"""How the names of directories of unpacked packages begin."""


class Unpacked:
    """A deployment package on disk, or the layers of a function. As in Lambda it is read-only, so any number of environments run from it.

    Its directory goes when nothing refers to this object any more, and at the end of the interpreter.

    Args:
        contents: the package, or several that go to one directory; files of later ones stand in the place of earlier ones.

    Attributes:
        directory: where its files are.

    Raises:
        InvalidParameterValueException: the package cannot be unpacked.
    """

    def __init__(self, *contents: bytes) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        remove = weakref.finalize(self, _remove, self.directory)
        try:
            self._paths = extract(self.directory, *contents)
        except BaseException:
            remove()
            raise

    def intact(self) -> bool:
        """Says whether the files are still those of the package: permissions do not keep the superuser from writing among them."""
        try:
            return all(os.stat(path).st_mtime == _UNPACKED_AT for path in self._paths)  # noqa: PTH116 - half the time of Path.stat
        except OSError:
            return False


_shared: dict[tuple[bytes, ...], Unpacked] = {}


def unpacked(*contents: bytes) -> Unpacked:
    """Unpacks a deployment package, or several over each other, unless that has been done since the last `forget`.

    Raises:
        InvalidParameterValueException: the package cannot be unpacked.
    """
    shared = _shared.get(contents)
    if shared is None or not shared.intact():
        shared = Unpacked(*contents)
        if len(_shared) >= _MOST_SHARED:
            forget()
        _shared[contents] = shared
    return shared


def forget() -> None:
    """Forgets the unpacked packages; the directories that no environment runs from are removed."""
    _shared.clear()


def extract(directory: Path, *contents: bytes) -> list[str]:
    """Unpacks a deployment package, or several over each other, read-only and with the same times every time.

    Args:
        directory: where the files go; it is made, and should be nobody else's.
        contents: the packages.

    Returns:
        The directory and every directory and file in it.

    Raises:
        InvalidParameterValueException: a package cannot be unzipped, is empty or too large; some files may be there already.
    """
    directory.mkdir(parents=True, exist_ok=True)
    directories = {directory}
    files: dict[Path, int] = {}
    for content in contents:
        for file in packages.files(content):
            target = directory.joinpath(*file.path.parts)
            if target in directories:  # of an earlier package; within one there is no such conflict
                _remove_inner(target, files, directories)
            if target.parent not in directories:
                for place in files.keys() & set(target.parents):
                    place.unlink()
                    del files[place]
                target.parent.mkdir(parents=True, exist_ok=True)
                directories.update(place for place in target.parents if place.is_relative_to(directory))
            target.write_bytes(file.content)
            files[target] = 0o555 if file.executable else 0o444
    modes = {str(place): mode for place, mode in files.items()} | {str(place): 0o555 for place in directories}
    for name, mode in modes.items():
        os.chmod(name, mode | _WRITABLE)  # noqa: PTH101 - there may be thousands, and Path takes twice the time
        os.utime(name, (_UNPACKED_AT, _UNPACKED_AT))
    return list(modes)


def _remove_inner(target: Path, files: dict[Path, int], directories: set[Path]) -> None:
    """Removes a directory of an earlier package, where a file of a later one goes."""
    shutil.rmtree(target)
    directories.difference_update([place for place in directories if place.is_relative_to(target)])
    for place in [place for place in files if place.is_relative_to(target)]:
        del files[place]


def _remove(directory: Path) -> None:
    for place, _, _ in os.walk(directory):
        Path(place).chmod(0o700)
    shutil.rmtree(directory, ignore_errors=True)


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
