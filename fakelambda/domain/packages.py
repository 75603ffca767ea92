"""Deployment packages: bytes of strangers, until every entry has been looked at.

What a package may hold is decided here, in ``_checked`` and ``_path``; whoever writes files to a disk writes what ``files`` yields.
"""

from __future__ import annotations

import base64
import hashlib
import io
import posixpath
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from fakelambda.domain.errors import InvalidParameterValueException, RequestEntityTooLargeException

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ZIPPED_LIMIT: Final = 52_428_800
UNZIPPED_LIMIT: Final = 262_144_000
STORAGE_LIMIT: Final = 80_530_636_800

_LONGEST_NAME: Final = 255
_LONGEST_PATH: Final = 1024
_ENCRYPTED: Final = 0x1
_MOST_LINKS: Final = 40
_DRIVE: Final = re.compile(r"[A-Za-z]:")
# All that zipfile raises for bytes that are no proper archive; a method or a version that it does not know is a RuntimeError.
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, ValueError, EOFError, OSError, IndexError, OverflowError)


_Entry: TypeAlias = tuple[PurePosixPath, zipfile.ZipInfo]


@dataclass(frozen=True, slots=True, eq=False)
class Package:
    """A deployment package.

    Attributes:
        content: the bytes as they were uploaded.
        code_sha256: their SHA-256, in base64.
        code_size: their number.
    """

    content: bytes = field(repr=False)
    code_sha256: str
    code_size: int

    @classmethod
    def of(cls, content: bytes) -> Self:
        """A package of these bytes, which are not looked into."""
        return cls(content, base64.b64encode(hashlib.sha256(content).digest()).decode(), len(content))


@dataclass(frozen=True, slots=True)
class File:
    """A regular file of a package.

    Attributes:
        path: relative, without ``.`` and ``..``.
        content: its bytes.
        executable: whether anybody may execute it.
    """

    path: PurePosixPath
    content: bytes
    executable: bool


def check_upload(content: bytes) -> None:
    """Checks the size of a package that is part of a request; one from S3 may be larger.

    Raises:
        RequestEntityTooLargeException: it is over 50 MB.
    """
    if len(content) > ZIPPED_LIMIT:
        raise RequestEntityTooLargeException(f"Zipped size must be smaller than {ZIPPED_LIMIT} bytes")


def check(content: bytes) -> None:
    """Checks a package as a whole, by reading one file of it after the other.

    Raises:
        InvalidParameterValueException: it is no zip, is empty, damaged, would be over 250 MB, or holds an entry that nobody should unpack.
    """
    for _ in files(content):
        continue


def files(content: bytes) -> Iterator[File]:
    """The regular files of a package, one at a time; of a name that occurs twice, the last.

    Symbolic links are never made: one to a file of the package becomes a copy of that file, any other is left out.

    Raises:
        InvalidParameterValueException: as ``check``; some files may have been yielded by then.
    """
    if not content:
        raise _empty()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            left = UNZIPPED_LIMIT
            for path, info in _with_links(archive, _checked(archive)).items():
                with archive.open(info) as stream:
                    data = stream.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise _too_large()
                yield File(path, data, executable=bool(_mode(info) & 0o111))
    except _UNREADABLE:
        raise _not_unzipped() from None


def unzipped_size(content: bytes) -> int:
    """How many bytes the files of a package have that was checked before."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return sum(info.file_size for info in archive.infolist())


def _checked(archive: zipfile.ZipFile) -> list[_Entry]:
    """The archive's entries without its directories, each with a path that is safe to write to."""
    entries = archive.infolist()
    if not entries:
        raise _empty()
    if sum(info.file_size for info in entries) > UNZIPPED_LIMIT:
        raise _too_large()
    checked = [(_path(info), info) for info in entries]
    written = [(path, info) for path, info in checked if not _is_directory(info)]
    paths = {path for path, _ in written}
    if not paths.isdisjoint(parent for path in paths for parent in path.parents):
        raise _not_unzipped()
    return written


def _path(info: zipfile.ZipInfo) -> PurePosixPath:
    """Where an entry belongs, by the name that the archive has: zipfile's own has been cut at the first NUL."""
    name = info.orig_filename
    path = PurePosixPath(name)
    hostile = (
        name.startswith("/")
        or "\\" in name
        or any(character < " " for character in name)
        or _DRIVE.match(name)
        or ".." in path.parts
        or not path.parts
        or len(name.encode()) > _LONGEST_PATH
        or any(len(part.encode()) > _LONGEST_NAME for part in path.parts)
    )
    kind = stat.S_IFMT(_mode(info))
    unreadable = info.flag_bits & _ENCRYPTED or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    if hostile or unreadable or kind not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
        raise _not_unzipped()
    return path


def _with_links(archive: zipfile.ZipFile, entries: list[_Entry]) -> Mapping[PurePosixPath, zipfile.ZipInfo]:
    """The files by path, where a link stands for the file that it leads to."""
    last = dict(entries)
    links = {path: _target(archive, path, info) for path, info in last.items() if stat.S_ISLNK(_mode(info))}
    found: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for path in last:
        target, steps = path, 0
        while target in links and steps < _MOST_LINKS:
            target, steps = links[target], steps + 1
        if target in last and target not in links:
            found[path] = last[target]
    return found


def _target(archive: zipfile.ZipFile, link: PurePosixPath, info: zipfile.ZipInfo) -> PurePosixPath:
    with archive.open(info) as stream:
        target = stream.read(_LONGEST_PATH).decode(errors="replace")
    return PurePosixPath(posixpath.normpath(link.parent / target))


def _mode(info: zipfile.ZipInfo) -> int:
    return info.external_attr >> 16


def _is_directory(info: zipfile.ZipInfo) -> bool:
    return info.orig_filename.endswith("/") or stat.S_ISDIR(_mode(info))


def _not_unzipped() -> InvalidParameterValueException:
    return InvalidParameterValueException("Could not unzip uploaded file. Please check your file, then try to upload again.")


def _empty() -> InvalidParameterValueException:
    return InvalidParameterValueException("Uploaded file must be a non-empty zip")


def _too_large() -> InvalidParameterValueException:
    return InvalidParameterValueException(f"Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")
