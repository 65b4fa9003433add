"""An import map as typed values: which column of a file feeds which score, fact or comment."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from boucle.errors import Place
from boucle.intake.dates import DateFormat
from boucle.intake.encodings import Encoding
from boucle.intake.numbers import NumberFormat
from boucle.intake.sheets import Layout

Blank = Literal["unknown", "skip"]
Unlisted = Literal["reject", "unknown", "keep"]
About = Literal["response", "statement"]
"""What a row of the file is: a response, or a statement of a customer."""


@dataclass(frozen=True)
class Text:
    """A text of the map with its place: a column's name, a constant, a value."""

    text: str
    place: Place


@dataclass(frozen=True)
class Feed:
    """How one fact is fed: by a column's cells, or by one constant for the whole file.

    `values` translates cells; `unlisted` says what a cell outside it is. `reverse` turns a scale round.
    `missing` are cells that say nothing; `blank` says whether a response without this fact counts.
    """

    fact: Text
    column: Text | None = None
    constant: Text | None = None
    values: Mapping[str, Text] = field(default_factory=dict)
    unlisted: Unlisted = "reject"
    reverse: tuple[int, int] | None = None
    missing: frozenset[str] = frozenset()
    blank: Blank = "unknown"
    formats: tuple[DateFormat, ...] = ()
    zone: ZoneInfo | None = None
    separator: str = ";"


@dataclass(frozen=True)
class CommentFeed:
    """A column of verbatims, with its question: the same for all, or in a column of its own."""

    column: Text
    question: str | None = None
    question_column: Text | None = None
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stated:
    """One instant for every response of a file that has no dates."""

    at: datetime


@dataclass(frozen=True)
class Dated:
    """Where the date stands and how it is written, the same for all rows or by another column's value.

    `zone` is that of dates that name no offset; None: such a date cannot be read. `order_known`: a date
    that reads two ways is certain all the same. ISO 8601 is understood whatever the forms are.
    """

    column: Text
    formats: tuple[DateFormat, ...] = ()
    zone: ZoneInfo | None = None
    by: Text | None = None
    formats_by: Mapping[str, tuple[DateFormat, ...]] = field(default_factory=dict)
    order_known: bool = False


@dataclass(frozen=True)
class Only:
    """A row counts only where the column holds one of the values."""

    column: Text
    values: frozenset[str]


@dataclass(frozen=True)
class ImportMap:
    """One import map, read and sound in itself; whether it fits a file and a catalogue is asked later.

    A statement of a customer has no `id`; its `responded_at` is when what it says was so.
    """

    place: Place
    source: str
    id: tuple[Text, ...]
    responded_at: Stated | Dated
    id_prefix: str = ""
    layout: Layout = field(default_factory=Layout)
    encoding: Encoding = field(default_factory=Encoding)
    numbers: NumberFormat = field(default_factory=NumberFormat)
    group_by: tuple[Text, ...] = ()
    only: tuple[Only, ...] = ()
    customer: Text | None = None
    contact: Text | None = None
    person: Mapping[str, Text] = field(default_factory=dict)
    facts: tuple[Feed, ...] = ()
    comments: tuple[CommentFeed, ...] = ()
    about: About = "response"

    def columns(self) -> Iterator[Text]:
        """Every column that the map names, in no particular order, some perhaps twice."""
        yield from (*self.id, *self.group_by, *self.person.values())
        yield from (only.column for only in self.only)
        found = [self.customer, self.contact, *(feed.column for feed in self.facts)]
        if isinstance(self.responded_at, Dated):
            found += [self.responded_at.column, self.responded_at.by]
        for comment in self.comments:
            found += [comment.column, comment.question_column]
        yield from (column for column in found if column)


def squeezed(text: str) -> str:
    """A text for comparing, in NFC: a run of spaces, no-break ones and line breaks included, is one."""
    plain = " ".join(text.split())
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain)


def as_key(text: str) -> str:
    """A cell for looking up in a map's tables; `4.0`, as statistics programs write it, is `4`."""
    plain = squeezed(text)
    whole = plain.removesuffix(".0")
    return whole if whole.isdecimal() else plain
