"""The parameters of asking the customer once a case is concluded, in every play that does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from boucle.model import Duration, Frozen, SomeTime, TemplateId


def _on_the_wall_clock(remind_after: Duration) -> Duration:
    if remind_after.business:
        raise ValueError(f"'{remind_after}': a customer is reminded on the wall clock; write 3 days")
    return remind_after


ReminderTime = Annotated[SomeTime, AfterValidator(_on_the_wall_clock)]
"""How long after a message its customer is reminded: their days have no working hours."""


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
    remind_after: ReminderTime | None = Field(
        default=None, description="How long after the question it is asked once more; none: never."
    )
    reminder: TemplateId | None = Field(default=None, description="That reminder; none: the question again.")
    if_still_low: Literal["reopen", "escalate", "accept"] = Field(
        default="reopen",
        description="What follows an answer that is no better: reopen, escalate (the lead gets the case) "
        "or accept.",
    )
