"""Packages with machine code in the zip: the host's are taken where it has them, since Lambda's cannot be loaded beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import coverage
import pytest

if TYPE_CHECKING:
    from conftest import Deploy, Invoke

HANDLER = "import {name}\ndef handler(event, context): return {name}.__file__\n"


@pytest.mark.parametrize("extension", ["tracer.so", "deep/down/tracer.cpython-313-x86_64-linux-gnu.so", "tracer.pyd"])
def test_the_hosts_is_taken_where_there_is_one(deploy: Deploy, invoke: Invoke, extension: str) -> None:
    files = {"app.py": HANDLER.format(name="coverage"), "coverage/__init__.py": "", f"coverage/{extension}": ""}
    assert invoke(deploy(files)).result == coverage.__file__


def test_one_that_the_host_lacks_is_the_zips(deploy: Deploy, invoke: Invoke) -> None:
    files = {"app.py": HANDLER.format(name="lacking"), "lacking/__init__.py": "", "lacking/tracer.so": ""}
    assert invoke(deploy(files)).result.endswith("/lacking/__init__.py")


def test_one_without_machine_code_is_the_zips(deploy: Deploy, invoke: Invoke) -> None:
    files = {"app.py": HANDLER.format(name="coverage"), "coverage/__init__.py": "", "coverage/tracer.txt": ""}
    assert invoke(deploy(files)).result != coverage.__file__
