"""Clients of aiobotocore and aioboto3 are answered by the same fake, through the same hook."""

import asyncio
import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, IncompleteReadError, ReadTimeoutError, WaiterError
from botocore.validate import ParamValidator
from freezegun import freeze_time

from fakelambda import FakeLambda, NotModelled
from fakelambda.aws import hook

pytest.importorskip("aiobotocore", reason="aiobotocore pins an older botocore: it has a run of its own")

from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.client import AioBaseClient
from aiobotocore.config import AioConfig
from aiobotocore.httpxsession import HttpxSession
from aiobotocore.response import AioHttpxStreamingBody, StreamingBody
from aiobotocore.session import get_session

pytestmark = pytest.mark.anyio

KEYS = {"aws_access_key_id": "AKIA0000", "aws_secret_access_key": "secret"}
IMAGE: dict[str, Any] = {"Role": "arn:aws:iam::123456789012:role/r", "Code": {"ImageUri": "registry/orders:1"}, "PackageType": "Image"}
MODES = ("legacy", "standard", "adaptive")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody gets through, and whoever tries fails the test."""
    tried: list[object] = []

    def refuse(*arguments: Any, **_: Any) -> None:
        tried.append(arguments)
        raise OSError("the tests have no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    yield
    assert tried == []


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What tasks would really have slept: nothing, unless a test says so by clearing it."""
    sleep, slept = asyncio.sleep, list[float]()

    async def watched(seconds: float, result: Any = None) -> Any:
        if seconds:
            slept.append(seconds)
        return await sleep(0, result)

    monkeypatch.setattr(asyncio, "sleep", watched)
    yield slept
    assert slept == []


@pytest.fixture(autouse=True)
def every_asynchronous_answer_fits_the_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Holds each answer that aiobotocore's clients give while a fake is active against the output shape."""
    make_api_call: Any = AioBaseClient.__dict__["_make_api_call"]
    faults: list[str] = []

    async def judged(self: Any, operation_name: str, api_params: Any) -> Any:
        response = await make_api_call(self, operation_name, api_params)
        if self.meta.service_model.service_name == "lambda" and hook.active() is not None:
            members = {name: value for name, value in response.items() if name != "ResponseMetadata"}
            shape = self.meta.service_model.operation_model(operation_name).output_shape
            report = ParamValidator().validate(members, shape) if shape else None
            if report is not None and report.has_errors():
                faults.append(f"{operation_name}: {report.generate_report()}")
        return response

    monkeypatch.setattr(AioBaseClient, "_make_api_call", judged)
    yield
    assert faults == []


def new_client(*, retries: str | None = None, attempts: int | None = None, **options: Any) -> Any:
    """What `async with` enters: a client that nothing has hooked."""
    given = {"mode": retries, "total_max_attempts": attempts}
    config = Config(retries={name: value for name, value in given.items() if value})  # type: ignore[arg-type]  # its stubs want a TypedDict
    return get_session().create_client("lambda", config=config, **{"region_name": "us-east-1", **KEYS, **options})


@pytest.fixture
async def aio(fake: FakeLambda) -> AsyncIterator[Any]:
    async with new_client() as client:
        yield client


async def names_of(client: Any) -> list[str]:
    return [function["FunctionName"] for function in (await client.list_functions())["Functions"]]


# ---- calls and answers ----


async def test_what_an_asynchronous_client_deploys_a_synchronous_one_finds(fake: FakeLambda, client: Any, aio: Any, zipped: Any) -> None:
    package = zipped({"app.py": "def handler(event, context):\n    return {'id': event['id'], 'by': context.function_name}\n"})
    role = "arn:aws:iam::123456789012:role/r"
    created = await aio.create_function(
        FunctionName="orders", Role=role, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": package}
    )
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    version = (await aio.publish_version(FunctionName="orders"))["Version"]
    await aio.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)
    answer = await aio.invoke(FunctionName="orders", Qualifier="live", Payload=b'{"id": 7}')
    assert json.loads(await answer["Payload"].read()) == {"id": 7, "by": "orders"}
    assert answer["ExecutedVersion"] == "1"
    assert client.get_alias(FunctionName="orders", Name="live")["FunctionVersion"] == "1"
    assert [call.operation for call in fake.calls] == ["CreateFunction", "PublishVersion", "CreateAlias", "Invoke", "GetAlias"]


