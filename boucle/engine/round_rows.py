"""What belongs to the present round of a loop, table by table.

Each transition of a loop asks for these rows of a dozen tables. Each query is built once in a process:
building it takes longer than asking it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import bindparam
from sqlmodel import Session, SQLModel, select
from sqlmodel.sql.expression import SelectOfScalar

from boucle.engine.tables import LoopRow

RowT = TypeVar("RowT", bound=SQLModel)


def list_of_round(session: Session, table: type[RowT], loop: LoopRow, *order: str) -> Sequence[RowT]:
    """The table's rows of the loop's present round, ordered by these columns; there are few of them."""
    return session.exec(_query(table, order), params={"loop": loop.id, "round": loop.round}).all()


@cache
def _query(table: type[RowT], order: tuple[str, ...]) -> SelectOfScalar[RowT]:
    columns: Any = table
    query = select(table).where(columns.loop_id == bindparam("loop"), columns.round == bindparam("round"))
    return query.order_by(*(getattr(columns, name) for name in order))
