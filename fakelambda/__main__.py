"""``python -m fakelambda``: a tour of a canary deployment, on a real botocore client and with no AWS behind it."""

from __future__ import annotations

import io
import json
import os
import sys
import textwrap
import zipfile
from collections import Counter
from typing import Any

from fakelambda import FakeLambda

_BEHAVED = """\
def handler(event, context):
    return {"order": event["id"], "total": round(1.2 * event["net"], 2), "version": context.function_version}
"""
_BROKEN = _BEHAVED.replace('event["net"]', 'event["price"]')
_BUILT_AT = (2020, 1, 1, 0, 0, 0)
_ORDER = json.dumps({"id": 7, "net": 50})


def main() -> None:
    """Gives the tour."""
    with FakeLambda(seed=7, lifecycle="realistic", schedule="manual") as fake:
        client: Any = fake.client()
        _say("fakelambda: AWS Lambda inside this process. No AWS, no Docker, no server, no credentials, no sleeping.")
        _deploy(client)
        _publish(client)
        _shift(client)
        _force(fake, client)
        _roll_back(client)
        _refuse(client)
        _wait(fake, client)
        _title(f"{len(fake.calls)} API calls by a real botocore client, {len(fake.invocations)} invocations. README.md goes on from here.")


def _deploy(client: Any) -> None:
    _title("1. Deploy a zip")
    created = client.create_function(
        FunctionName="orders",
        Role="arn:aws:iam::123456789012:role/orders",
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": _zip(_BEHAVED)},
    )
    _show("create_function", f"State {created['State']}")
    _show("invoke", _error(client, "invoke", FunctionName="orders", Payload=_ORDER))
    client.get_waiter("function_active_v2").wait(FunctionName="orders")
    state = client.get_function(FunctionName="orders")["Configuration"]["State"]
    _show("wait function_active_v2", f"State {state}, after seconds of the fake's clock and none of yours")
    _show("invoke", _answer(client, "orders"))


def _publish(client: Any) -> None:
    _title("2. Publish it, name it, and publish a second version with a bug in it")
    _show("publish_version", f"version {client.publish_version(FunctionName='orders')['Version']}")
    live = client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    _show("create_alias", live["AliasArn"])
    client.update_function_code(FunctionName="orders", ZipFile=_zip(_BROKEN))
    client.get_waiter("function_updated_v2").wait(FunctionName="orders")
    _show("publish_version", f"version {client.publish_version(FunctionName='orders')['Version']}")


def _shift(client: Any) -> None:
    _title("3. Send 10 % of the traffic to version 2 and invoke 1000 times")
    client.update_alias(FunctionName="orders", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})
    served: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for _ in range(1000):
        answer = client.invoke(FunctionName="orders:live", Payload=_ORDER)
        served[answer["ExecutedVersion"]] += 1
        failed[answer["ExecutedVersion"]] += "FunctionError" in answer
    for version in sorted(served):
        _show(f"version {version}", f"{'#' * (served[version] // 20)} {served[version]} invocations, {failed[version]} failed")
    _say("   The seed decides who gets which version: run this again, and the figures are the same.")


def _force(fake: FakeLambda, client: Any) -> None:
    _title("4. Or say where the next invocations go")
    fake.route("orders:live", ["1", "2"])
    _show("fake.route", "orders:live goes to version 1, then to version 2")
    _show("invoke", _answer(client, "orders:live"))
    _show("invoke", _answer(client, "orders:live"))
    _show("fake.invocations", f"the last one ended with {fake.invocations[-1].error!r}")


def _roll_back(client: Any) -> None:
    _title("5. Roll back")
    client.update_alias(FunctionName="orders", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    versions = {client.invoke(FunctionName="orders:live", Payload=_ORDER)["ExecutedVersion"] for _ in range(100)}
    _show("update_alias", f"100 invocations, all by version {', '.join(versions)}")


def _refuse(client: Any) -> None:
    _title("6. What AWS refuses is refused in AWS's words")
    weights = {"AdditionalVersionWeights": {"9": 0.1}}
    _show("update_alias", _error(client, "update_alias", FunctionName="orders", Name="live", RoutingConfig=weights))
    _show("delete_function", _error(client, "delete_function", FunctionName="orders", Qualifier="1"))


def _wait(fake: FakeLambda, client: Any) -> None:
    _title("7. Asynchronous events wait until you say so")
    answer = client.invoke(FunctionName="orders:live", InvocationType="Event", Payload=_ORDER)
    waiting = fake.pending[0]
    _show("invoke Event", f"StatusCode {answer['StatusCode']}")
    _show("fake.pending", f"{waiting.kind} of {waiting.function_name}")
    fake.run_due()
    _show("fake.run_due", f"the handler answered {json.dumps(fake.invocations[-1].result)}")


def _zip(source: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py", _BUILT_AT), source)
    return packed.getvalue()


def _answer(client: Any, function_name: str) -> str:
    answer = client.invoke(FunctionName=function_name, Payload=_ORDER)
    payload = json.load(answer["Payload"])
    if "FunctionError" in answer:
        return f"FunctionError {answer['FunctionError']}, {payload['errorType']}: {payload['errorMessage']}"
    return json.dumps(payload)


def _error(client: Any, operation: str, **parameters: Any) -> str:
    try:
        getattr(client, operation)(**parameters)
    except client.exceptions.ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    raise AssertionError("AWS refuses this")


def _title(text: str) -> None:
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    _say(f"\n\x1b[1m{text}\x1b[0m" if bold else f"\n{text}")


def _show(what: str, came: str) -> None:
    _say(textwrap.fill(came, 110, initial_indent=f"   {what:<25} ", subsequent_indent=" " * 29, break_on_hyphens=False))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
