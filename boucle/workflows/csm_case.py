"""`csm_case`: a customer success manager calls, against two clocks."""

from __future__ import annotations

from temporalio import workflow

from boucle.workflows.case_play import WORKING, CasePlay

with workflow.unsafe.imports_passed_through():
    from boucle.model import ClockKind
    from boucle.standing import LoopRef
    from boucle.workflows.csm_case_params import CsmCaseParams


@workflow.defn(name="csm_case")
class CsmCase(CasePlay):
    """Opens a case, tells the customer and the owner, and watches its clocks until it is closed."""

    @workflow.run
    async def run(self, ref: LoopRef) -> None:
        """Stage after stage; `ref` is taken by the base."""
        del ref
        await self.follow({"accepted": self.open, WORKING: self.work})

    @property
    def params(self) -> CsmCaseParams:
        """The plan's parameters."""
        return CsmCaseParams.model_validate(self.standing.plan.params)

    async def open(self) -> None:
        """The case first: it does not wait for a mail server."""
        clocks = {
            ClockKind.FIRST_CONTACT: self.params.first_contact_within,
            ClockKind.CLOSE: self.params.close_within,
        }
        await self.open_case(self.params.team, self.params.severity, clocks, to_lead=False)

    async def work(self) -> None:
        """Tell the customer that somebody will call, then wait for the call."""
        template = self.params.acknowledge
        if template and self.standing.reachable and "acknowledge" not in self.standing.effects:
            self.send("acknowledge", template)
        await self.work_case(self.params.remind_before)
