"""Replaying: every stored decision made again from its record and its bundle, and compared byte by byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from boucle.decision import Decision
from boucle.engine import bundles
from boucle.engine.canonical import canonical
from boucle.engine.tables import DecisionRow
from boucle.errors import BoucleError
from boucle.rules.bundle import Bundle
from boucle.rules.decide import replay

Progress = Callable[[int, int], None]
"""Called with the decisions replayed so far and all there are."""

_BATCH = 500


@dataclass(frozen=True)
class Replayed:
    """How many decisions were made again, over how many bundles, and every one that came out otherwise."""

    decisions: int
    bundles: int
    problems: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether every decision came out as it is recorded."""
        return not self.problems


def replay_all(session: Session, progress: Progress | None = None) -> Replayed:
    """Make every decision again; problems are values, each naming its decision."""
    total = session.exec(select(func.count()).select_from(DecisionRow)).one()
    loaded: dict[str, Bundle | str] = {}
    problems: list[str] = []
    done = 0
    for batch in _batches(session):
        problems += [
            f"decision {row.id}: {problem}" for row in batch if (problem := _check(session, row, loaded))
        ]
        done += len(batch)
        if progress:
            progress(done, total)
    return Replayed(done, len(loaded), tuple(problems))


def _batches(session: Session) -> Iterator[Sequence[DecisionRow]]:
    last = ""
    while True:
        query = select(DecisionRow).where(col(DecisionRow.id) > last).order_by(DecisionRow.id).limit(_BATCH)
        batch = session.exec(query).all()
        if not batch:
            return
        yield batch
        last = batch[-1].id
        session.expunge_all()


def _check(session: Session, row: DecisionRow, loaded: dict[str, Bundle | str]) -> str | None:
    """What is wrong with one decision, if anything is."""
    if row.bundle not in loaded:
        loaded[row.bundle] = _load(session, row.bundle)
    bundle = loaded[row.bundle]
    if isinstance(bundle, str):
        return bundle
    try:
        again = replay(bundle, Decision.model_validate_json(row.record))
    except BoucleError as error:
        return str(error)
    except ValueError:
        return "its record cannot be read"
    return None if canonical(again.model_dump(mode="json")) == row.record else "it comes out otherwise"


def _load(session: Session, digest: str) -> Bundle | str:
    try:
        return bundles.load(session, digest)
    except BoucleError as error:
        return str(error)
