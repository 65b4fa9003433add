"""The parameters of `invite_promoter`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from boucle.model import Duration, Frozen, SomeTime, TemplateId
from boucle.workflows.follow_up_params import ReminderTime


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
    remind_after: ReminderTime | None = Field(
        default=None, description="How long after the invitation it is sent once more; none: never."
    )
    reminder_template: TemplateId | None = Field(
        default=None, description="That reminder; none: the invitation again."
    )
