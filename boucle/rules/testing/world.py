"""The world of one test, in memory and in virtual time: who answered before, what is open, taken and spent.

It tells the derivation and the gates what the engine looks up live, by the same definitions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from boucle.decision import Circumstances, Decision
from boucle.model import Closure, Plan
from boucle.rules.bundle import Bundle
from boucle.rules.decide import Asks
from boucle.rules.derivation import Past, PastLoop, PastOffer, PastResponse, Present, derive
from boucle.rules.gates import ROLLOUT, Arms
from boucle.rules.periods import find_period
from boucle.rules.reading import Facts
from boucle.rules.ruleset import Budget, Cap
from boucle.rules.testing.cases import RuleTest, Step

_BEFORE = timedelta(days=1)
"""How long before the first response a loop was opened that is open already."""


@dataclass(frozen=True)
class _Loop:
    id: str
    contact: str | None
    customer: str | None
    past: PastLoop

    @property
    def parties(self) -> tuple[str | None, str | None]:
        return _parties(self.contact, self.customer)


@dataclass(frozen=True)
class _Taken:
    """What one start took of a cap (by a party) or of a budget (in minor units)."""

    gate: str
    party: str | None
    minor: int
    at: datetime


def _parties(contact: str | None, customer: str | None) -> tuple[str | None, str | None]:
    """The keys under which the past is kept: a contact and a customer may bear one name."""
    return contact and f"contact {contact}", customer and f"customer {customer}"


@dataclass
class World:
    """What is known at a step; it grows with each decision."""

    bundle: Bundle
    test: RuleTest
    loops: list[_Loop] = field(default_factory=list)
    taken: list[_Taken] = field(default_factory=list)
    responses: list[tuple[PastResponse, tuple[str | None, ...]]] = field(default_factory=list)
    offers: list[tuple[PastOffer, tuple[str | None, ...]]] = field(default_factory=list)
    since: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = self.test.steps[0]
        if self.test.world.open_loop is not None:
            open_ = PastLoop(self.test.world.open_loop, first.at - _BEFORE)
            self.loops.append(_Loop("open before", first.contact, first.customer, open_))

    # -- what a response brings

    def read(self, step: Step) -> Facts:
        """The facts on which the step is decided: given, derived from what came before, pinned."""
        contact, customer = _parties(step.contact, step.customer)
        present = Present(step.responded_at, step.given, customer, contact, self._first_seen(step))
        derived = {**derive(self.bundle, present, self._past(), step.at), **step.pinned}
        known = {name: value for name, value in derived.items() if value is not None}
        return Facts({**step.given, **known}, step.responded_at, frozenset(known))

    def _first_seen(self, step: Step) -> datetime | None:
        """When the customer first answered, as far as is known by now."""
        if step.customer is None:
            return None
        before = self.since.get(step.customer, step.responded_at)
        self.since[step.customer] = min(before, step.responded_at)
        return self.since[step.customer]

    def _past(self) -> Past:
        past = Past()
        for response, parties in self.responses:
            past.add_response(response, parties)
        for loop in self.loops:
            past.add_loop(loop.past, loop.parties)
        for offer, parties in self.offers:
            past.add_offer(offer, parties)
        return past

    # -- what the gates ask

    def tell(self, asks: Asks, step: Step) -> Circumstances:
        """What the gates are told."""
        contact, _ = _parties(step.contact, step.customer)
        joined = self._find_open(step, asks.join) if asks.join else None
        if joined is not None:
            return Circumstances(contact=contact, open_loop=joined)
        budget = asks.budget
        return Circumstances(
            contact=contact,
            caps={cap.id: self._count(cap, step) for cap in asks.caps},
            budgets={budget.id: self._remainder(budget, step.at)} if budget else {},
        )

    def _find_open(self, step: Step, whose: Literal["contact", "customer"]) -> str | None:
        """The loop opened last of the contact, or of the customer: of the other where one is not known."""
        contact, customer = _parties(step.contact, step.customer)
        party = (contact or customer) if whose == "contact" else (customer or contact)
        mine = (loop.id for loop in reversed(self.loops) if loop.past.closure is None)
        by_id = {loop.id: loop for loop in self.loops}
        return next((id_ for id_ in mine if party and party in by_id[id_].parties), None)

    def _count(self, cap: Cap, step: Step) -> int:
        party = step.contact if cap.per == "contact" else step.customer
        since = step.at - cap.within
        gate = f"caps/{cap.id}"
        mine = [one for one in self.taken if one.gate == gate and one.party == party and one.at > since]
        return self.test.world.counted.get(cap.id, 0) + (len(mine) if party is not None else 0)

    def _remainder(self, budget: Budget, at: datetime) -> int:
        period = find_period(budget.per, at, self.bundle.policy.timezone)
        gate = f"budgets/{budget.id}"
        spent = sum(
            one.minor for one in self.taken if one.gate == gate and period.begins <= one.at < period.ends
        )
        stated = self.test.world.left.get(budget.id)
        first = self.test.steps[0].at
        is_first = stated is not None and period.begins <= first < period.ends
        return (stated.minor if stated is not None and is_first else budget.limit.minor) - spent

    def arms(self, step: Step) -> Arms:
        """Every arm: as pinned, else in every rollout and held out of nothing; none without a contact."""
        if step.contact is None:
            return {}
        drawn: dict[str, Literal["held_out", "treated", "in", "out"]] = {
            one.id: "treated" for one in self.bundle.policy.holdouts
        }
        for rule_set in self.bundle.rule_sets:
            drawn |= {f"{ROLLOUT}/{rule.id}": "in" for rule in rule_set.rules}
        return {**drawn, **step.arms}

    # -- what becomes of it

    def take(self, step: Step, decision: Decision) -> None:
        """From now on the step counts for those after it."""
        parties = _parties(step.contact, step.customer)
        self.responses.append((PastResponse.of(self.bundle, step.responded_at, step.given), parties))
        if decision.outcome == "starts" and decision.plan is not None:
            id_ = f"loop {len(self.loops) + 1}"
            past = PastLoop(decision.plan.play, step.at)
            self.loops.append(_Loop(id_, step.contact, step.customer, past))
            if _grants(decision.plan):
                self.offers.append((PastOffer(step.at), parties))
        caps = {f"caps/{cap.id}": cap.per for cap in self.bundle.policy.caps}
        for one in decision.reserves:
            party = step.contact if caps.get(one.gate) == "contact" else step.customer
            self.taken.append(_Taken(one.gate, party, one.minor or 0, step.at))

    def close(self, decision: Decision, closure: Closure) -> bool:
        """Close the loop that was just started or joined; False where there is none."""
        started = self.loops[-1].id if decision.outcome == "starts" else None
        id_ = decision.joins or started
        if id_ is None:
            return False
        self.loops = [
            replace(loop, past=replace(loop.past, closure=closure)) if loop.id == id_ else loop
            for loop in self.loops
        ]
        return True


def _grants(plan: Plan) -> bool:
    """Whether the play has an offer to give; it is taken to be granted at once."""
    return plan.params.get("offer", "none") not in ("none", None)
