"""The parameters of `apologize_with_offer`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from boucle.model import Duration, Frozen, Money, SomeTime, TemplateId


class Offer(Frozen):
    """What the customer is offered."""

    kind: Literal["voucher"] = Field(description="What it is: a voucher with a code of its own.")
    value: Money = Field(description="What it is worth, such as 15.00 EUR.")
    valid_for: SomeTime = Field(description="How long it can be used, such as 30 days.")

    @field_validator("value")
    @classmethod
    def _is_worth_something(cls, value: Money) -> Money:
        if value.minor <= 0:
            raise ValueError(f"'{value}' is worth nothing; write an amount above 0, or offer: none")
        return value


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
