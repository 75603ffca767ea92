"""Whose calls are answered, by which fake, and that nothing of it is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import textwrap
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import botocore.endpoint
import botocore.session
import botocore.waiter
import pytest
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.stub import Stubber

import fakelambda
from fakelambda import FakeLambda, NotModelled
from fakelambda.aws import hook
from fakelambda.operations.call import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEYS = {"aws_access_key_id": "AKIA0000", "aws_secret_access_key": "secret"}
SESSION: Any = boto3.Session()


class Network:
    """Stands where the wire begins: nobody gets through, and whoever tried is remembered."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    def refuse(self, *args: Any, **_: Any) -> Any:
        self.tried.append(repr(args))
        raise OSError("the tests have no network")


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    monkeypatch.setattr(socket, "getaddrinfo", network.refuse)
    monkeypatch.setattr(socket.socket, "connect", network.refuse)
    return network


@pytest.fixture
def nothing_is_sent(network: Network) -> Iterator[None]:
    yield
    assert network.tried == []


def names_of(client: Any) -> list[str]:
    return [function["FunctionName"] for function in client.list_functions()["Functions"]]


def new_client(region: str = "us-east-1", **options: Any) -> Any:
    """A client that nothing has hooked."""
    return SESSION.client("lambda", region, **KEYS, **options)


def real_road(client: Any) -> list[str]:
    """Answers at the end of the real road, where requests are signed and addressed; the URLs that get there."""
    urls: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        urls.append(request.url)
        body = mock.Mock(stream=lambda **_: [b'{"Functions": [{"FunctionName": "from AWS"}]}'])
        return AWSResponse(request.url, 200, HTTPHeaders(), body)

    client.meta.events.register_last("before-send.lambda", answer)
    return urls


# ---- every client ----


def _never_called(session: Any) -> Any:
    return session.client("lambda", "eu-west-1", **KEYS)


def _called(session: Any) -> Any:
    client = session.client("lambda", "eu-west-1", **KEYS)
    real_road(client)
    client.list_functions()
    return client


@pytest.mark.usefixtures("nothing_is_sent")
@pytest.mark.parametrize("make", [_never_called, _called])
def test_a_client_built_before_the_fake_is_answered_and_goes_its_own_way_afterwards(make: Callable[[Any], Any]) -> None:
    client = make(SESSION)
    with FakeLambda(region="eu-west-1") as fake:
        fake.add_function("orders", print)
        assert names_of(client) == ["orders"]
    urls = real_road(client)
    assert names_of(client) == ["from AWS"]
    assert urls == ["https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions"]
    with FakeLambda():
        assert names_of(client) == []


@pytest.mark.usefixtures("nothing_is_sent")
@pytest.mark.parametrize("session", [SESSION, botocore.session.Session()], ids=["boto3", "botocore"])
def test_new_clients_of_old_sessions_are_answered(fake: FakeLambda, session: Any) -> None:
    fake.add_function("orders", print)
    create = getattr(session, "create_client", None) or session.client
    for _ in range(2):
        assert names_of(create("lambda", region_name="us-east-1", **KEYS)) == ["orders"]


def test_clients_built_before_fakelambda_is_imported_are_answered() -> None:
    story = """
        import socket, sys
        import boto3, botocore.session
        def refuse(*_): raise SystemExit("the network was asked")
        socket.getaddrinfo = refuse
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
        early, session = boto3.client("lambda", **keys), boto3.Session()
        raw = botocore.session.get_session().create_client("lambda", **keys)
        assert "fakelambda" not in sys.modules
        from fakelambda import FakeLambda
        with FakeLambda() as fake:
            fake.add_function("orders", print)
            for client in (early, raw, session.client("lambda", **keys), boto3.client("lambda", **keys)):
                assert [function["FunctionName"] for function in client.list_functions()["Functions"]] == ["orders"]
    """
    subprocess.run([sys.executable, "-W", "error", "-c", textwrap.dedent(story)], check=True, env={**os.environ, "PYTHONPATH": os.getcwd()})  # noqa: PTH109 - where the package is


