"""Every setting, with type, default and one line of doc. Read by the edges, handed down as values.

A workspace's `boucle.toml` is read strictly: an unknown key is a mistake, never ignored. Environment
variables `BOUCLE_…` win over the file: `BOUCLE_DATABASE_URL`, and two underscores for what lies in a
section, `BOUCLE_SMTP__PASSWORD`. `TEMPORAL_ADDRESS` and `TEMPORAL_CLI_PATH`, which Temporal's own tools
know, are honoured too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr, model_validator

from boucle.model import Authority, Calendar, ContactPolicy, Duration, Frozen, Money, Role
from boucle.working_time import WorkingTime, Zone

_SQLITE = "sqlite:///"
HOLIDAY_YEARS = 3
"""How many years of holidays a calendar holds."""


def _wall_time(duration: Duration) -> Duration:
    if duration.business:
        raise ValueError(f"'{duration}' is working time; write it in hours or days, such as 2 days")
    return duration


Language = Annotated[str, Field(pattern="^[a-z]{2}$")]
Email = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Url = Annotated[
    str, Field(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$"), AfterValidator(lambda url: url.rstrip("/"))
]
Domain = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")]


Skill = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]*$")]


class Away(Frozen):
    """When somebody is away: both days are days off. `stand_in` is who gets their cases meanwhile."""

    since: date = Field(alias="from", description="The first day.")
    until: date | None = Field(default=None, description="The last day; none: until further notice.")
    stand_in: str | None = Field(default=None, description="Id of who stands in; none: nobody.")

    @model_validator(mode="after")
    def _is_in_order(self) -> Away:
        if self.until is not None and self.until < self.since:
            raise ValueError(f"an absence from {self.since} cannot end before it, on {self.until}")
        return self

    def covers(self, day: date) -> bool:
        """Whether that is a day off."""
        return self.since <= day and (self.until is None or day <= self.until)


class Colleague(Frozen):
    """One of our own people, by the id that `--as` and the teams name."""

    name: str = Field(description="The name that colleagues see.")
    email: Email = Field(description="Where notifications go.")
    language: Language | None = Field(default=None, description="Language of notifications.")
    timezone: Zone | None = Field(default=None, description="Zone in which this person's times are shown.")
    role: Role = Field(
        default=Role.CSM, description="csm, lead, cx_ops, auditor, viewer or admin; a team's lead is a lead."
    )
    skills: tuple[Skill, ...] = Field(default=(), description="What they can do that some cases ask for.")
    languages: tuple[Language, ...] = Field(
        default=(), description="Languages they speak with customers; none: every one."
    )
    capacity: int | None = Field(
        default=None, ge=0, description="How many open cases they are given at most; none: any number."
    )
    absences: tuple[Away, ...] = Field(
        default=(), description="When they are away: from, until (the last day), stand_in."
    )


class Team(Frozen):
    """Who works a kind of case."""

    name: str = Field(description="The name that people see.")
    lead: str = Field(description="Id of the person a missed clock escalates to.")
    members: tuple[str, ...] = Field(default=(), description="Ids of the people who can own a case.")
    calendar: str | None = Field(
        default=None, description="Id of the calendar it works by; none: the workspace's."
    )
    sees_verbatims: bool = Field(
        default=False, description="Whether it reads what a customer has written when a rule tells it (also)."
    )


class Smtp(Frozen):
    """The mail server that messages go out by."""

    host: str = Field(description="Name of the mail server.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    username: str | None = Field(default=None, description="Name to log in with; none: no login.")
    password: SecretStr | None = Field(
        default=None, description="Password to log in with; better in BOUCLE_SMTP__PASSWORD than in a file."
    )
    starttls: bool = Field(default=True, description="Encrypt with STARTTLS; refused servers are not used.")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Limit = Annotated[tuple[Money, ...], BeforeValidator(_listed)]
_UNLIMITED = frozenset({Role.LEAD, Role.ADMIN})
"""Roles that may grant any amount where the settings give them no limit."""


class Offers(Frozen):
    """Who may grant what by themselves."""

    limits: Mapping[Role, Limit] = Field(
        default_factory=dict,
        description='Up to which value a role grants an offer by itself: csm = "50.00 EUR", or a list of '
        "amounts, one a currency. A lead and an admin without one grant any amount, others none.",
        json_schema_extra={"shown": "none"},
    )

    def authority(self, role: Role) -> Authority:
        """What the role may grant."""
        unlimited = role in _UNLIMITED and role not in self.limits
        return Authority(role=role, ceilings=None if unlimited else self.limits.get(role, ()))


class Quarantine(Frozen):
    """Who looks at a response that does not fit the catalogue, and by when."""

    owner: str = Field(default="cx-ops", description="Id of the person or team that mends it.")
    within: Annotated[Duration, AfterValidator(_wall_time)] = Field(
        default_factory=lambda: Duration.parse("2 days"),
        description="How long it may wait.",
        json_schema_extra={"shown": "2 days"},
    )


class Settings(Frozen):
    """All settings of one workspace. `workspace` is the folder they were read from."""

    _workspace: Path = PrivateAttr(default=Path())

    company: str = Field(default="", description="Your company's name, as customers read it in messages.")
    language: Language = Field(
        default="en", description="Language of messages to contacts whose language is unknown."
    )
    timezone: Zone = Field(default="UTC", description="Zone of the working hours and of the figures.")
    calendar: str | None = Field(
        default=None,
        description="Id of the calendar of teams without one; none: Monday to Friday, 9:00 to 18:00.",
    )
    data: Path = Field(
        default=Path(".boucle"), description="Folder of the embedded databases, relative to the workspace."
    )
    database_url: str | None = Field(
        default=None,
        pattern=r"^(sqlite|postgres(ql(\+psycopg)?)?)://",
        description="The database; none: a SQLite file in the data folder.",
    )
    temporal_address: str | None = Field(
        default=None, description="host:port of a Temporal server; none: `boucle up` starts one of its own."
    )
    temporal_cli_path: Path | None = Field(
        default=None, description="The `temporal` program to start; none: the one installed with boucle."
    )
    namespace: str = Field(default="default", min_length=1, description="The Temporal namespace.")
    task_queue: str = Field(default="boucle", min_length=1, description="The Temporal task queue.")
    sender: str = Field(
        default="boucle@boucle.invalid",
        description="From whom customers get mail: an address, or Name <address>.",
    )
    mail_domain: Domain = Field(
        default="boucle.invalid", description="Domain of Message-IDs, and of the address replies go to."
    )
    public_url: Url = Field(
        default="https://boucle.invalid",
        description="Where customers reach your pages: links in messages begin with it.",
    )
    link_keys: SecretStr | None = Field(
        default=None,
        description="Keys that links are signed with, in hexadecimal, a space between two: the first signs, "
        "all are accepted; none: one is made in the data folder.",
    )
    mailbox: Path | None = Field(
        default=None,
        description="Folder that mails go to when there is no mail server; none: in the data folder.",
    )
    smtp: Smtp | None = Field(
        default=None, description="The mail server; none: mails are files in the mailbox folder."
    )
    quarantine: Quarantine = Field(
        default_factory=Quarantine, description="Who mends what does not fit the catalogue, and by when."
    )
    offers: Offers = Field(default_factory=Offers, description="Who may grant what by themselves.")
    contact: ContactPolicy = Field(
        default_factory=ContactPolicy, description="When a customer counts as unreachable."
    )
    root_causes: Mapping[Code, tuple[Code, ...]] = Field(
        default_factory=lambda: dict.fromkeys(("people", "process", "product", "policy", "price"), ()),
        description="What cases can be about, by id, each with the ids of its second level.",
        json_schema_extra={"shown": "people, process, product, policy, price, each without a second level"},
    )
    people: Mapping[str, Colleague] = Field(default_factory=dict, description="Our own people, by id.")
    teams: Mapping[str, Team] = Field(default_factory=dict, description="Teams, by id.")
    calendars: Mapping[str, WorkingTime] = Field(default_factory=dict, description="Calendars, by id.")

    @classmethod
    def of(cls, workspace: Path, values: Mapping[str, Any]) -> Settings:
        """The settings of a folder; ValidationError where they don't fit."""
        settings = cls(**values)
        settings._workspace = workspace
        return settings

    @property
    def workspace(self) -> Path:
        """The folder that holds `boucle.toml`, the facts, the policy and the rules."""
        return self._workspace

    @property
    def data_folder(self) -> Path:
        """Where the embedded databases, the lock and the reports lie."""
        return self._workspace / self.data

    @property
    def link_secrets(self) -> tuple[str, ...]:
        """The keys of links that were set, as they were written."""
        return tuple(self.link_keys.get_secret_value().split()) if self.link_keys else ()

    @property
    def mailbox_folder(self) -> Path:
        """Where mails go that no mail server takes."""
        return self._workspace / self.mailbox if self.mailbox else self.data_folder / "mailbox"

    @property
    def database(self) -> str:
        """The database's URL, the embedded one where none is set; a relative file is in the workspace."""
        if self.database_url is None:
            return f"{_SQLITE}{self.data_folder / 'boucle.db'}"
        if self.database_url.startswith(_SQLITE):
            return f"{_SQLITE}{self._workspace / self.database_url.removeprefix(_SQLITE)}"
        return self.database_url

    def authority_of(self, person: str) -> Authority:
        """Up to which value one of our own people grants offers; a team's lead is at least a lead."""
        role = self.people[person].role
        leads = any(team.lead == person for team in self.teams.values())
        return self.offers.authority(Role.LEAD if leads and role == Role.CSM else role)

    @property
    def skills(self) -> frozenset[str]:
        """All that our own people can do."""
        return frozenset(skill for one in self.people.values() for skill in one.skills)

    def make_calendar(self, year: int, team: str | None = None) -> Calendar:
        """The working time of a team, or the workspace's own, with the holidays from `year` on.

        They reach to the end of the second year after it: a loop keeps the calendar it was opened under.
        """
        known = self.teams.get(team) if team else None
        own = known.calendar if known else None
        name = own or self.calendar
        years = range(year, year + HOLIDAY_YEARS)
        if name is None:
            return WorkingTime().calendar("weekdays 9-18", self.timezone, years)
        return self.calendars[name].calendar(name, self.timezone, years)
