"""``Layers`` of functions: what is refused, what is shown, and that functions keep what they were given."""

from __future__ import annotations

import io
import zipfile
from typing import Any, Literal

import pytest
from botocore.exceptions import ClientError

from fakelambda import FakeLambda, NotModelled
from fakelambda.domain import packages

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer"
ELSEWHERE = "arn:aws:lambda:eu-west-1:123456789012:layer:a:1"
FOREIGN = "arn:aws:lambda:us-east-1:210987654321:layer:a:1"
ROLE = "arn:aws:iam::123456789012:role/orders"
INVALID = "400 InvalidParameterValueException: "
NO_ACCESS = (
    "403 AccessDeniedException: User: arn:aws:iam::123456789012:root is not authorized to perform: lambda:GetLayerVersion on resource: {} "
    "because no resource-based policy allows the lambda:GetLayerVersion action"
)
HANDLER = "import a\ndef handler(event, context): return a.name"


def two_of_one(first: str, second: str) -> str:
    return (
        f"{INVALID}Two different versions of the same layer are not allowed to be referenced in the same function. "
        f"{first} and {second} are versions of the same layer."
    )


@pytest.fixture(autouse=True)
def layers(fake: FakeLambda, zipped: Any) -> list[Any]:
    """Versions 1 and 2 of layer a, and one of each of b to f; their modules are named as they are."""
    publish = fake.client().publish_layer_version
    return [
        publish(LayerName=name, Content={"ZipFile": zipped({f"python/{name}.py": f"name = '{name} {number}'"})})
        for number, name in enumerate("aabcdef", 1)
    ]


@pytest.fixture
def orders(client: Any, zipped: Any) -> Any:
    def orders(*layers: str, name: str = "orders", text: str = HANDLER, **parameters: Any) -> Any:
        return client.create_function(
            FunctionName=name,
            Role=ROLE,
            Runtime="python3.13",
            Handler="app.handler",
            Code={"ZipFile": zipped({"app.py": text})},
            Layers=[f"{LAYER}:{layer}" for layer in layers],
            **parameters,
        )

    return orders


def arns(answer: Any) -> list[str]:
    return [layer["Arn"].removeprefix(f"{LAYER}:") for layer in answer.get("Layers", [])]


@pytest.mark.parametrize(
    ("named", "answer"),
    [
        (["b:1", "c:1", "d:1", "e:1", "f:1", "a:1"], f"{INVALID}Cannot reference more than 5 layers."),
        (["x:1"] * 6, f"{INVALID}Cannot reference more than 5 layers."),
        (["a:1", "a:2"], two_of_one(f"{LAYER}:a:1", f"{LAYER}:a:2")),
        (["a:2", "b:1", "a:1"], two_of_one(f"{LAYER}:a:2", f"{LAYER}:a:1")),
        (["a:1", "a:1"], two_of_one(f"{LAYER}:a:1", f"{LAYER}:a:1")),
        (["a:1", "a:2", "b:1", "b:1"], two_of_one(f"{LAYER}:a:1", f"{LAYER}:a:2")),
        (["a:3"], f"{INVALID}Layer version {LAYER}:a:3 does not exist."),
        (["a:0"], f"{INVALID}Layer version {LAYER}:a:0 does not exist."),
        (["b:1", "nowhere:1"], f"{INVALID}Layer version {LAYER}:nowhere:1 does not exist."),
        ([ELSEWHERE], f"{INVALID}Layers are not in the same region as the function. Layers are expected to be in region us-east-1."),
        ([FOREIGN], NO_ACCESS.format(FOREIGN)),
        (["arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:7"], NO_ACCESS.format("arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:7")),
    ],
)  # fmt: skip
def test_layers_that_are_refused(*, client: Any, refused: Any, orders: Any, zipped: Any, named: list[str], answer: str) -> None:
    layers = [name if name.startswith("arn:") else f"{LAYER}:{name}" for name in named]
    orders("b:1")
    function = {"Role": ROLE, "Runtime": "python3.13", "Handler": "app.handler", "Code": {"ZipFile": zipped({"app.py": HANDLER})}}
    assert refused("update_function_configuration", FunctionName="orders", Timeout=9, Layers=layers) == answer
    for name in ("other", "orders"):  # that one exists already is said after its layers were looked at
        assert refused("create_function", FunctionName=name, Layers=layers, **function) == answer


def test_a_layer_without_an_account_is_not_modelled(client: Any, everything: Any, orders: Any) -> None:
    orders()
    before = everything(client)
    with pytest.raises(NotModelled, match="awslayer:AmazonLinux1803"):
        client.update_function_configuration(FunctionName="orders", Layers=["arn:aws:lambda:::awslayer:AmazonLinux1803"])
    assert everything(client) == before


