"""What fakelambda costs, in units of botocore's own floor: a client call that a ``before-call`` hook answers with a constant.

Run it with ``python tests/benchmarks/run.py``. Floor and fake are measured in turns in the same process and the round in the middle counts, so
that the ratios hold on any machine; the microseconds are only this machine's. moto's figures stand beside ours for what moto can do.

The targets of single calls were set on the floor of botocore 1.44.4 and older. Since 1.44.6 botocore keeps most of its User-Agent header between
calls, and the floor takes two fifths less time.
"""

import gc
import importlib
import io
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from fakelambda import FakeLambda

ROUNDS, CALLS = 100, 40
ROLE = "arn:aws:iam::123456789012:role/benchmark"
Call = Callable[[], Any]


def floor_client() -> Any:
    """A client whose every call is answered by a constant."""
    session: Any = botocore.session.Session()
    session.set_credentials("testing", "testing")
    client = session.create_client("lambda", region_name="us-east-1")
    answer = AWSResponse("https://lambda.invalid/", 200, HTTPHeaders(), None), {"ResponseMetadata": {"HTTPStatusCode": 200}}
    client.meta.events.register_first("before-call.lambda", lambda **_: answer)
    return client


def microseconds(call: Call, calls: int) -> float:
    """The mean of one round."""
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls * 1e6


