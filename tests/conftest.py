"""What every test gets: its fake, a judge who holds each answer against botocore's model, and one who sees to it that nobody sleeps."""

from __future__ import annotations

import io
import sys
import time
import zipfile
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Literal, Protocol

import hypothesis
import pytest
import time_machine
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.loaders import JSONFileLoader
from botocore.validate import ParamValidator

from fakelambda import FakeLambda
from fakelambda.aws import hook
from fakelambda.runtime import sleeping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import OperationModel

TYPED = {  # how AWS spells the message beside "Error" [recorded]; the other classes send neither a message nor "Type"
    "CodeStorageExceededException": "message",
    "InvalidParameterValueException": "message",
    "InvalidRequestContentException": "message",
    "PolicyLengthExceededException": "message",
    "PreconditionFailedException": "message",
    "ProvisionedConcurrencyConfigNotFoundException": "message",
    "RecursiveInvocationException": "Message",
    "ResourceConflictException": "message",
    "ResourceInUseException": "Message",
    "ResourceNotFoundException": "Message",
    "ResourceNotReadyException": "message",
    "SnapStartNotReadyException": "Message",
    "TooManyRequestsException": "message",
}
UNTYPED = (  # answers that lack "Type", though their class has it elsewhere [recorded]
    "$LATEST is not supported for an alias",
    "Specified ReservedConcurrentExecutions for function decreases",
    "Specified ConcurrentExecutions for function",
    " ReservedConcurrentExecutions  ",
)

hypothesis.settings.register_profile("long", max_examples=2500)  # what looks longer scales with it: about 250 000 steps of all machines
hypothesis.settings.register_profile("short", max_examples=16)  # where only the environment is new

_violations: list[str] = []


