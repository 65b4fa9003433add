"""`quiet_hours:` of the policy: the hours in which no message goes to a customer."""

from __future__ import annotations

import re

from boucle.model import QuietHours
from boucle.rules.strict_yaml.file_mistakes import BadValue
from boucle.rules.strict_yaml.form import Form

KEYS = ("from", "until")

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def read_quiet_hours(form: Form) -> QuietHours | None:
    """The quiet hours of the policy file; None where it has none, or wrong ones."""
    span = form.form("quiet_hours", "'quiet_hours'") if form.has("quiet_hours") else None
    if span is None:
        return None
    span.check_keys(KEYS)
    span.require(*KEYS)
    begins, ends = (_time(span, key) if span.has(key) else None for key in KEYS)
    if begins is None or ends is None:
        return None
    if begins == ends:
        span.refuse(BadValue(span.place_of("until"), "until", "the time of 'from'", "another time of day"))
        return None
    return QuietHours(begins=begins, ends=ends)


def write_time(minutes: int) -> str:
    """A time of day, given in minutes since midnight, as the policy file has it."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _time(span: Form, key: str) -> int | None:
    """Minutes since midnight."""
    text = span.text(key)
    found = _TIME.fullmatch(text) if text is not None else None
    if text is not None and found is None:
        span.refuse(BadValue(span.place_of(key), key, text, 'a time of day in quotes, such as "20:00"'))
    return int(found[1]) * 60 + int(found[2]) if found else None
