"""From the rows of one respondent to one response.

What the rows say must agree; a row may say nothing. Rows that contradict each other refuse the whole
respondent, every row named: which of them is right is nothing that a program can know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from boucle.intake.binding import COMMENT_FACT, Binding
from boucle.intake.drafts import Draft, Problem
from boucle.intake.import_map import Stated
from boucle.intake.row import Row
from boucle.model import Dating, FactValue, Person, Response, Verbatim
from boucle.rules.worded import listed, shortened

_Read = Callable[[Draft], FactValue | None]


@dataclass(frozen=True)
class Rejection:
    """Rows that brought no response, and everything that is wrong with them. Never empty."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The rows' numbers, as a spreadsheet shows them."""
        return tuple(row.number for row in self.rows)

    @property
    def column(self) -> str | None:
        """The column of the first problem, None where it lies in the whole row."""
        return self.problems[0].column

    @property
    def message(self) -> str:
        """The first problem. It may quote a cell: for the screen and the file to mend, not for logs."""
        return self.problems[0].message


@dataclass(frozen=True)
class Skipped:
    """Rows that are no response by the map: one that must not be blank is."""

    rows: tuple[Row, ...]


def join(binding: Binding, drafts: Sequence[Draft]) -> Response | Rejection | Skipped:
    """One response of the rows of one respondent, in file order."""
    problems = [problem for draft in drafts for problem in draft.problems]
    if not problems:
        problems = list(_contradictions(binding, drafts))
    rows = tuple(draft.row for draft in drafts)
    if problems:
        return Rejection(rows, tuple(problems))
    response = _respond(binding, drafts)
    needed = (bound.fact.name for bound in binding.feeds if bound.feed.blank == "skip")
    return Skipped(rows) if any(name not in response.facts for name in needed) else response


def _respond(binding: Binding, drafts: Sequence[Draft]) -> Response:
    verbatims = tuple(verbatim for draft in drafts for verbatim in draft.verbatims)
    facts: dict[str, FactValue] = {}
    person: dict[str, str] = {}
    for draft in reversed(drafts):
        facts.update(draft.facts)
        person.update(draft.person)
    if verbatims and binding.has_comment_fact:
        facts[COMMENT_FACT] = _joined(verbatims)
    at, dating = _date(binding, drafts)
    return Response(
        source=binding.map.source,
        source_id=drafts[0].id,
        responded_at=at,
        dating=dating,
        facts=facts,
        verbatims=verbatims,
        customer=next((draft.customer for draft in drafts if draft.customer), None),
        contact=next((draft.contact for draft in drafts if draft.contact), None),
        person=Person(**person) if person else None,
    )


def _joined(verbatims: Sequence[Verbatim]) -> str:
    return "\n\n".join(verbatim.text for verbatim in verbatims)


def _date(binding: Binding, drafts: Sequence[Draft]) -> tuple[datetime, Dating]:
    """The date that all rows can mean, the first row's choice where that is one of them."""
    common = _common_dates(drafts)
    if isinstance(binding.map.responded_at, Stated):
        return common[0], "stated"
    return common[0], "given" if len(common) == 1 else "ambiguous"


def _common_dates(drafts: Sequence[Draft]) -> list[datetime]:
    return [at for at in drafts[0].dates if all(at in draft.dates for draft in drafts)]


def _contradictions(binding: Binding, drafts: Sequence[Draft]) -> Iterator[Problem]:
    """What the rows of one respondent say differently."""
    if len(drafts) == 1:
        return
    if not _common_dates(drafts):
        yield _contradiction(drafts, "date", lambda draft: draft.dates[0].date().isoformat())
    for name, read in _parts(binding, drafts):
        if len({read(draft) for draft in drafts} - {None, ""}) > 1:
            yield _contradiction(drafts, name, read)


def _parts(binding: Binding, drafts: Sequence[Draft]) -> Iterator[tuple[str, _Read]]:
    """Everything that must agree, by the name that a message gives it."""
    yield "id", lambda draft: draft.id
    yield "customer", lambda draft: draft.customer
    yield "contact", lambda draft: draft.contact
    yield from ((name, _read_person(name)) for name in binding.map.person)
    yield from (
        (name, _read_fact(name)) for name in sorted({name for draft in drafts for name in draft.facts})
    )


def _read_person(name: str) -> _Read:
    return lambda draft: draft.person.get(name)


def _read_fact(name: str) -> _Read:
    return lambda draft: draft.facts.get(name)


def _contradiction(drafts: Sequence[Draft], name: str, read: _Read) -> Problem:
    said = {draft.row.number: read(draft) for draft in drafts if read(draft) not in {None, ""}}
    shown = listed(f"{shortened(str(value))} in row {number}" for number, value in said.items())
    return Problem(
        drafts[0].row.number, None, f"rows of one respondent contradict each other: {name} is {shown}"
    )
