"""The parameters of `apologize_with_offer`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from boucle.model import Duration, Frozen, SomeTime, TemplateId
from boucle.workflows.offer_params import Offer


class ApologizeWithOfferParams(Frozen):
    """Parameters of `apologize_with_offer`."""

    template: TemplateId = Field(description="The apology.")
    offer: Offer | Literal["none"] = Field(description="What goes with it, or none.")
    follow_up_after: Duration = Field(
        default=Duration(amount=7, unit="days"),
        description="How long after the apology the follow-up question is asked.",
    )
    follow_up_template: TemplateId = Field(default="follow-up", description="The follow-up question.")
    answer_within: SomeTime = Field(
        default=Duration(amount=14, unit="days"),
        description="How long an answer to it is waited for.",
    )
