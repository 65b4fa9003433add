"""The clocks of a loop: started, met, missed or stopped, and the nearest due time kept on the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from boucle.engine.clock import due
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import ClockRow
from boucle.model import Calendar, ClockKind, ClockState, Duration
from boucle.standing import RunningClock

_SINCE_ACCEPTANCE = frozenset({ClockKind.FIRST_CONTACT, ClockKind.CLOSE})
_DEADLINES = frozenset({ClockKind.FIRST_CONTACT, ClockKind.CLOSE, ClockKind.ANSWER})


def start_clocks(
    session: Session,
    loop: LoopRow,
    clocks: Sequence[tuple[ClockKind, Duration]],
    calendar: Calendar | None,
    at: datetime,
) -> Mapping[ClockKind, datetime]:
    """Start each clock that this round has not had yet; what was started, with its due time.

    First contact and closing count from the acceptance (of this round), or from the end of the window
    that deferred the start; the others from `at`.
    """
    begun = max(loop.round_opened_at, loop.deferred_until or loop.round_opened_at)
    started = {}
    for kind, duration in clocks:
        if session.get(ClockRow, (loop.id, loop.round, kind)) is None:
            since = begun if kind in _SINCE_ACCEPTANCE else at
            started[kind] = due(since, duration, calendar)
            session.add(_row(loop, kind, since, started[kind], business=duration.business))
    if started:
        session.flush()
        set_next_due(session, loop)
    return started


def end_clock(session: Session, loop: LoopRow, kind: ClockKind, at: datetime) -> ClockState | None:
    """What the clock counted down to happened at `at`: met, or missed where that was too late.

    A follow-up is a date to wait for, not a deadline: it is never too late. None where no such clock
    runs.
    """
    row = _running(session, loop, kind)
    if row is None:
        return None
    late = kind in _DEADLINES and at > row.due_at
    return _end(session, loop, row, ClockState.MISSED if late else ClockState.MET, at)


def miss_clock(session: Session, loop: LoopRow, kind: ClockKind, at: datetime) -> ClockState | None:
    """The clock ran out. None where no such clock runs."""
    row = _running(session, loop, kind)
    return None if row is None else _end(session, loop, row, ClockState.MISSED, max(at, row.due_at))


def stop_clocks(session: Session, loop: LoopRow, at: datetime) -> list[ClockKind]:
    """Stop every clock that still runs, of whatever round; their kinds."""
    rows = session.exec(
        select(ClockRow)
        .where(ClockRow.loop_id == loop.id, ClockRow.state == ClockState.RUNNING)
        .order_by(col(ClockRow.kind))
    ).all()
    for row in rows:
        row.state, row.ended_at = ClockState.STOPPED, at
        session.add(row)
    loop.next_due = None
    session.add(loop)
    session.flush()
    return [ClockKind(row.kind) for row in rows]


def running_clocks(session: Session, loop: LoopRow) -> tuple[RunningClock, ...]:
    """The clocks of this round that run, the nearest first."""
    rows = session.exec(
        select(ClockRow)
        .where(
            ClockRow.loop_id == loop.id, ClockRow.round == loop.round, ClockRow.state == ClockState.RUNNING
        )
        .order_by(col(ClockRow.due_at), col(ClockRow.kind))
    ).all()
    return tuple(RunningClock(kind=ClockKind(row.kind), due=row.due_at) for row in rows)


def set_next_due(session: Session, loop: LoopRow) -> None:
    """Keep the nearest due time on the loop, for lists."""
    clocks = running_clocks(session, loop)
    loop.next_due = clocks[0].due if clocks else None
    session.add(loop)
    session.flush()


def _row(loop: LoopRow, kind: ClockKind, since: datetime, due_at: datetime, *, business: bool) -> ClockRow:
    return ClockRow(
        loop_id=loop.id, round=loop.round, kind=kind, started_at=since, due_at=due_at, business=business
    )


def _running(session: Session, loop: LoopRow, kind: ClockKind) -> ClockRow | None:
    row = session.get(ClockRow, (loop.id, loop.round, kind))
    return row if row is not None and row.state == ClockState.RUNNING else None


def _end(session: Session, loop: LoopRow, row: ClockRow, state: ClockState, at: datetime) -> ClockState:
    row.state, row.ended_at = state, at
    session.add(row)
    session.flush()
    set_next_due(session, loop)
    return state
