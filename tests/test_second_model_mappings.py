"""A second model of event source mappings, dictionaries made from AWS's documented and recorded behaviour alone, runs beside the fake.

It imports nothing of fakelambda but its front door. Where AWS's behaviour is not known, such as which of two reasons to refuse a call comes
first, the model allows what is plausible; where a text is not known, any will do. ``--hypothesis-profile=long``
looks longer.
"""

# ruff: noqa: N803 - the model's arguments carry AWS's names

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fakelambda import FakeLambda, strategies

PREFIX = "arn:aws:lambda:us-east-1:123456789012:"
SOURCES = {
    "queue": "arn:aws:sqs:us-east-1:123456789012:orders",
    "other queue": "arn:aws:sqs:us-east-1:123456789012:refunds",
    "fifo": "arn:aws:sqs:us-east-1:123456789012:orders.fifo",
    "stream": "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
    "table": "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000",
}
QUEUE = {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": []}
STREAM = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
    "LastProcessingResult": "No records processed",
}
ONLY_STREAMS = {
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
}
ONLY_QUEUES = {"ScalingConfig"}
INVALID = "InvalidParameterValueException: "
GONE = "ResourceNotFoundException: The resource you requested does not exist."
IN_USE = "ResourceInUseException: Cannot {} the event source mapping because it is in use."
NO_WINDOW = f"{INVALID}Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
NO_POSITION = (
    f"{INVALID}1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."
)


class Refusal(Exception):  # noqa: N818 - named for what AWS does
    """The beginnings of the answers that AWS may refuse a call with."""


class Oracle:
    """What AWS would answer. A mapping is a dictionary of what it shows, and of ``wanted`` and ``tags``."""

    def __init__(self, *, takes_time: bool) -> None:
        self.takes_time = takes_time
        self.functions: dict[str, set[str]] = {}
        self.mappings: dict[str, dict[str, Any]] = {}

    def settle(self) -> None:
        for uuid, mapping in [*self.mappings.items()]:
            if mapping["State"] == "Deleting":
                del self.mappings[uuid]
            else:
                mapping["State"] = "Enabled" if mapping["wanted"] else "Disabled"

    def exists(self, name: str) -> bool:
        function, _, qualifier = name.partition(":")
        return function in self.functions and (not qualifier or qualifier in self.functions[function])

    def reasons(self, arn: str, mapping: dict[str, Any], given: dict[str, Any]) -> list[str]:
        """What speaks against parameters, and against what they make of a mapping."""
        is_queue = ":sqs:" in arn
        foreign = (ONLY_STREAMS if is_queue else ONLY_QUEUES) & given.keys()
        found = [f"{INVALID}Unsupported {name} parameter for given event source mapping type." for name in sorted(foreign)]
        if is_queue and "StartingPosition" in given:
            found.append(INVALID)
        if is_queue and mapping["BatchSize"] > 10:
            if arn.endswith(".fifo"):
                found.append(INVALID)
            elif not mapping["MaximumBatchingWindowInSeconds"]:
                found.append(NO_WINDOW)
        if arn.endswith(".fifo") and mapping["MaximumBatchingWindowInSeconds"]:
            found.append(INVALID)
        patterns = [item["Pattern"] for item in given.get("FilterCriteria", {}).get("Filters", [])]
        if "no pattern" in patterns:
            found.append(f"{INVALID}Invalid filter pattern definition.")
        if 0 <= mapping.get("MaximumRecordAgeInSeconds", -1) < 60:
            found.append(INVALID)
        return found

    def taken(self, arn: str, name: str, but: str = "") -> list[str]:
        for uuid, mapping in self.mappings.items():
            if uuid != but and (mapping["EventSourceArn"], mapping["FunctionArn"]) == (arn, f"{PREFIX}function:{name}"):
                said = f'(" {arn} ") and function (" {name.partition(":")[0]}'
                return [
                    f"ResourceConflictException: {kind} {said}" for kind in ("An event source mapping with SQS arn", "The event source arn")
                ]
        return []

    def create_event_source_mapping(
        self, FunctionName: str, EventSourceArn: str, *, Enabled: bool, Tags: dict[str, str], **given: Any
    ) -> dict[str, Any]:
        is_queue = ":sqs:" in EventSourceArn
        shown = {**(QUEUE if is_queue else STREAM), **made_of(given)}
        reasons = self.reasons(EventSourceArn, shown, given)
        if not is_queue and "StartingPosition" not in given:
            reasons.append(NO_POSITION)
        if EventSourceArn == SOURCES["table"] and given.get("StartingPosition") == "AT_TIMESTAMP":
            reasons.append(f"{INVALID}Unsupported starting position for arn type: {EventSourceArn}")
        if reasons:
            raise Refusal(*reasons)
        if not self.exists(FunctionName):
            raise Refusal(f"{INVALID}Function does not exist")
        if taken := self.taken(EventSourceArn, FunctionName):
            raise Refusal(*taken)
        shown |= {
            "EventSourceArn": EventSourceArn,
            "FunctionArn": f"{PREFIX}function:{FunctionName}",
            "State": "Creating" if Enabled else "Disabled",
            "StateTransitionReason": "USER_INITIATED" if is_queue else "User action",
        }
        return shown | {"wanted": Enabled, "tags": Tags}

    def update_event_source_mapping(
        self, UUID: str, FunctionName: str | None = None, *, Enabled: bool | None = None, **given: Any
    ) -> dict[str, Any]:
        mapping = self.found(UUID)
        name = FunctionName or mapping["FunctionArn"].removeprefix(f"{PREFIX}function:")
        changed = {**mapping, **made_of(given), "FunctionArn": f"{PREFIX}function:{name}"}
        reasons = self.reasons(mapping["EventSourceArn"], changed, given)
        if FunctionName and not self.exists(FunctionName):
            reasons.append(f"{INVALID}Function does not exist")
        reasons += self.taken(mapping["EventSourceArn"], name, but=UUID)
        if mapping["State"] not in ("Enabled", "Disabled"):
            reasons.append(IN_USE.format("update"))
        if reasons:
            raise Refusal(*reasons)
        wanted = mapping["wanted"] if Enabled is None else Enabled
        state = "Updating" if wanted == mapping["wanted"] else "Enabling" if wanted else "Disabling"
        self.mappings[UUID] = changed | {"wanted": wanted, "State": state}
        return self.mappings[UUID]

    def delete_event_source_mapping(self, UUID: str) -> dict[str, Any]:
        mapping = self.found(UUID)
        if mapping["State"] not in ("Enabled", "Disabled"):
            raise Refusal(IN_USE.format("delete"))
        self.mappings[UUID] = mapping | {"State": "Deleting"}
        return self.mappings[UUID]

    def found(self, uuid: str) -> dict[str, Any]:
        if uuid not in self.mappings:
            raise Refusal(GONE)
        return self.mappings[uuid]


