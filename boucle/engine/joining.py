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
from boucle.engine import cases, ledger, loops, responses
from boucle.engine.ledger import Place
from boucle.engine.tables import SEVERITIES, DecisionRow, LedgerEvent, LoopRow, OutboxRow, ResponseRow
from boucle.model import LoopState, Verbatim

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
    """The response joins the loop; a winner that would have opened a more severe case raises it."""
    loop = loops.lock_loop(session, loop_id)
    severity = told.decision.plan.params.get("severity") if told.decision.plan else None
    rule: dict[str, JsonValue] = {"rule_set": told.decision.rule_set, "rule": told.decision.winner}
    _append(session, loop, "loop.joined", told, {**rule, "severity": severity})
    if severity in SEVERITIES:
        cases.raise_severity(session, loop, severity=str(severity), at=told.at)


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
