"""A whole file read by its map: responses in the order in which they are decided, and what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boucle.errors import BoucleError, Mistake, Place
from boucle.intake.binding import Binding, bind
from boucle.intake.counts import Counts
from boucle.intake.drafts import Draft, read_draft
from boucle.intake.import_map import ImportMap
from boucle.intake.joining import Rejection, Skipped, join
from boucle.intake.map_file import read_map
from boucle.intake.row import Row, UnreadableFileError
from boucle.intake.sheets import Sheet, open_sheet
from boucle.model import Response
from boucle.rules.catalogue import Catalogue
from boucle.rules.strict_yaml.source_mistakes import NotUtf8

Progress = Callable[[int], None]
"""Is told how many rows were read so far."""


class UnfitMapError(BoucleError):
    """A map that does not fit the file or the catalogue; its mistakes have their places in the map."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__(f"the map has {len(mistakes)} mistake(s); the first is: {mistakes[0].message}")
        self.mistakes = mistakes


@dataclass(frozen=True)
class FileRead:
    """A file read to its end, and what of it was refused.

    `above` and `below` are the rows round the header that are no data, `show` makes a refused cell
    readable: what the file of rejected rows needs. `unused` are columns that the map does not name.
    """

    map: ImportMap
    rejections: list[Rejection]
    header: tuple[str, ...]
    above: tuple[Row, ...]
    below: tuple[Row, ...]
    show: Callable[[str], str]
    unused: tuple[str, ...]


@dataclass(frozen=True)
class Batch(FileRead):
    """What a file holds. `responses` stand in the order (responded_at, row), in which they are decided."""

    responses: list[Response]
    counts: Counts


class _Reading:
    """One pass over a bound file."""

    def __init__(self, binding: Binding, sheet: Sheet, progress: Progress | None) -> None:
        self.binding = binding
        self.sheet = sheet
        self.counts = Counts()
        self._progress = progress or (lambda _: None)

    def results(self) -> Iterator[tuple[int, Response | Rejection]]:
        """Responses and rejections in file order, each with its first row's number."""
        for drafts in self._respondents():
            found = join(self.binding, drafts)
            rows = len(drafts)
            if isinstance(found, Skipped):
                self.counts.skipped += 1
                continue
            if isinstance(found, Rejection):
                self.counts.rejected_rows += rows
            else:
                self.counts.add_response(found, self.binding)
            yield drafts[0].row.number, found

    def _respondents(self) -> Iterable[list[Draft]]:
        if not self.binding.map.group_by:
            return ([draft] for draft in self._drafts())
        groups: dict[tuple[object, ...], list[Draft]] = {}
        for draft in self._drafts():
            key = draft.group if any(draft.group) else (draft.row.number,)
            groups.setdefault(key, []).append(draft)
        return groups.values()

    def _drafts(self) -> Iterator[Draft]:
        for row in self.sheet.rows:
            draft = read_draft(self.binding, row, self.sheet.decoder)
            self.counts.add_row(draft)
            self._progress(self.counts.rows)
            if draft:
                yield draft


@contextmanager
def _open(
    map_: ImportMap, path: Path, catalogue: Catalogue, progress: Progress | None = None
) -> Iterator[_Reading]:
    with open_sheet(path, map_.layout, map_.encoding, map_.numbers) as sheet:
        binding, mistakes = bind(map_, sheet.header, path.name, catalogue)
        if binding is None:
            raise UnfitMapError(mistakes)
        yield _Reading(binding, sheet, progress)


def read_responses(map_: ImportMap, path: Path, catalogue: Catalogue) -> Iterator[Response | Rejection]:
    """Each response or rejection in file order, as the file is read; UnreadableFileError, UnfitMapError."""
    with _open(map_, path, catalogue) as reading:
        yield from (found for _, found in reading.results())


def read_batch(map_: ImportMap, path: Path, catalogue: Catalogue, progress: Progress | None = None) -> Batch:
    """Read a file to its end before anything of it is decided; UnreadableFileError, UnfitMapError.

    Takes about 3 KB of memory a response.
    """
    with _open(map_, path, catalogue, progress) as reading:
        found = list(reading.results())
        responses = [(item.responded_at, row, item) for row, item in found if isinstance(item, Response)]
        return Batch(
            map=map_,
            responses=[item for _, _, item in sorted(responses, key=lambda entry: entry[:2])],
            rejections=[item for _, item in found if isinstance(item, Rejection)],
            counts=reading.counts,
            header=reading.sheet.header,
            above=reading.sheet.above,
            below=reading.sheet.below,
            show=reading.sheet.decoder.show,
            unused=reading.binding.unused,
        )


def read_map_file(path: Path) -> tuple[ImportMap | None, list[Mistake]]:
    """As `read_map`, of a file; UnreadableFileError where there is none."""
    text, mistake = decode_map(path)
    return read_map(text, str(path)) if mistake is None else (None, [mistake])


def decode_map(path: Path) -> tuple[str, Mistake | None]:
    """The text of a map; a mistake where it is not UTF-8, UnreadableFileError where there is none."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(path, (error.strerror or "cannot be opened").lower()) from error
    try:
        return raw.decode("utf-8"), None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        return "", NotUtf8(Place(str(path), line, column), raw[error.start])


def read_import(
    map_file: Path, path: Path, catalogue: Catalogue, progress: Progress | None = None
) -> tuple[Batch | None, list[Mistake]]:
    """Read a map and the file it is for. None, and every mistake, where the map has one."""
    map_, mistakes = read_map_file(map_file)
    if map_ is None:
        return None, mistakes
    try:
        return read_batch(map_, path, catalogue, progress), []
    except UnfitMapError as error:
        return None, error.mistakes
