"""Responses that come at the same time never pass a gate together that lets only one of them through.

A short form runs always; `BOUCLE_RACES=full` runs a thousand races of each kind, `BOUCLE_RACE_SEED`
repeats a run's choices.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from boucle.engine.database import Database
from boucle.engine.intake import Accepted
from boucle.engine.loops import close
from boucle.engine.reconciliation import check, read_counts
from boucle.engine.tables import LoopRow, ReservationRow
from boucle.engine.verification import verify
from boucle.model import Closure, Response
from boucle.rules.bundle import Bundle
from tests.integration.gated import AT, DAY, answer, compile_gates, refuse, take
from tests.integration.opening import event_types

FULL = os.environ.get("BOUCLE_RACES") == "full"
RACES = 1000 if FULL else 20
BATCHES = 1000 if FULL else 5
SEED = int(os.environ.get("BOUCLE_RACE_SEED", "11"))
PATIENCE = 60

CAPPED = """
  - id: case
    when: detractor
    start: csm_case
    if_open: separate
"""
CAP = """
caps:
  - {id: one-90d, plays: [csm_case], per: customer, max: 1, within: 90 days}
"""

JOINING = """
  - id: case
    when: detractor
    start: csm_case
"""

SPENDING = """
  - id: apology
    when: detractor
    start: apologize_with_offer
    with: {offer: 15.00 EUR}
    if_open: separate
    spends: goodwill
"""
BUDGET = """
budgets:
  - {id: goodwill, limit: 15.00 EUR, per: calendar_day}
"""

MIXED = """
  - id: apology
    when: nps in 0..3
    start: apologize_with_offer
    with: {offer: 15.00 EUR}
    if_open: separate
    spends: b-goodwill
  - id: case
    when: nps in 4..6
    start: csm_case
    with: {offer: 10.00 EUR}
    if_open: join_customer
    spends: a-gestures
  - id: invitation
    when: promoter
    start: invite_promoter
"""
MIXED_GATES = """
caps:
  - {id: offers, plays: [apologize_with_offer], per: customer, max: 1, within: 90 days}
  - {id: all, plays: [apologize_with_offer, csm_case, invite_promoter], per: contact, max: 2, within: 90 days}
budgets:
  - {id: b-goodwill, limit: 60.00 EUR, per: calendar_day}
  - {id: a-gestures, limit: 30.00 EUR, per: calendar_day}
