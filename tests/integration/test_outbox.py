from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlmodel import Session

from boucle.engine import commands, loops, outbox
from boucle.engine.database import Database
from boucle.engine.tables import LoopRow, OutboxRow
from boucle.model import ActKind, Closure
from tests.integration.opening import AT, DAY, HOUR, open_loop

SECOND = timedelta(seconds=1)


def note(session: Session, loop: LoopRow, command_id: str, at: datetime = AT) -> None:
    commands.record(
        session, loop_id=loop.id, kind=ActKind.NOTE, actor="ada", at=at, recorded_at=at, details={}, text="t",
        command_id=command_id,
    )  # fmt: skip


def in_line(session: Session, at: datetime | None = None) -> list[str]:
    return [row.id for row in outbox.pending(session, 10, at=at)]


def test_starts_are_told_in_the_order_in_which_they_were_accepted(session: Session) -> None:
    late, early = open_loop(session, "r1", at=AT + HOUR), open_loop(session, "r2")
    assert in_line(session) == [f"{early.id}/1", f"{late.id}/1"]
    assert [row.id for row in outbox.pending(session, 1)] == [f"{early.id}/1"]


def test_a_start_comes_before_its_acts_and_acts_keep_their_order(session: Session) -> None:
    loop = open_loop(session)
    for command_id in ("z", "a", "m"):  # recorded at the same instant
        note(session, loop, command_id)
    told = []
    while line := in_line(session):
        assert len(line) == 1
        told += line
        assert outbox.mark_started(session, line[0], AT)
    assert told == [f"{loop.id}/1", "z", "a", "m"]


def test_acts_of_one_loop_do_not_hold_up_another(session: Session) -> None:
    one, other = open_loop(session, "r1"), open_loop(session, "r2")
    for loop, command_id in ((one, "c1"), (one, "c2"), (other, "d1")):
        outbox.mark_started(session, f"{loop.id}/1", AT)
        note(session, loop, command_id)
    assert in_line(session) == ["c1", "d1"]


def test_what_was_told_is_not_told_again(session: Session) -> None:
    row_id = f"{open_loop(session).id}/1"
    assert outbox.mark_started(session, row_id, AT)
    assert not outbox.mark_started(session, row_id, AT)
    assert not outbox.mark_refused(session, row_id, "already_closed", AT)
    row = session.get_one(OutboxRow, row_id)
    assert (row.state, row.done_at, row.problem) == ("started", AT, None)
    assert not outbox.mark_started(session, "nowhere", AT)


def test_a_refused_start_is_kept_with_its_problem(session: Session) -> None:
    row_id = f"{open_loop(session).id}/1"
    assert outbox.mark_refused(session, row_id, "no_such_play", AT)
    assert in_line(session) == []
    assert outbox.waiting(session, AT + DAY) == outbox.Waiting(starts=0, acts=0, refused=1, oldest_at=None)


def test_a_workflow_that_ended_before_its_loop_counts_as_refused(session: Session) -> None:
    loop = open_loop(session)
    row_id = f"{loop.id}/1"
    assert not outbox.mark_ended(session, loop.id, "workflow_failed", AT)  # not even told yet
    outbox.mark_started(session, row_id, AT)
    assert outbox.mark_ended(session, loop.id, "workflow_failed", AT)
    assert not outbox.mark_ended(session, loop.id, "workflow_failed", AT)
    assert session.get_one(OutboxRow, row_id).problem == "workflow_failed"
    assert not outbox.mark_ended(session, "nowhere", "workflow_failed", AT)


def test_the_workflow_of_a_closed_loop_may_end(session: Session) -> None:
    loop = open_loop(session)
    outbox.mark_started(session, f"{loop.id}/1", AT)
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    assert not outbox.mark_ended(session, loop.id, "workflow_completed", AT)


def test_loops_whose_start_waits_are_known(session: Session) -> None:
    loop, told = open_loop(session), open_loop(session, "r2")
    outbox.mark_started(session, f"{told.id}/1", AT)
    note(session, told, "c1")
    assert outbox.list_pending_starts(session) == [loop.id]
    assert outbox.is_pending(session, loop.id)
    assert not outbox.is_pending(session, told.id)


def test_each_try_in_vain_waits_longer_up_to_a_minute(session: Session) -> None:
    row_id = f"{open_loop(session).id}/1"
    waits = []
    for _ in range(12):
        outbox.bump(session, row_id, "unreachable", AT)
        next_try = session.get_one(OutboxRow, row_id).next_try_at
        assert next_try is not None
        waits.append((next_try - AT).total_seconds())
    assert waits[:4] == [0.25, 0.5, 1, 2]
    assert waits[-1] == 60
    assert in_line(session, AT + 59 * SECOND) == []
    assert in_line(session, AT + 60 * SECOND) == [row_id]
    outbox.mark_started(session, row_id, AT)
    outbox.bump(session, row_id, "unreachable", AT)
    assert session.get_one(OutboxRow, row_id).state == "started"


def test_what_waits_is_counted_with_its_age(session: Session) -> None:
    loop = open_loop(session)
    note(session, loop, "c1", AT + HOUR)
    assert outbox.waiting(session, AT + DAY) == outbox.Waiting(starts=1, acts=1, refused=0, oldest_at=AT)
    outbox.mark_started(session, f"{loop.id}/1", AT)
    assert outbox.waiting(session, AT + DAY) == outbox.Waiting(
        starts=0, acts=1, refused=0, oldest_at=AT + HOUR
    )


def test_asking_twice_for_a_round_is_one_row(session: Session) -> None:
    loop = open_loop(session)
    assert outbox.enqueue_start(session, loop, AT + HOUR).at == AT
    outbox.mark_started(session, f"{loop.id}/1", AT)
    again = outbox.enqueue_start(session, loop, AT + HOUR, again=True)
    assert (again.id, again.state, again.again, again.at) == (f"{loop.id}/1", "pending", True, AT + HOUR)


def test_a_new_round_is_a_row_of_its_own(session: Session) -> None:
    loop = open_loop(session)
    outbox.mark_started(session, f"{loop.id}/1", AT)
    loops.close(session, loop.id, closure=Closure.RECOVERED, by="boucle", at=AT)
    loops.reopen(session, loop.id, by="lea", at=AT + HOUR)
    assert in_line(session) == [f"{loop.id}/2"]


def test_two_dispatchers_never_hold_the_same_row(database: Database) -> None:
    """On SQLite because one waits for the other, on PostgreSQL because it leaves out what is held."""
    with database.session() as session:
        for number in range(20):
            open_loop(session, f"r{number}")
        session.commit()

    def drain(_: int) -> list[str]:
        with database.session() as session:
            held = [row.id for row in outbox.pending(session, 10)]
            assert all(outbox.mark_started(session, row_id, AT) for row_id in held)
            session.commit()
            return held

    with ThreadPoolExecutor(4) as pool:
        held = [row_id for rows in pool.map(drain, range(4)) for row_id in rows]
    assert len(held) == len(set(held)) == 20
