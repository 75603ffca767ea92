"""Runs handlers: finds what a version runs, keeps its environments warm, and discards them when it changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from fakelambda.domain.errors import NotModelled
from fakelambda.domain.functions import Function, FunctionConfiguration
from fakelambda.runtime import sleeping
from fakelambda.runtime.context import LambdaContext
from fakelambda.runtime.environment import Deployment, ExecutionEnvironment, Outcome
from fakelambda.runtime.environments import Environments
from fakelambda.world import World

Handler = Callable[[Any, LambdaContext], Any]
FunctionKey = tuple[str, str, str]
"""Account, region and name."""


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
        self._sleep = sleep
        self._inherit_env = inherit_env if isinstance(inherit_env, bool) else frozenset(inherit_env)
        self._environments = Environments()
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

    def clear(self) -> None:
        """Forgets the bindings and discards every environment."""
        self._bound.clear()
        self.discard_all()

    def discard_all(self) -> None:
        """Discards every environment."""
        self._environments.close()

    def discard(self, function: Function, version: str | None = None) -> None:
        """Discards the warm environments of a function, or of one version of it."""

        def meant(key: Any) -> bool:
            return bool(key[0] == function.identity and version in (None, key[1]))

        self._environments.discard(meant)

    def run(
        self,
        function: Function,
        configuration: FunctionConfiguration,
        qualifier: str | None,
        payload: bytes,
        *,
        request_id: str,
        invoked_function_arn: str,
        client_context: Mapping[str, Any] | None,
        remaining: Callable[[], float],
    ) -> Outcome:
        """Runs the handler of a version once.

        Args:
            configuration: the version that runs.
            qualifier: what the caller asked for, for the handler that is bound to it.
            payload: the event as JSON.
            remaining: seconds left until the timeout.

        Raises:
            NotModelled: the version is of a runtime that cannot run here and nothing is bound.
        """
        bound = self._binding(function, configuration, qualifier)
        environment = self._environments.acquire(
            (function.identity, configuration.version, bound), lambda: self._environment(function, configuration, bound)
        )
        token = sleeping.current.set(self._sleep)
        try:
            return environment.invoke(
                payload,
                LambdaContext(
                    function_name=function.name,
                    function_version=configuration.version,
                    invoked_function_arn=invoked_function_arn,
                    memory_limit_in_mb=configuration.memory_size,
                    aws_request_id=request_id,
                    log_group_name=environment.deployment.log_group_name,
                    log_stream_name=environment.deployment.log_stream_name,
                    client_context=client_context,
                    remaining=remaining,
                ),
            )
        finally:
            sleeping.current.reset(token)
            self._environments.release(environment)

    def _binding(self, function: Function, configuration: FunctionConfiguration, qualifier: str | None) -> Handler | None:
        if not self._bound:
            return None
        key = (function.account_id, function.region, function.name)
        for named in (qualifier, configuration.version, None):
            handler = self._bound.get((key, named))
            if handler is not None:
                return handler
        return None

    def _environment(self, function: Function, configuration: FunctionConfiguration, bound: Handler | None) -> ExecutionEnvironment:
        log_stream = f"{self._world.now():%Y/%m/%d}/[{configuration.version}]{self._world.new_id().replace('-', '')}"
        return ExecutionEnvironment(
            Deployment(
                function_name=function.name,
                code=bound or _deployed(configuration),
                handler=configuration.handler or "",
                version=configuration.version,
                runtime=configuration.runtime or "",
                memory_size=configuration.memory_size,
                timeout=configuration.timeout,
                inherited=self._inherited(),
                variables=configuration.environment_variables,
                region=function.region,
                account_id=function.account_id,
                log_group_name=configuration.logging_config["LogGroup"],
                log_stream_name=log_stream,
            )
        )

    def _inherited(self) -> dict[str, str]:
        if isinstance(self._inherit_env, bool):
            return dict(os.environ) if self._inherit_env else {}
        return {name: os.environ[name] for name in self._inherit_env if name in os.environ}


def _deployed(configuration: FunctionConfiguration) -> bytes | Path:
    package, runtime = configuration.code.package, configuration.runtime or ""
    if package is None or not runtime.startswith("python"):
        what = f"runs on {runtime}" if runtime else "is a container image"
        raise NotModelled(
            f"{configuration.function_name} {what}, which fakelambda cannot run; give it a callable to run instead: "
            f"fake.bind({configuration.function_name!r}, handler)."
        )
    return package.content