def compared(one: Call, other: Call, *, calls: int = CALLS, rounds: int = ROUNDS) -> tuple[float, float]:
    """The round in the middle by its ratio: both are measured in turns, so that each round has the machine in one mood."""
    gc.collect()
    pairs = sorted(((microseconds(one, calls), microseconds(other, calls)) for _ in range(rounds)), key=lambda pair: pair[1] / pair[0])
    return pairs[rounds // 2]


def zipped(source: str, filler: int = 0) -> bytes:
    """A deployment package, with some bytes that no compression shrinks."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", source)
        archive.writestr("filler.bin", os.urandom(filler))
    return packed.getvalue()


def show(name: str, ours: float, floor: float, target: float | None = None) -> None:
    """A row of the table."""
    print(f"{name:44s} {ours:9.1f} µs {floor:9.1f} µs   x {ours / floor:5.2f}" + (f"   (at most {target})" if target else ""))


def operations(client: Any, prefix: str) -> dict[str, Call]:
    """The calls that are compared, on a client of whatever answers."""
    names = (f"{prefix}{number}" for number in itertools.count())
    return {
        "GetFunction": lambda: client.get_function(FunctionName="orders"),
        "CreateAlias": lambda: client.create_alias(FunctionName="orders", Name=next(names), FunctionVersion="1"),
        "Invoke of a trivial callable": lambda: client.invoke(FunctionName="orders", Payload=b"{}"),
    }


def single_calls() -> None:
    """GetFunction, CreateAlias, Invoke."""
    targets = {"GetFunction": 1.4, "CreateAlias": 1.6, "Invoke of a trivial callable": 1.8}
    floor = operations(floor_client(), "a")
    for name, target in targets.items():
        with FakeLambda() as fake:
            fake.add_function("orders", lambda event, _context: event)
            fake.client().publish_version(FunctionName="orders")
            mine = operations(fake.client(), "a")[name]
            below, ours = compared(floor[name], mine, calls=20 if name == "CreateAlias" else CALLS)
        show(name, ours, below, target)


def deployed_code() -> None:
    """A handler from a zip, warm, through an alias with a weight."""
    floor = floor_client()
    with FakeLambda() as fake:
        client = fake.client()
        code = {"ZipFile": zipped("def handler(event, context):\n    return event\n")}
        client.create_function(FunctionName="zip", Runtime="python3.13", Handler="app.handler", Role=ROLE, Code=code)
        client.publish_version(FunctionName="zip")
        client.create_alias(FunctionName="zip", Name="live", FunctionVersion="1")
        below, ours = compared(
            lambda: floor.invoke(FunctionName="zip:live", Payload=b"{}"), lambda: client.invoke(FunctionName="zip:live", Payload=b"{}")
        )
    show("Invoke of a deployed handler by alias, warm", ours, below, 2.2)


MODULES = 20
MODULE = """
from dataclasses import dataclass

@dataclass
class Item:
    name: str
    price: int = {number}

class Basket:
    def __init__(self, items):
        self.items = items

    def total(self, discount=0):
        total = 0
        for item in self.items:
            if item.price > discount:
                total += item.price - discount
        return total

def names(basket):
    return sorted(item.name for item in basket.items)
"""


def sources(salt: int) -> dict[str, str]:
    """A handler and the modules that it imports; no two salts have a file in common."""
    shop = {f"shop/m{number}.py": f"{MODULE.format(number=number)}# {salt}\n" for number in range(MODULES - 2)}
    imports = "".join(f"import shop.m{number}\n" for number in range(MODULES - 2))
    return {"app.py": f"{imports}def handler(event, context): return {salt}\n", "shop/__init__.py": f"# {salt}\n", **shop}


def imported(directory: Path, *, compiled: bool) -> float:
    """Microseconds of a plain import of the modules in a directory."""
    if not compiled:
        for cache in list(directory.rglob("__pycache__")):
            shutil.rmtree(cache)
    sys.path.insert(0, str(directory))
    sys.dont_write_bytecode = not compiled
    importlib.invalidate_caches()
    try:
        return microseconds(partial(importlib.import_module, "app"), 1)
    finally:
        sys.path.remove(str(directory))
        for name in [name for name in sys.modules if name.partition(".")[0] in {"app", "shop"}]:
            del sys.modules[name]
        for entry in [entry for entry in sys.path_importer_cache if entry.startswith(str(directory))]:
            del sys.path_importer_cache[entry]


def cold_starts() -> None:
    """The first cold start of a package in a process, and later ones, beside a plain import of the same modules."""
    first, later, compiling, cached = [], [], [], []
    with FakeLambda() as fake, tempfile.TemporaryDirectory() as temporary:
        client = fake.client()
        for salt in range(ROUNDS):
            directory, packed = Path(temporary, str(salt)), io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                for name, source in sources(salt).items():
                    archive.writestr(name, source)
            with zipfile.ZipFile(packed) as archive:
                archive.extractall(directory)
            name, code = f"cold{salt}", {"ZipFile": packed.getvalue()}
            client.create_function(FunctionName=name, Runtime="python3.13", Handler="app.handler", Role=ROLE, Code=code)
            invoke = partial(client.invoke, FunctionName=name, Payload=b"{}")
            first.append(microseconds(invoke, 1))
            compiling.append(imported(directory, compiled=False))
            imported(directory, compiled=True)
            for _ in range(3):
                cached.append(imported(directory, compiled=True))
                fake.cold_start(name)
                later.append(microseconds(invoke, 1))
    show(f"first cold start of {MODULES} modules : import, no .pyc", min(first), min(compiling), 2)
    show(f"later cold start of {MODULES} modules : import", min(later), min(cached), 2)


def memory() -> None:
    """What 10 000 invocations and 200 cold starts of a deployed handler leave behind."""
    with FakeLambda() as fake:
        client = fake.client()
        code = {"ZipFile": zipped("import json\ndef handler(event, context):\n    return event\n")}
        client.create_function(FunctionName="zip", Runtime="python3.13", Handler="app.handler", Role=ROLE, Code=code)

        for times, cold in ((10_000, False), (200, True)):
            modules = set(sys.modules)
            for number in range(-10, times):  # the first ten make what is made once
                if number == 0:
                    tracemalloc.start()
                if cold:
                    fake.cold_start("zip")
                client.invoke(FunctionName="zip", Payload=b"{}")
            gc.collect()
            size, new = tracemalloc.get_traced_memory()[0], len(set(sys.modules) - modules)
            tracemalloc.stop()
            print(f"{times:6} {'cold' if cold else 'warm'} invocations: {size / times:.0f} bytes each, their records; {new} modules more")


def entering() -> None:
    """Entering and leaving a fake."""
    floor = floor_client()

    def enter() -> None:
        with FakeLambda():
            pass

    below, ours = compared(lambda: floor.get_function(FunctionName="orders"), enter)
    show("entering and leaving a FakeLambda", ours, below, 2)


def draining() -> None:
    """An attempt of an asynchronous event, with few and with many in the queue."""
    floor = floor_client()
    cost = {}
    for number in (100, 100_000):
        with FakeLambda(schedule="manual") as fake:
            client = fake.client()
            fake.add_function("orders", lambda _event, _context: None)
            for _ in range(number):
                client.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")
            below = microseconds(lambda: floor.invoke(FunctionName="orders", Payload=b"{}"), CALLS)
            cost[number] = microseconds(fake.drain, 1) / number, below
    show("draining, an event of 100", *cost[100], 0.6)
    show("draining, an event of 100 000", *cost[100_000], 0.6)
    show("draining, an event of 100 000 : 100", cost[100_000][0], cost[100][0], 1.3)


def delivering() -> None:
    """10 000 records through an event source mapping, a hundred in a batch: per record."""
    floor = floor_client()
    queue, stream = (f"arn:aws:{name}" for name in ("sqs:us-east-1:123456789012:orders", "kinesis:us-east-1:123456789012:stream/orders"))
    messages = [{"messageId": str(number), "body": "{}", "attributes": {}, "eventSourceARN": queue} for number in range(10_000)]
    records = [{"Data": b"{}", "PartitionKey": "1", "SequenceNumber": str(number)} for number in range(10_000)]
    received = [{"MessageId": str(number), "ReceiptHandle": str(number), "Body": "{}", "MD5OfBody": "-" * 32} for number in range(10_000)]
    bodies = [{"Body": "{}"} for _ in range(10_000)]
    for name, arn, sent, settings in (
        ("short messages in the event's form", queue, messages, {"MaximumBatchingWindowInSeconds": 1}),
        ("messages as ReceiveMessage returns them", queue, received, {"MaximumBatchingWindowInSeconds": 1}),
        ("messages of bodies alone", queue, bodies, {"MaximumBatchingWindowInSeconds": 1}),
        ("records as GetRecords returns them", stream, records, {"StartingPosition": "LATEST"}),
    ):
        with FakeLambda() as fake:
            fake.add_function("orders", lambda _event, _context: None)
            fake.client().create_event_source_mapping(FunctionName="orders", EventSourceArn=arn, BatchSize=100, **settings)
            below, ours = compared(
                lambda: [floor.invoke(FunctionName="orders", Payload=b"{}") for _ in range(100)],
                partial(fake.deliver, arn, sent),
                calls=1,
                rounds=20,
            )
            parsed = [json.dumps(invocation.event) for invocation in fake.deliver(arn, sent)]
        show(f"deliver: {name}", ours / len(sent), below / 100, 0.1)
        started = time.perf_counter()
        for event in parsed:
            json.dumps(json.loads(event))
        print(f"{'':8s}JSON of such a record, both ways: {(time.perf_counter() - started) / len(sent) * 1e6:.1f} µs")


def polling() -> None:
    """10 000 messages of moto's SQS through a mapping, beside reading and deleting them and calling the handler, fifty at a time."""
    try:
        from moto import mock_aws  # noqa: PLC0415 - the table stands without it
    except ImportError:
        print("moto is not installed")
        return
    handled = []
    entries = [{"Id": str(number), "MessageBody": "{}"} for number in range(10)]
    with mock_aws(), FakeLambda(schedule="manual") as fake:
        session: Any = botocore.session.Session()
        session.set_credentials("testing", "testing")
        sqs = session.create_client("sqs", region_name="us-east-1")
        polled, read = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("polled", "read"))
        fake.add_function("orders", lambda event, _context: handled.append(len(event["Records"])))
        fake.client().create_event_source_mapping(FunctionName="orders", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:polled")

        def by_hand() -> None:
            while messages := sqs.receive_message(
                QueueUrl=read, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"], WaitTimeSeconds=0
            ).get("Messages"):
                handled.append(len(messages))
                handles = [{"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(messages)]
                sqs.delete_message_batch(QueueUrl=read, Entries=handles)

        pairs = []
        for _ in range(200):
            for _ in range(5):
                for url in (polled, read):
                    sqs.send_message_batch(QueueUrl=url, Entries=entries)
            pairs.append((microseconds(by_hand, 1), microseconds(fake.run_due, 1)))
    assert sum(handled) == 20_000
    below, ours = (sum(times) / 10_000 for times in zip(*pairs, strict=True))
    show("polling moto's SQS, per message", ours, below, 1.3)


def pages() -> None:
    """A page of 50 with few and with many functions."""
    with ExitStack() as stack:
        best = {}
        for number in (100, 10_000):
            fake = stack.enter_context(FakeLambda())
            client = fake.client()
            code = zipped("")
            for index in range(number):
                client.create_function(FunctionName=f"f{index:05}", Runtime="python3.13", Handler="a.b", Role=ROLE, Code={"ZipFile": code})
            best[number] = min(microseconds(partial(client.list_functions, MaxItems=50), 5) for _ in range(ROUNDS))
            stack.pop_all().close()
    show("ListFunctions, page of 50, 10 000 : 100", best[10_000], best[100], 1.5)


def versions() -> None:
    """How much 1 000 published versions of 10 MB hold."""
    code = zipped("", 10_000_000)
    tracemalloc.start()
    with FakeLambda() as fake:
        client = fake.client()
        client.create_function(FunctionName="big", Runtime="python3.13", Handler="a.b", Role=ROLE, Code={"ZipFile": code})
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1000):
            client.update_function_configuration(FunctionName="big", Description=str(number))
            client.publish_version(FunctionName="big")
        grown = tracemalloc.get_traced_memory()[0] - before
        blobs = {id(version.code.package) for version in fake.functions["big"].versions.values()}
    tracemalloc.stop()
    print(f"1 000 versions of a 10 MB zip: {len(blobs)} copy of the code, {grown / 1e6:.1f} MB grown")


def plugin() -> None:
    """What pytest's start costs where the plugin is installed and nobody asks for it."""
    ours, theirs = [], []
    for _ in range(9):
        program = [sys.executable, "-X", "importtime", "-c", "import pytest, conftest_plugin"]
        lines = subprocess.run(program, capture_output=True, text=True, check=True).stderr.splitlines()
        cost = {
            line.rpartition("|")[2].strip(): int(line.split("|")[1]) for line in lines if line.rpartition("|")[2].strip().isidentifier()
        }
        ours.append(float(cost["conftest_plugin"]))
        theirs.append(float(cost["pytest"]))
    print(f"the plugin, of importing pytest: {min(ours):.0f} of {min(theirs):.0f} µs, {min(ours) / min(theirs):.1%}   (at most 3 %)")


def fixtures() -> None:
    """What the fixtures ``fake_lambda`` and ``lambda_client`` do for each test after the first."""
    floor = floor_client()

    def per_test() -> None:
        with FakeLambda() as fake:
            fake.client()

    below, ours = compared(lambda: floor.get_function(FunctionName="orders"), per_test)
    show("a fake and its client, per test", ours, below, 3)


def snapshots() -> None:
    """Taking a snapshot of 1 000 functions and restoring it."""
    floor = floor_client()
    with FakeLambda() as fake:
        client, code = fake.client(), zipped("")
        for index in range(1000):
            client.create_function(FunctionName=f"f{index:04}", Runtime="python3.13", Handler="a.b", Role=ROLE, Code={"ZipFile": code})

        def there_and_back() -> None:
            fake.restore(fake.snapshot())

        below, ours = compared(lambda: floor.get_function(FunctionName="orders"), there_and_back)
    show("snapshot and restore of 1 000 functions", ours, below, 1)


def machine_steps() -> None:
    """How many steps a state machine of Hypothesis makes in a second: of ours, and of one whose steps call nothing."""
    try:
        from hypothesis import HealthCheck, Phase, settings  # noqa: PLC0415 - the table stands without it
        from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test  # noqa: PLC0415 - the same

        from fakelambda.stateful import LambdaMachine  # noqa: PLC0415 - the same
    except ImportError:
        print("hypothesis is not installed")
        return
    made = [0]

    class Empty(RuleBasedStateMachine):
        @rule()
        def step(self) -> None:
            made[0] += 1

    class WithoutAClient(LambdaMachine):
        @rule()
        def step(self) -> None:
            made[0] += 1
            if "orders" not in self.fake.functions:
                self.fake.add_function("orders", returns=None)

    class WithAClient(WithoutAClient):
        @rule()
        def step(self) -> None:
            super().step()
            self.client.get_function(FunctionName="orders")

    for name in [name for name, value in vars(LambdaMachine).items() if hasattr(value, "hypothesis_stateful_rule")]:
        setattr(WithoutAClient, name, None)
    chosen = settings(
        max_examples=100, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    for label, machine in (("an empty machine", Empty), ("a fake, no client", WithoutAClient), ("a call of a client each", WithAClient)):
        made[0] = 0
        started = time.perf_counter()
        run_state_machine_as_test(machine, settings=chosen)
        print(f"machine steps per second, {label:24s} {made[0] / (time.perf_counter() - started):8.0f}")


def moto() -> None:
    """The same of moto, where it can."""
    try:
        from moto import mock_aws  # noqa: PLC0415 - the table stands without it
    except ImportError:
        print("moto is not installed")
        return
    os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
    floor = operations(floor_client(), "a")

    def enter() -> None:
        with mock_aws():
            botocore.session.Session().create_client("lambda", region_name="us-east-1")

    with mock_aws(config={"lambda": {"use_docker": False}}):
        session: Any = botocore.session.Session()
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = session.create_client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        client = session.create_client("lambda", region_name="us-east-1")
        client.create_function(FunctionName="orders", Runtime="python3.13", Handler="app.handler", Role=role, Code={"ZipFile": zipped("")})
        client.publish_version(FunctionName="orders")
        for name, call in operations(client, "a").items():
            label = "Invoke (echoes, runs nothing)" if "Invoke" in name else name
            below, theirs = compared(floor[name], call, calls=10, rounds=20)
            show(f"moto: {label}", theirs, below)
    below, theirs = compared(floor["GetFunction"], enter, calls=2, rounds=5)
    show("moto: entering, leaving, a client", theirs, below)


def main() -> None:
    """Prints the table."""
    print(f"Python {sys.version.split()[0]}, botocore {botocore.__version__}")
    for measure in (
        single_calls,
        deployed_code,
        cold_starts,
        memory,
        entering,
        draining,
        delivering,
        polling,
        pages,
        versions,
        plugin,
        fixtures,
        snapshots,
        machine_steps,
        moto,
    ):
        measure()


if __name__ == "__main__":
    main()
