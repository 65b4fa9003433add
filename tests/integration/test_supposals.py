"""What another bundle would have made of a stored response; nothing is written by asking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import Session, col

from boucle.engine.database import Database
from boucle.engine.intake import IntakeTerms, accept
from boucle.engine.responses import Told, find_response, subject_of, tell
from boucle.engine.supposals import Supposal, suppose
from boucle.engine.tables import Personal
from boucle.model import Response
from boucle.rules.bundle import Bundle
from boucle.rules.gates import Mode

FACTS = """
boucle: facts/v1
facts:
  nps: {score: nps}
  comment.text: {type: text, optional: true, pii: true}
  customer.plan: {type: enum, values: [basic, gold], unlisted: unknown}
derived:
  history.detractors: {count: responses, where: detractor, per: customer}
"""
OTHER_FACTS = FACTS.replace(
    "  customer.plan: {type: enum, values: [basic, gold], unlisted: unknown}\n", ""
).replace("history.detractors:", "history.low:")
RULES = """
boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: call
    when: detractor and comment.text contains "WORD"
    start: csm_case
undecided: record
"""
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)

Compiled = Callable[..., Bundle]


def take_one(
    database: Database, bundle: Bundle, terms: IntakeTerms, mode: Mode = "act", days_old: int = 1
) -> None:
    response = Response(
        source="crm", source_id="r1", responded_at=AT - timedelta(days=days_old), customer="acme",
        facts={"nps": 3, "comment.text": "I will cancel", "customer.plan": "gold"},
    )  # fmt: skip
    with database.session() as session:
        accept(session, bundle, [response], at=AT, actor="a", unit="u", terms=terms, mode=mode)
        session.commit()


def supposed(session: Session, bundle: Bundle) -> tuple[Told, Supposal]:
    told = tell(session, find_response(session, "r1"))
    return told, suppose(session, told, bundle)


def test_the_same_rules_say_the_same_and_others_what_they_would_have_said(
    database: Database, compiled: Compiled, terms: IntakeTerms
) -> None:
    own = compiled(FACTS, RULES.replace("WORD", "cancel"))
    take_one(database, own, terms)
    with database.reading() as session:
        told, same = supposed(session, own)
        _, other = supposed(session, compiled(FACTS, RULES.replace("WORD", "thank")))
        _, fewer = supposed(session, compiled(OTHER_FACTS, RULES.replace("WORD", "cancel")))
    assert same.decision == told.decided[0].decision
    assert (same.left_out, same.unlooked) == ((), ())
    assert (other.decision.outcome, other.decision.reason, other.decision.at) == ("nothing", "no_rule", AT)
    assert (fewer.decision.winner, fewer.left_out, fewer.unlooked) == (
        "call", ("customer.plan",), ("history.low",),
    )  # fmt: skip
    assert "history.low" in fewer.decision.unknown


@pytest.mark.parametrize("mode", ["record_only", "act_on_old"])
def test_the_same_rules_say_the_same_in_the_mode_in_which_it_came(
    database: Database, compiled: Compiled, terms: IntakeTerms, mode: Mode
) -> None:
    own = compiled(FACTS, RULES.replace("WORD", "cancel"))
    take_one(database, own, terms, mode, days_old=300)
    with database.reading() as session:
        told, same = supposed(session, own)
    assert same.decision == told.decided[0].decision
    assert same.decision.outcome == {"record_only": "blocked", "act_on_old": "starts"}[mode]


def test_after_an_erasure_what_was_written_is_unknown(
    database: Database, compiled: Compiled, terms: IntakeTerms
) -> None:
    own = compiled(FACTS, RULES.replace("WORD", "cancel"))
    take_one(database, own, terms)
    with database.session() as session:
        subject = subject_of(find_response(session, "r1"))
        session.execute(delete(Personal).where(col(Personal.subject) == subject))
        _, after = supposed(session, own)
    assert (after.decision.winner, after.decision.rules["call"]) == (None, "undecided")
