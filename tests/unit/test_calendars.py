"""`[calendars.<id>]` of `boucle.toml`: what a team's working time may look like, and what comes of it."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from pydantic import ValidationError

from boucle.model import Calendar
from boucle.working_time import WorkingTime, read_interval, read_week

NINE_TO_SIX = ((540, 1080),)


def read(text: str) -> Calendar:
    return WorkingTime(**tomllib.loads(text)).calendar("team", "Europe/Paris", (2026, 2027))


def wrong(text: str) -> str:
    with pytest.raises(ValidationError) as caught:
        read(text)
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")


def test_without_any_setting_a_team_works_from_monday_to_friday() -> None:
    assert read("") == Calendar(
        name="team", timezone="Europe/Paris", week=(*[NINE_TO_SIX] * 5, (), ()), holidays=()
    )


def test_a_day_has_several_intervals_in_a_zone_of_its_own() -> None:
    found = read("""
timezone = "America/New_York"
mon = ["09:00-12:30", "13:30-18:00"]
fri = []
sat = ["10:00 – 12:00"]
""")  # noqa: RUF001 a dash as people write it
    assert found.timezone == "America/New_York"
    assert found.week == (((540, 750), (810, 1080)), *[NINE_TO_SIX] * 3, (), ((600, 720),), ())


def test_a_night_goes_on_into_the_next_day() -> None:
    night, late = ("22:00-06:00",), ("18:00-02:00", "06:00-07:00")
    assert read_week((night, (), ("08:00-12:00",), (), (), (), late)) == (
        ((0, 120), (1320, 1440)), ((0, 360),), ((480, 720),), (), (), (), ((360, 420), (1080, 1440)),
    )  # fmt: skip
    assert read_week((("00:00-24:00",), ("22:00-00:00",), (), (), (), (), ())) == (
        ((0, 1440),), ((1320, 1440),), (), (), (), (), (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ('holidays = "FR"', {"2026-05-01", "2026-05-08", "2026-07-14", "2027-05-06"}),
        ('holidays = {country = "DE", region = "BY"}', {"2026-01-06", "2026-06-04", "2026-10-03"}),
        ('holidays = "IN"', {"2026-01-26", "2026-08-15", "2026-10-02"}),
        ('holidays = "US"', {"2026-11-26", "2026-12-25", "2027-07-04"}),
    ],
)
def test_public_holidays_are_free_by_country_and_region(text: str, days: set[str]) -> None:
    found = read(text).holidays
    assert days <= {day.isoformat() for day in found}
    assert list(found) == sorted(set(found))
    assert {day.year for day in found} == {2026, 2027}


def test_a_region_keeps_days_that_its_country_does_not() -> None:
    epiphany = date(2026, 1, 6)
    assert epiphany in read('holidays = {country = "DE", region = "BY"}').holidays
    assert epiphany not in read('holidays = "DE"').holidays


def test_own_days_are_free_and_a_holiday_can_be_worked() -> None:
    found = read("""
holidays = "FR"
closed = [2026-12-24, "2026-05-15"]
open = [2026-05-25]
""").holidays
    assert {date(2026, 12, 24), date(2026, 5, 15)} <= set(found)
    assert date(2026, 5, 25) not in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('mon = ["9-12"]', "'9-12' is not working time; write 09:00-12:30, or 22:00-06:00 for a night"),
        ('holidays = "XX"', "no holidays are known of 'XX'; write FR, say"),
        ('holidays = "HolidayBase"', "no holidays are known of 'HolidayBase'; write FR, say"),
        ('holidays = {country = "US", region = "Gotham"}', "no holidays are known of 'Gotham' in US; known"),
        ("mon = []\ntue = []\nwed = []\nthu = []\nfri = []", "it has no working time; give one of its days"),
    ],
)
def test_what_is_no_working_time_is_told(text: str, message: str) -> None:
    assert wrong(text).startswith(message)


@pytest.mark.parametrize(
    "text", ["", "24:00-06:00", "09:60-10:00", "09:00-25:00", "09:00-09:00", "09:00", "09:00-24:01"]
)
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not working time"):
        read_interval(text)
