"""How loops end: withdrawn, merged, erased, interrupted from outside; and how they begin again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from boucle.engine import (
    cases,
    commands,
    duplicates,
    effects,
    erasure,
    ledger,
    loops,
    outbox,
    privacy,
    quarantine,
    reconciliation,
    replies,
    withdrawals,
)
from boucle.engine.assignment import Candidate, Roster, give
from boucle.engine.database import Database
from boucle.engine.identity import new_id
from boucle.engine.mails import Mail
from boucle.engine.reports import figures
from boucle.engine.statements import Stating, state
from boucle.engine.tables import CommandRow, Contact, LoopRow, Personal, QuarantineRow, ResponseRow
from boucle.engine.verification import verify
from boucle.engine.work_tables import CaseRow, ClockRow
from boucle.errors import RefusedError
from boucle.model import (
    ActKind,
    AssignReason,
    ClockKind,
    ClockState,
    Closure,
    Duration,
    EffectKind,
    LoopState,
    ReplyKind,
    Statement,
)
from tests.integration.gated import answer, compile_gates, take
from tests.integration.opening import AT, DAY, HOUR, act, event_types, open_loop

CLOCKS = ((ClockKind.FIRST_CONTACT, Duration.parse("24h")), (ClockKind.CLOSE, Duration.parse("48h")))


@pytest.fixture
def loop(session: Session) -> LoopRow:
    return begin_case(session)


def begin_case(session: Session, response: str = "response-1", hours: int = 0) -> LoopRow:
    """A loop at work whose clocks began so many hours later."""
    at = AT + hours * HOUR
    loop = open_loop(session, response, at=at)
    loops.advance(session, loop.id, stage="working", at=at, clocks=CLOCKS)
    cases.open_case(session, loop.id, team="care", severity="medium", at=at)
    return loop


def twin(session: Session, of: LoopRow, hours: int = 5) -> LoopRow:
    """Another loop of the same contact, opened later."""
    other = begin_case(session, "response-2", hours)
    other.contact_id = of.contact_id
    session.add(other)
    session.flush()
    return other


def payload(session: Session, loop: LoopRow, type_: str) -> dict[str, Any]:
    events = ledger.history(session, ledger.loop_chain(loop.id))
    return dict(json.loads(next(event.payload for event in reversed(events) if event.type == type_)))


def refusal_of(session: Session, loop: LoopRow, kind: ActKind, **given: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        act(session, loop.id, kind, **given)
    return caught.value.reason


# -- withdrawn ----------------------------------------------------------------------------------


def test_withdrawing_ends_a_loop_before_acts_that_wait_and_without_a_worker(
    session: Session, loop: LoopRow
) -> None:
    waiting = commands.record(
        session, loop_id=loop.id, kind=ActKind.CLAIM, actor="ada", at=AT, recorded_at=AT, details={}
    )
    done = commands.record(
        session, loop_id=loop.id, kind=ActKind.WITHDRAW, actor="ada", at=AT, recorded_at=AT, details={}
    )
    assert (done.state, loop.state, loop.closure) == ("applied", LoopState.CLOSED, Closure.WITHDRAWN)
    assert commands.apply(session, waiting.id, AT).reason == "loop_closed"
    outbox.mark_started(session, f"{loop.id}/1", AT)
    outbox.mark_started(session, waiting.id, AT)
    assert [row.command_id for row in outbox.pending(session, 10)] == [done.id]
    assert commands.apply(session, done.id, AT).applied
    assert event_types(session, loop.id).count("loop.closed") == 1


def test_nothing_more_goes_out_of_a_withdrawn_loop_not_even_what_is_being_retried(
    session: Session, loop: LoopRow
) -> None:
    given: dict[str, Any] = {"loop_id": loop.id, "round_": 1, "step": "apology", "kind": EffectKind.CUSTOMER}
    assert effects.intend(session, spec={}, at=AT, **given) == "go"
    effects.release(session, effects.effect_key(loop.id, 1, "apology"), AT)
    act(session, loop.id, ActKind.WITHDRAW)
    with pytest.raises(RefusedError, match="the loop is closed"):
        effects.intend(session, spec={}, at=AT, **given)


@pytest.mark.parametrize("kind", [ActKind.WITHDRAW, ActKind.MERGE, ActKind.CLOSE])
def test_what_ends_a_loop_acts_once_for_one_command_id_and_is_refused_once_it_is_closed(
    session: Session, loop: LoopRow, kind: ActKind
) -> None:
    into = twin(session, loop)
    details = {ActKind.MERGE: {"duplicate": into.id}, ActKind.CLOSE: {"closure": "false_alarm"}}.get(kind, {})
    given: dict[str, Any] = {
        "loop_id": loop.id, "kind": kind, "actor": "ada", "at": AT, "recorded_at": AT, "details": details,
    }  # fmt: skip
    first, second = (commands.record(session, command_id="the-one", **given) for _ in range(2))
    commands.apply(session, "the-one", AT)
    assert (first.id, second.state) == ("the-one", "applied")
    told = "loop.merged" if kind is ActKind.MERGE else "loop.closed"
    assert event_types(session, loop.id).count(told) == 1
    if kind is ActKind.MERGE:
        act(session, loop.id, ActKind.WITHDRAW)
    with pytest.raises(RefusedError) as caught:
        commands.record(session, command_id="another", **given)
    assert caught.value.reason == "loop_closed"


def test_consent_withdrawn_by_hand_ends_all_open_loops_of_the_person_and_no_other(
    session: Session, loop: LoopRow
) -> None:
    other, stranger = twin(session, loop), begin_case(session, "response-3")
    ended = withdrawals.withdraw(session, loop.contact_id or "", actor="ada", at=AT, text="She wrote so.")
    assert set(ended) == {loop.id, other.id}
    assert {loop.closure, other.closure} == {Closure.WITHDRAWN}
    assert stranger.state == LoopState.IN_PROGRESS
    assert payload(session, loop, "loop.closed")["cause"] == "consent"
    assert withdrawals.withdraw(session, loop.contact_id or "", actor="ada", at=AT) == []
    assert verify(session).whole


RULE = """
  - id: case
    when: detractor
    start: csm_case
    if_open: separate
