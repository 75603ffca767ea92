"""Invocations: what AWS answers, which version runs, and what is remembered."""

from __future__ import annotations

import base64
import io
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fakelambda import FakeLambda, NotModelled
from fakelambda.domain.aliases import Alias
from fakelambda.world import World

if TYPE_CHECKING:
    from fakelambda import LambdaContext

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
NOWHERE = "arn:aws:lambda:us-east-1:123456789012:function:nowhere"
REALISTIC = pytest.mark.parametrize("lifecycle", ["realistic"])
MISSING = "404 ResourceNotFoundException: Function not found: "
PARSE = "400 InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json: "
SOURCE = "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: {}]"
TOO_LARGE = 6 * 1024 * 1024 + 1


def tell(event: Any, context: LambdaContext) -> Any:
    return {"event": event, "version": context.function_version, "arn": context.invoked_function_arn, "id": context.aws_request_id}


def version(event: Any, context: LambdaContext) -> str:
    return str(context.function_version)


def fail(event: Any, context: LambdaContext) -> None:
    raise KeyError("no such order")


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda, client: Any) -> None:
    """A function with the versions 1 and 2 and the alias "live" of 1."""
    fake.add_function("orders", tell, Publish=True)
    fake.advance(60)
    client.update_function_configuration(FunctionName="orders", Description="two")
    fake.advance(60)
    client.publish_version(FunctionName="orders")
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")


# ---- answers ----


@pytest.mark.parametrize(
    ("name", "qualifier", "executed", "arn"),
    [
        ("orders", None, "$LATEST", ARN),
        ("orders", "$LATEST", "$LATEST", f"{ARN}:$LATEST"),
        ("orders:2", None, "2", f"{ARN}:2"),
        ("orders", "live", "1", f"{ARN}:live"),
        (f"{ARN}:live", "live", "1", f"{ARN}:live"),
    ],
)
def test_a_result_comes_with_the_version_that_ran(
    *, fake: FakeLambda, client: Any, name: str, qualifier: str | None, executed: str, arn: str
) -> None:
    answer = client.invoke(FunctionName=name, Payload=b'{"id": 7}', **({"Qualifier": qualifier} if qualifier else {}))
    metadata = answer.pop("ResponseMetadata")
    expected = {"event": {"id": 7}, "version": executed, "arn": arn, "id": metadata["RequestId"]}
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["HTTPHeaders"]["x-amz-executed-version"] == executed
    assert json.load(answer.pop("Payload")) == expected
    assert answer == {"StatusCode": 200, "ExecutedVersion": executed}
    (record,) = fake.invocations
    assert (record.qualifier, record.executed_version, record.result) == (
        qualifier or ("2" if name.endswith("2") else None),
        executed,
        expected,
    )


@pytest.mark.parametrize(("invocation_type", "status", "runs"), [("Event", 202, 1), ("DryRun", 204, 0)])
def test_answers_without_a_result(*, fake: FakeLambda, client: Any, answered: Any, invocation_type: str, status: int, runs: int) -> None:
    http_status, answer = answered("invoke", FunctionName="orders:live", InvocationType=invocation_type, Payload=b"7")
    assert (http_status, answer.pop("Payload").read(), answer) == (status, b"", {"StatusCode": status})
    assert [record.event for record in fake.invocations] == [7] * runs


def test_the_deprecated_way_to_queue_an_event(fake: FakeLambda, answered: Any) -> None:
    assert answered("invoke_async", FunctionName="orders", InvokeArgs=io.BytesIO(b'{"id": 7}')) == (202, {"Status": 202})
    assert [(record.invocation_type, record.event) for record in fake.invocations] == [("Event", {"id": 7})]


@pytest.mark.parametrize(
    "payload", [b"null", b"true", b"false", b"0", b'"text"', b"[]", b'{"a": [1, null]}', b"", '"\u00e9\U0001f600"'.encode()]
)
@pytest.mark.parametrize("form", [bytes, bytearray, io.BytesIO])
def test_payloads_go_round(fake: FakeLambda, client: Any, payload: bytes, form: Any) -> None:
    fake.bind("orders", lambda event, context: event)
    answer = client.invoke(FunctionName="orders", Payload=form(payload))
    assert json.load(answer["Payload"]) == json.loads(payload or b"{}")


def test_nothing_sent_is_an_empty_event(fake: FakeLambda, client: Any) -> None:
    fake.bind("orders", lambda event, context: repr(event))
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'"{}"'


