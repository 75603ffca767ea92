"""Packages are unpacked below one directory and nowhere else; directories are packed the same way every time."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakelambda.domain.errors import InvalidParameterValueException
from fakelambda.domain.packages import Package
from fakelambda.runtime import code

if TYPE_CHECKING:
    from collections.abc import Callable


def archive(*entries: tuple[str, int, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for name, mode, data in entries:
            info = zipfile.ZipInfo("x")
            info.filename = name  # zipfile would have tidied it
            info.external_attr = mode << 16
            target.writestr(info, data)
    return packed.getvalue()


def everything_below(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.lstat().st_mode.__format__("o") + str(path.lstat().st_mtime_ns) for path in root.rglob("*")
    }


def write(root: Path, name: str, content: str = "") -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def test_extract_writes_read_only_files_and_keeps_the_executable_bit(tmp_path: Path) -> None:
    content = archive(("pkg/app.py", stat.S_IFREG, b"x = 1"), ("bin/run", stat.S_IFREG | 0o100, b"#!"))
    code.extract(tmp_path / "task", content)
    assert (tmp_path / "task/pkg/app.py").read_bytes() == b"x = 1"
    assert (tmp_path / "task/pkg/app.py").stat().st_mode & 0o777 == 0o444
    assert (tmp_path / "task/bin/run").stat().st_mode & 0o777 == 0o555


def test_a_package_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    content = archive(("app.py", stat.S_IFREG, b"x"))
    first, again = code.unpacked(content), code.unpacked(bytes(bytearray(content)))
    assert first is again
    directory = first.directory
    code.forget()
    assert directory.exists()
    del first, again
    assert list(tmp_path.iterdir()) == []


def _add(directory: Path) -> None:
    write(directory, "pkg/cache.json")


def _change(directory: Path) -> None:
    write(directory, "pkg/app.py", "y")


def _delete(directory: Path) -> None:
    (directory / "pkg/app.py").unlink()


def _delete_all(directory: Path) -> None:
    shutil.rmtree(directory)


@pytest.mark.parametrize("alter", [_add, _change, _delete, _delete_all])
def test_what_somebody_has_written_among_the_files_is_not_shared(alter: Callable[[Path], None]) -> None:
    content = archive(("pkg/app.py", stat.S_IFREG, b"x"))
    first = code.unpacked(content)
    for place in (first.directory, first.directory / "pkg", first.directory / "pkg/app.py"):
        place.chmod(0o700)
    alter(first.directory)
    second = code.unpacked(content)
    assert second.directory != first.directory
    assert [path.name for path in second.directory.rglob("*")] == ["pkg", "app.py"]
    assert (second.directory / "pkg/app.py").read_bytes() == b"x"
    code.forget()


def test_few_unpacked_packages_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(code, "_MOST_SHARED", 2)
    code.forget()
    kept = code.unpacked(archive(("kept.py", stat.S_IFREG, b"x")))
    for number in range(4):
        code.unpacked(archive(("app.py", stat.S_IFREG, str(number).encode())))
    assert len(list(tmp_path.iterdir())) == 2  # the last one's and that in use
    assert kept.intact()
    code.forget()


def test_no_link_is_made(tmp_path: Path) -> None:
    content = archive(("etc", stat.S_IFLNK | 0o777, b"/etc"), ("app.py", stat.S_IFREG, b"x"), ("copy.py", stat.S_IFLNK | 0o777, b"app.py"))
    code.extract(tmp_path, content)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file() and not path.is_symlink()) == ["app.py", "copy.py"]
    assert not (tmp_path / "etc").exists()


PARTS = st.sampled_from(
    ["..", ".", "", "a", "b", "A", "C:", "etc", "x" * 256, "a\x00", "a\\..\\b", "~", "é", "😀", " ", "a\n", "link", "-rf"]
)
NAMES = st.tuples(
    st.sampled_from(["", "/", "//", "\\", "../", "link/"]), st.lists(PARTS, min_size=1, max_size=4), st.sampled_from(["", "/"])
).map(lambda name: name[0] + "/".join(name[1]) + name[2])
KINDS = st.sampled_from([0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
MODES = st.tuples(KINDS, st.integers(0, 0o7777)).map(sum)
DATA = st.sampled_from([b"", b"x", b"..", b"../..", b"/etc", b"a", b"../outside.txt", b"link"])


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NAMES, MODES, DATA), min_size=1, max_size=5))
def test_nothing_appears_outside_the_directory(entries: list[tuple[str, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        task = root / "deep" / "task"
        task.mkdir(parents=True)
        write(root, "deep/outside.txt", "untouched")
        before = {name: mark for name, mark in everything_below(root).items() if not name.startswith("deep/task")}
        with contextlib.suppress(InvalidParameterValueException):
            code.extract(task, archive(*entries))
        after = everything_below(root)
        assert {name: mark for name, mark in after.items() if not name.startswith("deep/task")} == before
        for path in task.rglob("*"):
            assert path.is_dir() or path.is_file()
            assert not path.is_symlink()
            assert os.access(path, os.R_OK)
            assert not path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH)


def test_equal_directories_make_equal_packages(tmp_path: Path) -> None:
    for root, names in ((tmp_path / "one", ["app.py", "b/c.py", "b.py"]), (tmp_path / "two", ["b.py", "b/c.py", "app.py"])):
        for name in names:
            write(root, name, f"# {name}")
    os.utime(tmp_path / "two/app.py", (0, 0))
    packed = code.of_directory(tmp_path / "one")
    assert packed == code.of_directory(tmp_path / "two")
    assert Package.of(packed).code_sha256 == Package.of(code.of_directory(tmp_path / "two")).code_sha256
    with zipfile.ZipFile(io.BytesIO(packed)) as content:
        assert content.namelist() == ["app.py", "b.py", "b/c.py"]


def test_what_python_and_git_leave_behind_is_left_out(tmp_path: Path) -> None:
    for name in ("app.py", "__pycache__/app.cpython-311.pyc", "old.pyc", ".git/config", "pkg/__pycache__/x", "pkg/data.json", ".env"):
        write(tmp_path, name)
    with zipfile.ZipFile(io.BytesIO(code.of_directory(tmp_path))) as content:
        assert content.namelist() == [".env", "app.py", "pkg/data.json"]


def test_links_are_followed_only_inside(tmp_path: Path) -> None:
    source = tmp_path / "src"
    write(source, "real.py", "real")
    write(tmp_path, "secret.txt", "secret")
    (source / "link.py").symlink_to("real.py")
    (source / "secret.txt").symlink_to(tmp_path / "secret.txt")
    (source / "up").symlink_to(tmp_path, target_is_directory=True)
    (source / "dangling").symlink_to("nowhere")
    os.mkfifo(source / "pipe")
    with zipfile.ZipFile(io.BytesIO(code.of_directory(source))) as content:
        assert {name: content.read(name) for name in content.namelist()} == {"link.py": b"real", "real.py": b"real"}


def test_a_packed_directory_unpacks_to_itself(tmp_path: Path) -> None:
    write(tmp_path, "src/app.py", "x = 1")
    write(tmp_path, "src/bin/run", "#!").chmod(0o700)
    code.extract(tmp_path / "task", code.of_directory(tmp_path / "src"))
    assert (tmp_path / "task/app.py").read_text() == "x = 1"
    assert os.access(tmp_path / "task/bin/run", os.X_OK)
    assert not os.access(tmp_path / "task/app.py", os.X_OK) or os.geteuid() == 0


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        code.of_directory(write(tmp_path, "app.py"))
