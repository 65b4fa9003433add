"""The gates: what can hold back a winner, asked in one fixed order; pure, over what the engine was asked.

rollout → joining → greatest age → suppressions → caps → holdouts → budget. The first that holds back
ends the asking, so that nobody is counted as exposed to a holdout who could not have been treated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from boucle.decision import Circumstances, GateResult, GateWord, Reservation
from boucle.model import Money, Plan
from boucle.rules.buckets import is_in_share
from boucle.rules.bundle import Bundle, CompiledSuppression
from boucle.rules.phrases import NOT_KNOWN
from boucle.rules.reading import Reading
from boucle.rules.ruleset import Budget, Cap, Exemption, GateKind, Holdout, IfOpen, Spending

Mode = Literal["act", "record_only", "act_on_old"]
"""`act`: start what wins; `record_only`: decide, start nothing; `act_on_old`: waive the greatest age."""

Arms = Mapping[str, Literal["held_out", "treated", "in", "out"]]
"""Arms pinned by a test: a holdout's id, or `rollout/<rule>`; live decisions pin none."""

RECORD_ONLY = "record_only"
MAX_AGE = "max_age"
ROLLOUT = "rollout"

HELD_BACK: frozenset[GateWord] = frozenset(("blocked", "undecided", "not_assignable"))
"""The words of a gate after which nothing starts."""


@dataclass(frozen=True)
class Hit:
    """What takes the hit, a rule or the fallback, and what its author said of its gates."""

    winner: str
    plan: Plan
    because: str
    also_matched: tuple[str, ...] = ()
    rollout: int | None = None
    exempt: Exemption | None = None
    spends: Spending | None = None
    if_open: IfOpen = "join"

    def is_exempt(self, kind: GateKind) -> bool:
        """Whether gates of that kind do not hold it back."""
        return self.exempt is not None and kind in self.exempt.gates


@dataclass(frozen=True)
class Asks:
    """What has to be looked up before the gates can be asked; nothing where they need not be.

    `join`: whose open loop would be joined: the contact's (the customer's, where the response has no
    contact), or any of the customer's. `caps` are to be counted, of `budget` what is left is wanted.
    """

    join: Literal["contact", "customer"] | None = None
    caps: tuple[Cap, ...] = ()
    budget: Budget | None = None


@dataclass(frozen=True)
class Passage:
    """How a winner fared at the gates."""

    gates: tuple[GateResult, ...]
    outcome: Literal["starts", "joined", "blocked"]
    plan: Plan | None = None
    joins: str | None = None
    blocked_by: str | None = None
    deferred_until: datetime | None = None
    reserves: tuple[Reservation, ...] = ()


def ask_for(bundle: Bundle, hit: Hit, mode: Mode) -> Asks:
    """What the gates of this winner need to be told."""
    if mode == "record_only":
        return Asks()
    spends = hit.spends
    joins: Mapping[IfOpen, Literal["contact", "customer"] | None] = {
        "join": "contact",
        "join_customer": "customer",
        "separate": None,
    }
    return Asks(
        join=joins[hit.if_open],
        caps=() if hit.is_exempt("caps") else tuple(_concerned(bundle.policy.caps, hit)),
        budget=next((one for one in bundle.policy.budgets if spends and one.id == spends.budget), None),
    )


def pass_gates(
    bundle: Bundle,
    hit: Hit,
    reading: Reading,
    at: datetime,
    mode: Mode,
    told: Circumstances,
    arms: Arms | None = None,
) -> Passage:
    """Ask every gate in turn, up to the first that holds back."""
    if mode == "record_only":
        said = GateResult(gate=RECORD_ONLY, result="blocked")
        return Passage((said,), "blocked", blocked_by=RECORD_ONLY)
    return _Gates(bundle, hit, reading, at, mode, told, arms or {}).passage()


