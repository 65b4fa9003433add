"""What Temporal has yet to be told, and whether it took it.

A row is written in the transaction that makes it necessary, and drained afterwards: nothing accepted
is lost by a crash in between, and nothing is started that was not accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from sqlalchemy import BindParameter, ColumnElement, Executable, Integer, bindparam, func, true, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from boucle.engine import reservations
from boucle.engine.tables import LoopRow, OutboxRow
from boucle.model import LoopState

Kind = Literal["start", "act"]
"""What Temporal is told: to start a loop's round, or to take an act."""

_FIRST_WAIT = timedelta(milliseconds=250)
_LONGEST_WAIT = timedelta(minutes=1)
_TICK = timedelta(microseconds=1)
_LATEST = select(func.max(OutboxRow.at)).where(OutboxRow.loop_id == bindparam("loop"))


@dataclass(frozen=True)
class Waiting:
    """How much waits to be told to Temporal, and since when the oldest of it.

    `deferred` starts wait for the end of a window; they are no part of the others.
    """

    starts: int
    acts: int
    refused: int
    oldest_at: datetime | None
    deferred: int = 0


def enqueue_start(session: Session, loop: LoopRow, at: datetime, *, again: bool = False) -> OutboxRow:
    """Ask for the loop's workflow in its present round; the same row again where there is one.

    `again`: a closed run of the loop is no duplicate (reopening, or rebuilding after a loss). What a
    refused start had released counts again. A deferred loop is not started before its time.
    """
    row_id = f"{loop.id}/{loop.round}"
    row = _lock(session, row_id)
    if row is None:
        row = OutboxRow(id=row_id, kind="start", loop_id=loop.id, round=loop.round, again=again, at=at)
        row.not_before = loop.deferred_until
    elif row.state != "pending":
        reservations.retake(session, loop.id)
        row.state, row.again, row.at = "pending", again, at
        row.tries, row.next_try_at, row.done_at, row.problem = 0, None, None, None
    session.add(row)
    session.flush()
    return row


def enqueue_act(session: Session, loop: LoopRow, command_id: str, at: datetime) -> OutboxRow:
    """Ask for an act to be delivered; acts of one loop keep the order in which they were recorded."""
    latest = session.exec(_LATEST, params={"loop": loop.id}).one()
    row = OutboxRow(
        id=command_id,
        kind="act",
        loop_id=loop.id,
        round=loop.round,
        command_id=command_id,
        at=at if latest is None or latest < at else latest + _TICK,
    )
    session.add(row)
    session.flush()
    return row


def pending(
    session: Session, limit: int, *, at: datetime | None = None, kind: Kind | None = None
) -> Sequence[OutboxRow]:
    """What to tell next, of one kind or of both, oldest first; what another dispatcher holds is left out.

    Of each loop only the first in line: its start before its acts, and its acts in order. With
    `at`, rows that wait for their next try are left out, and so are starts deferred beyond `at`:
    nobody waits behind those, so that a loop can be closed before it begins.
    """
    query = _pending(timed=at is not None, one_kind=kind is not None)
    return session.exec(query, params={"limit": limit, "at": at, "kind": kind}).all()


@cache
def _pending(*, timed: bool, one_kind: bool) -> SelectOfScalar[OutboxRow]:
    """Built once: a dispatcher asks many times a second, and building it takes longer than asking."""
    at: BindParameter[datetime] | None = bindparam("at") if timed else None
    query = (
        select(OutboxRow)
        .where(OutboxRow.state == "pending", or_(OutboxRow.kind == "start", ~_behind_another(at)))
        .order_by(col(OutboxRow.at), col(OutboxRow.id))
        .limit(bindparam("limit", type_=Integer))
        .with_for_update(skip_locked=True)
    )
    if one_kind:
        query = query.where(OutboxRow.kind == bindparam("kind"))
    if at is not None:
        query = query.where(or_(col(OutboxRow.next_try_at).is_(None), col(OutboxRow.next_try_at) <= at))
        query = query.where(or_(col(OutboxRow.not_before).is_(None), col(OutboxRow.not_before) <= at))
    return query


def mark_started(session: Session, row_id: str, at: datetime) -> bool:
    """Temporal took it; what the start reserved is used. False when it was no longer pending."""
    kind, loop_id = _leave_pending(session, row_id, "started", at, None)
    if kind == "start":
        reservations.use(session, loop_id, at)
    return kind is not None


def mark_refused(session: Session, row_id: str, problem: str, at: datetime) -> bool:
    """Temporal will never take it; `problem` is a code, nothing personal. False when not pending.

    What a start had reserved of caps and budgets is free again, unless an earlier round has used it.
    """
    loop = _lock_loop_of(session, row_id)
    kind, _ = _leave_pending(session, row_id, "refused", at, problem)
    if kind == "start" and loop is not None:
        reservations.release(session, loop, problem, at)
    return kind is not None


