"""Parameters that break the API model are answered in AWS's grammar; everything that the model allows passes."""

from __future__ import annotations

import itertools
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fakelambda.aws import constraints, java
from fakelambda.domain.errors import ValidationException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import Shape, StructureShape

MODEL = botocore.session.get_session().get_service_model("lambda")
REGION = r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
FUNCTION = rf"(arn:(aws[a-zA-Z-]*)?:lambda:)?{REGION}(\d{{12}}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
NAMESPACED = (
    rf"(arn:(aws[a-zA-Z-]*)?:lambda:)?{REGION}(\d{{12}}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
QUALIFIER = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
URL_QUALIFIER = r"((?!^\d+$)^[0-9a-zA-Z-_]+$)"
LAYER_VERSION = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)"
    r"|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)"
)
TAGGABLE = (
    r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?"
    r"|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}"
    r"|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)"
)
DESTINATION = (
    r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))"
    r"|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)
ROLE = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
PUBLISHED_RUNTIMES = (
    "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, "
    "ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2"
)
ALL_RUNTIMES = (
    "ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, python2.7-greengrass, dotnetcore2.0, python3.8, java21, dotnet6, "
    "dotnetcore2.1, python3.9, java11, nodejs6.10, provided, dotnetcore3.1, dotnet8, java25, java17, nodejs, nodejs4.3, java8.al2, go1.x, "
    "dotnet10, nodejs20.x, go1.9, byol, nodejs10.x, provided.al2023, nodejs22.x, python3.10, java8, nodejs12.x, python3.11, nodejs24.x, "
    "nodejs8.x, python3.12, nodejs14.x, nodejs8.9, nodejs26.x, python3.13, python3.14, nodejs16.x, python3.15, provided.al2, nodejs4.3-edge, "
    "nodejs18.x, ruby3.2, python3.4, ruby3.3, ruby3.4, ruby2.5, python3.6, python2.7"
)
NUMBERS = itertools.count(1)
LONG_ARN = "arn:aws:lambda:us-east-1:123456789012:function:" + "a" * 100
ARN = "arn:aws:lambda:us-east-1:123456789012"
CREATE: dict[str, Any] = {"FunctionName": "orders", "Role": "arn:aws:iam::123456789012:role/r", "Code": {"ZipFile": b"zip"}}
ALIAS: dict[str, Any] = {"FunctionName": "orders", "Name": "live", "FunctionVersion": "1"}
MAPPING: dict[str, Any] = {"FunctionName": "orders"}
LAYER: dict[str, Any] = {"LayerName": "common", "Content": {"ZipFile": b"zip"}}


def inputs(operation: str) -> StructureShape:
    shape = MODEL.operation_model(operation).input_shape
    assert shape is not None
    return shape


def answer(operation: str, parameters: dict[str, Any]) -> str | None:
    try:
        constraints.plan(MODEL.operation_model(operation)).check(parameters)
    except ValidationException as error:
        return error.message
    return None


