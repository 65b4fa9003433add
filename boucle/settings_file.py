"""Reading a workspace's `boucle.toml`: strictly, every mistake with its place.

Environment variables win over the file, as `settings` says.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from boucle.errors import Mistake, Place
from boucle.model import ContactPolicy
from boucle.settings import Colleague, Offers, Quarantine, Settings, Smtp, Team
from boucle.working_time import WorkingTime

FILE = "boucle.toml"


# -- mistakes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class NotTomlMistake(Mistake):
    """The file is not TOML, or not UTF-8."""

    code: ClassVar[str] = "S001"
    detail: str

    @property
    def message(self) -> str:
        """What the reader says of it."""
        return f"not a TOML file: {self.detail}"


@dataclass(frozen=True)
class UnknownSettingMistake(Mistake):
    """A key that no setting has."""

    code: ClassVar[str] = "S002"
    name: str
    near: str | None

    @property
    def message(self) -> str:
        """The key, and the nearest one that exists."""
        guess = f"; did you mean '{self.near}'?" if self.near else ""
        return f"unknown setting '{self.name}'{guess}"

    @property
    def help(self) -> str:
        """Where the settings are listed."""
        return "docs/settings.md lists every setting"


@dataclass(frozen=True)
class SettingValueMistake(Mistake):
    """A setting whose value does not fit."""

    code: ClassVar[str] = "S003"
    name: str
    detail: str

    @property
    def message(self) -> str:
        """The setting, and why its value does not fit."""
        return f"'{self.name}': {self.detail}"


@dataclass(frozen=True)
class UnknownPersonMistake(Mistake):
    """A setting names a person who is not listed."""

    code: ClassVar[str] = "S004"
    name: str
    person: str

    @property
    def message(self) -> str:
        """Who is named where."""
        return f"'{self.name}': nobody is called '{self.person}'"

    @property
    def help(self) -> str:
        """How to list them."""
        return f"add a section [people.{self.person}] with name and email"


@dataclass(frozen=True)
class NoWorkspaceMistake(Mistake):
    """The folder holds no `boucle.toml`."""

    code: ClassVar[str] = "S005"

    @property
    def message(self) -> str:
        """That the file is missing."""
        return "there is no boucle.toml here"

    @property
    def help(self) -> str:
        """How to make one."""
        return "'boucle init FOLDER' makes a workspace; --workspace names one"


@dataclass(frozen=True)
class UnknownCalendarMistake(Mistake):
    """A setting names a calendar that is not listed."""

    code: ClassVar[str] = "S006"
    name: str
    calendar: str

    @property
    def message(self) -> str:
        """What is named where."""
        return f"'{self.name}': no calendar is called '{self.calendar}'"

    @property
    def help(self) -> str:
        """How to make one."""
        return f"add a section [calendars.{self.calendar}] with the working time"


@dataclass(frozen=True)
class StandInCircleMistake(Mistake):
    """People who are away at the same time stand in for each other."""

    code: ClassVar[str] = "S007"
    name: str
    circle: tuple[str, ...]
    day: date

    @property
    def message(self) -> str:
        """Who stands in for whom, and when."""
        if len(self.circle) == 1:
            return f"'{self.name}': '{self.circle[0]}' cannot stand in for themselves"
        round_ = " → ".join((*self.circle, self.circle[0]))
        return f"'{self.name}': on {self.day} they stand in for each other: {round_}"

    @property
    def help(self) -> str:
        """What to write instead."""
        return "name somebody who is there as stand_in, or leave it out"


# -- reading ------------------------------------------------------------------------------------


def find_workspace(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds a `boucle.toml`."""
    return next((folder for folder in (start, *start.parents) if (folder / FILE).is_file()), None)


def read_settings(folder: Path) -> tuple[Settings | None, list[Mistake]]:
    """The settings of a workspace, and every mistake in them; None when there is one."""
    try:
        text = (folder / FILE).read_text("utf-8")
    except FileNotFoundError:
        return None, [NoWorkspaceMistake(Place(FILE, 1, 1))]
    except UnicodeDecodeError as error:
        return None, [NotTomlMistake(Place(FILE, 1, 1), f"it is not UTF-8 ({error.reason})")]
    return parse_settings(text, folder)


