"""Deciding what lies in quarantine, once the catalogue, the rules or the policy were mended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from boucle.engine.incoming import Reason, content_digest, from_json, normalise
from boucle.engine.intake import IntakeTerms, Taken, accept
from boucle.engine.tables import QuarantineRow
from boucle.errors import AmbiguousError, NotFoundError
from boucle.model import Response
from boucle.rules.bundle import Bundle
from boucle.rules.gates import Mode

MODES: tuple[Mode, ...] = ("act", "record_only", "act_on_old")


@dataclass(frozen=True)
class Retried:
    """What became of one that lay in quarantine; `reasons` say why it still does."""

    id: str
    source_id: str
    taken: Taken

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it still does not fit; none where it was decided."""
        return self.taken.reasons

    @property
    def decided(self) -> bool:
        """Whether it lies in quarantine no more."""
        return not self.taken.reasons


def find_waiting_ids(session: Session, name: str | None = None) -> Sequence[str]:
    """All that wait, or the one whose id, or whose id at its source, begins so."""
    waiting = select(QuarantineRow.id).where(QuarantineRow.state == "waiting")
    if name is None:
        return session.exec(waiting.order_by(col(QuarantineRow.at), QuarantineRow.id)).all()
    found = (
        session.exec(waiting.where(QuarantineRow.source_id == name)).all()
        or session.exec(
            waiting.where(col(QuarantineRow.id).startswith(name, autoescape=True)).limit(10)
        ).all()
    )
    if not found:
        raise NotFoundError("response in quarantine", name)
    if len(found) > 1:
        raise AmbiguousError("response in quarantine", name, len(found))
    return found


def retry(
    session: Session,
    bundle: Bundle,
    ids: Sequence[str],
    *,
    at: datetime,
    actor: str,
    unit: str,
    terms: IntakeTerms,
    modes: Sequence[Mode] = MODES,
) -> list[Retried]:
    """Take these in again, with the bundle in force, in the mode in which each came; the caller commits.

    Where others take in responses meanwhile, one mode a transaction: each mode is a list of its own,
    whose locks would be taken after those of the list before it, out of order.
    """
    retried: list[Retried] = []
    for mode in modes:
        rows = session.exec(
            select(QuarantineRow)
            .where(
                col(QuarantineRow.id).in_(ids), QuarantineRow.state == "waiting", QuarantineRow.mode == mode
            )
            .order_by(col(QuarantineRow.at), QuarantineRow.id)
        ).all()
        if rows:
            responses = [_read(session, bundle, row) for row in rows]
            accepted = accept(
                session, bundle, responses, at=at, actor=actor, unit=f"{unit}-{mode}", terms=terms, mode=mode
            )
            retried += _tell(session, rows, accepted.taken)
    return retried


def _read(session: Session, bundle: Bundle, row: QuarantineRow) -> Response:
    """The response typed by the catalogue of today; where its digest is another then, the row takes it."""
    response = from_json(bundle.catalogue, json.loads(row.payload))
    digest = content_digest(normalise(response))
    if digest != row.content_digest and not _is_there(session, row, digest):
        row.content_digest = digest
        session.add(row)
        session.flush()
    return response


def _is_there(session: Session, row: QuarantineRow, digest: str) -> bool:
    same = (QuarantineRow.source == row.source, QuarantineRow.source_id == row.source_id)
    return (
        session.exec(select(QuarantineRow.id).where(*same, QuarantineRow.content_digest == digest)).first()
        is not None
    )


def _tell(session: Session, rows: Sequence[QuarantineRow], taken: Sequence[Taken]) -> Iterator[Retried]:
    for row, one in zip(rows, taken, strict=True):
        if one.reasons:
            row.reasons = [asdict(Reason(reason)) for reason in one.reasons]
            session.add(row)
        yield Retried(row.id, row.source_id, one)
    session.flush()
