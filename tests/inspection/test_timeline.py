"""The story of a fake, as text and as a picture."""

import json
import re
import textwrap
from typing import Any

import pytest
from botocore.exceptions import ClientError
from freezegun import freeze_time

from fakelambda import FakeLambda


@pytest.fixture
def story() -> FakeLambda:
    """A fake after a morning's work."""
    with freeze_time("2026-03-01 10:00:00"), FakeLambda() as fake:
        client = fake.client()

        def orders(event: Any, context: Any) -> Any:
            print("charging", event["id"])
            client.invoke(FunctionName="mails", Payload=json.dumps({"to": "ada; #1"}))
            return event["price"]

        fake.add_function("orders", orders, Publish=True)
        fake.add_function("mails", returns="sent")
        client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
        client.put_function_event_invoke_config(
            FunctionName="orders",
            MaximumRetryAttempts=1,
            DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:failures"}},
        )
        client.invoke(FunctionName="orders:live", Payload='{"id": 7, "price": 3}')
        with fake.fail("Invoke", "ServiceException", function="orders"):
            client.invoke(FunctionName="orders", InvocationType="Event", Payload='{"id": 8}')
        with pytest.raises(ClientError):
            client.invoke(FunctionName="nobody")
        client.tag_resource(Resource=fake.functions["mails"].arn, Tags={"text": "long " * 40})
        fake.drain()
    return fake


def test_a_timeline_tells_it_in_order(story: FakeLambda) -> None:
    story_as_told = re.sub(r"(?<=:\d\d)\.\d{3}", "", story.timeline())
    told = re.sub(r'File ".*", line \d+', "File ...", re.sub(r'("requestId":").*', r"\1...", story_as_told))
    assert (
        told
        == textwrap.dedent("""
        2026-03-01
        10:00:00 CreateAlias orders:live {"FunctionVersion": "1"} -> ok
        10:00:00 PutFunctionEventInvokeConfig orders {"MaximumRetryAttempts": 1, "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:fa... -> ok
        10:00:00 Invoke orders:live {"Payload": {"id": 7, "price": 3}} -> 200
        10:00:00   orders:live ran (version 1, 0.000 s, cold start): {"id": 7, "price": 3} -> 3
                         | charging 7
        10:00:00     Invoke mails {"Payload": {"to": "ada; #1"}} -> 200
        10:00:00       mails ran (version $LATEST, 0.000 s, cold start): {"to": "ada; #1"} -> "sent"
        10:00:00 Invoke orders {"InvocationType": "Event", "Payload": {"id": 8}} -> 202, 2 attempts
        10:00:00 orders ran (version $LATEST, 0.000 s, cold start): {"id": 8} -> KeyError: 'price'
                       | charging 8
                       | [ERROR] KeyError: 'price'
                       | Traceback (most recent call last):
                       |   File ..., in orders
                       |     return event["price"]
        10:00:00   Invoke mails {"Payload": {"to": "ada; #1"}} -> 200
        10:00:00     mails ran (version $LATEST, 0.000 s): {"to": "ada; #1"} -> "sent"
        10:00:00 Invoke nobody -> ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody:$LATEST
        10:00:00 TagResource {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:mails", "Tags": {"text": "long long long long long long ... -> ok
        10:01:00 orders ran (version $LATEST, 0.000 s, attempt 2): {"id": 8} -> KeyError: 'price'
                       | charging 8
                       | [ERROR] KeyError: 'price'
                       | Traceback (most recent call last):
                       |   File ..., in orders
                       |     return event["price"]
        10:01:00   Invoke mails {"Payload": {"to": "ada; #1"}} -> 200
        10:01:00     mails ran (version $LATEST, 0.000 s): {"to": "ada; #1"} -> "sent"
        10:01:00 delivery to arn:aws:sqs:us-east-1:123456789012:failures: {"version":"1.0","timestamp":"2026-03-01T10:01:00Z","requestContext":{"requestId":"...
        """).strip()
    )


def test_a_diagram_shows_who_invoked_whom(story: FakeLambda) -> None:
    rows = [row.strip() for row in story.sequence_diagram().splitlines()]
    assert rows[:2] == ["sequenceDiagram", "participant test"]
    assert [row for row in rows if re.match(r"\w+-(>>|\))", row)][:4] == [
        'test->>orders: {"id": 7, "price": 3}',
        'orders->>mails: {"to": "ada#59; #35;1"}',
        'test-)orders: {"id": 8}',
        'orders->>mails: {"to": "ada#59; #35;1"}',
    ]
    assert "orders-->>test: version 1: 3" in rows
    assert "orders--)test: version $LATEST: KeyError: 'price'" in rows
    assert any(row.startswith("Lambda-)failures: ") for row in rows)
    assert any(row.startswith("Note over test: Invoke nobody -> ResourceNotFoundException") for row in rows)


def test_where_a_call_went_is_said_where_there_are_several_places() -> None:
    with FakeLambda() as fake:
        fake.client().list_functions()
        fake.client("eu-west-1", "111111111111").list_functions()
    assert [line[13:] for line in fake.timeline().splitlines()[1:]] == [
        "ListFunctions -> ok [us-east-1, 123456789012]",
        "ListFunctions -> ok [eu-west-1, 111111111111]",
    ]


def test_what_is_not_json_is_told_all_the_same() -> None:
    with FakeLambda(lifecycle="realistic") as fake:
        fake.fail("Invoke", ZeroDivisionError("0"))
        with pytest.raises(ZeroDivisionError):
            fake.client().invoke(FunctionName="orders", Payload=b"\xff not JSON")
    assert fake.timeline().splitlines()[-1].endswith('Invoke orders {"Payload": "\ufffd not JSON"} -> ZeroDivisionError(\'0\')')


def test_packages_are_told_by_their_size_and_hash(fake: FakeLambda, client: Any, zipped: Any) -> None:
    fake.add_function("orders", print, Handler="app.handler")
    package = zipped({"app.py": "def handler(event, context): ..."})
    client.update_function_code(FunctionName="orders", ZipFile=package)
    client.publish_layer_version(LayerName="shared", Content={"ZipFile": package})
    sha = client.get_function(FunctionName="orders")["Configuration"]["CodeSha256"]
    blob = f"<{len(package)} bytes, CodeSha256 {sha}>"
    story = [line[13:] for line in fake.timeline().splitlines()]
    assert story[1] == f'UpdateFunctionCode orders {{"ZipFile": "{blob}"}} -> ok'
    assert f'"Content": {{"ZipFile": "{blob}"}}' in story[2]
    assert f"{{'FunctionName': 'orders', 'ZipFile': {blob}}}" in repr(fake.calls[0])
    assert blob in fake.sequence_diagram()
    assert "PK" not in repr(fake.functions)
    with pytest.raises(AssertionError, match=blob.replace("+", r"\+")):
        fake.assert_called("UpdateFunctionCode", ZipFile=b"PK\x03\x04")


def test_there_is_nothing_to_tell_of_a_new_fake(fake: FakeLambda) -> None:
    assert fake.timeline() == ""
