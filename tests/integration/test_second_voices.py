"""A second voice is heard: it joins, raises, lets clocks begin anew; a correction is decided by policy."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from boucle.engine import cases, ledger, loops
from boucle.engine.database import Database
from boucle.engine.reconciliation import check
from boucle.engine.replays import replay_all
from boucle.engine.tables import CommandRow, DecisionRow, EffectRow, LoopRow, OutboxRow
from boucle.engine.verification import verify
from boucle.engine.work_tables import CaseRow, ClockRow
from boucle.model import ActKind, ClockKind, ClockState, Closure, Duration
from tests.integration.gated import AT, DAY, answer, compile_gates, take

RULES = """
  - id: case
    when: nps <= 2
    start: csm_case
    with: {severity: high, first_contact_within: 24h}
    restarts: [first_contact]
  - id: mild
    when: detractor
    start: apologize_with_offer
    with: {severity: low}
"""
REDECIDE = "revisions: redecide\n"


def rows(database: Database, model: Any) -> list[Any]:
    with database.reading() as session:
        return list(session.exec(select(model)).all())


def said(database: Database, loop_id: str, type_: str) -> list[dict[str, Any]]:
    with database.reading() as session:
        events = ledger.history(session, ledger.loop_chain(loop_id))
        return [json.loads(event.payload) for event in events if event.type == type_]


def work(session: Session, loop: LoopRow, at: datetime) -> None:
    """The play has opened its case, somebody owns it, and its clocks run."""
    cases.open_case(session, loop.id, team="csm", severity="low", at=at)
    cases.assign(session, loop.id, owner="carla", by="boucle", at=at)
    hours = Duration.parse("48h")
    loops.advance(
        session, loop.id, stage="working", at=at,
        clocks=[(ClockKind.FIRST_CONTACT, hours), (ClockKind.CLOSE, hours)],
    )  # fmt: skip


def due(database: Database, kind: ClockKind) -> datetime:
    [clock] = [one for one in rows(database, ClockRow) if one.kind == kind]
    found: datetime = clock.due_at
    return found


def worked_loop(database: Database) -> LoopRow:
    take(database, compile_gates(RULES), [answer("r1", 5, contact="ada")])
    [loop] = rows(database, LoopRow)
    with database.session() as session:
        work(session, loop, AT)
        session.commit()
    found: LoopRow = loop
    return found


def test_who_owns_the_case_is_told_and_the_play_is_woken(database: Database) -> None:
    loop = worked_loop(database)
    take(database, compile_gates(RULES), [answer("r2", 1, contact="ada")], at=AT + DAY)
    told = {row.step.rsplit("-", 1)[0] for row in rows(database, EffectRow) if row.loop_id == loop.id}
    assert {"staff-joined", "staff-raised"} <= told
    [act] = [row for row in rows(database, CommandRow) if row.kind == ActKind.JOIN]
    assert act.state == "applied"
    assert [row.state for row in rows(database, OutboxRow) if row.command_id == act.id] == ["pending"]
    [case] = rows(database, CaseRow)
    assert case.severity == "high"


def test_the_clock_that_the_rule_names_begins_anew_and_no_other(database: Database) -> None:
    loop = worked_loop(database)
    later = AT + timedelta(hours=40)
    take(database, compile_gates(RULES), [answer("r2", 1, contact="ada")], at=later)
    assert due(database, ClockKind.FIRST_CONTACT) == later + timedelta(hours=24)
    assert due(database, ClockKind.CLOSE) == AT + timedelta(hours=48)
    [event] = said(database, loop.id, "clock.restarted")
    assert event["clock"] == "first_contact"


def test_a_clock_that_was_met_runs_once_more_and_one_that_was_missed_stays_missed(database: Database) -> None:
    loop = worked_loop(database)
    with database.session() as session:
        loops.end_clock(
            session, loops.lock_loop(session, loop.id), ClockKind.FIRST_CONTACT, AT + timedelta(hours=2)
        )
        session.commit()
    take(database, compile_gates(RULES), [answer("r2", 1, contact="ada")], at=AT + DAY)
    assert due(database, ClockKind.FIRST_CONTACT) == AT + DAY + timedelta(hours=24)
    take(database, compile_gates(RULES), [answer("r3", 1, contact="ada")], at=AT + 10 * DAY)
    with database.session() as session:
        loops.miss_clock(session, loop.id, ClockKind.FIRST_CONTACT, AT + 11 * DAY)
        session.commit()
    take(database, compile_gates(RULES), [answer("r4", 1, contact="ada")], at=AT + 12 * DAY)
    states = {row.kind: row.state for row in rows(database, ClockRow)}
    assert states[ClockKind.FIRST_CONTACT] == ClockState.MISSED


def test_a_loop_without_a_case_tells_nobody(database: Database) -> None:
    take(database, compile_gates(RULES), [answer("r1", 5, contact="ada"), answer("r2", 1, contact="ada")])
    assert rows(database, EffectRow) == []


# -- revisions ----------------------------------------------------------------------------------


def decisions(database: Database) -> list[tuple[int, str, str | None]]:
    with database.reading() as session:
        found = session.exec(select(DecisionRow).order_by(col(DecisionRow.revision))).all()
        return [(row.revision, row.outcome, row.winner) for row in found]


def test_without_a_policy_the_first_decision_stands(database: Database) -> None:
    take(database, compile_gates(RULES), [answer("r1", 9, contact="ada")])
    take(database, compile_gates(RULES), [answer("r1", 1, contact="ada")], unit="again")
    assert decisions(database) == [(1, "nothing", None), (2, "kept", None)]
    assert rows(database, LoopRow) == []


def test_a_corrected_response_on_which_nothing_was_begun_is_decided_anew(database: Database) -> None:
    bundle = compile_gates(
        RULES, REDECIDE + "caps:\n  - {id: c, plays: [csm_case], per: contact, max: 1, within: 9 days}\n"
    )
    take(database, bundle, [answer("r1", 9, contact="ada")])
    taken = take(database, bundle, [answer("r1", 1, contact="ada")], unit="again").taken[0]
    assert (taken.verdict, taken.decision is not None) == ("revision", True)
    assert decisions(database) == [(1, "nothing", None), (2, "starts", "case")]
    [loop] = rows(database, LoopRow)
    assert (taken.loop_id, loop.first_score) == (loop.id, 1)
    with database.reading() as session:
        assert verify(session).whole
        assert check(session, AT) == []
        assert replay_all(session).problems == ()


def test_a_correction_is_no_past_of_its_own(database: Database) -> None:
    facts = """
