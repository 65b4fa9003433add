"""Verifying the ledger: reads every event once and recomputes what it says of itself.

What this cannot see without a copy held elsewhere: a chain cut at its end, or a whole chain gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import func
from sqlmodel import Session, col, select

from boucle.engine import ledger_triggers, privacy
from boucle.engine.ledger import FIRST_PREVIOUS, event_hash, scope
from boucle.engine.tables import LedgerEvent, Personal

Progress = Callable[[int, int], None]
"""Called with the events read so far and all there are."""

_BATCH = 500


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
    chains = events = 0
    before: LedgerEvent | None = None
    for batch in _batches(session):
        problems += _broken_commitments(session, batch)
        for row in batch:
            starts = before is None or before.chain != row.chain
            chains += starts
            problems += _broken_links(row, None if starts else before)
            before = row
        events += len(batch)
        if progress:
            progress(events, total)
    return Verification(chains, events, tuple(problems))


def _batches(session: Session) -> Iterator[Sequence[LedgerEvent]]:
    query = (
        select(LedgerEvent)
        .order_by(col(LedgerEvent.chain), col(LedgerEvent.seq))
        .execution_options(yield_per=_BATCH)
    )
    rows: Iterable[LedgerEvent] = session.exec(query)
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
        if _commitments(row).get(held.field) != privacy.commitment(held.salt, held.value):
            yield f"{row.chain} #{row.seq}: the personal value '{held.field}' is not the one committed to"


def _commitments(row: LedgerEvent) -> dict[str, str]:
    try:
        read = json.loads(row.commitments)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
