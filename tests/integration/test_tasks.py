"""What colleagues are asked for: a task with an owner and a due time; told, done, dropped by the closing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session, select

from boucle.engine import cases, commands, ledger, loops, tasks
from boucle.engine.standing import get_standing
from boucle.engine.tables import EffectRow, LoopRow
from boucle.engine.work_tables import TaskRow
from boucle.errors import NotFoundError, RefusedError
from boucle.model import ActKind, Closure, EffectState, TaskKind, TaskState
from tests.integration.opening import AT, DAY, HOUR, act, event_types, open_loop


@pytest.fixture
def loop(session: Session) -> LoopRow:
    """A loop at work, its case Ada's."""
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="working", at=AT)
    cases.open_case(session, loop.id, team="care", severity="high", at=AT)
    cases.assign(session, loop.id, owner="ada", by="boucle", at=AT)
    return loop


def ask(session: Session, loop: LoopRow, colleague: str = "bob") -> TaskRow:
    act(session, loop.id, ActKind.ASK, actor="ada", colleague=colleague, due=AT + DAY, text="Which invoice?")
    (row,) = tasks.list_tasks(session, owner=colleague)
    return row


def told(session: Session, loop: LoopRow) -> dict[str, dict[str, Any]]:
    """What is to be told, by the kind of notice."""
    rows = session.exec(select(EffectRow).where(EffectRow.loop_id == loop.id)).all()
    return {row.step.rpartition("-")[0]: row.spec for row in rows}


def test_asking_a_colleague_makes_a_task_of_theirs_which_they_are_told(
    session: Session, loop: LoopRow
) -> None:
    row = ask(session, loop)
    assert (row.owner, row.asked_by, row.due_at, row.kind) == ("bob", "ada", AT + DAY, TaskKind.ASKED)
    (task,) = get_standing(session, loop.id).tasks
    assert (task.id, task.due, task.since) == (row.id, AT + DAY, AT)
    assert told(session, loop)["staff-task"]["to"] == "person:bob"
    event = next(e for e in ledger.history(session, ledger.loop_chain(loop.id)) if e.type == "task.opened")
    assert "Which invoice?" not in event.payload
    assert commands.read_texts(session, loop)[row.id] == "Which invoice?"


def test_finishing_a_task_tells_who_asked_and_it_is_reminded_of_no_more(
    session: Session, loop: LoopRow
) -> None:
    row = ask(session, loop)
    act(session, loop.id, ActKind.FINISH, actor="bob", task=row.id[:5], text="Number 7.", at=AT + HOUR)
    assert (row.state, row.ended_by, row.ended_at) == (TaskState.DONE, "bob", AT + HOUR)
    assert get_standing(session, loop.id).tasks == ()
    assert tasks.list_tasks(session, owner="bob") == []
    assert told(session, loop)["staff-task-done"]["to"] == "person:ada"


def test_who_finishes_what_they_asked_for_themselves_is_told_nothing(session: Session, loop: LoopRow) -> None:
    row = ask(session, loop, "ada")
    act(session, loop.id, ActKind.FINISH, actor="ada", task=row.id)
    assert "staff-task-done" not in told(session, loop)


@pytest.mark.parametrize("kind", [ActKind.ASK, ActKind.FINISH])
def test_each_sent_twice_with_the_same_id_acts_once(session: Session, loop: LoopRow, kind: ActKind) -> None:
    details: dict[str, Any] = {"colleague": "bob", "due": AT + DAY}
    if kind == ActKind.FINISH:
        details = {"task": ask(session, loop).id}
    for _ in range(2):
        row = commands.record(
            session, loop_id=loop.id, kind=kind, actor="ada", at=AT, recorded_at=AT, details=details,
            text="A word.", command_id="c1",
        )  # fmt: skip
        assert commands.apply(session, row.id, AT).applied
    name = "task.opened" if kind == ActKind.ASK else "task.done"
    assert event_types(session, loop.id).count(name) == 1


