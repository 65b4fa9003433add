"""Our own people and teams, as the settings list them: who leads, who has least to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Colleague:
    """One of our own people: where notifications go, and in which language and zone.

    `works_in` is the zone on whose wall clock they work their hours; None: that of their calendar.
    """

    name: str
    email: str
    language: str
    timezone: str
    works_in: str | None = None


@dataclass(frozen=True)
class Team:
    """Who works a kind of case; `lead` is whom a missed clock escalates to."""

    name: str
    lead: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Directory:
    """People and teams by id."""

    people: Mapping[str, Colleague] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)

    def find_lead(self, team: str) -> str | None:
        """The lead of a team, None for a team that is no longer listed."""
        found = self.teams.get(team)
        return found.lead if found else None

    def list_members(self, team: str) -> tuple[str, ...]:
        """The members of a team, in its order; none for a team that is no longer listed."""
        found = self.teams.get(team)
        return found.members if found else ()
