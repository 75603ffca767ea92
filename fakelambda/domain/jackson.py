"""Jackson's parser, as far as it takes to say what is wrong with a text that is no JSON, and where."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NoReturn

NESTING_LIMIT: Final = 1000
_NUMBER_LIMIT: Final = 1000
_SOURCE: Final = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
_VALUES: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_OPENERS: Final = {"{": "Object", "[": "Array"}
_CLOSERS: Final = {"}": "Object", "]": "Array"}
_TRAILING: Final = {"{": "START_OBJECT", "[": "START_ARRAY", '"': "VALUE_STRING", "n": "VALUE_NULL", "t": "VALUE_TRUE", "f": "VALUE_FALSE"}
_PLAIN: Final = re.compile(rb"[ !#-\[\]-\x7f]+")


def at(line: int, column: int) -> str:
    """Where it is, as Jackson says it; both count from 1."""
    return "\n at " + _SOURCE.format(line, column)


def too_deep(depth: int) -> str:
    """What Jackson says of a document that is nested too deeply."""
    limit = f"({NESTING_LIMIT}, from `StreamReadConstraints.getMaxNestingDepth()`)"
    return f"Document nesting depth ({depth}) exceeds the maximum allowed {limit}"


class Malformed(Exception):  # noqa: N818 - a finding on its way out of the scanner
    """What Jackson would have said."""


class Scanner:
    """Reads like Jackson's parser of UTF-8 bytes until something is wrong; columns count bytes, as Jackson's do."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.position = 3 if payload.startswith(b"\xef\xbb\xbf") else 0
        self.line = 1
        self.line_start = self.position
        self.open: list[tuple[str, int, int]] = []  # brackets not yet closed, with line and column

    def scan(self) -> None:
        """Reads the whole text.

        Raises:
            Malformed: it is no JSON.
        """
        byte = self._skip_space()
        if byte is None:
            raise Malformed("No content to map due to end-of-input" + at(1, 0))
        if chr(byte) in _CLOSERS:
            self._close(chr(byte))
        self._value(byte)
        while self.open:
            self._next_in_container()
        trailing = self._skip_space()
        if trailing is not None:
            self._refuse_trailing(trailing)

    def _next_in_container(self) -> None:
        bracket, line, column = self.open[-1]
        kind = _OPENERS[bracket]
        first = self.payload[self.position - 1] == ord(bracket) and column == self.position - self.line_start
        byte = self._skip_space()
        if byte is None:
            self._fail(f"Unexpected end-of-input: expected close marker for {kind} (start marker at {_SOURCE.format(line, column)})")
        if chr(byte) in _CLOSERS:
            self._close(chr(byte))
            return
        if not first:
            if byte != ord(","):
                self._refuse(byte, f"was expecting comma to separate {kind} entries")
            byte = self._skip_space_within()
        if kind == "Object":
            self._name(byte)
            byte = self._skip_space_within()
            if byte != ord(":"):
                self._refuse(byte, "was expecting a colon to separate field name and value")
            byte = self._skip_space_within()
        self._value(byte)

    def _close(self, bracket: str) -> None:
        opened, line, column = self.open[-1] if self.open else ("", 1, 0)
        if _OPENERS.get(opened) != _CLOSERS[bracket]:
            expected = "}" if bracket == "]" else "]"
            start = _SOURCE.format(line, column)
            self._fail(
                f"Unexpected close marker '{bracket}': expected '{expected}' (for {_OPENERS.get(opened, 'root')} starting at {start})"
            )
        self.open.pop()

    def _refuse_trailing(self, byte: int) -> NoReturn:
        line, column = self.line, self.position - self.line_start
        if chr(byte) in _CLOSERS:
            self._close(chr(byte))
        self._value(byte)
        token = _TRAILING.get(chr(byte), "VALUE_NUMBER_INT")
        text = f"Trailing token (of type {token}) found after value (bound as `com.fasterxml.jackson.databind.JsonNode`)"
        raise Malformed(f"{text}: not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`" + at(line, column))

    # ---- values: each is entered with its first byte taken ----

    def _value(self, byte: int) -> None:
        match chr(byte):
            case '"':
                self._string()
            case "{" | "[" as bracket:
                self.open.append((bracket, self.line, self.position - self.line_start))
                if len(self.open) > NESTING_LIMIT:
                    self._fail(too_deep(len(self.open)))
            case "n":
                self._literal(b"null")
            case "t":
                self._literal(b"true")
            case "f":
                self._literal(b"false")
            case "-":
                self._negative()
            case character if character in "0123456789":
                self._number(byte)
            case _:
                self._refuse_value(byte)

    def _literal(self, literal: bytes, position: int = 1) -> None:
        for index in range(position, len(literal)):
            if self._peek() != literal[index]:
                self._refuse_token(literal[:index].decode())
            self.position += 1
        following = self._peek()
        if following is not None and following >= ord("0") and chr(following) not in "]}" and _in_identifier(self._character(following)):
            self._refuse_token(literal.decode())

    def _refuse_value(self, byte: int) -> NoReturn:
        character = chr(byte)
        if character in ",}" or (character == "]" and self.open and self.open[-1][0] == "["):
            self._refuse(byte, "expected a value")
        constant = {"N": "NaN", "I": "Infinity"}.get(character)
        if constant:
            self._literal(constant.encode())
            self._refuse_constant(constant)
        if character == "+":
            hint = "enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow"
            self._take()
            self._refuse(byte, f"JSON spec does not allow numbers to have plus signs: {hint}", within=" in numeric value")
        if _starts_identifier(character):
            self._refuse_token(character)
        self._refuse(byte, f"expected a valid value {_VALUES}")

    def _refuse_constant(self, constant: str) -> NoReturn:
        self._fail(f"Non-standard token '{constant}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow")

    def _refuse_token(self, token: str) -> NoReturn:
        longest = 256
        while self.position < len(self.payload):
            character = self._character(self._take())
            if not _in_identifier(character):
                break
            token += character
            if len(token) >= longest:
                token += "..."
                break
        self._fail(f"Unrecognized token '{token}': was expecting {_VALUES}")

    # ---- numbers ----

    def _negative(self) -> None:
        byte = self._take()
        if byte == ord("I"):
            self._literal(b"-Infinity", position=2)
            self._refuse_constant("-Infinity")
        if not _is_digit(byte):
            self._refuse(byte, "expected digit (0-9) to follow minus sign, for valid numeric value", within=" in numeric value")
        self._number(byte)

    def _number(self, byte: int) -> None:
        start = self.position
        if byte == ord("0") and _is_digit(self._peek()):
            self._fail("Invalid numeric value: Leading zeroes not allowed")
        self._digits()
        if self._peek() == ord("."):
            self.position += 1
            self._some_digits("Decimal point not followed by a digit")
        if self._peek() in (ord("e"), ord("E")):
            self.position += 1
            if self._peek() in (ord("+"), ord("-")):
                self.position += 1
            self._some_digits("Exponent indicator not followed by a digit")
        length = self.position - start + 1
        if length > _NUMBER_LIMIT:
            limit = f"({_NUMBER_LIMIT}, from `StreamReadConstraints.getMaxNumberLength()`)"
            self._fail(f"Number value length ({length}) exceeds the maximum allowed {limit}")
        following = self._peek()
        if not self.open and following is not None and chr(following) not in " \t\r\n":
            self.position += 1
            self._refuse(following, "Expected space separating root-level values")

    def _digits(self) -> None:
        while _is_digit(self._peek()):
            self.position += 1

    def _some_digits(self, otherwise: str) -> None:
        if not _is_digit(self._peek()):
            byte = self.payload[self.position - 1] if self._peek() is None else self._take()
            self._refuse(byte, otherwise, within=" in numeric value")
        self._digits()

    # ---- strings and names ----

    def _name(self, byte: int) -> None:
        if byte != ord('"'):
            self._refuse(ord(self._character(byte)), "was expecting double-quote to start field name")
        self._string("name", " in field name")

    def _string(self, what: str = "string value", end: str = " in VALUE_STRING") -> None:
        while (byte := self._take_special(end)) != ord('"'):
            if byte == ord("\\"):
                self._escape()
            elif byte < ord(" "):
                described = f"Illegal unquoted character ({_described(byte)}): has to be escaped using backslash to be included in {what}"
                self._fail(described, self.position)
            else:
                self._character(byte, end)

    def _escape(self) -> None:
        end = " in character escape sequence"
        byte = self._take(end)
        if byte == ord("u"):
            for _ in range(4):
                digit = self._take(end)
                if chr(digit) not in "0123456789abcdefABCDEF":
                    self._refuse(digit, "expected a hex-digit for character escape sequence")
        elif chr(byte) not in '"\\/bfnrt':
            self._fail(f"Unrecognized character escape {_described(ord(self._character(byte)))}")

    def _character(self, byte: int, end: str = " in VALUE_STRING") -> str:
        """The character that starts with a byte, as a Java ``char``: what does not fit is cut off."""
        if byte <= 0x7F:  # noqa: PLR2004 - the last byte that is a character alone
            return chr(byte)
        for mask, lead, bits, needed in ((0xE0, 0xC0, 0x1F, 1), (0xF0, 0xE0, 0x0F, 2), (0xF8, 0xF0, 0x07, 3)):
            if byte & mask == lead:
                code, following = byte & bits, needed
                break
        else:
            self._fail(f"Invalid UTF-8 start byte 0x{byte:x}")
        for _ in range(following):
            other = self._take(end)
            if other & 0xC0 != 0x80:  # noqa: PLR2004 - the two bits that mark a continuation
                self._fail(f"Invalid UTF-8 middle byte 0x{other:x}")
            code = code << 6 | other & 0x3F
        return chr(code & 0xFFFF)

    # ---- bytes ----

    def _peek(self) -> int | None:
        return self.payload[self.position] if self.position < len(self.payload) else None

    def _take(self, end: str = "") -> int:
        if self.position >= len(self.payload):
            self._fail("Unexpected end-of-input" + end)
        self.position += 1
        return self.payload[self.position - 1]

    def _take_special(self, end: str) -> int:
        plain = _PLAIN.match(self.payload, self.position)
        self.position = plain.end() if plain else self.position
        return self._take(end)

    def _skip_space(self) -> int | None:
        """The next byte that is no white space; None at the end."""
        while self.position < len(self.payload):
            byte = self._take()
            if byte == ord("\n") or (byte == ord("\r") and self._peek() != ord("\n")):
                self.line += 1
                self.line_start = self.position
            elif byte == ord("/"):
                hint = "(not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)"
                self._refuse(byte, f"maybe a (non-standard) comment? {hint}")
            elif byte > ord(" "):
                return byte
            elif chr(byte) not in " \t\r":
                allowed = r"only regular white space (\r, \n, \t) is allowed between tokens"
                self._fail(f"Illegal character ({_described(byte)}): {allowed}", self.position)
        return None

    def _skip_space_within(self) -> int:
        byte = self._skip_space()
        if byte is None:
            self._fail(f"Unexpected end-of-input within/between {_OPENERS[self.open[-1][0]]} entries")
        return byte

    def _refuse(self, code: int, expected: str, *, within: str = "") -> NoReturn:
        self._fail(f"Unexpected character ({_described(code)}){within}: {expected}", self.position)

    def _fail(self, text: str, position: int | None = None) -> NoReturn:
        # Jackson points behind the last byte that it took, or at that byte where it complains of it alone.
        behind = self.position + 1 if position is None else position
        raise Malformed(text + at(self.line, behind - self.line_start))


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
