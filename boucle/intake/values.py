"""From a cell's text to a fact's value, by the type that the catalogue gives the fact.

What cannot be read refuses its row. What is read but does not fit (a score of 11) is handed on: the
engine puts such a response in quarantine, where it is mended without a second import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from boucle.intake.dates import DateFormat, read_date, to_instant
from boucle.intake.import_map import Feed, as_key, squeezed
from boucle.intake.numbers import NumberFormat
from boucle.model import FactValue
from boucle.rules.catalogue import Fact, FactType
from boucle.rules.worded import shortened

_TRUE = frozenset("true yes y 1 oui o vrai".split())
_FALSE = frozenset("false no n 0 non faux".split())
_SAFE = 2**53
_LIKELY: Mapping[NumberFormat, Sequence[NumberFormat]] = {
    NumberFormat("."): [
        NumberFormat(","), NumberFormat(".", " "), NumberFormat(",", " "), NumberFormat(".", "'"),
        NumberFormat(".", ","),
    ],
    NumberFormat(","): [NumberFormat(",", " "), NumberFormat(",", "'")],
}  # fmt: skip
"""For a map that says nothing of thousands: how else numbers are written."""


class UnreadableError(ValueError):
    """A cell that does not say what its fact needs; the text says why, and quotes the cell."""


def parse_value(text: str, fact: Fact, feed: Feed, numbers: NumberFormat) -> FactValue:
    """The value of a cell that is not blank; UnreadableError."""
    return _PARSERS[fact.type](text, feed, numbers)


def _parse_decimal(text: str, _: Feed, numbers: NumberFormat) -> Decimal:
    try:
        return numbers.parse(text)
    except ValueError as error:
        raise UnreadableError(f"'{shortened(text)}' is not a number{_likely(text, numbers)}") from error


def _likely(text: str, numbers: NumberFormat) -> str:
    """What the map would have to say for the cell to be a number, where it says nothing of the kind."""
    read = {form: value for form in _LIKELY.get(numbers, ()) if (value := _try(text, form)) is not None}
    if len(set(read.values())) != 1:  # none, or `1,500`, which can be two numbers
        return ""
    form = next(iter(read))
    of = f', thousands: "{form.thousands}"' if form.thousands else ""
    return f"; if it is one, the map needs numbers: {{decimal: '{form.decimal}'{of}}}"


def _try(text: str, form: NumberFormat) -> Decimal | None:
    try:
        return form.parse(text)
    except ValueError:
        return None


def _parse_int(text: str, feed: Feed, numbers: NumberFormat) -> int:
    number = _parse_decimal(text, feed, numbers)
    if number != number.to_integral_value():
        raise UnreadableError(f"'{shortened(text)}' is not a whole number")
    if abs(number) >= _SAFE:
        raise UnreadableError(f"'{shortened(text)}' is too large a number")
    return int(number)


def _parse_bool(text: str, *_: object) -> bool:
    word = squeezed(text).casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise UnreadableError(f"'{shortened(text)}' is neither yes nor no")


def _parse_date(text: str, feed: Feed, _: NumberFormat) -> date:
    return _read(text, feed).date()


def _parse_instant(text: str, feed: Feed, _: NumberFormat) -> datetime:
    at = _read(text, feed)
    if at.tzinfo is None and feed.zone is None:
        raise UnreadableError(f"'{shortened(text)}' names no time zone; give the map's 'zone'")
    instant = to_instant(at, feed.zone)
    if instant is None:
        raise UnreadableError(f"'{shortened(text)}' lies beyond the calendar")
    return instant


def _parse_set(text: str, feed: Feed, _: NumberFormat) -> tuple[str, ...]:
    members = (squeezed(part) for part in text.split(feed.separator))
    return tuple(sorted({member for member in members if member}))


_PARSERS: Mapping[FactType, Callable[[str, Feed, NumberFormat], FactValue]] = {
    "int": _parse_int,
    "decimal": _parse_decimal,
    "bool": _parse_bool,
    "set": _parse_set,
    "date": _parse_date,
    "instant": _parse_instant,
    "enum": lambda text, *_: squeezed(text),
    "text": lambda text, *_: text,
}


def _read(text: str, feed: Feed) -> datetime:
    reading = read_date(text.strip(), feed.formats)
    if reading is None:
        raise UnreadableError(f"'{shortened(text)}' is not a date written {shown_formats(feed.formats)}")
    return reading.chosen


def shown_formats(formats: tuple[DateFormat, ...]) -> str:
    """The forms of dates that are understood, for a message."""
    return " or ".join(form.pattern for form in formats) or "YYYY-MM-DD"


def reverse_score(value: FactValue, scale: tuple[int, int]) -> FactValue:
    """A score on the scale turned round; UnreadableError for one outside it."""
    low, high = scale
    if isinstance(value, int) and low <= value <= high:
        return low + high - value
    raise UnreadableError(f"'{value}' is not on the scale {low}..{high} that the map turns round")


def translate(text: str, feed: Feed, table: Mapping[str, FactValue]) -> FactValue | None:
    """A cell by the map's value table; None: it says nothing; UnreadableError where it is not listed."""
    found = table.get(as_key(text))
    if found is None and feed.unlisted == "reject":
        raise UnreadableError(f"'{shortened(text)}' is not in the map's values")
    return found


def find_misfit(fact: Fact, value: FactValue) -> str | None:
    """Why a value written in a map does not fit its fact; None where it does."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        scaled = Decimal(value).scaleb(fact.digits)
        too_low = fact.low is not None and scaled < fact.low
        too_high = fact.high is not None and scaled > fact.high
        return "it is outside the fact's range" if too_low or too_high else None
    members = {"enum": (value,), "set": value}.get(fact.type, ())
    strange = (
        [member for member in members if member not in fact.values] if isinstance(members, tuple) else []
    )
    return f"'{strange[0]}' is not one of its values" if strange else None
