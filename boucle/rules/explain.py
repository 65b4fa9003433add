"""Why a decision fell as it did, recomputed from its record and its bundle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Literal

from boucle.decision import Decision, GateResult
from boucle.model import Frozen, Truth
from boucle.rules.because import word_found
from boucle.rules.bundle import (
    UNDECIDED,
    Bundle,
    CompiledCondition,
    CompiledReason,
    CompiledRule,
    CompiledRuleSet,
)
from boucle.rules.condition import And, Defined, IsTrue, Known, Not, Or
from boucle.rules.decide import replay
from boucle.rules.failures import RecordError
from boucle.rules.phrases import NOT_KNOWN, word_relation
from boucle.rules.reading import Reading, read_record
from boucle.rules.trace import Ground, Traced, find_grounds, trace

BUILT_IN = "built in"


class Part(Frozen):
    """One part of a condition in words. `found` is the fact's value, `place` its `file:line`."""

    text: str
    truth: Truth
    found: str | None = None
    place: str | None = None
    parts: tuple[Part, ...] = ()


class Cause(Frozen):
    """What took the hit, or the author's reason why nothing did, with its whole condition."""

    name: str
    kind: Literal["rule", "undecided", "reason"]
    place: str | None
    condition: Part | None


class Passed(Frozen):
    """A rule that did not take the hit, and why not."""

    rule: str
    truth: Truth
    why: str
    place: str | None


class Unclaimed(Frozen):
    """A rule set that did not decide the response, and why not."""

    rule_set: str
    truth: Truth
    why: str
    place: str | None


class Explanation(Frozen):
    """One decision, explained. `cause` is None where a built-in reason says it all.

    `unclaimed` are the rule sets where none of them decides such a response.

    `from_record`: tests on personal facts are shown by the truth values that the record holds.
    """

    rule_set: str | None
    outcome: str
    because: str | None
    cause: Cause | None
    others: tuple[Passed, ...]
    gates: tuple[GateResult, ...]
    from_record: bool
    unclaimed: tuple[Unclaimed, ...] = ()


def explain(bundle: Bundle, decision: Decision) -> Explanation:
    """The explanation of a decision; RecordError where record and bundle do not belong together."""
    replayed = replay(bundle, decision)
    if (replayed.rules, replayed.winner, replayed.reason) != (
        decision.rules,
        decision.winner,
        decision.reason,
    ):
        raise RecordError("the record does not say what its bundle makes of its facts")
    rule_set = bundle.find_rule_set(decision.rule_set)
    explainer = _Explainer(bundle, rule_set, decision) if rule_set else None
    return Explanation(
        rule_set=decision.rule_set,
        outcome=_word_outcome(decision),
        because=decision.because,
        cause=explainer.cause() if explainer else None,
        others=explainer.others() if explainer else (),
        gates=decision.gates,
        from_record=bool(bundle.personal),
        unclaimed=() if rule_set else tuple(_unclaimed(bundle, decision)),
    )


def _unclaimed(bundle: Bundle, decision: Decision) -> Iterator[Unclaimed]:
    for rule_set in bundle.rule_sets:
        if rule_set.only_when is not None:
            yield _Explainer(bundle, rule_set, decision).unclaimed(rule_set.only_when)


def _word_outcome(decision: Decision) -> str:
    if decision.plan is not None and decision.joins is not None:
        return f"joins loop {decision.joins[:12]}, which is open; it would have started {decision.plan.play}"
    if decision.plan is not None and decision.deferred_until is not None:
        return f"starts {decision.plan.play}, deferred until {decision.deferred_until.isoformat()}"
    if decision.plan is not None:
        return f"starts {decision.plan.play}"
    if decision.blocked_by is not None:
        return f"blocked by {decision.blocked_by}"
    return f"nothing starts: {decision.reason} ({decision.reason_text})"


