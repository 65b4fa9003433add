"""`apologize_with_offer`: an apology with a voucher, later one question, and the outcome."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.offering import Offering

with workflow.unsafe.imports_passed_through():
    from boucle.model import ClockKind, Closure
    from boucle.standing import LoopRef
    from boucle.workflows.apologize_with_offer_params import ApologizeWithOfferParams


@workflow.defn(name="apologize_with_offer")
class ApologizeWithOffer(Offering):
    """Grants the offer, apologizes, asks the follow-up question, closes with the outcome."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; `ref` is taken by the base."""
        del ref
        await self.follow({"accepted": self.apologize, "apologized": self.ask, "asked": self.wait_for_answer})

    @property
    def params(self) -> ApologizeWithOfferParams:
        """The plan's parameters."""
        return ApologizeWithOfferParams.model_validate(self.standing.plan.params)

    async def apologize(self) -> None:
        """Offer and apology; a customer who cannot be written to ends it."""
        if not self.standing.reachable:
            await self.close(Closure.UNREACHABLE)
            return
        if self.params.offer != "none":
            await self.grant(self.params.offer)
        await self.deliver("apology", self.params.template)
        if self.has_failed("apology"):
            await self.close(Closure.UNREACHABLE)
        elif self.is_out("apology"):
            await self.advance("apologized", {ClockKind.FOLLOW_UP: self.params.follow_up_after})

    async def ask(self) -> None:
        """On the follow-up date, unless the customer has answered before."""
        await self.attend(self._is_answered, until=ClockKind.FOLLOW_UP)
        if self._is_answered():
            await self.close(None)
        elif self.is_over(ClockKind.FOLLOW_UP):
            await self.deliver("follow-up", self.params.follow_up_template, unless=self._is_answered)
            if self.has_failed("follow-up"):
                await self.close(Closure.UNREACHABLE)
            elif self.is_out("follow-up"):
                await self.advance(
                    "asked", {ClockKind.ANSWER: self.params.answer_within}, met=ClockKind.FOLLOW_UP
                )

    async def wait_for_answer(self) -> None:
        """The answer decides; silence is an outcome too."""
        await self.attend(self._is_answered, until=ClockKind.ANSWER)
        if self._is_answered():
            await self.close(None)
        elif self.is_over(ClockKind.ANSWER):
            await self.close(Closure.NO_ANSWER)

    def _is_answered(self) -> bool:
        return self.standing.answer is not None
