"""One client call from its parameters to its reply: constraints, arguments, operation, answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

from fakelambda.aws import constraints, conversions, faulting, model, neighbours, sessions, wire
from fakelambda.aws.wire import Reply
from fakelambda.domain import configuration
from fakelambda.domain.errors import NotModelled, ServiceError
from fakelambda.domain.names import partition_of
from fakelambda.domain.principals import Caller, root_of
from fakelambda.faults import Fault, Faults
from fakelambda.inspection.records import ApiCall
from fakelambda.operations import running
from fakelambda.operations.authorisation import admitted
from fakelambda.operations.call import OPERATIONS, Call, Service
from fakelambda.runtime import invocation_clock

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from fakelambda.aws.model import OperationFacts

Result = TypeVar("Result")
_MODULES = sys.modules  # the host's, also inside an invocation


@dataclass(slots=True)
class _Visit:
    """An outermost entry into a fake from one thread or task.

    Args:
        hidden: what a call inside it was the first to raise of what no handler may hide: what is not modelled, or fails the test.
        failures: what failed while a handler inside it slept or moved the clock.
        is_open: False once it has ended, for tasks and threads that were started inside it and go on with its context.
    """

    host: Server
    hidden: BaseException | None = None
    failures: list[Exception] = field(default_factory=list)
    is_open: bool = True


_visits: ContextVar[tuple[_Visit, ...]] = ContextVar("fakelambda_visits", default=())


class Server:
    """Answers the calls that reach one fake.

    Args:
        owner: the fake.
        service: what operations work on.
        region, account_id: of the fake, where a call belongs that does not say.
        automatic: whether what is due runs, user code included, when an outermost call returns.
    """

    def __init__(self, owner: object, service: Service, *, region: str, account_id: str, automatic: bool) -> None:
        self.owner = owner
        self.service = service
        self.region = region
        self.account_id = account_id
        self.automatic = automatic
        self.calls: list[ApiCall] = []
        self.faults = Faults(service.world.misfortune)

    def converse(
        self,
        operation_model: OperationModel,
        parameters: Mapping[str, Any],
        request: Mapping[str, Any],
        account_id: str | None,
        request_signer: Any,
    ) -> Conversation:
        """Begins to answer a call; the arguments are those of ``answering.Fake.converse``."""
        if account_id is None:
            account_id = ("moto" in _MODULES and neighbours.assumed_account(request_signer)) or self.account_id
        modelled, region = _modelled(operation_model), request["context"]["client_region"]
        record = ApiCall(
            modelled.name, region, account_id, dict(parameters) if modelled.facts.is_plain else wire.kept(modelled.facts, parameters)
        )
        self.calls.append(record)
        return Conversation(  # by place, as every call comes by
            self.service, modelled.name, region, account_id, request["headers"], self, modelled, record, request["body"], request_signer
        )

    def validate(self, operation_name: str, parameters: Mapping[str, Any]) -> None:
        """Refuse parameters that a client would not send.

        Raises:
            botocore.exceptions.ParamValidationError: some are unknown, or have a value of a wrong type.
        """
        shape: Any = sessions.lambda_client(self.region, None, None).meta.service_model.operation_model(operation_name).input_shape
        report = ParamValidator().validate(parameters, shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())

    def perform(
        self, operation_name: str, parameters: Mapping[str, Any], *, region: str | None = None, account_id: str | None = None
    ) -> dict[str, Any]:
        """Performs an operation at once: nothing of it takes time, and it is no client's call.

        Args:
            region, account_id: whose state is asked; the fake's own by default.

        Raises:
            botocore.exceptions.ClientError: what AWS answers to the parameters.
        """
        service = replace(self.service, transition_time=lambda _: timedelta(0))
        region, account_id = region or self.region, account_id or self.account_id
        owner = Caller(identity=root_of(account_id, partition_of(region)), account_id=account_id)
        return self._perform(service, operation_name, parameters, region=region, account_id=account_id, caller=owner)

    def invoke(self, caller: Caller, region: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Invokes a function of the fake's own account, or of the account that its ARN names, for somebody who is no client.

        Args:
            caller: who wants it.
            region: where it is called.
            parameters: of ``Invoke``.

        Raises:
            botocore.exceptions.ClientError: what AWS answers to the caller or to the parameters.
        """
        return self._perform(self.service, "Invoke", parameters, region=region, account_id=self.account_id, caller=caller)

    def _perform(
        self, service: Service, operation_name: str, parameters: Mapping[str, Any], *, region: str, account_id: str, caller: Caller
    ) -> dict[str, Any]:
        client = sessions.lambda_client(self.region, None, None)
        modelled = _modelled(client.meta.service_model.operation_model(operation_name))
        record = ApiCall(operation_name, region, account_id, wire.kept(modelled.facts, parameters))
        reply = Conversation(service, operation_name, region, account_id, {}, self, modelled, record, b"", None, caller).attempt()
        if reply.error:
            kinds: Any = client.exceptions  # botocore's stubs take the class for an instance
            raise kinds.from_code(reply.members["Error"]["Code"])(reply.parsed(), operation_name)
        return reply.parsed()

    def sleep(self, seconds: float) -> None:
        """Waits on the fake's clock, with whatever comes due meanwhile."""
        schedule = self.service.schedule
        with invocation_clock.asleep():
            self.move(lambda: schedule.advance(timedelta(seconds=seconds), user_code=self.automatic))

    def monotonic(self) -> float:
        """Seconds of the fake's clock, only growing."""
        self.service.world.now()
        return self.service.world.elapsed.total_seconds()

    def jitter(self) -> float:
        """A number from 0..1 that decides how long a retry waits."""
        return self.service.world.jitter()

    def visit(self, action: Callable[[], Result]) -> Result:
        """Runs what may run user code; the outermost visit raises what its handlers tried to hide, or had no part in.

        Raises:
            NotModelled: a call inside was not modelled, whatever became of it there.
            Exception: what failed while a handler inside slept.
        """
        if _visits.get() and self._outermost() is not None:
            try:
                return action()
            except NotModelled as missing:
                self.note(missing)
                raise
        visit = _Visit(self)
        token = _visits.set((*_visits.get(), visit))
        try:
            result = action()
        except BaseException as error:
            _note(error, visit.failures)
            raise
        finally:
            visit.is_open = False
            _visits.reset(token)
        if visit.hidden is not None or visit.failures:
            hidden = visit.hidden or visit.failures.pop(0)
            _note(hidden, visit.failures)
            raise hidden
        return result

    def move(self, action: Callable[[], None]) -> None:
        """Moves the clock or runs what is due. Inside a handler nothing is raised that fails on the way: the outermost visit does.

        Raises:
            Exception: what failed, as this is the outermost visit.
        """
        visit = self._outermost()
        if visit is None:
            self.visit(action)
            return
        try:
            with running.continuing(None):
                action()
        except NotModelled as missing:
            self.note(missing)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised when the outermost visit ends
            visit.failures.append(error)

    def attend(self, action: Callable[[], Result]) -> Result:
        """Runs what another service does in answer to a client; what it leads to happens afterwards, when the service is done.

        Raises:
            NotModelled: something inside was not modelled, whatever the service made of it.
        """
        result = self.visit(action)
        if self._outermost() is None:
            self.service.world.now()
            if self.service.schedule.is_due():  # sources are asked when somebody looks: a test fills a queue in several calls
                self.keep_up()
        return result

    def note(self, error: BaseException) -> None:
        """Takes notice of what a call raises, so that a handler in whose visit it was made cannot hide it."""
        visit = self._outermost() if isinstance(error, (NotModelled, *self.service.reraise)) else None
        if visit is not None and visit.hidden is None:
            visit.hidden = error

    def keep_up(self) -> None:
        """After a call: lets happen what is due, user code only when no call of this thread or task is still open."""
        schedule = self.service.schedule
        schedule.settle()
        if self.automatic and schedule.has_work() and self._outermost() is None:
            self.visit(schedule.run_due)

    def before_reading(self) -> None:
        """Before a call of another service that reads: what the sources of mappings hold has reached its functions, as if by itself."""
        if self.service.schedule.polling and self._outermost() is None:
            self.keep_up()

    def _outermost(self) -> _Visit | None:
        """The visit that this thread or task is in; None outside."""
        for visit in _visits.get():
            if visit.host is self and visit.is_open:
                return visit
        return None


