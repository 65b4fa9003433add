"""Many rows at once, in one statement: table models cost more to build than rows to insert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, insert
from sqlmodel import Session, SQLModel


def insert_rows(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that name every column, in order; the session does not know them."""
    if rows:
        session.execute(_insert(model), rows)


@cache
def _insert(model: type[SQLModel]) -> Insert:
    return insert(SQLModel.metadata.tables[str(model.__tablename__)])
