"""Asking the customer a question: written down with the message that asks it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from boucle.engine import loops, questions
from boucle.engine.canonical import instant_text
from boucle.engine.identity import new_id
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import QuestionRow
from boucle.model import QuestionKind


def ask(
    session: Session, loop: LoopRow, *, step: str, kind: QuestionKind, at: datetime, expires_at: datetime
) -> QuestionRow:
    """The question of a step of this round, asked now or at an earlier try: it keeps its time."""
    known = questions.find_question(session, loop, step)
    if known is not None:
        return known
    row = QuestionRow(
        id=new_id(), loop_id=loop.id, round=loop.round, step=step, kind=kind, asked_at=at,
        expires_at=expires_at,
    )  # fmt: skip
    session.add(row)
    payload = {"step": step, "kind": str(kind), "expires_at": instant_text(expires_at)}
    loops.append(session, loop, "loop.asked", at=at, payload=payload)
    return row
