"""`escalate`: the team's lead has the case at once, with short clocks."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.case_work import WORKING
from boucle.workflows.verifying import Verifying

with workflow.unsafe.imports_passed_through():
    from boucle.standing import LoopRef
    from boucle.workflows.case_params import CaseParams
    from boucle.workflows.escalate_params import EscalateParams
    from boucle.workflows.follow_up_params import FollowUp


@workflow.defn(name="escalate")
class Escalate(Verifying):
    """Opens the lead's case and watches its clocks until it is closed."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; `ref` is taken by the base."""
        del ref
        await self.follow({"accepted": self.open, WORKING: self.work, **self.verifying})

    @property
    def params(self) -> EscalateParams:
        """The plan's parameters."""
        return EscalateParams.model_validate(self.standing.plan.params)

    @property
    def case_params(self) -> CaseParams:
        """The case is what the play is about."""
        return self.params

    @property
    def follow_up(self) -> FollowUp | None:
        """As the plan says."""
        return self.params.follow_up

    async def open(self) -> None:
        """No queue, no least loaded member: the lead."""
        after = self.follow_up.after if self.follow_up else None
        await self.open_case(self.params, to_lead=True, verify_after=after)

    async def work(self) -> None:
        """Wait for the lead."""
        await self.work_case()