def mark_ended(session: Session, loop_id: str, problem: str, at: datetime) -> bool:
    """The workflow of an open loop has ended, which only a person can judge; `problem` is a code.

    False where there is nothing to record: the loop is closed, or asked for again, or recorded.
    """
    loop = session.get(LoopRow, loop_id, with_for_update=True, populate_existing=True)
    if loop is None or loop.state == LoopState.CLOSED:
        return False
    row = _lock(session, f"{loop.id}/{loop.round}")
    if row is None or row.state != "started":
        return False
    row.state, row.done_at, row.problem = "refused", at, problem
    session.add(row)
    session.flush()
    return True


def is_pending(session: Session, loop_id: str) -> bool:
    """Whether a start of the loop has yet to be told."""
    query = select(OutboxRow.id).where(
        OutboxRow.loop_id == loop_id, OutboxRow.kind == "start", OutboxRow.state == "pending"
    )
    return session.exec(query).first() is not None


def list_pending_starts(session: Session) -> Sequence[str]:
    """The loops whose start has yet to be told."""
    query = select(OutboxRow.loop_id).where(OutboxRow.kind == "start", OutboxRow.state == "pending")
    return session.exec(query.order_by(OutboxRow.loop_id)).all()


def bump(session: Session, row_id: str, problem: str, at: datetime) -> None:
    """Count a try in vain: the next one waits twice as long as the last, at most a minute."""
    row = _lock(session, row_id)
    if row is None or row.state != "pending":
        return
    wait = min(_FIRST_WAIT * 2 ** min(row.tries, 16), _LONGEST_WAIT)
    row.tries, row.problem, row.next_try_at = row.tries + 1, problem, at + wait
    session.add(row)
    session.flush()


def waiting(session: Session, at: datetime) -> Waiting:
    """What waits and what was refused, for the doctor and for commands that say what waits."""
    due_at = func.coalesce(OutboxRow.not_before, OutboxRow.at)
    deferred = (col(OutboxRow.state) == "pending", col(OutboxRow.not_before) > at)
    due = or_(
        col(OutboxRow.state) != "pending",
        col(OutboxRow.not_before).is_(None),
        col(OutboxRow.not_before) <= at,
    )
    counts = session.exec(
        select(OutboxRow.kind, OutboxRow.state, func.count(), func.min(due_at))
        .where(col(OutboxRow.state) != "started", due)
        .group_by(OutboxRow.kind, OutboxRow.state)
    ).all()
    left = {kind: (count, oldest) for kind, state, count, oldest in counts if state == "pending"}
    return Waiting(
        starts=left.get("start", (0, None))[0],
        acts=left.get("act", (0, None))[0],
        refused=sum(count for _, state, count, _ in counts if state == "refused"),
        oldest_at=min((oldest for _, oldest in left.values()), default=None),
        deferred=session.exec(select(func.count()).select_from(OutboxRow).where(*deferred)).one(),
    )


def _behind_another(at: BindParameter[datetime] | None) -> ColumnElement[bool]:
    """Two questions, each a look into the index: a loop may have thousands of acts that wait."""
    start, act = aliased(OutboxRow), aliased(OutboxRow)
    due = true() if at is None else or_(col(start.not_before).is_(None), col(start.not_before) <= at)
    start_first = _waiting_of_loop(start, "start").where(start.id != OutboxRow.id, due)
    act_first = _waiting_of_loop(act, "act").where(col(act.at) < OutboxRow.at)
    return or_(start_first.exists(), act_first.exists())


def _waiting_of_loop(other: type[OutboxRow], kind: Kind) -> SelectOfScalar[str]:
    return select(other.id).where(
        other.loop_id == OutboxRow.loop_id, other.state == "pending", other.kind == kind
    )


def _leave_pending(
    session: Session, row_id: str, state: str, at: datetime, problem: str | None
) -> tuple[Kind | None, str]:
    """What the row asked for, and for which loop; no kind where it did not wait any more."""
    session.flush()
    values = {"row": row_id, "to": state, "when": at, "why": problem}
    left = session.execute(_leaving(), values).first()
    return (left.kind, left.loop_id) if left else (None, "")


@cache
def _leaving() -> Executable:
    """One statement, and no row of the session's: it is asked for with every act."""
    rows = SQLModel.metadata.tables[str(OutboxRow.__tablename__)]
    return (
        update(rows)
        .where(rows.c.id == bindparam("row"), rows.c.state == "pending")
        .values(state=bindparam("to"), done_at=bindparam("when"), problem=bindparam("why"))
        .returning(rows.c.kind, rows.c.loop_id)
    )


def _lock_loop_of(session: Session, row_id: str) -> LoopRow | None:
    """The loop before its rows of the outbox, as everywhere."""
    loop_id = session.exec(select(OutboxRow.loop_id).where(OutboxRow.id == row_id)).first()
    return session.get(LoopRow, loop_id, with_for_update=True, populate_existing=True) if loop_id else None


def _lock(session: Session, row_id: str) -> OutboxRow | None:
    return session.get(OutboxRow, row_id, with_for_update=True, populate_existing=True)
