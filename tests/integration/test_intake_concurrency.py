from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func
from sqlmodel import select

from boucle.engine.database import Database
from boucle.engine.intake import Accepted, IntakeTerms, accept
from boucle.engine.tables import Contact, Customer, DecisionRow, ResponseRow
from boucle.engine.verification import verify
from boucle.model import Person, Response
from boucle.rules.bundle import Bundle

FACTS = """
boucle: facts/v1
facts:
  nps: {score: nps}
derived:
  history.detractors: {count: responses, where: detractor, per: customer}
"""

RULES = """
boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: first-case
    when: detractor and history.detractors == 0
    start: csm_case
    with: {team: csm}
undecided: record
"""

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
TOGETHER = 4

Together = Callable[[Sequence[Sequence[Response]]], list[Accepted]]


@pytest.fixture
def together(database: Database, compiled: Callable[..., Bundle], terms: IntakeTerms) -> Together:
    """Accept several lists at the same time, each in a transaction of its own."""
    bundle = compiled(FACTS, RULES)

    def run(lists: Sequence[Sequence[Response]]) -> list[Accepted]:
        start = Barrier(len(lists))

        def one(number: int) -> Accepted:
            start.wait(30)
            with database.session() as session:
                accepted = accept(
                    session, bundle, lists[number], at=AT, actor="a", unit=f"u{number}", terms=terms
                )
                session.commit()
                return accepted

        with ThreadPoolExecutor(len(lists)) as pool:
            return list(pool.map(one, range(len(lists))))

    return run


def answer(source_id: str, customer: str = "acme", contact: str | None = None) -> Response:
    at = AT - timedelta(hours=1)
    person = Person(email=f"{contact}@example.com") if contact else None
    return Response(
        source="crm", source_id=source_id, responded_at=at, facts={"nps": 3},
        customer=customer, contact=contact, person=person,
    )  # fmt: skip


def count(database: Database, model: type[ResponseRow | DecisionRow | Customer | Contact]) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(model)).one()


def test_of_several_at_once_with_the_same_id_one_wins(database: Database, together: Together) -> None:
    accepted = together([[answer("r1")]] * TOGETHER)
    verdicts = Counter(one.taken[0].verdict for one in accepted)
    assert verdicts == {"new": 1, "duplicate": TOGETHER - 1}
    assert (count(database, ResponseRow), count(database, DecisionRow)) == (1, 1)


def test_of_several_detractors_of_one_customer_only_one_sees_no_other(together: Together) -> None:
    accepted = together([[answer(f"r{number}")] for number in range(TOGETHER)])
    seen = {one.decisions[0].facts["history.detractors"] for one in accepted}
    assert seen == set(range(TOGETHER))
    assert sum(one.taken[0].loop_id is not None for one in accepted) == 1


def test_lists_that_name_the_same_people_in_other_orders_never_lock_in_a_ring(
    database: Database, together: Together
) -> None:
    names = [f"c{number}" for number in range(12)]

    def listed(number: int, order: Sequence[str]) -> list[Response]:
        return [answer(f"r{number}-{name}", name, contact=f"p-{name}") for name in order]

    orders = [names, names[::-1], names[6:] + names[:6], names[::2] + names[1::2]]
    for repeat in range(3):
        lists = [listed(10 * repeat + number, order) for number, order in enumerate(orders)]
        assert [one.new for one in together(lists)] == [len(names)] * TOGETHER
    assert (count(database, Customer), count(database, Contact)) == (12, 12)
    with database.reading() as session:
        assert verify(session).whole


def test_the_same_file_twice_at_once_is_accepted_once(database: Database, together: Together) -> None:
    file = [answer(f"r{number}", f"c{number % 5}") for number in range(30)]
    accepted = together([file, file[::-1], file[10:], file[:20]])
    assert sum(one.new for one in accepted) == 30
    assert sum(one.duplicates for one in accepted) == 70
    assert count(database, DecisionRow) == 30
