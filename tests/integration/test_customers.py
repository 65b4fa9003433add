from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from boucle.engine import privacy
from boucle.engine.database import Database
from boucle.engine.intake import IntakeTerms, accept
from boucle.engine.tables import Contact, Customer
from boucle.model import FactValue, Person, Response
from boucle.rules.bundle import Bundle

FACTS = """
boucle: facts/v1
facts:
  nps:               {score: nps}
  response.origin:   {type: enum, values: [direct]}
  contact.language:  {type: enum, values: [fr, en], unlisted: unknown}
  customer.segment:  {type: enum, values: [key, standard], unlisted: unknown}
  consent.follow_up: {type: bool}
"""

RULES = """
boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: case
    when: detractor and consent.follow_up
    start: csm_case
    with: {team: csm}
undecided: record
"""

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)

Take = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def take(database: Database, compiled: Callable[..., Bundle], terms: IntakeTerms) -> Take:
    """Accept responses in one transaction; the facts that each was decided on."""
    bundle = compiled(FACTS, RULES)

    def run(*incoming: Response, unit: str) -> list[dict[str, Any]]:
        with database.session() as session:
            accepted = accept(session, bundle, incoming, at=AT, actor="a", unit=unit, terms=terms)
            session.commit()
        return [dict(decision.facts) for decision in accepted.decisions]

    return run


def answer(source_id: str, at: datetime = AT, person: Person | None = None, **said: FactValue) -> Response:
    facts: dict[str, FactValue] = {name.replace("__", "."): value for name, value in said.items()}
    return Response(
        source="crm",
        source_id=source_id,
        responded_at=at,
        facts={"response.origin": "direct", **facts},
        customer="acme",
        contact="ada",
        person=person,
    )


def test_what_was_said_before_fills_what_is_left_open(take: Take) -> None:
    take(answer("r1", AT - DAY, customer__segment="key", consent__follow_up=True, nps=9), unit="u1")
    [facts] = take(answer("r2", nps=3), unit="u2")
    assert (facts["customer.segment"], facts["consent.follow_up"]) == ("key", True)


def test_a_score_is_never_filled_in(take: Take) -> None:
    take(answer("r1", AT - DAY, nps=9), unit="u1")
    [facts] = take(answer("r2"), unit="u2")
    assert "nps" not in facts


def test_what_the_response_says_wins_and_is_kept(take: Take) -> None:
    take(answer("r1", AT - 2 * DAY, customer__segment="key"), unit="u1")
    [second] = take(answer("r2", AT - DAY, customer__segment="standard"), unit="u2")
    [third] = take(answer("r3"), unit="u3")
    assert [second["customer.segment"], third["customer.segment"]] == ["standard", "standard"]


def test_an_older_answer_never_overrides_a_newer_one(take: Take, database: Database) -> None:
    take(answer("new", consent__follow_up=False, person=Person(email="new@example.com")), unit="u1")
    older = Person(email="old@example.com", phone="01")
    take(answer("old", AT - DAY, consent__follow_up=True, contact__language="fr", person=older), unit="u2")
    [facts] = take(answer("next"), unit="u3")
    assert (facts["consent.follow_up"], facts["contact.language"]) == (False, "fr")
    with database.reading() as session:
        contact = session.exec(select(Contact)).one()
        assert privacy.find_person(session, contact.id) == Person(email="new@example.com", phone="01")


def test_a_value_said_but_not_listed_is_unknown_not_what_it_was(take: Take) -> None:
    take(answer("r1", AT - DAY, customer__segment="key"), unit="u1")
    [facts] = take(answer("r2", customer__segment="gold"), unit="u2")
    assert "customer.segment" not in facts


def test_a_stored_fact_that_the_catalogue_no_longer_has_is_left_out(
    take: Take, database: Database, compiled: Callable[..., Bundle], terms: IntakeTerms
) -> None:
    take(answer("r1", AT - DAY, customer__segment="key", contact__language="fr"), unit="u1")
    narrower = compiled(
        FACTS.replace("[key, standard]", "[standard]").replace("  contact.language", "  #"), RULES
    )
    with database.session() as session:
        accepted = accept(session, narrower, [answer("r2")], at=AT, actor="a", unit="u2", terms=terms)
    assert {"customer.segment", "contact.language"}.isdisjoint(accepted.decisions[0].facts)


def test_a_person_is_corrected_by_a_newer_answer(take: Take, database: Database) -> None:
    take(answer("r1", AT - DAY, person=Person(name="Ada", email="a@example.com")), unit="u1")
    take(answer("r2", person=Person(email="ada@example.com")), unit="u2")
    with database.reading() as session:
        contact = session.exec(select(Contact)).one()
        assert privacy.find_person(session, contact.id) == Person(name="Ada", email="ada@example.com")


def test_keys_are_the_sources_own_and_ours_say_nothing(take: Take, database: Database) -> None:
    other = answer("r1").model_copy(update={"source": "kiosk"})
    take(answer("r1"), other, answer("r2"), unit="u1")
    with database.reading() as session:
        found = session.exec(select(Customer)).all()
        assert sorted((row.source, row.key) for row in found) == [("crm", "acme"), ("kiosk", "acme")]
        assert len({row.id for row in found}) == 2
        assert all("acme" not in row.id for row in found)


def test_a_blank_key_names_nobody(take: Take, database: Database) -> None:
    take(answer("r1").model_copy(update={"customer": "  ", "contact": ""}), unit="u1")
    with database.reading() as session:
        assert session.exec(select(Customer)).all() == []
