"""The ledger: append-only chains of events, each hashed over the one before. The only writer of its rows.

A chain belongs to a loop, or to one intake unit. `hash` is the sha256 of the canonical JSON of the
whole event, the previous hash among it; personal values are in it as commitments alone, so erasing
them leaves every chain whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import event, insert, select, text
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, col
from sqlmodel import select as select_models

from boucle.engine import ledger_events, privacy
from boucle.engine.canonical import canonical, instant_text
from boucle.engine.tables import LedgerEvent

FIRST_PREVIOUS = "0" * 64
"""What stands for the previous hash in the first event of a chain."""


class LedgerWriteError(RuntimeError):
    """Code other than `append` tried to write ledger rows."""

    def __init__(self) -> None:
        super().__init__("the ledger is append-only, and only ledger.append writes it")


def intake_chain(unit_id: str) -> str:
    """The chain of one import chunk, or of one accepted API call."""
    return f"intake/{unit_id}"


def loop_chain(loop_id: str) -> str:
    """The chain of one loop."""
    return f"loop/{loop_id}"


def scope(chain: str, seq: int) -> str:
    """The scope, in `personal`, of the values that an event commits to."""
    return f"{chain}#{seq}"


def append(
    session: Session,
    chain: str,
    type_: str,
    *,
    at: datetime,
    actor: str,
    payload: Mapping[str, JsonValue],
    recorded_at: datetime | None = None,
    personal: Mapping[str, str] | None = None,
    subject: str | None = None,
) -> LedgerEvent:
    """Add one event to the end of a chain, in the caller's transaction; returns it, detached.

    `at` is when it happened, `recorded_at` when we learned of it. `personal` values are kept under
    `subject` (a contact's or response's id) and committed; no value of theirs enters the event.
    """
    personal = personal or {}
    ledger_events.require(type_, personal)
    if personal and subject is None:
        raise ValueError(f"personal fields of '{type_}' need the subject whose they are")
    seq, previous = _next(session, chain)
    commitments = privacy.store(session, subject or "", scope(chain, seq), personal)
    added = LedgerEvent(
        chain=chain,
        seq=seq,
        type=type_,
        at=at,
        recorded_at=recorded_at or at,
        actor=actor,
        payload=canonical(payload),
        commitments=canonical(commitments),
        previous=previous,
        hash="",
    )
    added.hash = event_hash(added)
    session.execute(insert(LedgerEvent), added.model_dump())
    return added


def _next(session: Session, chain: str) -> tuple[int, str]:
    """The next number and the previous hash, with the chain's head locked until the commit."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:chain, 0))"), {"chain": chain})
    head = session.execute(
        select(col(LedgerEvent.seq), col(LedgerEvent.hash))
        .where(col(LedgerEvent.chain) == chain)
        .order_by(col(LedgerEvent.seq).desc())
        .limit(1)
    ).first()
    return (head[0] + 1, head[1]) if head else (1, FIRST_PREVIOUS)


def event_hash(row: LedgerEvent) -> str:
    """The sha256, in hexadecimal, of an event's canonical JSON."""
    body = {
        "actor": row.actor,
        "at": instant_text(row.at),
        "chain": row.chain,
        "commitments": json.loads(row.commitments),
        "payload": json.loads(row.payload),
        "previous": row.previous,
        "recorded_at": instant_text(row.recorded_at),
        "seq": row.seq,
        "type": row.type,
    }
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def history(session: Session, chain: str) -> list[LedgerEvent]:
    """Every event of a chain, in order; empty for a chain that does not exist."""
    query = select_models(LedgerEvent).where(LedgerEvent.chain == chain).order_by(col(LedgerEvent.seq))
    return list(session.exec(query).all())


@event.listens_for(AnySession, "before_flush")
def _refuse_rows(session: AnySession, _context: Any, _instances: Any) -> None:
    written = [*session.new, *session.dirty, *session.deleted]
    if any(isinstance(row, LedgerEvent) for row in written):
        raise LedgerWriteError


@event.listens_for(AnySession, "do_orm_execute")
def _refuse_statements(state: ORMExecuteState) -> None:
    rewrites = state.is_update or state.is_delete
    if rewrites and state.bind_mapper is not None and state.bind_mapper.class_ is LedgerEvent:
        raise LedgerWriteError
