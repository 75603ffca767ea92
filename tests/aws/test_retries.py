"""Errors that an SDK tries again go through the client's own retries, on the fake's clock, and leave nothing for the next test."""

from __future__ import annotations

import io
import random
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.retries.adaptive import ClientRateLimiter
from botocore.retries.standard import RetryQuotaChecker
from freezegun import freeze_time

from fakelambda import FakeLambda
from fakelambda.aws import retries
from fakelambda.domain.errors import ServiceError
from fakelambda.operations.call import OPERATIONS
from fakelambda.runtime import sleeping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEYS = {"aws_access_key_id": "AKIA0000", "aws_secret_access_key": "secret"}
SESSION: Any = boto3.Session()
MODES = ("legacy", "standard", "adaptive")


def _error(code: str, unmodelled_status: int | None = None) -> type[ServiceError]:
    return type(code, (ServiceError,), {"unmodelled_status": unmodelled_status})


ERRORS = {
    429: _error("TooManyRequestsException"),
    500: _error("ServiceException"),
    502: _error("ResourceNotReadyException"),
    503: _error("ServiceUnavailable", 503),
}
THROTTLED, FAILED = ERRORS[429], ERRORS[500]


@pytest.fixture(autouse=True)
def real_sleeps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """No test here really sleeps, resolves a name or lasts: whoever tries is found out."""
    slept: list[float] = []

    def resolve(*args: Any, **_: Any) -> Any:
        raise AssertionError(f"somebody resolves {args}")

    monkeypatch.setattr(sleeping, "really", slept.append)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    begun = time.perf_counter()
    yield slept
    assert slept == []
    assert time.perf_counter() - begun < 10


def client_of(mode: str, max_attempts: int = 3) -> Any:
    """A client of its own, with nobody else's quota."""
    return configured(mode=mode, total_max_attempts=max_attempts)


shared_client_of = cache(client_of)
"""The same client for many rows of a table: that nothing leaks from one into the next is proved further down."""


def configured(**options: Any) -> Any:
    retries_of: Any = options  # the stubs want each mode spelled out
    return SESSION.client("lambda", "us-east-1", **KEYS, config=Config(retries=retries_of))


class Failing(Protocol):
    """Makes the next attempts of an operation fail; returns where the time of each attempt is noted."""

    def __call__(self, operation: str, *errors: ServiceError) -> list[datetime]: ...


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    originals = dict(OPERATIONS)

    def failing(operation: str, *errors: ServiceError) -> list[datetime]:
        real, left, attempts = originals[operation], list(errors), []

        def function(call: Any, **arguments: Any) -> Any:
            attempts.append(call.now)
            if left:
                raise left.pop(0)
            return real.function(call, **arguments)

        monkeypatch.setitem(OPERATIONS, operation, replace(real, function=function))
        return attempts

    return failing


def block(fake: FakeLambda, name: str = "orders") -> None:
    fake.add_function(name, lambda event, context: event)
    fake.client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)


