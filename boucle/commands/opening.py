"""What a command needs before it can begin: the workspace's settings, rules and database."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from pathlib import Path

from boucle.engine.database import Database
from boucle.errors import BoucleError, Mistake
from boucle.settings import FILE, Settings, find_workspace, read_settings


class MistakesError(BoucleError):
    """Files of the workspace that cannot be used, each mistake with its place."""

    def __init__(self, mistakes: Sequence[Mistake], texts: Mapping[str, str]) -> None:
        from boucle.rules.report import render

        super().__init__(render(mistakes, texts, "text"))
        self.mistakes = tuple(mistakes)


class UnknownActorError(BoucleError):
    """Somebody acts who is not listed in the workspace's settings."""

    exit_code = 4

    def __init__(self, actor: str, known: Sequence[str]) -> None:
        listed = ", ".join(sorted(known)) or "nobody yet"
        super().__init__(
            f"nobody is called '{actor}' here; name one of the people of {FILE} with --as or BOUCLE_ACTOR "
            f"({listed})"
        )


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
    if settings.database_url is None:
        settings.data_folder.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    database.migrate()
    return database


def get_actor(settings: Settings, name: str | None) -> str:
    """Who acts on a case: one of the workspace's people; UnknownActorError."""
    actor = name or getpass.getuser()
    if actor not in settings.people:
        raise UnknownActorError(actor, list(settings.people))
    return actor
