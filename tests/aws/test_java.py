"""Patterns and values as Java has them."""

from __future__ import annotations

import sys
import unicodedata
from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel

from fakelambda.aws import java

HIDDEN = "*** Sensitive Data Redacted ***"
MODEL: Any = botocore.session.get_session().get_service_model("lambda")
OWN = ServiceModel(
    {
        "metadata": {},
        "shapes": {
            "Number": {"type": "double"},
            "Text": {"type": "string"},
            "Secret": {"type": "string", "sensitive": True},
            "Blob": {"type": "blob"},
            "Texts": {"type": "list", "member": {"shape": "Text"}},
            "Pair": {"type": "structure", "members": {"Left": {"shape": "Secret"}, "Right": {"shape": "Blob"}}},
            "Pairs": {"type": "list", "member": {"shape": "Pair"}},
            "Numbers": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
        },
    }
)


def shapes_with_patterns() -> list[str]:
    shapes = (MODEL.shape_for(name) for name in MODEL.shape_names)
    return sorted({str(shape.metadata["pattern"]) for shape in shapes if "pattern" in shape.metadata})


@pytest.mark.parametrize("pattern", shapes_with_patterns())
def test_every_pattern_of_the_model_compiles(pattern: str) -> None:
    compiled = java.pattern(pattern)
    assert compiled.fullmatch("\ud800\n") is None or r"\S" in pattern or "[^" in pattern


@pytest.mark.parametrize("shape", ["TagKey", "TagValue"])
def test_letters_separators_and_numbers_are_those_of_unicode(shape: str) -> None:
    matches = java.pattern(MODEL.shape_for(shape).metadata["pattern"]).fullmatch
    for character in map(chr, range(sys.maxunicode + 1)):
        assert (matches(character) is not None) == (unicodedata.category(character)[0] in "LZN" or character in "_.:/=+-@"), hex(
            ord(character)
        )


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (r"\d+", "12", True),
        (r"\d+", "١٢", False),
        (r"[\d-]+", "1-2", True),
        (r"[^\s]+", "\u3000", True),
        (r"[^\s]+", "a b", False),
        (r"\w", "é", False),
        (r"[\s\S]*", "\x1f\x85\u2028\U0010ffff", True),
        (r"\S", "\u3000", True),
        (r"\S", "\t", False),
        (r"\D+", "\u0661x", True),
        (r"\D", "1", False),
        (r"\W+", "é[\\]^`{@/:", True),
        (r"\W", "_", False),
        (r".*", "a\u2028b", False),
        (r".*", "a\rb", False),
        (r"[.]", "x", False),
        (r"\.", ".", True),
        (r"a|bc", "bc", True),
        (r"a", "a\n", False),
    ],
)
def test_patterns_mean_what_java_means(pattern: str, text: str, fits: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (java.pattern(pattern).fullmatch(text) is not None) is fits


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0.0"),
        (2, "2.0"),
        (-1, "-1.0"),
        (0.25, "0.25"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (-1e-05, "-1.0E-5"),
        (9_999_999.5, "9999999.5"),
        (10_000_000, "1.0E7"),
        (123_456_789, "1.23456789E8"),
        (1e300, "1.0E300"),
        (-(10**400), "-Infinity"),
        (10**400, "Infinity"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers_are_printed_as_java_prints_them(number: float, text: str) -> None:
    assert java.shown(number, OWN.shape_for("Number")) == f"'{text}' "


@pytest.mark.parametrize(
    ("shape", "value", "text"),
    [
        ("Text", "plain", "'plain' "),
        ("Texts", ["a", None, True, 7], "'[a, null, true, 7]' "),
        ("Numbers", {"a": 1, "b": None}, "'{a=1.0, b=null}' "),
        ("Pairs", [{"Left": "x", "Right": b"y"}, {}], f"'[Pair(left={HIDDEN}, right={HIDDEN}), Pair(left=null, right=null)]' "),
        ("Secret", "x", ""),
    ],
)
def test_values_are_printed_as_java_prints_them(shape: str, value: Any, text: str) -> None:
    assert java.shown(value, OWN.shape_for(shape)) == text
