from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from boucle.engine import cases, commands, ledger, loops, outbox, privacy
from boucle.engine.database import Database
from boucle.engine.standing import get_standing
from boucle.engine.tables import CommandRow, LoopRow, Personal
from boucle.engine.work_tables import AttemptRow, CaseRow, ClockRow
from boucle.errors import NotFoundError, RefusedError
from boucle.model import ActKind, ClockKind, ClockState, Closure, Duration, LoopState
from boucle.standing import ActOutcome
from tests.integration.opening import AT, DAY, HOUR, act, event_types, open_loop

CLOCKS = ((ClockKind.FIRST_CONTACT, Duration.parse("24h")), (ClockKind.CLOSE, Duration.parse("48h")))
CAUSE: dict[str, Any] = {"root_cause": "product"}


@pytest.fixture
def loop(session: Session) -> LoopRow:
    """A loop at work, with a case that nobody owns."""
    return begin_case(session)


def begin_case(session: Session) -> LoopRow:
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="working", at=AT, clocks=CLOCKS)
    cases.open_case(session, loop.id, team="care", severity="high", at=AT)
    return loop


def case_of(session: Session, loop: LoopRow) -> CaseRow:
    return session.get_one(CaseRow, (loop.id, loop.round))


def clock_of(session: Session, loop: LoopRow, kind: ClockKind) -> ClockState:
    return ClockState(session.get_one(ClockRow, (loop.id, loop.round, kind)).state)


