"""Faults that a test orders: they meet the calls that were meant, and travel through the SDK's own retries."""

import json
from collections.abc import Iterable
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import botocore.exceptions
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from fakelambda import ApiCall, FakeLambda

RESPONSE: Any = {"Error": {"Code": "ServiceException", "Message": "sorry"}, "ResponseMetadata": {"HTTPStatusCode": 503}}


def client_of(fake: FakeLambda, attempts: int = 3, mode: str = "standard") -> Any:
    retries: Any = {"total_max_attempts": attempts, "mode": mode}
    return fake.client(config=Config(retries=retries))


@pytest.fixture
def fake() -> Iterable[FakeLambda]:
    with FakeLambda() as fake:
        fake.add_function("orders", lambda event, context: "thanks", Publish=True)
        yield fake


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (
            "TooManyRequestsException",
            429,
            "(TooManyRequestsException) when calling the Invoke operation (reached max retries: 2): Rate Exceeded.",
        ),
        ("ServiceException", 500, "An error occurred and the request cannot be processed."),
        ("EC2ThrottledException", 502, "An error occurred (EC2ThrottledException)"),
        (ClientError(RESPONSE, "Invoke"), 503, "sorry"),
    ],
)
def test_an_error_that_the_sdk_tries_again(fake: FakeLambda, error: Any, status: int, text: str, mode: str) -> None:
    client = client_of(fake, mode=mode)
    fake.fail("Invoke", error, times=2)
    answer = client.invoke(FunctionName="orders")
    assert json.load(answer["Payload"]) == "thanks"
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert [(call.attempts, call.error) for call in fake.calls] == [(3, None)]

    fake.fail("Invoke", error, times=3)
    with pytest.raises(ClientError) as caught:
        client.invoke(FunctionName="orders")
    assert text in str(caught.value)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert len(fake.invocations) == 1


@pytest.mark.parametrize(
    ("error", "exception", "runs"),
    [
        ("ReadTimeout", botocore.exceptions.ReadTimeoutError, 3),
        ("ConnectTimeout", botocore.exceptions.ConnectTimeoutError, 0),
        ("ConnectionError", botocore.exceptions.EndpointConnectionError, 0),
    ],
)
def test_a_connection_that_fails(fake: FakeLambda, error: Any, exception: type[Exception], runs: int) -> None:
    client = client_of(fake)
    fake.fail("Invoke", error, times=3)
    with pytest.raises(exception):
        client.invoke(FunctionName="orders")
    assert len(fake.invocations) == runs
    assert isinstance(fake.calls[-1].error, exception)
    assert client.invoke(FunctionName="orders")["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_read_timeout_invokes_the_handler_again_as_the_sdk_does(fake: FakeLambda) -> None:
    charged = []
    fake.add_function("charge", lambda event, context: charged.append(event["order"]))
    with fake.fail("Invoke", "ReadTimeout") as fault:
        assert client_of(fake).invoke(FunctionName="charge", Payload='{"order": 7}')["StatusCode"] == 200
    assert charged == [7, 7]  # this handler is not idempotent
    assert fault.failures == 1
    assert fake.calls[-1].attempts == 2


def test_what_was_created_when_the_answer_was_lost_is_there_when_the_sdk_tries_again(fake: FakeLambda) -> None:
    fake.fail("CreateAlias", "ReadTimeout")
    with pytest.raises(ClientError, match="Alias already exists"):
        client_of(fake).create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


def test_an_error_that_the_sdk_does_not_try_again(fake: FakeLambda) -> None:
    client = client_of(fake)
    fake.fail("Invoke", "EFSIOException")
    with pytest.raises(client.exceptions.EFSIOException):
        client.invoke(FunctionName="orders")
    assert fake.calls[-1].attempts == 1


def test_any_exception_comes_where_the_connection_would_fail(fake: FakeLambda) -> None:
    fake.fail("Invoke", botocore.exceptions.ConnectionClosedError(endpoint_url="https://lambda.example"), times=2)
    assert client_of(fake).invoke(FunctionName="orders")["ResponseMetadata"]["RetryAttempts"] == 2
    fake.fail("*", ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        client_of(fake).list_functions()


def outcomes(fake: FakeLambda, count: int, **parameters: Any) -> str:
    """One letter for each of some calls that try once: ``x`` where it failed."""
    client = client_of(fake, attempts=1)
    letters = ""
    for _ in range(count):
        try:
            client.invoke(**{"FunctionName": "orders", **parameters})
        except ClientError:
            letters += "x"
        else:
            letters += "."
    return letters


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({}, "x....."),
        ({"times": 2}, "xx...."),
        ({"times": None}, "xxxxxx"),
        ({"on": 2}, ".x...."),
        ({"on": (1, 4)}, "x..x.."),
        ({"on": [3], "times": None}, "..x..."),
        ({"function": "orders"}, "x....."),
        ({"function": "arn:aws:lambda:us-east-1:123456789012:function:orders"}, "x....."),
        ({"function": "orders:1"}, "......"),
        ({"function": "payments"}, "......"),
        ({"when": lambda call: call.parameters["FunctionName"] == "orders"}, "x....."),
        ({"when": lambda call: "Payload" in call.parameters}, "......"),
        ({"probability": 0}, "......"),
    ],
)
def test_which_attempts_fail(fake: FakeLambda, keywords: dict[str, Any], expected: str) -> None:
    fake.fail("Invoke", "ServiceException", **keywords)
    assert outcomes(fake, 6) == expected


