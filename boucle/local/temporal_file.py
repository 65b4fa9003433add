"""The file of the embedded Temporal server: whether it can be used, and what replaces it.

It cannot be upgraded: a file made by another server lacks tables that this one needs. So the
server's version is kept beside it, and written only when every open loop has been handed over to
the server on that file. Whatever is in doubt is set aside: the database holds all that a loop needs
to start again where it stood.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_SIDES = ("", "-wal", "-shm")


@dataclass(frozen=True)
class TemporalFile:
    """The SQLite file of the embedded server, with its version beside it."""

    path: Path

    @classmethod
    def of(cls, folder: Path) -> TemporalFile:
        """The one of a data folder."""
        return cls(folder / "temporal.db")

    @property
    def version_path(self) -> Path:
        """Where the version of the server that made the file is kept."""
        return self.path.with_suffix(".version")

    def find_problem(self, version: str) -> str | None:
        """Why a server of this version must not go on with the file; None when it may."""
        if not self.path.exists():
            return "there is no Temporal file yet" if not self.version_path.exists() else "it was deleted"
        made_by = self._made_by()
        if made_by is None:
            return "it was never completed"
        if made_by != version:
            return f"it was made by server {made_by}, this one is {version}"
        return self._damage()

    def _made_by(self) -> str | None:
        try:
            return self.version_path.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def _damage(self) -> str | None:
        try:
            with closing(sqlite3.connect(self.path)) as connection:
                (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            return f"it is damaged: {error}"
        return None if verdict == "ok" else f"it is damaged: {verdict}"

    def set_aside(self) -> None:
        """Make room for a new file; the last one set aside is kept as `….old`.

        The version goes first: a crash in between must not leave it beside a file it was not
        written for.
        """
        self.version_path.unlink(missing_ok=True)
        for side in _SIDES:
            part = self.path.with_name(self.path.name + side)
            kept = self.path.with_name(self.path.name + ".old" + side)
            kept.unlink(missing_ok=True)
            if part.exists():
                part.rename(kept)

    def complete(self, version: str) -> None:
        """Note that the file is this version's and knows every open loop."""
        fresh = self.version_path.with_suffix(".version.new")
        fresh.write_text(version + "\n", encoding="utf-8")
        fresh.replace(self.version_path)
