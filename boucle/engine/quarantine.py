"""Responses that do not fit, or could not be decided: kept whole, with reason, owner and due time."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlmodel import Session, col, func, select

from boucle.engine import ledger
from boucle.engine.identity import new_id
from boucle.engine.incoming import LONGEST_KEY, Incoming, Reason, to_json
from boucle.engine.tables import QuarantineRow
from boucle.model import Frozen
from boucle.rules.gates import Mode


@dataclass(frozen=True)
class QuarantineTerms:
    """Who mends what does not fit, and within which time."""

    owner: str
    within: timedelta


class Waiting(Frozen):
    """One response in quarantine. `age` since it came in; `reasons` say what to mend."""

    id: str
    source: str
    source_id: str
    reasons: tuple[str, ...]
    owner: str
    at: datetime
    due_at: datetime
    age: timedelta
    overdue: bool


def put(
    session: Session,
    incoming: Incoming,
    reasons: Sequence[Reason],
    *,
    terms: QuarantineTerms,
    mode: Mode,
    chain: str,
    actor: str,
    at: datetime,
) -> QuarantineRow:
    """Keep a response until it is mended; its event tells which facts are wrong, never their values."""
    row = QuarantineRow(
        id=new_id(),
        source=incoming.response.source,
        source_id=_storable(incoming.response.source_id),
        content_digest=incoming.digest,
        reasons=[asdict(reason) for reason in reasons],
        origin=chain,
        payload=json.dumps(to_json(incoming.response)),
        owner=terms.owner,
        mode=mode,
        at=at,
        due_at=at + terms.within,
    )
    session.add(row)
    session.flush()
    facts: list[JsonValue] = [reason.fact for reason in reasons if reason.fact]
    payload: dict[str, JsonValue] = {"quarantine": row.id, "source": row.source, "facts": facts}
    ledger.append(session, chain, "response.quarantined", at=at, actor=actor, payload=payload)
    return row


def _storable(text: str) -> str:
    """The text with what no database keeps written as an escape, and no longer than an index takes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")[:LONGEST_KEY]


def find_all(session: Session, incoming: Collection[Incoming]) -> dict[str, QuarantineRow]:
    """What was ever in quarantine under the ids of these, by the digest of its content."""
    query = select(QuarantineRow).where(
        col(QuarantineRow.source).in_({one.response.source for one in incoming}),
        col(QuarantineRow.source_id).in_({_storable(one.response.source_id) for one in incoming}),
    )
    return {row.content_digest: row for row in session.exec(query)}


def release(rows: Collection[QuarantineRow], accepted: Incoming) -> None:
    """Let a response go that was accepted, and drop what it had said before that.

    What came in after it, and waits itself, is content of its own, which nobody has decided yet.
    """
    mine = [
        row for row in rows if row.state == "waiting" and (row.source, row.source_id) == accepted.identity
    ]
    own = next((row for row in mine if row.content_digest == accepted.digest), None)
    for row in mine:
        if row is own:
            row.state = "decided"
        elif own is None or row.at < own.at:
            row.state = "dropped"


def list_waiting(session: Session, at: datetime, limit: int = 100) -> list[Waiting]:
    """What waits for a mend, the most urgent first."""
    query = (
        select(QuarantineRow)
        .where(QuarantineRow.state == "waiting")
        .order_by(col(QuarantineRow.due_at), col(QuarantineRow.id))
        .limit(limit)
    )
    return [_waiting(row, at) for row in session.exec(query)]


def find_waiting(session: Session, source_id: str, at: datetime) -> Waiting | None:
    """What waits for a mend under the source's id, the latest where it came more than once."""
    query = select(QuarantineRow).where(
        QuarantineRow.state == "waiting", QuarantineRow.source_id == source_id
    )
    row = session.exec(query.order_by(col(QuarantineRow.at).desc(), col(QuarantineRow.id)).limit(1)).first()
    return _waiting(row, at) if row else None


def count_waiting(session: Session, at: datetime) -> tuple[int, int]:
    """How many wait for a mend, and how many of them are overdue."""
    waiting = select(func.count()).where(QuarantineRow.state == "waiting")
    overdue = waiting.where(col(QuarantineRow.due_at) < at)
    return session.exec(waiting).one(), session.exec(overdue).one()


def _waiting(row: QuarantineRow, at: datetime) -> Waiting:
    return Waiting(
        id=row.id,
        source=row.source,
        source_id=row.source_id,
        reasons=tuple(reason["message"] for reason in row.reasons),
        owner=row.owner,
        at=row.at,
        due_at=row.due_at,
        age=at - row.at,
        overdue=at > row.due_at,
    )
