"""The cases that nobody owns yet, and taking the most urgent of them: each goes to one person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from boucle.engine import commands, loops
from boucle.engine.case_rows import find_case
from boucle.engine.cases import MOST_URGENT_FIRST
from boucle.engine.tables import CommandRow, LoopRow
from boucle.engine.work_tables import CaseRow
from boucle.model import ActKind, LoopState


@dataclass(frozen=True)
class Taker:
    """Who takes a case: of which teams, with what skills and languages (none: every language)."""

    person: str
    teams: Collection[str]
    skills: Collection[str] = ()
    languages: Collection[str] = ()


def list_free(session: Session, taker: Taker, at: datetime, limit: int = 100) -> Sequence[str]:
    """The loops whose case somebody could take, the most urgent first: by what is due next, then severity.

    Without those that were put aside, and those that somebody is about to claim.
    """
    query = (
        select(LoopRow.id)
        .where(CaseRow.loop_id == LoopRow.id, CaseRow.round == LoopRow.round)
        .where(LoopRow.state != LoopState.CLOSED, col(CaseRow.owner).is_(None))
        .where(col(CaseRow.concluded_at).is_(None))
        .where(col(CaseRow.team).in_(list(taker.teams)))
        .where(or_(col(CaseRow.skill).is_(None), col(CaseRow.skill).in_(list(taker.skills))))
        .where(or_(col(CaseRow.snoozed_until).is_(None), col(CaseRow.snoozed_until) <= at))
        .where(~_claims().where(CommandRow.loop_id == LoopRow.id).exists())
    )
    if taker.languages:
        query = query.where(col(LoopRow.language).in_(list(taker.languages)))
    return session.exec(query.order_by(*MOST_URGENT_FIRST).limit(limit)).all()


def take_next(
    session: Session, taker: Taker, at: datetime, command_id: str | None = None
) -> CommandRow | None:
    """Record the claim of the most urgent case that is still free; None where there is none.

    Whoever asks at the same moment gets another one. The same `command_id` again is the same claim.
    """
    known = session.get(CommandRow, command_id) if command_id else None
    if known is not None:
        return known
    for loop_id in list_free(session, taker, at):
        loop = loops.lock_loop(session, loop_id)
        if _is_free(session, loop):
            return commands.record(
                session, loop_id=loop_id, kind=ActKind.CLAIM, actor=taker.person, at=at, recorded_at=at,
                details={}, command_id=command_id,
            )  # fmt: skip
    return None


def _is_free(session: Session, loop: LoopRow) -> bool:
    """Whether nobody was quicker, now that nobody else can be."""
    row = find_case(session, loop)
    free = row is not None and row.owner is None and row.concluded_at is None
    return (
        free
        and loop.state != LoopState.CLOSED
        and session.exec(_claims().where(CommandRow.loop_id == loop.id)).first() is None
    )


def _claims() -> SelectOfScalar[str]:
    return select(CommandRow.id).where(CommandRow.kind == ActKind.CLAIM, CommandRow.state == "recorded")
