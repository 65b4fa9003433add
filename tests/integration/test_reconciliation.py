from __future__ import annotations

import pytest
from sqlmodel import Session, col, delete, update

from boucle.engine import cases, commands, loops, outbox
from boucle.engine.effects import effect_key, intend, release, unconfirmed
from boucle.engine.reconciliation import (
    check,
    doubt_forsaken,
    list_ending,
    list_open_loops,
    read_counts,
    rebuild,
    restart,
    see_off,
)
from boucle.engine.standing import get_standing
from boucle.engine.tables import DecisionRow, LoopRow, OutboxRow
from boucle.errors import RefusedError
from boucle.model import ActKind, ClockKind, Closure, Duration, EffectKind, LoopState
from tests.integration.opening import AT, DAY, HOUR, event_types, open_loop


def started(session: Session, response: str = "r1") -> LoopRow:
    """A loop that Temporal was told of."""
    loop = open_loop(session, response)
    outbox.mark_started(session, f"{loop.id}/1", AT)
    loops.advance(session, loop.id, stage="working", at=AT)
    return loop


def found(session: Session) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {finding.code: (finding.count, finding.ids) for finding in check(session, AT + DAY)}


def test_all_is_well_in_an_empty_database(session: Session) -> None:
    assert check(session, AT) == []
    assert read_counts(session).agree


def test_all_is_well_after_two_rounds(session: Session) -> None:
    loop = started(session)
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    loops.reopen(session, loop.id, by="lea", at=AT)
    outbox.mark_started(session, f"{loop.id}/2", AT)
    started(session, "r2")
    counts = read_counts(session)
    assert counts.agree
    assert (counts.revisions, counts.loops, counts.closed_rounds, counts.open_loops) == (2, 2, 1, 2)
    assert check(session, AT + DAY) == []


def test_a_revision_without_a_decision_is_found(session: Session) -> None:
    loop = started(session)
    session.exec(delete(OutboxRow))
    session.exec(update(LoopRow).values(decision_id=started(session, "r2").decision_id))
    session.exec(delete(DecisionRow).where(col(DecisionRow.id) == "decision-r1"))
    assert found(session)["undecided_revision"] == (1, ("r1",))
    assert found(session)["loop_unasked"] == (1, (loop.id,))
    assert not read_counts(session).agree


def test_a_decision_and_its_loop_have_to_agree(session: Session) -> None:
    loop, other = started(session), started(session, "r2")
    session.exec(update(LoopRow).where(col(LoopRow.id) == loop.id).values(decision_id=other.decision_id))
    assert found(session)["decision_without_loop"] == (1, ("decision-r1",))
    session.exec(update(DecisionRow).where(col(DecisionRow.id) == "decision-r2").values(outcome="nothing"))
    assert found(session)["loop_without_decision"][0] == 2


@pytest.mark.parametrize(
    "wrongly", [{"round": 2}, {"state": "closed", "closure": "recovered"}, {"round": 3}], ids=str
)
def test_a_round_that_ended_without_a_word_is_found(session: Session, wrongly: dict[str, object]) -> None:
    loop = started(session)
    session.exec(update(LoopRow).values(**wrongly))
    assert found(session)["closing_events"] == (1, (loop.id,))
    assert not read_counts(session).agree


def test_what_a_person_has_to_settle_is_found(session: Session) -> None:
    loop = started(session)
    for _ in range(2):
        intend(session, loop_id=loop.id, round_=1, step="apology", kind=EffectKind.CUSTOMER, spec={}, at=AT)
    (finding,) = check(session, AT)
    assert (finding.code, finding.ids, finding.command, finding.wrong) == (
        "unconfirmed",
        (effect_key(loop.id, 1, "apology"),),
        "boucle unconfirmed list",
        False,
    )
    assert read_counts(session).unconfirmed == 1


def test_what_waits_too_long_is_found_and_what_has_just_begun_is_not(session: Session) -> None:
    loop = open_loop(session)
    for kind in EffectKind:  # a notification may wait for the team's next morning
        intend(session, loop_id=loop.id, round_=1, step=kind, kind=kind, spec={}, at=AT)
    assert check(session, AT) == []
    assert found(session) == {
        "pending_too_long": (1, (f"{loop.id}/1",)),
        "without_receipt": (2, tuple(effect_key(loop.id, 1, step) for step in ("customer", "offer"))),
    }


def test_a_message_that_is_refused_again_and_again_is_found(session: Session) -> None:
    loop = started(session)
    for _ in range(8):
        assert "not_taken" not in found(session)
        intend(session, loop_id=loop.id, round_=1, step="thanks", kind=EffectKind.CUSTOMER, spec={}, at=AT)
        release(session, effect_key(loop.id, 1, "thanks"), AT)
    assert found(session)["not_taken"] == (1, (effect_key(loop.id, 1, "thanks"),))
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    assert "not_taken" not in found(session)


