from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from boucle.commands import loops as loops_command
from boucle.commands import reporting
from boucle.commands.loops import context, heading, summary
from boucle.decision import Decision
from boucle.engine import cases, commands, ledger, loops, outbox
from boucle.engine.database import Database
from boucle.engine.joining import list_met
from boucle.engine.loops import find_loop
from boucle.engine.reconciliation import check, list_open_loops, restart
from boucle.engine.rehearsal import copy_rows
from boucle.engine.reports import figures
from boucle.engine.responses import find_response
from boucle.engine.tables import DecisionRow, ExposureRow, LoopRow, ObservationRow, OutboxRow, ReservationRow
from boucle.engine.verification import verify
from boucle.engine.work_tables import CaseRow, ClockRow
from boucle.model import ActKind, ClockKind, Closure, Duration
from boucle.rules.bundle import Bundle
from boucle.rules.decide import replay
from tests.integration.gated import AT, DAY, answer, compile_gates, refuse, take
from tests.integration.opening import event_types

CASES = """
  - id: case
    when: detractor
    start: csm_case
  - id: alarm
    when: passive
    start: escalate
    with: {severity: high}
"""

PROMOTED = """
  - id: promoted
    when: promoter
    start: escalate
"""

WATCHED = """
  - id: watched
    when: detractor
    start: escalate
    mode: observe
"""

SEPARATE = """
  - id: case
    when: detractor
    start: csm_case
    if_open: separate
"""


def rows(database: Database, model: Any) -> list[Any]:
    with database.reading() as session:
        return list(session.exec(select(model)).all())


def outcome(database: Database, source_id: str) -> DecisionRow:
    with database.reading() as session:
        response = find_response(session, source_id)
        return session.exec(select(DecisionRow).where(DecisionRow.response_id == response.id)).one()


@contextmanager
def changing(database: Database) -> Iterator[Session]:
    with database.session() as session:
        yield session
        session.commit()


def said(database: Database, loop_id: str, type_: str) -> list[dict[str, Any]]:
    """What the loop's events of a type say."""
    with database.reading() as session:
        events = ledger.history(session, ledger.loop_chain(loop_id))
        return [json.loads(event.payload) for event in events if event.type == type_]


# -- joining ------------------------------------------------------------------------------------


def test_a_response_of_a_contact_with_an_open_loop_joins_it_and_starts_nothing(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [answer("r1", 3, contact="ada")])
    taken = take(database, bundle, [answer("r2", 2, contact="ada", customer="other")]).taken[0]
    [loop] = rows(database, LoopRow)
    row = outcome(database, "r2")
    assert (row.outcome, row.loop_id, taken.loop_id, row.reserves) == ("joined", loop.id, loop.id, 0)
    assert [row.kind for row in rows(database, OutboxRow)] == ["start", "act"]
    [event] = said(database, loop.id, "loop.joined")
    assert (event["response"], event["scores"]) == (row.response_id, {"nps": 2})
    assert (event["rule_set"], event["rule"], event["severity"]) == ("nps", "case", "medium")
    with database.reading() as session:
        decided = json.loads(ledger.history(session, event["intake"]["chain"])[-1].payload)
        assert (decided["outcome"], decided["loop"]) == ("joined", loop.id)
        assert verify(session).whole
        assert check(session, AT) == []


def test_a_response_joins_a_loop_that_the_same_list_has_just_opened(database: Database) -> None:
    bundle = compile_gates(CASES)
    taken = take(database, bundle, [answer(f"r{n}", 3, contact="ada") for n in range(3)]).taken
    assert [one.decision.outcome for one in taken if one.decision] == ["starts", "joined", "joined"]
    [loop] = rows(database, LoopRow)
    assert len(said(database, loop.id, "loop.joined")) == 2


@pytest.mark.parametrize(
    ("if_open", "first", "second", "joins"),
    [
        ("join", ("acme", "ada"), ("acme", "bob"), False),
        ("join", ("acme", "ada"), ("acme", None), True),
        ("join", ("acme", None), ("acme", "ada"), False),
        ("join_customer", ("acme", "ada"), ("acme", "bob"), True),
        ("join_customer", ("acme", "ada"), ("other", "ada"), False),
        ("join_customer", (None, "ada"), (None, "ada"), True),
        ("separate", ("acme", "ada"), ("acme", "ada"), False),
        ("join", (None, None), (None, None), False),
    ],
)
def test_whose_open_loop_is_joined_is_what_the_rule_says(
    database: Database,
    if_open: str,
    first: tuple[str | None, str | None],
    second: Any,
    joins: bool,
) -> None:
    bundle = compile_gates(SEPARATE.replace("separate", if_open))
    for source_id, (customer, contact) in (("r1", first), ("r2", second)):
        take(database, bundle, [answer(source_id, 3, customer=customer, contact=contact)])
    assert outcome(database, "r2").outcome == ("joined" if joins else "starts")


