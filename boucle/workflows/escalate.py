"""`escalate`: the team's lead has the case at once, with short clocks."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.case_play import WORKING, CasePlay

with workflow.unsafe.imports_passed_through():
    from boucle.model import ClockKind
    from boucle.standing import LoopRef
    from boucle.workflows.escalate_params import EscalateParams


@workflow.defn(name="escalate")
class Escalate(CasePlay):
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

    async def open(self) -> None:
        """No queue, no least loaded member: the lead."""
        clocks = {
            ClockKind.FIRST_CONTACT: self.params.first_contact_within,
            ClockKind.CLOSE: self.params.close_within,
        }
        await self.open_case(self.params.team, self.params.severity, clocks, to_lead=True)

    async def work(self) -> None:
        """Wait for the lead."""
        await self.work_case(self.params.remind_before)
