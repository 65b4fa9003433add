from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from boucle.engine.clock import digest, due, next_worked
from boucle.model import Calendar, Duration
from tests.calendars import weekdays_9_to_18
from tests.unit.minute_by_minute import MINUTE, Minutes

FREE: tuple[tuple[int, int], ...] = ()
PARIS = weekdays_9_to_18("Europe/Paris")


def hours(*intervals: tuple[float, float]) -> tuple[tuple[int, int], ...]:
    return tuple((int(low * 60), int(high * 60)) for low, high in intervals)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris"))


def due_in_paris(start: str, duration: str, calendar: Calendar = PARIS) -> str:
    found = due(paris(start), Duration.parse(duration), calendar)
    assert found.tzinfo is UTC
    return f"{found.astimezone(ZoneInfo('Europe/Paris')):%a %Y-%m-%d %H:%M}"


def test_wall_time_passes_through_nights_weekends_and_the_change_of_clocks() -> None:
    assert due_in_paris("2026-03-27T18:00", "48h") == "Sun 2026-03-29 19:00"
    assert due_in_paris("2026-03-27T18:00", "14 days") == "Fri 2026-04-10 19:00"
    assert due(paris("2026-03-27T18:00"), Duration.parse("30m"), None) == paris("2026-03-27T18:30")


def test_business_hours_count_working_time_alone() -> None:
    assert due_in_paris("2026-03-03T10:00", "4 business hours") == "Tue 2026-03-03 14:00"
    assert due_in_paris("2026-03-06T17:00", "2 business hours") == "Mon 2026-03-09 10:00"
    assert due_in_paris("2026-03-07T12:00", "9 business hours") == "Mon 2026-03-09 18:00"
    assert due_in_paris("2026-03-06T17:00", "1 business hours") == "Fri 2026-03-06 18:00"


def test_a_business_day_is_the_same_time_on_the_next_working_day() -> None:
    assert due_in_paris("2026-03-03T15:20", "1 business days") == "Wed 2026-03-04 15:20"
    assert due_in_paris("2026-03-03T15:20", "5 business days") == "Tue 2026-03-10 15:20"
    assert due_in_paris("2026-03-27T15:20", "1 business days") == "Mon 2026-03-30 15:20"


def test_outside_working_time_business_days_count_from_its_next_beginning() -> None:
    assert due_in_paris("2026-03-07T11:00", "1 business days") == "Tue 2026-03-10 09:00"
    assert due_in_paris("2026-03-03T20:00", "1 business days") == "Thu 2026-03-05 09:00"
    assert due_in_paris("2026-03-03T07:00", "1 business days") == "Wed 2026-03-04 09:00"
    assert due_in_paris("2026-03-03T18:00", "1 business days") == "Thu 2026-03-05 09:00"


def test_a_shorter_day_moves_a_business_day_within_that_day() -> None:
    long, short, late = hours((8, 18)), hours((9, 12), (14, 16)), hours((13, 20))
    calendar = Calendar(
        name="shifts", timezone="Europe/Paris", week=(long, short, late, long, long, FREE, FREE)
    )
    assert due_in_paris("2026-03-02T12:30", "1 business days", calendar) == "Tue 2026-03-03 14:00"
    assert due_in_paris("2026-03-02T17:00", "1 business days", calendar) == "Tue 2026-03-03 16:00"
    assert due_in_paris("2026-03-02T08:15", "2 business days", calendar) == "Wed 2026-03-04 13:00"


def test_holidays_are_not_worked() -> None:
    calendar = PARIS.model_copy(update={"holidays": (date(2026, 5, 1), date(2026, 5, 8))})
    assert due_in_paris("2026-04-30T17:00", "2 business hours", calendar) == "Mon 2026-05-04 10:00"
    assert due_in_paris("2026-04-30T17:00", "6 business days", calendar) == "Tue 2026-05-12 17:00"


def test_no_business_time_is_due_at_once() -> None:
    assert due_in_paris("2026-03-07T11:00", "0 business days") == "Sat 2026-03-07 11:00"
    assert due_in_paris("2026-03-07T11:00", "0 business hours") == "Sat 2026-03-07 11:00"


def test_what_cannot_be_computed_is_refused() -> None:
    never = Calendar(name="never", timezone="UTC", week=((),) * 7)
    with pytest.raises(ValueError, match="needs a zone"):
        due(datetime(2026, 3, 1), Duration.parse("1h"), None)  # noqa: DTZ001 the naive one is the point
    with pytest.raises(ValueError, match="needs a calendar"):
        due(datetime(2026, 3, 1, tzinfo=UTC), Duration.parse("1 business days"), None)
    with pytest.raises(ValueError, match="'never' has no working time"):
        due(datetime(2026, 3, 1, tzinfo=UTC), Duration.parse("1 business days"), never)


def test_overlapping_intervals_are_worked_once() -> None:
    week = (hours((9, 12), (11, 13), (13, 14), (15, 15)),) * 7
    calendar = Calendar(name="overlapping", timezone="Europe/Paris", week=week)
    assert due_in_paris("2026-03-03T09:00", "5 business hours", calendar) == "Tue 2026-03-03 14:00"
    assert due_in_paris("2026-03-03T09:00", "6 business hours", calendar) == "Wed 2026-03-04 10:00"


def test_the_next_worked_instant_is_now_while_at_work() -> None:
    assert next_worked(paris("2026-03-03T10:00"), PARIS) == paris("2026-03-03T10:00")
    assert next_worked(paris("2026-03-06T18:00"), PARIS) == paris("2026-03-09T09:00")


def test_the_digest_says_which_calendar_it_was() -> None:
    assert weekdays_9_to_18("Europe/Paris") == PARIS
    assert PARIS.digest == digest(PARIS) != weekdays_9_to_18("Europe/London").digest
    assert digest(PARIS.model_copy(update={"holidays": (date(2026, 5, 1),)})) != PARIS.digest


# -- the same, minute by minute ------------------------------------------------------------------

ZONES = (
    "UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata",
    "Africa/Cairo", "Asia/Beirut", "Pacific/Auckland", "America/Havana",
)  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("unit", ["hours", "days"])
def test_the_hours_around_a_change_of_clocks_are_counted_as_they_pass(zone: str, unit: str) -> None:
    week = (hours((0, 2.5), (2.75, 4), (23, 24)),) * 7
    calendar = Calendar(name="nights", timezone=zone, week=week)
    for change in changes(zone):
        for before in range(0, 36 * 60, 181):
            begin = change - before * MINUTE
            duration = Duration.parse(f"2 business {unit}")
            slow = Minutes(begin, calendar)
            expected = slow.after(120) if unit == "hours" else slow.after_days(2)
            assert due(begin, duration, calendar) == expected


def changes(zone: str) -> list[datetime]:
    """The hours of 2026 in which the zone's offset changes; the year's beginning where none does."""
    tz, first = ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC)
    hourly = [first + timedelta(hours=number) for number in range(365 * 24)]
    offsets = [hour.astimezone(tz).utcoffset() for hour in hourly]
    changed = [hour for hour, old, new in zip(hourly, offsets, offsets[1:], strict=False) if old != new]
    return changed or [datetime.combine(date(2026, 1, 1), time(), UTC)]
