"""Every stored decision is made again from its record and its bundle; what was changed is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from boucle.engine.database import Database
from boucle.engine.intake import IntakeTerms, accept
from boucle.engine.replays import replay_all
from boucle.engine.tables import BundleRow, DecisionRow
from boucle.model import Person, Response, Verbatim
from boucle.rules.bundle import Bundle

FACTS = """
boucle: facts/v1
facts:
  nps: {score: nps}
  comment.text: {type: text, optional: true, pii: true}
derived:
  history.detractors: {count: responses, where: detractor, per: customer}
"""
POLICY = """
boucle: policy/v1
max_age: 14 days
caps:
  - id: once
    plays: [csm_case]
    per: contact
    max: 1
    within: 30 days
holdouts:
  - id: effect
    plays: [escalate]
    percent: 50
"""
RULES = """
boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: angry
    when: detractor and comment.text contains "cancel"
    start: csm_case
    if_open: separate
  - id: rest
    when: detractor
    start: escalate
    if_open: separate
    rollout: 50%
undecided: record
"""
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def filled(database: Database, compiled: Callable[..., Bundle], terms: IntakeTerms) -> Database:
    """Forty responses of ten people, some twice with other content."""
    bundle = compiled(FACTS, RULES, POLICY)
    answers = [answer(number, number % 11) for number in range(40)] + [answer(3, 9), answer(4, 1)]
    for unit in range(0, len(answers), 14):
        with database.session() as session:
            accept(session, bundle, answers[unit : unit + 14], at=AT, actor="a", unit=f"u{unit}", terms=terms)
            session.commit()
    return database


def answer(number: int, score: int) -> Response:
    said = "I will cancel" if number % 3 else "Fine"
    return Response(
        source="crm", source_id=f"r{number}", responded_at=AT - timedelta(days=number % 20),
        facts={"nps": score, "comment.text": said}, verbatims=(Verbatim(text=said),),
        customer=f"customer-{number % 10}", contact=f"contact-{number % 10}",
        person=Person(email="x@example.com"),
    )  # fmt: skip


def test_every_decision_comes_out_as_it_is_recorded(filled: Database) -> None:
    with filled.reading() as session:
        outcomes = set(session.exec(select(DecisionRow.outcome)))
        found = replay_all(session)
    assert outcomes == {"starts", "blocked", "nothing", "kept"}
    assert (found.decisions, found.bundles, found.problems) == (42, 1, ())


def _change(session: Session, old: str, new: str) -> str:
    row = session.exec(select(DecisionRow).where(col(DecisionRow.record).contains(old))).first()
    assert row is not None
    changed = row.record.replace(old, new)
    session.execute(update(DecisionRow).where(col(DecisionRow.id) == row.id).values(record=changed))
    return row.id


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"nps":3', '"nps":9', "the facts of the record do not have the digest that it states"),
        ('"winner":"angry"', '"winner":"rest"', "it comes out otherwise"),
        ('"once":1', '"once":0', "it comes out otherwise"),
        ('{"also_matched"', "{also_matched", "its record cannot be read"),
    ],
)
def test_a_changed_record_is_found(filled: Database, old: str, new: str, problem: str) -> None:
    with filled.session() as session:
        changed = _change(session, old, new)
        found = replay_all(session)
    assert [one for one in found.problems if problem in one] == [f"decision {changed}: {problem}"]


def test_a_changed_bundle_refuses_every_decision_of_it(filled: Database) -> None:
    with filled.session() as session:
        body = session.exec(select(BundleRow.body)).one()
        session.execute(update(BundleRow).values(body=body.replace('"cancel"', '"thanks"')))
        found = replay_all(session)
    assert len(found.problems) == found.decisions
    assert all("has the digest" in problem for problem in found.problems)
