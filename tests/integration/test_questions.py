"""Questions and their answers, concluded cases, referrals and testimonials, on both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from boucle.engine import asking, cases, followups, loops, privacy, promotions, questions, reports
from boucle.engine.standing import get_standing
from boucle.engine.tables import Contact, LoopRow, Personal
from boucle.engine.work_tables import CaseRow, ClockRow, QuestionRow
from boucle.errors import NotFoundError, RefusedError
from boucle.model import ActKind, ClockKind, Closure, Duration, LoopState, QuestionKind
from tests.calendars import weekdays_9_to_18
from tests.integration.opening import AT, DAY, HOUR, act, event_types, open_loop, plan

WITHIN = Duration.parse("14 days")
CLOSING: dict[str, Any] = {"closure": "recovered", "root_cause": "product"}


@pytest.fixture
def loop(session: Session) -> LoopRow:
    loop = open_loop(session)
    loops.advance(session, loop.id, stage="asked", at=AT, clocks=[(ClockKind.ANSWER, WITHIN)])
    return loop


def ask(
    session: Session, loop: LoopRow, kind: QuestionKind = QuestionKind.SCORE, step: str = "follow-up",
    at: datetime = AT,
) -> str:  # fmt: skip
    return asking.ask(session, loop, step=step, kind=kind, at=at, expires_at=AT + 14 * DAY).id


def refused(session: Session, loop: LoopRow, kind: ActKind = ActKind.ANSWER, **given: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        act(session, loop.id, kind, actor="customer", **given)
    return caught.value.reason


def answer(session: Session, loop: LoopRow, **given: Any) -> None:
    assert act(session, loop.id, ActKind.ANSWER, actor="customer", at=AT + HOUR, **given).applied


# -- questions -----------------------------------------------------------------------------------


def test_a_step_asks_one_question_a_round_however_often_its_message_is_tried(
    session: Session, loop: LoopRow
) -> None:
    first = ask(session, loop)
    again = asking.ask(
        session, loop, step="follow-up", kind=QuestionKind.SCORE, at=AT + DAY, expires_at=AT + 99 * DAY
    )
    assert (again.id, again.expires_at) == (first, AT + 14 * DAY)
    assert event_types(session, loop.id).count("loop.asked") == 1


def test_a_question_is_answered_once(session: Session, loop: LoopRow) -> None:
    question = ask(session, loop)
    answer(session, loop, score=8, question=question, text="Thank you.")
    row = session.get_one(QuestionRow, question)
    assert (row.score, row.has_text, row.answered_at) == (8, True, AT + HOUR)
    assert loop.answer == 8
    assert session.get_one(ClockRow, (loop.id, 1, ClockKind.ANSWER)).state == "met"
    assert refused(session, loop, score=2, question=question) == "already_answered"
    assert refused(session, loop, score=2) == "already_answered"


def test_an_answer_without_a_link_goes_to_the_question_that_waits(session: Session, loop: LoopRow) -> None:
    first, second = ask(session, loop, step="one"), ask(session, loop, step="two", at=AT + HOUR)
    answer(session, loop, score=3)
    answer(session, loop, score=9)
    scores = [session.get_one(QuestionRow, one).score for one in (first, second)]
    assert scores == [9, 3]


def test_an_answer_needs_what_its_question_asks(session: Session, loop: LoopRow) -> None:
    assert refused(session, loop, declined=True) == "no_question"
    question = ask(session, loop)
    assert refused(session, loop, question=question) == "empty_answer"
    assert refused(session, loop, question=question, text="Only words.") == "empty_answer"
    assert refused(session, loop, question=question, score=11) == "score_off_scale"
    assert refused(session, loop, question=question, score=True) == "bad_details"
    assert refused(session, loop, question=question, score=3, declined=True) == "bad_details"
    assert refused(session, loop, question="another", score=3) == "no_question"
    open_question = ask(session, loop, QuestionKind.OPEN, "open")
    assert refused(session, loop, question=open_question) == "empty_answer"
    answer(session, loop, question=open_question, text="Words are enough.")


def test_the_link_of_another_loop_answers_nothing_here(session: Session, loop: LoopRow) -> None:
    other = open_loop(session, "response-2")
    assert refused(session, loop, question=ask(session, other), score=9) == "no_question"


def test_a_link_of_an_earlier_round_is_over(session: Session, loop: LoopRow) -> None:
    question = ask(session, loop)
    loops.close(session, loop.id, closure=Closure.NO_ANSWER, by="boucle", at=AT)
    assert refused(session, loop, question=question, score=9) == "loop_closed"
    loops.reopen(session, loop.id, by="ada", at=AT)
    assert refused(session, loop, question=question, score=9) == "old_round"


def test_who_has_withdrawn_consent_is_not_heard_by_a_link_any_more(session: Session, loop: LoopRow) -> None:
    question = ask(session, loop)
    session.get_one(Contact, loop.contact_id).facts = {"consent.follow_up": False}
    session.flush()
    assert refused(session, loop, question=question, score=9) == "consent_withdrawn"


def test_declining_is_told_to_the_play_and_is_no_score(session: Session, loop: LoopRow) -> None:
    question = ask(session, loop)
    answer(session, loop, question=question, declined=True)
    (told,) = get_standing(session, loop.id).questions
    assert (told.declined, told.score, told.answered_at) == (True, None, AT + HOUR)
    assert "loop.declined" in event_types(session, loop.id)
    assert loop.answer is None


# -- concluded cases -----------------------------------------------------------------------------


@pytest.fixture
def case(session: Session) -> LoopRow:
    """A loop at work, whose customer was reached and is to be asked afterwards."""
    loop = open_loop(session)
    clocks = [(ClockKind.CLOSE, Duration.parse("48h")), (ClockKind.FIRST_CONTACT, Duration.parse("24h"))]
    loops.advance(session, loop.id, stage="working", at=AT, clocks=clocks)
    row = cases.open_case(session, loop.id, team="care", severity="high", at=AT)
    row.owner, row.verify_after = "ada", "7 days"
    session.add(row)
    act(session, loop.id, ActKind.ATTEMPT, channel="phone", result="reached")
    return loop


def conclude(session: Session, loop: LoopRow) -> None:
    assert act(session, loop.id, ActKind.CLOSE, at=AT + HOUR, text="Mended.", **CLOSING).applied


def test_a_concluded_case_has_no_clocks_leaves_the_inbox_and_weighs_on_nobody(
    session: Session, case: LoopRow
) -> None:
    assert cases.count_open_cases(session, ["ada"]) == {"ada": 1}
    conclude(session, case)
    assert (case.state, case.stage) == (LoopState.IN_PROGRESS, "verifying")
    states = {row.kind: row.state for row in session.exec(select(ClockRow))}
    assert states == {"close": "met", "first_contact": "met", "follow_up": "running"}
    assert cases.list_cases(session) == []
    assert cases.count_open_cases(session, ["ada"]) == {"ada": 0}
    assert event_types(session, case.id)[-1] == "case.concluded"


def test_what_came_of_asking_is_kept_beside_what_was_claimed(session: Session, case: LoopRow) -> None:
    conclude(session, case)
    finish(session, case, None)
    row = session.get_one(CaseRow, (case.id, 1))
    assert (case.closure, row.claimed, row.answer_state) == ("recovered", "recovered", "unasked")
    lines = reports.figures(session, zone="UTC").claims
    assert [(one.claimed, one.answer_state, one.count) for one in lines] == [("recovered", "unasked", 1)]


def test_finishing_twice_reopens_once(session: Session, case: LoopRow) -> None:
    conclude(session, case)
    answer(session, case, score=3)
    for _ in range(2):
        finish(session, case, Closure.NOT_RECOVERED)
    assert (case.round, case.state, case.reopened_for) == (2, LoopState.OPEN, followups.STILL_LOW)
    assert event_types(session, case.id).count("loop.reopened") == 1


def finish(session: Session, loop: LoopRow, judged: Closure | None) -> None:
    followups.finish(session, loop.id, round_=1, judged=judged, if_still_low="reopen", at=AT + 8 * DAY)


def test_the_clocks_of_a_case_that_an_answer_turns_into_are_those_of_its_own_team() -> None:
    paris, kolkata = weekdays_9_to_18("Europe/Paris"), weekdays_9_to_18("Asia/Kolkata")
    defaults = loops.LoopDefaults("en", paris, {"india": kolkata})
    nested = plan().model_copy(update={"params": {"case": {"team": "india"}}})
    assert defaults.find_calendar(nested) == kolkata
    assert defaults.find_calendar(plan()) == paris


# -- promoters -----------------------------------------------------------------------------------


def test_a_loop_has_one_referral_code_for_ever(session: Session, loop: LoopRow) -> None:
    assert refused(session, loop, ActKind.REFER, outcome="made") == "no_referral"
    code = promotions.invite(session, loop, AT).code
    assert promotions.invite(session, loop, AT + DAY).code == code
    assert promotions.get_referral(session, f" {code.lower()} ").loop_id == loop.id
    with pytest.raises(NotFoundError):
        promotions.get_referral(session, "AAAAA-BBBBB")
    assert act(session, loop.id, ActKind.REFER, outcome="made").applied
    assert refused(session, loop, ActKind.REFER, outcome="made") == "already_referred"


def test_an_invitation_is_answered_by_a_testimonial_once(session: Session, loop: LoopRow) -> None:
    question = ask(session, loop, QuestionKind.INVITATION)
    assert refused(session, loop, question=question, score=9) == "invitation"
    given: dict[str, Any] = {"question": question, "publish": True, "text": "The best."}
    assert act(session, loop.id, ActKind.TESTIFY, actor="customer", **given).applied
    assert refused(session, loop, ActKind.TESTIFY, **given) == "already_answered"
    assert questions.is_over(session, loop, "follow-up")


@pytest.mark.parametrize("kind", [QuestionKind.SCORE, QuestionKind.OPEN])
def test_a_testimonial_answers_no_other_question(session: Session, loop: LoopRow, kind: QuestionKind) -> None:
    """Its play would take the question for answered, and find no answer in it."""
    question = ask(session, loop, kind)
    given: dict[str, Any] = {"publish": True, "text": "The best."}
    assert refused(session, loop, ActKind.TESTIFY, question=question, **given) == "no_question"
    assert act(session, loop.id, ActKind.TESTIFY, actor="customer", **given).applied
    assert not questions.is_over(session, loop, "follow-up")
    assert act(session, loop.id, ActKind.ANSWER, actor="customer", score=9).applied


def test_leave_to_publish_is_given_with_the_text_or_not_at_all(session: Session, loop: LoopRow) -> None:
    assert refused(session, loop, ActKind.TESTIFY, publish=True) == "no_testimonial"
    act(session, loop.id, ActKind.TESTIFY, actor="customer", publish=False, text="Between us.")
    assert refused(session, loop, ActKind.TESTIFY, publish=True) == "no_text"
    assert promotions.list_testimonials(session, publishable=True) == []


def test_an_erased_testimonial_and_one_of_who_withdrew_are_not_published(session: Session) -> None:
    for number in (1, 2):
        one = open_loop(session, f"response-{number}")
        act(session, one.id, ActKind.TESTIFY, actor="customer", publish=True, text=f"Good {number}.")
    assert [told.text for told in promotions.list_testimonials(session, publishable=True, limit=2)] != []
    for row in session.exec(select(Personal).where(Personal.subject == "contact-response-1")).all():
        session.delete(row)
    session.get_one(Contact, "contact-response-2").facts = {"consent.follow_up": False}
    session.flush()
    assert promotions.list_testimonials(session, publishable=True) == []
    assert {told.text for told in promotions.list_testimonials(session)} == {None, "Good 2."}


def test_a_testimonial_lies_with_what_is_personal_and_in_no_event(session: Session, loop: LoopRow) -> None:
    act(session, loop.id, ActKind.TESTIFY, actor="customer", publish=True, text="Rutabaga.")
    assert "Rutabaga." in privacy.read(session, loops.subject_of(loop), "act").values()
    told = promotions.list_testimonials(session)
    assert [(one.text, one.publishable) for one in told] == [("Rutabaga.", True)]
