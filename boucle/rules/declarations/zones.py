"""The `timezone` of a file."""

from __future__ import annotations

from boucle.rules.files import is_timezone, known_timezones
from boucle.rules.strict_yaml.file_mistakes import UnknownTimezone
from boucle.rules.strict_yaml.form import Form
from boucle.rules.worded import did_you_mean, shortened


def read_timezone(form: Form) -> str | None:
    """The zone's name; None where it is absent or unknown."""
    value = form.scalar("timezone", "a time zone") if form.has("timezone") else None
    if value is None or is_timezone(value.text):
        return value.text if value else None
    guess = did_you_mean(value.text, known_timezones())
    form.refuse(UnknownTimezone(value.place, shortened(value.text), guess))
    return None
