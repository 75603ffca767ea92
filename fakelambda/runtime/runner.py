"""Runs handlers: finds what a version runs, keeps its environments warm, and discards them when it changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from fakelambda.domain import provisioned_concurrency, runtimes
from fakelambda.domain.errors import NotModelled
from fakelambda.domain.functions import Function, FunctionConfiguration
from fakelambda.domain.xray import Trace
from fakelambda.runtime import capturing, coroutines, environ, failures, logs, sleeping
from fakelambda.runtime.canned import Canned
from fakelambda.runtime.context import LambdaContext, of_invocation
from fakelambda.runtime.environment import Deployment, ExecutionEnvironment, Outcome
from fakelambda.runtime.environments import Environments
from fakelambda.runtime.failures import TimedOut
from fakelambda.runtime.invocation_clock import InvocationClock, InvocationClocks
from fakelambda.world import World

Result = TypeVar("Result")
Handler = Callable[[Any, LambdaContext], Any]
FunctionKey = tuple[str, str, str]
"""Account, region and name."""

_INITIALISATION = 10
"""Seconds that Lambda gives to a cold start, before the timeout begins to count for a second try."""
_AHEAD_OF_INVOCATIONS = 130
"""Seconds that it gives to an initialisation for which no invocation waits, where the timeout is not longer [docs]."""


@dataclass(slots=True)
class Execution:
    """A handler that is to be run once.

    Args:
        configuration: the version that runs.
        qualifier: what the caller asked for, for the handler that is bound to it.
        event: as JSON, or as a value that the handler keeps.
        invoked_function_arn: as the caller named it.
        client_context: the object that the caller sent; None where it sent none.
        started_at: aware datetime of the fake's clock.
        trace: tells the trace of the invocation.
        initialization_type: the kind of environment it runs in, as ``AWS_LAMBDA_INITIALIZATION_TYPE`` says.
    """

    function: Function
    configuration: FunctionConfiguration
    qualifier: str | None
    event: Any
    request_id: str
    invoked_function_arn: str
    client_context: Mapping[str, Any] | None
    started_at: datetime
    trace: Callable[[], Trace]
    initialization_type: str


class Ran(NamedTuple):
    """A handler that was run.

    Args:
        duration: seconds of the fake's clock, without the cold start.
    """

    outcome: Outcome
    log: logs.Log
    duration: float
    deployment: Deployment


class Runner:
    """The handlers and execution environments of one fake.

    Args:
        world: dates and names the log streams.
        inherit_env: names of the host's environment variables that deployed code sees too; True for all of them.
        sleep: what ``time.sleep`` does in a handler; None really sleeps.
    """

    def __init__(
        self,
        world: World,
        inherit_env: bool | Iterable[str],  # noqa: FBT001 - the contract takes both
        sleep: Callable[[float], None] | None,
    ) -> None:
        self._world = world
        self._now = world.now  # one bound method for all logs
        self._sleep = sleep
        self._inherit_env = inherit_env if isinstance(inherit_env, bool) else frozenset(inherit_env)
        self._environments = Environments()
        self._clocks = InvocationClocks(world)
        self._bound: dict[tuple[FunctionKey, str | None], Handler] = {}

    def bind(self, key: FunctionKey, handler: Handler, qualifier: str | None) -> None:
        """Runs a callable instead of a function's code, from its next invocation on.

        Args:
            qualifier: the version or alias it is for; None for every invocation that no other binding is for.
        """
        self._bound[key, qualifier] = handler

    def unbind(self, key: FunctionKey, qualifier: str | None) -> None:
        """Runs the function's own code again.

        Raises:
            KeyError: nothing is bound there.
        """
        del self._bound[key, qualifier]

    def snapshot(self) -> list[tuple[tuple[FunctionKey, str | None], Handler, int]]:
        """The bindings, and how many of their results were used."""
        return [(key, handler, handler.place if isinstance(handler, Canned) else 0) for key, handler in tuple(self._bound.items())]

    def restore(self, bound: list[tuple[tuple[FunctionKey, str | None], Handler, int]]) -> None:
        """Binds what was bound, and discards every environment."""
        self._bound = {key: handler for key, handler, _ in bound}
        for _, handler, place in bound:
            if isinstance(handler, Canned):
                handler.place = place
        self.discard_all()

    def discard_all(self) -> None:
        """Discards every environment."""
        self._environments.close()

    def discard(self, function: Function, version: str | None = None, initialization_type: str | None = None) -> None:
        """Discards the warm environments of a function, or of one version of it, or those of one kind."""

        def meant(key: Any) -> bool:
            return bool(key[0] == function.identity and version in (None, key[1]) and initialization_type in (None, key[2]))

        self._environments.discard(meant)

    def module(self, function: Function, configuration: FunctionConfiguration, qualifier: str | None, name: str) -> ModuleType:
        """A module of the environment that the next invocation of a version will use.

        Raises:
            ValueError: a callable is bound, so that the deployed code does not run.
            ImportError: the code has no such module, or it has not been imported when the time of a cold start is over.
        """
        bound = self._binding(function, configuration, qualifier)
        if bound is not None:
            raise ValueError(f"A callable runs in the place of {function.name}'s code; patch the callable's own module.")
        is_provisioned = function.provisioned(configuration.version)
        initialization_type = provisioned_concurrency.INITIALIZATION_TYPE if is_provisioned else configuration.initialization_type
        environment = self._acquire(function, configuration, None, initialization_type)
        try:
            return self._ahead(environment, max(_INITIALISATION, configuration.timeout), environment.module, name)
        except TimedOut as error:
            raise ImportError(str(error)) from error

    def initialise(
        self, function: Function, configuration: FunctionConfiguration, qualifier: str | None, initialization_type: str
    ) -> str | None:
        """Imports the handler of a version ahead of its first invocation, so that this one is no cold start.

        Returns:
            Why it could not be imported; None where it could. What has nothing to import, or cannot run here, is left to its invocations.
        """
        if self._binding(function, configuration, qualifier) is not None or not _runs_here(configuration):
            return None
        environment = self._acquire(function, configuration, None, initialization_type)
        try:
            self._ahead(environment, max(_AHEAD_OF_INVOCATIONS, configuration.timeout), environment.initialise)
        except BaseException as error:
            if failures.belongs_to_the_test_runner(error):
                raise
            return environment.why_it_stays_cold(error)
        return None

    def _ahead(self, environment: ExecutionEnvironment, timeout: float, action: Callable[..., Result], *arguments: Any) -> Result:
        """Imports something in an environment for which no invocation waits, and releases it.

        Raises:
            TimedOut: it took longer than so many seconds.
        """
        clock = InvocationClock(self._world, self._world.now(), timeout, self._sleep)
        clock.start(self._world.now())
        sleep_token = sleeping.current.set(clock.sleep)
        capturing.begin(environment.root_logger)
        try:
            result: Result = coroutines.outside(clock.deadline.run, action, *arguments)
            return result
        finally:
            environment.root_logger = capturing.end(environment.root_logger)
            sleeping.current.reset(sleep_token)
            self._environments.release(environment)

    def run(self, execution: Execution) -> Ran:
        """Runs the handler of a version once.

        Raises:
            NotModelled: the version is of a runtime that cannot run here and nothing is bound.
        """
        function, configuration, started_at, world = execution.function, execution.configuration, execution.started_at, self._world
        bound = self._binding(function, configuration, execution.qualifier)
        environment = self._acquire(function, configuration, bound, execution.initialization_type)
        clock = InvocationClock(world, started_at, configuration.timeout, self._sleep)
        log = logs.Log(execution.request_id, self._now, environment.log_settings)
        context = of_invocation(
            environment.context, execution.request_id, execution.invoked_function_arn, execution.client_context, clock.remaining
        )
        cold_start = not environment.warm

        def initialised() -> None:
            if environment.modules is not None:
                environment.trace(execution.trace().header())
            # The time of a cold start does not count, nor does what other threads have slept since the call.
            at = world.now() if cold_start or world.moved_at > started_at else started_at
            clock.start(at)
            log.start(at, (at - started_at).total_seconds() if cold_start else None)

        if cold_start:
            log.init_start = _init_start(function, configuration)
            clock.deadline.allow(max(_INITIALISATION, configuration.timeout))
        self._clocks.running.add(clock)
        capturing.begin(environment.root_logger)
        try:
            try:
                # In a copy of the context, so that variables which we and the handler set stay with it.
                outcome = copy_context().run(coroutines.outside, environment.handle, execution.event, context, log, clock, initialised)
            finally:
                environment.root_logger = capturing.end(environment.root_logger)
                if clock.deadline.passed:
                    clock.catch_up()
                ended_at = world.now()  # before others may move it again unnoticed
                self._clocks.running.discard(clock)
            duration = clock.lasted(ended_at)
            if clock.deadline.passed or duration - clock.deadline.starved > configuration.timeout:
                outcome = _judged(outcome, environment, clock, context, cold_start=cold_start)
        finally:
            self._environments.release(environment)
        if outcome.error_payload is not None:
            if not outcome.error_payload.get("requestId", log.request_id):  # the runtime had none yet
                capturing.warn(log, environment.root_logger, logs.NOT_INITIALISED)
            log.fail(outcome.error_payload)
            ended_at = world.now()  # of END and REPORT, which follow
        log.end(ended_at, duration)
        if execution.initialization_type == provisioned_concurrency.INITIALIZATION_TYPE:
            # In AWS all of them are initialised before; here one is, and the others where they are needed.
            outcome = outcome._replace(cold_start=False)
        return Ran(outcome, log, duration, environment.deployment)

    def _acquire(
        self, function: Function, configuration: FunctionConfiguration, bound: Handler | None, initialization_type: str
    ) -> ExecutionEnvironment:
        return self._environments.acquire(
            (function.identity, configuration.version, initialization_type, id(bound)),
            lambda: self._environment(function, configuration, bound, initialization_type),
        )

    def _binding(self, function: Function, configuration: FunctionConfiguration, qualifier: str | None) -> Handler | None:
        if not self._bound:
            return None
        key = (function.account_id, function.region, function.name)
        for named in (qualifier, configuration.version, None):
            handler = self._bound.get((key, named))
            if handler is not None:
                return handler
        return None

    def _environment(
        self, function: Function, configuration: FunctionConfiguration, bound: Handler | None, initialization_type: str
    ) -> ExecutionEnvironment:
        log_stream = f"{self._world.now():%Y/%m/%d}/[{configuration.version}]{self._world.new_id().replace('-', '')}"
        variables = configuration.environment_variables
        if bound is None:
            variables = {**environ.log_variables(configuration.logging_config), **variables}
        environment = ExecutionEnvironment(
            Deployment(
                function_name=function.name,
                code=_deployed(configuration) if bound is None else bound,
                layers=tuple(layer.package.content for layer in configuration.layers),
                handler=configuration.handler or "",
                version=configuration.version,
                runtime=configuration.runtime or "",
                memory_size=configuration.memory_size,
                timeout=configuration.timeout,
                inherited=self._inherited(),
                variables=variables,
                region=function.region,
                account_id=function.account_id,
                log_group_name=configuration.logging_config["LogGroup"],
                log_stream_name=log_stream,
                initialization_type=initialization_type,
            )
        )
        environment.sleeps_really = self._sleep is None
        environment.log_settings = logs.settings(configuration.version, configuration.memory_size, configuration.logging_config)
        if bound is None:
            environment.root_logger = capturing.root_logger(variables)
        return environment

    def _inherited(self) -> dict[str, str]:
        if isinstance(self._inherit_env, bool):
            return dict(os.environ) if self._inherit_env else {}
        return {name: os.environ[name] for name in self._inherit_env if name in os.environ}


def _judged(
    outcome: Outcome, environment: ExecutionEnvironment, clock: InvocationClock, context: LambdaContext, *, cold_start: bool
) -> Outcome:
    """What comes of an invocation whose time was over before it ended, unless a debugger has held it or it knows already."""
    is_late = clock.deadline.passed or not clock.deadline.waived
    return environment.timed_out(context, cold_start=cold_start) if is_late and not isinstance(outcome.error, TimedOut) else outcome


def _init_start(function: Function, configuration: FunctionConfiguration) -> str | None:
    """The first line in the log of a new environment; None for an image, which has no runtime of Lambda's."""
    if not configuration.runtime:
        return None
    arn = runtimes.runtime_version_arn(configuration.runtime, function.region)
    return f"INIT_START Runtime Version: {runtimes.version_name(configuration.runtime)}\tRuntime Version ARN: {arn}\n"


def _runs_here(configuration: FunctionConfiguration) -> bool:
    return configuration.code.package is not None and (configuration.runtime or "").startswith("python")


def _deployed(configuration: FunctionConfiguration) -> bytes | Path:
    package, runtime = configuration.code.package, configuration.runtime or ""
    if package is None or not _runs_here(configuration):
        what = f"runs on {runtime}" if runtime else "is a container image"
        raise NotModelled(
            f"{configuration.function_name} {what}, which fakelambda cannot run; give it a callable to run instead: "
            f"fake.bind({configuration.function_name!r}, handler)."
        )
    return package.content
