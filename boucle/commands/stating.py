"""Taking a file of customers in: chunk by chunk, each its own transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from boucle.commands.chunks import Chunks
from boucle.commands.importing import copied, digest_of
from boucle.commands.opening import MistakesError
from boucle.commands.output import now, progress
from boucle.engine import imports
from boucle.engine.database import Database
from boucle.engine.identity import new_id
from boucle.engine.statements import Stated, Stating, state
from boucle.errors import BoucleError
from boucle.intake.batch import UnfitMapError
from boucle.intake.customers_map import CustomersMap
from boucle.intake.statements import StatementBatch, read_map_of_customers, read_statements
from boucle.model import Statement
from boucle.rules.catalogue import Catalogue
from boucle.rules.files import read_text
from boucle.settings import Settings

MODE = "customers"
"""What the record of imports calls one of customers."""


class DatedTwiceError(BoucleError):
    """A date was stated for a file whose map says where its dates are."""

    def __init__(self, map_file: Path) -> None:
        super().__init__(f"{map_file} says under 'as_of:' when its facts are so; leave --as-of out")


@dataclass(frozen=True)
class CustomersFile:
    """A file of customers, the map that reads it, and by whom it is imported."""

    file: Path
    map_file: Path
    map: CustomersMap
    actor: str


def open_map(file: Path, map_file: Path, actor: str) -> CustomersFile:
    """Read the map; MistakesError where it has mistakes."""
    map_, mistakes = read_map_of_customers(map_file)
    if map_ is None:
        raise MistakesError(mistakes, {str(map_file): read_text(map_file)})
    return CustomersFile(file, map_file, map_, actor)


def date_of(
    wanted: CustomersFile, database: Database | None, stated: datetime | None, at: datetime
) -> datetime:
    """When the facts of a file are so whose map does not say it: as stated, else its first import.

    So the same file says nothing new when it is imported again at `at`.
    """
    if stated is not None and wanted.map.when is not None:
        raise DatedTwiceError(wanted.map_file)
    if stated is not None or database is None or wanted.map.when is not None:
        return stated or at
    with database.reading() as session:
        first = imports.find_first(session, **_digests(wanted), mode=MODE)
        return first.started_at if first else at


def _digests(wanted: CustomersFile) -> dict[str, str]:
    return {"file_digest": digest_of(wanted.file), "map_digest": digest_of(wanted.map_file)}


def read_file(wanted: CustomersFile, catalogue: Catalogue, at: datetime) -> StatementBatch:
    """All that the file says; MistakesError where the map does not fit."""
    with progress(f"reading {wanted.file.name}") as bar:
        try:
            return read_statements(wanted.map, wanted.file, catalogue, at, lambda rows: bar(rows, None))
        except UnfitMapError as error:
            texts = {str(wanted.map_file): read_text(wanted.map_file)}
            raise MistakesError(error.mistakes, texts) from error


def take_in(database: Database, wanted: CustomersFile, batch: StatementBatch, at: datetime) -> Stated:
    """Take everything up; a run that is interrupted is simply run again. `at` is when it began."""
    with database.session() as session:
        run = imports.begin(
            session, file=str(wanted.file), **_digests(wanted), mode=MODE, actor=wanted.actor, at=at
        )
        run_id = run.id
        session.commit()
    stated = _take(database, wanted, batch, run_id, keep=True)
    counts = {"new": len(stated.new), "changed": len(stated.changed), "rejected_rows": batch.counts.rejected}
    with database.session() as session:
        imports.end(session, run_id, counts=counts, at=now())
        session.commit()
    return stated


def rehearse(settings: Settings, wanted: CustomersFile, batch: StatementBatch) -> Stated:
    """What `take_in` would bring: each part is tried and undone, nothing is touched."""
    database = find_database(settings)
    if database is None:
        with copied(settings) as empty:
            return _take(empty, wanted, batch, new_id(), keep=False)
    try:
        return _take(database, wanted, batch, new_id(), keep=False)
    finally:
        database.dispose()


def find_database(settings: Settings) -> Database | None:
    """The workspace's database where there is one with today's tables; nothing is made."""
    database = Database(settings.database)
    if (database.file is None or database.file.exists()) and database.is_migrated():
        return database
    database.dispose()
    return None


def _take(
    database: Database, wanted: CustomersFile, batch: StatementBatch, run: str, *, keep: bool
) -> Stated:
    stated = Stated()
    chunks = Chunks(batch.statements)
    with progress("taking in" if keep else "trying") as bar:
        for chunk in chunks:
            stated.add(_state(database, chunk, _stating(wanted, batch, run), keep=keep))
            bar(chunks.done, len(batch.statements))
    return stated


def _stating(wanted: CustomersFile, batch: StatementBatch, run: str) -> Stating:
    return Stating(
        source=batch.map.source,
        said_by=batch.said_by,
        run=run,
        unit=new_id(),
        actor=wanted.actor,
        at=now(),
    )


def _state(database: Database, chunk: Sequence[Statement], stating: Stating, *, keep: bool) -> Stated:
    with database.session() as session:
        stated = state(session, chunk, stating)
        end: Callable[[], None] = session.commit if keep else session.rollback
        end()
        return stated
