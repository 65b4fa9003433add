"""Putting a bundle in force: one after another, on the record, while responses come in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlmodel import col, select

from boucle.decision import Decision
from boucle.engine import activations, bundles, ledger
from boucle.engine.activations import BundleInForce
from boucle.engine.database import Database
from boucle.engine.intake import IntakeTerms, accept
from boucle.engine.tables import DecisionRow, LedgerEvent, LoopRow
from boucle.engine.verification import verify
from boucle.errors import NotFoundError, RefusedError
from boucle.model import Plan, Response
from boucle.rules.bundle import Bundle
from boucle.rules.decide import replay

FACTS = """
boucle: facts/v1
facts:
  nps: {score: nps}
"""

RULES = """
boucle: rules/v1
ruleset: nps
timezone: UTC
rules:
  - id: call
    when: detractor
    start: csm_case
    with: {team: TEAM}
undecided: record
"""

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)

Compiled = Callable[..., Bundle]


def bundle_for(compiled: Compiled, team: str) -> Bundle:
    return compiled(FACTS, RULES.replace("TEAM", team))


def put(database: Database, bundle: Bundle, reason: str = "a test", expected: str | None = None) -> None:
    with database.session() as session:
        activations.activate(session, bundle, at=AT, actor="anna", reason=reason, expected=expected)
        session.commit()


def in_force(database: Database) -> str | None:
    with database.reading() as session:
        row = activations.find_active(session)
        return row.bundle if row else None


def test_of_two_first_uses_at_once_one_puts_its_rules_in_force_for_both(
    database: Database, compiled: Compiled
) -> None:
    start, both = Barrier(2), [bundle_for(compiled, team) for team in ("one", "two")]

    def use(bundle: Bundle) -> str:
        start.wait(60)
        with database.session() as session:
            found = activations.begin(session, bundle, at=AT, actor="anna").bundle
            session.commit()
            return found

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(use, both)) == {in_force(database)}
    with database.reading() as session:
        [row] = activations.list_activations(session)
    assert (row.seq, row.reason, row.previous) == (1, "first use", None)


def test_an_activation_is_a_row_and_an_event_with_who_and_why(database: Database, compiled: Compiled) -> None:
    first, second = bundle_for(compiled, "one"), bundle_for(compiled, "two")
    assert in_force(database) is None
    put(database, first, "the beginning")
    put(database, second, "a better one", expected=first.digest)
    with database.reading() as session:
        rows = activations.list_activations(session)
        events = ledger.history(session, activations.CHAIN)
    assert [(row.bundle, row.previous, row.reason, row.actor) for row in rows] == [
        (second.digest, first.digest, "a better one", "anna"),
        (first.digest, None, "the beginning", "anna"),
    ]
    assert [(event.type, json.loads(event.payload)) for event in events] == [
        ("bundle.activated", {"bundle": first.digest, "previous": None, "reason": "the beginning"}),
        ("bundle.activated", {"bundle": second.digest, "previous": first.digest, "reason": "a better one"}),
    ]


def test_the_same_bundle_again_and_an_overtaken_one_are_refused(
    database: Database, compiled: Compiled
) -> None:
    first, second = bundle_for(compiled, "one"), bundle_for(compiled, "two")
    put(database, first)
    with pytest.raises(RefusedError, match="in force already"):
        put(database, first)
    with pytest.raises(RefusedError, match="meanwhile"):
        put(database, second, expected="0" * 64)
    assert in_force(database) == first.digest


def test_the_previous_bundle_is_the_one_to_go_back_to(database: Database, compiled: Compiled) -> None:
    first, second = bundle_for(compiled, "one"), bundle_for(compiled, "two")
    put(database, first)
    with database.reading() as session, pytest.raises(RefusedError, match="nothing to go back to"):
        activations.get_previous(session)
    put(database, second)
    with database.reading() as session:
        assert activations.get_previous(session) == first.digest
        assert bundles.find_digest(session, first.digest[:9].upper()) == first.digest
        for unknown in ("", "xyz", "0" * 64):
            with pytest.raises(NotFoundError):
                bundles.find_digest(session, unknown)


def test_two_activations_at_the_same_time_come_one_after_the_other(
    database: Database, compiled: Compiled
) -> None:
    candidates = [bundle_for(compiled, f"team-{number}") for number in range(4)]
    start = Barrier(len(candidates))

    def one(bundle: Bundle) -> None:
        start.wait(30)
        put(database, bundle)

    with ThreadPoolExecutor(len(candidates)) as pool:
        list(pool.map(one, candidates))
    with database.reading() as session:
        rows = activations.list_activations(session)
        assert verify(session).whole
    assert [row.seq for row in rows] == [4, 3, 2, 1]
    assert [row.previous for row in rows[:-1]] == [row.bundle for row in rows[1:]]


def test_under_load_every_response_is_decided_by_exactly_one_bundle(
    database: Database, compiled: Compiled, terms: IntakeTerms
) -> None:
    two = [bundle_for(compiled, "one"), bundle_for(compiled, "two")]
    put(database, two[0])
    rounds, importers, each = 12, 3, 40

    def take_in(number: int) -> None:
        force = BundleInForce()
        for turn in range(0, each, 4):
            with database.session() as session:
                bundle = force.find(session)
                assert bundle is not None
                answers = [answer(f"{number}-{turn + one}") for one in range(4)]
                accept(session, bundle, answers, at=AT, actor="a", unit=f"u{number}-{turn}", terms=terms)
                session.commit()

    def swap(_: int) -> None:
        for turn in range(1, rounds):
            put(database, two[turn % 2])

    with ThreadPoolExecutor(importers + 1) as pool:
        done = [pool.submit(take_in, number) for number in range(importers)] + [pool.submit(swap, 0)]
        for one in done:
            one.result()
    with database.reading() as session:
        rows = session.exec(select(DecisionRow)).all()
        events = session.exec(select(LedgerEvent).where(col(LedgerEvent.type) == "response.decided")).all()
        plans = {
            loop.decision_id: Plan.model_validate_json(loop.plan) for loop in session.exec(select(LoopRow))
        }
        assert verify(session).whole
    assert Counter(row.response_id for row in rows).most_common(1)[0][1] == 1
    assert len(rows) == importers * each == len(events) == len(plans)
    said = {json.loads(event.payload)["decision"]: json.loads(event.payload)["bundle"] for event in events}
    teams = {two[0].digest: "one", two[1].digest: "two"}
    by_digest = {bundle.digest: bundle for bundle in two}
    for row in rows:
        assert said[row.id] == row.bundle
        assert plans[row.id].params["team"] == teams[row.bundle]
        decision = Decision.model_validate_json(row.record)
        assert replay(by_digest[row.bundle], decision) == decision


def answer(source_id: str) -> Response:
    return Response(source="crm", source_id=source_id, responded_at=AT - timedelta(hours=1), facts={"nps": 3})
