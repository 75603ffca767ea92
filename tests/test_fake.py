"""What a test holds: set-up, handlers, routes, looking around."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from freezegun import freeze_time

import fakelambda
from fakelambda import FakeLambda


@pytest.fixture
def fake() -> Iterator[FakeLambda]:
    with FakeLambda() as fake:
        yield fake


def answer(fake: FakeLambda, function_name: str = "orders", payload: Any = None) -> Any:
    return json.load(fake.client().invoke(FunctionName=function_name, Payload=json.dumps(payload))["Payload"])


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"lifecycle": "slow"}, "lifecycle='slow': must be one of 'instant', 'realistic'."),
        ({"lifecycle": 5}, "lifecycle=5: must be one of 'instant', 'realistic'."),
        ({"lifecycle": None}, "lifecycle=None: must be one of 'instant', 'realistic'."),
        ({"schedule": "later"}, "schedule='later': must be one of 'automatic', 'manual'."),
        ({"sleep": "deep"}, "sleep='deep': must be one of 'virtual', 'real'."),
        ({"account_id": 123456789012}, "account_id=123456789012: an AWS account id has 12 digits, such as '123456789012'."),
        ({"region": None}, "region=None: must be the name of a region, such as 'us-east-1'."),
        ({"region": "us-east"}, "region='us-east': must be the name of a region, such as 'us-east-1'."),
        ({"random": 7}, "random=7: must be a random.Random, such as random.Random(7)."),
        ({"reraise": "KeyError"}, "reraise='KeyError': must be a class of exceptions or several, such as ValueError or "),
        ({"reraise": [int]}, "reraise=[<class 'int'>]: must be a class of exceptions or several"),
        ({"reraise": 7}, "reraise=7: must be a class of exceptions or several"),
        ({"inherit_env": "HOME"}, "inherit_env='HOME': must be names of variables, such as ['HOME'], or True for all."),
        ({"inherit_env": [7]}, "inherit_env=[7]: must be names of variables"),
        ({"inherit_env": None}, "inherit_env=None: must be names of variables"),
        ({"account_id": "1234"}, "account_id='1234': an AWS account id has 12 digits, such as '123456789012'."),
    ],
)
def test_a_wrong_keyword_says_what_is_right(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        FakeLambda(**keywords)


def test_starting_twice_or_stopping_what_is_not_active_says_what_to_do() -> None:
    fake = FakeLambda()
    with pytest.raises(RuntimeError, match=r"call start\(\) before stop\(\)"):
        fake.stop()
    with fake, pytest.raises(RuntimeError, match="make another one for a nested fake"):
        fake.start()


def test_a_block_that_stops_its_fake_ends_as_any_other() -> None:
    def failing() -> None:
        with FakeLambda() as fake:
            fake.stop()
            raise KeyError("orders")

    with pytest.raises(KeyError) as caught:
        failing()
    assert caught.value.__context__ is None


def test_current_is_the_innermost_active_fake() -> None:
    with FakeLambda() as outer:
        assert fakelambda.current() is outer
        with FakeLambda() as inner:
            assert fakelambda.current() is inner
        assert fakelambda.current() is outer
    with pytest.raises(RuntimeError, match=r"decorate the test with @FakeLambda\(\)"):
        fakelambda.current()


# ---- handlers ----


def test_a_callable_runs_as_it_is(fake: FakeLambda) -> None:
    calls = []
    arn = fake.add_function("orders", lambda event, context: calls.append((event, context.function_name)), Timeout=30)
    assert arn == "arn:aws:lambda:us-east-1:123456789012:function:orders"
    assert answer(fake, payload=[1]) is None
    assert calls == [([1], "orders")]
    assert fake.functions["orders"].latest.timeout == 30


def test_a_source_directory_is_deployed_as_if_zipped(fake: FakeLambda, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import helper\ndef handler(event, context):\n    return helper.NAME\n")
    (tmp_path / "helper.py").write_text("NAME = 'from a file'\n")
    fake.add_function("orders", source=tmp_path, Handler="app.handler")
    assert answer(fake) == "from a file"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either a callable or source=directory"),
        ({"handler": len, "source": "src"}, "either a callable or source=directory"),
        ({"handler": "src/"}, "for a directory write source='src/'"),
    ],
)
def test_add_function_says_what_it_takes(fake: FakeLambda, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        fake.add_function("orders", **arguments)


def test_add_function_refuses_what_aws_refuses(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda _event, _context: None)
    with pytest.raises(fake.client().exceptions.ResourceConflictException, match="Function already exist: orders"):
        fake.add_function("orders", lambda _event, _context: None)
    with pytest.raises(ClientError, match=r"ValidationException.*at 'memorySize'"):
        fake.add_function("other", lambda _event, _context: None, MemorySize=99_999)
    assert [call.operation for call in fake.calls] == []  # the test's own set-up is no client's call


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Runtme": "python3.13"}, 'Unknown parameter in input: "Runtme", must be one of: FunctionName, Runtime, '),
        ({"Timeout": "9"}, "Invalid type for parameter Timeout, value: 9, type: <class 'str'>, valid types: <class 'int'>"),
    ],
)
def test_add_function_says_what_a_client_would_say_of_its_parameters(fake: FakeLambda, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamValidationError, match=re.escape(message)):
        fake.add_function("orders", print, **parameters)
    assert not fake.functions


def test_its_client_calls_nobody_else() -> None:
    fake = FakeLambda()
    client = fake.client()
    with pytest.raises(RuntimeError, match=r"ListFunctions: no FakeLambda is active, .*; write: with fake: ..., or call fake.start\(\)\."):
        client.list_functions()
    with fake:
        assert client.list_functions()["Functions"] == []


def test_add_function_needs_no_active_fake_and_is_ready_at_once() -> None:
    fake = FakeLambda(lifecycle="realistic")
    fake.add_function("orders", lambda event, _context: event)
    with fake:
        assert answer(fake, payload=7) == 7


def test_a_binding_is_for_a_qualifier_or_for_all_others(fake: FakeLambda) -> None:
    fake.bind("orders", lambda _event, _context: "live", qualifier="live")  # before the function exists
    fake.add_function("orders", lambda _event, _context: "any")
    client = fake.client()
    client.publish_version(FunctionName="orders")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    fake.bind("orders:1", lambda _event, _context: "first")
    assert [answer(fake, name) for name in ("orders", "orders:live", "orders:1")] == ["any", "live", "first"]
    fake.unbind("orders", qualifier="live")
    assert answer(fake, "orders:live") == "first"
    with pytest.raises(KeyError):
        fake.unbind("orders", qualifier="live")
    with pytest.raises(TypeError, match=r"bind\(\) takes a callable"):
        fake.bind("orders", "handler")  # type: ignore[arg-type]  # the point of the test


def test_other_languages_and_images_run_what_is_bound(fake: FakeLambda) -> None:
    client = fake.client()
    role = "arn:aws:iam::123456789012:role/r"
    client.create_function(FunctionName="image", PackageType="Image", Role=role, Code={"ImageUri": "repository:tag"})
    with pytest.raises(fakelambda.NotModelled, match=r"image is a container image, .* fake.bind\('image', handler\)"):
        client.invoke(FunctionName="image")
    fake.bind("image", lambda _event, _context: "bound")
    assert answer(fake, "image") == "bound"


def test_reraised_exceptions_fail_the_test() -> None:
    def handler(event: Any, _context: Any) -> None:
        assert event == "right", "the handler's own assertion"

    with FakeLambda(reraise=AssertionError) as fake:
        fake.add_function("orders", handler)
        assert answer(fake, payload="right") is None
        with pytest.raises(AssertionError, match="the handler's own assertion"):
            answer(fake, payload="wrong")
        assert isinstance(fake.invocations[-1].error, AssertionError)


class Failing:
    """Events that fail again in a minute, while a handler passes the time somehow."""

    def __init__(self, fake: FakeLambda, events: int = 1) -> None:
        self.fake, self.caught, self.failures = fake, list[BaseException](), 99
        fake.add_function("failing", self.fail)
        fake.add_function("waiting", self.wait, Timeout=900)
        for _ in range(events):
            with pytest.raises(ZeroDivisionError):
                fake.client().invoke(FunctionName="failing", InvocationType="Event")
        self.pass_time: Callable[[], object] = lambda: time.sleep(70)

    def fail(self, _event: Any, _context: Any) -> None:
        1 / 0  # noqa: B018 - the failure

    def wait(self, _event: Any, _context: Any) -> str:
        try:
            self.pass_time()
        except BaseException as error:
            self.caught.append(error)
            raise
        return "slept"


WAYS: dict[str, Callable[[FakeLambda], object]] = {
    "sleeps": lambda _: time.sleep(70),
    "advances": lambda fake: fake.advance(70),
    "drains": lambda fake: fake.drain(),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_fails_while_a_handler_waits_is_raised_by_the_outermost_call(way: str) -> None:
    with FakeLambda(reraise=ZeroDivisionError) as fake:
        failing = Failing(fake)
        failing.pass_time = lambda: WAYS[way](fake)
        with pytest.raises(ZeroDivisionError):
            answer(fake, "waiting")
        assert failing.caught == []
        waited = [run for run in fake.invocations if run.function_name == "waiting"]
        assert [(run.result, run.error) for run in waited] == [("slept", None)]


def test_of_several_the_first_is_raised_and_the_others_are_noted() -> None:
    with FakeLambda(reraise=ZeroDivisionError) as fake:
        failing = Failing(fake, events=2)

        def pass_time() -> None:
            time.sleep(65)
            time.sleep(130)

        failing.pass_time = pass_time
        with pytest.raises(ZeroDivisionError) as raised:
            answer(fake, "waiting")
        assert len(raised.value.__notes__) == 2
        assert "asynchronous invocation of failing failed too" in raised.value.__notes__[0]
        assert "while a handler slept" in raised.value.__notes__[1]


def test_a_handler_that_fails_itself_notes_what_failed_meanwhile() -> None:
    with FakeLambda(reraise=(ZeroDivisionError, KeyError)) as fake:
        failing = Failing(fake)

        def pass_time() -> None:
            time.sleep(70)
            raise KeyError("own")

        failing.pass_time = pass_time
        with pytest.raises(KeyError, match="own") as raised:
            answer(fake, "waiting")
        assert ["ZeroDivisionError" in note for note in raised.value.__notes__] == [True]


def test_a_handler_cannot_hide_the_exception_of_another_that_fails_the_test() -> None:
    with FakeLambda(reraise=AssertionError) as fake:

        def calling(_event: Any, _context: Any) -> str:
            try:
                answer(fake, "checking")
            except Exception:  # noqa: BLE001 - as handlers do
                return "hidden"
            return "never"

        def checking(event: Any, _context: Any) -> None:
            assert event == "right", "the checking handler's own assertion"

        fake.add_function("checking", checking)
        fake.add_function("calling", calling)
        with pytest.raises(AssertionError, match="the checking handler's own assertion"):
            answer(fake, "calling")
        assert fake.invocations[0].result == "hidden"


def test_what_is_not_modelled_is_no_error_of_the_handler_that_sleeps() -> None:
    with FakeLambda() as fake:
        client = fake.client()
        fake.add_function("image", PackageType="Image", handler=lambda event, context: 1 / 0)
        client.invoke(FunctionName="image", InvocationType="Event")
        fake.unbind("image")
        fake.add_function("waiting", lambda event, context: time.sleep(70), Timeout=900)
        with pytest.raises(fakelambda.NotModelled, match="image is a container image"):
            answer(fake, "waiting")
        assert fake.invocations[-1].error is None


# ---- environments ----

COUNTING = "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n"


@pytest.fixture
def counting(fake: FakeLambda, tmp_path: Path) -> FakeLambda:
    (tmp_path / "app.py").write_text(COUNTING)
    fake.add_function("orders", source=tmp_path, Handler="app.handler")
    return fake


def test_globals_live_until_a_cold_start(counting: FakeLambda) -> None:
    assert [answer(counting), answer(counting)] == [1, 2]
    counting.cold_start("orders")
    assert [answer(counting), answer(counting)] == [1, 2]
    assert [invocation.cold_start for invocation in counting.invocations] == [True, False, True, False]


def test_an_update_starts_cold_and_a_tag_does_not(counting: FakeLambda) -> None:
    client = counting.client()
    answer(counting)
    client.tag_resource(Resource=counting.functions["orders"].arn, Tags={"team": "shop"})
    assert answer(counting) == 2
    client.update_function_configuration(FunctionName="orders", Description="new")
    assert answer(counting) == 1


def test_cold_start_can_mean_one_version(counting: FakeLambda) -> None:
    counting.client().publish_version(FunctionName="orders")
    assert [answer(counting, "orders:1"), answer(counting)] == [1, 1]
    counting.cold_start("orders:1")
    assert [answer(counting, "orders:1"), answer(counting)] == [1, 2]
    with pytest.raises(ValueError, match="There is no function 'order'; existing: orders"):
        counting.cold_start("order")


def test_a_deployed_module_can_be_patched(counting: FakeLambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting.module("orders", "app"), "count", 41)
    assert answer(counting) == 42
    with pytest.raises(ImportError, match="No module named 'ap'"):
        counting.module("orders", "ap")
    counting.bind("orders", lambda _event, _context: None)
    with pytest.raises(ValueError, match="A callable runs in the place of orders's code"):
        counting.module("orders", "app")


def test_a_module_that_is_never_imported_does_not_hold_the_test(
    fake: FakeLambda, zipped: Callable[[dict[str, str]], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fakelambda.runtime.runner._INITIALISATION", 0.1)
    fake.add_function("orders", returns=1, Timeout=1, Handler="app.handler")
    fake.client().update_function_code(FunctionName="orders", ZipFile=zipped({"app.py": "while True:\n    pass"}))
    fake.unbind("orders")
    with pytest.raises(ImportError, match=r"Task timed out after 1\.00 seconds"):
        fake.module("orders", "app")


def test_an_image_in_whose_place_a_callable_runs_needs_no_uri(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: "thanks", PackageType="Image")
    assert answer(fake, "orders") == "thanks"
    assert (
        fake.client().get_function(FunctionName="orders")["Code"]["ImageUri"]
        == "123456789012.dkr.ecr.us-east-1.amazonaws.com/orders:latest"
    )


# ---- its clients ----


def test_what_a_test_registers_on_a_client_is_not_there_for_the_next() -> None:
    seen: list[str] = []
    again = FakeLambda()
    client = again.client()
    client.meta.events.register("before-call.lambda", lambda model, **_: seen.append(model.name))
    with again:
        assert again.client() is client
        client.list_functions()
    for fake in (again, FakeLambda()):
        with fake:
            other = fake.client()
            other.list_functions()
    assert seen == ["ListFunctions"]
    with FakeLambda() as fake:
        assert fake.client() is other  # as long as nobody registers anything


@pytest.mark.parametrize("registers", [False, True])
def test_a_client_that_had_to_try_again_is_as_good_as_new(registers: bool) -> None:  # noqa: FBT001 - a parameter of the table
    with FakeLambda() as fake:
        client = fake.client("eu-west-3")
        if registers:
            client.meta.events.register("after-call.lambda", lambda **_: None)
        with fake.fail("ListFunctions", "TooManyRequestsException", times=1):
            client.list_functions()
        assert fake.calls[0].attempts == 2
    with FakeLambda() as fake:
        assert (fake.client("eu-west-3") is client) is not registers


# ---- routing ----


@pytest.fixture
def canary(fake: FakeLambda) -> FakeLambda:
    fake.add_function("orders", lambda _event, context: context.function_version)
    client = fake.client()
    for description in ("one", "two"):
        client.update_function_configuration(FunctionName="orders", Description=description)
        client.publish_version(FunctionName="orders")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})
    return fake


def test_a_route_is_taken_once_each_then_the_weights_decide(canary: FakeLambda) -> None:
    canary.route("orders:live", ["2", "1", "2"])
    assert [answer(canary, "orders:live") for _ in range(3)] == ["2", "1", "2"]
    rest = [answer(canary, "orders:live") for _ in range(200)]
    assert 5 <= rest.count("2") <= 40


@pytest.mark.parametrize(
    ("function_name", "versions", "message"),
    [("orders", ["1"], "no such alias"), ("orders:blue", ["1"], "no such alias"), ("orders:live", ["1", "9"], "orders has no version '9'")],
)
def test_a_route_to_nowhere_is_refused(canary: FakeLambda, function_name: str, versions: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        canary.route(function_name, versions)


def test_chance_can_be_handed_in(canary: FakeLambda) -> None:
    class Loaded(Random):
        def random(self) -> float:
            return 0.05

    with FakeLambda(random=Loaded()) as fake:
        fake.add_function("orders", lambda _event, context: context.function_version)
        client = fake.client()
        client.publish_version(FunctionName="orders")
        client.update_function_configuration(FunctionName="orders")
        client.publish_version(FunctionName="orders")
        weights = {"AdditionalVersionWeights": {"2": 0.1}}
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1", RoutingConfig=weights)
        assert {answer(fake, "orders:live") for _ in range(20)} == {"2"}


# ---- looking around ----


def test_functions_are_the_state_read_only(canary: FakeLambda) -> None:
    functions = canary.functions
    assert functions["orders"].aliases["live"].additional_version_weights == {"2": 0.1}
    assert list(functions["orders"].versions) == ["1", "2"]
    with pytest.raises(TypeError):
        functions["other"] = functions["orders"]  # type: ignore[index]  # the point of the test


def test_calls_are_what_clients_asked_and_got(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, _context: event)
    client = fake.client()
    client.invoke(FunctionName="orders", Payload="[1]")
    with pytest.raises(ClientError):
        client.get_alias(FunctionName="orders", Name="live")
    invoked, failed = fake.calls
    assert (invoked.operation, invoked.parameters, invoked.error) == ("Invoke", {"FunctionName": "orders", "Payload": b"[1]"}, None)
    assert invoked.response is not None
    assert invoked.response["Payload"] == b"[1]"
    assert (failed.response, failed.region, failed.account_id, failed.attempts) == (None, "us-east-1", "123456789012", 1)
    assert isinstance(failed.error, dict)
    assert failed.error["Error"]["Code"] == "ResourceNotFoundException"


def test_what_a_caller_does_with_its_answer_changes_nothing(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, _context: event, Environment={"Variables": {"KEY": "1"}})
    client = fake.client()
    client.get_function_configuration(FunctionName="orders")["Environment"]["Variables"]["KEY"] = "2"
    client.get_function_configuration(FunctionName="orders")["Architectures"].append("arm64")
    again = client.get_function_configuration(FunctionName="orders")
    assert (again["Environment"], again["Architectures"]) == ({"Variables": {"KEY": "1"}}, ["x86_64"])


def test_reset_makes_it_new() -> None:
    def story(fake: FakeLambda) -> list[Any]:
        fake.add_function("orders", lambda event, _context: event)
        client = fake.client()
        client.invoke(FunctionName="orders", InvocationType="Event", Payload="1")
        return [client.get_function(FunctionName="orders")["Configuration"]["RevisionId"], len(fake.invocations), len(fake.calls)]

    with FakeLambda(seed=3) as fake:
        first = story(fake)
        fake.reset()
        assert (fake.functions, fake.invocations, fake.calls, fake.pending) == ({}, [], [], [])
        assert story(fake) == first


def test_code_can_be_downloaded_from_its_location(fake: FakeLambda, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    fake.add_function("orders", source=tmp_path, Handler="app.handler")
    location = fake.client().get_function(FunctionName="orders")["Code"]["Location"]
    package = fake.download(location)
    assert package == fake.functions["orders"].latest.code.package.content  # type: ignore[union-attr]  # a zip function has one
    fake.client().delete_function(FunctionName="orders")
    with pytest.raises(ValueError, match="has the code of this location any more"):
        fake.download(location)
    with pytest.raises(ValueError, match=r"is no Code.Location"):
        fake.download("https://example.com/orders.zip")


@pytest.mark.parametrize(
    ("misuse", "kind", "message"),
    [
        (lambda fake: fake.unbind("orders"), KeyError, "unbind('orders', None): nothing is bound there; say what bind() was told."),
        (lambda fake: fake.bind(None, print), TypeError, "None is no name of a function; write a plain name or an ARN."),
        (lambda fake: fake.route("orders:live", "12"), TypeError, "give a list, one version for each invocation: ['12']."),
        (lambda fake: fake.route("orders:live", 1), TypeError, "give a list, one version for each invocation: ['1']."),
        (lambda fake: fake.put_object("bucket", "key", "text"), TypeError, "a bytes-like object is required, not 'str'"),
        (lambda fake: fake.put_object("bucket", "key", 7), TypeError, "a bytes-like object is required, not 'int'"),
        (lambda fake: fake.client(account_id="12"), ValueError, "account_id='12': an AWS account id has 12 digits"),
        (lambda fake: fake.restore(None), TypeError, "restore() takes what snapshot() has returned, not None."),
    ],
)
def test_misuse_says_what_to_write(fake: FakeLambda, misuse: Callable[[FakeLambda], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        misuse(fake)
    assert message in str(caught.value)


def test_attach_and_connect_say_what_they_take(fake: FakeLambda) -> None:
    with pytest.raises(TypeError, match="takes a Lambda client"):
        fake.attach("client")  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(TypeError, match=r"fake.connect\(boto3.Session\(\)\)"):
        fake.connect("session")


@pytest.mark.parametrize(
    ("duration", "kind", "message"),
    [
        (-1, ValueError, "only moves forwards"),
        ("60", TypeError, r"advance\('60'\): give seconds or a timedelta, such as advance\(60\)"),
        (1e12, ValueError, "dates end with the year 9999"),
        (timedelta.max, ValueError, "dates end with the year 9999"),
        (float("inf"), ValueError, "no clock goes there"),
        (float("nan"), ValueError, "no clock goes there"),
    ],
    ids=str,
)
@pytest.mark.parametrize("frozen", [False, True])
def test_the_clock_only_moves_forwards_and_to_where_there_is_time(
    fake: FakeLambda, duration: Any, kind: type[Exception], message: str, *, frozen: bool
) -> None:
    with freeze_time("2026-03-01") if frozen else nullcontext():
        with pytest.raises(kind, match=message):
            fake.advance(duration)
        fake.advance(1)  # and it still goes
        fake.reset()


def test_a_call_that_would_wait_for_ever_leaves_the_clock_where_it_is(fake: FakeLambda) -> None:
    fake.fail("ListFunctions", None, after=timedelta(days=4_000_000))
    with pytest.raises(OverflowError):
        fake.client().list_functions()
    assert fake.client().list_functions()["Functions"] == []