def test_a_qualifier_narrows_a_function_down(fake: FakeLambda) -> None:
    fake.fail("Invoke", "ServiceException", function="orders:1", times=None)
    assert outcomes(fake, 1) + outcomes(fake, 1, Qualifier="1") + outcomes(fake, 1, FunctionName="orders:1") == ".xx"


def test_http_attempts_are_counted_not_calls(fake: FakeLambda) -> None:
    fake.fail("Invoke", "ServiceException", on=(1, 2, 5))
    for _ in range(2):
        client_of(fake).invoke(FunctionName="orders")
    assert [call.attempts for call in fake.calls] == [3, 1]
    client_of(fake).invoke(FunctionName="orders")
    assert [call.attempts for call in fake.calls] == [3, 1, 2]


def test_probability_is_the_seed_s() -> None:
    def drawn(seed: int) -> str:
        with FakeLambda(seed=seed) as fake:
            fake.add_function("orders", lambda event, context: "thanks")
            fake.fail("Invoke", "ServiceException", times=None, probability=0.3)
            return outcomes(fake, 200)

    assert drawn(1) == drawn(1) != drawn(2)
    assert 30 < drawn(1).count("x") < 90


def test_a_fault_never_moves_a_route() -> None:
    def served(*, fails: bool) -> list[str]:
        with FakeLambda() as fake:
            fake.add_function("orders", lambda event, context: "thanks", Publish=True)
            client = fake.client()
            client.update_function_configuration(FunctionName="orders", MemorySize=512)
            client.publish_version(FunctionName="orders")
            client.create_alias(
                FunctionName="orders", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}}
            )
            if fails:
                fake.fail("Invoke", "ServiceException", times=None, probability=0.3)
            return [client_of(fake, 20).invoke(FunctionName="orders:live")["ExecutedVersion"] for _ in range(50)]

    assert served(fails=True) == served(fails=False)


def test_time_passes_on_the_fake_s_clock(fake: FakeLambda) -> None:
    before = fake._service.world.now()
    fake.fail("Invoke", "ServiceException", after=5)
    fake.fail("Invoke", None, after=timedelta(minutes=1))  # both meet the first attempt; the first that was ordered strikes
    assert outcomes(fake, 2) == "x."
    assert timedelta(seconds=65) <= fake._service.world.now() - before < timedelta(seconds=70)


