"""A row asked for by its key: as SQLAlchemy's own sessions do it, with queries that are built once."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError, PendingRollbackError
from sqlmodel import Session, select

from boucle.engine.database import Database
from boucle.engine.tables import Customer, LoopRow
from boucle.engine.transaction import Transaction
from boucle.engine.work_tables import ClockRow
from boucle.model import ClockKind
from tests.integration.opening import AT, open_loop
from tests.integration.statements import Statements

KEYS = ("known", "unknown")


def customer(id_: str, *, source: str = "crm") -> Customer:
    return Customer(id=id_, source=source, key=id_, first_seen_at=AT, updated_at=AT)


def clock_of(loop: LoopRow) -> ClockRow:
    return ClockRow(
        loop_id=loop.id,
        round=1,
        kind=ClockKind.CLOSE,
        started_at=AT,
        due_at=AT,
        business=False,
        state="running",
    )


@pytest.mark.parametrize("how", [{}, {"populate_existing": True}, {"with_for_update": True}])
def test_a_row_is_found_by_its_key_or_not_at_all(database: Database, how: dict[str, Any]) -> None:
    with database.session() as session:
        session.add(customer("known"))
        session.commit()
    with database.session() as session:
        ours = [session.get(Customer, key, **how) for key in KEYS]
        assert ours == [Session.get(session, Customer, key, **how) for key in KEYS]
        assert [row and row.id for row in ours] == ["known", None]


def test_a_key_of_several_columns_is_found(session: Session) -> None:
    loop = open_loop(session)
    session.add(clock_of(loop))
    session.flush()
    session.expunge_all()
    assert session.get_one(ClockRow, (loop.id, 1, ClockKind.CLOSE)).due_at == AT
    assert session.get(ClockRow, (loop.id, 2, ClockKind.CLOSE)) is None


def test_a_row_that_is_not_written_yet_is_found(session: Session) -> None:
    fresh = customer("fresh")
    session.add(fresh)
    assert session.get(Customer, "fresh") is fresh


def test_a_row_that_is_deleted_is_not_found(session: Session) -> None:
    session.add(customer("gone"))
    session.flush()
    session.delete(session.get_one(Customer, "gone"))
    session.flush()
    assert session.get(Customer, "gone") is None


def test_a_row_that_is_known_is_asked_for_again_only_on_demand(session: Session) -> None:
    known = customer("known")
    session.add(known)
    session.flush()
    with Statements() as statements:
        assert session.get(Customer, "known") is known
    assert statements.said == []
    with Statements() as statements:
        assert session.get(Customer, "known", populate_existing=True) is known
    assert len(statements.said) == 1


def test_what_a_savepoint_made_is_gone_with_it(session: Session) -> None:
    inner = session.begin_nested()
    session.add(customer("undone"))
    session.flush()
    inner.rollback()
    assert session.get(Customer, "undone") is None


def test_what_others_changed_is_seen_when_it_is_asked_for_anew(database: Database) -> None:
    with database.session() as session:
        session.add(customer("shared"))
        session.commit()
        ours = session.get_one(Customer, "shared")
        session.commit()
        with database.session() as other:
            other.get_one(Customer, "shared").source = "shop"
            other.commit()
        assert session.get_one(Customer, "shared").source == "crm"
        assert session.get_one(Customer, "shared", with_for_update=True).source == "crm"
        assert session.get_one(Customer, "shared", with_for_update=True, populate_existing=True) is ours
        assert ours.source == "shop"


def test_each_transaction_of_one_session_begins_by_itself(database: Database) -> None:
    """Nothing is written before the commit, in the second transaction no more than in the first."""
    with database.session() as session:
        session.add(customer("first"))
        session.commit()
        session.add(customer("second"))
        session.flush()
        assert isinstance(session, Transaction)
        session.rollback()
        with database.reading() as other:
            assert other.exec(select(Customer.id)).all() == ["first"]


def test_a_session_that_could_not_begin_again_writes_nothing(tmp_path: Path) -> None:
    """Its second transaction finds the database held by another process for longer than it waits."""
    database = Database(f"sqlite:///{tmp_path / 'held.db'}")
    database.migrate()
    with database.session() as session:
        session.connection().exec_driver_sql("PRAGMA busy_timeout = 10")
        session.commit()
        with sqlite3.connect(tmp_path / "held.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(OperationalError, match="locked"):
                session.exec(select(Customer.id))
            other.execute("ROLLBACK")
        with pytest.raises(PendingRollbackError):
            session.exec(select(Customer.id))
        session.rollback()
        session.add(customer("later"))
        session.flush()
        with database.reading() as reader:
            assert reader.get(Customer, "later") is None
        session.rollback()
    began = time.monotonic()
    with database.session() as session:
        assert session.get(Customer, "later") is None
    assert time.monotonic() - began < 2  # its turn was over
    database.dispose()
