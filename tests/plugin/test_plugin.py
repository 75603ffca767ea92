import ast
import importlib.metadata
import inspect
import sys
from pathlib import Path

import pytest

import conftest_plugin
from fakelambda import FakeLambda

KEYWORDS = [*inspect.signature(FakeLambda).parameters]


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A user's project; what is installed beside us does not meddle with it."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.syspath_prepend(pytester.path)
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Runs the project's tests strictly, in this process."""
    return project.runpytest_inprocess("-p", "conftest_plugin", "-W", "error", "--strict-markers", *arguments)


def run_apart(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Runs pytest in a process of its own, with plugins from the installed packages as usual."""
    return project.runpytest_subprocess(*arguments)


# ---- fixtures ----


def test_the_fixtures_are_a_started_fake_and_its_client(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import fakelambda

        def test_fake(fake_lambda):
            assert isinstance(fake_lambda, fakelambda.FakeLambda)
            assert fakelambda.current() is fake_lambda

        def test_client(lambda_client, fake_lambda):
            fake_lambda.add_function("orders", lambda event, context: event)
            assert lambda_client.meta.service_model.service_name == "lambda"
            assert lambda_client.meta.region_name == "us-east-1"
            assert [f["FunctionName"] for f in lambda_client.list_functions()["Functions"]] == ["orders"]

        def test_client_alone(lambda_client):
            assert lambda_client.list_functions()["Functions"] == []
    """)
    run(project).assert_outcomes(passed=3)


def test_each_test_has_its_own_fake_which_ends_with_it(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest, fakelambda

        @pytest.mark.parametrize("again", [1, 2])
        def test_fresh(fake_lambda, again):
            assert not fake_lambda.functions
            fake_lambda.add_function("orders", print)

        def test_none():
            with pytest.raises(RuntimeError):
                fakelambda.current()

        def test_failing(fake_lambda):
            raise AssertionError

        def test_none_after_a_failure():
            with pytest.raises(RuntimeError):
                fakelambda.current()
    """)
    run(project).assert_outcomes(passed=4, failed=1)


def test_a_wider_fake_is_deployed_to_once_and_rolled_back_after_each_test(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        pytestmark = pytest.mark.fake_lambda(region="eu-west-1")

        @pytest.fixture(scope="module", autouse=True)
        def deployed(module_fake_lambda):
            module_fake_lambda.add_function("orders", lambda event, context: "thanks")

        def test_what_it_deletes_is_there_again(fake_lambda, lambda_client):
            assert fake_lambda.region == "eu-west-1"
            lambda_client.delete_function(FunctionName="orders")

        def test_afterwards(fake_lambda, lambda_client):
            assert list(fake_lambda.functions) == ["orders"] and not fake_lambda.calls
            lambda_client.invoke(FunctionName="orders")

        @pytest.mark.fake_lambda
        def test_the_marker_alone_rolls_back_too(module_fake_lambda):
            assert not module_fake_lambda.invocations
            module_fake_lambda.client().delete_function(FunctionName="orders")

        class TestClass:
            def test_the_closest_scope_is_meant(self, class_fake_lambda, fake_lambda):
                assert fake_lambda is class_fake_lambda and not fake_lambda.functions

        @pytest.mark.fake_lambda(seed=7)
        def test_too_late(fake_lambda):
            pass

        def test_at_last(fake_lambda):
            assert list(fake_lambda.functions) == ["orders"]
    """)
    result = run(project)
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["*this test shares module_fake_lambda, which is made already; mark its scope."])


