"""The step of asking the customer a question and waiting for the answer, with one reminder at most."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from temporalio import workflow

from boucle.workflows.play import Play

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import Send
    from boucle.model import ClockKind, Closure, Duration, QuestionKind
    from boucle.standing import Question
    from boucle.workflows.errand import Errand

ASKED = "asked"
"""The stage in which an answer is waited for."""
_REMINDER = "-reminder"


@dataclass(frozen=True)
class Inquiry:
    """A question: its step and message, how long it can be answered, and when it is asked again.

    `reminder` is the message of that one reminder, `remind_after` how long after the question it goes
    out; None: never. `refers`: its messages name the loop's referral code.
    """

    step: str
    template: str
    within: Duration
    kind: QuestionKind = QuestionKind.SCORE
    remind_after: Duration | None = None
    reminder: str | None = None
    refers: bool = False


class Reaction(StrEnum):
    """What came of asking."""

    ANSWERED = "answered"
    DECLINED = "declined"
    SILENT = "silent"
    UNREACHABLE = "unreachable"


class Asking(Play):
    """A play that asks the customer: never twice, never who has written back, who declines or withdrew."""

    @property
    def inquiries(self) -> tuple[Inquiry, ...]:
        """Every question that the play may ask."""
        raise NotImplementedError

    def find_question(self, inquiry: Inquiry) -> Question | None:
        """The question as it was asked in this round."""
        return next((one for one in self.standing.questions if one.step == inquiry.step), None)

    def is_answered(self, inquiry: Inquiry) -> bool:
        """Whether it was answered, or declined; an answer may come before the question."""
        question = self.find_question(inquiry)
        if question is not None:
            return question.answered_at is not None
        return self.standing.answer is not None and not self.standing.questions

    async def ask(self, inquiry: Inquiry, then: str = ASKED) -> Reaction | None:
        """Ask once the follow-up date has come, and go on to the stage `then`, which waits for the answer.

        A customer who has written back is not asked: a person reads that, and can record the answer in
        the same time. None: it was asked, or the loop was closed meanwhile.
        """
        await self.attend(lambda: self.is_answered(inquiry), until=ClockKind.FOLLOW_UP)
        if self.is_over(ClockKind.FOLLOW_UP) and not self.is_answered(inquiry):
            await self._put(inquiry)
            if not self.is_answered(inquiry) and self.has_failed(inquiry.step):
                return Reaction.UNREACHABLE
            if self.is_out(inquiry.step) or self.standing.replied:
                await self.advance(then, {ClockKind.ANSWER: inquiry.within}, met=ClockKind.FOLLOW_UP)
        return self._react(inquiry)

    async def ask_now(self, inquiry: Inquiry, then: str = ASKED) -> Reaction | None:
        """As `ask`, at once."""
        await self._put(inquiry)
        if self.has_failed(inquiry.step) and not self.is_answered(inquiry):
            return Reaction.UNREACHABLE
        if self.is_out(inquiry.step) or self.standing.replied:
            await self.advance(then, {ClockKind.ANSWER: inquiry.within})
        return self._react(inquiry)

    async def await_answer(self, inquiry: Inquiry) -> Reaction | None:
        """What the customer answers; silence is an answer too. None: the loop was closed meanwhile."""
        await self.attend(lambda: self.is_answered(inquiry), until=ClockKind.ANSWER)
        if not self.is_answered(inquiry) and self.is_over(ClockKind.ANSWER):
            return Reaction.SILENT
        return self._react(inquiry)

    async def end_by(self, reaction: Reaction | None) -> None:
        """End by what came of asking; None ends nothing."""
        match reaction:
            case Reaction.ANSWERED:
                await self.take_up()
            case Reaction.DECLINED:
                await self.close(Closure.DECLINED)
            case Reaction.SILENT:
                await self.close(Closure.NO_ANSWER)
            case Reaction.UNREACHABLE:
                await self.close(Closure.UNREACHABLE)
            case None:
                pass

    async def take_up(self) -> None:
        """What an answer leads to: nothing but the end, with what it says as the outcome."""
        await self.close(None)

    async def _put(self, inquiry: Inquiry) -> None:
        if not self.standing.replied:
            await self.deliver(
                inquiry.step,
                inquiry.template,
                unless=lambda: self.is_answered(inquiry) or self.standing.replied,
            )

    def _react(self, inquiry: Inquiry) -> Reaction | None:
        if self.closed or not self.is_answered(inquiry):
            return None
        question = self.find_question(inquiry)
        return Reaction.DECLINED if question and question.declined else Reaction.ANSWERED

    def letter(self, step: str, template: str | None) -> Send:
        """A question carries its link; so does the reminder of it."""
        send = super().letter(step, template)
        for inquiry in self.inquiries:
            if step == inquiry.step:
                asked = {"asks": inquiry.kind, "answer_within": inquiry.within}
                return send.model_copy(update={**asked, "about": inquiry.step, "refers": inquiry.refers})
            if step == inquiry.step + _REMINDER:
                return send.model_copy(update={"about": inquiry.step, "refers": inquiry.refers})
        return send

    def agenda(self) -> Iterable[Errand]:
        """Also: remind once of a question that nobody has answered."""
        yield from super().agenda()
        for inquiry in self.inquiries:
            at = self._find_reminder(inquiry)
            if at is not None:
                yield Errand(at, inquiry.step + _REMINDER, self._asking_again(inquiry))

    def _find_reminder(self, inquiry: Inquiry) -> datetime | None:
        question, step = self.find_question(inquiry), inquiry.step + _REMINDER
        if question is None or question.asked_at is None or inquiry.remind_after is None:
            return None
        begun = step in self.standing.effects or self.is_busy(step)
        if begun or question.answered_at is not None or self.standing.replied:
            return None
        at = question.asked_at + inquiry.remind_after.wall()
        return at if at < question.expires_at else None

    def _asking_again(self, inquiry: Inquiry) -> Callable[[], Awaitable[None]]:
        async def remind() -> None:
            self.send(inquiry.step + _REMINDER, inquiry.reminder or inquiry.template)

        return remind