# ---- attempts ----


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", ERRORS)
@pytest.mark.parametrize("failures", [1, 2, 3])
def test_each_attempt_runs_the_operation_again(fake: FakeLambda, failing: Failing, mode: str, status: int, failures: int) -> None:
    attempts = failing("GetAccountSettings", *[ERRORS[status](f"failure {number}") for number in range(failures)])
    client = shared_client_of(mode)
    if failures < 3:
        answer = client.get_account_settings()
        assert answer["AccountUsage"] == {"FunctionCount": 0, "TotalCodeSize": 0}
        metadata = answer["ResponseMetadata"]
        assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"]) == (200, failures)
        assert "MaxAttemptsReached" not in metadata
        assert fake.calls[-1].response == {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    else:
        with pytest.raises(ClientError) as caught:
            client.get_account_settings()
        metadata = caught.value.response["ResponseMetadata"]
        assert caught.value.response["Error"]["Code"] == ERRORS[status].__name__
        if ERRORS[status].unmodelled_status is None:
            assert caught.value.response["Error"]["Message"] == "failure 2"
        assert type(caught.value) is client.exceptions.from_code(ERRORS[status].__name__)
        assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"], metadata["MaxAttemptsReached"]) == (status, 2, True)  # type: ignore[typeddict-item]  # botocore adds it
        error: Any = fake.calls[-1].error
        assert error["Error"] == {"Code": ERRORS[status].__name__, "Message": "failure 2"}
    assert len(attempts) == fake.calls[-1].attempts == min(failures + 1, 3)
    assert len(fake.calls) == 1
    assert metadata["RequestId"] == metadata["HTTPHeaders"]["x-amzn-requestid"]


def test_what_travels_through_the_retries_is_what_comes_without_them(fake: FakeLambda, failing: Failing) -> None:
    fake.add_function("orders", lambda event, context: 1 / 0)

    def story(client: Any) -> list[Any]:
        answers = [
            client.invoke(FunctionName="orders", Payload="{}"),
            client.invoke(FunctionName="orders", InvocationType="DryRun"),
            client.get_function_configuration(FunctionName="orders"),
            client.delete_function_concurrency(FunctionName="orders"),
        ]
        for answer in answers:
            for name in ("RequestId", "RetryAttempts"):
                del answer["ResponseMetadata"][name]
            for name in ("date", "x-amzn-requestid"):
                del answer["ResponseMetadata"]["HTTPHeaders"][name]
            if "Payload" in answer:
                answer["Payload"] = answer["Payload"].read().partition(b'"requestId"')[0]
        return answers

    plain = story(fake.client())
    for operation in ("Invoke", "GetFunctionConfiguration", "DeleteFunctionConcurrency"):
        failing(operation, FAILED("failure"))
    assert story(client_of("standard")) == plain


@pytest.mark.parametrize(
    ("mode", "options", "attempts"),
    [
        ("legacy", {"max_attempts": 0}, 1),
        ("legacy", {"max_attempts": 1}, 2),
        ("legacy", {"max_attempts": 4}, 5),
        ("legacy", {"total_max_attempts": 2}, 2),
        ("standard", {"max_attempts": 1}, 2),
        ("standard", {"total_max_attempts": 1}, 1),
        ("standard", {"total_max_attempts": 6}, 6),
        ("adaptive", {"total_max_attempts": 4}, 4),
    ],
)
def test_the_client_s_own_configuration_decides_how_often(fake: FakeLambda, mode: str, options: dict[str, int], attempts: int) -> None:
    block(fake)
    client = configured(mode=mode, **options)
    with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
        client.invoke(FunctionName="orders")
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == attempts - 1
    assert fake.calls[-1].attempts == attempts


def test_what_an_sdk_does_not_try_again_is_tried_once(fake: FakeLambda) -> None:
    client = client_of("standard")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.get_function(FunctionName="missing")
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert fake.calls[-1].attempts == 1


def _at_the_end() -> io.BytesIO:
    body = io.BytesIO(b'skipped{"id": 7}')
    body.seek(len("skipped"))
    return body


PAYLOADS: list[Callable[[], Any]] = [
    lambda: b'{"id": 7}',
    lambda: '{"id": 7}',
    lambda: bytearray(b'{"id": 7}'),
    lambda: io.BytesIO(b'{"id": 7}'),
    _at_the_end,
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("payload", PAYLOADS, ids=["bytes", "str", "bytearray", "file", "file that is not at its beginning"])
def test_a_payload_is_the_same_at_every_attempt(fake: FakeLambda, failing: Failing, mode: str, payload: Callable[[], Any]) -> None:
    events: list[Any] = []

    def handler(event: Any, context: Any) -> Any:
        events.append(event)
        return event

    fake.add_function("orders", handler)
    failing("Invoke", THROTTLED("Rate Exceeded.", Reason="CallerRateLimitExceeded"), FAILED("failure"))
    answer = shared_client_of(mode).invoke(FunctionName="orders", Payload=payload())
    assert answer["Payload"].read() == b'{"id": 7}'
    assert (answer["StatusCode"], answer["ExecutedVersion"], answer["ResponseMetadata"]["RetryAttempts"]) == (200, "$LATEST", 2)
    assert events == [{"id": 7}]


def test_a_user_s_own_retry_of_a_success_runs_the_operation_again(fake: FakeLambda, failing: Failing) -> None:
    attempts = failing("GetAccountSettings", FAILED("failure"))
    client = client_of("standard")
    client.meta.events.register_first(
        "needs-retry.lambda", lambda attempts, response, **_: 1 if response and response[0].status_code == 200 and attempts < 4 else None
    )
    assert client.get_account_settings()["ResponseMetadata"]["RetryAttempts"] == 3
    assert len(attempts) == 4


# ---- the clock ----


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.usefixtures("time_moves_by_order_only")
def test_back_off_moves_the_clock_and_lets_things_happen_meanwhile(mode: str) -> None:
    with FakeLambda(lifecycle="realistic") as fake:
        block(fake)
        client = client_of(mode, max_attempts=12)
        client.create_function(
            FunctionName="billing", Role="arn:aws:iam::123456789012:role/r", Code={"ImageUri": "registry/billing:1"}, PackageType="Image"
        )
        before = fake._service.world.now()
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName="orders")
        assert fake._service.world.now() - before > timedelta(seconds=3)
        assert fake.functions["billing"].latest.life.state == "Active"


def test_what_happens_during_the_back_off_can_make_the_next_attempt_succeed() -> None:
    """An event that waits for the back-off's time unblocks the function: success on the second attempt."""
    with FakeLambda(schedule="automatic") as fake:
        block(fake)
        client = client_of("legacy", max_attempts=5)
        fake._service.schedule.add(
            timedelta(microseconds=1),
            lambda: client.delete_function_concurrency(FunctionName="orders"),
            kind="test",
            function_name="orders",
            runs_user_code=True,
        )
        answer = client.invoke(FunctionName="orders", Payload="7")
        assert (answer["Payload"].read(), answer["ResponseMetadata"]["RetryAttempts"]) == (b"7", 1)


@pytest.mark.parametrize("mode", MODES)
def test_under_freezegun_the_frozen_clock_ticks(mode: str, failing: Failing) -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    with freeze_time(start), FakeLambda() as fake:
        attempts = failing("GetAccountSettings", *[FAILED("failure")] * 3)
        client_of(mode, max_attempts=4).get_account_settings()
        assert attempts[0] == start
        assert attempts == sorted(set(attempts))
        assert datetime.now(UTC) == attempts[-1] == fake._service.world.now()


@pytest.mark.parametrize("mode", MODES)
def test_the_seed_decides_how_long_the_back_off_waits(mode: str, failing: Failing) -> None:
    def attempts_of(seed: int) -> list[datetime]:
        with freeze_time("2030-01-01"), FakeLambda(seed=seed):
            attempts = failing("GetAccountSettings", *[FAILED("failure")] * 4)
            client_of(mode, max_attempts=5).get_account_settings()
            return attempts

    assert attempts_of(7) == attempts_of(7) != attempts_of(8)


def test_without_a_fake_chance_is_botocore_s(real_sleeps: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", lambda: 0.25)
    monkeypatch.setattr(time, "sleep", real_sleeps.append)
    for mode in ("legacy", "standard"):
        client = client_of(mode, max_attempts=2)
        with FakeLambda() as fake:
            block(fake)
            with pytest.raises(client.exceptions.TooManyRequestsException):
                client.invoke(FunctionName="orders")
        client.meta.events.register_last("before-send.lambda", _server_error)
        with pytest.raises(ClientError):
            client.list_functions()
        assert real_sleeps.pop() > 0
    assert real_sleeps == []


def _server_error(request: Any, **_: Any) -> Any:
    return AWSResponse(request.url, 500, HTTPHeaders(), type("Raw", (), {"stream": lambda *_, **__: [b"{}"]})())


# ---- nothing leaks ----


def _quota(client: Any) -> int:
    checker: Any
    (checker,) = [owner for owner in retries._owners(client, "after-call") if isinstance(owner, RetryQuotaChecker)]
    capacity: int = checker._quota.available_capacity
    return capacity


def _exhaust(fake: FakeLambda, client: Any) -> None:
    block(fake)
    while True:
        with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
            client.invoke(FunctionName="orders")
        if caught.value.response["ResponseMetadata"].get("RetryQuotaReached"):
            return


@pytest.mark.parametrize("renewal", ["the next fake", "a nested fake", "after the fake", "reset"])
def test_an_exhausted_retry_quota_does_not_leak(renewal: str) -> None:
    client = client_of("standard", max_attempts=10)
    with FakeLambda() as fake:
        _exhaust(fake, client)
        assert _quota(client) < 14
        if renewal == "a nested fake":
            with FakeLambda():
                assert _quota(client) == 500
        if renewal == "reset":
            fake.reset()
            assert _quota(client) == 500
            block(fake)
            with pytest.raises(client.exceptions.TooManyRequestsException):
                client.invoke(FunctionName="orders")
            assert fake.calls[-1].attempts == 10
    assert _quota(client) == 500
    with FakeLambda() as fake:
        block(fake)
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName="orders")
        assert fake.calls[-1].attempts == 10


def test_a_quota_exhausted_outside_does_not_starve_a_fake() -> None:
    client = client_of("standard", max_attempts=10)
    checker: Any
    (checker,) = [owner for owner in retries._owners(client, "after-call") if isinstance(owner, RetryQuotaChecker)]
    checker._quota.acquire(500)
    with FakeLambda() as fake:
        block(fake)
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName="orders")
        assert fake.calls[-1].attempts == 10


