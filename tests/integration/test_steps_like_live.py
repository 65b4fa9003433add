"""Steps of rule tests against the engine: the same responses, one world in memory and one in a database."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from boucle.decision import Decision
from boucle.engine.database import Database
from boucle.engine.loops import close
from boucle.engine.offers import Offered, find_offer, grant
from boucle.engine.tables import LoopRow
from boucle.model import Closure, Money, OfferKind, Plan
from boucle.rules.bundle import Bundle
from boucle.rules.expressions import NOWHERE
from boucle.rules.testing.cases import RuleTest, Step
from boucle.rules.testing.runner import run_test
from tests.integration.gated import AT, FACTS, answer, compile_gates, take

DERIVED = """
derived:
  history.detractors:  {count: responses, where: nps in 0..6, within: 20d, per: customer}
  history.last_nps:    {last: nps, per: contact}
  history.change:      {change: nps, per: contact}
  history.days:        {days_since: responses, per: customer}
  history.apologies:   {count: loops, play: apologize_with_offer, within: 30d, per: contact}
  history.closure:     {last: loops, of: closure, per: customer}
  history.days_of_loop: {days_since: loops, play: csm_case, per: customer}
"""

RULES = """
  - id: again
    when: detractor and history.detractors >= 2
    start: csm_case
    if_open: join_customer
    exempt_from: {gates: [caps], reason: A person must see it.}
  - id: worse
    when: history.change <= -3 and not history.closure == "recovered"
    start: escalate
    if_open: separate
  - id: apology
    when: detractor
    start: apologize_with_offer
    with: {offer: 15.00 EUR}
    spends: goodwill
    if_exhausted:
      with: {offer: none}
  - id: invitation
    when: promoter and history.apologies == 0
    start: invite_promoter
"""

POLICY = """
suppress:
  - id: quiet
    window: {from: "2026-03-06T00:00", until: "2026-03-16T00:00"}
    plays: [invite_promoter]
    do: defer
  - {id: hold, when: history.last_nps == 10, plays: [apologize_with_offer]}
caps:
  - {id: contact, plays: [apologize_with_offer, invite_promoter], per: contact, max: 2, within: 30 days}
  - {id: customer, plays: [csm_case, escalate], per: customer, max: 1, within: 10 days}
budgets:
  - {id: goodwill, limit: 20.00 EUR, per: calendar_week}
"""

STEPS = 40


def draw(rng: random.Random) -> tuple[Step, ...]:
    """Responses of three people of two customers, and of nobody, over some months; some loops are closed."""
    at = AT
    steps: list[Step] = []
    for _ in range(STEPS):
        at += timedelta(hours=rng.choice([0, 1, 9, 30]))
        contact, customer = rng.choice(
            [("ada", "acme"), ("bob", "acme"), ("eve", "other"), (None, "acme"), ("ada", None), (None, None)]
        )
        steps.append(
            Step(
                place=NOWHERE,
                at=at,
                responded_at=at - timedelta(hours=rng.choice([0, 5, 49, 400])),
                given={"nps": rng.randint(0, 10)},
                expect=(),
                contact=contact,
                customer=customer,
                closes=rng.choice([None, Closure.RECOVERED, Closure.DECLINED, Closure.DECLINED]),
            )
        )
    return tuple(steps)


def live(database: Database, bundle: Bundle, number: int, step: Step) -> Decision:
    nps = step.given["nps"]
    assert isinstance(nps, int)
    response = answer(
        f"r{number}", nps, customer=step.customer, contact=step.contact, responded_at=step.responded_at
    )
    taken = take(database, bundle, [response], at=step.at).taken[0]
    assert taken.decision is not None
    if taken.loop_id is not None and step.closes is not None:
        with database.session() as session:
            _grant(session, taken.loop_id, step.at)
            close(session, taken.loop_id, closure=step.closes, by="ana", at=step.at)
            session.commit()
    return taken.decision


def _grant(session: Session, loop_id: str, at: datetime) -> None:
    """As the play does before anybody can close the loop: what was set aside is spent."""
    offered = Plan.model_validate_json(session.get_one(LoopRow, loop_id).plan).params.get("offer")
    if isinstance(offered, str) and offered != "none" and find_offer(session, loop_id) is None:
        voucher = Offered(OfferKind.VOUCHER, Money.parse(offered), {})
        grant(session, loop_id, voucher, valid_until=at + timedelta(days=30), at=at)


def compared(decision: Decision) -> dict[str, Any]:
    """What must be the same; the ids of contacts and loops are each world's own."""
    return {
        **decision.model_dump(exclude={"circumstances", "joins", "because"}),
        "joins": decision.joins is not None,
        "caps": dict(decision.circumstances.caps),
        "budgets": dict(decision.circumstances.budgets),
    }


@pytest.mark.parametrize("seed", range(4))
def test_each_step_is_decided_as_the_engine_decides_it(database: Database, seed: int) -> None:
    bundle = compile_gates(RULES, POLICY, FACTS + DERIVED)
    steps = draw(random.Random(seed))  # noqa: S311 # no secret hangs on it
    result = run_test(bundle, RuleTest("drawn", NOWHERE, "nps", steps))
    words: set[str] = set()
    for number, (step, answered) in enumerate(zip(steps, result.answers, strict=True)):
        assert answered.decision is not None, answered.problem
        told = live(database, bundle, number, step)
        assert compared(answered.decision) == compared(told), (number, step)
        words |= {told.outcome, *(gate.result for gate in told.gates)}
    assert words >= {"starts", "joined", "blocked", "nothing"}