def test_configurations_show_layers_in_the_order_given(client: Any, orders: Any, layers: list[Any]) -> None:
    sizes = {layer["LayerVersionArn"]: layer["Content"]["CodeSize"] for layer in layers}
    expected = [{"Arn": f"{LAYER}:{name}", "CodeSize": sizes[f"{LAYER}:{name}"]} for name in ("c:1", "a:2", "b:1")]
    assert orders("c:1", "a:2", "b:1", Publish=True)["Layers"] == expected
    shown = [
        client.get_function(FunctionName="orders")["Configuration"],
        client.get_function_configuration(FunctionName="orders", Qualifier="1"),
        *client.list_functions(FunctionVersion="ALL")["Functions"],
        *client.list_versions_by_function(FunctionName="orders")["Versions"],
        client.update_function_configuration(FunctionName="orders", Timeout=9),
        client.update_function_code(FunctionName="orders", ZipFile=code_of({"app.py": "#"}), Publish=True),
    ]
    assert [configuration["Layers"] for configuration in shown] == [expected] * 8


def test_an_update_replaces_all_layers_or_none(client: Any, orders: Any) -> None:
    assert "Layers" not in orders()
    update = client.update_function_configuration
    assert arns(update(FunctionName="orders", Layers=[f"{LAYER}:a:1", f"{LAYER}:b:1"])) == ["a:1", "b:1"]
    client.publish_version(FunctionName="orders")
    assert arns(update(FunctionName="orders", Description="other")) == ["a:1", "b:1"]
    assert arns(update(FunctionName="orders", Layers=[f"{LAYER}:c:1"])) == ["c:1"]
    assert "Layers" not in update(FunctionName="orders", Layers=[])
    assert "Layers" not in client.get_function_configuration(FunctionName="orders")
    assert arns(client.get_function_configuration(FunctionName="orders:1")) == ["a:1", "b:1"]


@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_the_old_layers_serve_until_the_update_has_finished(client: Any, orders: Any, lifecycle: Literal["realistic"]) -> None:
    orders("a:1")
    client.get_waiter("function_active_v2").wait(FunctionName="orders")
    client.update_function_configuration(FunctionName="orders", Layers=[f"{LAYER}:a:2"])
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'"a 1"'
    client.get_waiter("function_updated_v2").wait(FunctionName="orders")
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'"a 2"'


def test_a_deleted_layer_version_stays_with_its_functions(client: Any, orders: Any, refused: Any) -> None:
    orders("a:1", Publish=True)
    client.delete_layer_version(LayerName="a", VersionNumber=1)
    client.update_function_configuration(FunctionName="orders", Timeout=9)
    for qualifier in ("$LATEST", "1"):
        assert arns(client.get_function_configuration(FunctionName="orders", Qualifier=qualifier)) == ["a:1"]
        assert client.invoke(FunctionName="orders", Qualifier=qualifier)["Payload"].read() == b'"a 1"'
    missing = f"{INVALID}Layer version {LAYER}:a:1 does not exist."
    assert refused("update_function_configuration", FunctionName="orders", Layers=[f"{LAYER}:a:1"]) == missing


def test_a_handler_may_delete_the_layer_it_runs_with(client: Any, orders: Any) -> None:
    text = (
        "import boto3, a\n"
        "def handler(event, context):\n"
        "    client = boto3.client('lambda')\n"
        "    client.delete_layer_version(LayerName='a', VersionNumber=1)\n"
        "    client.update_function_configuration(FunctionName='orders', Layers=[])\n"
        "    import a.late\n"
        "    return a.late.name\n"
    )
    package = code_of({"python/a/__init__.py": "", "python/a/late.py": "name = 'late'"})
    client.publish_layer_version(LayerName="a", Content={"ZipFile": package})
    orders("a:3", text=text.replace("VersionNumber=1", "VersionNumber=3"))
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'"late"'
    assert client.invoke(FunctionName="orders")["FunctionError"] == "Unhandled"


def test_layers_count_for_the_accounts_code(client: Any, orders: Any) -> None:
    def used() -> int:
        return int(client.get_account_settings()["AccountUsage"]["TotalCodeSize"])

    before = used()
    size = orders("a:1")["CodeSize"]
    assert used() - before == size
    published = client.publish_layer_version(LayerName="a", Content={"ZipFile": code_of({"x": "y"})})["Content"]["CodeSize"]
    assert used() - before == size + published
    client.delete_layer_version(LayerName="a", VersionNumber=3)
    assert used() - before == size


def test_what_a_layer_is_said_to_be_compatible_with_keeps_nobody_from_using_it(client: Any, orders: Any) -> None:
    said: dict[str, Any] = {"CompatibleRuntimes": ["nodejs22.x"], "CompatibleArchitectures": ["arm64"]}
    client.publish_layer_version(LayerName="a", Content={"ZipFile": code_of({"python/a.py": "name = 3"})}, **said)
    orders("a:3")
    assert client.invoke(FunctionName="orders")["Payload"].read() == b"3"