def parse_settings(text: str, folder: Path) -> tuple[Settings | None, list[Mistake]]:
    """As `read_settings`, of a text."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [_not_toml(str(error))]
    try:
        environment = _read_environment()
    except ValueError as error:
        return None, [SettingValueMistake(_ENVIRONMENT, "environment", str(error))]
    try:
        settings = Settings.of(folder, _merged(values, environment))
    except ValidationError as error:
        return None, sorted((_mistake(text, found) for found in error.errors()), key=lambda m: m.place)
    unknown = (
        *_strangers(text, settings),
        *_unknown_calendars(text, settings),
        *_circles(text, settings),
    )
    mistakes = sorted(unknown, key=lambda mistake: mistake.place)
    return (None if mistakes else settings), mistakes


_ENVIRONMENT = Place("environment", 1, 1)
_PREFIX = "BOUCLE_"
_TEMPORALS_OWN = {"temporal_address": "TEMPORAL_ADDRESS", "temporal_cli_path": "TEMPORAL_CLI_PATH"}


def _read_environment() -> Mapping[str, Any]:
    """What the environment sets, ours before Temporal's own; ValueError where a variable is not JSON."""
    found = {setting: os.environ[name] for setting, name in _TEMPORALS_OWN.items() if os.environ.get(name)}
    if not any(name.upper().startswith(_PREFIX) for name in os.environ):
        return found
    from pydantic_settings import EnvSettingsSource  # noqa: PLC0415 slow to load, and seldom needed

    source = EnvSettingsSource(cast("Any", Settings), env_prefix=_PREFIX, env_nested_delimiter="__")
    return _merged(found, source())


def _merged(values: Mapping[str, Any], winning: Mapping[str, Any]) -> dict[str, Any]:
    """The values, section by section under those that win over them."""
    both = {
        key: _merged(values[key], winning[key])
        for key in values.keys() & winning.keys()
        if isinstance(values[key], Mapping) and isinstance(winning[key], Mapping)
    }
    return {**values, **winning, **both}


def _not_toml(detail: str) -> Mistake:
    found = re.search(r"\s*\(at line (\d+), column (\d+)\)$", detail)
    if found is None:
        return NotTomlMistake(Place(FILE, 1, 1), detail)
    return NotTomlMistake(Place(FILE, int(found[1]), int(found[2])), detail[: found.start()])


def _mistake(text: str, found: ErrorDetails) -> Mistake:
    path = tuple(str(part) for part in found["loc"])
    variable = _PREFIX + "__".join(path).upper()
    place = _ENVIRONMENT if variable in os.environ else locate(text, path)
    name = variable if place == _ENVIRONMENT else ".".join(path)
    if found["type"] == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], _keys(path[:-1]), n=1)
        return UnknownSettingMistake(place, name, near[0] if near else None)
    return SettingValueMistake(place, name, _plain(found))


_A_DAY = "must be a day, such as 2026-12-24"
_WORDS: Mapping[str, str] = {
    "missing": "is required",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "model_type": "must be a section of its own",
    "model_attributes_type": "must be a section of its own",
    "mapping_type": "must be a section of its own",
    "dict_type": "must be a section of its own",
    "tuple_type": "must be a list",
    "path_type": "must be a path",
    "date_type": _A_DAY,
    "date_parsing": _A_DAY,
    "date_from_datetime_parsing": _A_DAY,
    "date_from_datetime_inexact": _A_DAY,
}

_PATTERNS: Mapping[str, str] = {
    "language": "must be a language of two letters, such as en or fr",
    "languages": "must be languages of two letters, such as en or fr",
    "skills": "must be words of small letters, such as billing",
    "email": "must be an e-mail address",
    "root_causes": "must be ids of small letters, digits, - and _, such as late-delivery",
    "mail_domain": "must be a domain, such as example.com",
    "database_url": "must begin with sqlite:/// or postgresql://",
}


def _plain(found: ErrorDetails) -> str:
    """What is wrong with a value, in plain words; never the value itself, which may be a secret."""
    if found["type"] == "string_pattern_mismatch":
        return next(_PATTERNS[part] for part in map(str, reversed(found["loc"])) if part in _PATTERNS)
    return _WORDS.get(found["type"]) or found["msg"].removeprefix("Value error, ")


