"""Open loops that a response meets: found and locked, told of the response, raised by one that joins."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue
from sqlalchemy import or_
from sqlmodel import Session, col, select

from boucle.decision import Decision
from boucle.engine import cases, clocks, commands, ledger, loops, notices, responses, waits
from boucle.engine.canonical import instant_text
from boucle.engine.case_rows import find_case
from boucle.engine.ledger import Place
from boucle.engine.tables import SEVERITIES, DecisionRow, LedgerEvent, LoopRow, OutboxRow, ResponseRow
from boucle.model import ActKind, ClockKind, Duration, LoopState, Plan, Verbatim

Whose = Literal["contact", "customer"]


@dataclass
class OpenLoops:
    """The open loop of each contact and customer, of several the latest opened; it grows with each one."""

    latest: dict[str, str] = field(default_factory=dict)

    def add(self, loop_id: str, *parties: str | None) -> None:
        """The loop was opened after all those that are here."""
        for party in filter(None, parties):
            self.latest[party] = loop_id

    def find(self, contact: str | None, customer: str | None, whose: Whose = "contact") -> str | None:
        """The loop of the contact, or of the customer: of the other one where that one is not known."""
        preferred, other = (contact, customer) if whose == "contact" else (customer, contact)
        return self.latest.get(preferred or other or "")


def hold_open(session: Session, parties: Sequence[str], further: Collection[str] = ()) -> OpenLoops:
    """Lock, in order of their ids, the open loops of these parties and `further` ones, until the commit.

    A locked loop cannot be closed meanwhile; and who writes on a loop's chain has its lock. A loop that
    was never begun because its start was refused is not found: nothing is to vanish into it.
    """
    found = OpenLoops()
    if not parties and not further:
        return found
    of_parties = or_(col(LoopRow.contact_id).in_(parties), col(LoopRow.customer_id).in_(parties))
    alive = col(LoopRow.state) != LoopState.CLOSED
    query = (
        select(LoopRow)
        .where(or_(of_parties & alive, col(LoopRow.id).in_(further)))
        .order_by(col(LoopRow.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    locked = session.exec(query).all()
    refused = _list_refused(session, locked)
    for loop in sorted(locked, key=lambda loop: (loop.opened_at, loop.id)):
        if loop.state != LoopState.CLOSED and loop.id not in refused:
            found.add(loop.id, loop.contact_id, loop.customer_id)
    return found


def _list_refused(session: Session, locked: Sequence[LoopRow]) -> frozenset[str]:
    """Those that were never begun because their start was refused.

    Only asked once they are locked: a refusal that was being written is seen then.
    """
    opened = {loop.id: loop.round for loop in locked if loop.state == LoopState.OPEN}
    if not opened:
        return frozenset()
    query = select(OutboxRow.loop_id, OutboxRow.round).where(
        col(OutboxRow.loop_id).in_(opened), OutboxRow.kind == "start", OutboxRow.state == "refused"
    )
    return frozenset(loop for loop, round_ in session.exec(query) if opened[loop] == round_)


def list_loops_of(session: Session, responses: Collection[str]) -> Sequence[str]:
    """The loops that these responses started or joined."""
    if not responses:
        return ()
    query = select(DecisionRow.loop_id).where(col(DecisionRow.response_id).in_(responses))
    return [loop for loop in session.exec(query.distinct()) if loop]


@dataclass(frozen=True)
class Telling:
    """What a loop is told of a response: the response's id and scores, and the event of its intake."""

    response: str
    row: DecisionRow
    decision: Decision
    scores: Mapping[str, JsonValue]
    intake: Place
    actor: str
    at: datetime


def join(session: Session, loop_id: str, told: Telling) -> None:
    """The response joins the loop, which is told at once, and so is whoever owns its case.

    A winner that would have opened a more severe case raises it; the clocks that its rule names begin
    anew; nobody waits for the customer any more.
    """
    loop = loops.lock_loop(session, loop_id)
    plan = told.decision.plan
    severity = plan.params.get("severity") if plan else None
    rule: dict[str, JsonValue] = {"rule_set": told.decision.rule_set, "rule": told.decision.winner}
    _append(session, loop, "loop.joined", told, {**rule, "severity": severity})
    waits.hear_customer(session, loop, heard_at=told.at, at=told.at)
    _raise(session, loop, severity, told.at)
    for kind in plan.restarts if plan else ():
        _restart(session, loop, ClockKind(kind), plan, told.at)
    if find_case(session, loop) is not None:
        said = ", ".join(f"{name} {score}" for name, score in told.scores.items())
        step = notices.step("joined", told.row.id[:8])
        notices.write_down(session, loop, step, told.at, values={"score": said})
    _wake(session, loop, told.actor, told.at)