def refused(session: Session, loop: LoopRow, kind: ActKind, **given: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        act(session, loop.id, kind, **given)
    return caught.value.reason


def call(
    session: Session, loop: LoopRow, result: str, channel: str = "phone", at: datetime = AT
) -> ActOutcome:
    return act(session, loop.id, ActKind.ATTEMPT, at=at, channel=channel, result=result)


def close(session: Session, loop: LoopRow, closure: Closure, at: datetime = AT, **given: Any) -> ActOutcome:
    return act(session, loop.id, ActKind.CLOSE, at=at, closure=closure, **given)


# -- the case ------------------------------------------------------------------------------------


def test_a_round_has_one_case(session: Session, loop: LoopRow) -> None:
    again = cases.open_case(session, loop.id, team="other", severity="low", at=AT)
    assert (again.team, again.severity) == ("care", "high")
    assert event_types(session, loop.id).count("case.opened") == 1


def test_claiming_takes_a_free_case_and_claiming_again_changes_nothing(
    session: Session, loop: LoopRow
) -> None:
    assert act(session, loop.id, ActKind.CLAIM, actor="ada").applied
    assert act(session, loop.id, ActKind.CLAIM, actor="ada", at=AT + HOUR).applied
    case = case_of(session, loop)
    assert (case.owner, case.claimed_at) == ("ada", AT)
    assert event_types(session, loop.id).count("case.claimed") == 1


def test_somebody_elses_case_is_not_claimed(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.CLAIM, actor="ada")
    assert refused(session, loop, ActKind.CLAIM, actor="bob") == "already_claimed"
    with pytest.raises(RefusedError, match="somebody else owns this case"):
        cases.claim(session, loop.id, actor="bob", at=AT)


def test_an_assigned_case_is_claimed_by_its_owner_or_the_lead_it_was_escalated_to(
    session: Session, loop: LoopRow
) -> None:
    act(session, loop.id, ActKind.ASSIGN, actor="lea", owner="ada")
    assert refused(session, loop, ActKind.CLAIM, actor="lea") == "already_claimed"
    cases.escalate(session, loop.id, lead="lea", at=AT)
    cases.escalate(session, loop.id, lead="max", at=AT)
    assert case_of(session, loop).escalated_to == "lea"
    assert act(session, loop.id, ActKind.CLAIM, actor="lea").applied
    assert case_of(session, loop).owner == "lea"


def test_assigning_to_the_owner_changes_nothing(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.CLAIM, actor="ada")
    act(session, loop.id, ActKind.ASSIGN, actor="lea", owner="ada")
    assert case_of(session, loop).claimed_at == AT
    assert "case.assigned" not in event_types(session, loop.id)


def test_open_cases_are_counted_by_owner(session: Session) -> None:
    for number, owner in enumerate(["ada", "ada", "bob", "cem"]):
        loop = open_loop(session, f"r{number}")
        cases.open_case(session, loop.id, team="care", severity="low", at=AT)
        cases.assign(session, loop.id, owner=owner, by="boucle", at=AT)
    assert cases.count_open_cases(session, ["ada", "bob", "dan"]) == {"ada": 2, "bob": 1, "dan": 0}
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
    assert cases.count_open_cases(session, ["cem"]) == {"cem": 0}


def test_cases_are_listed_by_owner_and_team_without_the_closed_ones(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.CLAIM, actor="ada")
    assert [case.loop_id for case, _ in cases.list_cases(session, owner="ada", team="care")] == [loop.id]
    assert cases.list_cases(session, owner="bob") == []
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
    assert cases.list_cases(session, owner="ada") == []
    assert len(cases.list_cases(session, state=LoopState.CLOSED)) == 1


def test_of_cases_due_at_one_instant_the_most_severe_comes_first(session: Session) -> None:
    """An import opens many at once."""
    severities = ("low", "critical", "medium", "high")
    for number, severity in enumerate(severities):
        cases.open_case(session, open_loop(session, f"r{number}").id, team="care", severity=severity, at=AT)
    listed = [case.severity for case, _ in cases.list_cases(session)]
    assert listed == ["critical", "high", "medium", "low"]


# -- attempts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", ["reached", "refused"])
def test_reaching_the_customer_meets_the_first_contact_clock(
    session: Session, loop: LoopRow, result: str
) -> None:
    call(session, loop, "no_reply")
    assert clock_of(session, loop, ClockKind.FIRST_CONTACT) == ClockState.RUNNING
    outcome = call(session, loop, result, at=AT + HOUR)
    assert outcome.standing is not None
    assert outcome.standing.contacted
    assert clock_of(session, loop, ClockKind.FIRST_CONTACT) == ClockState.MET
    call(session, loop, "reached", at=AT + 2 * HOUR)
    assert case_of(session, loop).first_contact_at == AT + HOUR


def test_first_contact_is_judged_by_when_the_call_happened_not_by_when_it_was_noted(
    session: Session, loop: LoopRow
) -> None:
    command = commands.record(
        session, loop_id=loop.id, kind=ActKind.ATTEMPT, actor="ada", at=AT + HOUR, recorded_at=AT + 3 * DAY,
        details={"channel": "phone", "result": "reached", "next_try_at": "2026-03-09T10:00:00Z"},
    )  # fmt: skip
    commands.apply(session, command.id, AT + 3 * DAY)
    row = session.get_one(AttemptRow, command.id)
    assert (row.happened_at, row.recorded_at) == (AT + HOUR, AT + 3 * DAY)
    assert clock_of(session, loop, ClockKind.FIRST_CONTACT) == ClockState.MET
    event = ledger.history(session, ledger.loop_chain(loop.id))[-2]
    assert (event.type, event.at, event.recorded_at) == ("case.attempted", AT + HOUR, AT + 3 * DAY)


def test_a_contact_after_the_due_time_misses_the_clock(session: Session, loop: LoopRow) -> None:
    call(session, loop, "reached", at=AT + 25 * HOUR)
    assert clock_of(session, loop, ClockKind.FIRST_CONTACT) == ClockState.MISSED


def test_nothing_is_attempted_without_a_case(session: Session) -> None:
    loop = open_loop(session)
    for kind, details in (
        (ActKind.CLAIM, {}),
        (ActKind.ASSIGN, {"owner": "ada"}),
        (ActKind.ATTEMPT, {"channel": "phone", "result": "reached"}),
    ):
        assert refused(session, loop, kind, **details) == "no_case"
    with pytest.raises(RefusedError, match="the loop has no case: its play opens none"):
        cases.assign(session, loop.id, owner="ada", by="boucle", at=AT)


# -- closing -------------------------------------------------------------------------------------


def test_closing_a_case_needs_a_root_cause_and_what_was_done(session: Session, loop: LoopRow) -> None:
    call(session, loop, "reached")
    assert refused(session, loop, ActKind.CLOSE, closure="recovered") == "root_cause_missing"
    assert refused(session, loop, ActKind.CLOSE, closure="recovered", **CAUSE) == "what_was_done_missing"
    outcome = close(
        session,
        loop,
        Closure.RECOVERED,
        **CAUSE,
        root_cause_detail="broken-hinge",
        systemic=True,
        text="Mended.",
    )
    assert outcome.standing is not None
    assert outcome.standing.closure == Closure.RECOVERED
    case = case_of(session, loop)
    assert (case.root_cause, case.root_cause_detail, case.systemic) == ("product", "broken-hinge", True)
    event = ledger.history(session, ledger.loop_chain(loop.id))[-1]
    assert json.loads(event.payload)["root_cause"] == "product"
    assert "Mended" not in event.payload
    assert "text" in json.loads(event.commitments)


@pytest.mark.parametrize("closure", [Closure.FALSE_ALARM, Closure.WITHDRAWN])
def test_where_nothing_was_done_there_is_no_root_cause_and_nothing_to_tell(
    session: Session, loop: LoopRow, closure: Closure
) -> None:
    assert close(session, loop, closure).applied


@pytest.mark.parametrize("closure", [Closure.RECOVERED, Closure.NOT_RECOVERED, Closure.DECLINED])
def test_what_the_customer_thinks_is_not_claimed_without_contact(
    session: Session, loop: LoopRow, closure: Closure
) -> None:
    call(session, loop, "left_message")
    assert refused(session, loop, ActKind.CLOSE, closure=closure, **CAUSE) == "not_contacted"


def test_an_answer_is_a_contact_too(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.ANSWER, actor="customer", score=9)
    assert close(session, loop, Closure.RECOVERED, **CAUSE, text="Called.").applied


def test_unreachable_needs_three_attempts_on_two_channels_or_days(session: Session, loop: LoopRow) -> None:
    for _ in range(3):
        call(session, loop, "no_reply")
    assert refused(session, loop, ActKind.CLOSE, closure="unreachable", **CAUSE) == "too_few_attempts"
    call(session, loop, "no_reply", channel="sms")
    assert close(session, loop, Closure.UNREACHABLE, **CAUSE, text="Wrote.").applied


def test_two_days_are_two_days_where_the_loop_is_followed(session: Session, loop: LoopRow) -> None:
    late = AT.replace(hour=22, minute=30)  # half past eleven in Paris
    for at in (late, late + timedelta(minutes=20), late + HOUR):
        assert refused(session, loop, ActKind.CLOSE, closure="unreachable", **CAUSE) == "too_few_attempts"
        call(session, loop, "no_reply", at=at)
    assert close(session, loop, Closure.UNREACHABLE, at=late + DAY, **CAUSE, text="Wrote.").applied


def test_who_was_reached_is_not_unreachable(session: Session, loop: LoopRow) -> None:
    for channel in ("sms", "email", "phone"):
        call(session, loop, "no_reply", channel=channel)
    call(session, loop, "reached")
    assert refused(session, loop, ActKind.CLOSE, closure="unreachable", **CAUSE) == "was_reached"


def test_no_answer_is_not_said_by_hand(session: Session, loop: LoopRow) -> None:
    assert refused(session, loop, ActKind.CLOSE, closure="no_answer", **CAUSE) == "no_answer_by_hand"


def test_the_close_clock_is_judged_by_when_the_closing_was_recorded(session: Session, loop: LoopRow) -> None:
    command = commands.record(
        session, loop_id=loop.id, kind=ActKind.CLOSE, actor="ada", at=AT, recorded_at=AT + 47 * HOUR,
        details={"closure": "false_alarm"},
    )  # fmt: skip
    commands.apply(session, command.id, AT + 50 * HOUR)
    assert clock_of(session, loop, ClockKind.CLOSE) == ClockState.MET
    assert loop.closed_at == AT + 50 * HOUR


def test_closing_by_hand_stops_every_clock(session: Session, loop: LoopRow) -> None:
    close(session, loop, Closure.FALSE_ALARM)
    assert get_standing(session, loop.id).clocks == ()
    assert loop.next_due is None


def test_a_closed_loop_refuses_all_work(session: Session, loop: LoopRow) -> None:
    close(session, loop, Closure.FALSE_ALARM)
    for kind, details in (
        (ActKind.CLAIM, {}),
        (ActKind.ASSIGN, {"owner": "ada"}),
        (ActKind.ATTEMPT, {"channel": "phone", "result": "reached"}),
        (ActKind.NOTE, {"text": "too late"}),
        (ActKind.CLOSE, {"closure": "false_alarm"}),
        (ActKind.ANSWER, {"score": 9}),
    ):
        assert refused(session, loop, kind, **details) == "loop_closed"
    with pytest.raises(RefusedError, match="the loop is closed"):
        cases.open_case(session, loop.id, team="care", severity="low", at=AT)


def test_a_closed_loop_is_reopened_at_once_and_has_no_case_in_its_new_round(
    session: Session, loop: LoopRow
) -> None:
    assert refused(session, loop, ActKind.REOPEN, text="Again.") == "loop_open"
    close(session, loop, Closure.FALSE_ALARM)
    command = commands.record(
        session,
        loop_id=loop.id,
        kind=ActKind.REOPEN,
        actor="lea",
        at=AT + DAY,
        recorded_at=AT + DAY,
        details={},
        text="The hinge broke again.",
    )
    assert (command.state, loop.round, loop.state) == ("applied", 2, LoopState.OPEN)
    assert refused(session, loop, ActKind.CLAIM) == "no_case"


# -- answers and notes ---------------------------------------------------------------------------


def test_the_answer_is_kept_once_and_ends_its_clock(session: Session, loop: LoopRow) -> None:
    clocks = ((ClockKind.ANSWER, Duration.parse("14 days")),)
    loops.advance(session, loop.id, stage="asked", at=AT, clocks=clocks)
    outcome = act(session, loop.id, ActKind.ANSWER, actor="customer", score=8, text="Much better")
    assert outcome.standing is not None
    assert outcome.standing.answer == 8
    assert clock_of(session, loop, ClockKind.ANSWER) == ClockState.MET
    assert refused(session, loop, ActKind.ANSWER, score=3) == "already_answered"


@pytest.mark.parametrize("score", [-1, 11])
def test_an_answer_lies_on_the_scale(session: Session, loop: LoopRow, score: int) -> None:
    assert refused(session, loop, ActKind.ANSWER, score=score) == "score_off_scale"


def test_a_loop_without_a_stated_scale_takes_an_answer_from_0_to_10(session: Session, loop: LoopRow) -> None:
    loop.scale_low = loop.scale_high = None
    assert refused(session, loop, ActKind.ANSWER, score=11) == "score_off_scale"
    assert act(session, loop.id, ActKind.ANSWER, score=0).applied


def test_a_note_needs_words_and_keeps_them_where_they_can_be_erased(session: Session, loop: LoopRow) -> None:
    for nothing in (None, "", "  "):
        assert refused(session, loop, ActKind.NOTE, text=nothing) == "no_text"
    outcome = act(session, loop.id, ActKind.NOTE, text="Likes to be called after six")
    assert commands.read_texts(session, loop) == {outcome.command: "Likes to be called after six"}
    assert "after six" not in ledger.history(session, ledger.loop_chain(loop.id))[-1].payload
    session.flush()
    held = session.exec(select(Personal).where(Personal.value == "Likes to be called after six")).all()
    assert {row.subject for row in held} == {loop.contact_id}


def test_a_text_about_an_anonymous_response_belongs_to_that_response(session: Session) -> None:
    loop = open_loop(session, email=None)
    act(session, loop.id, ActKind.NOTE, text="No name")
    assert list(privacy.read(session, loop.response_id, "act").values()) == ["No name"]


def test_any_act_may_carry_a_text(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.CLAIM, text="Mine, I know her")
    assert event_types(session, loop.id)[-2:] == ["case.claimed", "loop.noted"]


# -- recording and applying ----------------------------------------------------------------------


def test_the_same_act_twice_acts_once_and_answers_the_same(session: Session, loop: LoopRow) -> None:
    given: dict[str, Any] = {
        "loop_id": loop.id, "kind": ActKind.ATTEMPT, "actor": "ada", "at": AT, "recorded_at": AT,
        "details": {"channel": "phone", "result": "reached"}, "text": "Promised a refund", "command_id": "c1",
    }  # fmt: skip
    assert commands.record(session, **given) is commands.record(session, **given)
    assert commands.apply(session, "c1", AT) == commands.apply(session, "c1", AT + HOUR)
    assert commands.record(session, **given).state == "applied"
    assert event_types(session, loop.id).count("case.attempted") == 1
    assert len(session.exec(select(AttemptRow)).all()) == 1


def test_a_refused_act_stays_refused_and_keeps_its_words(session: Session, loop: LoopRow) -> None:
    waiting = [
        commands.record(
            session,
            loop_id=loop.id,
            kind=ActKind.CLAIM,
            actor=actor,
            at=AT,
            recorded_at=AT,
            details={},
            text="Mine",
        )
        for actor in ("ada", "bob")
    ]
    outcomes = [commands.apply(session, command.id, AT) for command in (*waiting, *waiting)]
    assert [(outcome.applied, outcome.reason) for outcome in outcomes] == [
        (True, None),
        (False, "already_claimed"),
    ] * 2
    assert event_types(session, loop.id).count("act.refused") == 1
    assert set(commands.read_texts(session, loop).values()) == {"Mine"}
    assert [session.get_one(CommandRow, command.id).state for command in waiting] == ["applied", "refused"]


def test_an_act_is_judged_in_order_while_others_wait(session: Session, loop: LoopRow) -> None:
    """Without a worker a call and the closing after it are both only recorded."""
    given: dict[str, Any] = {"loop_id": loop.id, "actor": "ada", "at": AT, "recorded_at": AT}
    called = {"channel": "phone", "result": "reached"}
    commands.record(session, kind=ActKind.ATTEMPT, details=called, **given)
    ended = {"closure": "recovered"} | CAUSE
    commands.record(session, kind=ActKind.CLOSE, details=ended, text="Mended.", **given)
    outbox.mark_started(session, f"{loop.id}/1", AT)
    for _ in range(2):
        (row,) = outbox.pending(session, 10)
        assert commands.apply(session, row.id, AT).applied
    assert loop.closure == Closure.RECOVERED
    assert outbox.pending(session, 10) == []


def test_an_act_that_waited_for_a_loop_that_closed_is_refused(session: Session, loop: LoopRow) -> None:
    command = commands.record(
        session, loop_id=loop.id, kind=ActKind.CLAIM, actor="ada", at=AT, recorded_at=AT, details={}
    )
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
    assert commands.apply(session, command.id, AT).reason == "loop_closed"


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        (ActKind.ATTEMPT, {"channel": "pigeon", "result": "reached"}),
        (ActKind.ATTEMPT, {"channel": "phone"}),
        (ActKind.ANSWER, {"score": "9"}),
        (ActKind.ANSWER, {"score": True}),
        (ActKind.ASSIGN, {"owner": ""}),
        (ActKind.CLOSE, {"closure": "recovered", "root_cause_detail": "She said that the hinge broke"}),
        (ActKind.NOTE, {"unknown": "1"}),
    ],
)
def test_details_that_do_not_fit_are_refused(
    session: Session, loop: LoopRow, kind: ActKind, details: dict[str, Any]
) -> None:
    with pytest.raises(RefusedError) as caught:
        commands.record(
            session, loop_id=loop.id, kind=kind, actor="ada", at=AT, recorded_at=AT, details=details, text="t"
        )
    assert caught.value.reason == "bad_details"


