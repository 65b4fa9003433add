"""Whole files read by their maps: CSV and XLSX as people's programs write them, and what is refused."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from boucle.commands.imports import _read_lines
from boucle.errors import Mistake
from boucle.intake.batch import Batch, UnfitMapError, read_batch, read_import, read_responses
from boucle.intake.joining import Rejection
from boucle.intake.rejects import write_rejects
from boucle.intake.row import UnreadableFileError
from boucle.model import Response
from tests.unit.small_map import catalogue, read_good

MAP = """\
boucle: map/v1
source: survey
id: id
responded_at: {column: date, format: D/M/YYYY, zone: UTC, order: known}
facts: {nps: score}
comments: comment
"""
HEADER = "id,date,score,comment\n"
TOO_LONG = "row 2: a cell has more than 131,072 characters, or a quote opens that is never closed"

Read = Callable[..., Batch]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a file of these bytes (or this text in UTF-8) by a map."""

    def read_file(content: bytes | str, map_text: str = MAP) -> Batch:
        path = tmp_path / "responses.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_batch(read_good(map_text), path, catalogue())

    return read_file


def _with(file: str) -> str:
    return MAP.replace("id: id\n", f"file: {file}\nid: id\n")


def _scores(batch: Batch) -> list[tuple[str, object]]:
    return [(response.source_id, response.facts.get("nps")) for response in batch.responses]


def _refused(batch: Batch) -> list[tuple[tuple[int, ...], str | None, str]]:
    return [(found.numbers, found.column, found.message) for found in batch.rejections]


def _comments(batch: Batch) -> list[str]:
    return [verbatim.text for response in batch.responses for verbatim in response.verbatims]


# -- how files are written


@pytest.mark.parametrize(
    "content",
    [
        HEADER.encode() + "a,1/2/2026,9,déçu\n".encode(),
        codecs.BOM_UTF8 + HEADER.encode() + "a,1/2/2026,9,déçu\n".encode(),
        (HEADER + "a,1/2/2026,9,déçu\n").encode("utf-16"),
        (HEADER + 'a,1/2/2026,9,"déçu"\n').replace("\n", "\r\n").encode(),
        (HEADER + "a,1/2/2026,9,déçu").encode(),
        (HEADER + "a,1/2/2026,9,déçu,,\n,,,\n\n").encode(),
    ],
    ids=["plain", "byte order mark", "utf-16", "quotes and crlf", "no last line end", "blank cells and rows"],
)
def test_programs_write_csv_in_many_ways(read: Read, content: bytes) -> None:
    batch = read(content)
    assert (_scores(batch), _comments(batch), batch.rejections) == ([("a", 9)], ["déçu"], [])


@pytest.mark.parametrize(
    ("file", "delimiter"),
    [("{delimiter: semicolon}", ";"), ("{delimiter: tab}", "\t"), ("{delimiter: ';'}", ";")],
)
def test_cells_may_be_parted_otherwise(read: Read, file: str, delimiter: str) -> None:
    content = (HEADER + "a,1/2/2026,9,bien\n").replace(",", delimiter)
    assert _scores(read(content, _with(file))) == [("a", 9)]


def test_a_verbatim_keeps_its_quotes_commas_and_lines(read: Read) -> None:
    batch = read(HEADER + 'a,1/2/2026,9,"Il a dit ""non"",\nsans un mot"\nb,1/2/2026,8,\n')
    assert _comments(batch) == ['Il a dit "non",\nsans un mot']
    assert _scores(batch) == [("a", 9), ("b", 8)]


def test_header_rows_that_are_no_data_are_passed_over(read: Read) -> None:
    content = (
        "Export of 1 May\n" + HEADER + 'Id,When,"How likely?",Why\n"{""ImportId"":""x""}",,,\na,1/2/2026,9,\n'
    )
    batch = read(content, _with("{header_row: 2, skip_after_header: 2}"))
    assert (_scores(batch), batch.rejections) == ([("a", 9)], [])


def test_a_declared_encoding_reads_the_file(read: Read) -> None:
    content = (HEADER + "a,1/2/2026,9,très déçu\n").encode("cp850")
    assert _comments(read(content, _with("{encoding: cp850}"))) == ["très déçu"]


MIXED = _with("{encoding: {any_of: [utf-8, cp1252, cp850], language: french}}")