def test_a_wider_fake_is_rolled_back_after_tests_that_know_boto3_only(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import boto3
        import pytest
        import unittest

        @pytest.fixture(scope="module", autouse=True)
        def deployed(module_fake_lambda):
            module_fake_lambda.add_function("orders", lambda event, context: "thanks")

        @pytest.fixture
        def client():
            return boto3.client("lambda", region_name="us-east-1")

        @pytest.mark.parametrize("again", range(2))
        def test_delete(client, again):
            client.delete_function(FunctionName="orders")

        class TestCase(unittest.TestCase):
            def test_delete(self):
                boto3.client("lambda", region_name="us-east-1").delete_function(FunctionName="orders")

            test_delete_again = test_delete

        def test_with_the_shared_one_itself(module_fake_lambda):
            assert list(module_fake_lambda.functions) == ["orders"]
    """)
    run(project).assert_outcomes(passed=5)


def test_a_fake_of_the_session_serves_all_modules(project: pytest.Pytester) -> None:
    project.makeconftest("""
        import pytest

        @pytest.fixture(scope="session", autouse=True)
        def deployed(session_fake_lambda):
            session_fake_lambda.add_function("orders", lambda event, context: "thanks")
    """)
    test = "def test_it(fake_lambda):\n    fake_lambda.client().delete_function(FunctionName='orders')\n"
    project.makepyfile(test_one=test, test_two=test)
    run(project).assert_outcomes(passed=2)


def test_the_fake_of_the_test_answers_it_whichever_shared_one_was_started_last(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import boto3

        def functions():
            client = boto3.client("lambda", region_name="us-east-1")
            return [function["FunctionName"] for function in client.list_functions()["Functions"]]

        def test_module(module_fake_lambda, fake_lambda):
            assert functions() == []

        def test_session(session_fake_lambda, fake_lambda):
            fake_lambda.add_function("orders", print)
            assert functions() == ["orders"]

        def test_module_again(module_fake_lambda, fake_lambda):
            fake_lambda.add_function("refunds", print)
            assert functions() == ["refunds"]

        def test_session_again(session_fake_lambda, fake_lambda):
            assert functions() == []
    """)
    run(project).assert_outcomes(passed=4)


def test_a_shared_fake_that_a_test_stops_answers_the_next_one(project: pytest.Pytester) -> None:
    project.makepyfile("""
        def test_stop(module_fake_lambda, fake_lambda):
            fake_lambda.stop()

        def test_next(module_fake_lambda, lambda_client):
            assert lambda_client.list_functions()["Functions"] == []

        def test_stop_another(fake_lambda):
            fake_lambda.stop()

        def test_stop_at_last(module_fake_lambda):
            module_fake_lambda.stop()
    """)
    run(project).assert_outcomes(passed=4)


# ---- the marker ----


def test_the_keywords_of_all_markers_are_merged_and_the_closest_wins(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        pytestmark = pytest.mark.fake_lambda(region="eu-west-1", account_id="111111111111")

        def where(fake):
            return fake.region, fake.account_id

        def test_module(fake_lambda):
            assert where(fake_lambda) == ("eu-west-1", "111111111111")

        @pytest.mark.fake_lambda(region="eu-west-2")
        class TestClass:
            def test_class(self, fake_lambda):
                assert where(fake_lambda) == ("eu-west-2", "111111111111")

            @pytest.mark.fake_lambda(account_id="333333333333")
            def test_function(self, fake_lambda):
                assert where(fake_lambda) == ("eu-west-2", "333333333333")

            @pytest.mark.fake_lambda(region="eu-north-1")
            @pytest.mark.fake_lambda(region="eu-south-1", account_id="444444444444")
            def test_two_markers(self, fake_lambda):
                assert where(fake_lambda) == ("eu-south-1", "444444444444")
    """)
    run(project).assert_outcomes(passed=4)


def test_the_marker_alone_requests_the_fixture(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import unittest, pytest, fakelambda

        @pytest.mark.fake_lambda(region="eu-west-1")
        def test_function():
            assert fakelambda.current().region == "eu-west-1"

        @pytest.mark.fake_lambda
        class TestClass:
            def test_method(self):
                assert fakelambda.current().region == "us-east-1"

        @pytest.mark.fake_lambda(region="eu-west-2")
        class Case(unittest.TestCase):
            def setUp(self):
                fakelambda.current().add_function("orders", print)

            def test_one(self):
                self.assertEqual(fakelambda.current().region, "eu-west-2")
                self.assertEqual(set(fakelambda.current().functions), {"orders"})

            def test_two(self):
                fakelambda.current().add_function("refunds", print)

        def test_unmarked():
            with pytest.raises(RuntimeError):
                fakelambda.current()
    """)
    run(project).assert_outcomes(passed=5)


