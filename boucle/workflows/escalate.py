"""`escalate`: the team's lead has the case at once, with short clocks."""

from __future__ import annotations

from pydantic import Field, field_validator
from temporalio import workflow

from boucle.workflows.case_play import WORKING, CasePlay
from boucle.workflows.csm_case import refuse_business_time

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import CaseSeverity
    from boucle.model import ClockKind, Duration, Frozen, LoopRef, TeamId


class EscalateParams(Frozen):
    """Parameters of `escalate`."""

    team: TeamId = Field(description="The team whose lead gets the case.")
    first_contact_within: Duration = Field(
        default=Duration(amount=4, unit="hours"),
        description="The customer's clock: by when the lead has reached the customer.",
    )
    close_within: Duration = Field(
        default=Duration(amount=2, unit="days", business=True),
        description="The team's clock: by when the case is closed.",
    )
    remind_before: tuple[Duration, ...] = Field(
        default=(Duration(amount=1, unit="hours"),),
        description="How long before each clock runs out the lead is reminded; several are possible.",
    )
    severity: CaseSeverity = Field(
        default="high",
        description="low, medium, high or critical; from high on, colleagues are told at night too.",
    )

    _wall = field_validator("remind_before")(refuse_business_time)


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
