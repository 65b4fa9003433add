"""A loop keeps the calendar of its team under which it was opened, whatever the settings say later."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from boucle.engine import ledger, loops
from boucle.engine.clock import digest, with_digest
from boucle.engine.database import Database
from boucle.engine.intake import IntakeTerms, accept
from boucle.engine.standing import get_standing
from boucle.model import Calendar, ClockKind, Duration, Response
from boucle.rules.bundle import Bundle
from tests.calendars import weekdays_9_to_18

FACTS = """
boucle: facts/v1
facts:
  nps:              {score: nps}
  customer.segment: {type: enum, values: [key, standard], unlisted: unknown}
"""
RULES = """
boucle: rules/v1
ruleset: nps
timezone: Europe/Paris
rules:
  - id: key-case
    when: detractor and customer.segment == "key"
    start: csm_case
    with: {team: key}
  - id: case
    when: detractor
    start: csm_case
    with: {team: csm}
undecided: record
"""
AT = datetime(2026, 4, 30, 15, tzinfo=UTC)
"""A Thursday, five o'clock in Paris; the next day is a holiday there."""
TWO_HOURS = ((ClockKind.CLOSE, Duration.parse("2 business hours")),)
FRENCH = with_digest(weekdays_9_to_18("Europe/Paris").model_copy(update={"holidays": (date(2026, 5, 1),)}))
INDIAN = weekdays_9_to_18("Asia/Kolkata")


@pytest.fixture
def bundle(compiled: Callable[..., Bundle]) -> Bundle:
    return compiled(FACTS, RULES)


@pytest.fixture
def terms(terms: IntakeTerms) -> IntakeTerms:
    return working_by(terms, FRENCH, {"key": INDIAN})


def working_by(terms: IntakeTerms, calendar: Calendar, teams: dict[str, Calendar]) -> IntakeTerms:
    return replace(terms, loops=replace(terms.loops, calendar=calendar, teams=teams))


def take(database: Database, bundle: Bundle, terms: IntakeTerms, segment: str) -> str:
    """The loop that a detractor's answer opens."""
    answer = Response(
        source="crm", source_id=segment, responded_at=AT - timedelta(hours=1), customer=segment,
        facts={"nps": 3, "customer.segment": segment},
    )  # fmt: skip
    with database.session() as session:
        accepted = accept(session, bundle, [answer], at=AT, actor="import:t", unit=segment, terms=terms)
        session.commit()
    loop = accepted.taken[0].loop_id
    assert loop is not None
    return loop


def work(database: Database, loop: str) -> datetime:
    """Its play begins to work; when the team's clock is due."""
    with database.session() as session:
        loops.advance(session, loop, stage="working", at=AT, clocks=TWO_HOURS)
        due = get_standing(session, loop).clocks[0].due
        session.commit()
    return due


def test_a_loop_runs_by_the_calendar_of_its_team(
    database: Database, bundle: Bundle, terms: IntakeTerms
) -> None:
    dues = {
        segment: work(database, take(database, bundle, terms, segment)) for segment in ("key", "standard")
    }
    assert dues == {
        "key": datetime(2026, 5, 1, 5, 30, tzinfo=UTC),  # it was half past eight there: 11 o'clock, Friday
        "standard": datetime(2026, 5, 4, 8, tzinfo=UTC),  # ten o'clock on Monday
    }


def test_editing_the_settings_moves_no_clock_of_a_loop_that_runs(
    database: Database, bundle: Bundle, terms: IntakeTerms
) -> None:
    before = take(database, bundle, terms, "standard")
    edited = working_by(terms, weekdays_9_to_18("Europe/Paris"), {"csm": INDIAN})
    after = take(database, bundle, edited, "other")
    assert work(database, before) == datetime(2026, 5, 4, 8, tzinfo=UTC)
    assert work(database, after) == datetime(2026, 5, 1, 5, 30, tzinfo=UTC)


def test_a_loops_first_event_says_which_calendar_it_was(
    database: Database, bundle: Bundle, terms: IntakeTerms
) -> None:
    loop = take(database, bundle, terms, "key")
    with database.reading() as session:
        kept = get_standing(session, loop).plan.calendar
        opened = json.loads(ledger.history(session, ledger.loop_chain(loop))[0].payload)
    assert kept == INDIAN
    assert opened["calendar"] == digest(INDIAN) == INDIAN.digest