def test_of_several_open_loops_the_latest_opened_is_joined_and_never_a_closed_one(database: Database) -> None:
    bundle = compile_gates(SEPARATE + PROMOTED)
    for number in range(3):
        take(database, bundle, [answer(f"r{number}", 3, contact="ada")], at=AT + number * DAY)
    opened = [loop.id for loop in sorted(rows(database, LoopRow), key=lambda loop: loop.opened_at)]
    with changing(database) as session:
        loops.close(session, opened[2], closure=Closure.RECOVERED, by="lea", at=AT + 3 * DAY)
    take(database, bundle, [answer("promoter", 9, contact="ada")], at=AT + 4 * DAY)
    assert outcome(database, "promoter").loop_id == opened[1]
    assert said(database, opened[1], "loop.joined")
    assert not said(database, opened[2], "loop.joined")


def test_a_revision_of_a_response_that_joined_shows_on_the_loop_that_it_joined(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [answer("r1", 3, contact="ada"), answer("r2", 2, contact="ada")])
    accepted = take(database, bundle, [answer("r2", 1, contact="ada")], unit="later")
    [loop] = rows(database, LoopRow)
    assert (accepted.revisions, accepted.taken[0].loop_id) == (1, loop.id)
    [event] = said(database, loop.id, "loop.revised")
    assert event["scores"] == {"nps": 1}


def test_a_severe_winner_that_joins_raises_the_case_and_a_milder_one_does_not(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [answer("r1", 3, contact="ada")])
    [loop] = rows(database, LoopRow)
    with changing(database) as session:
        cases.open_case(session, loop.id, team="csm", severity="medium", at=AT)
    for source_id, nps in (("severe", 7), ("mild", 3)):
        take(database, bundle, [answer(source_id, nps, contact="ada")], at=AT + DAY)
    [case] = rows(database, CaseRow)
    assert case.severity == "high"
    assert said(database, loop.id, "case.raised") == [{"round": 1, "from": "medium", "severity": "high"}]


def test_a_case_that_is_opened_later_is_as_severe_as_what_joined_before(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [answer("r1", 3, contact="ada"), answer("r2", 7, contact="ada")])
    [loop] = rows(database, LoopRow)
    with changing(database) as session:
        assert cases.open_case(session, loop.id, team="csm", severity="medium", at=AT).severity == "high"
        loops.close(session, loop.id, closure=Closure.RECOVERED, by="lea", at=AT)
        loops.reopen(session, loop.id, by="lea", at=AT)
        assert cases.open_case(session, loop.id, team="csm", severity="medium", at=AT).severity == "medium"


def test_whatever_is_decided_the_response_shows_on_the_open_loop(database: Database) -> None:
    bundle = compile_gates(
        SEPARATE, "caps:\n  - {id: c, plays: [csm_case], per: contact, max: 2, within: 90 days}\n"
    )
    take(database, bundle, [answer("r1", 3, contact="ada")])
    [loop] = rows(database, LoopRow)
    take(database, bundle, [answer("nothing", 9, contact="ada")])
    assert [(event["outcome"], event["reason"]) for event in said(database, loop.id, "loop.heard")] == [
        ("nothing", "no_rule")
    ]
    take(database, bundle, [answer("own", 3, contact="ada")], at=AT + DAY)
    own = outcome(database, "own")
    assert said(database, loop.id, "loop.heard")[-1]["loop"] == own.loop_id
    take(database, bundle, [answer("held-back", 3, contact="ada")], at=AT + 2 * DAY)
    assert own.loop_id is not None
    [event] = said(database, own.loop_id, "loop.heard")
    assert (event["outcome"], event["blocked_by"], event["scores"]) == ("blocked", "caps/c", {"nps": 3})
    with database.reading() as session:
        met = [(one.source_id, one.joined) for one in list_met(session, loop.id)]
    assert met == [("nothing", False), ("own", False)]


