"""A copy of the rows that intake reads, so that an import can be tried without touching anything.

Personal values and the ledger stay where they are: intake only writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, insert, select, text
from sqlmodel import Session, SQLModel

from boucle.engine.tables import LedgerEvent, Personal

_BATCH = 1_000
_LEFT_OUT = frozenset({Personal.__tablename__, LedgerEvent.__tablename__})


def copy_rows(source: Session, target: Session) -> None:
    """Copy every table but the left out ones into `target`, an SQLite whose tables are empty."""
    target.execute(text("PRAGMA defer_foreign_keys = ON"))  # a row may name one of its own table after it
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in _LEFT_OUT:
            for batch in _batches(source, table):
                target.execute(insert(table), batch)


def _batches(source: Session, table: Table) -> Iterator[list[dict[str, Any]]]:
    rows = source.execute(select(table).execution_options(yield_per=_BATCH))
    for part in rows.partitions(_BATCH):
        yield [dict(row._mapping) for row in part]  # noqa: SLF001 SQLAlchemy's public name for it
