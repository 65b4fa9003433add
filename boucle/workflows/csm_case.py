"""`csm_case`: a customer success manager calls, against two clocks."""

from __future__ import annotations

from pydantic import Field, field_validator
from temporalio import workflow

from boucle.workflows.case_play import WORKING, CasePlay

with workflow.unsafe.imports_passed_through():
    from boucle.activities.calls import CaseSeverity
    from boucle.model import ClockKind, Duration, Frozen, LoopRef, TeamId, TemplateId


def refuse_business_time(remind_before: tuple[Duration, ...]) -> tuple[Duration, ...]:
    """A reminder counts back on the wall clock."""
    for ahead in remind_before:
        if ahead.business:
            raise ValueError(f"'{ahead}': a reminder counts back on the wall clock; write 4h or 1 day")
    return remind_before


class CsmCaseParams(Frozen):
    """Parameters of `csm_case`."""

    team: TeamId = Field(description="The team that works the case; its member with least to do gets it.")
    first_contact_within: Duration = Field(
        default=Duration(amount=48, unit="hours"),
        description="The customer's clock: by when somebody has reached the customer.",
    )
    close_within: Duration = Field(
        default=Duration(amount=5, unit="days", business=True),
        description="The team's clock: by when the case is closed.",
    )
    remind_before: tuple[Duration, ...] = Field(
        default=(Duration(amount=4, unit="hours"),),
        description="How long before each clock runs out the owner is reminded; several are possible.",
    )
    acknowledge: TemplateId | None = Field(
        default=None,
        description="The message that tells the customer that somebody will call; none: no message.",
    )
    severity: CaseSeverity = Field(
        default="medium",
        description="low, medium, high or critical; from high on, colleagues are told at night too.",
    )

    _wall = field_validator("remind_before")(refuse_business_time)


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
