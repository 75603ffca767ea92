"""Compiled code, kept for the process: deployed sources come again with every cold start and in every test, under changing directories."""

from __future__ import annotations

from types import CodeType

_MOST = 4096

_NOTHING = compile("", "", "exec")

_known: dict[bytes, CodeType] = {}
"""By source; the file name is that of the last who asked."""


def code(source: bytes, filename: str) -> CodeType:
    """Compiles a module, or finds it compiled.

    Args:
        source: its bytes.
        filename: where tracebacks, debuggers and coverage look for it.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it holds a null byte.
    """
    known = _known.get(source)
    found = compile(source, filename, "exec", dont_inherit=True) if known is None else _under(filename, known)
    if found is not known:
        if len(_known) >= _MOST:
            _known.clear()
        _known[source] = found
    return found


def announce(filename: str) -> None:
    """Shows a file name to whoever traces: coverage asks the first frame that it sees of a file for its ``__file__``, and believes it.

    Args:
        filename: of code that will run in modules whose ``__file__`` is another.
    """
    exec(_NOTHING.replace(co_filename=filename), {"__file__": filename})  # noqa: S102 - it does nothing


def _under(filename: str, code: CodeType) -> CodeType:
    if code.co_filename == filename:
        return code
    constants = tuple(_under(filename, constant) if isinstance(constant, CodeType) else constant for constant in code.co_consts)
    return code.replace(co_filename=filename, co_consts=constants)
