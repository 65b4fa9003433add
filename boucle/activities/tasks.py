"""What a task's own date brings: its owner is reminded, and who asked for it told that it is late."""

from __future__ import annotations

from sqlmodel import Session
from temporalio import activity

from boucle.activities.calls import TaskDue
from boucle.engine import loops, tasks
from boucle.engine.database import Database
from boucle.engine.standing import get_standing
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import TaskRow
from boucle.model import TaskState
from boucle.standing import Standing


class TaskActivities:
    """Watches over tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(no_thread_cancel_exception=True)
    def remind_of_task(self, call: TaskDue) -> Standing:
        """Its owner is to be told that it is due soon."""
        with self._database.session() as session:
            loop = loops.lock_loop(session, call.loop)
            row = _find_open(session, loop, call)
            if row is not None:
                tasks.remind(session, loop, row, call.step, call.at)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing

    @activity.defn(no_thread_cancel_exception=True)
    def call_task_late(self, call: TaskDue) -> Standing:
        """Who asked for it is to be told that it was not done in time."""
        with self._database.session() as session:
            loop = loops.lock_loop(session, call.loop)
            row = _find_open(session, loop, call)
            if row is not None:
                tasks.call_late(session, loop, row, call.step, call.at)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing


def _find_open(session: Session, loop: LoopRow, call: TaskDue) -> TaskRow | None:
    """The task, where it is not done yet in the round that the play speaks of."""
    row = session.get(TaskRow, call.task, populate_existing=True)
    waits = row is not None and row.state == TaskState.OPEN and row.round == loop.round == call.round
    return row if waits else None
