"""Responses as rows: found by our id, the beginning of it, or the source's id; with what was decided."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from boucle.decision import Decision
from boucle.engine import ledger, privacy
from boucle.engine.pairs import among
from boucle.engine.tables import DecisionRow, ResponseRow, Revision
from boucle.errors import AmbiguousError, NotFoundError
from boucle.model import Verbatim

_PREFIX = re.compile("[a-z2-7]{4,26}")


@dataclass(frozen=True)
class Decided:
    """One revision with its decision. `kept`: the decision is the first revision's."""

    revision: Revision
    row: DecisionRow
    decision: Decision
    kept: bool


@dataclass(frozen=True)
class Told:
    """A response with every revision's decision, the first first, and what was written in the latest."""

    response: ResponseRow
    decided: tuple[Decided, ...]
    verbatims: tuple[Verbatim, ...]


def find_response(session: Session, name: str) -> ResponseRow:
    """The response of that id, source id, or beginning of an id; NotFoundError, AmbiguousError."""
    exact = select(ResponseRow).where((ResponseRow.id == name) | (ResponseRow.source_id == name))
    found = session.exec(exact.limit(2)).all()
    if not found and _PREFIX.fullmatch(name):
        found = session.exec(select(ResponseRow).where(col(ResponseRow.id).startswith(name)).limit(2)).all()
    if not found:
        raise NotFoundError("response", name)
    if len(found) > 1:
        raise AmbiguousError("response", name, len(found))
    return found[0]


def tell(session: Session, response: ResponseRow) -> Told:
    """All that was decided on a response, for an explanation."""
    query = (
        select(Revision, DecisionRow)
        .join(
            DecisionRow,
            (col(DecisionRow.response_id) == Revision.response_id)
            & (col(DecisionRow.revision) == Revision.number),
        )
        .where(Revision.response_id == response.id)
        .order_by(col(Revision.number))
    )
    decided = tuple(
        Decided(revision, row, Decision.model_validate_json(row.record), row.outcome == "kept")
        for revision, row in session.exec(query)
    )
    return Told(response, decided, read_verbatims(session, response, decided[-1].revision))


def read_verbatims(session: Session, response: ResponseRow, revision: Revision) -> tuple[Verbatim, ...]:
    """What a revision's person wrote, in order; empty after an erasure."""
    held = privacy.read(session, subject_of(response), ledger.scope(revision.chain, revision.seq))
    numbers = sorted(int(field.removeprefix("verbatim.")) for field in held if field.startswith("verbatim."))
    return tuple(
        Verbatim(text=held[f"verbatim.{number}"], question=held.get(f"question.{number}"))
        for number in numbers
    )


def subject_of(response: ResponseRow) -> str:
    """Whose personal data a response holds: its contact's, or where nobody is named its own."""
    return response.contact_id or response.id


@dataclass
class Known:
    """A response that was accepted before, and the digests of all its contents so far."""

    row: ResponseRow
    digests: set[str]


def find_known(session: Session, identities: Collection[tuple[str, str]]) -> dict[tuple[str, str], Known]:
    """Those of these (source, source id) that were accepted before."""
    query = (
        select(ResponseRow, Revision.content_digest)
        .join(Revision, col(Revision.response_id) == ResponseRow.id)
        .where(among(ResponseRow.source, ResponseRow.source_id, identities))
    )
    known: dict[tuple[str, str], Known] = {}
    for row, digest in session.exec(query):
        known.setdefault((row.source, row.source_id), Known(row, set())).digests.add(digest)
    return known


def find_first_decision(session: Session, response_id: str) -> DecisionRow:
    """The decision that stands, which is the first revision's."""
    query = select(DecisionRow).where(DecisionRow.response_id == response_id, DecisionRow.revision == 1)
    return session.exec(query).one()
