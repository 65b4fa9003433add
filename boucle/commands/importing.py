"""Taking a file in: chunk by chunk, each its own transaction, so that nobody waits long for the lock."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlmodel import Session

from boucle.commands.chunks import Chunks
from boucle.commands.opening import MistakesError
from boucle.commands.output import now, progress
from boucle.decision import Decision
from boucle.engine import imports
from boucle.engine.activations import BundleInForce
from boucle.engine.clock import with_digest
from boucle.engine.database import Database
from boucle.engine.identity import new_id
from boucle.engine.intake import Accepted, IntakeTerms, accept
from boucle.engine.loops import LoopDefaults
from boucle.engine.quarantine import QuarantineTerms
from boucle.engine.rehearsal import copy_rows
from boucle.errors import BoucleError
from boucle.intake.batch import Batch, read_import
from boucle.model import Response
from boucle.rules.bundle import Bundle
from boucle.rules.decide import Mode
from boucle.rules.files import read_text
from boucle.settings import Settings


class OldDatabaseError(BoucleError):
    """A dry run on a database whose tables are those of an older version."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} has the tables of an older version; boucle up brings them up to date")


@dataclass(frozen=True)
class Intake:
    """What is the same for every chunk of one import."""

    bundle: Bundle
    terms: IntakeTerms
    mode: Mode
    actor: str
    in_force: BundleInForce = field(default_factory=BundleInForce)

    def find_bundle(self, session: Session) -> Bundle:
        """The bundle in force in this transaction; a dry run of a workspace without one tries its own."""
        return self.in_force.find(session) or self.bundle


@dataclass(frozen=True)
class Run:
    """Which file is imported under which map, for the record."""

    file: str
    file_digest: str
    map_digest: str


@dataclass
class Brought:
    """What came of the responses: how many of each verdict, and what was decided on the new ones."""

    verdicts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    loops: Counter[tuple[str, str]] = field(default_factory=Counter)
    deferred: Counter[str] = field(default_factory=Counter)
    observed: Counter[str] = field(default_factory=Counter)
    quarantine: Counter[str] = field(default_factory=Counter)

    def add(self, accepted: Accepted) -> None:
        """Count one chunk."""
        for one in accepted.taken:
            self.verdicts[one.verdict] += 1
            self.quarantine.update(one.reasons if one.verdict == "quarantined" else ())
        for decision in accepted.decisions:
            self.outcomes[decision.outcome] += 1
            self.observed.update(decision.observed)
            self._add_outcome(decision)

    def _add_outcome(self, decision: Decision) -> None:
        if decision.outcome == "starts" and decision.plan is not None:
            self.loops[decision.plan.play, f"{decision.plan.rule_set}/{decision.plan.rule}"] += 1
            deferring = [gate.gate for gate in decision.gates if gate.result == "deferred"]
            self.deferred.update(deferring[:1])
        elif decision.blocked_by is not None:
            self.reasons[f"blocked by {decision.blocked_by}"] += 1
        elif decision.reason is not None:
            self.reasons[decision.reason] += 1


def read_file(map_file: Path, file: Path, bundle: Bundle) -> Batch:
    """All that the file holds; MistakesError where the map has mistakes or does not fit."""
    with progress(f"reading {file.name}") as bar:
        batch, mistakes = read_import(map_file, file, bundle.catalogue, lambda rows: bar(rows, None))
    if batch is None:
        raise MistakesError(mistakes, {str(map_file): read_text(map_file)})
    return batch


def make_terms(settings: Settings) -> IntakeTerms:
    """What intake needs of the settings."""
    quarantine, year = settings.quarantine, now().year
    calendar = with_digest(settings.make_calendar(year))
    teams = {team: with_digest(settings.make_calendar(year, team)) for team in settings.teams}
    return IntakeTerms(
        loops=LoopDefaults(settings.language, calendar, teams, settings.contact),
        quarantine=QuarantineTerms(quarantine.owner, quarantine.within.wall()),
    )


def digest_of(file: Path) -> str:
    """The sha256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def take_in(database: Database, intake: Intake, batch: Batch, run: Run) -> Brought:
    """Accept and decide everything, chunk by chunk; a run that is interrupted is simply run again."""
    with database.session() as session:
        begun = imports.begin(session, **asdict(run), mode=intake.mode, actor=intake.actor, at=now())
        session.commit()
    brought = Brought()
    chunks = Chunks(batch.responses)
    with progress("deciding") as bar:
        for chunk in chunks:
            with database.session() as session:
                accepted = _accept(session, intake, chunk)
                session.commit()
            brought.add(accepted)
            bar(chunks.done, len(batch.responses))
    counts = {**brought.verdicts, "rejected_rows": batch.counts.rejected_rows}
    with database.session() as session:
        imports.end(session, begun.id, counts=counts, at=now())
        session.commit()
    return brought


def rehearse(settings: Settings, intake: Intake, batch: Batch) -> Brought:
    """What `take_in` would bring, found out on a copy that is gone afterwards; nothing is touched."""
    brought = Brought()
    chunks = Chunks(batch.responses)
    with copied(settings) as database, database.session() as session, progress("trying") as bar:
        for chunk in chunks:
            brought.add(_accept(session, intake, chunk))
            bar(chunks.done, len(batch.responses))
    return brought


@contextmanager
def copied(settings: Settings) -> Iterator[Database]:
    """A copy of the database, without personal values, that is gone afterwards; empty where there is none."""
    with tempfile.TemporaryDirectory(prefix="boucle-dry-run-") as folder:
        copy = Database(f"sqlite:///{folder}/boucle.db")
        copy.migrate()
        _fill(copy, settings)
        yield copy
        copy.dispose()


def _fill(copy: Database, settings: Settings) -> None:
    source = Database(settings.database)
    if source.file is not None and not source.file.exists():
        return
    if not source.is_migrated():
        raise OldDatabaseError(source.where)
    with source.reading() as read, copy.session() as written:
        copy_rows(read, written)
        written.commit()
    source.dispose()


def _accept(session: Session, intake: Intake, chunk: Sequence[Response]) -> Accepted:
    return accept(
        session,
        intake.find_bundle(session),
        chunk,
        at=now(),
        actor=intake.actor,
        unit=new_id(),
        terms=intake.terms,
        mode=intake.mode,
    )
