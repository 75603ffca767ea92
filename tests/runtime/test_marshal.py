from __future__ import annotations

import collections
import enum
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from unittest.mock import Mock
from uuid import UUID

import pytest

from fakelambda.runtime import marshal
from fakelambda.runtime.failures import Fault


class Point(NamedTuple):
    x: Any
    y: Any


class Number(enum.IntEnum):
    ONE = 1


class Text(enum.StrEnum):
    A = "a"


class Plain(enum.Enum):
    A = "a"


@dataclass
class Order:
    id: int


class SubFloat(float):
    def __repr__(self) -> str:
        return "never shown"


class SubText(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "never shown"


class SubDict(dict[str, int]):
    def items(self) -> Any:
        return [("instead", 1)]


class Odd:
    def _asdict(self) -> Any:
        return 5


WRITTEN = [
    ({"a": [1, 2.5, "x", None, True]}, '{"a": [1, 2.5, "x", null, true]}'),
    ("é\u2028\U0001f600", '"é\u2028\U0001f600"'),
    ({2: "a", 1.5: "b", True: "c", None: "d"}, '{"2": "a", "1.5": "b", "true": "c", "null": "d"}'),
    ({False: 1, Number.ONE: 2, Text.A: 3, b"k": 4}, '{"false": 1, "1": 2, "a": 3, "k": 4}'),
    ((1, (2,)), "[1, [2]]"),
    (Point(1, Point(2, ())), '{"x": 1, "y": {"x": 2, "y": []}}'),
    ([Decimal("1.10"), Decimal("1E+5"), Decimal("NaN")], "[1.10, 1E+5, NaN]"),
    ([math.nan, math.inf, -math.inf], "[NaN, Infinity, -Infinity]"),
    ([SubFloat(1.5), SubFloat("nan"), -0.0, 10**30], f"[1.5, NaN, -0.0, {10**30}]"),
    ([Number.ONE, Text.A], '[1, "a"]'),
    ([b"caf\xc3\xa9"], '["café"]'),
    (collections.OrderedDict(a=collections.Counter("aa")), '{"a": {"a": 2}}'),
    ([[], {}, collections.OrderedDict(), Point([], {})], '[[], {}, {}, {"x": [], "y": {}}]'),
    ("\ud800", '"\\ud800"'),
    ({"\ud800": SubText("a")}, '{"\\ud800": "a"}'),
    ({SubText("k"): SubText("v")}, '{"k": "v"}'),
    (SubDict(a=2), '{"instead": 1}'),
    ({"1": "a", 1: "b"}, '{"1": "a", "1": "b"}'),
    (-(10**400), f"-{10**400}"),
    ('\x00\x1f\x7f"\\', '"\\u0000\\u001f\x7f\\"\\\\"'),
    (True, "true"),
    (None, "null"),
]


@pytest.mark.parametrize(("value", "text"), WRITTEN)
def test_results_are_written_as_the_runtime_writes_them(value: Any, text: str) -> None:
    assert marshal.marshal(value, ascii_only=False) == text.encode()


def test_bytes_are_the_payload_as_they_are() -> None:
    assert marshal.marshal(b"\xff{", ascii_only=False) == b"\xff{"


@pytest.mark.parametrize("value", ["é\U0001f600", [Decimal(1), "é\U0001f600"]])
def test_older_runtimes_escape_what_is_not_ascii(value: Any) -> None:
    assert rb'"\u00e9\ud83d\ude00"' in marshal.marshal(value, ascii_only=True)
    assert [marshal.writes_ascii(runtime) for runtime in ("python3.11", "python3.12", "python3.14")] == [True, False, False]


circular: list[Any] = []
circular.append(circular)
nested: list[Any] = []
for _ in range(5000):
    nested = [nested]

NOT_WRITTEN = [
    (({1}), "Object of type set is not JSON serializable"),
    (Plain.A, "Object of type Plain is not JSON serializable"),
    ([bytearray()], "Object of type bytearray is not JSON serializable"),
    ([datetime(2025, 1, 1, tzinfo=UTC)], "Object of type datetime is not JSON serializable"),
    (UUID(int=0), "Object of type UUID is not JSON serializable"),
    (Order(1), "Object of type Order is not JSON serializable"),
    (Point, "Object of type type is not JSON serializable"),
    (range(1), "Object of type range is not JSON serializable"),
    ((number for number in [1]), "Object of type generator is not JSON serializable"),
    (MappingProxyType({}), "Object of type mappingproxy is not JSON serializable"),
    (ValueError("x"), "Object of type ValueError is not JSON serializable"),
    (1j, "Object of type complex is not JSON serializable"),
    (Mock(), "Object of type Mock is not JSON serializable"),
    (Odd(), "_asdict() must return a dict, not int"),
    ({(1,): 1}, "keys must be str, int, float, bool or None, not tuple"),
    ({Decimal(1): 1}, "keys must be str, int, float, bool or None, not Decimal"),
    (circular, "Circular reference detected"),
    (nested, "maximum recursion depth exceeded while encoding a JSON object"),
    ([b"\xff"], "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
]


@pytest.mark.parametrize(("value", "reason"), NOT_WRITTEN, ids=[reason for _, reason in NOT_WRITTEN])
def test_what_has_no_json_form_is_a_marshal_error(value: Any, reason: str) -> None:
    with pytest.raises(Fault) as raised:
        marshal.marshal(value, ascii_only=False)
    assert (raised.value.error_type, raised.value.message) == ("Runtime.MarshalError", f"Unable to marshal response: {reason}")


def test_an_event_is_parsed_anew_each_time() -> None:
    first, second = (marshal.unmarshal(b'{"a": []}') for _ in range(2))
    assert first == second == {"a": []}
    assert first["a"] is not second["a"]


def test_an_event_that_is_no_json() -> None:
    with pytest.raises(Fault, match=r"^Unable to unmarshal input: Expecting value: line 1 column 1 \(char 0\)$") as raised:
        marshal.unmarshal(b"x")
    assert raised.value.error_type == "Runtime.UnmarshalError"