def _holes(value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _holes(item, f"{path}.{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _holes(item, f"{path}[{place}]")


def _judge(operation_model: OperationModel, response: Mapping[str, Any]) -> Iterator[str]:
    """What botocore's model does not allow in a response; unknown members and wrong types are found by botocore itself."""
    members = {name: value for name, value in response.items() if name != "ResponseMetadata"}
    error = members.pop("Error", None)
    shape: Any = operation_model.output_shape
    if error is not None:
        if error.keys() != {"Code", "Message"}:
            yield f"Error has {sorted(error)}"
        shape = operation_model.service_model.shape_for_error_code(error["Code"])
    yield from _holes(members, operation_model.name)
    if shape is None:
        if members:
            yield f"members without a shape: {sorted(members)}"
    else:
        report = ParamValidator().validate(members, shape)
        if report.has_errors():
            yield report.generate_report()


@pytest.fixture(scope="session", autouse=True)
def _botocore_reads_its_data_once() -> None:
    """For all sessions: each `mock_aws` makes a new one, which would read megabytes of JSON anew."""
    load = cache(JSONFileLoader().load_file)
    JSONFileLoader.load_file = lambda _, file_path: load(file_path)  # type: ignore[assignment]  # nobody calls it with a keyword


@pytest.fixture(scope="session", autouse=True)
def _every_answer_is_judged() -> None:
    """Looks at every answer that a Lambda client of any test gets while a fake is active, inside handlers too."""
    make_api_call: Any = BaseClient.__dict__["_make_api_call"]

    @wraps(make_api_call)
    def judged(self: BaseClient, operation_name: str, api_params: Any) -> Any:
        is_ours = self.meta.service_model.service_name == "lambda" and hook.active() is not None
        response = None
        try:
            response = make_api_call(self, operation_name, api_params)
        except ClientError as error:
            response = error.response
            raise
        finally:
            if is_ours and response is not None:
                faults = _judge(self.meta.service_model.operation_model(operation_name), response)
                _violations.extend(f"{operation_name}: {fault}" for fault in faults)
        return response

    BaseClient._make_api_call = judged  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def every_answer_fits_the_model() -> Iterator[None]:
    _violations.clear()
    yield
    assert not _violations


_really_sleep = time.sleep
_slept: list[str] = []


def _watched_sleep(seconds: Any, /) -> None:
    """Sleeps, as the test itself may; takes notice where code of ours is on the way to it, that of a handler included."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("fakelambda.") and module != sleeping.__name__:
            _slept.append(f"{module} really sleeps for {seconds} seconds")
            break
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    _really_sleep(seconds)


time.sleep = sleeping.really = _watched_sleep


@pytest.fixture
def really_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that is about sleeping really: ``sleep="real"``, the waiting of other services' clients, what blocks in C."""
    monkeypatch.setattr(sleeping, "really", _really_sleep)
    if time.sleep is _watched_sleep:
        monkeypatch.setattr(time, "sleep", _really_sleep)


@pytest.fixture(autouse=True)
def nobody_really_sleeps() -> Iterator[None]:
    _slept.clear()
    yield
    assert not _slept


@pytest.fixture
def lifecycle() -> Literal["instant", "realistic"]:
    """That of ``fake``; a test parametrizes it where creations and updates shall take time."""
    return "instant"


@pytest.fixture
def time_moves_by_order_only() -> Iterator[None]:
    """For a test of what takes seconds, which must not be over because the machine is slow: only the fake moves its clock."""
    with time_machine.travel(time.time(), tick=False):
        yield


@pytest.fixture
def fake(lifecycle: Literal["instant", "realistic"], request: pytest.FixtureRequest) -> Iterator[FakeLambda]:
    if lifecycle == "realistic":
        request.getfixturevalue("time_moves_by_order_only")
    with FakeLambda(lifecycle=lifecycle) as active:
        yield active


@pytest.fixture
def client(fake: FakeLambda) -> Any:
    return fake.client()


class Zipped(Protocol):
    """A deployment package of some files; the same files give the same bytes."""

    def __call__(self, files: Mapping[str, str]) -> bytes: ...


@pytest.fixture(scope="session")
def zipped() -> Zipped:
    def zipped(files: Mapping[str, str]) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, text in files.items():
                archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
        return packed.getvalue()

    return zipped


class Answered(Protocol):
    """Calls an operation; its answer without the metadata, and the HTTP status."""

    def __call__(self, operation: str, /, **parameters: Any) -> tuple[int, dict[str, Any]]: ...


@pytest.fixture
def answered(client: Any) -> Answered:
    def answered(operation: str, /, **parameters: Any) -> tuple[int, dict[str, Any]]:
        response = getattr(client, operation)(**parameters)
        return response.pop("ResponseMetadata")["HTTPStatusCode"], response

    return answered


class Refused(Protocol):
    """Calls an operation that AWS refuses; its answer as one line: ``"404 ResourceNotFoundException: Function not found: ..."``.

    The members around the message are checked against AWS's habits, and nothing may have changed by the call.
    """

    def __call__(self, operation: str, /, **parameters: Any) -> str: ...


@pytest.fixture
def refused(client: Any) -> Refused:
    def refused(operation: str, /, **parameters: Any) -> str:
        before = _everything(client)
        with pytest.raises(ClientError) as caught:
            getattr(client, operation)(**parameters)
        assert _everything(client) == before
        response: dict[str, Any] = {**caught.value.response}
        metadata, error = response.pop("ResponseMetadata"), response.pop("Error")
        code, message = error["Code"], error["Message"]
        assert metadata["HTTPHeaders"]["x-amzn-errortype"] == code
        assert metadata["HTTPHeaders"]["x-amzn-requestid"] == metadata["RequestId"]
        expected = {TYPED[code]: message, "Type": "User"} if code in TYPED else {}
        if str(message).startswith(UNTYPED):
            del expected["Type"]
        assert {name: value for name, value in response.items() if name != "Reason"} == expected
        return f"{metadata['HTTPStatusCode']} {code}: {message}"

    return refused


class Everything(Protocol):
    """All that a client can read, in a form that can be compared."""

    def __call__(self, client: Any) -> Any: ...


@pytest.fixture
def everything() -> Everything:
    return _everything


def _everything(client: Any) -> Any:
    pages = client.get_paginator("list_functions").paginate(FunctionVersion="ALL")
    versions = [version for page in pages for version in page["Functions"]]
    names = sorted({version["FunctionName"] for version in versions})
    pages = client.get_paginator("list_event_source_mappings").paginate()
    mappings = [mapping for page in pages for mapping in page["EventSourceMappings"]]
    seen: dict[str, Any] = {
        "account": _answer(client, "get_account_settings"),
        "versions": versions,
        "mappings": [_answer(client, "get_event_source_mapping", UUID=mapping["UUID"]) for mapping in mappings],
        "mapping tags": [_answer(client, "list_tags", Resource=mapping["EventSourceMappingArn"]) for mapping in mappings],
    }
    for name in names:
        function = _answer(client, "get_function", FunctionName=name)
        function["Code"].pop("Location", None)  # it is signed anew each second
        aliases = _answer(client, "list_aliases", FunctionName=name)["Aliases"]
        qualifiers = [version["Version"] for version in versions if version["FunctionName"] == name]
        qualifiers += [alias["Name"] for alias in aliases]
        seen[name] = {
            "function": function,
            "aliases": aliases,
            "configurations": _answer(client, "list_function_event_invoke_configs", FunctionName=name),
            "provisioned": _answer(client, "list_provisioned_concurrency_configs", FunctionName=name),
            "recursion": _answer(client, "get_function_recursion_config", FunctionName=name),
            "runtime": _answer(client, "get_runtime_management_config", FunctionName=name),
            "policies": [_answer(client, "get_policy", FunctionName=name)]
            + [_answer(client, "get_policy", FunctionName=name, Qualifier=qualifier) for qualifier in qualifiers],
        }
    seen["layers"] = {
        layer["LayerArn"]: [
            (
                version,
                _answer(client, "get_layer_version_policy", LayerName=layer["LayerArn"], VersionNumber=version["Version"]),
            )
            for versions in client.get_paginator("list_layer_versions").paginate(LayerName=layer["LayerArn"])
            for version in versions["LayerVersions"]
        ]
        for layers in client.get_paginator("list_layers").paginate()
        for layer in layers["Layers"]
    }
    return seen


def _answer(client: Any, operation: str, **parameters: Any) -> Any:
    try:
        response = getattr(client, operation)(**parameters)
    except ClientError as error:
        return str(error)
    del response["ResponseMetadata"]
    return response
