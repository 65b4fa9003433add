"""Questions that messages ask: one per step of a round, answered once, or declined."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from boucle.engine.round_rows import list_of_round
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import QuestionRow
from boucle.standing import Question

ANSWERED = "answered"
"""The code with which a reminder of a question is refused that was answered meanwhile."""
EXPIRED = "question_expired"
"""The code with which a message is refused whose question cannot be answered any more."""


def find_question(session: Session, loop: LoopRow, step: str) -> QuestionRow | None:
    """The question of a step of the loop's present round."""
    return next((row for row in list_questions(session, loop) if row.step == step), None)


def find_open(session: Session, loop: LoopRow) -> QuestionRow | None:
    """The question of this round that waits for its answer, of several the latest."""
    waiting = [row for row in list_questions(session, loop) if row.answered_at is None]
    return waiting[-1] if waiting else None


def list_questions(session: Session, loop: LoopRow) -> Sequence[QuestionRow]:
    """The questions of the loop's present round, in the order in which they were asked."""
    return list_of_round(session, QuestionRow, loop, "asked_at", "step")


def is_over(session: Session, loop: LoopRow, step: str) -> bool:
    """Whether a step's question was answered or declined: to ask again would be begging.

    An answer of this round that came before any question makes the first one needless.
    """
    row = find_question(session, loop, step)
    if row is None:
        return loop.answer is not None and not list_questions(session, loop)
    return row.answered_at is not None


def has_expired(session: Session, loop: LoopRow, step: str, at: datetime) -> bool:
    """Whether a step's question was asked, and its time is over."""
    row = find_question(session, loop, step)
    return row is not None and at > row.expires_at


def describe(session: Session, loop: LoopRow) -> tuple[Question, ...]:
    """The questions of this round as they travel to the play."""
    return tuple(
        Question(
            step=row.step,
            expires_at=row.expires_at,
            asked_at=row.asked_at,
            answered_at=row.answered_at,
            score=row.score,
            has_text=row.has_text,
            declined=row.declined,
        )
        for row in list_questions(session, loop)
    )
