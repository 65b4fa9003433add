"""The rows of tasks: what colleagues have yet to do for a case. Their events are `tasks`'."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from boucle.engine.round_rows import list_of_round
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import TaskRow
from boucle.model import TaskKind, TaskState
from boucle.standing import Task


def list_open(session: Session, loop: LoopRow) -> Sequence[TaskRow]:
    """The tasks of the loop's present round that are not done, what is due next first."""
    rows = list_of_round(session, TaskRow, loop, "due_at", "id")
    return [row for row in rows if row.state == TaskState.OPEN]


def read_standing(session: Session, loop: LoopRow) -> tuple[Task, ...]:
    """As `list_open`, as a play knows them."""
    return tuple(Task(id=row.id, due=row.due_at, since=row.opened_at) for row in list_open(session, loop))


def end(session: Session, row: TaskRow, state: TaskState, *, by: str, at: datetime) -> None:
    """The task is done, or nobody needs it any more."""
    row.state, row.ended_at, row.ended_by = state, at, by
    session.add(row)
    session.flush()


def hand_on(session: Session, loop: LoopRow, *, owner: str | None, to: str) -> list[str]:
    """What was the case's owner's to do, as its owner, is the new one's. Returns the tasks handed on.

    What a colleague was asked for stays theirs.
    """
    rows = [row for row in list_open(session, loop) if row.kind != TaskKind.ASKED and row.owner == owner]
    for row in rows:
        row.owner = to
        session.add(row)
    session.flush()
    return [row.id for row in rows]


def drop_all(session: Session, loop: LoopRow, *, by: str, at: datetime) -> list[str]:
    """The loop was closed: nobody has to do anything for it any more. Returns the tasks that were open."""
    rows = list_open(session, loop)
    for row in rows:
        end(session, row, TaskState.DROPPED, by=by, at=at)
    return [row.id for row in rows]
