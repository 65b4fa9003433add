"""A case that waits for the customer, or that its owner has put aside until a date."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session

from boucle.engine import clocks, loops
from boucle.engine.canonical import instant_text
from boucle.engine.case_rows import find_case
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import CaseRow
from boucle.model import LoopState, Plan


def begin_wait(session: Session, loop: LoopRow, *, until: datetime, at: datetime) -> dict[str, JsonValue]:
    """The team waits for the customer: its clocks stand still from `at`, until then at most.

    What the event says of it.
    """
    case = session.get_one(CaseRow, (loop.id, loop.round))
    case.waiting_until = until
    session.add(case)
    paused: list[JsonValue] = [str(kind) for kind in clocks.pause_clocks(session, loop, at)]
    return {"until": instant_text(until), "paused": paused}


def end_wait(session: Session, loop: LoopRow, *, at: datetime) -> dict[str, JsonValue] | None:
    """The team's clocks run again, with the working time they had left; None where nobody waits."""
    case = find_case(session, loop) if loop.state != LoopState.CLOSED else None
    calendar = Plan.model_validate_json(loop.plan).calendar
    if case is None or case.waiting_until is None or calendar is None:
        return None
    case.waiting_until, case.watched_from = None, at
    session.add(case)
    due = clocks.resume_clocks(session, loop, calendar, at)
    return {"clocks": {str(kind): instant_text(instant) for kind, instant in due.items()}}


def hear_customer(
    session: Session, loop: LoopRow, *, heard_at: datetime, at: datetime, wrote: bool = True
) -> None:
    """The customer was reached, or `wrote`, at `heard_at`: nobody waits for them any more.

    What they wrote is not hidden: a case that was put aside is back in the inbox.
    """
    ended = end_wait(session, loop, at=heard_at)
    if ended is not None:
        loops.append(session, loop, "case.resumed", at=heard_at, recorded_at=max(at, heard_at), payload=ended)
    case = find_case(session, loop) if loop.state != LoopState.CLOSED else None
    if wrote and case is not None and case.snoozed_until is not None:
        snooze(session, loop, until=None)
        loops.append(session, loop, "case.woken", at=heard_at, recorded_at=max(at, heard_at), payload={})


def snooze(session: Session, loop: LoopRow, *, until: datetime | None) -> None:
    """Take the case out of the inbox until then, or back into it; its clocks run on."""
    case = session.get_one(CaseRow, (loop.id, loop.round))
    case.snoozed_until = until
    session.add(case)
    session.flush()


def find_waits(session: Session, loop: LoopRow) -> dict[str, datetime | None]:
    """Until when the open loop's case waits for the customer, and until when it was put aside."""
    case = find_case(session, loop) if loop.state != LoopState.CLOSED else None
    return {
        "waiting_until": case.waiting_until if case else None,
        "snoozed_until": case.snoozed_until if case else None,
    }


def wake(session: Session, loop: LoopRow, at: datetime) -> list[str]:
    """End the snooze and the wait whose time has come; which of both: `woken`, `resumed`."""
    case = find_case(session, loop)
    ended: list[str] = []
    if case is not None and case.snoozed_until is not None and case.snoozed_until <= at:
        case.watched_from = at
        snooze(session, loop, until=None)
        loops.append(session, loop, "case.woken", at=at, payload={})
        ended.append("woken")
    if case is not None and case.waiting_until is not None and case.waiting_until <= at:
        payload = end_wait(session, loop, at=case.waiting_until) or {}
        loops.append(session, loop, "case.resumed", at=at, payload=payload)
        ended.append("resumed")
    return ended