def test_what_can_be_seen_to_be_wrong_with_an_act_is_refused_at_once(session: Session, loop: LoopRow) -> None:
    given: dict[str, Any] = {"kind": ActKind.NOTE, "actor": "ada", "details": {}, "text": "t"}
    with pytest.raises(RefusedError, match="dated later"):
        commands.record(session, loop_id=loop.id, at=AT + HOUR, recorded_at=AT, **given)
    commands.record(session, loop_id=loop.id, at=AT, recorded_at=AT, command_id="c1", **given)
    other = open_loop(session, "r2")
    with pytest.raises(RefusedError, match="used for another act"):
        commands.record(session, loop_id=other.id, at=AT, recorded_at=AT, command_id="c1", **given)
    with pytest.raises(NotFoundError):
        commands.record(session, loop_id="nowhere", at=AT, recorded_at=AT, **given)
    with pytest.raises(NotFoundError):
        commands.apply(session, "nowhere", AT)
    with pytest.raises(NotFoundError):
        commands.apply(session, "nowhere", AT, loop_id=loop.id)


def test_a_row_whose_details_no_longer_fit_is_refused_not_stuck(session: Session, loop: LoopRow) -> None:
    command = CommandRow(id="c1", loop_id=loop.id, kind="close", actor="ada", at=AT, recorded_at=AT)
    session.add(command)
    session.flush()
    assert commands.apply(session, "c1", AT).reason == "bad_details"


