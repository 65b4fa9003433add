"""The human side of a loop: its case is opened and given to somebody; a missed clock goes to the lead."""

from __future__ import annotations

from temporalio import activity

from boucle.activities.calls import MissClock, OpenCase
from boucle.activities.people import Directory
from boucle.engine import cases, loops, notices
from boucle.engine.assignment import give
from boucle.engine.database import Database
from boucle.engine.standing import get_standing
from boucle.engine.tables import LoopRow
from boucle.model import LoopState
from boucle.standing import Standing


class CaseActivities:
    """Opens cases, and takes them to the lead."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    @activity.defn
    def open_case(self, call: OpenCase) -> Standing:
        """Case, owner, clocks and the note that the owner is to be told, all at once.

        Asked again after its commit, it leaves the case with whoever has it by then.
        """
        with self._database.session() as session:
            standing = get_standing(session, call.loop)
            if standing.state == LoopState.CLOSED:
                return standing
            case = cases.open_case(
                session, call.loop, team=call.team, severity=call.severity, at=call.at, skill=call.skill
            )
            case.verify_after = str(call.verify_after) if call.verify_after else None
            if case.owner is None:
                loop = session.get_one(LoopRow, call.loop)
                roster = self._directory.make_roster()
                give(session, loop, case, roster, at=call.at, how="first", to_lead=call.to_lead)
            clocks = [(clock.kind, clock.within) for clock in call.clocks]
            standing = loops.advance(session, call.loop, stage=call.stage, at=call.at, clocks=clocks)
            session.commit()
            return standing

    @activity.defn
    def miss_clock(self, call: MissClock) -> Standing:
        """The clock is missed; the lead is to be told, once per clock, and may claim the case."""
        with self._database.session() as session:
            loop = session.get_one(LoopRow, call.loop)
            case = cases.get_case(session, loop)
            loops.miss_clock(session, call.loop, call.clock, call.at)
            lead = self._directory.find_lead(case.team)
            if lead is not None:
                cases.escalate(session, call.loop, lead=lead, at=call.at)
                step = notices.step("missed", call.clock)
                notices.write_down(session, loop, step, call.at, to=notices.LEAD)
            standing = get_standing(session, call.loop)
            session.commit()
            return standing
