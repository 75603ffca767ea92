"""Bytes as somebody reads them: what is text stays, and a package is its size and its hash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from fakelambda.domain.packages import Package

_NO_TEXT: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # no white space, and no colours


class Blob:
    """Bytes that nobody can read, such as a zip; their hash is the ``CodeSha256`` that AWS answers with."""

    def __init__(self, content: bytes) -> None:
        self._package = Package.of(content)

    def __repr__(self) -> str:
        return f"<{self._package.code_size} bytes, CodeSha256 {self._package.code_sha256}>"


def readable(value: Any) -> Any:
    """The same value with a `Blob` in the place of bytes that are no text, however deep."""
    if isinstance(value, bytes):
        return Blob(value) if _NO_TEXT.search(value) else value
    if isinstance(value, Mapping):
        return {name: readable(item) for name, item in value.items()}
    return [readable(item) for item in value] if isinstance(value, list) else value
