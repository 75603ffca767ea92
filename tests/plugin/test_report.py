"""What a failed test's report says of its fakes."""

import pytest

FAILING = """
    import unittest
    from fakelambda import FakeLambda

    def invoke(fake):
        fake.add_function("orders", lambda event, context: event["id"])
        fake.client().invoke(FunctionName="orders")

    def test_fixture(fake_lambda):
        invoke(fake_lambda)
        assert False

    def test_block():
        with FakeLambda() as fake:
            invoke(fake)
        assert False

    @FakeLambda()
    def test_decorator():
        import fakelambda
        invoke(fakelambda.current())
        assert False

    class TestUnittest(unittest.TestCase):
        def test_it(self):
            with FakeLambda() as fake:
                invoke(fake)
            self.fail()

    def test_that_calls_nothing(fake_lambda):
        assert False

    def test_passing(fake_lambda):
        invoke(fake_lambda)
"""
LINES = [
    "*- AWS Lambda -*",
    "*Invoke orders -> 200 Unhandled",
    "*  orders ran (version $LATEST, *): {} -> KeyError: 'id'",
    "*| Traceback (most recent call last):",
]


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> pytest.RunResult:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester.runpytest_inprocess("-p", "conftest_plugin", "-W", "error", *arguments)


def test_a_failed_test_tells_the_story_of_its_fakes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(FAILING)
    result = run(pytester, monkeypatch)
    result.assert_outcomes(failed=5, passed=1)
    result.stdout.fnmatch_lines(LINES * 4)
    assert str(result.stdout).count("- AWS Lambda -") == 4


def test_a_shared_fake_is_told_of_too(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile("""
        def test_it(module_fake_lambda, fake_lambda):
            fake_lambda.client().list_functions()
            assert False

        def test_and_only_once(module_fake_lambda, fake_lambda):
            fake_lambda.client().list_aliases(FunctionName="orders")
    """)
    result = run(pytester, monkeypatch)
    result.stdout.fnmatch_lines(["*- AWS Lambda -*", "*ListFunctions -> ok", "*- AWS Lambda -*", "*ListAliases orders -> *"])
    assert str(result.stdout).count("ListFunctions -> ok") == 1


@pytest.mark.parametrize(
    ("ini", "arguments", "expected"),
    [
        ("", ["--fake-lambda-report=no"], None),
        ("fake_lambda_report = no", [], None),
        ("fake_lambda_report = no", ["--fake-lambda-report=timeline"], "*Invoke orders -> 200 Unhandled"),
        ("fake_lambda_report = diagram", [], "sequenceDiagram"),
        ("", ["--show-capture=no"], None),
    ],
)
def test_an_option_and_an_ini_value_decide(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ini: str, arguments: list[str], expected: str | None
) -> None:
    pytester.makeini(f"[pytest]\n{ini}")
    pytester.makepyfile(FAILING)
    result = run(pytester, monkeypatch, "-k", "fixture", *arguments)
    if expected is None:
        assert "AWS Lambda" not in str(result.stdout)
    else:
        result.stdout.fnmatch_lines(["*- AWS Lambda -*", expected])


def test_a_wrong_ini_value_says_what_is_right(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeini("[pytest]\nfake_lambda_report = yes")
    pytester.makepyfile("def test_it(fake_lambda): pass")
    result = run(pytester, monkeypatch)
    result.stderr.fnmatch_lines(["*fake_lambda_report = yes: must be one of timeline, diagram, no."])


def test_the_options_have_help(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(pytester, monkeypatch, "--help")
    result.stdout.fnmatch_lines(["*--fake-lambda-report={timeline,diagram,no}*", "*fake_lambda_report (string)*"])