@dataclass(frozen=True, slots=True)
class _Modelled:
    """An operation of botocore's model, with what every call of it needs.

    Args:
        check: refuses parameters that break a constraint.
        is_limited: whether the size of its requests is.
    """

    name: str
    operation_model: OperationModel
    facts: OperationFacts
    check: Callable[[Mapping[str, Any]], None]
    is_limited: bool


@model.once
def _modelled(operation_model: OperationModel) -> _Modelled:
    name = operation_model.name
    is_limited = name in configuration.MAXIMUM_REQUEST_SIZES
    return _Modelled(name, operation_model, model.facts(operation_model), constraints.plan(operation_model).check, is_limited)


@dataclass(slots=True)
class Conversation(Call):
    """One client call, attempt by attempt.

    Args:
        modelled: the operation.
        record: of the call, and what it was given.
        body: of the HTTP request.
        request_signer: of the client, with its credentials.
        spokesman: who calls, where it is no client of the test.
        is_validated: whether botocore has seen to it that the parameters have the right types.
    """

    server: Server
    modelled: _Modelled
    record: ApiCall
    body: object
    request_signer: Any
    spokesman: Caller | None = None
    is_validated: bool = True

    def sleep(self, seconds: float) -> None:
        """Waits before the next attempt, on the fake's clock."""
        self.server.sleep(seconds)

    def attempt(self) -> Reply:
        """Runs the operation once and lets the fake keep up with its clock."""
        self.record.attempts += 1
        faults = self.server.faults
        try:
            fault = faults.striking(self.record) if faults.ordered and self.spokesman is None else None  # they are for clients
            reply = self._reply() if fault is None else self._failed(fault)
            schedule = self.service.schedule
            if schedule.open or schedule.polling:
                self.server.keep_up()
        except BaseException as error:
            self.record.error = error
            self.server.note(error)
            raise
        return reply

    def caller(self) -> Caller:
        """Who calls: a client is taken for the user or role whose credentials it has, else for the root of its account."""
        if self.spokesman is not None:
            return self.spokesman
        account_id = self.record.account_id
        identity = neighbours.identity(self.request_signer, account_id) or root_of(account_id, partition_of(self.region))
        return Caller(identity=identity, account_id=account_id)

    def _reply(self) -> Reply:
        world, schedule, record = self.service.world, self.service.schedule, self.record
        now = self.now = record.at = world.now()
        if schedule.open or schedule.polling:
            schedule.settle()
        request_id = self.request_id = record.request_id = world.new_id()
        try:
            answer = self._answer()
        except ServiceError as error:
            reply = wire.failure(self.modelled.operation_model, error, request_id, now)
            record.error = reply.members
            return reply
        reply = wire.success(self.modelled.facts, answer, request_id, now)
        record.answer, record.error = reply.members, None
        return reply

    def _failed(self, fault: Fault) -> Reply:
        """What comes of an attempt that the test has ordered to fail."""
        if fault.after:
            self.sleep(fault.after.total_seconds())
        reply = self._reply() if faulting.is_performed(fault) else None
        if reply is not None and fault.error is None:
            return reply
        world, record = self.service.world, self.record
        reply = faulting.reply(self.modelled.operation_model, fault, record.region, world.new_id(), world.now())
        record.error = reply.raises or reply.members
        return reply

    def _answer(self) -> Any:
        name, parameters, modelled = self.operation, self.record.kept, self.modelled
        operation = OPERATIONS.get(name)
        if operation is None:
            raise NotModelled(f"{name} is not modelled by fakelambda; modelled: {_listed(OPERATIONS)}.")
        if modelled.is_limited:
            configuration.check_request_size(name, _size(self.body))
        if not self.is_validated:
            parameters = conversions.converted(modelled.operation_model, parameters)
        modelled.check(parameters)
        arguments = wire.arguments(operation, modelled.facts.arguments, parameters, self.region, self.account_id)
        function = arguments.get("function")
        call: Call = self
        if function is not None and (function.account_id != self.account_id or self.spokesman is not None):
            call = admitted(self, function)
        if not operation.locked:
            return self.server.visit(partial(operation.function, call, **arguments))
        with self.service.lock:
            return operation.function(call, **arguments)


def _note(error: BaseException, others: Iterable[Exception]) -> None:
    for other in others:
        error.add_note(f"Failed too, while a handler slept or moved the clock: {other!r}")


def _size(body: object) -> int:
    """Bytes of a serialised body; 0 where it is a stream."""
    return len(body) if isinstance(body, (bytes, str, bytearray)) else 0


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