@pytest.mark.usefixtures("nothing_is_sent")
def test_boto3_s_default_session_is_answered(fake: FakeLambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # boto3 looks for credentials when it makes a client, before any call
    fake.add_function("orders", print)
    assert names_of(boto3.client("lambda")) == ["orders"]


@pytest.mark.usefixtures("nothing_is_sent")
@pytest.mark.parametrize(
    ("options", "environment"),
    [
        ({"endpoint_url": "http://localhost:4566"}, {}),
        ({"endpoint_url": "https://lambda.internal.example/prefix"}, {}),
        ({}, {"AWS_ENDPOINT_URL": "http://localhost:4566"}),
        ({}, {"AWS_ENDPOINT_URL_LAMBDA": "http://localhost:4566"}),
        ({}, {"AWS_USE_FIPS_ENDPOINT": "true"}),
        pytest.param({"config": Config(proxies={"https": "http://proxy.example:1"})}, {}, id="a proxy"),
        ({"use_ssl": False, "verify": False}, {}),
    ],
    ids=str,
)
def test_a_client_s_endpoint_does_not_matter(
    fake: FakeLambda, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client = new_client(**options)
    fake.add_function("orders", print)
    assert names_of(client) == ["orders"]
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException):  # the road through the SDK's retries
        client.invoke(FunctionName="orders")


@pytest.mark.usefixtures("nothing_is_sent")
def test_each_region_has_its_own_functions(fake: FakeLambda) -> None:
    ireland = new_client("eu-west-1")
    fake.add_function("orders", print)
    assert names_of(ireland) == []
    arn = ireland.create_function(
        FunctionName="billing", Role="arn:aws:iam::123456789012:role/r", Code={"ImageUri": "registry/billing:1"}, PackageType="Image"
    )["FunctionArn"]
    assert arn == "arn:aws:lambda:eu-west-1:123456789012:function:billing"
    assert (names_of(fake.client()), names_of(ireland), names_of(fake.client("eu-west-1"))) == (["orders"], ["billing"], ["billing"])
    assert [(call.region, call.operation) for call in fake.calls[:2]] == [("eu-west-1", "ListFunctions"), ("eu-west-1", "CreateFunction")]


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("no_credentials")
def test_no_credentials_are_needed_and_none_are_looked_for_in_a_call(network: Network) -> None:
    client: Any = boto3.Session().client("lambda", "us-east-1")
    network.tried.clear()  # making a client, boto3 asks the EC2 metadata service in vain
    with FakeLambda() as fake:
        fake.add_function("orders", print)
        assert names_of(client) == ["orders"]
        client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName="orders")
    with pytest.raises(NoCredentialsError):
        client.list_functions()
    assert network.tried == []


@pytest.mark.usefixtures("no_credentials", "nothing_is_sent")
def test_the_fake_s_own_client_knows_nothing_of_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with FakeLambda(region="eu-south-2") as fake:  # a region that no other test has put into the cache
        assert names_of(fake.client()) == []


# ---- clients behave as without us ----


def test_what_needs_no_call_is_botocore_s_own() -> None:
    client = new_client()

    def offline() -> tuple[Any, ...]:
        with mock.patch("time.time", return_value=1.9e9):
            url = client.generate_presigned_url("get_function", Params={"FunctionName": "orders"}, ExpiresIn=60)
        return (
            url.partition("&X-Amz-Date")[0].partition("X-Amz-Algorithm")[0],
            [client.can_paginate(name) for name in ("list_functions", "invoke")],
            client.waiter_names,
            client.meta.endpoint_url,
        )

    before = offline()
    with FakeLambda() as fake:
        assert offline() == before
        assert fake.calls == []
        assert "X-Amz-Signature" in client.generate_presigned_url("invoke", Params={"FunctionName": "orders"})
    assert offline() == before


