"""The human side of a loop: its case. Nothing else changes one.

First contact is made by the first attempt that reached the customer, willing or not, at the instant
at which it happened; attempts in vain don't count, however many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, case, col, func, select

from boucle.engine import clocks, loops, task_rows
from boucle.engine.canonical import instant_text
from boucle.engine.case_rows import find_case
from boucle.engine.customer_lists import is_about
from boucle.engine.refusals import refusal
from boucle.engine.tables import SEVERITIES, CommandRow, LoopRow
from boucle.engine.work_tables import AttemptRow, CaseRow
from boucle.model import AssignReason, AttemptResult, Channel, ClockKind, LoopState

REACHED = frozenset({AttemptResult.REACHED, AttemptResult.REFUSED})
"""Results of an attempt in which the customer was on the line, willing or not."""

_IS_OPEN = (col(LoopRow.state) != LoopState.CLOSED) & col(CaseRow.concluded_at).is_(None)
"""A case that is to be worked: its loop is open, and nobody has concluded it."""

_SEVEREST_FIRST = case(
    {severity: -number for number, severity in enumerate(SEVERITIES)}, value=col(CaseRow.severity), else_=0
)
MOST_URGENT_FIRST = (
    col(LoopRow.next_due).is_(None), col(LoopRow.next_due), _SEVEREST_FIRST, col(CaseRow.opened_at),
    col(LoopRow.id),
)  # fmt: skip
"""How cases are listed and taken: what is due next, then the most severe, then what has waited longest."""


def open_case(
    session: Session, loop_id: str, *, team: str, severity: str, at: datetime, skill: str | None = None
) -> CaseRow:
    """The case of the loop's present round, opened where there is none yet; refused when closed.

    It is as severe as the plan says, or as a response that has joined the loop meanwhile demands.
    """
    loop = _lock_open(session, loop_id)
    case = find_case(session, loop)
    if case is None:
        severity = max(severity, loop.least_severity or severity, key=SEVERITIES.index)
        case = CaseRow(
            loop_id=loop.id, round=loop.round, team=team, severity=severity, skill=skill, opened_at=at
        )
        session.add(case)
        asked = {"skill": skill} if skill else {}
        payload = {"team": team, "severity": severity, **asked}
        loops.append(session, loop, "case.opened", at=at, payload=payload)
    return case


def raise_severity(session: Session, loop: LoopRow, *, severity: str, at: datetime) -> None:
    """Make the loop's case at least that severe, also one that its play has yet to open."""
    case = find_case(session, loop)
    if case is None:
        loop.least_severity = max(severity, loop.least_severity or severity, key=SEVERITIES.index)
        session.add(loop)
    elif SEVERITIES.index(case.severity) < SEVERITIES.index(severity):
        before, case.severity = case.severity, severity
        session.add(case)
        loops.append(session, loop, "case.raised", at=at, payload={"from": before, "severity": severity})


def get_case(session: Session, loop: LoopRow) -> CaseRow:
    """The case of the loop's present round; refused as `no_case`."""
    case = find_case(session, loop)
    if case is None:
        raise refusal("no_case")
    return case


def assign(
    session: Session,
    loop_id: str,
    *,
    owner: str,
    by: str,
    at: datetime,
    reason: AssignReason = AssignReason.BY_HAND,
    instead_of: str | None = None,
    act: str | None = None,
    text: Mapping[str, str] | None = None,
) -> CaseRow:
    """Give the case to `owner`; nothing happens where it is theirs already.

    `instead_of`: who is away, where the new owner stands in. `act` and `text` are those of the act by
    which somebody else gives it.
    """
    loop = _lock_open(session, loop_id)
    case = get_case(session, loop)
    if case.owner != owner:
        handed_on: list[JsonValue] = [*task_rows.hand_on(session, loop, owner=case.owner, to=owner)]
        details = {"taken_from": case.owner, "instead_of": instead_of, "act": act, "tasks": handed_on}
        payload = {"owner": owner, "reason": str(reason), **{k: v for k, v in details.items() if v}}
        case.owner, case.claimed_at, case.watched_from = owner, None, at
        session.add(case)
        loops.append(session, loop, "case.assigned", at=at, actor=by, payload=payload, text=text)
    return case


def may_claim(case: CaseRow, actor: str) -> bool:
    """Whether the case is free, the actor's own, or escalated to the actor."""
    return case.owner is None or actor in {case.owner, case.escalated_to}


def claim(session: Session, loop_id: str, *, actor: str, at: datetime) -> CaseRow:
    """Take the case: a free one, one's own, or one that was escalated to oneself."""
    loop = _lock_open(session, loop_id)
    case = get_case(session, loop)
    if not may_claim(case, actor):
        raise refusal("already_claimed")
    if case.owner != actor or case.claimed_at is None:
        handed_on: list[JsonValue] = [*task_rows.hand_on(session, loop, owner=case.owner, to=actor)]
        case.owner, case.claimed_at = actor, at
        session.add(case)
        payload: dict[str, JsonValue] = {"tasks": handed_on} if handed_on else {}
        loops.append(session, loop, "case.claimed", at=at, actor=actor, payload=payload)
    return case


