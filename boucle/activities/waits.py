"""What a case's own dates bring: a snooze or a wait is over, a promise is due soon, or was not kept."""

from __future__ import annotations

from sqlmodel import Session
from temporalio import activity

from boucle.activities.calls import PromiseDue, Wake
from boucle.activities.people import Directory
from boucle.engine import cases, commitments, loops, notices, waits
from boucle.engine.canonical import instant_text
from boucle.engine.database import Database
from boucle.engine.standing import get_standing
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import CommitmentRow
from boucle.model import ClockState, LoopState
from boucle.standing import Standing

_OVER = {"woken": "snooze-over", "resumed": "wait-over"}


class WaitActivities:
    """Wakes cases, and watches over promises."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    @activity.defn(no_thread_cancel_exception=True)
    def wake_case(self, call: Wake) -> Standing:
        """The snooze, or the wait, whose time has come is over, and the owner is to be told."""
        with self._database.session() as session:
            loop = loops.lock_loop(session, call.loop)
            if loop.state != LoopState.CLOSED and loop.round == call.round:
                for ended in waits.wake(session, loop, call.at):
                    step = notices.step(_OVER[ended], f"{call.at:%Y%m%d%H%M%S}")
                    notices.write_down(session, loop, step, call.at)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing

    @activity.defn(no_thread_cancel_exception=True)
    def remind_of_promise(self, call: PromiseDue) -> Standing:
        """The owner is to be told that the promise is due soon."""
        with self._database.session() as session:
            loop = loops.lock_loop(session, call.loop)
            row = _find_running(session, loop, call)
            if row is not None:
                values = {"until": instant_text(row.due_at)}
                notices.write_down(session, loop, call.step, call.at, values=values)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing

    @activity.defn(no_thread_cancel_exception=True)
    def miss_promise(self, call: PromiseDue) -> Standing:
        """Nobody has said in time that it was kept; the lead is to be told, and may claim the case."""
        with self._database.session() as session:
            loop = loops.lock_loop(session, call.loop)
            row = _find_running(session, loop, call)
            if row is not None:
                loops.miss_promise(session, call.loop, call.promise, call.at)
                self._tell_lead(session, loop, row, call)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing

    def _tell_lead(self, session: Session, loop: LoopRow, row: CommitmentRow, call: PromiseDue) -> None:
        lead = self._directory.find_lead(cases.get_case(session, loop).team)
        if lead is not None:
            cases.escalate(session, loop.id, lead=lead, at=call.at)
            values = {"until": instant_text(row.due_at)}
            notices.write_down(session, loop, call.step, call.at, to=notices.LEAD, values=values)


def _find_running(session: Session, loop: LoopRow, call: PromiseDue) -> CommitmentRow | None:
    """The promise, where it still runs in the round that the play speaks of."""
    row = commitments.find_commitment(session, loop, call.promise)
    running = row is not None and row.state == ClockState.RUNNING and loop.round == call.round
    return row if running else None
