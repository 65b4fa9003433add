"""One row of a data file, and the file that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boucle.errors import BoucleError


@dataclass(frozen=True, slots=True)
class Row:
    """One row, numbered as a spreadsheet does, the header included.

    `problem` says why it could not be split into the header's columns.
    """

    number: int
    cells: tuple[str, ...]
    problem: str | None = None


class UnreadableFileError(BoucleError):
    """A data file that cannot be read to its end; nothing of it is accepted."""

    def __init__(self, file: Path, detail: str) -> None:
        super().__init__(f"{file}: {detail}")
