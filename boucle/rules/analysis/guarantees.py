"""Proves what a rule set's author guarantees, or shows a response for which it does not hold.

A guarantee speaks of what its own rule set starts, on one day. What the gates are told of the world is
free: `starts` holds only where no gate can hold the winner back, `never_starts` whatever they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from boucle.model import FactValue
from boucle.rules.analysis.partition import Asked, Cell, GaveUp
from boucle.rules.analysis.questions import Outcome, Question, Survey, find_hinges
from boucle.rules.analysis.solver import find_z3
from boucle.rules.analysis.solver_survey import look
from boucle.rules.analysis.witnesses import Witness, find_witness
from boucle.rules.bundle import UNDECIDED, Bundle, CompiledRule, CompiledRuleSet, CompiledUndecided
from boucle.rules.condition import Compare, Contains
from boucle.rules.expressions import NOWHERE, list_atoms
from boucle.rules.ruleset import Guarantee, RuleSet, Workspace

Verdict = Literal["PROVED", "REFUTED", "VACUOUS", "NOT ANALYSABLE", "GAVE UP"]

AGE = "response.age_days"

JOINING = (
    "A response of somebody with an open loop joins it, whatever its play, and that counts as started; "
    "`if_open: separate` would always start its own."
)
"""Assumed where a rule that carries a proof joins open loops."""


@dataclass(frozen=True)
class Proof:
    """What became of one guarantee on one day.

    `carried_by` are the rules that take the hit where the premise holds, in their order; `example` are
    facts under which it does. `witness` breaks the guarantee; `matters` are those of its facts of which
    another value would not, all others being the same. `last_day`: until when the proof holds, because
    of what `ends_with` says; None: for as long as the files are not changed.
    """

    rule_set: str
    guarantee: Guarantee
    day: date
    verdict: Verdict
    carried_by: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    example: Mapping[str, FactValue | None] = field(default_factory=dict)
    witness: Witness | None = None
    matters: tuple[str, ...] = ()
    why: str | None = None
    last_day: date | None = None
    ends_with: str | None = None


def prove(workspace: Workspace, bundle: Bundle, day: date, only: str | None = None) -> list[Proof]:
    """What becomes of every guarantee, or of those called `only`, on a day of the rule set's zone."""
    return [
        prove_guarantee(bundle, rule_set, guarantee, day)
        for rule_set in workspace.rule_sets
        for guarantee in rule_set.guarantees
        if only is None or guarantee.id == only
    ]


def prove_guarantee(bundle: Bundle, rule_set: RuleSet, guarantee: Guarantee, day: date) -> Proof:
    """What becomes of one guarantee of a rule set on a day of its zone."""
    compiled = bundle.find_rule_set(rule_set.name)
    if compiled is None:
        raise KeyError(rule_set.name)
    return _Prover(bundle, compiled, guarantee, day).proof()


def needs_start(guarantee: Guarantee) -> bool:
    """Whether something must start, so that no gate may hold it back."""
    return bool(guarantee.starts)


