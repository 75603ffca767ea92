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


# ---- what tests do ----

ENDS = """
    import unittest
    import pytest
    import fakelambda

    def invoke(times=1):
        fake = fakelambda.current()
        fake.add_function("orders", lambda event, context: event["id"])
        for _ in range(times):
            fake.client().invoke(FunctionName="orders")

    pytestmark = pytest.mark.fake_lambda

    @pytest.fixture
    def failing_teardown():
        yield
        invoke()
        raise RuntimeError("teardown")

    def test_teardown(failing_teardown):
        pass

    def test_skip():
        invoke()
        pytest.skip()

    @pytest.mark.xfail
    def test_xfail():
        invoke()
        assert False

    @pytest.mark.xfail(strict=True)
    def test_xpass():
        invoke()

    def test_subtests(subtests):
        for number in range(3):
            with subtests.test(number=number):
                if number == 1:
                    invoke()
                    assert False

    class Case(unittest.TestCase):
        def test_subtests(self):
            for number in range(3):
                with self.subTest(number=number):
                    if number == 1:
                        invoke()
                        self.fail()

    @pytest.fixture(params=[1, 2])
    def invoked(request):
        invoke(request.param)

    def test_parameters(invoked):
        assert len(fakelambda.current().invocations) == 2

    @pytest.mark.anyio
    async def test_coroutine():
        invoke()
        assert False

    @pytest.fixture
    def anyio_backend():
        return "asyncio"
"""


@pytest.mark.parametrize(
    ("selected", "stories"),
    [
        ("test_teardown", 1),
        ("test_skip", 0),
        ("test_xfail", 0),
        ("test_xpass", 1),
        ("test_ends.py and test_subtests and not Case", 1),
        ("Case", 1),
        ("test_parameters", 1),
        ("test_coroutine", 1),
    ],
)
def test_the_story_is_told_once_where_something_failed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, selected: str, stories: int
) -> None:
    pytester.makepyfile(test_ends=ENDS)
    text = str(run(pytester, monkeypatch, "-p", "anyio", "-s", "-k", selected).stdout)
    if selected in {"Case", "test_ends.py and test_subtests and not Case"}:
        text = text.partition("contains 1 failed subtest")[0]  # the test itself is reported too
    assert text.count("- AWS Lambda -") == stories


SETUP_FAILS = """
    import pytest

    @pytest.fixture(scope="module", autouse=True)
    def deployed(module_fake_lambda):
        module_fake_lambda.client().list_functions()
        {deployed}

    @pytest.fixture(autouse=True)
    def prepared(fake_lambda):
        fake_lambda.client().get_account_settings()
        {prepared}

    def test_it():
        pass
"""


@pytest.mark.parametrize("failing", ["deployed", "prepared"])
def test_a_setup_that_fails_before_anything_imports_us_is_told_of(pytester: pytest.Pytester, failing: str) -> None:
    pytester.makepyfile(SETUP_FAILS.format(**{"deployed": "pass", "prepared": "pass", failing: "raise RuntimeError"}))
    result = pytester.runpytest_subprocess("-p", "conftest_plugin", "-p", "no:hypothesispytest")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*- AWS Lambda -*", "*ListFunctions -> ok"])
    if failing == "prepared":
        result.stdout.fnmatch_lines(["*GetAccountSettings -> ok"])


def test_a_fake_that_the_test_starts_again_is_told_of_once(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile("""
        def test_it(fake_lambda):
            fake_lambda.client().list_functions()
            fake_lambda.stop()
            fake_lambda.start()
            assert False
    """)
    assert str(run(pytester, monkeypatch).stdout).count("- AWS Lambda -") == 1


# ---- how much, and which characters ----

LONG = """
    def test_it(fake_lambda):
        for _ in range(205):
            fake_lambda.client().list_functions()
            fake_lambda.client().get_account_settings()
        assert False
"""


@pytest.mark.parametrize(
    ("arguments", "head", "calls"),
    [
        ([], "... 211 earlier lines: -vv shows them, and so does fake.timeline()", 200),
        (["-vv"], None, 410),
        (["--fake-lambda-report=diagram"], "    %% ... 210 earlier lines: -vv shows them, and so does fake.sequence_diagram()", 200),
    ],
)
def test_a_long_story_begins_late(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: list[str], head: str | None, calls: int
) -> None:
    pytester.makepyfile(LONG)
    result = run(pytester, monkeypatch, *arguments)
    assert str(result.stdout).count("-> ok") == calls
    if head is None:
        result.stdout.no_fnmatch_line("*earlier lines*")
    else:
        assert head in result.outlines


def test_what_handlers_print_neither_colours_the_report_nor_ends_a_parallel_run(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile(r"""
        import pytest

        def handler(event, context):
            print("\x1b[31mred\x1b[0m \x1b[2J\x00\ud800\u202e")
            return event

        @pytest.mark.fake_lambda
        def test_it(fake_lambda):
            fake_lambda.add_function("orders", handler)
            fake_lambda.client().invoke(FunctionName="orders", Payload=b'"\\ud800"')
            assert False
    """)
    result = pytester.runpytest_subprocess("-p", "conftest_plugin", "-n", "1", "--dist=loadscope", "--show-capture=all")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['*orders ran (*): "?ud800" -> "?ud800"', "*| red ?x1b[[]2J?x00?ud800?u202e"])


def test_what_cannot_be_shown_does_not_end_the_run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile("""
        import pytest

        class Unspeakable(Exception):
            def __repr__(self):
                raise ValueError("no words")

            __str__ = __repr__

        def test_it(fake_lambda):
            with fake_lambda.fail("ListFunctions", Unspeakable()), pytest.raises(Unspeakable):
                fake_lambda.client().list_functions()
            assert False
    """)
    result = run(pytester, monkeypatch)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ListFunctions -> <test_*.Unspeakable object at 0x*"])
