"""What starting decisions take of caps and budgets: counted, kept as rows, and settled by the start.

Nobody counts while somebody else may take. A cap's uses are counted while the contact and the customer
are locked; what is left of a budget, once its row is. Budgets are locked after everybody else, all of
a bundle's at once and in order of their ids, so that no two intakes wait for each other in a ring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select, update

from boucle.decision import Decision
from boucle.engine import ledger
from boucle.engine.tables import BudgetRow, LoopRow, ReservationRow
from boucle.rules.periods import find_period
from boucle.rules.ruleset import Budget, Cap, Policy

CAPS, BUDGETS = "caps/", "budgets/"
"""What the ids of these gates begin with."""

NOT_GRANTED = "not_granted"
"""Why the money of a budget is free again though the loop was started: its offer was not granted."""


_OF_LOOP = col(ReservationRow.decision_id) == (
    select(LoopRow.decision_id).where(LoopRow.id == bindparam("loop")).scalar_subquery()
)
_BUDGETS = select(ReservationRow).where(_OF_LOOP, col(ReservationRow.gate).startswith(BUDGETS))
_TAKEN = _BUDGETS.where(col(ReservationRow.state) != "released")
_GIVEN_BACK = _BUDGETS.where(ReservationRow.state == "released", ReservationRow.problem == NOT_GRANTED)
_OF_STATE = (
    _OF_LOOP,
    col(ReservationRow.state) == bindparam("before"),
    col(ReservationRow.problem).is_distinct_from(NOT_GRANTED),
)
_CONCERNED = select(ReservationRow.gate).where(*_OF_STATE).order_by(ReservationRow.gate)


@dataclass
class Uses:
    """What the caps of a policy count already, by gate and party; it grows with each decision."""

    taken: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)

    def count(self, cap: Cap, party: str | None, at: datetime) -> int:
        """How many starts the cap counts at `at`; none where the response names no such party."""
        since = at - cap.within
        return sum(when > since for when in self.taken.get((CAPS + cap.id, party or ""), ()))

    def add(self, gate: str, party: str, at: datetime) -> None:
        """Count one more."""
        self.taken.setdefault((gate, party), []).append(at)


def load_uses(session: Session, policy: Policy, parties: Sequence[str], at: datetime) -> Uses:
    """What the caps count of these parties, who are locked."""
    uses = Uses()
    if not policy.caps or not parties:
        return uses
    longest = max(cap.within for cap in policy.caps)
    query = select(ReservationRow.gate, ReservationRow.party, ReservationRow.at).where(
        col(ReservationRow.party).in_(parties),
        col(ReservationRow.at) > at - longest,
        col(ReservationRow.state) != "released",
    )
    for gate, party, when in session.exec(query):
        uses.add(gate, str(party), when)
    return uses


@dataclass
class Spent:
    """What was spent of each budget of a policy in its present period, in minor units."""

    minor: dict[str, int] = field(default_factory=dict)

    def remainder(self, budget: Budget) -> int:
        """What is left; below zero where the limit was lowered meanwhile."""
        return budget.limit.minor - self.minor.get(budget.id, 0)

    def add(self, budget: str, minor: int) -> None:
        """Count one more."""
        self.minor[budget] = self.minor.get(budget, 0) + minor


def hold_budgets(session: Session, policy: Policy, at: datetime) -> Spent:
    """Lock every budget until the commit, in order of their ids; what was spent of each."""
    ids = sorted(budget.id for budget in policy.budgets)
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(BudgetRow).on_conflict_do_nothing(), [{"id": one} for one in ids])
    session.exec(
        select(BudgetRow.id).where(col(BudgetRow.id).in_(ids)).order_by(BudgetRow.id).with_for_update()
    ).all()
    return Spent({one.id: _sum(session, one, policy.timezone, at) for one in policy.budgets})


def _sum(session: Session, budget: Budget, timezone: str, at: datetime) -> int:
    """What was reserved in the period of `at`, in the currency of the limit."""
    period = find_period(budget.per, at, timezone)
    query = select(func.coalesce(func.sum(ReservationRow.minor), 0)).where(
        ReservationRow.gate == BUDGETS + budget.id,
        ReservationRow.currency == budget.limit.currency,
        col(ReservationRow.at) >= period.begins,
        col(ReservationRow.at) < period.ends,
        col(ReservationRow.state) != "released",
    )
    return int(session.exec(query).one() or 0)


# -- as rows ------------------------------------------------------------------------------------


def draft(
    policy: Policy, decision_id: str, decision: Decision, parties: Mapping[str, str | None]
) -> Iterator[dict[str, Any]]:
    """The rows of what a decision reserves; `parties` are the ids of its `contact` and `customer`."""
    if not decision.reserves:
        return
    caps = {CAPS + cap.id: cap for cap in policy.caps}
    budgets = {BUDGETS + budget.id: budget for budget in policy.budgets}
    for one in decision.reserves:
        row = ReservationRow(decision_id=decision_id, gate=one.gate, at=decision.at)
        if one.gate in caps:
            row.party_kind = caps[one.gate].per
            row.party = parties[row.party_kind]
        if one.gate in budgets:
            budget = budgets[one.gate]
            period = find_period(budget.per, decision.at, policy.timezone)
            row.period, row.currency, row.minor = str(period.first_day), budget.limit.currency, one.minor
        yield row.model_dump()


# -- what becomes of them -----------------------------------------------------------------------


def use(session: Session, loop_id: str, at: datetime) -> None:
    """The loop was started: what its decision holds is used for good."""
    _move(session, loop_id, "held", state="used", ended_at=at)


def release(session: Session, loop: LoopRow, problem: str, at: datetime) -> None:
    """The loop's start was refused for good: what its decision holds is free again, and its chain says so."""
    gates = _move(session, loop.id, "held", state="released", ended_at=at, problem=problem)
    if gates:
        ledger.append(
            session,
            ledger.loop_chain(loop.id),
            "loop.released",
            at=at,
            actor="boucle",
            payload={"round": loop.round, "problem": problem, "gates": [*gates]},
        )


def retake(session: Session, loop_id: str) -> None:
    """The loop is to be started after all, which a person has asked for: it counts again."""
    _move(session, loop_id, "released", state="held", ended_at=None, problem=None)


def give_back(session: Session, loop_id: str, at: datetime) -> None:
    """The loop's offer was not granted: what its decision took of budgets is free again."""
    for row in session.exec(_TAKEN, params={"loop": loop_id}).all():
        row.state, row.ended_at, row.problem = "released", at, NOT_GRANTED
        session.add(row)


def take_again(session: Session, loop_id: str) -> None:
    """The loop's offer was granted after all: what was given back of budgets is taken again."""
    for row in session.exec(_GIVEN_BACK, params={"loop": loop_id}).all():
        row.state, row.problem = "used", None
        session.add(row)


def _move(session: Session, loop_id: str, before: str, **values: Any) -> list[str]:
    """Change the reservations of a loop's decision that are in a state; the gates of those."""
    params = {"loop": loop_id, "before": before}
    gates = list(session.exec(_CONCERNED, params=params))
    if gates:
        session.exec(update(ReservationRow).where(*_OF_STATE).values(**values), params=params)
    return gates
