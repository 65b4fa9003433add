"""What an act needs: pure rules over where a loop stands, used when it is recorded and when applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from boucle.engine.acts import Answer, AnyAct, Assign, Attempt, Claim, Close, Note, Reopen, Settle
from boucle.engine.tables import AttemptRow, CaseRow, EffectRow, LoopRow
from boucle.model import AttemptResult, Closure, EffectState, LoopState, Plan

REACHED = frozenset({AttemptResult.REACHED, AttemptResult.REFUSED})
"""Results of an attempt in which the customer was on the line, willing or not."""

LEAST_ATTEMPTS = 3
LEAST_WAYS = 2
"""How many attempts, and how many channels or days, make a customer unreachable."""

_NEEDS_CONTACT = frozenset({Closure.RECOVERED, Closure.NOT_RECOVERED, Closure.DECLINED})
_WITHOUT_CAUSE = frozenset({Closure.FALSE_ALARM, Closure.WITHDRAWN})
_DEFAULT_SCALE = (0, 10)
_SETTLED = {True: EffectState.SETTLED_SENT, False: EffectState.SETTLED_NOT_SENT}


@dataclass(frozen=True)
class Situation:
    """All that decides whether an act is allowed: the loop, and of this round its case and attempts."""

    loop: LoopRow
    case: CaseRow | None = None
    attempts: Sequence[AttemptRow] = ()
    effect: EffectRow | None = None


def read_situation(session: Session, loop: LoopRow, act: AnyAct) -> Situation:
    """Where the loop stands, as far as `act` depends on it."""
    attempts = select(AttemptRow).where(AttemptRow.loop_id == loop.id, AttemptRow.round == loop.round)
    return Situation(
        loop=loop,
        case=session.get(CaseRow, (loop.id, loop.round)),
        attempts=session.exec(attempts.order_by(col(AttemptRow.happened_at))).all(),
        effect=session.get(EffectRow, act.effect) if isinstance(act, Settle) else None,
    )


def reason_against(act: AnyAct, actor: str, situation: Situation) -> str | None:
    """The code of `refusals.REFUSALS` that speaks against the act; None where it is allowed."""
    if isinstance(act, Settle):
        return _against_settling(act, situation)
    closed = situation.loop.state == LoopState.CLOSED
    if isinstance(act, Reopen):
        return None if closed else "loop_open"
    return "loop_closed" if closed else _against_work(act, actor, situation)


def _against_work(
    act: Claim | Attempt | Note | Assign | Close | Answer, actor: str, situation: Situation
) -> str | None:
    match act:
        case Answer():
            return _against_answering(act, situation.loop)
        case Close():
            return _against_closing(act, situation)
        case Note():
            return None
        case Claim() | Attempt() | Assign():
            return _against_case_work(act, actor, situation.case)


def _against_settling(act: Settle, situation: Situation) -> str | None:
    effect = situation.effect
    if effect is None or effect.loop_id != situation.loop.id:
        return "no_effect"
    if effect.state == EffectState.UNCONFIRMED or effect.state == _SETTLED[act.sent]:
        return None
    return "already_settled" if effect.state in _SETTLED.values() else "not_unconfirmed"


def _against_answering(act: Answer, loop: LoopRow) -> str | None:
    if loop.answer is not None:
        return "already_answered"
    low, high = scale_of(loop)
    return None if low <= act.score <= high else "score_off_scale"


def scale_of(loop: LoopRow) -> tuple[int, int]:
    """The lowest and highest answer to the loop's follow-up question; 0 to 10 where none was stated."""
    if loop.scale_low is None or loop.scale_high is None:
        return _DEFAULT_SCALE
    return loop.scale_low, loop.scale_high


def _against_closing(act: Close, situation: Situation) -> str | None:
    reached = any(attempt.result in REACHED for attempt in situation.attempts)
    if act.closure == Closure.NO_ANSWER:
        return "no_answer_by_hand"
    if act.closure in _NEEDS_CONTACT and not reached and situation.loop.answer is None:
        return "not_contacted"
    if act.closure == Closure.UNREACHABLE and reached:
        return "was_reached"
    if act.closure == Closure.UNREACHABLE and not _tried_enough(situation):
        return "too_few_attempts"
    needs_cause = situation.case is not None and act.closure not in _WITHOUT_CAUSE
    return "root_cause_missing" if needs_cause and act.root_cause is None else None


def _tried_enough(situation: Situation) -> bool:
    zone = ZoneInfo(Plan.model_validate_json(situation.loop.plan).timezone)
    channels = {attempt.channel for attempt in situation.attempts}
    days = {attempt.happened_at.astimezone(zone).date() for attempt in situation.attempts}
    return len(situation.attempts) >= LEAST_ATTEMPTS and max(len(channels), len(days)) >= LEAST_WAYS


def _against_case_work(act: Claim | Attempt | Assign, actor: str, case: CaseRow | None) -> str | None:
    if case is None:
        return "no_case"
    free = case.owner is None or actor in {case.owner, case.escalated_to}
    return "already_claimed" if isinstance(act, Claim) and not free else None