IMAGE: dict[str, Any] = {"PackageType": "Image", "Code": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/orders:1"}}


@pytest.mark.parametrize("given", [{"Layers": [f"{LAYER}:a:1"]}, {"Runtime": "python3.12"}, {"Handler": "app.handler"}])
def test_images_have_no_layers_and_say_themselves_what_runs(client: Any, refused: Any, given: dict[str, Any]) -> None:
    answer = f"{INVALID}Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."
    assert refused("create_function", FunctionName="image", Role=ROLE, **given, **IMAGE) == answer
    client.create_function(FunctionName="image", Role=ROLE, Layers=[], **IMAGE)
    assert refused("update_function_configuration", FunctionName="image", **given) == answer
    client.update_function_configuration(FunctionName="image", Layers=[])


# ---- 250 MB together ----


def code_of(files: dict[str, str | int]) -> bytes:
    """A package of texts, and of files with nothing but zeros, by their size."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, bytes(text) if isinstance(text, int) else text)
    return packed.getvalue()


def test_code_and_layers_have_250_mb_together(client: Any, refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert packages.UNZIPPED_LIMIT == 262_144_000
    monkeypatch.setattr(packages, "UNZIPPED_LIMIT", 1000)  # zeros of 250 MB take seconds
    half = 500
    big = [client.publish_layer_version(LayerName=name, Content={"ZipFile": code_of({"x": half})})["LayerVersionArn"] for name in "xy"]
    over = f"{INVALID}Function code combined with layers exceeds the maximum allowed size of 1000 bytes. The actual size is {{}} bytes."
    function: dict[str, Any] = {"Role": ROLE, "Runtime": "python3.13", "Handler": "app.handler"}
    small, exact, large = ({"ZipFile": code_of({"app.py": size})} for size in (1, half, half + 1))
    answer = refused("create_function", FunctionName="orders", **function, Code=small, Layers=big)
    assert answer == over.format(2 * half + 1)
    client.create_function(FunctionName="orders", **function, Code=exact, Layers=big[:1])
    assert refused("update_function_code", FunctionName="orders", **large) == over.format(2 * half + 1)
    assert refused("update_function_code", FunctionName="orders", **large, DryRun=True) == over.format(2 * half + 1)
    assert refused("update_function_configuration", FunctionName="orders", Layers=big) == over.format(3 * half)
    client.update_function_configuration(FunctionName="orders", Layers=[])
    client.update_function_code(FunctionName="orders", **large)


# ---- the fake's own ways ----


def test_functions_from_a_directory_use_layers_and_callables_do_not(fake: FakeLambda, client: Any, tmp_path: Any) -> None:
    (tmp_path / "app.py").write_text(HANDLER)

    def handler(event: Any, context: Any) -> Any:
        import a  # type: ignore[import-not-found]  # noqa: PLC0415 - there is none here

        return a.name

    fake.add_function("directory", source=tmp_path, Handler="app.handler", Layers=[f"{LAYER}:a:2"])
    fake.add_function("callable", handler, Layers=[f"{LAYER}:a:2"])
    assert client.invoke(FunctionName="directory")["Payload"].read() == b'"a 2"'
    assert client.invoke(FunctionName="callable")["FunctionError"] == "Unhandled"
    assert isinstance(fake.invocations[-1].error, ModuleNotFoundError)
    assert arns(client.get_function_configuration(FunctionName="callable")) == ["a:2"]


def test_a_module_of_a_layer_can_be_patched(fake: FakeLambda, client: Any, orders: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    orders(
        "a:1",
        text="from unittest import mock\nimport a\ndef handler(event, context):\n    with mock.patch('a.other', 1, create=True): return [a.name, a.other]",
    )
    with monkeypatch.context() as patched:
        patched.setattr(fake.module("orders", "a"), "name", "patched")
        assert client.invoke(FunctionName="orders")["Payload"].read() == b'["patched", 1]'
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'["a 1", 1]'


def test_a_layer_of_somebody_else_from_a_directory(fake: FakeLambda, client: Any, orders: Any, tmp_path: Any, zipped: Any) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python/a.py").write_text("name = 'theirs'")
    theirs = fake.add_layer("arn:aws:lambda:us-east-1:017000801446:layer:theirs:7", source=tmp_path)
    with pytest.raises(ClientError, match="not authorized"):
        client.get_layer_version_by_arn(Arn=f"{theirs}0")
    fake.add_layer(f"{LAYER}:g:5", source=tmp_path)
    for layer in (theirs, f"{LAYER}:g:5"):
        name = layer.split(":")[6]
        client.create_function(
            FunctionName=name,
            Role=ROLE,
            Runtime="python3.13",
            Handler="app.handler",
            Code={"ZipFile": zipped({"app.py": HANDLER})},
            Layers=[layer],
        )
        assert client.invoke(FunctionName=name)["Payload"].read() == b'"theirs"'


def test_snapshots_hold_layers(fake: FakeLambda, client: Any, orders: Any, everything: Any) -> None:
    orders("a:1")
    snapshot, before = fake.snapshot(), everything(client)
    client.delete_layer_version(LayerName="a", VersionNumber=1)
    client.update_function_configuration(FunctionName="orders", Layers=[f"{LAYER}:a:2"])
    fake.restore(snapshot)
    assert everything(client) == before
    assert client.invoke(FunctionName="orders")["Payload"].read() == b'"a 1"'
