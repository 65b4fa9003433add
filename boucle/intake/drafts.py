"""From one row to what it says of a response, or to everything in it that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from boucle.intake.binding import Binding, BoundFeed
from boucle.intake.dates import DateFormat, DateReading, Order, read_date, to_instant
from boucle.intake.encodings import UndecodableError
from boucle.intake.import_map import About, CommentFeed, Dated, Stated, Text, as_key
from boucle.intake.row import Row
from boucle.intake.sheets import Decoder
from boucle.intake.values import UnreadableError, parse_value, reverse_score, shown_formats, translate
from boucle.model import FactValue, Verbatim
from boucle.rules.worded import shortened

_YEARS = range(1970, 2201)
_DATES: Mapping[About, str] = {"response": "somebody answered", "statement": "this was so"}


@dataclass(frozen=True)
class Problem:
    """Why a row was refused. The message may quote the cell: it is for the screen and the file to mend."""

    row: int
    column: str | None
    message: str


@dataclass
class Draft:
    """What one row says. `dates` are the instants that its date can mean, the map's choice first."""

    row: Row
    id: str = ""
    group: tuple[str, ...] = ()
    facts: dict[str, FactValue] = field(default_factory=dict)
    customer: str = ""
    contact: str = ""
    person: dict[str, str] = field(default_factory=dict)
    verbatims: list[Verbatim] = field(default_factory=list)
    blank_comments: int = 0
    dates: tuple[datetime, ...] = ()
    order: Order = "fixed"
    problems: list[Problem] = field(default_factory=list)


def read_draft(binding: Binding, row: Row, decoder: Decoder) -> Draft | None:
    """Read one row; None where the map's `only` leaves it out."""
    draft = Draft(row)
    if row.problem:
        draft.problems.append(Problem(row.number, None, row.problem))
        return draft
    reader = _RowReader(binding, draft, decoder)
    if not reader.is_wanted():
        return None
    reader.read()
    return draft


class _RowReader:
    """Fills a draft. A column is decoded only where the map names it."""

    def __init__(self, binding: Binding, draft: Draft, decoder: Decoder) -> None:
        self.binding = binding
        self.map = binding.map
        self.draft = draft
        self.decoder = decoder

    def is_wanted(self) -> bool:
        """Whether every `only` of the map holds."""
        return all(as_key(self._cell(only.column)) in only.values for only in self.map.only)

    def read(self) -> None:
        """Read everything that the map names."""
        self.draft.id = self._read_id()
        self.draft.group = tuple(self._cell(column).strip() for column in self.map.group_by)
        self._read_who()
        for feed in self.binding.feeds:
            self._read_fact(feed)
        for comment in self.map.comments:
            self._read_comment(comment)
        self._read_date()

    def _refuse(self, column: Text | None, message: str) -> None:
        problem = Problem(self.draft.row.number, column.text if column else None, message)
        if problem not in self.draft.problems:
            self.draft.problems.append(problem)

    def _cell(self, column: Text) -> str:
        try:
            return self.decoder.decode(self.draft.row.cells[self.binding.index(column)])
        except UndecodableError as error:
            self._refuse(column, str(error))
            return ""

    def _read_id(self) -> str:
        parts = [self._cell(column).strip() for column in self.map.id]
        blank = [column for column, part in zip(self.map.id, parts, strict=True) if not part]
        if blank and not self.draft.problems:
            self._refuse(blank[0], "is blank, and is the response's id")
        return self.map.id_prefix + "/".join(parts)

    def _read_who(self) -> None:
        self.draft.customer = self._cell(self.map.customer).strip() if self.map.customer else ""
        self.draft.contact = self._cell(self.map.contact).strip() if self.map.contact else ""
        read = {key: self._cell(column).strip() for key, column in self.map.person.items()}
        self.draft.person = {key: text for key, text in read.items() if text}

    def _read_fact(self, bound: BoundFeed) -> None:
        feed = bound.feed
        if feed.column is None:
            if bound.constant is not None:
                self.draft.facts[bound.fact.name] = bound.constant
            return
        text = self._cell(feed.column)
        if not text.strip() or as_key(text) in feed.missing:
            return
        try:
            value = self._read_value(text, bound)
        except UnreadableError as error:
            self._refuse(feed.column, str(error))
            return
        if value is not None:
            self.draft.facts[bound.fact.name] = value

    def _read_value(self, text: str, bound: BoundFeed) -> FactValue | None:
        feed = bound.feed
        value: FactValue | None = translate(text, feed, bound.table) if feed.values else None
        if value is not None or (feed.values and feed.unlisted == "unknown"):
            return value
        value = parse_value(text, bound.fact, feed, self.map.numbers)
        return reverse_score(value, feed.reverse) if feed.reverse else value

    def _read_comment(self, comment: CommentFeed) -> None:
        text = self._cell(comment.column)
        question = comment.question
        if comment.question_column:
            question = self._cell(comment.question_column) or None
        if not text.strip() or as_key(text) in comment.missing:
            self.draft.blank_comments += 1
        else:
            self.draft.verbatims.append(Verbatim(text=text, question=question))

    def _read_date(self) -> None:
        when = self.map.responded_at
        if isinstance(when, Stated):
            self.draft.dates = (when.at,)
            return
        text = self._cell(when.column).strip()
        formats = self._choose_formats(when)
        if formats is None:
            return
        reading = read_date(text, formats)
        if reading is None:
            self._refuse_date(when.column, text, formats)
            return
        self.draft.order = "fixed" if when.order_known else reading.order
        self.draft.dates = tuple(self._to_instants(text, reading, when))

    def _refuse_date(self, column: Text, text: str, formats: tuple[DateFormat, ...]) -> None:
        if text:
            self._refuse(column, f"'{shortened(text)}' is not a date written {shown_formats(formats)}")
        elif not any(problem.column == column.text for problem in self.draft.problems):
            self._refuse(column, f"is blank, and is the {self.map.about}'s date")

    def _choose_formats(self, when: Dated) -> tuple[DateFormat, ...] | None:
        """The forms of this row's date; None, and a problem, where the map has none for it."""
        if when.by is None:
            return when.formats
        value = as_key(self._cell(when.by))
        if value not in when.formats_by:
            self._refuse(when.by, f"'{shortened(value)}' has no form of dates in the map")
        return when.formats_by.get(value)

    def _to_instants(self, text: str, reading: DateReading, when: Dated) -> Iterator[datetime]:
        possible = reading.possible[:1] if when.order_known else reading.possible
        for at in possible:
            instant = to_instant(at, when.zone)
            if instant is None:
                self._refuse(when.column, f"'{shortened(text)}' names no time zone; give the map's 'zone'")
            elif instant.year not in _YEARS:
                self._refuse(when.column, f"'{shortened(text)}' cannot be when {_DATES[self.map.about]}")
            else:
                yield instant