def test_a_fault_ends_with_its_block_or_when_it_is_removed(fake: FakeLambda) -> None:
    with fake.fail("Invoke", "ServiceException", times=None) as fault:
        assert outcomes(fake, 2) == "xx"
    assert outcomes(fake, 2) == ".."
    fault.remove()  # again, harmless
    fake.fail("Invoke", "ServiceException", times=None).remove()
    assert outcomes(fake, 2) == ".."


def test_a_snapshot_knows_how_far_a_fault_has_got(fake: FakeLambda) -> None:
    fake.fail("Invoke", "ServiceException", times=3)
    assert outcomes(fake, 1) == "x"
    snapshot = fake.snapshot()
    assert outcomes(fake, 4) == "xx.."
    fake.restore(snapshot)
    assert outcomes(fake, 4) == "xx.."
    fake.reset()
    fake.add_function("orders", lambda event, context: "thanks")
    assert outcomes(fake, 2) == ".."


def test_a_condition_may_call_the_fake(fake: FakeLambda) -> None:
    client = fake.client()
    fake.fail("Invoke", "ServiceException", when=lambda call: bool(client.list_functions()["Functions"]))
    assert outcomes(fake, 2) == "x."


def test_a_condition_holds_up_nobody_else(fake: FakeLambda) -> None:
    """Not even whoever looks at the whole fake, for which the condition waits here."""
    taken = Event()

    def take() -> None:
        fake.snapshot()
        taken.set()

    def when(_: ApiCall) -> bool:
        Thread(target=take, daemon=True).start()
        return taken.wait(5)

    fake.fail("Invoke", "ServiceException", when=when)
    assert outcomes(fake, 2) == "x."


@pytest.mark.parametrize(
    ("arguments", "keywords", "kind", "message"),
    [
        (("Invok", "ServiceException"), {}, ValueError, "Lambda has no such operation; did you mean 'Invoke'?"),
        (("invoke", "ServiceException"), {}, ValueError, "did you mean 'Invoke'?"),
        (("Invoke", "TooManyRequests"), {}, ValueError, "Lambda has no such error; did you mean 'TooManyRequestsException'?"),
        (("Invoke", "??"), {}, ValueError, "Lambda has no such error; it has AccessDeniedException, "),
        (
            ("Invoke", 429),
            {},
            TypeError,
            "an error is a code of Lambda's, one of ReadTimeout, ConnectTimeout, ConnectionError, or an exception",
        ),
        (("Invoke", ClientError), {}, TypeError, "fail('Invoke', ClientError): it cannot be made of nothing; give an instance: "),
        (("Invoke", botocore.exceptions.ReadTimeoutError), {}, TypeError, "give an instance: KeyError('endpoint_url')"),
        (("Invoke", "ServiceException"), {"times": "1"}, TypeError, "attempts are whole numbers: times=2, on=(1, 3)."),
        (("Invoke", "ServiceException"), {"on": "2"}, TypeError, "attempts are whole numbers: times=2, on=(1, 3)."),
        (("Invoke", "ServiceException"), {"when": True}, TypeError, "give a function that is told the call"),
        (("Invoke", "ServiceException"), {"function": 7}, TypeError, "7 is no name of a function; write a plain name or an ARN."),
        (("Invoke", "ServiceException"), {"times": 0}, ValueError, "attempts are counted from 1"),
        (("Invoke", "ServiceException"), {"on": 0}, ValueError, "attempts are counted from 1"),
        (("Invoke", "ServiceException"), {"on": ()}, ValueError, "attempts are counted from 1"),
        (("Invoke", "ServiceException"), {"probability": 30}, ValueError, "0..1, and no time before now"),
        (("Invoke", "ServiceException"), {"after": -1}, ValueError, "0..1, and no time before now"),
    ],
)
def test_what_could_never_happen_is_refused(
    fake: FakeLambda, arguments: tuple[Any, ...], keywords: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        fake.fail(*arguments, **keywords)
    assert message in str(caught.value)
    assert outcomes(fake, 1) == "."
