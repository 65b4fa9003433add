"""Two records of one customer or contact made one: everything counts together, and nothing is lost."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import col, select

from boucle.engine import privacy
from boucle.engine.consent import CONSENT, find_objection
from boucle.engine.customer_lists import find_party
from boucle.engine.database import Database
from boucle.engine.mergers import Merged, merge
from boucle.engine.reconciliation import read_counts
from boucle.engine.tables import CommandRow, Contact, Customer, LedgerEvent, LoopRow, Personal, ResponseRow
from boucle.engine.verification import verify
from boucle.errors import AmbiguousError, NotFoundError, RefusedError
from boucle.model import ActKind, Person, Response
from tests.integration.gated import AT, DAY, FACTS, answer, compile_gates, take
from tests.integration.opening import event_types

CASES = """
  - id: case
    when: detractor
    start: csm_case
    if_open: separate
"""
JOINING = CASES.replace("separate", "join_customer")
CAP = """
caps:
  - {id: one-90d, plays: [csm_case], per: customer, max: 1, within: 90 days}
"""
DERIVED = """
derived:
  history.detractors: {count: responses, where: nps in 0..6, per: customer}
"""
COUNTING = """
  - id: again
    when: detractor and history.detractors >= 1
    start: escalate
  - id: case
    when: detractor
    start: csm_case
