"""What the gates are told of the world: open loops, the uses of caps, what is left of budgets.

One for each intake, read while everybody concerned is locked; it grows with each decision, so that the
responses of one list count each other.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from boucle.decision import Circumstances, Decision
from boucle.engine import reservations
from boucle.engine.customers import Parties
from boucle.engine.joining import OpenLoops, hold_open
from boucle.engine.reservations import BUDGETS, CAPS, Spent, Uses
from boucle.rules.decide import Asks
from boucle.rules.ruleset import Cap, Policy


@dataclass(frozen=True)
class Named:
    """Whom a response names, by our ids; None: nobody."""

    contact: str | None
    customer: str | None

    def of(self, cap: Cap) -> str | None:
        """Whose starts the cap counts."""
        return self.contact if cap.per == "contact" else self.customer


@dataclass
class World:
    """What was looked up; budgets are locked when one is first asked for."""

    session: Session
    policy: Policy
    at: datetime
    open_loops: OpenLoops = field(default_factory=OpenLoops)
    uses: Uses = field(default_factory=Uses)
    spent: Spent | None = None

    def tell(self, asks: Asks, named: Named) -> Circumstances:
        """What these gates ask; neither caps nor budgets where an open loop is joined before them."""
        joined = self.open_loops.find(named.contact, named.customer, asks.join) if asks.join else None
        if joined is not None:
            return Circumstances(contact=named.contact, open_loop=joined)
        budget = asks.budget
        return Circumstances(
            contact=named.contact,
            caps={cap.id: self.uses.count(cap, named.of(cap), self.at) for cap in asks.caps},
            budgets={budget.id: self.hold().remainder(budget)} if budget else {},
        )

    def hold(self) -> Spent:
        """What was spent, with every budget locked."""
        if self.spent is None:
            self.spent = reservations.hold_budgets(self.session, self.policy, self.at)
        return self.spent

    def count(self, decision: Decision, named: Named, loop_id: str | None) -> None:
        """From now on the decision counts for those after it."""
        if decision.outcome == "starts" and loop_id is not None:
            self.open_loops.add(loop_id, named.contact, named.customer)
        caps = {CAPS + cap.id: named.of(cap) for cap in self.policy.caps}
        for one in decision.reserves:
            party = caps.get(one.gate)
            if party is not None:
                self.uses.add(one.gate, party, self.at)
            if one.minor is not None:
                self.hold().add(one.gate.removeprefix(BUDGETS), one.minor)


def look_up(
    session: Session, policy: Policy, parties: Parties, further: Collection[str], at: datetime
) -> World:
    """Read what the gates may ask about these parties, who are locked; lock the loops, `further` ones too."""
    ids = parties.ids
    return World(
        session,
        policy,
        at,
        hold_open(session, ids, further),
        reservations.load_uses(session, policy, ids, at),
    )