async def test_both_kinds_of_clients_get_equal_answers(fake: FakeLambda, client: Any, aio: Any) -> None:
    fake.add_function("orders", lambda event, context: event)
    with freeze_time("2030-01-01"):
        for operation in ("get_function_configuration", "get_policy", "list_aliases", "get_function_concurrency"):
            answers: list[Any] = []
            for ask in (client, aio):
                try:
                    answer = getattr(ask, operation)(FunctionName="orders")
                    answers.append(await answer if asyncio.iscoroutine(answer) else answer)
                except ClientError as error:
                    answers.append(error.response)
                metadata = answers[-1]["ResponseMetadata"]
                metadata.pop("RequestId")
                metadata["HTTPHeaders"].pop("x-amzn-requestid")
            assert answers[0] == answers[1]


async def test_errors_are_the_client_s_own_classes(aio: Any) -> None:
    with pytest.raises(
        aio.exceptions.ResourceNotFoundException, match="Function not found: arn:aws:lambda:us-east-1:123456789012:function:orders"
    ):
        await aio.get_function(FunctionName="orders")
    with pytest.raises(ClientError, match="ValidationException"):
        await aio.create_alias(FunctionName="orders", Name="live", FunctionVersion="!")


async def test_what_is_not_modelled_is_said(aio: Any) -> None:
    with pytest.raises(NotModelled, match="ListCodeSigningConfigs is not modelled"):
        await aio.list_code_signing_configs()


async def test_what_a_handler_hides_the_outermost_call_raises(fake: FakeLambda, client: Any, aio: Any) -> None:
    def handler(event: Any, context: Any) -> str:
        with contextlib.suppress(NotModelled):
            client.list_code_signing_configs()
        return "swallowed"

    fake.add_function("orders", handler)
    with pytest.raises(NotModelled, match="ListCodeSigningConfigs"):
        await aio.invoke(FunctionName="orders")


@pytest.mark.parametrize("payload", [b'"{}"', '"{}"', bytearray(b'"{}"')], ids=["bytes", "text", "bytearray"])
async def test_a_payload_is_taken_as_botocore_takes_it(fake: FakeLambda, aio: Any, payload: Any) -> None:
    fake.add_function("orders", lambda event, context: event)
    assert await (await aio.invoke(FunctionName="orders", Payload=payload))["Payload"].read() == b'"{}"'


