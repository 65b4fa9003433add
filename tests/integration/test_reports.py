from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from boucle.engine import loops
from boucle.engine.database import Database
from boucle.engine.intake import IntakeTerms, accept
from boucle.engine.reports import By, Report, figures
from boucle.model import ClockKind, Closure, Duration, FactValue, Response
from boucle.rules.bundle import Bundle

FACTS = """
boucle: facts/v1
facts:
  nps:                 {score: nps}
  csat.delivery:       {score: csat, scale: 1..5}
  response.origin:     {type: enum, values: [direct]}
  response.touchpoint: {type: enum, values: [delivery, support], unlisted: unknown, optional: true}
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

AT = datetime(2026, 1, 20, 9, tzinfo=UTC)

Take = Callable[..., list[str]]


def answer(number: int, score: int | None, at: datetime = AT, **over: Any) -> Response:
    facts: dict[str, FactValue] = {"response.origin": "direct", **over.pop("facts", {})}
    if score is not None:
        facts["nps"] = score
    over = {"customer": f"c{number}", **over}
    return Response(source="crm", source_id=f"r{number}", responded_at=at, facts=facts, **over)


@pytest.fixture
def take(database: Database, compiled: Callable[..., Bundle], terms: IntakeTerms) -> Take:
    """Accept responses; the ids of the loops that they start."""
    bundle = compiled(FACTS, RULES)

    def run(*incoming: Response, unit: str = "u1") -> list[str]:
        with database.session() as session:
            accepted = accept(session, bundle, incoming, at=AT, actor="a", unit=unit, terms=terms)
            session.commit()
        return [one.loop_id for one in accepted.taken if one.loop_id]

    return run


def report(database: Database, by: By | None = None, zone: str = "UTC", **period: datetime) -> Report:
    with database.reading() as session:
        return figures(session, zone=zone, by=by, **period)


def test_a_report_on_nothing_divides_by_nothing(database: Database) -> None:
    empty = report(database, by="month")
    assert (empty.responses, empty.revisions, empty.opened, empty.scores, empty.nps) == (0, 0, 0, (), ())
    assert json.loads(empty.model_dump_json())["clocks"] == []


def test_what_came_in_is_counted(database: Database, take: Take) -> None:
    take(
        answer(1, 3),
        answer(2, 9, facts={"csat.delivery": 4}, dating="ambiguous"),
        answer(3, None, customer=None, dating="stated"),
        answer(4, 12),
    )
    take(answer(1, 4), unit="u2")
    found = report(database)
    assert (found.responses, found.anonymous, found.without_score, found.revisions) == (3, 1, 1, 1)
    assert found.dating == {"ambiguous": 1, "given": 1, "stated": 1}
    assert found.quarantine == {"waiting": 1}
    assert {one.fact: one.counts for one in found.scores} == {"csat.delivery": {4: 1}, "nps": {4: 1, 9: 1}}


def test_decisions_are_counted_by_outcome_reason_gate_and_rule(database: Database, take: Take) -> None:
    take(answer(1, 3), answer(2, 9), answer(3, None), answer(4, 2, AT - timedelta(days=20)))
    take(answer(1, 4), unit="u2")
    found = report(database).decisions
    assert found.by_outcome == {"blocked": 1, "nothing": 2, "starts": 1}
    assert found.by_reason == {"no_rule": 1, "no_score": 1}
    assert (found.by_gate, found.by_rule, found.kept) == ({"max_age": 1}, {"case": 2}, 1)


def test_loops_and_their_clocks_are_counted(database: Database, take: Take) -> None:
    opened = take(*(answer(number, 3) for number in range(4)))
    day = Duration.parse("24h")
    with database.session() as session:
        for loop in opened:
            loops.advance(session, loop, stage="case", at=AT, clocks=[(ClockKind.FIRST_CONTACT, day)])
        for hours, loop in enumerate(opened[:2], 1):
            held = loops.lock_loop(session, loop)
            loops.end_clock(session, held, ClockKind.FIRST_CONTACT, AT + timedelta(hours=hours))
        loops.miss_clock(session, opened[2], ClockKind.FIRST_CONTACT, AT + timedelta(hours=24))
        loops.close(session, opened[0], closure=Closure.RECOVERED, by="ana", at=AT + timedelta(hours=3))
        session.commit()
    found = report(database)
    assert (found.opened, found.closed) == (4, 1)
    assert [(one.state, one.closure, one.count) for one in found.loops] == [
        ("closed", "recovered", 1),
        ("in_progress", None, 3),
    ]
    [clock] = found.clocks
    assert (clock.kind, clock.met, clock.missed, clock.running, clock.stopped) == (
        "first_contact",
        2,
        1,
        1,
        0,
    )
    assert clock.met_percent == pytest.approx(66.67, abs=0.01)


def test_a_clock_that_none_has_ended_has_no_percentage(database: Database, take: Take) -> None:
    [loop] = take(answer(1, 3))
    with database.session() as session:
        clocks = [(ClockKind.CLOSE, Duration.parse("5 days"))]
        loops.advance(session, loop, stage="case", at=AT, clocks=clocks)
        session.commit()
    assert report(database).clocks[0].met_percent is None


def test_the_nps_is_broken_down_by_period_in_the_zone_of_the_report(database: Database, take: Take) -> None:
    last_hour_of_2025 = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    take(*(answer(n, 10, last_hour_of_2025) for n in range(30)), *(answer(n, 0, AT) for n in range(30, 50)))

    def groups(zone: str) -> list[tuple[str | None, int, float | None]]:
        lines = report(database, by="year", zone=zone).nps
        return [(line.group, line.figure.base, line.figure.nps) for line in lines]

    assert groups("UTC") == [(None, 50, 20.0), ("2025", 30, 100.0), ("2026", 20, None)]
    assert groups("Europe/Paris") == [(None, 50, 20.0), ("2026", 50, 20.0)]
    assert [line.group for line in report(database, by="month").nps] == [None, "2025-12", "2026-01"]


def test_the_nps_is_broken_down_by_touchpoint(database: Database, take: Take) -> None:
    at_support = {"response.touchpoint": "support"}
    take(*(answer(n, 9, facts=at_support) for n in range(31)), answer(90, 3))
    lines = report(database, by="touchpoint").nps
    assert [(line.group, line.figure.base) for line in lines] == [
        (None, 32),
        ("not known", 1),
        ("support", 31),
    ]


def test_a_period_holds_its_start_and_not_its_end(database: Database, take: Take) -> None:
    day = timedelta(days=1)
    take(*(answer(n, 9, AT - day * n) for n in range(4)))
    assert report(database, since=AT - 2 * day, until=AT).responses == 2
