"""Offers that wait for somebody to approve them: proposed, approved, declined, or overtaken by time.

What a play proposes is granted by the play, once it is approved; what a person proposes by hand is
granted by the approval itself. Nobody approves their own proposal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session

from boucle.engine import loops, notices, offers, reservations
from boucle.engine.approval_rows import find_approval, list_approvals, value_of
from boucle.engine.canonical import instant_text
from boucle.engine.clock import due
from boucle.engine.offers import Offered
from boucle.engine.tables import LoopRow
from boucle.engine.work_tables import ApprovalRow
from boucle.model import ApprovalState, Duration, OfferKind, Plan

PLAY_S = "offer"
"""The step of what a play proposes; what people propose in the same round is `offer.2` and so on."""

_EVENTS = {
    ApprovalState.APPROVED: "offer.approved",
    ApprovalState.DECLINED: "offer.declined",
    ApprovalState.LAPSED: "offer.lapsed",
}
_SAID = {ApprovalState.APPROVED: "approved", ApprovalState.DECLINED: "refused"}
"""The word for each decision, as notices have it."""

HAND_WITHIN = Duration(amount=2, unit="days", business=True)
"""By when a proposal by hand is to be decided; it waits on where nobody does."""


@dataclass(frozen=True)
class Proposal:
    """An offer that is not granted yet: what it is, how long it is to be valid, by when to decide."""

    offered: Offered
    valid_for: Duration
    within: Duration = HAND_WITHIN


def propose(
    session: Session,
    loop: LoopRow,
    step: str,
    proposal: Proposal,
    *,
    at: datetime,
    approver: str | None,
    by: str = loops.BOUCLE,
) -> ApprovalRow:
    """Write a proposal down and have its approver told; the same step of a round again changes nothing.

    `approver` None: the lead of the loop's team is told.
    """
    known = find_approval(session, loop, step)
    if known is not None:
        return known
    value = proposal.offered.value
    row = ApprovalRow(
        loop_id=loop.id, round=loop.round, step=step, kind=proposal.offered.kind,
        value_minor=value.minor if value else None, currency=value.currency if value else None,
        label=dict(proposal.offered.label), valid_for=str(proposal.valid_for), proposed_by=by, proposed_at=at,
        approver=approver, due_at=due(at, proposal.within, _plan(loop).calendar),
    )  # fmt: skip
    session.add(row)
    payload = {"approver": approver, "due": instant_text(row.due_at)}
    loops.append(session, loop, "offer.proposed", at=at, actor=by, payload=_about(row) | payload)
    _tell(session, loop, row, "approval-wanted", row.step, at)
    return row


def next_step(session: Session, loop: LoopRow) -> str:
    """The step of the next proposal by hand."""
    return f"{PLAY_S}.{len(list_approvals(session, loop)) + 2}"


def approve(
    session: Session, loop: LoopRow, row: ApprovalRow, *, by: str, at: datetime, text: Mapping[str, str]
) -> None:
    """It may be granted; what a person proposed is granted at once."""
    _decide(session, loop, row, ApprovalState.APPROVED, by=by, at=at, text=text)
    if row.proposed_by != loops.BOUCLE:
        until = due(at, Duration.parse(row.valid_for), _plan(loop).calendar)
        offered = Offered(OfferKind(row.kind), value_of(row), row.label)
        offers.grant(session, loop.id, offered, valid_until=until, at=at, by=row.proposed_by)


def decline(
    session: Session, loop: LoopRow, row: ApprovalRow, *, by: str, at: datetime, text: Mapping[str, str]
) -> None:
    """It is not granted, for the reason that is given; a budget has its money back."""
    _decide(session, loop, row, ApprovalState.DECLINED, by=by, at=at, text=text)
    if row.proposed_by == loops.BOUCLE:
        reservations.give_back(session, loop.id, at)


def lapse(session: Session, loop: LoopRow, row: ApprovalRow, at: datetime) -> None:
    """Nobody has decided in time, and the play goes on without it."""
    if row.state == ApprovalState.WAITING:
        _decide(session, loop, row, ApprovalState.LAPSED, by=loops.BOUCLE, at=at, text={})
        reservations.give_back(session, loop.id, at)
        _tell(session, loop, row, "approval-late", row.step, at)


def remind(session: Session, loop: LoopRow, row: ApprovalRow, which: str, at: datetime) -> None:
    """Ask the approver again; `which` tells one reminder of a proposal from another."""
    if row.state == ApprovalState.WAITING:
        _tell(session, loop, row, "approval-wanted", f"{row.step}.{which}", at)


def _decide(
    session: Session,
    loop: LoopRow,
    row: ApprovalRow,
    state: ApprovalState,
    *,
    by: str,
    at: datetime,
    text: Mapping[str, str],
) -> None:
    row.state, row.decided_by, row.decided_at = state, by, at
    session.add(row)
    loops.append(session, loop, _EVENTS[state], at=at, actor=by, payload=_about(row), text=text)
    if row.proposed_by != loops.BOUCLE and state in _SAID:
        notices.write_down(
            session, loop, notices.step("approval-decided", row.step), at,
            to=notices.person(row.proposed_by), values=_values(row) | {"by": by, "outcome": _SAID[state]},
        )  # fmt: skip


def _tell(session: Session, loop: LoopRow, row: ApprovalRow, kind: str, which: str, at: datetime) -> None:
    to = notices.person(row.approver) if row.approver else notices.LEAD
    values = _values(row) | {"by": row.proposed_by}
    notices.write_down(session, loop, notices.step(kind, which), at, to=to, values=values)


def _values(row: ApprovalRow) -> dict[str, JsonValue]:
    """What a notice says of the offer: its value, or what kind it is."""
    return {"value": str(value_of(row) or row.kind.replace("_", "-"))}


def _about(row: ApprovalRow) -> dict[str, JsonValue]:
    value = value_of(row)
    told = {"step": row.step, "kind": row.kind, "offer": offers.describe(row.kind, value)}
    return {**told, **({"value": str(value)} if value else {})}


def _plan(loop: LoopRow) -> Plan:
    return Plan.model_validate_json(loop.plan)
