"""Where a loop stands: what every run of its play begins with, read from the database."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import bindparam
from sqlmodel import Session, select

from boucle.engine import approval_rows, consent, inbox, ladder, questions, task_rows
from boucle.engine.case_rows import find_case
from boucle.engine.clocks import running_clocks
from boucle.engine.round_rows import find_of_loop, list_of_round, look
from boucle.engine.tables import EffectRow, LoopRow, Personal
from boucle.engine.work_tables import CaseRow, ReferralRow
from boucle.errors import NotFoundError
from boucle.model import Closure, EffectKind, EffectState, LoopState, Plan
from boucle.standing import CaseStanding, Standing

_SAYS_NOTHING = frozenset({questions.ANSWERED, questions.EXPIRED, inbox.REPLIED})
"""Codes with which a message is refused that say nothing of whether its customer can be written to."""

_ADDRESS = select(Personal.field).where(
    Personal.subject == bindparam("contact"), Personal.scope == "contact", Personal.field == "email"
)


def get_standing(session: Session, loop_id: str) -> Standing:
    """Where the loop stands in its present round; NotFoundError. Nothing personal.

    `contacted`: an attempt of this round reached the customer. `reachable`: a message can be sent
    (the contact has an e-mail address) and none of this round was refused for good. `objected`: one was,
    because the customer does not want to be written to, or a legal hold forbids it.
    """
    loop = session.get(LoopRow, loop_id)
    if loop is None:
        raise NotFoundError("loop", loop_id)
    look(session, loop)
    case = find_case(session, loop)
    effects = list_of_round(session, EffectRow, loop, "step")
    approvals = approval_rows.list_approvals(session, loop)
    return Standing(
        loop=loop.id,
        round=loop.round,
        state=LoopState(loop.state),
        stage=loop.stage,
        plan=Plan.model_validate_json(loop.plan),
        opened_at=loop.opened_at,
        closure=Closure(loop.closure) if loop.closure else None,
        clocks=(*running_clocks(session, loop), *approval_rows.read_clocks(approvals)),
        effects={row.step: EffectState(row.state) for row in effects},
        assigned=case is not None and case.owner is not None,
        contacted=case is not None and case.first_contact_at is not None,
        answer=loop.answer,
        case=_case(session, loop, case) if case and case.concluded_at is None else None,
        questions=questions.describe(session, loop),
        approvals=approval_rows.read_states(approvals),
        tasks=task_rows.read_standing(session, loop),
        replied=inbox.is_replied(session, loop),
        reopened_for=loop.reopened_for,
        referral=_referral(session, loop),
        reachable=_has_address(session, loop) and not any(map(_refused_message, effects)),
        objected=any(map(_is_objected, effects)),
        metric=loop.metric,
    )


def _case(session: Session, loop: LoopRow, case: CaseRow) -> CaseStanding:
    rung = ladder.find_next(session, loop, case)
    return CaseStanding(
        severity=case.severity,
        owned=case.owner is not None,
        signed_at=ladder.last_sign(session, loop, case),
        contacted=case.first_contact_at is not None,
        snoozed_until=case.snoozed_until,
        waiting=case.waiting_until is not None,
        waiting_until=case.waiting_until,
        next_try_at=case.next_try_at,
        next_at=rung.at if rung else None,
        next_name=rung.name if rung else "",
    )


def _referral(session: Session, loop: LoopRow) -> Literal["made", "converted"] | None:
    row = find_of_loop(session, ReferralRow, loop.id)
    if row is None or row.made_at is None:
        return None
    return "converted" if row.converted_at is not None else "made"


def _has_address(session: Session, loop: LoopRow) -> bool:
    asked = {"contact": loop.contact_id}
    return loop.contact_id is not None and session.exec(_ADDRESS, params=asked).first() is not None


def _is_objected(effect: EffectRow) -> bool:
    return effect.kind == EffectKind.CUSTOMER and effect.receipt.get("code") in consent.OBJECTIONS


def _refused_message(effect: EffectRow) -> bool:
    """What was kept back because the customer has answered, or written back, says nothing of the address."""
    refused = effect.kind == EffectKind.CUSTOMER and effect.state == EffectState.REFUSED
    return refused and effect.receipt.get("code") not in _SAYS_NOTHING
