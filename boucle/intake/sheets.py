"""A data file as rows of cells, each with the number that a spreadsheet shows for it.

CSV is split as Latin-1, which loses no byte, and its cells are decoded one by one, so that a file of
mixed encodings costs only the rows that cannot be read. A byte order mark wins over the map's encoding.
"""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from boucle.intake import json_lines
from boucle.intake.encodings import Encoding, check_text, mark_controls
from boucle.intake.numbers import NumberFormat
from boucle.intake.row import Row, UnreadableFileError
from boucle.intake.workbooks import read_workbook

PROBLEM_COLUMN = "boucle_problem"
"""The first column of a file of rejected rows; ignored where such a file is imported again."""

_FIRST_BYTES = 64
_ZIP = b"PK\x03\x04"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Decoder(Protocol):
    """How the cells of one file become text."""

    def decode(self, cell: str) -> str:
        """The cell's text; UndecodableError where it cannot be told."""

    def show(self, cell: str) -> str:
        """The cell's text for a person to mend, unread bytes marked."""


class TextDecoder:
    """The decoder of files whose cells already are text."""

    def decode(self, cell: str) -> str:
        """The cell, checked; UndecodableError."""
        return check_text(cell)

    def show(self, cell: str) -> str:
        """The cell, with what cannot be kept made visible."""
        return mark_controls(cell)


@dataclass(frozen=True)
class Layout:
    """How a file is laid out: its header's row, how many rows under it are none, its delimiter, its sheet."""

    header_row: int = 1
    skip_after_header: int = 0
    delimiter: str = ","
    sheet: str | None = None


@dataclass(frozen=True)
class Sheet:
    """An open file: its header, the rows around it that are no data, and its rows, read as they are asked."""

    header: tuple[str, ...]
    above: tuple[Row, ...]
    below: tuple[Row, ...]
    decoder: Decoder
    rows: Iterator[Row]


@contextmanager
def open_sheet(path: Path, layout: Layout, encoding: Encoding, numbers: NumberFormat) -> Iterator[Sheet]:
    """Open a file of CSV, XLSX or JSON lines, told apart by its first bytes; UnreadableFileError."""
    try:
        with path.open("rb") as file:
            start = file.read(_FIRST_BYTES)
    except OSError as error:
        raise UnreadableFileError(path, (error.strerror or "cannot be opened").lower()) from error
    if start.startswith(_ZIP):
        with read_workbook(path, layout.sheet, numbers) as rows:
            yield _arrange(rows, TextDecoder(), layout, path, padded=True)
        return
    if json_lines.looks_like_json_lines(start):
        yield _open_json_lines(path, numbers)
        return
    codec, decoder = _choose_codec(start, encoding)
    with path.open(encoding=codec, newline="") as lines:
        if start.startswith(codecs.BOM_UTF8):
            lines.seek(len(codecs.BOM_UTF8))
        yield _arrange(_read_csv(lines, layout.delimiter, path), decoder, layout, path)


def _open_json_lines(path: Path, numbers: NumberFormat) -> Sheet:
    """Its columns are its keys; what was wrong with a rejected row is none of them."""
    names = tuple(name for name in json_lines.read_names(path, numbers) if name != PROBLEM_COLUMN)
    return Sheet(names, (), (), TextDecoder(), json_lines.read_rows(path, names, numbers))


def _choose_codec(start: bytes, encoding: Encoding) -> tuple[str, Decoder]:
    if start.startswith(codecs.BOM_UTF8):
        return "latin-1", Encoding()
    if start.startswith(_UTF_16) or encoding.codecs == ("utf-16",):
        return "utf-16", TextDecoder()
    return "latin-1", encoding


class _Tape:
    """Hands lines on and remembers those of the row being read."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.taken: list[str] = []
        self._lines = iter(lines)

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.taken.append(line)
            yield line


def _read_csv(lines: Iterable[str], delimiter: str, path: Path) -> Iterator[Row]:
    tape = _Tape(lines)
    reader = csv.reader(tape, delimiter=delimiter, strict=True)
    for number in itertools.count(1):
        tape.taken.clear()
        try:
            yield Row(number, tuple(next(reader)))
        except StopIteration:
            return
        except UnicodeError as error:
            raise UnreadableFileError(path, "cannot be read as UTF-16") from error
        except csv.Error as error:
            yield _broken_row(number, tape.taken, str(error), path)


def _broken_row(number: int, taken: list[str], detail: str, path: Path) -> Row:
    """A row whose quotes are wrong. Where a quote never closes, nobody can say where the rows are."""
    if "field limit" in detail:
        longest = f"a cell has more than {csv.field_size_limit():,} characters"
        raise UnreadableFileError(path, f"row {number}: {longest}, or a quote opens that is never closed")
    if "unexpected end" in detail:
        raise UnreadableFileError(path, f"row {number}: a quote opens that is never closed")
    return Row(number, ("".join(taken).rstrip("\r\n"),), "a quote inside the row is not doubled")


def _arrange(
    rows: Iterator[Row], decoder: Decoder, layout: Layout, path: Path, *, padded: bool = False
) -> Sheet:
    """Find the header, and fit each row under it. `padded`: blank cells at a row's end may be missing."""
    above = tuple(itertools.islice(rows, layout.header_row - 1))
    header = next(rows, None)
    if header is None or header.problem or not any(header.cells):
        raise UnreadableFileError(path, f"row {layout.header_row} should name the columns; it does not")
    mended = header.cells[0] == PROBLEM_COLUMN
    names = tuple(decoder.show(cell) for cell in header.cells[mended:])
    below = tuple(itertools.islice(rows, layout.skip_after_header))
    fitted = (_fit(_drop(row, mended=mended), len(names), padded=padded) for row in rows if any(row.cells))
    return Sheet(
        header=names,
        above=tuple(_drop(row, mended=mended) for row in above),
        below=tuple(_drop(row, mended=mended) for row in below),
        decoder=decoder,
        rows=fitted,
    )


def _drop(row: Row, *, mended: bool) -> Row:
    """The row without the cell that says what was wrong with it, in a file of rejected rows."""
    return Row(row.number, row.cells[1:], row.problem) if mended and not row.problem else row


def _fit(row: Row, width: int, *, padded: bool) -> Row:
    """The row with exactly one cell a column; blank ones too many are dropped, others are a problem."""
    found = len(row.cells)
    if row.problem or found == width:
        return row
    if found > width and not any(row.cells[width:]):
        return Row(row.number, row.cells[:width])
    if found < width and padded:
        return Row(row.number, row.cells + ("",) * (width - found))
    return Row(row.number, row.cells, f"has {found} cells where the header has {width}")
