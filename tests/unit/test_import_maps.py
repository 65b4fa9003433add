"""What each key of an import map does to the rows of a file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from boucle.intake.joining import Skipped
from boucle.model import FactValue, Person, Verbatim
from tests.unit.small_map import MAP, bound, read_bad_rows, read_good_rows, read_rows

START = """\
boucle: map/v1
source: survey
id: id
"""
NEEDS = "is not a number; if it is one, the map needs numbers:"
DATED = START + "responded_at: {column: date, zone: Europe/Paris}\n"


def _facts(feeds: str, header: str, row: str, above: str = "") -> dict[str, FactValue]:
    text = DATED + above + f"facts:\n  {feeds}\n"
    return dict(read_good_rows(text, f"id|date|{header}", f"r1|2026-01-31|{row}").facts)


def _refused(feeds: str, header: str, row: str, above: str = "") -> tuple[str | None, str]:
    text = DATED + above + f"facts:\n  {feeds}\n"
    found = read_bad_rows(text, f"id|date|{header}", f"r1|2026-01-31|{row}")
    return found.column, found.message


def test_a_row_is_a_response() -> None:
    found = read_good_rows(MAP, "id|date|score", "r1|2026-01-31|7")
    assert (found.source, found.source_id, found.dating) == ("survey", "r1", "given")
    assert found.responded_at == datetime(2026, 1, 30, 23, tzinfo=UTC)
    assert found.facts == {"nps": 7}
    assert (found.customer, found.contact, found.person) == (None, None, None)


@pytest.mark.parametrize(
    ("feeds", "cell", "expected"),
    [
        ("nps: x", "7", {"nps": 7}),
        ("nps: x", "7.0", {"nps": 7}),
        ("nps: x", "11", {"nps": 11}),
        ("nps: x", "", {}),
        ("nps: x", "  ", {}),
        ("nps: {column: x, missing: [NA, 99]}", "NA", {}),
        ("nps: {column: x, missing: [NA, 99]}", "99.0", {}),
        ("customer.arr: x", "1200.50", {"customer.arr": Decimal("1200.5")}),
        ("consent.follow_up: x", "Yes", {"consent.follow_up": True}),
        ("consent.follow_up: x", "non", {"consent.follow_up": False}),
        ("consent.follow_up: x", "FALSE", {"consent.follow_up": False}),
        ("customer.segment: x", " key ", {"customer.segment": "key"}),
        ("customer.segment: x", "gold", {"customer.segment": "gold"}),
        ("customer.tags: x", "vip; legal_hold;vip;", {"customer.tags": ("legal_hold", "vip")}),
        (
            "customer.tags: {column: x, separator: ','}",
            "vip,legal_hold",
            {"customer.tags": ("legal_hold", "vip")},
        ),
        ("csat.delivery: {column: x, reverse: 1..5}", "2", {"csat.delivery": 4}),
        ("csat.delivery: {column: x, values: {bad: 1, good: 5}}", "good", {"csat.delivery": 5}),
        ("csat.delivery: {column: x, values: {1: 5, 5: 1}}", "1.0", {"csat.delivery": 5}),
        ("csat.delivery: {column: x, values: {bad: 1}, unlisted: unknown}", "odd", {}),
        ("csat.delivery: {column: x, values: {bad: 1}, unlisted: keep}", "3", {"csat.delivery": 3}),
        ("customer.segment: {column: x, values: {A B: key}}", "A\u00a0 B", {"customer.segment": "key"}),
        ("customer.segment: {constant: trial}", "anything", {"customer.segment": "trial"}),
        ("customer.since: {column: x, format: D.M.YYYY}", "3.5.2020", {"customer.since": date(2020, 5, 3)}),
        (
            "contact.seen: {column: x, zone: Asia/Tokyo}",
            "2026-01-01",
            {"contact.seen": datetime(2025, 12, 31, 15, tzinfo=UTC)},
        ),
    ],
)
def test_a_cell_becomes_a_value(feeds: str, cell: str, expected: dict[str, FactValue]) -> None:
    assert _facts(feeds, "x", cell) == expected


@pytest.mark.parametrize(
    ("feeds", "cell", "message"),
    [
        ("nps: x", "seven", "'seven' is not a number"),
        ("nps: x", "7.5", "'7.5' is not a whole number"),
        ("nps: x", "9007199254740992", "'9007199254740992' is too large a number"),
        ("customer.arr: x", "1,500", "'1,500' is not a number"),
        ("customer.arr: x", "1,5", f"'1,5' {NEEDS} {{decimal: ','}}"),
        ("customer.arr: x", "12 500,50", f"""'12 500,50' {NEEDS} {{decimal: ',', thousands: " "}}"""),
        ("customer.arr: x", "1'200", f"""'1'200' {NEEDS} {{decimal: '.', thousands: "'"}}"""),
        ("consent.follow_up: x", "maybe", "'maybe' is neither yes nor no"),
        (
            "csat.delivery: {column: x, reverse: 1..5}",
            "6",
            "'6' is not on the scale 1..5 that the map turns round",
        ),
        ("csat.delivery: {column: x, values: {bad: 1}}", "odd", "'odd' is not in the map's values"),
        (
            "customer.since: {column: x, format: D.M.YYYY}",
            "3/5/2020",
            "'3/5/2020' is not a date written D.M.YYYY",
        ),
        ("contact.seen: x", "2026-01-01", "'2026-01-01' names no time zone; give the map's 'zone'"),
        ("customer.segment: x", "a⟦D4⟧b", "⟦D4⟧ marks a byte that could not be read; write its character"),
    ],
)
def test_a_cell_that_cannot_be_read_refuses_its_row(feeds: str, cell: str, message: str) -> None:
    assert _refused(feeds, "x", cell) == ("x", message)


def test_numbers_are_read_as_the_file_writes_them() -> None:
    above = "numbers: {decimal: ',', thousands: ' '}\n"
    assert _facts("customer.arr: x", "x", "1 234,50", above) == {"customer.arr": Decimal("1234.5")}


def test_missing_holds_for_every_column() -> None:
    above = "missing: [NA]\ncomments: y\n"
    found = read_good_rows(DATED + above + "facts: {nps: x}\n", "id|date|x|y", "r1|2026-01-31|NA|NA")
    assert (found.facts, found.verbatims) == ({}, ())


def test_every_problem_of_a_row_is_reported() -> None:
    found = read_bad_rows(MAP, "id|date|score", "|soon|x")
    assert [(problem.column, problem.message) for problem in found.problems] == [
        ("id", "is blank, and is the response's id"),
        ("score", "'x' is not a number"),
        ("date", "'soon' is not a date written YYYY-MM-DD"),
    ]
    assert found.numbers == (2,)


def test_a_blank_may_mean_that_there_is_no_response() -> None:
    text = DATED + "facts:\n  nps: {column: score, blank: skip}\n"
    assert isinstance(read_rows(text, "id|date|score", "r1|2026-01-31|"), Skipped)
    assert read_good_rows(text, "id|date|score", "r1|2026-01-31|0").facts == {"nps": 0}


def test_an_id_may_have_several_columns_and_a_prefix() -> None:
    text = DATED.replace("id: id", "id: [wave, id]\nid_prefix: fr-") + "facts: {nps: score}\n"
    found = read_good_rows(text, "wave|id|date|score", "w1|7|2026-01-31|9")
    assert found.source_id == "fr-w1/7"


def test_who_answered() -> None:
    text = DATED + "customer: acc\ncontact: p\nperson: {name: n, email: e, phone: t}\nfacts: {nps: score}\n"
    found = read_good_rows(
        text, "id|date|score|acc|p|n|e|t", "r1|2026-01-31|9|a-1|p-1|Ada|ada@client.example|"
    )
    assert (found.customer, found.contact) == ("a-1", "p-1")
    assert found.person == Person(name="Ada", email="ada@client.example")


def test_verbatims_are_kept_as_they_stand_with_their_question() -> None:
    comments = "comments:\n  - {column: a, question: 'Why?'}\n  - {column: b, question_column: q}\n  - c\n"
    found = read_good_rows(DATED + comments, "id|date|a|b|q|c", "r1|2026-01-31| Trop, cher |Non|Et puis ?| ")
    assert found.verbatims == (
        Verbatim(text=" Trop, cher ", question="Why?"),
        Verbatim(text="Non", question="Et puis ?"),
    )
    assert found.facts == {"comment.text": " Trop, cher \n\nNon"}


def test_rows_that_are_not_wanted_are_left_out() -> None:
    binding = bound(
        DATED + "only: {finished: ['1', 'True']}\nfacts: {nps: score}\n", ("id", "date", "score", "finished")
    )
    assert [only.values for only in binding.map.only] == [{"1", "True"}]


# -- dates


def test_a_file_without_dates_takes_the_stated_clock() -> None:
    text = START + "responded_at: {stated: '2020-01-31T12:00:00+01:00'}\nfacts: {nps: score}\n"
    found = read_good_rows(text, "id|score", "r1|7")
    assert (found.responded_at, found.dating) == (datetime(2020, 1, 31, 11, tzinfo=UTC), "stated")


BY_SITE = (
    START
    + """\
responded_at:
  column: date
  by: site
  formats: {Lyon: D/M/YYYY, Reno: [M/D/YYYY, D/M/YYYY]}
  zone: UTC
facts: {nps: score}
"""
)


@pytest.mark.parametrize(
    ("site", "given", "expected", "dating"),
    [
        ("Lyon", "03/10/2021", (2021, 10, 3), "ambiguous"),
        ("Reno", "03/10/2021", (2021, 3, 10), "ambiguous"),
        ("Reno", "17/10/2021", (2021, 10, 17), "given"),
        ("Lyon", "4/4/2021", (2021, 4, 4), "given"),
        ("Lyon", "2021-10-03", (2021, 10, 3), "given"),
    ],
)
def test_the_order_of_a_date_may_hang_on_another_column(
    site: str, given: str, expected: tuple[int, int, int], dating: str
) -> None:
    found = read_good_rows(BY_SITE, "id|site|date|score", f"r1|{site}|{given}|5")
    assert (found.responded_at, found.dating) == (datetime(*expected, tzinfo=UTC), dating)


def test_a_site_without_a_form_of_dates_refuses_its_row() -> None:
    found = read_bad_rows(BY_SITE, "id|site|date|score", "r1|Oslo|03/10/2021|5")
    assert (found.column, found.message) == ("site", "'Oslo' has no form of dates in the map")


def test_an_order_that_is_known_is_not_ambiguous() -> None:
    when = "responded_at: {column: date, format: D/M/YYYY, order: known, zone: UTC}\n"
    found = read_good_rows(START + when + "facts: {nps: score}\n", "id|date|score", "r1|03/10/2021|5")
    assert (found.responded_at, found.dating) == (datetime(2021, 10, 3, tzinfo=UTC), "given")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "is blank, and is the response's date"),
        ("0021-10-03", "'0021-10-03' cannot be when somebody answered"),
        ("2021-10-03 9h", "'2021-10-03 9h' is not a date written YYYY-MM-DD"),
    ],
)
def test_a_response_needs_a_date(given: str, message: str) -> None:
    found = read_bad_rows(MAP, "id|date|score", f"r1|{given}|5")
    assert (found.column, found.message) == ("date", message)


# -- several rows a respondent

GROUPED = """\
boucle: map/v1
source: survey
group_by: who
responded_at: {column: date, format: [D/M/YYYY, M/D/YYYY], zone: UTC}
facts: {csat.delivery: score}
comments:
  - {column: answer, question_column: question}
"""
COLUMNS = "who|date|score|question|answer"


def test_the_rows_of_a_respondent_are_one_response() -> None:
    found = read_good_rows(
        GROUPED, COLUMNS, "p1|20/1/2026|4|Why?|Slow", "p1|20/1/2026||Better?|", "p1|20/1/2026|4|Else?|Kind"
    )
    assert (found.source_id, found.facts["csat.delivery"]) == ("p1", 4)
    assert [verbatim.text for verbatim in found.verbatims] == ["Slow", "Kind"]


def test_a_row_settles_the_date_of_another() -> None:
    found = read_good_rows(GROUPED, COLUMNS, "p1|5/1/2026|4|Why?|", "p1|2026-05-01|4|Better?|")
    assert (found.responded_at, found.dating) == (datetime(2026, 5, 1, tzinfo=UTC), "given")


def test_two_rows_may_leave_the_date_open() -> None:
    found = read_good_rows(GROUPED, COLUMNS, "p1|5/1/2026|4|Why?|", "p1|1/5/2026|4|Better?|")
    assert (found.responded_at, found.dating) == (datetime(2026, 1, 5, tzinfo=UTC), "ambiguous")


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("p1|20/1/2026|5|Q|A", "csat.delivery is 4 in row 2, 5 in row 3"),
        ("p1|21/1/2026|4|Q|A", "date is 2026-01-20 in row 2, 2026-01-21 in row 3"),
    ],
)
def test_rows_that_contradict_each_other_refuse_the_respondent(second: str, message: str) -> None:
    found = read_bad_rows(GROUPED, COLUMNS, "p1|20/1/2026|4|Why?|Slow", second)
    assert found.message == f"rows of one respondent contradict each other: {message}"
    assert found.numbers == (2, 3)


def test_one_unreadable_row_refuses_its_fellow_rows() -> None:
    found = read_bad_rows(GROUPED, COLUMNS, "p1|20/1/2026|4|Why?|Slow", "p1|20/1/2026|four|Q|A")
    assert found.numbers == (2, 3)
    assert [(problem.row, problem.column) for problem in found.problems] == [(3, "score")]
