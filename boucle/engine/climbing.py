"""Doing what the terms of a case ask for: clocks missed, levels climbed, silent owners reminded, replaced."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from boucle.engine import assignment, cases, loops, notices
from boucle.engine.absences import read_absences
from boucle.engine.assignment import Roster
from boucle.engine.canonical import instant_text
from boucle.engine.case_rows import find_case
from boucle.engine.ladder import SILENCE, Again, Climbed, Missed, Rung, Silent, find_next, step_of
from boucle.engine.round_rows import list_of_round
from boucle.engine.tables import EffectRow, LoopRow
from boucle.engine.work_tables import CaseRow
from boucle.model import AssignReason, LoopState
from boucle.terms import CaseTerms

_TAKEN_FROM = "reassigned"
_TICK = timedelta(microseconds=1)
"""What is done at one instant is written down, and told, in its order."""


def climb(session: Session, loop_id: str, roster: Roster, at: datetime) -> None:
    """Do all that is to be done for the loop's case by `at`, in order; nothing on a closed loop.

    Whoever is to be told is told by the play afterwards.
    """
    loop = loops.lock_loop(session, loop_id)
    done: list[Rung] = []
    while (rung := _find_due(session, loop, at)) is not None:
        if rung in done:
            raise AssertionError(f"{rung.name} was done and is asked for again")
        _do(session, loop, rung, roster, at + len(done) * _TICK)
        session.flush()
        done.append(rung)


def _find_due(session: Session, loop: LoopRow, at: datetime) -> Rung | None:
    case = find_case(session, loop)
    if case is None or loop.state == LoopState.CLOSED:
        return None
    rung = find_next(session, loop, case)
    return rung if rung is not None and rung.at <= at else None


def _do(session: Session, loop: LoopRow, rung: Rung, roster: Roster, at: datetime) -> None:
    match rung:
        case Missed():
            loops.miss_clock(session, loop.id, rung.clock, at)
        case Climbed():
            _climb(session, loop, rung, roster, at)
        case Again():
            notices.write_down(session, loop, step_of(rung.name), at)
        case Silent(at_last=False):
            values = {"since": instant_text(rung.since)}
            notices.write_down(session, loop, step_of(rung.name), at, values=values)
        case Silent():
            _give_up(session, loop, rung, roster, at)


def _climb(session: Session, loop: LoopRow, rung: Climbed, roster: Roster, at: datetime) -> None:
    """Each of those whom the level tells has a notice; a lead who is told may claim the case."""
    case, level = cases.get_case(session, loop), rung.level
    values = {"opened": instant_text(loop.round_opened_at)}
    for which, to in enumerate(level.tell):
        if to == notices.LEAD:
            _show_lead(session, loop, case, roster, at)
        notices.write_down(
            session, loop, step_of(rung.name, which), at, to=to, values=values, template=level.template
        )


def _give_up(session: Session, loop: LoopRow, rung: Silent, roster: Roster, at: datetime) -> None:
    """Somebody else gets the case, where the terms want it and there is somebody; else the lead may."""
    case = cases.get_case(session, loop)
    terms = CaseTerms.model_validate(case.terms)
    if terms.silence.then == "reassign" and _replace(session, loop, case, rung, roster, at):
        return
    values = {"since": instant_text(rung.since), "owner": case.owner}
    _show_lead(session, loop, case, roster, at)
    notices.write_down(session, loop, step_of(rung.name), at, to=notices.LEAD, values=values)


def _replace(
    session: Session, loop: LoopRow, case: CaseRow, rung: Silent, roster: Roster, at: datetime
) -> bool:
    """Whether somebody else has the case now; both are to be told."""
    silent = str(case.owner)
    assignment.hold(session)
    choice = assignment.choose(
        assignment.read_wanted(session, loop, case, but=(silent, *_list_silent(session, loop))),
        roster,
        (*roster.absences, *read_absences(session, at)),
        cases.count_open_cases(session, list(roster.people)),
        at,
    )
    if choice.owner is None:
        return False
    cases.assign(
        session, loop.id, owner=choice.owner, by=loops.BOUCLE, at=at, reason=AssignReason.OWNER_SILENT,
        instead_of=choice.instead_of,
    )  # fmt: skip
    assignment.tell_owner(session, loop, choice, rung.name, at)
    step = notices.step(_TAKEN_FROM, rung.name)
    notices.write_down(session, loop, step, at, to=notices.person(silent), values={"owner": choice.owner})
    return True


def _list_silent(session: Session, loop: LoopRow) -> list[str]:
    """Whom the case was taken from before in this round, by what they were told: it does not go round."""
    told = list_of_round(session, EffectRow, loop)
    taken = (row for row in told if row.step.startswith(notices.step(_TAKEN_FROM, SILENCE)))
    persons = (notices.find_person(str(row.spec["to"])) for row in taken)
    return [person for person in persons if person is not None]


def _show_lead(session: Session, loop: LoopRow, case: CaseRow, roster: Roster, at: datetime) -> None:
    lead = roster.leads.get(case.team)
    if lead is not None:
        cases.escalate(session, loop.id, lead=lead, at=at)
