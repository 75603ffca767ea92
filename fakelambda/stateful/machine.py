"""The machine: rules for the life of functions, invocations, the clock and faults, and AWS's invariants."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from functools import wraps
from typing import Any, ClassVar

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's, that have no other name
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from fakelambda.domain.functions import Function
from fakelambda.fake import FakeLambda, is_watched
from fakelambda.faults import Fault
from fakelambda.inspection.records import ApiCall
from fakelambda.stateful import laws
from fakelambda.stateful.resources import Alias, Version

_APP = """
def handler(event, context):
    if isinstance(event, dict) and event.get("fail"):
        raise RuntimeError("The event says so.")
    return {{"code": {code!r}, "version": context.function_version}}
"""
_WEIGHTS = st.sampled_from([0.0, 0.1, 0.5, 1.0])
_EVENTS = st.fixed_dictionaries({"id": st.integers(0, 9)}, optional={"fail": st.just(value=True)})
_TYPES = st.sampled_from(["RequestResponse", "Event"])


def _one_of_its(attribute: str) -> st.SearchStrategy[Any]:
    """One of what a class attribute of the machine lists, which a subclass may have replaced."""
    return st.runner().flatmap(lambda machine: st.sampled_from(getattr(machine, attribute)))


def _free_names(machine: LambdaMachine) -> list[str]:
    return [name for name in machine.function_names if name not in machine.fake.functions]


def _are_several(machine: LambdaMachine, kind: str) -> bool:
    """Whether one of several versions or aliases may be deleted: more often, and none would grow old enough to meet the other rules."""
    return sum(len(getattr(function, kind)) for function in machine.fake.functions.values()) > 1


class _Routing(random.Random):
    """Chance that Hypothesis takes over as soon as it may: what a subclass's ``initialize`` rules invoke before is routed by a seed."""

    chosen: random.Random | None = None

    def random(self) -> float:
        return super().random() if self.chosen is None else self.chosen.random()


class _Story:
    """What a fake tells when Hypothesis reports the example that failed, and not before."""

    def __init__(self, fake: FakeLambda) -> None:
        self._fake = fake

    def __repr__(self) -> str:
        return f"AWS Lambda:\n{self._fake.timeline()}"


