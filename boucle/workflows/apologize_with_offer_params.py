"""The parameters of `apologize_with_offer`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from boucle.model import Duration, Frozen, SomeTime, TemplateId
from boucle.workflows.case_params import CaseParams
from boucle.workflows.follow_up_params import ReminderTime
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
    remind_after: ReminderTime | None = Field(
        default=None, description="How long after the question it is asked once more; none: never."
    )
    reminder_template: TemplateId | None = Field(
        default=None, description="That reminder; none: the question again."
    )
    if_still_low: Literal["close", "case"] = Field(
        default="close",
        description="What follows an answer that is no better: the loop is closed, or becomes a case.",
    )
    case: CaseParams | None = Field(default=None, description="That case.")

    @model_validator(mode="after")
    def _has_its_case(self) -> Self:
        if (self.if_still_low == "case") != (self.case is not None):
            raise ValueError("'if_still_low: case' and the section 'case' need each other")
        return self