def _throttled_story(client: Any) -> tuple[timedelta, list[int]]:
    """How long some throttled calls take on the fake's clock, and in how many attempts."""
    with freeze_time("2030-01-01"), FakeLambda(seed=7) as fake:
        block(fake)
        before = fake._service.world.elapsed
        for _ in range(3):
            with pytest.raises(client.exceptions.TooManyRequestsException):
                client.invoke(FunctionName="orders")
        calls = [call.attempts for call in fake.calls if call.operation == "Invoke"]
        return fake._service.world.elapsed - before, calls


@pytest.mark.parametrize("mode", MODES)
def test_a_used_client_behaves_in_the_next_fake_like_a_new_one(mode: str) -> None:
    used, new = client_of(mode), client_of(mode)
    first = _throttled_story(used)
    assert _throttled_story(used) == _throttled_story(new) == first
    assert first[1] == [3, 3, 3]


def test_the_rate_of_an_adaptive_client_that_was_used_outside_does_not_leak_in() -> None:
    client, new = client_of("adaptive"), client_of("adaptive")
    (limiter,) = [owner for owner in retries._owners(client, "before-send") if isinstance(owner, ClientRateLimiter)]
    limiter._enabled = True  # type: ignore[attr-defined]  # what a throttled call of the real service leaves behind
    limiter._token_bucket.max_rate = 0.5  # type: ignore[attr-defined]  # the same
    assert _throttled_story(client) == _throttled_story(new)


