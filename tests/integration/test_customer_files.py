"""Files of customers: what each row says of whom, and what refuses it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from boucle.intake.batch import UnfitMapError, read_batch
from boucle.intake.customers_map import CustomersMap, read_customers_map
from boucle.intake.rejects import write_rejects
from boucle.intake.row import UnreadableFileError
from boucle.intake.statements import StatementBatch, read_statements
from boucle.model import Person, Statement
from tests.unit.small_map import MAP as RESPONSES
from tests.unit.small_map import catalogue, read_good

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
START = "boucle: customers/v1\nsource: shop\n"
MAP = (
    START
    + """\
said_by: CRM
customer: account
contact: mail
person: {name: name, email: mail}
as_of: {column: on, format: DD/MM/YYYY, zone: UTC}
facts:
  customer.segment: segment
  customer.tags: tags
  consent.follow_up: may_call
"""
)
HEADER = "account,mail,name,on,segment,tags,may_call\n"


def good_map(text: str) -> CustomersMap:
    map_, mistakes = read_customers_map(text, "map.yaml")
    assert map_ is not None, [f"{one.place}: {one.message}" for one in mistakes]
    return map_


def read(path: Path, content: str, map_: str = MAP) -> StatementBatch:
    path.write_text(content, "utf-8")
    return read_statements(good_map(map_), path, catalogue(), NOW)


def refused(batch: StatementBatch) -> list[tuple[int, str | None, str]]:
    return [(one.numbers[0], one.column, one.message) for one in batch.rejections]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


ADA = Statement(
    as_of=datetime(2026, 3, 2, tzinfo=UTC),
    customer="a-7",
    contact="ada@client.example",
    facts={"customer.segment": "key", "customer.tags": ("legal_hold", "vip"), "consent.follow_up": False},
    person=Person(name="Ada", email="ada@client.example"),
)


def test_a_row_is_what_the_file_says_of_a_customer_and_a_contact(file: Path) -> None:
    batch = read(file, HEADER + "a-7,ada@client.example,Ada,02/03/2026,key,vip;legal_hold,no\n")
    assert (batch.said_by, batch.statements, batch.rejections) == ("CRM", (ADA,), [])


def test_json_lines_say_the_same(file: Path) -> None:
    said = {
        "account": "a-7", "mail": "ada@client.example", "name": "Ada", "on": "2026-03-02",
        "segment": "key", "tags": ["vip", "legal_hold"], "may_call": False,
    }  # fmt: skip
    batch = read(file, json.dumps(said) + "\n\n")
    assert (batch.statements, batch.rejections) == ((ADA,), [])


def test_a_workbook_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "customers.xlsx"
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(HEADER.strip().split(","))
    sheet.append(
        ["a-7", "ada@client.example", "Ada", datetime(2026, 3, 2), "key", "vip;legal_hold", False]  # noqa: DTZ001 a workbook has no zones
    )
    workbook.save(path)
    assert read_statements(good_map(MAP), path, catalogue(), NOW).statements == (ADA,)


def test_keys_inside_objects_are_columns_with_a_dot(file: Path) -> None:
    map_ = START + "customer: account.id\nfacts: {customer.arr: account.arr}\n"
    [said] = read(file, '{"account": {"id": 7, "arr": 1200.50}}\n', map_).statements
    assert (said.customer, {name: str(value) for name, value in said.facts.items()}) == (
        "7",
        {"customer.arr": "1200.50"},
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "is no JSON: Expecting property name enclosed in double quotes (character 2)"),
        ("[1]", "is no JSON object; write {…} with a name for each cell"),
        ('{"id": 1, "id": 2}', "has the key 'id' twice"),
        ('{"id": NaN}', "holds NaN, which is no JSON"),
        ('{"id": [{"a": 1}]}', "'id' is a list of what is no plain text or number"),
        ('{"id": ["a;b"]}', "'id' is a list of what is no plain text or number"),
        ("[" * 5_000, "is nested too deeply"),
    ],
)
def test_a_broken_line_costs_itself_alone(file: Path, line: str, problem: str) -> None:
    map_ = START + "customer: id\nfacts: {customer.segment: s}\n"
    batch = read(file, '{"id": "a", "s": "key"}\n' + line + '\n{"id": "b", "s": "trial"}\n', map_)
    assert [said.customer for said in batch.statements] == ["a", "b"]
    assert refused(batch) == [(2, None, problem)]


def test_a_line_that_is_not_utf_8_costs_itself_alone(file: Path) -> None:
    file.write_bytes(b'{"id": "a", "s": "key"}\n{"id": "caf\xe9"}\n')
    map_ = START + "customer: id\nfacts: {customer.segment: s}\n"
    batch = read_statements(good_map(map_), file, catalogue(), NOW)
    assert refused(batch) == [(2, None, "byte 0xE9 is not UTF-8")]


def test_a_file_without_any_object_is_refused(file: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no line of it is a JSON object"):
        read(file, "{{{\n")


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        ("a-7,,,02/03/2026,,gold,", "tags", "has the value 'gold'; listed are"),
        ("a-7,,,02/03/2026,key,,maybe", "may_call", "'maybe' is neither yes nor no"),
        ("a-7,,,32/03/2026,key,,", "on", "'32/03/2026' is not a date written DD/MM/YYYY"),
        ("a-7,,,,key,,", "on", "is blank, and is the statement's date"),
        ("a-7,,,02/03/1821,key,,", "on", "'02/03/1821' cannot be when this was so"),
        ("a-7,,,02/04/2026,key,,", "on", "lies more than 24 hours after now"),
        (",,,02/03/2026,key,,", None, "names neither a customer nor a contact"),
        (",ada@x.example,,02/03/2026,key,,", "account", "is blank, and the row says its customer.segment"),
        ("a-7,,,02/03/2026,,,no", "mail", "is blank, and the row says its consent.follow_up"),
        (f"{'a' * 501},,,02/03/2026,key,,", "account", "has more than 500 characters"),
        ("a-7,,", None, "has 3 cells where the header has 7"),
    ],
)
def test_a_wrong_cell_refuses_its_row_with_its_place(
    file: Path, row: str, column: str | None, problem: str
) -> None:
    batch = read(file, f"{HEADER}b-1,,,02/03/2026,key,,\n{row}\n")
    assert [said.customer for said in batch.statements] == ["b-1"]
    [(number, found, message)] = refused(batch)
    assert (number, found) == (3, column)
    assert problem in message


def test_rows_that_contradict_each_other_are_all_refused(file: Path) -> None:
    rows = (
        "a-7,,,02/03/2026,key,,\nb-1,,,02/03/2026,key,,\na-7,,,02/03/2026,trial,,\na-7,,,03/03/2026,trial,,\n"
    )
    batch = read(file, HEADER + rows)
    assert [(said.customer, said.as_of.day) for said in batch.statements] == [("b-1", 2), ("a-7", 3)]
    what = (
        "two rows contradict each other on one customer: customer.segment is key in row 2 and trial in row 4"
    )
    assert refused(batch) == [(2, None, what), (4, None, what)]


def test_rejected_rows_are_mended_and_read_again(file: Path, tmp_path: Path) -> None:
    batch = read(file, HEADER + "a-7,,,02/03/2026,,gold,\nb-1,,,02/03/2026,key,,\n")
    mended = tmp_path / "mended.csv"
    assert write_rejects(batch, mended) == 1
    again = read(tmp_path / "again.csv", mended.read_text("utf-8-sig").replace(",gold,", ",vip,"))
    assert ([said.customer for said in again.statements], again.rejections) == (["a-7"], [])


def test_a_value_that_counts_as_unknown_is_said_all_the_same(file: Path) -> None:
    map_ = START + "customer: id\nfacts: {customer.segment: s}\n"
    batch = read(file, "id,s\na,gold\n", map_)
    assert [dict(said.facts) for said in batch.statements] == [{"customer.segment": None}]
    assert batch.counts.unlisted == {("customer.segment", "gold"): 1}


def test_without_a_date_what_a_file_says_is_so_now(file: Path) -> None:
    map_ = START + "customer: id\nfacts: {customer.segment: s}\n"
    assert [said.as_of for said in read(file, "id,s\na,key\n", map_).statements] == [NOW]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("boucle: map/v1\n", ["M020"]),
        ("[1]\n", ["M020"]),
        (START + "facts: {customer.segment: s}\n", ["M003", "M022"]),
        (START + "customer: id\n", ["M019"]),
        (START + "customer: id\nfacts: {nps: s}\n", ["M021"]),
        (START + "customer: id\nfacts: {consent.follow_up: s}\n", ["M022"]),
        (START + "customer: id\nperson: {name: n}\n", ["M022"]),
        (START + "customer: id\ngroup_by: id\nfacts: {customer.segment: s}\n", ["M002"]),
        (START + "customer: id\nas_of: {format: iso}\nfacts: {customer.segment: s}\n", ["M003"]),
        ("boucle: customers/v1\nsource: A B\ncustomer: id\nfacts: {customer.segment: s}\n", ["M018"]),
    ],
)
def test_every_mistake_of_a_map_is_found(text: str, expected: list[str]) -> None:
    assert [one.code for one in read_customers_map(text, "map.yaml")[1]] == expected


@pytest.mark.parametrize(
    ("feed", "code"),
    [("customer.open_loop: s", "M012"), ("customer.size: s", "M011"), ("customer.segment: t", "M006")],
)
def test_a_map_that_does_not_fit_is_refused(file: Path, feed: str, code: str) -> None:
    with pytest.raises(UnfitMapError) as raised:
        read(file, "id,s\na,key\n", f"{START}customer: id\nfacts: {{{feed}}}\n")
    assert [one.code for one in raised.value.mistakes] == [code]


def test_responses_come_as_json_lines_too(file: Path) -> None:
    said: list[dict[str, Any]] = [
        {"id": "r1", "date": "2026-03-01", "score": 9},
        {"id": "r2", "score": 3, "date": "2026-03-02"},
    ]
    file.write_text("".join(json.dumps(one) + "\n" for one in said), "utf-8")
    batch = read_batch(read_good(RESPONSES), file, catalogue())
    assert [(one.source_id, one.facts["nps"]) for one in batch.responses] == [("r1", 9), ("r2", 3)]
