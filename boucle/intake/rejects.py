"""The file of rejected rows: mended by hand, it is imported again with the same map.

UTF-8 with a byte order mark, which spreadsheets understand and which wins over the map's encoding. The
first column says what is wrong; an import ignores it. A byte that could not be read stands as ⟦D4⟧, and
is refused again until its character is written.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from boucle.intake.batch import FileRead
from boucle.intake.drafts import Problem
from boucle.intake.joining import Rejection
from boucle.intake.row import Row
from boucle.intake.sheets import PROBLEM_COLUMN


def write_rejects(batch: FileRead, path: Path) -> int:
    """Write the rejected rows with the columns of their file; how many they are."""
    rows = list(_data(batch))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=batch.map.layout.delimiter)
        writer.writerows(["", *_cells(batch, row)] for row in batch.above)
        writer.writerow([PROBLEM_COLUMN, *batch.header])
        writer.writerows(["", *_cells(batch, row)] for row in batch.below)
        writer.writerows(rows)
    return len(rows)


def _data(batch: FileRead) -> Iterator[list[str]]:
    found = [(row, rejection) for rejection in batch.rejections for row in rejection.rows]
    for row, rejection in sorted(found, key=lambda item: item[0].number):
        yield [_explain(row, rejection), *_cells(batch, row)]


def _explain(row: Row, rejection: Rejection) -> str:
    """Everything wrong with the row; with its fellow rows, where it is not to blame itself."""
    own = [problem for problem in rejection.problems if problem.row == row.number]
    return "; ".join(_said(problem) for problem in own or rejection.problems)


def _said(problem: Problem) -> str:
    where = f"row {problem.row}" + (f", {problem.column}" if problem.column else "")
    return f"{where}: {problem.message}"


def _cells(batch: FileRead, row: Row) -> list[str]:
    return [batch.show(cell) for cell in row.cells]
