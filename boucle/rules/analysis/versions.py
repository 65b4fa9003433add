"""One version of a rule set as a comparison sees it: its conditions, and the outcomes that they give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from boucle.model import Truth
from boucle.rules.analysis.partition import Asked
from boucle.rules.bundle import UNDECIDED, Bundle, CompiledCondition, CompiledRuleSet
from boucle.rules.expressions import list_atoms

NOT_DECIDED = "not decided"
NO_SCORE = "no_score"
NO_RULE = "no_rule"


class Version:
    """One version's rule set of a name, if it has it: its conditions, and the outcome that they give."""

    def __init__(self, bundle: Bundle, name: str, day: date) -> None:
        self.bundle = bundle
        self.rule_set = bundle.find_rule_set(name)
        rules = self.rule_set.rules if self.rule_set else ()
        self.competing = tuple(rule for rule in rules if rule.mode == "act" and rule.in_effect(day))
        self.asked = tuple(self._ask())

    def _ask(self) -> Iterator[Asked]:
        for condition in self._conditions():
            yield Asked(condition.when, self.rule_set.definitions if self.rule_set else {})

    def _conditions(self) -> Iterator[CompiledCondition]:
        rule_set = self.rule_set
        if rule_set is None:
            return
        yield from [rule_set.only_when] if rule_set.only_when else []
        yield from (rule.condition for rule in self.competing)
        yield from [rule_set.undecided.condition] if rule_set.undecided.condition else []
        yield from (reason.condition for reason in rule_set.otherwise)

    @property
    def declared(self) -> list[str]:
        """Every outcome that this version can name, in its order."""
        if self.rule_set is None:
            return []
        rules = (rule.id for rule in self.rule_set.rules)
        reasons = (name_reason(one.code) for one in self.rule_set.otherwise)
        built_in = (name_reason(code) for code in (NO_SCORE, UNDECIDED, NO_RULE))
        return [*rules, UNDECIDED, *reasons, *built_in]

    @property
    def meaning(self) -> tuple[object, ...]:
        """All that its outcomes hang on; where it is equal in both versions, so are they all."""
        rule_set = self.rule_set
        if rule_set is None:
            return ()
        fallback = rule_set.undecided
        given = (rule_set.only_when is None, fallback.condition is None, fallback.play is None)
        facts = {
            atom.fact: self.bundle.catalogue.facts[atom.fact]
            for one in self.asked
            for atom in list_atoms(one.when, one.definitions)
        }
        return self.declared, [rule.id for rule in self.competing], given, self.asked, facts

    def tell(self, truths: Iterable[Truth], *, scored: bool) -> str:
        """The outcome where the conditions, in the order of `asked`, have these truth values.

        `scored`: whether any score is known.
        """
        if self.rule_set is None:
            return NOT_DECIDED
        left = iter(truths)
        if self.rule_set.only_when is not None and next(left) != "true":
            return NOT_DECIDED
        rules = [next(left) for _ in self.competing]
        fallback = "true" if self.rule_set.undecided.condition is None else next(left)
        return self._take(rules, fallback) or self._find_reason(self.rule_set, rules, left, scored=scored)

    def _take(self, rules: list[Truth], fallback: Truth) -> str | None:
        for rule, truth in zip(self.competing, rules, strict=True):
            if truth == "true":
                return rule.id
        acts = self.rule_set is not None and self.rule_set.undecided.play is not None
        return UNDECIDED if acts and "undecided" in rules and fallback == "true" else None

    def _find_reason(
        self, rule_set: CompiledRuleSet, rules: list[Truth], left: Iterator[Truth], *, scored: bool
    ) -> str:
        for reason, truth in zip(rule_set.otherwise, left, strict=True):
            if truth == "true":
                return name_reason(reason.code)
        if not scored:
            return name_reason(NO_SCORE)
        return name_reason(UNDECIDED if "undecided" in rules else NO_RULE)


def name_reason(code: str) -> str:
    """A reason's name as an outcome: no rule's id holds a space."""
    return f"reason {code}"
