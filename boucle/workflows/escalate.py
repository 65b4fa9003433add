"""`escalate`: the team's lead has the case at once, with short clocks."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.case_work import WORKING, CaseWork

with workflow.unsafe.imports_passed_through():
    from boucle.standing import LoopRef
    from boucle.workflows.case_params import CaseParams
    from boucle.workflows.escalate_params import EscalateParams


@workflow.defn(name="escalate")
class Escalate(CaseWork):
    """Opens the lead's case and watches its clocks until it is closed."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; `ref` is taken by the base."""
        del ref
        await self.follow({"accepted": self.open, WORKING: self.work})

    @property
    def params(self) -> EscalateParams:
        """The plan's parameters."""
        return EscalateParams.model_validate(self.standing.plan.params)

    @property
    def case_params(self) -> CaseParams:
        """The case is what the play is about."""
        return self.params

    async def open(self) -> None:
        """No queue, no least loaded member: the lead."""
        await self.open_case(self.params, to_lead=True)

    async def work(self) -> None:
        """Wait for the lead."""
        await self.work_case()
