"""Payloads of invocations: JSON as Lambda's front end reads it, which is Jackson, with Jackson's words for what is wrong.

Valid payloads cost one ``json.loads``. Only a refused one is scanned, byte by byte, the way Jackson would have stumbled over it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from codecs import BOM_UTF8
from itertools import accumulate
from typing import Any, Final, NoReturn

from fakelambda.domain.errors import InvalidRequestContentException, RequestEntityTooLargeException

REQUEST_LIMIT: Final = 6_291_456
EVENT_LIMIT: Final = 1_048_576
_NESTING_LIMIT: Final = 1000
_NUMBER_LIMIT: Final = 1000

_SOURCE: Final = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
_VALUES: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_OPENERS: Final = {"{": "Object", "[": "Array"}
_CLOSERS: Final = {"}": "Object", "]": "Array"}
_TRAILING: Final = {"{": "START_OBJECT", "[": "START_ARRAY", '"': "VALUE_STRING", "n": "VALUE_NULL", "t": "VALUE_TRUE", "f": "VALUE_FALSE"}
_PLAIN: Final = re.compile(rb"[ !#-\[\]-\x7f]+")
_NON_BRACKETS: Final = bytes(set(range(256)) - set(b'[]{}"'))


def check_size(payload: bytes, invocation_type: str) -> None:
    """Checks the size of an invocation's request.

    Args:
        payload: the request's payload.
        invocation_type: ``RequestResponse``, ``Event`` or ``DryRun``.

    Raises:
        RequestEntityTooLargeException: the payload is over 6 MB, or over 1 MB for an ``Event``.
    """
    if len(payload) > REQUEST_LIMIT:
        raise RequestEntityTooLargeException(f"Request must be smaller than {REQUEST_LIMIT} bytes for the InvokeFunction operation")
    if invocation_type == "Event" and len(payload) > EVENT_LIMIT:
        text = f"{len(payload)} byte payload is too large for the Event invocation type (limit {EVENT_LIMIT} bytes)"
        raise RequestEntityTooLargeException(text)


def decode(payload: bytes) -> Any:
    """Parses the payload of an invocation.

    Args:
        payload: JSON in UTF-8; no bytes at all stand for ``{}``.

    Returns:
        What ``json.loads`` makes of it.

    Raises:
        InvalidRequestContentException: the payload is not JSON, or is nested deeper than 1000 levels.
    """
    if not payload:
        return {}
    try:
        value = _DECODER.decode(payload.removeprefix(BOM_UTF8).decode())
    except (ValueError, RecursionError) as error:
        raise _diagnosis(payload, error) from None
    # Python may read deeper than the service does; counting is cheap where it cannot be the case.
    if payload.count(b"{") + payload.count(b"[") > _NESTING_LIMIT and _depth(payload) > _NESTING_LIMIT:
        raise _diagnosis(payload, RecursionError())
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def _depth(payload: bytes) -> int:
    unescaped = payload.replace(rb"\\", b"").replace(rb"\"", b"")
    brackets = b"".join(unescaped.translate(None, _NON_BRACKETS).split(b'"')[::2])
    return max(accumulate(1 if byte in b"[{" else -1 for byte in brackets), default=0)


def _diagnosis(payload: bytes, error: Exception) -> InvalidRequestContentException:
    try:
        _Scanner(payload).scan()
    except _Malformed as malformed:
        text = str(malformed)
    else:
        # Jackson would take it and Python does not.
        match error:
            case UnicodeDecodeError():
                text = f"Invalid UTF-8 start byte 0x{payload[error.start]:x}" + _at(1, error.start + 2)
            case RecursionError():
                text = _too_deep(max(_depth(payload), _NESTING_LIMIT + 1)) + _at(1, 1)
            case _:
                text = f"{error}" + _at(1, 1)
    return InvalidRequestContentException(f"Could not parse request body into json: Could not parse payload into json: {text}")


def _at(line: int, column: int) -> str:
    return "\n at " + _SOURCE.format(line, column)


def _too_deep(depth: int) -> str:
    limit = f"({_NESTING_LIMIT}, from `StreamReadConstraints.getMaxNestingDepth()`)"
    return f"Document nesting depth ({depth}) exceeds the maximum allowed {limit}"


class _Malformed(Exception):  # noqa: N818 - a finding on its way out of the scanner, never seen outside
    pass


class _Scanner:
    """Reads like Jackson's parser of UTF-8 bytes until something is wrong; columns count bytes, as Jackson's do."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.position = 3 if payload.startswith(b"\xef\xbb\xbf") else 0
        self.line = 1
        self.line_start = self.position
        self.open: list[tuple[str, int, int]] = []  # brackets not yet closed, with line and column

    def scan(self) -> None:
        byte = self.skip_space()
        if byte is None:
            raise _Malformed("No content to map due to end-of-input" + _at(1, 0))
        if chr(byte) in _CLOSERS:
            self.close(chr(byte))
        self.value(byte)
        while self.open:
            self.next_in_container()
        trailing = self.skip_space()
        if trailing is not None:
            self.refuse_trailing(trailing)

    def next_in_container(self) -> None:
        bracket, line, column = self.open[-1]
        kind = _OPENERS[bracket]
        first = self.payload[self.position - 1] == ord(bracket) and column == self.position - self.line_start
        byte = self.skip_space()
        if byte is None:
            self.fail(f"Unexpected end-of-input: expected close marker for {kind} (start marker at {_SOURCE.format(line, column)})")
        if chr(byte) in _CLOSERS:
            self.close(chr(byte))
            return
        if not first:
            if byte != ord(","):
                self.refuse(byte, f"was expecting comma to separate {kind} entries")
            byte = self.skip_space_within()
        if kind == "Object":
            self.name(byte)
            byte = self.skip_space_within()
            if byte != ord(":"):
                self.refuse(byte, "was expecting a colon to separate field name and value")
            byte = self.skip_space_within()
        self.value(byte)

    def close(self, bracket: str) -> None:
        opened, line, column = self.open[-1] if self.open else ("", 1, 0)
        if _OPENERS.get(opened) != _CLOSERS[bracket]:
            expected = "}" if bracket == "]" else "]"
            start = _SOURCE.format(line, column)
            self.fail(
                f"Unexpected close marker '{bracket}': expected '{expected}' (for {_OPENERS.get(opened, 'root')} starting at {start})"
            )
        self.open.pop()

    def refuse_trailing(self, byte: int) -> NoReturn:
        line, column = self.line, self.position - self.line_start
        if chr(byte) in _CLOSERS:
            self.close(chr(byte))
        self.value(byte)
        token = _TRAILING.get(chr(byte), "VALUE_NUMBER_INT")
        text = f"Trailing token (of type {token}) found after value (bound as `com.fasterxml.jackson.databind.JsonNode`)"
        raise _Malformed(f"{text}: not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`" + _at(line, column))

    # ---- values: each is entered with its first byte taken ----

    def value(self, byte: int) -> None:
        match chr(byte):
            case '"':
                self.string()
            case "{" | "[" as bracket:
                self.open.append((bracket, self.line, self.position - self.line_start))
                if len(self.open) > _NESTING_LIMIT:
                    self.fail(_too_deep(len(self.open)))
            case "n":
                self.literal(b"null")
            case "t":
                self.literal(b"true")
            case "f":
                self.literal(b"false")
            case "-":
                self.negative()
            case character if character in "0123456789":
                self.number(byte)
            case _:
                self.refuse_value(byte)

    def literal(self, literal: bytes, position: int = 1) -> None:
        for index in range(position, len(literal)):
            if self.peek() != literal[index]:
                self.refuse_token(literal[:index].decode())
            self.position += 1
        following = self.peek()
        if following is not None and following >= ord("0") and chr(following) not in "]}" and _in_identifier(self.character(following)):
            self.refuse_token(literal.decode())

    def refuse_value(self, byte: int) -> NoReturn:
        character = chr(byte)
        if character in ",}" or (character == "]" and self.open and self.open[-1][0] == "["):
            self.refuse(byte, "expected a value")
        constant = {"N": "NaN", "I": "Infinity"}.get(character)
        if constant:
            self.literal(constant.encode())
            self.refuse_constant(constant)
        if character == "+":
            hint = "enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow"
            self.take()
            self.refuse(byte, f"JSON spec does not allow numbers to have plus signs: {hint}", within=" in numeric value")
        if _starts_identifier(character):
            self.refuse_token(character)
        self.refuse(byte, f"expected a valid value {_VALUES}")

    def refuse_constant(self, constant: str) -> NoReturn:
        self.fail(f"Non-standard token '{constant}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow")

    def refuse_token(self, token: str) -> NoReturn:
        longest = 256
        while self.position < len(self.payload):
            character = self.character(self.take())
            if not _in_identifier(character):
                break
            token += character
            if len(token) >= longest:
                token += "..."
                break
        self.fail(f"Unrecognized token '{token}': was expecting {_VALUES}")

    # ---- numbers ----

    def negative(self) -> None:
        byte = self.take()
        if byte == ord("I"):
            self.literal(b"-Infinity", position=2)
            self.refuse_constant("-Infinity")
        if not _is_digit(byte):
            self.refuse(byte, "expected digit (0-9) to follow minus sign, for valid numeric value", within=" in numeric value")
        self.number(byte)

    def number(self, byte: int) -> None:
        start = self.position
        if byte == ord("0") and _is_digit(self.peek()):
            self.fail("Invalid numeric value: Leading zeroes not allowed")
        self.digits()
        if self.peek() == ord("."):
            self.position += 1
            self.some_digits("Decimal point not followed by a digit")
        if self.peek() in (ord("e"), ord("E")):
            self.position += 1
            if self.peek() in (ord("+"), ord("-")):
                self.position += 1
            self.some_digits("Exponent indicator not followed by a digit")
        length = self.position - start + 1
        if length > _NUMBER_LIMIT:
            limit = f"({_NUMBER_LIMIT}, from `StreamReadConstraints.getMaxNumberLength()`)"
            self.fail(f"Number value length ({length}) exceeds the maximum allowed {limit}")
        following = self.peek()
        if not self.open and following is not None and chr(following) not in " \t\r\n":
            self.position += 1
            self.refuse(following, "Expected space separating root-level values")

    def digits(self) -> None:
        while _is_digit(self.peek()):
            self.position += 1

    def some_digits(self, otherwise: str) -> None:
        if not _is_digit(self.peek()):
            byte = self.payload[self.position - 1] if self.peek() is None else self.take()
            self.refuse(byte, otherwise, within=" in numeric value")
        self.digits()

    # ---- strings and names ----

    def name(self, byte: int) -> None:
        if byte != ord('"'):
            self.refuse(ord(self.character(byte)), "was expecting double-quote to start field name")
        self.string("name", " in field name")

    def string(self, what: str = "string value", end: str = " in VALUE_STRING") -> None:
        while (byte := self.take_special(end)) != ord('"'):
            if byte == ord("\\"):
                self.escape()
            elif byte < ord(" "):
                described = f"Illegal unquoted character ({_described(byte)}): has to be escaped using backslash to be included in {what}"
                self.fail(described, self.position)
            else:
                self.character(byte, end)

    def escape(self) -> None:
        end = " in character escape sequence"
        byte = self.take(end)
        if byte == ord("u"):
            for _ in range(4):
                digit = self.take(end)
                if chr(digit) not in "0123456789abcdefABCDEF":
                    self.refuse(digit, "expected a hex-digit for character escape sequence")
        elif chr(byte) not in '"\\/bfnrt':
            self.fail(f"Unrecognized character escape {_described(ord(self.character(byte)))}")

    def character(self, byte: int, end: str = " in VALUE_STRING") -> str:
        """The character that starts with a byte, as a Java ``char``: what does not fit is cut off."""
        if byte <= 0x7F:  # noqa: PLR2004 - the last byte that is a character alone
            return chr(byte)
        for mask, lead, bits, needed in ((0xE0, 0xC0, 0x1F, 1), (0xF0, 0xE0, 0x0F, 2), (0xF8, 0xF0, 0x07, 3)):
            if byte & mask == lead:
                code, following = byte & bits, needed
                break
        else:
            self.fail(f"Invalid UTF-8 start byte 0x{byte:x}")
        for _ in range(following):
            other = self.take(end)
            if other & 0xC0 != 0x80:  # noqa: PLR2004 - the two bits that mark a continuation
                self.fail(f"Invalid UTF-8 middle byte 0x{other:x}")
            code = code << 6 | other & 0x3F
        return chr(code & 0xFFFF)

    # ---- bytes ----

    def peek(self) -> int | None:
        return self.payload[self.position] if self.position < len(self.payload) else None

    def take(self, end: str = "") -> int:
        if self.position >= len(self.payload):
            self.fail("Unexpected end-of-input" + end)
        self.position += 1
        return self.payload[self.position - 1]

    def take_special(self, end: str) -> int:
        plain = _PLAIN.match(self.payload, self.position)
        self.position = plain.end() if plain else self.position
        return self.take(end)

    def skip_space(self) -> int | None:
        """The next byte that is no white space; None at the end."""
        while self.position < len(self.payload):
            byte = self.take()
            if byte == ord("\n") or (byte == ord("\r") and self.peek() != ord("\n")):
                self.line += 1
                self.line_start = self.position
            elif byte == ord("/"):
                hint = "(not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)"
                self.refuse(byte, f"maybe a (non-standard) comment? {hint}")
            elif byte > ord(" "):
                return byte
            elif chr(byte) not in " \t\r":
                allowed = r"only regular white space (\r, \n, \t) is allowed between tokens"
                self.fail(f"Illegal character ({_described(byte)}): {allowed}", self.position)
        return None

    def skip_space_within(self) -> int:
        byte = self.skip_space()
        if byte is None:
            self.fail(f"Unexpected end-of-input within/between {_OPENERS[self.open[-1][0]]} entries")
        return byte

    def refuse(self, code: int, expected: str, *, within: str = "") -> NoReturn:
        self.fail(f"Unexpected character ({_described(code)}){within}: {expected}", self.position)

    def fail(self, text: str, position: int | None = None) -> NoReturn:
        # Jackson points behind the last byte that it took, or at that byte where it complains of it alone.
        behind = self.position + 1 if position is None else position
        raise _Malformed(text + _at(self.line, behind - self.line_start))


def _is_digit(byte: int | None) -> bool:
    return byte is not None and ord("0") <= byte <= ord("9")


def _described(code: int) -> str:
    category = unicodedata.category(chr(code))
    character = "?" if category == "Cs" else chr(code)  # half of a pair, which no text can carry
    if category == "Cc":
        return f"(CTRL-CHAR, code {code})"
    return f"'{character}' (code {code} / 0x{code:x})" if code > 0xFF else f"'{character}' (code {code})"  # noqa: PLR2004 - beyond Latin-1


def _starts_identifier(character: str) -> bool:
    """Java's ``Character.isJavaIdentifierStart``."""
    category = unicodedata.category(character)
    return category[0] == "L" or category in {"Nl", "Sc", "Pc"}


def _in_identifier(character: str) -> bool:
    """Java's ``Character.isJavaIdentifierPart``, which takes most control characters too."""
    category = unicodedata.category(character)
    return (
        _starts_identifier(character)
        or category in {"Nd", "Mc", "Mn", "Cf"}
        or (category == "Cc" and character not in "\t\n\x0b\f\r\x1c\x1d\x1e\x1f")
    )