def test_a_failing_handler_is_an_answer_too(fake: FakeLambda, client: Any) -> None:
    fake.bind("orders", fail)
    answer = client.invoke(FunctionName="orders:live")
    assert (answer["StatusCode"], answer["FunctionError"], answer["ExecutedVersion"]) == (200, "Unhandled", "1")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-function-error"] == "Unhandled"
    payload = json.load(answer["Payload"])
    assert (payload["errorMessage"], payload["errorType"]) == ("'no such order'", "KeyError")
    (record,) = fake.invocations
    assert isinstance(record.error, KeyError)
    assert (record.error_payload, record.result) == (payload, None)


def test_the_client_context_reaches_the_handler(fake: FakeLambda, client: Any) -> None:
    fake.bind("orders", lambda event, context: context.client_context.custom)
    sent = base64.b64encode(b'{"custom": {"k": "v"}}').decode()
    assert json.load(client.invoke(FunctionName="orders", ClientContext=sent)["Payload"]) == {"k": "v"}


# ---- refusals ----


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        ({"FunctionName": "nowhere"}, f"{MISSING}{NOWHERE}:$LATEST"),
        ({"FunctionName": "n" * 65}, f"{MISSING}{NOWHERE.replace('nowhere', 'n' * 65)}:$LATEST"),
        ({"FunctionName": "nowhere:1"}, f"{MISSING}{NOWHERE}:1"),
        ({"Qualifier": "9"}, f"{MISSING}{ARN}:9"),
        ({"Qualifier": "none"}, f"{MISSING}{ARN}:none"),
        ({"Qualifier": "$latest"}, f"{MISSING}{ARN}:$latest"),
        ({"Payload": b"n\x87r"}, f"{PARSE}Invalid UTF-8 start byte 0x87{SOURCE.format(3)}"),
        (
            {"Payload": b"\x99\xeb,j"},
            (
                f"{PARSE}Unexpected character ((CTRL-CHAR, code 153)): expected a valid value "
                f"(JSON String, Number, Array, Object or token 'null', 'true' or 'false'){SOURCE.format(1)}"
            ),
        ),
    ],
)
@pytest.mark.parametrize("invocation_type", ["RequestResponse", "Event", "DryRun"])
def test_what_is_refused(fake: FakeLambda, refused: Any, invocation_type: str, parameters: dict[str, Any], answer: str) -> None:
    assert refused("invoke", **{"FunctionName": "orders", "InvocationType": invocation_type, **parameters}) == answer
    assert fake.invocations == []


