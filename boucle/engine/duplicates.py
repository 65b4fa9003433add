"""Loops about the same, made one: the others end, what came to them comes to the one that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from boucle.engine import commands, loops
from boucle.engine.tables import LoopRow
from boucle.model import ActKind


def merge(
    session: Session,
    loop_id: str,
    into_id: str,
    *,
    actor: str,
    at: datetime,
    text: str | None = None,
    command_id: str | None = None,
) -> None:
    """End a loop in favour of another one that is open; refused where that makes no sense.

    Both are locked in the order of their ids. The same `command_id` again is the same merger.
    """
    for one in sorted({loop_id, into_id}):
        loops.lock_loop(session, one)
    taking = f"{command_id}.into" if command_id else None
    commands.record(
        session, loop_id=into_id, kind=ActKind.MERGE, actor=actor, at=at, recorded_at=at,
        details={"duplicate": loop_id}, command_id=taking,
    )  # fmt: skip
    commands.record(
        session, loop_id=loop_id, kind=ActKind.MERGE, actor=actor, at=at, recorded_at=at,
        details={"into": into_id}, text=text, command_id=command_id,
    )  # fmt: skip


def list_merged(session: Session, loop_id: str) -> Sequence[LoopRow]:
    """The loops that ended in favour of this one, the earliest opened first."""
    query = select(LoopRow).where(LoopRow.merged_into == loop_id)
    return session.exec(query.order_by(col(LoopRow.opened_at), col(LoopRow.id))).all()
