"""When something is due: the one place that turns a duration into an instant.

Working time is what a team's calendar says on its wall clock: a minute is worked when its local date
is no holiday and its local time of day lies in one of that weekday's intervals. An hour that
daylight saving skips is not worked, an hour that it repeats is worked twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import rfc8785

from boucle.model import Calendar, Duration

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


def due(start: datetime, duration: Duration, calendar: Calendar | None) -> datetime:
    """The instant, in UTC, at which `duration` counted from `start` is over.

    - Wall time (`48h`, `14 days`) passes through nights, weekends and daylight saving: a day is 24
      hours.
    - Business hours: the earliest instant by which that much working time has passed.
    - Business days: the same time of day, that many working days later. A working day is one with
      any working time. Counting from outside working time begins at the next working instant, so
      one business day from a Saturday is Tuesday morning. Where the day reached is not worked at
      that time of day, the next worked time of that day counts; after its last, its end.

    No business time at all is due at once. ValueError: a naive `start`, business time without a
    calendar, or a calendar without any working time.
    """
    begin = _in_utc(start)
    if not duration.business or duration.amount == 0:
        return begin if duration.amount == 0 else begin + duration.wall()
    if calendar is None:
        raise ValueError(f"{duration} needs a calendar")
    if duration.unit == "hours":
        return after(begin, timedelta(hours=duration.amount), calendar)
    return _after_days(begin, duration.amount, calendar)


def after(start: datetime, amount: timedelta, calendar: Calendar) -> datetime:
    """The earliest instant, in UTC, by which `amount` of working time has passed since `start`.

    No time at all has passed at once. ValueError: as `due`.
    """
    begin, left = _in_utc(start), amount
    if left <= timedelta():
        return begin
    for stretch in _stretches(begin, calendar):
        length = stretch.end - stretch.begin
        if length >= left:
            return stretch.begin + left
        left -= length
    raise AssertionError("working time does not end")


def worked(begin: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """How much working time lies between two instants; none where `end` is not after `begin`.

    The inverse of `after`: `worked(start, after(start, amount))` is `amount`. ValueError: as `due`.
    """
    since, until = _in_utc(begin), _in_utc(end)
    total = timedelta()
    for stretch in _stretches(since, calendar):
        if stretch.begin >= until:
            break
        total += min(stretch.end, until) - stretch.begin
    return total


def next_worked(at: datetime, calendar: Calendar) -> datetime:
    """The first instant of working time from `at` on, `at` itself included; in UTC."""
    return next(_stretches(_in_utc(at), calendar)).begin


def with_digest(calendar: Calendar) -> Calendar:
    """The calendar, saying which one it is."""
    return calendar.model_copy(update={"digest": digest(calendar)})


def digest(calendar: Calendar) -> str:
    """The sha256, in hex, of the canonical JSON of a calendar's content."""
    content = calendar.model_dump(mode="json", exclude={"digest"})
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Unbroken working time under one offset: from `begin` to `end`, which is `wall` + its length."""

    begin: datetime
    end: datetime
    wall: datetime

    @property
    def wall_end(self) -> datetime:
        return self.wall + (self.end - self.begin)


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {instant!r}")
    return instant.astimezone(UTC)


def _after_days(begin: datetime, amount: int, calendar: Calendar) -> datetime:
    stretches = _stretches(begin, calendar)
    first = next(stretches)
    day, left, end = first.wall.date(), amount, first.end
    for stretch in stretches:
        if stretch.wall.date() > day:
            if left == 0:
                return end
            day, left = stretch.wall.date(), left - 1
        wanted = datetime.combine(day, first.wall.time())
        if left == 0 and stretch.wall_end > wanted:
            return stretch.begin + max(wanted - stretch.wall, timedelta())
        end = stretch.end
    raise AssertionError("working time does not end")


def _stretches(begin: datetime, calendar: Calendar) -> Iterator[_Stretch]:
    """Every stretch of working time from `begin` on, in order, the first one cut at `begin`."""
    if not any(_intervals(day) for day in calendar.week):
        raise ValueError(f"the calendar '{calendar.name}' has no working time")
    holidays = frozenset(calendar.holidays)
    week = tuple(_intervals(day) for day in calendar.week)
    for since, until, offset in _offsets(begin, ZoneInfo(calendar.timezone)):
        day, last = (since + offset).date(), (until + offset).date()
        while day <= last:
            if day not in holidays:
                yield from _cut(day, week[day.weekday()], since, until, offset)
            day += _DAY


def _cut(
    day: date, intervals: tuple[tuple[int, int], ...], since: datetime, until: datetime, offset: timedelta
) -> Iterator[_Stretch]:
    midnight = datetime.combine(day, time(), UTC) - offset
    for low, high in intervals:
        begin = max(midnight + low * _MINUTE, since)
        end = min(midnight + high * _MINUTE, until)
        if begin < end:
            yield _Stretch(begin, end, (begin + offset).replace(tzinfo=None))


def _intervals(day: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """A day's intervals in order, without overlaps, empty ones left out."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(day):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        elif low < high:
            merged.append((low, high))
    return tuple(merged)


def _offsets(begin: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Spans of at most a day, from `begin` on without end, each with the zone's one offset in it."""
    since = begin
    while True:
        until = since + _DAY
        offset = _offset(since, zone)
        if _offset(until, zone) != offset:
            until = _transition(since, until, zone)
        yield since, until, offset
        since = until


def _transition(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The instant, to the second, at which the offset of `low` ends; `high` has another one."""
    offset = _offset(low, zone)
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return high.replace(microsecond=0)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 a ZoneInfo always has one
    return offset
