"""The database: SQLite (the embedded default) or PostgreSQL, its sessions and its migrations.

Whoever opens a session commits it: the request, the command, the activity. Nothing below does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlmodel import Session

from boucle.engine.transaction import Transaction, let_write
from boucle.errors import BoucleError, UnreachableError

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_MS = 30_000
_POOL: Mapping[str, Any] = {"hide_parameters": True, "pool_size": 16, "max_overflow": 16}
"""A worker has 20 threads, and some for its outbox. Connections are opened when they are needed; 16 stay."""
_MIGRATING = 0x626F75636C65  # "boucle" in ASCII: one migration at a time on PostgreSQL

Dialect = Literal["sqlite", "postgresql"]


class DatabaseUrlError(BoucleError):
    """The database URL cannot be used; one that cannot even be read is not shown: it may hold a password."""

    def __init__(self, shown: str | None) -> None:
        what = f"'{shown}'" if shown else "what is set as the database URL"
        super().__init__(
            f"{what} is no database URL; write sqlite:////path/to/boucle.db or postgresql://user@host/name"
        )


class DamagedDatabaseError(UnreachableError):
    """The SQLite file is none, or some of its pages are not what SQLite wrote."""

    def __init__(self, where: str, detail: str) -> None:
        super().__init__("the database", where, f"{detail}; put a copy that is whole in its place")


class BrokenMigrationError(BoucleError):
    """A migration would have left rows that refer to nothing; it was rolled back."""

    def __init__(self, tables: list[str]) -> None:
        super().__init__(f"the migration leaves dangling rows in {', '.join(tables)}; nothing was changed")


class Database:
    """One database by its URL. Thread-safe; sessions are not."""

    def __init__(self, url: str) -> None:
        self._url = _parse(url)
        self.dialect: Dialect = "sqlite" if self._url.drivername == "sqlite" else "postgresql"
        self._engine = _engine(self._url)
        self._writer = let_write(self._engine)

    @property
    def where(self) -> str:
        """The URL without its password, for messages."""
        return self._url.render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for PostgreSQL."""
        return Path(str(self._url.database)) if self.dialect == "sqlite" else None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A writing transaction, begun at once; rolled back unless the caller commits."""
        with self._begun(self._writer) as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction for reading; what it writes is rolled back."""
        with self._begun(self._engine) as session:
            yield session

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to `revision` in one transaction; nothing where they are there already.

        On a connection of its own: SQLite can recreate a table that others refer to only while
        foreign keys are off, which is a setting of a connection outside any transaction.
        """
        engine = _engine(self._url, foreign_keys=False)
        try:
            with self._naming_damage(), Transaction(let_write(engine)) as session, session.begin():
                self._begin(session)
                _upgrade(session.connection(), revision)
        finally:
            engine.dispose()

    def is_migrated(self) -> bool:
        """Whether the tables are those of this version of the product; changes nothing."""
        with self.reading() as session:
            current = MigrationContext.configure(session.connection()).get_current_revision()
        return current == ScriptDirectory(str(_MIGRATIONS)).get_current_head()

    def dispose(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()

    @contextmanager
    def _begun(self, engine: Engine) -> Iterator[Session]:
        with self._naming_damage(), Transaction(engine, expire_on_commit=False) as session:
            self._begin(session)
            yield session

    @contextmanager
    def _naming_damage(self) -> Iterator[None]:
        """Say of a damaged file which one it is, wherever SQLite comes upon the damage."""
        try:
            yield
        except DatabaseError as error:
            if _is_damage(error):
                raise DamagedDatabaseError(self.where, str(error.orig)) from error
            raise

    def _begin(self, session: Session) -> None:
        try:
            session.connection()
        except OperationalError as error:
            if _is_damage(error):
                raise
            detail = str(error.orig).strip().partition("\n")[0]
            raise UnreachableError("the database", self.where, detail) from error


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUrlError(None) from error
    if parsed.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise DatabaseUrlError(parsed.render_as_string(hide_password=True))
    return parsed


def _engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """An engine whose errors say no values: they can be personal, and errors are logged.

    PostgreSQL is told how to isolate, whatever the server's own setting: what is read under a lock has
    to be what the last holder of it committed, or two intakes could pass a cap together.
    """
    if url.drivername != "sqlite":
        return create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED", **_POOL)
    engine = create_engine(url, **_POOL)

    def configure(connection: Any, _record: Any) -> None:
        _configure_sqlite(connection)
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")

    event.listen(engine, "connect", configure)
    return engine


def _is_damage(error: DatabaseError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the primary one of an extended code
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _configure_sqlite(connection: Any) -> None:
    """Settings that SQLite keeps per connection. The driver is not to begin transactions: we do."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise BrokenMigrationError(sorted({str(row[0]) for row in broken}))