def _strangers(text: str, settings: Settings) -> Iterator[Mistake]:
    """Names of people who are not listed."""
    for team_id, team in settings.teams.items():
        named = [("lead", team.lead), *(("members", member) for member in team.members)]
        for key, person in named:
            if person not in settings.people:
                path = ("teams", team_id, key)
                yield UnknownPersonMistake(locate(text, path), ".".join(path), person)
    for person_id, colleague in settings.people.items():
        for away in colleague.absences:
            if away.stand_in is not None and away.stand_in not in settings.people:
                path = ("people", person_id, "absences")
                yield UnknownPersonMistake(locate(text, path), ".".join(path), away.stand_in)
    owner = settings.quarantine.owner
    chosen = "owner" in settings.quarantine.model_fields_set
    if chosen and owner not in settings.people and owner not in settings.teams:
        yield UnknownPersonMistake(locate(text, ("quarantine", "owner")), "quarantine.owner", owner)


def _circles(text: str, settings: Settings) -> Iterator[Mistake]:
    """Stand-ins who are away themselves, and so on, back to where it began; each circle once."""
    told: set[frozenset[str]] = set()
    for person_id, colleague in settings.people.items():
        for away in colleague.absences:
            circle = _follow(settings, person_id, away.since)
            if circle and frozenset(circle) not in told:
                told.add(frozenset(circle))
                path = ("people", circle[0], "absences")
                yield StandInCircleMistake(locate(text, path), ".".join(path), circle, away.since)


def _follow(settings: Settings, person: str, day: date) -> tuple[str, ...]:
    """The circle that somebody's stand-ins make on a day; empty where they make none."""
    seen: list[str] = []
    who: str | None = person
    while who is not None and who not in seen:
        seen.append(who)
        colleague = settings.people.get(who)
        days_off = [away for away in colleague.absences if away.covers(day)] if colleague else []
        who = max(days_off, key=lambda away: away.since).stand_in if days_off else None
    return tuple(seen[seen.index(who) :]) if who is not None else ()


def _unknown_calendars(text: str, settings: Settings) -> Iterator[Mistake]:
    """Names of calendars that are not listed."""
    named: dict[tuple[str, ...], str | None] = {("calendar",): settings.calendar}
    named |= {("teams", team_id, "calendar"): team.calendar for team_id, team in settings.teams.items()}
    for path, calendar in named.items():
        if calendar is not None and calendar not in settings.calendars:
            yield UnknownCalendarMistake(locate(text, path), ".".join(path), calendar)


# -- what there is, and where -------------------------------------------------------------------


@dataclass(frozen=True)
class SettingDoc:
    """One setting as the reference lists it: `people.<id>.email`, its default, its line of doc."""

    key: str
    default: str
    doc: str


_SECTIONS: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): Settings,
    ("smtp",): Smtp,
    ("quarantine",): Quarantine,
    ("offers",): Offers,
    ("contact",): ContactPolicy,
    ("people", "<id>"): Colleague,
    ("teams", "<id>"): Team,
    ("calendars", "<id>"): WorkingTime,
}


def describe_settings() -> list[SettingDoc]:
    """Every setting that a `boucle.toml` may hold, sections spelled out."""
    sections = {path[0] for path in _SECTIONS if path}
    return [
        SettingDoc(".".join((*path, key)), _shown(field), field.description or "")
        for path, model in _SECTIONS.items()
        for key, field in model.model_fields.items()
        if path or key not in sections
    ]


def _shown(field: Any) -> str:
    if field.is_required():
        return "required"
    if isinstance(field.json_schema_extra, dict):
        return str(field.json_schema_extra["shown"])
    default = field.default
    if isinstance(default, bool):
        return str(default).lower()
    return "none" if default in {None, "", ()} else str(default)


def _keys(section: tuple[str, ...]) -> list[str]:
    """The keys that a section may hold."""
    generic = (section[0], "<id>") if len(section) == 2 else section  # noqa: PLR2004 section and id
    model = _SECTIONS.get(generic)
    return list(model.model_fields) if model else []


_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\s*({_KEY})\s*\]")
_ENTRY = re.compile(rf"\s*({_KEY})\s*=")


def locate(text: str, path: tuple[str, ...]) -> Place:
    """Where a setting stands in a `boucle.toml`, as near as the text tells; its top where it does not."""
    best, place = 0, Place(FILE, 1, 1)
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _HEADER.match(line):
            table = here = _parts(found[1])
        elif found := _ENTRY.match(line):
            here = (*table, *_parts(found[1]))
        else:
            continue
        if len(here) > best and here == path[: len(here)]:
            best, place = len(here), Place(FILE, number, found.start(1) + 1)
    return place


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))
