from __future__ import annotations

import json

import pytest
from sqlmodel import Session, select

from boucle.engine import cases, ledger, loops, outbox
from boucle.engine.database import Database
from boucle.engine.loops import find_loop, loop_id
from boucle.engine.standing import get_standing
from boucle.engine.tables import LoopRow, OutboxRow
from boucle.engine.verification import verify
from boucle.engine.work_tables import ClockRow
from boucle.errors import AmbiguousError, NotFoundError, RefusedError
from boucle.model import ClockKind, ClockState, Closure, Duration, LoopState
from tests.integration.opening import AT, DAY, HOUR, event_types, open_loop

H24, DAYS5 = Duration.parse("24h"), Duration.parse("5 business days")
TWO_CLOCKS = ((ClockKind.FIRST_CONTACT, H24), (ClockKind.CLOSE, DAYS5))


def clock(session: Session, loop: LoopRow, kind: ClockKind) -> ClockState:
    row = session.get(ClockRow, (loop.id, loop.round, kind))
    assert row is not None
    return ClockState(row.state)


def test_the_id_of_a_loop_follows_from_rule_set_response_and_rule() -> None:
    # sha256 of "after-delivery", NUL, "r1", NUL, "low-score" by coreutils' sha256sum and base32
    assert (
        loop_id("after-delivery", "r1", "low-score") == "z2qz5s53xnhzrkntuk2jztttbgiu2225uuh55mf2iauvjq35zcba"
    )
    assert loop_id("a", "bc", "d") != loop_id("ab", "c", "d")


def test_opening_writes_the_loop_its_first_event_and_what_temporal_has_to_be_told(session: Session) -> None:
    loop = open_loop(session)
    assert (loop.state, loop.stage, loop.round) == (LoopState.OPEN, "accepted", 1)
    (event,) = ledger.history(session, ledger.loop_chain(loop.id))
    assert event.type == "loop.opened"
    assert json.loads(event.payload)["intake"] == {"chain": "intake/u1", "seq": 1}
    (waiting,) = outbox.pending(session, 10)
    assert (waiting.kind, waiting.loop_id, waiting.round, waiting.again) == ("start", loop.id, 1, False)


def test_a_loop_carries_its_calendar_in_its_plan(session: Session) -> None:
    standing = get_standing(session, open_loop(session).id)
    assert standing.plan.calendar is not None
    assert standing.plan.calendar.timezone == "Europe/Paris"


def test_advancing_enters_the_stage_once_and_starts_its_clocks_from_the_acceptance(session: Session) -> None:
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="working", at=AT + HOUR, clocks=TWO_CLOCKS)
    first = get_standing(session, loop.id)
    assert (first.state, first.stage) == (LoopState.IN_PROGRESS, "working")
    assert [(clock.kind, clock.due) for clock in first.clocks] == [
        (ClockKind.FIRST_CONTACT, AT + DAY),
        (ClockKind.CLOSE, AT + 7 * DAY),
    ]
    assert loop.next_due == AT + DAY
    loops.advance(session, loop.id, stage="working", at=AT + DAY, clocks=TWO_CLOCKS)
    assert get_standing(session, loop.id) == first
    assert event_types(session, loop.id) == ["loop.opened", "loop.advanced"]


def test_a_stage_that_was_left_is_not_entered_again_by_a_late_retry(session: Session) -> None:
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="apologizing", at=AT)
    loops.advance(session, loop.id, stage="waiting", at=AT)
    loops.advance(session, loop.id, stage="apologizing", at=AT)
    assert loop.stage == "waiting"


def test_a_case_that_comes_of_a_later_answer_has_its_whole_time(session: Session) -> None:
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="asked", at=AT)
    loops.advance(session, loop.id, stage="working", at=AT + 9 * DAY, clocks=TWO_CLOCKS)
    row = session.get_one(ClockRow, (loop.id, 1, ClockKind.FIRST_CONTACT))
    assert (row.started_at, row.due_at) == (AT + 9 * DAY, AT + 10 * DAY)


def test_the_follow_up_clock_runs_from_its_stage_and_is_never_too_late(session: Session) -> None:
    loop = open_loop(session)
    clocks = ((ClockKind.FOLLOW_UP, Duration.parse("7 days")),)
    loops.advance(session, loop.id, stage="waiting", at=AT + HOUR, clocks=clocks)
    standing = get_standing(session, loop.id)
    assert standing.clocks[0].due == AT + HOUR + 7 * DAY
    loops.end_clock(session, loop, ClockKind.FOLLOW_UP, AT + 8 * DAY)
    assert clock(session, loop, ClockKind.FOLLOW_UP) == ClockState.MET


def test_a_clock_is_met_in_time_missed_when_late_and_ends_once(session: Session) -> None:
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="working", at=AT, clocks=TWO_CLOCKS)
    loops.end_clock(session, loop, ClockKind.FIRST_CONTACT, AT + HOUR)
    loops.miss_clock(session, loop.id, ClockKind.FIRST_CONTACT, AT + 2 * DAY)
    loops.end_clock(session, loop, ClockKind.CLOSE, AT + 8 * DAY)
    assert clock(session, loop, ClockKind.FIRST_CONTACT) == ClockState.MET
    assert clock(session, loop, ClockKind.CLOSE) == ClockState.MISSED
    assert loop.next_due is None
    assert event_types(session, loop.id)[2:] == ["clock.met", "clock.missed"]


def test_a_clock_is_never_missed_before_it_is_due(session: Session) -> None:
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="working", at=AT, clocks=TWO_CLOCKS)
    loops.miss_clock(session, loop.id, ClockKind.FIRST_CONTACT, AT + HOUR)
    row = session.get_one(ClockRow, (loop.id, 1, ClockKind.FIRST_CONTACT))
    assert row.ended_at == row.due_at


