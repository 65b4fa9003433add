"""The human side of a loop: its case is opened, given to somebody, and looked after."""

from __future__ import annotations

from temporalio import activity

from boucle.activities.calls import LookAfter, OpenCase
from boucle.activities.people import Directory
from boucle.engine import cases, loops
from boucle.engine.assignment import give
from boucle.engine.climbing import climb
from boucle.engine.database import Database
from boucle.engine.standing import get_standing
from boucle.model import LoopState
from boucle.standing import Standing


class CaseActivities:
    """Opens cases, and sees to it that somebody works them."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    @activity.defn(no_thread_cancel_exception=True)
    def open_case(self, call: OpenCase) -> Standing:
        """Case, owner, clocks and the note that the owner is to be told, all at once.

        Asked again after its commit, it leaves the case with whoever has it by then.
        """
        with self._database.session() as session:
            loop = loops.lock_loop(session, call.loop)
            if loop.state == LoopState.CLOSED or loop.round != call.round:
                return get_standing(session, call.loop)
            case = cases.open_case(
                session, call.loop, team=call.team, severity=call.severity, at=call.at, skill=call.skill
            )
            case.terms = call.terms.model_dump(mode="json")
            case.verify_after = str(call.verify_after) if call.verify_after else None
            if case.owner is None:
                roster = self._directory.make_roster()
                give(session, loop, case, roster, at=call.at, how="first", to_lead=call.to_lead)
            clocks = [(clock.kind, clock.within) for clock in call.clocks]
            loops.advance(session, call.loop, stage=call.stage, at=call.at, clocks=clocks)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing

    @activity.defn(no_thread_cancel_exception=True)
    def look_after(self, call: LookAfter) -> Standing:
        """What the terms of the case ask for by now: see `engine/climbing.py`."""
        with self._database.session() as session:
            loop = loops.lock_loop(session, call.loop)
            if loop.round == call.round:
                climb(session, call.loop, self._directory.make_roster(), call.at)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing
