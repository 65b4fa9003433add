"""Dates as files write them: which readings they have, and which instant each is."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from boucle.intake.dates import DateFormat, DateReading, read_date, to_instant

DAY_FIRST = (DateFormat("D/M/YYYY"), DateFormat("M/D/YYYY"))


def _read(text: str, *patterns: str) -> DateReading:
    found = read_date(text, [DateFormat(pattern) for pattern in patterns])
    assert found is not None
    return found


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("2024-05-03", "iso", _at("2024-05-03")),
        ("2024-05-03 14:05:09", "iso", _at("2024-05-03T14:05:09")),
        ("2024-05-03T14:05:09+02:00", "iso", _at("2024-05-03T12:05:09+00:00")),
        ("1714744800", "unix", _at("2024-05-03T14:00:00+00:00")),
        ("20/05/2024", "DD/MM/YYYY", _at("2024-05-20")),
        ("5/20/2024 2:05 PM", "M/D/YYYY H:mm AM", _at("2024-05-20T14:05:00")),
        ("12/20/2024 12:00 am", "M/D/YYYY H:mm AM", _at("2024-12-20")),
        ("2024/05/20T07:30:01", "YYYY/MM/DDTHH:mm:ss", _at("2024-05-20T07:30:01")),
    ],
)
def test_a_date_is_read_by_its_form(text: str, pattern: str, expected: datetime) -> None:
    assert _read(text, pattern).chosen == expected


@pytest.mark.parametrize(
    ("text", "order", "possible"),
    [
        ("17/10/2021", "day_first", [(10, 17)]),
        ("10/17/2021", "month_first", [(10, 17)]),
        ("3/10/2021", "either", [(10, 3), (3, 10)]),
        ("03/03/2021", "either", [(3, 3)]),
        ("2021-10-03", "fixed", [(10, 3)]),
    ],
)
def test_a_date_may_read_two_ways(text: str, order: str, possible: list[tuple[int, int]]) -> None:
    found = read_date(text, DAY_FIRST)
    assert found is not None
    assert found.order == order
    assert [(at.month, at.day) for at in found.possible] == possible


@pytest.mark.parametrize("text", ["31/02/2024", "1/1/24", "2024-13-01", "٣/٤/2024", "5/5/2024 ", "", "soon"])
def test_what_is_no_date_is_not_guessed_at(text: str) -> None:
    assert read_date(text, DAY_FIRST) is None


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("DD/MM", "the year is missing"),
        ("DD/DD/YYYY", "the same part stands twice"),
        ("DD/MMM/YYYY", "the same part stands twice"),
        ("%d/%m/%Y", "'d' stands for nothing"),
        ("DD/MM/YYYY", None),
        ("unix", None),
    ],
)
def test_a_form_says_what_is_wrong_with_it(pattern: str, problem: str | None) -> None:
    assert DateFormat(pattern).problem() == problem


def test_a_local_time_becomes_an_instant() -> None:
    paris = ZoneInfo("Europe/Paris")
    assert to_instant(_at("2024-07-01"), paris) == _at("2024-06-30T22:00:00+00:00")


def test_an_hour_that_is_repeated_is_its_first_pass() -> None:
    paris = ZoneInfo("Europe/Paris")
    assert to_instant(_at("2024-10-27T02:30:00"), paris) == _at("2024-10-27T00:30:00+00:00")


def test_a_time_without_a_zone_is_no_instant() -> None:
    assert to_instant(_at("2024-07-01"), None) is None


def test_the_calendar_ends() -> None:
    assert to_instant(_at("0001-01-01"), ZoneInfo("Asia/Tokyo")) is None
