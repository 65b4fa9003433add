"""A condition's text, cut into tokens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from boucle.errors import Mistake
from boucle.rules.language.condition_mistakes import (
    OtherWord,
    SingleEquals,
    SingleQuotes,
    UnclosedText,
    Unexpected,
)
from boucle.rules.strict_yaml.source import Scalar
from boucle.rules.strict_yaml.source_mistakes import DecimalComma, NoBreakSpace, TypographicQuotes
from boucle.rules.strict_yaml.source_text import code_point
from boucle.rules.value import Value

TokenKind = Literal["name", "word", "sign", "number", "text", "end"]

RESERVED = frozenset("and or not in is has contains any known unknown true false".split())

_ACCENTED = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
"""No name holds these; a word that does is read whole, so that a message can guess what it means."""

_LETTER = f"[A-Za-z{_ACCENTED}]"
_INNER = f"[A-Za-z0-9_{_ACCENTED}\u0300-\u036f]"
_TOKEN = re.compile(
    rf"""(?P<space>[ \t\r\n]+)
    |(?P<name>{_LETTER}{_INNER}*(?:\.{_LETTER}{_INNER}*)*)
    |(?P<comma>-?\d+,\d+)
    |(?P<number>-?\d+(?:\.\d+)?)
    |(?P<text>"(?:[^"]|"")*")
    |(?P<other>&&|\|\||<>|=<|=>|===|!==|!(?!=)|[≤≥≠])
    |(?P<sign>==|!=|<=|>=|<|>|\.\.|[()\[\],])""",
    re.VERBOSE | re.ASCII,
)
_OTHER_WORDS = {
    "&&": "and", "||": "or", "!": "not", "<>": "!=", "=<": "<=", "=>": ">=", "===": "==", "!==": "!=",
    "≤": "<=", "≥": ">=", "≠": "!=",
}  # fmt: skip
_TYPOGRAPHIC = frozenset("\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u201a\u2039\u203a")
_NO_BREAK = frozenset("\u00a0\u202f")
_LONGEST_NUMBER = 40


class Token(Value):
    """One word or sign; `value` is set for a constant. `start` and `end` are offsets in the text."""

    kind: TokenKind
    text: str
    start: int
    end: int
    value: int | Decimal | str | bool | None = None

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"'{self.text}'"


def read_tokens(source: Scalar) -> tuple[list[Token], Mistake | None]:
    """All tokens of a condition, an end token last; or the first mistake."""
    tokens: list[Token] = []
    for found in _matches(source):
        if not isinstance(found, re.Match):
            return tokens, found
        if found.lastgroup == "comma" and _is_pair(found[0]) and _inside_list(tokens):
            tokens.extend(_split_pair(found))
        elif found.lastgroup != "space":
            mistake = _refuse(found, source)
            if mistake:
                return tokens, mistake
            tokens.append(_token(found))
    end = len(source.text)
    return [*tokens, Token("end", "", end, end)], None


def token_of(constant: Scalar, start: int) -> Token:
    """A constant that stands as a YAML value of its own, in the words of a condition; null is none."""
    value = constant.value
    match value:
        case bool():
            return Token("word", "true" if value else "false", start, start, value)
        case int() | Decimal():
            return Token(
                "number", f"{value:f}" if isinstance(value, Decimal) else f"{value}", start, start, value
            )
        case _:
            text = unicodedata.normalize("NFC", constant.text)
            return Token("text", '"' + text.replace('"', '""') + '"', start, start, text)


def _matches(source: Scalar) -> Iterator[re.Match[str] | Mistake]:
    at, text = 0, source.text
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            yield _explain(source, at)
            return
        yield found
        at = found.end()


def _token(found: re.Match[str]) -> Token:
    text = found[0]
    if found.lastgroup == "number":
        return Token("number", text, *found.span(), Decimal(text) if "." in text else int(text))
    if found.lastgroup == "text":
        value = unicodedata.normalize("NFC", text[1:-1].replace('""', '"'))
        return Token("text", text, *found.span(), value)
    if found.lastgroup == "name" and text in RESERVED:
        value_of = {"true": True, "false": False}
        return Token("word", text, *found.span(), value_of.get(text))
    return Token("name" if found.lastgroup == "name" else "sign", text, *found.span())


def _refuse(found: re.Match[str], source: Scalar) -> Mistake | None:
    place, text = source.place_at(found.start()), found[0]
    if found.lastgroup == "comma":
        return DecimalComma(place, text, text.replace(",", "."))
    if found.lastgroup == "other":
        return OtherWord(place, text, _OTHER_WORDS[text])
    if found.lastgroup == "name" and text not in RESERVED and text.lower() in RESERVED:
        return OtherWord(place, text, text.lower())
    if found.lastgroup == "number" and len(text) > _LONGEST_NUMBER:
        return Unexpected(place, "a number that can be held exactly", f"one of {len(text)} characters")
    return None


def _explain(source: Scalar, at: int) -> Mistake:
    char, place = source.text[at], source.place_at(at)
    if char == "=":
        return SingleEquals(place)
    if char in _TYPOGRAPHIC:
        return TypographicQuotes(place, char)
    if char in _NO_BREAK:
        return NoBreakSpace(place, code_point(char))
    if char == '"':
        return UnclosedText(place)
    if char == "'":
        return SingleQuotes(place)
    return Unexpected(place, "a fact, a value or an operator", f"'{char}'")


def _is_pair(text: str) -> bool:
    """Whether `1,2` can be two numbers of a list; `15,00` cannot."""
    second = text.partition(",")[2]
    return second == "0" or not second.startswith("0")


def _inside_list(tokens: list[Token]) -> bool:
    signs = [token.text for token in tokens if token.kind == "sign" and token.text in {"[", "]"}]
    return bool(signs) and signs[-1] == "["


def _split_pair(found: re.Match[str]) -> list[Token]:
    """`1,2` inside a list is two numbers."""
    first, second = found[0].split(",")
    middle = found.start() + len(first)
    return [
        Token("number", first, found.start(), middle, int(first)),
        Token("sign", ",", middle, middle + 1),
        Token("number", second, middle + 1, found.end(), int(second)),
    ]
