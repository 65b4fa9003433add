"""The rows of offers that wait for approval: what waits in a loop, and what the loop's end makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from boucle.engine import reservations
from boucle.engine.round_rows import has_none, list_of_round
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import ApprovalRow, OfferRow
from boucle.model import ApprovalState, ClockKind, Money
from boucle.standing import RunningClock


def find_approval(session: Session, loop: LoopRow, step: str) -> ApprovalRow | None:
    """What was proposed in this step of the present round."""
    return session.get(ApprovalRow, (loop.id, loop.round, step), populate_existing=True)


def list_approvals(session: Session, loop: LoopRow) -> Sequence[ApprovalRow]:
    """All that was proposed in the present round, in order."""
    return list_of_round(session, ApprovalRow, loop, "proposed_at", "step")


def list_waiting(session: Session) -> Sequence[tuple[ApprovalRow, LoopRow]]:
    """All that waits for somebody's approval, what is due first at the top."""
    query = select(ApprovalRow, LoopRow).join(LoopRow, col(LoopRow.id) == ApprovalRow.loop_id)
    query = query.where(ApprovalRow.state == ApprovalState.WAITING, ApprovalRow.round == LoopRow.round)
    return session.exec(query.order_by(col(ApprovalRow.due_at), col(ApprovalRow.loop_id))).all()


def read_states(rows: Sequence[ApprovalRow]) -> Mapping[str, str]:
    """What became of each proposal, by its step."""
    return {row.step: row.state for row in rows}


def read_clocks(rows: Sequence[ApprovalRow]) -> tuple[RunningClock, ...]:
    """The due time of each proposal that waits."""
    return tuple(
        RunningClock(kind=ClockKind.APPROVAL, due=row.due_at, id=row.step, since=row.proposed_at)
        for row in rows
        if row.state == ApprovalState.WAITING
    )


def value_of(row: ApprovalRow) -> Money | None:
    """What the proposed offer is worth; None where it names no amount."""
    if row.value_minor is None or row.currency is None:
        return None
    return Money(minor=row.value_minor, currency=row.currency)


def drop(session: Session, loop: LoopRow, at: datetime) -> None:
    """The loop was closed: nobody decides on what still waits; the money of what was not granted is free."""
    for row in list_approvals(session, loop):
        if row.state == ApprovalState.WAITING:
            row.state, row.decided_at = ApprovalState.DROPPED, at
            session.add(row)
    if has_none(session, OfferRow, loop):
        reservations.give_back(session, loop.id, at)