@dataclass(frozen=True)
class _Prover:
    bundle: Bundle
    rule_set: CompiledRuleSet
    guarantee: Guarantee
    day: date

    @cached_property
    def question(self) -> Question:
        premise = Asked(self.guarantee.whenever, self.rule_set.definitions)
        gates, limit = needs_start(self.guarantee), self.bundle.policy.max_age
        hoped = self.guarantee.starts if gates else None
        question = Question(self.bundle, self.rule_set, self.day, (premise,), gates, hoped)
        if not gates or limit is None or AGE not in _facts(question.parts):
            return question
        young = Compare(AGE, "<=", limit.days, NOWHERE, f"{AGE} <= {limit.days}")
        return replace(question, given=(premise, Asked(young, {})))

    def proof(self) -> Proof:
        found = look(self.question)
        if isinstance(found, GaveUp):
            return self._ended("GAVE UP", why=_why_given_up(found))
        broken = [outcome for outcome in found.examples if not self._is_kept(outcome)]
        if broken:
            first = min(broken, key=self._is_doubly_broken)
            return self._broken(first, found.examples[first])
        if any(not self._is_kept(outcome) for outcome in found.opaque):
            return self._ended("NOT ANALYSABLE", why=self._why_opaque())
        if not found.examples:
            return self._without_example(found)
        return self._proved(found)

    def _is_kept(self, outcome: Outcome) -> bool:
        """Whether the guarantee holds where this is the outcome."""
        play = self.question.plays.get(outcome.taker or "")
        if self.guarantee.taken:
            return outcome.taker is not None
        if self.guarantee.never_starts is not None:
            return play not in self.guarantee.never_starts
        if self.guarantee.starts:
            return play in self.guarantee.starts and outcome.held_by is None
        return outcome.taker is None

    def _is_doubly_broken(self, outcome: Outcome) -> bool:
        """Whether a gate holds back a play that the guarantee does not hope for in the first place."""
        play = self.question.plays.get(outcome.taker or "")
        return outcome.held_by is not None and not self.question.is_hoped(play)

    # -- the verdicts

    def _ended(self, verdict: Verdict, *, why: str) -> Proof:
        return Proof(self.rule_set.name, self.guarantee, self.day, verdict, why=why)

    def _without_example(self, found: Survey) -> Proof:
        if found.opaque:
            return self._ended("NOT ANALYSABLE", why=self._why_opaque())
        young = " that is young enough (max_age)" if len(self.question.given) > 1 else ""
        why = f"No response{young} can meet the condition, so this guarantees nothing."
        return self._ended("VACUOUS", why=why)

    def _broken(self, outcome: Outcome, cell: Cell) -> Proof:
        witness = find_witness(self.question, cell, outcome)
        if witness is None:
            return self._ended("NOT ANALYSABLE", why=self._why_opaque())
        return Proof(
            self.rule_set.name,
            self.guarantee,
            self.day,
            "REFUTED",
            assumptions=tuple(self._assumptions(())),
            witness=witness,
            matters=find_hinges(self.question, cell, lambda met: not self._is_kept(met)),
            why=_why_refuted(self.question, outcome, witness),
        )

    def _proved(self, found: Survey) -> Proof:
        takers = {outcome.taker for outcome in (*found.examples, *found.opaque)}
        carried_by = tuple(taker for taker in self.question.plays if taker in takers)
        outcome, cell = next(iter(found.examples.items()))
        shown = find_witness(self.question, cell, outcome)
        facts, premise = shown.facts if shown else {}, _facts(self.question.given)
        held_back = carried_by if needs_start(self.guarantee) else ()
        last_day, ends_with = _find_end(self.question, held_back)
        return Proof(
            self.rule_set.name,
            self.guarantee,
            self.day,
            "PROVED",
            carried_by=carried_by,
            assumptions=tuple(self._assumptions(carried_by)),
            example={name: value for name, value in facts.items() if name in premise},
            last_day=last_day,
            ends_with=ends_with,
        )

    def _assumptions(self, carried_by: Iterable[str]) -> Iterator[str]:
        limit = self.bundle.policy.max_age
        if needs_start(self.guarantee):
            if limit is not None:
                yield f"The response is no older than {_days(limit)} when it is accepted (max_age)."
            yield "It is not imported for the record only."
            if any(self._winner(taker).if_open != "separate" for taker in carried_by):
                yield JOINING
        if len(self.bundle.rule_sets) > 1:
            yield "No other rule set decides the same response, which `boucle rules check` shows (B303)."

    def _winner(self, taker: str) -> CompiledRule | CompiledUndecided:
        rules = {rule.id: rule for rule in self.question.competing}
        return self.rule_set.undecided if taker == UNDECIDED else rules[taker]

    def _why_opaque(self) -> str:
        asked = (atom for one in self.question.parts for atom in list_atoms(one.when, one.definitions))
        texts = dict.fromkeys(atom.text for atom in asked if isinstance(atom, Contains))
        if not texts:
            return "The evaluator does not confirm what was found."
        return f"What a text contains cannot be looked into here: {'; '.join(texts)}."


def _facts(asked: Iterable[Asked]) -> set[str]:
    return {atom.fact for one in asked for atom in list_atoms(one.when, one.definitions)}


def _days(length: timedelta) -> str:
    return f"{length.days} days" if not length % timedelta(days=1) else str(length)


def _why_given_up(found: GaveUp) -> str:
    said = f"There are at least {found.cells:,} cases, too many to look at"
    if find_z3() is None:
        return f"{said}; with `pip install boucle[proofs]` a solver can try."
    return f"{said}, and z3 reached its limit of work."


def _why_refuted(question: Question, outcome: Outcome, witness: Witness) -> str:
    decision = witness.decision
    play = question.plays.get(outcome.taker or "")
    if outcome.held_by is not None and question.is_hoped(play):
        return f"{outcome.taker} takes this response, and {outcome.held_by} may hold it back."
    if outcome.taker is not None:
        return f"{outcome.taker} takes this response; its play is {play}."
    if decision.rule_set != question.rule_set.name:
        return f"{question.rule_set.name} does not decide this response (only_when)."
    undecided = [rule.id for rule in question.competing if decision.rules[rule.id] == "undecided"]
    said = f"; undecided for want of facts: {', '.join(undecided)}" if undecided else ""
    return f"Nothing takes this response{said}."


def _find_end(question: Question, carried_by: Iterable[str]) -> tuple[date | None, str | None]:
    """The last day before a rule begins or ends, or a suppression that may hold a carrier back begins."""
    changes = sorted([*_changes(question), *_suppressions(question, carried_by)])
    return changes[0] if changes else (None, None)


def _changes(question: Question) -> Iterator[tuple[date, str]]:
    for rule in question.rule_set.rules:
        if rule.mode != "act":
            continue
        if rule.effective_from is not None and rule.effective_from > question.day:
            yield rule.effective_from - timedelta(days=1), f"{rule.id} begins"
        elif rule.effective_until is not None and rule.effective_until >= question.day:
            yield rule.effective_until, f"{rule.id} ends"


def _suppressions(question: Question, carried_by: Iterable[str]) -> Iterator[tuple[date, str]]:
    for one in question.bundle.suppressions:
        if one.begins is None or one.begins < question.span.ends:
            continue
        begins = one.begins.astimezone(question.span.begins.tzinfo).date()
        then, gate = replace(question, day=begins), f"suppress/{one.id}"
        if any(gate == met.gate for taker in carried_by for met in then.obstacles.get(taker, ())):
            yield begins - timedelta(days=1), f"{gate} begins"