@pytest.mark.parametrize(
    ("operation", "parameters", "answer"),
    [
        ("invoke_async", {"FunctionName": "nowhere", "InvokeArgs": b"{}"}, f"{MISSING}{NOWHERE}:$LATEST"),
        (
            "invoke_async",
            {"InvokeArgs": b'"' + b"x" * 262_143 + b'"'},
            ("413 RequestEntityTooLargeException: 262145 byte payload is too large for the Event invocation type (limit 262144 bytes)"),
        ),
        ("invoke_async", {"InvokeArgs": b"n\x87r"}, f"{PARSE}Invalid UTF-8 start byte 0x87{SOURCE.format(3)}"),
        (
            "invoke",
            {"ClientContext": "no base64"},
            "400 InvalidRequestContentException: Client context must be a valid Base64-encoded JSON object.",
        ),
        (
            "invoke",
            {"InvocationType": "Later"},
            (
                "400 ValidationException: 1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: "
                "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
            ),
        ),
        (
            "invoke",
            {"Payload": b'"' + b"x" * TOO_LARGE + b'"'},
            "413 RequestEntityTooLargeException: Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        ),
    ],
)
def test_what_else_is_refused(fake: FakeLambda, refused: Any, operation: str, parameters: dict[str, Any], answer: str) -> None:
    assert refused(operation, **{"FunctionName": "orders", **parameters}) == answer
    assert fake.invocations == []


def test_what_is_not_modelled(fake: FakeLambda, client: Any) -> None:
    with pytest.raises(NotModelled, match="TenantId"):
        client.invoke(FunctionName="orders", TenantId="t")
    assert fake.invocations == []


@pytest.mark.parametrize(
    ("parameters", "is_shown"),
    [({"LogType": "Tail"}, True), ({"LogType": "None"}, False), ({}, False), ({"LogType": "Tail", "InvocationType": "Event"}, False)],
)
def test_the_tail_of_the_log_is_shown_to_who_asks_and_waits(*, client: Any, parameters: dict[str, str], is_shown: bool) -> None:
    answer = client.invoke(FunctionName="orders:live", **parameters)
    assert ("LogResult" in answer) is is_shown
    assert ("x-amz-log-result" in answer["ResponseMetadata"]["HTTPHeaders"]) is is_shown
    if is_shown:
        start = f"START RequestId: {answer['ResponseMetadata']['RequestId']} Version: 1\n"
        assert base64.b64decode(answer["LogResult"]).decode().startswith(start)


# ---- what is remembered ----


def test_the_record_of_an_invocation(fake: FakeLambda, client: Any) -> None:
    def take_time(event: Any, context: Any) -> str:
        fake.advance(event)
        return "done"

    fake.bind("orders", take_time)
    before = datetime.now(UTC) + timedelta(minutes=2)  # the fixture has moved the clock
    answer = client.invoke(FunctionName="orders", Payload=b"2.5")
    (record,) = fake.invocations
    assert timedelta(0) <= record.started_at - before < timedelta(seconds=5)
    assert 2.5 <= record.duration < 3
    assert record.request_id == answer["ResponseMetadata"]["RequestId"]
    assert (record.function_name, record.invocation_type, record.event, record.attempt) == ("orders", "RequestResponse", 2.5, 1)
    assert (record.result, record.error, record.error_payload, record.cold_start) == ("done", None, None, True)


def test_invocations_are_in_the_order_of_their_beginning(fake: FakeLambda, client: Any) -> None:
    def outer(event: Any, context: Any) -> Any:
        return "inner" if event == "inner" else json.load(client.invoke(FunctionName="orders", Payload=b'"inner"')["Payload"])

    fake.bind("orders", outer)
    client.invoke(FunctionName="orders", Payload=b'"outer"')
    assert [record.event for record in fake.invocations] == ["outer", "inner"]


def test_events_keep_their_order_and_their_request_ids(fake: FakeLambda, client: Any) -> None:
    sent = [client.invoke(FunctionName="orders", InvocationType="Event", Payload=str(n))["ResponseMetadata"]["RequestId"] for n in range(5)]
    assert [(record.event, record.request_id, record.invocation_type) for record in fake.invocations] == [
        (number, request_id, "Event") for number, request_id in enumerate(sent)
    ]


def test_under_a_manual_schedule_events_wait_until_told() -> None:
    with FakeLambda(schedule="manual") as fake:
        fake.add_function("orders", lambda event, context: event)
        client: Any = fake.client()
        for number in range(3):
            client.invoke(FunctionName="orders", InvocationType="Event", Payload=str(number))
        assert [(pending.kind, pending.function_name) for pending in fake.pending] == [("asynchronous invocation", "orders")] * 3
        assert fake.invocations == []
        fake.run_due()
        assert [record.event for record in fake.invocations] == [0, 1, 2]
        assert fake.pending == []


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda client: client.delete_function(FunctionName="orders"),
        lambda client: client.delete_alias(FunctionName="orders", Name="live"),
        lambda client: client.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0),
    ],
    ids=["the function is deleted", "the alias is deleted", "the function is blocked"],
)
def test_events_that_cannot_run_any_more_disturb_nobody(meanwhile: Any) -> None:
    with FakeLambda(schedule="manual") as fake:
        fake.add_function("orders", lambda event, context: event)
        client: Any = fake.client()
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="$LATEST")
        client.invoke(FunctionName="orders:live", InvocationType="Event")
        meanwhile(client)
        fake.drain()
        assert fake.invocations == []


@REALISTIC
def test_an_event_for_a_version_that_is_not_ready_waits_until_it_is(fake: FakeLambda, client: Any, refused: Any, zipped: Any) -> None:
    client.update_function_code(FunctionName="orders", ZipFile=zipped({"app.py": "new"}), Publish=True)
    busy = "409 ResourceConflictException: The operation cannot be performed at this time. The function is currently in the following state: Pending"
    assert refused("invoke", FunctionName="orders:3") == busy
    assert refused("invoke", FunctionName="orders:3", InvocationType="Event") == busy
    assert refused("invoke_async", FunctionName="orders:3", InvokeArgs=b"{}") == busy
    client.update_alias(FunctionName="orders", Name="live", RoutingConfig={"AdditionalVersionWeights": {"3": 1.0}})
    assert client.invoke(FunctionName="orders:live", InvocationType="Event")["StatusCode"] == 202
    assert fake.invocations == []
    assert {pending.kind for pending in fake.pending} == {"update", "asynchronous invocation"}
    fake.drain()
    assert [record.executed_version for record in fake.invocations] == ["3"]


