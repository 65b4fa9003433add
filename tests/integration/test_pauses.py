"""Waiting for the customer, putting a case aside, promises: what they do to clocks, on both databases."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from boucle.engine import cases, clocks, loops, waits
from boucle.engine.clock import worked
from boucle.engine.commitments import list_commitments
from boucle.engine.standing import get_standing
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import CaseRow, ClockRow
from boucle.errors import RefusedError
from boucle.model import ActKind, ClockKind, ClockState, Closure, Duration
from tests.calendars import weekdays_9_to_18
from tests.integration.opening import AT, DAY, HOUR, act, event_types, open_loop

FIRST = (ClockKind.FIRST_CONTACT, Duration.parse("48h"))
CLOSE = (ClockKind.CLOSE, Duration.parse("10 business hours"))
"""On a calendar of Paris from 9 to 18, opened on a Tuesday at 10: due on Wednesday at 11."""
WEDNESDAY_11 = datetime(2026, 3, 4, 10, tzinfo=UTC)


def working(session: Session) -> LoopRow:
    """A loop whose case is worked: the customer's clock for first contact, the team's for closing."""
    loop = open_loop(session)
    cases.open_case(session, loop.id, team="csm", severity="medium", at=AT)
    cases.assign(session, loop.id, owner="ada", by="boucle", at=AT)
    loops.advance(session, loop.id, stage="working", at=AT, clocks=[FIRST, CLOSE])
    return loop


def clock(session: Session, loop: LoopRow, kind: ClockKind) -> ClockRow:
    return session.get_one(ClockRow, (loop.id, loop.round, kind))


def test_waiting_pauses_the_teams_clock_alone(session: Session) -> None:
    loop = working(session)
    assert clock(session, loop, ClockKind.CLOSE).due_at == WEDNESDAY_11
    assert act(session, loop.id, ActKind.WAIT, at=AT + HOUR).applied
    standing = get_standing(session, loop.id)
    assert [(one.kind, one.due) for one in standing.clocks] == [(ClockKind.FIRST_CONTACT, AT + 2 * DAY)]
    assert clock(session, loop, ClockKind.CLOSE).state == ClockState.PAUSED
    assert loop.next_due == AT + 2 * DAY
    assert standing.case is not None
    assert (standing.case.waiting, standing.case.waiting_until) == (True, AT + HOUR + 7 * DAY)


def test_a_clock_that_goes_on_has_the_working_time_it_had_left(session: Session) -> None:
    loop = working(session)
    act(session, loop.id, ActKind.WAIT, at=AT + HOUR)  # Tuesday at 11, nine hours left
    act(session, loop.id, ActKind.RESUME, at=AT + 2 * DAY)  # Thursday at 10
    row = clock(session, loop, ClockKind.CLOSE)
    assert row.state == ClockState.RUNNING
    assert row.due_at == datetime(2026, 3, 6, 9, tzinfo=UTC)  # Friday at 10: 8 hours on Thursday and one
    assert row.paused_for == (7 + 9 + 1) * 3600
    assert loop.next_due == AT + 2 * DAY
    assert event_types(session, loop.id)[-2:] == ["case.waiting", "case.resumed"]


def test_pausing_outside_working_time_costs_and_gives_nothing(session: Session) -> None:
    loop = working(session)
    act(session, loop.id, ActKind.WAIT, at=AT + 10 * HOUR)  # Tuesday at 20
    act(session, loop.id, ActKind.RESUME, at=AT + 20 * HOUR)  # Wednesday at 6
    row = clock(session, loop, ClockKind.CLOSE)
    assert (row.due_at, row.paused_for) == (WEDNESDAY_11, 0)


@pytest.mark.parametrize("kind", ["attempt", "answer"])
def test_reaching_or_hearing_the_customer_ends_the_wait(session: Session, kind: str) -> None:
    loop = working(session)
    act(session, loop.id, ActKind.WAIT, at=AT + HOUR)
    act(session, loop.id, ActKind.ATTEMPT, at=AT + 2 * HOUR, channel="phone", result="no_reply")
    assert clock(session, loop, ClockKind.CLOSE).state == ClockState.PAUSED
    if kind == "attempt":
        act(session, loop.id, ActKind.ATTEMPT, at=AT + 3 * HOUR, channel="phone", result="reached")
    else:
        act(session, loop.id, ActKind.ANSWER, at=AT + 3 * HOUR, score=9)
    row = clock(session, loop, ClockKind.CLOSE)
    assert (row.state, row.due_at) == (ClockState.RUNNING, WEDNESDAY_11 + 2 * HOUR)
    assert session.get_one(CaseRow, (loop.id, 1)).waiting_until is None


def test_a_wait_ends_when_the_customer_was_reached_not_when_it_was_written_down(session: Session) -> None:
    loop = working(session)
    act(session, loop.id, ActKind.WAIT, at=AT + HOUR)
    waits.hear_customer(session, loop, heard_at=AT + 2 * HOUR, at=AT + 5 * HOUR)
    assert clock(session, loop, ClockKind.CLOSE).due_at == WEDNESDAY_11 + HOUR


def test_however_often_a_clock_is_paused_it_has_the_working_time_it_was_given(session: Session) -> None:
    loop, dice = working(session), random.Random(11)  # noqa: S311 the same pauses each time
    at = AT
    for _ in range(12):
        at += dice.randint(1, 90) * timedelta(minutes=7)
        due_at = clock(session, loop, ClockKind.CLOSE).due_at
        act(session, loop.id, ActKind.WAIT, at=at, until=at + 30 * DAY)
        if due_at <= at:
            break
        at += dice.randint(1, 4000) * timedelta(minutes=1)
        act(session, loop.id, ActKind.RESUME, at=at)
        row = clock(session, loop, ClockKind.CLOSE)
        run = worked(AT, row.due_at, weekdays_9_to_18("Europe/Paris"))
        assert run - timedelta(seconds=row.paused_for) == timedelta(hours=10)
    assert clock(session, loop, ClockKind.CLOSE).paused_for > 0


def test_a_clock_that_has_run_out_is_not_paused_any_more(session: Session) -> None:
    loop = working(session)
    act(session, loop.id, ActKind.WAIT, at=AT + 2 * DAY)
    assert clock(session, loop, ClockKind.CLOSE).state == ClockState.RUNNING
    loops.miss_clock(session, loop.id, ClockKind.CLOSE, AT + 2 * DAY)
    assert clock(session, loop, ClockKind.CLOSE).state == ClockState.MISSED


def test_closing_while_the_case_waits_meets_the_paused_clock(session: Session) -> None:
    loop = working(session)
    act(session, loop.id, ActKind.WAIT, at=AT + HOUR)
    act(session, loop.id, ActKind.CLOSE, at=AT + 5 * DAY, closure="false_alarm")
    assert clock(session, loop, ClockKind.CLOSE).state == ClockState.MET
    assert clock(session, loop, ClockKind.FIRST_CONTACT).state == ClockState.STOPPED
    before = event_types(session, loop.id)
    waits.hear_customer(session, loop, heard_at=AT + 6 * DAY, at=AT + 6 * DAY)
    assert event_types(session, loop.id) == before


def test_only_what_waits_or_is_put_aside_is_taken_up_again(session: Session) -> None:
    loop = working(session)
    with pytest.raises(RefusedError) as refused:
        act(session, loop.id, ActKind.RESUME)
    assert refused.value.reason == "not_waiting"
    act(session, loop.id, ActKind.WAIT)
    with pytest.raises(RefusedError) as refused:
        act(session, loop.id, ActKind.WAIT)
    assert refused.value.reason == "waiting"


# -- putting aside ---------------------------------------------------------------------------------


def test_a_snoozed_case_leaves_the_inbox_and_its_clocks_run_on(session: Session) -> None:
    loop = working(session)
    before = get_standing(session, loop.id).clocks
    act(session, loop.id, ActKind.SNOOZE, until=AT + DAY)
    assert cases.list_cases(session, at=AT + HOUR) == []
    assert [row.loop_id for row, _ in cases.list_cases(session)] == [loop.id]
    assert [row.loop_id for row, _ in cases.list_cases(session, at=AT + DAY)] == [loop.id]
    assert get_standing(session, loop.id).clocks == before
    act(session, loop.id, ActKind.RESUME)
    assert [row.loop_id for row, _ in cases.list_cases(session, at=AT + HOUR)] == [loop.id]


def test_what_the_customer_writes_brings_a_case_back_and_a_call_of_ours_does_not(session: Session) -> None:
    loop = working(session)
    act(session, loop.id, ActKind.SNOOZE, until=AT + DAY)
    act(session, loop.id, ActKind.ATTEMPT, at=AT + HOUR, channel="phone", result="reached")
    assert cases.list_cases(session, at=AT + HOUR) == []
    act(session, loop.id, ActKind.ANSWER, at=AT + HOUR, score=9)
    assert [row.loop_id for row, _ in cases.list_cases(session, at=AT + HOUR)] == [loop.id]
    assert "case.woken" in event_types(session, loop.id)


def test_a_case_wakes_when_its_time_has_come_and_not_before(session: Session) -> None:
    loop = working(session)
    act(session, loop.id, ActKind.SNOOZE, until=AT + DAY)
    act(session, loop.id, ActKind.WAIT, until=AT + 2 * DAY)
    assert waits.wake(session, loop, AT + DAY - timedelta(seconds=1)) == []
    assert waits.wake(session, loop, AT + DAY) == ["woken"]
    assert waits.wake(session, loop, AT + 3 * DAY) == ["resumed"]
    assert waits.wake(session, loop, AT + 9 * DAY) == []
    # Ten hours were left on Tuesday at 10; from Thursday at 10 they end on Friday at 11.
    assert clock(session, loop, ClockKind.CLOSE).due_at == datetime(2026, 3, 6, 10, tzinfo=UTC)


# -- promises --------------------------------------------------------------------------------------


def promise(session: Session, loop: LoopRow, hours: int) -> None:
    act(session, loop.id, ActKind.PROMISE, due=AT + hours * HOUR, text="A new invoice.")


def promises(session: Session, loop: LoopRow) -> list[tuple[int, str]]:
    return [(row.number, row.state) for row in list_commitments(session, loop)]


def test_each_promise_has_a_clock_of_its_own(session: Session) -> None:
    loop = working(session)
    promise(session, loop, 30)
    promise(session, loop, 3)
    found = [(one.name, one.due, one.since) for one in get_standing(session, loop.id).clocks]
    assert ("commitment.1", AT + 30 * HOUR, AT) in found
    assert found[0] == ("commitment.2", AT + 3 * HOUR, AT)
    assert loop.next_due == AT + 3 * HOUR


def test_a_promise_is_kept_broken_or_missed_and_then_over(session: Session) -> None:
    loop = working(session)
    for hours in (1, 2, 3, 4):
        promise(session, loop, hours)
    act(session, loop.id, ActKind.KEEP, at=AT + HOUR, commitment=1)
    act(session, loop.id, ActKind.KEEP, at=AT + HOUR, commitment=2, kept=False)
    act(session, loop.id, ActKind.KEEP, at=AT + 5 * HOUR, commitment=3)
    loops.miss_promise(session, loop.id, 4, AT + 5 * HOUR)
    assert promises(session, loop) == [(1, "met"), (2, "missed"), (3, "missed"), (4, "missed")]
    assert list_commitments(session, loop)[0].owner == "ada"
    for number, reason in ((1, "commitment_over"), (9, "no_commitment")):
        with pytest.raises(RefusedError) as refused:
            act(session, loop.id, ActKind.KEEP, commitment=number)
        assert refused.value.reason == reason


def test_closing_stops_the_promises(session: Session) -> None:
    loop = working(session)
    promise(session, loop, 30)
    loops.close(session, loop.id, closure=Closure.FALSE_ALARM, by="ada", at=AT + HOUR)
    assert promises(session, loop) == [(1, "stopped")]
    loops.miss_promise(session, loop.id, 1, AT + 40 * HOUR)
    assert promises(session, loop) == [(1, "stopped")]
    assert loop.next_due is None


def test_a_promise_runs_on_while_the_team_waits(session: Session) -> None:
    loop = working(session)
    promise(session, loop, 3)
    act(session, loop.id, ActKind.WAIT)
    assert [one.name for one in clocks.running_clocks(session, loop)] == ["commitment.1", "first_contact"]


def test_a_promise_needs_its_words(session: Session) -> None:
    loop = working(session)
    with pytest.raises(RefusedError) as refused:
        act(session, loop.id, ActKind.PROMISE, due=AT + HOUR)
    assert refused.value.reason == "no_text"
