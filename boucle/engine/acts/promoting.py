"""What promoters do for us: refer somebody, say something that may be published."""

from __future__ import annotations

from typing import ClassVar, Literal

from sqlmodel import Session

from boucle.engine import consent, loops, promotions
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.questions import list_questions
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import GivenTestimonial, QuestionRow
from boucle.model import ActKind, ClockKind, LoopState, QuestionKind


class Refer(Deed):
    """Somebody came by the customer's referral, or became a customer by it; one referral a loop."""

    kind: ClassVar = ActKind.REFER
    on_closed: ClassVar = True
    outcome: Literal["made", "converted"]

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """Each of both happens once; whoever became a customer had come before."""
        del actor
        referral = promotions.find_referral(situation.session, situation.loop.id)
        if referral is None:
            return "no_referral"
        if referral.converted_at is not None:
            return "already_converted"
        return "already_referred" if self.outcome == "made" and referral.made_at is not None else None

    def do(self, doing: Doing) -> None:
        """The referral has gone on by that much."""
        referral = promotions.find_referral(doing.session, doing.loop.id)
        if referral is not None:
            referral.made_at = referral.made_at or doing.command.at
            if self.outcome == "converted":
                referral.converted_at = doing.command.at
            doing.session.add(referral)
            doing.append("loop.referred", {"outcome": self.outcome})


class Testify(Deed):
    """The customer said something of us, and whether it may be published; or takes that back.

    With a text it is a testimonial; without one it says of the latest that it may be published no more.
    """

    kind: ClassVar = ActKind.TESTIFY
    on_closed: ClassVar = True
    publish: bool
    question: str | None = None

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """A text, or a testimonial that can be taken back; leave to publish is given with its text only."""
        del actor
        session, loop = situation.session, situation.loop
        if situation.has_text:
            return self._reason_against_link(situation)
        known = promotions.find_testimonial(session, loop.id)
        if known is None:
            return "no_testimonial"
        if self.publish:
            return "no_text"
        return "already_withdrawn" if known.withdrawn_at is not None else None

    def _reason_against_link(self, situation: Situation) -> str | None:
        """By a link: once, and only while the customer may be asked."""
        if self.question is None:
            return None
        question = situation.session.get(QuestionRow, self.question)
        if question is None or question.loop_id != situation.loop.id or not _is_invitation(question):
            return "no_question"
        if question.answered_at is not None:
            return "already_answered"
        objection = consent.find_objection(situation.session, situation.loop)
        return "consent_withdrawn" if objection is not None else None

    def do(self, doing: Doing) -> None:
        """It is kept with what may be done with it."""
        if doing.text:
            self._keep(doing)
        else:
            known = promotions.find_testimonial(doing.session, doing.loop.id)
            if known is not None:
                known.withdrawn_at = doing.command.at
                doing.session.add(known)
        doing.append("loop.testified", {"publish": self.publish, "text": bool(doing.text)})

    def _keep(self, doing: Doing) -> None:
        command = doing.command
        row = GivenTestimonial(
            id=command.id, loop_id=doing.loop.id, given_at=command.at, may_publish=self.publish
        )
        doing.session.add(row)
        question = doing.session.get(QuestionRow, self.question) if self.question else None
        if question is not None:  # its link is used up, whatever has become of the loop
            _note_answer(doing, question)
        if doing.loop.state != LoopState.CLOSED:
            _answer_invitation(doing.session, doing.loop, doing)


def _is_invitation(question: QuestionRow) -> bool:
    return question.kind == QuestionKind.INVITATION


def _note_answer(doing: Doing, question: QuestionRow) -> None:
    question.answered_at, question.answered_by = doing.command.at, doing.command.id
    question.has_text = True
    doing.session.add(question)


def _answer_invitation(session: Session, loop: LoopRow, doing: Doing) -> None:
    """A testimonial answers the invitation of this round that waits; any other question waits on."""
    invited = [question for question in list_questions(session, loop) if _is_invitation(question)]
    for question in invited:
        if question.answered_at is None:
            _note_answer(doing, question)
    if invited and promotions.find_referral(session, loop.id) is None:  # else it is still waited for
        loops.end_clock(session, loop, ClockKind.ANSWER, doing.command.at)
