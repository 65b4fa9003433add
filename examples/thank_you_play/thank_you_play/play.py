"""The workflow: two stages, one message, one clock."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.play import Play

with workflow.unsafe.imports_passed_through():
    from boucle.model import ClockKind, Closure
    from boucle.standing import LoopRef
    from thank_you_play.params import ThankYouParams

THANKED = "thanked"


@workflow.defn(name="thank_you")
class ThankYou(Play):
    """Thanks the contact, then keeps the loop open for a while."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; a run that begins anew goes on from the stage that the database names."""
        del ref  # taken by the base
        await self.follow({"accepted": self.thank, THANKED: self.stay})

    @property
    def params(self) -> ThankYouParams:
        """The plan's parameters."""
        return ThankYouParams.model_validate(self.standing.plan.params)

    async def thank(self) -> None:
        """Send the message; who cannot be written to cannot be thanked."""
        if not self.standing.reachable:
            await self.close(Closure.UNREACHABLE)
            return
        await self.deliver("thanks", self.params.template)
        if self.has_failed("thanks"):
            await self.close(Closure.UNREACHABLE)
        elif self.is_out("thanks"):
            await self.advance(THANKED, {ClockKind.ANSWER: self.params.open_for})

    async def stay(self) -> None:
        """Until somebody closes the loop, the contact answers, or the time is over.

        `attend` may also return earlier, so that a long history begins anew: what it waited for is asked.
        """
        await self.attend(lambda: self.standing.answer is not None, until=ClockKind.ANSWER)
        if self.standing.answer is not None:
            await self.close(None)
        elif self.is_over(ClockKind.ANSWER):
            await self.close(Closure.COMPLETED)
