"""What a rule does besides its play, where it starts or joins a loop: it tags the customer, and tells teams.

A tag stands beside what sources say of a customer's tags, and no source takes it away.
"""

from __future__ import annotations

from pydantic import JsonValue
from sqlmodel import Session

from boucle.engine import loops, notices
from boucle.engine.canonical import instant_text
from boucle.engine.tables import Customer, DecisionRow, LoopRow
from boucle.model import Plan


def do_side_acts(
    session: Session, loop: LoopRow, plan: Plan, decision: DecisionRow, customer_id: str | None
) -> None:
    """All of a winner's, on the loop that it starts or joins; the caller holds loop and customer."""
    customer = session.get(Customer, customer_id) if customer_id else None
    for act in plan.also:
        if act.do == "notify":
            _notify(session, loop, plan, decision, act.name)
        elif customer is not None:
            _tag(session, loop, plan, decision, customer, act.name)


def _notify(session: Session, loop: LoopRow, plan: Plan, decision: DecisionRow, team: str) -> None:
    values = {"rule": plan.rule, "team": team, "response": decision.response_id}
    step = notices.step("notify", f"{team}-{decision.id[:8]}")
    notices.write_down(session, loop, step, decision.at, to=notices.team(team), values=values)


def _tag(
    session: Session, loop: LoopRow, plan: Plan, decision: DecisionRow, customer: Customer, tag: str
) -> None:
    """Whoever gave it first stands."""
    if tag in customer.tags:
        return
    said: dict[str, JsonValue] = {"rule_set": plan.rule_set, "rule": plan.rule, "decision": decision.id}
    customer.tags = {**customer.tags, tag: {**said, "at": instant_text(decision.at)}}
    session.add(customer)
    payload = {**said, "tag": tag, "customer": customer.id}
    loops.append(session, loop, "customer.tagged", at=decision.at, payload=payload)
