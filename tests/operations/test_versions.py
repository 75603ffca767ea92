"""Published versions: numbered, frozen, and only where something has changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakelambda import FakeLambda, NotModelled

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
NOT_LISTED = {"State", "LastUpdateStatus", "RuntimeVersionConfig"}
OUTDATED = (
    "412 PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. "
    "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
)


@pytest.fixture(autouse=True)
def orders(fake: FakeLambda) -> None:
    fake.add_function("orders", lambda event, context: context.function_version, Description="first")


def latest(client: Any) -> dict[str, Any]:
    configuration: dict[str, Any] = client.get_function_configuration(FunctionName="orders")
    del configuration["ResponseMetadata"]
    return configuration


def change(client: Any, description: str) -> None:
    client.update_function_configuration(FunctionName="orders", Description=description)


def test_a_version_is_what_latest_was(client: Any, answered: Any) -> None:
    before = latest(client)
    status, version = answered("publish_version", FunctionName="orders")
    own = {"FunctionArn": f"{ARN}:1", "Version": "1", "RevisionId": version["RevisionId"], "LastModified": version["LastModified"]}
    assert (status, version) == (201, {**before, **own})
    assert len({before["RevisionId"], version["RevisionId"], latest(client)["RevisionId"]}) == 3
    change(client, "second")
    client.tag_resource(Resource=ARN, Tags={"k": "v"})
    assert answered("get_function_configuration", FunctionName="orders", Qualifier="1") == (200, version)


def test_a_description_is_the_versions_own_or_inherited(client: Any) -> None:
    assert client.publish_version(FunctionName="orders")["Description"] == "first"
    change(client, "second")
    assert client.publish_version(FunctionName="orders", Description="own")["Description"] == "own"
    assert latest(client)["Description"] == "second"
    change(client, "third")
    assert client.publish_version(FunctionName="orders", Description="")["Description"] == ""


def test_without_a_change_the_last_version_is_answered_again(client: Any, answered: Any, everything: Any) -> None:
    first = answered("publish_version", FunctionName="orders")
    before = everything(client)
    assert answered("publish_version", FunctionName="orders", Description="ignored") == first
    assert everything(client) == before


@pytest.mark.parametrize(
    ("operation", "parameters", "number"),
    [
        ("update_function_configuration", {"FunctionName": "orders", "Description": "other"}, "2"),
        ("update_function_configuration", {"FunctionName": "orders", "Timeout": 7}, "2"),
        ("tag_resource", {"Resource": ARN, "Tags": {"k": "v"}}, "1"),
        ("put_function_concurrency", {"FunctionName": "orders", "ReservedConcurrentExecutions": 1}, "1"),
        ("add_permission", {"FunctionName": "orders", "StatementId": "s", "Action": "lambda:*", "Principal": "*"}, "1"),
        ("put_function_event_invoke_config", {"FunctionName": "orders", "MaximumRetryAttempts": 1}, "1"),
        ("create_alias", {"FunctionName": "orders", "Name": "live", "FunctionVersion": "1"}, "1"),
    ],
)
def test_what_makes_a_new_version_possible(client: Any, operation: str, parameters: dict[str, Any], number: str) -> None:
    client.publish_version(FunctionName="orders")
    getattr(client, operation)(**parameters)
    assert client.publish_version(FunctionName="orders")["Version"] == number


def test_the_code_may_be_insisted_on(client: Any, refused: Any) -> None:
    digest = latest(client)["CodeSha256"]
    assert refused("publish_version", FunctionName="orders", CodeSha256="other") == (
        f"400 InvalidParameterValueException: CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({digest}). "
        "Please try again with the CodeSHA256 in $LATEST."
    )
    assert client.publish_version(FunctionName="orders", CodeSha256=digest)["Version"] == "1"


def test_the_revision_may_be_insisted_on(client: Any, refused: Any) -> None:
    assert refused("publish_version", FunctionName="orders", RevisionId="wrong") == OUTDATED
    revision = latest(client)["RevisionId"]
    assert client.publish_version(FunctionName="orders", RevisionId=revision)["Version"] == "1"
    assert refused("publish_version", FunctionName="orders", RevisionId=revision) == OUTDATED


@pytest.mark.parametrize("operation", ["publish_version", "list_versions_by_function"])
def test_a_function_that_is_not_there(refused: Any, operation: str) -> None:
    assert refused(operation, FunctionName="nowhere") == (
        "404 ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:123456789012:function:nowhere"
    )


def test_versions_are_listed_after_latest_in_ascending_order(client: Any, answered: Any) -> None:
    for number in range(1, 12):
        change(client, f"{number}.")
        client.publish_version(FunctionName="orders")
    client.delete_function(FunctionName="orders", Qualifier="2")
    status, listed = answered("list_versions_by_function", FunctionName="orders")
    numbers = ["$LATEST", "1", *map(str, range(3, 12))]
    assert (status, listed.keys()) == (200, {"Versions"})
    assert [version["Version"] for version in listed["Versions"]] == numbers
    assert [version["FunctionArn"] for version in listed["Versions"]] == [f"{ARN}:{number}" for number in numbers]
    for version in listed["Versions"]:
        read = client.get_function_configuration(FunctionName="orders", Qualifier=version["Version"])
        assert version == {name: value for name, value in read.items() if name not in {*NOT_LISTED, "ResponseMetadata"}}


def test_versions_keep_their_code_and_settings(client: Any, zipped: Any) -> None:
    source = "import os\ndef handler(event, context):\n    return [{}, os.environ['MODE'], context.function_version]\n"
    settings = {"Runtime": "python3.12", "Role": "arn:aws:iam::123456789012:role/r", "Handler": "app.handler"}
    client.create_function(
        FunctionName="deployed",
        Code={"ZipFile": zipped({"app.py": source.format(1)})},
        Environment={"Variables": {"MODE": "a"}},
        Publish=True,
        **settings,
    )
    client.update_function_code(FunctionName="deployed", ZipFile=zipped({"app.py": source.format(2)}))
    client.update_function_configuration(FunctionName="deployed", Environment={"Variables": {"MODE": "b"}})
    client.publish_version(FunctionName="deployed")
    client.update_function_configuration(FunctionName="deployed", Environment={"Variables": {"MODE": "c"}})
    results = {
        qualifier: json.load(client.invoke(FunctionName="deployed", Qualifier=qualifier)["Payload"]) for qualifier in ("1", "2", "$LATEST")
    }
    assert results == {"1": [1, "a", "1"], "2": [2, "b", "2"], "$LATEST": [2, "c", "$LATEST"]}


# ---- SnapStart ----

SNAP_START = "import os\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"


@pytest.fixture
def snapped(fake: FakeLambda, client: Any, zipped: Any) -> None:
    """A function of which published versions are to be snapshotted."""
    client.create_function(
        FunctionName="snapped",
        Role="arn:aws:iam::123456789012:role/r",
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": zipped({"app.py": SNAP_START})},
        SnapStart={"ApplyOn": "PublishedVersions"},
    )
    fake.advance(60)


def how_it_is(configuration: dict[str, Any]) -> tuple[str, str | None, str | None, str]:
    reason, code = configuration.get("StateReason"), configuration.get("StateReasonCode")
    return configuration["State"], reason, code, configuration["SnapStart"]["OptimizationStatus"]


@pytest.mark.usefixtures("snapped")
@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_a_version_with_snap_start_is_pending_until_its_snapshot_is_taken(fake: FakeLambda, client: Any, refused: Any) -> None:
    taking, taken = ("Pending", "The function is being created.", "Creating", "On"), ("Active", None, None, "On")
    published = client.publish_version(FunctionName="snapped")
    assert (how_it_is(published), "LastUpdateStatus" in published) == (taking, False)
    assert how_it_is(client.get_function_configuration(FunctionName="snapped")) == ("Active", None, None, "Off")
    assert client.publish_version(FunctionName="snapped")["Version"] == "1"
    assert refused("invoke", FunctionName="snapped", Qualifier="1") == (
        "409 SnapStartNotReadyException: Lambda is initializing your function. "
        "You can invoke the function when the function state becomes Active."
    )
    assert json.load(client.invoke(FunctionName="snapped")["Payload"]) == "on-demand"
    client.create_alias(FunctionName="snapped", Name="live", FunctionVersion="1")
    fake.advance(19)
    assert how_it_is(client.get_function_configuration(FunctionName="snapped", Qualifier="1")) == taking
    client.get_waiter("published_version_active").wait(FunctionName="snapped", Qualifier="1")
    assert how_it_is(client.get_function_configuration(FunctionName="snapped", Qualifier="1")) == taken
    assert json.load(client.invoke(FunctionName="snapped", Qualifier="live")["Payload"]) == "snap-start"


@pytest.mark.usefixtures("snapped")
@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_latest_may_change_while_a_snapshot_is_taken(client: Any) -> None:
    client.publish_version(FunctionName="snapped")
    client.update_function_configuration(FunctionName="snapped", SnapStart={"ApplyOn": "None"})
    client.get_waiter("function_updated_v2").wait(FunctionName="snapped")
    second = client.publish_version(FunctionName="snapped")
    assert (second["Version"], *how_it_is(second)) == ("2", "Active", None, None, "Off")
    client.get_waiter("published_version_active").wait(FunctionName="snapped", Qualifier="1")


@pytest.mark.usefixtures("snapped")
@pytest.mark.parametrize("lifecycle", ["realistic"])
def test_a_version_deleted_while_its_snapshot_is_taken(fake: FakeLambda, client: Any, refused: Any) -> None:
    client.publish_version(FunctionName="snapped")
    client.delete_function(FunctionName="snapped", Qualifier="1")
    fake.advance(60)
    assert refused("get_function_configuration", FunctionName="snapped", Qualifier="1").startswith("404")


@pytest.mark.usefixtures("snapped")
def test_an_instant_snapshot_is_taken_by_the_next_call(client: Any) -> None:
    assert client.publish_version(FunctionName="snapped")["State"] == "Pending"
    assert client.get_function_configuration(FunctionName="snapped", Qualifier="1")["State"] == "Active"


def test_publishing_elsewhere_is_not_modelled(client: Any) -> None:
    with pytest.raises(NotModelled, match="PublishTo"):
        client.publish_version(FunctionName="orders", PublishTo="LATEST_PUBLISHED")
