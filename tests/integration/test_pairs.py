"""Who is looked up by a pair of columns is found by an index, however many there are."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session, select

from boucle.engine.database import Database
from boucle.engine.pairs import among
from boucle.engine.tables import Contact, Customer, ResponseRow
from tests.integration.gated import AT


def plan_of(session: Session, query: str) -> str:
    return "\n".join(str(row) for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}")))


def test_pairs_are_found_and_no_others(database: Database) -> None:
    with database.session() as session:
        for source, key in (("a", "1"), ("a", "2"), ("b", "1"), ("b", "3")):
            row = Customer(id=source + key, source=source, key=key, first_seen_at=AT, updated_at=AT)
            session.add(row)
        session.flush()

        def found(*pairs: tuple[str, str]) -> set[str]:
            query = select(Customer.id).where(among(Customer.source, Customer.key, pairs))
            return set(session.exec(query).all())

        assert found(("a", "1"), ("b", "3"), ("b", "2")) == {"a1", "b3"}
        assert found() == set()


def test_sqlite_reads_no_whole_table_for_them(database: Database) -> None:
    with database.session() as session:
        if session.get_bind().dialect.name != "sqlite":
            return  # PostgreSQL asks an index for pairs too
        for model, second in ((Customer, "key"), (Contact, "key"), (ResponseRow, "source_id")):
            fits = among(model.source, getattr(model, second), [("a", "1"), ("a", "2"), ("b", "1")])
            query = select(model.id).where(fits)
            written = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
            plan = plan_of(session, str(written))
            assert "SEARCH" in plan, plan
            assert "SCAN" not in plan, plan