"""


def test_an_answer_that_withdraws_consent_ends_what_was_open_but_not_what_the_rules_begin_on_it(
    database: Database,
) -> None:
    bundle = compile_gates(RULE)
    (first,) = take(database, bundle, [answer("one", contact="ada")]).taken
    (other,) = take(database, bundle, [answer("two", contact="bob")]).taken
    told = answer("three", contact="ada", consent__follow_up=False, responded_at=AT - HOUR)
    (last,) = take(database, bundle, [told]).taken
    with database.reading() as session:
        states = [session.get_one(LoopRow, one.loop_id).state for one in (first, other, last)]
        assert states == [LoopState.CLOSED, LoopState.OPEN, LoopState.OPEN]
        assert session.get_one(LoopRow, first.loop_id).closure == Closure.WITHDRAWN
        assert verify(session).whole


def test_an_older_answer_does_not_withdraw_what_a_newer_one_has_given(database: Database) -> None:
    bundle = compile_gates(RULE)
    newer = answer("one", contact="ada", consent__follow_up=True, responded_at=AT - HOUR)
    (first,) = take(database, bundle, [newer]).taken
    take(database, bundle, [answer("two", nps=9, contact="ada", consent__follow_up=False)])
    with database.reading() as session:
        assert session.get_one(LoopRow, first.loop_id).state == LoopState.OPEN


def test_a_file_of_customers_that_withdraws_consent_ends_their_loops(session: Session, loop: LoopRow) -> None:
    stating = Stating(source="s", said_by="crm", run="run", unit="u2", actor="ada", at=AT + DAY)
    said = Statement(as_of=AT + DAY, contact=loop.contact_id, facts={"consent.follow_up": False})
    state(session, [said], stating)
    assert (loop.state, loop.closure, loop.closed_by) == (LoopState.CLOSED, Closure.WITHDRAWN, "boucle")


def test_the_owner_of_a_withdrawn_case_is_told(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.CLAIM, actor="mara")
    act(session, loop.id, ActKind.WITHDRAW, actor="boucle")
    assert event_types(session, loop.id)[-1] == "effect.intended"


# -- reopened -----------------------------------------------------------------------------------


def test_reopening_needs_a_reason_which_the_history_keeps(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.CLOSE, closure="false_alarm")
    assert refusal_of(session, loop, ActKind.REOPEN) == "no_text"
    act(session, loop.id, ActKind.REOPEN, at=AT + DAY, text="It broke again.")
    assert (loop.state, loop.round) == (LoopState.OPEN, 2)
    assert event_types(session, loop.id)[-1] == "loop.reopened"
    event = ledger.history(session, ledger.loop_chain(loop.id))[-1]
    assert ("text" in json.loads(event.commitments), "broke" in event.payload) == (True, False)


def test_a_reopened_case_goes_back_to_whoever_had_it(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.CLAIM, actor="mara")
    act(session, loop.id, ActKind.CLOSE, actor="mara", closure="false_alarm")
    act(session, loop.id, ActKind.REOPEN, at=AT + DAY, text="It broke again.")
    case = cases.open_case(session, loop.id, team="care", severity="medium", at=AT + DAY)
    people = {name: Candidate(name) for name in ("mara", "idle")}
    roster = Roster(people=people, members={"care": ("idle", "mara")})
    assert give(session, loop, case, roster, at=AT + DAY, how="first").reason == AssignReason.PREVIOUS_OWNER
    assert case.owner == "mara"
    assert payload(session, loop, "case.assigned")["reason"] == "previous_owner"


def test_whoever_may_not_be_contacted_is_not_followed_up_again(session: Session, loop: LoopRow) -> None:
    withdrawals.withdraw(session, loop.contact_id or "", actor="ada", at=AT)
    assert refusal_of(session, loop, ActKind.REOPEN, text="Again.") == "consent_withdrawn"


# -- merged -------------------------------------------------------------------------------------


def test_the_loop_that_goes_on_keeps_the_earlier_due_times_and_the_higher_severity(
    session: Session, loop: LoopRow
) -> None:
    later = twin(session, loop, hours=5)
    cases.raise_severity(session, loop, severity="critical", at=AT)
    duplicates.merge(session, loop.id, later.id, actor="ada", at=AT + 6 * HOUR, text="The same call.")
    assert (loop.closure, loop.merged_into) == (Closure.FALSE_ALARM, later.id)
    due = {row.kind: row.due_at for row in session.exec(select(ClockRow).where(ClockRow.loop_id == later.id))}
    assert due == {"first_contact": AT + DAY, "close": AT + 2 * DAY}
    assert later.next_due == AT + DAY
    assert session.get_one(CaseRow, (later.id, 1)).severity == "critical"
    assert [one.id for one in duplicates.list_merged(session, later.id)] == [loop.id]
    assert {"loop.merged", "case.raised"} <= set(event_types(session, later.id))


def test_a_merged_loop_is_not_counted_among_the_false_alarms(session: Session, loop: LoopRow) -> None:
    into = twin(session, loop)
    duplicates.merge(session, loop.id, into.id, actor="ada", at=AT + 6 * HOUR)
    act(session, into.id, ActKind.CLOSE, closure="false_alarm", at=AT + 7 * HOUR)
    counted = figures(session, zone="UTC").loops
    assert [(line.closure, line.count) for line in counted] == [("false_alarm", 1), ("merged", 1)]


def test_a_merged_loop_has_no_clock_left_and_is_not_reopened(session: Session, loop: LoopRow) -> None:
    into = twin(session, loop)
    duplicates.merge(session, loop.id, into.id, actor="ada", at=AT + 6 * HOUR)
    clocks = session.exec(select(ClockRow.state).where(ClockRow.loop_id == loop.id)).all()
    assert set(clocks) <= {ClockState.STOPPED, ClockState.MET}
    assert refusal_of(session, loop, ActKind.REOPEN, text="No.") == "was_merged"


def test_the_same_merger_twice_is_one(session: Session, loop: LoopRow) -> None:
    into = twin(session, loop)
    for _ in range(2):
        duplicates.merge(session, loop.id, into.id, actor="ada", at=AT + 6 * HOUR, command_id="m")
    assert event_types(session, into.id).count("loop.merged") == 1
    assert event_types(session, loop.id).count("loop.closed") == 1


def test_only_open_loops_of_one_customer_are_merged(session: Session, loop: LoopRow) -> None:
    into, stranger = twin(session, loop), begin_case(session, "response-3")
    assert refusal_of(session, loop, ActKind.MERGE, duplicate=stranger.id) == "other_customer"
    assert refusal_of(session, loop, ActKind.MERGE, duplicate=loop.id) == "no_other_loop"
    assert refusal_of(session, loop, ActKind.MERGE, into=into.id) == "no_other_loop"
    assert refusal_of(session, loop, ActKind.MERGE) == "bad_details"
    act(session, into.id, ActKind.CLOSE, closure="false_alarm")
    assert refusal_of(session, loop, ActKind.MERGE, duplicate=into.id) == "other_closed"


def test_two_loops_that_are_merged_into_each_other_at_once_leave_one(database: Database) -> None:
    with database.session() as session:
        loop = begin_case(session)
        ids = loop.id, twin(session, loop).id
        session.commit()

    def merge(pair: tuple[str, str]) -> str:
        with database.session() as session:
            try:
                duplicates.merge(session, *pair, actor="ada", at=AT + 6 * HOUR)
            except RefusedError as error:
                return error.reason
            session.commit()
            return "merged"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(merge, [ids, ids[::-1]]))
    assert outcomes[0] == "merged" or outcomes[1] == "merged"
    assert set(outcomes) & {"loop_closed", "other_closed"}
    with database.reading() as session:
        states = sorted(session.get_one(LoopRow, one).state for one in ids)
    assert states == [LoopState.CLOSED, LoopState.IN_PROGRESS]


# -- erased -------------------------------------------------------------------------------------


def test_after_an_erasure_nothing_personal_is_left_and_every_chain_verifies(
    session: Session, loop: LoopRow
) -> None:
    act(session, loop.id, ActKind.NOTE, text="Ada was angry.")
    commands.record(
        session, loop_id=loop.id, kind=ActKind.NOTE, actor="ada", at=AT, recorded_at=AT, details={},
        text="Not applied yet.",
    )  # fmt: skip
    for loops_named in ((loop.id,), ()):
        mail = Mail(new_id(), ReplyKind.REPLY, loops_named, sender="ADA@example.org", text="Hm.", said="Hm.")
        replies.take(session, mail, by="mara", at=AT)
    erased = erasure.erase(session, loop.contact_id or "", actor="mara", at=AT + DAY)
    assert session.exec(select(Personal)).all() == []
    assert (erased.ended, erased.loops, erased.responses) == ((loop.id,), (loop.id,), 1)
    assert (loop.closure, loop.first_score) == (Closure.WITHDRAWN, 3)
    assert verify(session).whole
    contact = session.get_one(Contact, loop.contact_id)
    assert contact.key == f"erased-{contact.id}"
    assert contact.facts == {"consent.follow_up": False}
    assert session.get_one(ResponseRow, loop.response_id).source_id == f"erased-{loop.response_id}"


def test_a_second_erasure_has_nothing_left_to_do(session: Session, loop: LoopRow) -> None:
    erasure.erase(session, loop.contact_id or "", actor="mara", at=AT + DAY)
    chain = ledger.customer_chain(loop.contact_id or "")
    before = len(ledger.history(session, chain))
    again = erasure.erase(session, loop.contact_id or "", actor="mara", at=AT + 2 * DAY)
    assert (again.values, again.ended) == (0, ())
    assert len(ledger.history(session, chain)) == before == 1


def test_an_erasure_empties_what_lies_in_quarantine_and_spares_other_people(
    session: Session, loop: LoopRow
) -> None:
    stranger = begin_case(session, "response-3")
    for key, email in ((loop.contact_id, None), ("x", "ADA@example.org"), ("y", "bob@example.org")):
        said = {"contact": key, "person": {"name": None, "email": email, "phone": None}}
        row = QuarantineRow(
            id=new_id(), source="s", source_id=f"q-{key}", content_digest=f"d-{key}", owner="ops",
            payload=json.dumps(said), at=AT, due_at=AT + DAY,
        )  # fmt: skip
        session.add(row)
    session.flush()
    privacy.replace(session, stranger.contact_id or "", "contact", {"email": "bob@example.org"})
    assert erasure.erase(session, loop.contact_id or "", actor="mara", at=AT).quarantined == 2
    (left,) = quarantine.list_waiting(session, AT)
    assert left.source_id == "q-y"
    assert privacy.find_person(session, stranger.contact_id or "").email == "bob@example.org"
    assert stranger.state == LoopState.IN_PROGRESS


# -- interrupted --------------------------------------------------------------------------------


def test_an_end_from_outside_is_recorded_once_with_its_reason(session: Session, loop: LoopRow) -> None:
    outbox.mark_started(session, f"{loop.id}/1", AT)
    assert reconciliation.interrupt(session, loop.id, "workflow_canceled", AT, reason="Maintenance.")
    assert not reconciliation.interrupt(session, loop.id, "workflow_canceled", AT)
    assert payload(session, loop, "loop.interrupted")["how"] == "workflow_canceled"
    assert [one.code for one in reconciliation.waits(session, AT)] == ["start_refused"]
    reconciliation.restart(session, loop.id, AT + timedelta(hours=1))
    assert [row.kind for row in outbox.pending(session, 10)] == ["start"]


def test_no_act_of_these_leaves_a_row_undecided(session: Session, loop: LoopRow) -> None:
    twin(session, loop)
    withdrawals.withdraw(session, loop.contact_id or "", actor="ada", at=AT)
    assert set(session.exec(select(CommandRow.state)).all()) == {"applied"}
