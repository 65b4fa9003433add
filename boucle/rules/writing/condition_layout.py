"""How a condition is laid out in a YAML file: the spaces between its words, and the quotes around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from boucle.rules.language.lexer import Token, read_tokens
from boucle.rules.strict_yaml.source import Scalar
from boucle.rules.strict_yaml.source_plain import resolve_plain

_PLAIN = re.compile(r"[A-Za-z(][A-Za-z0-9_.()<>=! -]*", re.ASCII)
_NOTHING_AFTER = frozenset(("(", "[", ".."))
_NOTHING_BEFORE = frozenset((")", "]", ",", ".."))


def space_between(one: Token, other: Token) -> str:
    """What stands between two neighbouring words or signs."""
    return "" if one.text in _NOTHING_AFTER or other.text in _NOTHING_BEFORE else " "


def find_gaps(condition: Scalar) -> Iterator[tuple[int, int, str]]:
    """From where to where in the condition's text a gap is not as it should be, and what it should be."""
    tokens, mistake = read_tokens(condition)
    if mistake is not None:
        return
    for one, other in pairwise(tokens):
        gap = space_between(one, other)
        if other.kind != "end" and condition.text[one.end : other.start] != gap:
            yield one.end, other.start, gap


def write_scalar(text: str) -> str:
    """A condition as a YAML scalar, which may stand anywhere: without quotes where nothing asks for them."""
    if _PLAIN.fullmatch(text) and resolve_plain(text) == text:
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08X}"
