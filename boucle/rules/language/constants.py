"""The constants of a condition, read as values of the fact they are compared with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal

from boucle.errors import Mistake, Place
from boucle.model import FactValue
from boucle.rules.catalogue import Fact, FactType
from boucle.rules.encoding import LARGEST, reads_as_time
from boucle.rules.language.condition_mistakes import NotListed, OutOfRange, TimeShaped, TypeMismatch
from boucle.rules.language.lexer import Token
from boucle.rules.strict_yaml.days import parse_date
from boucle.rules.worded import listed, shortened

TYPE_WORDS: Mapping[FactType, str] = {
    "int": "a number", "decimal": "a number", "bool": "true or false", "enum": "one word of a list",
    "set": "a set of words", "text": "text", "date": "a date", "instant": "an instant",
}  # fmt: skip

_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
)

_EXACT = Context(prec=100)

Constant = FactValue | Mistake


def read_constant(fact: Fact, token: Token, place: Place) -> Constant:
    """The value that a constant means for `fact`, or why it means none."""
    return _READERS[fact.type](fact, token, place)


def mismatch(fact: Fact, place: Place, problem: str) -> TypeMismatch:
    """The mistake that a fact of this type cannot be used so."""
    return TypeMismatch(place, fact.name, TYPE_WORDS[fact.type], problem)


def _not_fitting(fact: Fact, token: Token, place: Place) -> Mistake:
    match token.value:
        case bool():
            kind = "is true or false"
        case str():
            kind = "is text"
        case _:
            kind = "is a number"
    return mismatch(fact, place, f"{shortened(token.text)} {kind}")


def _read_int(fact: Fact, token: Token, place: Place) -> Constant:
    value = token.value
    if isinstance(value, Decimal):
        return mismatch(fact, place, f"it is a whole one, {token.text} is not")
    if not isinstance(value, int) or isinstance(value, bool):
        return _not_fitting(fact, token, place)
    return _out_of_range(fact, value, token, place) or value


def _read_decimal(fact: Fact, token: Token, place: Place) -> Constant:
    if not isinstance(token.value, int | Decimal) or isinstance(token.value, bool):
        return _not_fitting(fact, token, place)
    value = Decimal(token.value)
    scaled = scale_exactly(value, fact.digits)
    if scaled is None:
        return mismatch(fact, place, f"it has at most {fact.digits} decimals, {token.text} has more")
    return _out_of_range(fact, scaled, token, place) or value


def _out_of_range(fact: Fact, scaled: int, token: Token, place: Place) -> Mistake | None:
    low = -LARGEST if fact.low is None else fact.low
    high = LARGEST if fact.high is None else fact.high
    if low <= scaled <= high:
        return None
    return OutOfRange(place, word_limits(fact), token.text)


def scale_exactly(value: Decimal, digits: int) -> int | None:
    """`value` times 10^digits as an integer; None where decimals would be lost."""
    scaled = value.scaleb(digits, _EXACT)
    return int(scaled) if scaled == scaled.to_integral_value() else None


def word_limits(fact: Fact) -> str:
    """A number's limits in words."""
    low, high = (_unscaled(fact, limit) for limit in (fact.low, fact.high))
    if low is not None and high is not None:
        return f"'{fact.name}' lies between {low} and {high}"
    if low is not None or high is not None:
        return f"'{fact.name}' is at {'least' if high is None else 'most'} {low or high}"
    return f"'{fact.name}' lies within ±{LARGEST}, scaled by its digits"


def _unscaled(fact: Fact, limit: int | None) -> str | None:
    return None if limit is None else f"{Decimal(limit).scaleb(-fact.digits):f}"


def _read_listed(fact: Fact, token: Token, place: Place) -> Constant:
    if not isinstance(token.value, str):
        return _not_fitting(fact, token, place)
    if token.value not in fact.values:
        return NotListed(place, shortened(token.value), fact.name, listed(fact.values))
    return token.value


def _read_text(fact: Fact, token: Token, place: Place) -> Constant:
    if not isinstance(token.value, str):
        return _not_fitting(fact, token, place)
    return check_shape(token.value, place) or token.value


def check_shape(text: str, place: Place) -> Mistake | None:
    """The mistake of a text that the rule engine would compare as a duration or an instant."""
    if not reads_as_time(text):
        return None
    return TimeShaped(place, shortened(text))


def _read_bool(fact: Fact, token: Token, place: Place) -> Constant:
    return token.value if isinstance(token.value, bool) else _not_fitting(fact, token, place)


def _read_date(fact: Fact, token: Token, place: Place) -> Constant:
    if not isinstance(token.value, str):
        return _not_fitting(fact, token, place)
    value = parse_date(token.value)
    return value or mismatch(fact, place, f'{shortened(token.text)} is none; write it as "2026-01-31"')


def _read_instant(fact: Fact, token: Token, place: Place) -> Constant:
    if not isinstance(token.value, str):
        return _not_fitting(fact, token, place)
    value = _parse_instant(token.value)
    return value or mismatch(
        fact, place, f'{shortened(token.text)} is none; write it as "2026-01-31T09:00:00Z"'
    )


def _parse_instant(text: str) -> datetime | None:
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_READERS: Mapping[FactType, Callable[[Fact, Token, Place], Constant]] = {
    "int": _read_int, "decimal": _read_decimal, "bool": _read_bool, "enum": _read_listed,
    "set": _read_listed, "text": _read_text, "date": _read_date, "instant": _read_instant,
}  # fmt: skip