class LambdaMachine(RuleBasedStateMachine):
    """A state machine that deploys, invokes, waits and breaks connections at random, beside the rules that a subclass adds.

    Each example has a fake of its own, active from the machine's ``__init__`` to its ``teardown``. Hypothesis chooses where weights route,
    and shrinks it. A rule or an invariant of this class is switched off by overriding it with None, and changed by another one of its name.

    Attributes:
        fake: the active ``FakeLambda``.
        client: its client.
        fake_keywords: of ``FakeLambda``: ``{"lifecycle": "realistic", "schedule": "manual"}``. Where transitions take time,
            freeze it, such as by ``freezegun.freeze_time("2026-03-01")(Deployments.TestCase)``: a run that really takes seconds would
            find them ended.
        function_names: what ``create_function`` calls functions.
        alias_names: what ``create_alias`` calls aliases.
        packages: what ``create_function`` and ``update_code`` deploy; ``package`` makes the zip.
        throttled_operations: what ``throttle`` may strike; ``"*"`` for any.
        lost_operations: of which ``lose_the_answer`` may lose the answer, after AWS has done what was asked.
        functions, versions, aliases: bundles: names, ``Version`` and ``Alias``. What they name may have been deleted by other code.

    Raises:
        ValueError: ``fake_keywords`` has a value that ``FakeLambda`` refuses.

    Example:
        >>> class Deployments(LambdaMachine):
        ...     delete_function = None
        ...     @rule(function=LambdaMachine.functions)
        ...     def deploy(self, function): my_code.deploy(self.client, function)
        >>> TestDeployments = Deployments.TestCase
    """

    fake_keywords: ClassVar[Mapping[str, Any]] = {}
    function_names: ClassVar[tuple[str, ...]] = ("orders", "payments")
    alias_names: ClassVar[tuple[str, ...]] = ("live", "beta")
    packages: ClassVar[tuple[str, ...]] = ("a", "b", "c")
    throttled_operations: ClassVar[tuple[str, ...]] = ("*",)
    lost_operations: ClassVar[tuple[str, ...]] = ("Invoke",)

    functions = Bundle("functions")
    versions = Bundle("versions")
    aliases = Bundle("aliases")

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        made = cls.__dict__.get("__init__")
        if made is None:
            return

        @wraps(made)
        def tidy(self: LambdaMachine, *args: Any, **kwargs: Any) -> None:
            try:
                made(self, *args, **kwargs)
            except BaseException:
                with suppress(AttributeError, RuntimeError):  # it has not come to the fake yet, or an outer class has stopped it
                    self.fake.stop()  # Hypothesis tears down only what was made
                raise

        cls.__init__ = tidy  # type: ignore[method-assign]  # what subclassing means here

    def __init__(self) -> None:
        super().__init__()
        self._routing = _Routing(self.fake_keywords.get("seed", 0))
        self._seen: dict[str, Function] = {}
        self._seen_calls: list[ApiCall] = []
        self._events = laws.Events()
        self._fault: Fault | None = None
        self.fake = FakeLambda(**{"random": self._routing, **self.fake_keywords}).start()
        self.client: Any = self.fake.client()

    def teardown(self) -> None:
        """Stops the fake. A subclass that has more to do calls this too."""
        self.fake.stop()
        if not is_watched():  # pytest's report shows the story by itself
            note(_Story(self.fake))  # Hypothesis pretty-prints what is no text, and only if it reports

    @initialize(chance=st.randoms(use_true_random=False))
    def choose_routes(self, chance: random.Random) -> None:
        """Lets Hypothesis decide where aliases with weights lead."""
        self._routing.chosen = chance

    def package(self, code: str) -> bytes:
        """A zip for one of ``packages``; its handler is ``app.handler``. The built-in one answers with its code and version."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(zipfile.ZipInfo("app.py", (2020, 1, 1, 0, 0, 0)), _APP.format(code=code))
        return packed.getvalue()

    def attempt(self, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """Calls an operation; what AWS refuses, or what is lost on the way, is nothing that a rule of ours has to answer for.

        Args:
            operation: a method of the client: ``"publish_version"``.
            **parameters: those that are None are left out.

        Returns:
            The answer; None where there is none.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(**given)
        except (ClientError, ConnectionError, HTTPClientError):
            return None
        return answer

    # ---- the life of functions ----

    @precondition(lambda self: bool(_free_names(self)))
    @rule(target=functions, name=st.runner().flatmap(lambda self: st.sampled_from(_free_names(self))), code=_one_of_its("packages"))
    def create_function(self, name: str, code: str) -> str | MultipleResults[str]:
        """Creates a function of a name that is free."""
        answer = self.attempt(
            "create_function",
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.handler",
            Role=f"arn:aws:iam::{self.fake.account_id}:role/{name}",
            Code={"ZipFile": self.package(code)},
        )
        return multiple() if answer is None else name

    @rule(function=functions, code=_one_of_its("packages"))
    def update_code(self, function: str, code: str) -> None:
        """Updates the code of ``$LATEST``."""
        self.attempt("update_function_code", FunctionName=function, ZipFile=self.package(code))

    @rule(function=functions, memory=st.sampled_from([128, 256, 512]))
    def update_configuration(self, function: str, memory: int) -> None:
        """Updates the configuration of ``$LATEST``."""
        self.attempt("update_function_configuration", FunctionName=function, MemorySize=memory)

    @rule(target=versions, function=functions)
    def publish_version(self, function: str) -> Version | MultipleResults[Version]:
        """Publishes ``$LATEST``; where nothing has changed AWS answers with the last version again."""
        answer = self.attempt("publish_version", FunctionName=function)
        return multiple() if answer is None else Version(function, answer["Version"])

    @rule(target=aliases, version=versions, name=_one_of_its("alias_names"), additional=st.none() | versions, weight=_WEIGHTS)
    def create_alias(self, version: Version, name: str, additional: Version | None, weight: float) -> Alias | MultipleResults[Alias]:
        """Creates an alias, perhaps with a second version."""
        answer = self.attempt(
            "create_alias",
            FunctionName=version.function_name,
            Name=name,
            FunctionVersion=version.version,
            RoutingConfig=_routing_config(version, additional, weight),
        )
        return multiple() if answer is None else Alias(version.function_name, name)

    @rule(alias=aliases, version=versions, additional=st.none() | versions, weight=_WEIGHTS)
    def update_alias(self, alias: Alias, version: Version, additional: Version | None, weight: float) -> None:
        """Moves an alias, and says anew where the rest goes."""
        routing = _routing_config(version, additional, weight) or {"AdditionalVersionWeights": {}}
        self.attempt(
            "update_alias", FunctionName=alias.function_name, Name=alias.name, FunctionVersion=version.version, RoutingConfig=routing
        )

    @precondition(lambda self: _are_several(self, "aliases"))
    @rule(alias=consumes(aliases))
    def delete_alias(self, alias: Alias) -> None:
        """Deletes an alias, once there are several."""
        self.attempt("delete_alias", FunctionName=alias.function_name, Name=alias.name)

    @precondition(lambda self: _are_several(self, "versions"))
    @rule(target=versions, version=consumes(versions))
    def delete_version(self, version: Version) -> Version | MultipleResults[Version]:
        """Deletes a version, once there are several, unless an alias leads to it."""
        answer = self.attempt("delete_function", FunctionName=version.function_name, Qualifier=version.version)
        return version if answer is None else multiple()

    @precondition(lambda self: not _free_names(self))
    @rule(function=consumes(functions))
    def delete_function(self, function: str) -> None:
        """Deletes a function with all its versions and aliases, once no name is free."""
        self.attempt("delete_function", FunctionName=function)

    @rule(function=functions, number=st.none() | st.sampled_from([0, 1, 10]))
    def reserve_concurrency(self, function: str, number: int | None) -> None:
        """Reserves concurrency, 0 of which stops a function; None releases it."""
        if number is None:
            self.attempt("delete_function_concurrency", FunctionName=function)
        else:
            self.attempt("put_function_concurrency", FunctionName=function, ReservedConcurrentExecutions=number)

    # ---- invocations, the clock, faults ----

    @rule(function=functions, event=_EVENTS, invocation_type=_TYPES)
    def invoke(self, function: str, event: dict[str, Any], invocation_type: str) -> None:
        """Invokes ``$LATEST``, or queues an event for it."""
        self.attempt("invoke", FunctionName=function, Payload=json.dumps(event), InvocationType=invocation_type)

    @rule(version=versions, event=_EVENTS, invocation_type=_TYPES)
    def invoke_version(self, version: Version, event: dict[str, Any], invocation_type: str) -> None:
        """Invokes a version, or queues an event for it."""
        self.attempt("invoke", FunctionName=str(version), Payload=json.dumps(event), InvocationType=invocation_type)

    @rule(alias=aliases, event=_EVENTS, invocation_type=_TYPES)
    def invoke_alias(self, alias: Alias, event: dict[str, Any], invocation_type: str) -> None:
        """Invokes an alias, or queues an event for it."""
        self.attempt("invoke", FunctionName=str(alias), Payload=json.dumps(event), InvocationType=invocation_type)

    @rule(seconds=st.sampled_from([1, 60, 3600]))
    def advance(self, seconds: int) -> None:
        """Moves the clock."""
        self.fake.advance(seconds)

    @precondition(lambda self: self.fake.pending)
    @rule()
    def run_due(self) -> None:
        """Runs what is due."""
        self.fake.run_due()

    @precondition(lambda self: self.fake.pending)
    @rule()
    def drain(self) -> None:
        """Moves the clock until nothing waits."""
        self.fake.drain()

    @precondition(lambda self: not self._expects_a_fault())
    @rule(operation=_one_of_its("throttled_operations"))
    def throttle(self, operation: str) -> None:
        """Lets the next attempt of an operation be throttled: the SDK tries again."""
        self._fault = self.fake.fail(operation, "TooManyRequestsException")

    @precondition(lambda self: not self._expects_a_fault())
    @rule(operation=_one_of_its("lost_operations"))
    def lose_the_answer(self, operation: str) -> None:
        """Lets the next answer of an operation get lost: the SDK tries again, so that AWS does it twice."""
        self._fault = self.fake.fail(operation, "ReadTimeout")

    def _expects_a_fault(self) -> bool:
        """Whether nobody has met the last one yet: several in a row are more than the SDK gets over."""
        return self._fault is not None and not self._fault.is_over()

    # ---- what holds of AWS ----

    @invariant()
    def aws_keeps_its_word(self) -> None:
        """Versions do not change, aliases lead somewhere, weights are in range, revision ids follow changes, events run once."""
        service = self.fake._service  # noqa: SLF001 - of every account and region, which a fake does not show
        calls = self._calls_since()
        functions = service.state.all_functions()
        now = {function.identity: function for function in functions}
        steady = {it.arn for it in functions if self._seen.get(it.identity) is it and it.reserved_concurrent_executions != 0}
        broken = laws.broken_by_functions(self._seen, now, calls)
        broken += self._events.broken(steady, calls, self.fake.invocations, self.fake.pending, service.world.now())
        self._seen = now
        if broken:
            made = "\n".join(f"  {call!r}" for call in calls)
            raise AssertionError("\n".join([*broken, "after" if made else "after no call", made, self.fake.timeline()]))

    def _calls_since(self) -> list[ApiCall]:
        """The calls since the last look; where the fake was restored or reset, what was seen before is forgotten."""
        calls, seen = self.fake.calls, len(self._seen_calls)
        if len(calls) < seen or (seen and calls[seen - 1] is not self._seen_calls[-1]):
            self._seen, self._events, seen = {}, laws.Events(), len(calls)
        self._seen_calls = calls
        return calls[seen:]


def _routing_config(version: Version, additional: Version | None, weight: float) -> dict[str, Any] | None:
    """A share of an alias's traffic for another version of the same function; None where there is no such version."""
    if additional is None or additional == version or additional.function_name != version.function_name:
        return None
    return {"AdditionalVersionWeights": {additional.version: weight}}
