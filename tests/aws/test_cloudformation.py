"""Templates that moto's CloudFormation deploys make Lambda's resources in the fake."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from fakelambda import FakeLambda, NotModelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SOURCE = """
import os
def handler(event, context):
    return [os.environ.get("WORD"), context.function_version]
"""


@pytest.fixture(autouse=True)
def mocked(fake: FakeLambda) -> Iterator[None]:
    with mock_aws():
        yield


def function(**properties: Any) -> dict[str, Any]:
    defaults = {"FunctionName": "orders", "Role": ROLE, "Runtime": "python3.13", "Handler": "index.handler", "Code": {"ZipFile": SOURCE}}
    wanted = {name: value for name, value in {**defaults, **properties}.items() if value is not ...}
    return {"Type": "AWS::Lambda::Function", "Properties": wanted}


def resource(kind: str, /, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Lambda::{kind}", "Properties": {"FunctionName": {"Ref": "Orders"}, **properties}}


class Stacks:
    """A stack that is deployed, again and again."""

    def __init__(self) -> None:
        self.client = boto3.client("cloudformation", REGION)
        self.exists = False

    def deploy(self, resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None, **parameters: str) -> dict[str, Any]:
        """Creates or updates the stack; its outputs."""
        template: dict[str, Any] = {"Resources": resources}
        template["Parameters"] = {name: {"Type": "String", "Default": ""} for name in parameters}
        if outputs:
            template["Outputs"] = {name: {"Value": value} for name, value in outputs.items()}
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        call = self.client.update_stack if self.exists else self.client.create_stack
        call(StackName="shop", TemplateBody=json.dumps(template), Parameters=given)
        self.exists = True
        (stack,) = self.client.describe_stacks(StackName="shop")["Stacks"]
        assert stack["StackStatus"].endswith("_COMPLETE")
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def refusal(self, resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> str:
        """The message of a deployment that is refused."""
        with pytest.raises(ClientError) as caught:
            self.deploy(resources, outputs)
        assert caught.value.response["Error"]["Code"] == "ValidationError"
        return str(caught.value.response["Error"]["Message"])

    def delete(self) -> None:
        self.client.delete_stack(StackName="shop")
        self.exists = False


@pytest.fixture
def stack() -> Stacks:
    return Stacks()


def invoked(client: Any, name: str = "orders") -> Any:
    return json.load(client.invoke(FunctionName=name)["Payload"])


# ---- what is made ----


def test_a_stack_of_everything(stack: Stacks, client: Any, fake: FakeLambda) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}}
    permission = resource("Permission", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceAccount=ACCOUNT)
    outputs = stack.deploy(
        {
            "Role": role,
            "Orders": function(
                FunctionName=...,
                Role={"Fn::GetAtt": ["Role", "Arn"]},
                MemorySize="256",
                Environment={"Variables": {"WORD": {"Ref": "Word"}, "FLAG": True, "NUMBER": 7}},
                Tags=[{"Key": "team", "Value": "shop"}],
                ReservedConcurrentExecutions="5",
                RecursiveLoop="Allow",
                RuntimeManagementConfig={"UpdateRuntimeOn": "FunctionUpdate"},
                VpcConfig={"Ref": "AWS::NoValue"},
            ),
            "First": resource("Version", Description="the first"),
            "Live": resource("Alias", Name="live", FunctionVersion={"Fn::GetAtt": ["First", "Version"]}, Description="served"),
            "MayInvoke": {**permission, "Properties": {**permission["Properties"], "FunctionName": {"Ref": "Live"}}},
            "Retries": resource("EventInvokeConfig", Qualifier="$LATEST", MaximumRetryAttempts="1", DestinationConfig={"OnFailure": {}}),
        },
        {
            "Name": {"Ref": "Orders"},
            "Arn": {"Fn::GetAtt": ["Orders", "Arn"]},
            "SnapStart": {"Fn::GetAtt": ["Orders", "SnapStartResponse.ApplyOn"]},
            "Version": {"Ref": "First"},
            "FunctionArn": {"Fn::GetAtt": ["First", "FunctionArn"]},
            "Alias": {"Ref": "Live"},
            "AliasArn": {"Fn::Sub": "${Live.AliasArn}"},
            "Statement": {"Fn::GetAtt": ["MayInvoke", "Id"]},
        },
        Word="hello",
    )
    name = outputs["Name"]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert name.startswith("shop-Orders-")
    assert outputs == {
        "Name": name,
        "Arn": arn,
        "SnapStart": "None",
        "Version": f"{arn}:1",
        "FunctionArn": f"{arn}:1",
        "Alias": f"{arn}:live",
        "AliasArn": f"{arn}:live",
        "Statement": outputs["Statement"],
    }
    assert invoked(client, f"{name}:live") == ["hello", "1"]
    found = client.get_function(FunctionName=name)
    configuration = found["Configuration"]
    assert (configuration["MemorySize"], configuration["State"], found["Tags"]) == (256, "Active", {"team": "shop"})
    assert configuration["Environment"]["Variables"] == {"WORD": "hello", "FLAG": "true", "NUMBER": "7"}
    assert configuration["Role"].startswith(f"arn:aws:iam::{ACCOUNT}:role/shop-Role-")
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    assert client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Allow"
    assert client.get_runtime_management_config(FunctionName=name)["UpdateRuntimeOn"] == "FunctionUpdate"
    (statement,) = json.loads(client.get_policy(FunctionName=name, Qualifier="live")["Policy"])["Statement"]
    assert (statement["Sid"], statement["Condition"]) == (outputs["Statement"], {"StringEquals": {"AWS:SourceAccount": ACCOUNT}})
    assert client.get_function_event_invoke_config(FunctionName=name, Qualifier="$LATEST")["MaximumRetryAttempts"] == 1
    assert [(made["LogicalResourceId"], made["ResourceType"]) for made in stack.client.list_stack_resources(StackName="shop")[
        "StackResourceSummaries"
    ]] == [
        ("Role", "AWS::IAM::Role"),
        ("Orders", "AWS::Lambda::Function"),
        ("First", "AWS::Lambda::Version"),
        ("Live", "AWS::Lambda::Alias"),
        ("MayInvoke", "AWS::Lambda::Permission"),
        ("Retries", "AWS::Lambda::EventInvokeConfig"),
    ]  # fmt: skip
    assert "CreateFunction" not in {call.operation for call in fake.calls}  # what CloudFormation does no client has called
    stack.delete()
    assert client.list_functions()["Functions"] == []


def test_code_from_a_bucket_and_images(stack: Stacks, client: Any, fake: FakeLambda, zipped: Any) -> None:
    s3 = boto3.client("s3", REGION)
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="orders.zip", Body=zipped({"app.py": "def handler(event, context): return 'from a bucket'"}))
    stack.deploy(
        {
            "Orders": function(Handler="app.handler", Code={"S3Bucket": "code", "S3Key": "orders.zip"}),
            "Image": function(FunctionName="image", PackageType="Image", Code={"ImageUri": "r/i:1"}, Runtime=..., Handler=...),
            "Node": function(FunctionName="node", Runtime="nodejs22.x", Code={"ZipFile": "exports.handler = async () => 7"}),
        }
    )
    assert invoked(client) == "from a bucket"
    assert client.get_function(FunctionName="image")["Code"]["ImageUri"] == "r/i:1"
    assert b"index.js" in fake.download(client.get_function(FunctionName="node")["Code"]["Location"])


def test_names_that_moto_makes_too_long_are_cut(stack: Stacks, client: Any) -> None:
    orders = "Orders" * 20
    made = {
        orders: function(FunctionName=...),
        f"Permission{orders}": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"FunctionName": {"Ref": orders}, "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"},
        },
    }
    (name, statement_id) = stack.deploy(made, {"Name": {"Ref": orders}, "Statement": {"Ref": f"Permission{orders}"}}).values()
    assert (len(name), len(statement_id)) == (64, 100)
    assert json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"][0]["Sid"] == statement_id


@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_what_a_stack_has_made_is_ready(stack: Stacks, client: Any) -> None:
    stack.deploy({"Orders": function(), "First": resource("Version", ProvisionedConcurrencyConfig={"ProvisionedConcurrentExecutions": 2})})
    assert invoked(client) == [None, "$LATEST"]
    assert client.get_provisioned_concurrency_config(FunctionName="orders", Qualifier="1")["Status"] == "READY"
    client.update_function_configuration(FunctionName="orders", MemorySize=256)
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.update_function_configuration(FunctionName="orders", MemorySize=512)


def test_a_resource_whose_condition_is_false_is_not_made(stack: Stacks, client: Any) -> None:
    template: dict[str, Any] = {
        "Parameters": {"Wanted": {"Type": "String", "Default": "no"}},
        "Conditions": {"IsWanted": {"Fn::Equals": [{"Ref": "Wanted"}, "yes"]}},
        "Resources": {
            "Orders": {**function(), "Condition": "IsWanted"},
            "Other": function(FunctionName="other"),
        },
    }
    stack.client.create_stack(StackName="shop", TemplateBody=json.dumps(template))
    assert [made["FunctionName"] for made in client.list_functions()["Functions"]] == ["other"]
    template["Resources"]["Other"] = function(FunctionName="other", MemorySize=256)
    stack.client.update_stack(StackName="shop", TemplateBody=json.dumps(template))
    assert [made["FunctionName"] for made in client.list_functions()["Functions"]] == ["other"]
    stack.client.update_stack(
        StackName="shop", TemplateBody=json.dumps(template), Parameters=[{"ParameterKey": "Wanted", "ParameterValue": "yes"}]
    )
    assert [made["FunctionName"] for made in client.list_functions()["Functions"]] == ["orders", "other"]


def test_change_sets_and_nested_stacks(stack: Stacks, client: Any) -> None:
    boto3.client("s3", REGION).create_bucket(Bucket="templates")
    inner = {"Resources": {"Orders": function()}, "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Orders", "Arn"]}}}}
    boto3.client("s3", REGION).put_object(Bucket="templates", Key="inner.json", Body=json.dumps(inner))
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://templates.s3.amazonaws.com/inner.json"}}
    for kind, resources in (
        ("CREATE", {"Other": function(FunctionName="other")}),
        ("UPDATE", {"Other": function(FunctionName="other", MemorySize=256), "Nested": nested}),
    ):
        stack.client.create_change_set(
            StackName="shop", ChangeSetName=kind.lower(), ChangeSetType=kind, TemplateBody=json.dumps({"Resources": resources})
        )
        stack.client.execute_change_set(ChangeSetName=kind.lower(), StackName="shop")
    assert client.get_function_configuration(FunctionName="other")["MemorySize"] == 256
    assert invoked(client) == [None, "$LATEST"]


def test_a_stack_of_another_account_and_region(fake: FakeLambda) -> None:
    assumed = boto3.client("sts", REGION).assume_role(RoleArn="arn:aws:iam::222222222222:role/r", RoleSessionName="test")["Credentials"]
    theirs = boto3.Session(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"], "eu-west-1")
    template = json.dumps({"Resources": {"Orders": function(Role="arn:aws:iam::222222222222:role/r")}})
    theirs.client("cloudformation").create_stack(StackName="shop", TemplateBody=template)
    assert list(fake.functions) == []
    arn = theirs.client("lambda").get_function(FunctionName="orders")["Configuration"]["FunctionArn"]
    assert arn == "arn:aws:lambda:eu-west-1:222222222222:function:orders"


# ---- what is changed ----


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"MemorySize": 256}, {"MemorySize": 512}, {"MemorySize": 512}),
        ({"MemorySize": 256, "Timeout": 9}, {}, {"MemorySize": 128, "Timeout": 3}),
        ({"Description": "d"}, {}, {"Description": ""}),
        ({}, {"Handler": "index.other", "Runtime": "python3.12"}, {"Handler": "index.other", "Runtime": "python3.12"}),
        ({"Environment": {"Variables": {"WORD": "a"}}}, {"Environment": {"Variables": {"WORD": "b"}}}, {"Environment": {"Variables": {"WORD": "b"}}}),
        ({"Environment": {"Variables": {"WORD": "a"}}}, {}, {"Environment": {"Variables": {}}}),
        ({"EphemeralStorage": {"Size": 1024}}, {}, {"EphemeralStorage": {"Size": 512}}),
        ({"TracingConfig": {"Mode": "Active"}}, {}, {"TracingConfig": {"Mode": "PassThrough"}}),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, {}, {"SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"}}),
        ({"DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}}, {}, {"DeadLetterConfig": None}),
        ({"KMSKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"}, {}, {"KMSKeyArn": None}),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, {}, {"LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/orders"}}),
        ({"Architectures": ["arm64"]}, {}, {"Architectures": ["x86_64"]}),
    ],
)  # fmt: skip
def test_a_change_of_a_function_s_property(
    stack: Stacks, client: Any, before: dict[str, Any], after: dict[str, Any], expected: dict[str, Any]
) -> None:
    stack.deploy({"Orders": function(**before)})
    first = client.get_function_configuration(FunctionName="orders")
    stack.deploy({"Orders": function(**after)})
    second = client.get_function_configuration(FunctionName="orders")
    assert {name: second.get(name) for name in expected} == expected
    kept = first.keys() - expected.keys() - {"RevisionId", "LastModified", "RuntimeVersionConfig", "ResponseMetadata"}
    assert {name: second.get(name) for name in kept} == {name: first[name] for name in kept}


def test_what_does_not_change_is_not_updated(stack: Stacks, client: Any) -> None:
    stack.deploy({"Orders": function()})
    before = client.get_function_configuration(FunctionName="orders")["RevisionId"]
    stack.deploy({"Orders": function(), "Other": function(FunctionName="other")})
    assert client.get_function_configuration(FunctionName="orders")["RevisionId"] == before


def test_changes_of_what_other_operations_set(stack: Stacks, client: Any) -> None:
    def state() -> list[Any]:
        found = client.get_function(FunctionName="orders")
        recursion = client.get_function_recursion_config(FunctionName="orders")["RecursiveLoop"]
        management = client.get_runtime_management_config(FunctionName="orders")["UpdateRuntimeOn"]
        return [found.get("Tags"), found.get("Concurrency", {}).get("ReservedConcurrentExecutions"), recursion, management]

    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    stack.deploy({"Orders": function(Tags=tags, ReservedConcurrentExecutions=3, RecursiveLoop="Allow")})
    assert state() == [{"a": "1", "b": "2"}, 3, "Allow", "Auto"]
    management = {"UpdateRuntimeOn": "FunctionUpdate"}
    stack.deploy({"Orders": function(Tags=[*tags[:1], {"Key": "c", "Value": 3}], RuntimeManagementConfig=management)})
    assert state() == [{"a": "1", "c": "3"}, None, "Terminate", "FunctionUpdate"]


def test_new_code(stack: Stacks, client: Any) -> None:
    stack.deploy({"Orders": function()})
    stack.deploy({"Orders": function(Code={"ZipFile": "def handler(event, context): return 'new'"})})
    assert invoked(client) == "new"


def release(word: str, version: str) -> dict[str, Any]:
    """A function, a version of it and an alias that points there; each release has a version of its own."""
    live = resource("Alias", Name="live", FunctionVersion={"Fn::GetAtt": [version, "Version"]})
    orders = function(Environment={"Variables": {"WORD": word}})
    return {"Live": live, version: resource("Version"), "Orders": orders}  # what others need comes last


def versions(client: Any) -> list[str]:
    return [version["Version"] for version in client.list_versions_by_function(FunctionName="orders")["Versions"]]


def test_a_release_changes_the_function_publishes_it_moves_the_alias_and_then_cleans_up(stack: Stacks, client: Any) -> None:
    stack.deploy(release("one", "First"))
    assert invoked(client, "orders:live") == ["one", "1"]
    stack.deploy(release("two", "Second"))
    assert invoked(client, "orders:live") == ["two", "2"]
    assert versions(client) == ["$LATEST", "2"]


def test_what_is_retained_stays(stack: Stacks, client: Any) -> None:
    first = release("one", "First")
    first["First"]["DeletionPolicy"] = "Retain"
    stack.deploy(first)
    stack.deploy(release("two", "Second"))
    assert versions(client) == ["$LATEST", "1", "2"]
    third = release("three", "Second")
    third["Second"] |= {"UpdateReplacePolicy": "Retain"}
    third["Second"]["Properties"]["Description"] = "the third"
    stack.deploy(third)
    assert (invoked(client, "orders:live"), versions(client)) == (["three", "3"], ["$LATEST", "1", "2", "3"])


def test_what_only_refers_to_a_change_follows_it(stack: Stacks, client: Any) -> None:
    resources = release("one", "Current")
    resources["Orders"]["Properties"]["Environment"]["Variables"]["WORD"] = {"Fn::Sub": "${Word}!"}
    stack.deploy(resources, Word="one")
    resources["Current"]["Properties"]["Description"] = "the second"
    stack.deploy(resources, Word="two")
    assert (invoked(client, "orders:live"), versions(client)) == (["two!", "2"], ["$LATEST", "2"])


def test_an_alias_changes_in_place(stack: Stacks, client: Any) -> None:
    resources = release("one", "First")
    stack.deploy(resources)
    resources["Orders"]["Properties"]["MemorySize"] = 256
    resources["Second"] = resource("Version")
    resources["Live"]["Properties"] |= {
        "Description": "a canary",
        "RoutingConfig": {
            "AdditionalVersionWeights": [{"FunctionVersion": {"Fn::GetAtt": ["Second", "Version"]}, "FunctionWeight": "0.1"}]
        },
    }
    stack.deploy(resources)
    alias = client.get_alias(FunctionName="orders", Name="live")
    assert (alias["FunctionVersion"], alias["RoutingConfig"], alias["Description"]) == (
        "1", {"AdditionalVersionWeights": {"2": 0.1}}, "a canary",
    )  # fmt: skip
    resources["Live"]["Properties"] = {
        **release("one", "Second")["Live"]["Properties"],
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": "1"},
    }
    stack.deploy(resources)
    alias = client.get_alias(FunctionName="orders", Name="live")
    assert (alias["FunctionVersion"], alias.get("RoutingConfig"), alias["Description"]) == ("2", None, "")
    provisioned = client.get_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
    assert provisioned["RequestedProvisionedConcurrentExecutions"] == 1
    del resources["Live"]["Properties"]["ProvisionedConcurrencyConfig"]
    stack.deploy(resources)
    with pytest.raises(client.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        client.get_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")


def test_a_version_s_settings_change_in_place(stack: Stacks, client: Any) -> None:
    resources = release("one", "First")
    stack.deploy(resources)
    resources["First"]["Properties"]["RuntimePolicy"] = {"UpdateRuntimeOn": "FunctionUpdate"}
    resources["First"]["Properties"]["ProvisionedConcurrencyConfig"] = {"ProvisionedConcurrentExecutions": 1}
    stack.deploy(resources)
    management = client.get_runtime_management_config(FunctionName="orders", Qualifier="1")
    assert (versions(client), management["UpdateRuntimeOn"]) == (["$LATEST", "1"], "FunctionUpdate")


def test_permissions_and_configurations_change(stack: Stacks, client: Any) -> None:
    resources = {
        "Orders": function(),
        "MayInvoke": resource("Permission", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"),
        "Retries": resource("EventInvokeConfig", Qualifier="$LATEST", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60),
    }
    stack.deploy(resources)
    resources["MayInvoke"]["Properties"]["Principal"] = "sns.amazonaws.com"
    del resources["Retries"]["Properties"]["MaximumEventAgeInSeconds"]
    stack.deploy(resources)
    (statement,) = json.loads(client.get_policy(FunctionName="orders")["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    configuration = client.get_function_event_invoke_config(FunctionName="orders", Qualifier="$LATEST")
    assert (configuration["MaximumRetryAttempts"], configuration.get("MaximumEventAgeInSeconds")) == (1, None)
    stack.deploy({"Orders": function()})
    for read in (client.get_policy, client.get_function_event_invoke_config):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            read(FunctionName="orders")


def test_a_renamed_function_takes_the_place_of_the_old_one(stack: Stacks, client: Any) -> None:
    resources = {"Orders": function(), "MayInvoke": resource("Permission", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")}
    stack.deploy(resources)
    resources["Orders"] = function(FunctionName="renamed")
    stack.deploy(resources)
    assert [found["FunctionName"] for found in client.list_functions()["Functions"]] == ["renamed"]
    assert client.get_policy(FunctionName="renamed")["Policy"]


def test_a_custom_name_cannot_be_two_functions(stack: Stacks, client: Any) -> None:
    stack.deploy({"Orders": function()})
    image = function(PackageType="Image", Code={"ImageUri": "r/i:1"}, Runtime=..., Handler=...)
    assert stack.refusal({"Orders": image}) == (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename orders and update the stack again."
    )
    assert client.get_function_configuration(FunctionName="orders")["PackageType"] == "Zip"


# ---- event source mappings ----


@pytest.fixture
def queue() -> str:
    boto3.client("sqs", REGION).create_queue(QueueName="orders")
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"


def test_a_mapping(stack: Stacks, client: Any, queue: str) -> None:
    mapping = resource(
        "EventSourceMapping",
        EventSourceArn=queue,
        BatchSize="5",
        FilterCriteria={"Filters": [{"Pattern": '{"body": ["a"]}'}]},
        FunctionResponseTypes=["ReportBatchItemFailures"],
        Tags=[{"Key": "team", "Value": "shop"}],
    )
    outputs = stack.deploy(
        {"Orders": function(), "Mapping": mapping},
        {"Ref": {"Ref": "Mapping"}, "Id": {"Fn::GetAtt": ["Mapping", "Id"]}, "Arn": {"Fn::GetAtt": ["Mapping", "EventSourceMappingArn"]}},
    )
    uuid = outputs["Ref"]
    assert outputs == {"Ref": uuid, "Id": uuid, "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"}
    found = client.get_event_source_mapping(UUID=uuid)
    assert (found["State"], found["BatchSize"], found["FilterCriteria"]) == (
        "Enabled", 5, {"Filters": [{"Pattern": '{"body": ["a"]}'}]},
    )  # fmt: skip
    changed = deepcopy(mapping)
    changed["Properties"] = {
        "FunctionName": {"Ref": "Orders"},
        "EventSourceArn": queue,
        "Enabled": "false",
        "Tags": [{"Key": "team", "Value": "office"}],
    }
    stack.deploy({"Orders": function(), "Mapping": changed})
    found = client.get_event_source_mapping(UUID=uuid)
    assert (found["State"], found["BatchSize"], found.get("FilterCriteria"), found.get("FunctionResponseTypes")) == (
        "Disabled", 10, None, [],
    )  # fmt: skip
    assert client.list_tags(Resource=outputs["Arn"])["Tags"] == {"team": "office"}
    stack.delete()
    assert client.list_event_source_mappings()["EventSourceMappings"] == []


def test_another_source_is_another_mapping(stack: Stacks, client: Any, queue: str) -> None:
    boto3.client("sqs", REGION).create_queue(QueueName="other")
    outputs = []
    for name in ("orders", "other"):
        arn = queue.replace("orders", name)
        mapping = resource("EventSourceMapping", EventSourceArn=arn)
        outputs.append(stack.deploy({"Orders": function(), "Mapping": mapping}, {"Id": {"Ref": "Mapping"}})["Id"])
    (left,) = client.list_event_source_mappings()["EventSourceMappings"]
    assert [left["UUID"]] == outputs[1:] != outputs[:1]


# ---- layers ----


def test_layers(stack: Stacks, client: Any, zipped: Any) -> None:
    s3 = boto3.client("s3", REGION)
    s3.create_bucket(Bucket="code")
    for number in (1, 2):
        s3.put_object(Bucket="code", Key=f"{number}.zip", Body=zipped({"python/shared.py": f"word = 'layer {number}'"}))
    source = "import shared\ndef handler(event, context): return shared.word"
    for number in (1, 2):
        layer = {"LayerName": "shared", "Content": {"S3Bucket": "code", "S3Key": f"{number}.zip"}, "CompatibleRuntimes": ["python3.13"]}
        permission = {"LayerVersionArn": {"Ref": "Shared"}, "Action": "lambda:GetLayerVersion", "Principal": "*"}
        outputs = stack.deploy(
            {
                "Orders": function(Code={"ZipFile": source}, Layers=[{"Ref": "Shared"}]),
                "Shared": {"Type": "AWS::Lambda::LayerVersion", "Properties": layer},
                "MayUse": {"Type": "AWS::Lambda::LayerVersionPermission", "Properties": permission},
            },
            {"Ref": {"Ref": "Shared"}, "Arn": {"Fn::GetAtt": ["Shared", "LayerVersionArn"]}, "Statement": {"Ref": "MayUse"}},
        )
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shared:{number}"
        assert (outputs["Ref"], outputs["Arn"]) == (arn, arn)
        assert invoked(client) == f"layer {number}"
        (statement,) = json.loads(client.get_layer_version_policy(LayerName="shared", VersionNumber=number)["Policy"])["Statement"]
        assert (statement["Sid"], statement["Resource"]) == (outputs["Statement"], arn)
        assert [found["Version"] for found in client.list_layer_versions(LayerName="shared")["LayerVersions"]] == [number]
    stack.delete()
    assert client.list_layers()["Layers"] == []


def test_a_layer_without_a_name_has_one_of_the_stack(stack: Stacks, client: Any, zipped: Any) -> None:
    boto3.client("s3", REGION).create_bucket(Bucket="code")
    boto3.client("s3", REGION).put_object(Bucket="code", Key="1.zip", Body=zipped({"python/shared.py": ""}))
    stack.deploy({"Shared": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": {"S3Bucket": "code", "S3Key": "1.zip"}}}})
    (layer,) = client.list_layers()["Layers"]
    assert layer["LayerName"].startswith("shop-Shared-")


# ---- what is refused ----


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"Role": ...}, "Properties validation failed for resource Orders with message:\n#: required key [Role] not found"),
        ({"Colour": 1}, "Properties validation failed for resource Orders with message:\n#: extraneous key [Colour] is not permitted"),
        ({"Publish": True}, "Properties validation failed for resource Orders with message:\n#: extraneous key [Publish] is not permitted"),
        (
            {"Code": {"ZipFile": SOURCE, "Zip": 1}},
            "Properties validation failed for resource Orders with message:\n#/Code: extraneous key [Zip] is not permitted",
        ),
        (
            {"MemorySize": "much"},
            "Properties validation failed for resource Orders with message:\n#/MemorySize: expected type: Integer, found: String",
        ),
        (
            {"Runtime": "provided.al2023"},
            "ZipFile can only be used when Runtime is set to either of nodejs, python; it is provided.al2023.",
        ),
    ],
)
def test_properties_that_are_none(stack: Stacks, client: Any, properties: dict[str, Any], message: str) -> None:
    assert stack.refusal({"Orders": function(**properties)}) == message
    assert client.list_functions()["Functions"] == []


@pytest.mark.parametrize(
    ("resources", "lambda_s", "code"),
    [
        ({"Orders": function(MemorySize=1)}, "Member must have value greater than or equal to 128", "InvalidRequest"),
        ({"Orders": function(Code={"S3Bucket": "none", "S3Key": "k"})}, "S3 Error Code: NoSuchBucket", "InvalidRequest"),
        ({"Orders": function(), "Twin": function()}, "Function already exist: orders", "AlreadyExists"),
        (
            {"Live": resource("Alias", FunctionName="orders", Name="live", FunctionVersion="7"), "Orders": function()},
            f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders", "NotFound",
        ),
        ({"Orders": function(ReservedConcurrentExecutions=5000)}, "Specified ReservedConcurrentExecutions for function", "InvalidRequest"),
    ],
)  # fmt: skip
def test_what_lambda_refuses_the_stack_does(stack: Stacks, resources: dict[str, Any], lambda_s: str, code: str) -> None:
    message = stack.refusal(resources)
    assert message.startswith('Resource handler returned message: "')
    assert lambda_s in message
    assert f"HandlerErrorCode: {code}). The following resource(s) failed: [" in message


def test_of_a_resource_that_fails_nothing_stays(stack: Stacks, client: Any) -> None:
    stack.refusal({"Orders": function(ReservedConcurrentExecutions=5000)})
    assert client.list_functions()["Functions"] == []
    stack.delete()


def test_nothing_new_to_publish(stack: Stacks) -> None:
    message = stack.refusal({"Orders": function(), "First": resource("Version"), "Second": resource("Version")})
    assert "A version for this Lambda function exists ( 1 ). Modify the function to create a new version." in message


def test_a_configuration_needs_a_qualifier(stack: Stacks) -> None:
    message = stack.refusal({"Orders": function(), "Retries": resource("EventInvokeConfig", MaximumRetryAttempts=1)})
    assert message.endswith("#: required key [Qualifier] not found")


def test_properties_that_are_no_structure(stack: Stacks) -> None:
    message = stack.refusal({"Orders": {"Type": "AWS::Lambda::Function", "Properties": ["orders"]}})
    assert message.endswith("#: expected type: JSONObject, found: JSONArray")


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        (
            {
                "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["kafka:9092"]}},
                "SourceAccessConfigurations": [
                    {"Type": "SASL_SCRAM_512_AUTH", "URI": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:kafka-abcdef"}
                ],
                "Topics": ["orders"],
                "StartingPosition": "LATEST",
            },
            None,
        ),
        ({"SelfManagedEventSource": "kafka"}, "#/SelfManagedEventSource: expected type: JSONObject, found: String"),
        ({"SelfManagedEventSource": {"Endpoints": []}}, "#/SelfManagedEventSource/Endpoints: expected type: JSONObject, found: JSONArray"),
        ({"BatchSize": True}, "#/BatchSize: expected type: Integer, found: Boolean"),
    ],
)
def test_a_mapping_of_kafka(stack: Stacks, client: Any, mapping: dict[str, Any], expected: str | None) -> None:
    resources = {"Orders": function(), "Mapping": resource("EventSourceMapping", **mapping)}
    if expected is None:
        stack.deploy(resources)
        (found,) = client.list_event_source_mappings()["EventSourceMappings"]
        assert found["SelfManagedEventSource"]["Endpoints"] == {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:9092"]}
    else:
        assert stack.refusal(resources).endswith(expected)


def test_attributes_that_are_none(stack: Stacks) -> None:
    assert "Colour" in stack.refusal({"Orders": function()}, {"Colour": {"Fn::GetAtt": ["Orders", "Colour"]}})
    assert "does not support attribute type" in stack.refusal(
        {"Orders": function(), "Other": function(Description={"Fn::GetAtt": ["Orders", "Colour"]}, FunctionName="other")}
    )


def test_a_failing_update_is_not_tried_again_and_deletes_nothing(stack: Stacks, client: Any) -> None:
    stack.deploy(release("one", "First"))
    failing = release("two", "Second")
    failing["Orders"]["Properties"]["MemorySize"] = 1
    assert "greater than or equal to 128" in stack.refusal(failing)
    assert (invoked(client, "orders:live"), versions(client)) == (["one", "1"], ["$LATEST", "1"])


@pytest.mark.parametrize("kind", ["AWS::Lambda::Url", "AWS::Lambda::CodeSigningConfig"])
def test_other_resources_of_lambda_are_not_modelled(stack: Stacks, kind: str) -> None:
    with pytest.raises(NotModelled, match=f"{kind} is not modelled by fakelambda"):
        stack.deploy({"Thing": {"Type": kind, "Properties": {}}})


def test_custom_resources_are_not_modelled(stack: Stacks) -> None:
    custom = {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Orders", "Arn"]}}}
    with pytest.raises(NotModelled, match="Custom resources"):
        stack.deploy({"Orders": function(), "Thing": custom})


# ---- whose stacks ----


def test_stacks_delete_what_was_retained_by_nobody(stack: Stacks, client: Any) -> None:
    resources = release("one", "First")
    resources["Orders"]["DeletionPolicy"] = "Retain"
    stack.deploy(resources)
    client.delete_alias(FunctionName="orders", Name="live")  # what is gone already is deleted all the same
    stack.delete()
    assert (invoked(client), versions(client)) == (["one", "$LATEST"], ["$LATEST"])


def test_what_others_still_use_cannot_be_deleted(stack: Stacks, client: Any) -> None:
    stack.deploy({"Orders": {**function(), "DeletionPolicy": "Retain"}, "First": resource("Version")})
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    with pytest.raises(ClientError, match="Unable to delete version because the following aliases reference it"):
        stack.delete()
    client.delete_alias(FunctionName="orders", Name="live")


def test_a_stack_outlives_its_fake(stack: Stacks, fake: FakeLambda, client: Any) -> None:
    with FakeLambda():
        stack.deploy({"Orders": function()})
    assert client.list_functions()["Functions"] == []
    stack.delete()
    stack.deploy({"Orders": function()})
    fake.stop()
    stack.delete()
    fake.start()
    assert list(fake.functions) == ["orders"]


def test_without_a_fake_moto_makes_its_own(stack: Stacks, fake: FakeLambda) -> None:
    fake.stop()
    role = boto3.client("iam", REGION).create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    stack.deploy({"Orders": function(Role=role)})
    client = boto3.client("lambda", REGION)
    stack.deploy({"Orders": function(Role=role), "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}})
    fake.start()
    assert client.list_functions()["Functions"] == []
    with pytest.raises(NotModelled, match="made while no FakeLambda was active"):
        stack.deploy({"Orders": function(Role=role, MemorySize=256)})
    stack.delete()
    fake.stop()
    assert client.list_functions()["Functions"] == []
    fake.start()
