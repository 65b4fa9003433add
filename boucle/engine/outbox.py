"""What Temporal has yet to be told, and whether it took it.

A row is written in the transaction that makes it necessary, and drained afterwards: nothing accepted
is lost by a crash in between, and nothing is started that was not accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select

from boucle.engine.tables import LoopRow, OutboxRow
from boucle.model import LoopState

_FIRST_WAIT = timedelta(milliseconds=250)
_LONGEST_WAIT = timedelta(minutes=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Waiting:
    """How much waits to be told to Temporal, and since when the oldest of it."""

    starts: int
    acts: int
    refused: int
    oldest_at: datetime | None


def enqueue_start(session: Session, loop: LoopRow, at: datetime, *, again: bool = False) -> OutboxRow:
    """Ask for the loop's workflow in its present round; the same row again where there is one.

    `again`: a closed run of the loop is no duplicate (reopening, or rebuilding after a loss).
    """
    row_id = f"{loop.id}/{loop.round}"
    row = _lock(session, row_id)
    if row is None:
        row = OutboxRow(id=row_id, kind="start", loop_id=loop.id, round=loop.round, again=again, at=at)
    elif row.state != "pending":
        row.state, row.again, row.at = "pending", again, at
        row.tries, row.next_try_at, row.done_at, row.problem = 0, None, None, None
    session.add(row)
    session.flush()
    return row


def enqueue_act(session: Session, loop: LoopRow, command_id: str, at: datetime) -> OutboxRow:
    """Ask for an act to be delivered; acts of one loop keep the order in which they were recorded."""
    latest = session.exec(select(func.max(OutboxRow.at)).where(OutboxRow.loop_id == loop.id)).one()
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


def pending(session: Session, limit: int, *, at: datetime | None = None) -> Sequence[OutboxRow]:
    """What to tell next, oldest first; rows that another dispatcher holds are left out.

    Of each loop only the first in line: its start before its acts, and its acts in order. With
    `at`, rows that wait for their next try are left out.
    """
    query = (
        select(OutboxRow)
        .where(OutboxRow.state == "pending", or_(OutboxRow.kind == "start", ~_behind_another()))
        .order_by(col(OutboxRow.at), col(OutboxRow.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if at is not None:
        query = query.where(or_(col(OutboxRow.next_try_at).is_(None), col(OutboxRow.next_try_at) <= at))
    return session.exec(query).all()


def mark_started(session: Session, row_id: str, at: datetime) -> bool:
    """Temporal took it. False when it was no longer pending."""
    return _leave_pending(session, row_id, "started", at, None)


def mark_refused(session: Session, row_id: str, problem: str, at: datetime) -> bool:
    """Temporal will never take it; `problem` is a code, nothing personal. False when not pending."""
    return _leave_pending(session, row_id, "refused", at, problem)


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


def waiting(session: Session) -> Waiting:
    """What waits and what was refused, for the doctor and for commands that say what waits."""
    counts = session.exec(
        select(OutboxRow.kind, OutboxRow.state, func.count(), func.min(OutboxRow.at))
        .where(col(OutboxRow.state) != "started")
        .group_by(OutboxRow.kind, OutboxRow.state)
    ).all()
    left = {kind: (count, oldest) for kind, state, count, oldest in counts if state == "pending"}
    return Waiting(
        starts=left.get("start", (0, None))[0],
        acts=left.get("act", (0, None))[0],
        refused=sum(count for _, state, count, _ in counts if state == "refused"),
        oldest_at=min((oldest for _, oldest in left.values()), default=None),
    )


def _behind_another() -> Any:
    other = aliased(OutboxRow)
    return (
        select(other.id)
        .where(
            other.loop_id == OutboxRow.loop_id,
            other.state == "pending",
            other.id != OutboxRow.id,
            or_(other.kind == "start", other.at < OutboxRow.at),
        )
        .exists()
    )


def _leave_pending(session: Session, row_id: str, state: str, at: datetime, problem: str | None) -> bool:
    row = _lock(session, row_id)
    if row is None or row.state != "pending":
        return False
    row.state, row.done_at, row.problem = state, at, problem
    session.add(row)
    session.flush()
    return True


def _lock(session: Session, row_id: str) -> OutboxRow | None:
    return session.get(OutboxRow, row_id, with_for_update=True, populate_existing=True)
