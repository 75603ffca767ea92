"""Payloads are JSON as Jackson reads it; what is wrong is said as Jackson says it, line and column included."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fakelambda.domain import payloads
from fakelambda.domain.errors import InvalidRequestContentException, RequestEntityTooLargeException

SOURCE = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
A_VALUE = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
NO_TOKEN = f"': was expecting {A_VALUE}"
WITHOUT_COMMA = "was expecting comma to separate"
MINUS = "expected digit (0-9) to follow minus sign, for valid numeric value"
PLUS = "JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow"
NO_COMMENTS = "(not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)"
TRAILING = "(bound as `com.fasterxml.jackson.databind.JsonNode`): not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`"
NOT_A_NUMBER = "enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"


def complaint(payload: bytes) -> str:
    with pytest.raises(InvalidRequestContentException) as caught:
        payloads.decode(payload)
    assert caught.value.message is not None
    prefix, _, text = caught.value.message.partition("Could not parse payload into json: ")
    assert prefix == "Could not parse request body into json: "
    return text


@pytest.mark.parametrize(
    ("payload", "text", "line", "column"),
    [
        # recorded
        (b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt", "Invalid UTF-8 start byte 0x87", 1, 3),
        (b"\x99\xeb,j\x07\xa1zYh", f"Unexpected character ((CTRL-CHAR, code 153)): expected a valid value {A_VALUE}", 1, 1),
        # tokens
        (b"foo", f"Unrecognized token 'foo{NO_TOKEN}", 1, 4),
        (b"nul", f"Unrecognized token 'nul{NO_TOKEN}", 1, 4),
        (b"truex", f"Unrecognized token 'truex{NO_TOKEN}", 1, 6),
        (b"x" * 300, f"Unrecognized token '{'x' * 256}...{NO_TOKEN}", 1, 257),
        (b"{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name", 1, 2),
        (b"'a'", f"Unexpected character (''' (code 39)): expected a valid value {A_VALUE}", 1, 1),
        (b'\n\r\n {"a": foo}', f"Unrecognized token 'foo{NO_TOKEN}", 3, 12),
        (b"// hello", f"Unexpected character ('/' (code 47)): maybe a (non-standard) comment? {NO_COMMENTS}", 1, 1),
        (b"NaN", f"Non-standard token 'NaN': {NOT_A_NUMBER}", 1, 4),
        (b"[Infinity]", f"Non-standard token 'Infinity': {NOT_A_NUMBER}", 1, 10),
        (b"-Infinity", f"Non-standard token '-Infinity': {NOT_A_NUMBER}", 1, 10),
        # structure
        (b"{", f"Unexpected end-of-input: expected close marker for Object (start marker at {SOURCE.format(1, 1)})", 1, 2),
        (b'{"a": [1', f"Unexpected end-of-input: expected close marker for Array (start marker at {SOURCE.format(1, 7)})", 1, 9),
        (b'{"a":', "Unexpected end-of-input within/between Object entries", 1, 6),
        (b'{"a" 1}', "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value", 1, 6),
        (b'{"a":1 "b":2}', f"Unexpected character ('\"' (code 34)): {WITHOUT_COMMA} Object entries", 1, 8),
        (b"[1 2]", f"Unexpected character ('2' (code 50)): {WITHOUT_COMMA} Array entries", 1, 4),
        (b"[1,]", "Unexpected character (']' (code 93)): expected a value", 1, 4),
        (b"[,1]", "Unexpected character (',' (code 44)): expected a value", 1, 2),
        (b'{"a":1,}', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name", 1, 8),
        (b'{"a":}', "Unexpected character ('}' (code 125)): expected a value", 1, 6),
        (b"[1}", f"Unexpected close marker '}}': expected ']' (for Array starting at {SOURCE.format(1, 1)})", 1, 4),
        (b"]", f"Unexpected close marker ']': expected '}}' (for root starting at {SOURCE.format(1, 0)})", 1, 2),
        ("{€: 1}".encode(), "Unexpected character ('€' (code 8364 / 0x20ac)): was expecting double-quote to start field name", 1, 4),
        (b" ", "No content to map due to end-of-input", 1, 0),
        (b"{} {}", f"Trailing token (of type START_OBJECT) found after value {TRAILING}", 1, 4),
        (b"{}\x00", r"Illegal character ((CTRL-CHAR, code 0)): only regular white space (\r, \n, \t) is allowed between tokens", 1, 3),
        # numbers
        (b"12\x84", "Unexpected character ((CTRL-CHAR, code 132)): Expected space separating root-level values", 1, 3),
        (b"007", "Invalid numeric value: Leading zeroes not allowed", 1, 2),
        (b"1.x", "Unexpected character ('x' (code 120)) in numeric value: Decimal point not followed by a digit", 1, 3),
        (b"1ex", "Unexpected character ('x' (code 120)) in numeric value: Exponent indicator not followed by a digit", 1, 3),
        (b"1e+]", "Unexpected character (']' (code 93)) in numeric value: Exponent indicator not followed by a digit", 1, 4),
        (b"1.", "Unexpected character ('.' (code 46)) in numeric value: Decimal point not followed by a digit", 1, 2),
        (b"-x", f"Unexpected character ('x' (code 120)) in numeric value: {MINUS}", 1, 2),
        (b"+1", f"Unexpected character ('+' (code 43)) in numeric value: {PLUS}", 1, 2),
        (b"9" * 5000, "Number value length (5000) exceeds the maximum allowed (1000, from `StreamReadConstraints.getMaxNumberLength()`)", 1, 5001),
        # strings
        (b'"abc', "Unexpected end-of-input in VALUE_STRING", 1, 5),
        (b'{"abc', "Unexpected end-of-input in field name", 1, 6),
        (b'"a\nb"', "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value", 1, 3),
        (b'{"\t":1}', "Illegal unquoted character ((CTRL-CHAR, code 9)): has to be escaped using backslash to be included in name", 1, 3),
        (b'"\\x"', "Unrecognized character escape 'x' (code 120)", 1, 4),
        (b'"\\u12g4"', "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence", 1, 6),
        (b'"\\', "Unexpected end-of-input in character escape sequence", 1, 3),
        (b'"\xc3("', "Invalid UTF-8 middle byte 0x28", 1, 4),
        (b'"\xff"', "Invalid UTF-8 start byte 0xff", 1, 3),
        (b'"\xc0\x80"', "Invalid UTF-8 start byte 0xc0", 1, 3),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_as_jackson_says_it(payload: bytes, text: str, line: int, column: int) -> None:
    assert complaint(payload) == f"{text}\n at {SOURCE.format(line, column)}"


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (b"", {}),
        (b"null", None),
        (b"true", True),
        (b"1", 1),
        (b'"x"', "x"),
        (b"[1, 2.5]", [1, 2.5]),
        (b" {} ", {}),
        (b"\xef\xbb\xbf{}", {}),
    ],
)
def test_any_json_value_is_an_event(payload: bytes, value: Any) -> None:
    assert payloads.decode(payload) == value


@pytest.mark.parametrize("payload", [b"[" * 1001, b"[" * 1001 + b"]" * 1001, b'{"a":' * 1001 + b"1" + b"}" * 1001, b"[" * 100_000])
def test_nesting_ends_at_a_thousand(payload: bytes) -> None:
    assert complaint(payload).startswith("Document nesting depth (1001) exceeds the maximum allowed (1000, from ")


def test_brackets_that_do_not_nest_do_not_count() -> None:
    event = [["[[{{" * 300, '\\"[', {}] for _ in range(2000)]
    assert payloads.decode(json.dumps(event).encode()) == event


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@given(JSON, st.booleans(), st.sampled_from([None, 2]))
def test_whatever_json_makes_is_taken(value: Any, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001 - drawn by Hypothesis
    payload = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode(errors="surrogatepass")
    assert payloads.decode(payload) == value


NEARLY_JSON = st.lists(st.sampled_from([*"{}[]:,\"'\\-+.eE01nul/ \n\r\x00", "true", "NaN", "\\u00", "-I", "é", "😀"])).map("".join)


@given(
    st.binary() | NEARLY_JSON.map(str.encode) | st.tuples(NEARLY_JSON, st.binary(max_size=3)).map(lambda both: both[0].encode() + both[1])
)
@example(b"\x00")
@example(b"\xff\xfe")
@example("1".encode("utf-16"))
@example(b"-I0")
def test_bytes_are_json_or_refused_and_nothing_else(payload: bytes) -> None:
    try:
        value = payloads.decode(payload)
    except InvalidRequestContentException as error:
        text = str(error)
    else:
        assert value == (json.loads(payload) if payload else {})
        return
    assert "\n at [Source: REDACTED " in text
    assert text.encode()


@pytest.mark.parametrize(
    ("size", "invocation_type", "message"),
    [
        (6_291_456, "RequestResponse", None),
        (6_291_457, "RequestResponse", "Request must be smaller than 6291456 bytes for the InvokeFunction operation"),
        (6_291_457, "DryRun", "Request must be smaller than 6291456 bytes for the InvokeFunction operation"),
        (1_048_576, "Event", None),
        (1_048_577, "Event", "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"),
    ],
)
def test_sizes_of_requests(size: int, invocation_type: str, message: str | None) -> None:
    answer = None
    try:
        payloads.check_size(bytes(size), invocation_type)
    except RequestEntityTooLargeException as error:
        answer = error.message
    assert answer == message
