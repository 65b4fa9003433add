"""The parameters of asking the customer once a case is concluded, in every play that does."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from boucle.model import Duration, Frozen, SomeTime, TemplateId


class FollowUp(Frozen):
    """Whether the customer is content again, in their own words."""

    after: Duration = Field(
        default=Duration(amount=7, unit="days"),
        description="How long after the case was concluded the customer is asked.",
    )
    template: TemplateId = Field(default="follow-up", description="The question.")
    within: SomeTime = Field(
        default=Duration(amount=14, unit="days"), description="How long an answer is waited for."
    )
    remind_after: SomeTime | None = Field(
        default=None, description="How long after the question it is asked once more; none: never."
    )
    reminder: TemplateId | None = Field(default=None, description="That reminder; none: the question again.")
    if_still_low: Literal["reopen", "escalate", "accept"] = Field(
        default="reopen",
        description="What follows an answer that is no better: reopen, escalate (the lead gets the case) "
        "or accept.",
    )

    @field_validator("remind_after")
    @classmethod
    def _on_the_wall_clock(cls, remind_after: Duration | None) -> Duration | None:
        return on_the_wall_clock(remind_after)


def on_the_wall_clock(remind_after: Duration | None) -> Duration | None:
    """The time of a reminder to a customer, whose days have no working hours; ValueError."""
    if remind_after is not None and remind_after.business:
        raise ValueError(f"'{remind_after}': a customer is reminded on the wall clock; write 3 days")
    return remind_after
