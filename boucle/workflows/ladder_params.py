"""The parameters of the escalation ladder: who is told when, besides the reminders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from boucle.model import Duration, Frozen, PersonId, TeamId, TemplateId
from boucle.terms import Level, Moment, Silence

LEAD = "lead"
Told = Literal["owner", "lead"] | PersonId
_Written = Told | tuple[Told, ...]


def _listed(value: object) -> object:
    """One name is a list of one."""
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)


class LadderLevel(Frozen):
    """Who is told at one moment of a case."""

    when: Moment = Field(
        description="Such as 2h before first_contact, close missed, 1 business day after close, "
        "4h after opening."
    )
    tell: Annotated[tuple[Told, ...], BeforeValidator(_listed, json_schema_input_type=_Written)] = Field(
        default=(), description="owner, lead, or the id of a person; several in brackets."
    )
    team: TeamId | None = Field(default=None, description="A team, each of whose members is told.")
    message: TemplateId | None = Field(
        default=None, description="What they are told; none: the product's own words."
    )

    @model_validator(mode="after")
    def _tells_somebody(self) -> LadderLevel:
        if not self.tell and self.team is None:
            raise ValueError(f"'{self.when}' tells nobody; write tell: owner, or team: and its id")
        return self

    def __str__(self) -> str:
        return f"{self.when}: {', '.join([*self.tell, *([self.team] if self.team else [])])}"

    def to_level(self) -> Level:
        """The level as a case keeps it."""
        people = [one if one in {"owner", LEAD} else f"person:{one}" for one in self.tell]
        teams = [f"team:{self.team}"] if self.team else []
        return Level(when=self.when, tell=(*people, *teams), template=self.message)


MISSED_TO_LEAD = tuple(
    LadderLevel(when=Moment.parse(f"{clock} missed"), tell=(LEAD,)) for clock in ("first_contact", "close")
)
"""The usual ladder."""


def to_ladder(remind_before: Sequence[Duration], ladder: Sequence[LadderLevel]) -> tuple[Level, ...]:
    """The reminders of both clocks to the owner, and the levels; ValueError for a moment that comes twice."""
    reminders = [
        Level(when=Moment.parse(f"{by} before {clock}"), tell=("owner",))
        for by in remind_before
        for clock in ("first_contact", "close")
    ]
    levels = (*reminders, *(level.to_level() for level in ladder))
    names = [level.when.name for level in levels]
    twice = next((level.when for level in levels if names.count(level.when.name) > 1), None)
    if twice is not None:
        raise ValueError(f"'{twice}' comes twice, in 'ladder' or 'remind_before'; tell all of them at once")
    return levels


def to_silence(
    remind_after: Sequence[Duration], after: Duration | Literal["none"], then: Literal["reassign", "escalate"]
) -> Silence:
    """What becomes of a silent owner."""
    return Silence(remind_after=tuple(remind_after), after=None if after == "none" else after, then=then)