def made_of(given: dict[str, Any]) -> dict[str, Any]:
    """What parameters make of what a mapping shows; None is not shown."""
    made = {name: value if value != {} else None for name, value in given.items()}
    if "FilterCriteria" in made and not (made["FilterCriteria"] or {}).get("Filters"):
        made["FilterCriteria"] = None
    if "DestinationConfig" in made:
        made["DestinationConfig"] = {"OnFailure": (made["DestinationConfig"] or {}).get("OnFailure", {})}
    return made


def seen(mapping: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if value is not None and name not in ("wanted", "tags")}


NAMES = st.sampled_from(["one", "one", "one:1", "one:live", "one:9", "two", "three"])
UNKNOWN = "01234567-89ab-cdef-0123-456789abcdef"
GOOD, BETTER, BAD = '{"body": ["x"]}', '{"a": {"b": [{"exists": true}]}}', "no pattern"
SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "BatchSize": st.sampled_from([1, 10, 11, 10_000]),
    "MaximumBatchingWindowInSeconds": st.sampled_from([0, 0, 1, 300]),
    "FunctionResponseTypes": st.sampled_from([[], ["ReportBatchItemFailures"]]),
    "FilterCriteria": st.lists(st.sampled_from([GOOD, BETTER, GOOD, BETTER, BAD]), max_size=2).map(
        lambda patterns: {"Filters": [{"Pattern": pattern} for pattern in patterns]}
    ),
    "ScalingConfig": st.sampled_from([{}, {"MaximumConcurrency": 2}]),
    "BisectBatchOnFunctionError": st.booleans(),
    "DestinationConfig": st.sampled_from([{}, {"OnFailure": {}}, {"OnFailure": {"Destination": SOURCES["queue"]}}]),
    "MaximumRecordAgeInSeconds": st.sampled_from([-1, 0, 59, 60]),
    "MaximumRetryAttempts": st.sampled_from([-1, 0, 10_000]),
    "ParallelizationFactor": st.sampled_from([1, 10]),
    "TumblingWindowInSeconds": st.sampled_from([0, 900]),
}
ALWAYS = sorted(SETTINGS.keys() - ONLY_STREAMS - ONLY_QUEUES)


