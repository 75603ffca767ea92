"""One client call from its parameters to its reply: constraints, arguments, operation, answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

from fakelambda.aws import constraints, faulting, model, neighbours, sessions, wire
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

Result = TypeVar("Result")


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
        *,
        operation_model: OperationModel,
        parameters: Mapping[str, Any],
        body_size: int,
        region: str,
        account_id: str | None,
        headers: Mapping[str, str],
        request_signer: Any,
    ) -> Conversation:
        """Begins to answer a call; the arguments are those of ``hook.Fake.converse``."""
        account_id = account_id or neighbours.assumed_account(request_signer) or self.account_id
        conversation = Conversation(
            self,
            self.service,
            operation_model=operation_model,
            parameters=parameters,
            body_size=body_size,
            region=region,
            account_id=account_id,
            request_signer=request_signer,
            headers=headers,
        )
        self.calls.append(conversation.record)
        return conversation

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
        operation_model = client.meta.service_model.operation_model(operation_name)
        reply = Conversation(
            self,
            service,
            operation_model=operation_model,
            parameters=parameters,
            body_size=0,
            region=region,
            account_id=account_id,
            caller=caller,
            headers={},
        ).attempt()
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
        if self._outermost() is not None:
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
        hidden = visit.failures.pop(0) if visit.hidden is None and visit.failures else visit.hidden
        if hidden is not None:
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


class Conversation:
    """One client call, attempt by attempt.

    Args:
        body_size: bytes of the serialised body.
        region, account_id: whose state is asked, unless an ARN names another account's.
        headers: of the HTTP request.
        request_signer: of the client, with its credentials.
        caller: who calls, where it is no client of the test.
    """

    __slots__ = (
        *("_body_size", "_caller", "_facts", "_headers", "_operation_model", "_parameters", "_request_signer", "_server", "_service"),
        "record",
    )

    def __init__(
        self,
        server: Server,
        service: Service,
        *,
        operation_model: OperationModel,
        parameters: Mapping[str, Any],
        body_size: int,
        region: str,
        account_id: str,
        headers: Mapping[str, str],
        request_signer: Any = None,
        caller: Caller | None = None,
    ) -> None:
        self._server, self._service, self._headers = server, service, headers
        self._request_signer, self._caller = request_signer, caller
        self._operation_model, self._facts, self._body_size = operation_model, model.facts(operation_model), body_size
        self._parameters = wire.kept(self._facts, parameters)
        self.record = ApiCall(operation_model.name, region, account_id, self._parameters)

    def sleep(self, seconds: float) -> None:
        """Waits before the next attempt, on the fake's clock."""
        self._server.sleep(seconds)

    def attempt(self) -> Reply:
        """Runs the operation once and lets the fake keep up with its clock."""
        self.record.attempts += 1
        faults = self._server.faults
        try:
            fault = faults.striking(self.record) if faults and self._caller is None else None  # they are for clients
            reply = self._reply() if fault is None else self._failed(fault)
            self._server.keep_up()
        except BaseException as error:
            self.record.error = error
            self._server.note(error)
            raise
        return reply

    def caller(self) -> Caller:
        """Who calls: a client is taken for the user or role whose credentials it has, else for the root of its account."""
        if self._caller is not None:
            return self._caller
        account_id = self.record.account_id
        identity = neighbours.identity(self._request_signer, account_id) or root_of(account_id, partition_of(self.record.region))
        return Caller(identity=identity, account_id=account_id)

    def _reply(self) -> Reply:
        service, record = self._service, self.record
        now = record.at = service.world.now()
        service.schedule.settle()
        request_id = record.request_id = service.world.new_id()
        call = Call(service, record.operation, record.region, record.account_id, request_id, now, self.caller, self._headers)
        try:
            answer = self._answer(call)
        except ServiceError as error:
            reply = wire.failure(self._operation_model, error, call.request_id, now)
            record.error = reply.members
            return reply
        reply = wire.success(self._facts, answer, call.request_id, now)
        record.answered(reply.members)
        return reply

    def _failed(self, fault: Fault) -> Reply:
        """What comes of an attempt that the test has ordered to fail."""
        if fault.after:
            self.sleep(fault.after.total_seconds())
        reply = self._reply() if faulting.is_performed(fault) else None
        if reply is not None and fault.error is None:
            return reply
        world, record = self._service.world, self.record
        reply = faulting.reply(self._operation_model, fault, record.region, world.new_id(), world.now())
        record.error = reply.raises or reply.members
        return reply

    def _answer(self, call: Call) -> Any:
        operation = OPERATIONS.get(call.operation)
        if operation is None:
            raise NotModelled(f"{call.operation} is not modelled by fakelambda; modelled: {_listed(OPERATIONS)}.")
        configuration.check_request_size(call.operation, self._body_size)
        constraints.check(self._operation_model, self._parameters)
        arguments = wire.arguments(operation, self._facts.arguments, self._parameters, call.region, call.account_id)
        function = arguments.get("function")
        if function is not None and (function.account_id != call.account_id or self._caller is not None):
            call = admitted(call, function)
        if not operation.locked:
            return self._server.visit(lambda: operation.function(call, **arguments))
        with call.service.lock:
            return operation.function(call, **arguments)


def _note(error: BaseException, others: Iterable[Exception]) -> None:
    for other in others:
        error.add_note(f"Failed too, while a handler slept or moved the clock: {other!r}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
