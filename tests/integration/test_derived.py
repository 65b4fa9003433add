from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from boucle.engine.database import Database
from boucle.engine.intake import IntakeTerms, accept
from boucle.engine.loops import close
from boucle.engine.tables import LoopRow
from boucle.model import Closure, FactValue, Response, Verbatim
from boucle.rules.bundle import Bundle

FACTS = """
boucle: facts/v1
facts:
  nps:              {score: nps}
  response.origin:  {type: enum, values: [direct]}
  comment.text:     {type: text, optional: true, pii: true}
  customer.arr:     {type: decimal, digits: 2, min: 0}
derived:
  history.detractors_180d: {count: responses, where: detractor, within: 180d, per: customer}
  history.of_contact:      {count: responses, per: contact}
  history.rich:            {count: responses, where: customer.arr >= 1000.50, per: customer}
  history.cases_30d:       {count: loops, play: csm_case, within: 30d, per: customer}
"""

RULES = """
boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: case
    when: detractor
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

    def run(*incoming: Response, unit: str, at: datetime = AT) -> list[dict[str, Any]]:
        with database.session() as session:
            accepted = accept(
                session, bundle, incoming, at=at, actor="a", unit=unit, terms=terms, mode="act_on_old"
            )
            session.commit()
        assert accepted.new == len(incoming), accepted.taken
        return [dict(decision.facts) for decision in accepted.decisions]

    return run


def answer(source_id: str, nps: int, at: datetime = AT, **over: Any) -> Response:
    facts: dict[str, FactValue] = {"response.origin": "direct", "nps": nps, **over.pop("facts", {})}
    over = {"customer": "acme", "contact": "ada", **over}
    return Response(source="crm", source_id=source_id, responded_at=at, facts=facts, **over)


def test_built_in_facts_of_a_first_response(take: Take) -> None:
    written = {"comment.text": "Trop long"}
    [facts] = take(
        answer("r1", 9, AT - 3 * DAY, facts=written, verbatims=(Verbatim(text="Trop long"),)), unit="u"
    )
    assert facts["response.age_days"] == 3
    assert facts["response.known_customer"] is True
    assert facts["comment.length"] == 9
    assert facts["customer.open_loop"] is False
    assert facts["customer.tenure_days"] == 3
    assert facts["history.detractors_180d"] == 0


def test_what_concerns_a_customer_is_unknown_without_one(take: Take) -> None:
    [facts] = take(answer("r1", 3, customer=None, contact=None), unit="u")
    assert facts["response.known_customer"] is False
    assert facts["comment.length"] == 0
    unknown = {"customer.open_loop", "customer.tenure_days", "history.detractors_180d", "history.of_contact"}
    assert unknown.isdisjoint(facts)


def test_an_answer_a_little_ahead_of_our_clock_has_no_negative_age(take: Take) -> None:
    [facts] = take(answer("r1", 9, AT + timedelta(hours=2)), unit="u")
    assert (facts["response.age_days"], facts["customer.tenure_days"]) == (0, 0)


def test_earlier_detractors_are_counted_within_one_list_and_between_lists(take: Take) -> None:
    first, second = take(answer("r1", 3, AT - 2 * DAY), answer("r2", 5, AT - DAY), unit="u1")
    [third] = take(answer("r3", 9), unit="u2")
    counts = [facts["history.detractors_180d"] for facts in (first, second, third)]
    assert counts == [0, 1, 2]


def test_a_span_counts_back_from_the_answer_both_ends_included(take: Take) -> None:
    take(answer("old", 3, AT - 181 * DAY), answer("edge", 3, AT - 180 * DAY), answer("same", 3), unit="u1")
    [facts] = take(answer("r", 9), unit="u2")
    assert facts["history.detractors_180d"] == 2


def test_a_late_arrival_does_not_count_what_came_after_it(take: Take) -> None:
    take(answer("r1", 3, AT - DAY), unit="u1")
    [facts] = take(answer("late", 3, AT - 2 * DAY), unit="u2")
    assert facts["history.detractors_180d"] == 0


def test_counts_are_per_customer_or_per_contact(take: Take) -> None:
    take(answer("r1", 3, AT - DAY), answer("r2", 3, AT - DAY, contact="bob"), unit="u1")
    take(answer("r3", 3, AT - DAY, customer="other"), unit="u2")
    [facts] = take(answer("r4", 9), unit="u3")
    assert (facts["history.detractors_180d"], facts["history.of_contact"]) == (2, 2)


def test_a_revision_is_counted_by_its_latest_content_and_once(take: Take) -> None:
    take(answer("r1", 3, AT - DAY), unit="u1")
    with pytest.raises(AssertionError, match="revision"):
        take(answer("r1", 9, AT - DAY), unit="u2")
    [facts] = take(answer("r2", 9), unit="u3")
    assert (facts["history.detractors_180d"], facts["history.of_contact"]) == (0, 1)


def test_a_condition_on_a_decimal_reads_what_was_stored(take: Take) -> None:
    def rich(source_id: str, arr: str) -> Response:
        from_crm = {"customer.arr": Decimal(arr)}
        return answer(source_id, 9, AT - DAY, facts=from_crm)

    take(rich("r1", "1000.49"), rich("r2", "1000.50"), unit="u1")
    [facts] = take(answer("r3", 9), unit="u2")
    assert facts["history.rich"] == 1


def test_loops_are_counted_and_an_open_one_is_seen(take: Take, database: Database) -> None:
    first, second = take(answer("r1", 3, AT - DAY), answer("r2", 9), unit="u1")
    assert (first["customer.open_loop"], second["customer.open_loop"]) == (False, True)
    assert second["history.cases_30d"] == 1
    with database.session() as session:
        loop = session.exec(select(LoopRow.id)).one()
        close(session, loop, closure=Closure.RECOVERED, by="ana", at=AT)
        session.commit()
    [third] = take(answer("r3", 9), unit="u2")
    assert (third["customer.open_loop"], third["history.cases_30d"]) == (False, 1)
    [later] = take(answer("r4", 9, AT + 31 * DAY), unit="u3", at=AT + 31 * DAY)
    assert later["history.cases_30d"] == 0


def test_tenure_counts_from_the_first_answer_whatever_came_first(take: Take) -> None:
    take(answer("r1", 9, AT - 10 * DAY), unit="u1")
    take(answer("r0", 9, AT - 40 * DAY), unit="u2")
    [facts] = take(answer("r2", 9), unit="u3")
    assert facts["customer.tenure_days"] == 40