def test_one_that_its_rollout_keeps_from_joining_shows_on_the_loop_that_it_would_join(
    database: Database,
) -> None:
    bundle = compile_gates(PROMOTED + SEPARATE.replace("separate", "join_customer\n    rollout: 0.01%"))
    take(database, bundle, [answer("r1", 9, contact="ada"), answer("r2", 3, contact="bob")])
    [loop] = rows(database, LoopRow)
    [event] = said(database, loop.id, "loop.heard")
    assert (event["outcome"], event["blocked_by"]) == ("blocked", "rollout")


# -- caps and budgets ---------------------------------------------------------------------------

CAP = "caps:\n  - {id: c, plays: [csm_case], per: customer, max: 1, within: 30 days}\n"
SPENDING = """
  - id: apology
    when: detractor
    start: apologize_with_offer
    with: {offer: 15.00 EUR}
    if_open: separate
    spends: goodwill
    if_exhausted:
      with: {offer: none}
"""
BUDGET = "budgets:\n  - {id: goodwill, limit: 40.00 EUR, per: calendar_month}\n"


@pytest.mark.parametrize(("later", "blocked_by"), [(30 * DAY - DAY / 2, "caps/c"), (30 * DAY, None)])
def test_a_cap_counts_back_from_the_acceptance(
    database: Database, later: Any, blocked_by: str | None
) -> None:
    bundle = compile_gates(SEPARATE, CAP)
    take(database, bundle, [answer("r1", contact="ada")])
    take(database, bundle, [answer("r2", contact="bob")], at=AT + later)
    assert outcome(database, "r2").blocked_by == blocked_by


def test_a_cap_counts_the_starts_of_the_same_list(database: Database) -> None:
    bundle = compile_gates(SEPARATE, CAP)
    listed = [answer("r1"), answer("r2"), answer("r3", customer="other")]
    taken = take(database, bundle, listed).taken
    assert [one.decision.blocked_by for one in taken if one.decision] == [None, "caps/c", None]
    kept = [(row.gate, row.party_kind, row.state) for row in rows(database, ReservationRow)]
    assert kept == [("caps/c", "customer", "held")] * 2


def test_an_anonymous_start_reserves_what_counts_for_nobody(database: Database) -> None:
    bundle = compile_gates(SEPARATE, CAP)
    take(database, bundle, [answer("r1", customer=None), answer("r2", customer=None)])
    assert [row.party for row in rows(database, ReservationRow)] == [None, None]
    with database.reading() as session:
        assert check(session, AT) == []


def test_a_budget_is_spent_to_its_last_whole_amount_and_anew_in_the_next_period(database: Database) -> None:
    bundle = compile_gates(SPENDING, BUDGET)
    listed = [answer(f"r{number}", customer=f"c{number}") for number in range(4)]
    for number, at in enumerate((AT, AT, AT + DAY, AT + 40 * DAY)):
        take(database, bundle, [listed[number]], at=at)
    kept = sorted((row.period, row.minor, row.currency) for row in rows(database, ReservationRow))
    assert kept == [("2026-03-01", 1500, "EUR"), ("2026-03-01", 1500, "EUR"), ("2026-04-01", 1500, "EUR")]
    exhausted = Decision.model_validate_json(outcome(database, "r2").record)
    assert exhausted.plan is not None
    assert (exhausted.outcome, exhausted.plan.params["offer"]) == ("starts", "none")
    assert exhausted.circumstances.budgets == {"goodwill": 1000}


def test_a_decision_replays_from_its_record_byte_for_byte(database: Database) -> None:
    bundle = compile_gates(SPENDING, BUDGET + CAP.replace("csm_case", "apologize_with_offer"))
    listed = [answer(f"r{number}", contact="ada") for number in range(3)]
    for decision in take(database, bundle, listed).decisions:
        assert replay(bundle, decision).model_dump_json() == decision.model_dump_json()


