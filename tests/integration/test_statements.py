"""What is said of customers: per fact the newer statement wins, and keeps who said it and since when."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlmodel import Session, select

from boucle.engine import ledger, privacy
from boucle.engine.consent import CONSENT, LEGAL_HOLD, find_objection
from boucle.engine.database import Database
from boucle.engine.identity import new_id
from boucle.engine.knowledge import list_known
from boucle.engine.statements import Stated, Stating, state
from boucle.engine.tables import Contact, Customer, LedgerEvent, LoopRow
from boucle.engine.verification import verify
from boucle.model import FactValue, Person, Statement
from tests.integration.gated import AT, DAY, answer, compile_gates, take

CASES = """
  - id: case
    when: detractor
    start: csm_case
"""


def stating(at: datetime = AT, said_by: str = "CRM", run: str = "run-1") -> Stating:
    return Stating(source="crm", said_by=said_by, run=run, unit=new_id(), actor="ada", at=at)


def say(database: Database, *statements: Statement, run: str = "run-1") -> Stated:
    with database.session() as session:
        stated = state(session, statements, stating(run=run))
        session.commit()
    return stated


def of_acme(
    at: datetime = AT, person: Person | None = None, contact: str | None = None, **facts: FactValue | None
) -> Statement:
    named = {name.replace("__", "."): value for name, value in facts.items()}
    return Statement(as_of=at, customer="acme", contact=contact, facts=named, person=person)


def acme(session: Session) -> Customer:
    return session.exec(select(Customer).where(Customer.key == "acme")).one()


def ada(session: Session) -> Contact:
    return session.exec(select(Contact).where(Contact.key == "ada")).one()


def events(session: Session) -> list[LedgerEvent]:
    return list(session.exec(select(LedgerEvent).where(LedgerEvent.type == "customer.stated")).all())


def test_new_ones_are_added_and_the_same_again_changes_nothing(database: Database) -> None:
    said = of_acme(AT - DAY, contact="ada", customer__tags=("vip",), consent__follow_up=True)
    first = say(database, said)
    assert first.new == {("customer", ("crm", "acme")), ("contact", ("crm", "ada"))}
    again = say(database, said, run="run-2")
    assert (again.new, again.changed, again.facts, again.older) == (set(), set(), set(), set())
    with database.reading() as session:
        assert acme(session).sources["customer.tags"]["ref"] == "run-1"
        assert ada(session).customer_id == acme(session).id
        assert len(events(session)) == 1


def test_what_is_known_says_who_said_it_and_since_when(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [answer("r1", responded_at=AT - 5 * DAY, customer__tags=("vip",))])
    with database.reading() as session:
        [known] = list_known(acme(session))
        assert (known.value, known.by, known.source, known.at) == (["vip"], "response", "crm", AT - 5 * DAY)
    say(database, of_acme(AT - 3 * DAY, customer__tags=("legal_hold",)))
    with database.reading() as session:
        [known] = list_known(acme(session))
        assert (known.value, known.by, known.source) == (["legal_hold"], "import", "CRM")
        assert (known.at, known.ref) == (AT - 3 * DAY, "run-1")


def test_a_newer_statement_wins_fact_by_fact_in_whatever_order_they_come(database: Database) -> None:
    said = [
        of_acme(AT - 3 * DAY, contact="ada", customer__tags=("vip",), consent__follow_up=True),
        of_acme(AT - 2 * DAY, contact="ada", consent__follow_up=False),
        of_acme(AT - 1 * DAY, contact="ada", customer__tags=()),
    ]
    for number, order in enumerate(permutations(said)):
        renamed = [
            one.model_copy(update={"customer": f"c-{number}", "contact": f"p-{number}"}) for one in order
        ]
        for one in renamed:
            say(database, one)
        with database.reading() as session:
            customer = session.exec(select(Customer).where(Customer.key == f"c-{number}")).one()
            contact = session.exec(select(Contact).where(Contact.key == f"p-{number}")).one()
            assert (customer.facts, contact.facts) == (
                {"customer.tags": []},
                {"consent.follow_up": False},
            )


def test_an_older_file_is_passed_over_and_says_so(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [answer("r1", responded_at=AT - DAY, customer__tags=("vip",))])
    stated = say(database, of_acme(AT - 2 * DAY, customer__tags=("legal_hold",)))
    assert stated.older == {("customer", ("crm", "acme"), "customer.tags")}
    assert stated.changed == set()


def test_a_value_that_counts_as_unknown_ends_what_was_known(database: Database) -> None:
    say(database, of_acme(AT - DAY, customer__tags=("vip",)))
    assert say(database, of_acme(AT, customer__tags=None)).facts
    with database.reading() as session:
        assert acme(session).facts == {}


def test_a_person_is_corrected_field_by_field(database: Database) -> None:
    say(database, of_acme(AT - 2 * DAY, Person(name="Ada", email="a@x.example"), "ada"))
    say(database, of_acme(AT - 1 * DAY, Person(email="ada@x.example"), "ada"))
    say(database, of_acme(AT - 3 * DAY, Person(email="old@x.example", phone="01"), "ada"))
    with database.reading() as session:
        person = privacy.find_person(session, ada(session).id)
        assert person == Person(name="Ada", email="ada@x.example", phone="01")


def test_a_response_finds_what_a_file_said(database: Database) -> None:
    say(database, of_acme(AT - 3 * DAY, contact="ada", customer__tags=("vip",)))
    taken = take(database, compile_gates(CASES), [answer("r1", contact="ada")])
    assert taken.decisions[0].facts["customer.tags"] == ["vip"]


@pytest.mark.parametrize(
    ("facts", "code"),
    [({"consent__follow_up": False}, CONSENT), ({"customer__tags": ("legal_hold",)}, LEGAL_HOLD)],
)
def test_consent_withdrawn_by_a_file_is_seen_at_the_next_sending(
    database: Database, facts: dict[str, Any], code: str
) -> None:
    taken = take(database, compile_gates(CASES), [answer("r1", contact="ada", consent__follow_up=True)])
    with database.reading() as session:
        loop = session.get_one(LoopRow, taken.taken[0].loop_id)
        assert find_objection(session, loop) is None
    stated = say(database, of_acme(AT, contact="ada", **facts))
    with database.reading() as session:
        loop = session.get_one(LoopRow, taken.taken[0].loop_id)
        assert find_objection(session, loop) == code
        assert stated.withdrawn == ({ada(session).id} if code == CONSENT else set())


def test_the_ledger_commits_to_what_was_said_and_holds_nothing_personal(database: Database) -> None:
    person = Person(name="Ada Lovelace", email="ada@x.example")
    say(database, of_acme(AT, person, "ada", customer__tags=("vip",)), of_acme(AT, contact="bo"))
    with database.session() as session:
        [event] = events(session)
        assert "Lovelace" not in event.payload + event.commitments
        assert json.loads(event.payload) == {
            "import": "run-1", "source": "crm", "said_by": "CRM", "new": 3, "changed": 0, "facts": 5,
        }  # fmt: skip
        scope = ledger.scope(event.chain, event.seq)
        said = json.loads(privacy.read(session, ada(session).id, scope)[f"said.{ada(session).id}"])
        assert said == {"customer": acme(session).id, "name": "Ada Lovelace", "email": "ada@x.example"}
        assert verify(session).whole


def test_first_heard_of_is_the_earliest_of_all(database: Database) -> None:
    say(database, of_acme(AT - DAY, customer__tags=()), of_acme(AT - 9 * DAY, customer__tags=("vip",)))
    with database.reading() as session:
        assert acme(session).first_seen_at == AT - 9 * DAY
        assert acme(session).updated_at - AT == -timedelta(days=1)
