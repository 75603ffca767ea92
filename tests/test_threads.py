"""One fake, sixteen threads: nothing that AWS would not answer, nothing lost, nothing left half done."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from fakelambda import FakeLambda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THREADS = 16
SECONDS = 1.0
IMAGE: dict[str, Any] = {"Role": "arn:aws:iam::123456789012:role/r", "Code": {"ImageUri": "registry/orders:1"}, "PackageType": "Image"}


@pytest.fixture(autouse=True)
def impatient_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


def in_threads(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """What each thread returns; they begin at once, and an exception of any fails the test."""
    gate = threading.Barrier(count)

    def begin(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count), timeout=60))


class Worker:
    """One thread's share: random calls on shared functions, and a count of what AWS acknowledged."""

    NAMES = ("f0", "f1", "f2", "f3")
    REFUSED_BY_AWS = (
        "ResourceConflictException",
        "PreconditionFailedException",
        "ResourceNotFoundException",
    )  # when two are at the same thing

    def __init__(self, client: Any, number: int) -> None:
        self.client, self.number, self.chance, self.turn = client, number, random.Random(number), ""
        self.done: Counter[str] = Counter()
        self.runs = 0

    def work(self, seconds: float) -> Worker:
        deadline = time.monotonic() + seconds
        actions = (self.tag, self.alias, self.permission, self.invoke, self.event, self.update, self.publish, self.private, self.read)
        while time.monotonic() < deadline:
            action, name = self.chance.choice(actions), self.chance.choice(self.NAMES)
            self.turn = f"{self.number}-{self.done.total()}"
            try:
                action(name)
            except ClientError as error:
                if error.response["Error"]["Code"] not in self.REFUSED_BY_AWS:
                    raise
                self.done[f"{action.__name__} refused"] += 1
            else:
                self.done[f"{action.__name__} {name}"] += 1
        return self

    def tag(self, name: str) -> None:
        self.client.tag_resource(Resource=f"arn:aws:lambda:us-east-1:123456789012:function:{name}", Tags={f"t{self.number}": self.turn})

    def alias(self, name: str) -> None:
        self.client.create_alias(FunctionName=name, Name=f"a{self.turn}", FunctionVersion="1")

    def permission(self, name: str) -> None:
        statement = f"s{self.number}"
        self.client.add_permission(FunctionName=name, StatementId=statement, Action="lambda:InvokeFunction", Principal="sqs.amazonaws.com")
        self.client.remove_permission(FunctionName=name, StatementId=statement)

    def invoke(self, name: str) -> None:
        """Whose handler invokes another function, whose handler invokes a third."""
        event = {"n": self.turn, "name": self.chance.choice(self.NAMES), "depth": self.chance.choice([0, 2]), "type": "RequestResponse"}
        answer = self.client.invoke(FunctionName=f"{name}:live", Payload=json.dumps(event))
        assert (answer["Payload"].read().decode(), answer.get("FunctionError")) == (f'"{self.turn}"', None)
        self.runs += 1 + int(str(event["depth"]))

    def event(self, name: str) -> None:
        event = {"n": self.turn, "name": name, "depth": 1, "type": "Event"}
        self.client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))
        self.runs += 2

    def update(self, name: str) -> None:
        revision = self.client.get_function_configuration(FunctionName=name)["RevisionId"]
        self.client.update_function_configuration(FunctionName=name, Description=self.turn, RevisionId=revision)

    def publish(self, name: str) -> None:
        self.client.publish_version(FunctionName=name)

    def private(self, _: str) -> None:
        """A function that nobody else touches: nothing of it may be refused."""
        self.client.create_function(FunctionName=f"p{self.turn}", **IMAGE)
        self.client.delete_function(FunctionName=f"p{self.turn}")

    def read(self, name: str) -> None:
        for page in self.client.get_paginator("list_aliases").paginate(FunctionName=name, PaginationConfig={"PageSize": 10}):
            assert page["Aliases"]
        self.client.list_functions(FunctionVersion="ALL")