# ---- routing ----


def shift(client: Any, weight: float) -> None:
    client.update_alias(FunctionName="orders", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": weight}})


def served(client: Any, amount: int) -> list[str]:
    return [client.invoke(FunctionName="orders", Qualifier="live")["ExecutedVersion"] for _ in range(amount)]


@pytest.mark.parametrize(("weight", "only"), [(0.0, "1"), (1.0, "2")])
def test_all_or_nothing(client: Any, weight: float, only: str) -> None:
    shift(client, weight)
    assert served(client, 50) == [only] * 50


@pytest.mark.parametrize("weight", [0.01, 0.1, 0.5, 0.999])
def test_ten_thousand_rolls_are_near_the_weight(weight: float) -> None:
    alias = Alias(name="live", function_version="1", description="", revision_id="", additional_version_weights={"2": weight})
    for seed in range(3):
        world = World(seed)
        chosen = Counter(alias.choose(world.roll()) for _ in range(10_000))
        deviation = (10_000 * weight * (1 - weight)) ** 0.5
        assert abs(chosen["2"] - 10_000 * weight) < 4 * deviation


def test_the_seed_decides_the_sequence() -> None:
    def sequence(seed: int) -> list[str]:
        with FakeLambda(seed=seed) as fake:
            fake.add_function("orders", version, Publish=True)
            client: Any = fake.client()
            client.update_function_configuration(FunctionName="orders", Description="two")
            client.publish_version(FunctionName="orders")
            client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
            shift(client, 0.3)
            return served(client, 200)

    first = sequence(7)
    assert first == sequence(7)
    assert first != sequence(8)
    assert 30 < Counter(first)["2"] < 90


def test_other_calls_do_not_move_the_sequence(fake: FakeLambda, client: Any) -> None:
    shift(client, 0.5)
    plain = served(client, 40)
    with FakeLambda() as other:
        other.add_function("orders", version, Publish=True)
        other_client: Any = other.client()
        other_client.update_function_configuration(FunctionName="orders", Description="two")
        other_client.publish_version(FunctionName="orders")
        other_client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
        shift(other_client, 0.5)
        disturbed = []
        for _ in range(40):
            disturbed += served(other_client, 1)
            other_client.list_functions()
            other_client.invoke(FunctionName="orders:1")
            other_client.tag_resource(Resource=ARN, Tags={"k": "v"})
        assert disturbed == plain


def test_a_route_is_followed_once_and_then_the_weights_again(fake: FakeLambda, client: Any) -> None:
    fake.route("orders:live", ["2", "2", "1"])
    assert served(client, 5) == ["2", "2", "1", "1", "1"]
    fake.route(f"{ARN}:live", ["2"])
    client.invoke(FunctionName="orders")  # not the alias
    client.invoke(FunctionName="orders:live", InvocationType="Event")
    assert fake.invocations[-1].executed_version == "2"
    assert served(client, 1) == ["1"]


@pytest.mark.parametrize(
    ("name", "versions", "message"),
    [
        ("orders", ["1"], "no such alias"),
        ("orders:none", ["1"], "no such alias"),
        ("nowhere:live", ["1"], "no such alias"),
        ("orders:live", ["1", "9"], "no version '9'"),
    ],
)
def test_a_route_that_leads_nowhere_is_refused(fake: FakeLambda, client: Any, name: str, versions: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fake.route(name, versions)
    assert served(client, 2) == ["1", "1"]


def test_the_test_may_roll_the_dice_itself() -> None:
    class Loaded(random.Random):
        rolls = iter([0.05, 0.95, 0.09])

        def random(self) -> float:
            return next(self.rolls)

    with FakeLambda(random=Loaded()) as fake:
        fake.add_function("orders", version, Publish=True)
        client: Any = fake.client()
        client.update_function_configuration(FunctionName="orders", Description="two")
        client.publish_version(FunctionName="orders")
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
        shift(client, 0.1)
        assert served(client, 3) == ["2", "1", "2"]
