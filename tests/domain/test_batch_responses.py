"""What answers to a batch mean, with every malformed one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakelambda.domain.batch_responses import failed_positions

IDENTIFIERS = ["a", "b", "c", None]
NOTHING: list[int] = []
EVERYTHING = [0, 1, 2, 3]


def failures(*identifiers: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, NOTHING),
        ("", NOTHING),
        ([], NOTHING),
        ({}, NOTHING),
        ({"batchItemFailures": None}, NOTHING),
        ({"batchItemFailures": []}, NOTHING),
        ({"somethingElse": 1}, NOTHING),
        (failures("b"), [1]),
        (failures("c", "a"), [0, 2]),
        (failures("a", "a"), [0]),
        ({**failures("a"), "state": {}}, [0]),
        (failures(""), EVERYTHING),
        (failures(None), EVERYTHING),
        (failures(1), EVERYTHING),
        (failures(["a"]), EVERYTHING),
        (failures("a", "unknown"), EVERYTHING),
        ({"batchItemFailures": [{"foo": "a"}]}, EVERYTHING),
        ({"batchItemFailures": [{"foo": None}]}, EVERYTHING),
        ({"batchItemFailures": ["a"]}, EVERYTHING),
        ({"batchItemFailures": [None]}, EVERYTHING),
        ({"batchItemFailures": "a"}, EVERYTHING),
        ({"batchItemFailures": {}}, EVERYTHING),
        ("text", EVERYTHING),
        (["a"], EVERYTHING),
        (0, EVERYTHING),
        (False, EVERYTHING),
    ],
)
def test_what_an_answer_says_of_its_batch(answer: Any, expected: list[int]) -> None:
    assert list(failed_positions(json.dumps(answer).encode(), lambda: IDENTIFIERS, 4)) == expected


def test_what_is_no_json_fails_the_batch() -> None:
    assert list(failed_positions(b"\xff", lambda: IDENTIFIERS, 4)) == EVERYTHING