def pattern(value: str, path: str, expected: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy regular expression pattern: {expected}"


def enum(value: str, path: str, expected: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy enum value set: [{expected}]"


def too_long(value: str, path: str, most: int) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have length less than or equal to {most}"


def rejected(operation: str, parameters: dict[str, Any], *errors: str) -> Any:
    noun = "error" if len(errors) == 1 else "errors"
    message = f"{len(errors)} validation {noun} detected: {'; '.join(errors)}"
    return pytest.param(operation, parameters, message, id=f"{operation}-{next(NUMBERS)}")


def rejected_value(operation: str, parameters: dict[str, Any], value: str, path: str, constraint: str) -> Any:
    return rejected(operation, parameters, f"Value {value} at '{path}' failed to satisfy constraint: {constraint}")


UNFIT_NAMES = [
    "*",
    "my-function!",
    "invalid-account:function:my-function",
    "arn:aws:lambda:invalid-region:123456789012:function:my-function",
    "arn:aws:ec2:us-east-1:123456789012:instance:i-1234567890abcdef0",
    f"{ARN}:function:my-function:1:2",
    "function:my-function:$LATEST:extra",
    "arn:aws:lambda::123456789012:function:my-function",
    "arn:aws:lambda:us-east-1::function:my-function",
    f"{ARN}:function:my-function:$LATES",
    f"{ARN}@function:myfn",
]


@pytest.mark.parametrize("name", UNFIT_NAMES)
@pytest.mark.parametrize("operation", ["GetFunction", "DeleteFunction", "Invoke"])
def test_reading_operations_take_names_of_namespaces(operation: str, name: str) -> None:
    assert answer(operation, {"FunctionName": name}) == f"1 validation error detected: {pattern(name, 'functionName', NAMESPACED)}"


@pytest.mark.parametrize(
    "name", [*UNFIT_NAMES, "orders.dotted", "orders:invalid!", f"{ARN}:function:my-function:$latest", "invalid:function:name"]
)
def test_creating_takes_plainer_names(name: str) -> None:
    assert (
        answer("CreateFunction", {**CREATE, "FunctionName": name})
        == f"1 validation error detected: {pattern(name, 'functionName', FUNCTION)}"
    )


RECORDED = [
    # names and qualifiers
    rejected("GetFunction", {"FunctionName": "orders", "Qualifier": "invalid!"}, pattern("invalid!", "qualifier", QUALIFIER)),
    rejected("GetFunction", {"FunctionName": "orders", "Qualifier": "a" * 129}, too_long("a" * 129, "qualifier", 128)),
    rejected(
        "GetFunction",
        {"FunctionName": "or!ders", "Qualifier": "in!"},
        pattern("or!ders", "functionName", NAMESPACED),
        pattern("in!", "qualifier", QUALIFIER),
    ),
    rejected("CreateFunction", {**CREATE, "FunctionName": LONG_ARN}, too_long(LONG_ARN, "functionName", 140)),
    rejected(
        "CreateFunction",
        {**CREATE, "FunctionName": LONG_ARN.replace("us-east-1", "nowhere")},
        too_long(LONG_ARN.replace("us-east-1", "nowhere"), "functionName", 140),
        pattern(LONG_ARN.replace("us-east-1", "nowhere"), "functionName", FUNCTION),
    ),
    rejected(
        "AddPermission",
        {
            "FunctionName": "f",
            "StatementId": "s",
            "Action": "lambda:InvokeFunction",
            "Principal": "*",
            "Qualifier": "invalid-qualifier-with-?-char",
        },
        pattern("invalid-qualifier-with-?-char", "qualifier", QUALIFIER),
    ),
    *(
        rejected(
            f"{verb}FunctionUrlConfig",
            {"FunctionName": "f", "Qualifier": qualifier, "AuthType": "NONE"},
            pattern(qualifier, "qualifier", URL_QUALIFIER),
        )
        for verb in ("Create", "Get", "Update", "Delete")
        for qualifier in ("$LATEST", "1", "2")
    ),
    rejected("CreateAlias", {**ALIAS, "Name": "2024"}, pattern("2024", "name", "(?!^[0-9]+$)([a-zA-Z0-9-_]+)")),
    # patterns
    rejected("UpdateFunctionConfiguration", {"FunctionName": "orders", "Role": "r1"}, pattern("r1", "role", ROLE)),
    rejected(
        "AddPermission",
        {"FunctionName": "f", "StatementId": "example.com", "Action": "lambda:InvokeFunction", "Principal": "*"},
        pattern("example.com", "statementId", "([a-zA-Z0-9-_]+)"),
    ),
    rejected(
        "AddLayerVersionPermission",
        {"LayerName": "l", "VersionNumber": 1, "StatementId": "s", "Principal": "*", "Action": "*"},
        pattern("*", "action", "lambda:GetLayerVersion"),
    ),
    rejected("GetLayerVersionByArn", {"Arn": f"{ARN}:layer:common"}, pattern(f"{ARN}:layer:common", "arn", LAYER_VERSION)),
    rejected(
        "PutFunctionEventInvokeConfig",
        {"FunctionName": "f", "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:_-/!lambda:us-east-1:1:f"}}},
        pattern("arn:aws:_-/!lambda:us-east-1:1:f", "destinationConfig.onFailure.destination", DESTINATION),
    ),
    *(
        rejected("ListTags", {"Resource": resource}, pattern(resource, "resource", TAGGABLE))
        for resource in ("arn:aws:something", f"{ARN}:foobar:x", f"{ARN}:capacity-provider:x:alias", f"{ARN}:event-source-mapping:x:alias")
    ),
    # enums, in the service's order
    rejected(
        "CreateEventSourceMapping",
        {**MAPPING, "StartingPosition": "invalid"},
        enum("invalid", "startingPosition", "LATEST, AT_TIMESTAMP, TRIM_HORIZON"),
    ),
    rejected(
        "CreateFunctionUrlConfig",
        {"FunctionName": "f", "AuthType": "NONE", "InvokeMode": "UNKNOWN"},
        enum("UNKNOWN", "invokeMode", "RESPONSE_STREAM, BUFFERED"),
    ),
    rejected(
        "PutFunctionRecursionConfig",
        {"FunctionName": "f", "RecursiveLoop": "InvalidValue"},
        enum("InvalidValue", "recursiveLoop", "Terminate, Allow"),
    ),
    rejected(
        "CreateFunction",
        {**CREATE, "SnapStart": {"ApplyOn": "invalidOption"}},
        enum("invalidOption", "snapStart.applyOn", "PublishedVersions, None"),
    ),
    rejected("ListFunctions", {"FunctionVersion": "invalid"}, enum("invalid", "functionVersion", "ALL")),
    rejected("ListLayers", {"CompatibleArchitecture": "pdp11"}, enum("pdp11", "compatibleArchitecture", "x86_64, arm64")),
    rejected("ListLayers", {"CompatibleRuntime": "cobol"}, enum("cobol", "compatibleRuntime", ALL_RUNTIMES)),
    # numbers and nulls
    rejected_value(
        "PutProvisionedConcurrencyConfig",
        {"FunctionName": "f", "Qualifier": "1", "ProvisionedConcurrentExecutions": 0},
        "'0'",
        "provisionedConcurrentExecutions",
        "Member must have value greater than or equal to 1",
    ),
    rejected_value("UntagResource", {"Resource": f"{ARN}:function:f", "TagKeys": []}, "null", "tagKeys", "Member must not be null"),
    # lists and maps are reported whole
    rejected_value(
        "CreateFunction",
        {**CREATE, "Architectures": ["x86_64", "arm64"]},
        "'[x86_64, arm64]'",
        "architectures",
        "Member must have length less than or equal to 1",
    ),
    rejected_value(
        "CreateFunction",
        {**CREATE, "Architectures": ["X86_64"]},
        "'[X86_64]'",
        "architectures",
        "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
    ),
    rejected_value(
        "CreateFunction",
        {**CREATE, "Layers": [f"{ARN}:layer:common"]},
        f"'[{ARN}:layer:common]'",
        "layers",
        "Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 1, "
        f"Member must satisfy regular expression pattern: {LAYER_VERSION}, Member must not be null]",
    ),
    *(
        rejected_value(
            "CreateFunction",
            {**CREATE, "VpcConfig": {member: ["bad-format"]}},
            "'[bad-format]'",
            f"vpcConfig.{member[0].lower()}{member[1:]}",
            "Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, "
            f"Member must satisfy regular expression pattern: {expected}]",
        )
        for member, expected in (("SubnetIds", "subnet-[0-9a-z]*"), ("SecurityGroupIds", "sg-[0-9a-zA-Z]*"))
    ),
    rejected_value(
        "UpdateAlias",
        {"FunctionName": "f", "Name": "live", "RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.5}}},
        "'{$LATEST=0.5}'",
        "routingConfig.additionalVersionWeights",
        "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, "
        "Member must satisfy regular expression pattern: [0-9]+]",
    ),
    *(
        rejected_value(
            "CreateAlias",
            {**ALIAS, "RoutingConfig": {"AdditionalVersionWeights": {"2": weight}}},
            f"'{{2={shown}}}'",
            "routingConfig.additionalVersionWeights",
            "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
            "Member must have value greater than or equal to 0.0, Member must not be null]",
        )
        for weight, shown in ((2.0, "2.0"), (-1, "-1.0"))
    ),
    # runtimes first, and without the wrapper that architectures have
    rejected(
        "PublishLayerVersion",
        {**LAYER, "CompatibleArchitectures": ["pdp11", "x86_64"], "CompatibleRuntimes": ["cobol", "nodejs20.x"]},
        enum("[cobol, nodejs20.x]", "compatibleRuntimes", PUBLISHED_RUNTIMES),
        "Value '[pdp11, x86_64]' at 'compatibleArchitectures' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
    ),
]


@pytest.mark.parametrize(("operation", "parameters", "message"), RECORDED)
def test_recorded_answers(operation: str, parameters: dict[str, Any], message: str) -> None:
    assert answer(operation, parameters) == message


UNRECORDED = [
    rejected("GetFunction", {}, "Value null at 'functionName' failed to satisfy constraint: Member must not be null"),
    rejected("GetFunction", {"FunctionName": None}, "Value null at 'functionName' failed to satisfy constraint: Member must not be null"),
    rejected_value("CreateFunction", {**CREATE, "Timeout": 901}, "'901'", "timeout", "Member must have value less than or equal to 900"),
    rejected_value(
        "CreateFunction", {**CREATE, "MemorySize": 10241}, "'10241'", "memorySize", "Member must have value less than or equal to 10240"
    ),
    rejected_value(
        "CreateFunction",
        {**CREATE, "EphemeralStorage": {"Size": 10241}},
        "'10241'",
        "ephemeralStorage.size",
        "Member must have value less than or equal to 10240",
    ),
    # what an environment holds is secret
    rejected(
        "CreateFunction",
        {**CREATE, "Environment": {"Variables": {"A": "secret"}}},
        "Value at 'environment.variables' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
    ),
    # structures in lists are named by their position
    rejected(
        "CreateFunction",
        {**CREATE, "FileSystemConfigs": [{"Arn": "", "LocalMountPath": "/tmp"}]},
        pattern("", "fileSystemConfigs.1.member.arn", MODEL.shape_for("FileSystemArn").metadata["pattern"]),
        pattern("/tmp", "fileSystemConfigs.1.member.localMountPath", "/mnt/[a-zA-Z0-9-_.]+"),
    ),
    rejected_value(
        "CreateEventSourceMapping",
        {**MAPPING, "FilterCriteria": {"Filters": [{"Pattern": "{}"}, {"Pattern": "x" * 4097}]}},
        f"'{'x' * 4097}'",
        "filterCriteria.filters.2.member.pattern",
        "Member must have length less than or equal to 4096",
    ),
    rejected_value(
        "CreateEventSourceMapping",
        {**MAPPING, "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": []}}},
        "'{KAFKA_BOOTSTRAP_SERVERS=[]}'",
        "selfManagedEventSource.endpoints",
        "Map value must satisfy constraint: [Member must have length less than or equal to 10, Member must have length greater than or equal to 1, "
        "Member must satisfy constraint: [Member must have length less than or equal to 300, Member must have length greater than or equal to 1, "
        f"Member must satisfy regular expression pattern: {MODEL.shape_for('Endpoint').metadata['pattern']}, Member must not be null], "
        "Member must not be null]",
    ),
    # where a list of structures is shown, it is shown as Java shows it
    rejected_value(
        "CreateCapacityProvider",
        {
            "CapacityProviderName": "p",
            "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": []},
            "PermissionsConfig": {"CapacityProviderOperatorRoleArn": "arn:aws:iam::123456789012:role/r"},
            "CapacityProviderScalingConfig": {
                "ScalingPolicies": [{"PredefinedMetricType": "LambdaCapacityProviderAverageCPUUtilization", "TargetValue": 7}] * 11
            },
        },
        f"'[{', '.join(['TargetTrackingScalingPolicy(predefinedMetricType=LambdaCapacityProviderAverageCPUUtilization, targetValue=7.0)'] * 11)}]'",
        "capacityProviderScalingConfig.scalingPolicies",
        "Member must have length less than or equal to 10",
    ),
]