def test_mixed_operations_on_shared_functions(fake: FakeLambda) -> None:
    """In the end the state is the sum of what each thread was told."""
    client: Any = fake.client()
    clients = [client, boto3.client("lambda", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")]
    ran = itertools.count()

    def handler(event: Any, context: Any) -> Any:
        next(ran)
        if event["depth"]:
            deeper = {**event, "depth": event["depth"] - 1}
            client.invoke(FunctionName=event["name"], Payload=json.dumps(deeper), InvocationType=event["type"])
            client.get_function(FunctionName=event["name"])
        return event["n"]

    for name in Worker.NAMES:
        fake.add_function(name, handler)
        client.create_alias(FunctionName=name, Name="live", FunctionVersion=client.publish_version(FunctionName=name)["Version"])
    workers = in_threads(lambda number: Worker(clients[number % 2], number).work(SECONDS))
    done = sum((worker.done for worker in workers), Counter[str]())

    assert fake.pending == []
    assert next(ran) == sum(worker.runs for worker in workers) == len(fake.invocations)
    assert {invocation.error for invocation in fake.invocations} == {None}
    assert list(fake.functions) == list(Worker.NAMES)
    for name in Worker.NAMES:
        aliases = [alias for page in client.get_paginator("list_aliases").paginate(FunctionName=name) for alias in page["Aliases"]]
        assert len(aliases) == done[f"alias {name}"] + 1
        assert client.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful"
        pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        versions = [version["Version"] for page in pages for version in page["Versions"]]
        assert versions == ["$LATEST", *(str(number) for number in range(1, len(versions)))]
    # Who changes what another one changes may lose the race; everybody else gets what he asks for.
    refused = {entry.partition(" ")[0] for entry in done if entry.endswith("refused")}
    assert refused <= {"alias", "permission", "publish", "update"}
    assert {entry.partition(" ")[0] for entry in done} - {"publish"} >= {"tag", "alias", "invoke", "event", "update", "private", "read"}


def conflicts_of(client: Any) -> tuple[type[ClientError], ...]:
    """What AWS answers to whoever is second, asked for before there are threads: botocore makes a client's classes at the first look."""
    return client.exceptions.PreconditionFailedException, client.exceptions.ResourceConflictException


def test_a_revision_id_lets_exactly_one_of_many_win(fake: FakeLambda, client: Any) -> None:
    fake.add_function("orders", print)
    conflicts = conflicts_of(client)

    def update(number: int) -> bool:
        try:
            client.update_function_configuration(FunctionName="orders", Description=str(number), RevisionId=revision)
        except conflicts:
            return False  # somebody was quicker, or is still at it
        return True

    for _ in range(20):
        revision = client.get_function_configuration(FunctionName="orders")["RevisionId"]
        assert in_threads(update, 8).count(True) == 1


def test_an_optimistic_counter_loses_no_update(fake: FakeLambda, client: Any) -> None:
    """Read, add one, write with the revision that was read; again where somebody was quicker."""
    fake.add_function("orders", print, Description="0")
    conflicts = conflicts_of(client)

    def count(_: int) -> None:
        for _turn in range(5):
            while True:
                seen = client.get_function_configuration(FunctionName="orders")
                try:
                    client.update_function_configuration(
                        FunctionName="orders", Description=str(int(seen["Description"]) + 1), RevisionId=seen["RevisionId"]
                    )
                    break
                except conflicts:
                    continue

    in_threads(count)
    assert client.get_function_configuration(FunctionName="orders")["Description"] == str(5 * THREADS)


def test_creating_the_same_function_succeeds_once(fake: FakeLambda, client: Any) -> None:
    conflicts = conflicts_of(client)

    def create(_: int) -> str:
        try:
            client.create_function(FunctionName="orders", **IMAGE)
        except conflicts as error:
            return str(error.response["Error"]["Message"])
        return "created"

    outcomes = Counter(in_threads(create))
    assert outcomes == {"created": 1, "Function already exist: orders": THREADS - 1}


def test_what_a_thread_creates_is_ready_for_it_at_once(fake: FakeLambda, client: Any) -> None:
    """Another thread may be at the transition just now; nobody finds a function Pending that AWS would have finished."""

    def deploy(number: int) -> list[str]:
        states = []
        for turn in range(20):
            name = f"f{number}-{turn}"
            client.create_function(FunctionName=name, **IMAGE)
            states.append(client.get_function_configuration(FunctionName=name)["State"])
            client.update_function_configuration(FunctionName=name, Description="new")
            states.append(client.get_function_configuration(FunctionName=name)["LastUpdateStatus"])
        return states

    assert {state for states in in_threads(deploy) for state in states} == {"Active", "Successful"}


def test_throttled_threads_sleep_on_one_clock_and_run_each_event_once(fake: FakeLambda) -> None:
    ran: Counter[int] = Counter()
    fake.add_function("orders", lambda event, context: ran.update([event]))
    fake.add_function("blocked", print)
    client: Any = fake.client()
    client.put_function_concurrency(FunctionName="blocked", ReservedConcurrentExecutions=0)

    def work(number: int) -> int:
        for turn in range(5):
            client.invoke(FunctionName="orders", InvocationType="Event", Payload=str(number * 100 + turn))
            with pytest.raises(ClientError, match="TooManyRequestsException"):
                client.invoke(FunctionName="blocked")
        return number

    begun = time.monotonic()
    assert in_threads(work) == list(range(THREADS))
    fake.drain()
    assert sorted(ran.elements()) == [number * 100 + turn for number in range(THREADS) for turn in range(5)]
    assert time.monotonic() - begun < 20


def test_snapshots_are_taken_while_others_are_at_work(fake: FakeLambda, client: Any) -> None:
    """And gone back to; an update that ends meanwhile holds what a snapshot wants, and wants what it holds."""
    fake.add_function("orders", print)
    conflicts = conflicts_of(client)
    deployed, gate = fake.snapshot(), threading.Barrier(8)

    def work(number: int) -> None:
        gate.wait()
        for turn in range(100):
            if number % 2:
                with contextlib.suppress(*conflicts):  # somebody else may be at it
                    client.update_function_configuration(FunctionName="orders", Description=str(turn))
            elif turn % 10:
                fake.snapshot()
            else:
                fake.restore(deployed)

    threads = [threading.Thread(target=work, args=[number], daemon=True) for number in range(8)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 20
    for thread in threads:
        thread.join(deadline - time.monotonic())
    assert not any(thread.is_alive() for thread in threads)


def test_fakes_that_start_and_stop_in_threads_leave_the_process_as_it_was() -> None:
    """Only the stack's own order is at stake: a fake of another thread may answer."""
    sleep = time.sleep

    def work(number: int) -> None:
        for _ in range(20):
            with FakeLambda() as fake:
                fake.client().get_account_settings()

    in_threads(work, 8)
    assert time.sleep is sleep
