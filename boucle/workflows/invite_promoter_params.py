"""The parameters of `invite_promoter`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from boucle.model import Duration, Frozen, SomeTime, TemplateId
from boucle.workflows.follow_up_params import on_the_wall_clock


class InvitePromoterParams(Frozen):
    """Parameters of `invite_promoter`."""

    template: TemplateId = Field(description="The invitation.")
    kind: Literal["refer", "testify", "both"] = Field(
        default="both",
        description="What the customer is invited to: refer (somebody else), testify (say something of us) "
        "or both.",
    )
    within: SomeTime = Field(
        default=Duration(amount=60, unit="days"),
        description="How long what comes of it is waited for; a referral is followed beyond it.",
    )
    remind_after: SomeTime | None = Field(
        default=None, description="How long after the invitation it is sent once more; none: never."
    )
    reminder_template: TemplateId | None = Field(
        default=None, description="That reminder; none: the invitation again."
    )

    @field_validator("remind_after")
    @classmethod
    def _on_the_wall_clock(cls, remind_after: Duration | None) -> Duration | None:
        return on_the_wall_clock(remind_after)
