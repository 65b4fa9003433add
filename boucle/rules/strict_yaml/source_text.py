"""What a file's bare text must hold before YAML reads it: size, visible characters, indentation."""

from __future__ import annotations

import re

from boucle.errors import Mistake, Place
from boucle.rules.strict_yaml.source_mistakes import BadCharacter, NoBreakSpace, NotUtf8, TabIndent, TooLarge

MAX_CHARACTERS = 1_000_000

BAD_CHARACTER = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Controls, line breaks that editors don't show, and marks that reorder what a reviewer sees."""

GLUED_KEY = re.compile(r"[ ]*(?:- +)?(?P<key>[A-Za-z_][\w.-]*):[^ /]")
"""A key whose colon no space follows, so that YAML takes the line for text; `https://…` is none."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_TAB = re.compile(r" *\t[ \t]*(?=[^ \t#])")
_NO_BREAK = re.compile(
    "[ \u00a0\u202f]*?(?P<at>[\u00a0\u202f])|[ ]*(?:- +)?[\\w.-]+:(?P<after>[\u00a0\u202f])"
)


def lines_of(text: str) -> list[str]:
    """The lines of a file, as YAML and editors count them."""
    return _LINE_BREAK.split(text)


def code_point(char: str) -> str:
    """How a message names a character that cannot be seen."""
    return f"U+{ord(char):04X}"


def check_text(text: str, file: str) -> list[Mistake]:
    """Every mistake of the bare text; where there is one, YAML is not asked."""
    if len(text) > MAX_CHARACTERS:
        what = f"the file has {len(text)} characters"
        return [TooLarge(Place(file, 1, 1), what, f"{MAX_CHARACTERS}")]
    found: list[Mistake] = []
    for number, line in enumerate(lines_of(text), start=1):
        found.extend(_check_line(line, file, number))
    return found


def _check_line(line: str, file: str, number: int) -> list[Mistake]:
    bad = BAD_CHARACTER.search(line)
    if bad:
        return [_refuse_character(bad[0], Place(file, number, bad.start() + 1))]
    tab = _TAB.match(line)
    if tab:
        return [TabIndent(Place(file, number, line.index("\t") + 1))]
    space = _NO_BREAK.match(line)
    if space:
        at = space.start("at") if space["at"] else space.start("after")
        return [NoBreakSpace(Place(file, number, at + 1), code_point(line[at]))]
    return []


def _refuse_character(char: str, place: Place) -> Mistake:
    """A byte that is not UTF-8 comes from the file reader as a lone surrogate."""
    if "\udc80" <= char <= "\udcff":
        return NotUtf8(place, ord(char) - 0xDC00)
    return BadCharacter(place, code_point(char))
