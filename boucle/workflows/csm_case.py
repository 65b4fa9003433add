"""`csm_case`: a customer success manager calls, against two clocks."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.case_work import WORKING
from boucle.workflows.verifying import TO_LEAD, Verifying

with workflow.unsafe.imports_passed_through():
    from boucle.standing import LoopRef
    from boucle.workflows.case_params import CaseParams
    from boucle.workflows.csm_case_params import CsmCaseParams
    from boucle.workflows.follow_up_params import FollowUp


@workflow.defn(name="csm_case")
class CsmCase(Verifying):
    """Opens a case, tells the customer and the owner, and watches its clocks until it is closed."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; `ref` is taken by the base."""
        del ref
        await self.follow({"accepted": self.open, WORKING: self.work, **self.verifying})

    @property
    def params(self) -> CsmCaseParams:
        """The plan's parameters."""
        return CsmCaseParams.model_validate(self.standing.plan.params)

    @property
    def case_params(self) -> CaseParams:
        """The case is what the play is about."""
        return self.params

    @property
    def follow_up(self) -> FollowUp | None:
        """As the plan says."""
        return self.params.follow_up

    async def open(self) -> None:
        """The case first: it does not wait for a mail server. One that was begun anew may be the lead's."""
        after = self.follow_up.after if self.follow_up else None
        to_lead = self.standing.reopened_for == TO_LEAD
        await self.open_case(self.params, to_lead=to_lead, verify_after=after)

    async def work(self) -> None:
        """Tell the customer that somebody will call, then wait for the call."""
        template = self.params.acknowledge
        if template and self.standing.reachable and "acknowledge" not in self.standing.effects:
            self.send("acknowledge", template)
        await self.work_case()
