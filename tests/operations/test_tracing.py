"""Traces: what a handler sees in ``_X_AMZN_TRACE_ID``, and how it goes on to whatever the handler invokes and sends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from fakelambda import FakeLambda
from fakelambda.domain import xray
from fakelambda.operations import running

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/r"
ROOT = "1-5759e988-bd862e3fe1be46a994272793"
SEEN = "import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n"
PASSES_ON = """\
import json, os, boto3
def handler(event, context):
    client = boto3.client("lambda")
    answer = client.invoke(FunctionName=event["to"], InvocationType=event.get("type", "RequestResponse"))
    return [os.environ["_X_AMZN_TRACE_ID"], json.loads(answer["Payload"].read() or "null")]
"""


class Traced:
    """Functions that say which trace they are in."""

    def __init__(self, fake: FakeLambda, zipped: Any) -> None:
        self.fake, self.client, self.zipped = fake, fake.client(), zipped

    def deploy(self, name: str, code: str = SEEN, mode: str = "PassThrough") -> None:
        self.client.create_function(
            FunctionName=name,
            Role=ROLE,
            Runtime="python3.12",
            Handler="app.handler",
            Code={"ZipFile": self.zipped({"app.py": code})},
            TracingConfig={"Mode": mode},
            Timeout=60,  # handlers import boto3, in each other
        )

    def invoke(self, name: str, **event: Any) -> Any:
        return json.load(self.client.invoke(FunctionName=name, Payload=json.dumps(event))["Payload"])

    def send_along(self, header: str, name: str = "X-Amzn-Trace-Id") -> None:
        """Lets the client send a header, as instrumented ones do."""
        self.client = boto3.client("lambda", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        self.client.meta.events.register("before-call.lambda.*", lambda params, **_: params["headers"].update({name: header}))


@pytest.fixture
def traced(fake: FakeLambda, zipped: Any) -> Traced:
    return Traced(fake, zipped)


@pytest.mark.parametrize("name", ["X-Amzn-Trace-Id", "x-amzn-trace-id"])
@pytest.mark.parametrize(
    ("header", "mode", "sampled"),
    [
        (f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1", "PassThrough", True),
        (f"Root={ROOT};Sampled=0", "Active", False),
        (f"Root={ROOT};Sampled=?", "Active", True),
        (f"Root={ROOT}", "PassThrough", False),
    ],
)
def test_a_caller_s_trace_goes_on(traced: Traced, name: str, header: str, mode: str, *, sampled: bool) -> None:
    traced.deploy("orders", mode=mode)
    traced.send_along(header, name)
    trace = xray.parsed(traced.invoke("orders"))
    assert (trace.root, trace.sampled) == (ROOT, sampled)
    assert trace.parent not in {None, "53995c3f42cd8ad8"}


def test_invoke_async_takes_no_trace_along(traced: Traced) -> None:
    traced.deploy("orders")
    traced.send_along(f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1")
    traced.client.invoke_async(FunctionName="orders", InvokeArgs=b"{}")
    [invocation] = traced.fake.invocations
    assert xray.parsed(invocation.result).root not in (None, ROOT)


def test_a_header_that_is_none_begins_a_new_trace(traced: Traced) -> None:
    traced.deploy("orders")
    traced.send_along("nonsense")
    roots = {xray.parsed(traced.invoke("orders")).root for _ in range(2)}
    assert len(roots) == 2
    assert None not in roots


@pytest.mark.parametrize(("mode", "inner_mode", "sampled"), [("Active", "PassThrough", True), ("PassThrough", "Active", False)])
def test_what_a_handler_invokes_is_in_its_trace(traced: Traced, mode: str, inner_mode: str, *, sampled: bool) -> None:
    traced.deploy("outer", PASSES_ON, mode)
    traced.deploy("inner", mode=inner_mode)
    outer, inner = map(xray.parsed, traced.invoke("outer", to="inner"))
    assert inner.root == outer.root
    assert inner.parent != outer.parent
    assert inner.sampled == outer.sampled == sampled
    assert inner.lineage == {**outer.lineage, **inner.lineage}
    assert len(inner.lineage) == 2


def test_what_a_handler_sends_later_is_in_its_trace(traced: Traced) -> None:
    traced.deploy("outer", PASSES_ON, "Active")
    traced.deploy("inner")
    outer, _ = traced.invoke("outer", to="inner", type="Event")
    (_, later) = traced.fake.invocations
    assert (xray.parsed(later.result).root, xray.parsed(later.result).sampled) == (xray.parsed(outer).root, True)


def test_a_callable_passes_its_trace_on_too(traced: Traced) -> None:
    traced.deploy("inner")
    traced.fake.add_function(
        "outer", lambda event, context: [traced.invoke("inner"), traced.invoke("inner")], TracingConfig={"Mode": "Active"}
    )
    first, second = map(xray.parsed, traced.invoke("outer"))
    assert (first.root, first.sampled) == (second.root, second.sampled)
    assert first.sampled
    assert xray.parsed(traced.invoke("inner")).root != first.root
    assert running.trace() is None


def test_a_test_that_runs_in_lambda_itself_is_believed(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    """As botocore does it: both variables are there."""
    traced.deploy("orders")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={ROOT};Sampled=1")
    assert xray.parsed(traced.invoke("orders")).root != ROOT
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "runner")
    assert xray.parsed(traced.invoke("orders")).root == ROOT


def test_a_handler_that_changes_its_header_sends_what_it_has(traced: Traced) -> None:
    traced.deploy(
        "outer",
        PASSES_ON.replace(
            'client = boto3.client("lambda")', f'client = boto3.client("lambda"); os.environ.update(_X_AMZN_TRACE_ID="Root={ROOT}")'
        ),
    )
    traced.deploy("inner")
    _, inner = traced.invoke("outer", to="inner")
    assert xray.parsed(inner).root == ROOT


def test_a_destination_is_in_the_trace_of_the_event(traced: Traced) -> None:
    traced.deploy("first", mode="Active")
    traced.deploy("second")
    traced.client.put_function_event_invoke_config(
        FunctionName="first", DestinationConfig={"OnSuccess": {"Destination": f"arn:aws:lambda:{HERE}:function:second"}}
    )
    traced.client.invoke(FunctionName="first", InvocationType="Event")
    first, second = (xray.parsed(run.result) for run in traced.fake.invocations)
    assert (first.root, first.sampled, len(first.lineage)) == (second.root, True, 1)
    assert (second.sampled, len(second.lineage)) == (True, 2)


def test_what_comes_due_while_a_handler_sleeps_is_not_in_its_trace(traced: Traced) -> None:
    traced.deploy("failing", "import os\ndef handler(event, context):\n    raise ValueError(os.environ['_X_AMZN_TRACE_ID'])\n")
    traced.deploy("sleeping", "import time\ndef handler(event, context):\n    time.sleep(100)\n")
    traced.client.update_function_configuration(FunctionName="sleeping", Timeout=900)
    seen: list[Any] = []
    traced.client.invoke(FunctionName="failing", InvocationType="Event")
    traced.fake._service.schedule.add(
        traced.fake.pending[0].due - traced.fake.pending[0].due, lambda: seen.append(running.trace()), kind="poll", function_name="failing"
    )
    traced.invoke("sleeping")
    assert seen == [None]
    assert len({str(run.error) for run in traced.fake.invocations if run.function_name == "failing"}) == 1


# ---- loops through other services ----


@pytest.fixture
def account(zipped: Any) -> Iterator[Traced]:
    """With moto's other services."""
    with mock_aws(), FakeLambda() as fake:
        yield Traced(fake, zipped)


