"""A PostgreSQL database that tests use one after another: emptied in between, which is much quicker than
making a new one, and made anew where a test has changed its tables."""

from __future__ import annotations

import psycopg
from psycopg import sql

NAME, TEMPLATE = "test_boucle", "template_boucle"

_SHAPE = """
SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
    SELECT 'column ' || relname || '.' || attname || ' ' || atttypid || attnotnull::text
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped
    UNION ALL SELECT 'trigger ' || tgname || tgenabled::text FROM pg_trigger
    UNION ALL SELECT 'constraint ' || conname || pg_get_constraintdef(oid) FROM pg_constraint
    UNION ALL SELECT 'version ' || version_num FROM alembic_version
) parts (part)
"""
_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
"""


class ReusedDatabase:
    """`admin` is connected to another database of the server, `url` is the format of its databases' URLs."""

    def __init__(self, admin: psycopg.Connection, url: str) -> None:
        self._admin = admin
        self._shape: str | None = None
        self.url = url.format(NAME)

    def make(self) -> None:
        """See that it is there, without rows."""
        if self._shape is None:
            self._drop()
            self._admin.execute(f"CREATE DATABASE {NAME} TEMPLATE {TEMPLATE}".encode())
            with psycopg.connect(self.url, autocommit=True) as connection:
                self._shape = _read_shape(connection)

    def leave(self) -> None:
        """End whoever is still connected, and take all rows out; drop it where its tables were changed."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(_OTHERS)
            same = _read_shape(connection) == self._shape
            if same:
                _empty(connection)
        if not same:
            self._shape = None

    def _drop(self) -> None:
        self._admin.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)".encode())


def _read_shape(connection: psycopg.Connection) -> str:
    (row,) = connection.execute(_SHAPE)
    return str(row[0])


def _empty(connection: psycopg.Connection) -> None:
    """Triggers guard the ledger, but not against a replica."""
    connection.execute("SET session_replication_role = replica")
    tables = [sql.Identifier(name) for (name,) in connection.execute(_TABLES)]
    asked = [sql.SQL("EXISTS (SELECT FROM {})").format(table) for table in tables]
    (filled,) = connection.execute(sql.SQL("SELECT {}").format(sql.SQL(", ").join(asked)))
    full = [table for table, has_rows in zip(tables, filled, strict=True) if has_rows]
    if full:  # not deleted: rows of later tests would lie in another order
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(full)))