"""
PATIENCE = 60


def unite(
    database: Database,
    gone: str,
    into: str,
    model: type[Customer | Contact] = Customer,
    text: str | None = None,
) -> Merged:
    with database.session() as session:
        ids = [find_party(session, model, name).id for name in (gone, into)]
        merged = merge(session, model, *ids, actor="ada", at=AT, text=text)
        session.commit()
    return merged


def of(customer: str, source_id: str, **more: Any) -> Response:
    return answer(source_id, customer=customer, **more)


def test_later_responses_that_name_the_old_key_land_on_the_one_that_goes_on(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [of("old", "r1"), of("new", "r2")])
    merged = unite(database, "old", "new")
    take(database, bundle, [of("old", "r3")])
    with database.reading() as session:
        named = session.exec(select(ResponseRow.customer_id).distinct()).all()
        assert named == [merged.into]


def test_caps_count_both(database: Database) -> None:
    bundle = compile_gates(CASES, CAP)
    take(database, bundle, [of("old", "r1"), of("new", "r2", nps=9)])
    unite(database, "old", "new")
    taken = take(database, bundle, [of("new", "r3")])
    assert taken.decisions[0].blocked_by == "caps/one-90d"


def test_derived_facts_count_both(database: Database) -> None:
    bundle = compile_gates(COUNTING, facts=FACTS + DERIVED)
    take(database, bundle, [of("old", "r1"), of("new", "r2", nps=9)])
    unite(database, "old", "new")
    taken = take(database, bundle, [of("new", "r3")])
    assert taken.decisions[0].facts["history.detractors"] == 1


def test_open_loops_of_both_stay_and_are_joined(database: Database) -> None:
    take(database, compile_gates(CASES), [of("old", "r1"), of("new", "r2")])
    merged = unite(database, "old", "new")
    [kept] = merged.open_loops
    with database.reading() as session:
        loops = session.exec(select(LoopRow).where(LoopRow.customer_id == merged.into)).all()
        assert {loop.state for loop in loops} == {"open"}
        assert len(loops) == 2
        assert event_types(session, kept) == ["loop.opened", "loop.moved"]
    joined = take(database, compile_gates(JOINING), [of("old", "r3")])
    assert joined.decisions[0].outcome == "joined"


def test_of_each_fact_the_newer_statement_is_kept(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(
        database,
        bundle,
        [
            of("old", "r1", responded_at=AT - DAY, customer__tags=("vip",)),
            of("new", "r2", responded_at=AT - 3 * DAY, customer__tags=("legal_hold",)),
        ],
    )
    merged = unite(database, "old", "new")
    with database.reading() as session:
        row = session.get_one(Customer, merged.into)
        assert row.facts == {"customer.tags": ["vip"]}
        assert row.first_seen_at == AT - 3 * DAY


def test_a_contact_brings_their_data_and_their_refusal(database: Database) -> None:
    bundle = compile_gates(CASES)
    old = of("acme", "r1", contact="a1", responded_at=AT - DAY, consent__follow_up=False)
    new = of("acme", "r2", contact="a2", responded_at=AT - 2 * DAY, consent__follow_up=True)
    taken = take(
        database,
        bundle,
        [
            old.model_copy(update={"person": Person(name="Ada", email="new@x.example")}),
            new.model_copy(update={"person": Person(email="old@x.example", phone="01")}),
        ],
    )
    merged = unite(database, "a1", "a2", Contact, text="the same person")
    with database.reading() as session:
        person = privacy.find_person(session, merged.into)
        assert person == Person(name="Ada", email="new@x.example", phone="01")
        for one in taken.taken:
            assert find_objection(session, session.get_one(LoopRow, one.loop_id)) == CONSENT
        asked = session.exec(select(CommandRow.loop_id).where(CommandRow.kind == ActKind.WITHDRAW)).all()
        assert set(asked) == {one.loop_id for one in taken.taken}


def test_who_erases_the_one_that_goes_on_erases_all_that_is_personal(database: Database) -> None:
    person = Person(name="Ada", email="ada@x.example")
    responses = [of("acme", f"r{n}", contact=f"a{n}").model_copy(update={"person": person}) for n in (1, 2)]
    take(database, compile_gates(CASES), responses)
    merged = unite(database, "a1", "a2", Contact)
    with database.session() as session:
        subjects = set(session.exec(select(Personal.subject)).all())
        assert subjects == {merged.into}
        assert verify(session).whole


def test_the_ledger_keeps_what_was_moved_and_what_was_known_before(database: Database) -> None:
    take(
        database,
        compile_gates(CASES, CAP),
        [of("old", "r1", customer__tags=("vip",)), of("new", "r2", nps=9)],
    )
    merged = unite(database, "old", "new", text="one company")
    assert merged.moved == {"loop.customer_id": 1, "response.customer_id": 1, "reservation.party": 1}
    with database.session() as session:
        event = session.exec(select(LedgerEvent).where(LedgerEvent.type == "customer.merged")).one()
        payload = json.loads(event.payload)
        response = session.exec(select(ResponseRow).where(ResponseRow.source_id == "r1")).one()
        assert payload["moved"]["response.customer_id"] == [response.id]
        assert (payload["from"], payload["into"]) == (merged.gone, merged.into)
        kept = privacy.read(session, merged.into, f"{event.chain}#{event.seq}")
        assert kept["text"] == "one company"
        assert json.loads(kept["before"])["facts"] == {}
        assert verify(session).whole
        assert read_counts(session).agree


def test_what_was_merged_into_the_one_given_up_follows(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [of("a", "r1"), of("b", "r2"), of("c", "r3")])
    unite(database, "a", "b")
    merged = unite(database, "b", "c")
    taken = take(database, bundle, [of("a", "r4"), of("b", "r5"), of("c", "r6")])
    ids = [one.response_id for one in taken.taken]
    with database.reading() as session:
        named = session.exec(select(ResponseRow.customer_id).where(col(ResponseRow.id).in_(ids))).all()
        assert named == [merged.into] * 3


def test_what_makes_no_sense_is_refused(database: Database) -> None:
    take(database, compile_gates(CASES), [of("a", "r1"), of("b", "r2"), of("c", "r3")])
    unite(database, "a", "b")
    for gone, into in (("b", "b"), ("a", "c"), ("c", "a")):
        with pytest.raises(RefusedError):
            unite(database, gone, into)


def test_a_name_has_to_be_of_one_record(database: Database) -> None:
    other = of("a", "r2").model_copy(update={"source": "kiosk"})
    take(database, compile_gates(CASES), [of("a", "r1"), other])
    with database.reading() as session:
        with pytest.raises(AmbiguousError):
            find_party(session, Customer, "a")
        with pytest.raises(NotFoundError):
            find_party(session, Customer, "nobody")
        row = find_party(session, Customer, "kiosk/a")
        assert find_party(session, Customer, row.id[:12]).id == row.id


def test_merging_while_responses_come_in_loses_none_and_never_waits_for_ever(database: Database) -> None:
    bundle = compile_gates(JOINING)
    chance = random.Random(5)  # noqa: S311 nothing to guess here
    with ThreadPoolExecutor(3) as pool:
        for number in range(6):
            keys = [f"{number}-{side}" for side in "ab"]
            take(database, bundle, [of(key, f"first-{key}") for key in keys])
            start = Barrier(3)

            def come(order: list[str], side: str, start: Barrier = start) -> None:
                start.wait(PATIENCE)
                take(database, bundle, [of(key, f"{side}-{key}") for key in order])

            def one(keys: list[str] = keys, start: Barrier = start) -> Merged:
                start.wait(PATIENCE)
                gone, into = chance.sample(keys, 2)
                return unite(database, gone, into)

            done = [pool.submit(come, keys, "x"), pool.submit(come, keys[::-1], "y")]
            merged = pool.submit(one).result(PATIENCE)
            for each in done:
                each.result(PATIENCE)
            with database.reading() as session:
                rows = session.exec(select(ResponseRow).where(ResponseRow.customer_id == merged.into)).all()
                assert len(rows) == 6
                gone = select(ResponseRow).where(ResponseRow.customer_id == merged.gone)
                assert session.exec(gone).all() == []
    with database.reading() as session:
        assert read_counts(session).agree
        assert verify(session).whole