def test_a_marked_parameter_has_a_fake_and_its_neighbours_have_none(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest, fakelambda

        def region():
            try:
                return fakelambda.current().region
            except RuntimeError:
                return None

        @pytest.mark.parametrize("wanted", [
            None,
            pytest.param("eu-west-1", marks=pytest.mark.fake_lambda(region="eu-west-1")),
            pytest.param("eu-west-2", marks=pytest.mark.fake_lambda(region="eu-west-2")),
        ])
        def test_region(wanted):
            assert region() == wanted
    """)
    run(project).assert_outcomes(passed=3)


def test_a_marked_test_sees_its_fake_in_its_other_fixtures_and_wider_ones_come_first(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest, fakelambda

        pytestmark = pytest.mark.fake_lambda(region="eu-west-1")

        @pytest.fixture(scope="module", autouse=True)
        def wider():
            with fakelambda.FakeLambda(region="eu-west-9"):
                yield

        @pytest.fixture(autouse=True)
        def deployed():
            fakelambda.current().add_function("orders", print)

        @pytest.mark.parametrize("again", [1, 2])
        def test_deployed(again):
            assert fakelambda.current().region == "eu-west-1"
            assert set(fakelambda.current().functions) == {"orders"}
    """)
    run(project).assert_outcomes(passed=2)


