from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel

from boucle.engine import database as database_module
from boucle.engine import ledger_triggers
from boucle.engine.database import BrokenMigrationError, Database
from boucle.engine.tables import LedgerEvent

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(database_module._MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def described(connection: Connection) -> dict[str, Any]:
    """Everything that the database itself says of its tables, in a form that compares."""
    inspector = inspect(connection)
    found: dict[str, Any] = {}
    for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
        found[table] = {
            "columns": [
                (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)
            ],
            "key": inspector.get_pk_constraint(table),
            "references": sorted(inspector.get_foreign_keys(table), key=str),
            "unique": sorted(inspector.get_unique_constraints(table), key=str),
            "checks": sorted(inspector.get_check_constraints(table), key=str),
            "indexes": sorted(inspector.get_indexes(table), key=str),
        }
    return found


def test_the_migrations_make_exactly_the_tables_of_the_models(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with database.session() as session:
        SQLModel.metadata.create_all(session.connection())
        modelled = described(session.connection())
        session.rollback()
    database.migrate()
    with database.reading() as session:
        migrated = described(session.connection())
    database.dispose()
    assert migrated == modelled
    assert "ledger_event" in migrated


def test_every_migration_leaves_every_trigger(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    for revision in revisions():
        database.migrate(revision)
        with database.reading() as session:
            assert ledger_triggers.missing(session.connection()) == []
    database.dispose()


def test_a_migration_that_recreates_the_ledger_gets_its_triggers_back(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.migrate()
    with database.session() as session:
        on = "" if database.dialect == "sqlite" else " ON ledger_event"
        session.execute(text(f"DROP TRIGGER ledger_no_update{on}"))
        assert ledger_triggers.missing(session.connection()) == ["ledger_no_update"]
        session.commit()
    database.migrate()
    with database.reading() as session:
        assert ledger_triggers.missing(session.connection()) == []
    database.dispose()


def test_migrating_twice_changes_nothing(database: Database) -> None:
    with database.reading() as session:
        before = described(session.connection())
    database.migrate()
    with database.reading() as session:
        assert described(session.connection()) == before


def test_on_sqlite_a_migration_that_leaves_dangling_rows_is_rolled_back(
    sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{sqlite_template}")

    def dangle(config: Config, _revision: str) -> None:
        insert = "INSERT INTO score (response_id, fact, metric, value) VALUES ('none', 'nps', 'nps', 3)"
        config.attributes["connection"].exec_driver_sql(insert)

    monkeypatch.setattr(command, "upgrade", dangle)
    with pytest.raises(BrokenMigrationError, match="score"):
        database.migrate()
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM score")).scalar_one() == 0
    database.dispose()


EVENT = {
    "chain": "intake/u", "seq": 1, "type": "x", "at": AT, "recorded_at": AT, "actor": "a",
    "payload": "{}", "commitments": "{}", "previous": "", "hash": "h",
}  # fmt: skip


REWRITINGS = {
    "update": "UPDATE ledger_event SET actor = 'b' WHERE seq = 1",
    "delete": "DELETE FROM ledger_event WHERE seq = 1",
    "insert again": "INSERT INTO ledger_event SELECT * FROM ledger_event WHERE seq = 1",
}
ON_SQLITE = {
    "replace": "INSERT OR REPLACE INTO ledger_event SELECT chain, seq, type, at, recorded_at, 'b', payload,"
    " commitments, previous, hash FROM ledger_event",
    "update or ignore": "UPDATE OR IGNORE ledger_event SET actor = 'b'",
}
ON_POSTGRESQL = {
    "truncate": "TRUNCATE ledger_event",
    "upsert": "INSERT INTO ledger_event SELECT * FROM ledger_event ON CONFLICT (chain, seq)"
    " DO UPDATE SET actor = 'b'",
}


def test_the_database_itself_refuses_to_rewrite_the_ledger(database: Database) -> None:
    with database.session() as session:
        session.execute(insert(LedgerEvent), EVENT)
        session.commit()
    statements = REWRITINGS | (ON_SQLITE if database.dialect == "sqlite" else ON_POSTGRESQL)
    for statement in statements.values():
        with database.session() as session, pytest.raises(DatabaseError, match="the ledger is append-only"):
            session.execute(text(statement))
    with database.reading() as session:
        assert session.execute(text("SELECT actor FROM ledger_event")).scalars().all() == ["a"]


def test_on_sqlite_a_row_of_the_ledger_cannot_be_reached_by_a_rowid(sqlite_template: Path) -> None:
    database = Database(f"sqlite:///{sqlite_template}")
    with database.reading() as session, pytest.raises(DatabaseError, match="no such column: rowid"):
        session.execute(text("SELECT rowid FROM ledger_event"))
    database.dispose()
