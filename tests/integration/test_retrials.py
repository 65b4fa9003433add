"""What lay in quarantine is decided after a mend, in the mode in which it came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlmodel import select

from boucle.engine.database import Database
from boucle.engine.intake import IntakeTerms, accept
from boucle.engine.quarantine import list_waiting
from boucle.engine.retrials import Retried, find_waiting_ids, retry
from boucle.engine.tables import DecisionRow, QuarantineRow
from boucle.errors import AmbiguousError, NotFoundError
from boucle.model import FactValue, Response
from boucle.rules.bundle import Bundle
from boucle.rules.gates import Mode

FACTS = """
boucle: facts/v1
facts:
  nps: {score: nps}
  customer.plan: {type: enum, values: [basic]}
"""
MENDED = """
boucle: facts/v1
facts:
  nps: {score: nps}
  customer.plan: {type: enum, values: [basic, gold]}
  customer.arr: {type: decimal, digits: 2}
  customer.since: {type: date}
  customer.tags: {type: set, of: [vip]}
"""
RULES = """
boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: call
    when: detractor
    start: csm_case
undecided: record
"""
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = AT + timedelta(days=2)

Compiled = Callable[..., Bundle]


def answer(source_id: str, days_old: int = 1, **facts: FactValue) -> Response:
    named: dict[str, FactValue] = {name.replace("_", ".", 1): value for name, value in facts.items()}
    return Response(
        source="crm",
        source_id=source_id,
        responded_at=AT - timedelta(days=days_old),
        facts={"nps": 3, **named},
        customer=f"customer of {source_id}",
    )


@pytest.fixture
def take(database: Database, compiled: Compiled, terms: IntakeTerms) -> Callable[..., None]:
    def run(*responses: Response, mode: Mode = "act") -> None:
        with database.session() as session:
            bundle = compiled(FACTS, RULES)
            accept(session, bundle, responses, at=AT, actor="a", unit=f"u-{mode}", terms=terms, mode=mode)
            session.commit()

    return run


def again(database: Database, bundle: Bundle, terms: IntakeTerms, name: str | None = None) -> list[Retried]:
    with database.session() as session:
        ids = find_waiting_ids(session, name)
        found = retry(session, bundle, ids, at=LATER, actor="anna", unit="again", terms=terms)
        session.commit()
        return found


def test_after_a_mend_of_the_catalogue_each_is_decided_with_its_values(
    database: Database, compiled: Compiled, terms: IntakeTerms, take: Callable[..., None]
) -> None:
    take(
        answer("gold", customer_plan="gold"),
        answer(
            "rich", customer_arr=Decimal("10.50"), customer_since=date(2020, 1, 31), customer_tags=("vip",)
        ),
        answer("platinum", customer_plan="platinum"),
    )
    found = again(database, compiled(MENDED, RULES), terms)
    assert {one.source_id: one.decided for one in found} == {"gold": True, "rich": True, "platinum": False}
    assert [one.reasons for one in found if not one.decided] == [
        ("customer.plan has the value 'platinum'; listed are basic, gold",)
    ]
    with database.reading() as session:
        decisions = session.exec(select(DecisionRow)).all()
        waiting = list_waiting(session, LATER)
    assert [(row.outcome, row.at) for row in decisions] == [("starts", LATER)] * 2
    assert any('"customer.arr":1050' in row.record for row in decisions)
    assert [(one.source_id, one.reasons) for one in waiting] == [
        ("platinum", ("customer.plan has the value 'platinum'; listed are basic, gold",))
    ]


def test_what_came_to_be_recorded_alone_is_recorded_alone(
    database: Database, compiled: Compiled, terms: IntakeTerms, take: Callable[..., None]
) -> None:
    take(answer("quiet", customer_plan="gold"), mode="record_only")
    take(answer("old", 300, customer_plan="gold"), mode="act_on_old")
    take(answer("late", 300, customer_plan="gold"))
    assert all(one.decided for one in again(database, compiled(MENDED, RULES), terms))
    with database.reading() as session:
        rows = session.exec(select(DecisionRow)).all()
    assert sorted((row.outcome, row.blocked_by or "") for row in rows) == [
        ("blocked", "max_age"), ("blocked", "record_only"), ("starts", ""),
    ]  # fmt: skip


def test_retrying_without_a_mend_changes_nothing(
    database: Database, compiled: Compiled, terms: IntakeTerms, take: Callable[..., None]
) -> None:
    take(answer("gold", customer_plan="gold"))
    for _ in range(2):
        assert [one.decided for one in again(database, compiled(FACTS, RULES), terms)] == [False]
    with database.reading() as session:
        assert [row.state for row in session.exec(select(QuarantineRow))] == ["waiting"]
        assert session.exec(select(DecisionRow)).all() == []


def test_one_is_named_by_either_id(
    database: Database, compiled: Compiled, terms: IntakeTerms, take: Callable[..., None]
) -> None:
    take(answer("one", customer_plan="gold"), answer("two", customer_plan="gold"))
    with database.reading() as session:
        (first,) = find_waiting_ids(session, "one")
        assert find_waiting_ids(session, first) == [first]
        with pytest.raises(NotFoundError):
            find_waiting_ids(session, "three")
        with pytest.raises(AmbiguousError):
            find_waiting_ids(session, "")
    assert [one.source_id for one in again(database, compiled(MENDED, RULES), terms, "two")] == ["two"]
    with database.reading() as session:
        assert [one.source_id for one in list_waiting(session, LATER)] == ["one"]
