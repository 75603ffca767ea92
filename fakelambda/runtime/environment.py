"""One execution environment of a function version: what Lambda keeps warm between invocations."""

from __future__ import annotations

import importlib
import sys
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from types import CoroutineType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from fakelambda.runtime import capturing, coroutines, environ, failures, logs, marshal, modules, sleeping, threads
from fakelambda.runtime.context import LambdaContext
from fakelambda.runtime.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fakelambda.runtime.invocation_clock import InvocationClock


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What an execution environment runs and shows to it.

    Attributes:
        code: a deployment package (a zip file's bytes), a directory of sources, or a callable of the test.
        layers: the packages of the function's layers, in its order; not looked at where the code is a callable.
        handler: the configured ``Handler``; not looked at where the code is a callable.
        variables: the function's own environment variables.
        inherited: variables of the host that deployed code sees under Lambda's and its own.
        memory_size: in MB.
        timeout: in seconds.
    """

    function_name: str
    code: bytes | Path | Callable[[Any, Any], Any]
    layers: tuple[bytes, ...] = ()
    handler: str = "handler.handler"
    version: str = "$LATEST"
    runtime: str = "python3.13"
    memory_size: int = 128
    timeout: int = 3
    variables: Mapping[str, str] = field(default_factory=dict)
    inherited: Mapping[str, str] = field(default_factory=dict)
    region: str = "us-east-1"
    account_id: str = "123456789012"
    log_group_name: str = ""
    log_stream_name: str = ""
    initialization_type: str = "on-demand"


class Outcome(NamedTuple):
    """What one invocation came to.

    Attributes:
        payload: the bytes that Lambda answers.
        error: the exception behind a failure, with its traceback; None on success, and for a response that is too large.
        error_payload: the failure's payload, parsed; None on success.
        cold_start: whether the environment was initialised for this invocation.
    """

    payload: bytes
    cold_start: bool
    error: BaseException | None = None
    error_payload: dict[str, Any] | None = None

    @property
    def function_error(self) -> bool:
        """Whether Lambda would answer with a ``FunctionError``."""
        return self.error_payload is not None

    @property
    def result(self) -> Any:
        """What the caller gets, parsed anew from the payload; None after a failure and for bytes that are no JSON."""
        if self.error_payload is not None:
            return None
        try:
            return marshal.unmarshal(self.payload)
        except failures.Fault:
            return None


def _nobody_asks() -> None:
    """What happens between cold start and handler where nobody asks."""


def _to_its_end(function: Callable[..., Any], *arguments: Any) -> Any:
    """How user code is called where nothing stops it."""
    return function(*arguments)


class ExecutionEnvironment:
    """Runs the handler of one deployment, one invocation at a time.

    It starts cold: the first invocation unpacks the package and imports the handler; later ones find the module's globals as they were
    left. The working directory is the process's and stays what it is. The views of `process.install` are to be in place.

    Args:
        deployment: what to run.

    Attributes:
        context: what the contexts of all invocations have in common.
        log_settings: of the logs of all invocations.
        root_logger: as the code of this environment has left it.
        sleeps_really: whether ``time.sleep`` in a handler moves no clock.
    """

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.modules: modules.Modules | None = None
        self.root_logger = capturing.RootLogger()
        self.log_settings = logs.settings(deployment.version, deployment.memory_size, {})
        self.sleeps_really = False
        self._clock = threads.SharedClock(sleeps_really=False)
        self._log_stream = logs.LogStream()
        self._variables: environ.Variables | None = None
        self._handler: Callable[[Any, Any], Any] | None = None
        self._places: failures.Places = ()
        self._ascii_only = marshal.writes_ascii(deployment.runtime)
        self._layout: Layout | None = None
        self.context = LambdaContext(
            function_name=deployment.function_name,
            function_version=deployment.version,
            memory_limit_in_mb=deployment.memory_size,
            log_group_name=deployment.log_group_name,
            log_stream_name=deployment.log_stream_name,
        )

    @property
    def warm(self) -> bool:
        """Whether the handler is imported, so that the next invocation is no cold start."""
        return self._handler is not None

    def invoke(self, event: bytes, context: LambdaContext) -> Outcome:
        """Runs the handler once in a context of its own; see `handle`."""
        return copy_context().run(self.handle, event, context)

    def handle(
        self,
        event: Any,
        context: LambdaContext,
        log: logs.Log | None = None,
        clock: InvocationClock | None = None,
        initialised: Callable[[], None] = _nobody_asks,
    ) -> Outcome:
        """Runs the handler once. The context is to be the invocation's own: nothing that is set in it is taken back.

        Args:
            event: JSON as bytes, or a value that the handler keeps.
            context: what the handler gets beside the event.
            log: takes what it writes.
            clock: what it sleeps on, and whose deadline stops it.
            initialised: called between the cold start, if there is one, and the handler.

        Raises:
            KeyboardInterrupt: and whatever else speaks to the test runner, such as ``pytest.skip`` in a callable.
            InvalidParameterValueException: the package cannot be unpacked.
        """
        handler = self._handler
        cold_start = handler is None
        if cold_start:
            self._prepare()
        self._enter(log, clock)
        run = _to_its_end if clock is None else clock.deadline.run
        try:
            if handler is None:
                handler = self._handler = run(self._load)
            elif self.modules is not None:
                self.modules.refresh_builtins()
            initialised()
            payload = self._call(run, handler, event, context)
        except BaseException as error:
            if failures.belongs_to_the_test_runner(error):
                if handler is None:
                    self.discard()
                raise
            if handler is None:
                initialised()
            outcome = self._failed(error, "" if handler is None else context.aws_request_id, context, cold_start=cold_start)
        else:
            outcome = Outcome(payload, cold_start) if len(payload) <= failures.MAXIMUM_RESPONSE_SIZE else _too_large(cold_start=cold_start)
        finally:
            self._clock.end()
        if handler is None or (outcome.error is not None and failures.ends_the_process(outcome.error)):
            self.discard()
        return outcome

    def _enter(self, log: logs.Log | None, clock: InvocationClock | None) -> None:
        """Shows an invocation what is its own, and its log and clock to the threads that earlier ones have left running."""
        modules.current.set(self.modules)
        environ.current.set(self._variables)
        if log is not None:
            self._log_stream.begin(log)
            logs.current.set(log)
        if clock is not None:
            clock.enter()
            self._clock.begin(clock.sleep, clock.remaining)
            sleeping.current.set(self._clock)

    def trace(self, header: str) -> None:
        """Shows deployed code the tracing header of its invocation."""
        assert self._variables is not None  # the environment is prepared
        self._variables.update(environ.encoded({"_X_AMZN_TRACE_ID": header}))

    def initialise(self) -> None:
        """Imports the handler ahead of the first invocation.

        Raises:
            BaseException: whatever comes of it; the environment stays cold then.
        """
        try:
            self.module("sys")
        except BaseException:
            self.discard()
            raise

    def why_it_stays_cold(self, error: BaseException) -> str:
        """What Lambda says of an error that ended `initialise`, on one line."""
        return failures.summary(error.__cause__ if isinstance(error.__cause__, failures.Fault) else error, self._places)

    def module(self, name: str) -> ModuleType:
        """A module as the deployed code sees it; initialises the environment where it is cold.

        Raises:
            ImportError: neither the code nor the host has it, or the handler's module cannot be imported.
        """
        if self._handler is None:
            self._prepare()
        modules_token, variables_token = modules.current.set(self.modules), environ.current.set(self._variables)
        try:
            if self._handler is None:
                self._handler = self._load()
            return importlib.import_module(name)
        except failures.Fault as fault:
            self.discard()
            raise ImportError(fault.message) from fault
        finally:
            environ.current.reset(variables_token)
            modules.current.reset(modules_token)

    def _call(self, run: Callable[..., Any], handler: Callable[[Any, Any], Any], event: Any, context: LambdaContext) -> bytes:
        result = run(handler, marshal.unmarshal(event) if isinstance(event, bytes) else event, context)
        if isinstance(result, CoroutineType):
            if self.modules is None:
                result = run(coroutines.finish, result)
            else:
                result.close()  # deployed code cannot answer with one, in AWS neither; nothing shall warn that it was never awaited
        return marshal.marshal(result, ascii_only=self._ascii_only)

    def timed_out(self, context: LambdaContext, *, cold_start: bool) -> Outcome:
        """What it comes to when the timeout had passed before the handler ended; the environment is discarded."""
        outcome = self._failed(failures.TimedOut(self.deployment.timeout), context.aws_request_id, context, cold_start=cold_start)
        self.discard()
        return outcome

    def discard(self) -> None:
        """Forgets everything, as when Lambda ends an environment; a further invocation would start cold."""
        self._handler = self._variables = None
        gone, self.modules = self.modules, None
        if gone is not None:
            gone.forget()
        self._layout = None
        self._clock.stop()

    def _prepare(self) -> None:
        """Lays out what the handler will see; nothing of the user's runs yet."""
        deployment = self.deployment
        self._clock, self._log_stream = threads.SharedClock(sleeps_really=self.sleeps_really), logs.LogStream()
        if not isinstance(deployment.code, (bytes, Path)):
            self._variables = environ.OverHost(deployment.variables)
            return
        with modules.outside():  # an invocation inside another one would otherwise look for its directory in the outer one's variables
            layout = self._layout = Layout.of(deployment.code, deployment.layers)
        lambdas = environ.lambda_variables(
            function_name=deployment.function_name,
            version=deployment.version,
            handler=deployment.handler,
            runtime=deployment.runtime,
            memory_size=deployment.memory_size,
            region=deployment.region,
            log_group_name=deployment.log_group_name,
            log_stream_name=deployment.log_stream_name,
            task_root=str(layout.task),
            opt=str(layout.opt) if layout.opt else None,
            initialization_type=deployment.initialization_type,
        )
        self._variables = environ.Deployed(environ.encoded({**deployment.inherited, **lambdas, **deployment.variables}))
        self._places = (*layout.places, *failures.python_places(deployment.runtime))
        self.modules = modules.Modules(layout.search_path(deployment.runtime, deployment.variables.get("PYTHONPATH")))

    def _load(self) -> Callable[[Any, Any], Any]:
        if self.modules is None:
            assert callable(self.deployment.code)
            return self.deployment.code
        wrapper = self.deployment.variables.get("AWS_LAMBDA_EXEC_WRAPPER")
        if wrapper and not (self._layout and self._layout.here(wrapper).exists()):
            raise failures.Exited(f"The missing AWS_LAMBDA_EXEC_WRAPPER {wrapper}", 127)  # the shell's status [recorded]
        return find_handler(self.modules, self.deployment.handler)

    def _failed(self, error: BaseException, request_id: str, context: LambdaContext, *, cold_start: bool) -> Outcome:
        if failures.ends_the_process(error) or not isinstance(error, Exception):
            answer = failures.exit_payload(error, context.aws_request_id)
            payload = failures.compact(answer)
        else:
            own = () if self.modules is None else self.modules.deployed_as.items()
            answer = failures.error_payload(error, request_id, (*own, *self._places))
            payload = marshal.encode(answer, ascii_only=self._ascii_only)
        cause = error.__cause__ if isinstance(error, failures.Fault) else None
        return Outcome(payload, cold_start, cause or error, answer)


def _too_large(*, cold_start: bool) -> Outcome:
    answer = failures.response_too_large()
    return Outcome(failures.compact(answer), cold_start, None, answer)


def find_handler(own: modules.Modules, handler: str) -> Callable[[Any, Any], Any]:
    """Imports a handler as AWS's runtime does.

    Args:
        own: the modules of the environment.
        handler: the configured ``Handler``; slashes in its module part count as dots.

    Raises:
        Fault: there is no such handler, or its module cannot be imported.
        Exception: whatever else the module raises while it is imported.
    """
    try:
        name, attribute = handler.rsplit(".", 1)
    except ValueError as error:
        raise failures.Fault("Runtime.MalformedHandlerName", f"Bad handler '{handler}': {error}") from error
    top = name.split(".", 1)[0]
    if top in sys.builtin_module_names:
        raise failures.Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {name} as a handler module")
    try:
        module = own.import_handler_module(name.replace("/", "."))
    except ImportError as error:
        raise failures.Fault("Runtime.ImportModuleError", f"Unable to import module '{name}': {error}") from error
    except SyntaxError as error:
        line = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        raise failures.Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{name}': {error}", (line,)) from error
    try:
        found: Callable[[Any, Any], Any] = getattr(module, attribute)
    except AttributeError as error:
        raise failures.Fault("Runtime.HandlerNotFound", f"Handler '{attribute}' missing on module '{name}'") from error
    return found