# -- at the same time ----------------------------------------------------------------------------


def test_of_twenty_who_claim_at_once_one_wins(database: Database) -> None:
    with database.session() as session:
        loop = begin_case(session)
        session.commit()

    def claim(number: int) -> bool:
        with database.session() as session:
            command = commands.record(
                session, loop_id=loop.id, kind=ActKind.CLAIM, actor=f"csm-{number}", at=AT, recorded_at=AT,
                details={}, command_id=f"c{number}",
            )  # fmt: skip
            session.commit()
        with database.session() as session:
            outcome = commands.apply(session, command.id, AT)
            session.commit()
            return outcome.applied

    def outcome_of(number: int) -> bool:
        try:
            return claim(number)
        except RefusedError as error:
            assert error.reason == "already_claimed"  # noqa: PT017 another outcome of the same race
            return False

    with ThreadPoolExecutor(20) as pool:
        won = [number for number, wins in enumerate(pool.map(outcome_of, range(20))) if wins]
    with database.reading() as session:
        assert len(won) == 1
        assert case_of(session, loop).owner == f"csm-{won[0]}"
        assert event_types(session, loop.id).count("case.claimed") == 1


def test_one_act_applied_by_twenty_at_once_acts_once(database: Database) -> None:
    with database.session() as session:
        loop = begin_case(session)
        commands.record(
            session, loop_id=loop.id, kind=ActKind.ATTEMPT, actor="ada", at=AT, recorded_at=AT,
            details={"channel": "phone", "result": "reached"}, command_id="c1",
        )  # fmt: skip
        session.commit()

    def apply(_: int) -> ActOutcome:
        with database.session() as session:
            outcome = commands.apply(session, "c1", AT)
            session.commit()
            return outcome

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(apply, range(20)))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    with database.reading() as session:
        assert event_types(session, loop.id).count("case.attempted") == 1