def test_paginators_turn_our_pages(fake: FakeLambda, client: Any) -> None:
    for number in range(7):
        fake.add_function(f"f{number}", print)
    pages = list(client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Functions"]) for page in pages] == [3, 3, 1]


def test_a_stubbed_client_answers_from_its_stub_and_the_operation_does_not_run(fake: FakeLambda) -> None:
    client = new_client()
    names_of(client)  # hooked already
    calls = len(fake.calls)
    with Stubber(client) as stubber:
        stubber.add_response("delete_function", {}, {"FunctionName": "orders"})
        stubber.add_client_error("get_function", "ServiceException", http_status_code=500)
        client.delete_function(FunctionName="orders")
        with pytest.raises(client.exceptions.ServiceException):
            client.get_function(FunctionName="orders")
        stubber.assert_no_pending_responses()
    assert len(fake.calls) == calls
    assert names_of(client) == []


def test_parameters_are_still_checked_by_botocore(client: Any) -> None:
    with pytest.raises(botocore.exceptions.ParamValidationError, match="Missing required parameter"):
        client.get_function()


def test_what_the_user_s_own_handlers_do_counts(fake: FakeLambda) -> None:
    client = new_client()
    fake.add_function("orders", lambda event, context: event)
    seen: list[str] = []

    def rename(params: dict[str, Any], **_: Any) -> None:
        params["FunctionName"] = "orders"

    client.meta.events.register("before-parameter-build.lambda.Invoke", rename)
    client.meta.events.register("after-call.lambda.Invoke", lambda parsed, **_: seen.append(parsed["ExecutedVersion"]))
    assert client.invoke(FunctionName="elsewhere", Payload="1")["StatusCode"] == 200
    assert seen == ["$LATEST"]


@pytest.mark.parametrize("event", ["before-call.lambda.Invoke", "before-call.*.*", "before-call.lambda"])
def test_the_user_s_own_handlers_see_a_call_before_it_is_answered(fake: FakeLambda, event: str) -> None:
    def refuse(**_: Any) -> None:
        raise LookupError("not today")

    client = new_client()
    client.meta.events.register(event, refuse)
    with pytest.raises(LookupError, match="not today"):
        client.invoke(FunctionName="orders")
    assert not fake.calls


def test_replacing_make_api_call_inside_and_around_a_fake() -> None:
    """The usual recipe keeps the original from the time before the fake; calls that it lets through are ours all the same."""
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's stubs leave it out
    client = new_client()

    def replaced(self: BaseClient, operation_name: str, parameters: Any) -> Any:
        return {"Functions": []} if operation_name == "ListFunctions" else original(self, operation_name, parameters)

    with FakeLambda() as fake:
        fake.add_function("orders", print)
        with mock.patch("botocore.client.BaseClient._make_api_call", replaced):
            assert names_of(client) == []
            assert client.get_function(FunctionName="orders")["Configuration"]["FunctionName"] == "orders"
        assert names_of(client) == ["orders"]
    with mock.patch("botocore.client.BaseClient._make_api_call", replaced), FakeLambda() as fake:
        fake.add_function("orders", print)
        fresh = new_client()
        assert fresh.get_function(FunctionName="orders")["Configuration"]["FunctionName"] == "orders"
    with mock.patch("botocore.client.BaseClient._make_api_call", return_value={"Functions": []}), FakeLambda():
        assert names_of(client) == []
    assert BaseClient._make_api_call is original  # type: ignore[attr-defined]  # as above


def test_attach_hooks_a_client_once_and_nothing_else(fake: FakeLambda) -> None:
    client = new_client()
    fake.attach(client)
    fake.attach(client)
    names_of(client)
    assert [call.operation for call in fake.calls] == ["ListFunctions"]
    for stranger in (SESSION.client("s3", "us-east-1", **KEYS), boto3.Session(), "lambda", None):
        with pytest.raises(TypeError, match=r"attach\(\) takes a Lambda client"):
            fake.attach(stranger)  # type: ignore[arg-type]  # the mistake


def test_a_client_whose_class_is_not_botocore_s_is_answered_once_it_is_attached(fake: FakeLambda) -> None:
    """Of a vendored botocore, say, or one with its own way from a call to its parameters."""
    members = {name: value for name, value in vars(BaseClient).items() if name not in {"__dict__", "__weakref__"}}
    members["_emit_api_params"] = members["_emit_api_params"].__wrapped__
    for foreign in (type("Vendored", (), members), type("Shortened", (BaseClient,), {"_emit_api_params": _shortened})):
        client: Any = object.__new__(foreign)
        vars(client).update({name: value for name, value in vars(new_client()).items() if "fakelambda" not in name})
        fake.attach(client)
        assert client._make_api_call("ListFunctions", {})["Functions"] == []
    assert [call.operation for call in fake.calls] == ["ListFunctions"] * 2


def _shortened(self: Any, api_params: Any, operation_model: Any, context: Any) -> Any:
    event = f"before-parameter-build.lambda.{operation_model.name}"
    self.meta.events.emit(event, params=api_params, model=operation_model, context=context)
    return api_params


def test_other_services_never_ask_us(fake: FakeLambda) -> None:
    client: Any = SESSION.client("sns", "us-east-1", **KEYS)
    with Stubber(client) as stubber:
        stubber.add_response("list_topics", {"Topics": [{"TopicArn": "t"}]})
        assert client.list_topics()["Topics"] == [{"TopicArn": "t"}]
    assert hook._HOOKED not in client.__dict__
    assert fake.calls == []


# ---- which fake ----


def test_the_innermost_fake_answers() -> None:
    client = new_client()
    with FakeLambda() as outer:
        outer.add_function("outer", print)
        with FakeLambda() as inner:
            inner.add_function("inner", print)
            assert names_of(client) == ["inner"]
            assert fakelambda.current() is inner
        assert names_of(client) == ["outer"]
        assert fakelambda.current() is outer


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1], [1, 2, 0]], ids=str)
def test_stopping_takes_away_one_s_own_entry_wherever_it_stands(order: list[int]) -> None:
    client = new_client()
    fakes = [FakeLambda().start() for _ in range(3)]
    for number, fake in enumerate(fakes):
        fake.add_function(f"f{number}", print)
    left = [0, 1, 2]
    for number in order:
        assert names_of(client) == [f"f{left[-1]}"]
        fakes[number].stop()
        left.remove(number)
    with pytest.raises(RuntimeError, match="No FakeLambda is active"):
        fakelambda.current()
    real_road(client)
    assert names_of(client) == ["from AWS"]


