"""Scalars without quotes: what value their text has, and what YAML silently made of them."""

from __future__ import annotations

import re
from decimal import Decimal

from boucle.errors import Mistake, Place
from boucle.rules.strict_yaml.source_mistakes import CutAtHash, DecimalComma, TypographicQuotes, how_to_quote
from boucle.rules.strict_yaml.source_text import lines_of
from boucle.rules.worded import shortened

ScalarValue = bool | int | Decimal | str | None

_OPENING = "\u201c\u201e\u00ab\u2018\u201a\u2039"
_CLOSING = "\u201d\u201c\u00bb\u2019\u2018\u203a"
_WRAPPED = re.compile(f"[{_OPENING}][^{_OPENING}{_CLOSING}]*[{_CLOSING}]")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?: ?[A-Z]{3}| ?[€$£%])?")
_HASH_NEXT = re.compile(r"[ \t]+#(?P<close>[^ \t\r\n#!-]?)")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,39})")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,39})?\.[0-9]{1,40}|[-+]?(?:0|[1-9][0-9]{0,39})\.")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def resolve_plain(text: str) -> ScalarValue:
    """The value of a plain scalar in the YAML 1.2 core schema; what is not surely a number is text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    return text


def _is_cut(kept: str, text: str, end: int) -> bool:
    """Whether a ` #` after a plain scalar cuts it rather than begins a comment.

    Surely where a quote stands open; most likely where no space follows the `#`.
    """
    found = _HASH_NEXT.match(text, end)
    return found is not None and (bool(found["close"]) or kept.count('"') % 2 == 1)


def check_plain(text: str, place: Place, source: str, end: int) -> Mistake | None:
    """What is wrong with a plain scalar; `end` is the index in `source` where YAML ended it."""
    if _WRAPPED.fullmatch(text):
        return TypographicQuotes(place, text[0])
    if _DECIMAL_COMMA.fullmatch(text):
        return DecimalComma(place, text, text.replace(",", "."))
    if _is_cut(text, source, end):
        return CutAtHash(place, shortened(text), how_to_quote(lines_of(source)[place.line - 1]))
    return None