def test_what_no_play_comes_back_to_is_for_a_person_to_settle(session: Session) -> None:
    """Begun and without a receipt when Temporal was lost: of a closed loop, of an earlier round."""
    closed, reopened, open_one = (started(session, response) for response in ("r1", "r2", "r3"))
    for loop in (closed, reopened, open_one):
        for kind in EffectKind:
            intend(session, loop_id=loop.id, round_=1, step=kind, kind=kind, spec={}, at=AT)
    for loop in (closed, reopened):
        loops.close(session, loop.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    loops.reopen(session, reopened.id, by="lea", at=AT)
    assert doubt_forsaken(session, AT) == 0
    assert doubt_forsaken(session, AT + HOUR) == 4
    assert doubt_forsaken(session, AT + HOUR) == 0
    doubtful = {effect_key(loop.id, 1, step) for loop in (closed, reopened) for step in ("customer", "offer")}
    assert {effect.key for effect in unconfirmed(session)} == doubtful


def test_a_closed_loop_that_has_colleagues_to_tell_is_asked_for_again(session: Session) -> None:
    loop, open_one = started(session), started(session, "r2")
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    for one in (loop, open_one):
        intend(session, loop_id=one.id, round_=1, step="staff-x", kind=EffectKind.STAFF, spec={}, at=AT)
    assert list_ending(session) == [loop.id]
    assert see_off(session, open_one.id, AT) is None
    asked = see_off(session, loop.id, AT)
    assert asked is not None
    assert (asked.id, asked.again) == (f"{loop.id}/1", True)
    assert [row.id for row in outbox.pending(session, 10)] == [asked.id]


def test_a_start_that_temporal_refused_is_found_while_the_loop_is_open(session: Session) -> None:
    loop = open_loop(session)
    outbox.mark_refused(session, f"{loop.id}/1", "no_such_play", AT)
    assert found(session) == {"start_refused": (1, (loop.id,))}
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="lea", at=AT)
    assert found(session) == {}


def note(session: Session, loop: LoopRow) -> str:
    command = commands.record(
        session, loop_id=loop.id, kind=ActKind.NOTE, actor="ada", at=AT, recorded_at=AT, details={}, text="t"
    )
    return command.id


def test_an_act_that_was_delivered_and_lost_is_found_and_delivered_again(session: Session) -> None:
    loop = started(session)
    act = note(session, loop)
    outbox.mark_started(session, act, AT)
    assert found(session) == {"act_unapplied": (1, (act,))}
    restart(session, loop.id, AT + DAY)
    assert [row.id for row in outbox.pending(session, 10)] == [f"{loop.id}/1"]
    outbox.mark_started(session, f"{loop.id}/1", AT)
    assert [row.id for row in outbox.pending(session, 10)] == [act]


def test_rebuilding_asks_for_every_open_loop_again_and_changes_none(session: Session) -> None:
    working, waiting, closed = started(session, "r1"), open_loop(session, "r2"), started(session, "r3")
    loops.close(session, closed.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    cases.open_case(session, working.id, team="care", severity="high", at=AT)
    clocks = ((ClockKind.CLOSE, Duration.parse("48h")),)
    loops.advance(session, working.id, stage="calling", at=AT, clocks=clocks)
    before = get_standing(session, working.id)
    events = event_types(session, working.id)
    assert rebuild(session, AT + HOUR) == 2
    assert {row.id for row in outbox.pending(session, 10)} == {f"{working.id}/1", f"{waiting.id}/1"}
    assert session.get_one(OutboxRow, f"{working.id}/1").again
    loops.advance(session, working.id, stage="calling", at=AT, clocks=clocks)
    assert get_standing(session, working.id) == before
    assert event_types(session, working.id) == events


def test_a_closed_loop_is_not_started_again(session: Session) -> None:
    loop = started(session)
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    with pytest.raises(RefusedError, match="the loop is closed"):
        restart(session, loop.id, AT)


def test_open_loops_are_read_page_by_page(session: Session) -> None:
    ids = sorted(open_loop(session, f"r{number}").id for number in range(3))
    loops.close(session, ids[1], closure=Closure.RECOVERED, by="boucle", at=AT)
    assert list_open_loops(session, limit=1) == [ids[0]]
    assert list_open_loops(session, after=ids[0]) == [ids[2]]
    assert session.get_one(LoopRow, ids[1]).state == LoopState.CLOSED