def test_a_fake_starts_and_stops_once_at_a_time() -> None:
    fake = FakeLambda()
    with pytest.raises(RuntimeError, match=r"not active; call start\(\) before stop\(\)"):
        fake.stop()
    for _ in range(2):
        fake.start()
        with pytest.raises(RuntimeError, match="active already; make another one"):
            fake.start()
        assert names_of(fake.client()) == []
        fake.stop()
    with pytest.raises(RuntimeError, match="not active"):
        fake.stop()


def test_a_fake_started_inside_a_handler_answers_until_it_is_stopped(fake: FakeLambda, client: Any) -> None:
    def handler(event: Any, context: Any) -> list[Any]:
        with FakeLambda() as inner:
            inner.add_function("inner", lambda event, context: "from within")
            inside = client.invoke(FunctionName="inner")["Payload"].read().decode()
        return [inside, names_of(client)]

    fake.add_function("orders", handler)
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'["\\"from within\\"", ["orders"]]'


def test_threads_of_the_test_see_the_fake(fake: FakeLambda) -> None:
    fake.add_function("orders", print)
    client = new_client()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: names_of(client), range(8))) == [["orders"]] * 8


def test_tasks_and_threads_begun_by_a_handler_are_outermost_once_it_has_returned(fake: FakeLambda, client: Any) -> None:
    """Their context is a copy of the handler's: what is due must happen at the end of their calls nevertheless."""
    seen: list[str] = []
    loops: list[asyncio.AbstractEventLoop] = []
    later: list[asyncio.Task[None]] = []
    returned = asyncio.Event()

    async def background() -> None:
        await returned.wait()
        client.invoke(FunctionName="leaf", InvocationType="Event")
        seen.append("call of the task returned")

    def handler(event: Any, context: Any) -> None:
        later.append(loops[0].create_task(background()))

    async def test() -> None:
        loops.append(asyncio.get_running_loop())
        client.invoke(FunctionName="orders")
        returned.set()
        await later[0]

    fake.add_function("leaf", lambda event, context: seen.append("leaf ran"))
    fake.add_function("orders", handler)
    asyncio.run(test())
    assert seen == ["leaf ran", "call of the task returned"]


