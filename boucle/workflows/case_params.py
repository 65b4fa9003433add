"""The parameters of working a case, which every play with a case has."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from boucle.model import CaseSeverity, Duration, Frozen, ScriptId, SkillId, SomeTime, TeamId
from boucle.terms import CaseTerms
from boucle.workflows.ladder_params import MISSED_TO_LEAD, LadderLevel, to_ladder, to_silence


class CaseParams(Frozen):
    """How a case is worked: by whom, and against which clocks."""

    team: TeamId = Field(description="The team that works the case; its member with least to do gets it.")
    skill: SkillId | None = Field(
        default=None, description="What its owner has to be able to do, a skill of the people; none: nothing."
    )
    first_contact_within: SomeTime = Field(
        default=Duration(amount=48, unit="hours"),
        description="The customer's clock: by when somebody has reached the customer.",
    )
    close_within: SomeTime = Field(
        default=Duration(amount=5, unit="days", business=True),
        description="The team's clock: by when the case is closed.",
    )
    remind_before: tuple[Duration, ...] = Field(
        default=(Duration(amount=4, unit="hours"),),
        description="How long before each clock runs out the owner is reminded; several are possible.",
    )
    ladder: tuple[LadderLevel, ...] = Field(
        default=MISSED_TO_LEAD,
        description="Who is told besides, and when; a lead who is told may claim the case.",
    )
    remind_silent_after: tuple[SomeTime, ...] = Field(
        default=(Duration(amount=2, unit="days", business=True),),
        description="How long without a sign the owner is reminded of the case; several are possible.",
    )
    silent_after: SomeTime | Literal["none"] = Field(
        default=Duration(amount=3, unit="days", business=True),
        description="How long without a sign the owner is given up; none: never.",
    )
    if_silent: Literal["escalate", "reassign"] = Field(
        default="escalate",
        description="escalate: the lead is told, and may claim the case; reassign: somebody else gets it.",
    )
    script: ScriptId | None = Field(
        default=None,
        description="The open questions that are read before the call; none: those called like the play.",
    )
    severity: CaseSeverity = Field(
        default="medium",
        description="low, medium, high or critical; from high on, colleagues are told at night too.",
    )

    @field_validator("remind_before")
    @classmethod
    def _on_the_wall_clock(cls, remind_before: tuple[Duration, ...]) -> tuple[Duration, ...]:
        for ahead in remind_before:
            if ahead.business:
                raise ValueError(f"'{ahead}': a reminder counts back on the wall clock; write 4h or 1 day")
        return remind_before

    @model_validator(mode="after")
    def _each_moment_once(self) -> Self:
        to_ladder(self.remind_before, self.ladder)
        return self

    @property
    def terms(self) -> CaseTerms:
        """Who is told when, as the case keeps it."""
        silence = to_silence(self.remind_silent_after, self.silent_after, self.if_silent)
        return CaseTerms(ladder=to_ladder(self.remind_before, self.ladder), silence=silence)