@dataclass
class _Gates:
    bundle: Bundle
    hit: Hit
    reading: Reading
    at: datetime
    mode: Mode
    told: Circumstances
    arms: Arms
    said: list[GateResult] = field(default_factory=list)
    deferred_until: datetime | None = None

    def passage(self) -> Passage:
        if self._holds_back(self._rollout()):
            return self._blocked()
        if self.told.open_loop is not None and self.hit.if_open != "separate":
            return Passage(tuple(self.said), "joined", plan=self.hit.plan, joins=self.told.open_loop)
        for gates in (self._age, self._suppressions, self._caps, self._holdouts, self._budget):
            if self._holds_back(gates()):
                return self._blocked()
        return Passage(
            tuple(self.said),
            "starts",
            plan=self._plan(),
            deferred_until=self.deferred_until,
            reserves=tuple(self._reserves()),
        )

    def _holds_back(self, asked: Iterator[GateResult]) -> bool:
        for result in asked:
            self.said.append(result)
            if result.result in HELD_BACK:
                return True
        return False

    def _blocked(self) -> Passage:
        return Passage(tuple(self.said), "blocked", blocked_by=self.said[-1].gate)

    # -- one gate after the other

    def _rollout(self) -> Iterator[GateResult]:
        share = self.hit.rollout
        if share is not None:
            word, detail = self._draw(self.hit.winner, share, f"{ROLLOUT}/{self.hit.winner}", ("in", "out"))
            yield GateResult(gate=ROLLOUT, result=word, detail=detail)

    def _draw(self, id_: str, share: int, arm: str, arms: tuple[str, str]) -> tuple[GateWord, str]:
        """Whether the contact lies in the share; `arms`: what it is called inside and outside of it."""
        contact, pinned = self.told.contact, self.arms.get(arm)
        if pinned is None and contact is None:
            return "not_assignable", "no contact, so no arm can be drawn"
        inside = pinned == arms[0] if pinned else is_in_share(id_, contact or "", share)
        said = f"{arms[0] if inside else arms[1]}; the share is {_percent(share)}"
        return ("passed" if inside else "blocked"), said

    def _age(self) -> Iterator[GateResult]:
        limit = self.bundle.policy.max_age
        if limit is not None:
            yield _ask_age(self.at - self.reading.responded_at, limit, self.mode)

    def _suppressions(self) -> Iterator[GateResult]:
        for one in self.bundle.suppressions:
            if one.plays is not None and self.hit.plan.play not in one.plays:
                continue
            if self.hit.is_exempt("suppress"):
                yield GateResult(gate=f"suppress/{one.id}", result="exempt", detail=self._why_exempt())
            else:
                yield self._suppression(one)

    def _suppression(self, one: CompiledSuppression) -> GateResult:
        gate = f"suppress/{one.id}"
        if not _is_within(self.at, one):
            return GateResult(gate=gate, result="passed")
        truth = self.reading.truths[one.condition.slot] if one.condition else "true"
        if truth == "false":
            return GateResult(gate=gate, result="passed")
        if truth == "undecided":
            missing = ", ".join(sorted(one.reads.intersection(self.reading.unknown)))
            return GateResult(gate=gate, result="undecided", detail=f"{missing} {NOT_KNOWN}")
        until = None if one.ends is None else f"until {one.ends.isoformat()}"
        if one.do == "drop" or one.ends is None:
            return GateResult(gate=gate, result="blocked", detail=until)
        self.deferred_until = max(self.deferred_until or one.ends, one.ends)
        return GateResult(gate=gate, result="deferred", detail=until)

    def _caps(self) -> Iterator[GateResult]:
        for cap in _concerned(self.bundle.policy.caps, self.hit):
            gate = f"caps/{cap.id}"
            if self.hit.is_exempt("caps"):
                yield GateResult(gate=gate, result="exempt", detail=self._why_exempt())
                continue
            used = self.told.caps.get(cap.id, 0)
            detail = f"{used} of {cap.most} taken in {count_length(cap.within, cap.within)}"
            yield GateResult(gate=gate, result="passed" if used < cap.most else "blocked", detail=detail)

    def _holdouts(self) -> Iterator[GateResult]:
        for one in _concerned(self.bundle.policy.holdouts, self.hit):
            gate = f"holdouts/{one.id}"
            if self.hit.is_exempt("holdouts"):
                yield GateResult(gate=gate, result="exempt", detail=self._why_exempt())
            else:
                yield self._holdout(one, gate)

    def _holdout(self, one: Holdout, gate: str) -> GateResult:
        word, detail = self._draw(one.id, one.share, one.id, ("held_out", "treated"))
        turned: Mapping[GateWord, GateWord] = {"passed": "blocked", "blocked": "passed"}
        return GateResult(gate=gate, result=turned.get(word, word), detail=detail)

    def _budget(self) -> Iterator[GateResult]:
        spends = self.hit.spends
        if spends is None:
            return
        gate, left = f"budgets/{spends.budget}", self._left(spends)
        detail = f"{Money(minor=max(left, 0), currency=spends.amount.currency)} left, {spends.amount} needed"
        word: GateWord = "passed"
        if left < spends.amount.minor:
            word = "blocked" if spends.otherwise is None else "exhausted"
        yield GateResult(gate=gate, result=word, detail=detail)

    def _left(self, spends: Spending) -> int:
        """What is left of the budget; where nobody told, all of it."""
        limits = {one.id: one.limit.minor for one in self.bundle.policy.budgets}
        return self.told.budgets.get(spends.budget, limits.get(spends.budget, 0))

    # -- what a start takes

    def _is_exhausted(self) -> bool:
        return any(result.result == "exhausted" for result in self.said)

    def _plan(self) -> Plan:
        spends, plan = self.hit.spends, self.hit.plan
        if spends is None or spends.otherwise is None or not self._is_exhausted():
            return plan
        return plan.model_copy(update={"params": spends.otherwise})

    def _reserves(self) -> Iterator[Reservation]:
        if not self.hit.is_exempt("caps"):
            for cap in _concerned(self.bundle.policy.caps, self.hit):
                yield Reservation(gate=f"caps/{cap.id}")
        spends = self.hit.spends
        if spends is not None and not self._is_exhausted():
            yield Reservation(gate=f"budgets/{spends.budget}", minor=spends.amount.minor)

    def _why_exempt(self) -> str | None:
        return self.hit.exempt.reason if self.hit.exempt else None


