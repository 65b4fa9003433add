"""Our own people and teams, as the settings list them: who leads, who has least to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boucle.engine.absences import Absence
from boucle.engine.assignment import Candidate, Roster
from boucle.model import Authority, Money, Role


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
    role: Role = Role.CSM
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    capacity: int | None = None
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True)
class Team:
    """Who works a kind of case; `lead` is whom a missed clock escalates to."""

    name: str
    lead: str
    members: tuple[str, ...] = ()
    sees_verbatims: bool = False


@dataclass(frozen=True)
class Directory:
    """People and teams by id."""

    people: Mapping[str, Colleague] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    authorities: Mapping[str, Authority] = field(default_factory=dict)

    def find_lead(self, team: str) -> str | None:
        """The lead of a team, None for a team that is no longer listed."""
        found = self.teams.get(team)
        return found.lead if found else None

    def find_approver(self, team: str | None, value: Money | None) -> str | None:
        """Who is asked to approve an offer: the team's lead if their limit suffices, else who may decide.

        None where nobody's limit suffices.
        """
        lead = self.find_lead(team) if team else None
        people = [lead, *self.people] if lead else [*self.people]
        known = ((person, self.authorities.get(person)) for person in people)
        return next((person for person, own in known if own is not None and own.approves(value)), None)

    def list_members(self, team: str) -> tuple[str, ...]:
        """The members of a team, in its order; none for a team that is no longer listed."""
        found = self.teams.get(team)
        return found.members if found else ()

    def role_of(self, person: str) -> Role | None:
        """What somebody may do; a team's lead is at least a lead. None for who is not listed."""
        colleague = self.people.get(person)
        if colleague is None:
            return None
        leads = any(team.lead == person for team in self.teams.values())
        return Role.LEAD if leads and colleague.role == Role.CSM else colleague.role

    def list_teams(self, person: str) -> tuple[str, ...]:
        """The teams that somebody is a member of, or leads."""
        return tuple(key for key, team in self.teams.items() if person in {team.lead, *team.members})

    def make_roster(self) -> Roster:
        """Our people as assignment knows them."""
        return Roster(
            people={key: _candidate(key, one) for key, one in self.people.items()},
            members={key: team.members for key, team in self.teams.items()},
            leads={key: team.lead for key, team in self.teams.items()},
            absences=tuple(absence for one in self.people.values() for absence in one.absences),
        )


def _candidate(key: str, one: Colleague) -> Candidate:
    return Candidate(key, one.email, frozenset(one.skills), frozenset(one.languages), one.capacity)