def test_one_that_the_database_refuses_leaves_no_reservation(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = compile_gates(SPENDING, BUDGET + CAP.replace("csm_case", "apologize_with_offer"))
    refuse(monkeypatch, "bad")
    accepted = take(database, bundle, [answer("bad"), answer("good"), answer("third")])
    assert [one.verdict for one in accepted.taken] == ["quarantined", "new", "new"]
    assert [decision.blocked_by for decision in accepted.decisions] == [None, "caps/c"]
    assert {row.decision_id for row in rows(database, ReservationRow)} == {outcome(database, "good").id}


def test_a_dry_run_knows_what_was_reserved_and_reserves_nothing(database: Database, tmp_path: Path) -> None:
    bundle = compile_gates(SPENDING, BUDGET)
    take(database, bundle, [answer("r1", customer="a"), answer("r2", customer="b")])
    copy = Database(f"sqlite:///{tmp_path / 'copy.db'}")
    copy.migrate()
    with database.reading() as source, changing(copy) as target:
        copy_rows(source, target)
    [tried] = take(copy, bundle, [answer("r3", customer="c")]).decisions
    copy.dispose()
    assert tried.circumstances.budgets == {"goodwill": 1000}
    assert len(rows(database, ReservationRow)) == 2


# -- what becomes of reservations ---------------------------------------------------------------


def start_row(database: Database) -> OutboxRow:
    [row] = [row for row in rows(database, OutboxRow) if row.kind == "start"]
    assert isinstance(row, OutboxRow)
    return row


def state_of(database: Database) -> list[tuple[str, str | None]]:
    return sorted({(row.state, row.problem) for row in rows(database, ReservationRow)})


def test_what_is_reserved_is_used_when_the_start_was_told(database: Database) -> None:
    take(database, compile_gates(SPENDING, BUDGET), [answer("r1")])
    assert state_of(database) == [("held", None)]
    with changing(database) as session:
        assert outbox.mark_started(session, start_row(database).id, AT)
    assert state_of(database) == [("used", None)]
    with database.reading() as session:
        assert check(session, AT) == []


def test_a_start_refused_for_good_frees_what_it_had_reserved_and_a_rebuild_takes_it_again(
    database: Database,
) -> None:
    bundle = compile_gates(
        SPENDING, BUDGET.replace("40", "15") + CAP.replace("csm_case", "apologize_with_offer")
    )
    take(database, bundle, [answer("r1")])
    row = start_row(database)
    with changing(database) as session:
        assert outbox.mark_refused(session, row.id, "unknown_play", AT)
    assert state_of(database) == [("released", "unknown_play")]
    assert said(database, row.loop_id, "loop.released") == [
        {"round": 1, "problem": "unknown_play", "gates": ["budgets/goodwill", "caps/c"]}
    ]
    with changing(database) as session:
        restart(session, row.loop_id, AT)
        assert [found.code for found in check(session, AT)] == []
    assert state_of(database) == [("held", None)]
    take(database, bundle, [answer("r2")])
    assert outcome(database, "r2").blocked_by == "caps/c"


def test_after_a_refused_start_the_next_response_passes_the_gates(database: Database) -> None:
    bundle = compile_gates(
        SPENDING, BUDGET.replace("40", "15") + CAP.replace("csm_case", "apologize_with_offer")
    )
    take(database, bundle, [answer("r1")])
    with changing(database) as session:
        outbox.mark_refused(session, start_row(database).id, "unknown_play", AT)
    [decision] = take(database, bundle, [answer("r2")]).decisions
    assert (decision.outcome, decision.circumstances.budgets) == ("starts", {"goodwill": 1500})


def test_nothing_joins_a_loop_whose_start_was_refused(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [answer("r1", contact="ada")])
    with changing(database) as session:
        outbox.mark_refused(session, start_row(database).id, "unknown_play", AT)
    take(database, bundle, [answer("r2", contact="ada")], at=AT + DAY)
    row = outcome(database, "r2")
    assert row.outcome == "starts"
    take(database, bundle, [answer("r3", contact="ada")], at=AT + 2 * DAY)
    assert (outcome(database, "r3").outcome, outcome(database, "r3").loop_id) == ("joined", row.loop_id)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("reservations", "DELETE FROM reservation"),
        ("reservations", "UPDATE decision SET outcome = 'starts', reserves = 0"),
        ("reservation_state", "UPDATE reservation SET state = 'released'"),
        ("reservation_state", "UPDATE outbox SET state = 'started'"),
    ],
)
def test_a_leak_is_found(database: Database, code: str, change: str) -> None:
    take(database, compile_gates(SPENDING, BUDGET), [answer("r1")])
    with changing(database) as session:
        session.connection().exec_driver_sql(change)
        found = {finding.code: finding for finding in check(session, AT)}
    assert (found[code].ids, found[code].wrong) == ((outcome(database, "r1").id,), True)