def correct(session: Session, loop_id: str, severity: JsonValue, actor: str, at: datetime) -> None:
    """A response of the loop was corrected: an open one becomes as severe as the rules now demand."""
    loop = loops.lock_loop(session, loop_id)
    if loop.state != LoopState.CLOSED:
        _raise(session, loop, severity, at)
        _wake(session, loop, actor, at)


def _raise(session: Session, loop: LoopRow, severity: JsonValue, at: datetime) -> None:
    """The owner is told of a case that became more severe."""
    case = find_case(session, loop)
    before = case.severity if case else None
    if severity in SEVERITIES:
        cases.raise_severity(session, loop, severity=str(severity), at=at)
    if case is not None and case.severity != before:
        step = notices.step("raised", case.severity)
        notices.write_down(session, loop, step, at, values={"before": before})


def _restart(session: Session, loop: LoopRow, kind: ClockKind, joining: Plan | None, at: datetime) -> None:
    """With the time that the joining rule's own play gives the clock, or else the loop's."""
    own = Plan.model_validate_json(loop.plan)
    within = next(filter(None, (_span_of(plan, kind) for plan in (joining, own) if plan)), None)
    due = clocks.restart_clock(session, loop, kind, within, own.calendar, at) if within else None
    if due is not None:
        payload = {"clock": str(kind), "due": instant_text(due)}
        loops.append(session, loop, "clock.restarted", at=at, payload=payload)


def _span_of(plan: Plan, kind: ClockKind) -> Duration | None:
    said = plan.params.get(f"{kind}_within")
    return Duration.parse(said) if isinstance(said, str) else None


def _wake(session: Session, loop: LoopRow, actor: str, at: datetime) -> None:
    """A play that sleeps looks where its loop stands now."""
    commands.record(
        session, loop_id=loop.id, kind=ActKind.JOIN, actor=actor, at=at, recorded_at=at, details={}
    )


def hear(session: Session, loop_id: str, told: Telling) -> None:
    """The response came while the loop was open and did not join it: it shows there all the same."""
    decided: dict[str, JsonValue] = {
        "outcome": told.row.outcome,
        "winner": told.row.winner,
        "blocked_by": told.row.blocked_by,
        "reason": told.row.reason,
        "loop": told.row.loop_id,
    }
    _append(session, loops.lock_loop(session, loop_id), "loop.heard", told, decided)


@dataclass(frozen=True)
class Met:
    """A response that came while a loop was open: whether it joined, its scores, and what was written."""

    response: str
    source_id: str
    responded_at: datetime
    joined: bool
    scores: Mapping[str, JsonValue]
    verbatims: tuple[Verbatim, ...]


def list_met(session: Session, loop_id: str) -> list[Met]:
    """The other responses that came while the loop was open, in the order in which they came."""
    query = select(LedgerEvent).where(
        LedgerEvent.chain == ledger.loop_chain(loop_id),
        col(LedgerEvent.type).in_(("loop.joined", "loop.heard")),
    )
    events = session.exec(query.order_by(col(LedgerEvent.seq))).all()
    return [_met(session, event, json.loads(event.payload)) for event in events]


def _met(session: Session, event: LedgerEvent, said: Mapping[str, Any]) -> Met:
    response = session.get_one(ResponseRow, said["response"])
    return Met(
        response=response.id,
        source_id=response.source_id,
        responded_at=response.responded_at,
        joined=event.type == "loop.joined",
        scores=said["scores"],
        verbatims=responses.tell(session, response).verbatims,
    )


def _append(
    session: Session, loop: LoopRow, type_: str, told: Telling, more: Mapping[str, JsonValue]
) -> None:
    intake: JsonValue = {"chain": told.intake.chain, "seq": told.intake.seq}
    said: dict[str, JsonValue] = {
        "response": told.response,
        "decision": told.row.id,
        "scores": {**told.scores},
    }
    loops.append(
        session, loop, type_, at=told.at, actor=told.actor, payload={**said, **more, "intake": intake}
    )
