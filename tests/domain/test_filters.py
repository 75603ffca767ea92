"""Filter patterns: what each operator lets through, how objects, lists and alternatives are read, and what is no pattern."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fakelambda.domain.errors import InvalidParameterValueException
from fakelambda.domain.filters import MAXIMUM_DEPTH, Document, Filter, Text

MISSING = object()


def passes(pattern: Any, record: dict[str, Any]) -> bool:
    return Filter([json.dumps(pattern)]).passes(record)


def leaf_passes(allowed: list[Any], value: Any) -> bool:
    return passes({"a": allowed}, {} if value is MISSING else {"a": value})


@pytest.mark.parametrize(
    ("allowed", "fitting", "unfit"),
    [
        # exact values, with their types
        (["x"], ["x"], ["y", "X", "xx", "", None, MISSING]),
        (["x", "y"], ["x", "y"], ["z"]),
        ([""], [""], [" ", None, MISSING]),
        ([7], [7, 7.0], ["7", 8, True]),
        ([1], [1], [True, "1"]),
        ([0], [0, -0.0], [False, None, ""]),
        ([2.5, "x"], [2.5, "x"], [2, "2.5"]),
        ([6e9], [6_000_000_000], [5e9]),  # too large to compare, not too large to be the same
        ([True], [True], [False, 1, "true"]),
        ([False], [False], [True, 0, None, MISSING]),
        ([None], [None], ["null", "", 0, False, MISSING]),
        # prefix, suffix
        ([{"prefix": "eu-"}], ["eu-", "eu-west-1"], ["EU-west-1", "us-1", "e", 7, None, MISSING]),
        ([{"prefix": ""}], ["", "x"], [7, None, MISSING]),
        ([{"prefix": "a"}, {"prefix": "b"}], ["ax", "bx"], ["cx"]),
        ([{"prefix": {"equals-ignore-case": "Eu-"}}], ["EU-1", "eu-1"], ["us-1", 7]),
        ([{"suffix": ".png"}], [".png", "a.png"], ["a.PNG", "png", 7, MISSING]),
        ([{"suffix": {"equals-ignore-case": ".PNG"}}], ["a.png", "a.Png"], ["a.jpg", None]),
        # equals-ignore-case
        ([{"equals-ignore-case": "Ada"}], ["ada", "ADA", "Ada"], ["adam", "", None, 7, MISSING]),
        ([{"equals-ignore-case": ""}], [""], ["x", None]),
        # anything-but: whatever is there and is not excluded
        ([{"anything-but": "x"}], ["y", "", 7, None, True], ["x", MISSING, []]),
        ([{"anything-but": ["x", "y"]}], ["z", "X"], ["x", "y"]),
        ([{"anything-but": 7}], [8, "7", True], [7, 7.0]),
        ([{"anything-but": [1, 2]}], [3, True, None], [1, 2]),
        ([{"anything-but": ""}], ["x", None], [""]),
        ([{"anything-but": {"prefix": "eu-"}}], ["us-1", 7, None], ["eu-1", MISSING]),
        ([{"anything-but": {"prefix": ["eu-", "us-"]}}], ["ap-1"], ["eu-1", "us-1"]),
        ([{"anything-but": {"suffix": ".tmp"}}], ["a.png"], ["a.tmp"]),
        ([{"anything-but": {"suffix": [".tmp", ".bak"]}}], ["a.png"], ["a.tmp", "a.bak"]),
        ([{"anything-but": {"equals-ignore-case": "ada"}}], ["bob", 7], ["Ada", "ADA"]),
        ([{"anything-but": {"equals-ignore-case": ["ada", "bob"]}}], ["eve"], ["Ada", "BOB"]),
        ([{"anything-but": {"wildcard": "*/tmp/*"}}], ["a/b"], ["a/tmp/b"]),
        ([{"anything-but": {"wildcard": ["a*", "*z"]}}], ["b"], ["ab", "bz"]),
        ([{"anything-but": "x"}, "x"], ["x", "y"], [MISSING]),
        # numeric: numbers only
        ([{"numeric": ["=", 100]}], [100, 100.0, 1e2], [101, "100", None, MISSING]),
        ([{"numeric": ["<", 10]}], [9, 9.99, -1], [10, 11, "9", None]),
        ([{"numeric": ["<=", 10]}], [10, 9], [10.1]),
        ([{"numeric": [">", 10]}], [10.5, 11], [10, 9, True]),
        ([{"numeric": [">=", 10]}], [10, 11], [9.9]),
        ([{"numeric": [">", 0, "<=", 5]}], [0.1, 5], [0, 5.1, "3", True]),
        ([{"numeric": [">=", -5, "<", -1.5]}], [-5, -2], [-1.5, -6]),
        ([{"numeric": [">", 0]}], [5e9], [5_000_000_001]),  # EventBridge compares no number beyond 5.0e9
        ([{"numeric": ["<", 0]}], [-5e9], [-5_000_000_001]),
        ([{"numeric": ["<", 1]}, {"numeric": [">", 9]}], [0, 10], [5]),
        # exists: leaves only
        ([{"exists": True}], ["x", "", None, False, 0, [1]], [MISSING, {"b": 1}, [], [[]], {}]),
        ([{"exists": False}], [MISSING, {"b": 1}, [], {}], ["x", None, 0, ["x"]]),
        ([{"exists": False}, "x"], [MISSING, "x"], ["y", None]),
        ([{"exists": True}, {"exists": False}], [MISSING, "x"], []),
        # wildcard
        ([{"wildcard": "a*z"}], ["az", "abcz", "a*z"], ["a", "z", "azb", "AZ", 7, MISSING]),
        ([{"wildcard": "*"}], ["", "x"], [7, None]),
        ([{"wildcard": "*.png"}], [".png", "a.png"], ["a.jpg"]),
        ([{"wildcard": "a*b*c"}], ["abc", "a-b-c", "abbcc"], ["acb", "abcd"]),
        ([{"wildcard": "a*a"}], ["aa", "aba"], ["a"]),
        ([{"wildcard": "*ab*ab"}], ["abab", "xabyab"], ["ab", "xab"]),
        ([{"wildcard": "plain"}], ["plain"], ["plainly", "plai"]),
        ([{"wildcard": ""}], [""], ["x"]),
        ([{"wildcard": r"a\*b"}], ["a*b"], ["ab", "axb"]),
        ([{"wildcard": r"a\\*"}], ["a\\", "a\\b"], ["ab"]),
        ([{"wildcard": r"\**"}], ["*", "*x"], ["x"]),
        ([{"wildcard": "a.c[d]"}], ["a.c[d]"], ["abcd"]),
        # cidr
        ([{"cidr": "10.0.0.0/24"}], ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "::1", "10.0.0.0/24", "x", 7, MISSING]),
        ([{"cidr": "10.0.0.7/24"}], ["10.0.0.1"], ["10.0.1.7"]),
        ([{"cidr": "2001:db8::/32"}], ["2001:db8::1"], ["2001:db9::1", "10.0.0.1"]),
        # lists in records: any element will do
        (["x"], [["x"], ["y", "x"], [["y"], ["x"]]], [["y"], [], [{"x": "x"}]]),
        ([7], [[6, 7]], [[6], ["7"]]),
        ([{"anything-but": ["x"]}], [["x", "y"]], [["x"], ["x", "x"], []]),
        ([{"numeric": [">", 5]}], [[1, 9]], [[1, 2]]),
        (["x", {"exists": False}], [[], ["x"]], [["y"]]),
    ],
    ids=lambda value: json.dumps(value, default=lambda _: "missing"),
)
def test_a_leaf(allowed: list[Any], fitting: list[Any], unfit: list[Any]) -> None:
    assert [value for value in fitting if not leaf_passes(allowed, value)] == []
    assert [value for value in unfit if leaf_passes(allowed, value)] == []


AB = {"a": {"b": ["x"]}}
XY = {"a": {"b": ["x"], "c": ["y"]}}
WITHOUT_B = {"a": {"b": [{"exists": False}]}}
EITHER = {"$or": [{"a": ["x"]}, {"b": ["y"]}]}
EITHER_BELOW = {"k": ["z"], "o": EITHER}
NESTED_OR = {"$or": [{"a": ["x"]}, {"b": ["y"], "$or": [{"c": [1]}, {"d": [2]}]}]}
TWO_ORS = '{"$or": [{"a": [1]}, {"b": [1]}], "$or": [{"c": [1]}, {"d": [1]}]}'
OF_LEAVES = {"$or": ["x", {"prefix": "y"}]}


@pytest.mark.parametrize(
    ("pattern", "record", "fits"),
    [
        # objects
        (AB, {"a": {"b": "x", "c": 1}, "d": 1}, True),
        (AB, {"a": {"c": "x"}}, False),
        (AB, {"a": "x"}, False),
        (AB, {"a": None}, False),
        (AB, {}, False),
        ({"a": ["x"]}, {"a": {"b": "x"}}, False),
        ({"a": ["x"], "b": ["y"]}, {"a": "x", "b": "y"}, True),
        ({"a": ["x"], "b": ["y"]}, {"a": "x", "b": "x"}, False),
        ({"": ["x"]}, {"": "x"}, True),
        ('{"a": ["x"], "a": ["y"]}', {"a": "y"}, True),  # the last list of a name is the one
        ('{"a": ["x"], "a": ["y"]}', {"a": "x"}, False),
        ('{"a": {"b": ["x"]}, "a": {"c": ["y"]}}', {"a": {"b": "x", "c": "y"}}, True),  # objects of a name are one
        ('{"a": {"b": ["x"]}, "a": {"c": ["y"]}}', {"a": {"c": "y"}}, False),
        # lists of objects: one element fits, all of it
        (AB, {"a": [{"b": "y"}, {"b": "x"}]}, True),
        (AB, {"a": [{"b": "y"}, "x", [{"b": ["z", "x"]}]]}, True),
        (AB, {"a": []}, False),
        (XY, {"a": [{"b": "x", "c": "y"}]}, True),
        (XY, {"a": [{"b": "x"}, {"c": "y"}]}, False),
        # what is absent is absent from all elements, or from the one that something else has chosen
        (WITHOUT_B, {}, True),
        (WITHOUT_B, {"a": "x"}, True),
        (WITHOUT_B, {"a": []}, True),
        (WITHOUT_B, {"a": {"c": 1}}, True),
        (WITHOUT_B, {"a": {"b": 1}}, False),
        (WITHOUT_B, {"a": [{"b": 1}, {"c": 1}]}, False),
        (WITHOUT_B, {"a": [{"c": 1}, {"c": 2}]}, True),
        ({"a": {"b": [{"exists": False}], "c": [1]}}, {"a": [{"b": 1}, {"c": 1}]}, True),
        ({"a": {"b": [{"exists": False}], "c": [1]}}, {"a": [{"b": 1, "c": 1}, {"d": 1}]}, False),
        # alternatives
        (EITHER, {"a": "x"}, True),
        (EITHER, {"b": "y"}, True),
        (EITHER, {"a": "y", "b": "x"}, False),
        (EITHER, {}, False),
        (EITHER | {"k": ["z"]}, {"a": "x"}, False),
        (EITHER | {"k": ["z"]}, {"a": "x", "k": "z"}, True),
        (EITHER_BELOW, {"k": "z", "o": {"b": "y"}}, True),
        (EITHER_BELOW, {"k": "z", "b": "y"}, False),
        (NESTED_OR, {"a": "x"}, True),
        (NESTED_OR, {"b": "y", "d": 2}, True),
        (NESTED_OR, {"b": "y"}, False),
        (TWO_ORS, {"b": 1, "c": 1}, True),
        (TWO_ORS, {"a": 1, "b": 1}, False),
        ({"$or": [{"a": [{"exists": False}]}, {"a": ["x"]}]}, {}, True),
        ({"$or": [{"a": {"b": [1]}}, {"c": [{"numeric": [">", 5]}]}]}, {"c": 6}, True),
        # what cannot be alternatives is a name of the record's
        (OF_LEAVES, {"$or": "yes"}, True),
        (OF_LEAVES, {"x": 1}, False),
        ({"$or": {"a": ["x"]}}, {"$or": {"a": "x"}}, True),
        ({"$or": {"a": ["x"]}}, {"a": "x"}, False),
        ({"$or": [{"prefix": "x"}, {"suffix": "y"}]}, {"$or": "xz"}, True),
        ({"$or": [{"prefix": "x"}]}, {"$or": "xz"}, True),
        # what sources send
        ({"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 100]}, {"anything-but": "101"}]}}}}, {"dynamodb": {"NewImage": {"n": {"N": "42"}}}}, True),
        ({"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 100]}, {"anything-but": "101"}]}}}}, {"dynamodb": {"NewImage": {"n": {"N": "101"}}}}, False),
        ({"dynamodb": {"Keys": {"id": {"S": ["7"]}}}}, {"dynamodb": {"Keys": {"id": {"S": "7"}}}}, True),
        ({"dynamodb": {"NewImage": {"tags": {"SS": ["b"]}}}}, {"dynamodb": {"NewImage": {"tags": {"SS": ["a", "b"]}}}}, True),
        ({"dynamodb": {"NewImage": {"l": {"L": {"M": {"x": {"S": ["b"]}}}}}}}, {"dynamodb": {"NewImage": {"l": {"L": [{"M": {"x": {"S": "b"}}}]}}}}, True),
        ({"dynamodb": {"NewImage": {"k": [{"exists": True}]}}}, {"dynamodb": {"NewImage": {"k": {"S": "x"}}}}, False),
        ({"dynamodb": {"NewImage": {"k": [{"exists": False}]}}}, {"dynamodb": {"NewImage": {"k": {"S": "x"}}}}, True),
        ({"dynamodb": {"ApproximateCreationDateTime": [{"numeric": [">", 1.7e9]}]}}, {"dynamodb": {"ApproximateCreationDateTime": 1764000000.0}}, True),
        # members that are either text or JSON: a pattern of the other form drops the record
        (AB, {"a": Text("x")}, False),
        (WITHOUT_B, {"a": Text("x")}, False),
        ({"a": ["x"]}, {"a": Text("x")}, True),
        ({"a": [{"exists": False}]}, {"a": Document(b="x")}, False),
        ({"a": ["x"]}, {"a": Document(b="x")}, False),
        (AB, {"a": Document(b="x")}, True),
    ],
)  # fmt: skip
def test_a_pattern(pattern: Any, record: dict[str, Any], *, fits: bool) -> None:
    text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    assert Filter([text]).passes(record) is fits


@pytest.mark.parametrize(
    "pattern",
    [
        # no object
        "", " ", "null", "simple string", '"text"', "[]", "7", "[{}]", "{", '{"a": ["x"]} x', '{"a": [NaN]}', "{'a': ['x']}", "\ufeff{}",
        # objects that lead to no list
        "{}", '{"a": {}}', '{"a": "x"}', '{"a": 7}', '{"a": null}', '{"a": true}', '{"a": {"b": "x"}}', '{"a": {"b": {}}}', '{"a": {"b": ["x"]}, "a": {}}',
        # lists
        '{"a": []}', '{"a": [[]]}', '{"a": ["x", ["y"]]}', '{"a": [{}]}', '{"a": ["x", {}]}',
        # operators
        '{"a": [{"unknown": "x"}]}', '{"a": [{"Prefix": "x"}]}', '{"a": [{"prefix": "x", "suffix": "y"}]}', '{"a": [{"prefix": "x", "prefix": "y"}]}',
        '{"a": [{"b": ["x"]}]}', '{"a": {"prefix": "x"}}',
        '{"a": [{"prefix": 7}]}', '{"a": [{"prefix": ["x"]}]}', '{"a": [{"prefix": null}]}', '{"a": [{"prefix": {}}]}',
        '{"a": [{"prefix": {"suffix": "x"}}]}', '{"a": [{"prefix": {"equals-ignore-case": 7}}]}', '{"a": [{"prefix": {"equals-ignore-case": "x", "b": 1}}]}',
        '{"a": [{"suffix": 7}]}', '{"a": [{"suffix": []}]}', '{"a": [{"suffix": {"wildcard": "x"}}]}',
        '{"a": [{"equals-ignore-case": 7}]}', '{"a": [{"equals-ignore-case": ["x"]}]}',
        '{"a": [{"anything-but": []}]}', '{"a": [{"anything-but": null}]}', '{"a": [{"anything-but": true}]}', '{"a": [{"anything-but": ["x", null]}]}',
        '{"a": [{"anything-but": ["x", 7]}]}', '{"a": [{"anything-but": [true]}]}', '{"a": [{"anything-but": [["x"]]}]}', '{"a": [{"anything-but": [{"prefix": "x"}]}]}',
        '{"a": [{"anything-but": {}}]}', '{"a": [{"anything-but": {"prefix": ""}}]}', '{"a": [{"anything-but": {"suffix": ["x", ""]}}]}',
        '{"a": [{"anything-but": {"prefix": "x", "suffix": "y"}}]}', '{"a": [{"anything-but": {"numeric": [">", 1]}}]}', '{"a": [{"anything-but": {"prefix": 7}}]}',
        '{"a": [{"anything-but": {"prefix": []}}]}', '{"a": [{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}]}', '{"a": [{"anything-but": {"wildcard": "**"}}]}',
        '{"a": [{"numeric": []}]}', '{"a": [{"numeric": ">"}]}', '{"a": [{"numeric": [">"]}]}', '{"a": [{"numeric": [5]}]}', '{"a": [{"numeric": [5, ">"]}]}',
        '{"a": [{"numeric": [">", "5"]}]}', '{"a": [{"numeric": [">", true]}]}', '{"a": [{"numeric": ["==", 5]}]}', '{"a": [{"numeric": ["!=", 5]}]}',
        '{"a": [{"numeric": ["=", 5, "=", 6]}]}', '{"a": [{"numeric": ["=", 5, "<", 6]}]}', '{"a": [{"numeric": [">", 5, "<"]}]}', '{"a": [{"numeric": [">", 5, ">", 6]}]}',
        '{"a": [{"numeric": ["<", 5, ">", 1]}]}', '{"a": [{"numeric": [">", 5, "<", 5]}]}', '{"a": [{"numeric": [">=", 5, "<=", 4]}]}',
        '{"a": [{"numeric": [">", 1, "<", 5, "<", 6]}]}', '{"a": [{"numeric": [["="], 5]}]}', '{"a": [{"numeric": ["<", 5000000001]}]}', '{"a": [{"numeric": ["=", -6e9]}]}',
        '{"a": [{"exists": "true"}]}', '{"a": [{"exists": 1}]}', '{"a": [{"exists": 0}]}', '{"a": [{"exists": null}]}', '{"a": [{"exists": true, "prefix": "x"}]}',
        '{"a": [{"exists": false, "exists": false}]}',
        '{"a": [{"wildcard": 7}]}', '{"a": [{"wildcard": "a**b"}]}', '{"a": [{"wildcard": "***"}]}', '{"a": [{"wildcard": "a\\\\b"}]}', '{"a": [{"wildcard": "a\\\\"}]}',
        '{"a": [{"wildcard": ["x*"]}]}',
        '{"a": [{"cidr": "10.0.0.0"}]}', '{"a": [{"cidr": "10.0.0.0/33"}]}', '{"a": [{"cidr": "10.0.0/24"}]}', '{"a": [{"cidr": "x/24"}]}', '{"a": [{"cidr": 7}]}',
        '{"a": [{"cidr": "10.0.0.0/255.255.255.0"}]}', '{"a": [{"cidr": "::/129"}]}', '{"a": [{"cidr": "10.0.0.0/24/8"}]}',
        # alternatives
        '{"$or": []}', '{"$or": [{"a": ["x"]}]}', '{"$or": [{"a": ["x"]}, "y"]}', '{"$or": [{"a": ["x"]}, {}]}', '{"$or": [{"a": ["x"]}, {"b": []}]}',
        '{"$or": [{"a": ["x"]}, {"prefix": ["y"]}]}', '{"$or": "x"}', '{"$or": null}', '{"$or": [{"a": ["x"]}, {"$or": [{"b": ["y"]}]}]}',
        '{"a": [{"$or": [{"b": ["x"]}, {"c": ["y"]}]}]}', '{"$or": [["x"], ["y"]]}',
        # too much
        '{"a":' * (MAXIMUM_DEPTH + 1) + '["x"]' + "}" * (MAXIMUM_DEPTH + 1), "[" * 4000, '{"a":' * 4000, '{"a": [' + "9" * 4400 + "]}",
    ],
    ids=lambda pattern: f"{pattern[:80]}, {len(pattern)} characters",
)  # fmt: skip
def test_what_is_no_pattern_is_refused_in_aws_s_words(pattern: str) -> None:
    for patterns in ([pattern], ['{"a": ["x"]}', pattern]):
        with pytest.raises(InvalidParameterValueException) as caught:
            Filter(patterns)
        assert caught.value.message == "Invalid filter pattern definition."


def test_without_a_pattern_all_pass_and_with_several_what_fits_any() -> None:
    assert Filter([]).passes({})
    several = Filter(['{"a": ["x"]}', '{"b": ["y"]}'])
    assert [several.passes(record) for record in ({"a": "x"}, {"b": "y"}, {"a": "y", "b": "x"})] == [True, True, False]


def test_the_deepest_pattern_and_the_deepest_record() -> None:
    pattern = '{"a":' * MAXIMUM_DEPTH + '["x"]' + "}" * MAXIMUM_DEPTH
    record: Any = "x"
    for _ in range(10_000):
        record = [record]
    for _ in range(MAXIMUM_DEPTH):
        record = {"a": record}
    assert Filter([pattern]).passes(record)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ({"a": ["x"]}, "a", True),
        ({"a": ["x"]}, "b", False),
        (AB, "a", False),
        (AB, "b", False),
        ({"$or": [{"b": [1]}, {"c": [1], "$or": [{"a": [1]}, {"d": [1]}]}]}, "a", True),
    ],
)
def test_what_patterns_take_for_text(pattern: Any, name: str, *, expected: bool) -> None:
    assert Filter([json.dumps({"z": [1]}), json.dumps(pattern)]).asks_for_text(name) is expected


SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4)
)
SHORT = st.text(alphabet="ab*\\.", max_size=5)


@given(excluded=st.lists(st.text(max_size=2), min_size=1, max_size=3) | st.lists(st.integers(-3, 3), min_size=1, max_size=3), value=SCALARS)
def test_anything_but_is_the_complement_of_the_values_it_names(excluded: list[Any], value: Any) -> None:
    assert leaf_passes([{"anything-but": excluded}], value) is not leaf_passes(excluded, value)


@given(
    name=st.sampled_from(["prefix", "suffix", "equals-ignore-case", "wildcard"]),
    text=st.text("abA", min_size=1, max_size=2),
    value=SCALARS | SHORT,
)
def test_anything_but_is_the_complement_of_other_operators(name: str, text: str, value: Any) -> None:
    assert leaf_passes([{"anything-but": {name: text}}], value) is not leaf_passes([{name: text}], value)


@given(text=SHORT, value=SHORT)
def test_prefix_and_suffix_are_python_s(text: str, value: str) -> None:
    assert leaf_passes([{"prefix": text}], value) is value.startswith(text)
    assert leaf_passes([{"suffix": text}], value) is value.endswith(text)


@given(pattern=st.text(alphabet="ab*", max_size=6), value=st.text(alphabet="ab", max_size=8))
def test_wildcards_are_those_of_file_names(pattern: str, value: str) -> None:
    assume("**" not in pattern)
    assert leaf_passes([{"wildcard": pattern}], value) is fnmatch.fnmatchcase(value, pattern)


@given(bottom=st.integers(-5, 5), top=st.integers(-5, 5), value=st.integers(-7, 7))
def test_a_range_is_both_of_its_comparisons(bottom: int, top: int, value: int) -> None:
    assume(bottom < top)
    halves = [{"numeric": [">=", bottom]}, {"numeric": ["<", top]}]
    assert leaf_passes([{"numeric": [">=", bottom, "<", top]}], value) is all(leaf_passes([half], value) for half in halves)


PATTERNS = st.fixed_dictionaries({"a": st.lists(st.integers(0, 2), min_size=1, max_size=2)}) | st.fixed_dictionaries(
    {"b": st.just([{"exists": False}]) | st.just([{"numeric": [">", 0]}])}
)
RECORDS = st.dictionaries(st.sampled_from("ab"), st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2))


@given(one=PATTERNS, other=PATTERNS, record=RECORDS)
def test_or_is_what_several_patterns_are(one: dict[str, Any], other: dict[str, Any], record: dict[str, Any]) -> None:
    several = Filter([json.dumps(one), json.dumps(other)])
    assert passes({"$or": [one, other]}, record) is several.passes(record) is (passes(one, record) or passes(other, record))


NAMES = st.text(max_size=3).filter(lambda name: name != "$or")
DOCUMENTS = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3), max_leaves=8
    ),
    min_size=1,
    max_size=4,
)


def pattern_of(value: Any) -> Any:
    """A pattern made of a record: each leaf in a list; of a list its first element."""
    while isinstance(value, list):
        value = value[0]
    return {name: pattern_of(item) for name, item in value.items()} if isinstance(value, dict) else [value]


@given(record=DOCUMENTS)
def test_a_pattern_made_of_a_record_lets_it_through(record: dict[str, Any]) -> None:
    pattern = pattern_of(record)
    assert passes(pattern, record)
    assert not passes({**pattern, "beside": {"it": [{"exists": True}]}}, record)


@given(record=DOCUMENTS, name=NAMES)
def test_a_leaf_either_exists_or_does_not(record: dict[str, Any], name: str) -> None:
    assert passes({name: [{"exists": True}]}, record) is not passes({name: [{"exists": False}]}, record)


JSON = st.recursive(
    SCALARS | st.sampled_from(["x", ">", "<"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "$or", "prefix", "anything-but", "numeric", "exists", "wildcard", "cidr"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(pattern=JSON, record=DOCUMENTS)
def test_any_json_is_a_pattern_or_refused(pattern: Any, record: dict[str, Any]) -> None:
    try:
        compiled = Filter([json.dumps(pattern)])
    except InvalidParameterValueException:
        return
    assert compiled.passes(record) in {True, False}