boucle: facts/v1
facts:
  nps: {score: nps}
derived:
  earlier.detractors:
    count: responses
    per: contact
    where: nps <= 6
    within: 90 days
"""
    rules = """
  - id: again
    when: detractor and earlier.detractors >= 1
    start: escalate
  - id: first
    when: detractor
    start: csm_case
    mode: observe
"""
    bundle = compile_gates(rules, REDECIDE, facts)
    take(database, bundle, [answer("r1", 5, contact="ada")])
    take(database, bundle, [answer("r1", 4, contact="ada")], unit="again")
    assert decisions(database) == [(1, "nothing", None), (2, "nothing", None)]
    take(database, bundle, [answer("r2", 4, contact="ada")], unit="other")
    assert decisions(database)[-1] == (2, "nothing", None)
    assert [loop.rule for loop in rows(database, LoopRow)] == ["again"]


def test_what_was_begun_is_never_undone_but_becomes_more_severe(database: Database) -> None:
    bundle = compile_gates(RULES, REDECIDE)
    loop = worked_loop(database)
    take(database, bundle, [answer("r1", 1, contact="ada")], unit="worse")
    take(database, bundle, [answer("r1", 9, contact="ada")], unit="content")
    [case] = rows(database, CaseRow)
    assert case.severity == "high"
    assert [row.id for row in rows(database, LoopRow)] == [loop.id]
    assert [outcome for _, outcome, _ in decisions(database)] == ["starts", "kept", "kept"]
    assert len(said(database, loop.id, "loop.revised")) == 2


def test_a_correction_after_the_closing_opens_nothing(database: Database) -> None:
    loop = worked_loop(database)
    with database.session() as session:
        loops.close(session, loop.id, closure=Closure.FALSE_ALARM, by="carla", at=AT + DAY)
        session.commit()
    take(database, compile_gates(RULES, REDECIDE), [answer("r1", 1, contact="ada")], unit="worse")
    assert [row.state for row in rows(database, LoopRow)] == ["closed"]
    assert len(decisions(database)) == 2
