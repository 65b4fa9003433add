"""The words in which colleagues are told: a table for each language, by the kind of notice.

In braces stand what a notice's `values` say, and what is known of every loop: `loop`, `customer`,
`score`, `severity`, `clock` and `due` (what is due first, or what the notice is about). What is not
known reads as such, so that nobody goes untold for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boucle.activities import wording_en, wording_fr
from boucle.activities.templates import Text


@dataclass(frozen=True)
class Wording:
    """One language: subject and body by kind, the lines below each, the names of closed lists' values."""

    notices: Mapping[str, tuple[str, str]]
    details: str
    names: Mapping[str, str]
    unknown: str

    def write(self, kind: str, values: Mapping[str, str]) -> Text:
        """The notice of a kind."""
        known = _Known(values, self.unknown)
        subject, body = self.notices[kind]
        return Text(subject.format_map(known), f"{body}\n\n{self.details}".format_map(known))

    def name(self, value: str) -> str:
        """A closed list's value as people call it."""
        return self.names.get(value, value)


class _Known(dict[str, str]):
    """What is said; anything else is not known."""

    def __init__(self, values: Mapping[str, str], unknown: str) -> None:
        super().__init__(values)
        self._unknown = unknown

    def __missing__(self, key: str) -> str:
        return self._unknown


WORDINGS: Mapping[str, Wording] = {
    "en": Wording(wording_en.NOTICES, wording_en.DETAILS, wording_en.NAMES, wording_en.UNKNOWN),
    "fr": Wording(wording_fr.NOTICES, wording_fr.DETAILS, wording_fr.NAMES, wording_fr.UNKNOWN),
}


def find_wording(language: str) -> Wording:
    """The words of a language; English where we do not speak it."""
    return WORDINGS.get(language, WORDINGS["en"])
