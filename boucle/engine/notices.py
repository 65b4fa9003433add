"""Noting that a colleague is to be told something: an effect that the loop's play sends, come what may.

The step of such an effect says what it is about: `staff-assigned-…`, `staff-reminder-CLOCK-AHEAD`,
`staff-missed-CLOCK`. What is told, and to whom, stands in `activities/notices.py`.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from boucle.engine import effects
from boucle.engine.tables import EffectRow, LoopRow
from boucle.model import ClockKind, EffectKind, EffectState

STAFF = "staff-"
"""What the step of every notice begins with."""


def assigned(how: str) -> str:
    """The step of telling an owner; `how` tells one assignment of a round from another."""
    return f"{STAFF}assigned-{how}"


def missed(clock: ClockKind) -> str:
    """The step of telling the lead that a clock has run out."""
    return f"{STAFF}missed-{clock}"


def write_down(session: Session, loop: LoopRow, step: str, at: datetime) -> None:
    """Note that somebody is to be told, in the caller's transaction: it is done later, come what may."""
    effects.intend(
        session, loop_id=loop.id, round_=loop.round, step=step, kind=EffectKind.STAFF, spec={}, at=at
    )


def drop(session: Session, loop_id: str, at: datetime) -> None:
    """A closed loop tells nobody any more: what was still to be told is released, never sent."""
    query = select(EffectRow).where(
        EffectRow.loop_id == loop_id,
        EffectRow.kind == EffectKind.STAFF,
        EffectRow.state == EffectState.INTENDED,
    )
    for row in session.exec(query).all():
        effects.release(session, row.key, at)