CRASH = """
import os, signal, sys
from boucle.engine.database import Database
from boucle.engine.intake import accept
from tests.integration import gated
from tests.integration.test_gates_engine import BUDGET, SPENDING

database = Database(sys.argv[1])
bundle = gated.compile_gates(SPENDING, BUDGET)
with database.session() as session:
    incoming = [gated.answer("r1")]
    accept(session, bundle, incoming, at=gated.AT, actor="a", unit="u", terms=gated.TERMS)
    if sys.argv[2] == "after the commit":
        session.commit()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("when", ["before the commit", "after the commit"])
def test_a_crash_between_reservation_and_start_leaks_nothing(
    database: Database, database_url: str, when: str
) -> None:
    root = Path(__file__).parents[2]
    killed = subprocess.run(
        [sys.executable, "-c", CRASH, database_url, when],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    bundle = compile_gates(SPENDING, BUDGET)
    if when == "before the commit":
        assert rows(database, ReservationRow) == []
    else:
        assert state_of(database) == [("held", None)]
    again = take(database, bundle, [answer("r1")], unit="again")
    assert (again.new, again.duplicates) == ((1, 0) if when == "before the commit" else (0, 1))
    with changing(database) as session:
        (row,) = outbox.pending(session, 10, at=AT)
        outbox.mark_started(session, row.id, AT)
    assert state_of(database) == [("used", None)]
    with database.reading() as session:
        assert check(session, AT) == []


# -- a deferred start ---------------------------------------------------------------------------

ENDS = datetime.fromisoformat("2026-03-10T08:00:00+00:00")
DEFER = """
suppress:
  - id: quiet-week
    window: {from: "2026-03-01T00:00", until: "2026-03-10T08:00"}
    do: defer
