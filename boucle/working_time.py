"""Working time as `boucle.toml` states it, and the calendar that comes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from boucle.model import Calendar, Frozen

_INTERVAL = re.compile(r"\s*(\d{2}):(\d{2})\s*[-–]\s*(\d{2}):(\d{2})\s*")  # noqa: RUF001 as people write it
_COUNTRY = re.compile(r"[A-Z]{2}")
_DAY = 24 * 60


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"'{name}' is not a time zone; write one such as Europe/Paris") from error
    return name


def _known_interval(text: str) -> str:
    read_interval(text)
    return text


Zone = Annotated[str, AfterValidator(_known_zone)]
Interval = Annotated[str, AfterValidator(_known_interval)]
Intervals = tuple[Interval, ...]


class Holidays(Frozen):
    """Whose public holidays are not worked: a country's (ISO 3166), or those of one of its regions."""

    country: str = Field(description="The country, in two letters.")
    region: str | None = Field(default=None, description="The region; none: what the whole country keeps.")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"country": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _is_known(self) -> Holidays:
        self.days([2026])
        return self

    def days(self, years: Iterable[int]) -> list[date]:
        """The holidays of some years, in order; ValueError for a country or region without any known."""
        from holidays import country_holidays  # noqa: PLC0415 slow to import, and not everybody needs it

        unknown = f"no holidays are known of '{self.country}'; write FR, say"
        if _COUNTRY.fullmatch(self.country) is None:
            raise ValueError(unknown)
        try:
            known = country_holidays(self.country).subdivisions
        except NotImplementedError as error:
            raise ValueError(unknown) from error
        if self.region is not None and self.region not in known:
            listed = f"; known are {', '.join(known)}" if known else ""
            raise ValueError(f"no holidays are known of '{self.region}' in {self.country}{listed}")
        return sorted(country_holidays(self.country, subdiv=self.region, years=years))


def _day(name: str, *, worked: bool) -> Any:
    return Field(
        default=("09:00-18:00",) if worked else (),
        description=f"{name}'s working time.",
        json_schema_extra={"shown": '["09:00-18:00"]' if worked else "[]"},
    )


class WorkingTime(Frozen):
    """When a team works: per weekday its intervals, and which days differ.

    An interval that ends before it begins goes on after midnight, into the next day.
    """

    timezone: Zone | None = Field(default=None, description="Its zone; none: the workspace's.")
    mon: Intervals = _day("Monday", worked=True)
    tue: Intervals = _day("Tuesday", worked=True)
    wed: Intervals = _day("Wednesday", worked=True)
    thu: Intervals = _day("Thursday", worked=True)
    fri: Intervals = _day("Friday", worked=True)
    sat: Intervals = _day("Saturday", worked=False)
    sun: Intervals = _day("Sunday", worked=False)
    holidays: Holidays | None = Field(
        default=None, description='Whose public holidays are free: "FR", or {country = "DE", region = "BY"}.'
    )
    closed: tuple[date, ...] = Field(default=(), description="Days that are free besides.")
    open: tuple[date, ...] = Field(default=(), description="Holidays that are worked all the same.")

    @model_validator(mode="after")
    def _is_worked(self) -> WorkingTime:
        if not any(self._days()):
            raise ValueError("it has no working time; give one of its days an interval")
        return self

    def calendar(self, name: str, timezone: str, years: Sequence[int]) -> Calendar:
        """The calendar, with the holidays of `years`; in `timezone` where it names none of its own."""
        public = self.holidays.days(years) if self.holidays else []
        free = {*public, *self.closed} - set(self.open)
        week = read_week(self._days())
        return Calendar(
            name=name, timezone=self.timezone or timezone, week=week, holidays=tuple(sorted(free))
        )

    def _days(self) -> tuple[Intervals, ...]:
        return (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)


def read_interval(text: str) -> tuple[int, int]:
    """The minutes since midnight at which `09:00-12:30` begins and ends; ValueError.

    The end lies before the beginning where it is the next morning's. `00:00-24:00` is the whole day.
    """
    found = _INTERVAL.fullmatch(text)
    low, high = (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])) if found else (0, 0)
    minutes = found is not None and max(int(found[2]), int(found[4])) < 60  # noqa: PLR2004 of an hour
    if not minutes or low == high or low >= _DAY or high > _DAY:
        raise ValueError(f"'{text}' is not working time; write 09:00-12:30, or 22:00-06:00 for a night")
    return low, high


def read_week(days: Sequence[Intervals]) -> tuple[tuple[tuple[int, int], ...], ...]:
    """The week of a `model.Calendar`: nights are split at midnight, each part on its own day."""
    week: list[list[tuple[int, int]]] = [[] for _ in days]
    for number, intervals in enumerate(days):
        for low, high in map(read_interval, intervals):
            week[number].append((low, high if high > low else _DAY))
            if 0 < high < low:
                week[(number + 1) % len(days)].append((0, high))
    return tuple(tuple(sorted(day)) for day in week)
