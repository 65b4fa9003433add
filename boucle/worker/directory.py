"""Our own people and teams, made from the settings."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from boucle.activities.people import Colleague, Directory, Team
from boucle.engine.absences import Absence
from boucle.settings import Away, Settings
from boucle.settings import Colleague as Listed


def make_directory(settings: Settings) -> Directory:
    """Our own people and teams; who has no language or zone of their own has the workspace's."""
    people = {key: _colleague(key, one, settings) for key, one in settings.people.items()}
    teams = {
        key: Team(team.name, team.lead, team.members, team.sees_verbatims)
        for key, team in settings.teams.items()
    }
    return Directory(people, teams, {key: settings.authority_of(key) for key in settings.people})


def make_absence(person: str, away: Away, zone: str) -> Absence:
    """The days off as instants, in the person's own zone."""
    ends = None if away.until is None else away.until + timedelta(days=1)
    midnight = time(tzinfo=ZoneInfo(zone))
    return Absence(
        person=person,
        begins_at=datetime.combine(away.since, midnight),
        ends_at=datetime.combine(ends, midnight) if ends else None,
        stand_in=away.stand_in,
    )


def _colleague(key: str, one: Listed, settings: Settings) -> Colleague:
    zone = one.timezone or settings.timezone
    return Colleague(
        name=one.name,
        email=one.email,
        language=one.language or settings.language,
        timezone=zone,
        works_in=one.timezone,
        role=one.role,
        skills=one.skills,
        languages=one.languages,
        capacity=one.capacity,
        absences=tuple(make_absence(key, away, zone) for away in one.absences),
    )