@pytest.mark.parametrize("frozen", [False, True], ids=["running clock", "frozen clock"])
def test_an_adaptive_client_never_hangs(failing: Failing, frozen: bool) -> None:  # noqa: FBT001 - a row of the table
    """Its rate limiter waits for tokens on the fake's clock, in steps that may be finer than the clock's."""
    with freeze_time("2030-01-01") if frozen else FakeLambda(), FakeLambda() as fake:
        failing("GetAccountSettings", *[THROTTLED("Rate Exceeded.")] * 60)
        client = client_of("adaptive", max_attempts=4)
        before = fake._service.world.elapsed
        for _ in range(40):
            try:
                client.get_account_settings()
            except ClientError:
                continue
        assert fake._service.world.elapsed - before > timedelta(seconds=30)


def test_a_wait_finer_than_the_clock_s_step_still_moves_it(fake: FakeLambda) -> None:
    clock = retries._Clock(_Fakes(fake))
    before = clock.current_time()
    for _ in range(10):
        clock.sleep(1e-9)
    assert clock.current_time() - before >= 9e-6


class _Fakes:
    """The time of a fake, as a client's retries use it."""

    def __init__(self, fake: FakeLambda) -> None:
        self.now, self.sleep, self.random = fake._server.monotonic, fake._server.sleep, fake._server.jitter
        self.is_virtual = lambda: True


# ---- no other mock answers ----


def test_with_moto_active_an_attempt_in_flight_is_still_ours(fake: FakeLambda) -> None:
    moto: Any = pytest.importorskip("moto")
    moto_models: Any = pytest.importorskip("moto.awslambda.models")
    with moto.mock_aws():
        clients = [client_of(mode) for mode in MODES] + [boto3.client("lambda", "us-east-1")]
        block(fake)
        for client in clients:
            with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
                client.invoke(FunctionName="orders")
            assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-errortype"] == "TooManyRequestsException"
        assert moto_models.lambda_backends["123456789012"]["us-east-1"]._lambdas.all() == []


def test_addresses_are_never_looked_up(fake: FakeLambda) -> None:
    """``real_sleeps`` refuses every look-up; this is the call that would make one."""
    block(fake)
    client = SESSION.client("lambda", "us-east-1", **KEYS, endpoint_url="http://does-not.exist.invalid:1")
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName="orders")
