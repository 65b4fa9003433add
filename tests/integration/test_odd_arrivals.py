"""What comes in an odd order, or is odd itself, and is still decided once, by what is true by then."""

from __future__ import annotations

import json
import random
import string
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for

import pytest
from sqlmodel import select

from boucle.engine import outbox
from boucle.engine.database import Database
from boucle.engine.responses import find_response
from boucle.engine.retrials import Retried, find_waiting_ids, retry
from boucle.engine.tables import DecisionRow, OutboxRow, QuarantineRow
from boucle.rules.bundle import Bundle
from tests.integration.gated import AT, DAY, FACTS, TERMS, answer, compile_gates, take

CASES = """
  - id: case
    when: detractor
    start: csm_case
"""
COUNTING = """
  - id: case
    when: detractor
    start: csm_case
  - id: again
    when: promoter and history.detractors >= 1
    start: escalate
    if_open: separate
"""
COUNTED = """
derived:
  history.detractors: {count: responses, where: detractor, within: 180d, per: customer}
"""


def decide(database: Database, source_id: str) -> DecisionRow:
    """The decision on a response."""
    with database.reading() as session:
        response = find_response(session, source_id)
        return session.exec(select(DecisionRow).where(DecisionRow.response_id == response.id)).one()


def again(database: Database, bundle: Bundle, only: str | None = None) -> list[Retried]:
    """Retry what waits, or the one whose content holds `only`."""
    with database.session() as session:
        rows = session.exec(select(QuarantineRow).where(QuarantineRow.state == "waiting")).all()
        ids = [row.id for row in rows if only is None or only in row.payload]
        assert set(ids) <= set(find_waiting_ids(session))
        found = retry(session, bundle, ids, at=AT + 2 * DAY, actor="anna", unit="again", terms=TERMS)
        session.commit()
        return found


def states(database: Database) -> dict[str, str]:
    """What became of what lies in quarantine, by what `customer.note` said: each is there once."""
    with database.reading() as session:
        rows = session.exec(select(QuarantineRow)).all()
    said = {json.loads(row.payload)["facts"]["customer.note"]: row.state for row in rows}
    assert len(said) == len(rows)
    return said


# -- loops that were never begun ----------------------------------------------------------------


def test_a_revision_beside_it_lets_nothing_join_a_loop_whose_start_was_refused(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [answer("r1", 3, contact="ada")])
    with database.session() as session:
        outbox.mark_refused(session, session.exec(select(OutboxRow.id)).one(), "unknown_play", AT)
        session.commit()
    taken = take(database, bundle, [answer("r1", 2, contact="ada"), answer("r2", 2, contact="ada")])
    assert [one.verdict for one in taken.taken] == ["revision", "new"]
    assert decide(database, "r2").outcome == "starts"


def test_a_refusal_that_is_being_written_is_waited_for(database: Database) -> None:
    bundle = compile_gates(CASES)
    take(database, bundle, [answer("r1", 3, contact="ada")])
    with ThreadPoolExecutor(1) as pool:
        with database.session() as session:
            outbox.mark_refused(session, session.exec(select(OutboxRow.id)).one(), "unknown_play", AT)
            meanwhile = pool.submit(take, database, bundle, [answer("r2", 2, contact="ada")])
            assert not wait_for([meanwhile], 0.5).done
            session.commit()
        meanwhile.result(60)
    assert decide(database, "r2").outcome == "starts"


# -- the past -----------------------------------------------------------------------------------


def test_a_personal_fact_that_is_always_known_does_not_empty_the_past(database: Database) -> None:
    bundle = compile_gates(COUNTING, facts=f"{FACTS}  response.who: {{type: text, pii: true}}\n{COUNTED}")
    take(database, bundle, [answer("r1", 3, response__who="x"), answer("r2", 9, response__who="y")])
    take(database, bundle, [answer("r3", 9, response__who="z")])
    assert [decide(database, one).winner for one in ("r2", "r3")] == ["again", "again"]


# -- quarantine ---------------------------------------------------------------------------------


def test_a_key_too_long_for_an_index_is_put_aside_alone(database: Database) -> None:
    chance = random.Random(1)  # noqa: S311 nothing to guess here
    long = "".join(chance.choices(string.ascii_letters, k=9_000))
    taken = take(
        database,
        compile_gates(CASES),
        [answer("r1"), answer("r2", customer=long), answer("r3", contact=long), answer(long)],
    )
    assert [one.verdict for one in taken.taken] == ["new", "quarantined", "quarantined", "quarantined"]
    assert {one.reasons for one in taken.taken[1:]} == {
        ("the key of the response, its customer or contact has more than 500 characters",)
    }


def test_a_retry_drops_nothing_that_came_after_it(database: Database) -> None:
    mended = compile_gates(CASES, facts=f"{FACTS}  customer.note: {{type: text}}\n")
    take(database, compile_gates(CASES), [answer("r1", 3, customer__note="first")])
    take(database, compile_gates(CASES), [answer("r1", 9, customer__note="second")], at=AT + DAY)
    [one] = again(database, mended, only="first")
    assert (one.taken.verdict, states(database)) == ("new", {"first": "decided", "second": "waiting"})
    [one] = again(database, mended)
    assert (one.taken.verdict, states(database)) == ("revision", {"first": "decided", "second": "decided"})


def test_of_two_modes_the_later_content_is_decided_too(database: Database) -> None:
    mended = compile_gates(CASES, facts=f"{FACTS}  customer.note: {{type: text}}\n")
    take(database, compile_gates(CASES), [answer("r1", 3, customer__note="first")])
    take(
        database, compile_gates(CASES), [answer("r1", 9, customer__note="second")],
        at=AT + DAY, mode="record_only",
    )  # fmt: skip
    assert [one.taken.verdict for one in again(database, mended)] == ["new", "revision"]
    assert states(database) == {"first": "decided", "second": "decided"}


@pytest.mark.parametrize(
    ("form", "note", "state"),
    [
        ("{type: instant}", "2020-01-31T10:00:00+01:00", "decided"),
        ("{type: decimal, digits: 1}", "1e1", "decided"),
        ("{type: decimal, digits: 0}", "1.50", "waiting"),
    ],
)
def test_what_a_mend_types_anew_is_still_the_same_content(
    database: Database, form: str, note: str, state: str
) -> None:
    take(database, compile_gates(CASES), [answer("r1", 3, customer__note=note)])
    again(database, compile_gates(CASES, facts=f"{FACTS}  customer.note: {form}\n"))
    assert states(database) == {note: state}