def test_the_decorators_of_the_library_and_of_hypothesis_go_with_the_plugin(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import fakelambda
        from fakelambda import FakeLambda
        from hypothesis import given, settings, strategies as st

        @settings(database=None, deadline=None)
        @given(st.integers())
        @FakeLambda()
        def test_given(number):
            fakelambda.current().add_function("orders", lambda event, context: event)
    """)
    run(project, "-p", "_hypothesis_pytestplugin").assert_outcomes(passed=1)


# ---- mistakes ----


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("fake_lambda(sed=7)", f"@pytest.mark.fake_lambda: has no keyword 'sed'; it takes {', '.join(KEYWORDS)}"),
        ("fake_lambda(7)", "@pytest.mark.fake_lambda: takes keywords only, not 7; write @pytest.mark.fake_lambda(seed=7)"),
        ("fake_lambda(lifecycle='slow')", "@pytest.mark.fake_lambda: lifecycle='slow': must be one of 'instant', 'realistic'."),
        (
            "fake_lambda(account_id='1')",
            "@pytest.mark.fake_lambda: account_id='1': an AWS account id has 12 digits, such as '123456789012'.",
        ),
    ],
)
def test_a_mistake_in_the_marker_is_one_line_without_our_code(project: pytest.Pytester, marker: str, message: str) -> None:
    project.makepyfile(f"""
        import pytest

        @pytest.mark.{marker}
        def test_it():
            pass
    """)
    result = run(project)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ERROR at setup of test_it*", message.replace("[", "[[]"), "*short test summary*"], consecutive=True)
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*conftest_plugin*__init__.py*")


# ---- help ----


def test_the_markers_help_names_every_keyword(project: pytest.Pytester) -> None:
    lines = run(project, "--markers").stdout.lines
    (ours,) = [line for line in lines if line.startswith("@pytest.mark.fake_lambda")]
    assert ours.startswith(f"@pytest.mark.fake_lambda(*, {', '.join(KEYWORDS)}): run the test with a FakeLambda")


def test_the_fixtures_help_has_a_summary_and_an_example(project: pytest.Pytester) -> None:
    result = run(project, "--fixtures", "-v")

    result.stdout.fnmatch_lines_random(
        [
            "*fixtures defined from conftest_plugin*",
            "module_fake_lambda [[]module scope[]] -- *conftest_plugin*",
            "fake_lambda -- *conftest_plugin*",
            "    AWS Lambda inside this process: an active FakeLambda that answers every Lambda call of the test.",
            "    def test_order(fake_lambda):",
            '    Options come from the marker: @pytest.mark.fake_lambda(seed=7, lifecycle="realistic").',
            "lambda_client -- *conftest_plugin*",
            "    A botocore Lambda client of the test's fake_lambda, without credentials: FakeLambda.client().",
            "    def test_deploy(lambda_client):",
        ]
    )
    result.stdout.no_fnmatch_line("*no docstring available*")


def test_the_examples_of_the_fixtures_run(project: pytest.Pytester) -> None:
    for fixture in (conftest_plugin.fake_lambda, conftest_plugin.lambda_client):
        text = inspect.getdoc(fixture) or ""
        example = text[text.index("def test_") :].partition("\n\n")[0]
        ast.parse(example)
        project.makepyfile(
            **{
                f"test_{fixture.__name__}": f"import json\nimport boto3\n{DEPLOY}\n{example}\n",
            }
        )
    run(project).assert_outcomes(passed=2)


DEPLOY = """
def deploy(client):
    client.create_function(
        FunctionName="orders", Role="arn:aws:iam::123456789012:role/orders", Code={"ImageUri": "orders:1"}, PackageType="Image", Publish=True,
    )
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
"""


# ---- how it is loaded ----


def installed() -> bool:
    try:
        return any(
            entry.value == "conftest_plugin" == entry.name and entry.group == "pytest11"
            for entry in importlib.metadata.distribution("fakelambda").entry_points
        )
    except importlib.metadata.PackageNotFoundError:
        return False


as_installed = pytest.mark.skipif(not installed(), reason="fakelambda is only on the path, not installed")

USES_THE_FIXTURE = """
    def test_it(fake_lambda):
        assert fake_lambda.region
"""


@as_installed
def test_installing_is_enough(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USES_THE_FIXTURE)
    run_apart(pytester, "-W", "error", "-p", "no:asyncio").assert_outcomes(passed=1)


@as_installed
def test_it_may_be_named_as_a_plugin_beside_its_entry_point(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["conftest_plugin"]')
    pytester.makepyfile(USES_THE_FIXTURE)
    run_apart(pytester, "-p", "conftest_plugin").assert_outcomes(passed=1)


@as_installed
def test_it_can_be_switched_off(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USES_THE_FIXTURE)
    result = run_apart(pytester, "-p", "no:conftest_plugin")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'fake_lambda' not found"])


@as_installed
def test_a_project_that_does_not_ask_loads_nothing_of_ours_but_the_plugin(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.hasplugin("conftest_plugin")
            assert not {"botocore", "boto3", "hypothesis", "freezegun", "fakelambda"} & set(sys.modules)
    """)
    run_apart(pytester, "-p", "no:hypothesispytest", "-p", "no:cacheprovider").assert_outcomes(passed=1)
    assert not {path.name for path in pytester.path.iterdir()} & {".hypothesis", ".pytest_cache"}


def test_importing_the_plugin_imports_pytest_alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(inspect.getfile(conftest_plugin)).parents[1]))
    script = """
        import sys, pytest
        before = set(sys.modules)
        import conftest_plugin
        print(sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
    """
    result = pytester.runpython(pytester.makepyfile(script=script))
    assert result.outlines == ["['conftest_plugin']"]


def test_the_plugin_stays_thin() -> None:
    for path in Path(inspect.getfile(conftest_plugin)).parent.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert len(source.splitlines()) < 120
        imported = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
        ours = {module for module in imported if module and module.startswith("fakelambda")}
        assert ours <= (
            {"fakelambda", "fakelambda.fake"} if path.stem == "report" else {"fakelambda"}
        )  # what reports ask is nobody else's business
    assert sys.modules["conftest_plugin"] is conftest_plugin
