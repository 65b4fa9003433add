"""The session of a transaction: how it begins on SQLite, and how it reads one row.

SQLAlchemy can be told of both by events of the engine, and by its own `get`. With the first it asks at each
statement who listens to what; for the second it builds the query anew each time, which takes three times as
long as asking it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, bindparam, event, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper, SessionTransaction
from sqlmodel import Session, SQLModel

from boucle.engine.turns import Turns

_Row = TypeVar("_Row", bound=SQLModel)

_TURNS = "boucle_turns"
"""Marks an engine as one that writes: its threads take these turns."""


def let_write(engine: Engine) -> Engine:
    """The same engine for transactions that write, one after another where it is SQLite's."""
    turns = Turns()
    turns.watch(engine)
    return engine.execution_options(**{_TURNS: turns})


class Transaction(Session):
    """A session of the database. Rows are asked for by their primary key with queries that are built once."""

    def get(  # type: ignore[override]  # the rest of what the base takes is handed on to it
        self,
        entity: type[_Row],
        ident: Any,
        *,
        populate_existing: bool = False,
        with_for_update: Any = None,
        **others: Any,
    ) -> _Row | None:
        """As the base does it."""
        key = ident if isinstance(ident, tuple) else (ident,)
        locked = with_for_update is True
        usual = (locked or with_for_update is None) and not any(others.values()) and None not in key
        asked = populate_existing or locked or _identity(entity, key) not in self.identity_map
        if not (usual and asked):
            kept = {"populate_existing": populate_existing, "with_for_update": with_for_update}
            return super().get(entity, ident, **kept, **others)
        query = _by_key(entity, anew=populate_existing, locked=locked)
        return self.execute(query, _name(key)).scalars().first()


@event.listens_for(Transaction, "after_begin")
def _after_begin(_session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and not transaction.nested:
        _begin_sqlite(connection)


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: SQLite refuses an upgrade from reading whatever the timeout."""
    turns: Turns | None = connection.get_execution_options().get(_TURNS)
    if turns is not None:
        turns.take(connection)
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if turns is not None else "BEGIN")
    except DBAPIError:
        if turns is not None:
            turns.end(connection.info)
        connection.invalidate()  # the session believes that it has begun, and would write outside of any
        raise


@cache
def _by_key(entity: type[SQLModel], *, anew: bool, locked: bool) -> Executable:
    columns = _map(entity).primary_key
    names = _name(tuple(columns))
    query = select(entity).where(
        *(column == bindparam(name) for name, column in zip(names, columns, strict=True))
    )
    query = query.with_for_update() if locked else query
    return query.execution_options(populate_existing=True) if anew else query


def _name(key: tuple[Any, ...]) -> Mapping[str, Any]:
    """The values of a primary key as parameters."""
    return {f"key_{number}": value for number, value in enumerate(key)}


def _identity(entity: type[SQLModel], key: tuple[Any, ...]) -> Any:
    return _map(entity).identity_key_from_primary_key(key)


def _map(entity: type[SQLModel]) -> Mapper[Any]:
    mapper: Mapper[Any] = inspect(entity)
    return mapper