@pytest.mark.parametrize(("operation", "parameters", "message"), UNRECORDED)
def test_the_grammar_goes_on_where_nothing_was_recorded(operation: str, parameters: dict[str, Any], message: str) -> None:
    assert answer(operation, parameters) == message


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        pytest.param("CreateFunction", {**CREATE, "Runtime": "cobol"}, id="the domain judges a runtime"),
        pytest.param("UpdateFunctionConfiguration", {"FunctionName": "f", "Runtime": "cobol"}, id="the domain judges a new runtime"),
        pytest.param("CreateFunction", {**CREATE, "FunctionName": "a" * 65}, id="the domain judges names over 64"),
        pytest.param("CreateFunction", {**CREATE, "Layers": [f"{ARN}:layer:l{n}:1" for n in range(6)]}, id="the domain counts layers"),
        pytest.param("GetFunction", {"FunctionName": "a" * 65}, id="a long name is looked up"),
        pytest.param("UpdateAlias", {"FunctionName": "f", "Name": "live", "RevisionId": "anything"}, id="any text is a revision id"),
        pytest.param("TagResource", {"Resource": f"{ARN}:layer:common", "Tags": {}}, id="layers can be tagged"),
        pytest.param("TagResource", {"Resource": f"{ARN}:function:f", "Tags": {"Größe 量": "½ Ⅷ @home"}}, id="tags speak every language"),
        pytest.param(
            "PublishLayerVersion", {**LAYER, "CompatibleRuntimes": ["python3.7", "nodejs12.x", "provided"]}, id="layers keep old runtimes"
        ),
        pytest.param("ListLayers", {"CompatibleRuntime": "nasa"}, id="a runtime that was never public"),
        pytest.param("CreateAlias", {**ALIAS, "RoutingConfig": {"AdditionalVersionWeights": {"2": 1}}}, id="a whole weight"),
        pytest.param("CreateFunction", {**CREATE, "VpcConfig": {"SubnetIds": [None]}}, id="null in a list that takes it"),
        pytest.param("PutFunctionConcurrency", {"FunctionName": "f", "ReservedConcurrentExecutions": 0}, id="zero reserved"),
        pytest.param("GetAccountSettings", {}, id="nothing to check"),
        pytest.param("GetFunction", {"FunctionName": 7, "Qualifier": b"x"}, id="wrong types of strings"),
        pytest.param(
            "CreateFunction", {**CREATE, "Timeout": "3", "Layers": 1, "VpcConfig": [], "Tags": [1], "Environment": ""}, id="wrong types"
        ),
        pytest.param("CreateFunction", {**CREATE, "FileSystemConfigs": [1], "Architectures": [1]}, id="wrong types of elements"),
    ],
)
def test_what_is_not_for_constraints_to_judge_passes(operation: str, parameters: dict[str, Any]) -> None:
    assert answer(operation, parameters) is None


