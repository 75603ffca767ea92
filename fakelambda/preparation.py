"""What a test prepares: functions and layers, what runs in their place, where invocations go, objects that hold code."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from fakelambda.aws import faulting
from fakelambda.aws.model import enum
from fakelambda.aws.neighbours import Neighbours
from fakelambda.domain import layers, policies
from fakelambda.domain.errors import ServiceError
from fakelambda.domain.functions import Function, FunctionConfiguration
from fakelambda.domain.layers import Layer
from fakelambda.domain.lifecycle import Reason
from fakelambda.domain.names import FunctionReference, resolve
from fakelambda.domain.packages import Package
from fakelambda.domain.provisioned_concurrency import INITIALISATION_FAILED
from fakelambda.faults import Fault
from fakelambda.inspection.records import ApiCall
from fakelambda.observation import Observation
from fakelambda.operations.answers import StoredCode, code_at
from fakelambda.operations.transitions import KINDS
from fakelambda.runtime import canned, code
from fakelambda.runtime.runner import Handler

_ROLE = "arn:aws:iam::{account_id}:role/fakelambda"
_REASON_CODE = "InternalError"
_CALLABLE = b"# A callable of the test runs in the place of this file.\n"
_STAND_IN = b"This layer holds nothing: what the test has installed stands for it.\n"
_LAYER_VERSION_ARN = re.compile(r"arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]{1,140}:[1-9]\d{0,17}", re.ASCII)


class Preparation(Observation):
    """The half of a fake that sets the scene, without an API call."""

    _neighbours: Neighbours

    def add_function(
        self,
        function_name: str,
        handler: Handler | None = None,
        *,
        source: str | Path | None = None,
        returns: Any = ...,
        raises: BaseException | type[BaseException] | None = None,
        results: Iterable[Any] | None = None,
        **parameters: Any,
    ) -> str:
        """Creates a function that is ready to be invoked.

        Args:
            function_name: the plain name.
            handler: a callable that runs as it is, with the host's environment under the function's variables.
            source: a directory that is deployed instead, as if it had been zipped; give ``Handler`` beside it.
            returns, raises, results: what comes of its invocations where the code does not matter, as for ``bind``.
            **parameters: of ``CreateFunction``; role, runtime and the URI of an image have defaults.

        Returns:
            The function's ARN.

        Raises:
            TypeError: not exactly one of handler, source, returns, raises and results, or no callable.
            botocore.exceptions.ParamValidationError: an unknown parameter, or a value of a wrong type.
            botocore.exceptions.ClientError: what AWS answers to the parameters.

        Example:
            >>> fake.add_function("orders", lambda event, context: event, Timeout=30)
            'arn:aws:lambda:us-east-1:123456789012:function:orders'
        """
        handler = canned.handler_of("add_function()", handler, returns, raises, results)
        if (handler is None) == (source is None):
            raise TypeError(
                "add_function() takes either a callable or source=directory, or returns=, raises= or results= in the place of code: "
                "add_function('orders', handler)."
            )
        package = code.of_directory(Path(source)) if source is not None else code.of_files({"callable.py": _CALLABLE})
        defaults: dict[str, Any] = {"Role": _ROLE.format(account_id=self.account_id), "Code": {"ZipFile": package}}
        if parameters.get("PackageType", "Zip") == "Zip":
            defaults |= {"Runtime": f"python3.{sys.version_info.minor}"} | ({"Handler": "callable.handler"} if handler is not None else {})
        elif source is None:
            defaults["Code"] = {"ImageUri": f"{self.account_id}.dkr.ecr.{self.region}.amazonaws.com/{function_name}:latest"}
        asked = {"FunctionName": function_name, **defaults, **parameters}
        self._server.validate("CreateFunction", asked)
        answer = self._server.perform("CreateFunction", asked)
        if handler is not None:
            self.bind(answer["FunctionName"], handler)
        return str(answer["FunctionArn"])

    def add_layer(self, layer_version_arn: str, source: str | Path | None = None) -> str:
        """Puts a layer version where its publisher has it, such as one of AWS's own; functions of every account may use it.

        Args:
            layer_version_arn: with account and number, as functions name it in ``Layers``.
            source: a directory of what Lambda would have in ``/opt``: handlers import from its ``python``. Without it the layer holds
                nothing, for libraries that are installed beside the test.

        Returns:
            The ARN.

        Raises:
            ValueError: it is no such ARN, or that version is there already.
            NotADirectoryError: the source is none.

        Example:
            >>> powertools = fake.add_layer("arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:7")
            >>> fake.add_function("orders", source="src/", Handler="app.handler", Layers=[powertools])
            'arn:aws:lambda:us-east-1:123456789012:function:orders'
        """
        if not _LAYER_VERSION_ARN.fullmatch(layer_version_arn):
            raise ValueError(
                f"add_layer() takes the ARN of a layer version, such as 'arn:aws:lambda:{self.region}:{self.account_id}:layer:shared:1', "
                f"not {layer_version_arn!r}."
            )
        reference, number = layers.split(layer_version_arn)
        package = Package.of(code.of_files({"layer.txt": _STAND_IN}) if source is None else code.of_directory(Path(source)))
        with self._service.lock:
            world, shelf = self._service.world, self._service.state.layers(reference.account_id, reference.region)
            layer = shelf.get(reference.name) or Layer(reference=reference)
            if number in layer.versions:
                raise ValueError(f"add_layer(): {layer_version_arn} is there already.")
            layer, version = layers.publish(layer, package, at=world.now(), number=number)
            statement = policies.statement(
                statement_id="public", action="lambda:GetLayerVersion", principal="*", resource=version.arn, region=reference.region
            )
            policy = policies.add(None, statement, revision_id=world.new_id())
            shelf.put(layers.with_policy(layer, number, policy))
        return version.arn

    def bind(
        self,
        function_name: str,
        handler: Handler | None = None,
        qualifier: str | None = None,
        *,
        returns: Any = ...,
        raises: BaseException | type[BaseException] | None = None,
        results: Iterable[Any] | None = None,
    ) -> None:
        """Runs a callable instead of a function's code, now or once the function exists; also for images and other languages.

        Args:
            function_name: a name or ARN, optionally with a qualifier.
            handler: called with event and context.
            qualifier: the version or alias it is for; without one it is for every invocation that no other binding is for.
            returns: the result of every invocation, instead of a handler.
            raises: the exception that every invocation ends with.
            results: what one invocation each returns or, an exception, raises; one invocation more fails the test.

        Raises:
            TypeError: not exactly one of handler, returns, raises and results, or the handler is not callable.

        Example:
            >>> fake.bind("payments", results=[TimeoutError(), {"paid": True}])
        """
        runs = canned.handler_of("bind()", handler, returns, raises, results)
        if runs is None:
            raise TypeError("bind() takes a callable, returns=, raises= or results=: bind('orders', handler).")
        reference = self._reference(function_name, qualifier)
        self._service.runner.bind((reference.account_id, reference.region, reference.name), runs, reference.qualifier)

    def unbind(self, function_name: str, qualifier: str | None = None) -> None:
        """Runs the function's own code again.

        Raises:
            KeyError: nothing is bound there.
        """
        reference = self._reference(function_name, qualifier)
        try:
            self._service.runner.unbind((reference.account_id, reference.region, reference.name), reference.qualifier)
        except KeyError:
            raise KeyError(f"unbind({function_name!r}, {qualifier!r}): nothing is bound there; say what bind() was told.") from None

    def cold_start(self, function_name: str) -> None:
        """Discards the warm execution environments of a function, or of the version that is named; the next invocation starts cold.

        Args:
            function_name: a name or ARN, optionally with a qualifier.

        Raises:
            ValueError: there is no such function or version.
        """
        function, version = self._version(function_name)
        self._service.runner.discard(function, version.version if self._reference(function_name, None).qualifier else None)

    def module(self, function_name: str, module_name: str) -> ModuleType:
        """A module as a deployed package runs it, to look at or to patch; it lives as long as the function's warm environment.

        Args:
            function_name: a name or ARN, optionally with a qualifier.
            module_name: as the handler would import it, such as ``"app"``.

        Raises:
            ValueError: there is no such function or version, or a callable runs instead of its code.
            ImportError: its code has no such module.
        """
        function, version = self._version(function_name)
        return self._service.runner.module(function, version, self._reference(function_name, None).qualifier, module_name)

    def _version(self, function_name: str) -> tuple[Function, FunctionConfiguration]:
        reference = self._reference(function_name, None)
        with self._service.lock:
            function = self._service.state.function(reference)
            version = function.resolve(reference.qualifier) if function else None
        if function is None or version is None:
            raise ValueError(f"There is no function {function_name!r}; existing: {', '.join(self.functions) or 'none'}.")
        return function, function.serving(version)

    def route(self, function_name: str, versions: Iterable[str]) -> None:
        """Sends the next invocations of an alias to given versions, one each; then the weights decide again.

        Args:
            function_name: a name or ARN with the alias: ``"orders:live"``.
            versions: version numbers of the function.

        Raises:
            ValueError: there is no such function, alias or version.
            TypeError: the versions are no list.
        """
        if isinstance(versions, str) or not isinstance(versions, Iterable):
            raise TypeError(f"route({function_name!r}, {versions!r}): give a list, one version for each invocation: [{str(versions)!r}].")
        reference, wanted = self._reference(function_name, None), [str(version) for version in versions]
        with self._service.lock:
            function = self._service.state.function(reference)
            if function is None or reference.qualifier not in function.aliases:
                raise ValueError(f"route({function_name!r}, ...): there is no such alias; name one as 'function:alias'.")
            missing = [version for version in wanted if function.version(version) is None]
            if missing:
                raise ValueError(f"route({function_name!r}, ...): {function.name} has no version {missing[0]!r}.")
            key = (reference.account_id, reference.region, reference.name, str(reference.qualifier))
            self._service.routes.setdefault(key, []).extend(wanted)

    def fail(
        self,
        operation: str,
        error: str | BaseException | type[BaseException] | None,
        *,
        times: int | None = 1,
        on: int | Iterable[int] | None = None,
        probability: float = 1.0,
        function: str | None = None,
        when: Callable[[ApiCall], bool] | None = None,
        after: float | timedelta = timedelta(0),
    ) -> Fault:
        """Lets calls of clients fail on their way, through the SDK's own retries.

        ``times`` and ``on`` count HTTP attempts, as AWS would see them: a client that tries three times gets past two failures. After a
        read timeout the operation has been performed all the same, so that a client which tries again invokes its handler twice.

        Args:
            operation: AWS's name, such as ``"Invoke"``; ``"*"`` for any.
            error: a code of Lambda's such as ``"TooManyRequestsException"`` or ``"ServiceException"``; ``"ReadTimeout"``,
                ``"ConnectTimeout"`` or ``"ConnectionError"``; an exception, of which a ``ClientError`` is answered and another raised
                where the connection would; None lets the attempt succeed, late.
            times: how many attempts fail; None for all from now on.
            on: which attempts fail instead, counted from 1: ``on=2``, ``on=(1, 3)``.
            probability: 0..1, of each attempt that would fail; the seed decides.
            function: a name or ARN, with a qualifier where only that one is meant.
            when: told the call; only those for which it is true fail.
            after: seconds of the fake's clock, or a timedelta, that the attempt takes.

        Returns:
            The fault: ``failures`` counts, ``remove()`` ends it, and so does the end of a ``with`` block.

        Raises:
            ValueError: Lambda has no such operation or error, or a number is out of range.
            TypeError: the error is neither a name nor an exception, nor a class that makes one; or an argument is of a wrong type.

        Example:
            >>> with fake.fail("Invoke", "ReadTimeout"):
            ...     place_order(client)
        """
        faulting.check(operation, error)
        chosen = frozenset(() if on is None else (on,) if isinstance(on, int) else on)
        if not all(isinstance(attempt, int) for attempt in (*chosen, *([] if times is None else [times]))):
            raise TypeError(f"fail({operation!r}, times={times!r}, on={on!r}): attempts are whole numbers: times=2, on=(1, 3).")
        if when is not None and not callable(when):
            raise TypeError(
                f"fail({operation!r}, when={when!r}): give a function that is told the call: when=lambda call: call.attempts == 2."
            )
        if (times is not None and times < 1) or any(attempt < 1 for attempt in chosen) or (on is not None and not chosen):
            raise ValueError(f"fail({operation!r}, times={times!r}, on={on!r}): attempts are counted from 1.")
        delay = after if isinstance(after, timedelta) else timedelta(seconds=after)
        if not 0 <= probability <= 1 or delay < timedelta(0):
            raise ValueError(f"fail({operation!r}, probability={probability!r}, after={after!r}): 0..1, and no time before now.")
        fault = Fault(
            operation=operation,
            error=error,
            times=times,
            on=chosen,
            probability=probability,
            function=None if function is None else self._reference(function, None),
            when=when,
            after=delay,
            _keeper=self._server.faults,
        )
        self._server.faults.add(fault)
        return fault

    def fail_transition(self, function_name: str, transition: str, *, reason_code: str | None = None, reason: str | None = None) -> None:
        """Lets what AWS does by itself end in failure: the next transition of a kind of a function, in progress or yet to come.

        Told several times, it fails as many.

        Args:
            function_name: a name or ARN without qualifier; the function need not exist yet.
            transition: ``"create"`` (it ends Failed), ``"update"`` (the previous code goes on running), ``"publish"`` (of a version),
                ``"restore"`` (of an Inactive one), or ``"provision"`` (of concurrency).
            reason_code: a code of the API, such as ``"InvalidImage"``; ``"InternalError"`` by default. Provisioning has none.
            reason: the text beside it; of provisioning the ``StatusReason``.

        Raises:
            ValueError: no such transition or code, or no function's name.

        Example:
            >>> fake.fail_transition("orders", "update", reason_code="InvalidImage")
            >>> client.update_function_code(FunctionName="orders", ImageUri="registry/orders:2")["LastUpdateStatus"]
            'InProgress'
            >>> client.get_function_configuration(FunctionName="orders")["LastUpdateStatus"]
            'Failed'
        """
        if transition not in KINDS:
            raise ValueError(f"fail_transition(..., {transition!r}): write one of {', '.join(map(repr, KINDS))}.")
        reference = self._reference(function_name, None)
        if reference.qualifier is not None:
            raise ValueError(f"fail_transition({function_name!r}, ...): leave the qualifier out: {reference.name!r}.")
        if transition == "provision" and reason_code is not None:
            raise ValueError(
                "fail_transition(..., 'provision', reason_code=...): provisioned concurrency has no codes; write reason='...'."
            )
        code = reason_code or _REASON_CODE
        if code not in enum("LastUpdateStatusReasonCode"):
            raise ValueError(f"reason_code={code!r}: write one of {', '.join(map(repr, enum('LastUpdateStatusReasonCode')))}.")
        text = reason or (INITIALISATION_FAILED if transition == "provision" else f"Told to fail by the test: {transition}.")
        key = (reference.account_id, reference.region, reference.name, transition)
        with self._service.lock:
            self._service.failures.setdefault(key, []).append(Reason(text, code))

    def put_object(self, bucket: str, key: str, body: bytes) -> str:
        """Stores an object that ``S3Bucket`` and ``S3Key`` find, for tests without any S3.

        Returns:
            The object's version id, for ``S3ObjectVersion``.

        Raises:
            TypeError: the body is not bytes.
        """
        content = bytes(memoryview(body))  # which, unlike bytes, takes no number for so many zeros
        version = self._service.world.new_id().replace("-", "")
        self._neighbours.put_object(bucket, key, content, version)
        return version

    def download(self, location: str) -> bytes:
        """The package behind a ``Code.Location`` of ``GetFunction`` or a ``Content.Location`` of a layer version.

        Raises:
            ValueError: it is no such location, or no version has that code any more.
        """
        stored = code_at(location)
        for package in self._packages(stored):
            if package is not None and package.code_sha256 == stored.code_sha256:
                return package.content
        where = f"{stored.name!r} of {stored.account_id} in {stored.region}"
        raise ValueError(f"No version of {where} has the code of this location any more.")

    def _packages(self, stored: StoredCode) -> list[Package | None]:
        place, state = (stored.account_id, stored.region), self._service.state
        if stored.kind == "layers":
            layer = state.layers(*place).get(stored.name)
            return [version.package for version in layer.versions.values()] if layer else []
        function = state.functions(*place).get(stored.name)
        return [version.code.package for version in (function.latest, *function.versions.values())] if function else []

    def _reference(self, function_name: str, qualifier: str | None) -> FunctionReference:
        if not isinstance(function_name, str):
            raise TypeError(f"{function_name!r} is no name of a function; write a plain name or an ARN.")
        try:
            return resolve(function_name, qualifier, self.region, self.account_id)
        except ServiceError as refusal:
            raise ValueError(
                f"{function_name!r} names no function of account {self.account_id} in {self.region}; "
                f"write a plain name or an ARN of there. AWS says: {refusal.message or refusal.code}"
            ) from refusal
