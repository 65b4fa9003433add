"""Dates and times as files write them, and which of them can be read two ways.

A numeric date whose day and month stand before the year, both 12 or less, is valid in both orders. The
map's rule then decides, and the response says so (`ambiguous`), unless the map declares the order as
known. A year in front (`2024-05-03`) is read one way only, by ISO 8601 and by custom.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

Order = Literal["day_first", "month_first", "either", "fixed"]
"""How many ways a date reads: only d/m, only m/d, both, or by its form in one way only."""

_TOKENS: Mapping[str, tuple[str, str]] = {
    "YYYY": ("year", "[0-9]{4}"),
    "MM": ("month", "[0-9]{2}"),
    "M": ("month", "[0-9]{1,2}"),
    "DD": ("day", "[0-9]{2}"),
    "D": ("day", "[0-9]{1,2}"),
    "HH": ("hour", "[0-9]{2}"),
    "H": ("hour", "[0-9]{1,2}"),
    "mm": ("minute", "[0-9]{2}"),
    "ss": ("second", "[0-9]{2}"),
    "AM": ("half", "[AaPp][Mm]"),
}
_TOKEN = re.compile("YYYY|AM|MM|M|DD|D|HH|H|mm|ss|T|[A-Za-z]+|[^A-Za-z]")
_ISO = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_UNIX = re.compile("[0-9]{1,11}")
_NOON = 12
NAMED = ("iso", "unix")


@dataclass(frozen=True)
class DateFormat:
    """One form of a date, with or without its time: `DD/MM/YYYY HH:mm`, `iso`, or `unix` (seconds)."""

    pattern: str

    def problem(self) -> str | None:
        """What is wrong with the form itself, None where it can be used."""
        if self.pattern in NAMED:
            return None
        names = [_TOKENS[token][0] for token in self._pieces if token in _TOKENS]
        strange = [piece for piece in self._pieces if piece.isalpha() and piece not in {*_TOKENS, "T"}]
        if strange:
            return f"'{strange[0]}' stands for nothing"
        if len(names) != len(set(names)):
            return "the same part stands twice"
        missing = [name for name in ("year", "month", "day") if name not in names]
        return f"the {missing[0]} is missing" if missing else None

    @property
    def by_order(self) -> bool:
        """Whether only the order tells the day from the month: both before the year, as numbers."""
        places = {_TOKENS[piece][0]: at for at, piece in enumerate(self._pieces) if piece in _TOKENS}
        return self.pattern not in NAMED and places["year"] > max(places["day"], places["month"])

    @property
    def day_first(self) -> bool:
        """Whether the day stands before the month."""
        names = [_TOKENS[piece][0] for piece in self._pieces if piece in _TOKENS]
        return names.index("day") < names.index("month")

    def find(self, text: str) -> datetime | None:
        """What the text says in this form: aware where it names its offset, else in local time."""
        if self.pattern == "iso":
            return _find_iso(text)
        if self.pattern == "unix":
            return datetime.fromtimestamp(int(text), UTC) if _UNIX.fullmatch(text) else None
        found = self._matcher.fullmatch(text)
        return _assemble(found.groupdict()) if found else None

    def find_swapped(self, text: str) -> datetime | None:
        """The same with day and month in the other order, where the form leaves that open."""
        if not self.by_order:
            return None
        found = self._matcher.fullmatch(text)
        if found is None:
            return None
        parts = found.groupdict()
        return _assemble({**parts, "day": parts["month"], "month": parts["day"]})

    @cached_property
    def _pieces(self) -> list[str]:
        return _TOKEN.findall(self.pattern)

    @cached_property
    def _matcher(self) -> re.Pattern[str]:
        return re.compile("".join(_to_regex(piece) for piece in self._pieces))


def _to_regex(piece: str) -> str:
    if piece not in _TOKENS:
        return re.escape(piece)
    name, digits = _TOKENS[piece]
    return f"(?P<{name}>{digits})"


def _find_iso(text: str) -> datetime | None:
    if not _ISO.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _assemble(parts: Mapping[str, str | None]) -> datetime | None:
    hour, half = int(parts.get("hour") or 0), (parts.get("half") or "").lower()
    if half and not 1 <= hour <= _NOON:
        return None
    hour = hour % _NOON + (_NOON if half == "pm" else 0) if half else hour
    clock = (hour, int(parts.get("minute") or 0), int(parts.get("second") or 0))
    try:
        return datetime(int(parts["year"] or 0), int(parts["month"] or 0), int(parts["day"] or 0), *clock)  # noqa: DTZ001 - the zone is added by the reader
    except ValueError:
        return None


@dataclass(frozen=True)
class DateReading:
    """What a date says: every reading that is possible, the one the rule chooses first."""

    possible: tuple[datetime, ...]
    order: Order

    @property
    def chosen(self) -> datetime:
        """The reading that the map's rule chooses."""
        return self.possible[0]


def read_date(text: str, formats: Sequence[DateFormat]) -> DateReading | None:
    """The first format that fits decides; None where none does. ISO 8601 is always understood."""
    for form in (*formats, DateFormat("iso")):
        chosen = form.find(text)
        if chosen:
            swapped = form.find_swapped(text)
            possible = (chosen,) if swapped in {None, chosen} else (chosen, swapped)
            return DateReading(tuple(at for at in possible if at), _order(form, swapped))
    return None


def _order(form: DateFormat, swapped: datetime | None) -> Order:
    if not form.by_order:
        return "fixed"
    if swapped:
        return "either"
    return "day_first" if form.day_first else "month_first"


def to_instant(at: datetime, zone: ZoneInfo | None) -> datetime | None:
    """A local time as an instant in UTC; None where it has no zone, or where the calendar ends.

    A day alone is its first moment. An hour that a clock change repeats is its first pass; one that it
    skips is read by the offset before the change.
    """
    if at.tzinfo is None and zone is None:
        return None
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
