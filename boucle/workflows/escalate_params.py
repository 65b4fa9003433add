"""The parameters of `escalate`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from boucle.model import CaseSeverity, Duration, SomeTime, TeamId
from boucle.workflows.case_params import CaseParams
from boucle.workflows.follow_up_params import FollowUp


class EscalateParams(CaseParams):
    """Parameters of `escalate`."""

    team: TeamId = Field(description="The team whose lead gets the case.")
    first_contact_within: SomeTime = Field(
        default=Duration(amount=4, unit="hours"),
        description="The customer's clock: by when the lead has reached the customer.",
    )
    close_within: SomeTime = Field(
        default=Duration(amount=2, unit="days", business=True),
        description="The team's clock: by when the case is closed.",
    )
    remind_before: tuple[Duration, ...] = Field(
        default=(Duration(amount=1, unit="hours"),),
        description="How long before each clock runs out the lead is reminded; several are possible.",
    )
    remind_silent_after: tuple[SomeTime, ...] = Field(
        default=(Duration(amount=1, unit="days", business=True),),
        description="How long without a sign the lead is reminded of the case; several are possible.",
    )
    silent_after: SomeTime | Literal["none"] = Field(
        default=Duration(amount=2, unit="days", business=True),
        description="How long without a sign the lead is given up; none: never.",
    )
    if_silent: Literal["escalate", "reassign"] = Field(
        default="reassign",
        description="escalate: the lead is told, and may claim the case; reassign: somebody else gets it.",
    )
    severity: CaseSeverity = Field(
        default="high",
        description="low, medium, high or critical; from high on, colleagues are told at night too.",
    )
    follow_up: FollowUp | None = Field(
        default=None,
        description="Asking the customer once the case is concluded; none: the lead's word counts.",
    )
