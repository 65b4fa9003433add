"""XLSX files as rows of text, in the forms that a CSV of the same data would have."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook.workbook import Workbook

from boucle.intake.numbers import NumberFormat
from boucle.intake.row import Row, UnreadableFileError

DAMAGED = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
)
"""What openpyxl raises over a damaged or encrypted workbook; it has no error of its own for that."""


@contextmanager
def read_workbook(path: Path, sheet: str | None, numbers: NumberFormat) -> Iterator[Iterator[Row]]:
    """The rows of a sheet, the first one where none is named; UnreadableFileError."""
    with path.open("rb") as file:
        try:
            workbook = load_workbook(file, read_only=True, data_only=True)
        except DAMAGED as error:
            raise UnreadableFileError(path, f"is no readable workbook ({type(error).__name__})") from error
        try:
            yield _read_rows(workbook, path, sheet, numbers)
        finally:
            workbook.close()


def _read_rows(workbook: Workbook, path: Path, name: str | None, numbers: NumberFormat) -> Iterator[Row]:
    if name is not None and name not in workbook.sheetnames:
        raise UnreadableFileError(path, f"has no sheet '{name}', only {', '.join(workbook.sheetnames)}")
    sheet = workbook[name or workbook.sheetnames[0]]
    try:
        sheet.reset_dimensions()  # what the file states may be too small, and would cut columns off
        for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
            yield Row(number, _trim([_to_text(value, numbers) for value in values]))
    except DAMAGED as error:
        raise UnreadableFileError(path, f"is damaged ({type(error).__name__})") from error


def _trim(cells: list[str]) -> tuple[str, ...]:
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def _to_text(value: object, numbers: NumberFormat) -> str:
    """A cell as text: dates as ISO 8601, numbers as the map writes them."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return _show_number(value, numbers)
        case datetime() | date() | time():
            return value.isoformat().removesuffix("T00:00:00")
        case _:
            return str(value)


def _show_number(value: float | Decimal, numbers: NumberFormat) -> str:
    number = Decimal(str(value))
    return numbers.show(number) if number.is_finite() else str(value)
