"""Where a loop stands, and its transitions: each one transaction, each the same when it runs twice."""

from __future__ import annotations

from sqlmodel import Session
from temporalio import activity

from boucle.activities import recovery
from boucle.activities.calls import Advance, ApplyAct, Close, Interrupt
from boucle.engine import commands, consent, inbox, loops, notices, reconciliation
from boucle.engine.database import Database
from boucle.engine.standing import get_standing
from boucle.engine.tables import LoopRow
from boucle.errors import NotFoundError
from boucle.model import ClockKind, Closure
from boucle.standing import ActOutcome, LoopRef, Standing


class LoopActivities:
    """Loads, advances and closes loops, and applies acts to them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(no_thread_cancel_exception=True)
    def load(self, ref: LoopRef) -> Standing:
        """Where the loop stands."""
        with self._database.reading() as session:
            return get_standing(session, ref.loop)

    @activity.defn(no_thread_cancel_exception=True)
    def advance(self, call: Advance) -> Standing:
        """Go on to a stage and start its clocks; nothing where that was done, or the round is over."""
        with self._database.session() as session:
            if not _is_over(loops.lock_loop(session, call.loop), call.round):
                clocks = [(clock.kind, clock.within) for clock in call.clocks]
                loops.advance(
                    session, call.loop, stage=call.stage, at=call.at, clocks=clocks, met=call.met,
                    missed=call.missed, leaves=call.leaves,
                )  # fmt: skip
            standing = get_standing(session, call.loop)
            session.commit()
            return standing

    @activity.defn(no_thread_cancel_exception=True)
    def close_loop(self, call: Close) -> Standing:
        """Close the loop, by the play itself; nothing where the round is over."""
        with self._database.session() as session:
            if _is_over(loops.lock_loop(session, call.loop), call.round):
                return get_standing(session, call.loop)
            closure = _name(session, call.loop, call.closure or _judge(session, call.loop))
            if closure == Closure.NO_ANSWER:
                loops.miss_clock(session, call.loop, ClockKind.ANSWER, call.at)
            loops.close(session, call.loop, closure=closure, by=loops.BOUCLE, at=call.at)
            notices.drop(session, call.loop, call.at)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing

    @activity.defn(no_thread_cancel_exception=True)
    def record_interruption(self, call: Interrupt) -> None:
        """The run ends from outside, the loop does not: for a person to look at, and to rebuild."""
        with self._database.session() as session:
            reconciliation.interrupt(session, call.loop, call.how, call.at, reason=call.reason)
            session.commit()

    @activity.defn(no_thread_cancel_exception=True)
    def apply_act(self, call: ApplyAct) -> ActOutcome:
        """Apply a recorded act, with all that follows from it."""
        with self._database.session() as session:
            outcome = commands.apply(session, call.command, call.at, loop_id=call.loop)
            session.commit()
            return outcome


def _is_over(loop: LoopRow, round_: int | None) -> bool:
    """Whether the loop is in another round than the play speaks of."""
    return round_ is not None and round_ != loop.round


def _name(session: Session, loop_id: str, closure: Closure) -> Closure:
    """Who may not be written to any more, or has written back, is not one who cannot be reached."""
    if closure != Closure.UNREACHABLE:
        return closure
    loop = session.get_one(LoopRow, loop_id)
    if consent.was_objected(session, loop):
        return Closure.WITHDRAWN
    return Closure.NO_ANSWER if inbox.REPLIED in inbox.list_refusals(session, loop) else closure


def _judge(session: Session, loop_id: str) -> Closure:
    loop = session.get_one(LoopRow, loop_id)
    if loop.answer is None:
        raise NotFoundError("answer to the follow-up question of loop", loop_id)
    return recovery.judge(loop.metric, loop.first_score, loop.answer)