def test_mixed_bytes_are_read_right_or_refused_with_their_row(read: Read) -> None:
    rows = (
        b"a,1/2/2026,9,tr\xe8s d\x82\x87u",
        b"b,1/2/2026,8,TR\xd4S BIEN",
        "c,1/2/2026,7,déjà vu".encode(),
        b"d,1/2/2026,6,tout \xe0 fait",
    )
    batch = read(HEADER.encode() + b"\n".join(rows), MIXED)
    assert _comments(batch) == ["très déçu", "déjà vu", "tout à fait"]
    problem = (
        "byte 0xD4 is 'Ô' in cp1252, 'È' in cp850, more than one of which could be meant: 'TR⟦D4⟧S BIEN'"
    )
    assert _refused(batch) == [((3,), "comment", problem)]


def test_a_column_that_the_map_does_not_name_is_not_read(read: Read) -> None:
    batch = read(b"id,date,score,comment,notes\na,1/2/2026,9,bien,\xff\xfe\n")
    assert (_scores(batch), batch.unused) == ([("a", 9)], ("notes",))


# -- what is refused


def test_rows_that_cannot_be_read_are_refused_and_the_others_are_not(read: Read) -> None:
    batch = read(
        HEADER
        + "a,1/2/2026,x,\nb,1/2/2026\n\nc,32/2/2026,9,\n"
        + 'd,1/2/2026,9,a "b" c\ne,1/2/2026,9,"a" b\nf,1/2/2026,9,\n'
    )
    assert _refused(batch) == [
        ((2,), "score", "'x' is not a number"),
        ((3,), None, "has 2 cells where the header has 4"),
        ((5,), "date", "'32/2/2026' is not a date written D/M/YYYY"),
        ((7,), None, "a quote inside the row is not doubled"),
    ]
    assert _scores(batch) == [("d", 9), ("f", 9)]
    assert (batch.counts.rows, batch.counts.rejected_rows, batch.counts.responses) == (6, 4, 2)


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "row 1 should name the columns; it does not"),
        (HEADER.encode() + b'a,1/2/2026,9,"oh\nb,1/2/2026,8,\n', "row 2: a quote opens that is never closed"),
        (HEADER.encode() + b'a,1/2/2026,9,"' + b"oh\n" * 70_000, TOO_LONG),
        (HEADER.encode() + b'a,1/2/2026,9,"' + b"oh " * 70_000 + b'"\n', TOO_LONG),
        (codecs.BOM_UTF16_LE, "row 1 should name the columns; it does not"),
        ((HEADER + "a").encode("utf-16") + b"\x00\xd8a\x00", "cannot be read as UTF-16"),
        (b"PK\x03\x04 no workbook", "is no readable workbook (BadZipFile)"),
    ],
    ids=["empty", "quote", "long quote", "long cell", "only a mark", "lone surrogate", "damaged workbook"],
)
def test_a_file_that_cannot_be_read_to_its_end_is_refused_whole(
    read: Read, content: bytes, detail: str
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(content)
    assert str(caught.value).endswith(detail)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no such file"):
        read_batch(read_good(MAP), tmp_path / "none.csv", catalogue())


def test_a_map_for_another_file_is_refused(read: Read) -> None:
    with pytest.raises(UnfitMapError) as caught:
        read("id;date;score;comment\n")
    assert len(caught.value.mistakes) == 4
    assert (
        caught.value.mistakes[0].help
        == "the whole header is one column: write 'delimiter: semicolon' under 'file:'"
    )


# -- order and figures


def test_responses_stand_in_the_order_in_which_they_are_decided(read: Read) -> None:
    batch = read(HEADER + "a,3/2/2026,9,\nb,1/2/2026,8,\nc,3/2/2026,7,\nd,2/2/2026,6,\n")
    assert [response.source_id for response in batch.responses] == ["b", "d", "a", "c"]


def test_a_file_is_counted(read: Read) -> None:
    text = MAP.replace("order: known", "order: rule").replace(
        "facts: {nps: score}\n",
        "only: {done: [yes]}\nfacts:\n  nps: score\n  customer.segment: {column: segment}\n",
    )
    batch = read(
        "id,date,score,comment,done,segment\n"
        "a,1/2/2026,9,bien,yes,key\nb,2/2/2026,,,yes,gold\nc,20/2/2026,3,,no,\nd,20/2/2026,x,,yes,\n", text
    )  # fmt: skip
    counts = batch.counts
    assert (counts.rows, counts.left_out, counts.rejected_rows, counts.responses) == (4, 1, 1, 2)
    assert (dict(counts.scores), counts.without_score) == ({"nps": 1}, 1)
    assert (counts.verbatims, counts.blank_comments) == (1, 2)
    assert dict(counts.dating) == {"ambiguous": 1, "given": 1}
    assert dict(counts.orders) == {"either": 2, "day_first": 1}
    assert dict(counts.unlisted) == {("customer.segment", "gold"): 1}


def test_what_was_passed_over_and_how_dates_read_is_said(read: Read) -> None:
    text = MAP.replace("order: known", "order: rule").replace(
        "nps: score", "nps: {column: score, blank: skip}"
    )
    batch = read(HEADER + "a,1/2/2026,9,\nb,2/2/2026,,\nc,20/2/2026,3,\n", text)
    assert list(_read_lines(batch)) == [
        "3 rows, 0 rejected",
        "1 passed over: blank where the map says that there is no response then",
        "2 responses, 0 verbatims, 2 scores",
        "  2  nps",
        "0 responses without any score",
        "dates: 1 rows can only be day first, 0 only month first, 2 could be either",
        "1 responses with a date that can be read two ways (day or month first), read by the map's rule",
    ]


def test_progress_is_told_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "responses.csv"
    path.write_text(HEADER + "a,1/2/2026,9,\nb,1/2/2026,8,\n")
    told: list[int] = []
    read_batch(read_good(MAP), path, catalogue(), told.append)
    assert told == [1, 2]


def test_a_file_can_be_read_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "responses.csv"
    path.write_text(HEADER + "b,2/2/2026,9,\na,1/2/2026,x,\n")
    first, second = read_responses(read_good(MAP), path, catalogue())
    assert isinstance(first, Response)
    assert isinstance(second, Rejection)


GROUPED = """\
boucle: map/v1
source: survey
group_by: who
responded_at: {stated: '2026-02-01T12:00:00Z'}
facts: {csat.delivery: score}
comments: [answer]
"""


def test_rows_of_a_respondent_need_not_stand_together(read: Read) -> None:
    batch = read("who,score,answer\np,4,un\nq,5,deux\np,4,trois\n,3,\n", GROUPED)
    assert [(found.source_id, len(found.verbatims)) for found in batch.responses] == [("p", 2), ("q", 1)]
    assert _refused(batch) == [((5,), "who", "is blank, and is the response's id")]


# -- workbooks


def _workbook(path: Path, *rows: tuple[str | float | datetime | None, ...], title: str = "Sheet") -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    workbook.save(path)


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A workbook with typed cells, a blank row and cells missing at a row's end."""
    path = tmp_path / "responses.xlsx"
    at = datetime(2026, 2, 1, 9, 30)  # noqa: DTZ001 - a workbook knows no zones
    header = ("id", "date", "score", "comment", "arr")
    _workbook(path, header, ("a", at, 9, "déçu", 1200.5), (), (7, "1/2/2026", 8.0))
    return path


def test_a_workbook_is_read_like_a_csv(workbook: Path) -> None:
    text = MAP.replace(
        "facts: {nps: score}", "facts: {nps: score, customer.arr: arr}\nnumbers: {decimal: ','}"
    )
    batch = read_batch(read_good(text), workbook, catalogue())
    assert [(found.source_id, dict(found.facts)) for found in batch.responses] == [
        ("7", {"nps": 8}),
        ("a", {"nps": 9, "customer.arr": batch.responses[1].facts["customer.arr"], "comment.text": "déçu"}),
    ]
    assert str(batch.responses[1].facts["customer.arr"]) == "1200.5"
    assert batch.responses[1].responded_at == datetime(2026, 2, 1, 9, 30, tzinfo=UTC)


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "responses.xlsx"
    _workbook(path, ("id", "date", "score", "comment"), ("a", "1/2/2026", True, None), title="Answers")
    batch = read_batch(read_good(_with("{sheet: Answers}")), path, catalogue())
    assert _refused(batch) == [((2,), "score", "'true' is not a number")]
    with pytest.raises(UnreadableFileError, match="has no sheet 'Other', only Answers"):
        read_batch(read_good(_with("{sheet: Other}")), path, catalogue())


# -- what was refused, mended, and imported again


def test_rejected_rows_are_mended_and_imported_again(read: Read, tmp_path: Path) -> None:
    rows = b"a,1/2/2026,9,d\x82\x87u\nb,1/2/2026,8,TR\xd4S BIEN\nc,1/2/2026,x,caf\xe9\nd,1/2/2026\n"
    batch = read(HEADER.encode() + rows, MIXED)
    rejects = tmp_path / "rejects.csv"
    assert write_rejects(batch, rejects) == 3

    unmended = read(rejects.read_bytes(), MIXED)
    assert [found.numbers for found in unmended.rejections] == [(2,), (3,), (4,)]
    assert unmended.responses == []

    text = rejects.read_text("utf-8-sig")
    assert text.startswith("boucle_problem,id,date,score,comment")
    mended = text.replace("TR⟦D4⟧S", "TRÈS").replace(",x,", ",5,").replace("d,1/2/2026", "d,1/2/2026,4,")
    again = read(codecs.BOM_UTF8 + mended.encode(), MIXED)
    assert _scores(again) == [("b", 8), ("c", 5), ("d", 4)]
    assert _comments(again) == ["TRÈS BIEN", "café"]
    assert again.rejections == []


def test_rejected_rows_keep_the_rows_round_the_header(read: Read, tmp_path: Path) -> None:
    map_text = _with("{header_row: 2, skip_after_header: 1, delimiter: semicolon}")
    content = "Export;;;\nid;date;score;comment\nId;When;Score;Why\na;1/2/2026;x;oui\nb;1/2/2026;9;\n"
    rejects = tmp_path / "rejects.csv"
    write_rejects(read(content, map_text), rejects)
    again = read(rejects.read_bytes().replace(b";x;", b";6;"), map_text)
    assert (_scores(again), again.rejections) == ([("a", 6)], [])


def test_a_refused_respondent_is_written_with_all_its_rows(read: Read, tmp_path: Path) -> None:
    batch = read("who,score,answer\np,4,un\nq,5,deux\np,3,trois\n", GROUPED)
    rejects = tmp_path / "rejects.csv"
    assert write_rejects(batch, rejects) == 2
    lines = rejects.read_text("utf-8-sig").splitlines()
    assert lines[1].endswith("p,4,un")
    assert "csat.delivery is 4 in row 2, 3 in row 4" in lines[2]


def test_rejects_of_a_workbook_go_by_the_same_map(tmp_path: Path) -> None:
    path = tmp_path / "responses.xlsx"
    at = datetime(2026, 2, 1, 9, 30)  # noqa: DTZ001 - a workbook knows no zones
    _workbook(path, ("id", "date", "score", "comment"), ("a", at, "nine", "oui"))
    rejects = tmp_path / "rejects.csv"
    write_rejects(read_batch(read_good(MAP), path, catalogue()), rejects)
    rejects.write_bytes(rejects.read_bytes().replace(b",nine,", b",9,"))
    again = read_batch(read_good(MAP), rejects, catalogue())
    assert again.responses[0].responded_at == datetime(2026, 2, 1, 9, 30, tzinfo=UTC)


# -- map files


def _import(tmp_path: Path, map_bytes: bytes) -> tuple[Batch | None, list[Mistake]]:
    (tmp_path / "map.yaml").write_bytes(map_bytes)
    (tmp_path / "responses.csv").write_text(HEADER + "a,1/2/2026,9,\n")
    return read_import(tmp_path / "map.yaml", tmp_path / "responses.csv", catalogue())


def test_a_map_and_its_file_are_read_together(tmp_path: Path) -> None:
    batch, mistakes = _import(tmp_path, MAP.encode())
    assert batch is not None
    assert (_scores(batch), mistakes) == ([("a", 9)], [])


@pytest.mark.parametrize(
    ("map_bytes", "code", "line"),
    [
        (MAP.replace("nps: score", "nps: note").encode(), "M006", 5),
        (MAP.replace("source: survey", "sauce: survey").encode(), "M003", 1),
        (MAP.encode() + "# d\u00e9\u00e7u".encode("latin-1"), "B026", 7),
    ],
)
def test_mistakes_of_a_map_have_their_place(tmp_path: Path, map_bytes: bytes, code: str, line: int) -> None:
    batch, mistakes = _import(tmp_path, map_bytes)
    assert batch is None
    assert (mistakes[0].code, mistakes[0].place.line) == (code, line)
    assert mistakes[0].place.file == str(tmp_path / "map.yaml")


def test_a_map_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no such file"):
        read_import(tmp_path / "none.yaml", tmp_path / "responses.csv", catalogue())