def test_newer_enum_values_of_the_model_are_taken() -> None:
    for runtime in MODEL.shape_for("Runtime").metadata["enum"]:
        assert answer("ListLayers", {"CompatibleRuntime": runtime}) is None
        assert answer("PublishLayerVersion", {**LAYER, "CompatibleRuntimes": [runtime]}) is None


def test_errors_come_in_the_order_of_the_model_not_of_the_caller() -> None:
    message = answer("CreateFunction", {**CREATE, "Role": "r1", "Timeout": 0, "FunctionName": "!"})
    assert message is not None
    assert re.findall(r" at '(\w+)'", message) == ["functionName", "role", "timeout"]
    assert message.startswith("3 validation errors detected: ")


def test_a_structure_may_contain_itself() -> None:
    shapes = {
        "Input": {"type": "structure", "members": {"Root": {"shape": "Tree"}}},
        "Tree": {"type": "structure", "members": {"Left": {"shape": "Tree"}, "Right": {"shape": "Forest"}, "Leaf": {"shape": "Leaf"}}},
        "Forest": {"type": "list", "member": {"shape": "Tree"}},
        "Leaf": {"type": "string", "max": 1},
    }
    service = {
        "metadata": {"apiVersion": "recursive"},
        "operations": {"Grow": {"name": "Grow", "input": {"shape": "Input"}}},
        "shapes": shapes,
    }
    grow = botocore.model.ServiceModel(service).operation_model("Grow")
    with pytest.raises(ValidationException) as caught:
        constraints.plan(grow).check({"Root": {"Left": {"Left": {"Leaf": "xy"}}, "Right": [{"Leaf": "z"}, {"Leaf": "vw"}]}})
    assert re.findall(r"'([\w.]+)' failed", str(caught.value)) == ["root.left.left.leaf", "root.right.2.member.leaf"]


