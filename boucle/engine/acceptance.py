"""What the acceptance of one response writes: its rows, its ledger event, its loop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import delete, update
from sqlmodel import Session, col

from boucle.decision import Decision
from boucle.engine import joining, ledger, loops, reservations, responses
from boucle.engine.canonical import canonical, instant_text
from boucle.engine.identity import new_id
from boucle.engine.incoming import Incoming
from boucle.engine.joining import Telling
from boucle.engine.ledger import Draft, Place
from boucle.engine.loops import LoopDefaults, Scale
from boucle.engine.plain import to_plain, write_facts
from boucle.engine.rows import insert_rows
from boucle.engine.side_acts import do_side_acts
from boucle.engine.tables import (
    DecisionRow,
    ExposureRow,
    LoopRow,
    ObservationRow,
    ReservationRow,
    ResponseRow,
    Revision,
    ScoreRow,
)
from boucle.model import FactValue, Plan
from boucle.rules.bands import SCORE
from boucle.rules.bundle import Bundle

_HOLDOUTS = "holdouts/"


@dataclass(frozen=True)
class Acceptance:
    """What is the same for every response of one intake."""

    bundle: Bundle
    chain: str
    actor: str
    at: datetime
    defaults: LoopDefaults


@dataclass(frozen=True)
class Content:
    """One response about to be written: what came in, and all the given facts known of it."""

    incoming: Incoming
    facts: Mapping[str, FactValue]
    customer_id: str | None
    contact_id: str | None


@dataclass(frozen=True)
class New:
    """A response that was never here, decided, about to be written.

    `meets` is the loop that was open when it came, of its contact or customer.
    """

    content: Content
    decision: Decision
    response: ResponseRow
    row: DecisionRow
    meets: str | None = None


def draft_new(acceptance: Acceptance, content: Content, decision: Decision, meets: str | None) -> New:
    """Everything of a new response that needs no database."""
    response = _response(acceptance, content)
    return New(content, decision, response, _decision(response.id, decision), meets)


def write_new(session: Session, acceptance: Acceptance, accepted: Sequence[New]) -> None:
    """Write new responses with their decisions, what these reserve, and the loops that they start or meet."""
    if not accepted:
        return
    events = ledger.append_all(
        session, acceptance.chain, [_decided_event(acceptance, new) for new in accepted]
    )
    together = list(zip(accepted, events, strict=True))
    insert_rows(session, ResponseRow, [new.response.model_dump() for new in accepted])
    revisions = [_revision(acceptance, new.content, new.response, event) for new, event in together]
    insert_rows(session, Revision, revisions)
    scores = [score for new in accepted for score in _scores(acceptance, new.content, new.response.id)]
    insert_rows(session, ScoreRow, scores)
    insert_rows(session, DecisionRow, [new.row.model_dump() for new in accepted])
    _write_gates(session, acceptance, accepted)
    for new, event in together:
        _act_on(session, acceptance, new, event)


def _act_on(session: Session, acceptance: Acceptance, new: New, event: Place) -> None:
    plan, joined = new.decision.plan, new.decision.joins
    if new.decision.outcome == "starts" and plan:
        loop = _open_loop(session, acceptance, new, plan, event)
        do_side_acts(session, loop, plan, new.row, new.content.customer_id)
    elif joined and plan:
        loop = session.get_one(LoopRow, joined)
        do_side_acts(session, loop, plan, new.row, new.content.customer_id)
    _tell_open_loop(session, acceptance, new, event)


def draft_again(content: Content, response: ResponseRow, decision: Decision, meets: str | None) -> New:
    """A known response whose other content was decided anew, about to be written."""
    return New(content, decision, response, _decision(response.id, decision), meets)


def accept_revision(
    session: Session, acceptance: Acceptance, content: Content, response: ResponseRow, anew: New | None = None
) -> DecisionRow:
    """Write other content of a known response.

    Its first decision is kept, and its loop shows it; or it is decided `anew`, as a new one is.
    """
    first = responses.find_first_decision(session, response.id)
    response.revision += 1
    session.execute(
        update(ResponseRow).where(col(ResponseRow.id) == response.id).values(revision=response.revision)
    )
    row = anew.row if anew else _keep(acceptance, first)
    row.revision = response.revision
    changed: dict[str, JsonValue] = {"response": response.id, "revision": response.revision}
    decided = _decided(row, anew.decision) if anew else {"decision": row.id, "kept": first.id}
    payload = {**_said(acceptance, content), **changed, **decided}
    [event] = ledger.append_all(
        session, acceptance.chain, [_event(acceptance, "response.revised", payload, content, response)]
    )
    session.execute(delete(ScoreRow).where(col(ScoreRow.response_id) == response.id))
    insert_rows(session, ScoreRow, _scores(acceptance, content, response.id))
    insert_rows(session, Revision, [_revision(acceptance, content, response, event)])
    insert_rows(session, DecisionRow, [row.model_dump()])
    if anew:
        _write_gates(session, acceptance, [anew])
        _act_on(session, acceptance, anew, event)
    loop = session.get(LoopRow, first.loop_id) if first.loop_id else None
    if loop:
        intake: JsonValue = {"chain": event.chain, "seq": event.seq}
        payload = {**changed, "scores": payload["scores"], "intake": intake}
        loops.append(session, loop, "loop.revised", at=acceptance.at, actor=acceptance.actor, payload=payload)
    return row


def _keep(acceptance: Acceptance, first: DecisionRow) -> DecisionRow:
    """The first decision stands for another revision too."""
    return DecisionRow(
        id=new_id(),
        response_id=first.response_id,
        revision=first.revision,
        at=acceptance.at,
        bundle=first.bundle,
        outcome="kept",
        loop_id=first.loop_id,
        record=first.record,
    )


# -- rows ---------------------------------------------------------------------------------------


def _response(acceptance: Acceptance, content: Content) -> ResponseRow:
    said = content.incoming.response
    return ResponseRow(
        id=new_id(),
        source=said.source,
        source_id=said.source_id,
        customer_id=content.customer_id,
        contact_id=content.contact_id,
        responded_at=said.responded_at,
        accepted_at=acceptance.at,
        dating=said.dating,
        chain=acceptance.chain,
    )


def _revision(
    acceptance: Acceptance, content: Content, response: ResponseRow, event: Place
) -> dict[str, Any]:
    facts = acceptance.bundle.catalogue.facts
    public = {name: value for name, value in content.facts.items() if not facts[name].pii}
    return {
        "response_id": response.id,
        "number": response.revision,
        "content_digest": content.incoming.digest,
        "facts": write_facts(public),
        "accepted_at": acceptance.at,
        "chain": event.chain,
        "seq": event.seq,
    }


def _scores(acceptance: Acceptance, content: Content, response_id: str) -> list[dict[str, Any]]:
    facts = acceptance.bundle.catalogue.facts
    return [
        {"response_id": response_id, "fact": name, "metric": facts[name].metric, "value": value}
        for name, value in content.facts.items()
        if facts[name].is_score
    ]


def _decision(response_id: str, decision: Decision) -> DecisionRow:
    return DecisionRow(
        id=new_id(),
        response_id=response_id,
        revision=1,
        at=decision.at,
        bundle=decision.bundle,
        outcome=decision.outcome,
        rule_set=decision.rule_set,
        winner=decision.winner,
        blocked_by=decision.blocked_by,
        reason=decision.reason,
        loop_id=_loop_of(response_id, decision),
        deferred_until=decision.deferred_until,
        deferred_by=_deferring_gate(decision),
        reserves=len(decision.reserves),
        record=canonical(decision.model_dump(mode="json")),
    )


def _loop_of(response_id: str, decision: Decision) -> str | None:
    """The loop that the decision starts, or the one that it joins."""
    plan = decision.plan
    if decision.outcome != "starts" or plan is None:
        return decision.joins
    return loops.loop_id(plan.rule_set, response_id, plan.rule)


def _deferring_gate(decision: Decision) -> str | None:
    """The gate that makes the start wait; of several the one asked first."""
    deferring = (gate.gate for gate in decision.gates if gate.result == "deferred")
    return next(deferring, None) if decision.deferred_until else None


def _write_gates(session: Session, acceptance: Acceptance, accepted: Sequence[New]) -> None:
    """What the gates took or drew, and what the observed rules would have done."""
    policy = acceptance.bundle.policy
    insert_rows(
        session,
        ReservationRow,
        [
            row
            for new in accepted
            for row in reservations.draft(policy, new.row.id, new.decision, _parties(new.content))
        ],
    )
    insert_rows(session, ExposureRow, [row for new in accepted for row in _exposures(new)])
    observed = [
        {"decision_id": new.row.id, "rule": rule} for new in accepted for rule in new.decision.observed
    ]
    insert_rows(session, ObservationRow, observed)


def _parties(content: Content) -> dict[str, str | None]:
    return {"contact": content.contact_id, "customer": content.customer_id}


def _exposures(new: New) -> Iterator[dict[str, Any]]:
    """One for each holdout that drew an arm; nobody without a contact is in one."""
    arms = {"passed": "treated", "blocked": "held_out"}
    for said in new.decision.gates:
        if said.gate.startswith(_HOLDOUTS) and said.result in arms:
            yield {
                "decision_id": new.row.id,
                "holdout": said.gate.removeprefix(_HOLDOUTS),
                "contact_id": new.content.contact_id,
                "arm": arms[said.result],
                "at": new.decision.at,
            }


# -- ledger -------------------------------------------------------------------------------------


def _event(
    acceptance: Acceptance,
    type_: str,
    payload: Mapping[str, JsonValue],
    content: Content,
    response: ResponseRow,
) -> Draft:
    return Draft(
        type_,
        acceptance.at,
        acceptance.actor,
        payload,
        personal=_personal(acceptance, content),
        subject=responses.subject_of(response),
    )


def _decided_event(acceptance: Acceptance, new: New) -> Draft:
    payload: dict[str, JsonValue] = {
        **_said(acceptance, new.content),
        **_decided(new.row, new.decision),
        "response": new.response.id,
        "revision": 1,
    }
    return _event(acceptance, "response.decided", payload, new.content, new.response)


def _said(acceptance: Acceptance, content: Content) -> dict[str, JsonValue]:
    response = content.incoming.response
    scores: dict[str, JsonValue] = {row["fact"]: row["value"] for row in _scores(acceptance, content, "")}
    return {
        "source": response.source,
        "customer": content.customer_id,
        "contact": content.contact_id,
        "responded_at": instant_text(response.responded_at),
        "dating": response.dating,
        "scores": scores,
    }


def _decided(row: DecisionRow, decision: Decision) -> dict[str, JsonValue]:
    return {
        "decision": row.id,
        "bundle": decision.bundle,
        "outcome": decision.outcome,
        "rule_set": decision.rule_set,
        "winner": decision.winner,
        "blocked_by": decision.blocked_by,
        "reason": decision.reason,
        "loop": row.loop_id,
        "deferred_until": instant_text(decision.deferred_until) if decision.deferred_until else None,
        "deferred_by": row.deferred_by,
        "observed": [*decision.observed],
        "gates": {said.gate: said.result for said in decision.gates if said.result != "passed"},
        "reserved": {one.gate: one.minor for one in decision.reserves},
        "record": hashlib.sha256(row.record.encode()).hexdigest(),
    }


def _personal(acceptance: Acceptance, content: Content) -> dict[str, str]:
    facts, response = acceptance.bundle.catalogue.facts, content.incoming.response
    personal = {"source_id": response.source_id}
    for name, value in content.facts.items():
        if facts[name].pii:
            personal[f"fact.{name}"] = value if isinstance(value, str) else json.dumps(to_plain(value))
    for number, one in enumerate(response.verbatims):
        personal[f"verbatim.{number}"] = one.text
        if one.question:
            personal[f"question.{number}"] = one.question
    return personal


# -- the loop -----------------------------------------------------------------------------------


def _open_loop(session: Session, acceptance: Acceptance, new: New, plan: Plan, event: Place) -> LoopRow:
    facts = new.content.facts
    language = facts.get("contact.language")
    first = _first_score(acceptance.bundle, facts, plan)
    return loops.open_loop(
        session,
        decision_id=new.row.id,
        response=new.response,
        plan=plan,
        language=language if isinstance(language, str) else acceptance.defaults.language,
        first_score=first[0] if first else None,
        scale=first[1] if first else None,
        calendar=acceptance.defaults.find_calendar(plan),
        contact=acceptance.defaults.contact,
        intake_chain=event.chain,
        intake_seq=event.seq,
        at=acceptance.at,
        deferred_until=new.decision.deferred_until,
    )


def _tell_open_loop(session: Session, acceptance: Acceptance, new: New, event: Place) -> None:
    """Whatever was decided, the response shows on the loop that was open."""
    told = Telling(
        response=new.response.id,
        row=new.row,
        decision=new.decision,
        scores={row["fact"]: row["value"] for row in _scores(acceptance, new.content, "")},
        intake=event,
        actor=acceptance.actor,
        at=acceptance.at,
    )
    if new.decision.joins:
        joining.join(session, new.decision.joins, told)
    elif new.meets:
        joining.hear(session, new.meets, told)


def _first_score(bundle: Bundle, facts: Mapping[str, FactValue], plan: Plan) -> tuple[int, Scale] | None:
    """The score that began the loop: one that the rule reads, the NPS before others, then by name."""
    rule_set = bundle.find_rule_set(plan.rule_set)
    read = {
        name for rule in (rule_set.rules if rule_set else ()) if rule.id == plan.rule for name in rule.reads
    }
    known = [name for name in bundle.scores if name in facts]
    for name in sorted(known, key=lambda name: (name not in read, name != SCORE, name)):
        fact, value = bundle.catalogue.facts[name], facts[name]
        if fact.metric and fact.low is not None and fact.high is not None and isinstance(value, int):
            return value, Scale(fact.metric, fact.low, fact.high)
    return None