"""


@pytest.fixture
def chance() -> random.Random:
    return random.Random(SEED)  # noqa: S311 nothing to guess here


def race(
    database: Database,
    bundle: Bundle,
    pool: ThreadPoolExecutor,
    lists: Sequence[Sequence[Response]],
    at: datetime,
) -> list[Accepted]:
    """Accept several lists at the same time, each in a transaction of its own."""
    start = Barrier(len(lists))

    def one(incoming: Sequence[Response]) -> Accepted:
        start.wait(PATIENCE)
        return take(database, bundle, incoming, at=at)

    return [done.result(PATIENCE) for done in [pool.submit(one, incoming) for incoming in lists]]


def meet(database: Database, bundle: Bundle, incoming: Sequence[Response]) -> None:
    """Whoever is new is inserted, which alone makes others wait; those who are known have to be locked."""
    for first in range(0, len(incoming), 100):
        take(database, bundle, incoming[first : first + 100], at=AT - DAY)


def outcomes(accepted: Sequence[Accepted]) -> Counter[str]:
    return Counter(decision.blocked_by or decision.outcome for one in accepted for decision in one.decisions)


def assert_whole(database: Database, at: datetime = AT) -> None:
    """Nothing contradicts itself, and every chain holds."""
    with database.reading() as session:
        assert [finding for finding in check(session, at) if finding.wrong] == []
        assert read_counts(session).agree
        assert verify(session).whole


def test_two_responses_of_one_customer_never_both_pass_a_cap_of_one(database: Database) -> None:
    bundle = compile_gates(CAPPED, CAP)
    meet(database, bundle, [answer(f"known-{n}", 9, customer=f"customer-{n}") for n in range(0, RACES, 2)])
    with ThreadPoolExecutor(2) as pool:
        for number in range(RACES):
            customer = f"customer-{number}"
            lists = [
                [answer(f"{customer}-{side}", customer=customer, contact=f"{customer}-{side}")]
                for side in ("left", "right")
            ]
            seen = outcomes(race(database, bundle, pool, lists, AT))
            assert seen == {"starts": 1, "caps/one-90d": 1}, number
    assert_whole(database)


def test_two_responses_of_one_contact_never_both_start_where_the_second_joins(database: Database) -> None:
    bundle = compile_gates(JOINING)
    meet(database, bundle, [answer(f"known-{n}", 9, contact=f"contact-{n}") for n in range(0, RACES, 2)])
    with ThreadPoolExecutor(2) as pool:
        for number in range(RACES):
            contact = f"contact-{number}"  # known to two customers: only the contact's lock can help
            lists = [
                [answer(f"{contact}-{side}", customer=f"{contact}-{side}", contact=contact)]
                for side in ("left", "right")
            ]
            seen = outcomes(race(database, bundle, pool, lists, AT))
            assert seen == {"starts": 1, "joined": 1}, number
    assert_whole(database)


def test_a_response_never_joins_a_loop_that_is_closed_before_it(database: Database) -> None:
    bundle = compile_gates(JOINING)
    with ThreadPoolExecutor(2) as pool:
        for number in range(RACES):
            first = take(database, bundle, [answer(f"{number}-first", contact=f"contact-{number}")])
            loop_id = str(first.taken[0].loop_id)
            start = Barrier(2)
            closed = pool.submit(close_loop, database, loop_id, start)
            start.wait(PATIENCE)
            later = take(database, bundle, [answer(f"{number}-later", contact=f"contact-{number}")])
            closed.result(PATIENCE)
            with database.reading() as session:
                told = event_types(session, loop_id)
            if outcomes([later]) == {"joined": 1}:
                assert told == ["loop.opened", "loop.joined", "loop.closed"], number
            else:
                assert told == ["loop.opened", "loop.closed"], number
    assert_whole(database)


def close_loop(database: Database, loop_id: str, start: Barrier) -> None:
    start.wait(PATIENCE)
    with database.session() as session:
        close(session, loop_id, closure=Closure.WITHDRAWN, by="lea", at=AT)
        session.commit()


def test_two_responses_of_any_customers_never_spend_the_last_of_a_budget_twice(database: Database) -> None:
    bundle = compile_gates(SPENDING, BUDGET)
    with ThreadPoolExecutor(2) as pool:
        for number in range(RACES):
            at = AT + number * DAY
            lists = [
                [answer(f"{number}-{side}", customer=f"{number}-{side}", responded_at=at)]
                for side in ("left", "right")
            ]
            seen = outcomes(race(database, bundle, pool, lists, at))
            assert seen == {"starts": 1, "budgets/goodwill": 1}, number
    assert_whole(database)


def batches(chance: random.Random, number: int) -> list[list[Response]]:
    """Four lists that name the same customers and contacts, each in an order of its own."""
    customers = [f"{number}-{name}" for name in "abcde"]
    lists = []
    for side in range(4):
        named = [(chance.choice(customers), chance.choice("xyz")) for _ in range(6)]
        lists.append(
            [
                answer(
                    f"{number}-{side}-{place}",
                    chance.choice((2, 5, 9)),
                    customer=customer,
                    contact=f"{number}-{who}",
                )
                for place, (customer, who) in enumerate(named)
            ]
        )
    return lists


def assert_within_limits(database: Database) -> None:
    """What is reserved, counted anew from the rows, keeps to every cap and budget."""
    with database.reading() as session:
        spent = select(ReservationRow.gate, ReservationRow.period, func.sum(col(ReservationRow.minor)))
        spent = spent.where(col(ReservationRow.minor).is_not(None))
        limits = {"budgets/b-goodwill": 6000, "budgets/a-gestures": 3000}
        for gate, period, minor in session.exec(
            spent.group_by(ReservationRow.gate, col(ReservationRow.period))
        ):
            assert (minor or 0) <= limits[gate], (gate, period)
        uses = select(ReservationRow.gate, ReservationRow.party, func.count())
        uses = uses.where(col(ReservationRow.party).is_not(None))
        most = {"caps/offers": 1, "caps/all": 2}
        for gate, party, count in session.exec(uses.group_by(ReservationRow.gate, col(ReservationRow.party))):
            assert count <= most[gate], (gate, party)
        assert session.exec(select(func.count()).select_from(LoopRow)).one() > 0


def test_whole_lists_in_any_order_keep_to_caps_and_budgets_and_never_wait_in_a_ring(
    database: Database, chance: random.Random
) -> None:
    bundle = compile_gates(MIXED, MIXED_GATES)
    with ThreadPoolExecutor(4) as pool:
        for number in range(BATCHES):
            accepted = race(database, bundle, pool, batches(chance, number), AT + number * DAY)
            assert sum(one.new for one in accepted) == 24, number
    assert_within_limits(database)
    assert_whole(database)


def test_lists_that_the_database_refuses_in_part_keep_to_them_too(
    database: Database, chance: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = compile_gates(MIXED, MIXED_GATES)
    refuse(monkeypatch, "-2")
    with ThreadPoolExecutor(4) as pool:
        for number in range(BATCHES // 2):
            accepted = race(database, bundle, pool, batches(chance, number), AT + number * DAY)
            assert sum(one.new for one in accepted) == 20, number
            assert sum(one.quarantined for one in accepted) == 4, number
    assert_within_limits(database)
    assert_whole(database)
