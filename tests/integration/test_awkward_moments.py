"""What comes at an awkward moment: a second try of a transition, an early answer, a late case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session
from temporalio.testing import ActivityEnvironment

from boucle.activities.calls import Advance, Clock, Close, Send
from boucle.activities.letters import Letterhead
from boucle.activities.loops import LoopActivities
from boucle.activities.mail import Mailbox
from boucle.activities.messages import MessageActivities
from boucle.activities.posting import Post
from boucle.activities.templates import Templates
from boucle.engine import approvals, asking, cases, clocks, commands, loops, outbox, questions
from boucle.engine.approvals import PLAY_S, Proposal
from boucle.engine.climbing import climb
from boucle.engine.database import Database
from boucle.engine.ladder import list_rungs
from boucle.engine.links import LinkKeys, Links
from boucle.engine.offers import Offered
from boucle.engine.queue import Taker, list_free
from boucle.engine.reconciliation import contradictions
from boucle.engine.standing import get_standing
from boucle.engine.tables import OutboxRow
from boucle.errors import RefusedError
from boucle.model import (
    ActKind,
    ClockKind,
    Closure,
    Duration,
    EffectState,
    LoopState,
    Money,
    OfferKind,
    Plan,
    QuestionKind,
    QuietHours,
)
from boucle.workflows.csm_case_params import CsmCaseParams
from tests.integration.opening import AT, DAY, HOUR, act, open_loop, reserve, reserved
from tests.integration.test_ladder import QUIET, ROSTER, case_of
from tests.integration.test_ladder import open_case as open_case_with

TWO_DAYS = (Clock(kind=ClockKind.FOLLOW_UP, within=Duration.parse("2 days")),)
CAUSE = {"root_cause": "people", "text": "Called."}


def test_a_transition_that_is_tried_again_does_not_end_the_clock_that_it_has_started(
    database: Database,
) -> None:
    with database.session() as session:
        loop_id = open_loop(session).id
        session.commit()
    activities = LoopActivities(database)
    activities.advance(Advance(loop=loop_id, stage="step-first", at=AT, clocks=TWO_DAYS))
    second = Advance(
        loop=loop_id, stage="step-second", at=AT + 2 * DAY, clocks=TWO_DAYS, met=ClockKind.FOLLOW_UP
    )
    for standing in (activities.advance(second), activities.advance(second)):
        assert [(clock.kind, clock.due) for clock in standing.clocks] == [(ClockKind.FOLLOW_UP, AT + 4 * DAY)]


def test_an_end_that_is_tried_again_does_not_end_the_next_round(database: Database) -> None:
    with database.session() as session:
        loop_id = open_loop(session).id
        session.commit()
    activities = LoopActivities(database)
    end = Close(loop=loop_id, round=1, at=AT + DAY, closure=Closure.NO_ANSWER)
    assert activities.close_loop(end).state == LoopState.CLOSED
    with database.session() as session:
        loops.reopen(session, loop_id, by="ada", at=AT + DAY)
        session.commit()
    assert activities.close_loop(end).state == LoopState.OPEN
    late = Advance(loop=loop_id, round=1, stage="asked", at=AT + DAY)
    assert activities.advance(late).stage == "accepted"


def test_who_has_answered_before_the_question_is_not_asked_it_any_more(session: Session) -> None:
    loop = open_loop(session)
    assert not questions.is_over(session, loop, "follow-up")
    assert act(session, loop.id, ActKind.ANSWER, actor="customer", score=4).applied
    assert questions.is_over(session, loop, "follow-up")


@pytest.mark.parametrize("how", ["closed", "declined"])
def test_a_budget_has_its_money_back_for_an_offer_that_was_never_granted(session: Session, how: str) -> None:
    loop = open_loop(session)
    reserve(session, loop)
    outbox.mark_started(session, f"{loop.id}/1", AT)
    if how == "declined":
        proposal = Proposal(
            Offered(OfferKind.VOUCHER, Money.parse("15.00 EUR"), {}), Duration.parse("30 days")
        )
        row = approvals.propose(session, loop, PLAY_S, proposal, at=AT, approver="lea")
        approvals.decline(session, loop, row, by="lea", at=AT, text={})
    else:
        loops.close(session, loop.id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
    assert reserved(session, loop) == "released"
    assert "reservation_state" not in {finding.code for finding in contradictions(session)}


def test_a_case_that_comes_late_in_its_loop_has_stood_since_it_came(session: Session) -> None:
    params = CsmCaseParams.model_validate(
        {
            "team": "care", "close_within": "20 days", "remind_before": [], **QUIET,
            "ladder": [{"when": "3 days after opening", "tell": "lead"}],
        }
    )  # fmt: skip
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="asked", at=AT)
    late = AT + 10 * DAY
    case = cases.open_case(session, loop.id, team="care", severity="medium", at=late)
    case.terms = params.terms.model_dump(mode="json")
    loops.advance(session, loop.id, stage="working", at=late, clocks=[(ClockKind.CLOSE, params.close_within)])
    standing = [rung for rung in list_rungs(session, loop, case) if rung.name.startswith("standing")]
    assert [rung.at for rung in standing] == [late + 3 * DAY]


def test_a_first_contact_that_began_anew_and_was_missed_is_told_like_any_other(session: Session) -> None:
    loop = open_case_with(
        session, first_contact_within="48h", remind_before=[], **QUIET,
        ladder=[{"when": "1h after first_contact", "tell": "lead"}],
    )  # fmt: skip
    act(session, loop.id, ActKind.ATTEMPT, at=AT + HOUR, channel="phone", result="reached")
    clocks.restart_clock(session, loop, ClockKind.FIRST_CONTACT, Duration.parse("24h"), None, AT + 2 * HOUR)
    climb(session, loop.id, ROSTER, AT + 27 * HOUR)
    steps = get_standing(session, loop.id).effects
    assert any("first_contact" in step for step in steps)


def test_an_answer_that_has_opened_a_case_is_no_contact_about_it(session: Session) -> None:
    loop = open_loop(session)
    act(session, loop.id, ActKind.ANSWER, actor="customer", at=AT, score=2)
    cases.open_case(session, loop.id, team="care", severity="high", at=AT + HOUR)
    with pytest.raises(RefusedError) as refused:
        act(session, loop.id, ActKind.CLOSE, at=AT + DAY, closure="recovered", **CAUSE)
    assert refused.value.reason == "not_contacted"


def test_an_answer_to_whoever_works_the_case_is_contact(session: Session) -> None:
    loop = open_loop(session)
    cases.open_case(session, loop.id, team="care", severity="high", at=AT)
    act(session, loop.id, ActKind.ANSWER, actor="customer", at=AT + HOUR, score=9)
    assert act(session, loop.id, ActKind.CLOSE, at=AT + DAY, closure="recovered", **CAUSE).applied


def test_a_case_that_nobody_owns_and_somebody_has_concluded_is_not_free(session: Session) -> None:
    loop = open_case_with(session)
    case = case_of(session, loop)
    case.owner, case.concluded_at = None, AT + HOUR
    session.add(case)
    session.flush()
    assert list_free(session, Taker("ada", {"care"}), AT + 2 * HOUR) == []


def test_a_reopening_is_told_to_a_play_that_still_ends_the_round_before(session: Session) -> None:
    loop = open_loop(session)
    loops.close(session, loop.id, closure=Closure.NO_ANSWER, by="boucle", at=AT)
    at = AT + HOUR
    command = commands.record(
        session, loop_id=loop.id, kind=ActKind.REOPEN, actor="carla", at=at, recorded_at=at, details={},
        text="She has called.",
    )  # fmt: skip
    assert command.state == "applied"
    assert session.get_one(OutboxRow, command.id).state == "pending"
    commands.apply(session, command.id, at)
    assert session.get_one(OutboxRow, command.id).state == "started"


def messages(database: Database, folder: Path) -> MessageActivities:
    (folder / "texts").mkdir()
    (folder / "texts" / "apology.en.txt").write_text("Subject: Sorry\n\nWe are sorry.\n", encoding="utf-8")
    post = Post(database, Mailbox(folder / "mails"))
    head = Letterhead("Firm", "Firm <hello@firm.example>", "firm.example")
    links = Links("https://firm.example", LinkKeys((b"k" * 32,)))
    return MessageActivities(post, Templates(folder / "texts", "en"), head, links)


def test_what_could_not_be_sent_by_day_is_not_sent_at_night(database: Database, tmp_path: Path) -> None:
    """The mail server is away from seven in the evening until nine; it is quiet from eight on."""
    with database.session() as session:
        loop = open_loop(session)
        quiet = QuietHours(begins=20 * 60, ends=8 * 60)
        loop.plan = Plan.model_validate_json(loop.plan).model_copy(update={"quiet": quiet}).model_dump_json()
        session.add(loop)
        session.commit()
        call = Send(loop=loop.id, round=1, step="apology", at=AT + 9 * HOUR, template="apology")
    env = ActivityEnvironment()
    env.info = replace(
        env.info, attempt=24, scheduled_time=AT + 9 * HOUR, current_attempt_scheduled_time=AT + 11 * HOUR
    )
    delivery = env.run(messages(database, tmp_path).send_message, call)
    assert delivery.later == AT + 22 * HOUR
    assert not (tmp_path / "mails").exists()


def test_nobody_is_reminded_of_a_question_whose_time_is_over(database: Database, tmp_path: Path) -> None:
    with database.session() as session:
        loop = open_loop(session)
        asking.ask(session, loop, step="follow-up", kind=QuestionKind.SCORE, at=AT, expires_at=AT + DAY)
        session.commit()
        loop_id = loop.id
    late = Send(
        loop=loop_id, round=1, step="follow-up-reminder", at=AT + 2 * DAY, template="apology",
        about="follow-up",
    )  # fmt: skip
    assert messages(database, tmp_path).send_message(late).state == EffectState.REFUSED
    with database.reading() as session:
        assert get_standing(session, loop_id).reachable


def test_a_link_serves_for_one_testimonial_on_a_closed_loop_too(session: Session) -> None:
    loop = open_loop(session)
    question = asking.ask(
        session, loop, step="invitation", kind=QuestionKind.INVITATION, at=AT, expires_at=AT + 9 * DAY
    ).id
    loops.close(session, loop.id, closure=Closure.NO_ANSWER, by="boucle", at=AT + DAY)
    said: dict[str, Any] = {"publish": True, "question": question, "text": "They are good."}
    assert act(session, loop.id, ActKind.TESTIFY, actor="customer", at=AT + DAY, **said).applied
    with pytest.raises(RefusedError) as refused:
        act(session, loop.id, ActKind.TESTIFY, actor="customer", at=AT + DAY, **said)
    assert refused.value.reason == "already_answered"
