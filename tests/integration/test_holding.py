"""What a transaction has read under its lock is not read again, and never believed longer than it is true."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from sqlmodel import Session, SQLModel

from boucle.engine import cases, commitments, effects, ledger, loops
from boucle.engine.case_rows import find_case
from boucle.engine.database import Database
from boucle.engine.round_rows import list_of_round
from boucle.engine.standing import get_standing
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import CaseRow, ClockRow, CommitmentRow
from boucle.errors import RefusedError
from boucle.model import ActKind, ClockKind, Closure, Duration, EffectKind
from tests.integration.opening import AT, HOUR, act, event_types, open_loop
from tests.integration.statements import Statements

DAY_CLOCK = ((ClockKind.CLOSE, Duration.parse("24h")),)


def test_a_loop_that_is_held_is_not_read_again(session: Session) -> None:
    loop = open_loop(session)
    loops.lock_loop(session, loop.id)
    with Statements() as statements:
        assert loops.lock_loop(session, loop.id) is loop
    assert statements.said == []


def test_what_a_loop_has_none_of_is_asked_for_once(session: Session) -> None:
    loop = loops.lock_loop(session, open_loop(session).id)
    assert find_case(session, loop) is None
    with Statements() as statements:
        assert find_case(session, loop) is None
        assert list_of_round(session, CommitmentRow, loop, "number") == ()
    assert statements.said == []


def test_a_row_that_is_made_meanwhile_is_found(session: Session) -> None:
    loop = loops.lock_loop(session, open_loop(session).id)
    assert find_case(session, loop) is None
    assert commitments.list_running(session, loop) == []
    cases.open_case(session, loop.id, team="care", severity="high", at=AT)
    assert find_case(session, loop) is not None
    loops.advance(session, loop.id, stage="working", at=AT, clocks=DAY_CLOCK)
    assert [clock.kind for clock in get_standing(session, loop.id).clocks] == [ClockKind.CLOSE]
    act(session, loop.id, ActKind.PROMISE, due=AT + HOUR, text="We call you.")
    assert [row.number for row in commitments.list_running(session, loop)] == [1]


def test_an_effect_that_was_refused_leaves_nothing_behind(session: Session) -> None:
    loop = open_loop(session)
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
    for kind in (EffectKind.CUSTOMER, EffectKind.OFFER):
        with pytest.raises(RefusedError, match="the loop is closed"):
            effects.intend(
                session, loop_id=loop.id, round_=1, step="same", kind=kind, spec={}, at=AT
            )  # fmt: skip


def test_a_savepoint_that_is_undone_takes_what_was_seen_in_it_along(session: Session) -> None:
    loop = open_loop(session)
    inner = session.begin_nested()
    cases.open_case(session, loop.id, team="care", severity="high", at=AT)
    inner.rollback()
    assert find_case(session, loops.lock_loop(session, loop.id)) is None
    loops.advance(session, loop.id, stage="working", at=AT, clocks=DAY_CLOCK)
    assert event_types(session, loop.id) == ["loop.opened", "loop.advanced"]
    chain = ledger.history(session, ledger.loop_chain(loop.id))
    assert [entry.seq for entry in chain] == [1, 2]


def test_what_another_transaction_did_is_seen_after_the_commit(database: Database) -> None:
    with database.session() as session:
        loop = open_loop(session)
        session.commit()
        assert find_case(session, loops.lock_loop(session, loop.id)) is None
        session.commit()
        with database.session() as other:
            cases.open_case(other, loop.id, team="care", severity="high", at=AT)
            other.commit()
        found = find_case(session, loops.lock_loop(session, loop.id))
        assert isinstance(found, CaseRow)
        loops.append(session, loop, "loop.noted", at=AT, payload={})
        session.commit()
    with database.reading() as session:
        assert event_types(session, loop.id) == ["loop.opened", "case.opened", "loop.noted"]


def running(loop: LoopRow, kind: ClockKind) -> ClockRow:
    return ClockRow(
        loop_id=loop.id, round=1, kind=kind, started_at=AT, due_at=AT + HOUR, business=False, state="running"
    )


def test_a_row_of_a_loop_that_is_not_held_says_nothing_of_the_others(session: Session) -> None:
    loop = open_loop(session)
    session.commit()
    assert get_standing(session, loop.id).clocks == ()
    theirs, ours = running(loop, ClockKind.ANSWER), running(loop, ClockKind.CLOSE)
    session.execute(insert(SQLModel.metadata.tables["clock"]), theirs.model_dump())
    session.add(ours)
    loops.lock_loop(session, loop.id)
    assert [row.kind for row in list_of_round(session, ClockRow, loop, "kind")] == ["answer", "close"]


def test_a_stage_and_its_clocks_are_written_to_the_loop_at_once(session: Session) -> None:
    loop, wait = open_loop(session), (ClockKind.FOLLOW_UP, Duration.parse("7 days"))
    with Statements() as statements:
        loops.advance(session, loop.id, stage="apologized", at=AT, clocks=(wait,))
        session.flush()
    assert sum(said.startswith("UPDATE loop ") for said in statements.said) == 1
