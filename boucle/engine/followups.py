"""A case that a person has concluded, and whose customer is then asked: what was claimed, what came of it.

The customer's answer decides where there is one; without it the person's closure stands, and the case
says that nobody has confirmed it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import JsonValue
from sqlmodel import Session

from boucle.engine import clocks, consent, effects, loops, questions
from boucle.engine.case_rows import find_case
from boucle.engine.tables import EffectRow, LoopRow
from boucle.engine.work_tables import CaseRow
from boucle.model import AnswerState, ClockKind, Closure, Duration, EffectState, LoopState

VERIFYING = "verifying"
"""The stage of a loop whose case is concluded and whose customer is yet to be asked."""
FOLLOW_UP = "follow-up"
"""The step of the question that says whether the customer was won back."""
STILL_LOW = "still_low"
STILL_LOW_TO_LEAD = "still_low_to_lead"
"""Why boucle begins the next round of a loop: its customer's answer; the lead gets its case."""

StillLow = Literal["reopen", "escalate", "accept"]

_TO_BE_ASKED = frozenset({Closure.RECOVERED, Closure.NOT_RECOVERED})


def is_to_be_asked(session: Session, loop: LoopRow, closure: Closure) -> bool:
    """Whether the customer is asked before the loop ends so: its plan says it, and nothing speaks against it.

    Who has declined to be followed up is not asked, nor who has answered already, nor whose case is being
    closed for the second time.
    """
    case = find_case(session, loop)
    wanted = case is not None and case.verify_after is not None and case.claimed is None
    asked = wanted and closure in _TO_BE_ASKED and loop.answer is None
    return asked and consent.find_objection(session, loop) is None


def conclude(session: Session, loop: LoopRow, *, closure: Closure, by: str, at: datetime) -> None:
    """The human side is over: its clocks stop, the customer's date begins."""
    case = session.get_one(CaseRow, (loop.id, loop.round))
    case.claimed, case.concluded_at, case.concluded_by = closure, at, by
    session.add(case)
    clocks.stop_clocks(session, loop, at)
    after = Duration.parse(case.verify_after or "")
    loops.advance(session, loop.id, stage=VERIFYING, at=at, clocks=[(ClockKind.FOLLOW_UP, after)])


def finish(
    session: Session,
    loop_id: str,
    *,
    round_: int,
    judged: Closure | None,
    if_still_low: StillLow,
    at: datetime,
) -> None:
    """End the round as the customer has answered, or as the person has said; perhaps begin the next one.

    `judged` is what the answer says. A round that was begun by a low answer is the last that boucle begins.
    Nothing happens where the round is over.
    """
    loop = loops.lock_loop(session, loop_id)
    if loop.state == LoopState.CLOSED or loop.round != round_:
        return
    case = session.get_one(CaseRow, (loop.id, loop.round))
    case.answer_state = _what_came(session, loop)
    session.add(case)
    if case.answer_state == AnswerState.NO_ANSWER:
        loops.miss_clock(session, loop.id, ClockKind.ANSWER, at)
    details: dict[str, JsonValue] = {
        "claimed": case.claimed, "claimed_by": case.concluded_by, "answer_state": str(case.answer_state),
        "first_score": loop.first_score, "answer": loop.answer,
    }  # fmt: skip
    closure = judged or Closure(case.claimed or Closure.NOT_RECOVERED)
    again = judged == Closure.NOT_RECOVERED and if_still_low != "accept" and loop.reopened_for is None
    loops.close(session, loop.id, closure=closure, by=loops.BOUCLE, at=at, details=details)
    if again:
        why = STILL_LOW_TO_LEAD if if_still_low == "escalate" else STILL_LOW
        loops.reopen(session, loop.id, by=loops.BOUCLE, at=at, why=why)


def _what_came(session: Session, loop: LoopRow) -> AnswerState:
    if loop.answer is not None:
        return AnswerState.ANSWERED
    question = questions.find_question(session, loop, FOLLOW_UP)
    effect = session.get(EffectRow, effects.effect_key(loop.id, loop.round, FOLLOW_UP))
    if question is None or effect is None or effect.state == EffectState.REFUSED:
        return AnswerState.UNASKED
    return AnswerState.DECLINED if question.declined else AnswerState.NO_ANSWER