def test_concurrent_tasks_do_not_hide_each_other_s_errors(fake: FakeLambda, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(OPERATIONS, "GetAccountSettings")

    def swallows(event: Any, context: Any) -> None:
        with suppress(NotModelled):
            client.get_account_settings()

    fake.add_function("swallows", swallows)
    fake.add_function("fine", lambda event, context: None)

    async def test() -> list[Any]:
        calls = [asyncio.to_thread(client.invoke, FunctionName=name) for name in ("swallows", "fine") * 4]
        return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = asyncio.run(test())
    assert [type(outcome) for outcome in outcomes] == [NotModelled, dict] * 4


# ---- nothing is left behind ----


def _places() -> dict[str, Any]:
    return {
        "endpoint's time": botocore.endpoint.time,  # type: ignore[attr-defined]  # botocore imports it under this name
        "waiter's time": botocore.waiter.time,  # type: ignore[attr-defined]  # the same
        "sleep": time.sleep,
        "class of environ": type(os.environ),
        "class of environb": type(os.environb),
        "class of sys": type(sys),
        "modules": sys.modules,
        "path": sys.path,
        "meta path": list(sys.meta_path),
    }


def test_stopping_leaves_the_process_as_it_was_found() -> None:
    before = _places()
    with FakeLambda() as outer:
        inner = FakeLambda().start()
        assert _places() != before
        outer.add_function("orders", lambda event, context: None)
    assert _places() != before  # one is still active
    inner.stop()
    assert _places() == before


def test_what_others_put_in_our_places_stays_theirs() -> None:
    stand_in = mock.Mock()
    with mock.patch("botocore.endpoint.time", stand_in):
        with FakeLambda() as fake:
            assert names_of(fake.client()) == []
            assert botocore.endpoint.time.perf_counter is stand_in.perf_counter  # type: ignore[attr-defined]  # as above
        assert botocore.endpoint.time is stand_in  # type: ignore[attr-defined]  # as above
    fake = FakeLambda().start()
    with mock.patch("botocore.endpoint.time", stand_in):
        fake.stop()
        assert botocore.endpoint.time is stand_in  # type: ignore[attr-defined]  # as above
    botocore.endpoint.time = time  # type: ignore[attr-defined]  # mock has put our stand-in back, which nobody can foresee


@pytest.fixture
def nobody_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin keeps the last fakes of a test for its report; here nothing may."""
    monkeypatch.setattr("fakelambda.fake._watchers", [])


@pytest.mark.usefixtures("nobody_reports")
def test_clients_and_fakes_die() -> None:
    def story() -> list[weakref.ref[Any]]:
        fake = FakeLambda()
        client = new_client()
        with fake:
            fake.add_function("orders", lambda event, context: None)
            client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
            with pytest.raises(ClientError):
                client.invoke(FunctionName="orders")
        return [weakref.ref(client), weakref.ref(fake), weakref.ref(fake._server)]

    others = set(hook._flights)  # an exception that a plugin keeps of another test holds its call
    references = story()
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]
    assert set(hook._flights) <= others
    assert len(hook._strained) == 0


@pytest.mark.usefixtures("nobody_reports")
def test_hundreds_of_fakes_leave_nothing() -> None:
    client = new_client()

    def story() -> None:
        with FakeLambda() as fake:
            fake.client().list_functions()
            client.list_functions()

    for _ in range(3):
        story()
    gc.collect()
    objects, handlers = len(gc.get_objects()), repr(client.meta.events._emitter._handlers)
    for _ in range(300):
        story()
    gc.collect()
    assert len(gc.get_objects()) - objects < 100
    assert repr(client.meta.events._emitter._handlers) == handlers
    assert hook.active() is None


# ---- exceptions that pass through ----


@pytest.mark.parametrize("invocation_type", ["RequestResponse", "Event"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, pytest.skip.Exception])
def test_what_speaks_to_the_test_runner_passes_and_the_fake_goes_on(
    fake: FakeLambda, client: Any, invocation_type: str, error: type[BaseException]
) -> None:
    errors: list[type[BaseException]] = [error]

    def handler(event: Any, context: Any) -> str:
        if errors:
            raise errors.pop()
        return "again"

    fake.add_function("orders", handler)
    with pytest.raises(error):
        client.invoke(FunctionName="orders", InvocationType=invocation_type)
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'"again"'
    assert fake.pending == []
    assert isinstance(fake.calls[-2].error, error)


def test_an_exception_of_a_retry_s_attempt_passes(fake: FakeLambda, client: Any) -> None:
    """Throttled first, interrupted when it is tried again: the client's call ends with the interrupt."""

    def handler(event: Any, context: Any) -> None:
        raise KeyboardInterrupt

    fake.add_function("orders", handler)
    client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)

    def unblock(_: float) -> None:
        client.delete_function_concurrency(FunctionName="orders")

    with mock.patch.object(fake._server, "sleep", unblock), pytest.raises(KeyboardInterrupt):
        client.invoke(FunctionName="orders")
    assert (fake.calls[-2].attempts, type(fake.calls[-2].error)) == (2, KeyboardInterrupt)
