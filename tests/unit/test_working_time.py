"""Working time against a reference that counts every minute, over drawn calendars, spans and zones.

`BOUCLE_TEST_CALENDARS=full` draws 10,000 of them.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from boucle.engine.clock import after, due, worked
from boucle.model import Calendar, Duration
from tests.calendars import weekdays_9_to_18
from tests.unit.minute_by_minute import MINUTE, Minutes, draw_calendar, draw_start

DRAWS = 10_000 if os.environ.get("BOUCLE_TEST_CALENDARS") == "full" else 60
SEED = 20261122


def test_working_time_is_what_counting_every_minute_gives() -> None:
    dice = random.Random(SEED)  # noqa: S311 the same calendars in every run
    differences = [found for _ in range(DRAWS) if (found := difference(dice)) is not None]
    assert differences == []


def difference(dice: random.Random) -> str | None:
    """One drawn calendar, start and span; what does not agree with the reference, if anything."""
    start = draw_start(dice)
    calendar = draw_calendar(dice, start)
    hours, days, minutes, span = (dice.randint(1, most) for most in (30, 6, 1500, 9000))
    slow = Minutes(start, calendar)
    pairs = {
        f"{hours} business hours": (due(start, _business(hours, "hours"), calendar), slow.after(hours * 60)),
        f"{days} business days": (due(start, _business(days, "days"), calendar), slow.after_days(days)),
        f"{minutes} worked minutes": (after(start, minutes * MINUTE, calendar), slow.after(minutes)),
        f"worked in {span} minutes": (worked(start, start + span * MINUTE, calendar), slow.worked(span)),
        f"{minutes} minutes and back": (
            worked(start, after(start, minutes * MINUTE, calendar), calendar),
            minutes * MINUTE,
        ),
    }
    wrong = {what: pair for what, pair in pairs.items() if pair[0] != pair[1]}
    return f"from {start} in {calendar}: {wrong}" if wrong else None


def _business(amount: int, unit: str) -> Duration:
    return Duration.parse(f"{amount} business {unit}")


# -- by hand, where people live --------------------------------------------------------------------

OFFICE = ((9 * 60, 12 * 60 + 30), (13 * 60 + 30, 18 * 60))
"""A morning and an afternoon of 8 hours in all."""


HOLIDAYS = {
    # Labour Day, a Friday; Victory Day, the Friday after.
    "Europe/Paris": ("2026-05-01", "2026-05-08"),
    # Thanksgiving, a Thursday; Christmas, a Friday.
    "America/New_York": ("2026-11-26", "2026-12-25"),
    # Republic Day, a Monday; Gandhi Jayanti, a Friday.
    "Asia/Kolkata": ("2026-01-26", "2026-10-02"),
}


def office(zone: str, *holidays: str) -> Calendar:
    days = tuple(date.fromisoformat(day) for day in holidays)
    return Calendar(name=zone, timezone=zone, week=(*[OFFICE] * 5, (), ()), holidays=days)


def nights(zone: str) -> Calendar:
    """A night shift, every day: from 22:00 to 6:00."""
    return Calendar(name=zone, timezone=zone, week=(((0, 360), (1320, 1440)),) * 7)


def at(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def shown(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("zone", "start", "duration", "expected"),
    [
        # Paris puts its clocks on during the night to Sunday 29 March 2026, back on 25 October.
        ("Europe/Paris", "2026-03-27T17:00", "2 business hours", "Mon 2026-03-30 10:00"),
        ("Europe/Paris", "2026-03-27T17:00", "1 business days", "Mon 2026-03-30 17:00"),
        ("Europe/Paris", "2026-10-23T17:00", "2 business hours", "Mon 2026-10-26 10:00"),
        ("Europe/Paris", "2026-03-27T11:30", "3 business hours", "Fri 2026-03-27 15:30"),
        # New York on 8 March and 1 November.
        ("America/New_York", "2026-03-06T16:30", "4 business hours", "Mon 2026-03-09 11:30"),
        ("America/New_York", "2026-10-30T16:30", "2 business days", "Tue 2026-11-03 16:30"),
        # Kolkata, half an hour off the others' hours, never does.
        ("Asia/Kolkata", "2026-03-27T17:45", "1 business hours", "Mon 2026-03-30 09:45"),
        ("Asia/Kolkata", "2026-10-23T12:00", "9 business hours", "Mon 2026-10-26 14:00"),
    ],
)
def test_business_intervals_across_daylight_saving_in_paris_new_york_and_kolkata(
    zone: str, start: str, duration: str, expected: str
) -> None:
    assert shown(due(at(start, zone), Duration.parse(duration), office(zone)), zone) == expected


@pytest.mark.parametrize(
    ("zone", "start", "duration", "expected"),
    [
        ("Europe/Paris", "2026-04-30T17:00", "2 business hours", "Mon 2026-05-04 10:00"),
        ("Europe/Paris", "2026-04-30T17:00", "5 business days", "Mon 2026-05-11 17:00"),
        ("America/New_York", "2026-11-25T17:00", "2 business hours", "Fri 2026-11-27 10:00"),
        ("America/New_York", "2026-12-24T09:00", "8 business hours", "Thu 2026-12-24 18:00"),
        ("Asia/Kolkata", "2026-01-23T17:30", "1 business hours", "Tue 2026-01-27 09:30"),
        ("Asia/Kolkata", "2026-10-01T10:15", "1 business days", "Mon 2026-10-05 10:15"),
    ],
)
def test_business_intervals_leave_out_holidays_in_paris_new_york_and_kolkata(
    zone: str, start: str, duration: str, expected: str
) -> None:
    calendar = office(zone, *HOLIDAYS[zone])
    assert shown(due(at(start, zone), Duration.parse(duration), calendar), zone) == expected


@pytest.mark.parametrize(
    ("zone", "evening", "hours"),
    [
        ("Europe/Paris", "2026-03-28T22:00", 7),
        ("Europe/Paris", "2026-10-24T22:00", 9),
        ("America/New_York", "2026-03-07T22:00", 7),
        ("America/New_York", "2026-10-31T22:00", 9),
        ("Asia/Kolkata", "2026-03-28T22:00", 8),
    ],
)
def test_a_night_shift_is_an_hour_shorter_or_longer_when_the_clocks_change(
    zone: str, evening: str, hours: int
) -> None:
    begin = at(evening, zone)
    end = at(evening, zone).replace(hour=6) + timedelta(days=1)
    assert worked(begin, end, nights(zone)) == timedelta(hours=hours)
    assert due(begin, Duration.parse(f"{hours} business hours"), nights(zone)) == end


def test_a_day_that_a_country_left_out_is_not_worked() -> None:
    """Samoa had no 30 December 2011: it moved to the other side of the date line."""
    samoa = weekdays_9_to_18("Pacific/Apia")
    start = at("2011-12-29T17:00", "Pacific/Apia")
    assert shown(due(start, Duration.parse("2 business hours"), samoa), "Pacific/Apia") == (
        "Mon 2012-01-02 10:00"
    )


def test_worked_time_is_exact_to_the_microsecond() -> None:
    paris = weekdays_9_to_18("Europe/Paris")
    begin = datetime(2026, 3, 6, 16, 59, 59, 999_999, tzinfo=UTC)  # one microsecond before 18:00
    assert worked(begin, begin + timedelta(days=1), paris) == timedelta(microseconds=1)
    assert after(begin, timedelta(microseconds=2), paris) == datetime(2026, 3, 9, 8, 0, 0, 1, tzinfo=UTC)


def test_nothing_is_worked_backwards() -> None:
    paris = weekdays_9_to_18("Europe/Paris")
    begin = at("2026-03-03T15:00", "Europe/Paris")
    assert worked(begin, begin, paris) == worked(begin, begin - timedelta(days=3), paris) == timedelta()
    assert after(begin, timedelta(), paris) == begin
