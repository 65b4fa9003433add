"""A loop's history as people read it: its ledger events in order, with what is personal of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from boucle.engine import ledger
from boucle.engine.tables import Personal


@dataclass(frozen=True)
class Entry:
    """One event of a loop. `texts` are its personal values by field, those that were not erased.

    `happened_at` and `recorded_at` differ where somebody wrote down afterwards what was done earlier.
    """

    number: int
    type: str
    happened_at: datetime
    recorded_at: datetime
    actor: str
    details: Mapping[str, Any]
    texts: Mapping[str, str]
    hash: str


def read_timeline(session: Session, loop_id: str) -> list[Entry]:
    """Every event of a loop, in the order of its chain; empty where there is no such loop."""
    events = ledger.history(session, ledger.loop_chain(loop_id))
    texts = _texts(session, [ledger.scope(event.chain, event.seq) for event in events])
    return [
        Entry(
            number=event.seq,
            type=event.type,
            happened_at=event.at,
            recorded_at=event.recorded_at,
            actor=event.actor,
            details=json.loads(event.payload),
            texts=texts.get(ledger.scope(event.chain, event.seq), {}),
            hash=event.hash,
        )
        for event in events
    ]


def _texts(session: Session, scopes: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in session.exec(select(Personal).where(col(Personal.scope).in_(scopes))):
        found.setdefault(row.scope, {})[row.field] = row.value
    return found
