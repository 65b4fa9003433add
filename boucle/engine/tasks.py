"""What colleagues have to do for a case: asked for, done, or dropped by the closing. Each with its event.

A task is told to its owner at once, reminded of before it is due, and told to who asked when it is late;
see `notices`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, col, select

from boucle.engine import inbox, loops, notices, task_rows
from boucle.engine.canonical import instant_text
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import TaskRow
from boucle.errors import NotFoundError
from boucle.model import TaskKind, TaskState


def open_task(
    session: Session,
    loop: LoopRow,
    *,
    id_: str,
    kind: TaskKind,
    owner: str,
    due_at: datetime,
    by: str,
    at: datetime,
    recorded_at: datetime | None = None,
    text: Mapping[str, str] | None = None,
    notice: str = "task",
) -> TaskRow:
    """Give `owner` something to do for the loop's case, and note that they are to be told.

    `id_` is that of the act that it comes from: the same one again is the same task. The caller holds
    the loop, which is open. `notice` is the kind of notice by which they are told.
    """
    row = session.get(TaskRow, id_)
    if row is not None:
        return row
    row = TaskRow(
        id=id_, loop_id=loop.id, round=loop.round, kind=kind, owner=owner, asked_by=by, opened_at=at,
        due_at=due_at,
    )  # fmt: skip
    session.add(row)
    payload: dict[str, JsonValue] = {
        "task": id_, "kind": str(kind), "owner": owner, "due": instant_text(due_at),
    }  # fmt: skip
    loops.append(
        session, loop, "task.opened", at=at, actor=by, payload=payload, recorded_at=recorded_at, text=text
    )
    _tell(session, loop, row, notices.step(notice, id_), at, to=owner)
    return row


def finish_task(
    session: Session,
    loop: LoopRow,
    row: TaskRow,
    *,
    by: str,
    at: datetime,
    recorded_at: datetime | None = None,
    text: Mapping[str, str] | None = None,
) -> None:
    """The task is done; who asked for it is to be told, where that is somebody else."""
    task_rows.end(session, row, TaskState.DONE, by=by, at=at)
    if row.kind == TaskKind.REPLY:
        inbox.finish_of(session, row.id, by, at)
    loops.append(
        session, loop, "task.done", at=at, actor=by, payload={"task": row.id}, recorded_at=recorded_at,
        text=text,
    )  # fmt: skip
    if row.asked_by not in {by, loops.BOUCLE}:
        _tell(session, loop, row, notices.step("task-done", row.id), at, to=row.asked_by)


def find_task(session: Session, loop: LoopRow, prefix: str) -> TaskRow | None:
    """The one task of the loop's present round whose id begins so."""
    query = select(TaskRow).where(
        TaskRow.loop_id == loop.id,
        TaskRow.round == loop.round,
        col(TaskRow.id).startswith(prefix, autoescape=True),
    )
    found = session.exec(query.limit(2)).all()
    return found[0] if len(found) == 1 else None


def get_task(session: Session, prefix: str) -> TaskRow:
    """The one open task whose id begins so; NotFoundError."""
    query = select(TaskRow).where(
        col(TaskRow.id).startswith(prefix, autoescape=True), TaskRow.state == TaskState.OPEN
    )
    found = session.exec(query.limit(2)).all()
    if len(found) != 1:
        raise NotFoundError("open task", prefix)
    return found[0]


def list_tasks(
    session: Session,
    *,
    owner: str | None = None,
    loop_id: str | None = None,
    state: TaskState | None = TaskState.OPEN,
    limit: int = 100,
) -> Sequence[TaskRow]:
    """Tasks, what is due next first; `state` None: in whatever state."""
    query = select(TaskRow)
    for column, value in ((TaskRow.owner, owner), (TaskRow.loop_id, loop_id), (TaskRow.state, state)):
        if value is not None:
            query = query.where(column == value)
    return session.exec(query.order_by(col(TaskRow.due_at), col(TaskRow.id)).limit(limit)).all()


def remind(session: Session, loop: LoopRow, row: TaskRow, step: str, at: datetime) -> None:
    """Note that the task's owner is to be reminded of it; each step once."""
    _tell(session, loop, row, step, at, to=row.owner)


def call_late(session: Session, loop: LoopRow, row: TaskRow, step: str, at: datetime) -> None:
    """Note that the task was not done in time: who asked is to be told; of boucle's own the case's owner."""
    to = None if row.asked_by == loops.BOUCLE else row.asked_by
    _tell(session, loop, row, step, at, to=to)


def _tell(session: Session, loop: LoopRow, row: TaskRow, step: str, at: datetime, *, to: str | None) -> None:
    values: dict[str, JsonValue] = {"by": row.ended_by or row.asked_by, "until": instant_text(row.due_at)}
    whom = notices.person(to) if to else notices.OWNER
    notices.write_down(session, loop, step, at, to=whom, values=values)