class _Explainer:
    def __init__(self, bundle: Bundle, rule_set: CompiledRuleSet, decision: Decision) -> None:
        self.bundle = bundle
        self.rule_set = rule_set
        self.decision = decision
        self.reading: Reading = read_record(bundle, decision)

    # -- what took the hit, or why nothing did --------------------------------------------------

    def cause(self) -> Cause | None:
        winner = self.decision.winner
        if winner == UNDECIDED:
            return self._cause(UNDECIDED, "undecided", "undecided", self.rule_set.undecided.condition)
        if winner is not None:
            rule = next(rule for rule in self.rule_set.rules if rule.id == winner)
            return self._cause(winner, "rule", f"rules/{winner}", rule.condition)
        reason = self._find_reason()
        if reason is None:
            return None
        return self._cause(reason.code, "reason", f"otherwise/{reason.code}", reason.condition)

    def _find_reason(self) -> CompiledReason | None:
        """The author's reason that was given; None where a built-in one was."""
        found = (reason for reason in self.rule_set.otherwise if reason.code == self.decision.reason)
        return next(found, None)

    def _cause(
        self,
        name: str,
        kind: Literal["rule", "undecided", "reason"],
        path: str,
        condition: CompiledCondition | None,
    ) -> Cause:
        part = self._part(self._trace(path, condition)) if condition else None
        return Cause(name=name, kind=kind, place=self._place(f"{self.rule_set.name}/{path}"), condition=part)

    def _trace(self, path: str, condition: CompiledCondition) -> Traced:
        where = f"{self.rule_set.name}/{path}/when"
        return trace(self.bundle, self.rule_set, where, condition.when, self.reading)

    def _place(self, path: str) -> str | None:
        """`file:line`: a reader finds the column."""
        place = self.bundle.find_place(path)
        return place and place.rpartition(":")[0]

    def unclaimed(self, only_when: CompiledCondition) -> Unclaimed:
        path = f"{self.rule_set.name}/only_when"
        traced = trace(self.bundle, self.rule_set, path, only_when.when, self.reading)
        why, place = self._word_grounds(traced), self._place(path)
        return Unclaimed(rule_set=self.rule_set.name, truth=traced.truth, why=why, place=place)

    # -- the parts of a condition ---------------------------------------------------------------

    def _part(self, traced: Traced) -> Part:
        match traced.expr:
            case And() | Or() | Not():
                return self._joined(traced)
            case Defined():
                return self._defined(traced, traced.expr.name)
            case atom:
                found = None if isinstance(atom, Known) else self._found(atom.fact)
                return Part(text=atom.text, truth=traced.truth, found=found, place=self._place(traced.path))

    def _joined(self, traced: Traced) -> Part:
        parts = tuple(self._part(part) for part in traced.parts)
        place = self._place(traced.path)
        if isinstance(traced.expr, Not):
            inner = parts[0]
            return inner.model_copy(
                update={"text": f"not {inner.text}", "truth": traced.truth, "place": place}
            )
        text = "all of" if isinstance(traced.expr, And) else "any of"
        return Part(text=text, truth=traced.truth, place=place, parts=parts)

    def _defined(self, traced: Traced, name: str) -> Part:
        """A definition, on one line with its condition where that is a single test."""
        inner = self._part(traced.parts[0])
        place = self._place(f"{self.rule_set.name}/define/{name}") or BUILT_IN
        if inner.parts:
            return Part(text=name, truth=traced.truth, place=place, parts=inner.parts)
        return Part(text=f"{name}: {inner.text}", truth=traced.truth, found=inner.found, place=place)

    def _found(self, name: str) -> str:
        return word_found(self.bundle.catalogue.facts[name], self.reading, quoted=True)

    # -- the rules that did not take the hit ----------------------------------------------------

    def others(self) -> tuple[Passed, ...]:
        winner = self.decision.winner
        return tuple(self._passed(rule) for rule in self.rule_set.rules if rule.id != winner)

    def _passed(self, rule: CompiledRule) -> Passed:
        truth = self.decision.rules[rule.id]
        place = self._place(f"{self.rule_set.name}/rules/{rule.id}")
        return Passed(rule=rule.id, truth=truth, why=self._why(rule, truth), place=place)

    def _why(self, rule: CompiledRule, truth: Truth) -> str:
        if truth == "true":
            return self._why_not_taken(rule)
        return self._word_grounds(self._trace(f"rules/{rule.id}", rule.condition))

    def _why_not_taken(self, rule: CompiledRule) -> str:
        if rule.id in self.decision.also_matched:
            return f"{self.decision.winner} stands above it"
        return "only observed" if rule.id in self.decision.observed else "not in effect on that day"

    def _word_grounds(self, traced: Traced) -> str:
        said: dict[str, None] = {}
        for (unknown, assumed), grounds in groupby(find_grounds(traced), self._want):
            if unknown:
                facts = dict.fromkeys(ground.atom.fact for ground in grounds)
                so = f", so {assumed} counts as false" if assumed else ""
                said[f"{', '.join(facts)} {NOT_KNOWN}{so}"] = None
            else:
                said |= dict.fromkeys(self._word_ground(ground) for ground in grounds)
        return "; ".join(said)

    def _want(self, ground: Ground) -> tuple[bool, str | None]:
        """Whether an atom cannot be told for want of its fact, and what counts as false for it."""
        unknown = not isinstance(ground.atom, Known) and self._found(ground.atom.fact) == NOT_KNOWN
        return unknown, ground.assumed if unknown else None

    def _word_ground(self, ground: Ground) -> str:
        atom = ground.atom
        if isinstance(atom, Known):
            return f"{atom.fact} is {'known' if ground.truth == 'true' else 'unknown'}"
        relation = "true" if isinstance(atom, IsTrue) else word_relation(atom)
        found = self._found(atom.fact)
        return f"{atom.fact} = {found}, needs {'not ' if ground.negated else ''}{relation}"
