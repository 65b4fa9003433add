"""The triggers that refuse to rewrite the ledger, on both databases.

Alembic recreates a table on SQLite to change it, and the new one has no triggers: `install` is run
after every migration. `INSERT OR REPLACE` fires no delete trigger on SQLite, so one more refuses an
INSERT of an event that exists.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

TRIGGERS = {
    "sqlite": ("ledger_no_update", "ledger_no_delete", "ledger_no_replace"),
    "postgresql": ("ledger_no_update", "ledger_no_delete", "ledger_no_replace", "ledger_no_truncate"),
}

_SQLITE = {
    "ledger_no_update": "BEFORE UPDATE ON ledger_event",
    "ledger_no_delete": "BEFORE DELETE ON ledger_event",
    "ledger_no_replace": (
        "BEFORE INSERT ON ledger_event WHEN EXISTS "
        "(SELECT 1 FROM ledger_event WHERE chain = NEW.chain AND seq = NEW.seq)"
    ),
}
_POSTGRESQL = {
    "ledger_no_update": "BEFORE UPDATE ON ledger_event FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
    "ledger_no_delete": "BEFORE DELETE ON ledger_event FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
    "ledger_no_truncate": (
        "BEFORE TRUNCATE ON ledger_event FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
    ),
    "ledger_no_replace": (
        "BEFORE INSERT ON ledger_event FOR EACH ROW EXECUTE FUNCTION ledger_refuse_existing()"
    ),
}
_FUNCTIONS = (
    """CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$""",
    """CREATE OR REPLACE FUNCTION ledger_refuse_existing() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM ledger_event WHERE chain = NEW.chain AND seq = NEW.seq) THEN
        RAISE EXCEPTION 'the ledger is append-only';
      END IF;
      RETURN NEW;
    END $$""",
)


def install(connection: Connection) -> None:
    """Create every trigger anew; `ledger_event` must exist."""
    if connection.dialect.name == "sqlite":
        for name, when in _SQLITE.items():
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
            body = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            connection.execute(text(f"CREATE TRIGGER {name} {when} {body}"))
        return
    for function in _FUNCTIONS:
        connection.execute(text(function))
    for name, when in _POSTGRESQL.items():
        connection.execute(text(f"CREATE OR REPLACE TRIGGER {name} {when}"))


def missing(connection: Connection) -> list[str]:
    """The names of the triggers that are not there (or are switched off)."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_event'"
        if connection.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgrelid = 'ledger_event'::regclass AND tgenabled <> 'D'"
    )
    found = set(connection.execute(text(query)).scalars())
    return [name for name in TRIGGERS[connection.dialect.name] if name not in found]