# ---- properties over the whole model ----

SETTINGS = settings(max_examples=50, deadline=None)
JUDGED_ELSEWHERE = {"RevisionId", "Runtime"}
OPERATIONS = [name for name in MODEL.operation_names if MODEL.operation_model(name).input_shape]
STRINGS = [
    (operation, member)
    for operation in OPERATIONS
    for member, shape in inputs(operation).members.items()
    if shape.type_name == "string" and shape.name not in JUDGED_ELSEWHERE and {"enum", "pattern", "max", "min"} & shape.metadata.keys()
]


@cache
def valid(name: str) -> st.SearchStrategy[Any]:
    shape: Any = MODEL.shape_for(name)
    traits = {**shape.metadata, **constraints._TRAITS.get(name, {})}
    least, most = traits.get("min", 0), traits.get("max", 1000)
    strategies = {
        "string": lambda: valid_text(traits),
        "integer": lambda: st.integers(least, most),
        "long": lambda: st.integers(least, most),
        "double": lambda: st.floats(least, most),
        "list": lambda: st.lists(valid(shape.member.name), min_size=max(least, 1), max_size=max(1, min(most, least + 2))),
        "map": lambda: st.dictionaries(valid(shape.key.name), valid(shape.value.name), min_size=min(least, 1), max_size=1),
        "structure": lambda: valid_structure(shape),
        "boolean": st.booleans,
        "blob": st.binary,
    }
    return st.deferred(strategies.get(shape.type_name, st.none))


