"""An API call on its way through an operation, and the table of operations."""

from __future__ import annotations

import inspect
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, get_args, get_type_hints

from fakelambda.domain.destinations import Message
from fakelambda.domain.errors import InvalidParameterValueException, ResourceNotFoundException
from fakelambda.domain.event_source_mappings import EventSourceMapping
from fakelambda.domain.functions import Function, FunctionConfiguration
from fakelambda.domain.layers import Layer, LayerReference
from fakelambda.domain.lifecycle import Reason
from fakelambda.domain.names import FunctionReference
from fakelambda.domain.principals import Caller
from fakelambda.inspection.records import Delivery, Invocations
from fakelambda.runtime.logs import Log
from fakelambda.runtime.runner import Runner
from fakelambda.schedule.schedule import Schedule
from fakelambda.state import Shelf, State
from fakelambda.world import World

Answer = Mapping[str, Any]
"""An answer with AWS's member names; those of its own members that are None are left out, in nested structures there are none."""


class Neighbours(Protocol):
    """The services beside Lambda that operations ask; the fake hands them in."""

    def client(self, service: str, region: str) -> Any:
        """A client of a service; None where nobody answers for it."""

    @property
    def visible_at_once(self) -> int:
        """The visibility timeout that shows a message of SQS again now."""

    def get_object(self, region: str, bucket: str, key: str, version: str | None) -> bytes:
        """The bytes of an S3 object."""

    def take_logs(self) -> bool:
        """Whether something may answer for CloudWatch Logs."""

    def put_log_events(self, region: str, log_group_name: str, log_stream_name: str, log: Log) -> None:
        """Writes the log of an invocation to CloudWatch Logs, where something answers."""

    def send(self, message: Message) -> None:
        """Sends what Lambda sends, where the target's service answers; raises whatever a target that refuses answers."""

    def snapshot(self) -> Any:
        """The stored objects."""

    def restore(self, objects: Any, /) -> None:
        """Stores what was stored."""

    def visibility_timeout_of(self, queue_arn: str) -> int | None:
        """The visibility timeout of an SQS queue in seconds; None where nobody answers for SQS."""

    def check_stream(self, stream_arn: str) -> None:
        """Refuses a stream of Kinesis or DynamoDB that does not exist, where anybody answers for it."""

    def vpc_of(self, region: str, subnet_ids: list[str], security_group_ids: list[str]) -> str:
        """The id of the VPC that subnets and security groups are in."""