def test_closing_a_case_drops_its_tasks(session: Session, loop: LoopRow) -> None:
    row = ask(session, loop)
    loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT + HOUR)
    assert (row.state, row.ended_by) == (TaskState.DROPPED, "boucle")
    closed = ledger.history(session, ledger.loop_chain(loop.id))[-1]
    assert f'"dropped":["{row.id}"]' in closed.payload
    for kind, details in (
        (ActKind.ASK, {"colleague": "bob", "due": AT + DAY}),
        (ActKind.FINISH, {"task": row.id}),
    ):
        with pytest.raises(RefusedError, match="the loop is closed"):
            act(session, loop.id, kind, text="A word.", **details)
    loops.reopen(session, loop.id, by="ada", at=AT + DAY)
    assert get_standing(session, loop.id).tasks == ()
    with pytest.raises(RefusedError, match="there is no such task"):
        act(session, loop.id, ActKind.FINISH, task=row.id)


@pytest.mark.parametrize(
    ("kind", "details", "text", "reason"),
    [
        (ActKind.ASK, {"colleague": "bob", "due": AT + DAY}, None, "no_text"),
        (ActKind.ASK, {"colleague": "bob"}, "A word.", "bad_details"),
        (ActKind.ASK, {"colleague": "", "due": AT + DAY}, "A word.", "bad_details"),
        (ActKind.FINISH, {"task": "nothing"}, None, "no_task"),
        (ActKind.FINISH, {"task": "done"}, None, "task_over"),
    ],
)
def test_what_is_not_allowed_is_refused_with_the_reason(
    session: Session, loop: LoopRow, kind: ActKind, details: dict[str, Any], text: str | None, reason: str
) -> None:
    row = tasks.open_task(
        session, loop, id_="done", kind=TaskKind.CHECK, owner="bob", due_at=AT + DAY, by=loops.BOUCLE, at=AT
    )
    tasks.finish_task(session, loop, row, by="bob", at=AT)
    with pytest.raises(RefusedError) as caught:
        act(session, loop.id, kind, text=text, **details)
    assert caught.value.reason == reason


def test_nothing_is_asked_where_there_is_no_case(session: Session) -> None:
    with pytest.raises(RefusedError, match="the loop has no case"):
        act(session, open_loop(session).id, ActKind.ASK, colleague="bob", due=AT + DAY, text="Which invoice?")


def test_a_task_is_found_by_the_beginning_of_its_id(session: Session, loop: LoopRow) -> None:
    row = ask(session, loop)
    assert tasks.get_task(session, row.id[:6]).id == row.id
    assert tasks.find_task(session, loop, "%") is None
    with pytest.raises(NotFoundError, match="no open task 'zz%'"):
        tasks.get_task(session, "zz%")


def test_a_task_that_is_opened_again_is_the_same_one(session: Session, loop: LoopRow) -> None:
    row = ask(session, loop)
    again = tasks.open_task(
        session, loop, id_=row.id, kind=TaskKind.ASKED, owner="cem", due_at=AT, by="lea", at=AT
    )
    assert (again.owner, again.asked_by) == ("bob", "ada")
    assert told(session, loop)["staff-task"]["to"] == "person:bob"
    assert get_standing(session, loop.id).effects[f"staff-task-{row.id}"] == EffectState.INTENDED


def test_what_the_owner_had_to_do_is_the_new_owner_s_what_a_colleague_was_asked_stays_theirs(
    session: Session, loop: LoopRow
) -> None:
    asked = ask(session, loop)
    reply = tasks.open_task(
        session, loop, id_="reply", kind=TaskKind.REPLY, owner="ada", due_at=AT + DAY, by=loops.BOUCLE, at=AT
    )
    act(session, loop.id, ActKind.ASSIGN, actor="ada", owner="cem")
    assert (reply.owner, asked.owner) == ("cem", "bob")
    cases.escalate(session, loop.id, lead="lea", at=AT)
    act(session, loop.id, ActKind.CLAIM, actor="lea")
    assert (reply.owner, asked.owner) == ("lea", "bob")
    assert {task.id for task in get_standing(session, loop.id).tasks} == {"reply", asked.id}