async def test_functions_errors_and_events(fake: FakeLambda, aio: Any) -> None:
    def failing(event: Any, context: Any) -> None:
        raise LookupError("gone")

    fake.add_function("orders", failing)
    answer = await aio.invoke(FunctionName="orders", LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(await answer["Payload"].read())["errorType"] == "LookupError"
    answer = await aio.invoke(FunctionName="orders", InvocationType="Event")
    assert (answer["StatusCode"], await answer["Payload"].read()) == (202, b"")
    fake.drain()
    assert [invocation.attempt for invocation in fake.invocations.filter(invocation_type="Event")] == [1, 2, 3]


# ---- the payload ----


@pytest.fixture
async def payload(fake: FakeLambda, aio: Any) -> Any:
    """Two lines of 2 000 bytes together."""
    fake.add_function("orders", lambda event, context: "a" * 998 + "\n" + "b" * 996)
    return (await aio.invoke(FunctionName="orders"))["Payload"]


async def test_a_payload_is_aiobotocore_s(payload: Any) -> None:
    assert isinstance(payload, StreamingBody)
    with pytest.raises(TypeError):
        next(iter(payload))


async def read_in_parts(payload: Any) -> bytes:
    parts = [await payload.read(10), await payload.read(1500)]
    assert [len(part) for part in parts] == [10, 1500]
    assert payload.tell() == 1510
    assert payload.readable()
    rest = await payload.read()
    assert not payload.readable()
    assert await payload.read() == b""
    return b"".join((*parts, rest))


async def read_as_context(payload: Any) -> bytes:
    async with payload as stream:
        return bytes(await stream.read())


async def read_into(payload: Any) -> bytes:
    buffer = bytearray(4000)
    return bytes(buffer[: await payload.readinto(buffer)])


@pytest.mark.parametrize(
    "read",
    [
        read_in_parts,
        read_as_context,
        read_into,
        lambda payload: payload.read(),
    ],
)
async def test_a_payload_is_read(payload: Any, read: Callable[[Any], Any]) -> None:
    assert json.loads(await read(payload)) == "a" * 998 + "\n" + "b" * 996


async def test_a_payload_is_iterated(payload: Any) -> None:
    chunks = [chunk async for chunk in payload]
    assert [len(chunk) for chunk in chunks] == [1024, 974]
    assert json.loads(b"".join(chunks)).startswith("aaa")


async def test_a_payload_that_was_closed_half_read_is_incomplete(payload: Any) -> None:
    await payload.read(10)
    payload.close()
    with pytest.raises(IncompleteReadError):
        await payload.read()


@pytest.mark.filterwarnings("ignore:aiobotocore.s httpx backend:DeprecationWarning")  # where it finds the elder httpx
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_client_over_httpx_has_httpx_s_bodies_also_under_trio(backend: str) -> None:
    if importlib.util.find_spec("httpx2") is None:
        pytest.importorskip("httpx")
    anyio = pytest.importorskip("anyio")
    pytest.importorskip(backend)
    config = AioConfig(http_session_cls=HttpxSession, retries={"mode": "adaptive"})
    seen: list[Any] = []

    async def story() -> None:
        with FakeLambda() as fake:
            fake.add_function("orders", lambda event, context: "a" * 1998)
            async with get_session().create_client("lambda", region_name="us-east-1", config=config, **KEYS) as client:
                for _ in range(5):
                    fake.fail("Invoke", "TooManyRequestsException", times=2)
                    answer = await client.invoke(FunctionName="orders")
                    seen.append(answer["ResponseMetadata"]["RetryAttempts"])
                    async with answer["Payload"] as payload:
                        assert isinstance(payload, AioHttpxStreamingBody)
                        seen.append([len(chunk) async for chunk in payload])
                with pytest.raises(WaiterError):
                    await client.get_waiter("function_exists").wait(FunctionName="missing")
                with pytest.raises(client.exceptions.ResourceNotFoundException):
                    await client.get_function(FunctionName="missing")

    anyio.run(story, backend=backend)
    assert seen == [2, [1024, 976]] * 5


# ---- waiters and paginators ----


@pytest.mark.parametrize("lifecycle", ["realistic"])
async def test_a_waiter_moves_the_clock_by_its_delay(fake: FakeLambda, aio: Any) -> None:
    with freeze_time("2030-01-01") as frozen:
        await aio.create_function(FunctionName="orders", **IMAGE)
        await aio.get_waiter("function_active_v2").wait(FunctionName="orders", WaiterConfig={"Delay": 2})
        assert str(frozen()) == "2030-01-01 00:00:04"
    assert [call.operation for call in fake.calls[1:]] == ["GetFunction"] * 3


async def test_a_waiter_in_vain_gives_up_at_once(fake: FakeLambda, aio: Any) -> None:
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        await aio.get_waiter("function_exists").wait(FunctionName="missing")
    assert fake._server.monotonic() > 15


@pytest.mark.parametrize("lifecycle", ["realistic"])
async def test_a_waiter_lets_others_have_their_turn(fake: FakeLambda, aio: Any) -> None:
    seen: list[str] = []

    async def watch() -> None:
        configuration = await aio.get_function_configuration(FunctionName="orders")
        seen.append(configuration["State"])

    await aio.create_function(FunctionName="orders", **IMAGE)
    watching = asyncio.create_task(watch())
    await aio.get_waiter("function_active_v2").wait(FunctionName="orders")
    assert watching.done()
    assert seen == ["Pending"]


async def test_pages(fake: FakeLambda, aio: Any) -> None:
    for number in range(7):
        fake.add_function(f"f{number}", print)
    pages = aio.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["Functions"]) async for page in pages] == [3, 3, 1]
    whole = await aio.get_paginator("list_functions").paginate().build_full_result()
    assert len(whole["Functions"]) == 7


