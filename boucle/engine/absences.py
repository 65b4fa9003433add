"""When our own people are away, and who stands in for them: as the settings say it, or as it was recorded.

What is recorded by command stands in the table `absence` and on the person's ledger chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, col, or_, select

from boucle.engine import ledger
from boucle.engine.canonical import instant_text
from boucle.engine.identity import new_id
from boucle.engine.work_tables import AbsenceRow


@dataclass(frozen=True)
class Absence:
    """`person` is away from `begins_at` up to, not including, `ends_at`; None: until further notice."""

    person: str
    begins_at: datetime
    ends_at: datetime | None = None
    stand_in: str | None = None

    def covers(self, at: datetime) -> bool:
        """Whether they are away at that instant."""
        return self.begins_at <= at and (self.ends_at is None or at < self.ends_at)


def find_absence(absences: Iterable[Absence], person: str, at: datetime) -> Absence | None:
    """The absence of a person at an instant; of several the one that began last."""
    covering = [one for one in absences if one.person == person and one.covers(at)]
    return max(covering, key=lambda one: one.begins_at, default=None)


def find_present(absences: Sequence[Absence], person: str, at: datetime) -> str | None:
    """The person where they are there, else whoever stands in and is there; None where nobody is."""
    seen: set[str] = set()
    who: str | None = person
    while who is not None and who not in seen:
        absence = find_absence(absences, who, at)
        if absence is None:
            return who
        seen.add(who)
        who = absence.stand_in
    return None


def read_absences(session: Session, at: datetime) -> tuple[Absence, ...]:
    """What was recorded by command and is not over at `at`, the earliest first."""
    query = select(AbsenceRow).where(or_(col(AbsenceRow.ends_at).is_(None), col(AbsenceRow.ends_at) > at))
    rows = session.exec(query.order_by(col(AbsenceRow.begins_at), col(AbsenceRow.id))).all()
    return tuple(Absence(row.person, row.begins_at, row.ends_at, row.stand_in) for row in rows)


def record_absence(
    session: Session, absence: Absence, *, by: str, at: datetime, id_: str | None = None
) -> AbsenceRow:
    """Write down that somebody will be away; `id_` again is the same absence."""
    known = session.get(AbsenceRow, id_) if id_ else None
    if known is not None:
        return known
    row = AbsenceRow(
        id=id_ or new_id(), person=absence.person, begins_at=absence.begins_at, ends_at=absence.ends_at,
        stand_in=absence.stand_in, recorded_at=at, recorded_by=by,
    )  # fmt: skip
    session.add(row)
    session.flush()
    payload: dict[str, JsonValue] = {
        "absence": row.id,
        "from": instant_text(absence.begins_at),
        "until": instant_text(absence.ends_at) if absence.ends_at else None,
        "stand_in": absence.stand_in,
    }
    ledger.append(session, ledger.person_chain(row.person), "person.absent", at=at, actor=by, payload=payload)
    return row


def end_absences(session: Session, person: str, *, by: str, at: datetime) -> list[AbsenceRow]:
    """The person is back: what was recorded and is not over ends now. What was ended."""
    query = select(AbsenceRow).where(
        AbsenceRow.person == person,
        col(AbsenceRow.begins_at) <= at,
        or_(col(AbsenceRow.ends_at).is_(None), col(AbsenceRow.ends_at) > at),
    )
    rows = list(session.exec(query.order_by(col(AbsenceRow.begins_at)).with_for_update()).all())
    for row in rows:
        row.ends_at, row.ended_by = at, by
        session.add(row)
    if rows:
        session.flush()
        payload: dict[str, JsonValue] = {"absences": [row.id for row in rows]}
        ledger.append(session, ledger.person_chain(person), "person.back", at=at, actor=by, payload=payload)
    return rows
