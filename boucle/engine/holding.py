"""What a transaction knows because it holds a loop: nobody else changes it before the commit.

A transition asks again and again for the loop that it holds, for its effects and the end of its chain, and
for rows of a dozen tables of which most loops have none. What was read once under the lock is not read
again. Nothing here outlives its transaction, nor a savepoint that is undone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, SQLModel

from boucle.engine.tables import LoopRow

RowT = TypeVar("RowT", bound=SQLModel)

_KEY = "boucle_holding"


@dataclass
class Holding:
    """`loops` are held by the transaction. `rows` of theirs were read, or written, since (None: not there).

    `lists`: all rows of a table that belong to a loop's round. `bare`: by loop and round, the tables in which
    it has none. `heads`: by chain, the number and the hash of its last event.
    """

    loops: dict[str, LoopRow] = field(default_factory=dict)
    rows: dict[tuple[type[SQLModel], Hashable], Any] = field(default_factory=dict)
    lists: dict[tuple[type[SQLModel], str, int], Sequence[Any]] = field(default_factory=dict)
    bare: dict[tuple[str, int], set[type[SQLModel]]] = field(default_factory=dict)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)


def of(session: AnySession) -> Holding:
    """What the present transaction holds."""
    holding: Holding | None = session.info.get(_KEY)
    if holding is None:
        holding = session.info[_KEY] = Holding()
    return holding


def hold(session: Session, loop: LoopRow) -> None:
    """The transaction has locked the loop's row; what was seen of it before may have changed since."""
    holding = of(session)
    holding.loops[loop.id] = loop
    holding.bare.pop((loop.id, loop.round), None)


def read(session: Session, table: type[RowT], key: Hashable) -> RowT | None:
    """A row that only changes while its loop is held, by its key; the caller holds the loop."""
    rows = of(session).rows
    if (table, key) not in rows:
        rows[table, key] = session.get(table, key, populate_existing=True)
    row: RowT | None = rows[table, key]
    return row


def forget(session: AnySession) -> None:
    """Rows were changed past the session: what is asked for next is read anew."""
    session.info.pop(_KEY, None)


@event.listens_for(AnySession, "after_commit")
def _after_commit(session: AnySession) -> None:
    forget(session)


@event.listens_for(AnySession, "after_soft_rollback")
def _after_rollback(session: AnySession, _transaction: Any) -> None:
    forget(session)


@event.listens_for(AnySession, "transient_to_pending")
def _at_new_row(session: AnySession, row: Any) -> None:
    """It is one more of its round; whoever was known to have none of its table may have it now."""
    known, table = of(session), type(row)
    loop, round_ = getattr(row, "loop_id", None), getattr(row, "round", None)
    if loop is not None and round_ is not None:
        had_none = loop in known.loops and table in known.bare.get((loop, round_), ())
        listed = () if had_none else known.lists.get((table, loop, round_))
        if listed is not None:
            known.lists[table, loop, round_] = [*listed, row]
    for tables in known.bare.values():
        tables.discard(table)
    for missed in [key for key, found in known.rows.items() if found is None and key[0] is table]:
        del known.rows[missed]
