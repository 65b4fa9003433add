"""A file of customers read by its map: what it says of whom, and the rows that were refused.

Every cell must fit the catalogue here: a customer has no quarantine to be mended in.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from boucle.engine.incoming import FUTURE_ALLOWED, LONGEST_KEY
from boucle.errors import Mistake
from boucle.intake.batch import FileRead, Progress, UnfitMapError, decode_map
from boucle.intake.binding import Binding, BoundFeed, bind
from boucle.intake.customers_map import CustomersMap, party_of, read_customers_map
from boucle.intake.drafts import Draft, Problem, read_draft
from boucle.intake.import_map import Dated, ImportMap, Stated, Text
from boucle.intake.joining import Rejection
from boucle.intake.map_mistakes import NotFed
from boucle.intake.row import Row
from boucle.intake.sheets import open_sheet
from boucle.model import FactValue, Person, Statement
from boucle.rules.catalogue import Catalogue, Fact, fit
from boucle.rules.worded import shortened


@dataclass
class StatementCounts:
    """Counts of one file, in rows. `ambiguous` are those whose date can be two days."""

    rows: int = 0
    left_out: int = 0
    skipped: int = 0
    rejected: int = 0
    ambiguous: int = 0
    unlisted: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True)
class StatementBatch(FileRead):
    """What a file says, in its order; every row that says anything is one statement."""

    said_by: str
    statements: tuple[Statement, ...]
    counts: StatementCounts


def read_map_of_customers(path: Path) -> tuple[CustomersMap | None, list[Mistake]]:
    """As `read_customers_map`, of a file; UnreadableFileError where there is none."""
    text, mistake = decode_map(path)
    return read_customers_map(text, str(path)) if mistake is None else (None, [mistake])


def read_statements(
    map_: CustomersMap, path: Path, catalogue: Catalogue, at: datetime, progress: Progress | None = None
) -> StatementBatch:
    """Read a file to its end; UnreadableFileError, UnfitMapError.

    `at` is when its facts are so where the map does not say it, and what no date may lie far beyond.
    """
    columns = replace(map_.columns, responded_at=map_.when or Stated(at))
    with open_sheet(path, columns.layout, columns.encoding, columns.numbers) as sheet:
        binding, mistakes = bind_customers(columns, sheet.header, path.name, catalogue)
        if binding is None:
            raise UnfitMapError(mistakes)
        reader = _Reader(binding, at)
        drafts = (read_draft(binding, row, sheet.decoder) for row in sheet.rows)
        read = [found for draft in _counted(drafts, reader.counts, progress) if (found := reader.read(draft))]
        statements, rejections = _settle(read, reader.counts)
        return StatementBatch(
            map=columns,
            rejections=rejections,
            header=sheet.header,
            above=sheet.above,
            below=sheet.below,
            show=sheet.decoder.show,
            unused=binding.unused,
            said_by=map_.said_by,
            statements=statements,
            counts=reader.counts,
        )


def bind_customers(
    columns: ImportMap, header: tuple[str, ...], file: str, catalogue: Catalogue
) -> tuple[Binding | None, list[Mistake]]:
    """Fit a map of customers to a file's header and to the catalogue; None where it has a mistake."""
    binding, mistakes = bind(columns, header, file, catalogue)
    mistakes = sorted([*mistakes, *_personal_facts(columns, catalogue)], key=lambda one: one.place)
    return (None if mistakes else binding), mistakes


def _personal_facts(columns: ImportMap, catalogue: Catalogue) -> Iterator[Mistake]:
    for feed in columns.facts:
        fact = catalogue.facts.get(feed.fact.text)
        if fact is not None and fact.pii:
            why = "it is personal (pii); of a person, name, email and phone are kept, under 'person:'"
            yield NotFed(feed.fact.place, fact.name, why)


def _counted(
    drafts: Iterable[Draft | None], counts: StatementCounts, progress: Progress | None
) -> Iterator[Draft]:
    for draft in drafts:
        counts.rows += 1
        if progress:
            progress(counts.rows)
        if draft is None:
            counts.left_out += 1
        else:
            yield draft


_Read = tuple[Row, Statement | None, list[Problem]]