def attempt(
    session: Session,
    command: CommandRow,
    *,
    channel: Channel,
    result: AttemptResult,
    next_try_at: datetime | None,
    text: Mapping[str, str],
) -> AttemptRow:
    """Record one try to reach the customer; one that reached them makes first contact.

    The latest one says when to try again, if at all.
    """
    loop = _lock_open(session, command.loop_id)
    case = get_case(session, loop)
    row = AttemptRow(
        command_id=command.id,
        loop_id=loop.id,
        round=loop.round,
        channel=channel,
        result=result,
        actor=command.actor,
        happened_at=command.at,
        recorded_at=command.recorded_at,
        next_try_at=next_try_at,
    )
    session.add(row)
    if row in list_attempts(session, loop)[-1:]:
        case.next_try_at = next_try_at
        session.add(case)
        clocks.set_next_due(session, loop)
    next_try = {"next_try_at": instant_text(next_try_at)} if next_try_at else {}
    loops.append(
        session, loop, "case.attempted", at=command.at, actor=command.actor,
        payload={"channel": channel, "result": result, **next_try, "act": command.id},
        recorded_at=command.recorded_at, text=text,
    )  # fmt: skip
    if result in REACHED:
        _make_contact(session, loop, case, command.at)
    return row


def escalate(session: Session, loop_id: str, *, lead: str, at: datetime) -> CaseRow:
    """Show the case to the team's lead, who may then claim it; its owner stays. Once a round."""
    loop = _lock_open(session, loop_id)
    case = get_case(session, loop)
    if case.escalated_to is None:
        case.escalated_to = lead
        session.add(case)
        loops.append(session, loop, "case.escalated", at=at, payload={"lead": lead})
    return case


def conclude(
    session: Session, loop: LoopRow, *, cause: str | None, detail: str | None, systemic: bool | None
) -> None:
    """Write down what the case was about, where there is one; closing the loop tells the ledger."""
    case = find_case(session, loop)
    if case is not None:
        case.root_cause, case.root_cause_detail, case.systemic = cause, detail, systemic
        session.add(case)
        session.flush()


def list_attempts(session: Session, loop: LoopRow) -> Sequence[AttemptRow]:
    """All attempts of the loop, of every round, in the order in which they happened."""
    query = select(AttemptRow).where(AttemptRow.loop_id == loop.id)
    return session.exec(query.order_by(col(AttemptRow.happened_at), col(AttemptRow.command_id))).all()


def list_cases(
    session: Session,
    *,
    owner: str | None = None,
    team: str | None = None,
    state: LoopState | None = None,
    at: datetime | None = None,
    about: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Sequence[tuple[CaseRow, LoopRow]]:
    """Cases of the loops' present rounds, the most urgent first; without `state`, those to be worked.

    With `at`, the inbox of that instant: without those that were put aside until later. `about` is part
    of whom they are about, see `customer_lists.is_about`.
    """
    query = select(CaseRow, LoopRow).where(CaseRow.loop_id == LoopRow.id, CaseRow.round == LoopRow.round)
    query = query.where(LoopRow.state == state if state else _IS_OPEN)
    for column, value in ((CaseRow.owner, owner), (CaseRow.team, team)):
        if value is not None:
            query = query.where(column == value)
    if about is not None:
        query = query.where(is_about(about))
    if at is not None:
        query = query.where(col(CaseRow.snoozed_until).is_(None) | (col(CaseRow.snoozed_until) <= at))
    return session.exec(query.order_by(*MOST_URGENT_FIRST).offset(offset).limit(limit)).all()


def count_open_cases(session: Session, owners: Sequence[str]) -> Mapping[str, int]:
    """How many cases that are to be worked each of `owners` has."""
    rows = session.exec(
        select(CaseRow.owner, func.count())
        .where(CaseRow.loop_id == LoopRow.id, CaseRow.round == LoopRow.round)
        .where(_IS_OPEN, col(CaseRow.owner).in_(owners))
        .group_by(col(CaseRow.owner))
    ).all()
    counts = {owner: count for owner, count in rows if owner is not None}
    return {owner: counts.get(owner, 0) for owner in owners}


def _make_contact(session: Session, loop: LoopRow, case: CaseRow, at: datetime) -> None:
    if case.first_contact_at is None:
        case.first_contact_at = at
        session.add(case)
        session.flush()
    loops.end_clock(session, loop, ClockKind.FIRST_CONTACT, at)  # it may have begun anew since the first


def _lock_open(session: Session, loop_id: str) -> LoopRow:
    loop = loops.lock_loop(session, loop_id)
    if loop.state == LoopState.CLOSED:
        raise refusal("loop_closed")
    return loop
