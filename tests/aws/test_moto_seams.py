"""How what stands in moto's places gets there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings
from types import ModuleType
from typing import TYPE_CHECKING, Any

import moto.awslambda.utils
import pytest

from fakelambda import FakeLambda
from fakelambda.aws import moto_seams

if TYPE_CHECKING:
    from collections.abc import Callable

AFTER_THE_FAKE = """
import sys, warnings
warnings.simplefilter("error")
import boto3
from fakelambda import FakeLambda
with FakeLambda() as fake:
    assert not [name for name in sys.modules if name.split(".")[0] == "moto"]
    from moto import mock_aws
    with mock_aws():
        seen = []
        arn = fake.add_function("seer", lambda event, context: seen.append(event))
        permission = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
        fake.client().add_permission(FunctionName="seer", **permission)
        {program}
    import moto.sns.models as models
    assert type(models.__loader__).__name__ == type(models.__spec__.loader).__name__ == "SourceFileLoader"
    assert "def publish" in __import__("inspect").getsource(models.Subscription.publish.__wrapped__)
from fakelambda.aws import moto_seams
assert moto_seams._finder not in sys.meta_path
"""
PROGRAMS = {
    "by the test": """
        sns = boto3.client("sns", region_name="us-east-1")
        topic = sns.create_topic(Name="t")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
        sns.publish(TopicArn=topic, Message="hello")
        assert seen[0]["Records"][0]["Sns"]["TopicArn"] == topic
    """,
    "by deployed code": """
        from pathlib import Path
        from tempfile import TemporaryDirectory
        with TemporaryDirectory() as directory:
            Path(directory, "app.py").write_text(
                "import boto3\\n"
                "def handler(event, context):\\n"
                "    sns = boto3.client('sns', region_name='us-east-1')\\n"
                "    topic = sns.create_topic(Name='t')['TopicArn']\\n"
                "    sns.subscribe(TopicArn=topic, Protocol='lambda', Endpoint=event)\\n"
                "    sns.publish(TopicArn=topic, Message='hello')\\n"
            )
            fake.add_function("publisher", source=directory, Handler="app.handler")
            answer = fake.client().invoke(FunctionName="publisher", Payload='"' + arn + '"')
            assert "FunctionError" not in answer, answer["Payload"].read()
        assert seen[0]["Records"][0]["Sns"]["Message"] == "hello"
    """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_moto_may_be_imported_after_the_fake_was_started(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AFTER_THE_FAKE.replace("{program}", program.strip())], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_fakes_change_moto_once_and_leave_no_finder(fake: FakeLambda) -> None:
    ours: Any = moto.awslambda.utils.get_backend
    with FakeLambda():
        assert moto.awslambda.utils.get_backend is ours
    assert hasattr(ours, "__wrapped__")
    assert not hasattr(ours.__wrapped__, "__wrapped__")
    assert sys.meta_path.count(moto_seams._finder) == 1
    fake.stop()
    assert moto_seams._finder not in sys.meta_path
    fake.start()


def test_what_a_test_takes_away_is_put_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeLambda():
        ours: Any = moto.awslambda.utils.get_backend
    monkeypatch.setattr(moto.awslambda.utils, "get_backend", ours.__wrapped__)
    with FakeLambda():
        assert moto.awslambda.utils.get_backend is not ours.__wrapped__


def test_another_moto_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    stranger: Any = ModuleType("moto.stranger")
    stranger.Rule = type("Rule", (), {})
    monkeypatch.setitem(sys.modules, "moto.stranger", stranger)
    seams: dict[str, dict[str, Callable[[Any], Any]]] = {"moto.stranger": {"Rule.send": lambda original: original, "gone": print}}
    monkeypatch.setattr(moto_seams, "SEAMS", seams)
    with pytest.warns(RuntimeWarning) as warned, FakeLambda():
        pass
    assert [str(warning.message) for warning in warned] == [
        f"This version of moto has no moto.stranger.{name}: what it does there does not reach fakelambda." for name in ("Rule.send", "gone")
    ]


def test_a_fake_that_such_a_warning_keeps_from_starting_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.stranger", ModuleType("moto.stranger"))
    monkeypatch.setattr(moto_seams, "SEAMS", {"moto.stranger": {"gone": print}})
    before = (type(os.environ), time.sleep, moto_seams._users, sys.meta_path.count(moto_seams._finder))
    fake = FakeLambda()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            fake.start()
    assert (type(os.environ), time.sleep, moto_seams._users, sys.meta_path.count(moto_seams._finder)) == before
    with pytest.raises(RuntimeError, match="not active"):
        fake.stop()


def test_a_module_that_is_just_being_imported_is_left_to_its_importer(monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished: Any = ModuleType("moto.stranger")
    unfinished.__spec__ = type("Spec", (), {"_initializing": True})()
    monkeypatch.setitem(sys.modules, "moto.stranger", unfinished)
    monkeypatch.setattr(moto_seams, "SEAMS", {"moto.stranger": {"not there yet": print}})
    with FakeLambda():
        pass


def test_modules_that_nobody_finds_stay_missing(fake: FakeLambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto_seams, "SEAMS", {"moto.nowhere": {}})
    with pytest.raises(ModuleNotFoundError, match=r"moto\.nowhere"):
        __import__("moto.nowhere")


def test_many_threads_may_start_fakes(fake: FakeLambda) -> None:
    def start_and_stop() -> None:
        for _ in range(20):
            with FakeLambda():
                pass

    threads = [threading.Thread(target=start_and_stop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.meta_path.count(moto_seams._finder) == 1
