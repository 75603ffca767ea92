"""The machine as users subclass it: it passes by itself, finds what is wrong with their code, and tells it in few steps."""

import json
import unittest
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import INVARIANT_MARKER, RuleBasedStateMachine, initialize, invariant, multiple, rule, run_state_machine_as_test

from fakelambda import FakeLambda
from fakelambda.aws import hook
from fakelambda.domain.functions import with_item
from fakelambda.stateful import Alias, LambdaMachine, Version

FEW = settings(
    max_examples=40,
    stateful_step_count=15,
    derandomize=True,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.generate, Phase.shrink],  # explaining traces every line
    suppress_health_check=list(HealthCheck),
)


def steps_to_failure(machine: type[RuleBasedStateMachine]) -> tuple[str, list[str]]:
    """What fails, and the steps of the shortest way there, without the beginning and the invariants."""
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(machine, settings=FEW)
    assert hook.active() is None
    lines = "\n".join(caught.value.__notes__).splitlines()
    steps = [line.partition("state.")[2] for line in lines if "state." in line]
    silent = {"teardown", "choose_routes", "begin", *(name for name in dir(machine) if hasattr(getattr(machine, name), INVARIANT_MARKER))}
    return str(caught.value), [step for step in steps if step.partition("(")[0] not in silent]


class Realistic(LambdaMachine):
    fake_keywords = {"lifecycle": "realistic", "schedule": "manual", "region": "eu-west-1"}  # noqa: RUF012 - as users write it
    lost_operations = ("*",)

    @invariant()
    def it_is_elsewhere(self) -> None:
        assert self.client.meta.region_name == "eu-west-1"


