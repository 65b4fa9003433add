"""`acknowledge`: thanks for an answer, nothing more."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.play import Play

with workflow.unsafe.imports_passed_through():
    from boucle.model import Closure
    from boucle.standing import LoopRef
    from boucle.workflows.acknowledge_params import AcknowledgeParams


@workflow.defn(name="acknowledge")
class Acknowledge(Play):
    """Thanks, and closes: it asks nothing and bothers nobody."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; `ref` is taken by the base."""
        del ref
        await self.follow({"accepted": self.thank})

    @property
    def params(self) -> AcknowledgeParams:
        """The plan's parameters."""
        return AcknowledgeParams.model_validate(self.standing.plan.params)

    async def thank(self) -> None:
        """The one message; who cannot be written to is not thanked."""
        if not self.standing.reachable:
            await self.close(Closure.UNREACHABLE)
            return
        await self.deliver("thanks", self.params.template)
        if self.has_failed("thanks"):
            await self.close(Closure.UNREACHABLE)
        elif self.is_out("thanks"):
            await self.close(Closure.COMPLETED)
