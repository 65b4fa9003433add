"""Of many who want a case one gets it, on each database; and nobody's last free place is filled twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any, TypeVar

import pytest
from sqlmodel import Session

from boucle.engine import cases, commands, loops
from boucle.engine.absences import Absence, end_absences, record_absence
from boucle.engine.assignment import Candidate, Roster, give
from boucle.engine.database import Database
from boucle.engine.queue import Taker, list_free, take_next
from boucle.engine.tables import Customer, LoopRow
from boucle.engine.work_tables import CaseRow
from boucle.errors import RefusedError
from boucle.model import ActKind, AssignReason, ClockKind, Closure, Duration
from tests.integration.opening import AT, DAY, HOUR, act, event_types, open_loop

CROWD = 50
T = TypeVar("T")


def at_once(tries: Sequence[Callable[[], T]]) -> list[T]:
    """Each in a thread of its own, all let loose at the same moment."""
    gate = Barrier(len(tries))

    def run(one: Callable[[], T]) -> T:
        gate.wait(60)
        return one()

    with ThreadPoolExecutor(len(tries)) as pool:
        return list(pool.map(run, tries))


def begin_cases(database: Database, count: int, **given: str) -> list[str]:
    """Loops at work, each with a free case; the later ones are due later."""
    with database.session() as session:
        found = []
        for number in range(count):
            loop = open_loop(session, f"r{number}", at=AT + number * HOUR)
            begin(session, loop, AT + number * HOUR, **given)
            found.append(loop.id)
        session.commit()
        return found


def begin(
    session: Session, loop: LoopRow, at: datetime, team: str = "care", skill: str | None = None
) -> None:
    clocks = ((ClockKind.CLOSE, Duration.parse("48h")),)
    loops.advance(session, loop.id, stage="working", at=at, clocks=clocks)
    cases.open_case(session, loop.id, team=team, severity="high", at=at, skill=skill)


def owner_of(database: Database, loop_id: str) -> str | None:
    with database.reading() as session:
        return session.get_one(CaseRow, (loop_id, 1)).owner


# -- claiming ------------------------------------------------------------------------------------


def test_of_fifty_who_claim_one_case_at_once_one_gets_it_and_each_other_is_told_why(
    database: Database,
) -> None:
    (loop_id,) = begin_cases(database, 1)

    def claim(person: str) -> Callable[[], str]:
        def run() -> str:
            with database.session() as session:
                try:
                    outcome = act(session, loop_id, ActKind.CLAIM, actor=person)
                except RefusedError as error:
                    return error.reason
                session.commit()
                return "mine" if outcome.applied else str(outcome.reason)

        return run

    said = at_once([claim(f"person-{number}") for number in range(CROWD)])
    assert Counter(said) == {"mine": 1, "already_claimed": CROWD - 1}
    assert owner_of(database, loop_id) == f"person-{said.index('mine')}"
    with database.reading() as session:
        assert event_types(session, loop_id).count("case.claimed") == 1


def test_who_takes_the_next_case_at_the_same_moment_gets_another_one(database: Database) -> None:
    begun = begin_cases(database, 9)

    def take(person: str) -> Callable[[], str | None]:
        def run() -> str | None:
            with database.session() as session:
                row = take_next(session, Taker(person, {"care"}), AT + DAY)
                session.commit()
                return row.loop_id if row else None

        return run

    taken = at_once([take(f"person-{number}") for number in range(16)])
    assert taken.count(None) == 16 - len(begun)
    assert sorted(filter(None, taken)) == sorted(begun)


def test_the_next_case_is_the_one_that_is_due_first_of_those_that_one_can_work(database: Database) -> None:
    plain, french = begin_cases(database, 2)
    with database.session() as session:
        special = open_loop(session, "special")
        begin(session, special, AT - HOUR, skill="billing")
        aside = open_loop(session, "aside")
        begin(session, aside, AT - HOUR)
        session.get_one(CaseRow, (aside.id, 1)).snoozed_until = AT + DAY
        elsewhere = open_loop(session, "elsewhere")
        begin(session, elsewhere, AT - HOUR, team="other")
        session.commit()
        assert list_free(session, Taker("ada", {"care"}), AT) == [plain, french]
        assert list_free(session, Taker("ada", {"care"}, {"billing"}), AT) == [special.id, plain, french]
        assert list_free(session, Taker("ada", {"care"}, (), {"sv"}), AT) == []
        assert list_free(session, Taker("ada", {"care"}, (), {"fr"}), AT) == [plain, french]
        first = take_next(session, Taker("ada", {"care"}), AT, "c1")
        again = take_next(session, Taker("ada", {"care"}), AT, "c1")
        assert (first, first and first.loop_id) == (again, plain)
        assert list_free(session, Taker("bob", {"care"}), AT) == [french]
        loops.close(session, french, closure=Closure.WITHDRAWN, by="boucle", at=AT)
        assert take_next(session, Taker("bob", {"care"}), AT) is None


# -- being given a case --------------------------------------------------------------------------


def roster(capacity: int, *absences: Absence) -> Roster:
    people = [Candidate("ada", capacity=capacity), Candidate("bob", "bob@firm.example", capacity=0)]
    return Roster(
        people={one.id: one for one in people},
        members={"care": ("ada", "bob")},
        leads={"care": "lea"},
        absences=absences,
    )


def test_cases_that_are_opened_at_once_never_both_take_the_last_free_place(database: Database) -> None:
    begun = begin_cases(database, 12)

    def give_one(loop_id: str) -> Callable[[], str | None]:
        def run() -> str | None:
            with database.session() as session:
                loop = loops.lock_loop(session, loop_id)
                case = cases.get_case(session, loop)
                choice = give(session, loop, case, roster(5), at=AT, how="first")
                session.commit()
                return choice.owner

        return run

    owners = at_once([give_one(loop_id) for loop_id in begun])
    assert Counter(owners) == {"ada": 5, None: 7}
    with database.reading() as session:
        assert cases.count_open_cases(session, ["ada"]) == {"ada": 5}


def test_why_a_case_waits_in_the_queue_stands_in_its_history_once_and_the_lead_is_told(
    database: Database,
) -> None:
    (loop_id,) = begin_cases(database, 1)
    with database.session() as session:
        loop = session.get_one(LoopRow, loop_id)
        case = cases.get_case(session, loop)
        for _ in range(2):
            assert give(session, loop, case, roster(0), at=AT, how="first").reason == "no_capacity"
        assert case.owner is None
        assert event_types(session, loop_id)[-2:] == ["case.queued", "effect.intended"]


def test_a_case_of_an_account_owner_who_is_away_goes_to_the_stand_in_said_by_file_or_by_command(
    database: Database,
) -> None:
    (first, second, third) = begin_cases(database, 3)
    with database.session() as session:
        seen: dict[str, Any] = {"first_seen_at": AT, "updated_at": AT}
        owner = {"customer.owner": "BOB@firm.example"}
        session.add(Customer(id="k", source="s", key="k", facts=owner, **seen))
        session.flush()
        found = []
        absence = Absence("bob", AT - DAY, None, "ada")
        for loop_id, own in ((first, (absence,)), (second, ()), (third, ())):
            loop = loops.lock_loop(session, loop_id)
            loop.customer_id = "k"
            if loop_id == second:
                record_absence(session, absence, by="lea", at=AT, id_="a1")
                record_absence(session, absence, by="lea", at=AT, id_="a1")
            if loop_id == third:
                assert [row.id for row in end_absences(session, "bob", by="bob", at=AT)] == ["a1"]
                assert end_absences(session, "bob", by="bob", at=AT) == []
            found.append(give(session, loop, cases.get_case(session, loop), roster(9, *own), at=AT, how="x"))
        assert [(one.owner, one.reason, one.instead_of) for one in found] == [
            ("ada", AssignReason.STAND_IN, "bob"),
            ("ada", AssignReason.STAND_IN, "bob"),
            ("bob", AssignReason.ACCOUNT_OWNER, None),
        ]
        session.commit()


# -- giving a case on ----------------------------------------------------------------------------


def test_taking_a_case_from_somebody_needs_a_reason_giving_one_s_own_on_does_not(database: Database) -> None:
    (loop_id,) = begin_cases(database, 1)
    with database.session() as session:
        act(session, loop_id, ActKind.ASSIGN, actor="lea", owner="ada")
        for text in (None, ""):
            with pytest.raises(RefusedError, match="taking a case from somebody needs a reason"):
                act(session, loop_id, ActKind.ASSIGN, actor="lea", owner="bob", text=text)
        assert owner_in(session, loop_id) == "ada"
        assert act(session, loop_id, ActKind.ASSIGN, actor="lea", owner="bob", text="Ada is ill.").applied
        assert act(session, loop_id, ActKind.ASSIGN, actor="bob", owner="cem").applied
        assert act(session, loop_id, ActKind.ASSIGN, actor="lea", owner="cem").applied
        assert owner_in(session, loop_id) == "cem"
        assert event_types(session, loop_id).count("case.assigned") == 3


def owner_in(session: Session, loop_id: str) -> str | None:
    return session.get_one(CaseRow, (loop_id, 1)).owner


@pytest.mark.parametrize(
    ("kind", "details", "event"),
    [(ActKind.ASSIGN, {"owner": "ada"}, "case.assigned"), (ActKind.CLAIM, {}, "case.claimed")],
)
def test_a_claim_or_assignment_sent_twice_acts_once_and_after_the_closing_is_refused(
    database: Database, kind: ActKind, details: dict[str, str], event: str
) -> None:
    (loop_id,) = begin_cases(database, 1)
    with database.session() as session:
        for _ in range(2):
            row = commands.record(
                session, loop_id=loop_id, kind=kind, actor="lea", at=AT, recorded_at=AT, details=details,
                command_id="c1",
            )  # fmt: skip
            assert commands.apply(session, row.id, AT).applied
        assert event_types(session, loop_id).count(event) == 1
        loops.close(session, loop_id, closure=Closure.WITHDRAWN, by="boucle", at=AT)
        with pytest.raises(RefusedError, match="the loop is closed"):
            commands.record(
                session, loop_id=loop_id, kind=kind, actor="lea", at=AT, recorded_at=AT, details=details
            )
