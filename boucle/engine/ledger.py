"""The ledger: append-only chains of events, each hashed over the one before. The only writer of its rows.

A chain belongs to a loop, or to one intake unit. `hash` is the sha256 of the canonical JSON of the
whole event, the previous hash among it; personal values are in it as commitments alone, so erasing
them leaves every chain whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Delete, Update, bindparam, event, select, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session as AnySession
from sqlalchemy.sql.selectable import AliasedReturnsRows
from sqlmodel import Session, col
from sqlmodel import select as select_models

from boucle.engine import holding, ledger_events, privacy
from boucle.engine.canonical import canonical, instant_text
from boucle.engine.rows import insert_rows
from boucle.engine.tables import LedgerEvent, Personal

FIRST_PREVIOUS = "0" * 64
"""What stands for the previous hash in the first event of a chain."""


_HEAD = (
    select(col(LedgerEvent.seq), col(LedgerEvent.hash))
    .where(col(LedgerEvent.chain) == bindparam("chain"))
    .order_by(col(LedgerEvent.seq).desc())
    .limit(1)
)


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


def customer_chain(customer_id: str) -> str:
    """The chain of what was merged into one customer or contact."""
    return f"customer/{customer_id}"


def person_chain(person: str) -> str:
    """The chain of when one of our own people is away."""
    return f"person/{person}"


def scope(chain: str, seq: int) -> str:
    """The scope, in `personal`, of the values that an event commits to."""
    return f"{chain}#{seq}"


@dataclass(frozen=True)
class Draft:
    """An event about to be appended.

    `at` is when it happened, `recorded_at` when we learned of it. `personal` values are kept under
    `subject` (a contact's or response's id) and committed; no value of theirs enters the event.
    `subjects` name others whose single fields are: an event can speak of several people.
    """

    type: str
    at: datetime
    actor: str
    payload: Mapping[str, JsonValue]
    recorded_at: datetime | None = None
    personal: Mapping[str, str] = field(default_factory=dict)
    subject: str | None = None
    subjects: Mapping[str, str] = field(default_factory=dict)

    def salt(self, scope: str) -> list[dict[str, str]]:
        """Rows of the personal values, each under whose it is."""
        return [
            row
            for name, value in self.personal.items()
            for row in privacy.salt(self.subjects.get(name, self.subject or ""), scope, {name: value})
        ]


@dataclass(frozen=True)
class Place:
    """Where an event stands: its chain, and its number there."""

    chain: str
    seq: int


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
) -> Place:
    """Add one event to the end of a chain, in the caller's transaction; see `Draft`."""
    draft = Draft(type_, at, actor, payload, recorded_at, personal or {}, subject)
    return append_all(session, chain, [draft])[0]


def append_all(session: Session, chain: str, drafts: Sequence[Draft]) -> list[Place]:
    """Add events to the end of a chain, in order, in the caller's transaction."""
    for draft in drafts:
        ledger_events.require(draft.type, draft.personal)
        if draft.subject is None and draft.personal.keys() - draft.subjects.keys():
            raise ValueError(f"personal fields of '{draft.type}' need the subject whose they are")
    first, previous = _next(session, chain)
    events: list[dict[str, Any]] = []
    held: list[dict[str, str]] = []
    for seq, draft in enumerate(drafts, first):
        salted = draft.salt(scope(chain, seq))
        events.append(_event(chain, seq, previous, draft, privacy.commitments(salted)))
        previous = events[-1]["hash"]
        held += salted
    insert_rows(session, Personal, held)
    insert_rows(session, LedgerEvent, events)
    if events:
        holding.of(session).heads[chain] = (events[-1]["seq"], previous)
    return [Place(chain, event["seq"]) for event in events]


def _event(
    chain: str, seq: int, previous: str, draft: Draft, commitments: Mapping[str, JsonValue]
) -> dict[str, Any]:
    row = {
        "chain": chain,
        "seq": seq,
        "type": draft.type,
        "at": draft.at,
        "recorded_at": draft.recorded_at or draft.at,
        "actor": draft.actor,
        "payload": canonical(draft.payload),
        "commitments": canonical(commitments),
        "previous": previous,
    }
    return {**row, "hash": _digest({**row, "payload": draft.payload, "commitments": commitments})}


def _digest(event: Mapping[str, Any]) -> str:
    times = {name: instant_text(event[name]) for name in ("at", "recorded_at")}
    return hashlib.sha256(canonical({**event, **times}).encode()).hexdigest()


def _next(session: Session, chain: str) -> tuple[int, str]:
    """The next number and the previous hash, with the chain's head locked until the commit."""
    known = holding.of(session).heads.get(chain)
    if known is not None:
        return known[0] + 1, known[1]
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:chain, 0))"), {"chain": chain})
    head = session.execute(_HEAD, {"chain": chain}).first()
    return (head[0] + 1, head[1]) if head else (1, FIRST_PREVIOUS)


def event_hash(row: LedgerEvent) -> str:
    """The sha256, in hexadecimal, of an event's canonical JSON; ValueError where it has none."""
    event = row.model_dump(exclude={"hash"})
    return _digest({**event, **{name: json.loads(event[name]) for name in ("payload", "commitments")}})


def history(session: Session, chain: str) -> list[LedgerEvent]:
    """Every event of a chain, in order; empty for a chain that does not exist."""
    query = select_models(LedgerEvent).where(LedgerEvent.chain == chain).order_by(col(LedgerEvent.seq))
    return list(session.exec(query).all())


@event.listens_for(AnySession, "before_flush")
def _refuse_rows(session: AnySession, _context: Any, _instances: Any) -> None:
    written = [*session.new, *session.dirty, *session.deleted]
    if any(isinstance(row, LedgerEvent) for row in written):
        raise LedgerWriteError


@compiles(Update)
def _compile_update(statement: Update, compiler: Any, **how: Any) -> str:
    _refuse_statement(statement)
    written: str = compiler.visit_update(statement, **how)
    return written


@compiles(Delete)
def _compile_delete(statement: Delete, compiler: Any, **how: Any) -> str:
    _refuse_statement(statement)
    written: str = compiler.visit_delete(statement, **how)
    return written


def _refuse_statement(statement: Update | Delete) -> None:
    """Where it is compiled: a session that is asked about each statement makes all of them slow."""
    changed: Any = statement.table
    while isinstance(changed, AliasedReturnsRows):
        changed = changed.element
    if changed.name == LedgerEvent.__tablename__:
        raise LedgerWriteError
