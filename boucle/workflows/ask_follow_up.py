"""`ask_follow_up`: an open question; an answer that names a problem becomes a case, by rule."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.asking import ASKED, Asking, Inquiry
from boucle.workflows.case_work import WORKING, CaseWork

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import JudgeAnswer
    from boucle.activities.recovery import RecoveryActivities
    from boucle.model import Closure, QuestionKind
    from boucle.standing import LoopRef
    from boucle.workflows.ask_follow_up_params import AskFollowUpParams
    from boucle.workflows.calling import do
    from boucle.workflows.case_params import CaseParams


@workflow.defn(name="ask_follow_up")
class AskFollowUp(Asking, CaseWork):
    """Asks what is missing, waits, and hands a problem to a person."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; `ref` is taken by the base."""
        del ref
        await self.follow({"accepted": self.put, ASKED: self.hear, WORKING: self.work_case})

    @property
    def params(self) -> AskFollowUpParams:
        """The plan's parameters."""
        return AskFollowUpParams.model_validate(self.standing.plan.params)

    @property
    def case_params(self) -> CaseParams | None:
        """What an answer can turn into."""
        return self.params.case

    @property
    def inquiry(self) -> Inquiry:
        """The one question; a text answers it, or a score."""
        params = self.params
        return Inquiry(
            "question", params.template, params.within, QuestionKind.OPEN, params.remind_after,
            params.reminder_template,
        )  # fmt: skip

    @property
    def inquiries(self) -> tuple[Inquiry, ...]:
        """The one question."""
        return (self.inquiry,)

    async def put(self) -> None:
        """Ask; who cannot be written to is not asked."""
        if not self.standing.reachable:
            await self.close(Closure.UNREACHABLE)
        else:
            await self.end_by(await self.ask_now(self.inquiry))

    async def hear(self) -> None:
        """What was answered; silence is an outcome too."""
        await self.end_by(await self.await_answer(self.inquiry))

    async def take_up(self) -> None:
        """A problem becomes a case of the same round; anything else was worth knowing."""
        case = self.case_params
        if case is not None and await self._is_problem():
            await self.open_case(case)
        else:
            await self.close(Closure.COMPLETED)

    async def _is_problem(self) -> bool:
        params = self.params
        if params.if_answer == "case":
            return True
        call = JudgeAnswer(
            loop=self.loop,
            round=self.standing.round,
            step=self.inquiry.step,
            problem_below=params.problem_below,
            problem_words=params.problem_words,
        )
        return (await do(RecoveryActivities.judge_answer, call)).problem