def valid_text(traits: Mapping[str, Any]) -> st.SearchStrategy[str]:
    if "enum" in traits:
        return st.sampled_from(traits["enum"])
    least, most = traits.get("min", 0), traits.get("max", 100)
    expected = traits.get("pattern", r"[\s\S]*")
    if expected.startswith(r"[\s\S]"):
        return st.text(min_size=least, max_size=min(most, least + 50))
    return st.from_regex(java.pattern(expected), fullmatch=True).filter(lambda text: least <= len(text) <= most)


def valid_structure(shape: StructureShape) -> st.SearchStrategy[dict[str, Any]]:
    """The required members, and one more at most."""
    required = {name: valid(shape.members[name].name) for name in shape.required_members}
    others = [
        st.fixed_dictionaries({**required, name: valid(member.name)}) for name, member in shape.members.items() if name not in required
    ]
    return st.one_of(st.fixed_dictionaries(required), *others)


@SETTINGS
@given(operation=st.sampled_from(OPERATIONS), data=st.data())
def test_what_the_model_allows_passes(operation: str, data: st.DataObject) -> None:
    parameters = data.draw(valid(inputs(operation).name))
    assert answer(operation, parameters) is None


@SETTINGS
@given(string=st.sampled_from(STRINGS), data=st.data())
def test_one_broken_constraint_is_one_error_that_names_it(string: tuple[str, str], data: st.DataObject) -> None:
    operation, member = string
    structure = inputs(operation)
    shape = structure.members[member]
    parameters = data.draw(valid(structure.name))
    value, constraint = data.draw(broken(shape))
    shown = "" if shape.metadata.get("sensitive") else f"'{value}' "
    path = member[0].lower() + member[1:]
    message = answer(operation, {**parameters, member: value})
    assert message is not None
    assert message.startswith(f"1 validation error detected: Value {shown}at '{path}' failed to satisfy constraint: {constraint}")
    assert message.count("failed to satisfy constraint") == 1 + value.count("failed to satisfy constraint")


@st.composite
def broken(draw: st.DrawFn, shape: Shape) -> tuple[str, str]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 100)
    if "enum" in shape.metadata:
        value = draw(st.text(max_size=10))
        assume(value not in shape.metadata["enum"])
        return value, "Member must satisfy enum value set: ["
    expected = shape.metadata.get("pattern", r"[\s\S]*")
    if expected.startswith(r"[\s\S]"):
        return "x" * (most + 1), f"Member must have length less than or equal to {most}"
    matches = java.pattern(expected).fullmatch
    valid_value = draw(valid(shape.name))
    longer = valid_value + valid_value[-1:] * most
    if len(longer) > most and matches(longer) and draw(st.booleans()):
        return longer, f"Member must have length less than or equal to {most}"
    middle = len(valid_value) // 2
    stranger = draw(st.sampled_from(" \n!é"))
    value = valid_value[:middle] + stranger + valid_value[middle:]
    if len(value) > most:
        value = value[1:] if middle else value[:-1]
    assume(least <= len(value) <= most)
    assume(not matches(value))
    return value, "Member must satisfy regular expression pattern: "
