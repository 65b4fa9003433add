"""What customers were promised by when: each a clock of its own, several in a loop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from boucle.engine.round_rows import list_of_round
from boucle.engine.tables import CommandRow, LoopRow
from boucle.engine.work_tables import CommitmentRow
from boucle.model import ClockState


def make_commitment(
    session: Session, loop: LoopRow, command: CommandRow, *, due_at: datetime
) -> CommitmentRow:
    """Write down what the act promises; its number is the next one of the loop."""
    last = session.exec(
        select(func.max(col(CommitmentRow.number))).where(CommitmentRow.loop_id == loop.id)
    ).one()
    row = CommitmentRow(
        id=command.id,
        loop_id=loop.id,
        round=loop.round,
        number=(last or 0) + 1,
        promised_by=command.actor,
        promised_at=command.at,
        due_at=due_at,
    )
    session.add(row)
    session.flush()
    return row


def find_commitment(session: Session, loop: LoopRow, number: int) -> CommitmentRow | None:
    """The promise of the loop's present round with that number."""
    rows = list_of_round(session, CommitmentRow, loop, "number")
    return next((row for row in rows if row.number == number), None)


def list_commitments(session: Session, loop: LoopRow) -> Sequence[CommitmentRow]:
    """All promises of the loop, of every round, in the order in which they were made."""
    query = select(CommitmentRow).where(CommitmentRow.loop_id == loop.id)
    return session.exec(query.order_by(col(CommitmentRow.number))).all()


def list_running(session: Session, loop: LoopRow) -> Sequence[CommitmentRow]:
    """The promises of this round that are neither kept nor broken yet."""
    rows = list_of_round(session, CommitmentRow, loop, "number")
    return [row for row in rows if row.state == ClockState.RUNNING]


def end_commitment(
    session: Session, row: CommitmentRow, state: ClockState, at: datetime, owner: str | None
) -> None:
    """It was kept, broken, or stopped by the closing, at `at`, while the case was `owner`'s."""
    row.state, row.ended_at, row.owner = state, at, owner
    session.add(row)
    session.flush()
