"""Mails that came in: each once, to its loop, or where somebody sees it; a reply holds messages back."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import count

import pytest
from sqlmodel import Session

from boucle.engine import (
    cases,
    commands,
    duplicates,
    effects,
    inbox,
    ledger,
    loops,
    notices,
    outbox,
    replies,
    tasks,
)
from boucle.engine.mails import Mail
from boucle.engine.standing import get_standing
from boucle.engine.tables import EffectRow, LoopRow
from boucle.engine.verification import verify
from boucle.engine.work_tables import ReplyRow
from boucle.errors import RefusedError
from boucle.model import (
    ActKind,
    ClockKind,
    Duration,
    EffectKind,
    EffectState,
    LoopState,
    ReplyKind,
    TaskState,
)
from tests.integration.opening import AT, DAY, HOUR, act, event_types, open_loop

_numbers = count()


@pytest.fixture
def loop(session: Session) -> LoopRow:
    """A loop at work with a case, whose first message went out."""
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="working", at=AT)
    cases.open_case(session, loop.id, team="care", severity="high", at=AT)
    write_to(session, loop, "apology")
    return loop


def write_to(session: Session, loop: LoopRow, step: str) -> str:
    key = effects.effect_key(loop.id, loop.round, step)
    effects.intend(
        session, loop_id=loop.id, round_=loop.round, step=step, kind=EffectKind.CUSTOMER, spec={}, at=AT
    )
    effects.receipt(session, key, {}, AT)
    return key


def incoming(kind: ReplyKind = ReplyKind.REPLY, **given: object) -> Mail:
    number = next(_numbers)
    said = {
        "sender": "ada@example.org",
        "subject": "Re: Sorry",
        "text": "Call me.\n> Sorry",
        "said": "Call me.",
    }
    return Mail(**{"digest": f"d{number}", "kind": kind, **said, **given})  # type: ignore[arg-type]  # given by name


def take(session: Session, mail: Mail, at: datetime = AT + HOUR) -> ReplyRow:
    return replies.take(session, mail, by="mara", at=at).row


def last_event(session: Session, loop: LoopRow) -> dict[str, object]:
    return dict(json.loads(ledger.history(session, ledger.loop_chain(loop.id))[-1].payload))


def test_a_reply_is_found_by_the_address_it_went_to(session: Session, loop: LoopRow) -> None:
    row = take(session, incoming(loops=(loop.id,)))
    assert (row.loop_id, row.round, row.problem, row.from_contact) == (loop.id, 1, None, True)
    assert "loop.replied" in event_types(session, loop.id)
    assert [row.id for row in inbox.list_mails(session)] == [row.id]


def test_a_reply_is_found_by_the_message_it_answers(session: Session, loop: LoopRow) -> None:
    mark = effects.mark_of(effects.effect_key(loop.id, 1, "apology"))
    row = take(session, incoming(marks=("0" * 32, mark), sender="Bob@example.org"))
    assert (row.loop_id, row.effect, row.from_contact) == (loop.id, f"{loop.id}/1/apology", False)


def test_the_same_mail_twice_is_one_reply(session: Session, loop: LoopRow) -> None:
    mail = incoming(loops=(loop.id,))
    first, second = (replies.take(session, mail, by="mara", at=AT) for _ in range(2))
    assert (first.again, second.again, first.row.id) == (False, True, second.row.id)
    assert event_types(session, loop.id).count("loop.replied") == 1


def test_a_reply_keeps_automatic_messages_back_until_somebody_has_dealt_with_it(
    session: Session, loop: LoopRow
) -> None:
    assert inbox.find_stop(session, loop) is None
    row = take(session, incoming(loops=(loop.id,)))
    assert (inbox.find_stop(session, loop), get_standing(session, loop.id).replied) == ("replied", True)
    inbox.finish(row, "mara", AT + DAY)
    session.flush()
    assert (inbox.find_stop(session, loop), get_standing(session, loop.id).replied) == (None, False)


def test_the_play_is_told_of_a_reply(session: Session, loop: LoopRow) -> None:
    outbox.mark_started(session, f"{loop.id}/1", AT)
    take(session, incoming(loops=(loop.id,)))
    (told,) = outbox.pending(session, 10)
    assert commands.get_command(session, told.command_id or "").state == "applied"


def test_what_was_written_is_an_erasable_text_and_no_part_of_the_event(
    session: Session, loop: LoopRow
) -> None:
    row = take(session, incoming(loops=(loop.id,)))
    event = ledger.history(session, ledger.loop_chain(loop.id))[-1]
    assert "Call me" not in event.payload
    assert set(commands.read_texts(session, loop).values()) == {"Call me."}
    content = replies.read_content(session, row)
    assert (content.sender, content.text) == ("ada@example.org", "Call me.\n> Sorry")
    assert verify(session).whole


def test_a_reply_gives_the_owner_of_the_case_something_to_do(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.CLAIM, actor="mara")
    row = take(session, incoming(loops=(loop.id,)))
    (task,) = tasks.list_tasks(session, owner="mara")
    assert task.state == TaskState.OPEN
    act(session, loop.id, ActKind.FINISH, actor="mara", at=AT + DAY, task=task.id)
    assert (row.done_by, inbox.find_stop(session, loop)) == ("mara", None)


def test_a_reply_ends_the_wait_for_the_customer(session: Session) -> None:
    loop = open_loop(session)
    clocks = ((ClockKind.CLOSE, Duration.parse("5 business days")),)
    loops.advance(session, loop.id, stage="working", at=AT, clocks=clocks)
    cases.open_case(session, loop.id, team="care", severity="high", at=AT)
    act(session, loop.id, ActKind.WAIT)
    assert get_standing(session, loop.id).clocks == ()
    take(session, incoming(loops=(loop.id,)))
    assert [clock.kind for clock in get_standing(session, loop.id).clocks] == [ClockKind.CLOSE]


def test_a_reply_that_nobody_works_on_stays_in_the_list(session: Session) -> None:
    """A play without a case: no owner, no task."""
    loop = open_loop(session)
    row = take(session, incoming(loops=(loop.id,)))
    assert tasks.list_tasks(session) == []
    assert [row.id for row in inbox.list_mails(session)] == [row.id]


@pytest.mark.parametrize("kind", [ReplyKind.AUTO_REPLY, ReplyKind.DELAYED, ReplyKind.NOTICE])
def test_what_no_person_wrote_is_recorded_and_changes_nothing_else(
    session: Session, loop: LoopRow, kind: ReplyKind
) -> None:
    before = get_standing(session, loop.id)
    take(session, incoming(kind, loops=(loop.id,), status="4.4.1"))
    assert last_event(session, loop)["kind"] == kind
    assert get_standing(session, loop.id) == before
    assert inbox.list_mails(session) == []
    assert len(inbox.list_mails(session, everything=True)) == 1


def test_a_message_that_came_back_for_good_makes_the_contact_unreachable_by_mail(
    session: Session, loop: LoopRow
) -> None:
    key = effects.effect_key(loop.id, 1, "apology")
    assert get_standing(session, loop.id).reachable
    row = take(session, incoming(ReplyKind.BOUNCE, marks=(effects.mark_of(key),), status="5.1.1"))
    standing = get_standing(session, loop.id)
    assert (standing.effects["apology"], standing.reachable) == (EffectState.REFUSED, False)
    assert inbox.find_stop(session, loop) == "bounced"
    assert session.get_one(EffectRow, key).receipt["code"] == "bounced"
    assert inbox.list_mails(session) == [row]
    assert standing.state == LoopState.IN_PROGRESS


def tell_colleague(session: Session, loop: LoopRow) -> str:
    notices.write_down(session, loop, notices.step("note", "1"), AT)
    key = effects.effect_key(loop.id, 1, "staff-note-1")
    effects.receipt(session, key, {}, AT)
    return effects.mark_of(key)


def test_what_a_colleague_answers_to_a_notice_is_no_word_of_the_customer(
    session: Session, loop: LoopRow
) -> None:
    mark = tell_colleague(session, loop)
    row = take(session, incoming(loops=(loop.id,), marks=(mark,), sender="mara@firm.example"))
    copied = incoming(loops=(loop.id,), sender="Mara@firm.example")
    other = replies.take(session, copied, by="mara", at=AT, colleagues=["mara@firm.example"]).row
    assert {row.kind, other.kind} == {ReplyKind.OWN}
    assert (inbox.find_stop(session, loop), inbox.list_mails(session)) == (None, [])


def test_a_notice_that_came_back_says_nothing_of_the_customer(session: Session, loop: LoopRow) -> None:
    mark = tell_colleague(session, loop)
    row = take(session, incoming(ReplyKind.BOUNCE, marks=(mark,), status="5.1.1"))
    assert get_standing(session, loop.id).reachable
    assert inbox.find_stop(session, loop) is None
    assert inbox.list_mails(session) == [row]


def test_our_own_message_that_came_back_does_nothing(session: Session, loop: LoopRow) -> None:
    before = event_types(session, loop.id)
    take(session, incoming(ReplyKind.OWN, loops=(loop.id,)))
    assert event_types(session, loop.id) == before
    assert inbox.list_mails(session) == []


@pytest.mark.parametrize(("loops_named", "problem"), [((), "names_no_loop"), (("a" * 52,), "unknown_loop")])
def test_a_mail_that_fits_no_loop_is_kept_where_somebody_sees_it(
    session: Session, loop: LoopRow, loops_named: tuple[str, ...], problem: str
) -> None:
    row = take(session, incoming(loops=loops_named))
    assert (row.loop_id, row.problem) == (None, problem)
    assert inbox.list_mails(session) == [row]
    replies.attach(session, row, loop, by="mara", at=AT + DAY)
    assert (row.loop_id, row.problem, inbox.find_stop(session, loop)) == (loop.id, None, "replied")
    assert replies.read_content(session, row).sender == "ada@example.org"
    with pytest.raises(RefusedError, match="belongs to a loop already"):
        replies.attach(session, row, loop, by="mara", at=AT + DAY)


def test_a_reply_to_a_closed_loop_is_kept_and_its_owner_told(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.CLAIM, actor="mara")
    act(session, loop.id, ActKind.CLOSE, actor="mara", closure="false_alarm")
    outbox.mark_started(session, f"{loop.id}/1", AT)
    row = take(session, incoming(loops=(loop.id,)))
    assert loop.state == LoopState.CLOSED
    assert [row.id for row in inbox.list_mails(session)] == [row.id]
    assert event_types(session, loop.id)[-2:] == ["loop.replied", "effect.intended"]
    assert [one.kind for one in outbox.pending(session, 10)] == ["start"]
    outcome = act(session, loop.id, ActKind.REOPEN, actor="mara", at=AT + DAY, text="She wrote again.")
    assert outcome.standing is not None
    assert (outcome.standing.state, outcome.standing.round) == (LoopState.OPEN, 2)


def test_whoever_closes_a_loop_has_dealt_with_its_replies(session: Session, loop: LoopRow) -> None:
    take(session, incoming(loops=(loop.id,)))
    act(session, loop.id, ActKind.CLOSE, actor="mara", closure="false_alarm", at=AT + DAY)
    assert inbox.list_mails(session) == []


def test_a_reply_to_a_merged_loop_comes_to_the_one_that_goes_on(session: Session, loop: LoopRow) -> None:
    other = open_loop(session, "response-2")
    other.contact_id = loop.contact_id
    session.flush()
    duplicates.merge(session, loop.id, other.id, actor="mara", at=AT)
    row = take(session, incoming(loops=(loop.id,)))
    assert (row.loop_id, inbox.find_stop(session, other)) == (other.id, "replied")


def test_a_mail_cannot_be_written_before_its_loop_was_opened_nor_after_it_came(
    session: Session, loop: LoopRow
) -> None:
    for written_at in (AT - DAY, AT + DAY, None):
        assert take(session, incoming(loops=(loop.id,), written_at=written_at)).written_at == AT + HOUR
    assert take(session, incoming(loops=(loop.id,), written_at=AT)).written_at == AT