_Gate = TypeVar("_Gate", Cap, Holdout)


def _concerned(gates: tuple[_Gate, ...], hit: Hit) -> Iterator[_Gate]:
    return (gate for gate in gates if hit.plan.play in gate.plays)


def _is_within(at: datetime, one: CompiledSuppression) -> bool:
    begun = one.begins is None or one.begins <= at
    return begun and (one.ends is None or at < one.ends)


def _percent(share: int) -> str:
    whole, rest = divmod(share, 100)
    return f"{whole}.{rest:02} %" if rest else f"{whole} %"


def _ask_age(age: timedelta, limit: timedelta, mode: Mode) -> GateResult:
    if age <= limit:
        return GateResult(gate=MAX_AGE, result="passed")
    found, most = count_length(age, limit), count_length(limit, limit)
    detail = f"answered {found} before acceptance; the greatest age is {most}"
    return GateResult(gate=MAX_AGE, result="waived" if mode == "act_on_old" else "blocked", detail=detail)


_UNITS = ((timedelta(days=1), "days"), (timedelta(hours=1), "hours"), (timedelta(minutes=1), "minutes"))


def count_length(length: timedelta, limit: timedelta) -> str:
    """A length in the largest unit that holds the limit whole, rounded down."""
    unit, name = next(((unit, name) for unit, name in _UNITS if not limit % unit), _UNITS[-1])
    return f"{length // unit} {name}"