class _Reader:
    """Makes statements of drafts, and says what is wrong with those that become none."""

    def __init__(self, binding: Binding, at: datetime) -> None:
        self.counts = StatementCounts()
        self._binding = binding
        self._map = binding.map
        self._latest = at + FUTURE_ALLOWED

    def read(self, draft: Draft) -> _Read | None:
        """The row with its statement, or with what is wrong; None: it says nothing by the map."""
        problems = list(draft.problems)
        if not problems and any(
            bound.feed.blank == "skip" and bound.fact.name not in draft.facts for bound in self._binding.feeds
        ):
            self.counts.skipped += 1
            return None
        facts = dict(self._fit(draft, problems))
        customer, contact = _nfc(draft.customer), _nfc(draft.contact)
        if not draft.row.problem:
            self._check_who(draft.row, customer, contact, facts, draft, problems)
            self._check_date(draft, problems)
        if problems:
            return draft.row, None, problems
        said = Statement(
            as_of=draft.dates[0],
            customer=customer or None,
            contact=contact or None,
            facts=facts,
            person=Person(**{name: _nfc(text) for name, text in draft.person.items()})
            if draft.person
            else None,
        )
        return draft.row, said, []

    def _fit(self, draft: Draft, problems: list[Problem]) -> Iterator[tuple[str, FactValue | None]]:
        """Each fact in its one form; None where what was said counts as unknown."""
        for bound in self._binding.feeds:
            name = bound.fact.name
            if name not in draft.facts:
                continue
            fitting, misfits, unlisted = fit(Catalogue({name: bound.fact}, {}), {name: draft.facts[name]})
            problems.extend(self._problem(draft.row, bound.feed.column, one.message) for one in misfits)
            if unlisted:
                self._count_unlisted(bound, draft.facts[name])
            if not misfits:
                yield name, _with_all_digits(bound.fact, fitting.get(name))

    def _count_unlisted(self, bound: BoundFeed, value: FactValue) -> None:
        members = value if isinstance(value, tuple) else (str(value),)
        strange = (member for member in members if member not in bound.fact.values)
        self.counts.unlisted.update((bound.fact.name, member) for member in strange)

    def _check_who(
        self,
        row: Row,
        customer: str,
        contact: str,
        facts: dict[str, FactValue | None],
        draft: Draft,
        problems: list[Problem],
    ) -> None:
        keys = {"customer": (self._map.customer, customer), "contact": (self._map.contact, contact)}
        for column, key in keys.values():
            if len(key) > LONGEST_KEY:
                problems.append(self._problem(row, column, f"has more than {LONGEST_KEY} characters"))
        if not customer and not contact:
            problems.append(Problem(row.number, None, "names neither a customer nor a contact"))
            return
        said = [name for name in facts if not keys[party_of(name) or "customer"][1]]
        said += [*draft.person] if not contact else []
        if said:
            party = party_of(said[0]) or "contact"
            problems.append(self._problem(row, keys[party][0], f"is blank, and the row says its {said[0]}"))

    def _check_date(self, draft: Draft, problems: list[Problem]) -> None:
        when = self._map.responded_at
        column = when.column if isinstance(when, Dated) else None
        if any(at > self._latest for at in draft.dates[:1]):
            problems.append(self._problem(draft.row, column, "lies more than 24 hours after now"))
        self.counts.ambiguous += len(draft.dates) > 1

    def _problem(self, row: Row, column: Text | None, message: str) -> Problem:
        return Problem(row.number, column.text if column else None, message)


def _with_all_digits(fact: Fact, value: FactValue | None) -> FactValue | None:
    """A decimal as its fact has it: 1200.5 and 1200.50 are one amount, and no change."""
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-fact.digits))
    return value


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


# -- rows that contradict each other ------------------------------------------------------------


def _settle(read: list[_Read], counts: StatementCounts) -> tuple[tuple[Statement, ...], list[Rejection]]:
    """What is said, and the rows refused: those that cannot be read, and those that contradict another."""
    blamed = _contradictions((row, said) for row, said, _ in read if said)
    statements: list[Statement] = []
    rejections: list[Rejection] = []
    for row, said, problems in read:
        wrong = [*problems, *blamed.get(row.number, ())]
        if said is not None and not wrong:
            statements.append(said)
        else:
            rejections.append(Rejection((row,), tuple(wrong)))
    counts.rejected = len(rejections)
    return tuple(statements), rejections


def _contradictions(read: Iterable[tuple[Row, Statement]]) -> dict[int, list[Problem]]:
    """Rows that say two things of one party as of one instant: which is right nobody can know."""
    first: dict[tuple[str, ...], tuple[int, object]] = {}
    found: dict[int, list[Problem]] = {}
    for row, said in read:
        for key, value in _claims(said):
            number, before = first.setdefault(key, (row.number, value))
            if before == value:
                continue
            what = f"{key[2]} is {_shown(before)} in row {number} and {_shown(value)} in row {row.number}"
            text = f"two rows contradict each other on one {key[0]}: {what}"
            for one in (number, row.number):
                found.setdefault(one, []).append(Problem(one, None, text))
    return found


def _claims(said: Statement) -> Iterator[tuple[tuple[str, ...], object]]:
    at = said.as_of.isoformat()
    keys = {"customer": said.customer or "", "contact": said.contact or ""}
    for name, value in said.facts.items():
        party = party_of(name) or "customer"
        yield (party, keys[party], name, at), value
    if said.contact:
        if said.customer:
            yield ("contact", said.contact, "customer", at), said.customer
        for name, text in (said.person or Person()).model_dump(exclude_none=True).items():
            yield ("contact", said.contact, name, at), text


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return shortened(", ".join(map(str, value)) or "nothing")
    return "outside its list" if value is None else shortened(str(value))
