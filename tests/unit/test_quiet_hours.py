"""No message goes to a customer in the quiet hours, on the customer's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from boucle.engine.quiet_hours import end_of
from boucle.model import QuietHours

NIGHT = QuietHours(begins=20 * 60, ends=8 * 60)
LUNCH = QuietHours(begins=12 * 60, ends=13 * 60 + 30)


@pytest.mark.parametrize(
    ("quiet", "zone", "at", "end"),
    [
        (NIGHT, "Europe/Paris", "2026-03-10T19:59", None),
        (NIGHT, "Europe/Paris", "2026-03-10T20:00", "2026-03-11T08:00"),
        (NIGHT, "Europe/Paris", "2026-03-11T03:00", "2026-03-11T08:00"),
        (NIGHT, "Europe/Paris", "2026-03-11T08:00", None),
        (NIGHT, "Asia/Kolkata", "2026-03-10T23:45", "2026-03-11T08:00"),
        (LUNCH, "America/New_York", "2026-03-10T12:30", "2026-03-10T13:30"),
        (LUNCH, "America/New_York", "2026-03-10T13:30", None),
        # The night in which the clocks go forward is an hour shorter, the other one an hour longer.
        (NIGHT, "Europe/Paris", "2026-03-28T23:00", "2026-03-29T08:00"),
        (NIGHT, "Europe/Paris", "2026-10-24T23:00", "2026-10-25T08:00"),
    ],
)
def test_a_message_waits_for_the_end_of_the_quiet_hours(
    quiet: QuietHours, zone: str, at: str, end: str | None
) -> None:
    there = ZoneInfo(zone)
    found = end_of(quiet, there, datetime.fromisoformat(at).replace(tzinfo=there))
    assert found == (datetime.fromisoformat(end).replace(tzinfo=there) if end else None)


@pytest.mark.parametrize("fold", [0, 1])
def test_an_hour_that_is_repeated_is_quiet_both_times(fold: int) -> None:
    paris = ZoneInfo("Europe/Paris")
    early = QuietHours(begins=60, ends=3 * 60)
    at = datetime(2026, 10, 25, 2, 30, tzinfo=paris, fold=fold)
    assert end_of(early, paris, at) == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)


def test_quiet_hours_that_end_in_a_skipped_hour_are_over_with_it() -> None:
    paris = ZoneInfo("Europe/Paris")
    early = QuietHours(begins=60, ends=2 * 60 + 30)
    found = end_of(early, paris, datetime(2026, 3, 29, 1, 59, tzinfo=paris))
    assert found is not None
    assert timedelta() < found - datetime(2026, 3, 29, 1, 0, tzinfo=UTC) <= timedelta(minutes=30)


def test_what_is_found_is_never_quiet_itself() -> None:
    """Minute by minute through both changes of the clocks, in zones of whole hours and of half ones."""
    for zone in map(ZoneInfo, ("Europe/Paris", "Australia/Lord_Howe")):
        for first in (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)):
            for minute in range(0, 3 * 1440, 7):
                at = first + timedelta(minutes=minute)
                for quiet in (NIGHT, LUNCH, QuietHours(begins=90, ends=150)):
                    end = end_of(quiet, zone, at)
                    assert end is None or (end > at and end_of(quiet, zone, end) is None)
