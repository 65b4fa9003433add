from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col

from boucle.engine import ledger, ledger_triggers, privacy
from boucle.engine.database import Database
from boucle.engine.ledger import LedgerWriteError
from boucle.engine.ledger_events import UnknownEventError
from boucle.engine.tables import LedgerEvent, Personal
from boucle.engine.verification import Verification, verify

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
CHAIN = ledger.intake_chain("u1")


def add(session: Session, chain: str = CHAIN, **personal: str) -> None:
    ledger.append(
        session,
        chain,
        "response.revised",
        at=AT,
        actor="import:test",
        payload={"response": "r1"},
        personal={f"verbatim.{name}": value for name, value in personal.items()},
        subject="person-1",
    )


def verified(database: Database) -> Verification:
    with database.reading() as session:
        return verify(session)


@contextmanager
def tampering(database: Database) -> Iterator[Session]:
    """What an operator with the keys can do: switch the triggers off, write, switch them on."""
    with database.session() as session:
        if database.dialect == "sqlite":
            for name in ledger_triggers.TRIGGERS["sqlite"]:
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            session.execute(text("ALTER TABLE ledger_event DISABLE TRIGGER USER"))
        yield session
        if database.dialect == "sqlite":
            ledger_triggers.install(session.connection())
        else:
            session.execute(text("ALTER TABLE ledger_event ENABLE TRIGGER USER"))
        session.commit()


def three_events(database: Database) -> None:
    with database.session() as session:
        add(session, a="Très déçu")
        add(session, b="Never again")
        add(session)
        add(session, chain=ledger.loop_chain("l1"))
        session.commit()


def test_each_event_follows_from_the_one_before(database: Database) -> None:
    three_events(database)
    with database.reading() as session:
        events = ledger.history(session, CHAIN)
    assert [event.seq for event in events] == [1, 2, 3]
    assert events[0].previous == ledger.FIRST_PREVIOUS
    assert [event.previous for event in events[1:]] == [event.hash for event in events[:2]]
    assert verified(database) == Verification(chains=2, events=4, problems=())


def test_two_instants_are_kept_what_happened_and_what_was_recorded(database: Database) -> None:
    later = AT + timedelta(hours=3)
    with database.session() as session:
        ledger.append(
            session, CHAIN, "response.revised", at=AT, recorded_at=later, actor="a", payload={"n": 1}
        )
        session.commit()
    with database.reading() as session:
        [event] = ledger.history(session, CHAIN)
    assert (event.at, event.recorded_at) == (AT, later)


def test_personal_values_are_only_committed_to(database: Database) -> None:
    three_events(database)
    with database.reading() as session:
        [first, *_] = ledger.history(session, CHAIN)
        assert privacy.read(session, "person-1", ledger.scope(CHAIN, 1)) == {"verbatim.a": "Très déçu"}
    assert "déçu" not in first.model_dump_json()
    assert list(json.loads(first.commitments)) == ["verbatim.a"]


def test_the_same_value_has_another_commitment_each_time(database: Database) -> None:
    with database.session() as session:
        for _ in range(3):
            add(session, a="yes")
        assert len({event.commitments for event in ledger.history(session, CHAIN)}) == 3


def test_an_erasure_leaves_the_ledger_whole(database: Database) -> None:
    three_events(database)
    with database.session() as session:
        session.execute(delete(Personal).where(col(Personal.subject) == "person-1"))
        session.commit()
    assert verified(database).whole


SECOND = f"WHERE chain = '{CHAIN}' AND seq = 2"
CHANGED = f"{CHAIN} #2: was changed after it was written"


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE ledger_event SET actor = 'me' WHERE second", CHANGED),
        ("UPDATE ledger_event SET payload = '1.5' WHERE second", CHANGED),
        ("UPDATE ledger_event SET payload = '{' WHERE second", CHANGED),
        ("UPDATE ledger_event SET commitments = '[' WHERE second", CHANGED),
        ("DELETE FROM ledger_event WHERE second", f"{CHAIN} #3: event 2 is missing"),
        ("DELETE FROM ledger_event WHERE seq = 1", f"{CHAIN} #2: event 1 is missing"),
        (
            "UPDATE ledger_event SET hash = 'x' WHERE second",
            f"{CHAIN} #3: does not follow from the event before it",
        ),
        (
            "UPDATE personal SET value = 'Great' WHERE field = 'verbatim.a'",
            f"{CHAIN} #1: the personal value 'verbatim.a' is not the one committed to",
        ),
    ],
)
def test_tampering_is_found_and_named(database: Database, statement: str, problem: str) -> None:
    three_events(database)
    with tampering(database) as session:
        session.connection().exec_driver_sql(statement.replace("WHERE second", SECOND))
    assert problem in verified(database).problems


