"""The clocks of a loop: started, paused, met, missed or stopped; the nearest due time kept on the loop.

What plays wait for, lists sort by, pages show and reports count is what these functions say, nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from boucle.engine import commitments
from boucle.engine.case_rows import find_case
from boucle.engine.clock import after, due, worked
from boucle.engine.round_rows import list_of_round
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import ClockRow
from boucle.model import Calendar, ClockKind, ClockState, Duration
from boucle.standing import RunningClock

_SINCE_ACCEPTANCE = frozenset({ClockKind.FIRST_CONTACT, ClockKind.CLOSE})
_DEADLINES = frozenset({ClockKind.FIRST_CONTACT, ClockKind.CLOSE, ClockKind.ANSWER})
_AGAIN = frozenset({ClockKind.FOLLOW_UP, ClockKind.ANSWER})
_GOING = frozenset({ClockState.RUNNING, ClockState.PAUSED})


def state_at(state: ClockState, due: datetime, at: datetime) -> ClockState:
    """What a clock is at an instant: one that runs past its due time is missed, noticed or not."""
    return ClockState.MISSED if state == ClockState.RUNNING and at > due else state


def met_percent(counts: Mapping[ClockState, int]) -> float | None:
    """How many of those met or missed were met, in percent; None where there are none."""
    met, missed = counts.get(ClockState.MET, 0), counts.get(ClockState.MISSED, 0)
    return 100 * met / (met + missed) if met + missed else None


def start_clocks(
    session: Session,
    loop: LoopRow,
    clocks: Sequence[tuple[ClockKind, Duration]],
    calendar: Calendar | None,
    at: datetime,
    *,
    begins_round: bool = True,
) -> Mapping[ClockKind, datetime]:
    """Start each clock that this round has not had yet; what was started, with its due time.

    A round can wait for several dates and answers, one after the other: such a clock begins anew.
    With what begins the round (`begins_round`), first contact and closing count from the acceptance, or
    from the end of the window that deferred the start. A case that comes of a later answer, and all other
    clocks, count from `at`.
    """
    begun = max(loop.round_opened_at, loop.deferred_until or loop.round_opened_at) if begins_round else at
    started = {}
    for kind, duration in clocks:
        row = _get(session, loop, kind)
        if row is None or (kind in _AGAIN and row.state not in _GOING):
            since = begun if kind in _SINCE_ACCEPTANCE else at
            row = _begin(row, loop, kind, since, duration, calendar)
            started[kind] = row.due_at
            session.add(row)
    if started:
        set_next_due(session, loop)
    return started


def end_clock(session: Session, loop: LoopRow, kind: ClockKind, at: datetime) -> ClockState | None:
    """What the clock counted down to happened at `at`: met, or missed where that was too late.

    A follow-up is a date to wait for, not a deadline: it is never too late; nor is a clock that stands
    still. None where no such clock runs.
    """
    row = _find(session, loop, kind, _GOING)
    if row is None:
        return None
    late = kind in _DEADLINES and row.state == ClockState.RUNNING and at > row.due_at
    return _end(session, loop, row, ClockState.MISSED if late else ClockState.MET, at)


def miss_clock(session: Session, loop: LoopRow, kind: ClockKind, at: datetime) -> ClockState | None:
    """The clock ran out. None where no such clock runs."""
    row = _find(session, loop, kind, {ClockState.RUNNING})
    return None if row is None else _end(session, loop, row, ClockState.MISSED, max(at, row.due_at))


def pause_clocks(session: Session, loop: LoopRow, at: datetime) -> list[ClockKind]:
    """Stop the team's clocks of this round for a while; those that have run out by `at` are left alone.

    The team's are first contact and closing in working time. The customer's clock never stands still.
    """
    rows = [
        row
        for row in _list(session, loop, {ClockState.RUNNING})
        if row.business and row.kind in _SINCE_ACCEPTANCE and row.due_at > at
    ]
    for row in rows:
        row.state, row.paused_at = ClockState.PAUSED, at
        session.add(row)
    set_next_due(session, loop)
    return [ClockKind(row.kind) for row in rows]


def resume_clocks(
    session: Session, loop: LoopRow, calendar: Calendar, at: datetime
) -> Mapping[ClockKind, datetime]:
    """Let the clocks that stand still run again, each with the working time it had left; when each is due."""
    rows = _list(session, loop, {ClockState.PAUSED})
    for row in rows:
        since = row.paused_at or row.due_at
        row.due_at = after(max(at, since), worked(since, row.due_at, calendar), calendar)
        row.state, row.paused_at = ClockState.RUNNING, None
        row.paused_for += int(worked(since, at, calendar).total_seconds())
        session.add(row)
    set_next_due(session, loop)
    return {ClockKind(row.kind): row.due_at for row in rows}


def restart_clock(
    session: Session,
    loop: LoopRow,
    kind: ClockKind,
    within: Duration,
    calendar: Calendar | None,
    at: datetime,
) -> datetime | None:
    """Let a clock of this round begin anew at `at`; when it is due.

    One that was met runs once more. None where there is no such clock, where it was missed, which nothing
    undoes, or where a person has ended it.
    """
    row = _find(session, loop, kind, _GOING | {ClockState.MET})
    if row is None or state_at(ClockState(row.state), row.due_at, at) == ClockState.MISSED:
        return None
    row = _begin(row, loop, kind, at, within, calendar)
    session.add(row)
    set_next_due(session, loop)
    return row.due_at


def stop_clocks(session: Session, loop: LoopRow, at: datetime) -> list[str]:
    """Stop every clock of the loop that has not ended, promises too; their names."""
    rows = _list(session, loop, _GOING)
    for row in rows:
        _finish(session, loop, row, ClockState.STOPPED, at)
    promises = commitments.list_running(session, loop)
    for promise in promises:
        commitments.end_commitment(session, promise, ClockState.STOPPED, at, _owner(session, loop))
    loop.next_due = None
    session.add(loop)
    return [*(row.kind for row in rows), *(promise_name(row.number) for row in promises)]


def running_clocks(session: Session, loop: LoopRow) -> tuple[RunningClock, ...]:
    """The clocks of this round that run, promises too, the nearest first."""
    found = [
        RunningClock(kind=ClockKind(row.kind), due=row.due_at, since=row.started_at)
        for row in _list(session, loop, {ClockState.RUNNING})
    ]
    found += [
        RunningClock(kind=ClockKind.COMMITMENT, due=row.due_at, id=str(row.number), since=row.promised_at)
        for row in commitments.list_running(session, loop)
    ]
    return tuple(sorted(found, key=lambda clock: (clock.due, clock.kind, clock.id or "")))


def set_next_due(session: Session, loop: LoopRow) -> None:
    """Keep the nearest due time on the loop, for lists: that of a clock, or of a planned next try."""
    case = find_case(session, loop)
    dates = [clock.due for clock in running_clocks(session, loop)]
    if case and case.next_try_at and case.concluded_at is None:
        dates.append(case.next_try_at)
    loop.next_due = min(dates, default=None)
    session.add(loop)


def promise_name(number: int) -> str:
    """What the clock of a promise is called: `commitment.1`."""
    return f"{ClockKind.COMMITMENT}.{number}"


def end_promise(
    session: Session, loop: LoopRow, number: int, at: datetime, *, kept: bool
) -> ClockState | None:
    """The promise was kept, or broken, at `at`; one kept too late is missed. None where it does not run."""
    row = commitments.find_commitment(session, loop, number)
    if row is None or row.state != ClockState.RUNNING:
        return None
    state = ClockState.MET if kept and at <= row.due_at else ClockState.MISSED
    commitments.end_commitment(session, row, state, at, _owner(session, loop))
    set_next_due(session, loop)
    return state


def miss_promise(session: Session, loop: LoopRow, number: int, at: datetime) -> ClockState | None:
    """Nobody has said in time that the promise was kept. None where it does not run."""
    row = commitments.find_commitment(session, loop, number)
    return None if row is None else end_promise(session, loop, number, max(at, row.due_at), kept=False)


def _begin(
    row: ClockRow | None,
    loop: LoopRow,
    kind: ClockKind,
    since: datetime,
    within: Duration,
    calendar: Calendar | None,
) -> ClockRow:
    """A clock that runs since then; one that has ended begins anew."""
    row = row or ClockRow(loop_id=loop.id, round=loop.round, kind=kind)
    row.started_at, row.due_at, row.business = since, due(since, within, calendar), within.business
    row.state, row.ended_at, row.owner = ClockState.RUNNING, None, None
    row.paused_at, row.paused_for = None, 0
    return row


def _get(session: Session, loop: LoopRow, kind: ClockKind) -> ClockRow | None:
    rows = list_of_round(session, ClockRow, loop)
    return next((row for row in rows if row.kind == kind), None)


def _find(
    session: Session, loop: LoopRow, kind: ClockKind, states: Collection[ClockState]
) -> ClockRow | None:
    row = _get(session, loop, kind)
    return row if row is not None and row.state in states else None


def _list(session: Session, loop: LoopRow, states: Collection[ClockState]) -> Sequence[ClockRow]:
    return [row for row in list_of_round(session, ClockRow, loop, "kind") if row.state in states]


def _end(session: Session, loop: LoopRow, row: ClockRow, state: ClockState, at: datetime) -> ClockState:
    _finish(session, loop, row, state, at)
    set_next_due(session, loop)
    return state


def _finish(session: Session, loop: LoopRow, row: ClockRow, state: ClockState, at: datetime) -> None:
    row.state, row.ended_at, row.owner = state, at, _owner(session, loop)
    session.add(row)


def _owner(session: Session, loop: LoopRow) -> str | None:
    case = find_case(session, loop)
    return case.owner if case else None
