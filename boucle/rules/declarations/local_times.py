"""Instants as people write them: a local time in a zone, or a time with its offset from UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from boucle.rules.declarations.gate_mistakes import NotOneInstant
from boucle.rules.strict_yaml.file_mistakes import BadValue
from boucle.rules.strict_yaml.form import Form
from boucle.rules.strict_yaml.source import Scalar
from boucle.rules.worded import shortened

_FORM = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_EXPECTED = (
    'write a local time such as "2026-12-24T00:00", or one with its offset such as "2026-12-24T00:00+01:00"'
)


def is_local(text: str) -> bool:
    """Whether a time says no offset, so that it is read in a zone."""
    found = _FORM.fullmatch(text)
    return found is not None and found[2] is None


def read_instant(form: Form, key: str, zone: str) -> datetime | None:
    """The instant under `key`, in UTC; None where it is absent or wrong.

    A local time that the zone skips or repeats when its clocks change is refused: nobody can tell
    which instant is meant.
    """
    value = form.scalar(key, "a time")
    if value is None:
        return None
    try:
        return _read(form, value, zone)
    except (ValueError, OverflowError):
        form.refuse(BadValue(value.place, key, shortened(value.text), _EXPECTED))
        return None


def _read(form: Form, value: Scalar, zone: str) -> datetime | None:
    """The instant, None where the clocks leave it open; ValueError where it is none at all."""
    if not _FORM.fullmatch(value.text):
        raise ValueError(value.text)
    read = datetime.fromisoformat(value.text)
    if read.tzinfo is not None:
        return read.astimezone(UTC)
    first, second = (read.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    mistake = _changed(value, first, second, zone)
    form.mistakes.extend([mistake] if mistake else [])
    return None if mistake else first.astimezone(UTC)


def _changed(value: Scalar, first: datetime, second: datetime, zone: str) -> NotOneInstant | None:
    """The mistake of a time in the hour of a change; both readings differ in their offset only there.

    In a gap the first reading has the offset from before the change, so that going to UTC and back
    moves it to the other side (PEP 495).
    """
    if first.utcoffset() == second.utcoffset():
        return None
    after = first.astimezone(UTC).astimezone(ZoneInfo(zone))
    if after.replace(tzinfo=None) != first.replace(tzinfo=None):
        mended = f'"{after.replace(tzinfo=None).isoformat(timespec="minutes")}"'
        return NotOneInstant(value.place, value.text, "never comes", zone, mended)
    both = (f'"{reading.isoformat(timespec="minutes")}"' for reading in (first, second))
    return NotOneInstant(value.place, value.text, "comes twice", zone, " or ".join(both))
