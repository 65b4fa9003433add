"""`apologize_with_offer`: an apology with a voucher, later one question, and the outcome."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.asking import ASKED, Asking, Inquiry
from boucle.workflows.case_work import WORKING, CaseWork

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import JudgeAnswer
    from boucle.activities.recovery import RecoveryActivities
    from boucle.model import ClockKind, Closure
    from boucle.standing import LoopRef
    from boucle.workflows.apologize_with_offer_params import ApologizeWithOfferParams
    from boucle.workflows.calling import do
    from boucle.workflows.case_params import CaseParams


@workflow.defn(name="apologize_with_offer")
class ApologizeWithOffer(Asking, CaseWork):
    """Grants the offer, apologizes, asks the follow-up question, closes with the outcome."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; `ref` is taken by the base."""
        del ref
        await self.follow(
            {
                "accepted": self.apologize,
                "apologized": self.ask_back,
                ASKED: self.hear,
                WORKING: self.work_case,
            }
        )

    @property
    def params(self) -> ApologizeWithOfferParams:
        """The plan's parameters."""
        return ApologizeWithOfferParams.model_validate(self.standing.plan.params)

    @property
    def case_params(self) -> CaseParams | None:
        """What an answer that is still low turns into."""
        return self.params.case if self.params.if_still_low == "case" else None

    @property
    def inquiry(self) -> Inquiry:
        """The one question."""
        params = self.params
        return Inquiry(
            "follow-up",
            params.follow_up_template,
            params.answer_within,
            remind_after=params.remind_after,
            reminder=params.reminder_template,
        )

    @property
    def inquiries(self) -> tuple[Inquiry, ...]:
        """The one question."""
        return (self.inquiry,)

    async def apologize(self) -> None:
        """Offer and apology; a customer who cannot be written to ends it."""
        if not self.standing.reachable:
            await self.close(Closure.UNREACHABLE)
            return
        template = await self.prepare(self.params.offer, self.params.template)
        if template is None:
            return
        await self.deliver("apology", template)
        if self.has_failed("apology"):
            await self.close(Closure.UNREACHABLE)
        elif self.is_out("apology"):
            await self.advance("apologized", {ClockKind.FOLLOW_UP: self.params.follow_up_after})

    async def ask_back(self) -> None:
        """On the follow-up date, unless the customer has answered before."""
        await self.end_by(await self.ask(self.inquiry))

    async def hear(self) -> None:
        """The answer decides; silence is an outcome too."""
        await self.end_by(await self.await_answer(self.inquiry))

    async def take_up(self) -> None:
        """An answer that is no better can become a case of the same round, where the plan has one."""
        case = self.case_params
        if case is not None and await self._is_still_low():
            await self.open_case(case)
        else:
            await super().take_up()

    async def _is_still_low(self) -> bool:
        call = JudgeAnswer(loop=self.loop, round=self.standing.round, step=self.inquiry.step)
        return (await do(RecoveryActivities.judge_answer, call)).still_low
