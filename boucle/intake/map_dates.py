"""The part of a map that says when a response was given."""

from __future__ import annotations

import itertools
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from boucle.intake.dates import NAMED, DateFormat, to_instant
from boucle.intake.import_map import Dated, Stated, Text, as_key
from boucle.intake.map_mistakes import BadDateFormat, BadInstant, NoSuchZone
from boucle.intake.section import Section
from boucle.rules.worded import shortened

WHEN_KEYS = ("column", "format", "by", "formats", "zone", "order", "stated")
_UTC = ZoneInfo("UTC")
_NOTHING = Stated(datetime.fromtimestamp(0, _UTC))
_HOW = "name the column of the date, or state one instant for a file without dates"


def read_when(section: Section, key: str = "responded_at") -> Dated | Stated:
    """`responded_at:` or another key of its kind: either a column with its forms or a stated clock."""
    section.require(key, _HOW)
    inner = section.inner(key, WHEN_KEYS)
    if inner is None:
        return _NOTHING
    if "stated" in inner:
        return _read_stated(inner)
    inner.require("column", _HOW)
    return _read_dated(inner)


def _read_stated(inner: Section) -> Stated:
    for key in ("column", "format", "by", "formats", "zone", "order"):
        inner.exclude("stated", key)
    found = inner.text("stated")
    if found is None:
        return _NOTHING
    try:
        instant = to_instant(datetime.fromisoformat(found.text), None)
    except ValueError:
        instant = None
    if instant is None:
        inner.mistakes.append(BadInstant(found.place, shortened(found.text)))
    return Stated(instant) if instant else _NOTHING


def _read_dated(inner: Section) -> Dated | Stated:
    inner.exclude("format", "formats")
    if "formats" in inner:
        inner.require("by", "name the column whose value chooses among 'formats'")
    if "by" in inner:
        inner.require("formats", "give the form of dates for each value of the column 'by'")
    forms = {as_key(key.text): inner.as_texts(key.text, node) for key, node in inner.entries("formats")}
    column = inner.text("column")
    order = inner.choice("order", ("rule", "known"), "rule")
    formats = read_formats(inner, inner.texts("format"))
    by = inner.text("by")
    formats_by = {value: read_formats(inner, texts) for value, texts in forms.items()}
    if any(form.pattern not in NAMED for form in (*formats, *itertools.chain(*formats_by.values()))):
        inner.require("zone", "name the zone of the file's dates, such as 'zone: Europe/Paris'")
    if column is None:
        return _NOTHING
    return Dated(column, formats, read_zone(inner), by, formats_by, order_known=order == "known")


def read_zone(inner: Section) -> ZoneInfo | None:
    """The time zone of a section, None where it names none."""
    found = inner.text("zone")
    if found is None:
        return None
    try:
        return ZoneInfo(found.text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        inner.mistakes.append(NoSuchZone(found.place, shortened(found.text)))
        return None


def read_formats(inner: Section, texts: tuple[Text, ...]) -> tuple[DateFormat, ...]:
    """Forms of dates, each sound in itself."""
    found = []
    for text in texts:
        form = DateFormat(text.text)
        problem = form.problem()
        if problem:
            inner.mistakes.append(BadDateFormat(text.place, shortened(text.text), problem))
        else:
            found.append(form)
    return tuple(found)
