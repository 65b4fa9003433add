"""One rule set as analysis sees it: each condition with its place, and where it holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from pydantic import JsonValue

from boucle.rules.analysis.grid import Region
from boucle.rules.analysis.space import Space
from boucle.rules.bundle import Bundle, CompiledCondition, CompiledRule, CompiledRuleSet
from boucle.rules.condition import Atom, Expr
from boucle.rules.expressions import list_atoms
from boucle.rules.logic import Vocabulary, is_false, is_true
from boucle.rules.ruleset import Definition, Rule, RuleSet
from boucle.rules.value import Value


class Contender(Value):
    """A rule of a set: where it is true, and where it is not false, among what its set decides."""

    number: int
    rule: Rule
    compiled: CompiledRule
    holds: Region
    may_hold: Region

    @property
    def acts(self) -> bool:
        """Whether it takes the hit where it holds."""
        return self.rule.mode == "act"

    @property
    def always_competes(self) -> bool:
        """Whether it competes on every day."""
        return self.rule.effective_from is None and self.rule.effective_until is None


class Scene:
    """A rule set with the regions of its conditions.

    TooManyError or TooLargeError where they cannot be laid out.
    """

    def __init__(self, bundle: Bundle, rule_set: RuleSet) -> None:
        self.bundle = bundle
        self.rule_set = rule_set
        self.compiled: CompiledRuleSet = next(one for one in bundle.rule_sets if one.name == rule_set.name)
        self.words = Vocabulary(bundle.catalogue.facts, self.compiled.definitions)
        self.space = Space(bundle, self._atoms())
        self.space.learn(self._logic())

    def _conditions(self) -> Iterator[CompiledCondition | None]:
        yield self.compiled.only_when
        yield from (rule.condition for rule in self.compiled.rules)
        yield self.compiled.undecided.condition
        yield from (reason.condition for reason in self.compiled.otherwise)

    def _atoms(self) -> Iterator[Atom]:
        for condition in self._conditions():
            if condition is not None:
                yield from list_atoms(condition.when, self.compiled.definitions)
        for name in self.rule_set.definitions:
            yield from list_atoms(self.compiled.definitions[name].when, self.compiled.definitions)

    def _logic(self) -> Iterator[JsonValue]:
        for condition in self._conditions():
            if condition is not None:
                compiled = self.bundle.conditions.conditions[condition.slot]
                yield from (compiled.true, compiled.false)

    # -- regions

    def where_true(self, condition: CompiledCondition | None) -> Region:
        """Where a condition is true; one that asks nothing is true everywhere."""
        if condition is None:
            return [self.space.grid.everything]
        return self.space.where(self.bundle.conditions.conditions[condition.slot].true)

    def where_not_false(self, condition: CompiledCondition) -> Region:
        """Where a condition is true or undecided."""
        return self.space.where_not(self.bundle.conditions.conditions[condition.slot].false)

    def true(self, expr: Expr) -> Region:
        """Where an expression with the set's definitions is true."""
        return self.space.where(is_true(expr, self.words))

    def false(self, expr: Expr) -> Region:
        """Where an expression with the set's definitions is false."""
        return self.space.where(is_false(expr, self.words))

    def definition(self, name: str) -> Definition:
        """A definition in the form in which the bundle holds it."""
        return self.compiled.definitions[name]

    @cached_property
    def domain(self) -> Region:
        """The responses that the set decides."""
        return self.where_true(self.compiled.only_when)

    @cached_property
    def contenders(self) -> tuple[Contender, ...]:
        """The rules in their order."""
        pairs = zip(self.rule_set.rules, self.compiled.rules, strict=True)
        return tuple(
            Contender(number, rule, compiled, self._inside(compiled), self._inside(compiled, may=True))
            for number, (rule, compiled) in enumerate(pairs)
        )

    def _inside(self, compiled: CompiledRule, *, may: bool = False) -> Region:
        region = (self.where_not_false if may else self.where_true)(compiled.condition)
        return self.space.grid.meet(self.domain, region)

    def is_possible(self, region: Region) -> bool:
        """Whether any response can lie in a region."""
        return self.space.find_outside(region, ()) is not None

    def meet(self, one: Region, other: Region) -> bool:
        """Whether two regions share a box, whether or not a response can lie in it."""
        grid = self.space.grid
        return any(not grid.is_empty(left & right) for left in one for right in other)
