"""What belongs to the present round of a loop, table by table.

Each transition of a loop asks for these rows of a dozen tables, and most loops have rows in a few of them.
A transaction that holds the loop asks once which have none, and those not at all. Each query is built once
in a process: building it takes longer than asking it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import compress
from operator import attrgetter, not_
from typing import Any, TypeVar

from sqlalchemy import Executable, bindparam, exists, or_
from sqlalchemy import select as select_values
from sqlmodel import Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from boucle.engine import holding
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import (
    ApprovalRow,
    AttemptRow,
    CaseRow,
    ClockRow,
    CommitmentRow,
    OfferRow,
    QuestionRow,
    ReferralRow,
    ReplyRow,
    TaskRow,
)

RowT = TypeVar("RowT", bound=SQLModel)

_BY_ROUND = (CaseRow, ClockRow, ApprovalRow, CommitmentRow, QuestionRow, TaskRow, AttemptRow)
_BY_LOOP = (ReferralRow, OfferRow)
_LOOKED_AT = (*_BY_ROUND, *_BY_LOOP, ReplyRow)


def list_of_round(session: Session, table: type[RowT], loop: LoopRow, *order: str) -> Sequence[RowT]:
    """The table's rows of the loop's present round, ordered by these columns; there are few of them."""
    if has_none(session, table, loop):
        return ()
    known, key = holding.of(session), (table, loop.id, loop.round)
    rows = known.lists.get(key) if loop.id in known.loops else None
    if rows is None:
        rows = session.exec(_query(table), params={"loop": loop.id, "round": loop.round}).all()
        if loop.id in known.loops:
            known.lists[key] = rows
    return sorted(rows, key=attrgetter(*order)) if order else tuple(rows)


def find_of_loop(session: Session, table: type[RowT], loop_id: str) -> RowT | None:
    """The one row that a loop can have of a table, in whatever round: its offer, its referral."""
    held = holding.of(session).loops.get(loop_id)
    if held is not None and has_none(session, table, held):
        return None
    return session.exec(_query_loop(table), params={"loop": loop_id}).first()


def has_none(session: Session, table: type[SQLModel], loop: LoopRow) -> bool:
    """Whether the round is known to have no such row.

    Of replies, none of a loop that was merged into it either; of referrals and offers, none in any round.
    """
    known = holding.of(session)
    if table not in _LOOKED_AT or (loop.id not in known.loops and (loop.id, loop.round) not in known.bare):
        return False
    return table in look(session, loop)


def look(session: Session, loop: LoopRow) -> set[type[SQLModel]]:
    """The tables in which the round has no row; who does not hold the loop has seen them for good."""
    bare = holding.of(session).bare
    seen = bare.get((loop.id, loop.round))
    if seen is None:
        session.flush()
        found = session.execute(_look(), {"loop": loop.id, "round": loop.round}).one()
        seen = set(compress(_LOOKED_AT, map(not_, found)))
        bare[loop.id, loop.round] = seen
    return seen


@cache
def _query(table: type[RowT]) -> SelectOfScalar[RowT]:
    return select(table).where(_of_round(table))


@cache
def _query_loop(table: type[RowT]) -> SelectOfScalar[RowT]:
    return select(table).where(_of_loop(table))


@cache
def _look() -> Executable:
    merged = select(LoopRow.id).where(LoopRow.merged_into == bindparam("loop"))
    replies = or_(_of_round(ReplyRow), col(ReplyRow.loop_id).in_(merged))
    wanted = [_of_round(table) for table in _BY_ROUND]
    wanted += [_of_loop(table) for table in _BY_LOOP]
    return select_values(*(exists().where(where) for where in (*wanted, replies)))


def _of_round(table: Any) -> Any:
    return _of_loop(table) & (table.round == bindparam("round"))


def _of_loop(table: Any) -> Any:
    return table.loop_id == bindparam("loop")