@dataclass(slots=True)
class Use:
    """How a version is used that can fall idle.

    Args:
        since: a point of the world's ``elapsed``: when it was last used.
        running: how many invocations of it run now.
    """

    since: timedelta
    running: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The Lambda service of one fake, as operations see it.

    Args:
        lock: held by whoever reads or changes the state; never while user code runs.
        transition_time: how long AWS takes for ``"create"``, ``"update"`` ...; zero where everything is instant.
        idle_time: after how long without an invocation a version falls idle; None where it never does.
        routes: forced versions of the next invocations of an alias, by account, region, function and alias.
        running: how many invocations run now, by account and region: on demand by function name, in provisioned environments by
            ``name:version``.
        deliveries: what was sent to queues, topics, event buses, buckets and functions.
        reraise: exceptions of handlers that fail the test instead of becoming an answer.
        failures: how the next transitions of a kind end, by account, region, function name and kind.
        uses: of the versions that can fall idle, by the function's identity and the version.
        begin_polling: told of every event source mapping that has become Enabled; it stops by itself where it no longer is.
    """

    world: World
    state: State
    schedule: Schedule
    lock: threading.RLock
    runner: Runner
    neighbours: Neighbours
    invocations: Invocations
    transition_time: Callable[[str], timedelta]
    idle_time: Callable[[FunctionConfiguration], timedelta | None]
    routes: dict[tuple[str, str, str, str], list[str]]
    reraise: tuple[type[BaseException], ...]
    deliveries: list[Delivery] = field(default_factory=list)
    failures: dict[tuple[str, str, str, str], list[Reason]] = field(default_factory=dict)
    uses: dict[tuple[str, str], Use] = field(default_factory=dict)
    begin_polling: Callable[[EventSourceMapping], object] = lambda _: None
    running: dict[tuple[str, str], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(slots=True)
class Call:
    """One API call.

    Args:
        service: what answers.
        operation: AWS's name.
        region, account_id: whose state is asked.
        headers: of the HTTP request as far as it was made.

    Attributes:
        request_id: that of the answer.
        now: the time of the call.
    """

    service: Service
    operation: str
    region: str
    account_id: str
    headers: Mapping[str, str]
    request_id: str = field(init=False)
    now: datetime = field(init=False)

    def caller(self) -> Caller:
        """Who calls."""
        raise NotImplementedError

    @property
    def functions(self) -> Shelf[Function]:
        """The functions of the call's account and region."""
        return self.service.state.functions(self.account_id, self.region)

    @property
    def event_source_mappings(self) -> Shelf[EventSourceMapping]:
        """The event source mappings of the call's account and region."""
        return self.service.state.event_source_mappings(self.account_id, self.region)

    @property
    def layers(self) -> Shelf[Layer]:
        """The layers of the call's account and region."""
        return self.service.state.layers(self.account_id, self.region)

    def layer(self, reference: LayerReference) -> Layer | None:
        """A layer, also another account's; None where there is none."""
        return self.service.state.layers(reference.account_id, reference.region).get(reference.name)

    def new_id(self) -> str:
        """A new id, for a revision of something."""
        return self.service.world.new_id()

    def function(self, reference: FunctionReference, message: str | None = None) -> Function:
        """The function that a caller named, whatever the qualifier.

        Args:
            message: the error's text; by default it names the unqualified ARN.

        Raises:
            ResourceNotFoundException: there is none.
        """
        found = self.service.state.function(reference)
        if found is None:
            raise ResourceNotFoundException(message or f"Function not found: {reference.arn()}")
        return found

    def unqualified(self, reference: FunctionReference, *allowed: str, message: str | None = None) -> Function:
        """The function that a caller named, for what is done to functions only.

        Args:
            allowed: qualifiers that AWS takes all the same.
            message: of the error for a missing function, as for ``function``.

        Raises:
            InvalidParameterValueException: a version or an alias was named.
            ResourceNotFoundException: there is no such function.
        """
        if reference.qualifier is not None and reference.qualifier not in allowed:
            raise InvalidParameterValueException(
                "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
                "Please specify either a function name or an unqualified function ARN."
            )
        return self.function(reference, message)

    def version(self, reference: FunctionReference, default: str | None = None) -> tuple[Function, FunctionConfiguration]:
        """The function and the version that a caller named, an alias by its main version.

        Args:
            default: the qualifier that the error shows where the caller gave none.

        Raises:
            ResourceNotFoundException: there is no such function, version or alias.
        """
        function = self.service.state.function(reference)
        if function is not None:
            configuration = function.latest if reference.qualifier is None else function.resolve(reference.qualifier)
            if configuration is not None:
                return function, configuration
        raise ResourceNotFoundException(f"Function not found: {reference.qualified_arn(default)}")


@dataclass(frozen=True, slots=True)
class Operation:
    """An API operation as we model it.

    Args:
        name: AWS's name.
        function: what it does.
        parameters: the names of the parameters it models; ``function`` stands for ``FunctionName`` with ``Qualifier``.
        locked: whether it runs under the state lock; one that runs user code or asks other services takes the lock itself.
    """

    name: str
    function: Callable[..., Answer]
    parameters: frozenset[str]
    locked: bool


OPERATIONS: dict[str, Operation] = {}
"""Every modelled operation by AWS's name; filled by the decorator."""


def operation(name: str, *, locked: bool = True) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Registers a function as an API operation; its keyword-only parameters are those that are modelled.

    With ``**settings: Unpack[Settings]`` those of the typed dict ``Settings`` are modelled too, which several operations can share.

    Args:
        name: AWS's name.
        locked: whether it runs under the state lock.
    """

    def register(function: Callable[..., Answer]) -> Callable[..., Answer]:
        OPERATIONS[name] = Operation(name, function, frozenset(_modelled(function)), locked)
        return function

    return register


def _modelled(function: Callable[..., Answer]) -> Iterator[str]:
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            yield parameter.name
        elif parameter.kind is parameter.VAR_KEYWORD:
            (settings,) = get_args(get_type_hints(function)[parameter.name])
            yield from settings.__annotations__