"""


@pytest.fixture
def deferring() -> Bundle:
    return compile_gates(CASES, DEFER + CAP)


def test_a_deferred_start_waits_for_the_end_of_the_window(database: Database, deferring: Bundle) -> None:
    take(database, deferring, [answer("r1", contact="ada")])
    row = outcome(database, "r1")
    assert (row.outcome, row.deferred_until, row.deferred_by) == ("starts", ENDS, "suppress/quiet-week")
    assert state_of(database) == [("held", None)]
    with database.reading() as session:
        assert outbox.pending(session, 10, at=ENDS - DAY / 1000) == []
        assert [start.loop_id for start in outbox.pending(session, 10, at=ENDS)] == [row.loop_id]
        waiting = outbox.waiting(session, AT + DAY)
        assert (waiting.starts, waiting.deferred, waiting.oldest_at) == (0, 1, None)
        assert outbox.waiting(session, ENDS + DAY).oldest_at == ENDS


def test_a_deferred_start_is_nothing_that_the_doctor_or_the_reconciler_misses(
    database: Database, deferring: Bundle
) -> None:
    take(database, deferring, [answer("r1", contact="ada")])
    with database.reading() as session:
        assert check(session, ENDS) == []
        assert [found.code for found in check(session, ENDS + DAY)] == ["pending_too_long"]
        assert list_open_loops(session, told=True) == []
        assert len(list_open_loops(session)) == 1


def test_asking_again_for_a_deferred_start_does_not_bring_it_forward(
    database: Database, deferring: Bundle
) -> None:
    take(database, deferring, [answer("r1", contact="ada")])
    with changing(database) as session:
        restart(session, start_row(database).loop_id, AT + DAY)
        assert outbox.pending(session, 10, at=AT + DAY) == []


def test_the_clocks_of_a_deferred_loop_run_from_the_end_of_the_window(
    database: Database, deferring: Bundle
) -> None:
    take(database, deferring, [answer("r1", contact="ada")])
    within = Duration(amount=48, unit="hours")
    with changing(database) as session:
        loops.advance(
            session, start_row(database).loop_id, stage="working", at=ENDS + DAY,
            clocks=[(ClockKind.FIRST_CONTACT, within)],
        )  # fmt: skip
    [clock] = rows(database, ClockRow)
    assert (clock.started_at, clock.due_at) == (ENDS, ENDS + 2 * DAY)


def test_a_deferred_loop_can_be_closed_before_it_starts_and_others_join_it(
    database: Database, deferring: Bundle
) -> None:
    take(database, deferring, [answer("r1", contact="ada"), answer("r2", contact="ada")])
    loop_id = start_row(database).loop_id
    assert len(said(database, loop_id, "loop.joined")) == 1
    details = {"closure": "withdrawn"}
    with changing(database) as session:
        commands.record(
            session, loop_id=loop_id, kind=ActKind.CLOSE, actor="lea", at=AT, recorded_at=AT, details=details
        )
        while waiting := outbox.pending(session, 1, at=AT + DAY):
            assert waiting[0].kind == "act"
            commands.apply(session, waiting[0].id, AT + DAY)
            outbox.mark_started(session, waiting[0].id, AT + DAY)
        assert event_types(session, loop_id)[-1] == "loop.closed"
        assert [found.code for found in check(session, AT + DAY)] == []


# -- holdouts, observed rules, and the figures ---------------------------------------------------


def test_both_arms_of_a_holdout_are_kept_and_observed_rules_and_gates_are_counted(database: Database) -> None:
    bundle = compile_gates(
        SEPARATE + WATCHED, "holdouts:\n  - {id: effect, plays: [csm_case], percent: 50}\n"
    )
    people = [answer(f"r{number}", contact=f"p{number}") for number in range(40)]
    accepted = take(database, bundle, [*people, answer("nobody", customer=None)])
    exposed = {row.decision_id: row.arm for row in rows(database, ExposureRow)}
    decided = {row.id: row for row in rows(database, DecisionRow)}
    held = {one for one, row in decided.items() if row.blocked_by == "holdouts/effect" and one in exposed}
    assert {one for one, arm in exposed.items() if arm == "held_out"} == held
    assert set(exposed.values()) == {"treated", "held_out"}
    assert len(exposed) == 40
    assert accepted.taken[-1].decision is not None
    assert accepted.taken[-1].decision.gates[-1].result == "not_assignable"
    assert len(rows(database, ObservationRow)) == 41
    with database.reading() as session:
        found = figures(session, zone="UTC").decisions
    assert found.arms == {"effect": {"held_out": len(held), "treated": 40 - len(held)}}
    assert (found.observed, found.by_gate) == ({"watched": 41}, {"holdouts/effect": len(held) + 1})


def test_the_report_counts_what_joined_and_what_is_deferred(database: Database, deferring: Bundle) -> None:
    take(database, deferring, [answer("r1", contact="ada"), answer("r2", contact="ada")])
    with database.reading() as session:
        found = figures(session, zone="UTC").decisions
    assert (found.by_outcome, found.deferred) == ({"joined": 1, "starts": 1}, {"suppress/quiet-week": 1})


def test_the_list_says_when_a_deferred_loop_begins(
    database: Database, deferring: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(database, deferring, [answer("r1", contact="ada")])
    monkeypatch.setattr(loops_command, "now", lambda: ENDS - DAY)
    assert "starts in 1 d" in loops_command._loop_table(rows(database, LoopRow))
    monkeypatch.setattr(loops_command, "now", lambda: ENDS + DAY)
    assert "starts" not in loops_command._loop_table(rows(database, LoopRow))


def test_people_read_of_joined_deferred_and_held_out_responses(database: Database) -> None:
    holdout = "holdouts:\n  - {id: effect, plays: [escalate], percent: 50}\n"
    bundle = compile_gates(CASES + WATCHED, DEFER + holdout)
    people = [answer(f"p{number}", 7, contact=f"p{number}") for number in range(9)]
    take(database, bundle, [answer("r1", contact="ada"), answer("r2", 2, contact="ada"), *people])
    with database.reading() as session:
        report = "\n".join(reporting._lines(figures(session, zone="UTC")))
        loop = find_loop(session, str(outcome(database, "r1").loop_id))
        shown = "\n".join(heading({**summary(loop), **context(session, loop)}))
    for line in ("1  joined", "deferred by", "suppress/quiet-week", "only observed\n  2  watched"):
        assert line in report
    assert re.search(r"holdout effect\n  \d  \w+", report)
    assert re.search(r"^joined    r2 of 2026-03-01 \d\d:\d\d [+-]\d\d:\d\d: nps 2$", shown, re.MULTILINE)
    assert re.search(r"^deferred  starts when the window ends, 2026-03-10 ", shown, re.MULTILINE)


def test_the_ledger_tells_what_every_gate_said(database: Database) -> None:
    take(database, compile_gates(SPENDING, BUDGET + DEFER), [answer("r1", contact="ada")], unit="u")
    with database.reading() as session:
        [event] = ledger.history(session, "intake/u")
        assert session.exec(select(col(DecisionRow.reserves))).one() == 1
    told = json.loads(event.payload)
    assert told["gates"] == {"suppress/quiet-week": "deferred"}
    assert told["reserved"] == {"budgets/goodwill": 1500}
    assert (told["deferred_until"], told["observed"]) == ("2026-03-10T08:00:00.000000Z", [])
