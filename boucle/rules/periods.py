"""Calendar periods: the day, week, month, quarter or year in which an instant lies, on a zone's calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Per = Literal["calendar_day", "calendar_week", "calendar_month", "calendar_quarter", "calendar_year"]


@dataclass(frozen=True)
class Period:
    """One period by the date of its first day; from `begins` on, before `ends`, both in UTC."""

    first_day: date
    begins: datetime
    ends: datetime


def find_period(per: Per, at: datetime, timezone: str) -> Period:
    """The period of `at` in a zone. A week begins on Monday (ISO 8601)."""
    zone = ZoneInfo(timezone)
    first = _first_day(per, at.astimezone(zone).date())
    return Period(first, _midnight(first, zone), _midnight(_next(per, first), zone))


def _first_day(per: Per, day: date) -> date:
    match per:
        case "calendar_day":
            return day
        case "calendar_week":
            return day - timedelta(days=day.weekday())
        case "calendar_month":
            return day.replace(day=1)
        case "calendar_quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "calendar_year":
            return day.replace(month=1, day=1)


_AT_MOST = {
    "calendar_day": 1,
    "calendar_week": 7,
    "calendar_month": 31,
    "calendar_quarter": 92,
    "calendar_year": 366,
}


def _next(per: Per, first: date) -> date:
    """The first day of the next period: that of a day that surely lies in it."""
    return _first_day(per, first + timedelta(days=_AT_MOST[per]))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
