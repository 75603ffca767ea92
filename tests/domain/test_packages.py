"""Deployment packages are bytes of strangers: refused with AWS's texts, or harmless."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakelambda.domain import packages
from fakelambda.domain.errors import InvalidParameterValueException, RequestEntityTooLargeException

NOT_UNZIPPED = "Could not unzip uploaded file. Please check your file, then try to upload again."
EMPTY = "Uploaded file must be a non-empty zip"
TOO_LARGE = "Unzipped size must be smaller than 262144000 bytes"


def entry(name: str, mode: int = stat.S_IFREG | 0o644, compress_type: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.filename = name  # zipfile would have tidied it
    info.external_attr = mode << 16
    info.compress_type = compress_type
    return info


def archive(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for info, data in entries:
            target.writestr(entry(info) if isinstance(info, str) else info, data)
    return packed.getvalue()


def patched(content: bytes, *, offset: int, value: bytes) -> bytes:
    """The archive with a field of its first central directory entry changed."""
    position = content.index(b"PK\x01\x02") + offset
    return content[:position] + value + content[position + len(value) :]


def contents(content: bytes) -> dict[str, bytes]:
    return {str(file.path): file.content for file in packages.files(content)}


ONE = archive(("app.py", b"print()"))
LINK = stat.S_IFLNK | 0o777


def test_a_package_knows_its_hash_and_size() -> None:
    package = packages.Package.of(b"abc")
    assert (package.content, package.code_size) == (b"abc", 3)
    assert package.code_sha256 == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="


def test_packages_are_the_same_only_by_identity() -> None:
    package = packages.Package.of(b"abc")
    assert package != packages.Package.of(b"abc")
    assert len({package, package}) == 1


def test_files_keep_content_and_executable_bit() -> None:
    content = archive(("app.py", b"a"), ("lib/", b""), (entry("bin/run", stat.S_IFREG | 0o700), b"#!"), ("lib/./x", b"x"))
    assert list(packages.files(content)) == [
        packages.File(PurePosixPath("app.py"), b"a", executable=False),
        packages.File(PurePosixPath("bin/run"), b"#!", executable=True),
        packages.File(PurePosixPath("lib/x"), b"x", executable=False),
    ]
    packages.check(content)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_last_of_a_name_counts() -> None:
    assert contents(archive(("app.py", b"old"), ("app.py", b"new"))) == {"app.py": b"new"}


def test_links_inside_are_copies_and_others_are_left_out() -> None:
    content = archive(
        ("lib/real.so", b"elf"),
        (entry("lib/a.so", LINK), b"real.so"),
        (entry("b.so", LINK), b"lib/a.so"),
        (entry("out", LINK), b"../../etc/passwd"),
        (entry("root", LINK), b"/etc/passwd"),
        (entry("directory", LINK), b"lib"),
        (entry("loop", LINK), b"pool"),
        (entry("pool", LINK), b"loop"),
    )
    assert contents(content) == {"lib/real.so": b"elf", "lib/a.so": b"elf", "b.so": b"elf"}


HOSTILE: list[Any] = [
    pytest.param(b"nonsense", NOT_UNZIPPED, id="no zip"),
    pytest.param(ONE[:-5], NOT_UNZIPPED, id="cut off"),
    pytest.param(b"", EMPTY, id="no bytes"),
    pytest.param(archive(), EMPTY, id="no entries"),
    *(
        pytest.param(archive((name, b"x")), NOT_UNZIPPED, id=f"name {name[:20]!a}")
        for name in (
            "../x",
            "a/../../x",
            "/etc/x",
            "//host/x",
            "C:x",
            "c:/x",
            "a\\b",
            "..\\x",
            "a\x00b",
            "a\nb",
            ".",
            "x" * 256,
            "x/" * 600 + "x",
        )
    ),
    pytest.param(archive(("a", b""), ("a/b", b"")), NOT_UNZIPPED, id="file and directory"),
    pytest.param(archive(("../", b"")), NOT_UNZIPPED, id="directory outside"),
    pytest.param(archive((entry("null", stat.S_IFCHR | 0o666), b"")), NOT_UNZIPPED, id="device"),
    pytest.param(archive((entry("pipe", stat.S_IFIFO | 0o666), b"")), NOT_UNZIPPED, id="pipe"),
    pytest.param(archive((entry("x", compress_type=zipfile.ZIP_LZMA), b"x")), NOT_UNZIPPED, id="lzma"),
    pytest.param(patched(ONE, offset=8, value=b"\x01\x00"), NOT_UNZIPPED, id="encrypted"),
    pytest.param(patched(ONE, offset=10, value=b"\x63\x00"), NOT_UNZIPPED, id="unknown method"),
    pytest.param(patched(ONE, offset=6, value=b"\xff\x00"), NOT_UNZIPPED, id="version of the future"),
    pytest.param(patched(ONE, offset=24, value=struct.pack("<I", 262_144_001)), TOO_LARGE, id="declared too large"),
]


@pytest.mark.parametrize(("content", "message"), HOSTILE)
def test_hostile_packages_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(InvalidParameterValueException) as checked:
        packages.check(content)
    with pytest.raises(InvalidParameterValueException) as unpacked:
        list(packages.files(content))
    assert (checked.value.message, unpacked.value.message) == (message, message)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(patched(ONE, offset=16, value=b"\x00\x00\x00\x00"), id="wrong CRC"),
        pytest.param(patched(ONE, offset=24, value=b"\x02\x00\x00\x00"), id="larger than declared"),
        pytest.param(patched(ONE, offset=42, value=b"\x05\x00\x00\x00"), id="points elsewhere"),
    ],
)
def test_damage_is_found_however_a_package_is_read(content: bytes) -> None:
    with pytest.raises(InvalidParameterValueException, match="Could not unzip"):
        packages.check(content)
    with pytest.raises(InvalidParameterValueException, match="Could not unzip"):
        list(packages.files(content))


def test_copies_count_towards_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "UNZIPPED_LIMIT", 2500)
    content = archive(("big", bytes(1000)), *((entry(f"link{number}", LINK), b"big") for number in range(3)))
    with pytest.raises(InvalidParameterValueException, match="Unzipped size"):
        packages.check(content)
    unpacked = packages.files(content)
    assert [len(next(unpacked).content) for _ in range(2)] == [1000, 1000]
    with pytest.raises(InvalidParameterValueException, match="Unzipped size"):
        next(unpacked)


def test_uploads_end_at_fifty_megabytes() -> None:
    packages.check_upload(bytes(52_428_800))
    with pytest.raises(RequestEntityTooLargeException, match="Zipped size must be smaller than 52428800 bytes"):
        packages.check_upload(bytes(52_428_801))


VICTIM = archive(("a/app.py", b"print()" * 9), (entry("run", stat.S_IFREG | 0o755), b"#!"), (entry("link", LINK), b"run"))


@given(st.lists(st.tuples(st.integers(0, len(VICTIM) - 1), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, len(VICTIM)))
def test_damaged_archives_are_unpacked_or_refused_and_nothing_else(changes: list[tuple[int, int]], length: int) -> None:
    damaged = bytearray(VICTIM)
    for position, value in changes:
        damaged[position] = value
    for content in (bytes(damaged), bytes(damaged[:length])):
        try:
            packages.check(content)
            unpacked = list(packages.files(content))
        except InvalidParameterValueException:
            continue
        assert all(file.path.parts and not file.path.is_absolute() and ".." not in file.path.parts for file in unpacked)
