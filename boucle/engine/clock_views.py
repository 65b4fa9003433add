"""A loop's clocks as people are shown them, promises among them: the rows that plays and reports go by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from boucle.engine import commitments, privacy
from boucle.engine.clock import worked
from boucle.engine.clocks import promise_name, state_at
from boucle.engine.round_rows import list_of_round
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import ClockRow, CommitmentRow
from boucle.model import ClockKind, ClockState, Plan

_ACT = "act"


@dataclass(frozen=True)
class ClockView:
    """A clock at an instant. `business`: it runs on the team's working time.

    One that stands still has no due time: `left` is how many seconds of working time it has when it
    goes on. `text` and `by` are of a promise: what was promised, and by whom.
    """

    clock: str
    kind: ClockKind
    state: ClockState
    started_at: datetime
    due_at: datetime | None
    business: bool
    ended_at: datetime | None = None
    paused_at: datetime | None = None
    left: int | None = None
    text: str | None = None
    by: str | None = None


def view_clocks(session: Session, loop: LoopRow, at: datetime) -> list[ClockView]:
    """Every clock of the loop's present round as it stands at `at`, the earliest due first."""
    rows = list_of_round(session, ClockRow, loop, "due_at", "kind")
    promises = [row for row in commitments.list_commitments(session, loop) if row.round == loop.round]
    texts = privacy.read(session, loop.contact_id or loop.response_id, _ACT) if promises else {}
    views = [_clock(row, loop, at) for row in rows]
    views += [_promise(row, texts.get(row.id), at) for row in promises]
    return sorted(views, key=lambda view: (view.due_at is None, view.due_at or at, view.clock))


def _clock(row: ClockRow, loop: LoopRow, at: datetime) -> ClockView:
    state = state_at(ClockState(row.state), row.due_at, at)
    return ClockView(
        clock=row.kind,
        kind=ClockKind(row.kind),
        state=state,
        started_at=row.started_at,
        due_at=None if state == ClockState.PAUSED else row.due_at,
        business=row.business,
        ended_at=row.ended_at,
        paused_at=row.paused_at,
        left=_left(row, loop),
    )


def _left(row: ClockRow, loop: LoopRow) -> int | None:
    """How many seconds of working time a clock that stands still has left."""
    calendar = Plan.model_validate_json(loop.plan).calendar
    if row.state != ClockState.PAUSED or row.paused_at is None or calendar is None:
        return None
    return int(worked(row.paused_at, row.due_at, calendar).total_seconds())


def _promise(row: CommitmentRow, text: str | None, at: datetime) -> ClockView:
    return ClockView(
        clock=promise_name(row.number),
        kind=ClockKind.COMMITMENT,
        state=state_at(ClockState(row.state), row.due_at, at),
        started_at=row.promised_at,
        due_at=row.due_at,
        business=False,
        ended_at=row.ended_at,
        text=text,
        by=row.promised_by,
    )