# ---- retries ----


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("error", ["TooManyRequestsException", "ServiceException", "ConnectionError", "ReadTimeout"])
async def test_an_attempt_that_fails_is_made_again_by_aiobotocore(fake: FakeLambda, mode: str, error: str) -> None:
    fake.add_function("orders", lambda event, context: event)
    fake.fail("Invoke", error, times=2)
    async with new_client(retries=mode) as client:
        answer = await client.invoke(FunctionName="orders", Payload=b"7")
        assert await answer["Payload"].read() == b"7"
        assert (answer["ResponseMetadata"]["RetryAttempts"], fake.calls[-1].attempts) == (2, 3)
        assert fake._server.monotonic() > 0
        again = await client.invoke(FunctionName="orders", Payload=b"8")
        assert (await again["Payload"].read(), again["ResponseMetadata"]["RetryAttempts"]) == (b"8", 0)


@pytest.mark.parametrize(("mode", "attempts"), [("legacy", 5), ("standard", 3), ("adaptive", 3)])
async def test_attempts_end(fake: FakeLambda, mode: str, attempts: int) -> None:
    fake.fail("GetFunction", "TooManyRequestsException", times=100)
    async with new_client(retries=mode) as client:
        with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
            await client.get_function(FunctionName="orders")
    metadata = caught.value.response["ResponseMetadata"]
    assert (metadata["RetryAttempts"], metadata["MaxAttemptsReached"], fake.calls[-1].attempts) == (attempts - 1, True, attempts)


@pytest.mark.parametrize(
    ("fault", "raised"), [("ReadTimeout", ReadTimeoutError), ("ConnectTimeout", ConnectTimeoutError), (LookupError, LookupError)]
)
async def test_connection_faults_reach_the_caller(fake: FakeLambda, fault: Any, raised: type[Exception]) -> None:
    fake.fail("GetFunction", fault if isinstance(fault, str) else fault("own"), times=100)
    async with new_client(retries="standard", attempts=2) as client:
        with pytest.raises(raised):
            await client.get_function(FunctionName="orders")


async def test_a_read_timeout_runs_the_handler_again(fake: FakeLambda, aio: Any) -> None:
    fake.add_function("orders", lambda event, context: None)
    fake.fail("Invoke", "ReadTimeout")
    await aio.invoke(FunctionName="orders")
    assert len(fake.invocations) == 2


