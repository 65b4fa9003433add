"""Runs of imports: which file under which map, by whom, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from boucle.engine.identity import new_id
from boucle.engine.tables import ImportRun
from boucle.errors import NotFoundError


def begin(
    session: Session, *, file: str, file_digest: str, map_digest: str, mode: str, actor: str, at: datetime
) -> ImportRun:
    """A new run, not ended yet: it stays so where the import is interrupted."""
    run = ImportRun(
        id=new_id(),
        file=file,
        file_digest=file_digest,
        map_digest=map_digest,
        mode=mode,
        actor=actor,
        started_at=at,
    )
    session.add(run)
    session.flush()
    return run


def find_first(session: Session, *, file_digest: str, map_digest: str, mode: str) -> ImportRun | None:
    """The first run of this file under this map, ended or not; None where there was none."""
    query = select(ImportRun).where(
        ImportRun.file_digest == file_digest, ImportRun.map_digest == map_digest, ImportRun.mode == mode
    )
    return session.exec(query.order_by(col(ImportRun.started_at)).limit(1)).first()


def end(session: Session, run_id: str, *, counts: Mapping[str, int], at: datetime) -> ImportRun:
    """The run came to its end, with these counts; NotFoundError."""
    run = session.get(ImportRun, run_id)
    if run is None:
        raise NotFoundError("import", run_id)
    run.counts, run.ended_at = dict(counts), at
    session.add(run)
    session.flush()
    return run
