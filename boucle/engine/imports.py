"""Runs of `boucle import`: which file under which map, by whom, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

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


def end(session: Session, run_id: str, *, counts: Mapping[str, int], at: datetime) -> ImportRun:
    """The run came to its end, with these counts; NotFoundError."""
    run = session.get(ImportRun, run_id)
    if run is None:
        raise NotFoundError("import", run_id)
    run.counts, run.ended_at = dict(counts), at
    session.add(run)
    session.flush()
    return run
