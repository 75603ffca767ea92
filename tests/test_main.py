import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from fakelambda.__main__ import main


@pytest.fixture
def tour(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Runs the tour as a user without any AWS configuration; what it printed."""
    home = tmp_path_factory.mktemp("home")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    def run() -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "fakelambda"],
            env={**environment, "HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stderr, done.returncode) == ("", 0)
        return done.stdout

    return run


def test_the_tour_deploys_shifts_routes_rolls_back_and_waits(tour: Callable[[], str]) -> None:
    told = tour()

    rest = " ".join(told.split())
    for said in (
        "1. Deploy a zip",
        "create_function State Pending",
        "invoke ResourceConflictException: The operation cannot be performed at this time.",
        "The function is currently in the following state: Pending",
        "wait function_active_v2 State Active, after seconds of the fake's clock and none of yours",
        'invoke {"order": 7, "total": 60.0, "version": "$LATEST"}',
        "publish_version version 1",
        "create_alias arn:aws:lambda:us-east-1:123456789012:function:orders:live",
        "publish_version version 2",
        "version 1 ############################################# 905 invocations, 0 failed",
        "version 2 #### 95 invocations, 95 failed",
        'invoke {"order": 7, "total": 60.0, "version": "1"}',
        "invoke FunctionError Unhandled, KeyError: 'price'",
        "fake.invocations the last one ended with KeyError('price')",
        "update_alias 100 invocations, all by version 1",
        "update_alias ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:123456789012:function:orders:9",
        "delete_function ResourceConflictException: Unable to delete version because the following aliases reference it: [live]",
        "invoke Event StatusCode 202",
        "fake.pending asynchronous invocation of orders",
        'fake.run_due the handler answered {"order": 7, "total": 60.0, "version": "1"}',
    ):
        before, found, rest = rest.partition(said)
        assert found, f"{said!r} in {before!r}"
    assert "\x1b" not in told
    assert max(map(len, told.splitlines())) <= 110


def test_the_tour_is_the_same_every_time(tour: Callable[[], str], capsys: pytest.CaptureFixture[str]) -> None:
    main()
    assert capsys.readouterr().out == tour()


def test_titles_are_bold_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    main()
    bold = capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main()
    plain = capsys.readouterr().out
    assert "\n\x1b[1m5. Roll back\x1b[0m\n" in bold
    assert "\n5. Roll back\n" in plain
