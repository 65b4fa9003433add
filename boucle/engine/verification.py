"""Verifying the ledger: reads every event once and recomputes what it says of itself.

What this cannot see without a copy held elsewhere: a chain cut at its end, or a whole chain gone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from boucle.engine import ledger_triggers, privacy
from boucle.engine.ledger import FIRST_PREVIOUS, event_hash, scope
from boucle.engine.tables import DecisionRow, LedgerEvent, Personal

Progress = Callable[[int, int], None]
"""Called with the events read so far and all there are."""

_BATCH = 500
_DECIDING = frozenset({"response.decided", "response.revised"})
"""The events that tell a decision; a revision whose first decision was kept tells none."""
_TOLD_OF_DECISIONS = {
    "bundle": "bundle", "outcome": "outcome", "rule_set": "rule_set", "winner": "winner",
    "blocked_by": "blocked_by", "reason": "reason", "loop_id": "loop", "deferred_by": "deferred_by",
}  # fmt: skip
"""Columns of a decision that reports count by, with the key under which its event tells them."""


@dataclass(frozen=True)
class Verification:
    """What was read, and every problem found, each naming its chain and number."""

    chains: int
    events: int
    problems: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong with what is there."""
        return not self.problems


def verify(session: Session, progress: Progress | None = None) -> Verification:
    """Read the whole ledger in batches; problems are values, never errors."""
    total = session.exec(select(func.count()).select_from(LedgerEvent)).one()
    problems = [f"trigger {name} is missing" for name in ledger_triggers.missing(session.connection())]
    return _read_through(session, _EVERY, problems, lambda done: progress and progress(done, total))


def verify_chain(session: Session, chain: str) -> Verification:
    """As `verify`, of one chain alone: a loop's, say."""
    return _read_through(session, _EVERY.where(LedgerEvent.chain == chain), [], lambda _: None)


_EVERY = select(LedgerEvent).order_by(col(LedgerEvent.chain), col(LedgerEvent.seq))


def _read_through(
    session: Session,
    query: SelectOfScalar[LedgerEvent],
    problems: list[str],
    told: Callable[[int], object],
) -> Verification:
    chains = events = 0
    before: LedgerEvent | None = None
    for batch in _batches(session, query):
        problems += _broken_commitments(session, batch)
        problems += _changed_decisions(session, batch)
        for row in batch:
            starts = before is None or before.chain != row.chain
            chains += starts
            problems += _broken_links(row, None if starts else before)
            before = row
        events += len(batch)
        told(events)
    return Verification(chains, events, tuple(problems))


def _batches(session: Session, query: SelectOfScalar[LedgerEvent]) -> Iterator[Sequence[LedgerEvent]]:
    rows: Iterable[LedgerEvent] = session.exec(query.execution_options(yield_per=_BATCH))
    stream = iter(rows)
    while batch := list(islice(stream, _BATCH)):
        yield batch
        for row in batch:
            session.expunge(row)


def _broken_links(row: LedgerEvent, before: LedgerEvent | None) -> Iterator[str]:
    place = f"{row.chain} #{row.seq}"
    expected = before.seq + 1 if before else 1
    if row.seq != expected:
        yield f"{place}: event {expected} is missing"
    elif row.previous != (before.hash if before else FIRST_PREVIOUS):
        yield f"{place}: does not follow from the event before it"
    if not _hash_holds(row):
        yield f"{place}: was changed after it was written"


def _hash_holds(row: LedgerEvent) -> bool:
    try:
        return row.hash == event_hash(row)
    except ValueError:  # no longer JSON, or not of the kind we write
        return False


def _broken_commitments(session: Session, batch: Sequence[LedgerEvent]) -> Iterator[str]:
    """A personal value that is still there must be the one committed to; an erased one is no problem."""
    committing = {scope(row.chain, row.seq): row for row in batch if row.commitments != "{}"}
    if not committing:
        return
    query = select(Personal).where(col(Personal.scope).in_(list(committing)))
    for held in session.exec(query):
        row = committing[held.scope]
        if _read(row.commitments).get(held.field) != privacy.commitment(held.salt, held.value):
            yield f"{row.chain} #{row.seq}: the personal value '{held.field}' is not the one committed to"


def _changed_decisions(session: Session, batch: Sequence[LedgerEvent]) -> Iterator[str]:
    """A decision must hold the record whose digest its event holds, and what the event says in clear."""
    telling = ((_read(row.payload), row) for row in batch if row.type in _DECIDING)
    deciding = {said.get("decision"): row for said, row in telling if "record" in said}
    if not deciding:
        return
    query = select(DecisionRow).where(col(DecisionRow.id).in_(list(deciding)))
    kept = {row.id: row.model_dump() for row in session.exec(query)}
    for decision, row in deciding.items():
        found, told = kept.get(str(decision)), _read(row.payload)
        if found is None:
            yield f"{row.chain} #{row.seq}: decision {decision} is missing"
        elif hashlib.sha256(found["record"].encode()).hexdigest() != told.get("record") or any(
            found[column] != told.get(key) for column, key in _TOLD_OF_DECISIONS.items()
        ):
            yield f"{row.chain} #{row.seq}: decision {decision} was changed after it was written"


def _read(text: str) -> dict[str, Any]:
    """A JSON object; nothing where the text is none, which its event's hash tells."""
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
