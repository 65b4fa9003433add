"""The customer's answer to a question that we have asked."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator

from boucle.engine import consent, loops, notices, questions, waits
from boucle.engine.acts.deed import Deed, Doing, Situation
from boucle.engine.case_rows import find_case
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import QuestionRow
from boucle.model import ActKind, QuestionKind

_DEFAULT_SCALE = (0, 10)


class Answer(Deed):
    """The customer answered a question, or said that they do not want to (`declined`).

    `question` is the one whose link they have used; without it, the one of this round that waits. An
    answer may come before any question: then it makes it needless.
    """

    kind: ClassVar = ActKind.ANSWER
    score: int | None = Field(default=None, strict=True)
    question: str | None = None
    declined: bool = False

    @model_validator(mode="after")
    def _declines_or_answers(self) -> Answer:
        if self.declined and self.score is not None:
            raise ValueError("who declines gives no score")
        return self

    def reason_against(self, actor: str, situation: Situation) -> str | None:
        """One answer to a question, on its scale; by its link only while the customer may be asked."""
        del actor
        loop, question = situation.loop, self._find(situation)
        if question is None and (self.question is not None or self.declined):
            return "no_question"
        if question is not None and question.round != loop.round:
            return "old_round"
        if question.answered_at if question else loop.answer is not None:
            return "already_answered"
        if self.question is not None and consent.find_objection(situation.session, loop) is not None:
            return "consent_withdrawn"
        return self._reason_against_score(question, situation)

    def _find(self, situation: Situation) -> QuestionRow | None:
        if self.question is None:
            return questions.find_open(situation.session, situation.loop)
        row = situation.session.get(QuestionRow, self.question)
        return row if row is not None and row.loop_id == situation.loop.id else None

    def _reason_against_score(self, question: QuestionRow | None, situation: Situation) -> str | None:
        if self.declined:
            return None
        if question is not None and question.kind == QuestionKind.INVITATION:
            return "invitation"
        if self.score is None:
            by_text = question is not None and question.kind == QuestionKind.OPEN and situation.has_text
            return None if by_text else "empty_answer"
        low, high = scale_of(situation.loop)
        return None if low <= self.score <= high else "score_off_scale"

    def do(self, doing: Doing) -> None:
        """The answer is kept; its clock ends; who owns the case is told."""
        session, loop, command = doing.session, doing.loop, doing.command
        question = self._find(Situation(session, loop))
        if question is not None:
            question.answered_at, question.answered_by = command.at, command.id
            question.score, question.declined = self.score, self.declined
            question.has_text = bool(doing.text)
            session.add(question)
        loops.answer(
            session, loop.id, score=self.score, actor=doing.actor, at=command.at, text=doing.text,
            step=question.step if question else None, declined=self.declined,
        )  # fmt: skip
        waits.hear_customer(session, loop, heard_at=command.at, at=doing.at)
        self._tell(doing)

    def _tell(self, doing: Doing) -> None:
        loop = doing.loop
        if self.score is not None and find_case(doing.session, loop) is not None:
            values = {"before": loop.first_score, "after": self.score}
            step = notices.step("answered", doing.command.id)
            notices.write_down(doing.session, loop, step, doing.at, values=values)


def scale_of(loop: LoopRow) -> tuple[int, int]:
    """The lowest and highest answer to the loop's follow-up question; 0 to 10 where none was stated."""
    if loop.scale_low is None or loop.scale_high is None:
        return _DEFAULT_SCALE
    return loop.scale_low, loop.scale_high
