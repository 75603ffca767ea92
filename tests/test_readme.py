import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

import fakelambda
from fakelambda.operations import call

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [README, *(page.read_text(encoding="utf-8") for page in sorted(ROOT.joinpath("docs").glob("*.md")))]
SNIPPETS = [snippet for page in PAGES for snippet in re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)]
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_every_snippet_passes_as_it_stands(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(fakelambda.__file__).parents[1]))  # where nothing is installed, a relative one leads nowhere
    for number, snippet in enumerate(SNIPPETS, 1):
        pytester.makepyfile(**{f"test_snippet_{number}": snippet})

    result = pytester.runpytest_subprocess("-p", "conftest_plugin", "-q", "-rA")

    tests = [0 if _lacks_a_library(snippet) else len(re.findall(r"^ *(?:async )?def test_", snippet, re.MULTILINE)) for snippet in SNIPPETS]
    result.assert_outcomes(passed=sum(tests), skipped=tests.count(0))
    for number, count in enumerate(tests, 1):
        if count:
            result.stdout.fnmatch_lines([f"PASSED test_snippet_{number}.py::*"])


def _lacks_a_library(snippet: str) -> bool:
    """Whether a snippet says itself that it is skipped here."""
    return any(find_spec(library) is None for library in re.findall(r'importorskip\("(\w+)', snippet))


def test_the_first_snippet_is_ten_lines() -> None:
    assert len(SNIPPETS[0][SNIPPETS[0].index("def test_") :].splitlines()) <= 10


def test_each_command_is_one_line_that_sets_up_first() -> None:
    assert [command.count("\n") for command in COMMANDS] == [1, 1]
    tour, tests = COMMANDS
    assert tour.startswith("python3 -m venv")
    assert tour.endswith("-m fakelambda\n")
    assert tests.startswith("python3 -m venv")
    assert "-m pytest" in tests


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_what_is_said_to_be_missing_is_missing() -> None:
    missing = {"CreateFunctionUrlConfig"}
    assert not {*missing, "InvokeWithResponseStream"} & call.OPERATIONS.keys()


def test_the_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in README
