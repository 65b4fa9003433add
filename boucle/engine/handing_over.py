"""Giving all the open cases of somebody who is away to one colleague, each by an act of its own."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from sqlmodel import Session

from boucle.engine import cases, commands
from boucle.errors import RefusedError
from boucle.model import ActKind

_MANY = 100_000


def hand_over(session: Session, person: str, *, to: str, by: str, at: datetime, text: str) -> list[str]:
    """Record that every open case of `person` is to be `to`'s, and why; the loops whose case that is.

    A case that was closed in the meantime, or is somebody else's by now, is left alone.
    """
    given = []
    held = [case.loop_id for case, _ in cases.list_cases(session, owner=person, limit=_MANY)]
    for loop_id in sorted(held):  # the order in which everybody locks loops
        with suppress(RefusedError):
            commands.record(
                session, loop_id=loop_id, kind=ActKind.ASSIGN, actor=by, at=at, recorded_at=at,
                details={"owner": to}, text=text,
            )  # fmt: skip
            given.append(loop_id)
    return given