def changes(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(st.sampled_from(names), max_size=3, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: SETTINGS[name] for name in chosen})
    )


OF_QUEUES, OF_STREAMS = changes(*ALWAYS, *sorted(ONLY_QUEUES)), changes(*ALWAYS, *sorted(ONLY_STREAMS))
CHANGES = st.one_of(st.just({}), OF_QUEUES, OF_STREAMS, changes(*SETTINGS))
POSITIONS = st.sampled_from([None, "LATEST", "TRIM_HORIZON"])
TAGS = st.sampled_from([{"a": "1"}, {"b": ""}, {"a": "", "b": "1"}])


MODELLED = [f"{verb}EventSourceMapping" for verb in ("Create", "Get", "Update", "Delete")] + ["ListEventSourceMappings"]
INVALID_REQUESTS = {name: strategies.requests(name, invalid=True) for name in MODELLED}


class SideBySide(RuleBasedStateMachine):
    @initialize(takes_time=st.booleans(), seed=st.integers(0, 9))
    def begin(self, *, takes_time: bool, seed: int) -> None:
        self.fake = FakeLambda(seed=seed, lifecycle="realistic" if takes_time else "instant").start()
        self.client: Any = self.fake.client()
        self.oracle = Oracle(takes_time=takes_time)
        for name in ("one", "two"):
            self.create_function(name)
        self.both("create_event_source_mapping", FunctionName="one", EventSourceArn=SOURCES["queue"], Enabled=True, Tags={})
        self.both("create_event_source_mapping", FunctionName="one:live", EventSourceArn=SOURCES["queue"], Enabled=False, Tags={})
        self.both(
            "create_event_source_mapping",
            FunctionName="one",
            EventSourceArn=SOURCES["stream"],
            StartingPosition="LATEST",
            Enabled=True,
            Tags={},
        )
        self.advance(5)

        self.take_a_snapshot()

    @rule()
    def take_a_snapshot(self) -> None:
        self.kept: Any = self.fake.snapshot(), deepcopy(self.oracle)

    @rule()
    def restore(self) -> None:
        snapshot, oracle = self.kept
        self.fake.restore(snapshot)
        self.oracle = deepcopy(oracle)

    @rule(data=st.data(), operation=st.sampled_from(MODELLED))
    def ask_for_what_is_invalid(self, data: st.DataObject, operation: str) -> None:
        answer = self.call(xform_name(operation), data.draw(INVALID_REQUESTS[operation]))
        assert str(answer).startswith("ValidationException: 1 validation error detected: ")

    def teardown(self) -> None:
        if hasattr(self, "fake"):
            self.fake.stop()

    def expected(self, operation: str, given: dict[str, Any]) -> Any:
        """What the model answers, or what it refuses with."""
        try:
            return getattr(self.oracle, operation)(**given)
        except Refusal as refusal:
            return refusal

    def call(self, operation: str, given: dict[str, Any]) -> dict[str, Any] | str:
        """The fake's answer, or what it refuses with."""
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(**given)
        except ClientError as error:
            return "{Code}: {Message}".format(**error.response["Error"])
        del answer["ResponseMetadata"], answer["LastModified"]
        return answer

    def both(self, operation: str, **given: Any) -> None:
        """Calls both with what is not None and compares their answers."""
        given = {name: value for name, value in given.items() if value is not None}
        expected, answer = self.expected(operation, given), self.call(operation, given)
        if isinstance(expected, Refusal):
            assert str(answer).startswith(expected.args)
            return
        assert isinstance(answer, dict), answer
        uuid, arn = answer.pop("UUID"), answer.pop("EventSourceMappingArn")
        assert (arn, answer) == (f"{PREFIX}event-source-mapping:{uuid}", seen(expected))
        self.oracle.mappings[uuid] = expected
        if not self.oracle.takes_time:
            self.oracle.settle()

    @rule(
        name=NAMES,
        source=st.sampled_from([*SOURCES]),
        enabled=st.sampled_from([True, True, False]),
        position=POSITIONS,
        changes=CHANGES,
        tags=st.just({}) | TAGS,
    )
    def create(self, *, name: str, source: str, enabled: bool, position: str | None, changes: dict[str, Any], tags: dict[str, str]) -> None:
        arn = SOURCES[source]
        self.both(
            "create_event_source_mapping",
            FunctionName=name,
            EventSourceArn=arn,
            Enabled=enabled,
            StartingPosition=position,
            Tags=tags,
            **changes,
        )

    @rule(data=st.data(), enabled=st.none() | st.booleans())
    def update(self, data: st.DataObject, *, enabled: bool | None) -> None:
        uuid = self.any_uuid(data)
        suitable = OF_QUEUES if ":sqs:" in self.oracle.mappings.get(uuid, {}).get("EventSourceArn", "") else OF_STREAMS
        self.both("update_event_source_mapping", UUID=uuid, Enabled=enabled, **data.draw(suitable))

    @rule(data=st.data(), name=st.none() | NAMES, changes=CHANGES)
    def update_whatever_it_is(self, data: st.DataObject, name: str | None, changes: dict[str, Any]) -> None:
        self.both("update_event_source_mapping", UUID=self.any_uuid(data), FunctionName=name, **changes)

    @rule(data=st.data(), really=st.sampled_from([False, False, True]))
    def delete(self, data: st.DataObject, *, really: bool) -> None:
        self.both("delete_event_source_mapping", UUID=self.any_uuid(data) if really else UNKNOWN)

    def any_uuid(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([*sorted(self.oracle.mappings) * 4, UNKNOWN]))

    @rule(data=st.data(), tags=TAGS, keys=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, unique=True))
    def tag(self, data: st.DataObject, tags: dict[str, str], keys: list[str]) -> None:
        if self.oracle.mappings:
            uuid = data.draw(st.sampled_from(sorted(self.oracle.mappings)))
            arn = f"{PREFIX}event-source-mapping:{uuid}"
            self.client.tag_resource(Resource=arn, Tags=tags)
            self.client.untag_resource(Resource=arn, TagKeys=keys)
            both = {**self.oracle.mappings[uuid]["tags"], **tags}
            self.oracle.mappings[uuid]["tags"] = {key: value for key, value in both.items() if key not in keys}

    @rule(name=st.sampled_from(["one", "two", "three"]))
    def create_function(self, name: str) -> None:
        if name not in self.oracle.functions:
            self.fake.add_function(name, lambda event, context: None, Publish=True)
            self.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
            self.oracle.functions[name] = {"1", "live"}

    @rule(name=st.sampled_from(["one", "two", "three"]))
    def delete_function(self, name: str) -> None:
        if name in self.oracle.functions:
            self.client.delete_function(FunctionName=name)
            del self.oracle.functions[name]

    @rule(seconds=st.sampled_from([5, 60]))
    def advance(self, seconds: int) -> None:
        self.fake.advance(seconds)
        self.oracle.settle()

    @invariant()
    def everything_that_can_be_read_is_the_same(self) -> None:
        if not hasattr(self, "fake"):
            return
        mappings = self.oracle.mappings
        pages = self.client.get_paginator("list_event_source_mappings").paginate(PaginationConfig={"PageSize": 2})
        listed = [mapping for page in pages for mapping in page["EventSourceMappings"]]
        assert [mapping["UUID"] for mapping in listed] == sorted(mappings) == [*self.fake.event_source_mappings]
        for mapping in listed:
            uuid, arn = mapping["UUID"], mapping["EventSourceMappingArn"]
            assert self.call("get_event_source_mapping", {"UUID": uuid}) == {
                **seen(mappings[uuid]),
                "UUID": uuid,
                "EventSourceMappingArn": arn,
            }
            assert self.client.list_tags(Resource=arn)["Tags"] == mappings[uuid]["tags"]

    @rule(name=NAMES, source=st.none() | st.sampled_from([*SOURCES]))
    def list_some(self, name: str, source: str | None) -> None:
        given = {"FunctionName": name, **({"EventSourceArn": SOURCES[source]} if source else {})}
        listed = self.client.list_event_source_mappings(**given)["EventSourceMappings"]
        assert [mapping["UUID"] for mapping in listed] == sorted(
            uuid
            for uuid, mapping in self.oracle.mappings.items()
            if mapping["FunctionArn"] == f"{PREFIX}function:{name}"
            and given.get("EventSourceArn", mapping["EventSourceArn"]) == mapping["EventSourceArn"]
        )


@pytest.mark.usefixtures("time_moves_by_order_only")
def test_the_fake_and_the_second_model_agree() -> None:
    run_state_machine_as_test(
        SideBySide,
        settings=settings(
            max_examples=settings().max_examples,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.reuse, Phase.generate, Phase.shrink],  # explaining would trace every line
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
