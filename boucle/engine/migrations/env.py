"""Run by Alembic for every migration: on the connection it is handed, in the caller's transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, inspect
from sqlmodel import SQLModel

from boucle.engine import ledger_triggers, tables, work_tables

assert tables  # noqa: S101 importing them fills the metadata
assert work_tables  # noqa: S101 the same


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, compare_type=True
    )
    context.run_migrations()
    if inspect(connection).has_table("ledger_event") and ledger_triggers.missing(connection):
        ledger_triggers.install(connection)


_run(context.config.attributes["connection"])