def test_closing_stops_every_clock_and_says_who_and_how(session: Session) -> None:
    loop = open_loop(session)
    four = (*TWO_CLOCKS, (ClockKind.FOLLOW_UP, H24), (ClockKind.ANSWER, H24))
    loops.advance(session, loop.id, stage="working", at=AT, clocks=four)
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="ada", at=AT + HOUR)
    standing = get_standing(session, loop.id)
    assert (standing.state, standing.closure, standing.clocks) == (LoopState.CLOSED, Closure.WITHDRAWN, ())
    assert (loop.closed_by, loop.closed_at, loop.next_due) == ("ada", AT + HOUR, None)
    states = session.exec(select(ClockRow.kind, ClockRow.state).order_by(ClockRow.kind)).all()
    assert dict(states) == {
        "answer": "stopped",
        "close": "met",
        "first_contact": "stopped",
        "follow_up": "stopped",
    }
    closed = ledger.history(session, ledger.loop_chain(loop.id))[-1]
    assert json.loads(closed.payload)["stopped"] == ["answer", "first_contact", "follow_up"]


def test_the_first_closure_stands(session: Session) -> None:
    loop = open_loop(session)
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    first = get_standing(session, loop.id)
    loops.close(session, loop.id, closure=Closure.DECLINED, by="ada", at=AT + HOUR)
    assert get_standing(session, loop.id) == first
    assert event_types(session, loop.id).count("loop.closed") == 1


def test_nothing_advances_a_closed_loop(session: Session) -> None:
    loop = open_loop(session)
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
    closed = get_standing(session, loop.id)
    loops.advance(session, loop.id, stage="working", at=AT, clocks=TWO_CLOCKS)
    assert get_standing(session, loop.id) == closed
    assert session.exec(select(ClockRow)).all() == []


def test_reopening_begins_the_next_round_with_clocks_and_a_start_of_its_own(session: Session) -> None:
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="working", at=AT, clocks=TWO_CLOCKS)
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="ada", at=AT + HOUR)
    loops.reopen(session, loop.id, by="lea", at=AT + 7 * DAY)
    standing = get_standing(session, loop.id)
    assert (standing.round, standing.state, standing.stage) == (2, LoopState.OPEN, "accepted")
    assert (standing.closure, loop.closed_at, loop.closed_by) == (None, None, None)
    again = session.get_one(OutboxRow, f"{loop.id}/2")
    assert (again.round, again.again, again.state) == (2, True, "pending")
    loops.advance(session, loop.id, stage="working", at=AT + 7 * DAY, clocks=TWO_CLOCKS)
    working = get_standing(session, loop.id)
    assert working.clocks[0].due == AT + 8 * DAY


def test_only_a_closed_loop_is_reopened(session: Session) -> None:
    loop = open_loop(session)
    with pytest.raises(RefusedError, match="the loop is not closed"):
        loops.reopen(session, loop.id, by="lea", at=AT)


def test_a_loop_is_found_by_the_beginning_of_its_id(session: Session) -> None:
    loop, other = open_loop(session, "r1"), open_loop(session, "r2")
    assert find_loop(session, loop.id[:12]).id == loop.id
    assert find_loop(session, other.id).id == other.id
    for nothing in ("", "%", "zzzzzz", loop.id.upper()):
        with pytest.raises(NotFoundError):
            find_loop(session, nothing)


def test_an_ambiguous_beginning_is_said_to_be_one(session: Session) -> None:
    starts = [open_loop(session, f"r{number}").id[0] for number in range(33)]
    shared = next(start for start in starts if starts.count(start) > 1)  # only 32 letters to begin with
    with pytest.raises(AmbiguousError, match="give more characters"):
        find_loop(session, shared)


def test_lists_show_what_is_due_next_first(session: Session) -> None:
    idle, late, soon = (open_loop(session, name) for name in ("idle", "late", "soon"))
    for loop, hours in ((late, "9h"), (soon, "2h")):
        clocks = ((ClockKind.FIRST_CONTACT, Duration.parse(hours)),)
        loops.advance(session, loop.id, stage="working", at=AT, clocks=clocks)
    assert [loop.id for loop in loops.list_loops(session)] == [soon.id, late.id, idle.id]
    assert [loop.id for loop in loops.list_loops(session, state=LoopState.OPEN)] == [idle.id]
    assert [loop.id for loop in loops.list_loops(session, limit=1, offset=1)] == [late.id]


def test_a_standing_says_what_a_play_needs(session: Session) -> None:
    named, anonymous = open_loop(session), open_loop(session, "r2", email=None)
    cases.open_case(session, named.id, team="care", severity="high", at=AT)
    cases.assign(session, named.id, owner="ada", by="boucle", at=AT)
    standing = get_standing(session, named.id)
    assert (standing.assigned, standing.contacted, standing.reachable) == (True, False, True)
    assert get_standing(session, anonymous.id).reachable is False
    with pytest.raises(NotFoundError):
        get_standing(session, "nowhere")


def test_every_chain_verifies_after_a_loops_whole_life(database: Database) -> None:
    with database.session() as session:
        loop = open_loop(session)
        loops.advance(session, loop.id, stage="working", at=AT, clocks=TWO_CLOCKS)
        loops.close(session, loop.id, closure=Closure.RECOVERED, by="ada", at=AT + HOUR)
        loops.reopen(session, loop.id, by="lea", at=AT + DAY)
        session.commit()
    with database.reading() as session:
        assert not verify(session).problems
        assert event_types(session, loop.id)[-2:] == ["loop.closed", "loop.reopened"]
