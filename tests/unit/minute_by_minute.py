"""Working time found out the slow way: one minute after the other, each looked up on the wall clock.

It shares nothing with `engine.clock` but the definition: a minute is worked when its local date is no
holiday and its local time of day lies in one of that weekday's intervals.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from boucle.model import Calendar

MINUTE = timedelta(minutes=1)
ZONES = (
    "UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia",
    "Pacific/Chatham", "America/St_Johns", "America/Santiago", "Africa/Cairo", "Africa/Casablanca",
    "Asia/Beirut", "Asia/Kathmandu", "America/Havana", "Atlantic/Azores", "Pacific/Kiritimati",
)  # fmt: skip
"""Among them half hours, quarter hours, changes at midnight, and one that left out a whole day."""

CHANGES = tuple(
    datetime.fromisoformat(day).replace(tzinfo=UTC)
    for day in (
        "2010-03-14", "2010-11-07", "2011-09-24", "2011-12-30", "2012-04-01", "2024-04-26", "2024-10-31",
        "2025-02-23", "2025-04-06", "2025-09-06", "2025-10-26", "2026-03-08", "2026-03-29", "2026-04-05",
        "2026-09-27", "2026-10-04", "2026-10-25", "2026-11-01",
    )
)  # fmt: skip
"""Days on which one of the zones, or several, put the clocks on or back."""


@dataclass
class Minutes:
    """Every minute from `start`, a whole minute, on: whether it is worked, and its local time."""

    start: datetime
    calendar: Calendar
    _known: list[tuple[bool, datetime]] = field(default_factory=list)
    _zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        self._zone = ZoneInfo(self.calendar.timezone)

    def after(self, minutes: int) -> datetime:
        """The end of the worked minute that makes so many; the start for none."""
        number = -1
        for _ in range(minutes):
            number = self._next_worked(number)
        return self.start + (number + 1) * MINUTE

    def after_days(self, days: int) -> datetime:
        """The same time of day, so many days with a worked minute later; or the end of that day's last."""
        number = self._next_worked(-1)
        first = self._at(number)[1]
        day, left, last = first.date(), days, number
        while True:
            number = self._next_worked(number)
            local = self._at(number)[1]
            if local.date() > day:
                if left == 0:
                    return self.start + (last + 1) * MINUTE
                day, left = local.date(), left - 1
            if left == 0 and local >= datetime.combine(day, first.time()):
                return self.start + number * MINUTE
            last = number

    def worked(self, minutes: int) -> timedelta:
        """How many of the first so many are worked."""
        return sum(self._at(number)[0] for number in range(minutes)) * MINUTE

    def _next_worked(self, number: int) -> int:
        number += 1
        while not self._at(number)[0]:
            number += 1
        return number

    def _at(self, number: int) -> tuple[bool, datetime]:
        while number >= len(self._known):
            self._known.append(self._look(self.start + len(self._known) * MINUTE))
        return self._known[number]

    def _look(self, instant: datetime) -> tuple[bool, datetime]:
        local = instant.astimezone(self._zone).replace(tzinfo=None)
        of_day = local.hour * 60 + local.minute
        for low, high in self.calendar.week[local.weekday()]:
            if low <= of_day < high:
                return local.date() not in self.calendar.holidays, local
        return False, local


def draw_calendar(dice: random.Random, near: datetime) -> Calendar:
    """Up to four intervals a day on any minute, some touching midnight; holidays around an instant."""
    week = tuple(_draw_day(dice) for _ in range(7))
    if not any(week):
        week = (((540, 1080),), *week[1:])
    spread = [near.date() + timedelta(days=dice.randint(-2, 12)) for _ in range(dice.randint(0, 5))]
    holidays: tuple[date, ...] = tuple(sorted(set(spread)))
    return Calendar(name="drawn", timezone=dice.choice(ZONES), week=week, holidays=holidays)


def draw_start(dice: random.Random) -> datetime:
    """A whole minute, mostly within days of a change of clocks."""
    return dice.choice(CHANGES) + timedelta(minutes=dice.randint(-4 * 1440, 2 * 1440))


def _draw_day(dice: random.Random) -> tuple[tuple[int, int], ...]:
    step = dice.choice((1, 5, 15, 30))
    marks = sorted(dice.sample(range(0, 1441, step), 2 * dice.choice((0, 1, 1, 2, 2, 3, 4))))
    if marks and dice.random() < 0.3:
        marks[0] = 0
    if marks and dice.random() < 0.3:
        marks[-1] = 1440
    return tuple(zip(marks[::2], marks[1::2], strict=True))