def test_a_loop_through_a_queue_is_stopped(account: Traced) -> None:
    """The queue feeds the function that fills it: whoever polls tells the function what the records bring along."""
    sqs = boto3.client("sqs", "us-east-1")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    account.fake.add_function("orders", lambda event, context: sqs.send_message(QueueUrl=url, MessageBody="again") and None)
    sqs.send_message(QueueUrl=url, MessageBody="begin")
    service = account.fake._service
    function = account.fake.functions["orders"]
    passes = 0
    while messages := sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"]).get("Messages"):
        reference = account.fake._reference(function.name, None)
        request = running.Request(
            reference=reference,
            request_id=service.world.new_id(),
            invocation_type="RequestResponse",
            payload=b"{}",
            event={},
            sent_at=service.world.now(),
            upstream=xray.of_records(messages),
        )
        try:
            running.run(service, request, service.world.now())
        except Exception as error:  # noqa: BLE001 - a domain error that no client sees
            assert type(error).__name__ == "RecursiveInvocationException"  # noqa: PT017 - as above
            break
        passes += 1
    assert passes == 16


def test_a_loop_through_a_topic_that_calls_at_once_is_stopped(account: Traced) -> None:
    """Topics have no place for a trace in what they deliver; what is invoked while they are being told belongs to it all the same."""
    sent: list[Any] = []
    account.fake.add_function("orders", lambda event, context: None)
    topic = boto3.client("sns", "us-east-1").create_topic(Name="orders")["TopicArn"]
    account.client.put_function_event_invoke_config(FunctionName="orders", DestinationConfig={"OnSuccess": {"Destination": topic}})
    neighbours = account.fake._service.neighbours
    send = neighbours.send

    def told(message: Any) -> None:
        send(message)
        sent.append(running.trace())

    neighbours.send = told  # type: ignore[method-assign]  # stands for a topic with a subscription of the function
    account.client.invoke(FunctionName="orders", InvocationType="Event")
    arn = account.fake.functions["orders"].arn
    assert [trace and trace.passes(arn) for trace in sent] == [1]
