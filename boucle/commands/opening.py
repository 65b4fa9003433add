"""What a command needs before it can begin: the workspace's settings, its database, and who acts."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boucle.errors import BoucleError, Mistake, NotFoundError
from boucle.model import Role
from boucle.settings import Settings
from boucle.settings_file import FILE, find_workspace, read_settings

if TYPE_CHECKING:
    from boucle.engine.database import Database

_NOBODY = "unknown"


class MistakesError(BoucleError):
    """Files of the workspace that cannot be used, each mistake with its place."""

    def __init__(self, mistakes: Sequence[Mistake], texts: Mapping[str, str]) -> None:
        from boucle.rules.report import render

        super().__init__(render(mistakes, texts, "text"))
        self.mistakes = tuple(mistakes)
        self.texts = texts


class NoSecondLevelError(BoucleError):
    """A case is closed with a root cause whose second level is missing."""

    def __init__(self, cause: str, listed: Sequence[str]) -> None:
        super().__init__(
            f"root cause '{cause}' has a second level; name it with --detail: {', '.join(listed)}"
        )


class UnknownActorError(BoucleError):
    """Somebody acts who is not listed in the workspace's settings."""

    exit_code = 4

    def __init__(self, actor: str, known: Sequence[str]) -> None:
        listed = ", ".join(sorted(known)) or "nobody yet"
        super().__init__(
            f"nobody is called '{actor}' here; name one of the people of {FILE} with --as or BOUCLE_ACTOR "
            f"({listed})"
        )


class ReadOnlyActorError(BoucleError):
    """Somebody acts whose role only reads."""

    exit_code = 4

    def __init__(self, actor: str, role: Role) -> None:
        super().__init__(f"'{actor}' is {_A_ROLE[role]}, who reads and changes nothing")


_A_ROLE = {Role.AUDITOR: "an auditor", Role.VIEWER: "a viewer"}


@dataclass(frozen=True)
class Opened:
    """A workspace that a command works on."""

    settings: Settings
    database: Database

    @property
    def is_running(self) -> bool:
        """Whether something will soon do what is recorded: `boucle up`, or workers that we cannot see."""
        return self.settings.temporal_address is not None or self.is_up

    @property
    def is_up(self) -> bool:
        """Whether `boucle up` works on this data folder."""
        from boucle.local.address import find_running

        return self.settings.data_folder.is_dir() and find_running(self.settings.data_folder) is not None


@contextmanager
def opened(workspace: Path | None) -> Iterator[Opened]:
    """The workspace that was named, or the nearest one, with its database brought up to date."""
    settings = get_settings(workspace)
    database = open_database(settings)
    try:
        yield Opened(settings, database)
    finally:
        database.dispose()


def get_settings(workspace: Path | None) -> Settings:
    """The settings of the workspace that was named, or of the nearest one; MistakesError."""
    folder = workspace or find_workspace(Path.cwd()) or Path.cwd()
    settings, mistakes = read_settings(folder.resolve())
    if settings is None:
        path = folder / FILE
        text = path.read_text("utf-8", errors="replace") if path.is_file() else ""
        raise MistakesError(mistakes, {FILE: text})
    return settings


def open_database(settings: Settings) -> Database:
    """The workspace's database, its tables brought up to date; UnreachableError."""
    from boucle.engine.database import Database

    if settings.database_url is None:
        settings.data_folder.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    if not database.is_migrated():
        database.migrate()
    return database


def get_actor(settings: Settings, name: str | None) -> str:
    """Who acts: one of the workspace's people, whose role does more than read.

    UnknownActorError, ReadOnlyActorError.
    """
    actor = name or login_name()
    if actor not in settings.people:
        raise UnknownActorError(actor, list(settings.people))
    role = settings.people[actor].role
    if role in _A_ROLE:
        raise ReadOnlyActorError(actor, role)
    return actor


def login_name() -> str:
    """Whose account this is, where the system knows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return _NOBODY


def require_person(settings: Settings, person: str) -> None:
    """Refuse a name that is nobody's: NotFoundError."""
    if person not in settings.people:
        raise NotFoundError("person", person, settings.people)


def require_worker(settings: Settings, person: str) -> None:
    """Refuse a name that is nobody's, and somebody who could not work: NotFoundError, ReadOnlyActorError."""
    require_person(settings, person)
    get_actor(settings, person)


def require_team(settings: Settings, team: str) -> None:
    """Refuse a name that is no team's: NotFoundError."""
    if team not in settings.teams:
        raise NotFoundError("team", team, settings.teams)


def require_root_cause(settings: Settings, cause: str | None, detail: str | None) -> None:
    """Refuse a root cause that is not on the workspace's list, of both levels: NotFoundError."""
    if cause is None:
        return
    if cause not in settings.root_causes:
        raise NotFoundError("root cause", cause, settings.root_causes)
    listed = settings.root_causes[cause]
    if detail is None and listed:
        raise NoSecondLevelError(cause, listed)
    if detail is not None and detail not in listed:
        raise NotFoundError(f"second level of root cause '{cause}'", detail, listed)