def test_an_event_put_in_between_by_somebody_who_can_hash_is_found(database: Database) -> None:
    three_events(database)
    with tampering(database) as session:
        forged = ledger.history(session, CHAIN)[1].model_copy(update={"actor": "somebody else"})
        session.execute(
            text("UPDATE ledger_event SET actor = :actor, hash = :hash WHERE chain = :chain AND seq = 2"),
            {"actor": forged.actor, "hash": ledger.event_hash(forged), "chain": CHAIN},
        )
    assert verified(database).problems == (f"{CHAIN} #3: does not follow from the event before it",)


def test_a_missing_trigger_is_a_problem(database: Database) -> None:
    with database.session() as session:
        on = "" if database.dialect == "sqlite" else " ON ledger_event"
        session.execute(text(f"DROP TRIGGER ledger_no_delete{on}"))
        session.commit()
    assert verified(database).problems == ("trigger ledger_no_delete is missing",)


def test_verifying_says_how_far_it_is(database: Database) -> None:
    with database.session() as session:
        for _ in range(501):
            add(session)
        session.commit()
    seen: list[tuple[int, int]] = []
    with database.reading() as session:
        assert verify(session, lambda done, total: seen.append((done, total))).events == 501
    assert seen == [(500, 501), (501, 501)]


def test_code_other_than_append_cannot_write_the_ledger(database: Database) -> None:
    three_events(database)
    with database.session() as session:
        ledger.history(session, CHAIN)[0].actor = "me"
        with pytest.raises(LedgerWriteError):
            session.flush()
    with database.session() as session:
        session.delete(ledger.history(session, CHAIN)[0])
        with pytest.raises(LedgerWriteError):
            session.flush()
    with database.session() as session:
        session.add(LedgerEvent(**ledger.history(session, CHAIN)[0].model_dump() | {"seq": 9}))
        with pytest.raises(LedgerWriteError):
            session.flush()
    with database.session() as session, pytest.raises(LedgerWriteError):
        session.execute(update(LedgerEvent).values(actor="me"))
    with database.session() as session, pytest.raises(LedgerWriteError):
        session.execute(delete(LedgerEvent))
    with database.session() as session, pytest.raises(LedgerWriteError):
        session.execute(update(aliased(LedgerEvent)).values(actor="me"))
    with database.session() as session, pytest.raises(LedgerWriteError):
        session.connection().execute(delete(SQLModel.metadata.tables["ledger_event"]))


def test_only_listed_events_and_fields_are_written(database: Database) -> None:
    with database.session() as session:
        with pytest.raises(UnknownEventError, match=r"'response.lost' is not listed"):
            ledger.append(session, CHAIN, "response.lost", at=AT, actor="a", payload={})
        with pytest.raises(UnknownEventError, match="'email'"):
            ledger.append(
                session, CHAIN, "response.decided", at=AT, actor="a", payload={},
                personal={"email": "a@example.com"}, subject="p",
            )  # fmt: skip
        with pytest.raises(ValueError, match="need the subject"):
            ledger.append(
                session, CHAIN, "response.decided", at=AT, actor="a", payload={}, personal={"verbatim.1": "x"}
            )


def test_chains_do_not_wait_for_each_other_and_one_chain_does(database: Database) -> None:
    if database.dialect == "sqlite":  # one writer at a time, whatever the chain
        three_events(database)
        assert verified(database).events == 4
        return
    with database.session() as one, database.session() as other:
        add(one, chain="loop/a")
        other.execute(text("SET LOCAL lock_timeout = '200ms'"))
        add(other, chain="loop/b")
        with pytest.raises(Exception, match="lock timeout"):
            add(other, chain="loop/a")