@pytest.mark.parametrize("mode", MODES)
def test_the_same_seed_gives_the_same_back_off(mode: str) -> None:
    async def story(seed: int) -> float:
        with FakeLambda(seed=seed) as fake, freeze_time("2030-01-01"):
            fake.fail("GetFunction", "TooManyRequestsException", times=2)
            async with new_client(retries=mode) as client:
                with pytest.raises(client.exceptions.ResourceNotFoundException):
                    await client.get_function(FunctionName="orders")
            return fake._server.monotonic()

    first, again, other = (asyncio.run(story(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


async def test_a_client_s_quota_does_not_leak_into_the_next_fake() -> None:
    async with new_client(retries="standard", attempts=3) as client:
        for _ in range(60):  # each takes from the quota of 500
            with FakeLambda() as fake:
                fake.fail("GetFunction", "TooManyRequestsException", times=100)
                for _ in range(3):
                    with pytest.raises(client.exceptions.TooManyRequestsException):
                        await client.get_function(FunctionName="orders")
                assert [call.attempts for call in fake.calls] == [3] * 3


async def test_a_rate_limited_client_may_be_used_by_what_comes_due_while_it_waits(fake: FakeLambda) -> None:
    async with new_client(retries="adaptive") as client:

        async def handler(event: Any, context: Any) -> list[str]:
            return await names_of(client)

        fake.add_function("orders", handler)
        fake.fail("ListFunctions", "TooManyRequestsException", times=2)
        await names_of(client)
        for _ in range(5):
            fake.client().invoke(FunctionName="orders", InvocationType="Event")
            await names_of(client)
    fake.drain()
    assert [invocation.result for invocation in fake.invocations] == [["orders"]] * 5


# ---- tasks ----


async def test_fifty_tasks(fake: FakeLambda, aio: Any) -> None:
    fake.add_function("orders", lambda event, context: {"id": event["id"], "request": context.aws_request_id})

    async def invoked(number: int) -> Any:
        answer = await aio.invoke(FunctionName="orders", Payload=json.dumps({"id": number}))
        return json.loads(await answer["Payload"].read())

    answers = await asyncio.gather(*(invoked(number) for number in range(50)))
    assert [answer["id"] for answer in answers] == list(range(50))
    assert len({answer["request"] for answer in answers}) == 50
    assert [invocation.event["id"] for invocation in fake.invocations] == list(range(50))


async def test_a_task_s_due_events_have_happened_when_its_call_returns(fake: FakeLambda, aio: Any) -> None:
    seen: list[int] = []
    fake.add_function("orders", lambda event, context: seen.append(event))

    async def sends(number: int) -> None:
        await aio.invoke(FunctionName="orders", InvocationType="Event", Payload=str(number))
        assert number in seen

    await asyncio.gather(*(sends(number) for number in range(20)))
    assert sorted(seen) == list(range(20))


async def test_concurrency_counts_what_runs_at_the_same_time(fake: FakeLambda, aio: Any) -> None:
    """Two threads meet in the handler; a third call, made by an event loop meanwhile, finds no concurrency left."""
    inside, leave = threading.Barrier(3), threading.Event()

    def handler(event: Any, context: Any) -> None:
        inside.wait()
        leave.wait()

    fake.add_function("orders", handler, Timeout=900)
    fake.client().put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=2)
    client = fake.client()
    running = [asyncio.create_task(asyncio.to_thread(client.invoke, FunctionName="orders")) for _ in range(2)]
    await asyncio.to_thread(inside.wait)
    async with new_client(attempts=1) as impatient:
        with pytest.raises(impatient.exceptions.TooManyRequestsException) as caught:
            await impatient.invoke(FunctionName="orders")
    leave.set()
    await asyncio.gather(*running)
    assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


async def test_a_throttled_task_tries_again_while_another_runs_on(fake: FakeLambda, aio: Any) -> None:
    """Within an invocation that waits for it, a further one is one too many."""

    async def handler(event: Any, context: Any) -> Any:
        if event == "outer":
            return (await aio.invoke(FunctionName="orders", Payload=b'"inner"'))["StatusCode"]
        return None

    fake.add_function("orders", handler, Timeout=60)
    fake.client().put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)
    answer = await aio.invoke(FunctionName="orders", Payload=b'"outer"')
    assert json.loads(await answer["Payload"].read())["errorType"] == "TooManyRequestsException"
    assert fake.calls[-1].attempts == 5


# ---- handlers and the event loop ----


async def test_deployed_code_runs_event_loops_as_in_lambda(client: Any, aio: Any, zipped: Any) -> None:
    code = "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    return 'done'\ndef handler(event, context):\n    return asyncio.run(main())\n"
    role = "arn:aws:iam::123456789012:role/r"
    package = zipped({"app.py": code})
    client.create_function(FunctionName="orders", Role=role, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": package})
    outer = asyncio.get_running_loop()
    for _ in range(2):
        assert await (await aio.invoke(FunctionName="orders"))["Payload"].read() == b'"done"'
    assert asyncio.get_running_loop() is outer


async def test_a_coroutine_function_is_awaited_in_a_loop_of_its_own(fake: FakeLambda, aio: Any) -> None:
    loops: list[Any] = []

    async def handler(event: Any, context: Any) -> list[str]:
        loops.append(asyncio.get_running_loop())
        return await names_of(aio)

    fake.add_function("orders", handler)
    answer = await aio.invoke(FunctionName="orders")
    assert await answer["Payload"].read() == b'["orders"]'
    assert loops[0] is not asyncio.get_running_loop()
    assert loops[0].is_closed()


async def test_a_call_in_a_thread_leaves_the_loop_free(fake: FakeLambda) -> None:
    """As the page on asynchronous clients says for handlers that block."""
    free = threading.Event()

    def handler(event: Any, context: Any) -> bool:
        return free.wait(30)

    async def call() -> bytes:
        async with new_client() as client:
            return bytes(await (await client.invoke(FunctionName="orders"))["Payload"].read())

    fake.add_function("orders", handler, Timeout=60)
    calling = asyncio.create_task(asyncio.to_thread(asyncio.run, call()))
    asyncio.get_running_loop().call_soon(free.set)
    assert await calling == b"true"


async def test_a_handler_s_time_passes_on_the_fake_s_clock(fake: FakeLambda, aio: Any) -> None:
    fake.add_function("orders", lambda event, context: time.sleep(10), Timeout=20)
    await aio.invoke(FunctionName="orders")
    assert fake.invocations[0].duration >= 10


async def test_what_speaks_to_the_test_runner_passes(fake: FakeLambda, aio: Any) -> None:
    def handler(event: Any, context: Any) -> None:
        pytest.skip("passes")

    fake.add_function("orders", handler)
    with pytest.raises(pytest.skip.Exception):
        await aio.invoke(FunctionName="orders")
    assert await names_of(aio) == ["orders"]


# ---- whoever built the client, and when ----


async def test_a_client_built_before_the_fake() -> None:
    async with new_client() as client:
        waiter = client.get_waiter("function_exists")
        with FakeLambda() as outer:
            outer.add_function("outer", print)
            with FakeLambda() as inner:
                inner.add_function("inner", print)
                assert await names_of(client) == ["inner"]
                with pytest.raises(WaiterError):
                    await waiter.wait(FunctionName="outer")
            assert await names_of(client) == ["outer"]
            assert inner._server.monotonic() > 15 > outer._server.monotonic()


async def test_regions_and_accounts(fake: FakeLambda) -> None:
    fake.add_function("orders", print)
    async with new_client(region_name="eu-west-1") as elsewhere:
        assert await names_of(elsewhere) == []
    async with (
        fake.async_client() as own,
        fake.async_client(region="eu-west-1") as other,
        fake.async_client(account_id="2" * 12) as stranger,
    ):
        assert [await names_of(client) for client in (own, other, stranger)] == [["orders"], [], []]
    async with fake.async_client(config=Config(retries={"total_max_attempts": 1})) as impatient:
        fake.fail("ListFunctions", "TooManyRequestsException")
        with pytest.raises(impatient.exceptions.TooManyRequestsException):
            await names_of(impatient)


async def test_a_client_of_a_fake_that_is_not_active_calls_nobody() -> None:
    async with FakeLambda().async_client() as client:
        with pytest.raises(RuntimeError, match="no FakeLambda is active"):
            await names_of(client)


async def test_aioboto3(fake: FakeLambda) -> None:
    aioboto3: Any = pytest.importorskip("aioboto3")
    fake.add_function("orders", print)
    async with aioboto3.Session(**KEYS, region_name="us-east-1").client("lambda") as client:
        assert await names_of(client) == ["orders"]


async def test_a_second_registration_changes_nothing(fake: FakeLambda, aio: Any) -> None:
    fake.attach(aio)
    await names_of(aio)
    assert len(fake.calls) == 1


class _Nothing:
    async def read(self) -> bytes:
        return b""


async def test_other_services_of_aiobotocore_pass_untouched(fake: FakeLambda, slept: list[float]) -> None:
    """They send, wait before they try again, and take their answers as ever."""
    statuses = [503, 200]

    def answer(request: Any, **_: Any) -> AioAWSResponse:
        return AioAWSResponse(request.url, statuses.pop(0), {}, _Nothing())

    fake.client().list_functions()
    async with get_session().create_client("s3", region_name="us-east-1", **KEYS) as s3:
        s3.meta.events.register("before-send.s3", answer)
        assert (await s3.head_bucket(Bucket="orders"))["ResponseMetadata"]["RetryAttempts"] == 1
    assert len(slept) == 1
    slept.clear()
    assert [call.operation for call in fake.calls] == ["ListFunctions"]


async def test_without_a_fake_a_client_that_was_served_by_one_waits_really(slept: list[float]) -> None:
    statuses = [503, 503, 404, 404]

    def answer(request: Any, **_: Any) -> AioAWSResponse:
        return AioAWSResponse(request.url, statuses.pop(0), {"x-amzn-errortype": "ResourceNotFoundException"}, _Nothing())

    async with new_client(attempts=2) as client:
        with FakeLambda():
            await names_of(client)
        client.meta.events.register("before-send.lambda", answer)
        with pytest.raises(ClientError):
            await names_of(client)
        assert len(slept) == 1
        with pytest.raises(WaiterError, match="Max attempts exceeded"):
            await client.get_waiter("function_exists").wait(FunctionName="orders", WaiterConfig={"MaxAttempts": 2})
        assert slept[1:] == [1]
        assert statuses == []
    slept.clear()


def test_a_session_of_aiobotocore_cannot_be_connected(fake: FakeLambda) -> None:
    with pytest.raises(TypeError, match=r"connect\(\) takes a boto3 or botocore session"):
        fake.connect(get_session())


def test_a_library_that_is_imported_inside_the_fake_is_answered_too() -> None:
    story = """
        import asyncio, socket, sys
        from fakelambda import FakeLambda
        def refuse(*_, **__): raise SystemExit("the network was asked")
        socket.getaddrinfo = socket.socket.connect = refuse
        async def own_client():
            try:
                async with fake.async_client(): raise SystemExit("made without aiobotocore")
            except RuntimeError as error:
                assert "import aiobotocore.session or aioboto3 before" in str(error)
        async def list_functions():
            from aiobotocore.session import get_session
            async with get_session().create_client("lambda", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b") as client:
                fake.fail("ListFunctions", "TooManyRequestsException")
                return await client.list_functions()
        with FakeLambda() as fake:
            assert "aiobotocore" not in sys.modules
            asyncio.run(own_client())
            assert "aiobotocore" not in sys.modules
            assert asyncio.run(list_functions())["Functions"] == []
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(story)], check=True, env={**os.environ, "PYTHONPATH": os.getcwd()})  # noqa: PTH109 - where the package is


# ---- tests of users ----


@FakeLambda(seed=7)
async def test_a_decorated_coroutine() -> None:
    active: Any = hook.active()
    active.owner.add_function("orders", print)
    async with new_client() as client:
        assert await names_of(client) == ["orders"]


@pytest.mark.parametrize("plugin", ["asyncio", "anyio"])
def test_asynchronous_tests_and_fixtures_of_a_project(pytester: pytest.Pytester, plugin: str) -> None:
    pytest.importorskip("pytest_asyncio" if plugin == "asyncio" else "anyio.pytest_plugin")
    fixture = "pytest_asyncio.fixture" if plugin == "asyncio" else "pytest.fixture"
    pytester.makeini(
        "[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n"
        if plugin == "asyncio"
        else "[pytest]\nfilterwarnings = error\n"
    )
    pytester.makepyfile(f"""
        import json
        import pytest
        import aiobotocore.session
        {"import pytest_asyncio" if plugin == "asyncio" else ""}
        import fakelambda
        from fakelambda import FakeLambda

        pytestmark = pytest.mark.{plugin}

        {"" if plugin == "asyncio" else "@pytest.fixture"}
        def anyio_backend():
            return "asyncio"

        @{fixture}
        async def orders(fake_lambda):
            fake_lambda.add_function("orders", lambda event, context: event)
            async with fake_lambda.async_client() as client:
                yield client

        async def test_fixtures(orders, lambda_client):
            answer = await orders.invoke(FunctionName="orders", Payload=b"7")
            assert json.loads(await answer["Payload"].read()) == 7
            assert lambda_client.get_function(FunctionName="orders")

        @pytest.mark.fake_lambda(region="eu-west-1")
        async def test_marker():
            async with fakelambda.current().async_client() as client:
                assert client.meta.region_name == "eu-west-1"

        class TestClass:
            @FakeLambda(seed=7)
            async def test_decorated(self):
                async with fakelambda.current().async_client() as client:
                    assert (await client.list_functions())["Functions"] == []
    """)
    options = ("-p", "conftest_plugin", *(() if plugin == "asyncio" else ("-p", "no:asyncio")))
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=3)


def test_sessions_of_botocore_are_not_taken_for_aiobotocore_s(fake: FakeLambda) -> None:
    fake.connect(botocore.session.get_session())