@pytest.mark.usefixtures("time_moves_by_order_only")
@pytest.mark.parametrize("machine", [LambdaMachine, Realistic])
def test_aws_keeps_its_word(machine: type[LambdaMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(FEW, max_examples=15, stateful_step_count=40))
    assert hook.active() is None


def test_every_rule_does_what_it_says() -> None:
    class Story(LambdaMachine):
        @rule()
        def live(self) -> None:
            if self.fake.calls:
                return
            assert self.create_function("orders", "a") == "orders"
            first = Version("orders", "1")
            assert self.publish_version("orders") == first
            self.update_code("orders", "b")
            self.update_configuration("orders", 512)
            assert self.publish_version("orders") == Version("orders", "2")
            live = Alias("orders", "live")
            assert self.create_alias(first, "live", Version("orders", "2"), 1.0) == live
            self.lose_the_answer("Invoke")
            self.invoke_alias(live, {"id": 1}, "RequestResponse")
            self.update_alias(live, first, None, 0.5)
            self.invoke_alias(live, {"id": 2}, "Event")
            self.throttle("*")
            self.invoke("orders", {"id": 3, "fail": True}, "Event")
            self.run_due()
            self.advance(60)
            self.drain()
            self.invoke_version(first, {"id": 4}, "RequestResponse")
            self.reserve_concurrency("orders", 10)
            self.reserve_concurrency("orders", None)
            assert self.delete_version(first) == first  # the alias needs it
            self.delete_alias(live)
            assert self.delete_version(first) == multiple()
            assert self.create_alias(first, "live", None, 0.0) == multiple()
            self.delete_function("orders")
            ran = [(run.event["id"], run.executed_version, run.attempt) for run in self.fake.invocations]
            assert ran == [(1, "2", 1), (1, "2", 1), (2, "1", 1), (3, "$LATEST", 1), (3, "$LATEST", 2), (3, "$LATEST", 3), (4, "1", 1)]
            assert [call.operation for call in self.fake.calls if call.attempts == 2] == ["Invoke", "Invoke"]
            assert not self.fake.functions

    run_state_machine_as_test(Story, settings=settings(FEW, max_examples=3, stateful_step_count=3))


# ---- bugs of users ----


class Deployments(LambdaMachine):
    """A function with an alias; a subclass says how its code gets there."""

    function_names = ("orders",)
    delete_function = delete_alias = delete_version = update_alias = create_alias = reserve_concurrency = None  # type: ignore[assignment]
    deploy: Callable[[Any, bytes], None]

    @initialize()
    def begin(self) -> None:
        self.create_function("orders", "a")
        self.client.publish_version(FunctionName="orders")
        self.client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
        self.deployed = "a"

    @rule(code=st.sampled_from("abc"))
    def release(self, code: str) -> None:
        type(self).deploy(self.client, self.package(code))
        self.deployed = code

    @invariant()
    def what_was_released_last_is_live(self) -> None:
        assert json.load(self.client.invoke(FunctionName="orders:live", Payload="{}")["Payload"])["code"] == self.deployed


def publish_too_early(client: Any, package: bytes) -> None:
    version = client.publish_version(FunctionName="orders")["Version"]
    client.update_function_code(FunctionName="orders", ZipFile=package)
    client.publish_version(FunctionName="orders")
    client.update_alias(FunctionName="orders", Name="live", FunctionVersion=version)


def publish_in_time(client: Any, package: bytes) -> None:
    client.update_function_code(FunctionName="orders", ZipFile=package)
    version = client.publish_version(FunctionName="orders")["Version"]
    client.update_alias(FunctionName="orders", Name="live", FunctionVersion=version)


def test_code_that_is_updated_after_it_was_published() -> None:
    class Early(Deployments):
        deploy = staticmethod(publish_too_early)

    class InTime(Deployments):
        deploy = staticmethod(publish_in_time)

    _, steps = steps_to_failure(Early)
    assert steps == ["release(code='b')"]
    run_state_machine_as_test(InTime, settings=FEW)


class Canaries(Deployments):
    """Half of the traffic goes to what is new, until it is taken back."""

    with_routing: dict[str, Any]
    release = what_was_released_last_is_live = update_code = update_configuration = publish_version = advance = None  # type: ignore[assignment]

    @rule(code=st.sampled_from("bc"))
    def try_out(self, code: str) -> None:
        self.client.update_function_code(FunctionName="orders", ZipFile=self.package(code))
        version = self.client.publish_version(FunctionName="orders")["Version"]
        routing = {"AdditionalVersionWeights": {version: 0.5}}
        self.client.update_alias(FunctionName="orders", Name="live", RoutingConfig=routing)
        self.deployed = "tried out"

    @rule()
    def roll_back(self) -> None:
        self.client.update_alias(FunctionName="orders", Name="live", FunctionVersion="1", **self.with_routing)
        self.deployed = "a"

    @rule()
    def order(self) -> None:
        answer = json.load(self.client.invoke(FunctionName="orders:live", Payload="{}")["Payload"])
        assert answer["code"] in {"a", "b", "c"} if self.deployed == "tried out" else answer["code"] == "a"


def test_a_weight_that_stays_after_a_rollback() -> None:
    class Forgetful(Canaries):
        with_routing: dict[str, Any] = {}  # noqa: RUF012 - it is never changed

    class Thorough(Canaries):
        with_routing = {"RoutingConfig": {"AdditionalVersionWeights": {}}}  # noqa: RUF012 - the same

    _, steps = steps_to_failure(Forgetful)
    assert [step.partition("(")[0] for step in steps] == ["try_out", "roll_back", "order"]
    run_state_machine_as_test(Thorough, settings=FEW)


class Payments(LambdaMachine):
    """A handler that charges, invoked by a client that tries again."""

    remembers: bool

    def __init__(self) -> None:
        super().__init__()
        self.charged: list[int] = []
        self.orders = 0
        self.fake.add_function("charge", self.charge)

    def charge(self, event: Any, context: Any) -> None:  # noqa: ARG002 - a handler's
        if not (self.remembers and event["order"] in self.charged):
            self.charged.append(event["order"])

    @rule()
    def pay(self) -> None:
        self.orders += 1
        self.client.invoke(FunctionName="charge", Payload=json.dumps({"order": self.orders}))
        assert self.charged.count(self.orders) == 1


def test_a_handler_that_charges_twice_when_an_answer_is_lost() -> None:
    class Careless(Payments):
        remembers = False

    class Careful(Payments):
        remembers = True

    _, steps = steps_to_failure(Careless)
    assert steps == ["lose_the_answer(operation='Invoke')", "pay()"]
    run_state_machine_as_test(Careful, settings=FEW)


def test_a_rule_of_its_own_fills_the_bundles_and_draws_from_them() -> None:
    drawn = list[Version]()

    class Publishing(LambdaMachine):
        create_function = None  # type: ignore[assignment]

        @rule(target=LambdaMachine.versions)
        def deploy(self) -> Version:
            self.fake.add_function(f"f{len(self.fake.functions)}", lambda event, context: event, Publish=True)
            return Version(f"f{len(self.fake.functions) - 1}", "1")

        @rule(version=LambdaMachine.versions)
        def look(self, version: Version) -> None:
            drawn.append(version)

    run_state_machine_as_test(Publishing, settings=settings(FEW, max_examples=10))
    assert {str(version) for version in drawn} >= {"f0:1", "f1:1"}


# ---- what breaks AWS's own word ----


class Tampering(LambdaMachine):
    @initialize()
    def begin(self) -> None:
        self.fake.add_function("orders", lambda event, context: event, Publish=True)

    @rule(description=st.sampled_from("xy"))
    def tamper(self, description: str) -> None:
        shelf = self.fake._service.state.functions("123456789012", "us-east-1")
        function = self.fake.functions.get("orders")
        if function:
            version = replace(function.versions["1"], description=description, revision_id=description)
            shelf.put(replace(function, versions=with_item(function.versions, "1", version)))


def test_a_failure_names_what_changed_and_the_calls_before() -> None:
    class Calling(Tampering):
        @rule()
        def tamper_by_a_call(self) -> None:
            self.client.get_function(FunctionName="orders")
            Tampering.tamper(self, "z")

        tamper = None  # type: ignore[assignment]

    message, steps = steps_to_failure(Tampering)
    assert message.startswith("orders:1 is a published version and has changed: description '' -> 'x'.\nafter no call\n")
    assert [step.partition("(")[0] for step in steps] == ["tamper"]
    message, _ = steps_to_failure(Calling)
    assert "description '' -> 'z'.\nafter\n  ApiCall('GetFunction', {'FunctionName': 'orders'}" in message
    assert "GetFunction orders -> ok" in message  # the story follows


def test_a_fake_that_is_restored_or_reset_is_another_story() -> None:
    class Restoring(LambdaMachine):
        @initialize()
        def begin(self) -> None:
            self.snapshot = self.fake.snapshot()

        @rule()
        def keep(self) -> None:
            self.snapshot = self.fake.snapshot()

        @rule()
        def restore(self) -> None:
            self.fake.restore(self.snapshot)

        @rule()
        def restore_and_go_on(self) -> None:
            self.fake.restore(self.snapshot)
            for name in self.fake.functions:
                self.client.update_function_configuration(FunctionName=name, MemorySize=1024)
                self.client.publish_version(FunctionName=name)

        @rule()
        def reset(self) -> None:
            self.fake.reset()

    run_state_machine_as_test(Restoring, settings=settings(FEW, stateful_step_count=30))


# ---- the manners of a machine ----


def test_hypothesis_tells_the_story_where_pytest_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(LambdaMachine):
        @rule()
        def fail(self) -> None:
            self.client.list_functions()
            raise AssertionError("wrong")

    for watched in (True, False):
        monkeypatch.setattr("fakelambda.stateful.machine.is_watched", lambda watched=watched: watched)
        with pytest.raises(AssertionError, match="wrong") as caught:
            run_state_machine_as_test(Failing, settings=FEW)
        notes = "\n".join(caught.value.__notes__)
        assert ("AWS Lambda:" in notes, "ListFunctions -> ok" in notes) == (not watched, not watched)


def test_the_keywords_are_those_of_the_fake() -> None:
    class Wrong(LambdaMachine):
        fake_keywords = {"lifecycle": "slow"}  # noqa: RUF012 - as users write it

    with pytest.raises(ValueError, match="lifecycle='slow'"):
        run_state_machine_as_test(Wrong, settings=FEW)
    assert hook.active() is None


def test_an_init_that_fails_leaves_no_fake_behind() -> None:
    class Early(LambdaMachine):
        def __init__(self) -> None:
            raise KeyError("early")

    class Late(LambdaMachine):
        def __init__(self) -> None:
            super().__init__()
            raise KeyError("late")

    class Later(Late):
        def __init__(self) -> None:
            super().__init__()

    for machine in (Early, Late, Later):
        with pytest.raises(KeyError):
            run_state_machine_as_test(machine, settings=FEW)
        assert hook.active() is None


def test_time_is_frozen_around_it_where_transitions_take_some() -> None:
    looks = set[str]()

    class Frozen(Realistic):
        @rule()
        def look(self) -> None:
            looks.add(f"{self.fake._service.world.now():%Y-%m}")

    case: Any = freeze_time("2026-03-01")(Frozen.TestCase)
    case.settings = settings(FEW, max_examples=5)
    result = unittest.TestResult()
    unittest.TestSuite([case("runTest")]).run(result)
    assert (result.testsRun, result.failures, result.errors) == (1, [], [])
    assert looks == {"2026-03"}


def test_routing_is_the_seeds_until_hypothesis_has_chosen() -> None:
    served = list[list[str]]()

    class Early(LambdaMachine):
        def __init__(self) -> None:
            super().__init__()
            self.fake.add_function("orders", lambda event, context: context.function_version, Publish=True)
            self.client.update_function_configuration(FunctionName="orders", Description="second")
            self.client.publish_version(FunctionName="orders")
            weights = {"AdditionalVersionWeights": {"2": 0.5}}
            self.client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1", RoutingConfig=weights)
            served.append([self.client.invoke(FunctionName="orders:live")["ExecutedVersion"] for _ in range(8)])

    run_state_machine_as_test(Early, settings=settings(FEW, max_examples=5, stateful_step_count=1))
    assert [*map(set, served)] == [{"1", "2"}] * len(served)
    assert all(versions == served[0] for versions in served)


def test_it_runs_under_unittest() -> None:
    class Small(LambdaMachine):
        pass

    case: Any = Small.TestCase
    case.settings = settings(FEW, max_examples=3)
    result = unittest.TestResult()
    case("runTest").run(result)
    assert (result.testsRun, result.failures, result.errors) == (1, [], [])


def test_a_fake_around_it_answers_again_afterwards() -> None:
    with FakeLambda() as outer:
        run_state_machine_as_test(LambdaMachine, settings=settings(FEW, max_examples=3))
        outer.client().list_functions()
        assert [call.operation for call in outer.calls] == ["ListFunctions"]
